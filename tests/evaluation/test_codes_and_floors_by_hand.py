"""FID's encoder against plain loops, its halves, floors and clips, on small numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from duemani.errors import InputError
from duemani.evaluation.motion import gesture_code
from duemani.evaluation.motion.clips import at_clip_rate, nearest_equivalent, paired_clips, shortest
from duemani.evaluation.motion.floors import frozen, of_other
from duemani.evaluation.motion.gesture_code import (
    CODE_VALUES,
    GestureEncoder,
    _shapes,
    fid,
    fid_diagonal,
    fid_floor,
)
from tests.helpers.hands import playing_hands


def encoder(width: int = 2) -> GestureEncoder:
    rng = np.random.default_rng(0)
    weights = {
        name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in _shapes(width).items()
    }
    return GestureEncoder(rng.normal(0, 1, 96), rng.uniform(0.5, 2, 96), weights)


def plainly(one: GestureEncoder, clip: np.ndarray) -> np.ndarray:
    """Four convolutions over time, loop by loop."""
    hidden = (clip - one.mean) / one.spread
    for layer in range(4):
        weight, bias = one.weights[f"conv{layer}_weight"], one.weights[f"conv{layer}_bias"]
        padded = np.concatenate([np.zeros_like(hidden[:1]), hidden, np.zeros_like(hidden[:1])])
        rows = []
        for at in range(0, len(padded) - 3, 2):
            total = bias + sum(weight[:, :, tap] @ padded[at + tap] for tap in range(4))
            rows.append(np.where(total > 0, total, 0.2 * total))
        hidden = np.array(rows)
    return one.weights["code_weight"] @ hidden.T.ravel() + one.weights["code_bias"]


def test_codes_are_those_of_plain_loops() -> None:
    clips = np.random.default_rng(1).normal(0, 1, (3, 240, 96))
    codes = encoder().encode(clips)
    assert codes.shape == (3, CODE_VALUES)
    for clip, code in zip(clips, codes, strict=True):
        np.testing.assert_allclose(code, plainly(encoder(), clip), rtol=1e-3, atol=1e-3)
    with pytest.raises(InputError, match="must be finite"):
        encoder().encode(np.full((1, 240, 96), np.nan))


def test_batches_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    clips = np.random.default_rng(1).normal(0, 1, (5, 240, 96))
    whole = encoder().encode(clips)
    monkeypatch.setattr(gesture_code, "_BATCH_CLIPS", 2)
    np.testing.assert_allclose(encoder().encode(clips), whole, rtol=1e-5, atol=1e-6)
    assert encoder().encode(clips[:0]).shape == (0, CODE_VALUES)


def test_independent_values_by_hand() -> None:
    one, other = np.array([[0.0, 1.0], [2.0, 1.0]]), np.array([[1.0, 0.0], [5.0, 2.0]])
    # Means 1, 1 and 3, 1; deviations √2, 0 and √8, √2.
    assert fid_diagonal(one, other) == pytest.approx(4 + 2 + 2)
    for real, fake in ((one[:1], other), (one, other[:1])):
        with pytest.raises(InputError, match="two or more rows"):
            fid_diagonal(real, fake)
    with pytest.raises(InputError, match="finite"):
        fid_diagonal(one, other * np.nan)


def test_the_floor_is_between_two_halves_of_the_takes() -> None:
    codes = np.random.default_rng(3).normal(0, 1, (12, 2))
    takes = np.repeat([4, 5, 8, 9], 3)
    ways = []
    for pair in ((4, 5), (4, 8), (4, 9), (5, 8), (5, 9), (8, 9)):
        first = np.isin(takes, pair)
        ways.append(fid(codes[first], codes[~first]))
    found = fid_floor(codes, takes)
    assert any(found == pytest.approx(way) for way in ways)
    assert fid_floor(codes, takes, seed=0) == found
    assert any(fid_floor(codes, takes, seed=seed) != pytest.approx(found) for seed in range(1, 6))


def test_a_frozen_hand_turns_to_its_mean_rotation() -> None:
    motion = playing_hands(1.0, 30.0)
    rotations = np.zeros_like(motion.rotations_rad)
    rotations[:, :, 0, 2] = np.linspace(-0.4, 0.8, motion.frame_count)
    rotations[1, :5] = np.nan
    tracked = np.ones_like(motion.tracked)
    tracked[1, 20:] = False
    still = frozen(replace(motion, rotations_rad=rotations, tracked=tracked))
    np.testing.assert_allclose(still.rotations_rad[0, :, 0, 2], 0.2, atol=1e-9)
    np.testing.assert_allclose(still.rotations_rad[1, :, 0, 2], rotations[1, 5:20, 0, 2].mean())
    for at in range(motion.frame_count):
        np.testing.assert_allclose(still.wrist_m[1, at], motion.wrist_m[1, 5:20].mean(0))
    assert still.tracked.all()
    assert still.provenance["floor"] == "frozen"


def test_the_next_take_in_turn() -> None:
    takes = [playing_hands(0.5, 30.0, start) for start in (0.0, 1.0, 2.0)]
    moved = [replace(one, wrist_m=one.wrist_m + at) for at, one in enumerate(takes)]
    for at, following in ((0, 1), (1, 2), (2, 0)):
        found = of_other(moved, at)
        np.testing.assert_allclose(found.wrist_m, moved[following].wrist_m)
        assert found.start_sec == moved[at].start_sec


# --- clips ----------------------------------------------------------------------------------------


def turned(*degrees: float) -> np.ndarray:
    return np.radians(np.array(degrees))[:, None] * [0.0, 0.0, 1.0]


def test_the_nearest_of_equal_rotations() -> None:
    found = nearest_equivalent(turned(-170, 10, 350, 0, 30), turned(170, 20, 5, 350, 400))
    np.testing.assert_allclose(found, turned(190, 10, -10, 360, 390), atol=1e-9)
    across = nearest_equivalent(np.array([[0.1, 0.0, 0.0]]), np.array([[0.0, 6.0, 0.0]]))
    np.testing.assert_allclose(across, [[0.1, 0.0, 0.0]])


def test_the_shortest_of_equal_rotations() -> None:
    found = shortest(turned(10, 190, 350, 360, 0, -200))
    np.testing.assert_allclose(found, turned(10, -170, -10, 0, 0, 160), atol=1e-9)


def test_clips_lie_end_to_end_in_the_time_of_both() -> None:
    one, other = playing_hands(3.0, 30.0), playing_hands(3.0, 30.0, 0.5)
    pairs = paired_clips(one, other, 20)
    assert len(pairs) == 3  # 75 frames
    for number, (mine, theirs) in enumerate(pairs):
        first = 15 + 20 * number
        np.testing.assert_allclose(mine.wrist_m, one.wrist_m[:, first : first + 20])
        np.testing.assert_allclose(theirs.wrist_m, other.wrist_m[:, first - 15 : first + 5])
    assert len(paired_clips(one, other, 75)) == 1
    assert paired_clips(one, other, 76) == []
    assert paired_clips(one, other, 0) == []
    assert len(paired_clips(one, other, 1)) == 75


def test_a_motion_is_sampled_as_far_as_it_reaches() -> None:
    motion = playing_hands(1.0, 60.0)  # frames up to 59/60 s
    half = at_clip_rate(motion, 0.0, 30)
    np.testing.assert_allclose(half.wrist_m, motion.wrist_m[:, ::2])
    assert half.frame_rate == 30.0
    for start, frames in ((0.0, 31), (-0.1, 5), (0.9, 5), (0.0, 0)):
        with pytest.raises(InputError, match="does not cover"):
            at_clip_rate(motion, start, frames)
    between = at_clip_rate(motion, 1 / 240, 5)
    expected = 0.75 * motion.wrist_m[:, 0] + 0.25 * motion.wrist_m[:, 1]
    np.testing.assert_allclose(between.wrist_m[:, 0], expected)
