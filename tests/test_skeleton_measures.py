"""The resting hand against the mesh that it was measured on; joint limits, joint by joint."""

from __future__ import annotations

import numpy as np
import pytest
from pygltflib import GLTF2

from duemani import skeleton
from duemani.outputs.bundled_files import bundled_path
from duemani.outputs.hand_mesh import HAND_FILE, rest_landmarks
from duemani.performance import RIGHT

FINGERS = ("thumb", "index-finger", "middle-finger", "ring-finger", "pinky-finger")
THUMB_JOINTS = ("metacarpal", "phalanx-proximal", "phalanx-distal")
OTHER_JOINTS = ("phalanx-proximal", "phalanx-intermediate", "phalanx-distal")


@pytest.fixture(scope="module")
def mesh() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Place [mm], wrist at 0, and axis towards the back of the hand of every joint of the mesh."""
    gltf = GLTF2().load(str(bundled_path(HAND_FILE)))
    skin = gltf.skins[0]
    names = [gltf.nodes[node].name for node in skin.joints]
    accessor = gltf.accessors[skin.inverseBindMatrices]
    start = (gltf.bufferViews[accessor.bufferView].byteOffset or 0) + (accessor.byteOffset or 0)
    inverse = np.frombuffer(gltf.binary_blob(), "<f4", 16 * accessor.count, start)
    bind = np.linalg.inv(inverse.reshape(-1, 4, 4).transpose(0, 2, 1).astype(float))
    # The file's z, -y and x are the keyboard's x, y and z.
    bind = np.stack([bind[:, 2], -bind[:, 1], bind[:, 0]], axis=1)
    wrist = bind[names.index("wrist"), :, 3]
    return {
        name: (1000 * (one[:, 3] - wrist), one[:, 1]) for name, one in zip(names, bind, strict=True)
    }


def joint_names(finger: str) -> list[str]:
    return [f"{finger}-{part}" for part in (THUMB_JOINTS if finger == "thumb" else OTHER_JOINTS)]


@pytest.mark.parametrize("finger", range(5))
def test_joints_lie_where_the_meshs_do(
    mesh: dict[str, tuple[np.ndarray, np.ndarray]], finger: int
) -> None:
    rest = 1000 * rest_landmarks(RIGHT)[1:].reshape(5, 4, 3)
    measured = [mesh[name][0] for name in joint_names(FINGERS[finger])]
    np.testing.assert_allclose(rest[finger, :3], measured, atol=0.06)


@pytest.mark.parametrize("finger", range(5))
def test_joints_face_as_the_meshs_do(
    mesh: dict[str, tuple[np.ndarray, np.ndarray]], finger: int
) -> None:
    base, _, last = joint_names(FINGERS[finger])
    for joint, name in ((0, base), (2, last)):
        across, along, dorsal = skeleton.JOINT_FRAMES[finger, joint].T
        np.testing.assert_allclose(np.cross(across, along), dorsal, atol=1e-12)
        # The mesh's axis, as far as it stands on the bone.
        axis = mesh[name][1] - along * (mesh[name][1] @ along)
        np.testing.assert_allclose(dorsal, axis / np.linalg.norm(axis), atol=0.009)
    middle = skeleton.JOINT_FRAMES[finger, 1]
    halfway = skeleton.JOINT_FRAMES[finger, 0, :, 2] + skeleton.JOINT_FRAMES[finger, 2, :, 2]
    halfway -= middle[:, 1] * (halfway @ middle[:, 1])
    np.testing.assert_allclose(middle[:, 2], halfway / np.linalg.norm(halfway), atol=0.03)
    for joint in (0, 1):
        bone = skeleton.BONE_DIRECTIONS[finger, joint + 1]
        np.testing.assert_allclose(skeleton.JOINT_FRAMES[finger, joint, :, 1], bone)


@pytest.mark.parametrize(
    ("finger", "along_mm", "outer_mm", "under_mm"),
    [(0, 19, 7, 3), (1, 18, 0, 5.5), (2, 18, 0, 5.5), (3, 18, 0, 5.5), (4, 17, 0, 5)],
)
def test_pads_lie_under_the_nails(
    mesh: dict[str, tuple[np.ndarray, np.ndarray]],
    finger: int,
    along_mm: float,
    outer_mm: float,
    under_mm: float,
) -> None:
    (last, dorsal), (tip, _) = (
        mesh[joint_names(FINGERS[finger])[2]], mesh[f"{FINGERS[finger]}-tip"]
    )  # fmt: skip
    along = (tip - last) / np.linalg.norm(tip - last)
    across = np.cross(along, dorsal)
    pad = 1000 * rest_landmarks(RIGHT)[1:].reshape(5, 4, 3)[finger, 3] - last
    found = [along @ pad, across @ pad / np.linalg.norm(across), dorsal @ pad]
    np.testing.assert_allclose(found, [along_mm, -outer_mm, -under_mm], atol=0.4)


def test_bones_are_as_long_as_their_joints_are_apart() -> None:
    rest = rest_landmarks(RIGHT)
    apart = rest[1:] - rest[skeleton.LANDMARK_PARENTS[1:]]
    np.testing.assert_allclose(
        np.linalg.norm(apart, axis=1), skeleton.MEDIUM_BONE_LENGTHS_M, atol=1e-12
    )
    # From the wrist to the middle finger's pad a medium hand measures 19 cm.
    assert skeleton.MEDIUM_BONE_LENGTHS_M[8:12].sum() == pytest.approx(0.190, abs=0.005)


# Flexion, deviation towards the thumb and twist [degrees] that each joint allows.
STIFF = [(-5, 5), (-5, 5)]
BENDS = {
    "base": [(-30, 85), (-25, 25), (-12, 12)],
    "middle": [(-8, 88), *STIFF],
    "last": [(-12, 80), *STIFF],
}


def limits(finger: int, joint: int) -> list[list[float]]:
    degrees = np.degrees(skeleton.JOINT_LIMITS_RAD[skeleton.FINGER_JOINTS[finger, joint]])
    return [[float(value) for value in row] for row in degrees.round(9)]


@pytest.mark.parametrize("finger", [1, 2, 3, 4])
def test_fingers_bend_at_three_joints_and_turn_at_the_first(finger: int) -> None:
    base = [[*row] for row in BENDS["base"]]
    if finger == 4:
        base[1] = [-38, 20]
    assert limits(finger, 0) == base
    assert limits(finger, 1) == [[*row] for row in BENDS["middle"]]
    assert limits(finger, 2) == [[*row] for row in BENDS["last"]]


def test_the_thumb_turns_at_its_root_and_the_wrist_every_way() -> None:
    assert limits(0, 0) == [[-40, 55], [-45, 45], [-25, 25]]
    assert limits(0, 1) == [[-20, 70], [-12, 12], [-8, 8]]
    assert limits(0, 2) == [[-25, 85], [-5, 5], [-5, 5]]
    wrist = np.degrees(skeleton.JOINT_LIMITS_RAD[0]).round(9)
    assert wrist.tolist() == [[-40, 45], [-50, 50], [-50, 50]]


@pytest.mark.parametrize("scale", [1.0, -1.0])
def test_a_bone_turned_right_around_is_found_again(scale: float) -> None:
    """Bones nearly opposite to their rest, or exactly at it, have a rotation all the same."""
    angles = np.zeros((1, 16, 3))
    angles[0, skeleton.FINGER_JOINTS[:, 0], 0] = scale * np.radians(89.0)
    rotations = skeleton.rotations_from_angles(angles, RIGHT)
    bones = skeleton.MEDIUM_BONE_LENGTHS_M
    landmarks, _ = skeleton.pose_joints(np.zeros((1, 3)), rotations, bones, RIGHT)
    found, miss = skeleton.fit_rotations(landmarks, bones, RIGHT)
    assert miss.max() < 1e-9
    np.testing.assert_allclose(found, rotations, atol=1e-9)
