"""Which finger plays which note of a recorded motion: the nearest tip over the key at its onset."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from duemani.arrays import BetweenFrames
from duemani.keyboard import BLACK_BASE_WIDTH_M, WHITE_PITCH_M, is_black, key_centre_x, key_rest_top
from duemani.motion import HandMotion
from duemani.performance import UNKNOWN_HAND, Performance

_BESIDE_M, _ABOVE_M = 0.003, 0.030
_ACROSS_SPREAD_M, _HEIGHT_SPREAD_M = 0.005, 0.006


def find_fingers(performance: Performance, motion: HandMotion) -> Performance:
    """The same notes with hands and fingers where a tip lies over the key at the onset.

    What is known already stays; a note over whose key no tip lies, or whose hand is not seen,
    stays as it was. Motion starts at time 0, in the keyboard frame.
    """
    notes = performance.notes
    if not len(notes):
        return performance
    tips, seen = tips_at(motion.tips_m, motion.tracked, motion.frame_rate, notes["onset_sec"])
    half = np.where(is_black(notes["pitch"]), BLACK_BASE_WIDTH_M, WHITE_PITCH_M) / 2
    across = np.abs(tips[..., 0] - key_centre_x(notes["pitch"])[:, None])
    above = tips[..., 2] - key_rest_top(notes["pitch"])[:, None]
    over = seen & (across <= half[:, None] + _BESIDE_M) & (np.abs(above) <= _ABOVE_M)
    hands = np.repeat([0, 1], 5)
    over &= (notes["hand"][:, None] == UNKNOWN_HAND) | (notes["hand"][:, None] == hands)
    cost = np.hypot(across / _ACROSS_SPREAD_M, np.maximum(above, 0) / _HEIGHT_SPREAD_M)
    best = np.where(over, cost, np.inf).argmin(1)
    found = over.any(1) & (notes["finger"] == 0)
    return performance.with_fingers(
        np.where(found, best // 5, notes["hand"]),
        np.where(found, best % 5 + 1, notes["finger"]),
        notes["confidence"],
    )


def tips_at(
    tips: Float[np.ndarray, "hand=2 frame 5 3"],
    tracked: Bool[np.ndarray, "hand=2 frame"],
    frame_rate: float,
    time_sec: Float[np.ndarray, " note"],
) -> tuple[Float[np.ndarray, "note 10 3"], Bool[np.ndarray, "note 10"]]:
    """The ten tips between frames, left thumb first, and whether each is known then.

    Args:
        tips: of both hands, in any frame and unit; frame 0 is at time 0.
        tracked: where they are known.
        frame_rate: of both [Hz].
        time_sec: when; tips are known up to one frame after the last.
    """
    at = time_sec * frame_rate
    where = BetweenFrames.of(at, tips.shape[1])
    seen = tracked[:, where.low] & tracked[:, where.high] & (at <= tips.shape[1])
    return np.concatenate(list(where.mixed(tips, axis=1)), axis=1), np.repeat(seen.T, 5, axis=1)
