"""Figures of who played which note and of how it was heard: hand-made cases with known answers."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duemani.evaluation.review.heard_touch import (
    articulation,
    correlation,
    f1,
    matched_notes,
    pedal_frames,
)
from duemani.evaluation.review.who_played import (
    Nearest,
    calibration_error,
    frame_accuracy,
    held_frames,
    nearest_tips,
)
from duemani.keyboard import WHITE_PITCH_M, key_centre_x
from duemani.models.reviewer.judge import Judgement
from duemani.models.reviewer.note_inputs import ten_fingers
from duemani.models.reviewer.seen_hands import FRAME_RATE, SeenHands
from duemani.performance import LEFT, PEDAL_DTYPE, RIGHT, Performance, make_notes

FRAMES = 60
WHITE = [60, 62, 64, 65, 67]


def five_finger_position() -> SeenHands:
    """The right hand on C4 to G4, the left one an octave lower."""
    points = np.full((FRAMES, 2, 11, 2), np.nan)
    x = key_centre_x(np.array(WHITE))
    points[:, RIGHT, :5, 0], points[:, LEFT, :5, 0] = x, x[::-1] - 7 * WHITE_PITCH_M
    points[:, :, :5, 1] = 0.03
    return SeenHands(points, np.full((FRAMES, 2, 5), np.nan), np.ones((FRAMES, 2)))


def told(chances: np.ndarray, pressing: np.ndarray) -> Judgement:
    count, zeros = len(chances), np.zeros(len(chances))
    return Judgement(
        chances, pressing, zeros, zeros, zeros, zeros, np.arange(count) * 1.0, pressing[:, 0]
    )


# --- the nearest tip ------------------------------------------------------------------------------


def test_the_nearest_tip_lies_on_the_key() -> None:
    rows = [(1.0, 1.2, pitch, 64) for pitch in (60, 62, 64, 65, 67, 48, 55)]
    near = nearest_tips(five_finger_position(), make_notes(rows))
    np.testing.assert_array_equal(near.finger, [5, 6, 7, 8, 9, 4, 0])
    np.testing.assert_allclose(near.distance_keys, 0, atol=1e-9)
    np.testing.assert_allclose(near.second_keys, 1, atol=1e-9)
    assert near.clear.all()


def test_a_tip_between_keys_or_far_away_is_not_clearly_nearest() -> None:
    seen = five_finger_position()
    seen.points_m[..., 0] += 0.5 * WHITE_PITCH_M  # every tip between two keys
    near = nearest_tips(seen, make_notes([(1.0, 1.2, 62, 64), (1.0, 1.2, 72, 64)]))
    np.testing.assert_allclose(near.distance_keys, [0.5, 2.5], atol=1e-9)
    np.testing.assert_allclose(near.second_keys, [0.5, 3.5], atol=1e-9)
    assert not near.clear.any()
    np.testing.assert_array_equal(near.finger[1], 9)
    # A black key: half a white key from both its neighbours.
    black = nearest_tips(five_finger_position(), make_notes([(1.0, 1.2, 63, 64)]))
    assert not black.clear.any()


def test_the_frame_nearest_to_the_onset_counts() -> None:
    seen = five_finger_position()
    seen.points_m[30:, :, :, 0] += WHITE_PITCH_M
    onsets = [29.4, 29.6, 500.0]
    notes = make_notes([(at / FRAME_RATE, 20.0, 62, 64) for at in onsets])
    np.testing.assert_array_equal(nearest_tips(seen, notes).finger, [6, 5, 5])


def test_where_no_tip_is_seen_none_is_nearest() -> None:
    seen = five_finger_position()
    seen.points_m[:20] = np.nan
    seen.points_m[20:40, LEFT] = np.nan
    near = nearest_tips(
        seen, make_notes([(0.1, 0.2, 60, 64), (1.0, 1.2, 48, 64), (1.5, 1.7, 48, 64)])
    )
    np.testing.assert_array_equal(near.finger, [-1, 5, 4])
    assert np.isinf(near.distance_keys[0])
    assert near.distance_keys[1] == pytest.approx(7)
    assert not Nearest(near.finger[1:], near.distance_keys[1:], near.second_keys[1:]).clear[0]


def test_figures_do_not_change() -> None:
    near = Nearest(np.zeros(1, int), np.zeros(1), np.ones(1))
    with pytest.raises(FrozenInstanceError):
        near.finger = np.ones(1, int)  # type: ignore[misc]


# --- frames ---------------------------------------------------------------------------------------


def test_a_key_is_held_from_its_onset_up_to_its_release() -> None:
    rows = [(0.0, 0.1, 60, 64), (1.0, 1.01, 62, 64), (1.9, 9.0, 64, 64), (5.0, 6.0, 65, 64)]
    frame, note = held_frames(make_notes(rows), FRAMES)
    held = [frame[note == n].tolist() for n in range(4)]
    assert held == [[0, 1, 2], [30], [57, 58, 59], [59]]


@settings(max_examples=50)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 30), frames=st.integers(1, 300))
def test_every_note_is_held_in_frames_that_exist(seed: int, count: int, frames: int) -> None:
    rng = np.random.default_rng(seed)
    onset = np.sort(rng.uniform(0, 12, count))
    notes = make_notes([(float(t), float(t + rng.uniform(0, 3)), 60, 64) for t in onset])
    frame, note = held_frames(notes, frames)
    assert len(frame) == len(note)
    assert ((frame >= 0) & (frame < frames)).all()
    np.testing.assert_array_equal(np.unique(note), np.arange(count))
    assert len(set(zip(frame.tolist(), note.tolist(), strict=True))) == len(frame)


def fingered(rows: list[tuple[float, float, int, int]], fingers: list[int]) -> np.ndarray:
    notes = make_notes(rows)
    notes["hand"], notes["finger"] = np.array(fingers) // 5, np.array(fingers) % 5 + 1
    return notes


def test_frames_count_by_how_long_keys_are_held() -> None:
    notes = fingered([(0.0, 1.0, 60, 64), (1.0, 1.2, 62, 64)], [5, 9])
    np.testing.assert_array_equal(ten_fingers(notes), [5, 9])
    chances = np.full((2, 10), 0.02)
    chances[0, 5], chances[1, 8] = 0.82, 0.82  # the second one is wrong
    judged = told(chances, np.zeros((FRAMES, 10)))
    assert frame_accuracy(judged, notes) == (30, 36)
    assert frame_accuracy(judged, notes[:0]) == (0, 0)


def test_fingers_that_press_decide_between_likely_ones() -> None:
    notes = fingered([(0.0, 1.0, 60, 64)], [2])
    chances = np.full((1, 10), 0.01)
    chances[0, 1], chances[0, 2] = 0.5, 0.42
    pressing = np.zeros((FRAMES, 10))
    pressing[10:25, 2] = 1  # in half of the frames the right one is seen to press
    assert frame_accuracy(told(chances, pressing), notes) == (15, 30)


# --- calibration ----------------------------------------------------------------------------------


def test_perfect_certainty_is_calibrated() -> None:
    true = np.array([0, 3, 9])
    assert calibration_error(np.eye(10)[true], true) == 0
    assert calibration_error(np.eye(10)[true], (true + 1) % 10) == 1
    assert calibration_error(np.zeros((0, 10)), np.zeros(0, int)) == 0


def test_a_known_calibration_error() -> None:
    # Four notes at 0.75, two of them right; four at 0.55, all right: (0.25 + 0.45) / 2.
    chances = np.full((8, 10), 0.25 / 9)
    chances[:4, 0], chances[4:, 0] = 0.75, 0.55
    chances[4:, 1:] = 0.45 / 9
    true = np.array([0, 0, 1, 1, 0, 0, 0, 0])
    assert calibration_error(chances, true) == pytest.approx(0.35)
    # In a single bin surplus and lack make up for each other.
    assert calibration_error(chances, true, bins=1) == pytest.approx(0.1)


def test_chances_that_come_true_as_often_as_they_say_are_calibrated() -> None:
    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.full(10, 0.3), 20_000)
    true = (chances.cumsum(1) > rng.random((20_000, 1))).argmax(1)
    assert calibration_error(chances, true) < 0.02
    sharper = chances**3
    assert calibration_error(sharper / sharper.sum(1, keepdims=True), true) > 0.1


# --- as heard -------------------------------------------------------------------------------------


def test_notes_match_by_pitch_and_onset() -> None:
    true = make_notes(
        [(1.0, 2.0, 60, 64), (1.0, 2.0, 64, 64), (2.0, 2.5, 60, 64), (3.0, 4.0, 67, 64)]
    )
    heard = make_notes(
        [(0.96, 1.0, 64, 10), (1.04, 5.0, 60, 10), (2.06, 2.5, 60, 10), (3.0, 3.0, 66, 10)]
    )
    mine, theirs = matched_notes(true, heard)
    np.testing.assert_array_equal(mine, [0, 1])
    np.testing.assert_array_equal(theirs, [1, 0])
    mine, theirs = matched_notes(true, heard, 0.1)
    np.testing.assert_array_equal(mine, [0, 1, 2])
    np.testing.assert_array_equal(theirs, [1, 0, 2])


def test_each_note_matches_once() -> None:
    true = make_notes([(1.0, 1.1, 60, 64), (1.03, 1.2, 60, 64)])
    heard = make_notes([(1.02, 1.1, 60, 64)])
    mine, theirs = matched_notes(true, heard)
    assert len(mine) == len(theirs) == 1
    for a, b in ((true, heard[:0]), (true[:0], heard), (true[:0], heard[:0])):
        mine, theirs = matched_notes(a, b)
        assert mine.shape == theirs.shape == (0,)


def test_articulation_is_the_share_of_the_time_to_the_next_note() -> None:
    rows = [
        (0.0, 0.5, 60, 64),  # half of the time to the next one
        (1.0, 2.0, 62, 64),  # legato
        (1.01, 3.0, 65, 64),  # a chord's notes do not follow each other
        (2.0, 2.01, 64, 64),  # as short as can be
        (2.0, 2.5, 90, 64),  # too far away to follow
        (3.0, 9.0, 62, 64),  # nothing follows: as long as itself
    ]
    made = articulation(make_notes(rows))
    np.testing.assert_allclose(made, [-1, 0, np.log2(1.99 / 0.99), -4, 0, 0], atol=1e-6)
    assert articulation(make_notes([])).shape == (0,)
    held = articulation(make_notes([(0.0, 9.0, 60, 64), (1.0, 1.5, 60, 64)]))
    assert held[0] == 2


def test_the_pedal_is_down_from_one_change_to_the_next() -> None:
    pedal = np.array([(0.5, 127), (1.0, 63), (1.5, 64)], PEDAL_DTYPE)
    performance = Performance.create(make_notes([(0.0, 1.0, 60, 64)]), pedal)
    down = pedal_frames(performance, FRAMES)
    np.testing.assert_array_equal(np.flatnonzero(down), [*range(15, 30), *range(45, 60)])
    assert not pedal_frames(Performance(), FRAMES).any()
    assert pedal_frames(performance, 0).shape == (0,)


def test_f1_of_frames() -> None:
    true = np.array([1, 1, 1, 1, 0, 0], bool)
    assert f1(true, true) == 1
    assert f1(true, ~true) == 0
    assert f1(true, np.array([1, 1, 0, 0, 1, 1], bool)) == pytest.approx(0.5)
    assert f1(true, np.ones(6, bool)) == pytest.approx(0.8)
    assert np.isnan(f1(np.zeros(4, bool), np.zeros(4, bool)))


def test_correlation() -> None:
    values = np.array([1.0, 2.0, 4.0, 3.0])
    assert correlation(values, 5 - 2 * values) == pytest.approx(-1)
    assert correlation(values, np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(0.8)
    assert np.isnan(correlation(values, np.ones(4)))
    assert np.isnan(correlation(np.ones(4), values))
    assert np.isnan(correlation(values[:2], values[:2]))
