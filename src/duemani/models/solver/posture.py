"""The natural posture of a hand, and the first plan of its travel over the keys."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.linalg import solveh_banded
from scipy.ndimage import label, maximum_filter1d, uniform_filter1d

from duemani.keyboard import KEYBOARD_WIDTH_M
from duemani.models.solver.kinematics import (
    BASE_DEVIATION,
    BASE_FLEX,
    DOF_COUNT,
    DOF_LIMITS,
    MIDDLE_FLEX,
    PITCH,
    THUMB_TIP_FLEX,
    YAW,
    pose,
)
from duemani.models.solver.schedule import Schedule
from duemani.models.solver.style import Style
from duemani.performance import LEFT
from duemani.skeleton import MEDIUM_BONE_LENGTHS_M

# Five fingers resting on five neighbouring white keys, from the middle finger's pad [m]; y from
# real hands (MIDItest medians).
_FIVE_KEYS_M = np.array(
    [[-0.047, -0.038, 0], [-0.0235, -0.003, 0], [0, 0, 0], [0.0235, -0.006, 0], [0.047, -0.024, 0]]
)
# The player sits at the keyboard's middle; elbows stay beside the body [m], so that forearms, and
# with them hands, turn outwards at the ends of the keyboard and inwards across the middle.
_PLAYER_X_M = KEYBOARD_WIDTH_M / 2
_ELBOW_ASIDE_M = 0.24
_YAW_PER_M = 0.75
_MAX_YAW = 0.45
_TRAVEL_SIGMA_M = 0.018
_WAIT_SEC, _WAITING_PULL = 1.5, 0.2
# Hands whose wrists come nearer than this [m] begin to play over each other.
_MEETING_M, _MEETING_RAMP_M = 0.150, 0.070
_OVER_M, _UNDER_M = (0.020, 0.030), (-0.008, -0.014)  # deeper, higher
_OVER_PITCH = 0.25
_LEAP_LIFT_SEC, _MAX_LEAP_LIFT_M = 0.035, 0.045


def natural_posture(
    style: Style, bone_lengths_m: Float[np.ndarray, "20"]
) -> Float[np.ndarray, "22"]:
    """Degrees of freedom of a relaxed hand with its pads in a row, level, at z = 0.

    The wrist's position is relative to the middle finger's pad.
    """
    dofs = np.zeros(DOF_COUNT)
    curl = 0.35 + 0.75 * style.finger_curl
    dofs[BASE_FLEX[1:]], dofs[MIDDLE_FLEX[1:]] = 0.45, curl
    dofs[PITCH] = 0.0
    dofs[[BASE_FLEX[0], MIDDLE_FLEX[0], THUMB_TIP_FLEX]] = 0.1, 0.1, 0.2
    first_guess = dofs.copy()
    scale = float(np.sum(bone_lengths_m) / np.sum(MEDIUM_BONE_LENGTHS_M))
    tight = np.full(DOF_COUNT, 1 / 0.35**2)
    tight[:3] = 1e-6
    tight[[YAW, PITCH]] = 1 / 0.06**2
    tight[MIDDLE_FLEX[1:]] = 1 / 0.12**2
    tight[BASE_DEVIATION] = 1 / 0.15**2
    spread = _FIVE_KEYS_M * np.array([1, 1.1 - 0.5 * style.finger_curl, 1])
    for _ in range(60):
        posed = pose(dofs[None], bone_lengths_m)
        error = np.append((spread - posed.tips_m[0]).ravel() / 0.003, 0)
        jacobian = np.vstack(
            [posed.jacobian[0].reshape(15, DOF_COUNT) / 0.003, np.zeros(DOF_COUNT)]
        )
        error[15] = (style.wrist_height_m * scale - dofs[2]) / 0.001
        jacobian[15, 2] = 1 / 0.001
        hessian = jacobian.T @ jacobian + np.diag(tight)
        step = np.linalg.solve(hessian, jacobian.T @ error + tight * (first_guess - dofs))
        dofs = np.clip(dofs + np.clip(step, -0.3, 0.3), *DOF_LIMITS.T)
    return dofs


def plan_travel(
    schedule: Schedule,
    points_m: Float[np.ndarray, "note 3"],
    natural: Float[np.ndarray, "22"],
    bone_lengths_m: Float[np.ndarray, "20"],
    time_sec: Float[np.ndarray, " frame"],
    style: Style,
    hand: int,
) -> Float[np.ndarray, "frame 22"]:
    """A first trajectory: the natural posture, carried smoothly to where the notes are.

    Each strike pulls the wrist to where that finger would lie on its key; a penalty on jerk makes
    the pulls one smooth path, so the hand sets out before it is needed.
    """
    tips = pose(natural[None], bone_lengths_m).tips_m[0]
    wanted = points_m[:, :2] - (tips[schedule.finger, :2] - natural[:2])
    frames = len(time_sec)
    rate = 1 / (time_sec[1] - time_sec[0]) if frames > 1 else 60.0
    pull = np.full(frames, 1e-4)
    pulled = np.zeros((frames, 2))
    onset, release = schedule.onset_sec, schedule.release_sec
    # A hand that is free goes to its next keys at once and waits there, as real hands do.
    free = np.concatenate([[-np.inf], np.maximum.accumulate(release)[:-1]]) + 0.05
    pulls = (
        (np.clip(free, onset - _WAIT_SEC, onset - 0.02), onset - 0.02, _WAITING_PULL),
        (onset - 0.02, np.minimum(release, onset + 0.3), 1.0),
    )
    for begin, end, strength in pulls:
        start, stop = np.searchsorted(time_sec, begin), np.searchsorted(time_sec, end)
        at_least = 1 if strength == 1.0 else 0
        for first, last, at in zip(start, np.maximum(stop, start + at_least), wanted, strict=True):
            pull[first:last] += strength
            pulled[first:last] += strength * at
    elbow_x = _ELBOW_ASIDE_M + (-_PLAYER_X_M if hand == LEFT else _PLAYER_X_M)
    middle = np.array([elbow_x - 0.08, 0.055 + natural[1]])
    pulled += 1e-4 * _carried(wanted, schedule.onset_sec, time_sec, middle)
    stiffness = (_TRAVEL_SIGMA_M / (8.0 / style.smoothness) * rate**2) ** 2
    path = _smooth(pull, pulled, stiffness)
    dofs = np.repeat(natural[None], frames, axis=0)
    dofs[:, :2] = path
    # Hands rise in a leap.
    speed = np.abs(np.gradient(path[:, 0], 1 / rate)) if frames > 1 else np.zeros(frames)
    dofs[:, 2] += np.minimum(_LEAP_LIFT_SEC * speed, _MAX_LEAP_LIFT_M)
    dofs[:, YAW] += np.clip(-_YAW_PER_M * (path[:, 0] - elbow_x + 0.10), -_MAX_YAW, _MAX_YAW)
    return dofs


def keep_apart(
    left: Float[np.ndarray, "frame 22"], right: Float[np.ndarray, "frame 22"], frame_rate: float
) -> tuple[Float[np.ndarray, "frame 22"], Float[np.ndarray, "frame 22"]]:
    """Where the hands meet or cross, let one play over the other.

    The upper hand goes higher and deeper into the keys, the lower one flatter and nearer the
    edge. In each encounter the upper hand is the one that reaches deeper anyway (it plays more
    black keys), so the choice holds as long as the hands overlap.
    """
    gap = right[:, 0] + left[:, 0]  # the left hand is mirrored
    overlap = np.clip((_MEETING_M - gap) / _MEETING_RAMP_M, 0, 1)
    if not overlap.any():
        return left, right
    size = int(0.5 * frame_rate) | 1
    overlap = uniform_filter1d(
        maximum_filter1d(overlap, size, mode="nearest"), size, mode="nearest"
    )
    encounter, count = label(overlap > 0)
    depth = right[:, 1] - left[:, 1]
    right_over = np.zeros(len(gap))
    for number in range(1, count + 1):
        frames = encounter == number
        right_over[frames] = 1.0 if depth[frames].mean() >= 0 else -1.0
    result = []
    for plan, over in ((left, -right_over), (right, right_over)):
        moved = plan.copy()
        moved[:, 1] += overlap * np.where(over > 0, _OVER_M[0], _UNDER_M[0])
        moved[:, 2] += overlap * np.where(over > 0, _OVER_M[1], _UNDER_M[1])
        moved[:, PITCH] += overlap * np.where(over > 0, _OVER_PITCH, 0.0)
        result.append(moved)
    return result[0], result[1]


def _carried(
    wanted: np.ndarray, onset_sec: np.ndarray, time_sec: np.ndarray, middle: np.ndarray
) -> np.ndarray:
    """Where a hand without notes waits: over its last strike, then over its next."""
    if not len(wanted):
        return np.broadcast_to(middle, (len(time_sec), 2))
    order = np.argsort(onset_sec, kind="stable")
    return np.stack(
        [np.interp(time_sec, onset_sec[order], wanted[order, axis]) for axis in range(2)], axis=-1
    )


def _smooth(pull: np.ndarray, pulled: np.ndarray, stiffness: float) -> np.ndarray:
    """Minimise Σ pull·(x - pulled/pull)² + stiffness·Σ(second difference)²."""
    frames = len(pull)
    if frames < 3:
        return pulled / pull[:, None]
    matrix = np.zeros((3, frames))
    for offset, stencil in enumerate(([1, 4, 1], [-2, -2], [1])):
        for first, value in enumerate(stencil):
            matrix[offset, first : frames - 2 + first] += value * stiffness
    matrix[0] += pull
    return solveh_banded(matrix, pulled, lower=True)
