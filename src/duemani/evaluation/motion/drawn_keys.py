"""Whether what a picture shows of the keys agrees with its hands."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from duemani.keyboard import (
    BLACK_BACK_M,
    BLACK_FRONT_M,
    BLACK_TOP_WIDTH_M,
    CENTRE_X_M,
    IS_BLACK,
    REST_TOP_M,
    TRAVEL_M,
    WHITE_LENGTH_M,
    WHITE_PITCH_M,
)
from duemani.motion import HandMotion

NEAR_M = 0.015
_BOX_LOW = np.stack(
    [
        CENTRE_X_M - np.where(IS_BLACK, BLACK_TOP_WIDTH_M, WHITE_PITCH_M) / 2,
        np.where(IS_BLACK, BLACK_FRONT_M, 0.0),
        REST_TOP_M - TRAVEL_M,
    ],
    axis=-1,
)
_BOX_HIGH = np.stack(
    [
        CENTRE_X_M + np.where(IS_BLACK, BLACK_TOP_WIDTH_M, WHITE_PITCH_M) / 2,
        np.where(IS_BLACK, BLACK_BACK_M, WHITE_LENGTH_M),
        REST_TOP_M,
    ],
    axis=-1,
)


def held_by_nobody(
    depth_m: Float[np.ndarray, "frame 88"], motion: HandMotion, near_m: float = NEAR_M
) -> tuple[Bool[np.ndarray, "frame 88"], Bool[np.ndarray, "frame 88"]]:
    """Keys drawn down with no fingertip near, and all keys drawn down.

    Args:
        depth_m: how far each key is drawn down; more than half its travel counts as down.
        motion: the hands drawn with them; where a hand is not known, it is nowhere near.
        near_m: farthest that a tip may lie from where a key's top moves [m].
    """
    down = depth_m > TRAVEL_M / 2
    alone = np.zeros_like(down)
    tips = np.concatenate([motion.tips_m[0], motion.tips_m[1]], axis=1)
    seen = np.repeat(motion.tracked, 5, axis=0).T & np.isfinite(tips).all(-1)
    for frame, key in zip(*np.nonzero(down), strict=True):
        points = tips[frame, seen[frame]]
        away = points - np.clip(points, _BOX_LOW[key], _BOX_HIGH[key])
        alone[frame, key] = not (np.linalg.norm(away, axis=-1) <= near_m).any()
    return alone, down
