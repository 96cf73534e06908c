"""The hand's skeleton: forward and inverse kinematics, joint limits, size, mirroring.

The rest pose is a flat right hand, palm down, fingers along +y. Its proportions were measured on
the `generic-hand` mesh of the WebXR input profiles (MIT licence), so the mesh fits undistorted.
Rotations follow MANO's convention: axis-angle relative to the parent joint, in axes that are
parallel to the keyboard frame's in the rest pose. The left hand is the mirrored right.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from duemani.performance import LEFT

# Landmarks of the rest pose relative to the wrist [m]: base, middle, distal joint, pad.
_REST_M = np.array(
    [
        [[-0.0280, 0.0360, -0.0192], [-0.0450, 0.0592, -0.0343], [-0.0669, 0.0831, -0.0437], [0, 0, 0]],
        [[-0.0235, 0.0886, -0.0073], [-0.0220, 0.1338, -0.0105], [-0.0207, 0.1579, -0.0128], [0, 0, 0]],
        [[-0.0017, 0.0917, -0.0025], [0.0026, 0.1381, -0.0070], [0.0057, 0.1654, -0.0098], [0, 0, 0]],
        [[0.0175, 0.0847, -0.0065], [0.0268, 0.1263, -0.0109], [0.0332, 0.1519, -0.0142], [0, 0, 0]],
        [[0.0350, 0.0739, -0.0137], [0.0424, 0.1074, -0.0181], [0.0490, 0.1264, -0.0210], [0, 0, 0]],
    ]
)  # fmt: skip
# Back-of-the-hand direction at each finger's base and distal joint (thumb to little finger).
_DORSAL_BASE = np.array(
    [[-0.85, -0.48, 0.21], [-0.06, 0.10, 0.99], [0.02, 0.11, 0.99], [0.11, 0.09, 0.99], [0.25, 0.09, 0.96]]
)  # fmt: skip
_DORSAL_TIP = np.array(
    [[-0.67, -0.67, 0.30], [0.01, -0.06, 1.0], [0.09, -0.10, 0.99], [0.18, 0.03, 0.98], [0.30, -0.01, 0.95]]
)  # fmt: skip
_TIP_DIRECTION = np.array(
    [[-0.74, 0.58, -0.34], [0.10, 0.99, 0.05], [0.14, 0.99, 0.09], [0.19, 0.98, -0.07], [0.24, 0.97, -0.06]]
)  # fmt: skip
# The pad, from the distal joint: along the finger, across it, towards its back [m]. A thumb
# touches keys with its outer side, the other fingers with the pad under the nail.
_PAD_M = np.array(
    [[0.019, -0.007, -0.003], [0.018, 0, -0.0055], [0.018, 0, -0.0055], [0.018, 0, -0.0055], [0.017, 0, -0.0050]]
)  # fmt: skip

FINGER_JOINTS = np.array([[13, 14, 15], [1, 2, 3], [4, 5, 6], [10, 11, 12], [7, 8, 9]])
JOINT_LANDMARKS = np.array([0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3])
LANDMARK_PARENTS = np.array([-1, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 17, 18, 19])

_MIRROR_POINT = np.array([-1.0, 1.0, 1.0])
_MIRROR_ROTATION = np.array([1.0, -1.0, -1.0])
_DEGREE = np.pi / 180


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _rest_bones() -> tuple[np.ndarray, np.ndarray]:
    along = _unit(_TIP_DIRECTION)
    across = _unit(np.cross(along, _DORSAL_TIP))
    dorsal = np.cross(across, along)
    rest = _REST_M.copy()
    rest[:, 3] = rest[:, 2] + (
        _PAD_M[:, :1] * along + _PAD_M[:, 1:2] * across + _PAD_M[:, 2:] * dorsal
    )
    bones = np.diff(rest, axis=1, prepend=0)
    return _unit(bones), np.linalg.norm(bones, axis=-1)


def _anatomical_frames() -> np.ndarray:
    """Columns: across (thumb-side to little-side), along, dorsal; one frame a joint, at rest."""
    frames = np.tile(np.eye(3), (5, 3, 1, 1))
    for finger in range(5):
        for joint in range(3):
            blend = joint / 2
            dorsal = (1 - blend) * _DORSAL_BASE[finger] + blend * _DORSAL_TIP[finger]
            along = BONE_DIRECTIONS[finger, joint + 1] if joint < 2 else _unit(_TIP_DIRECTION)[finger]
            across = _unit(np.cross(along, dorsal))
            frames[finger, joint] = np.stack([across, along, np.cross(across, along)], axis=-1)
    return frames


BONE_DIRECTIONS, _MEDIUM_BONES = _rest_bones()  # (finger, bone, xyz) and (finger, bone) [m]
MEDIUM_BONE_LENGTHS_M = _MEDIUM_BONES.reshape(20)
JOINT_FRAMES = _anatomical_frames()  # (finger, joint, 3, 3)
_ALL_FRAMES = np.tile(np.eye(3), (16, 1, 1))
_ALL_FRAMES[FINGER_JOINTS] = JOINT_FRAMES

# Limits of (flexion, deviation towards the thumb, twist) for each of the 16 joints [rad]. Ranges
# of motion after Kapandji, The Physiology of the Joints I, a little inside the passive ranges.
_FINGER_LIMITS = [[(-30, 85), (-25, 25), (-12, 12)], [(-8, 88), (-5, 5), (-5, 5)], [(-12, 80), (-5, 5), (-5, 5)]]  # fmt: skip
_THUMB_LIMITS = [[(-40, 55), (-45, 45), (-25, 25)], [(-20, 70), (-12, 12), (-8, 8)], [(-25, 85), (-5, 5), (-5, 5)]]  # fmt: skip
_WRIST_LIMITS = [(-40, 45), (-50, 50), (-50, 50)]
JOINT_LIMITS_RAD = np.array([_WRIST_LIMITS, *(_FINGER_LIMITS * 4), *_THUMB_LIMITS]) * _DEGREE
JOINT_LIMITS_RAD[7, 1] = np.array([-38, 20]) * _DEGREE  # the little finger spreads further out

MEDIUM_SPAN_M = 0.215


def bone_lengths_for_span(span_m: float) -> Float[np.ndarray, "20"]:
    """Bone lengths of a hand that reaches `span_m` from thumb to little finger.

    The medium hand (190 mm long) reaches 215 mm, a ninth with comfort and a tenth just; other
    spans scale it.
    """
    return MEDIUM_BONE_LENGTHS_M * (span_m / MEDIUM_SPAN_M)


def mirror_points(points_m: Float[np.ndarray, "*shape 3"]) -> Float[np.ndarray, "*shape 3"]:
    """Reflect points at the plane x = 0: a left hand's in the right hand's terms and back."""
    return points_m * _MIRROR_POINT


def mirror_rotations(rotations_rad: Float[np.ndarray, "*shape 3"]) -> Float[np.ndarray, "*shape 3"]:
    """Reflect axis-angle rotations at the plane x = 0."""
    return rotations_rad * _MIRROR_ROTATION


def rotation_matrices(axis_angle: Float[np.ndarray, "*shape 3"]) -> Float[np.ndarray, "*shape 3 3"]:
    """Rodrigues' formula for arrays of axis-angle vectors [rad]."""
    flat = Rotation.from_rotvec(axis_angle.reshape(-1, 3)).as_matrix()
    return flat.reshape(*axis_angle.shape, 3)


def pose_joints(
    wrist_m: Float[np.ndarray, "frame 3"],
    rotations_rad: Float[np.ndarray, "frame 16 3"],
    bone_lengths_m: Float[np.ndarray, "20"],
    hand: int,
) -> tuple[Float[np.ndarray, "frame 21 3"], Float[np.ndarray, "frame 16 3 3"]]:
    """Landmarks [m] and the joints' orientations in the keyboard frame (forward kinematics)."""
    if hand == LEFT:
        landmarks, world = pose_joints(
            mirror_points(wrist_m), mirror_rotations(rotations_rad), bone_lengths_m, 1 - LEFT
        )
        flip = np.diag(_MIRROR_POINT)
        return mirror_points(landmarks), flip @ world @ flip
    local = rotation_matrices(rotations_rad)
    bones = BONE_DIRECTIONS * bone_lengths_m.reshape(5, 4, 1)
    world = np.empty_like(local)
    world[:, 0] = local[:, 0]
    landmarks = np.empty((len(wrist_m), 21, 3))
    landmarks[:, 0] = wrist_m
    parent = np.repeat(local[:, :1], 5, axis=1)
    points = landmarks[:, 1:].reshape(-1, 5, 4, 3)
    at = wrist_m[:, None] + np.einsum("tfij,fj->tfi", parent, bones[:, 0])
    points[:, :, 0] = at
    for joint in range(3):
        parent = parent @ local[:, FINGER_JOINTS[:, joint]]
        world[:, FINGER_JOINTS[:, joint]] = parent
        at = at + np.einsum("tfij,fj->tfi", parent, bones[:, joint + 1])
        points[:, :, joint + 1] = at
    landmarks[:, 1:] = points.reshape(-1, 20, 3)
    return landmarks, world


def pose_landmarks(
    wrist_m: Float[np.ndarray, "hand=2 frame 3"],
    rotations_rad: Float[np.ndarray, "hand=2 frame 16 3"],
    bone_lengths_m: Float[np.ndarray, "hand=2 20"],
) -> Float[np.ndarray, "hand=2 frame 21 3"]:
    """Landmarks of both hands [m]."""
    return np.stack(
        [pose_joints(wrist_m[h], rotations_rad[h], bone_lengths_m[h], h)[0] for h in range(2)]
    )


def joint_angles(
    rotations_rad: Float[np.ndarray, "*shape 16 3"], hand: int
) -> Float[np.ndarray, "*shape 16 3"]:
    """Flexion, deviation towards the thumb, and twist of each joint [rad].

    R = R_dorsal(deviation) R_across(-flexion) R_along(twist) in the joint's anatomical frame.
    """
    if hand == LEFT:
        rotations_rad = mirror_rotations(rotations_rad)
    local = np.swapaxes(_ALL_FRAMES, -1, -2) @ rotation_matrices(rotations_rad) @ _ALL_FRAMES
    flexion = -np.arcsin(np.clip(local[..., 2, 1], -1, 1))
    deviation = np.arctan2(-local[..., 0, 1], local[..., 1, 1])
    twist = np.arctan2(-local[..., 2, 0], local[..., 2, 2])
    return np.stack([flexion, deviation, twist], axis=-1)


def rotations_from_angles(
    angles_rad: Float[np.ndarray, "*shape 16 3"], hand: int
) -> Float[np.ndarray, "*shape 16 3"]:
    """Axis-angle rotations from flexion, deviation and twist: the inverse of `joint_angles`."""
    flat = angles_rad.reshape(-1, 3)
    euler = np.stack([flat[:, 1], -flat[:, 0], flat[:, 2]], axis=-1)
    local = Rotation.from_euler("ZXY", euler).as_matrix().reshape(*angles_rad.shape, 3)
    world = _ALL_FRAMES @ local @ np.swapaxes(_ALL_FRAMES, -1, -2)
    rotations = Rotation.from_matrix(world.reshape(-1, 3, 3)).as_rotvec()
    rotations = rotations.reshape(angles_rad.shape)
    return mirror_rotations(rotations) if hand == LEFT else rotations


def fit_rotations(
    landmarks_m: Float[np.ndarray, "frame 21 3"], bone_lengths_m: Float[np.ndarray, "20"], hand: int
) -> tuple[Float[np.ndarray, "frame 16 3"], Float[np.ndarray, " frame"]]:
    """Inverse kinematics: rotations that pose the skeleton on landmarks, and the RMS miss [m].

    The wrist's rotation is the best rigid fit of the palm (Kabsch); every other joint swings its
    bone onto the given direction without twist, which landmarks cannot show.
    """
    if hand == LEFT:
        rotations, miss = fit_rotations(mirror_points(landmarks_m), bone_lengths_m, 1 - LEFT)
        return mirror_rotations(rotations), miss
    points = landmarks_m[:, 1:].reshape(-1, 5, 4, 3)
    bones = BONE_DIRECTIONS * bone_lengths_m.reshape(5, 4, 1)
    rotations = np.zeros((len(landmarks_m), 16, 3))
    palm = points[:, :, 0] - landmarks_m[:, :1]
    u, _, vt = np.linalg.svd(np.einsum("tfi,fj->tij", palm, bones[:, 0]))
    u[:, :, 2] *= np.sign(np.linalg.det(u @ vt))[:, None]
    wrist = u @ vt
    rotations[:, 0] = Rotation.from_matrix(wrist).as_rotvec()
    parent = np.repeat(wrist[:, None], 5, axis=1)
    for joint in range(3):
        wanted = _unit(points[:, :, joint + 1] - points[:, :, joint])
        wanted = np.einsum("tfji,tfj->tfi", parent, wanted)
        swing = _swing(BONE_DIRECTIONS[:, joint + 1], wanted)
        rotations[:, FINGER_JOINTS[:, joint]] = swing
        parent = parent @ rotation_matrices(swing)
    posed = pose_joints(landmarks_m[:, 0], rotations, bone_lengths_m, hand)[0]
    return rotations, np.sqrt(np.mean(np.sum((posed - landmarks_m) ** 2, axis=-1), axis=-1))


def _swing(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Smallest axis-angle rotation from unit vectors `start` to unit vectors `end`."""
    axis = np.cross(start, end)
    sine = np.linalg.norm(axis, axis=-1, keepdims=True)
    cosine = np.sum(start * end, axis=-1, keepdims=True)
    return axis / np.maximum(sine, 1e-12) * np.arctan2(sine, cosine)
