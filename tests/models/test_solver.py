"""The solver's promises, on short made-up music."""

from dataclasses import replace

import numpy as np
import pytest

from duemani import skeleton
from duemani.analysis.contact import find_presses
from duemani.errors import InputError
from duemani.evaluation.motion.measure import evaluate_motion
from duemani.models.solver import kinematics
from duemani.models.solver.schedule import schedule_hand
from duemani.models.solver.solve import solve_motion
from duemani.models.solver.style import Style, sample_style
from duemani.performance import LEFT, RIGHT, Performance, make_notes

SCALE = [(60, 1), (62, 2), (64, 3), (65, 1), (67, 2), (69, 3), (71, 4), (72, 5)]


def played(rows: list[tuple[float, float, int, int, int]], velocity: int = 70) -> Performance:
    """Rows of (onset, release, pitch, hand, finger)."""
    notes = make_notes([(onset, release, pitch, velocity) for onset, release, pitch, _, _ in rows])
    notes["hand"], notes["finger"] = [row[3] for row in rows], [row[4] for row in rows]
    return Performance.create(notes)


def scale(seconds_per_note: float) -> Performance:
    rows = [
        (0.5 + i * seconds_per_note, 0.5 + (i + 0.95) * seconds_per_note, pitch, RIGHT, finger)
        for i, (pitch, finger) in enumerate(SCALE + SCALE[-2::-1])
    ]
    return played(rows)


def mirrored(performance: Performance) -> Performance:
    """The same music for the other hand, mirrored at D4, about which the keyboard is symmetric."""
    notes = performance.notes.copy()
    notes["pitch"], notes["hand"] = 124 - notes["pitch"], 1 - notes["hand"]
    return Performance.create(notes)


@pytest.mark.parametrize("speed", [0.3, 0.12])
def test_a_scale_with_thumb_passing_is_played_by_the_right_fingers(speed: float) -> None:
    performance = scale(speed)
    motion = solve_motion(performance)
    scores = evaluate_motion(motion, performance)
    assert scores["f1"] == 1.0
    assert scores["finger_agreement"] == 1.0
    assert scores["limit_violations"] == 0.0
    assert scores["finger_collisions"] < 0.02


def test_onsets_are_met_within_a_frame() -> None:
    performance = scale(0.25)
    presses = find_presses(solve_motion(performance))
    np.testing.assert_allclose(presses["onset_sec"], performance.notes["onset_sec"], atol=1.0 / 60)


@pytest.mark.parametrize("rate", [8.0, 12.0, 15.0])
def test_repeated_notes_up_to_fifteen_a_second(rate: float) -> None:
    fingers = [3, 2, 1]
    rows = [(0.5 + i / rate, 0.5 + (i + 0.5) / rate, 67, RIGHT, fingers[i % 3]) for i in range(24)]
    scores = evaluate_motion(solve_motion(played(rows)), played(rows))
    assert scores["f1"] > 0.97


def test_a_trill_of_fifteen_a_second_is_played() -> None:
    rows = [
        (0.5 + i / 15, 0.5 + (i + 0.9) / 15, 72 + 2 * (i % 2), RIGHT, 2 + i % 2) for i in range(30)
    ]
    scores = evaluate_motion(solve_motion(played(rows)), played(rows))
    assert scores["f1"] > 0.97


def test_leaps_of_two_octaves_and_black_keys() -> None:
    rows = [
        (0.5 + i * 0.5, 0.5 + i * 0.5 + 0.2, (42, 66, 54, 78)[i % 4], RIGHT, 3) for i in range(8)
    ]
    scores = evaluate_motion(solve_motion(played(rows)), played(rows))
    assert scores["f1"] == 1.0
    assert scores["penetrations"] == 0.0


def test_a_chord_sounds_together_and_is_held() -> None:
    chord = [
        (0.5, 2.5, pitch, RIGHT, finger) for pitch, finger in ((60, 1), (64, 2), (67, 3), (72, 5))
    ]
    presses = find_presses(solve_motion(played(chord)))
    assert sorted(presses["pitch"].tolist()) == [60, 64, 67, 72]  # in any order within 20 ms
    assert np.ptp(presses["onset_sec"]) < 0.02
    np.testing.assert_allclose(presses["release_sec"], 2.5, atol=0.05)


def test_left_hand_mirrors_the_right() -> None:
    right = scale(0.25)
    style = Style(seed=5)
    one = find_presses(solve_motion(right, style))
    other = find_presses(solve_motion(mirrored(right), style))
    np.testing.assert_array_equal(one["finger"], other["finger"])
    np.testing.assert_array_equal(124 - one["pitch"], other["pitch"])
    assert set(other["hand"]) == {LEFT}


def test_hands_that_meet_do_not_collide() -> None:
    rows = [(0.5 + i * 0.4, 0.8 + i * 0.4, 53 + i, LEFT, 2) for i in range(8)]
    rows += [(0.7 + i * 0.4, 0.9 + i * 0.4, 72 - i, RIGHT, 2) for i in range(8)]
    scores = evaluate_motion(solve_motion(played(rows)), played(rows))
    assert scores["f1"] == 1.0
    assert scores["hand_collisions"] == 0.0


def test_landmarks_follow_from_the_rotations() -> None:
    motion = solve_motion(scale(0.2))
    posed = skeleton.pose_landmarks(motion.wrist_m, motion.rotations_rad, motion.bone_lengths_m)
    np.testing.assert_allclose(posed, motion.landmarks_m, atol=1e-6)


def test_no_notes_give_resting_hands_over_the_keys() -> None:
    motion = solve_motion(Performance())
    assert len(find_presses(motion)) == 0
    assert np.all(motion.tips_m[..., 2] > 0)
    assert np.all((motion.tips_m[..., 0] > 0.2) & (motion.tips_m[..., 0] < 1.0))


def test_windows_join_without_a_seam() -> None:
    rows = [
        (0.5 + i * 0.2, 0.65 + i * 0.2, SCALE[i % 8][0], RIGHT, SCALE[i % 8][1]) for i in range(130)
    ]
    motion = solve_motion(played(rows))
    tips = motion.tips_m[RIGHT]
    acceleration = np.abs(np.diff(tips, 2, axis=0)).max((1, 2)) * 60**2
    seam = 12 * 60
    assert acceleration[seam - 4 : seam + 4].max() <= 1.2 * np.quantile(acceleration, 0.99)


def test_the_same_seed_gives_the_same_motion_and_styles_differ() -> None:
    performance = scale(0.2)
    one, again = (solve_motion(performance, sample_style(4)) for _ in range(2))
    np.testing.assert_array_equal(one.landmarks_m, again.landmarks_m)
    high = solve_motion(performance, replace(Style(), wrist_height_m=0.08))
    low = solve_motion(performance, replace(Style(), wrist_height_m=0.05))
    assert np.mean(high.wrist_m[RIGHT, :, 2] - low.wrist_m[RIGHT, :, 2]) > 0.015
    big = solve_motion(performance, replace(Style(), hand_span_m=0.24))
    assert np.all(big.bone_lengths_m > high.bone_lengths_m)
    for motion in (one, high, low, big):
        assert evaluate_motion(motion, performance)["f1"] > 0.96


def test_impossible_styles_are_refused() -> None:
    with pytest.raises(InputError, match=r"hand_span_m is 0\.5; it must lie between"):
        Style(hand_span_m=0.5)


def test_any_frame_rate_plays() -> None:
    performance = scale(0.3)
    motion = solve_motion(performance, frame_rate=90.0)
    assert evaluate_motion(motion, performance)["f1"] == 1.0


def test_jacobian_is_the_derivative_of_the_tips() -> None:
    rng = np.random.default_rng(0)
    low, high = np.clip(kinematics.DOF_LIMITS.T, -0.5, 0.5)
    dofs = low + (high - low) * rng.random((4, kinematics.DOF_COUNT))
    bones = skeleton.MEDIUM_BONE_LENGTHS_M
    step = 1e-6 * np.eye(kinematics.DOF_COUNT)
    numeric = np.stack(
        [
            (kinematics.pose(dofs + one, bones).tips_m - kinematics.pose(dofs - one, bones).tips_m)
            / 2e-6
            for one in step
        ],
        axis=-1,
    )
    np.testing.assert_allclose(kinematics.pose(dofs, bones).jacobian, numeric, atol=1e-7)


def test_solver_hand_is_the_skeletons_hand() -> None:
    rng = np.random.default_rng(1)
    dofs = rng.normal(size=(5, kinematics.DOF_COUNT)) * 0.2
    posed = kinematics.pose(dofs, skeleton.MEDIUM_BONE_LENGTHS_M)
    rotations = skeleton.rotations_from_angles(kinematics.angles_of(dofs), RIGHT)
    landmarks, _ = skeleton.pose_joints(
        dofs[:, :3], rotations, skeleton.MEDIUM_BONE_LENGTHS_M, RIGHT
    )
    np.testing.assert_allclose(posed.tips_m, landmarks[:, 4::4], atol=1e-12)


def test_a_finger_leaves_its_key_before_it_strikes_another() -> None:
    rows = [(0.0, 2.0, 60, RIGHT, 1), (0.5, 1.0, 67, RIGHT, 1), (0.9, 1.5, 67, RIGHT, 2)]
    schedule = schedule_hand(played(rows).notes, RIGHT, Style())
    assert schedule.release_sec[0] < 0.5
    assert schedule.release_sec[1] < 0.9


def test_keys_out_of_reach_are_let_go() -> None:
    rows = [(0.0, 3.0, 48, RIGHT, 1), (1.0, 3.0, 84, RIGHT, 5)]
    schedule = schedule_hand(played(rows).notes, RIGHT, Style())
    assert schedule.release_sec[0] < 1.0


def test_rolled_chords_move_strikes_by_30_ms_at_most() -> None:
    rows = [(1.0, 2.0, 48, RIGHT, 1), (1.0, 2.0, 55, RIGHT, 2), (1.0, 2.0, 69, RIGHT, 5)]
    schedule = schedule_hand(played(rows).notes, RIGHT, Style())
    assert np.abs(schedule.onset_sec - 1.0).max() <= 0.0301
    assert np.ptp(schedule.onset_sec) > 0.02
