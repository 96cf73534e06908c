"""The sleeves of a glTF file: a closed tube over each hand's end, and where it points."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from duemani.motion import HandMotion
from duemani.outputs.film.sleeves import Sleeve
from duemani.outputs.forearm import forearm_directions
from duemani.outputs.hand_mesh import load_hand_mesh
from duemani.outputs.keyboard_mesh import Solid

_LENGTH_M = 0.30


def sleeve_solid(hand: int, scale: float) -> Solid:
    """The tube at rest, wrist at the origin, from the hand's end towards -y; closed there."""
    mesh = load_hand_mesh(hand)
    sleeve = Sleeve(mesh)
    vertices, normals = sleeve.towards(mesh.vertices_m, np.array([0.0, -1.0, 0.0]))
    end = vertices[:, 1] < -_LENGTH_M
    # Films draw it on to the elbow; here it ends before, a little narrower.
    middle = vertices[end].mean(axis=0)
    share = _LENGTH_M / -middle[1]
    vertices[end] = middle + (vertices[end] - middle) * share
    vertices[end, 1] = -_LENGTH_M
    last = np.flatnonzero(end)
    centre, rim = len(vertices), len(vertices) + 1 + np.arange(len(last))
    cap = np.stack([rim, np.roll(rim, -1), np.full(len(last), centre)], axis=-1)
    closed = np.concatenate([vertices, vertices[last].mean(axis=0)[None], vertices[last]])
    outward = np.concatenate([normals, np.tile([0.0, -1.0, 0.0], (len(last) + 1, 1))])
    corners = closed[cap]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 1].mean()
    cap = cap if facing < 0 else cap[:, ::-1]
    return Solid(closed * scale, outward, np.concatenate([sleeve.triangles, cap]))


def sleeve_turns(motion: HandMotion, hand: int) -> Float[np.ndarray, "frame 3"]:
    """How the sleeve is turned in each frame, axis-angle [rad]; the page draws forearms alike.

    Unknown frames are those of a hand that points straight ahead.
    """
    turn = Rotation.from_rotvec(np.nan_to_num(motion.rotations_rad[hand, :, 0]))
    along = forearm_directions(motion, hand)
    up = turn.apply([0.0, 0.0, 1.0])
    up = _unit(up - np.sum(up * along, axis=-1, keepdims=True) * along)
    axes = np.stack([np.cross(along, up), along, up], axis=-1)
    return np.asarray(Rotation.from_matrix(axes).as_rotvec())


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
