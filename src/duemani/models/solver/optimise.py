"""Trajectory optimisation of one hand: Gauss-Newton over all frames of a window at once.

The cost is a sum of squares: fingertips on their targets, joints near a natural posture and
inside their limits, idle fingertips above the keys, neighbouring fingers apart, and small
accelerations and jerks of every degree of freedom. Frames couple only through the last terms, so
each step is one banded Cholesky solve, linear in the window's length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from duemani.keyboard import BLACK_FRONT_M, BLACK_HEIGHT_M
from duemani.models.solver.comfort import unbend, uncurl, unspread
from duemani.models.solver.kinematics import (
    BASE_DEVIATION,
    BASE_FLEX,
    DOF_COUNT,
    DOF_LIMITS,
    MIDDLE_FLEX,
    PITCH,
    ROLL,
    THUMB_TIP_FLEX,
    YAW,
    Pose,
    pose,
)
from duemani.models.solver.smoothness import smoothing_bands, soft_hinge, solve_step
from duemani.models.solver.targets import TipTargets

_FRONT_MARGIN_M = 0.004
_FRONT_SIGMA_M, _EDGE_MARGIN_M = 0.0006, 0.003
_FIRMLY = 1.25
_FLOOR_ITERATIONS = (1, 2, 4)
_MAX_STEP = 0.4
_DONE_STEP = 0.002
_FIRST_DAMPING = 0.1
_DAMPING_SCALE = np.array([1e4] * 3 + [100.0] * (DOF_COUNT - 3))


@dataclass(frozen=True)
class Weights:
    """What a unit of each term costs. Sigmas: a deviation of that size costs 1 a frame.

    `posture_share` scales how far joints stray from the posture. With `follow`, the posture is a
    motion to be kept: what costs is the acceleration of the departure from it, not its own.
    """

    iterations: int = 16
    clearance_m: float = 0.005
    clearance_sigma_m: float = 0.0009
    spacing_m: float = 0.0156
    spacing_sigma_m: float = 0.0008
    hand_gap_m: float = 0.0165
    hand_gap_sigma_m: float = 0.0015
    limit_sigma_rad: float = 0.01
    limit_margin_rad: float = 0.01
    posture_share: float = 1.0
    follow: bool = False


def posture_sigmas() -> Float[np.ndarray, "22"]:
    """How far each degree of freedom strays from the natural posture at a cost of 1."""
    sigma = np.empty(DOF_COUNT)
    sigma[:3] = 0.05, 0.03, 0.008
    sigma[[YAW, PITCH, ROLL]] = 0.12, 0.08, 0.10
    sigma[BASE_FLEX], sigma[BASE_DEVIATION], sigma[MIDDLE_FLEX] = 0.25, 0.10, 0.22
    sigma[[BASE_FLEX[0], BASE_DEVIATION[0], MIDDLE_FLEX[0], THUMB_TIP_FLEX]] = (
        0.20,
        0.20,
        0.22,
        0.25,
    )
    return sigma


@dataclass(frozen=True)
class Problem:
    """One hand's window.

    `fixed` leading frames are kept as they are in the initial guess; `obstacles_m` are points of
    the other hand to keep the fingertips off; `forearm_rad` is how far the forearm points outwards.
    """

    targets: TipTargets
    posture: Float[np.ndarray, "frame 22"]
    bone_lengths_m: Float[np.ndarray, "20"]
    frame_rate: float
    smoothness: float
    fixed: int = 0
    obstacles_m: Float[np.ndarray, "frame obstacle 3"] | None = None
    forearm_rad: Float[np.ndarray, " frame"] | None = None


def optimise(
    problem: Problem, start: Float[np.ndarray, "frame 22"], weights: Weights | None = None
) -> Float[np.ndarray, "frame 22"]:
    """Improve `start` by Gauss-Newton steps and return the trajectory, inside all joint limits."""
    weights = weights or Weights()
    dofs = np.clip(start, *DOF_LIMITS.T)
    bands = smoothing_bands(len(dofs), problem.frame_rate, problem.smoothness)
    floor = np.zeros((len(dofs), 5))
    damping = np.full(len(dofs), _FIRST_DAMPING)
    last_cost = np.full(len(dofs), np.inf)
    for iteration in range(weights.iterations):
        posed = pose(dofs, problem.bone_lengths_m)
        if iteration in _FLOOR_ITERATIONS:  # then kept, so that the steps converge
            floor = idle_floor(posed.tips_m[..., 1], problem.frame_rate)
            last_cost[:] = np.inf
        hessian, gradient, cost = _frame_terms(problem, weights, dofs, posed, floor)
        # Levenberg-Marquardt, frame by frame: tread carefully where the cost has risen.
        cost = uniform_filter1d(cost, int(0.25 * problem.frame_rate) | 1, mode="nearest")
        worse = cost > 1.02 * last_cost + 0.01
        damping = np.clip(np.where(worse, 6 * damping, 0.3 * damping), 1e-3, 1e4)
        last_cost = cost
        bending = dofs - problem.posture if weights.follow else dofs
        step = solve_step(bands, hessian, gradient, bending, damping[:, None] * _DAMPING_SCALE)
        step[: problem.fixed] = 0
        dofs = np.clip(dofs + np.clip(step, -_MAX_STEP, _MAX_STEP), *DOF_LIMITS.T)
        if iteration > max(_FLOOR_ITERATIONS) and np.abs(step).max() < _DONE_STEP:
            break
    return dofs


def idle_floor(
    y_m: Float[np.ndarray, "frame 5"], frame_rate: float
) -> Float[np.ndarray, "frame 5"]:
    """Height that idle tips must clear [m]: the black keys' tops where a tip is among them.

    Also between two black keys: an idle finger does not dip there. It rises before it goes in.
    """
    inside = (y_m > BLACK_FRONT_M - _FRONT_MARGIN_M).astype(float)
    early = maximum_filter1d(inside, max(int(0.20 * frame_rate) | 1, 3), axis=0, mode="nearest")
    return BLACK_HEIGHT_M * uniform_filter1d(
        early, max(int(0.12 * frame_rate) | 1, 3), axis=0, mode="nearest"
    )


def _frame_terms(
    problem: Problem,
    weights: Weights,
    dofs: np.ndarray,
    posed: Pose,
    floor: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gauss-Newton matrices (frame, 22, 22), gradients (frame, 22) and costs of the frames."""
    targets, tips = problem.targets, posed.tips_m
    scale = targets.weight.copy()
    # Firmer than the targets ask for, against what the comfort of other joints asks for.
    scale[..., 0] *= np.where(targets.pressing, _FIRMLY, 1.0)
    error = (targets.position_m - tips) * scale
    idle = ~targets.pressing
    clearance = np.where(targets.weight[..., 2] > 0, 0.0008, weights.clearance_m)

    # Idle tips stay above the keys, and in front of the black ones unless they are above those.
    error[..., 2], scale[..., 2] = _join(
        error[..., 2],
        scale[..., 2],
        floor + clearance - tips[..., 2],
        idle / weights.clearance_sigma_m,
    )
    front = BLACK_FRONT_M - _FRONT_MARGIN_M * 0.75
    low = targets.in_front | (idle & (floor < 0.98 * BLACK_HEIGHT_M))
    error[..., 1], scale[..., 1] = _join(
        error[..., 1], scale[..., 1], tips[..., 1] - front, low / _FRONT_SIGMA_M, sign=-1
    )
    # Pressing tips stay on their keys: behind the front edge, of a black key's too.
    edge = np.where(targets.position_m[..., 1] > BLACK_FRONT_M, BLACK_FRONT_M, 0.0) + _EDGE_MARGIN_M
    error[..., 1], scale[..., 1] = _join(
        error[..., 1], scale[..., 1], edge - tips[..., 1], targets.pressing / _FRONT_SIGMA_M
    )
    jacobian = (posed.jacobian * scale[..., None]).reshape(len(dofs), 15, DOF_COUNT)
    residual = error.reshape(len(dofs), 15)

    # Neighbouring long fingers keep a finger's width apart.
    gap = tips[:, 2:, 0] - tips[:, 1:4, 0]
    push, slope = soft_hinge(weights.spacing_m - gap)
    by_gap = (posed.jacobian[:, 2:, 0] - posed.jacobian[:, 1:4, 0]) * slope[..., None]
    jacobian = np.concatenate([jacobian, by_gap / weights.spacing_sigma_m], axis=1)
    residual = np.concatenate([residual, push / weights.spacing_sigma_m], axis=1)

    if problem.obstacles_m is not None:
        # The rest of an end phalanx moves nearly as its tip does.
        for points in (tips, (tips + posed.distal_m) / 2, posed.distal_m):
            if _far_apart(points, problem.obstacles_m):
                break
            away, push = _dodge(points, problem.obstacles_m, weights)
            by_dodge = np.einsum("tfi,tfid->tfd", away, posed.jacobian)
            jacobian = np.concatenate([jacobian, by_dodge], axis=1)
            residual = np.concatenate([residual, push], axis=1)

    comfort = [uncurl(dofs, problem.posture[:, PITCH]), unspread(dofs)]
    if problem.forearm_rad is not None:
        comfort.append(unbend(dofs, problem.forearm_rad))
    jacobian = np.concatenate([jacobian, *(rows for rows, _ in comfort)], axis=1)
    residual = np.concatenate([residual, *(push for _, push in comfort)], axis=1)

    hessian = np.matmul(jacobian.swapaxes(1, 2), jacobian)
    gradient = np.einsum("trd,tr->td", jacobian, residual)

    stiffness = 1 / (weights.posture_share * posture_sigmas()) ** 2
    low, high = (DOF_LIMITS + np.array([1, -1]) * weights.limit_margin_rad).T
    beyond = np.where(dofs < low, low - dofs, np.where(dofs > high, high - dofs, 0.0))
    wall = np.where(beyond != 0, 1 / weights.limit_sigma_rad**2, 0.0)
    diagonal = stiffness + wall
    index = np.arange(DOF_COUNT)
    hessian[:, index, index] += diagonal
    gradient += stiffness * (problem.posture - dofs) + wall * beyond
    if problem.fixed:
        hessian[: problem.fixed, index, index] += 1e12
        gradient[: problem.fixed] = 0
    prior = stiffness * (problem.posture - dofs) ** 2 + wall * beyond**2
    return hessian, gradient, np.sum(residual**2, 1) + np.sum(prior, 1)


def _join(
    error: np.ndarray, scale: np.ndarray, short: np.ndarray, stiffness: np.ndarray, sign: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Merge a one-sided term, `short` of its bound where positive, into a weighted residual.

    `sign` is the direction in which the coordinate must move to mend it.
    """
    push, slope = soft_hinge(short)
    push, slope = push * stiffness, slope * stiffness
    total = np.hypot(scale, slope)
    return (scale * error + sign * slope * push) / np.maximum(total, 1e-9), total


def _dodge(
    points_m: np.ndarray, obstacles_m: np.ndarray, weights: Weights
) -> tuple[np.ndarray, np.ndarray]:
    """Push points away from the nearest one of the other hand: direction and residual."""
    between = points_m[:, :, None] - obstacles_m[:, None]
    distance = np.linalg.norm(between, axis=-1)
    nearest = distance.argmin(-1)[..., None]
    near = np.take_along_axis(distance, nearest, -1)
    away = np.take_along_axis(between, nearest[..., None], 2)[:, :, 0] / np.maximum(near, 1e-6)
    push, slope = soft_hinge(weights.hand_gap_m - near)
    return away * slope / weights.hand_gap_sigma_m, push[..., 0] / weights.hand_gap_sigma_m


def _far_apart(points_m: np.ndarray, obstacles_m: np.ndarray) -> bool:
    """Whether the hands are farther than fingers ever touch, all through the window."""
    gap = points_m[..., 0].min(1) - obstacles_m[..., 0].max(1)
    return bool(gap.min() > 0.05)
