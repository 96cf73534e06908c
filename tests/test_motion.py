import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duemani.errors import InputError
from duemani.motion import HandMotion, load_motion, save_motion
from duemani.skeleton import MEDIUM_BONE_LENGTHS_M, pose_landmarks


@pytest.fixture
def motion() -> HandMotion:
    rng = np.random.default_rng(0)
    wrist, rotations = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 5, 16, 3)) * 0.2
    bones = np.stack([MEDIUM_BONE_LENGTHS_M] * 2)
    return HandMotion(
        frame_rate=60.0,
        wrist_m=wrist,
        rotations_rad=rotations,
        landmarks_m=pose_landmarks(wrist, rotations, bones),
        tracked=np.ones((2, 5), bool),
        bone_lengths_m=bones,
        start_sec=0.5,
        provenance={"model": "test", "seed": 3},
    )


def test_file_keeps_everything(tmp_path: Path, motion: HandMotion) -> None:
    path = tmp_path / "hands.npz"
    save_motion(path, motion)
    again = load_motion(path)
    for name in ("wrist_m", "rotations_rad", "landmarks_m", "bone_lengths_m"):
        np.testing.assert_allclose(getattr(again, name), getattr(motion, name), atol=1e-6)
    np.testing.assert_array_equal(again.tracked, motion.tracked)
    assert (again.frame_rate, again.start_sec) == (60.0, 0.5)
    assert again.provenance == {"model": "test", "seed": 3}
    assert [item.name for item in tmp_path.iterdir()] == ["hands.npz"]


def test_unknown_landmarks_survive(tmp_path: Path, motion: HandMotion) -> None:
    landmarks = motion.landmarks_m.copy()
    landmarks[:, :, :4] = np.nan
    save_motion(tmp_path / "a.npz", replace(motion, landmarks_m=landmarks))
    again = load_motion(tmp_path / "a.npz").landmarks_m
    np.testing.assert_array_equal(np.isnan(again), np.isnan(landmarks))


def test_time_starts_at_the_start(motion: HandMotion) -> None:
    np.testing.assert_allclose(motion.time_sec, 0.5 + np.arange(5) / 60)
    assert motion.tips_m.shape == (2, 5, 5, 3)


def test_a_shape_that_does_not_fit_is_refused(tmp_path: Path, motion: HandMotion) -> None:
    path = tmp_path / "a.npz"
    save_motion(path, motion)
    arrays = dict(np.load(path))
    arrays["wrist_m"] = arrays["wrist_m"][:, :3]
    np.savez(path, **arrays)
    with pytest.raises(InputError, match="wrist_m has shape"):
        load_motion(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with pytest.raises(InputError, match=r"cannot be read|does not exist"):
        load_motion(path)
    np.savez(path, x=np.zeros(3))
    with pytest.raises(InputError, match="not a hand motion file"):
        load_motion(path)
    np.savez(path, format=np.array(object()), allow_pickle=True)
    with pytest.raises(InputError):
        load_motion(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("format.npy", b"\x93NUMPY")
    with pytest.raises(InputError):
        load_motion(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.binary(max_size=400))
def test_garbage_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "garbage.npz"
    path.write_bytes(data)
    with pytest.raises(InputError):
        load_motion(path)


def test_nothing_is_left_behind_when_writing_fails(tmp_path: Path, motion: HandMotion) -> None:
    with pytest.raises(InputError, match="cannot write"):
        save_motion(tmp_path / "missing" / "a.npz", motion)
    assert list(tmp_path.iterdir()) == []
