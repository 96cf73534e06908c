"""What a page leaves to its readers: beats that repeat, Fine within a bar, signs without keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from duemani.inputs.score.play import load_score
from duemani.inputs.score.written import read_written
from tests.inputs.test_score import notations, note, save, score
from tests.inputs.test_score_order import words
from tests.inputs.test_score_page import struck


def style(sign: str) -> str:
    return f"<attributes><measure-style>{sign}</measure-style></attributes>"


def rest(duration: int) -> str:
    return f"<note><rest/><duration>{duration}</duration><voice>1</voice><staff>1</staff></note>"


BEAT = note("C", 5, 2) + note("E", 5, 2)
START, STOP = (style(f"<beat-repeat type='{kind}'/>") for kind in ("start", "stop"))


def keys(found: list[tuple[float, float, int]]) -> list[tuple[float, int]]:
    return [(onset, pitch) for onset, _, pitch in found]


def test_beats_that_repeat_the_one_before_are_filled(tmp_path: Path) -> None:
    first = BEAT + START + rest(12)
    second = rest(4) + STOP + note("G", 5, 4) + rest(8)
    expected = [(at / 2, 76 if at % 2 else 72) for at in range(10)]
    assert keys(struck(tmp_path, first, second)) == [*expected, (5.0, 79)]
    # What is written is fingered once.
    assert len(read_written(tmp_path / "a.musicxml").numbers) == 3
    compared = read_written(tmp_path / "a.musicxml", struck=True)
    assert compared.performance.notes["pitch"].tolist() == [72, 76] * 5 + [79]


def test_beats_under_the_sign_that_hold_notes_are_played_as_written(tmp_path: Path) -> None:
    bar = BEAT + START + note("D", 5, 4) + rest(4) + note("F", 5, 4)
    assert keys(struck(tmp_path, bar)) == [
        (0.0, 72), (0.5, 76), (1.0, 74), (2.0, 74), (3.0, 77)
    ]  # fmt: skip


def test_a_beat_may_be_of_another_length(tmp_path: Path) -> None:
    sign = "<beat-repeat type='start'><slash-type>half</slash-type></beat-repeat>"
    found = struck(tmp_path, BEAT + note("D", 5, 4) + style(sign) + rest(8))
    assert keys(found) == [(0.0, 72), (0.5, 76), (1.0, 74), (2.0, 72), (2.5, 76), (3.0, 74)]


def test_a_repeated_bar_repeats_its_repeated_beats(tmp_path: Path) -> None:
    bar = BEAT + START + rest(12)
    again = STOP + style("<measure-repeat type='start'>1</measure-repeat>") + rest(16)
    found = keys(struck(tmp_path, bar, again))
    assert found == [(at / 2, 76 if at % 2 else 72) for at in range(16)]


def test_slashes_without_notes_are_told(tmp_path: Path) -> None:
    start, stop = (style(f"<slash type='{kind}'/>") for kind in ("start", "stop"))
    path = save(tmp_path, score(note("C", 5, 16), start + rest(16), stop + note("D", 5, 16)))
    read = load_score(path)
    assert read.performance.notes["pitch"].tolist() == [72, 74]
    assert read.remarks == (
        "Slashes ask for a rhythm without saying which keys (bar 2): nothing is played there.",
    )


def test_slashes_for_heads_are_told(tmp_path: Path) -> None:
    slash = note("B", 4, 16).replace("<staff>", "<notehead>slash</notehead><staff>")
    read = load_score(save(tmp_path, score(note("C", 5, 16), slash)))
    assert read.performance.notes["pitch"].tolist() == [72, 71]
    assert "slashes for heads (bar 2) are played on the keys that they stand on" in read.remarks[0]


def test_doubling_in_an_octave_is_told(tmp_path: Path) -> None:
    doubled = "<attributes><transpose><chromatic>0</chromatic><double/></transpose></attributes>"
    read = load_score(save(tmp_path, score(doubled + note("C", 5, 16))))
    assert read.performance.notes["pitch"].tolist() == [72]
    assert "doubled in another octave: what is written is played alone" in read.remarks[0]


@pytest.mark.parametrize("count", [2, 3])
def test_fingers_of_nobody_are_told(tmp_path: Path, count: int) -> None:
    marks = "".join(f"<fingering>{finger}</fingering>" for finger in "531"[:count])
    chord = note("G", 5, 16, inside=notations(f"<technical>{marks}</technical>"))
    chord += "".join(note(step, 5, 16).replace("<note>", "<note><chord/>") for step in "CE")
    read = load_score(save(tmp_path, score(note("C", 5, 16), chord)))
    fingers = read.performance.notes["finger"].tolist()
    if count == 3:
        assert fingers == [0, 1, 3, 5]
        assert read.remarks == ()
    else:
        assert fingers == [0, 0, 0, 0]
        assert "not as many as the chord has notes, do not count (bar 2)" in read.remarks[0]


FINE = words("Fine", 'fine="yes"')
MIDDLE = '<barline location="middle"><bar-style>light-light</bar-style></barline>'


@pytest.mark.parametrize("sign", [FINE, words("Fine")])
def test_fine_before_the_next_passages_upbeat_ends_there(tmp_path: Path, sign: str) -> None:
    upbeat = note("G", 4, 4)
    last = note("C", 5, 12) + sign + note("A", 4, 4)
    trio = note("D", 5, 12) + words("D.C. al Fine", 'dacapo="yes"')
    read = load_score(save(tmp_path, score(upbeat, note("E", 5, 16), last, trio)))
    assert read.performance.notes["pitch"].tolist() == [67, 76, 72, 69, 74, 67, 76, 72]
    assert "it ends in the middle of bar 3 (Fine)" in read.remarks[-1]


def test_fine_at_a_bar_line_within_a_bar_ends_there(tmp_path: Path) -> None:
    first = note("C", 5, 8) + MIDDLE + FINE + note("E", 5, 8)
    second = note("D", 5, 16) + words("D.C. al Fine", 'dacapo="yes"')
    read = load_score(save(tmp_path, score(first, second)))
    assert read.performance.notes["pitch"].tolist() == [72, 76, 74, 72]


@pytest.mark.parametrize(
    "last",
    [
        note("C", 5, 8) + FINE + note("E", 5, 8),
        note("C", 5, 12) + FINE + note("E", 5, 4) + "<backup><duration>16</duration></backup>"
        + note("C", 3, 16, 2),
    ],
    ids=["no upbeat is as long", "a note sounds on"],
)  # fmt: skip
def test_fine_at_the_last_note_ends_with_its_bar(tmp_path: Path, last: str) -> None:
    trio = note("D", 5, 12) + words("D.C. al Fine", 'dacapo="yes"')
    read = load_score(save(tmp_path, score(note("G", 4, 4), last, trio)))
    pitches = read.performance.notes["pitch"].tolist()
    assert pitches[-1] == 76
    assert "it ends with bar 2 (Fine)" in read.remarks[-1]
