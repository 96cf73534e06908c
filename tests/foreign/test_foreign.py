"""The judge of foreign files must itself notice what is wrong."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from tests.foreign.judge import FAULT, REFUSED, RIGHT, UNTOLD, WRONG, judged
from tests.foreign.reader import Read, read, take
from tests.helpers.inputs import SCORE, SCORE_HEAD, midi_bytes, write
from tests.helpers.trials import Trial

REPEATED = SCORE.replace(
    "</measure>", '<barline><repeat direction="backward" times="3"/></barline></measure>'
)
C_THEN_E = Read(((Fraction(0), Fraction(1), 60), (Fraction(1), Fraction(1), 64)), True)


def trial(verb: str, code: int = 0, said: str = "", fault: str = "") -> Trial:
    return Trial((verb,), code, 0.1, 50.0, said, fault)


def notes(path: Path, *strikes: tuple[float, int]) -> Path:
    found = [{"onset_sec": onset, "pitch": pitch} for onset, pitch in strikes]
    path.write_text(json.dumps({"notes": found, "remarks": []}))
    return path


@pytest.mark.parametrize(
    ("verb", "strikes", "said", "word"),
    [
        ("finger", [(0.0, 60), (0.5, 64)], "", RIGHT),
        ("finger", [(0.0, 60), (0.5, 65)], "", WRONG),
        ("finger", [(0.0, 60)], "", WRONG),
        ("finger", [(0.0, 60), (0.0, 60), (0.5, 64)], "", RIGHT),
        ("finger", [(0.0, 60)], "1 note outside the 88 keys is left out.", RIGHT),
        ("finger", [(0.0, 60), (0.5, 64), (1.0, 64)], "left out", WRONG),
        ("perform", [(0.0, 60), (0.5, 64)], "", RIGHT),
        ("perform", [(0.5, 60), (0.0, 64)], "", WRONG),
        ("perform", [(0.0, 60), (0.0, 64)], "", WRONG),
    ],
)
def test_pitches_and_their_order_are_judged(
    tmp_path: Path, verb: str, strikes: list[tuple[float, int]], said: str, word: str
) -> None:
    output = notes(tmp_path / "out.json", *strikes)
    assert judged(trial(verb, said=said), output, C_THEN_E)[0] == word


def test_refusals_faults_and_what_music21_cannot_read(tmp_path: Path) -> None:
    output = notes(tmp_path / "out.json", (0.0, 60))
    assert judged(trial("finger", 2, "duemani: no.\n"), output, None) == (REFUSED, "duemani: no.")
    assert judged(trial("finger", 0, fault="a traceback"), output, None)[0] == FAULT
    assert judged(trial("finger"), output, None)[0] == UNTOLD


def test_a_faultless_take_may_not_be_told_of_wrong_notes(tmp_path: Path) -> None:
    remark = {"kind": "notes", "title": "2 extra notes", "praise": False}
    for change, word in (({}, WRONG), ({"praise": True}, RIGHT), ({"kind": "tempo"}, RIGHT)):
        output = write(tmp_path / "out.json", json.dumps({"remarks": [remark | change]}))
        assert judged(trial("review"), output, C_THEN_E)[0] == word


def test_what_music21_reads(tmp_path: Path) -> None:
    score = read(write(tmp_path / "a.musicxml", SCORE_HEAD + REPEATED))
    assert score is not None
    assert [pitch for _, _, pitch in score.played] == [60, 64] * 3
    midi = read(write(tmp_path / "a.mid", midi_bytes(((0.0, 0.4, 60), (0.5, 0.9, 64)))))
    assert midi is not None
    assert [pitch for _, _, pitch in midi.played] == [60, 64]
    take(score, tmp_path / "take.mid")
    again = read(tmp_path / "take.mid")
    assert again is not None
    assert [pitch for _, _, pitch in again.played] == [60, 64] * 3
    assert read(write(tmp_path / "b.musicxml", "<score")) is None
