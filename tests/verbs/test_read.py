"""What is an input is told by contents."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from duemani.errors import InputError
from duemani.outputs.notes import save_midi
from duemani.performance import Performance, make_notes
from duemani.verbs.read import check_input, read_take


def performance(*rows: tuple[float, float, int, int]) -> Performance:
    return Performance.create(make_notes(rows))


def test_recordings_and_midi_are_known_by_their_contents(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "take.amr2"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.zeros(16_000, "<i2").tobytes())
    check_input(tmp_path / "take.amr2")
    save_midi(tmp_path / "take.mid", performance((0.0, 1.0, 60, 64)))
    for name in ("take.karaoke", "take"):
        path = (tmp_path / "take.mid").rename(tmp_path / name)
        assert read_take(path).performance.notes["pitch"].tolist() == [60]
        path.rename(tmp_path / "take.mid")


@pytest.mark.parametrize("content", [b"some words of text\n" * 20, bytes(range(256)) * 4])
def test_other_contents_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "notes.txt").write_bytes(content)
    with pytest.raises(InputError, match="neither sound nor film"):
        check_input(tmp_path / "notes.txt")
