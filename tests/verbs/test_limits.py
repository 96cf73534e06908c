"""What would cost far more than it gives is refused with the reason; long music is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import duemani.verbs.perform as perform_module
from duemani.errors import InputError
from duemani.motion import HandMotion
from duemani.performance import Performance, make_notes
from duemani.verbs.finger import finger
from duemani.verbs.limits import check_crowd
from duemani.verbs.perform import perform
from tests.helpers.inputs import midi_bytes, write

Rows = list[tuple[float, float, int]]


def concert() -> Rows:
    """An hour and a half: pieces of 8 minutes, a note each half second, pauses of 2 minutes."""
    rows = [(600.0 * piece, at) for piece in range(9) for at in np.arange(0, 480, 0.5)]
    return [(start + at, start + at + 0.4, 48 + int(4 * at) % 24) for start, at in rows]


class MovedError(Exception):
    """Instead of hands that would be moved for hours."""


@pytest.fixture
def not_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    def moved(*_: object) -> tuple[Performance, HandMotion]:
        raise MovedError

    monkeypatch.setattr(perform_module, "generate", moved)


@pytest.mark.usefixtures("not_moved")
def test_a_concert_with_its_pauses_is_played(tmp_path: Path) -> None:
    with pytest.raises(MovedError):
        perform(write(tmp_path / "a.mid", midi_bytes(concert())))


@pytest.mark.usefixtures("not_moved")
@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(0.0, 1.0, 60), (700.0, 701.0, 60)], "a.mid lasts 12 minutes for 2 notes;"),
        ([(0.0, 2000.0, 40)], "a.mid lasts 33 minutes for 1 note;"),
        ([(250.0 * at, 250.0 * at + 9, 60) for at in range(40)], "lasts 163 minutes for 40 notes;"),
    ],
)
def test_hours_with_a_few_notes_are_refused_and_a_part_of_them_is_not(
    rows: Rows, said: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.mid", midi_bytes(rows))
    with pytest.raises(InputError, match="choose a part with --start and --end") as refused:
        perform(path)
    assert said in str(refused.value)
    with pytest.raises(MovedError):
        perform(path, between_sec=(0.0, 290.0))
    # Fingers cost nothing where nothing is played.
    assert len(finger(path, notation=False).notes) == len(rows)


def test_the_limit_is_5_minutes_and_2_seconds_a_note(tmp_path: Path, not_moved: None) -> None:
    within = write(tmp_path / "a.mid", midi_bytes([(0.0, 303.0, 40), (1.0, 2.0, 60)]))
    with pytest.raises(MovedError):
        perform(within)
    beyond = write(tmp_path / "a.mid", midi_bytes([(0.0, 305.0, 40), (1.0, 2.0, 60)]))
    with pytest.raises(InputError, match="for 2 notes"):
        perform(beyond)


def repeated(times: int) -> str:
    """Four quarters and half a minute of a pause, a bar that is repeated."""
    note = (
        "<note><pitch><step>C</step><octave>5</octave></pitch><duration>{}</duration>"
        "<type>quarter</type></note>"
    )
    return (
        '<score-partwise version="4.0"><part-list><score-part id="P1"><part-name>Piano</part-name>'
        '</score-part></part-list><part id="P1"><measure number="1"><attributes><divisions>1'
        "</divisions><time><beats>64</beats><beat-type>4</beat-type></time></attributes>"
        + 3 * note.format(1)
        + note.format(61)
        + '<barline location="right"><bar-style>light-heavy</bar-style>'
        f'<repeat direction="backward" times="{times}"/></barline></measure></part>'
        "</score-partwise>"
    )


@pytest.mark.usefixtures("not_moved")
def test_what_a_score_unfolds_to_counts_by_what_is_written(tmp_path: Path) -> None:
    with pytest.raises(MovedError):
        perform(write(tmp_path / "a.musicxml", repeated(5)))
    with pytest.raises(InputError, match=r"a\.musicxml lasts \d+ minutes for 4 notes;"):
        perform(write(tmp_path / "a.musicxml", repeated(40)))


def test_thousands_of_notes_at_once_are_refused() -> None:
    crowd = [(5 + 0.003 * at, 9.0, 21 + at % 88, 64) for at in range(300)]
    with pytest.raises(InputError, match=r"300 notes begin within the second after 5\.0 s"):
        check_crowd(Performance.create(make_notes(crowd)))
    check_crowd(Performance.create(make_notes(crowd[:250])))
    check_crowd(Performance())
