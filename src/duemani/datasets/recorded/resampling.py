"""Recorded motion at another frame rate: positions linearly, rotations along the shortest turn.

Not `HandMotion.at`: recordings have gaps, prepared takes may not. What is unknown is bridged from
the last known frame to the next, however far, and whether a hand is tracked is the nearest frame's.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.transform import Rotation, Slerp


def frame_times(
    frame_count: int, from_rate: float, to_rate: float
) -> Float[np.ndarray, " newframe"]:
    """Where frames at `to_rate` [Hz] lie, counted in frames at `from_rate`, up to the last."""
    length = (frame_count - 1) * to_rate / from_rate
    return np.arange(int(np.floor(length + 1e-6)) + 1) * (from_rate / to_rate)


def resample_points(
    values: Float[np.ndarray, "frame *shape"],
    known: Bool[np.ndarray, " frame"],
    times: Float[np.ndarray, " newframe"],
) -> Float[np.ndarray, "newframe *shape"]:
    """Linear between the known frames (at least one), the nearest one's value outside them."""
    at = np.flatnonzero(known)
    flat = values.reshape(len(values), -1)[at]
    columns = [np.interp(times, at, column) for column in flat.T]
    return np.stack(columns, axis=1).reshape(len(times), *values.shape[1:])


def resample_rotations(
    rotations_rad: Float[np.ndarray, "frame joint 3"],
    known: Bool[np.ndarray, " frame"],
    times: Float[np.ndarray, " newframe"],
) -> Float[np.ndarray, "newframe joint 3"]:
    """The same for axis-angle rotations."""
    at = np.flatnonzero(known)
    if len(at) == 1:
        return np.repeat(rotations_rad[at], len(times), axis=0)
    inside = np.clip(times, at[0], at[-1])
    joints = [
        Slerp(at, Rotation.from_rotvec(rotations_rad[at, joint]))(inside).as_rotvec()
        for joint in range(rotations_rad.shape[1])
    ]
    return np.stack(joints, axis=1)


def resample_flags(
    flags: Bool[np.ndarray, " frame"], times: Float[np.ndarray, " newframe"]
) -> Bool[np.ndarray, " newframe"]:
    """The nearest frame's flag."""
    return flags[np.clip(np.rint(times).astype(int), 0, len(flags) - 1)]
