"""Fingertips against keys: which keys a motion presses, when, and with which finger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from duemani.arrays import BetweenFrames
from duemani.keyboard import RELEASED_SHARE, REST_TOP_M, SOUNDING_SHARE, TRAVEL_M, key_at
from duemani.motion import HandMotion
from duemani.performance import LOWEST_PITCH

SUBSTEPS = 10
_BLOCK_FRAMES = 1200

PRESS_DTYPE = np.dtype(
    [("onset_sec", "f8"), ("release_sec", "f8"), ("pitch", "i2"), ("hand", "i1"), ("finger", "i1")]
)


@dataclass(frozen=True)
class _Block:
    """Tips sampled between frames: key under each tip (-1 none) and depth below its rest top."""

    time_sec: Float[np.ndarray, " sample"]
    key: Int[np.ndarray, "sample 10"]
    depth_m: Float[np.ndarray, "sample 10"]


def find_presses(motion: HandMotion) -> np.ndarray:
    """The notes that the fingertips of a motion play, from `landmarks_m` alone.

    Tips are interpolated linearly in time; a key goes down when a tip over it is below its rest
    top by more than half its travel, and comes up when no tip over it is below a quarter
    (docs/conventions.md, "Key-press F1"). Times are exact to a tenth of a frame.

    Returns:
        Structured array of `PRESS_DTYPE`, sorted by onset: the finger is the one deepest in the
        key when it sounds. A key still down in the last frame is released there.
    """
    down = np.zeros(88, bool)
    started: dict[int, tuple[float, int]] = {}
    rows: list[tuple[float, float, int, int, int]] = []
    end = motion.start_sec
    for block in _sample_blocks(motion):
        touched = np.unique(block.key[block.depth_m > 0])
        for key in np.union1d(touched[touched >= 0], np.flatnonzero(down)):
            depth = np.where(block.key == key, block.depth_m, -np.inf)
            deepest = depth.max(1)
            sounding = deepest > SOUNDING_SHARE * TRAVEL_M[key]
            free = deepest < RELEASED_SHARE * TRAVEL_M[key]
            for at, goes_down in _changes(sounding, free, bool(down[key])):
                time = float(block.time_sec[at])
                if goes_down:
                    started[int(key)] = (time, int(depth[at].argmax()))
                else:
                    onset, tip = started.pop(int(key))
                    rows.append((onset, time, int(key) + LOWEST_PITCH, tip // 5, tip % 5 + 1))
                down[key] = goes_down
        end = float(block.time_sec[-1])
    for key, (onset, tip) in started.items():
        rows.append((onset, end, key + LOWEST_PITCH, tip // 5, tip % 5 + 1))
    return np.sort(np.array(rows, PRESS_DTYPE), order=("onset_sec", "pitch"))


def _sample_blocks(motion: HandMotion) -> Iterator[_Block]:
    tips = np.concatenate([motion.tips_m[0], motion.tips_m[1]], axis=1)
    for first in range(0, max(motion.frame_count - 1, 1), _BLOCK_FRAMES):
        part = tips[first : first + _BLOCK_FRAMES + 1]
        step = np.arange((len(part) - 1) * SUBSTEPS + 1) / SUBSTEPS
        sampled = BetweenFrames.of(step, len(part)).mixed(part)
        known = np.isfinite(sampled).all(-1)
        key = np.where(known, key_at(sampled[..., 0], sampled[..., 1]), -1)
        depth = np.where(key >= 0, REST_TOP_M[key] - sampled[..., 2], -np.inf)
        yield _Block(motion.start_sec + (first + step) / motion.frame_rate, key, depth)


def _changes(sounding: np.ndarray, free: np.ndarray, is_down: bool) -> Iterator[tuple[int, bool]]:
    """Where a key with hysteresis changes: (sample, goes down)."""
    decisive = np.flatnonzero(sounding | free)
    state = np.concatenate([[is_down], sounding[decisive]])
    for change in np.flatnonzero(np.diff(state.astype(int))):
        yield int(decisive[change]), bool(state[change + 1])
