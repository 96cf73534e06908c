"""MANO's parameters → our skeleton's rotations.

MANO's rest pose is a flat right hand with the fingers along -x, the back up along +y and the
thumb at +z; its joints come in our order (wrist; index, middle, little, ring, thumb). Two things
differ from ours: the axes, and where the bones point at rest. The axes are always undone.

The bones need MANO's own rest joints, whose licence keeps them out of here: a user who has MANO
gives them to `rest_from_joints`, and then every bone points where MANO's does, twist included.
Without them `OWN_REST` stands in: our skeleton's rest pose takes MANO's rotations as they are.
The consequence: bones of the thumb point up to about 30° away from where MANO's do, the little
finger's up to 27°, the others' up to 15°, for MANO's hand rests spread; phalanges are in other
proportions; the wrist is some millimetres off. In simulated playing that put the tips of ring and
little finger 1 to 3 cm off along the keys, and 55 % of the notes got their right finger, not 97 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from duemani.errors import InputError
from duemani.skeleton import (
    BONE_DIRECTIONS,
    FINGER_JOINTS,
    JOINT_FRAMES,
    MEDIUM_BONE_LENGTHS_M,
    rotation_matrices,
)

OUR_AXES = np.array([[0.0, 0, -1], [-1, 0, 0], [0, 1, 0]])
"""Turns vectors in MANO's rest axes into our rest axes."""

_PAD_SHARE = 0.75
_SHORTEST_BONE_M, _LONGEST_BONE_M = 0.008, 0.14
_LARGEST_TURN_RAD = np.radians(60)


@dataclass(frozen=True)
class ManoRest:
    """The rest pose that MANO's parameters start from, beside ours.

    Attributes:
        wrist_m: the wrist, in MANO's axes, from MANO's origin: a hand turns about it, and its
            translation comes on top [m].
        turns: what turns our bones at rest to where MANO's point, in our axes: the palm, then
            the bone that each joint moves.
        bone_lengths_m: MANO's, but for the last of a finger: to the pad, not to its end [m].
    """

    wrist_m: Float[np.ndarray, "3"]
    turns: Float[np.ndarray, "16 3 3"]
    bone_lengths_m: Float[np.ndarray, "20"]


# MANO's origin lies close to the base of the middle finger, so ours is put there.
OWN_REST = ManoRest(
    wrist_m=-(BONE_DIRECTIONS[2, 0] * MEDIUM_BONE_LENGTHS_M[8]) @ OUR_AXES,
    turns=np.tile(np.eye(3), (16, 1, 1)),
    bone_lengths_m=MEDIUM_BONE_LENGTHS_M,
)
"""What stands in for MANO's where the user has none: our skeleton's."""


def rest_from_joints(joints_m: Float[np.ndarray, "21 3"]) -> ManoRest:
    """The rest pose of the user's own MANO.

    Args:
        joints_m: MANO's flat, mean right hand in its own axes, from its own origin [m]: wrist,
            then base, middle, distal joint and end of the finger, thumb to little finger.

    Raises:
        InputError: they are no such hand: in other units, another order or other axes.
    """
    fingers = (joints_m[1:] - joints_m[0]).reshape(5, 4, 3) @ OUR_AXES.T
    bones = np.diff(fingers, axis=1, prepend=0)
    lengths = np.linalg.norm(bones, axis=-1)
    if not (lengths > _SHORTEST_BONE_M).all() or not (lengths < _LONGEST_BONE_M).all():
        raise InputError("the rest joints are no hand's in metres, wrist first, thumb to little.")
    turns = np.empty((16, 3, 3))
    ours = BONE_DIRECTIONS * MEDIUM_BONE_LENGTHS_M.reshape(5, 4, 1)
    turns[0] = Rotation.align_vectors(bones[:, 0], ours[:, 0])[0].as_matrix()
    for finger, joints in enumerate(FINGER_JOINTS):
        for place, joint in enumerate(joints):
            start = BONE_DIRECTIONS[finger, place + 1]
            if place == 2:  # our last bone leads to the pad, MANO's to the end of the finger
                start = JOINT_FRAMES[finger, 2][:, 1]
            end = bones[finger, place + 1] / lengths[finger, place + 1]
            turns[joint] = Rotation.align_vectors(end[None], start[None])[0].as_matrix()
    if Rotation.from_matrix(turns).magnitude().max() > _LARGEST_TURN_RAD:
        raise InputError(
            "the rest joints are no flat right hand in MANO's axes, fingers along -x, thumb at +z."
        )
    lengths[:, 3] *= _PAD_SHARE
    return ManoRest(joints_m[0], turns, lengths.reshape(20))


def rotations_from_mano(
    global_orient_rad: Float[np.ndarray, "frame 3"],
    hand_pose_rad: Float[np.ndarray, "frame 15 3"],
    rest: ManoRest,
) -> Float[np.ndarray, "frame 16 3"]:
    """Our rotations of a right hand, in the frame that `global_orient_rad` is in.

    Args:
        global_orient_rad: axis-angle of the whole hand, from MANO's rest pose.
        hand_pose_rad: axis-angle of the other joints in MANO's order, from the flat hand.
        rest: what they start from.

    Returns:
        Axis-angle relative to the parent as `HandMotion` has it [rad]. A left hand given as a
        mirrored right one stays mirrored: see `skeleton.mirror_rotations`.
    """
    local = OUR_AXES @ rotation_matrices(hand_pose_rad) @ OUR_AXES.T
    turned = np.empty((len(hand_pose_rad), 16, 3, 3))
    turned[:, 0] = rotation_matrices(global_orient_rad) @ OUR_AXES.T @ rest.turns[0]
    for joints in FINGER_JOINTS:
        before = rest.turns[0]
        for joint in joints:
            turned[:, joint] = before.T @ local[:, joint - 1] @ rest.turns[joint]
            before = rest.turns[joint]
    return Rotation.from_matrix(turned.reshape(-1, 3, 3)).as_rotvec().reshape(-1, 16, 3)
