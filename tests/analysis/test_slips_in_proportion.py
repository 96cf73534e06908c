"""Slips by themselves, close together, in crowds and again, and how they are spelled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from duemani.analysis.expression.notes import notes_against_score
from duemani.analysis.expression.slips import _by_the_others, _moved, find_slips
from duemani.analysis.expression.take import Take
from duemani.performance import RIGHT, Performance
from tests.helpers.laid import holds, laid, quarters, titles


def test_names_move_by_octaves_and_follow_the_others_signs() -> None:
    assert (_moved("D♭5", 1), _moved("C4", -5), _moved("F♯-1", 2)) == ("D♭6", "C-1", "F♯1")
    flats, sharps = ("D♭4", "E♭4", "F♯4"), ("D♭4", "C♯4", "F♯4")
    black = [61, 63, 66, 68, 70]
    assert [_by_the_others(flats, p) for p in black] == ["D♭4", "E♭4", "G♭4", "A♭4", "B♭4"]
    assert [_by_the_others(sharps, p) for p in black] == ["C♯4", "D♯4", "F♯4", "G♯4", "A♯4"]
    assert [_by_the_others(("C4",), p) for p in black] == ["C♯4", "E♭4", "F♯4", "A♭4", "B♭4"]
    assert _by_the_others(flats, 60) == "C4"


def slipped(wrong: dict[int, int], count: int = 60) -> Take:
    """Notes struck on another key, by note and semitones."""
    take = laid(quarters(count))
    assert take.alignment is not None
    notes = take.performance.notes.copy()
    written, when = np.arange(count), []
    for at, semitones in wrong.items():
        notes["pitch"][at] += semitones
        written[at] = -1
        when.append(float(notes["onset_sec"][at]))
    found = replace(
        take.alignment, written=written, missing=np.array([*wrong]), missing_sec=np.array(when),
        match_rate=1 - len(wrong) / count,
    )  # fmt: skip
    return Take(Performance.create(notes), found)


def test_slips_in_proportion() -> None:
    two = notes_against_score(slipped({10: 1, 40: -1})).remarks
    (clean,) = two
    assert clean.title == "A clean performance: 2 slips in 60 notes"
    holds(clean, 0.3, 0.85, 1.0, 1 + 59 * 0.5 + 0.45)
    assert clean.notes == (10, 40)
    assert "58 of 60 notes are as written. The exceptions are bar 3" in clean.text
    (one,) = notes_against_score(slipped({10: 1})).remarks
    holds(one, 0.3, 0.85, 6.0, 6.3)
    assert "The exception is bar 3" in one.text
    # Three of 60 are more than 4 %, of 80 not.
    assert not notes_against_score(slipped({10: 1, 30: -1, 50: 1})).remarks[0].praise
    assert notes_against_score(slipped({10: 1, 30: -1, 50: 1}, 80)).remarks[0].praise


def test_slips_close_together_are_a_passage() -> None:
    found = notes_against_score(slipped({10: 1, 12: 2, 30: -1})).remarks
    passage, single = sorted(found, key=lambda r: -r.weight)
    assert passage.title == "2 wrong notes"
    holds(passage, 0.35 + 0.06 * 2 + 0.08, 0.85, 6.0, 7.3)
    assert passage.hand == RIGHT
    assert passage.text.startswith("Bar 3, right hand: A♭4 instead of G4; bar 4, right hand: F♯4")
    assert passage.text.endswith("(2 of 60 notes). Check it with the page.")
    assert single.title == "1 single slip"
    holds(single, 0.3, 0.85, 16.0, 16.3)
    three = notes_against_score(slipped({10: 1, 13: 2, 16: 1})).remarks
    assert three[0].title == "3 wrong notes"
    assert "Play the right hand alone and slowly here" in three[0].text
    # Two bars away is another place.
    assert titles(notes_against_score(slipped({10: 1, 16: 2, 40: 1}))) == ["3 single slips"]


def doubts(take: Take) -> list[bool]:
    assert take.alignment is not None
    return [slip.doubtful for slip in find_slips(take, take.alignment)]


def test_four_within_a_bar_are_another_text() -> None:
    crowd = slipped({10: 1, 11: 1, 12: -1, 13: -1})
    assert all(doubts(crowd))
    (remark,) = notes_against_score(crowd).remarks
    holds(remark, 0.3, 0.5, 6.0, 7.8)
    assert remark.title == "Another text than the score's in bars 3 and 4"
    assert remark.text.startswith("4 notes are not as this score has them")
    assert "and more" in remark.text
    three = slipped({10: 1, 11: 1, 12: -1})
    assert not any(doubts(three))
    wide = slipped({10: 1, 12: -1, 14: 1, 17: 1})
    assert not any(doubts(wide))


def test_the_same_slip_again_is_doubted() -> None:
    # Quarters 10 and 24 are the same key.
    again = slipped({10: 1, 24: 1})
    assert doubts(again) == [True, True]
    assert doubts(slipped({10: 1, 24: 2})) == [False, False]
