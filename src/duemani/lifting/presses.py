"""Which filmed fingertip holds which key down, and how high it is then."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from duemani.keyboard import (
    BLACK_BASE_WIDTH_M,
    WHITE_LENGTH_M,
    WHITE_PITCH_M,
    is_black,
    key_rest_top,
    key_travel,
    slot_centre_x,
)
from duemani.performance import UNKNOWN_HAND, Performance

_BESIDE_M, _BEFORE_M = 0.006, 0.02
_CLEARLY_M = 0.006


def pressed_heights(
    performance: Performance,
    tips_m: Float[np.ndarray, "hand=2 frame 5 3"],
    time_sec: Float[np.ndarray, " frame"],
) -> Float[np.ndarray, "hand=2 frame 5"]:
    """Heights of the tips while they hold keys down [m], NaN elsewhere.

    At each note's onset the tip nearest to the middle of the key plays it, if it lies over the
    key and clearly nearer than any other; it holds as long as it stays over the key.
    """
    heights = np.full(tips_m.shape[:3], np.nan)
    for note in performance.notes:
        held = (time_sec >= note["onset_sec"]) & (time_sec <= note["release_sec"])
        frames = np.flatnonzero(held)
        if not len(frames):
            continue
        pitch = np.array(note["pitch"])
        off = np.abs(tips_m[:, frames[0], :, 0] - slot_centre_x(pitch))
        y = tips_m[:, frames[0], :, 1]
        off = np.where((y > -_BEFORE_M) & (y < WHITE_LENGTH_M), off, np.inf)
        off = np.where(np.isfinite(off), off, np.inf)
        if note["hand"] != UNKNOWN_HAND:
            off[1 - note["hand"]] = np.inf
        if note["finger"] > 0:
            off[:, np.arange(5) != note["finger"] - 1] = np.inf
        half = (BLACK_BASE_WIDTH_M if is_black(pitch) else WHITE_PITCH_M) / 2 + _BESIDE_M
        nearest, second = np.partition(off.ravel(), 1)[:2]
        if nearest > half or second - nearest < _CLEARLY_M:
            continue
        hand, finger = divmod(int(off.argmin()), 5)
        over = np.abs(tips_m[hand, frames, finger, 0] - slot_centre_x(pitch)) < half
        left = np.flatnonzero(~over)
        frames = frames[: left[0]] if len(left) else frames
        heights[hand, frames, finger] = key_rest_top(pitch) - key_travel(pitch)
    return heights
