"""Reading PianoMotion10M: made-up clips in its format, whole and damaged."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from duemani.commands.prepare.real import PreparePianoMotion10M
from duemani.datasets.recorded.furelise import CAPTURE_RATE
from duemani.datasets.recorded.mano_pose import OWN_REST, rest_from_joints, rotations_from_mano
from duemani.datasets.recorded.pianomotion10m import read_clip, read_pianomotion10m
from duemani.datasets.recorded.prepare import check_take
from duemani.errors import InputError
from duemani.performance import LEFT
from duemani.skeleton import FINGER_JOINTS, pose_landmarks
from tests.helpers.real_motion import (
    CLIP,
    UPLOADER,
    VIDEO,
    made_up_rest_joints,
    played,
    turned_deg,
    write_pianomotion,
    write_sound,
)


def test_mano_rotations_point_bones_where_mano_does() -> None:
    """Against MANO's own forward kinematics from its rest joints."""
    rng = np.random.default_rng(1)
    orient, pose = rng.normal(0, 0.7, (4, 3)), rng.normal(0, 0.3, (4, 15, 3))
    joints_m = made_up_rest_joints()
    rest = rest_from_joints(joints_m)
    rotations = rotations_from_mano(orient, pose, rest)
    bones = np.stack([rest.bone_lengths_m] * 2)
    ours = pose_landmarks(np.zeros((2, 4, 3)), np.stack([rotations] * 2), bones)[1]
    fingers = joints_m[1:].reshape(5, 4, 3)
    turn = Rotation.from_rotvec(orient).as_matrix()
    for finger, joints in enumerate(FINGER_JOINTS):
        at, along, before = np.zeros((4, 3)), turn, joints_m[0]
        for place in range(4):
            at = at + along @ (fingers[finger, place] - before)
            tolerance = 0.025 if place == 3 else 1e-6  # ours ends at the pad
            miss = np.linalg.norm(ours[:, 1 + 4 * finger + place] - at, axis=1)
            assert miss.max() < tolerance, (finger, place)
            before = fingers[finger, place]
            if place < 3:
                along = along @ Rotation.from_rotvec(pose[:, joints[place] - 1]).as_matrix()


@pytest.mark.parametrize("how", ["millimetres", "left hand", "other axes", "MANO's order", "one"])
def test_rest_joints_of_no_such_hand_are_refused(how: str) -> None:
    joints = made_up_rest_joints()
    wrong = {
        "millimetres": 1000 * joints,
        "left hand": joints * [-1, 1, 1],
        "other axes": joints[:, [1, 2, 0]],
        "MANO's order": joints[
            [0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3, 4, 8, 12, 16, 20]
        ],
        "one": np.zeros((21, 3)),
    }
    with pytest.raises(InputError, match="rest joints"):
        rest_from_joints(wrong[how])


@pytest.mark.parametrize(
    ("rate", "own"), [(25.0, True), (30.0, True), (CAPTURE_RATE, True), (30.0, False)]
)
def test_pianomotion_round_trip(tmp_path: Path, rate: float, own: bool) -> None:
    truth = played(30.0).motion
    rest = OWN_REST if own else rest_from_joints(made_up_rest_joints())
    # The solver's hand has its own proportions.
    rest = replace(rest, bone_lengths_m=truth.bone_lengths_m[0].astype(float))
    write_pianomotion(tmp_path, played(rate), rate, rest=rest)
    skipped: dict[str, str] = {}
    (take,) = read_pianomotion10m(tmp_path, skipped, rest=rest)
    assert not skipped
    check_take(take)
    assert take.piece == f"pianomotion10m/test/{UPLOADER}/{VIDEO}"
    motion = take.motion
    frames = min(truth.frame_count, motion.frame_count)
    assert abs(truth.frame_count - motion.frame_count) <= 2
    turned = turned_deg(motion.rotations_rad[:, :frames], truth.rotations_rad[:, :frames])
    assert np.median(turned[..., 1:]) < 0.5
    assert np.median(turned[..., 0]) < 3  # height is flattened away, and tilt with it
    off = np.abs(motion.landmarks_m[:, :frames] - truth.landmarks_m[:, :frames])
    assert (np.median(off, axis=(0, 1, 2)) < [0.003, 0.008, 0.008]).all()
    np.testing.assert_allclose(motion.bone_lengths_m, truth.bone_lengths_m, rtol=0.02)
    notes, known = take.performance.notes, played(rate).performance.notes
    np.testing.assert_allclose(notes["onset_sec"], known["onset_sec"], atol=0.009)
    right = (notes["hand"] == known["hand"]) & (notes["finger"] == known["finger"])
    assert right.mean() > 0.8
    assert take.sound is not None
    assert len(take.sound) == motion.frame_count


def test_pianomotion_of_other_proportions(tmp_path: Path) -> None:
    rest = rest_from_joints(made_up_rest_joints())
    write_pianomotion(tmp_path, played(30.0), 30.0, sound=False, rest=rest)
    (take,) = read_pianomotion10m(tmp_path, {}, rest=rest)
    truth = played(30.0).motion.landmarks_m
    off = np.abs(take.motion.landmarks_m - truth[:, : take.motion.frame_count])
    assert np.median(off[..., 0]) < 0.005


def test_pianomotion_valid_flags_and_garbage_between(tmp_path: Path) -> None:
    path = write_pianomotion(tmp_path, played(25.0), 25.0, sound=False)
    content = json.loads(path.read_text())
    for frame in range(50, 75):
        content["left"][frame] = [0.0] + [float("nan")] * 61
    path.write_text(json.dumps(content))
    clip = read_clip(path)
    times = np.arange(clip.tracked.shape[1]) / 30.0
    hidden = (times >= 2.0) & (times <= 2.96)
    assert not clip.tracked[LEFT, hidden].any()
    assert clip.tracked[LEFT, times < 1.97].all()
    assert clip.tracked[1].all()
    assert np.isfinite(clip.rotations_rad).all()
    skipped: dict[str, str] = {}
    (take,) = read_pianomotion10m(tmp_path, skipped)
    assert take.sound is None
    check_take(take)


def test_pianomotion_mean_pose_is_added(tmp_path: Path) -> None:
    path = write_pianomotion(tmp_path, played(30.0), 30.0, sound=False)
    mean = np.full((15, 3), 0.01)
    content = json.loads(path.read_text())
    plain = read_clip(path).rotations_rad
    for side in ("left", "right"):
        frames = np.array(content[side])
        frames[:, 7:52] -= mean.ravel()
        content[side] = frames.tolist()
    path.write_text(json.dumps(content))
    np.testing.assert_allclose(read_clip(path, mean).rotations_rad, plain, atol=1e-6)


def damage(content: dict[str, object], how: str) -> object:
    sides: list[list[float]] = content["left"]  # type: ignore[assignment]
    if how == "nan":
        sides[3][2] = float("nan")
    elif how == "61 numbers":
        content["right"] = [row[:61] for row in sides]
    elif how == "ragged":
        sides[3] = sides[3][:10]
    elif how == "fewer frames":
        content["left"] = sides[:-5]
    elif how == "no key":
        del content["adjust"]
    elif how == "rate":
        content["fps"] = 0
    elif how == "short":
        content["left"], content["right"] = sides[:5], sides[:5]
    elif how == "list":
        return sides
    elif how == "huge":
        content["start_frame"] = 10**400
    elif how == "far":
        sides[3][2] = 1e300
    elif how == "no lists":
        content["left"] = content["right"] = 5
    return content


@pytest.mark.parametrize(
    "how",
    [
        "nan",
        "61 numbers",
        "ragged",
        "fewer frames",
        "no key",
        "rate",
        "short",
        "list",
        "huge",
        "far",
        "no lists",
    ],
)
def test_pianomotion_damage_is_skipped(tmp_path: Path, how: str) -> None:
    path = write_pianomotion(tmp_path, played(30.0), 30.0)
    path.write_text(json.dumps(damage(json.loads(path.read_text()), how)))
    skipped: dict[str, str] = {}
    assert not list(read_pianomotion10m(tmp_path, skipped))
    assert list(skipped) == [CLIP]


def test_pianomotion_missing_parts_are_listed(tmp_path: Path) -> None:
    path = write_pianomotion(tmp_path, played(30.0), 30.0)
    (tmp_path / "train.txt").write_text(f"{UPLOADER} BVmissing\n../.. etc\n")
    cut = path.with_name("BV1aa_seq_0001.json")
    cut.write_bytes(path.read_bytes()[:5000])
    short = path.with_name("BV1aa_seq_0002.json")
    short.write_bytes(path.read_bytes())
    sound = tmp_path / "audio" / UPLOADER / VIDEO
    write_sound(sound / "BV1aa_seq_0002.mp3", played(30.0).motion, 0.3)
    output = tmp_path / "prepared"
    summary = PreparePianoMotion10M(tmp_path, output).run()
    assert (summary["takes"], summary["skipped"]) == (1, 4)
    rows = dict(list(csv.reader((output / "skipped.tsv").open(), delimiter="\t"))[1:])
    assert set(rows) == {"BVmissing", "train.txt: ../.. etc", cut.stem, short.stem}
    assert "before the motion" in rows[short.stem]
    (tmp_path / "midi" / UPLOADER / f"{VIDEO}.mid").unlink()
    again = PreparePianoMotion10M(tmp_path, output).run()  # goes on: the take is not made anew
    assert (again["takes"], again["skipped"]) == (1, 4)
    np.save(tmp_path / "mean.npy", np.zeros(45))
    with pytest.raises(InputError, match="other settings"):
        PreparePianoMotion10M(tmp_path, output, tmp_path / "mean.npy").run()


@settings(max_examples=60)
@given(data=st.binary(max_size=200))
def test_damaged_annotations_raise_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    for content in (data, b'{"left": ' + data, b'{"left": [[1]], "right": [[1]], "fps": 30}'):
        path.write_bytes(content)
        with pytest.raises(InputError):
            read_clip(path)
