"""What a hand avoids though its joints allow it: clawed fingers, and a wrist bent far sideways."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from duemani.models.solver.forearm import RADIAL_RAD, ULNAR_RAD
from duemani.models.solver.kinematics import (
    BASE_FLEX,
    DISTAL_COUPLING,
    DOF_COUNT,
    MIDDLE_FLEX,
    PITCH,
    YAW,
)
from duemani.models.solver.smoothness import soft_hinge

Terms = tuple[Float[np.ndarray, "frame term 22"], Float[np.ndarray, "frame term"]]

_SOFTNESS_RAD = 0.03
# An end phalanx may be turned so far past upright: farther, the nail would touch the key.
_CURL_RAD, _CURL_SIGMA_RAD = np.radians(100.0), 0.06
# The pull grows no further from here, lest it draw other fingers off their keys.
_CURL_MOST_RAD = 0.2
_BEND_MARGIN_RAD, _BEND_SIGMA_RAD = 0.09, 0.05


def uncurl(dofs: Float[np.ndarray, "frame 22"]) -> Terms:
    """Jacobian and residual that keep end phalanges from pointing back towards the palm.

    The pull of a long finger's term is Huber's. Knuckles rise by it, for the tip is held.
    """
    push, slope = soft_hinge(dofs @ _CURL.T - _CURL_RAD, _SOFTNESS_RAD)
    scale = np.sqrt(np.minimum(1, _CURL_MOST_RAD / push)) / _CURL_SIGMA_RAD
    return -(slope * scale)[..., None] * _CURL, push * scale


def unbend(dofs: Float[np.ndarray, "frame 22"], forearm_rad: Float[np.ndarray, " frame"]) -> Terms:
    """Jacobian and residual that keep the hand from turning off its forearm more than hands do."""
    bend = -dofs[:, YAW] - forearm_rad
    over = np.stack([bend - ULNAR_RAD, -RADIAL_RAD - bend], axis=-1) + _BEND_MARGIN_RAD
    push, slope = soft_hinge(over, _SOFTNESS_RAD)
    rows = np.zeros((len(dofs), 2, DOF_COUNT))
    rows[..., YAW] = slope * [1, -1] / _BEND_SIGMA_RAD
    return rows, push / _BEND_SIGMA_RAD


def _curl_of_dofs() -> Float[np.ndarray, "4 22"]:
    curl = np.zeros((4, DOF_COUNT))
    curl[:, PITCH] = 1.0
    curl[np.arange(4), BASE_FLEX[1:]] = 1.0
    curl[np.arange(4), MIDDLE_FLEX[1:]] = 1.0 + DISTAL_COUPLING
    return curl


# How far each long finger's end phalanx is turned from level; at a right angle it stands upright.
_CURL = _curl_of_dofs()
