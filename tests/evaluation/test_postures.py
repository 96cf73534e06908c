"""Odd postures are found by hand-made hands: a few joints bent at a time."""

from dataclasses import replace

import numpy as np
import pytest

from duemani.evaluation.motion.postures import odd_postures
from duemani.motion import HandMotion
from duemani.skeleton import FINGER_JOINTS, rotations_from_angles
from tests.helpers.hands import playing_hands

ROLL, YAW = (0, 2), (0, 1)


def posed(angles_deg: np.ndarray) -> HandMotion:
    """Both hands hold the 16 joints' angles, the same for both as they are mirrored."""
    motion = playing_hands(0.5)
    angles = np.radians(np.broadcast_to(angles_deg, (motion.frame_count, 16, 3)))
    wrist = motion.wrist_m.copy()
    wrist[..., 0] = [[0.47], [0.75]]  # where forearms point 7° inwards
    turned = np.stack([rotations_from_angles(angles, hand) for hand in range(2)])
    return replace(motion, rotations_rad=turned, wrist_m=wrist)


def fingers(*rows: tuple[float, float, float], wrist: tuple[float, float, float] = (0, 0, 0)):
    """Angles of a hand: (spread, base flexion, middle flexion) of index, middle, ring finger."""
    angles = np.zeros((16, 3))
    angles[0] = wrist
    for finger, (spread, base, middle) in enumerate(rows, 1):
        joints = FINGER_JOINTS[finger]
        angles[joints[0], :2] = base, spread
        angles[joints[1:], 0] = middle, 0.6 * middle
    return angles


# What the solver made of a wide chord, at which viewers stopped, and a gentler way to play it.
CLAW = fingers((16, 14, 68), (-20, 1, 71), (6, -12, 41), wrist=(-4, -19, 16))
GENTLE = fingers((14, 9, 56), (-10, 2, 60), (6, -12, 41), wrist=(-4, -18, 11))


@pytest.mark.parametrize(
    ("angles", "hooked"),
    [
        (CLAW, True),
        (GENTLE, False),
        (fingers((9, 26, 41)), False),  # at rest
        (fingers((9, 45, 35)), False),  # well arched
        (fingers((9, 0, 78)), True),
        (fingers((9, 0, 72)), False),
        (fingers((-20, 0, 72)), True),  # bent as far, and spread
        (fingers((-20, 0, 20)), False),  # spread, but straight
        (fingers((9, 26, 40), wrist=(0, 0, 40)), True),  # rolled over to the side
    ],
)
def test_a_claw_is_seen_and_a_curved_finger_is_none(angles, hooked) -> None:
    found = odd_postures(posed(angles))["hooked"]
    assert found.all() == found.any() == hooked


@pytest.mark.parametrize(
    ("towards_thumb_deg", "kinked"),
    [(-30, True), (-18, False), (0, False), (18, False), (30, True)],
)
def test_a_hand_turned_far_off_its_forearm_is_a_kink(towards_thumb_deg, kinked) -> None:
    angles = fingers(wrist=(0, towards_thumb_deg, 0))
    found = odd_postures(posed(angles))["kinked"]
    assert found.all() == found.any() == kinked


def test_a_sudden_spread_is_found_where_it_is_and_only_in_tracked_frames() -> None:
    motion = posed(fingers((0, 0, 20)))
    later = posed(fingers((20, 0, 20)))
    turned = motion.rotations_rad.copy()
    turned[:, 15:] = later.rotations_rad[:, 15:]
    motion = replace(motion, rotations_rad=turned)
    found = np.flatnonzero(odd_postures(motion)["sudden"][1])
    assert set(found) <= {14, 15, 16}
    assert len(found)
    assert not odd_postures(replace(motion, tracked=np.zeros_like(motion.tracked)))["sudden"].any()


def test_unknown_poses_are_no_odd_ones() -> None:
    motion = posed(CLAW)
    turned = motion.rotations_rad.copy()
    turned[0] = np.nan
    unseen = replace(motion, rotations_rad=turned, tracked=motion.tracked & [[False], [True]])
    odd = odd_postures(unseen)
    assert not odd["hooked"][0].any()
    assert odd["hooked"][1].all()
