"""Odd postures are found by hand-made hands: one joint bent at a time."""

from dataclasses import replace

import numpy as np
import pytest

from duemani.evaluation.motion.postures import odd_postures
from duemani.motion import HandMotion
from duemani.skeleton import rotations_from_angles
from tests.helpers.hands import playing_hands

INDEX_BASE, INDEX_MIDDLE = 1, 2


def posed(
    spread_deg: float, bend_deg: float, yaw_deg: float = 0.0, step_deg: float = 0.0
) -> HandMotion:
    motion = playing_hands(0.5)
    angles = np.zeros((motion.frame_count, 16, 3))
    angles[:, INDEX_BASE, 1] = np.radians(spread_deg)
    angles[15:, INDEX_BASE, 1] += np.radians(step_deg)
    angles[:, INDEX_MIDDLE, 0] = np.radians(bend_deg)
    angles[:, 0, 1] = np.radians(yaw_deg)
    wrist = motion.wrist_m.copy()
    wrist[..., 0] = [[0.47], [0.75]]  # where forearms lie nearly straight before the player
    turned = np.stack([rotations_from_angles(angles, hand) for hand in range(2)])
    return replace(motion, rotations_rad=turned, wrist_m=wrist)


@pytest.mark.parametrize(
    ("spread", "bend", "hooked"), [(20, 10, False), (20, 80, True), (-20, 80, True), (8, 80, False)]
)
def test_a_bent_finger_spreads_less(spread, bend, hooked) -> None:
    assert odd_postures(posed(spread, bend))["hooked"].all() == hooked


@pytest.mark.parametrize(("yaw", "kinked"), [(0, False), (15, False)])
def test_a_hand_in_line_with_its_forearm_is_no_kink(yaw, kinked) -> None:
    assert odd_postures(posed(0, 20, yaw))["kinked"].any() == kinked
    assert odd_postures(posed(0, 20, -75))["kinked"].any()


def test_a_sudden_spread_is_found_where_it_is_and_only_in_tracked_frames() -> None:
    motion = posed(0, 20, step_deg=20)
    found = np.flatnonzero(odd_postures(motion)["sudden"][1])
    assert set(found) <= {14, 15, 16}
    assert len(found)
    assert not odd_postures(replace(motion, tracked=np.zeros_like(motion.tracked)))["sudden"].any()
