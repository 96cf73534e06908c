"""What is an input is told by contents."""

from __future__ import annotations

import wave
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import av
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


@pytest.mark.parametrize("content", ["sound", b"some words of text\n" * 20])
def test_an_unknown_file_is_opened_by_the_decoder_once(
    tmp_path: Path, content: str | bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "take.xyz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", ""))
            file.writeframes(np.zeros(16_000, "<i2").tobytes())
    opened: list[object] = []
    real = av.open

    def counted(*given: Any, **more: Any) -> Any:
        opened.append(given)
        return real(*given, **more)

    monkeypatch.setattr(av, "open", counted)
    with nullcontext() if content == "sound" else pytest.raises(InputError, match="neither sound"):
        check_input(path)
    assert len(opened) == 1
