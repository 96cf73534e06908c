"""Forearms are drawn where a hand could have one, alike in page, film and glTF."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from duemani.models.solver import forearm as guess
from duemani.outputs import forearm
from duemani.outputs.gltf.sleeve import sleeve_turns
from duemani.skeleton import rotations_from_angles
from tests.helpers.hands import playing_hands

HANDS_TS = Path(__file__).parents[2] / "web" / "src" / "hands" / "hands.ts"


def turned(towards_thumb_deg: float):
    motion = playing_hands(0.2)
    angles = np.zeros((motion.frame_count, 16, 3))
    angles[:, 0, 1] = np.radians(towards_thumb_deg)
    both = np.stack([rotations_from_angles(angles, hand) for hand in range(2)])
    return replace(motion, rotations_rad=both)


@pytest.mark.parametrize("towards_thumb_deg", [-70, -35, -10, 0, 10, 35, 70])
def test_a_wrist_is_never_drawn_bent_far_sideways(towards_thumb_deg: float) -> None:
    motion = turned(towards_thumb_deg)
    for hand, side in ((0, -1), (1, 1)):
        along = forearm.forearm_directions(motion, hand)
        heading = np.degrees(np.arctan2(side * along[:, 0], along[:, 1]))
        assert (np.abs(-towards_thumb_deg - heading) < 20).all()
        assert (along[:, 1] > 0).all()


def test_a_hand_in_line_with_its_guessed_forearm_is_drawn_in_line() -> None:
    motion = turned(0)
    for hand in range(2):
        out = guess.forearm_turn(motion.wrist_m[hand, :, 0], hand)
        at_hand = turned(-float(np.degrees(out[0])))
        along = forearm.forearm_directions(at_hand, hand)[0]
        side = -1 if hand == 0 else 1
        assert np.arctan2(side * along[0], along[1]) == pytest.approx(float(out[0]), abs=1e-6)


def test_hands_far_out_have_forearms_that_point_outwards() -> None:
    far, near = np.array([1.1]), np.array([0.65])
    assert guess.forearm_turn(far, 1)[0] > 0 > guess.forearm_turn(near, 1)[0]
    mirrored = 2 * guess.PLAYER_X_M - far
    assert guess.forearm_turn(mirrored, 0) == pytest.approx(guess.forearm_turn(far, 1))


def test_the_sleeve_of_a_gltf_file_lies_along_the_forearm() -> None:
    motion = turned(-40)
    for hand in range(2):
        axis = Rotation.from_rotvec(sleeve_turns(motion, hand)).apply([0.0, 1.0, 0.0])
        np.testing.assert_allclose(axis, forearm.forearm_directions(motion, hand), atol=1e-9)


def test_the_page_reckons_with_the_same_numbers() -> None:
    text = HANDS_TS.read_text(encoding="utf-8")

    def numbers(name: str) -> list[float]:
        found = re.search(rf"const {re.escape(name)} = \[?([^;\]]+)\]?;", text)
        assert found, name
        return [float(part) for part in found[1].replace("Math.PI / 9", str(np.pi / 9)).split(",")]

    elbow = [guess.ELBOW_ASIDE_M, guess.ELBOW_FOLLOWS, guess.ELBOW_BEHIND_M]
    assert numbers("[ELBOW_ASIDE_M, ELBOW_FOLLOWS, ELBOW_BEHIND_M]") == elbow
    assert numbers("MOST_BEND_RAD") == pytest.approx([forearm.MOST_BEND_RAD])
    assert numbers("[RISE, FOLLOWED_RISE]") == [forearm.RISE, forearm.FOLLOWED_RISE]
