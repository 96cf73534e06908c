"""Simulated fingertips against those of a real pianist who plays the same notes."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from duemani.evaluation.motion.dynamics import dynamics_ratio, speed_distribution_distance
from duemani.motion import HandMotion


def tips_x_at(
    motion: HandMotion, time_sec: Float[np.ndarray, " frame"]
) -> Float[np.ndarray, "frame hand=2 finger=5"]:
    """x of a motion's fingertips at other times than its frames', by linear interpolation [m]."""
    return np.moveaxis(motion.where(time_sec).mixed(motion.tips_m[..., 0], axis=1), 0, 1)


def compare_with_real(
    motion: HandMotion,
    real_x: Float[np.ndarray, "frame hand=2 finger=5"],
    known: Bool[np.ndarray, " frame"],
    time_sec: Float[np.ndarray, " frame"],
    frame_rate: float,
) -> dict[str, float]:
    """How a simulated pianist's fingertips lie and move beside a real one's, along the keys.

    Args:
        motion: both simulated hands, finite.
        real_x: x of the real fingertips [m], finite.
        known: frames of the real ones to count.
        time_sec: of those frames in the motion's time; what lies outside it is not counted.
        frame_rate: of the real ones [Hz].

    Returns:
        What `dynamics.dynamics_ratio` and `speed_distribution_distance` give; `x_correlation`,
        Pearson's r of x over time, mean over fingers; `x_rms_mm`, over all fingers.

    Raises:
        InputError: as `dynamics.acceleration_and_jerk`.
    """
    simulated = tips_x_at(motion, time_sec)
    use = known & (time_sec > motion.start_sec) & (time_sec < motion.time_sec[-1])
    ratios = dynamics_ratio(simulated, real_x, use, frame_rate)
    distances = speed_distribution_distance(simulated, real_x, frame_rate, use, use)
    pairs = [
        np.corrcoef(real_x[use, hand, finger], simulated[use, hand, finger])[0, 1]
        for hand in range(2)
        for finger in range(5)
    ]
    return {
        **ratios,
        "x_correlation": float(np.mean(pairs)),
        "x_rms_mm": float(1000 * np.sqrt(np.mean((real_x - simulated)[use] ** 2))),
        **distances,
    }
