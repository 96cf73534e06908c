"""FGD, WGD, PD and Smooth against values by hand, laws and the published formulas."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from duemani import skeleton
from duemani.errors import InputError
from duemani.evaluation.motion import clips
from duemani.evaluation.motion.floors import frozen, of_other, reversed_in_time
from duemani.evaluation.motion.frechet import frechet_distance
from duemani.evaluation.motion.published import (
    evaluate_clip,
    evaluate_published,
    fgd,
    pd,
    smooth,
    transport_cost,
    wgd,
)
from duemani.motion import HandMotion
from duemani.performance import LEFT, RIGHT
from tests.helpers.hands import playing_hands

needs_scikit_learn = pytest.mark.skipif(
    importlib.util.find_spec("sklearn") is None, reason="WGD needs scikit-learn"
)


def random_motion(seed: int, frames: int = 240, frame_rate: float = 30.0) -> HandMotion:
    """Smooth made-up motion of every joint, much unlike any other seed's."""
    generator = np.random.default_rng(seed)
    time = np.arange(frames) / frame_rate
    phase = generator.uniform(0, 2 * np.pi, (2, 1, 16, 3))
    speed = generator.uniform(1, 6, (2, 1, 16, 3))
    size = generator.uniform(0.05, 0.4, (2, 1, 16, 3))
    rotations = size * np.sin(speed * time[None, :, None, None] + phase)
    wrist = 0.05 * np.sin(speed[:, :, 0] * time[None, :, None] + phase[:, :, 1])
    lengths = np.stack([skeleton.MEDIUM_BONE_LENGTHS_M] * 2)
    return HandMotion(
        frame_rate=frame_rate,
        wrist_m=wrist,
        rotations_rad=rotations,
        landmarks_m=skeleton.pose_landmarks(wrist, rotations, lengths),
        tracked=np.ones((2, frames), bool),
        bone_lengths_m=lengths,
    )


def poses(seed: int) -> np.ndarray:
    return clips.hand_pose(random_motion(seed), RIGHT)


def test_frechet_distance_of_known_gaussians() -> None:
    one, other = np.array([[-1.0], [1.0]]), np.array([[1.0], [5.0]])
    # Means 0 and 3, variances 2 and 8: 9 + (√2 − √8)².
    assert frechet_distance(one, other) == pytest.approx(11.0)
    cross = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    stretched = cross * [3.0, 2.0] + [1.0, -2.0]
    # Deviations √(2/3)·(1, 1) and √(2/3)·(3, 2), means (1, −2) apart.
    assert frechet_distance(cross, stretched) == pytest.approx(5 + 2 / 3 * (4 + 1))
    turned = stretched @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    assert frechet_distance(cross, turned) == pytest.approx(5 + 2 / 3 * (4 + 1))


def test_fgd_is_the_published_formula() -> None:
    generator = np.random.default_rng(5)
    real, fake = (
        generator.normal(0, 1, (240, 48)) @ generator.normal(0, 1, (48, 48)) for _ in "ab"
    )
    one, other = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    shared = np.sqrt(np.linalg.eigvals(one @ other).astype(complex)).real.sum()
    between = ((real.mean(0) - fake.mean(0)) ** 2).sum()
    published = between + np.trace(one) + np.trace(other) - 2 * shared
    assert fgd(real, fake) == pytest.approx(published, rel=1e-8)


def test_fgd_ignores_time() -> None:
    real = poses(1)
    order = np.random.default_rng(0).permutation(len(real))
    assert fgd(real, real[order]) == pytest.approx(0, abs=1e-12)
    assert fgd(real, real[::-1].copy()) == pytest.approx(0, abs=1e-12)


@needs_scikit_learn
def test_wgd_does_not_see_an_offset() -> None:
    real = poses(1)
    assert wgd(real, real + 3.0) == pytest.approx(0, abs=1e-6)
    assert fgd(real, real + 3.0) == pytest.approx(48 * 9)
    assert 0 < wgd(real, poses(2)) < 1


def test_smooth_by_hand() -> None:
    real, fake = np.zeros((3, 48)), np.zeros((3, 48))
    real[:, 0] = [0, 3, 10]  # 10 and 7 from the last frame: a = 3
    fake[:, 0], fake[:, 1] = [3, 0, 0], [4, 1, 0]  # 5 and 1: a = 4
    assert smooth(real, fake) == pytest.approx(1.0)
    longer = np.zeros((4, 48))
    longer[:, 0] = [0, 1, 2, 4]  # 4, 3, 2: a = 2, 1
    still = np.zeros((4, 48))
    assert smooth(longer, still) == pytest.approx(1.5)
    # Frame by frame, not between the means: a = 1, 2 and 2, 1 differ by 1 each.
    folded = np.zeros((4, 48))
    folded[:, 0] = [3, 4, 2, 0]
    assert smooth(longer, folded) == pytest.approx(1.0)
    with pytest.raises(InputError, match="three"):
        smooth(real[:2], fake[:2])


def test_pd_ignores_height() -> None:
    real = np.zeros((5, 3))
    assert pd(real, real + np.array([0.03, -0.04, 7.0])) == pytest.approx(0.05)
    assert pd(real, real + np.array([0.0, 0.0, 7.0])) == 0


def test_transport_by_hand() -> None:
    cost = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert transport_cost(np.array([0.7, 0.3]), np.array([0.4, 0.6]), cost) == pytest.approx(0.3)
    # 0.5 of 0 → 1 (1), 0.5 of 3 → 2 (1), nothing the dear way.
    line = np.abs(np.array([[0.0], [3.0]]) - [[1.0, 2.0]])
    assert transport_cost(np.ones(2), np.ones(2), line) == pytest.approx(1.0)
    assert transport_cost(np.ones(1), np.array([1.0, 3.0]), np.array([[2.0, 4.0]])) == 3.5
    with pytest.raises(InputError, match="negative"):
        transport_cost(np.array([-1.0, 2.0]), np.ones(2), cost)


@needs_scikit_learn
def test_identical_motions_score_nothing() -> None:
    motion = random_motion(3)
    assert all(
        value == pytest.approx(0, abs=1e-9) for value in evaluate_clip(motion, motion).values()
    )


@needs_scikit_learn
def test_values_stay_what_they_are() -> None:
    values = evaluate_clip(random_motion(3), random_motion(4))
    expected = {
        "fgd_left": 1.8039149241785537,
        "wgd_left": 0.4689697938073451,
        "pd_left": 0.0718623164083696,
        "smooth_left": 0.15941592121470652,
        "fgd_right": 1.8381199446143222,
        "wgd_right": 0.476983169350286,
        "pd_right": 0.0729537136134697,
        "smooth_right": 0.2090322671453092,
    }
    assert values == pytest.approx(expected, rel=1e-6)


@needs_scikit_learn
def test_floors_score_as_the_traps_say() -> None:
    motion = random_motion(3)
    backwards = evaluate_clip(motion, reversed_in_time(motion))
    assert backwards["fgd_right"] == pytest.approx(0, abs=1e-12)
    assert np.isfinite(backwards["smooth_right"])
    assert backwards["smooth_right"] > 0
    still = evaluate_clip(motion, frozen(motion))
    spread = clips.hand_pose(motion, RIGHT).var(0, ddof=1).sum()
    assert still["fgd_right"] == pytest.approx(spread, rel=0.02)
    assert all(np.isfinite(value) for value in still.values())
    both = evaluate_clip(frozen(motion), frozen(motion))
    assert all(value == pytest.approx(0, abs=1e-9) for value in both.values())


def test_floors_are_what_they_say() -> None:
    motion, other = playing_hands(1.0), playing_hands(0.4)
    still = frozen(motion)
    assert np.ptp(still.landmarks_m, axis=1).max() < 1e-12
    assert still.wrist_m[0, 0] == pytest.approx(motion.wrist_m[0].mean(0))
    twice = reversed_in_time(reversed_in_time(motion))
    assert (twice.landmarks_m == motion.landmarks_m).all()
    looped = of_other([motion, replace(other, wrist_m=other.wrist_m + 1)], 0)
    assert looped.frame_count == motion.frame_count
    assert (looped.wrist_m[:, 24:48] == other.wrist_m + 1).all()
    assert of_other([motion, other], 1).frame_count == other.frame_count
    unseen = replace(motion, tracked=np.stack([np.zeros(60, bool), np.ones(60, bool)]))
    assert frozen(unseen).tracked.all(1).tolist() == [False, True]
    with pytest.raises(InputError, match="two or more"):
        of_other([motion], 0)
    with pytest.raises(InputError, match="frame rate"):
        of_other([motion, playing_hands(1.0, frame_rate=30.0)], 0)


@needs_scikit_learn
def test_published_averages_over_clips() -> None:
    real, fake = random_motion(3, 130), random_motion(4, 130)
    whole = evaluate_published([(real, fake)], clip_frames=60)
    parts = [
        evaluate_clip(*(motion.between(first / 30, first / 30 + 2.0) for motion in (real, fake)))
        for first in (0, 60)
    ]
    assert whole["clips_left"] == whole["clips_right"] == 2
    assert whole["fgd_left"] == pytest.approx(np.mean([part["fgd_left"] for part in parts]))
    hidden = real.tracked.copy()
    hidden[LEFT, 100] = False
    hidden[RIGHT] = False
    partly = evaluate_published([(replace(real, tracked=hidden), fake)], clip_frames=60)
    assert partly["clips_left"] == 1
    assert partly["wgd_left"] == pytest.approx(parts[0]["wgd_left"])
    assert partly["clips_right"] == 0
    assert np.isnan(partly["pd_right"])
    with pytest.raises(InputError, match="240"):
        evaluate_published([(real, fake)])


def test_other_frame_rates_come_to_thirty() -> None:
    fast, slow = playing_hands(3.0, 60.0), playing_hands(3.0, 30.0)
    ((one, other),) = clips.paired_clips(fast, slow, 90)
    assert (one.rotations_rad == other.rotations_rad).all()
    odd = playing_hands(3.0, 47.0)
    ((one, other),) = clips.paired_clips(odd, slow, 88)
    assert np.abs(one.landmarks_m - other.landmarks_m).max() < 2e-3
    later = playing_hands(3.0, 60.0, start_sec=0.5)
    ((one, other),) = clips.paired_clips(slow, later, 75)
    assert one.start_sec == other.start_sec == 0.5
    assert (one.wrist_m == slow.wrist_m[:, 15:]).all()
    with pytest.raises(InputError, match="cover"):
        clips.at_clip_rate(slow, 2.0, 60)


def test_interpolation_crosses_half_a_turn() -> None:
    # A wrist turning evenly through half a turn: its axis-angle vector jumps from +π to −π.
    base = playing_hands(1.0, 20.0)
    turn = np.linspace(np.pi - 0.4, np.pi + 0.5, base.frame_count)
    rotations = base.rotations_rad.copy()
    rotations[:, :, 0] = Rotation.from_rotvec(turn[:, None] * [0, 0, 1.0]).as_rotvec()
    assert np.ptp(rotations[0, :, 0, 2]) > 6
    motion = replace(base, rotations_rad=rotations)
    sampled = clips.at_clip_rate(motion, 0.0, 28)
    expected = np.interp(sampled.time_sec, base.time_sec, turn)
    made = Rotation.from_rotvec(sampled.rotations_rad[0, :, 0].copy())
    wanted = Rotation.from_rotvec(expected[:, None] * [0, 0, 1.0])
    assert (made * wanted.inv()).magnitude().max() < 1e-9
    assert np.linalg.norm(sampled.rotations_rad, axis=-1).max() <= np.pi + 1e-9


def test_left_hand_is_mirrored() -> None:
    motion = random_motion(3)
    mirrored = skeleton.mirror_rotations(motion.rotations_rad)[::-1].copy()
    swapped = replace(motion, rotations_rad=mirrored)
    assert (clips.hand_pose(swapped, LEFT) == clips.hand_pose(motion, RIGHT)).all()


def test_bad_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    motion = random_motion(3, 60)
    with pytest.raises(InputError, match="frame rate"):
        evaluate_clip(motion, random_motion(3, 61))
    with pytest.raises(InputError, match="finite"):
        fgd(poses(1), np.full((240, 48), np.nan))
    with pytest.raises(InputError, match="16"):
        wgd(np.zeros((15, 48)), np.zeros((15, 48)))
    monkeypatch.setitem(sys.modules, "sklearn.decomposition", None)
    with pytest.raises(InputError, match="install duemani with its extra `bench`"):
        wgd(poses(1), poses(2))
