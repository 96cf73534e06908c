"""Pairs that one hand cannot play, counted by hand."""

from __future__ import annotations

import pytest

from duemani.evaluation.fingering.agreement import infeasibility
from duemani.performance import LEFT, RIGHT, Performance, make_notes


def counts(
    chord: list[tuple[int, int]], hand: int = RIGHT, rolled: tuple = (), late_sec: float = 0.0
) -> tuple[int, int, int, int, int]:
    """Same finger, crossed, out of reach, too many, rolled, of (pitch, finger) struck together."""
    rows = [(1 + at * late_sec, 2.0, pitch, 64) for at, (pitch, _) in enumerate(chord)]
    notes = make_notes(rows)
    notes["hand"], notes["finger"] = hand, [finger for _, finger in chord]
    found = infeasibility(Performance.create(notes), rolled=rolled)
    assert found.notes == len(chord)
    return found.same_finger, found.crossed, found.out_of_reach, found.too_many, found.rolled


@pytest.mark.parametrize(
    ("chord", "expected"),
    [
        ([(60, 1), (64, 3), (67, 5)], (0, 0, 0, 0, 0)),
        ([(60, 2), (62, 2)], (0, 0, 0, 0, 0)),  # neighbouring white keys share a finger
        ([(60, 2), (64, 2)], (1, 0, 0, 0, 0)),
        ([(60, 3), (64, 2)], (0, 1, 1, 0, 0)),  # 2 never lies a third outwards of 3
        ([(60, 2), (62, 1)], (0, 1, 0, 0, 0)),  # the thumb may, but not at once
        ([(60, 1), (84, 5)], (0, 0, 1, 0, 0)),
        ([(60, 1), (62, 2), (84, 5)], (0, 0, 2, 0, 0)),
        ([(60, 1), (62, 1), (64, 2), (65, 3), (67, 4), (69, 5)], (0, 0, 0, 1, 0)),
    ],
)
def test_pairs_struck_together(chord: list[tuple[int, int]], expected: tuple[int, ...]) -> None:
    assert counts(chord) == expected
    mirrored = [(120 - pitch + 4, finger) for pitch, finger in chord][::-1]  # about D4
    assert counts(mirrored, LEFT) == expected


def test_only_what_is_struck_within_50_ms_counts() -> None:
    assert counts([(60, 2), (64, 2)], late_sec=0.045)[0] == 1
    assert counts([(60, 2), (64, 2)], late_sec=0.055)[0] == 0


def test_rolled_chords_are_excused_and_counted_apart() -> None:
    wide = [(60, 1), (84, 5)]
    assert counts(wide, rolled=((0, 1),)) == (0, 0, 0, 0, 1)
    # A note outside the group, or of another group, is not excused.
    assert counts([(60, 1), (64, 2), (84, 2)], rolled=((0, 2),)) == (1, 0, 0, 0, 1)
    assert counts(wide, rolled=((0,), (1,))) == (0, 0, 1, 0, 0)
    six = [(60, 1), (62, 1), (64, 2), (65, 3), (67, 4), (69, 5)]
    assert counts(six, rolled=(tuple(range(6)),)) == (0, 0, 0, 0, 0)
