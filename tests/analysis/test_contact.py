"""Key presses counted by hand: a single fingertip moved over keys with all other tips far away."""

from dataclasses import replace

import numpy as np
import pytest

from duemani.analysis.contact import find_presses
from duemani.keyboard import key_centre_x
from duemani.motion import HandMotion
from duemani.performance import RIGHT

RATE = 60.0
E4, F_SHARP4 = 64, 66


def tip_motion(path: np.ndarray, finger: int = 2) -> HandMotion:
    """Only the right hand's `finger` follows `path` (frame, xyz); all else is unknown."""
    landmarks = np.full((2, len(path), 21, 3), np.nan)
    landmarks[RIGHT, :, 4 * finger] = path
    return HandMotion(
        frame_rate=RATE,
        wrist_m=np.full((2, len(path), 3), np.nan),
        rotations_rad=np.full((2, len(path), 16, 3), np.nan),
        landmarks_m=landmarks,
        tracked=np.ones((2, len(path)), bool),
        bone_lengths_m=np.full((2, 20), 0.03),
    )


def over(pitch: int, heights_mm: list[float], y_m: float = 0.03) -> np.ndarray:
    x = float(key_centre_x(np.array(pitch)))
    return np.array([[x, y_m, height / 1000] for height in heights_mm])


def test_a_press_sounds_at_half_travel_and_ends_at_a_quarter() -> None:
    motion = tip_motion(over(E4, [0, -10, -10, -10, 0]))
    presses = find_presses(motion)
    assert len(presses) == 1
    press = presses[0]
    assert (press["pitch"], press["hand"], press["finger"]) == (E4, RIGHT, 2)
    # 5 mm of 10 mm in the first frame's gap; back above 2.5 mm in the last, to a tenth of a frame.
    assert press["onset_sec"] == pytest.approx(0.5 / RATE, abs=0.11 / RATE)
    assert press["release_sec"] == pytest.approx(3.75 / RATE, abs=0.11 / RATE)


def test_resting_on_a_key_and_pressing_too_little_make_no_note() -> None:
    assert len(find_presses(tip_motion(over(E4, [5, 0, -4.9, 0, 5])))) == 0


def test_hysteresis_counts_one_note_until_the_key_is_up() -> None:
    wobble = over(E4, [0, -8, -3, -8, -3, -8, 0])
    assert len(find_presses(tip_motion(wobble))) == 1
    repeat = over(E4, [0, -8, -2, -8, -2, -8, 0])
    assert len(find_presses(tip_motion(repeat))) == 3


def test_black_keys_win_where_they_stand() -> None:
    presses = find_presses(tip_motion(over(F_SHARP4, [20, 2, 2, 20], y_m=0.08)))
    assert presses["pitch"].tolist() == [F_SHARP4]
    in_front = find_presses(tip_motion(over(F_SHARP4, [20, 2, 2, 20], y_m=0.03)))
    assert len(in_front) == 0


def test_sliding_off_a_key_lets_it_go() -> None:
    path = over(E4, [0, -10, -10, -10])
    path[2:, 1] = -0.02
    presses = find_presses(tip_motion(path))
    assert len(presses) == 1
    assert presses[0]["release_sec"] < 2 / RATE


def test_a_key_held_by_a_second_finger_stays_down() -> None:
    motion = tip_motion(over(E4, [0, -10, -10, 5, 5, 5]), finger=2)
    landmarks = motion.landmarks_m.copy()
    landmarks[RIGHT, :, 4 * 4] = over(E4, [5, 5, -10, -10, -10, 5])
    presses = find_presses(replace(motion, landmarks_m=landmarks))
    assert len(presses) == 1
    assert presses[0]["finger"] == 2
    assert presses[0]["release_sec"] > 4 / RATE


def test_long_motions_are_pressed_the_same_across_blocks() -> None:
    one = [5.0, -10.0, -10.0, 5.0]
    presses = find_presses(tip_motion(over(E4, one * 800)))
    assert len(presses) == 800
    np.testing.assert_allclose(np.diff(presses["onset_sec"]), 4 / RATE, atol=0.11 / RATE)
