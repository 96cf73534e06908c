"""Figures of hands measured on postures and tips set by hand: limits, collisions, agreement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from duemani.evaluation.motion import figures
from duemani.evaluation.motion.figures import joins_within, motion_figures
from duemani.evaluation.motion.measure import (
    evaluate_motion,
    finger_collisions,
    hand_collisions,
    limit_violations,
    match_presses,
)
from duemani.evaluation.motion.postures import odd_postures
from duemani.evaluation.motion.real_tips import compare_with_real, tips_x_at
from duemani.keyboard import key_centre_x
from duemani.motion import HandMotion
from duemani.performance import LEFT, RIGHT, Performance, make_notes
from duemani.skeleton import JOINT_LIMITS_RAD, MEDIUM_BONE_LENGTHS_M, rotations_from_angles
from tests.helpers.hands import playing_hands


def apart(frames: int = 3, rate: float = 60.0) -> HandMotion:
    """Every landmark far from every other one, hands of medium size."""
    motion = playing_hands(frames / rate, rate)
    count = motion.frame_count
    # A finger a row along x, the rows on a curve: between two of them lies no third.
    at = np.maximum(np.arange(21) - 1, 0)
    row = 5.0 * np.arange(2)[:, None] + at // 4
    points = np.stack([np.broadcast_to(at % 4, row.shape), 3 * row, 5 + row**2], axis=-1)
    points[:, 0] = -9.0
    return replace(
        motion,
        landmarks_m=np.repeat(points[:, None], count, axis=1),
        bone_lengths_m=np.stack([MEDIUM_BONE_LENGTHS_M] * 2),
    )


def laid_beside(
    motion: HandMotion, one: tuple[int, int], other: tuple[int, int], away_m: float
) -> HandMotion:
    """A phalanx (hand, landmark it begins at) moved beside another one, in the middle frame.

    It comes from its own side, so its neighbours are farther away.
    """
    points = motion.landmarks_m.copy()
    (hand, at), (other_hand, where) = one, other
    target = points[other_hand, 1, where : where + 2]
    way = (points[hand, 1, at] - target[0]) * [0.0, 1.0, 1.0]
    points[hand, 1, at : at + 2] = target + away_m * way / np.linalg.norm(way)
    return replace(motion, landmarks_m=points)


@pytest.mark.parametrize(("away_mm", "hit"), [(10.9, True), (11.1, False)])
@pytest.mark.parametrize("hand", [LEFT, RIGHT])
@pytest.mark.parametrize(("finger", "other"), [(0, 1), (1, 4), (3, 4), (2, 0)])
def test_end_phalanges_come_as_near_as_eleven_millimetres(
    away_mm: float, hit: bool, hand: int, finger: int, other: int
) -> None:
    motion = laid_beside(apart(), (hand, 4 * finger + 3), (hand, 4 * other + 3), away_mm / 1000)
    assert finger_collisions(motion).tolist() == [False, hit, False]
    assert not hand_collisions(motion).any()


def test_the_hands_size_counts_and_first_phalanges_do_not() -> None:
    near = laid_beside(apart(), (RIGHT, 7), (RIGHT, 11), 0.012)
    assert not finger_collisions(near).any()
    large = replace(near, bone_lengths_m=1.1 * near.bone_lengths_m)  # 15.4 mm less 3
    assert finger_collisions(large).tolist() == [False, True, False]
    assert not finger_collisions(laid_beside(apart(), (RIGHT, 5), (RIGHT, 9), 0.001)).any()


@pytest.mark.parametrize(("away_mm", "hit"), [(10.9, True), (11.1, False)])
@pytest.mark.parametrize(("left", "right"), [(3, 3), (3, 2), (2, 3), (2, 2)])
@pytest.mark.parametrize(("finger", "other"), [(0, 0), (1, 4), (4, 1)])
def test_end_and_middle_phalanges_of_the_two_hands(
    away_mm: float, hit: bool, left: int, right: int, finger: int, other: int
) -> None:
    motion = laid_beside(
        apart(), (LEFT, 4 * finger + left), (RIGHT, 4 * other + right), away_mm / 1000
    )
    assert hand_collisions(motion).tolist() == [False, hit, False]
    assert not finger_collisions(motion).any()


def test_first_phalanges_may_cross() -> None:
    motion = apart()
    points = motion.landmarks_m.copy()
    points[LEFT, 1, 5] = points[RIGHT, 1, 5] + [0.3, -0.001, 0.0]
    assert not hand_collisions(replace(motion, landmarks_m=points)).any()


@pytest.mark.parametrize("hand", [LEFT, RIGHT])
@pytest.mark.parametrize(("joint", "axis"), [(0, 0), (1, 0), (7, 1), (13, 2), (15, 0)])
def test_half_a_degree_beyond_a_limit_is_within(hand: int, joint: int, axis: int) -> None:
    for side, sign in ((0, -1), (1, 1)):
        for beyond_deg, outside in ((0.4, False), (0.6, True)):
            angles = np.zeros((3, 16, 3))
            limit = JOINT_LIMITS_RAD[joint, axis, side]
            angles[1, joint, axis] = limit + sign * np.radians(beyond_deg)
            motion = apart()
            rotations = np.zeros_like(motion.rotations_rad)
            rotations[hand] = rotations_from_angles(angles, hand)
            found = limit_violations(replace(motion, rotations_rad=rotations))
            assert found.tolist() == [False, outside, False]


def pressing(pitches: list[int], fingers: list[int]) -> HandMotion:
    """The right hand presses a key after the other, from 0.5, 1.5 ... s on, at 100 Hz."""
    motion = playing_hands(float(len(pitches)) + 0.2, 100.0)
    points = np.full_like(motion.landmarks_m, 0.3)
    points += np.arange(42).reshape(2, 1, 21, 1) * 0.05
    for at, (pitch, finger) in enumerate(zip(pitches, fingers, strict=True)):
        held = (motion.time_sec > at + 0.4999) & (motion.time_sec < at + 0.8)
        points[RIGHT, held, 4 * finger] = key_centre_x(np.array([pitch]))[0], 0.02, -0.009
    return replace(motion, landmarks_m=points)


def notes(*rows: tuple[float, int, int], hand: int = RIGHT) -> Performance:
    made = make_notes([(onset, onset + 0.3, pitch, 64) for onset, pitch, _ in rows])
    made["hand"], made["finger"] = hand, [finger for *_, finger in rows]
    return Performance.create(made)


def test_figures_of_key_presses() -> None:
    motion = pressing([60, 62, 64], [1, 2, 3])
    played = [(0.5, 60, 1), (1.5, 62, 4), (2.5, 64, 0), (2.9, 72, 5), (2.95, 74, 5)]
    found = evaluate_motion(motion, notes(*played))
    assert found["precision"] == pytest.approx(1)
    assert found["recall"] == pytest.approx(3 / 5)
    assert found["f1"] == pytest.approx(2 * 0.6 / 1.6)
    assert found["finger_agreement"] == pytest.approx(1 / 2)
    other = evaluate_motion(motion, notes(*played, hand=LEFT))
    assert other["finger_agreement"] == 0
    assert evaluate_motion(motion, notes((0.5, 60, 1)))["precision"] == pytest.approx(1 / 3)
    nothing = evaluate_motion(motion, notes((0.5, 61, 1)))
    assert (nothing["precision"], nothing["recall"], nothing["f1"]) == (0, 0, 0)
    assert np.isnan(nothing["finger_agreement"])
    none = evaluate_motion(motion, Performance())
    assert (none["recall"], none["f1"]) == (0, 0)
    still = evaluate_motion(pressing([], []), notes((0.5, 61, 1)))
    assert (still["precision"], still["f1"]) == (0, 0)


def test_of_two_near_presses_each_is_matched_with_its_note() -> None:
    one = make_notes([(1.0, 1.1, 60, 64), (1.08, 1.2, 60, 64)])
    pairs = match_presses(one, make_notes([(1.03, 1.1, 60, 64), (1.12, 1.2, 60, 64)]))
    assert pairs.tolist() == [[0, 0], [1, 1]]


# --- postures -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("speed_deg", "sudden"), [(495, False), (505, True)])
@pytest.mark.parametrize("sign", [-1, 1])
def test_five_hundred_degrees_a_second_are_sudden(
    speed_deg: float, sudden: bool, sign: int
) -> None:
    motion = playing_hands(0.1, 120.0)
    angles = np.zeros((motion.frame_count, 16, 3))
    angles[:, 4, 1] = sign * np.radians(speed_deg) * motion.time_sec
    turned = np.stack([rotations_from_angles(angles, hand) for hand in range(2)])
    found = odd_postures(replace(motion, rotations_rad=turned))["sudden"]
    assert (found == sudden).all()


# --- beside real tips -----------------------------------------------------------------------------


def swaying(frames: int = 100, rate: float = 50.0) -> HandMotion:
    motion = playing_hands(frames / rate, rate)
    points = motion.landmarks_m.copy()
    phase = np.arange(42).reshape(2, 1, 21)
    points[..., 0] = 0.02 * np.sin(2 * np.pi * motion.time_sec[None, :, None] + phase)
    return replace(motion, landmarks_m=points)


def test_tips_between_frames() -> None:
    motion = swaying()
    found = tips_x_at(motion, np.array([0.0, 0.01, 0.02]))
    tips = motion.tips_m[..., 0]
    np.testing.assert_allclose(found[0], tips[:, 0])
    np.testing.assert_allclose(found[1], (tips[:, 0] + tips[:, 1]) / 2)
    np.testing.assert_allclose(found[2], tips[:, 1])


def test_a_motion_beside_itself_and_beside_one_an_inch_off() -> None:
    motion = swaying()
    time_sec = motion.time_sec
    known = np.ones(len(time_sec), bool)
    same = compare_with_real(motion, tips_x_at(motion, time_sec), known, time_sec, 50.0)
    assert same["x_rms_mm"] == pytest.approx(0)
    assert same["x_correlation"] == pytest.approx(1)
    assert same["acceleration_ratio"] == pytest.approx(1)
    assert same["log_speed_distance"] == pytest.approx(0)
    off = compare_with_real(motion, tips_x_at(motion, time_sec) + 0.025, known, time_sec, 50.0)
    assert off["x_rms_mm"] == pytest.approx(25)
    assert off["x_correlation"] == pytest.approx(1)
    mirrored = compare_with_real(motion, -tips_x_at(motion, time_sec), known, time_sec, 50.0)
    assert mirrored["x_correlation"] == pytest.approx(-1)


def test_outside_the_motions_time_nothing_is_compared() -> None:
    motion = swaying()
    time_sec = np.arange(-20, 140) / 50.0
    real = tips_x_at(motion, time_sec)
    real[time_sec <= 0] += 1.0
    real[time_sec >= motion.time_sec[-1]] -= 1.0
    known = np.ones(len(time_sec), bool)
    assert compare_with_real(motion, real, known, time_sec, 50.0)["x_rms_mm"] == pytest.approx(0)
    real[60] += 1.0
    known[60] = False
    assert compare_with_real(motion, real, known, time_sec, 50.0)["x_rms_mm"] == pytest.approx(0)


# --- all figures ----------------------------------------------------------------------------------


def test_joins_begin_with_the_second_window() -> None:
    motion = playing_hands(4.0, 30.0).delayed(10.0)
    assert joins_within(motion, 1.5) == pytest.approx([11.5, 13.0])


def test_without_eight_seconds_or_joins_figures_are_unknown() -> None:
    motion = playing_hands(2.0, 30.0)
    found = motion_figures(motion, motion, notes((0.5, 60, 1)))
    for name in ("fgd", "fgd_left", "wgd_right", "pd", "smooth", "seam_ratio"):
        assert np.isnan(found[name])
    assert np.isfinite(motion_figures(motion, motion, notes((0.5, 60, 1)), [1.0])["seam_ratio"])
    assert np.isnan(motion_figures(motion, motion, notes((0.5, 60, 1)), [9.0])["seam_ratio"])


def test_means_of_both_hands_are_of_those_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = float("nan")
    told = {f"{name}_{hand}": 1.0 for name in figures.PUBLISHED for hand in ("left", "right")}
    told |= {"fgd_left": 2.0, "fgd_right": 4.0, "pd_left": unknown, "pd_right": 3.0}
    told |= {"wgd_left": unknown, "wgd_right": unknown}
    monkeypatch.setattr(figures, "evaluate_published", lambda pairs: told)
    long, short = playing_hands(8.0, 30.0), playing_hands(7.9, 30.0)
    assert long.frame_count == 240
    found = figures._published(long, long)
    assert (found["fgd"], found["pd"], found["smooth"]) == (3.0, 3.0, 1.0)
    assert np.isnan(found["wgd"])
    for real, made in ((long, short), (short, long)):
        assert all(np.isnan(value) for value in figures._published(real, made).values())
