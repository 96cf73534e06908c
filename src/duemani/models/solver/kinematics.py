"""The solver's hand: 22 degrees of freedom, its fingertips and their derivatives.

Everything here is a right hand; `solve` mirrors the left one. The degrees of freedom are the
wrist's position and its yaw, pitch and roll; flexion and deviation of each finger's base joint;
flexion of its middle joint, with the distal joint of the four long fingers coupled to it, as the
tendons couple them; the thumb's two outer joints are free.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.skeleton import BONE_DIRECTIONS, FINGER_JOINTS, JOINT_FRAMES, JOINT_LIMITS_RAD

DOF_COUNT = 22
WRIST = slice(0, 3)
YAW, PITCH, ROLL = 3, 4, 5
# Column of (base flexion, base deviation, middle flexion) for thumb to little finger.
BASE_FLEX = np.array([6, 10, 13, 16, 19])
BASE_DEVIATION = np.array([7, 11, 14, 17, 20])
MIDDLE_FLEX = np.array([8, 12, 15, 18, 21])
THUMB_TIP_FLEX = 9
DISTAL_COUPLING = 0.6  # distal flexion per middle flexion, long fingers


def _limits() -> Float[np.ndarray, "22 2"]:
    limits = np.full((DOF_COUNT, 2), [-np.inf, np.inf])
    limits[PITCH], limits[YAW], limits[ROLL] = JOINT_LIMITS_RAD[0]
    for finger in range(5):
        base, middle, distal = FINGER_JOINTS[finger]
        limits[BASE_FLEX[finger]] = JOINT_LIMITS_RAD[base, 0]
        limits[BASE_DEVIATION[finger]] = JOINT_LIMITS_RAD[base, 1]
        limits[MIDDLE_FLEX[finger]] = JOINT_LIMITS_RAD[middle, 0]
        if finger:
            coupled = JOINT_LIMITS_RAD[distal, 0] / DISTAL_COUPLING
            limits[MIDDLE_FLEX[finger], 0] = max(limits[MIDDLE_FLEX[finger], 0], coupled[0])
            limits[MIDDLE_FLEX[finger], 1] = min(limits[MIDDLE_FLEX[finger], 1], coupled[1])
    limits[THUMB_TIP_FLEX] = JOINT_LIMITS_RAD[FINGER_JOINTS[0, 2], 0]
    return limits


DOF_LIMITS = _limits()


@dataclass(frozen=True)
class Pose:
    """Fingertips, distal and middle joints of posed hands, and the tips' derivatives."""

    tips_m: Float[np.ndarray, "frame 5 3"]
    distal_m: Float[np.ndarray, "frame 5 3"]
    middle_m: Float[np.ndarray, "frame 5 3"]
    jacobian: Float[np.ndarray, "frame 5 3 22"]


def angles_of(dofs: Float[np.ndarray, "frame 22"]) -> Float[np.ndarray, "frame 16 3"]:
    """Flexion, deviation and twist of the 16 joints (see `skeleton.joint_angles`) [rad]."""
    angles = np.zeros((len(dofs), 16, 3))
    angles[:, 0] = dofs[:, [PITCH, YAW, ROLL]]
    angles[:, FINGER_JOINTS[:, 0], 0] = dofs[:, BASE_FLEX]
    angles[:, FINGER_JOINTS[:, 0], 1] = dofs[:, BASE_DEVIATION]
    angles[:, FINGER_JOINTS[:, 1], 0] = dofs[:, MIDDLE_FLEX]
    angles[:, FINGER_JOINTS[:, 2], 0] = DISTAL_COUPLING * dofs[:, MIDDLE_FLEX]
    angles[:, FINGER_JOINTS[0, 2], 0] = dofs[:, THUMB_TIP_FLEX]
    return angles


def pose(dofs: Float[np.ndarray, "frame 22"], bone_lengths_m: Float[np.ndarray, "20"]) -> Pose:
    """Tips of a right hand and their Jacobian by the geometric (axis × arm) formula."""
    bones = BONE_DIRECTIONS * bone_lengths_m.reshape(5, 4, 1)
    frames = len(dofs)
    wrist_axes, wrist_rotation = _joint(
        dofs[:, None, YAW], dofs[:, None, PITCH], dofs[:, None, ROLL], np.eye(3)[None, None]
    )
    parent = np.broadcast_to(wrist_rotation, (frames, 5, 3, 3))
    base = np.einsum("tij,fj->tfi", wrist_rotation[:, 0], bones[:, 0])
    zero = np.zeros((frames, 5))

    axes1, rotation1 = _joint(dofs[:, BASE_DEVIATION], dofs[:, BASE_FLEX], zero, JOINT_FRAMES[:, 0])
    deviation_axis, flex_axis1 = _turn(parent, axes1[..., 0]), _turn(parent, axes1[..., 1])
    parent = parent @ rotation1
    middle = base + np.einsum("tfij,fj->tfi", parent, bones[:, 1])

    axes2, rotation2 = _joint(zero, dofs[:, MIDDLE_FLEX], zero, JOINT_FRAMES[:, 1])
    flex_axis2 = _turn(parent, axes2[..., 1])
    parent = parent @ rotation2
    distal = middle + np.einsum("tfij,fj->tfi", parent, bones[:, 2])

    distal_flex = DISTAL_COUPLING * dofs[:, MIDDLE_FLEX]
    distal_flex[:, 0] = dofs[:, THUMB_TIP_FLEX]
    axes3, rotation3 = _joint(zero, distal_flex, zero, JOINT_FRAMES[:, 2])
    flex_axis3 = _turn(parent, axes3[..., 1])
    tip = distal + np.einsum("tfij,fj->tfi", parent @ rotation3, bones[:, 3])

    jacobian = np.zeros((frames, 5, 3, DOF_COUNT))
    jacobian[..., WRIST] = np.eye(3)
    for column, axis in zip((YAW, PITCH, ROLL), (0, 1, 2), strict=True):
        jacobian[..., column] = np.cross(wrist_axes[..., axis], tip)
    fingers = np.arange(5)
    by_deviation = np.cross(deviation_axis, tip - base)
    by_base = np.cross(flex_axis1, tip - base)
    by_middle = np.cross(flex_axis2, tip - middle)
    by_distal = np.cross(flex_axis3, tip - distal)
    by_middle[:, 1:] += DISTAL_COUPLING * by_distal[:, 1:]
    # Fancy indices around a slice put their axis first: (finger, frame, xyz).
    jacobian[:, fingers, :, BASE_DEVIATION] = by_deviation.swapaxes(0, 1)
    jacobian[:, fingers, :, BASE_FLEX] = by_base.swapaxes(0, 1)
    jacobian[:, fingers, :, MIDDLE_FLEX] = by_middle.swapaxes(0, 1)
    jacobian[:, 0, :, THUMB_TIP_FLEX] = by_distal[:, 0]
    at = dofs[:, None, WRIST]
    return Pose(tip + at, distal + at, middle + at, jacobian)


def _turn(rotation: np.ndarray, vector: np.ndarray) -> np.ndarray:
    return np.einsum("tfij,tfj->tfi", rotation, vector)


def _joint(
    deviation: np.ndarray, flexion: np.ndarray, twist: np.ndarray, frame: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Axes (columns: of deviation, flexion, twist) and rotation of a joint in its parent.

    R = F Rz(deviation) Rx(-flexion) Ry(twist) Fᵀ, as in `skeleton.joint_angles`.
    """
    cz, sz = np.cos(deviation), np.sin(deviation)
    cx, sx = np.cos(flexion), -np.sin(flexion)
    cy, sy = np.cos(twist), np.sin(twist)
    zero, one = np.zeros_like(cz), np.ones_like(cz)
    local = np.stack(
        [
            np.stack([cz * cy - sz * sx * sy, -sz * cx, cz * sy + sz * sx * cy], -1),
            np.stack([sz * cy + cz * sx * sy, cz * cx, sz * sy - cz * sx * cy], -1),
            np.stack([-cx * sy, sx, cx * cy], -1),
        ],
        -2,
    )
    axes = np.stack(
        [
            np.stack([zero, zero, one], -1),
            np.stack([-cz, -sz, zero], -1),
            np.stack([-sz * cx, cz * cx, sx], -1),
        ],
        -1,
    )
    return frame @ axes, frame @ local @ np.swapaxes(frame, -1, -2)
