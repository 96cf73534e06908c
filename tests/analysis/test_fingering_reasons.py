"""Reasons and marks: what is said holds, for constructed passages and for anything."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duemani.analysis.reasons.reasons import MOST_REASONS, marks, reasons, why
from duemani.analysis.reasons.words import finger_range, interval_name, key_name, listed
from duemani.datasets.fingering.canonical import canonical_pieces
from duemani.errors import InputError
from duemani.keyboard import is_black
from duemani.models.fingering.choose import Fingering
from duemani.performance import LEFT, RIGHT, Performance, make_notes

Row = tuple[float, float, int, int]
PIECES = {piece.name: piece.performance for piece in canonical_pieces()}


def fingering(
    performance: Performance,
    chances: dict[int, list[float]] | None = None,
    substitution: dict[int, int] | None = None,
    unreachable: tuple[tuple[int, ...], ...] = (),
) -> Fingering:
    finger = performance.notes["finger"].astype(int)
    likely = np.full((len(finger), 5), 0.02)
    likely[np.arange(len(finger)), np.maximum(finger, 1) - 1] = 0.92
    for note, row in (chances or {}).items():
        likely[note] = row
    taking = np.zeros(len(finger), int)
    for note, other in (substitution or {}).items():
        taking[note] = other
    return Fingering(performance, likely, taking, unreachable)


def hand(rows: list[Row], side: int = RIGHT) -> Performance:
    notes = make_notes([(onset, end, pitch, 64) for onset, end, pitch, _ in rows])
    notes["hand"] = side
    notes["finger"] = [row[3] for row in rows]
    return Performance.create(notes)


def line(pitches: list[int], fingers: str, side: int = RIGHT, step_sec: float = 0.25) -> Fingering:
    rows = [
        (at * step_sec, (at + 1) * step_sec, pitch, int(finger))
        for at, (pitch, finger) in enumerate(zip(pitches, fingers, strict=True))
    ]
    return fingering(hand(rows, side))


C_MAJOR = [60, 62, 64, 65, 67, 69, 71, 72]


def test_scale_up_and_down() -> None:
    up = line(C_MAJOR, "12312345")
    assert marks(up) == ["", "", "", "thumb under", "", "", "", ""]
    assert reasons(up)[3][0] == "The thumb passes under 3 to go on up to C5."
    down = line(C_MAJOR[::-1], "54321321")
    assert marks(down) == ["", "", "", "", "", "finger over", "", ""]
    assert reasons(down)[5][0] == "3 crosses over the thumb to go on down to C4."


def test_left_hand_says_up_and_down_as_they_sound() -> None:
    up = line([pitch - 12 for pitch in C_MAJOR], "54321321", LEFT)
    assert reasons(up)[5][0] == "3 crosses over the thumb to go on up to C4."
    down = line([pitch - 12 for pitch in C_MAJOR[::-1]], "12312345", LEFT)
    assert reasons(down)[3][0] == "The thumb passes under 3 to go on down to C3."
    assert "5 takes the lowest note of the line." not in reasons(down)[7]  # nothing follows it
    turn = line([55, 53, 52, 50, 48, 50], "123454", LEFT)
    assert "5 takes the lowest note of the line." in reasons(turn)[4]


def test_black_keys_and_thumb() -> None:
    scale = line([63, 65, 67, 68, 70, 72, 74, 75], "21234123")
    assert "2 on the black key keeps the thumb off it." in reasons(scale)[0]
    assert "The thumb takes the white key beside the black." in reasons(scale)[1]
    assert "The thumb is on a black key." in reasons(line([61, 63], "12"))[0]


def test_same_finger() -> None:
    slide = line([63, 62], "22")
    assert marks(slide) == ["", "same finger"]
    assert reasons(slide)[1][0] == "The same finger slides from the black key to the white one."
    step = line([62, 64], "22")
    assert reasons(step)[1][0] == "2 moves on from D4 to E4: the two do not quite join."
    detached = fingering(hand([(0.0, 0.1, 62, 2), (0.25, 0.4, 64, 2)]))
    assert reasons(detached)[1][0] == "2 moves on from D4 to E4."
    assert marks(line([60, 67], "22")) == ["", "shift"]


def test_repeated_notes() -> None:
    changing = line([60, 60, 60], "321")
    assert marks(changing) == ["", "finger change", "finger change"]
    assert reasons(changing)[1][0] == "The finger changes on the repeated note: 2 after 3."
    assert marks(line([60, 60], "33")) == ["", ""]


def test_shift_and_rest() -> None:
    leap = line([60, 84], "51")
    assert marks(leap) == ["", "shift"]
    assert reasons(leap)[1][0] == "The hand shifts: no finger reaches C6 from 5 on C4."
    rested = fingering(hand([(0.0, 0.3, 60, 5), (2.0, 2.3, 84, 1)]))
    assert marks(rested) == ["", ""]
    assert reasons(rested)[1][0] == "The rest leaves time to move the hand."


def test_octaves_and_stretches() -> None:
    octave = fingering(hand([(0.0, 1.0, 60, 1), (0.0, 1.0, 72, 5)]))
    assert "Octave: 1 and 5." in reasons(octave)[1]
    black = fingering(hand([(0.0, 1.0, 61, 1), (0.0, 1.0, 73, 4)]))
    assert "Octave: 1 and 4, as usual on black keys." in reasons(black)[1]
    ninth = fingering(hand([(0.0, 1.0, 60, 1), (0.0, 1.0, 74, 5)]))
    assert "Stretch of a ninth between 1 and 5." in reasons(ninth)[1]
    assert "A ninth is more than 1 and 5 span at once." in reasons(ninth, 0.16)[1]


def test_held_keys() -> None:
    held = fingering(hand([(0.0, 2.0, 60, 1), (0.5, 1.0, 64, 3), (1.0, 1.5, 67, 5)]))
    assert "Holds C4 with the thumb while the others play." in reasons(held)[0]
    assert "While the thumb holds C4, only 2-5 are free." in reasons(held)[1]
    early = fingering(hand([(0.0, 2.0, 60, 3), (0.5, 1.0, 64, 3)]))
    assert "Let go early: 3 goes on to E4." in reasons(early)[0]
    assert not any("only" in told for told in reasons(early)[1])


def test_chances() -> None:
    performance = line([60, 62], "12").performance
    close = fingering(performance, {1: [0.1, 0.41, 0.38, 0.06, 0.05]})
    assert "Close call: 3 is almost as likely (38 % against 41 %)." in reasons(close)[1]
    other = fingering(performance, {1: [0.1, 0.3, 0.5, 0.06, 0.04]})
    assert "Close call: 3 alone is likelier (50 % against 30 %)." in reasons(other)[1]
    assert not any("Close" in told for told in reasons(fingering(performance))[1])


def test_substitution_given_and_unreachable() -> None:
    performance = hand([(0.0, 1.0, 72, 5), (1.0, 1.5, 74, 5)])
    changed = fingering(performance, substitution={0: 4})
    assert marks(changed)[0] == "substitution"
    assert reasons(changed)[0][0] == "4 takes over from 5 while the key stays down."
    printed = reasons(changed, given=np.array([False, True]))
    assert printed[1][0] == "Printed in the score."
    assert not any("Printed" in told for told in printed[0])
    wide = hand([(0.0, 1.0, 48, 1), (0.0, 1.0, 72, 5)])
    told = reasons(fingering(wide, unreachable=((0, 1),)))
    assert told[0][0] == told[1][0] == "Wider than this hand: roll the chord."


def test_why_weighs_every_other_finger() -> None:
    scale = line(C_MAJOR, "12312345")
    text = why(scale, 3)
    assert text.startswith("F4, right hand: 1 (92 %).")
    assert "The thumb passes under 3" in text
    assert [line for line in text.splitlines() if " instead: " in line][2].startswith("4 (2 %)")
    assert "3 (2 %) instead: has to leave E4 early: no join" in text
    assert "the thumb on a black key" in why(line([61, 63], "23"), 0)
    chord = fingering(hand([(0.0, 1.0, 60, 1), (0.0, 1.0, 64, 3), (0.0, 1.0, 67, 5)]))
    assert "5 (2 %) instead: 5 takes G4" in why(chord, 1)


def test_why_refuses_what_is_not_there() -> None:
    scale = line(C_MAJOR, "12312345")
    for note in (-1, 8):
        with pytest.raises(InputError, match="there is no note"):
            why(scale, note)
    with pytest.raises(InputError, match="no hand or no finger"):
        why(fingering(hand([(0.0, 1.0, 60, 0)])), 0)


def test_every_crossing_of_a_scale_is_marked() -> None:
    for name, performance in PIECES.items():
        if "/scale/" not in name:
            continue
        notes, found = performance.notes, np.array(marks(fingering(performance)))
        for side in (LEFT, RIGHT):
            mine = notes["hand"] == side
            finger, pitch = notes["finger"][mine].astype(int), notes["pitch"][mine].astype(int)
            way = np.sign(np.diff(pitch)) * (1 if side == RIGHT else -1)
            crossed = np.sign(np.diff(finger)) != way
            assert ((found[mine][1:] != "") == crossed).all(), name
            thumb = found[mine] == "thumb under"
            assert (finger[thumb] == 1).all()
            assert set(found[mine]) <= {"", "thumb under", "finger over"}


def test_words() -> None:
    assert (key_name(60), key_name(61), key_name(70)) == ("C4", "C♯4", "B♭4")
    assert [key_name(key, "♭") for key in (59, 61, 66)] == ["B3", "D♭4", "G♭4"]
    assert [key_name(key, "♯") for key in (60, 63, 70)] == ["C4", "D♯4", "A♯4"]
    assert (interval_name(12), interval_name(-7)) == ("an octave", "a fifth")
    assert interval_name(40) == "more than a twelfth"
    assert (listed(["a", "b", "c"]), listed([])) == ("a, b and c", "")
    assert (finger_range([1, 2, 3]), finger_range([1, 3, 5])) == ("1-3", "1, 3 and 5")


CELLS = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.integers(1, 8),
        st.integers(21, 108),
        st.integers(0, 5),
        st.integers(-1, 1),
    ),
    max_size=30,
)


@settings(max_examples=80, deadline=None)
@given(CELLS, st.floats(0.12, 0.32))
def test_anything_gets_true_reasons(cells: list[tuple[int, ...]], span_m: float) -> None:
    rows = list({(at, pitch): (at, long, pitch, f, h) for at, long, pitch, f, h in cells}.values())
    notes = make_notes([(at / 5, (at + long) / 5, pitch, 64) for at, long, pitch, _, _ in rows])
    notes["finger"], notes["hand"] = [row[3] for row in rows], [row[4] for row in rows]
    whole = fingering(Performance.create(notes))
    notes = whole.performance.notes
    told, found = reasons(whole, span_m), marks(whole, span_m)
    assert len(told) == len(found) == len(notes)
    assert told == reasons(whole, span_m)
    for note, lines in zip(notes, told, strict=True):
        assert len(lines) <= MOST_REASONS
        assert all(line[0].isupper() or line[0].isdigit() for line in lines)
        assert all(line.endswith(".") and ".." not in line for line in lines)
        if not note["finger"] or note["hand"] < 0:
            assert not lines
        for line in lines:
            if line.startswith("The thumb passes"):
                assert note["finger"] == 1
            if line == "The thumb is on a black key.":
                assert note["finger"] == 1
                assert is_black(np.array([note["pitch"]]))[0]
    for at in np.flatnonzero((notes["finger"] > 0) & (notes["hand"] >= 0)):
        assert why(whole, int(at), span_m)


def test_quick() -> None:
    performance = PIECES["canonical/scale/C_major/4oct"]
    notes = np.concatenate([performance.notes] * 40)
    notes["onset_sec"] += np.repeat(np.arange(40) * 20.0, len(performance.notes))
    notes["release_sec"] += np.repeat(np.arange(40) * 20.0, len(performance.notes))
    long = fingering(Performance.create(notes))
    start = time.thread_time()
    reasons(long)
    assert time.thread_time() - start < 5.0


def test_what_follows_a_change_of_finger_is_told_from_the_second_one() -> None:
    rows: list[Row] = [(0.0, 1.0, 72, 3), (1.0, 1.5, 74, 2), (1.5, 2.0, 76, 3)]
    plain, changed = fingering(hand(rows)), fingering(hand(rows), substitution={0: 1})
    assert (marks(plain)[1], marks(changed)[1]) == ("finger over", "")
    assert "2 crosses over 3" in " ".join(reasons(plain)[1])
    assert "crosses" not in " ".join(reasons(changed)[1])
    held = fingering(hand([(0.0, 2.0, 72, 3), *rows[1:]]), substitution={0: 1})
    assert "While the thumb holds C5, only 2-5 are free." in reasons(held)[1]
    assert "Holds C5 with the thumb while the others play." in reasons(held)[0]
