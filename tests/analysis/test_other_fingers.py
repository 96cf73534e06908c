"""What every other finger on a note would cost, and the words for keys and fingers."""

from __future__ import annotations

from duemani.analysis.hand_moves import hand_moves
from duemani.analysis.reasons.alternatives import alternatives
from duemani.analysis.reasons.words import (
    finger_name,
    finger_range,
    interval_name,
    key_name,
    listed,
    per_cent,
)
from duemani.performance import Performance
from tests.helpers.fingered import A4, C4, C5, D4, D5, E4, F4, G4, Row, hand, line


def costs(performance: Performance, note: int) -> dict[int, list[str]]:
    side = int(performance.notes["hand"][0])
    return dict(alternatives(hand_moves(performance.notes, side, 1.0), note))


def test_beside_keys_struck_at_once() -> None:
    chord = hand([(0.0, 1.0, C4, 1), (0.0, 1.0, E4, 3), (0.0, 1.0, G4, 5)])
    assert costs(chord, 1) == {
        1: ["the thumb takes C4", "out of order with 5 on G4"][:1],
        2: [],
        4: [],
        5: ["5 takes G4"],
    }
    # 3 on C4 would be as far from 5 as the fifth is wide.
    assert costs(chord, 0)[3] == ["3 takes E4", "a stretch of fifth between 3 and 5"]
    assert costs(chord, 0)[4] == ["out of order with 3 on E4", "out of reach with 5 on G4"]
    wide = hand([(0.0, 1.0, C4, 1), (0.0, 1.0, D5, 5)])
    assert costs(wide, 1)[2] == ["out of reach with 1 on C4"]
    assert costs(wide, 1)[4] == ["a stretch of ninth between 1 and 4"]
    octave = hand([(0.0, 1.0, C4, 1), (0.0, 1.0, C5, 5)])
    assert costs(octave, 1)[4] == []
    assert costs(octave, 1)[3] == ["a stretch of octave between 1 and 3"]


def test_beside_keys_still_held() -> None:
    held = hand([(0.0, 3.0, C4, 1), (1.0, 1.5, E4, 3)])
    assert costs(held, 1)[1][0] == "the thumb still holds C4"
    other = hand([(0.0, 3.0, C4, 2), (1.0, 1.5, E4, 3)])
    assert costs(other, 1)[2][0] == "2 still holds C4"
    assert costs(other, 1)[1][0] == "out of order with 2 on C4"


def test_against_the_note_before() -> None:
    step = line([D4, E4], "23")
    assert costs(step, 1) == {
        1: ["the thumb has to pass under 2, from D4"],
        2: ["has to leave D4 early: no join"],
        4: [],
        5: [],
    }
    assert costs(line([E4, D4], "32"), 1)[4] == ["a shift from 3 on E4"]
    assert costs(line([F4, E4], "13"), 1)[2] == ["2 has to cross over the thumb, from F4"]
    assert costs(line([E4, F4], "31"), 1)[2] == ["a shift from 3 on E4"]
    assert costs(line([C4, D5], "15"), 1)[2] == ["a shift from 1 on C4"]
    assert costs(line([C4, C5], "15"), 1)[3] == ["a stretch of octave between 1 and 3"]
    assert costs(line([C4, C5], "15"), 1)[4] == []


def test_against_the_note_after() -> None:
    step = line([D4, E4], "23")
    assert costs(step, 0) == {
        1: [],
        3: ["needed at once for E4, so this note is let go early"],
        4: ["a shift to 3 on E4"],
        5: ["a shift to 3 on E4"],
    }
    under = line([E4, F4], "31")
    assert costs(under, 0)[2] == ["the thumb has to pass under 2, then on F4"]
    over = line([F4, E4], "13")
    assert costs(over, 0)[2] == ["a shift to 3 on E4"]
    assert costs(line([F4, E4], "23"), 0)[1] == ["3 has to cross over the thumb, then on E4"]
    assert costs(line([C4, D5], "15"), 0)[4] == ["a shift to 5 on D5"]


def test_repeated_keys_and_rests_and_black_keys() -> None:
    again = line([C4, C4], "22")
    assert costs(again, 1)[3] == ["a change of finger on the repeated note"]
    assert costs(again, 0)[3] == ["a change of finger on the repeated note"]
    assert costs(line([C4, C4], "32"), 1)[3] == []
    rested = hand([(0.0, 0.2, C4, 1), (1.0, 1.2, D5, 5)])
    assert all(not each for each in costs(rested, 1).values())
    assert all(not each for each in costs(rested, 0).values())
    assert costs(line([61, 63], "23"), 0)[1] == ["the thumb on a black key"]
    assert "the thumb on a black key" not in costs(line([C4, 63], "23"), 0)[1]


def test_the_nearest_of_several_counts() -> None:
    rows: list[Row] = [(0.0, 0.2, C4, 1), (0.0, 0.2, G4, 4), (0.2, 0.4, A4, 5)]
    assert costs(hand(rows), 2)[3] == ["a shift from 4 on G4"]
    assert costs(hand(rows), 2)[1] == ["has to leave C4 early: no join"]


def test_words_for_keys_and_intervals() -> None:
    names = [key_name(pitch) for pitch in range(60, 72)]
    assert names == ["C4", "C♯4", "D4", "E♭4", "E4", "F4", "F♯4", "G4", "A♭4", "A4", "B♭4", "B4"]
    assert (key_name(21), key_name(108)) == ("A0", "C8")
    sizes = [interval_name(semitones) for semitones in range(21)]
    assert sizes == [
        "a unison", "a second", "a second", "a third", "a third", "a fourth", "a tritone",
        "a fifth", "a sixth", "a sixth", "a seventh", "a seventh", "an octave", "a ninth",
        "a ninth", "a tenth", "a tenth", "an eleventh", "an augmented eleventh", "a twelfth",
        "more than a twelfth",
    ]  # fmt: skip
    assert interval_name(-19) == "a twelfth"


def test_words_for_fingers_lists_and_shares() -> None:
    assert [finger_name(f) for f in (1, 2, 5)] == ["the thumb", "2", "5"]
    assert [finger_name(f, True) for f in (1, 2)] == ["The thumb", "2"]
    assert (listed(["a"]), listed(["a", "b"])) == ("a", "a and b")
    assert finger_range([1, 2]) == "1 and 2"
    assert finger_range([2, 3, 4]) == "2-4"
    assert finger_range([1, 2, 4]) == "1, 2 and 4"
    assert finger_range([4]) == "4"
    assert (per_cent(0.414), per_cent(0.416), per_cent(1.0)) == ("41 %", "42 %", "100 %")
