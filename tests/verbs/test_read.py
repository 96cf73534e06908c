"""What is an input is told by contents; notes that are not worth their time are refused."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from duemani.errors import InputError
from duemani.outputs.notes import save_midi
from duemani.performance import Performance, make_notes
from duemani.verbs.read import check_input, check_worth, read_take


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


def test_hours_of_rest_are_refused() -> None:
    rests = [(700.0 * at, 700.0 * at + 1, 60, 64) for at in range(2)]
    with pytest.raises(InputError, match="no key is struck for 12 minutes"):
        check_worth(performance(*rests))
    with pytest.raises(InputError, match="no key is struck for 33 minutes"):
        check_worth(performance((0.0, 2000.0, 40, 64)))
    check_worth(performance(*[(50.0 * at, 50.0 * at + 1, 60, 64) for at in range(40)]))


def test_thousands_of_notes_at_once_are_refused() -> None:
    crowd = [(5 + 0.003 * at, 9.0, 21 + at % 88, 64) for at in range(300)]
    with pytest.raises(InputError, match=r"300 notes begin within the second after 5\.0 s"):
        check_worth(performance(*crowd))
    check_worth(performance(*crowd[:88]))
