"""Postures that are within every joint's limits and yet look wrong, counted over a motion."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.transform import Rotation

from duemani.motion import HandMotion
from duemani.outputs.gltf.sleeve import forearm_directions
from duemani.skeleton import FINGER_JOINTS, joint_angles

# A straight finger spreads so far; bent by the second angle it cannot spread at all, as the
# ligaments of its base joint are then taut (Kapandji, The Physiology of the Joints I).
SPREAD_RAD, TAUT_RAD = np.radians(25.0), np.radians(150.0)
KINK_RAD = np.radians(40.0)
SUDDEN_RAD_PER_SEC = np.radians(500.0)


def odd_postures(motion: HandMotion) -> dict[str, Bool[np.ndarray, "hand=2 frame"]]:
    """Frames of each hand with a posture that a viewer would stop at; false where not tracked.

    Returns:
        `hooked`: a long finger is spread farther than its bend allows, so that its end hooks
        sideways; `kinked`: the hand points more than 40° away from the forearm, as page and glTF
        draw it; `sudden`: a base joint spreads or closes faster than 500° a second.
    """
    shape = (2, motion.frame_count)
    odd = {name: np.zeros(shape, bool) for name in ("hooked", "kinked", "sudden")}
    for hand in range(2):
        angles = joint_angles(motion.rotations_rad[hand], hand)
        base, middle = angles[:, FINGER_JOINTS[1:, 0]], angles[:, FINGER_JOINTS[1:, 1]]
        odd["hooked"][hand] = (np.abs(base[..., 1]) > _allowed_spread(base, middle)).any(1)
        pointing = Rotation.from_rotvec(motion.rotations_rad[hand, :, 0].copy()).apply(
            [0.0, 1.0, 0.0]
        )
        cosine = np.sum(pointing * forearm_directions(motion, hand), axis=-1)
        odd["kinked"][hand] = np.arccos(np.clip(cosine, -1, 1)) > KINK_RAD
        if motion.frame_count > 1:
            speed = np.abs(np.gradient(base[..., 1], 1 / motion.frame_rate, axis=0))
            odd["sudden"][hand] = (speed > SUDDEN_RAD_PER_SEC).any(1)
    return {name: frames & motion.tracked for name, frames in odd.items()}


def _allowed_spread(
    base: Float[np.ndarray, "frame 4 3"], middle: Float[np.ndarray, "frame 4 3"]
) -> Float[np.ndarray, "frame 4"]:
    bend = np.clip(base[..., 0] + middle[..., 0], 0, TAUT_RAD)
    allowed = SPREAD_RAD * (1 - bend / TAUT_RAD)
    allowed[:, 3] *= 1.5  # the little finger spreads farther out
    return allowed
