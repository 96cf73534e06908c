"""The hand's skin: a mesh on the skeleton (linear blend skinning), and its rest pose.

Mesh: `generic-hand` of the WebXR input profiles (Amazon, MIT licence), 1360 vertices. Brought to
the keyboard frame with the wrist at the origin, its bind pose is the skeleton's rest pose, so
skinning needs no inverse bind matrices of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Float, Int
from pygltflib import GLTF2

from duemani.motion import JOINT_COUNT, HandMotion
from duemani.outputs.bundled_files import bundled_path
from duemani.performance import LEFT
from duemani.skeleton import (
    BONE_DIRECTIONS,
    JOINT_LANDMARKS,
    MEDIUM_BONE_LENGTHS_M,
    mirror_points,
    pose_joints,
)

HAND_FILE = "hand/right.glb"
HAND_CREDIT = "hand mesh: WebXR Input Profiles, (c) Amazon, MIT licence"

# Skeleton joint (MANO order) that drives each mesh joint; palms move with the wrist.
_FIRST_JOINTS = {"index-finger": 1, "middle-finger": 4, "pinky-finger": 7, "ring-finger": 10}
_SEGMENTS = {"metacarpal": None, "phalanx-proximal": 0, "phalanx-intermediate": 1}
_DTYPES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass(frozen=True)
class HandMesh:
    """One hand's skin at rest, medium size, wrist at the origin, keyboard axes.

    Attributes:
        vertices_m: positions [m].
        normals: outward unit normals.
        triangles: vertex indices, counter-clockwise seen from outside.
        weights: share of each of the 16 skeleton joints (MANO order) in each vertex; rows sum
            to 1, at most four are not zero.
    """

    vertices_m: Float[np.ndarray, "vertex 3"]
    normals: Float[np.ndarray, "vertex 3"]
    triangles: Int[np.ndarray, "triangle 3"]
    weights: Float[np.ndarray, "vertex 16"]


@cache
def load_hand_mesh(hand: int) -> HandMesh:
    """The right hand's mesh, or its mirror image for the left (0).

    Raises:
        RuntimeError: the mesh file is not in the package.
    """
    if hand == LEFT:
        right = load_hand_mesh(1 - LEFT)
        return HandMesh(
            mirror_points(right.vertices_m),
            mirror_points(right.normals),
            right.triangles[:, ::-1],
            right.weights,
        )
    gltf = GLTF2().load(str(bundled_path(HAND_FILE)))
    assert gltf is not None
    primitive, skin = gltf.meshes[0].primitives[0], gltf.skins[0]
    names = [str(gltf.nodes[node].name) for node in skin.joints]
    bind = _accessor(gltf, skin.inverseBindMatrices or 0).reshape(-1, 4, 4).transpose(0, 2, 1)
    wrist = np.linalg.inv(bind[names.index("wrist")])[:3, 3]
    mesh_joints = _accessor(gltf, primitive.attributes.JOINTS_0 or 0)
    mesh_weights = _accessor(gltf, primitive.attributes.WEIGHTS_0 or 0).astype(float)
    driven_by = np.array([_driving_joint(name) for name in names])
    weights = np.zeros((len(mesh_joints), JOINT_COUNT))
    rows = np.repeat(np.arange(len(mesh_joints)), 4)
    np.add.at(weights, (rows, driven_by[mesh_joints].ravel()), mesh_weights.ravel())
    return HandMesh(
        _to_keyboard_axes(_accessor(gltf, primitive.attributes.POSITION or 0) - wrist),
        _to_keyboard_axes(_accessor(gltf, primitive.attributes.NORMAL or 0)),
        _accessor(gltf, primitive.indices or 0).reshape(-1, 3).astype(int),
        weights / weights.sum(axis=1, keepdims=True),
    )


def hand_scale(bone_lengths_m: Float[np.ndarray, "20"]) -> float:
    """Size of a hand relative to the mesh."""
    return float(np.sum(bone_lengths_m) / np.sum(MEDIUM_BONE_LENGTHS_M))


def rest_landmarks(hand: int) -> Float[np.ndarray, "21 3"]:
    """Landmarks of the medium hand's rest pose [m], wrist at the origin."""
    points = np.zeros((21, 3))
    bones = BONE_DIRECTIONS * MEDIUM_BONE_LENGTHS_M.reshape(5, 4, 1)
    points[1:] = np.cumsum(bones, axis=1).reshape(20, 3)
    return mirror_points(points) if hand == LEFT else points


def known_frames(motion: HandMotion, hand: int) -> Bool[np.ndarray, " frame"]:
    """Frames in which a hand's whole pose is known."""
    finite = np.isfinite(motion.wrist_m[hand]).all(axis=-1)
    return motion.tracked[hand] & finite & np.isfinite(motion.rotations_rad[hand]).all(axis=(1, 2))


def skin_hands(
    motion: HandMotion, frames: Int[np.ndarray, " chosen"]
) -> tuple[Float[np.ndarray, "2 chosen vertex 3"], Float[np.ndarray, "2 chosen vertex 3"]]:
    """Vertices [m] and unit normals of both hands in the keyboard frame at chosen frames.

    Frames in which a hand is not known are NaN.
    """
    vertices, normals = zip(*(skin_hand(motion, frames, hand) for hand in range(2)), strict=True)
    return np.stack(vertices), np.stack(normals)


def skin_hand(
    motion: HandMotion, frames: Int[np.ndarray, " chosen"], hand: int
) -> tuple[Float[np.ndarray, "chosen vertex 3"], Float[np.ndarray, "chosen vertex 3"]]:
    """Vertices [m] and unit normals of one hand at chosen frames, NaN where it is not known."""
    mesh, lengths = load_hand_mesh(hand), motion.bone_lengths_m[hand]
    frames = np.asarray(frames, int)
    shape = (len(frames), len(mesh.vertices_m), 3)
    vertices, normals = np.full(shape, np.nan), np.full(shape, np.nan)
    known = known_frames(motion, hand)[frames]
    chosen = frames[known]
    landmarks, turn = pose_joints(
        motion.wrist_m[hand, chosen], motion.rotations_rad[hand, chosen], lengths, hand
    )
    scale = hand_scale(lengths)
    rest = rest_landmarks(hand)[JOINT_LANDMARKS] * scale
    shift = landmarks[:, JOINT_LANDMARKS] - np.einsum("tjab,jb->tja", turn, rest)
    blend = np.einsum("vj,tjab->tvab", mesh.weights, turn, optimize=True)
    vertices[known] = np.einsum("tvab,vb->tva", blend, mesh.vertices_m * scale)
    vertices[known] += np.einsum("vj,tja->tva", mesh.weights, shift, optimize=True)
    turned = np.einsum("tvab,vb->tva", blend, mesh.normals)
    normals[known] = turned / np.linalg.norm(turned, axis=-1, keepdims=True)
    return vertices, normals


def _driving_joint(mesh_joint: str) -> int:
    if mesh_joint.startswith("thumb"):
        return {"thumb-metacarpal": 13, "thumb-phalanx-proximal": 14}.get(mesh_joint, 15)
    for finger, first in _FIRST_JOINTS.items():
        if mesh_joint.startswith(finger):
            step = _SEGMENTS.get(mesh_joint.removeprefix(f"{finger}-"), 2)
            return 0 if step is None else first + step
    return 0


def _to_keyboard_axes(points: np.ndarray) -> np.ndarray:
    return np.stack([points[:, 2], -points[:, 1], points[:, 0]], axis=-1).astype(float)


def _accessor(gltf: GLTF2, index: int) -> np.ndarray:
    """Contents of a tightly packed accessor, (count, width)."""
    accessor = gltf.accessors[index]
    view = gltf.bufferViews[accessor.bufferView or 0]
    width = _WIDTHS[accessor.type]
    start = (view.byteOffset or 0) + (accessor.byteOffset or 0)
    blob = gltf.binary_blob()
    assert blob is not None
    values = np.frombuffer(blob, _DTYPES[accessor.componentType], accessor.count * width, start)
    return values.reshape(accessor.count, width)
