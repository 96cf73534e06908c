"""Accelerations, seams, speed distributions, and louder notes struck faster."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from duemani.errors import InputError
from duemani.evaluation.motion.dynamics import (
    acceleration_and_jerk,
    dynamics_correlation,
    dynamics_ratio,
    seam_ratio,
    speed_distribution_distance,
)
from duemani.keyboard import key_centre_x
from duemani.motion import HandMotion
from duemani.performance import Performance, make_notes
from tests.helpers.hands import playing_hands

RATE = 60.0


def swinging_tips(
    frequency_hz: float = 1.0, size_m: float = 0.01, frames: int = 1200
) -> np.ndarray:
    time = np.arange(frames) / RATE
    phase = np.arange(10).reshape(2, 5)
    return size_m * np.sin(2 * np.pi * frequency_hz * time[:, None, None] + phase)


def test_acceleration_and_jerk_of_a_sine() -> None:
    omega = 2 * np.pi
    acceleration, jerk = acceleration_and_jerk(swinging_tips(), RATE, low_pass_hz=None)
    # The mean of |sin| is 2/π.
    assert acceleration == pytest.approx(0.01 * omega**2 * 2 / np.pi, rel=0.01)
    assert jerk == pytest.approx(0.01 * omega**3 * 2 / np.pi, rel=0.01)
    smoothed, _ = acceleration_and_jerk(swinging_tips(), RATE)
    assert smoothed == pytest.approx(acceleration, rel=0.02)


def test_jerk_by_hand() -> None:
    x = np.broadcast_to(np.arange(40.0)[:, None, None] ** 3, (40, 2, 5)).copy()
    acceleration, jerk = acceleration_and_jerk(x, 2.0, low_pass_hz=None)
    assert jerk == pytest.approx(6 * 2**3)
    assert acceleration == pytest.approx(np.mean(6.0 * np.arange(1, 39)) * 4)


def test_noise_above_the_corner_is_filtered() -> None:
    noisy = swinging_tips() + swinging_tips(20.0, 0.001)
    assert acceleration_and_jerk(noisy, RATE)[0] == pytest.approx(
        acceleration_and_jerk(swinging_tips(), RATE)[0], rel=0.05
    )
    known = np.ones(len(noisy), bool)
    ratios = dynamics_ratio(noisy, swinging_tips(), known, RATE)
    assert ratios["acceleration_ratio"] == pytest.approx(1, abs=0.05)
    assert ratios["raw_acceleration_ratio"] > 10
    assert ratios["raw_jerk_ratio"] > ratios["raw_acceleration_ratio"]


def test_ratio_scales_and_minds_unknown_frames() -> None:
    real = swinging_tips()
    known = np.ones(len(real), bool)
    assert dynamics_ratio(2 * real, real, known, RATE) == pytest.approx(
        dict.fromkeys(
            ("acceleration_ratio", "jerk_ratio", "raw_acceleration_ratio", "raw_jerk_ratio"), 2.0
        )
    )
    torn = real.copy()
    torn[600] += 1.0
    known[600] = False
    assert dynamics_ratio(torn, real, known, RATE)["raw_acceleration_ratio"] == pytest.approx(1)
    still = dynamics_ratio(real, np.zeros_like(real), known, RATE)
    assert still["acceleration_ratio"] == np.inf


def test_bad_tips_are_refused() -> None:
    with pytest.raises(InputError, match="30 or more"):
        acceleration_and_jerk(swinging_tips(frames=29), RATE)
    with pytest.raises(InputError, match="half the frame rate"):
        acceleration_and_jerk(swinging_tips(), RATE, low_pass_hz=30.0)
    with pytest.raises(InputError, match="nowhere known"):
        acceleration_and_jerk(swinging_tips(), RATE, known=np.zeros(1200, bool))


def test_seams_are_found() -> None:
    motion = playing_hands(6.0)
    seams = [2.0, 4.0]
    assert seam_ratio(motion, seams) == pytest.approx(1, abs=0.3)
    torn = motion.landmarks_m.copy()
    torn[:, 120:] += 0.005
    assert seam_ratio(replace(motion, landmarks_m=torn), seams) > 3
    # Elsewhere the same jump is no seam.
    assert seam_ratio(replace(motion, landmarks_m=torn), [1.0, 4.0]) < 1


def test_seam_ratio_by_hand() -> None:
    motion = playing_hands(2.0, 10.0)
    points = np.zeros((2, 20, 21, 3))
    points[:, :, :, 0] = (np.arange(20) ** 2)[:, None]  # acceleration 2 everywhere
    points[:, 10:, :, 1] = 1.0  # a step between 0.9 and 1.0 s: √(2² + 1²) in both frames
    planted = replace(motion, landmarks_m=points)
    # Within 0.1 s of 1.0 s: 0.9, 1.0 (√5) and 1.1 s (2).
    assert seam_ratio(planted, [1.0]) == pytest.approx((2 * 5**0.5 + 2) / 3 / 2)
    hidden = motion.tracked.copy()
    hidden[:, 10] = False
    with pytest.raises(InputError, match="near a join"):
        seam_ratio(replace(planted, tracked=hidden), [1.0])
    with pytest.raises(InputError, match="near a join"):
        seam_ratio(planted, [7.0])
    assert np.isnan(seam_ratio(replace(motion, landmarks_m=np.zeros_like(points)), [1.0]))
    with pytest.raises(InputError, match="join between"):
        seam_ratio(planted, [])


def test_speed_distributions() -> None:
    one = swinging_tips(size_m=0.05)
    same = speed_distribution_distance(one, one[::-1].copy(), RATE)
    assert same["log_speed_distance"] == pytest.approx(0, abs=0.01)
    doubled = speed_distribution_distance(one, 2 * one, RATE, low_pass_hz=None)
    assert doubled["log_speed_distance"] == pytest.approx(np.log(2), abs=0.01)
    assert doubled["log_acceleration_distance"] == pytest.approx(np.log(2), abs=0.01)
    assert doubled == pytest.approx(
        speed_distribution_distance(2 * one, one[: len(one)], RATE, low_pass_hz=None)
    )
    still = speed_distribution_distance(np.zeros((40, 2, 5)), np.ones((50, 2, 5)), RATE)
    assert still == {"log_speed_distance": 0.0, "log_acceleration_distance": 0.0}
    torn, known = one.copy(), np.ones(len(one), bool)
    torn[500], known[500] = 1.0, False
    masked = speed_distribution_distance(torn, one, RATE, known_one=known, low_pass_hz=None)
    assert masked["log_acceleration_distance"] < 1e-2


def strikes(speeds_m_s: list[float], frame_rate: float = 120.0) -> HandMotion:
    """The right index finger strikes C4 once a second, each time at another speed."""
    base = playing_hands(len(speeds_m_s) + 0.5, frame_rate)
    points = base.landmarks_m.copy()
    points[..., 2] = 0.05
    tip = points[1, :, 8]
    tip[:, 0], tip[:, 1], tip[:, 2] = key_centre_x(np.array([60]))[0], 0.02, 0.03
    for at, speed in enumerate(speeds_m_s):
        since = base.time_sec - (at + 0.5)
        down = (since > -0.45) & (since < 0.2)
        tip[down, 2] = np.clip(-0.005 - speed * since[down], -0.01, 0.03)
    return replace(base, landmarks_m=points)


def strike_notes(velocities: list[int]) -> Performance:
    rows = [(at + 0.5, at + 0.7, 60, value) for at, value in enumerate(velocities)]
    return Performance.create(make_notes(rows))


def test_louder_is_faster() -> None:
    motion = strikes([0.2, 0.4, 0.6, 0.8])
    assert dynamics_correlation(motion, strike_notes([20, 40, 60, 80])) > 0.99
    assert dynamics_correlation(motion, strike_notes([80, 60, 40, 20])) < -0.99
    assert np.isnan(dynamics_correlation(motion, strike_notes([50, 50, 50, 50])))
    assert np.isnan(dynamics_correlation(motion, strike_notes([20, 40])))
    even = strikes([0.5, 0.5, 0.5, 0.5])
    value = dynamics_correlation(even, strike_notes([20, 40, 60, 80]))
    assert np.isnan(value) or abs(value) <= 1
