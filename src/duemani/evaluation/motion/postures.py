"""Postures that are within every joint's limits and yet look wrong, counted over a motion."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.transform import Rotation

from duemani.models.solver.forearm import RADIAL_RAD, ULNAR_RAD, wrist_bend
from duemani.motion import HandMotion
from duemani.performance import LEFT
from duemani.skeleton import (
    FINGER_JOINTS,
    JOINT_FRAMES,
    joint_angles,
    mirror_points,
    mirror_rotations,
    pose_joints,
)

# An end phalanx that stands upright touches a key with the pad's front. Turned so far past that,
# the nail comes first. Chosen by eye on pictures of 40 frames: 20° looks curved, 30° a claw.
HOOK_RAD = np.radians(25.0)
# Two bent fingers that spread look hooked earlier: by this share of what exceeds the free spread,
# from how fingers lie at rest (index to little finger, towards the thumb).
SPREAD_SHARE, FREE_SPREAD_RAD = 0.5, np.radians(10.0)
RESTING_SPREAD_RAD = np.radians([9.0, 3.0, 0.0, -14.0])
# Seen from above, it points sideways or back where it is so far off the finger's own heading.
_ASIDE_COSINE = np.cos(np.radians(60.0))
_PALM_SHARE = 0.3
SUDDEN_RAD_PER_SEC = np.radians(500.0)


def odd_postures(motion: HandMotion) -> dict[str, Bool[np.ndarray, "hand=2 frame"]]:
    """Frames of each hand with a posture that a viewer would stop at; false where not tracked.

    Returns:
        `hooked`: the end phalanx of a long finger points sideways or back to the palm, more than
        25° off upright, or less where the finger is also spread: a claw; `kinked`: the hand is
        turned off its forearm by more than 30° towards the little finger or 15° towards the thumb
        (`models.solver.forearm`: 4 % of a real pianist's frames are); `sudden`: a base joint
        spreads or closes faster than 500° a second.
    """
    shape = (2, motion.frame_count)
    odd = {name: np.zeros(shape, bool) for name in ("hooked", "kinked", "sudden")}
    for hand in range(2):
        wrist, rotations = (
            np.nan_to_num(values[hand]).astype(float)
            for values in (motion.wrist_m, motion.rotations_rad)
        )
        spread = joint_angles(rotations, hand)[:, FINGER_JOINTS[1:, 0], 1]
        beyond = np.abs(spread - RESTING_SPREAD_RAD) - FREE_SPREAD_RAD
        past = past_upright(wrist, rotations, motion.bone_lengths_m[hand], hand)
        looks = past + SPREAD_SHARE * np.maximum(beyond, 0) > HOOK_RAD
        odd["hooked"][hand] = (looks & (past > 0)).any(1)
        pointing = Rotation.from_rotvec(rotations[:, 0]).apply([0.0, 1.0, 0.0])
        bend = wrist_bend(pointing, wrist[:, 0], hand)
        odd["kinked"][hand] = (bend > ULNAR_RAD) | (bend < -RADIAL_RAD)
        if motion.frame_count > 1:
            speed = np.abs(np.gradient(spread, 1 / motion.frame_rate, axis=0))
            odd["sudden"][hand] = (speed > SUDDEN_RAD_PER_SEC).any(1)
    return {name: frames & motion.tracked for name, frames in odd.items()}


def past_upright(
    wrist_m: Float[np.ndarray, "frame 3"],
    rotations_rad: Float[np.ndarray, "frame 16 3"],
    bone_lengths_m: Float[np.ndarray, "20"],
    hand: int,
) -> Float[np.ndarray, "frame 4"]:
    """How far the long fingers' end phalanges lie off upright, sideways or back [rad].

    0 where one points ahead, that is within 60° of where its finger sets out, seen from above.
    """
    if hand == LEFT:
        wrist_m, rotations_rad = mirror_points(wrist_m), mirror_rotations(rotations_rad)
    landmarks, world = pose_joints(wrist_m, rotations_rad, bone_lengths_m, 1 - LEFT)
    ends = np.einsum("tfij,fj->tfi", world[:, FINGER_JOINTS[1:, 2]], JOINT_FRAMES[1:, 2, :, 1])
    points = landmarks[:, 1:].reshape(-1, 5, 4, 3)[:, 1:]
    palm = points[:, 1:2, 0] - landmarks[:, :1]
    # A finger that goes steeply down has no heading of its own: the palm's counts a little, too.
    heading = _unit(points[:, :, 1] - points[:, :, 0])[..., :2]
    heading = _unit(heading + _PALM_SHARE * _unit(palm[..., :2]))
    level = np.linalg.norm(ends[..., :2], axis=-1)
    ahead = np.sum(ends[..., :2] * heading, axis=-1)
    off = np.arcsin(np.clip(level, 0, 1))
    off = np.where(ends[..., 2] > 0, np.pi - off, off)  # turned up again
    return np.asarray(np.where(ahead < _ASIDE_COSINE * level, off, 0.0))


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
