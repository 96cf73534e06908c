"""Every sentence about a finger, on two to seven notes."""

from __future__ import annotations

import numpy as np
import pytest

from duemani.analysis.hand_moves import hand_moves
from duemani.analysis.reasons.reasons import MOST_REASONS, marks, reasons
from duemani.analysis.reasons.sentences import sentences
from duemani.models.fingering.choose import Fingering
from duemani.performance import LEFT, RIGHT, Performance
from tests.helpers.fingered import A4, B4, C4, C5, D4, D5, E4, F4, G4, Row, hand, line


def said(
    performance: Performance, note: int, chances: list[float] | None = None, taking: int = 0
) -> list[str]:
    """All sentences about a note; every finger chosen is likely but where chances are given."""
    finger = performance.notes["finger"].astype(int)
    likely = np.full((len(finger), 5), 0.02)
    likely[np.arange(len(finger)), finger - 1] = 0.92
    if chances is not None:
        likely[note] = chances
    takes = np.zeros(len(finger), int)
    takes[note] = taking
    side = int(performance.notes["hand"][0])
    moves = hand_moves(performance.notes, side, 1.0)
    return sentences(Fingering(performance, likely, takes), moves, note, None)


# --- how the hand gets there ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pitches", "fingers", "note", "first"),
    [
        ([D4, E4, F4, G4], "2312", 2, "The thumb passes under 3 to go on up to G4."),
        ([D4, E4, F4, E4], "2313", 2, "The thumb passes under 3."),  # the line turns at once
        ([G4, F4, E4, D4], "2132", 2, "3 crosses over the thumb to go on down to D4."),
        ([E4, F4, G4], "343", 2, "3 crosses over 4."),
        ([G4, F4, E4], "343", 1, "4 passes under 3 to go on down to E4."),
        ([C4, C4], "32", 1, "The finger changes on the repeated note: 2 after 3."),
        ([61, C4], "22", 1, "The same finger slides from the black key to the white one."),
        ([C4, 61], "22", 1, "2 moves on from C4 to C♯4: the two do not quite join."),
        ([61, D4 + 1], "22", 1, "2 moves on from C♯4 to E♭4: the two do not quite join."),
        ([63, C4], "22", 1, "2 moves on from E♭4 to C4: the two do not quite join."),
        ([C4, C5], "22", 1, "The hand shifts: 2 moves on from C4 to C5."),
        ([C4, 84], "51", 1, "The hand shifts: no finger reaches C6 from 5 on C4."),
        ([C4, G4], "51", 1, "The hand shifts: no finger reaches G4 from 5 on C4."),
        ([C4, D5], "12", 1, "The hand shifts, away from 1 on C4."),
    ],
)
def test_moves(pitches: list[int], fingers: str, note: int, first: str) -> None:
    assert said(line(pitches, fingers), note)[0] == first


def test_what_joins_is_told_from_what_does_not() -> None:
    for gap_sec, told in (
        (0.02, "2 moves on from C4 to D4: the two do not quite join."),
        (0.04, "2 moves on from C4 to D4."),
    ):
        assert said(line([C4, D4], "22", gap_sec=gap_sec), 1)[0] == told


def test_a_rest_leaves_time() -> None:
    for gap_sec, told in ((0.24, False), (0.26, True)):
        rows: list[Row] = [(0.0, 1.0, C4, 5), (1 + gap_sec, 2.0, 84, 1)]
        assert ("The rest leaves time to move the hand." in said(hand(rows), 1)) == told
        assert marks(plain(hand(rows))) == ["", "" if told else "shift"]


def test_a_key_passes_from_finger_to_finger_in_a_chord() -> None:
    rows: list[Row] = [(0.0, 0.2, C4, 1), (0.0, 0.2, E4, 3), (0.2, 0.4, E4, 1), (0.2, 0.4, G4, 3)]
    assert said(hand(rows), 2)[0] == "The hand shifts: E4 passes from 3 to 1."


def plain(performance: Performance) -> Fingering:
    count = len(performance.notes)
    return Fingering(performance, np.full((count, 5), 0.2), np.zeros(count, int))


# --- together, held, likely -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        ((C4, 1), (C5, 5), "Octave: 1 and 5."),
        ((C4, 1), (C5, 4), "Octave: 1 and 4."),
        ((61, 1), (73, 4), "Octave: 1 and 4, as usual on black keys."),
        ((61, 1), (73, 5), "Octave: 1 and 5."),
        ((C4, 1), (D5, 5), "Stretch of a ninth between 1 and 5."),
        ((C4, 2), (F4, 3), "Stretch of a fourth between 2 and 3."),
        ((C4, 1), (F4 + 12, 5), "An eleventh is more than 1 and 5 span at once."),
        ((C4, 2), (C5, 3), "An octave is more than 2 and 3 span at once."),
        ((C4, 1), (G4, 5), None),
        ((C4, 1), (B4, 5), None),
    ],
)
def test_two_at_once(low: tuple[int, int], high: tuple[int, int], told: str | None) -> None:
    chord = hand([(0.0, 1.0, *low), (0.0, 1.0, *high)])
    about = [
        [each for each in said(chord, note) if each.startswith(("Oct", "Str", "A ", " An", "An "))]
        for note in (0, 1)
    ]
    low_note = told.replace(", as usual on black keys", "") if told and "4, as" in told else told
    assert about[1] == ([told] if told else [])
    if low_note == told:
        assert about[0] == about[1]


def test_an_octave_struck_one_after_the_other_is_a_stretch_at_most() -> None:
    assert not any("Octave" in each for each in said(line([C4, C5], "15"), 1))
    assert "Stretch of a ninth between 1 and 5." in said(line([C4, D5], "15"), 1)
    # After a rest nothing is spanned.
    rested = hand([(0.0, 0.2, C4, 1), (1.0, 1.2, D5, 5)])
    assert not any("Stretch" in each for each in said(rested, 1))


def test_the_widest_is_told_of_several() -> None:
    chord = hand([(0.0, 1.0, C4, 1), (0.0, 1.0, F4, 2), (0.0, 1.0, 70, 3), (0.0, 1.0, D5, 5)])
    spans = [each for each in said(chord, 3) if "Stretch" in each or "span" in each]
    assert spans == ["Stretch of a ninth between 1 and 5."]


@pytest.mark.parametrize(
    ("chances", "told"),
    [
        ([0.1, 0.4, 0.31, 0.1, 0.09], "Close call: 3 is almost as likely (31 % against 40 %)."),
        ([0.1, 0.4, 0.29, 0.1, 0.09], None),
        ([0.31, 0.4, 0.1, 0.1, 0.1], "Close call: the thumb is almost as likely (31 % against"
         " 40 %)."),
        ([0.1, 0.4, 0.41, 0.05, 0.04], "Close call: 3 alone is likelier (41 % against 40 %)."),
        ([0.1, 0.4, 0.4, 0.05, 0.05], "Close call: 3 is almost as likely (40 % against 40 %)."),
        ([0.7, 0.09, 0.09, 0.06, 0.06], "Close call: the thumb alone is likelier (70 % against"
         " 9 %)."),
        ([0.09, 0.1, 0.01, 0.01, 0.01], None),  # under 10 % nothing is close
    ],
)  # fmt: skip
def test_close_calls(chances: list[float], told: str | None) -> None:
    found = said(line([C4, D4], "12"), 1, chances)
    assert [each for each in found if "Close" in each] == ([told] if told else [])


def test_what_is_held_meanwhile() -> None:
    rows: list[Row] = [(0.0, 3.0, C4, 1), (0.0, 3.0, E4, 2), (1.0, 1.5, G4, 4), (2.0, 2.5, A4, 5)]
    assert "Holds C4 with the thumb while the others play." in said(hand(rows), 0)
    assert "While 1 and 2 hold C4 and E4, only 3-5 are free." in said(hand(rows), 2)
    one = hand([(0.0, 3.0, E4, 3), (1.0, 1.5, G4, 5)])
    assert "While 3 holds E4, only 1, 2, 4 and 5 are free." in said(one, 1)
    for until, told in ((1.04, False), (1.06, True)):
        brief = hand([(0.0, until, C4, 1), (1.0, 1.5, G4, 4)])
        assert any("holds" in each for each in said(brief, 1)) == told
        assert any("Holds" in each for each in said(brief, 0)) == told


def test_a_finger_that_is_needed_elsewhere_lets_go() -> None:
    rows: list[Row] = [(0.0, 3.0, C4, 1), (1.0, 1.5, E4, 3), (2.0, 2.5, G4, 1)]
    assert "Let go early: the thumb goes on to G4." in said(hand(rows), 0)
    # Not where another finger takes over silently.
    assert "Holds C4 with 2 while the others play." in said(hand(rows), 0, taking=2)
    assert said(hand(rows), 0, taking=2)[0] == (
        "2 takes over from the thumb while the key stays down."
    )
    assert said(hand([(0.0, 1.0, C4, 2)]), 0, taking=1)[0] == (
        "The thumb takes over from 2 while the key stays down."
    )


# --- black and white, outer notes, what lies under the hand ---------------------------------------


@pytest.mark.parametrize(
    ("pitches", "fingers", "note", "told"),
    [
        ([61, 63], "12", 0, "The thumb is on a black key."),
        ([C4, 61], "12", 0, "The thumb takes the white key beside the black."),
        ([C4, D4], "12", 0, None),
        ([C4, 61], "12", 1, "2 on the black key keeps the thumb off it."),
        ([61, 63], "12", 1, None),
        ([C4, D4], "12", 1, None),
        ([61, D4], "12", 1, None),
    ],
)
def test_thumbs_and_black_keys(
    pitches: list[int], fingers: str, note: int, told: str | None
) -> None:
    found = [each for each in said(line(pitches, fingers), note) if "black" in each]
    assert found == ([told] if told else [])


@pytest.mark.parametrize(
    ("pitches", "fingers", "side", "told"),
    [
        ([E4, G4, E4], "353", RIGHT, "5 takes the top note of the line."),
        ([E4, C4, E4], "313", RIGHT, "The thumb takes the lowest note of the line."),
        ([E4, G4, A4], "234", RIGHT, None),
        ([E4, G4, A4], "345", RIGHT, None),
        ([E4, C4, E4], "353", LEFT, "5 takes the lowest note of the line."),
        ([E4, G4, E4], "313", LEFT, "The thumb takes the top note of the line."),
        ([G4, E4, C4], "543", RIGHT, None),
        ([E4, G4, A4], "154", RIGHT, None),  # 5 is not the highest
    ],
)
def test_outer_notes_of_a_line(
    pitches: list[int], fingers: str, side: int, told: str | None
) -> None:
    found = [each for each in said(line(pitches, fingers, side), 1) if "note of" in each]
    assert found == ([told] if told else [])


def test_outer_notes_of_a_chord_and_ends_of_a_line() -> None:
    chord = hand([(0.0, 1.0, C4, 1), (0.0, 1.0, E4, 3), (0.0, 1.0, G4, 5)])
    assert "The thumb takes the lowest note of the chord." in said(chord, 0)
    assert not any("note of" in each for each in said(chord, 1))
    assert "5 takes the top note of the chord." in said(chord, 2)
    assert not any("note of" in each for each in said(line([E4, G4], "35"), 1))


def test_how_far_a_new_place_of_the_hand_lasts() -> None:
    scale = line([D4, E4, F4, G4, A4, B4, C5], "2312341")
    assert "The next 3 notes lie under the hand." in said(scale, 2)
    assert "The next 2 notes lie under the hand." in said(line([E4, F4, G4, A4], "3123"), 1)
    assert not any("lie under" in each for each in said(line([E4, F4, G4], "312"), 1))
    assert not any("lie under" in each for each in said(scale, 3))  # no new place
    assert "The next 2 notes lie under the hand." in said(line([C4, D4, C4], "121"), 0)
    rested = hand([(0.0, 0.2, C4, 1), (0.25, 0.4, D4, 2), (1.0, 1.2, E4, 3), (1.2, 1.4, F4, 4)])
    assert not any("lie under" in each for each in said(rested, 0))


@pytest.mark.parametrize(
    ("pitches", "fingers", "told"),
    [
        ([C4, C4], "33", "The same finger repeats the note."),
        ([C4, D4], "12", "Next finger, next key."),
        ([D4, C4], "21", "Next finger, next key."),
        ([C4, 61], "12", "Next finger, next key."),
        ([C4, E4], "13", "The hand stays where it is: one finger for each key."),
        ([C4, G4], "15", "The hand stays where it is: one finger for each key."),
        ([C4, E4], "12", "The hand opens a little."),
        ([E4, C4], "21", "The hand opens a little."),
        ([C4, A4], "15", "The hand opens a little."),
        ([C4, D4], "13", "The hand closes a little."),
        ([D4, C4], "31", "The hand closes a little."),
        ([C4, E4], "14", "The hand closes a little."),
        ([C4, 63], "13", "The hand stays where it is: one finger for each key."),
    ],
)
def test_plain_steps(pitches: list[int], fingers: str, told: str) -> None:
    assert said(line(pitches, fingers), 1)[-1] == told


def test_at_most_so_many_and_none_twice() -> None:
    performance = line([C4, 61, C4, 61, D4], "12121")
    told = reasons(plain(performance))
    assert all(len(each) <= MOST_REASONS for each in told)
    assert all(len(set(each)) == len(each) for each in told)
