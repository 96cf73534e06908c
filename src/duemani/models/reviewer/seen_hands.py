"""Hands as an observer sees them: points on the keyboard's plane, at an even frame rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.motion import HandMotion

FRAME_RATE = 30.0
"""Frames per second of everything the reviewer looks at and listens to [Hz]."""
POINTS = (4, 8, 12, 16, 20, 3, 7, 11, 15, 19, 0)
"""Landmarks that are looked at: five tips, five last joints, the wrist."""


@dataclass(frozen=True)
class SeenHands:
    """What is seen of both hands; hand 0 left, 1 right; frame t is at t / `FRAME_RATE` s.

    Attributes:
        points_m: x and y in the keyboard frame [m] at which the line of sight to each of `POINTS`
            meets the plane of the white keys; NaN where not seen.
        height_m: z of the five tips [m] where it is known (hands that were measured in 3D), else
            NaN.
        confidence: 0-1, 0 where the hand is not seen.
    """

    points_m: Float[np.ndarray, "frame 2 11 2"]
    height_m: Float[np.ndarray, "frame 2 5"]
    confidence: Float[np.ndarray, "frame 2"]

    @property
    def frame_count(self) -> int:
        """How many frames there are."""
        return len(self.points_m)


def seen_from_motion(motion: HandMotion) -> SeenHands:
    """Hands in 3D, seen from straight above; time 0 of the take is frame 0."""
    frames = max(round((motion.start_sec + motion.frame_count / motion.frame_rate) * FRAME_RATE), 1)
    time_sec = np.arange(frames) / FRAME_RATE
    tracked = motion.tracked.T
    sure = tracked.astype(float) if motion.confidence is None else motion.confidence.T
    points = motion.landmarks_m[:, :, POINTS].transpose(1, 0, 2, 3)
    points = np.where(tracked[..., None, None], points, np.nan)
    at = resampled(points, motion.time_sec, time_sec)
    confidence = resampled(np.where(tracked, sure, 0.0), motion.time_sec, time_sec)
    confidence = np.where(np.isfinite(at).any((2, 3)), np.nan_to_num(confidence), 0.0)
    return SeenHands(at[..., :2], at[:, :, :5, 2], confidence)


def resampled(
    values: Float[np.ndarray, "frame *shape"],
    time_sec: Float[np.ndarray, " frame"],
    wanted_sec: Float[np.ndarray, " wanted"],
) -> Float[np.ndarray, "wanted *shape"]:
    """Values between frames; NaN outside, and where both frames beside it are too far or NaN.

    Next to a single unknown frame the known one is taken, at most half a frame away: unlike
    `HandMotion.at`, for frames may be uneven (a film's) and the reviewer is better told a place
    half a frame old than none.
    """
    shape = (len(wanted_sec), *values.shape[1:])
    if not len(time_sec):
        return np.full(shape, np.nan)
    step = float(np.median(np.diff(time_sec))) if len(time_sec) > 1 else 1 / FRAME_RATE
    high = np.clip(np.searchsorted(time_sec, wanted_sec), 0, len(time_sec) - 1)
    low = np.maximum(high - 1, 0)
    gap = time_sec[high] - time_sec[low]
    share = np.where(gap > 0, (wanted_sec - time_sec[low]) / np.where(gap > 0, gap, 1), 1.0)
    share = np.clip(share, 0, 1).reshape(-1, *[1] * (values.ndim - 1))
    mixed = values[low] * (1 - share) + values[high] * share
    nearest = np.where(share <= 0.5, values[low], values[high])
    mixed = np.where(np.isnan(mixed), nearest, mixed)
    far = np.minimum(np.abs(wanted_sec - time_sec[low]), np.abs(time_sec[high] - wanted_sec))
    mixed[far > 1.5 * max(step, 1 / FRAME_RATE)] = np.nan
    return np.asarray(mixed)
