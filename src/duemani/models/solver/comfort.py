"""What a hand avoids though its joints allow it: clawed, spread fingers and far bent wrists."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from duemani.models.solver.forearm import RADIAL_RAD, ULNAR_RAD
from duemani.models.solver.kinematics import (
    BASE_DEVIATION,
    BASE_FLEX,
    DISTAL_COUPLING,
    DOF_COUNT,
    MIDDLE_FLEX,
    PITCH,
    ROLL,
    YAW,
)
from duemani.models.solver.smoothness import soft_hinge

Terms = tuple[Float[np.ndarray, "frame term 22"], Float[np.ndarray, "frame term"]]

_SOFTNESS_RAD = 0.03
# An end phalanx may be turned so far past upright: farther, the nail would touch the key.
_CURL_RAD, _CURL_SIGMA_RAD = np.radians(96.0), 0.06
# The pull grows no further from here, lest it draw other fingers off their keys.
_CURL_MOST_RAD = 0.15
# Index, middle and ring finger lie so at rest, towards the thumb, and spread so far when straight.
_RESTING_SPREAD_RAD, _FREE_SPREAD_RAD = np.radians([9.0, 3.0, 0.0]), np.radians(26.0)
_SPREAD_BY_BEND = 0.2
_MOST_ROLL_RAD = np.radians([7.0, 2.0])  # either way; hands at rest roll by about 4°
_SPREAD_SIGMA_RAD = np.array([0.12] * 6 + [0.06] * 2)
_BEND_MARGIN_RAD, _BEND_SIGMA_RAD = 0.12, 0.02


def eased(
    plan: Float[np.ndarray, "frame 22"], forearm_rad: Float[np.ndarray, " frame"]
) -> Float[np.ndarray, "frame 22"]:
    """A planned motion, its joints brought to where the terms below begin to pull."""
    eased = plan.copy()
    spread, _ = soft_hinge(plan @ _SPREAD.T - _SPREAD_RAD, _SOFTNESS_RAD)
    eased -= spread @ np.where(_TURNING, _SPREAD, 0.0)
    curl, _ = soft_hinge(_over_curled(plan, plan[:, PITCH]), _SOFTNESS_RAD)
    eased[:, MIDDLE_FLEX[1:]] -= curl / (1 + DISTAL_COUPLING)
    bend, _ = soft_hinge(_over_bent(plan, forearm_rad), _SOFTNESS_RAD)
    eased[:, YAW] += bend[:, 0] - bend[:, 1]
    return eased


def uncurl(dofs: Float[np.ndarray, "frame 22"], pitch_rad: Float[np.ndarray, " frame"]) -> Terms:
    """Jacobian and residual that keep end phalanges from pointing back towards the palm.

    The pull of a long finger's term is Huber's. Knuckles rise by it, for the tip is held. A hand
    that is meant to pitch down (`pitch_rad`, to play over the other) may curl so much more.
    """
    push, slope = soft_hinge(_over_curled(dofs, pitch_rad), _SOFTNESS_RAD)
    scale = np.sqrt(np.minimum(1, _CURL_MOST_RAD / push)) / _CURL_SIGMA_RAD
    return -(slope * scale)[..., None] * _CURL, push * scale


def unbend(dofs: Float[np.ndarray, "frame 22"], forearm_rad: Float[np.ndarray, " frame"]) -> Terms:
    """Jacobian and residual that keep the hand from turning off its forearm more than hands do."""
    push, slope = soft_hinge(_over_bent(dofs, forearm_rad), _SOFTNESS_RAD)
    rows = np.zeros((len(dofs), 2, DOF_COUNT))
    rows[..., YAW] = slope * [1, -1] / _BEND_SIGMA_RAD
    return rows, push / _BEND_SIGMA_RAD


def unspread(dofs: Float[np.ndarray, "frame 22"]) -> Terms:
    """Jacobian and residual that keep bent fingers from spreading, and the hand from rolling.

    A rolled hand's bent fingers hook sideways. The ligaments of a finger's base tighten as it
    bends, so that it then spreads less (Kapandji, The Physiology of the Joints I).
    """
    push, slope = soft_hinge(dofs @ _SPREAD.T - _SPREAD_RAD, _SOFTNESS_RAD)
    scale = np.sqrt(np.minimum(1, _CURL_MOST_RAD / push)) / _SPREAD_SIGMA_RAD
    return -(slope * scale)[..., None] * _SPREAD, push * scale


def _over_curled(dofs: np.ndarray, pitch_rad: np.ndarray) -> Float[np.ndarray, "frame 4"]:
    return dofs @ _CURL.T - _CURL_RAD - np.maximum(pitch_rad, 0)[:, None]


def _over_bent(dofs: np.ndarray, forearm_rad: np.ndarray) -> Float[np.ndarray, "frame 2"]:
    bend = -dofs[:, YAW] - forearm_rad
    return np.stack([bend - ULNAR_RAD, -RADIAL_RAD - bend], axis=-1) + _BEND_MARGIN_RAD


def _curl_of_dofs() -> Float[np.ndarray, "4 22"]:
    curl = np.zeros((4, DOF_COUNT))
    curl[:, PITCH] = 1.0
    curl[np.arange(4), BASE_FLEX[1:]] = 1.0
    curl[np.arange(4), MIDDLE_FLEX[1:]] = 1.0 + DISTAL_COUPLING
    return curl


def _spread_of_dofs() -> tuple[Float[np.ndarray, "8 22"], Float[np.ndarray, "8"]]:
    """Index to ring finger, either way, and roll either way: what adds up, and how far it may."""
    rows, most = np.zeros((8, DOF_COUNT)), np.empty(8)
    for finger, rest in enumerate(_RESTING_SPREAD_RAD, 1):
        for row, side in ((2 * finger - 2, 1.0), (2 * finger - 1, -1.0)):
            rows[row, BASE_DEVIATION[finger]] = side
            rows[row, [BASE_FLEX[finger], MIDDLE_FLEX[finger]]] = _SPREAD_BY_BEND
            most[row] = _FREE_SPREAD_RAD + side * rest
    rows[6:, ROLL] = 1.0, -1.0
    most[6:] = _MOST_ROLL_RAD
    return rows, most


# How far each long finger's end phalanx is turned from level; at a right angle it stands upright.
_CURL = _curl_of_dofs()
_SPREAD, _SPREAD_RAD = _spread_of_dofs()
_TURNING = np.isin(np.arange(DOF_COUNT), [ROLL, *BASE_DEVIATION])
