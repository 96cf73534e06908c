import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from pygltflib import GLTF2
from scipy.spatial.transform import Rotation

from duemani import keyboard
from duemani.errors import InputError
from duemani.outputs import bundled_files
from duemani.outputs.gltf.file import save_gltf
from duemani.outputs.gltf.sleeve import sleeve_solid
from duemani.outputs.hand_mesh import (
    hand_scale,
    load_hand_mesh,
    rest_landmarks,
    skin_hand,
    skin_hands,
)
from duemani.outputs.keyboard_mesh import black_key_solid, body_solids, white_key_solid
from tests.helpers.hands import played_notes, playing_hands

DTYPES = {5121: np.uint8, 5123: np.uint16, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}
HALF_MILLIMETRE = 0.0005


class Scene:
    """Plays a .glb: the world transforms of its nodes at a time."""

    def __init__(self, path: Path) -> None:
        gltf = GLTF2().load(str(path))
        assert gltf is not None
        self.gltf = gltf
        self.node_of = {node.name: index for index, node in enumerate(gltf.nodes)}
        self.parent = {c: p for p, node in enumerate(gltf.nodes) for c in node.children or []}
        self.channels = {}
        for channel in gltf.animations[0].channels:
            sampler = gltf.animations[0].samplers[channel.sampler]
            times, values = self.read(sampler.input)[:, 0], self.read(sampler.output)
            self.channels[channel.target.node, channel.target.path] = times, values

    def read(self, index: int) -> np.ndarray:
        accessor = self.gltf.accessors[index]
        view = self.gltf.bufferViews[accessor.bufferView]
        width = WIDTHS[accessor.type]
        blob = self.gltf.binary_blob()
        flat = np.frombuffer(
            blob, DTYPES[accessor.componentType], accessor.count * width, view.byteOffset
        )
        return flat.reshape(accessor.count, width)

    def world(self, name: str | int, time: float) -> np.ndarray:
        index = self.node_of[name] if isinstance(name, str) else name
        node = self.gltf.nodes[index]
        matrix = np.eye(4)
        rotation = self._at(index, "rotation", time, node.rotation)
        if rotation is not None:
            matrix[:3, :3] = Rotation.from_quat(rotation).as_matrix()
        translation = self._at(index, "translation", time, node.translation)
        if translation is not None:
            matrix[:3, 3] = translation
        above = self.parent.get(index)
        return matrix if above is None else self.world(above, time) @ matrix

    def _at(self, node: int, path: str, time: float, default: list[float] | None):
        if (node, path) not in self.channels:
            return default
        times, values = self.channels[node, path]
        return np.array([np.interp(time, times, column) for column in values.T])


def to_keyboard_frame(points: np.ndarray) -> np.ndarray:
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)


@pytest.fixture(scope="module")
def motion():
    return playing_hands()


@pytest.fixture(scope="module")
def glb(tmp_path_factory, motion):
    path = tmp_path_factory.mktemp("gltf") / "hands.glb"
    save_gltf(path, motion, played_notes())
    return path


@pytest.fixture(scope="module")
def scene(glb):
    return Scene(glb)


def test_fingertips_of_the_node_animation_are_the_landmarks(scene, motion):
    tips = ("thumb", "index", "middle", "ring", "little")
    for frame in (0, 17, 60, motion.frame_count - 1):
        time = frame / motion.frame_rate
        for hand, side in enumerate(("left", "right")):
            for finger, name in enumerate(tips):
                at = to_keyboard_frame(scene.world(f"{side}_{name}_tip", time)[:3, 3])
                miss = np.linalg.norm(at - motion.tips_m[hand, frame, finger])
                assert miss < HALF_MILLIMETRE, (side, name, frame)


def test_skinned_vertices_are_those_of_the_skinning_in_numpy(scene, motion):
    frame = 33
    for hand in range(2):
        node = scene.gltf.nodes[scene.node_of[("left_hand", "right_hand")[hand]]]
        skin = scene.gltf.skins[node.skin]
        attributes = scene.gltf.meshes[node.mesh].primitives[0].attributes
        rest = np.c_[scene.read(attributes.POSITION), np.ones(1360)]
        bind = scene.read(skin.inverseBindMatrices).reshape(-1, 4, 4).transpose(0, 2, 1)
        time = frame / motion.frame_rate
        joints = np.stack([scene.world(joint, time) for joint in skin.joints]) @ bind
        posed = np.einsum("jab,vb->vja", joints, rest)[:, :, :3]
        chosen = np.take_along_axis(
            posed, scene.read(attributes.JOINTS_0)[..., None].astype(int), 1
        )
        vertices = np.sum(chosen * scene.read(attributes.WEIGHTS_0)[..., None], axis=1)
        expected = skin_hand(motion, np.array([frame]), hand)[0][0]
        np.testing.assert_allclose(to_keyboard_frame(vertices), expected, atol=1e-4)


def test_joints_names_duration_and_provenance(scene, motion):
    names = [node.name for node in scene.gltf.nodes]
    assert len(names) == len(set(names))
    assert [len(skin.joints) for skin in scene.gltf.skins] == [21, 21]
    assert {"left_wrist", "right_index_1", "right_little_3", "key_21_A0", "key_108_C8"} <= set(
        names
    )
    assert (
        sum(name.startswith("key_") and name != "key_bed" and name != "key_slip" for name in names)
        == 88
    )
    times = np.concatenate([times for times, _ in scene.channels.values()])
    assert times.min() == 0
    assert times.max() == pytest.approx((motion.frame_count - 1) / motion.frame_rate, abs=1e-5)
    extras = scene.gltf.asset.extras
    assert extras["provenance"] == {"input": "made up", "seed": 0}
    assert [note["finger"] for note in extras["notes"]] == [1, 4, 0, 3]
    assert [note.get("hand") for note in extras["notes"]] == [1, 0, None, 1]


def test_quaternions_are_unit_and_never_jump(scene):
    for (_, path), (_, values) in scene.channels.items():
        if path == "rotation":
            np.testing.assert_allclose(np.linalg.norm(values, axis=1), 1, atol=1e-6)
            assert np.all(np.sum(values[1:] * values[:-1], axis=1) > 0.5)


def test_keys_go_down_with_the_notes_and_only_change_where_they_move(tmp_path, motion):
    # The hands are known in the first frame only, so that nothing but the notes moves keys.
    tracked = np.zeros_like(motion.tracked)
    tracked[:, 0] = True
    save_gltf(tmp_path / "keys.glb", replace(motion, tracked=tracked), played_notes())
    scene = Scene(tmp_path / "keys.glb")
    front = np.array([0.0, -0.45, 0.0, 1.0])  # of a white key, from its pivot, keyboard frame
    point = np.array([front[0], front[2], -front[1], 1.0])
    heights = [(scene.world("key_60_C4", t) @ point)[1] for t in (0.0, 0.45, 0.66, 0.735, 1.6)]
    assert heights[0] == pytest.approx(0, abs=1e-6)
    assert heights[1] == pytest.approx(-keyboard.WHITE_TRAVEL_M, abs=2e-4)
    assert heights[2] > -0.5 * keyboard.WHITE_TRAVEL_M  # up again before it is struck again
    assert heights[3] < -0.5 * keyboard.WHITE_TRAVEL_M
    assert heights[4] == pytest.approx(0, abs=1e-6)
    keyed = [
        node for node, path in scene.channels if scene.gltf.nodes[node].name.startswith("key_")
    ]
    names = {scene.gltf.nodes[node].name for node in keyed}
    assert {"key_60_C4", "key_49_Csharp3", "key_72_C5"} <= names
    assert all(len(scene.channels[node, "rotation"][0]) < 30 for node in keyed)


def test_other_readers_see_the_same_geometry(glb):
    loaded = trimesh.load(glb)
    low, high = loaded.bounds
    assert high[0] - low[0] == pytest.approx(keyboard.KEYBOARD_WIDTH_M + 0.15, abs=0.01)
    assert len(loaded.graph.nodes_geometry) == 2 + 2 + 88 + 6


def test_each_hand_has_an_armature_and_the_keyboard_a_node_of_its_own(scene):
    nodes, skins = scene.gltf.nodes, scene.gltf.skins
    roots = {nodes[root].name for root in scene.gltf.scenes[0].nodes}
    sides = ("left", "right")
    parts = {f"{side}_{part}" for side in sides for part in ("armature", "hand", "sleeve")}
    assert roots == parts | {"keyboard"}
    for side, skin in zip(sides, skins, strict=True):
        joints = set(skin.joints)
        assert {nodes[joint].name.split("_")[0] for joint in joints} == {side}
        # Blender makes the node above a skin's topmost joint its armature.
        assert skin.skeleton == scene.node_of[f"{side}_wrist"]
        assert nodes[scene.parent[skin.skeleton]].name == f"{side}_armature"
        assert all(scene.parent[joint] in joints for joint in joints - {skin.skeleton})


def test_a_sleeve_covers_where_the_hand_ends_and_is_closed(scene, motion):
    for hand, side in enumerate(("left", "right")):
        solid = sleeve_solid(hand, 1.0)
        corners = solid.vertices_m[solid.triangles]
        faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        out = np.sum(faces * solid.normals[solid.triangles[:, 0]], axis=1)
        assert np.all(out[np.linalg.norm(faces, axis=1) > 1e-9] > -1e-9)
        assert (solid.normals[:, 1] < -0.9).sum() > 10  # the cap
        for frame in (0, 40, motion.frame_count - 1):
            stump = skin_hand(motion, np.array([frame]), hand)[0][0]
            rest = load_hand_mesh(hand).vertices_m
            stump = stump[rest[:, 1] < rest[:, 1].min() + 0.004]
            matrix = scene.world(f"{side}_sleeve", frame / motion.frame_rate)
            y_up = np.stack([stump[:, 0], stump[:, 2], -stump[:, 1]], axis=-1)
            local = to_keyboard_frame((y_up - matrix[:3, 3]) @ matrix[:3, :3])
            scale = hand_scale(motion.bone_lengths_m[hand])
            tube = solid.vertices_m * scale
            assert np.all(local[:, 1] < tube[:, 1].max())  # it begins in front of the hand's end
            assert np.all(np.abs(local[:, 0]) < np.abs(tube[:, 0]).max())


def test_the_clips_length_is_said(scene, motion):
    length_sec = pytest.approx((motion.frame_count - 1) / motion.frame_rate, abs=1e-3)
    assert scene.gltf.asset.extras["duration_sec"] == length_sec
    assert scene.gltf.animations[0].extras["duration_sec"] == length_sec


def test_a_lower_frame_rate_keeps_the_motion_and_shrinks_the_file(tmp_path, motion, glb):
    path = tmp_path / "slow.glb"
    save_gltf(path, motion, played_notes(), frame_rate=20.0)
    assert path.stat().st_size < glb.stat().st_size
    played = Scene(path)
    assert len(played.channels[played.node_of["left_wrist"], "translation"][0]) == 41
    at = to_keyboard_frame(played.world("left_index_tip", 1.0)[:3, 3])
    assert np.linalg.norm(at - motion.tips_m[0, 60, 1]) < HALF_MILLIMETRE


def test_a_minute_at_60_frames_a_second_is_under_4_mb(tmp_path):
    path = tmp_path / "long.glb"
    save_gltf(path, playing_hands(60.0), played_notes())
    assert path.stat().st_size < 4_000_000


def test_khronos_validator_finds_nothing(glb):
    root = Path(__file__).parents[2]
    node = shutil.which("node")
    folders = [*filter(None, os.environ.get("NODE_PATH", "").split(os.pathsep))]
    folders.append(str(root / "web" / "node_modules"))
    if not node or not any((Path(folder) / "gltf-validator").is_dir() for folder in folders):
        pytest.skip("needs node and the npm package gltf-validator (python tools/check_web.py)")
    command = [node, str(root / "tools" / "validate_gltf.mjs"), str(glb)]
    environment = {**os.environ, "NODE_PATH": os.pathsep.join(folders)}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_hand_that_is_never_known_is_left_out_and_gaps_are_held(tmp_path, motion):
    tracked = motion.tracked.copy()
    tracked[0] = False
    tracked[1, 30:40] = False
    wrist, rotations = motion.wrist_m.copy(), motion.rotations_rad.copy()
    wrist[1, 30:40], rotations[1, 30:40], wrist[0] = np.nan, np.nan, np.nan
    path = tmp_path / "one.glb"
    save_gltf(
        path,
        replace(motion, tracked=tracked, wrist_m=wrist, rotations_rad=rotations),
        played_notes(),
    )
    played = Scene(path)
    assert "left_wrist" not in played.node_of
    held = played.world("right_index_tip", 35 / 60)[:3, 3]
    np.testing.assert_allclose(to_keyboard_frame(held), motion.tips_m[1, 29, 1], atol=1e-5)
    vertices, _ = skin_hands(
        replace(motion, tracked=tracked, wrist_m=wrist, rotations_rad=rotations), np.arange(28, 32)
    )
    assert np.isnan(vertices[0]).all()
    assert np.isfinite(vertices[1, :2]).all()
    assert np.isnan(vertices[1, 2:]).all()


@settings(max_examples=20, deadline=None)
@given(st.one_of(st.floats(max_value=0), st.just(float("nan"))))
def test_a_frame_rate_that_is_not_positive_is_refused(tmp_path_factory, frame_rate):
    folder = tmp_path_factory.mktemp("refused")
    with pytest.raises(InputError, match="must be positive"):
        save_gltf(folder / "a.glb", playing_hands(0.1), played_notes(), frame_rate=frame_rate)
    assert not list(folder.iterdir())


def test_refusals_leave_no_file(tmp_path, motion):
    with pytest.raises(InputError, match="no known hand"):
        save_gltf(
            tmp_path / "a.glb",
            replace(motion, tracked=np.zeros_like(motion.tracked)),
            played_notes(),
        )
    with pytest.raises(InputError, match="cannot write"):
        save_gltf(tmp_path / "absent" / "a.glb", motion, played_notes())
    assert not list(tmp_path.iterdir())


def test_the_mesh_fits_the_skeleton():
    for hand in range(2):
        mesh, rest = load_hand_mesh(hand), rest_landmarks(hand)
        np.testing.assert_allclose(mesh.weights.sum(1), 1)
        # Each pad lies on the skin: closer than 4 mm to a vertex.
        for pad in rest[4::4]:
            assert np.linalg.norm(mesh.vertices_m - pad, axis=1).min() < 0.004
        corners = mesh.vertices_m[mesh.triangles]
        faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        assert np.all(np.sum(faces * mesh.normals[mesh.triangles[:, 0]], axis=1) > 0)


def test_key_and_body_solids_are_closed_and_face_outwards():
    for solid in (white_key_solid(), black_key_solid(), *body_solids().values()):
        mesh = trimesh.Trimesh(solid.vertices_m, solid.triangles, process=False)
        assert mesh.is_watertight
        assert mesh.volume > 0
        assert np.all(np.sum(mesh.vertex_normals * solid.normals, axis=1) > 0.5)


def test_a_missing_mesh_asks_for_a_new_install(monkeypatch, tmp_path):
    monkeypatch.setattr(bundled_files, "ASSETS", tmp_path)
    with pytest.raises(RuntimeError, match="install or build duemani again"):
        bundled_files.bundled_path("hand/right.glb")


def test_extras_are_plain_json(scene):
    assert json.loads(json.dumps(scene.gltf.asset.extras))["hands"] == ["left", "right"]
