"""The part of the optimisation that couples frames: smoothness, and the banded solve."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.linalg import solveh_banded

from duemani.models.solver.kinematics import (
    BASE_DEVIATION,
    BASE_FLEX,
    DOF_COUNT,
    MIDDLE_FLEX,
    PITCH,
    ROLL,
    THUMB_TIP_FLEX,
    YAW,
)

HINGE_SOFTNESS_M = 0.0012
ORDER = 3  # highest derivative in the cost


def acceleration_sigmas() -> Float[np.ndarray, "22"]:
    """Acceleration of each degree of freedom that costs 1 a frame [m/s², rad/s²].

    Set so that fingertips accelerate along the keys as real ones do (MIDItest).
    """
    sigma = np.empty(DOF_COUNT)
    sigma[:3] = 4.0, 3.2, 2.4
    sigma[[YAW, PITCH, ROLL]] = 22.0, 19.0, 22.0
    sigma[BASE_FLEX], sigma[BASE_DEVIATION], sigma[MIDDLE_FLEX] = 220.0, 48.0, 220.0
    sigma[[BASE_FLEX[0], BASE_DEVIATION[0], MIDDLE_FLEX[0], THUMB_TIP_FLEX]] = (
        80.0,
        80.0,
        96.0,
        96.0,
    )
    return sigma


def smoothing_bands(
    frames: int, frame_rate: float, smoothness: float
) -> Float[np.ndarray, "4 frame 22"]:
    """Bands 0-3 of the quadratic form that penalises acceleration and jerk.

    Band k couples each degree of freedom of a frame with itself k frames later.
    """
    sigma = acceleration_sigmas()
    sigma[:6] /= smoothness
    jerk_sigma = sigma * 30.0  # a second's change of acceleration at 5 Hz
    bands = np.zeros((ORDER + 1, frames, DOF_COUNT))
    for order, cost in ((2, sigma), (3, jerk_sigma)):
        stencil = np.diff(np.eye(order + 1), n=order, axis=0)[0]
        stencil = stencil * frame_rate**order
        for offset in range(order + 1):
            for first in range(order + 1 - offset):
                value = stencil[first] * stencil[first + offset]
                # Stencil centred on frames first..; frame t takes part as entry `first`.
                begin, end = first, frames - order + first
                if end > begin:
                    bands[offset, begin:end] += value / cost**2
    return bands


def solve_step(
    bands: np.ndarray,
    hessian: np.ndarray,
    gradient: np.ndarray,
    dofs: np.ndarray,
    damping: np.ndarray,
) -> np.ndarray:
    """One damped Gauss-Newton step: (H + S + D) step = gradient - S dofs."""
    frames = len(dofs)
    width = ORDER * DOF_COUNT
    matrix = np.zeros((width + 1, frames, DOF_COUNT))
    row, column = np.tril_indices(DOF_COUNT)
    matrix[row - column, :, column] = hessian[:, row, column].T
    right = gradient - bands[0] * dofs
    matrix[0] += bands[0] + damping
    for offset in range(1, ORDER + 1):
        band = bands[offset, : frames - offset]
        matrix[offset * DOF_COUNT, : frames - offset] += band
        right[: frames - offset] -= band * dofs[offset:]
        right[offset:] -= band * dofs[: frames - offset]
    flat = solveh_banded(
        matrix.reshape(width + 1, frames * DOF_COUNT),
        right.ravel(),
        lower=True,
        overwrite_ab=True,
        overwrite_b=True,
        check_finite=False,
    )
    return flat.reshape(frames, DOF_COUNT)


def soft_hinge(
    short: np.ndarray, softness: float = HINGE_SOFTNESS_M
) -> tuple[np.ndarray, np.ndarray]:
    """max(0, short) rounded over a millimetre or so, and its slope.

    Without the rounding, Gauss-Newton steps switch the term on and off for ever.
    """
    ratio = np.clip(short / softness, -30, 30)
    return softness * np.logaddexp(0, ratio), 1 / (1 + np.exp(-ratio))
