from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from duemani.datasets.simulated.cameras import aimed_camera
from duemani.datasets.simulated.filming import NO_NOISE, TrackerNoise, film_motion
from duemani.errors import InputError
from duemani.inputs.film.camera import Camera
from duemani.inputs.film.filmed_hands import FilmedHands
from duemani.inputs.film.keyboard_view import KeyboardView
from duemani.lifting.identity import keep_hands_apart
from duemani.lifting.lift import lift_hands
from duemani.lifting.smoothing import choose_ratio, smooth
from duemani.motion import HandMotion
from duemani.performance import Performance
from tests.helpers.real_motion import played

CAMERAS = {
    "overhead": aimed_camera(0.03, 0.02),
    "upside down": aimed_camera(0.05, 0.0, np.pi),
    "mirrored": aimed_camera(0.05, mirrored=True),
}


def lifted_hands(
    hands: FilmedHands,
    view: KeyboardView,
    frame_rate: float = 30.0,
    performance: Performance | None = None,
) -> HandMotion:
    return lift_hands(keep_hands_apart(hands, view), view, frame_rate, performance)


def filmed(
    camera: Camera, noise: TrackerNoise = NO_NOISE
) -> tuple[HandMotion, FilmedHands, KeyboardView]:
    motion = played(30.0).motion
    return motion, *film_motion(motion, camera, noise, np.random.default_rng(2))


def tip_rms_mm(lifted: HandMotion, motion: HandMotion) -> np.ndarray:
    off = (lifted.tips_m - motion.tips_m)[lifted.tracked]
    return np.sqrt(np.mean(off**2, axis=(0, 1))) * 1000


def lost(hands: FilmedHands, hand: int, frames: slice) -> FilmedHands:
    landmarks, confidence = hands.landmarks_px.copy(), hands.confidence.copy()
    landmarks[hand, frames], confidence[hand, frames] = np.nan, 0.0
    return replace(hands, landmarks_px=landmarks, confidence=confidence)


@pytest.mark.parametrize("name", CAMERAS)
def test_filmed_hands_come_back(name: str) -> None:
    motion, hands, view = filmed(CAMERAS[name])
    lifted = lifted_hands(hands, view, 30.0)
    x, y, z = tip_rms_mm(lifted, motion)
    assert lifted.frame_count == motion.frame_count
    assert lifted.tracked.all()
    assert x < 3
    assert y < 3
    assert z < 12


def test_notes_bring_the_tips_nearer_to_the_truth() -> None:
    motion, hands, view = filmed(aimed_camera(0.5))
    blind = tip_rms_mm(lifted_hands(hands, view), motion)
    told = tip_rms_mm(lifted_hands(hands, view, 30.0, played(30.0).performance), motion)
    assert told[2] < blind[2]
    assert np.hypot(*told[:2]) < np.hypot(*blind[:2])


def test_noise_is_borne() -> None:
    motion, hands, view = filmed(CAMERAS["overhead"], TrackerNoise())
    x, y, _ = tip_rms_mm(lifted_hands(hands, view), motion)
    assert x < 5
    assert y < 5


def test_what_the_tracker_is_unsure_of_counts_less() -> None:
    """Every other frame is blurred; told so, the lifted tips stay nearer to the truth."""
    motion, hands, view = filmed(CAMERAS["overhead"])
    odd = np.arange(hands.frame_count) % 2 == 1
    blur = np.random.default_rng(5).normal(0, 4, hands.landmarks_px.shape) * odd[:, None, None]
    blurred = replace(hands, landmarks_px=hands.landmarks_px + blur)
    off = {}
    for name, low in (("true", odd), ("equal", odd | ~odd), ("false", ~odd)):
        told = np.tile(np.where(low, 0.3, 0.9), (2, 1))
        off[name] = tip_rms_mm(lifted_hands(replace(blurred, confidence=told), view), motion)[:2]
    assert (off["true"] < 0.9 * off["equal"]).all()
    assert (off["equal"] < 0.95 * off["false"]).all()


def test_a_swap_is_undone() -> None:
    _, hands, view = filmed(CAMERAS["overhead"])
    landmarks = hands.landmarks_px.copy()
    for frames in (slice(40, 43), slice(100, 140)):
        landmarks[:, frames] = landmarks[::-1, frames]
    back = keep_hands_apart(replace(hands, landmarks_px=landmarks), view)
    assert np.array_equal(back.landmarks_px, hands.landmarks_px)


def test_a_whole_film_with_wrong_names_is_set_right() -> None:
    _, hands, view = filmed(CAMERAS["upside down"])
    wrong = replace(hands, landmarks_px=hands.landmarks_px[::-1].copy())
    assert np.array_equal(keep_hands_apart(wrong, view).landmarks_px, hands.landmarks_px)


def test_both_rows_on_one_hand_lose_one() -> None:
    _, hands, view = filmed(CAMERAS["overhead"])
    landmarks = hands.landmarks_px.copy()
    landmarks[0, 60:64] = landmarks[1, 60:64]
    kept = keep_hands_apart(replace(hands, landmarks_px=landmarks), view)
    assert (kept.confidence[0, 60:64] == 0).all()
    assert (kept.confidence[1] > 0).all()


def test_short_gaps_are_filled_and_long_ones_are_not() -> None:
    motion, hands, view = filmed(CAMERAS["overhead"])
    hands = lost(lost(hands, 0, slice(50, 55)), 1, slice(90, 120))
    lifted = lifted_hands(hands, view)
    assert lifted.tracked[0].all()
    assert not lifted.tracked[1, 91:119].any()
    assert lifted.tracked[1, :89].all()
    assert np.isnan(lifted.landmarks_m[1, 100]).all()
    assert lifted.confidence is not None
    assert lifted.confidence[0, 52] < lifted.confidence[0, 20]
    assert np.abs(lifted.tips_m[0, 52, :, :2] - motion.tips_m[0, 52, :, :2]).max() < 0.03


def test_one_hand_and_uneven_frames() -> None:
    motion, hands, view = filmed(CAMERAS["overhead"])
    keep = np.sort(
        np.random.default_rng(0).permutation(hands.frame_count)[: hands.frame_count // 2]
    )
    keep = np.union1d(keep, [0, hands.frame_count - 1])
    hands = FilmedHands(
        hands.time_sec[keep],
        hands.landmarks_px[:, keep],
        hands.depth_px[:, keep],
        hands.confidence[:, keep],
        hands.size_px,
    )
    lifted = lifted_hands(lost(hands, 0, slice(None)), view)
    assert not lifted.tracked[0].any()
    assert lifted.tracked[1].mean() > 0.9
    x, y, _ = tip_rms_mm(lifted, motion)
    assert x < 6
    assert y < 6


def test_without_hands_it_is_refused() -> None:
    _, hands, view = filmed(CAMERAS["overhead"])
    with pytest.raises(InputError, match="no hands"):
        lifted_hands(lost(lost(hands, 0, slice(None)), 1, slice(None)), view)


def test_smoothing_keeps_a_line_and_takes_noise_away() -> None:
    rng = np.random.default_rng(0)
    time = np.cumsum(rng.uniform(0.02, 0.05, 300))
    line = np.stack([2 * time, 5 - time], axis=1)
    assert np.allclose(smooth(time, line, 100.0), line, atol=1e-3)
    slow = np.sin(time)[:, None]
    noisy = slow + 0.1 * rng.standard_normal((300, 1))
    smoothed = smooth(time, noisy, choose_ratio(time, noisy))
    assert np.std(smoothed - slow) < 0.4 * np.std(noisy - slow)


@pytest.mark.parametrize("ratio", [1.0, 1e3, 1e6])
def test_smoothing_finds_the_least_of_misses_and_bending(ratio: float) -> None:
    """No neighbour of the answer has a smaller sum of squared misses and of acceleration."""
    rng = np.random.default_rng(5)
    time_sec = np.cumsum(rng.uniform(0.02, 0.05, 30))
    values, variance = np.cumsum(rng.normal(size=(30, 2)), axis=0), rng.uniform(0.5, 4, 30)

    def price(places: np.ndarray) -> np.ndarray:
        bend = CubicSpline(time_sec, places, bc_type="natural")(time_sec, 2)
        step = np.diff(time_sec)[:, None]
        bending = step / 3 * (bend[:-1] ** 2 + bend[:-1] * bend[1:] + bend[1:] ** 2)
        return ((places - values) ** 2 / variance[:, None]).sum(0) + bending.sum(0) / ratio

    found = smooth(time_sec, values, ratio, variance)
    for size in (1e-3, 1e-1):
        for _ in range(20):
            assert (price(found + size * rng.normal(size=found.shape)) > price(found)).all()


def test_few_frames_are_joined_by_lines() -> None:
    time_sec, values = np.array([0.0, 1.0, 3.0]), np.array([[0.0], [2.0], [6.0]])
    at_sec = np.array([0.5, 2.0])
    np.testing.assert_allclose(smooth(time_sec, values, 1.0, at_sec=at_sec), [[1.0], [4.0]])
