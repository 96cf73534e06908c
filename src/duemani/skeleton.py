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

# Landmarks of the rest pose relative to the wrist: base, middle and distal joint [mm].
_REST_MM = [
    [[-28.0, 36.0, -19.2], [-45.0, 59.2, -34.3], [-66.9, 83.1, -43.7]],
    [[-23.5, 88.6, -7.3], [-22.0, 133.8, -10.5], [-20.7, 157.9, -12.8]],
    [[-1.7, 91.7, -2.5], [2.6, 138.1, -7.0], [5.7, 165.4, -9.8]],
    [[17.5, 84.7, -6.5], [26.8, 126.3, -10.9], [33.2, 151.9, -14.2]],
    [[35.0, 73.9, -13.7], [42.4, 107.4, -18.1], [49.0, 126.4, -21.0]],
]
# Back-of-the-hand direction at each finger's base and distal joint (thumb to little finger).
_DORSAL_BASE = [[-85, -48, 21], [-6, 10, 99], [2, 11, 99], [11, 9, 99], [25, 9, 96]]
_DORSAL_TIP = [[-67, -67, 30], [1, -6, 100], [9, -10, 99], [18, 3, 98], [30, -1, 95]]
_TIP_DIRECTION = [[-74, 58, -34], [10, 99, 5], [14, 99, 9], [19, 98, -7], [24, 97, -6]]
# The pad, from the distal joint: along the finger, across it, towards its back [mm]. A thumb
# touches keys with its outer side, the other fingers with the pad under the nail.
_PAD_MM = [[19, -7, -3], [18, 0, -5.5], [18, 0, -5.5], [18, 0, -5.5], [17, 0, -5]]

FINGER_JOINTS = np.array([[13, 14, 15], [1, 2, 3], [4, 5, 6], [10, 11, 12], [7, 8, 9]])
JOINT_LANDMARKS = np.array([0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3])
LANDMARK_PARENTS = np.array(
    [-1, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 17, 18, 19]
)

_MIRROR_POINT = np.array([-1.0, 1.0, 1.0])
_MIRROR_ROTATION = np.array([1.0, -1.0, -1.0])
_DEGREE = np.pi / 180.0


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _rest_bones() -> tuple[np.ndarray, np.ndarray]:
    along = _unit(np.array(_TIP_DIRECTION, float))
    across = _unit(np.cross(along, _DORSAL_TIP))
    joints = np.array(_REST_MM) / 1000
    pad = np.array(_PAD_MM) / 1000
    axes = np.stack([along, across, np.cross(across, along)], axis=1)
    tip = joints[:, 2] + np.einsum("fa,fai->fi", pad, axes)
    bones = np.diff(np.concatenate([joints, tip[:, None]], axis=1), axis=1, prepend=0)
    return _unit(bones), np.linalg.norm(bones, axis=-1)


def _anatomical_frames() -> np.ndarray:
    """Columns: across (thumb-side to little-side), along, dorsal; one frame a joint, at rest."""
    frames = np.tile(np.eye(3), (5, 3, 1, 1))
    for finger in range(5):
        for joint in range(3):
            blend = joint / 2
            base, tip = np.array(_DORSAL_BASE[finger]), np.array(_DORSAL_TIP[finger])
            dorsal = (1 - blend) * base + blend * tip
            along = BONE_DIRECTIONS[finger, joint + 1]
            if joint == 2:
                along = _unit(np.array(_TIP_DIRECTION[finger], float))
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
_HINGE_SIDES = [(-5, 5), (-5, 5)]
_FINGER_LIMITS = [
    [(-30, 85), (-25, 25), (-12, 12)],
    [(-8, 88), *_HINGE_SIDES],
    [(-12, 80), *_HINGE_SIDES],
]
_THUMB_LIMITS = [
    [(-40, 55), (-45, 45), (-25, 25)],
    [(-20, 70), (-12, 12), (-8, 8)],
    [(-25, 85), *_HINGE_SIDES],
]
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
    # A copy, for scipy takes no read-only array.
    flat = Rotation.from_rotvec(np.array(axis_angle).reshape(-1, 3)).as_matrix()
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
    flat_rotations = Rotation.from_matrix(world.reshape(-1, 3, 3)).as_rotvec()
    rotations = flat_rotations.reshape(angles_rad.shape)
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
