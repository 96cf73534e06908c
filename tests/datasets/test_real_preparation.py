"""What both readers of real hand motion share: resampling, the keyboard's place, preparation."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from duemani.commands.prepare.real import PrepareFurElise, PreparePianoMotion10M
from duemani.datasets.recorded.furelise import CAPTURE_RATE, read_furelise
from duemani.datasets.recorded.keyboard_fit import FrameHint, fit_keyboard
from duemani.datasets.recorded.prepare import prepare_takes
from duemani.datasets.recorded.resampling import frame_times, resample_rotations
from duemani.errors import InputError
from tests.helpers.real_motion import (
    CAMERA,
    capture_points,
    made_up_rest_joints,
    music,
    played,
    rms_mm,
    without_fingers,
    write_furelise,
    write_pianomotion,
)


def test_resampled_rotations_turn_evenly() -> None:
    angle = np.linspace(0, 3.0, 26)
    turning = np.zeros((26, 1, 3))
    turning[:, 0, 2] = angle
    times = frame_times(26, 25.0, 30.0)
    known = np.ones(26, bool)
    known[3:6] = False
    turning[3:6] = 99.0
    found = resample_rotations(turning, known, times)
    np.testing.assert_allclose(found[:, 0, 2], np.interp(times, np.arange(26), angle), atol=1e-9)
    assert len(times) == 31


@pytest.mark.parametrize("exact", [False, True])
def test_keyboard_is_found_within_millimetres(exact: bool) -> None:
    one = played(30.0)
    turn = np.eye(3) if exact else CAMERA
    scale = 1.0 if exact else 1.1
    rng = np.random.default_rng(0)
    points = scale * one.motion.landmarks_m @ turn.T + np.array([3.0, 0 if exact else -1, 0.5])
    noisy = points + rng.normal(0, 0.002, points.shape)
    hint = FrameHint(axes=np.eye(3), exact=True) if exact else FrameHint()
    fit = fit_keyboard(noisy, one.motion.tracked, without_fingers(one.performance), 30.0, hint)
    off = rms_mm(fit.points(points), one.motion.landmarks_m)
    assert off[0] < 1.5
    assert off[1] < (1.0 if exact else 6.0)  # how far into the keys is assumed, not known
    assert off[2] < 2.5


def test_keyboard_is_not_found_under_other_notes() -> None:
    one = played(30.0)
    for seed in range(60, 66):
        with pytest.raises(InputError, match="cannot be found"):
            fit_keyboard(one.motion.landmarks_m, one.motion.tracked, music(seed), 30.0)
    few = one.performance.between(0.0, 1.0)
    with pytest.raises(InputError, match="only"):
        fit_keyboard(one.motion.landmarks_m, one.motion.tracked, few, 30.0)


def test_no_such_data_set(tmp_path: Path) -> None:
    (tmp_path / "annotation").mkdir()
    output = tmp_path / "prepared"
    for command in (PrepareFurElise, PreparePianoMotion10M):
        with pytest.raises(InputError, match="data set"):
            command(tmp_path, output).run()
        with pytest.raises(InputError, match="folder"):
            command(tmp_path / "none", output).run()
    assert not output.exists()


def test_unfit_takes_are_not_written(tmp_path: Path) -> None:
    one = played(CAPTURE_RATE)
    write_furelise(tmp_path, one, capture_points(one.motion))
    (take,) = read_furelise(tmp_path, {})
    landmarks = take.motion.landmarks_m.copy()
    landmarks[1, 4, 2] = np.inf
    take = replace(take, motion=replace(take.motion, landmarks_m=landmarks))
    skipped: dict[str, str] = {}
    assert prepare_takes([take], tmp_path / "out", "test", {}, skipped) == 0
    assert "not finite" in skipped[take.name]
    assert not list((tmp_path / "out" / "takes").iterdir())


def test_rest_joints_are_the_users(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Taken from a file, told of when missing, and not written into the data set."""
    write_pianomotion(tmp_path, played(30.0), 30.0, sound=False)
    np.save(tmp_path / "rest.npy", made_up_rest_joints())
    rest = tmp_path / "rest.npy"
    assert PreparePianoMotion10M(tmp_path, tmp_path / "own").run()["takes"] == 1
    assert "--rest-joints" in capsys.readouterr().err
    given = tmp_path / "given"
    assert PreparePianoMotion10M(tmp_path, given, rest_joints=rest).run()["takes"] == 1
    assert "--rest-joints" not in capsys.readouterr().err
    assert len((given / "dataset.json").read_text()) < 400
    with pytest.raises(InputError, match="other settings"):
        PreparePianoMotion10M(tmp_path, given).run()
    for damaged in (b"", b"no array", np.zeros(62).tobytes()):
        rest.write_bytes(damaged)
        with pytest.raises(InputError, match=r"rest\.npy"):
            PreparePianoMotion10M(tmp_path, given, rest_joints=rest).run()
