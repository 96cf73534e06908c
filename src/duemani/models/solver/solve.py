"""Fingered notes → the motion of both hands, window by window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from threadpoolctl import threadpool_limits

from duemani.models.solver.comfort import eased
from duemani.models.solver.forearm import forearm_turn
from duemani.models.solver.kinematics import angles_of, pose
from duemani.models.solver.optimise import Problem, Weights, optimise
from duemani.models.solver.posture import keep_apart, natural_posture, plan_travel
from duemani.models.solver.schedule import Schedule, schedule_hand
from duemani.models.solver.smoothness import ORDER
from duemani.models.solver.style import Style
from duemani.models.solver.targets import strike_points, tip_targets
from duemani.motion import HandMotion
from duemani.performance import LEFT, RIGHT, Performance
from duemani.skeleton import (
    bone_lengths_for_span,
    mirror_points,
    pose_landmarks,
    rotations_from_angles,
)

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
    until_sec: float = 0.0,
) -> HandMotion:
    """Move both hands so that every fingered note is pressed at its time by its finger.

    Args:
        performance: notes with hand and finger (`assign_fingers`); notes without are left out.
        style: the simulated pianist.
        frame_rate: of the result [Hz].
        progress: called with the share done, 0-1.
        weights: of the optimisation's terms.
        until_sec: the motion lasts at least so long.

    Returns:
        Motion from time 0 until `TAIL_SEC` after the last release, or longer; a hand without
        notes rests over the keys.
    """
    style = style or Style()
    length_sec = max(performance.duration_sec + TAIL_SEC, until_sec)
    frames = max(int(np.ceil(length_sec * frame_rate)), 2)
    time_sec = np.arange(frames) / frame_rate
    bones = bone_lengths_for_span(style.hand_span_m)
    parts = [plan_hand(performance.notes, hand, time_sec, bones, style) for hand in (LEFT, RIGHT)]
    plans = keep_apart(parts[LEFT].plan, parts[RIGHT].plan, frame_rate)
    parts = [replace(part, plan=plan) for part, plan in zip(parts, plans, strict=True)]
    return move_hands(parts, time_sec, bones, style, weights or Weights(), progress)


def move_hands(
    parts: list[HandPart],
    time_sec: Float[np.ndarray, " frame"],
    bone_lengths_m: Float[np.ndarray, "20"],
    style: Style,
    weights: Weights,
    progress: Callable[[float], None] | None = None,
) -> HandMotion:
    """Carry both hands from their plans to where every finger presses its key.

    Args:
        parts: of the left (mirrored) and the right hand.
        time_sec: evenly spaced frames.
        bone_lengths_m: of either hand.
        style: the simulated pianist.
        weights: of the optimisation's terms.
        progress: called with the share done, 0-1.
    """
    frames = len(time_sec)
    # Single precision (a tenth of a micrometre) halves the memory of an hour.
    wrist = np.empty((2, frames, 3), np.float32)
    rotations = np.empty((2, frames, 16, 3), np.float32)
    landmarks = np.empty((2, frames, 21, 3), np.float32)
    # Small matrices: a second BLAS thread only waits for the first, up to ten times as long.
    with threadpool_limits(limits=1, user_api="blas"):
        for first, solved in solve_windows(parts, time_sec, bone_lengths_m, style, weights):
            span = slice(first, first + len(solved[LEFT]))
            at = np.stack([mirror_points(solved[LEFT][:, :3]), solved[RIGHT][:, :3]])
            turned = np.stack([rotations_from_angles(angles_of(solved[h]), h) for h in range(2)])
            wrist[:, span], rotations[:, span] = at, turned
            landmarks[:, span] = pose_landmarks(at, turned, np.stack([bone_lengths_m] * 2))
            if progress:
                progress(span.stop / frames)
    return HandMotion(
        frame_rate=float(1 / (time_sec[1] - time_sec[0])),
        wrist_m=wrist,
        rotations_rad=rotations,
        landmarks_m=landmarks,
        tracked=np.ones((2, frames), bool),
        bone_lengths_m=np.stack([bone_lengths_m] * 2),
    )


@dataclass(frozen=True)
class HandPart:
    """What one hand has to play and roughly where it will be; mirrored for the left hand."""

    schedule: Schedule
    points_m: Float[np.ndarray, "note 3"]
    plan: Float[np.ndarray, "frame 22"]


def plan_hand(
    notes: np.ndarray,
    hand: int,
    time_sec: Float[np.ndarray, " frame"],
    bone_lengths_m: Float[np.ndarray, "20"],
    style: Style,
) -> HandPart:
    """Schedule one hand's strikes and plan its travel through the whole piece."""
    schedule = schedule_hand(notes, hand, style)
    points = strike_points(schedule, hand, style)
    natural = natural_posture(style, bone_lengths_m)
    plan = plan_travel(schedule, points, natural, bone_lengths_m, time_sec, style, hand)
    return HandPart(schedule, points, plan)


def solve_windows(
    parts: list[HandPart],
    time_sec: Float[np.ndarray, " frame"],
    bone_lengths_m: Float[np.ndarray, "20"],
    style: Style,
    weights: Weights,
) -> Iterator[tuple[int, list[Float[np.ndarray, "window 22"]]]]:
    """Degrees of freedom of both hands, window after window: (first frame, one array a hand).

    Windows overlap: each is solved a little past its end, and the next one starts where it
    ended. The left hand goes first; the right one keeps off it.
    """
    rate = 1 / (time_sec[1] - time_sec[0])
    window, overlap = int(_WINDOW_SEC * rate), int(_OVERLAP_SEC * rate)
    turns = [
        forearm_turn(part.plan[:, 0] * (-1 if hand == LEFT else 1), hand)
        for hand, part in enumerate(parts)
    ]
    parts = [
        replace(part, plan=eased(part.plan, turn)) for part, turn in zip(parts, turns, strict=True)
    ]
    before: list[np.ndarray] = [part.plan[:0] for part in parts]
    for first in range(0, len(time_sec), window):
        fixed = ORDER if first else 0
        span = slice(first - fixed, min(first + window + overlap, len(time_sec)))
        obstacles = None
        kept: list[np.ndarray] = []
        for hand, part in enumerate(parts):
            schedule, points = _within(part, time_sec[span])
            start = part.plan[span].copy()
            start[: len(before[hand])] = before[hand]
            problem = Problem(
                targets=tip_targets(schedule, points, time_sec[span], style),
                posture=part.plan[span],
                bone_lengths_m=bone_lengths_m,
                frame_rate=rate,
                smoothness=style.smoothness,
                fixed=fixed,
                obstacles_m=obstacles,
                forearm_rad=turns[hand][span],
            )
            # Where nothing is played the plan needs no more than a smooth beginning.
            effort = weights if len(schedule) else replace(weights, iterations=2)
            solved = optimise(problem, start, effort)
            obstacles = _obstacles(solved, bone_lengths_m)
            kept.append(solved[fixed : fixed + window])
            before[hand] = solved[fixed + window - ORDER :]
        yield first, kept


def _obstacles(
    dofs: Float[np.ndarray, "frame 22"], bone_lengths_m: Float[np.ndarray, "20"]
) -> Float[np.ndarray, "frame 17 3"]:
    """Points of a solved left hand's end phalanges, and of its thumb, in the right hand's terms."""
    posed = pose(dofs, bone_lengths_m)
    end = (posed.tips_m + posed.distal_m) / 2
    thumb = posed.middle_m[:, :1]
    thumb_middle = (posed.distal_m[:, :1] + thumb) / 2
    points = [posed.tips_m, end, posed.distal_m, thumb_middle, thumb]
    return mirror_points(np.concatenate(points, axis=1))


def _within(
    part: HandPart, time_sec: np.ndarray, margin_sec: float = 1.0
) -> tuple[Schedule, np.ndarray]:
    """The strikes that matter to a window: held or struck in it or shortly around it."""
    schedule = part.schedule
    near = (schedule.onset_sec < time_sec[-1] + margin_sec) & (
        schedule.release_sec > time_sec[0] - margin_sec
    )
    return schedule.chosen(near), part.points_m[near]
