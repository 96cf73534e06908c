"""Which keys are drawn down: by fingertips, and by notes only where no hand contradicts them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duemani.keyboard import TRAVEL_M
from duemani.outputs.keys_down import PIVOT_Y_M, key_depths, note_depths
from duemani.performance import LEFT, RIGHT, Performance, make_notes
from tests.analysis.test_contact import E4, RATE, over, tip_motion

KEY = E4 - 21


def held(hand: int, onset_sec: float = 0.0, release_sec: float = 9.0) -> Performance:
    notes = Performance.create(make_notes([(onset_sec, release_sec, E4, 127)]))
    return notes.with_fingers(np.array([hand]), np.array([2]))


def test_a_key_lies_as_deep_as_the_fingertip_in_it_and_stops_at_its_bed() -> None:
    depths = key_depths(tip_motion(over(E4, [5, -4, -30])), held(RIGHT))
    lever = PIVOT_Y_M / (PIVOT_Y_M - 0.03)
    np.testing.assert_allclose(depths[:, KEY], np.array([0, 0.004, 0.010]) * lever, atol=1e-6)
    assert np.flatnonzero(depths.any(0)).tolist() == [KEY]


def test_a_note_whose_finger_is_away_holds_no_key() -> None:
    away = tip_motion(over(E4 + 4, [40] * 40))
    assert not key_depths(away, held(RIGHT)).any()


def test_a_note_of_a_hand_that_is_not_known_holds_its_key() -> None:
    away = tip_motion(over(E4 + 4, [40] * 40))
    by_left = key_depths(away, held(LEFT, 0.1, 0.4))
    down = by_left[:, KEY] > TRAVEL_M[KEY] / 2
    assert down[round(0.2 * RATE)]
    assert not down[[0, round(0.55 * RATE)]].any()
    untracked = replace(away, tracked=np.zeros_like(away.tracked))
    np.testing.assert_array_equal(key_depths(untracked, held(RIGHT, 0.1, 0.4)), by_left)


def test_of_a_note_of_no_hand_either_hand_may_be_the_one_not_known() -> None:
    away = tip_motion(over(E4 + 4, [40] * 40))
    assert key_depths(away, held(-1)).any()
    landmarks = away.landmarks_m.copy()
    landmarks[LEFT] = landmarks[RIGHT]
    assert not key_depths(replace(away, landmarks_m=landmarks), held(-1)).any()


@pytest.mark.parametrize(("height_mm", "down"), [(10, True), (20, False)])
def test_a_filmed_finger_close_over_a_key_that_is_held_counts_as_in_it(height_mm, down) -> None:
    motion = tip_motion(over(E4, [height_mm] * 40))
    assert not key_depths(motion, held(RIGHT)).any()
    filmed = replace(motion, confidence=np.ones_like(motion.tracked, float))
    assert (key_depths(filmed, held(RIGHT))[30, KEY] == pytest.approx(TRAVEL_M[KEY])) == down
    assert not key_depths(filmed, held(RIGHT, 0.0, 0.2))[30].any()  # let go, and perhaps ringing


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 3), st.floats(0.001, 2), st.integers(21, 108), st.integers(1, 127)),
        max_size=12,
    )
)
def test_notes_hold_keys_within_their_travel(rows) -> None:
    performance = Performance.create(make_notes([(on, on + held, p, v) for on, held, p, v in rows]))
    depth = note_depths(performance.notes, np.arange(0, 6, 0.004))
    assert depth.dtype == np.float32
    assert np.all(depth >= 0)
    assert np.all(depth <= TRAVEL_M + 1e-7)
    assert set(np.flatnonzero(depth.max(0))) <= {p - 21 for _, _, p, _ in rows}
