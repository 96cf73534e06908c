"""Fingered notes → the motion of both hands, window by window."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from jaxtyping import Float

from duemani.models.solver.kinematics import angles_of
from duemani.models.solver.optimise import ORDER, Problem, Weights, optimise
from duemani.models.solver.posture import natural_posture, plan_travel
from duemani.models.solver.schedule import Schedule, schedule_hand
from duemani.models.solver.style import Style
from duemani.models.solver.targets import strike_points, tip_targets
from duemani.motion import HandMotion
from duemani.performance import Performance
from duemani.skeleton import bone_lengths_for_span, mirror_points, pose_landmarks, rotations_from_angles

FRAME_RATE = 60.0
TAIL_SEC = 1.5
_WINDOW_SEC = 12.0
_OVERLAP_SEC = 1.5


def solve_motion(
    performance: Performance,
    style: Style | None = None,
    frame_rate: float = FRAME_RATE,
    progress: Callable[[float], None] | None = None,
    weights: Weights | None = None,
) -> HandMotion:
    """Move both hands so that every fingered note is pressed at its time by its finger.

    Args:
        performance: notes with hand and finger (`assign_fingers`); notes without are left out.
        style: the simulated pianist.
        frame_rate: of the result [Hz].
        progress: called with the share done, 0-1.
        weights: of the optimisation's terms.

    Returns:
        Motion from time 0 until `TAIL_SEC` after the last release; a hand without notes rests
        over the keys.
    """
    style = style or Style()
    frames = max(int(np.ceil((performance.duration_sec + TAIL_SEC) * frame_rate)), 2)
    time_sec = np.arange(frames) / frame_rate
    bones = bone_lengths_for_span(style.hand_span_m)
    done = [0.0, 0.0]

    def report(hand: int, share: float) -> None:
        done[hand] = share
        if progress:
            progress(sum(done) / 2)

    def one_hand(hand: int) -> np.ndarray:
        return solve_hand(
            performance.notes, hand, time_sec, bones, style, weights or Weights(),
            lambda share: report(hand, share),
        )  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        dofs = list(pool.map(one_hand, (0, 1)))
    wrist = np.stack([mirror_points(dofs[0][:, :3]), dofs[1][:, :3]])
    rotations = np.stack([rotations_from_angles(angles_of(dofs[h]), h) for h in range(2)])
    bones = np.stack([bones, bones])
    return HandMotion(
        frame_rate=frame_rate,
        wrist_m=wrist,
        rotations_rad=rotations,
        landmarks_m=pose_landmarks(wrist, rotations, bones),
        tracked=np.ones((2, frames), bool),
        bone_lengths_m=bones,
    )


def solve_hand(
    notes: np.ndarray,
    hand: int,
    time_sec: Float[np.ndarray, " frame"],
    bone_lengths_m: Float[np.ndarray, "20"],
    style: Style,
    weights: Weights,
    report: Callable[[float], None],
) -> Float[np.ndarray, "frame 22"]:
    """Degrees of freedom of one hand, the left one mirrored to a right hand."""
    natural = natural_posture(style, bone_lengths_m)
    schedule = schedule_hand(notes, hand, style)
    points = strike_points(schedule, hand, style)
    rate = 1 / (time_sec[1] - time_sec[0])
    window, overlap = int(_WINDOW_SEC * rate), int(_OVERLAP_SEC * rate)
    result = np.empty((len(time_sec), len(natural)))
    for first in range(0, len(time_sec), window):
        fixed = ORDER if first else 0
        last = min(first + window + overlap, len(time_sec))
        span = slice(first - fixed, last)
        part, at = _within(schedule, points, time_sec[span])
        plan = plan_travel(part, at, natural, bone_lengths_m, time_sec[span], style, hand)
        if fixed:
            plan[:fixed] = result[first - fixed : first]
        problem = Problem(
            targets=tip_targets(part, at, time_sec[span], style),
            posture=plan,
            bone_lengths_m=bone_lengths_m,
            frame_rate=rate,
            smoothness=style.smoothness,
            fixed=fixed,
        )
        result[first:last] = optimise(problem, plan, weights)[fixed:]
        report(min((first + window) / len(time_sec), 1.0))
    return result


def _within(
    schedule: Schedule, points_m: np.ndarray, time_sec: np.ndarray, margin_sec: float = 4.0
) -> tuple[Schedule, np.ndarray]:
    """The strikes that matter to a window: held or struck in it or shortly around it."""
    near = (schedule.onset_sec < time_sec[-1] + margin_sec) & (
        schedule.release_sec > time_sec[0] - margin_sec
    )
    if not near.any() and len(schedule):
        nearest = np.abs(schedule.onset_sec - time_sec[0]).argmin()
        near[nearest] = True
    return schedule.chosen(near), points_m[near]
