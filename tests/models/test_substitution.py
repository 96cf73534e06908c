"""Silent substitutions, by construction."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duemani.keyboard import key_centre_x
from duemani.models.fingering.choose import choose_fingers
from duemani.models.fingering.reach import within_reach
from duemani.models.fingering.substitution import JOIN_SEC, substitutions
from duemani.performance import LEFT, PEDAL_DTYPE, RIGHT, Performance, make_notes

Row = tuple[float, float, int, int]
"""onset_sec, release_sec, pitch, finger."""


def hand(rows: list[Row], side: int = RIGHT, pedal: float | None = None) -> Performance:
    notes = make_notes([(onset, end, pitch, 64) for onset, end, pitch, _ in rows])
    notes["hand"] = side
    notes["finger"] = [row[3] for row in rows]
    lifts = None if pedal is None else np.array([(pedal, 127)], PEDAL_DTYPE)
    return Performance.create(notes, lifts)


def mirrored(rows: list[Row]) -> list[Row]:
    """The left hand's version: the keyboard is symmetrical about D4 (62)."""
    return [(onset, end, 124 - pitch, finger) for onset, end, pitch, finger in rows]


JOINED_SAME_FINGER: list[Row] = [(0.0, 1.0, 72, 5), (1.0, 1.5, 74, 5)]
HELD_OUT_OF_REACH: list[Row] = [(0.0, 2.0, 60, 2), (1.0, 1.5, 74, 5)]


def test_same_finger_on_joined_notes() -> None:
    assert substitutions(hand(JOINED_SAME_FINGER), 1.0).tolist() == [4, 0]


def test_held_key_that_the_finger_cannot_keep() -> None:
    # 2 and 5 do not span a ninth; the thumb does.
    assert substitutions(hand(HELD_OUT_OF_REACH), 1.0).tolist() == [1, 0]
    assert substitutions(hand(HELD_OUT_OF_REACH), 1.6).tolist() == [0, 0]


def test_left_hand_mirrors_the_right() -> None:
    for rows in (JOINED_SAME_FINGER, HELD_OUT_OF_REACH):
        right = substitutions(hand(rows), 1.0)
        assert substitutions(hand(mirrored(rows), LEFT), 1.0).tolist() == right.tolist()


def test_held_finger_is_needed_elsewhere() -> None:
    rows: list[Row] = [(0.0, 2.0, 72, 4), (0.5, 0.75, 67, 1), (1.0, 1.5, 71, 4)]
    # Only 5 lies above 4.
    assert substitutions(hand(rows), 1.0).tolist() == [5, 0, 0]


@pytest.mark.parametrize(
    "rows",
    [
        [(0.0, 1.0, 72, 4), (1.0, 1.5, 74, 5)],  # joined already
        [(0.0, 0.3, 72, 5), (0.3, 0.6, 74, 5)],  # too short
        [(0.0, 0.8, 72, 5), (1.0, 1.5, 74, 5)],  # not joined: a rest between
        [(0.0, 1.0, 72, 5), (1.0, 1.5, 72, 5)],  # the same key again
        [(0.0, 1.0, 60, 1), (1.0, 1.5, 79, 1)],  # a leap that nobody joins
        [(0.0, 1.0, 60, 1), (0.0, 1.0, 64, 3), (1.0, 2.0, 62, 1), (1.0, 2.0, 65, 3)],  # chords
        [(0.0, 2.0, 72, 5), (0.9, 1.0, 71, 4), (1.0, 1.2, 74, 5)],  # no time for it
        [(0.0, 1.0, 72, 0), (1.0, 1.5, 74, 5)],  # fingers unknown
    ],
)
def test_left_alone(rows: list[Row]) -> None:
    assert not substitutions(hand(rows), 1.0).any()


def test_no_finger_is_free() -> None:
    # All five are down, and 5 strikes beyond its own key.
    keys = (60, 62, 64, 65, 67)
    rows: list[Row] = [(0.0, 3.0, pitch, at + 1) for at, pitch in enumerate(keys)]
    assert not substitutions(hand([*rows, (1.0, 1.5, 69, 5)]), 1.0).any()
    # Without 4, that one takes over.
    del rows[3]
    assert substitutions(hand([*rows, (1.0, 1.5, 69, 5)]), 1.0).tolist() == [0, 0, 0, 4, 0]


def test_pedal_makes_it_needless() -> None:
    assert not substitutions(hand(JOINED_SAME_FINGER, pedal=0.0), 1.0).any()


def test_hands_do_not_mix() -> None:
    both = hand([(0.0, 1.0, 72, 5), (1.0, 1.5, 74, 5)])
    notes = both.notes.copy()
    notes["hand"] = [LEFT, RIGHT]
    assert not substitutions(Performance.create(notes), 1.0).any()


def test_empty() -> None:
    assert substitutions(Performance(), 1.0).shape == (0,)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(1, 12), st.integers(55, 80), st.integers(0, 5)),
        max_size=25,
    ),
    st.floats(0.6, 1.4),
)
def test_new_finger_is_another_and_reaches(
    cells: list[tuple[int, int, int, int]], scale: float
) -> None:
    rows = [(at / 4, (at + long) / 4, pitch, f) for at, long, pitch, f in cells]
    performance = hand(list({(row[0], row[2]): row for row in rows}.values()))
    notes = performance.notes
    taking = substitutions(performance, scale)
    for at in np.flatnonzero(taking):
        assert taking[at] != notes["finger"][at]
        assert notes["release_sec"][at] - notes["onset_sec"][at] >= 0.35
        # Something struck in time is out of the old finger's way and within the new one's.
        later = (notes["onset_sec"] > notes["onset_sec"][at]) & (
            notes["onset_sec"] <= notes["release_sec"][at] + JOIN_SEC
        )
        others = np.flatnonzero(later & (notes["finger"] > 0))
        offset = key_centre_x(notes["pitch"][others]) - key_centre_x(notes["pitch"][at : at + 1])
        reach = [
            within_reach(int(taking[at]), int(f), float(x), scale, 0.006)
            for f, x in zip(notes["finger"][others], offset, strict=True)
        ]
        assert any(reach)


def test_quick() -> None:
    rows: list[Row] = [(at * 0.1, at * 0.1 + 1.0, 60 + at % 20, at % 5 + 1) for at in range(5000)]
    performance = hand(rows)
    start = time.thread_time()
    substitutions(performance, 1.0)
    assert time.thread_time() - start < 5.0


@pytest.mark.parametrize("side", [RIGHT, LEFT])
@pytest.mark.parametrize("held", [False, True])
def test_what_follows_a_known_change_starts_from_the_second_finger(side: int, held: bool) -> None:
    rows: list[Row] = [(0.0, 3.0 if held else 1.0, 72, 3)]
    rows += [(1.0 + at / 2, 1.5 + at / 2, pitch, 0) for at, pitch in enumerate((74, 76, 77))]
    changed = np.array([1, 0, 0, 0])

    def after(first: int, taking_over: np.ndarray | None = None) -> list[int]:
        notes = [(*row[:3], first or row[3]) if not at else row for at, row in enumerate(rows)]
        performance = hand(notes if side == RIGHT else mirrored(notes), side)
        made = choose_fingers(performance, taking_over=taking_over)
        assert taking_over is None or made.substitution.tolist() == changed.tolist()
        assert made.performance.notes["finger"][0] == first
        return made.performance.notes["finger"][1:].tolist()

    assert after(3, changed) == after(1) != after(3)


def test_a_change_counts_only_with_the_finger_that_is_kept() -> None:
    performance = hand([(0.0, 1.0, 72, 3), (1.0, 1.5, 76, 0), (1.5, 2.0, 79, 0)])
    changed = np.array([1, 0, 0])
    anew, plain = (
        choose_fingers(performance, keep="none", taking_over=known) for known in (changed, None)
    )
    assert (anew.performance.notes == plain.performance.notes).all()
    assert anew.substitution.tolist() == plain.substitution.tolist()
