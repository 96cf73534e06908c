import io
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from duemani.arrays import BetweenFrames
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


def same(one: HandMotion, other: HandMotion, atol: float = 0.0) -> bool:
    """Whether two motions are equal, unknown places alike."""
    names = ("wrist_m", "rotations_rad", "landmarks_m", "tracked", "bone_lengths_m", "time_sec")
    alike = [
        np.allclose(getattr(one, name), getattr(other, name), rtol=0, atol=atol, equal_nan=True)
        for name in names
    ]
    if one.confidence is None or other.confidence is None:
        alike.append(one.confidence is other.confidence)
    else:
        alike.append(np.allclose(one.confidence, other.confidence, rtol=0, atol=atol))
    return all(alike) and one.frame_rate == other.frame_rate


def gappy(motion: HandMotion) -> HandMotion:
    """The left hand not known in frame 2, and how sure both are."""
    wrist, tracked = motion.wrist_m.copy(), motion.tracked.copy()
    wrist[0, 2], tracked[0, 2] = np.nan, False
    sure = np.where(tracked, 0.25, 0.0) + np.arange(5) / 10
    return replace(motion, wrist_m=wrist, tracked=tracked, confidence=sure)


def test_at_its_own_times_a_motion_is_itself(motion: HandMotion) -> None:
    motion = gappy(motion)
    assert same(motion.at(motion.time_sec), motion)
    assert same(motion.at_rate(60.0), motion)
    # Rounding is not movement: what is unknown in the next frame stays out of it.
    assert same(motion.at(motion.time_sec + 1e-9), motion, 1e-7)


def test_halfway_between_frames(motion: HandMotion) -> None:
    motion = gappy(motion)
    between = motion.at(motion.time_sec[:-1] + 0.5 / 60)
    assert between.frame_rate == 60.0
    right = (motion.wrist_m[1, :-1] + motion.wrist_m[1, 1:]) / 2
    np.testing.assert_allclose(between.wrist_m[1], right)
    tips = (motion.tips_m[:, :-1] + motion.tips_m[:, 1:]) / 2
    np.testing.assert_allclose(between.tips_m, tips)
    assert np.isnan(between.wrist_m[0]).all(1).tolist() == [False, True, True, False]
    assert between.tracked.tolist() == [[True, False, False, True], [True] * 4]
    np.testing.assert_allclose(between.confidence[1], [0.3, 0.4, 0.5, 0.6])


def test_halfway_a_rotation_is_half_the_angle(motion: HandMotion) -> None:
    # From 170 to -150 degrees about one axis: the shortest turn is 40 degrees, across 180.
    turns = np.deg2rad([170.0, -150.0])
    rotations = np.zeros((2, 2, 16, 3))
    rotations[:, :, 3, 1] = turns
    two = replace(motion.frames(slice(0, 2)), rotations_rad=rotations)
    made = np.array(two.at(np.array([0.5 + 0.5 / 60])).rotations_rad[0, 0])
    half = Rotation.from_rotvec([0.0, np.deg2rad(190.0), 0.0])
    assert (Rotation.from_rotvec(made[3]) * half.inv()).magnitude() < 1e-9
    assert not made[[0, 1, 2, 4]].any()
    quarter = np.array(two.at(np.array([0.5 + 0.25 / 60])).rotations_rad[0, 0, 3])
    start = Rotation.from_rotvec([0.0, turns[0], 0.0])
    turned = (start.inv() * Rotation.from_rotvec(quarter)).magnitude()
    assert turned == pytest.approx(np.deg2rad(10.0))


def test_an_unknown_rotation_stays_unknown(motion: HandMotion) -> None:
    rotations = motion.rotations_rad.copy()
    rotations[1, 3, 5] = np.nan
    part = replace(motion, rotations_rad=rotations).at(motion.time_sec[:-1] + 0.005)
    unknown = np.isnan(part.rotations_rad).any(-1)
    assert np.argwhere(unknown).tolist() == [[1, 2, 5], [1, 3, 5]]


def test_outside_its_time_a_motion_is_held_and_unseen(motion: HandMotion) -> None:
    motion = replace(motion, confidence=np.full((2, 5), 0.8))
    wide = motion.at(0.5 + np.arange(-2, 8) / 60)
    assert wide.tracked[0].tolist() == [False] * 2 + [True] * 5 + [False] * 3
    assert (wide.confidence == 0.8 * wide.tracked).all()
    assert (wide.wrist_m[:, :2] == motion.wrist_m[:, :1]).all()
    assert (wide.landmarks_m[:, -3:] == motion.landmarks_m[:, -1:]).all()
    assert wide.start_sec == pytest.approx(0.5 - 2 / 60)


def test_another_frame_rate_ends_with_the_last_frame(motion: HandMotion) -> None:
    slow, fast = motion.at_rate(30.0), motion.at_rate(90.0)
    assert same(slow, replace(motion.frames(np.array([0, 2, 4])), frame_rate=30.0), 1e-12)
    assert (fast.frame_count, fast.frame_rate, fast.start_sec) == (7, 90.0, 0.5)
    assert same(fast.at_rate(30.0), slow, 1e-12)
    assert motion.at_rate(24.0).frame_count == 2


def test_uneven_times_make_no_motion(motion: HandMotion) -> None:
    for times in ([], [0.5, 0.51, 0.53], [0.52, 0.51, 0.5], [0.5, 0.5]):
        with pytest.raises(InputError, match="rise evenly"):
            motion.at(np.array(times))
    where = motion.where(np.array([0.5, 0.5 + 1.25 / 60, 0.5 + 2.75 / 60, 9.0]))
    assert where.low.tolist() == [0, 1, 2, 4]
    assert where.nearest.tolist() == [0, 1, 3, 4]
    np.testing.assert_allclose(where.mixed(np.arange(5.0) ** 2), [0, 1.75, 7.75, 16])


def test_delayed_and_back(motion: HandMotion) -> None:
    later = motion.delayed(1.25)
    np.testing.assert_allclose(later.time_sec, motion.time_sec + 1.25)
    assert same(later.delayed(-1.25), motion)


def test_between_takes_frames_from_the_start_up_to_the_end(motion: HandMotion) -> None:
    part = motion.between(0.5 + 1 / 60, 0.5 + 3 / 60)
    assert (part.wrist_m == motion.wrist_m[:, 1:3]).all()
    np.testing.assert_allclose(part.time_sec, [0, 1 / 60], atol=1e-12)
    # A start between frames: the first frame is a little later than 0.
    assert motion.between(0.51, 9.0).start_sec == pytest.approx(0.5 + 1 / 60 - 0.51)
    for begin, end in ((0.0, 0.5), (0.6, 0.7), (0.52, 0.51)):
        with pytest.raises(InputError, match="no frame"):
            motion.between(begin, end)


def test_a_part_of_a_part_is_a_part(motion: HandMotion) -> None:
    motion = gappy(motion)
    once = motion.between(0.51, 0.56).between(0.01, 0.04)
    assert same(once, motion.between(0.52, 0.55), 1e-12)
    assert once.frame_count == 1


def test_pieces_joined_are_the_whole(motion: HandMotion) -> None:
    border = 0.5 + 2 / 60
    pieces = [motion.between(0.0, border), motion.between(border, np.inf).delayed(border)]
    assert [piece.frame_count for piece in pieces] == [2, 3]
    joined = np.concatenate([piece.landmarks_m for piece in pieces], axis=1)
    assert (joined == motion.landmarks_m).all()
    times = np.concatenate([piece.time_sec for piece in pieces])
    np.testing.assert_allclose(times, motion.time_sec, atol=1e-12)


@given(at=st.lists(st.floats(-3, 12), min_size=1, max_size=20))
def test_a_straight_line_stays_one(at: list[float]) -> None:
    line = 2.0 * np.arange(10) - 5
    mixed = BetweenFrames.of(np.array(at), 10).mixed(line)
    np.testing.assert_allclose(mixed, 2.0 * np.clip(at, 0, 9) - 5, atol=1e-3)


def test_its_arrays_are_not_written_into(motion: HandMotion) -> None:
    wrist = motion.wrist_m.copy()
    frozen = replace(motion, wrist_m=wrist, confidence=np.zeros((2, 5)))
    for array in (frozen.wrist_m, frozen.rotations_rad, frozen.tracked, frozen.confidence):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1
    wrist[0, 0] = 7  # the caller's own array is still theirs, and was not copied
    assert (frozen.wrist_m[0, 0] == 7).all()


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


def changed(path: Path, motion: HandMotion, **parts: object) -> HandMotion:
    """What is read of a file with some of its parts changed."""
    save_motion(path, motion)
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **{**arrays, **{name: np.array(part) for name, part in parts.items()}})
    return load_motion(path)


def test_rates_and_starts_within_their_limits_are_read(tmp_path: Path, motion: HandMotion) -> None:
    for rate in (1.0, 1000.0):
        assert changed(tmp_path / "a.npz", motion, frame_rate=rate).frame_rate == rate
    for start in (-999_999.0, 999_999.0):
        assert changed(tmp_path / "a.npz", motion, start_sec=start).start_sec == start
    for name, part in (
        ("frame_rate", 0.99), ("frame_rate", 1001.0), ("frame_rate", np.nan),
        ("start_sec", 1e6), ("start_sec", -1e6), ("start_sec", np.nan),
    ):  # fmt: skip
        with pytest.raises(InputError, match="out of range"):
            changed(tmp_path / "a.npz", motion, **{name: part})


def test_confidence_is_read_and_must_fit(tmp_path: Path, motion: HandMotion) -> None:
    sure = np.linspace(0, 1, 10).reshape(2, 5)
    read = changed(tmp_path / "a.npz", motion, confidence=sure)
    np.testing.assert_allclose(read.confidence, sure, atol=1e-7)
    with pytest.raises(InputError, match=r"shape \(2, 4\), not \(2, 5\)"):
        changed(tmp_path / "a.npz", motion, confidence=sure[:, :4])


def test_one_moment_alone_keeps_the_frame_rate(motion: HandMotion) -> None:
    one = motion.at(np.array([0.5 + 2 / 60]))
    assert (one.frame_rate, one.frame_count) == (60.0, 1)
    assert (one.wrist_m[:, 0] == motion.wrist_m[:, 2]).all()


def rewritten(path: Path, motion: HandMotion, **changes: np.ndarray) -> Path:
    """A file of `motion` with some arrays replaced."""
    save_motion(path, motion)
    np.savez_compressed(path, **{**dict(np.load(path)), **changes})  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize(
    ("name", "array", "reason"),
    [
        ("provenance", np.array("[1, 2]"), "no JSON object"),
        ("provenance", np.array('"text"'), "no JSON object"),
        ("provenance", np.array("NaN"), "no JSON object"),
        ("provenance", np.array("[" * 100_000), "no JSON object"),
        ("provenance", np.array(3), "no text"),
        ("provenance", np.array(["{}", "{}"]), "no text"),
        ("format", np.array(["a"]), "no text"),
        ("frame_rate", np.array([60.0]), "frame_rate has shape"),
        ("frame_rate", np.array("60"), "instead of numbers"),
        ("frame_rate", np.array(np.nan), "out of range"),
        ("wrist_m", np.zeros((2, 4, 3), complex), "instead of numbers"),
        ("bone_lengths_m", np.full((2, 20), np.inf), "infinite"),
        ("tracked", np.zeros((2, 0), bool), "tracked has shape"),
    ],
)
def test_what_an_array_may_not_be(
    tmp_path: Path, motion: HandMotion, name: str, array: np.ndarray, reason: str
) -> None:
    if name == "wrist_m":
        array = np.zeros(motion.wrist_m.shape, complex)
    with pytest.raises(InputError, match=reason):
        load_motion(rewritten(tmp_path / "a.npz", motion, **{name: array}))


def test_large_arrays_are_refused_before_they_are_read(
    tmp_path: Path, motion: HandMotion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("duemani.motion.MAX_MOTION_FRAMES", 1000)
    path = rewritten(tmp_path / "a.npz", motion, tracked=np.zeros((2, 2_000_000), bool))
    tracemalloc.start()
    with pytest.raises(InputError, match="1 to 1000"):
        load_motion(path)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_an_array_that_lies_about_its_size_is_refused(tmp_path: Path, motion: HandMotion) -> None:
    path = tmp_path / "a.npz"
    save_motion(path, motion)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (2, 10**9, 3)}
    )
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other.npy", header.getvalue() + b"\0" * 8)
    with pytest.raises(InputError, match="cannot be read"):
        load_motion(path)


def test_a_hand_of_which_nothing_is_known_is_not_tracked(
    tmp_path: Path, motion: HandMotion
) -> None:
    path = rewritten(
        tmp_path / "a.npz",
        motion,
        wrist_m=np.full(motion.wrist_m.shape, np.nan),
        landmarks_m=np.full(motion.landmarks_m.shape, np.nan),
        tracked=np.ones(motion.tracked.shape, bool),
    )
    assert not load_motion(path).tracked.any()
