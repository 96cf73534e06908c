"""Clawed, spread fingers and far bent wrists cost something, and chords are played without."""

import numpy as np
import pytest

from duemani.evaluation.motion.measure import evaluate_motion
from duemani.evaluation.motion.postures import odd_postures
from duemani.models.solver import comfort
from duemani.models.solver.forearm import RADIAL_RAD, ULNAR_RAD
from duemani.models.solver.kinematics import BASE_DEVIATION, BASE_FLEX, MIDDLE_FLEX, ROLL, YAW
from duemani.models.solver.posture import natural_posture
from duemani.models.solver.solve import solve_motion
from duemani.models.solver.style import Style
from duemani.performance import Performance, make_notes
from duemani.skeleton import MEDIUM_BONE_LENGTHS_M

STRAIGHT = np.zeros(1)


def natural() -> np.ndarray:
    return natural_posture(Style(), MEDIUM_BONE_LENGTHS_M)[None].copy()


def clawed() -> np.ndarray:
    dofs = natural()
    dofs[:, MIDDLE_FLEX[1:3]] = np.radians(78)
    dofs[:, BASE_DEVIATION[2]] = np.radians(-22)
    dofs[:, ROLL], dofs[:, YAW] = np.radians(18), np.radians(-40)
    return dofs


@pytest.mark.parametrize(
    "terms",
    [
        lambda dofs: comfort.uncurl(dofs, STRAIGHT),
        lambda dofs: comfort.unbend(dofs, STRAIGHT),
        comfort.unspread,
    ],
)
def test_terms_pull_downhill_and_cost_nothing_at_rest(terms) -> None:
    assert np.abs(terms(natural())[1]).max() < 0.2
    dofs = clawed()
    rows, push = terms(dofs)
    cost = float(np.sum(push**2))
    assert cost > 1
    # A residual falls along its row: error - J step, as everywhere in the solver.
    downhill = np.einsum("tr,trd->td", push, rows)
    assert np.sum(terms(dofs + 1e-4 * downhill)[1] ** 2) < cost


def test_a_clawed_plan_is_eased_and_a_natural_one_left() -> None:
    np.testing.assert_allclose(comfort.eased(natural(), STRAIGHT), natural(), atol=0.03)
    before, after = clawed(), comfort.eased(clawed(), STRAIGHT)
    changed = np.flatnonzero(np.abs(after - before)[0] > 0.03)
    assert set(changed) <= {YAW, ROLL, *MIDDLE_FLEX[1:], *BASE_DEVIATION[1:4]}
    curl = after[:, BASE_FLEX[1:]] + 1.6 * after[:, MIDDLE_FLEX[1:]]
    assert (np.degrees(curl) < 103).all()
    assert np.degrees(after[0, ROLL]) < 12
    assert -ULNAR_RAD < after[0, YAW] < RADIAL_RAD


@pytest.mark.parametrize("hand", [0, 1])
def test_a_wide_chord_is_played_without_claws_or_kinks(hand: int) -> None:
    pitches = [76, 81, 84, 88] if hand else [48, 43, 40, 36]
    notes = make_notes([(at, at + 0.4, pitch, 70) for at in (0.5, 1.2) for pitch in pitches])
    fingers = dict(zip(pitches, (1, 2, 3, 5), strict=True))
    notes["hand"], notes["finger"] = hand, [fingers[int(pitch)] for pitch in notes["pitch"]]
    performance = Performance.create(notes)
    motion = solve_motion(performance)
    assert evaluate_motion(motion, performance)["f1"] == 1.0
    odd = odd_postures(motion)
    assert odd["hooked"][hand].mean() < 0.05
    assert odd["kinked"][hand].mean() < 0.05
