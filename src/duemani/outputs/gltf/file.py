"""`HandMotion` -> animated glTF binary (.glb): two skinned hands over moving keys."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from jaxtyping import Float
from pygltflib import (
    GLTF2,
    Asset,
    Material,
    Node,
    PbrMetallicRoughness,
    Scene,
    Skin,
)
from scipy.spatial.transform import Rotation

from duemani import keyboard
from duemani.errors import InputError
from duemani.files import replacing
from duemani.motion import HandMotion
from duemani.outputs import keyboard_mesh
from duemani.outputs.gltf.animation import AnimationTrack, bends
from duemani.outputs.gltf.buffer import GltfBuffer
from duemani.outputs.gltf.sleeve import sleeve_solid, sleeve_turns
from duemani.outputs.hand_mesh import (
    HAND_CREDIT,
    hand_scale,
    known_frames,
    load_hand_mesh,
    rest_landmarks,
)
from duemani.outputs.keys_down import PIVOT_Y_M, key_angles, key_depths
from duemani.outputs.look import linear_rgb
from duemani.performance import LEFT, UNKNOWN_HAND, Performance
from duemani.skeleton import BONE_DIRECTIONS, FINGER_JOINTS, JOINT_LANDMARKS, mirror_points

HAND_NAMES = ("left", "right")
FINGER_NAMES = ("thumb", "index", "middle", "ring", "little")
_NOTE_NAMES = ("C", "Csharp", "D", "Dsharp", "E", "F", "Fsharp", "G", "Gsharp", "A", "Asharp", "B")


def _rgb(name: str) -> tuple[float, float, float]:
    red, green, blue = linear_rgb(name).round(4).tolist()
    return red, green, blue


# (name, base colour in linear RGB, roughness)
_MATERIALS = (
    ("skin_left", _rgb("skin"), 0.55),
    ("skin_right", _rgb("skin"), 0.55),
    ("ivory", _rgb("ivory"), 0.28),
    ("ebony", _rgb("ebony"), 0.32),
    ("lacquer", (0.008, 0.008, 0.009), 0.12),
    ("felt", (0.22, 0.01, 0.015), 0.95),
    ("cloth", _rgb("cloth"), 0.95),
)
_MATERIAL_INDEX = {name: index for index, (name, _, _) in enumerate(_MATERIALS)}


def save_gltf(
    path: Path,
    motion: HandMotion,
    performance: Performance,
    frame_rate: float | None = None,
) -> None:
    """Write an animated `.glb` (glTF 2.0): metres, y up, x to the treble, -z away from the player.

    Each hand is a skin on a tree of 21 joints under `right_armature` (`right_wrist`,
    `right_index_1` ... `right_index_3`, `right_index_tip`: the finger pad), with a `right_sleeve`
    over its end; keys are nodes `key_21_A0` ... `key_108_C8` that turn about an axis behind the
    fallboard. Interpolation is linear. Every joint has one key frame per frame: a minute at 60 Hz
    takes 2-3 MB, so write long pieces at a lower `frame_rate`. Notes (with fingers) and the
    motion's provenance stand as JSON in `asset.extras`; animation time 0 is `start_sec` there, and
    the clip lasts `duration_sec`. A hand holds its last known pose where it is not known, and is
    left out if it never is.

    Args:
        path: file to write; it appears whole or not at all.
        motion: the hands.
        performance: the notes. Keys move as the fingertips press them; a note moves its key
            by itself only where its hand is not known (`outputs.keys_down`).
        frame_rate: key frames per second [Hz], the motion's own by default and at most.

    Raises:
        InputError: the motion is empty, no hand is known, the rate is not positive, or the file
            cannot be written.
    """
    hands = [hand for hand in range(2) if known_frames(motion, hand).any()]
    if not motion.frame_count or not hands:
        raise InputError("the motion holds no known hand; one frame with a hand is the least.")
    if frame_rate is not None and not frame_rate > 0:
        raise InputError(f"frame rate {frame_rate} is not accepted; it must be positive (Hz).")
    gltf = GLTF2(asset=_asset(motion, performance), scene=0, scenes=[Scene(nodes=[])])
    gltf.materials = [_material(name, colour, rough) for name, colour, rough in _MATERIALS]
    buffer = GltfBuffer(gltf)
    track = AnimationTrack(gltf, buffer, motion, frame_rate)
    for hand in hands:
        _add_hand(gltf, buffer, track, motion, hand)
    _add_keyboard(gltf, buffer, track, key_depths(motion, performance))
    gltf.animations = [track.animation]
    buffer.finish()
    with replacing(Path(path)) as temporary:
        temporary.write_bytes(b"".join(gltf.save_to_bytes()))


def _add_hand(
    gltf: GLTF2, buffer: GltfBuffer, track: AnimationTrack, motion: HandMotion, hand: int
) -> None:
    """A tree of joints under a node of its own, the skinned mesh on it, and their channels.

    Without that node Blender would lay both hands, and the keyboard, into one armature. The
    skinned mesh stands beside it, since glTF ignores what lies above a skinned mesh.
    """
    name, mesh = HAND_NAMES[hand], load_hand_mesh(hand)
    held = _last_known(known_frames(motion, hand))
    turns = track.sample(_quaternions(motion.rotations_rad[hand, held]))
    turns = turns / np.linalg.norm(turns, axis=-1, keepdims=True)
    wrist = track.sample(_to_y_up(motion.wrist_m[hand, held]))
    bones = BONE_DIRECTIONS * motion.bone_lengths_m[hand].reshape(5, 4, 1)
    bones = _to_y_up(mirror_points(bones) if hand == LEFT else bones)
    nodes = np.zeros(21, int)  # node of each joint, then of each finger's tip
    nodes[0] = _add_node(gltf, Node(name=f"{name}_wrist", translation=wrist[0].tolist()))
    armature = Node(name=f"{name}_armature", children=[int(nodes[0])])
    gltf.scenes[0].nodes.append(_add_node(gltf, armature))
    for finger, finger_name in enumerate(FINGER_NAMES):
        parent = int(nodes[0])
        for k, joint in enumerate((*FINGER_JOINTS[finger], 16 + finger)):
            label = f"{name}_{finger_name}_{k + 1 if k < 3 else 'tip'}"
            node = _add_node(gltf, Node(name=label, translation=bones[finger, k].tolist()))
            gltf.nodes[parent].children = [*(gltf.nodes[parent].children or []), node]
            nodes[joint] = parent = node
    track.animate(int(nodes[0]), "translation", wrist)
    for joint in range(16):
        gltf.nodes[nodes[joint]].rotation = turns[0, joint].tolist()
        track.animate(int(nodes[joint]), "rotation", turns[:, joint])
    scale, rest = hand_scale(motion.bone_lengths_m[hand]), rest_landmarks(hand)
    inverse_bind = np.tile(np.eye(4, dtype=np.float32), (21, 1, 1))
    joint_landmarks = np.concatenate([JOINT_LANDMARKS, [4, 8, 12, 16, 20]])
    inverse_bind[:, 3, :3] = -_to_y_up(rest[joint_landmarks] * scale)  # column-major
    order = np.argsort(-mesh.weights, axis=1, kind="stable")[:, :4]
    weights = np.take_along_axis(mesh.weights, order, axis=1)
    skinned = Node(
        name=f"{name}_hand",
        mesh=buffer.add_mesh(
            f"{name}_hand",
            _to_y_up(mesh.vertices_m * scale),
            _to_y_up(mesh.normals),
            mesh.triangles,
            _MATERIAL_INDEX[f"skin_{name}"],
            np.where(weights > 0, order, 0),
            weights / weights.sum(axis=1, keepdims=True),
        ),
        skin=len(gltf.skins),
    )
    gltf.scenes[0].nodes.append(_add_node(gltf, skinned))
    skin = Skin(
        name=f"{name}_hand",
        joints=[int(node) for node in nodes],
        skeleton=int(nodes[0]),
        inverseBindMatrices=buffer.add(inverse_bind),
    )
    gltf.skins.append(skin)
    _add_sleeve(gltf, buffer, track, motion, hand, held)


def _add_sleeve(
    gltf: GLTF2,
    buffer: GltfBuffer,
    track: AnimationTrack,
    motion: HandMotion,
    hand: int,
    held: np.ndarray,
) -> None:
    """A sleeve over the hand's end, turned towards an elbow beside the player."""
    name, scale = HAND_NAMES[hand], hand_scale(motion.bone_lengths_m[hand])
    solid = sleeve_solid(hand, scale)
    turns = track.sample(_quaternions(sleeve_turns(motion, hand)[held][:, None])[:, 0])
    wrist = track.sample(_to_y_up(motion.wrist_m[hand, held]))
    mesh = _add_solid(buffer, f"{name}_sleeve", solid, "cloth")
    node = _add_node(gltf, Node(name=f"{name}_sleeve", mesh=mesh))
    gltf.scenes[0].nodes.append(node)
    track.animate(node, "translation", wrist)
    track.animate(node, "rotation", turns / np.linalg.norm(turns, axis=-1, keepdims=True))


def _add_keyboard(
    gltf: GLTF2,
    buffer: GltfBuffer,
    track: AnimationTrack,
    key_depth_m: Float[np.ndarray, "frame 88"],
) -> None:
    pivot = (0.0, -PIVOT_Y_M, 0.0)
    meshes = {
        False: _add_solid(
            buffer, "white_key", keyboard_mesh.white_key_solid().moved(pivot), "ivory"
        ),
        True: _add_solid(
            buffer, "black_key", keyboard_mesh.black_key_solid().moved(pivot), "ebony"
        ),
    }
    children = [
        _add_node(gltf, Node(name=name, mesh=_add_solid(buffer, name, solid, _body_material(name))))
        for name, solid in keyboard_mesh.body_solids().items()
    ]
    depth = track.sample(key_depth_m)
    half_turn = key_angles(depth) / 2
    for key, pitch in enumerate(keyboard.PITCHES):
        place = np.array([keyboard.CENTRE_X_M[key], PIVOT_Y_M, 0.0])
        label = f"key_{pitch}_{_NOTE_NAMES[pitch % 12]}{pitch // 12 - 1}"
        mesh = meshes[bool(keyboard.IS_BLACK[key])]
        node = Node(name=label, mesh=mesh, translation=_to_y_up(place).tolist())
        children.append(_add_node(gltf, node))
        keep = bends(depth[:, key])
        if keep.any():
            turns = np.zeros((len(depth), 4))
            turns[:, 0], turns[:, 3] = np.sin(half_turn[:, key]), np.cos(half_turn[:, key])
            track.animate(children[-1], "rotation", turns, keep)
    gltf.scenes[0].nodes.append(_add_node(gltf, Node(name="keyboard", children=children)))


def _add_solid(buffer: GltfBuffer, name: str, solid: keyboard_mesh.Solid, material: str) -> int:
    vertices, normals = _to_y_up(solid.vertices_m), _to_y_up(solid.normals)
    return buffer.add_mesh(name, vertices, normals, solid.triangles, _MATERIAL_INDEX[material])


def _body_material(name: str) -> str:
    return "felt" if name == "felt" else "lacquer"


def _add_node(gltf: GLTF2, node: Node) -> int:
    gltf.nodes.append(node)
    return len(gltf.nodes) - 1


def _to_y_up(points: np.ndarray) -> np.ndarray:
    """(x, y, z) of the keyboard frame -> (x, z, -y) of glTF."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)


def _quaternions(
    rotations_rad: Float[np.ndarray, "frame joint 3"],
) -> Float[np.ndarray, "frame joint 4"]:
    """Unit quaternions (x, y, z, w) in glTF's axes, without jumps of sign."""
    flat = _to_y_up(rotations_rad).reshape(-1, 3)
    turns = Rotation.from_rotvec(flat).as_quat().reshape(*rotations_rad.shape[:2], 4)
    same_way = np.sum(turns[1:] * turns[:-1], axis=-1) >= 0
    turns[1:] *= np.cumprod(np.where(same_way, 1.0, -1.0), axis=0)[..., None]
    return turns


def _last_known(known: np.ndarray) -> np.ndarray:
    """For each frame the last known frame so far; the first known one before that."""
    last = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    return np.where(last < 0, int(np.argmax(known)), last)


def _material(name: str, colour: tuple[float, float, float], roughness: float) -> Material:
    surface = PbrMetallicRoughness(
        baseColorFactor=[*colour, 1.0], metallicFactor=0.0, roughnessFactor=roughness
    )
    # pygltflib would write an alpha cut-off, which opaque materials may not have.
    return Material(name=name, pbrMetallicRoughness=surface, alphaCutoff=None)


def _asset(motion: HandMotion, performance: Performance) -> Asset:
    notes = [
        {
            "onset_sec": round(float(note["onset_sec"]), 4),
            "release_sec": round(float(note["release_sec"]), 4),
            "pitch": int(note["pitch"]),
            "velocity": int(note["velocity"]),
            "finger": int(note["finger"]),
            # pygltflib drops keys that hold null, so an unknown hand has none.
            **({} if note["hand"] == UNKNOWN_HAND else {"hand": int(note["hand"])}),
        }
        for note in performance.notes
    ]
    extras = {
        "duration_sec": round(float(motion.time_sec[-1]) - motion.start_sec, 4),
        "units": "metres; seconds; x to the treble, y up, -z away from the player",
        "start_sec": motion.start_sec,
        "frame_rate": motion.frame_rate,
        "hands": list(HAND_NAMES),
        "fingers": "1 thumb to 5 little, 0 unknown; a note of an unknown hand has no hand",
        "notes": notes,
        "provenance": json.loads(json.dumps(dict(motion.provenance), default=str)),
    }
    return Asset(generator="duemani", version="2.0", copyright=HAND_CREDIT, extras=extras)
