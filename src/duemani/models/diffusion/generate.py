"""Performance → `HandMotion` by the diffusion model: sampled, then brought onto the keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from duemani.models.diffusion.conditions.hand_frame import (
    from_hand,
    hand_rotations,
    shift_of_mirrored_m,
)
from duemani.models.diffusion.conditions.pianist import Pianist
from duemani.models.diffusion.config import FRAME_RATE, DiffusionOptions
from duemani.models.diffusion.guidance import dofs_of
from duemani.models.diffusion.networks import MotionNetworks
from duemani.models.diffusion.windows import generate_poses
from duemani.models.solver.optimise import Weights
from duemani.models.solver.posture import keep_apart
from duemani.models.solver.solve import TAIL_SEC, HandPart, move_hands
from duemani.motion import HandMotion
from duemani.skeleton import pose_landmarks

PROJECTION = Weights(iterations=6, posture_share=0.4, follow=True)
"""The last step: as little movement of the joints as brings every finger onto its key."""
# Drawn joints tremble a little; smoothed so, fingertips accelerate as real ones do (MIDItest).
_CALM_SEC = 0.05
_SAMPLING_SHARE = 0.6


def diffuse_motion(
    networks: MotionNetworks,
    pianist: Pianist,
    frame_rate: float = 60.0,
    until_sec: float = 0.0,
    options: DiffusionOptions | None = None,
    progress: Callable[[float], None] | None = None,
) -> HandMotion:
    """Move both hands.

    Args:
        networks: the trained model.
        pianist: who plays what (`pianist.make_pianist`).
        frame_rate: of the result [Hz].
        until_sec: the motion lasts at least so long.
        options: how poses are drawn, and whether they are brought onto the keys. Without fingers
            there is nothing to bring them to.
        progress: called with the share done, 0-1.
    """
    options = options or DiffusionOptions()
    length_sec = max(pianist.performance.duration_sec + TAIL_SEC, until_sec)
    frames = max(int(np.ceil(length_sec * frame_rate)), 2)
    time_sec = np.arange(frames) / frame_rate
    drawn = int(np.ceil(time_sec[-1] * FRAME_RATE)) + 2
    angles = np.empty((2, drawn, 16, 3), np.float32)
    wrist = np.empty((2, drawn, 3), np.float32)
    for poses in generate_poses(networks, pianist, drawn, options):
        span = slice(poses.first, poses.first + poses.wrist_m.shape[1])
        angles[:, span], wrist[:, span] = poses.angles_rad, poses.wrist_m
        if progress:
            progress(_SAMPLING_SHARE * span.stop / drawn)
    drawn_sec = np.arange(drawn) / FRAME_RATE
    bones = pianist.bone_lengths_m
    if options.raw or not pianist.given[1]:
        return _as_drawn(angles, wrist, drawn_sec, time_sec, bones)
    plans = []
    for hand in range(2):
        dofs = _resampled(dofs_of(angles[hand], wrist[hand]), drawn_sec, time_sec)
        dofs = gaussian_filter1d(dofs, _CALM_SEC * frame_rate, axis=0, mode="nearest")
        dofs[:, 0] -= shift_of_mirrored_m(hand)
        plans.append(dofs)
    plans = list(keep_apart(plans[0], plans[1], frame_rate))
    parts = [
        HandPart(targets.schedule, targets.points_m, plan)
        for targets, plan in zip(pianist.targets, plans, strict=True)
    ]

    def report(share: float) -> None:
        if progress:
            progress(_SAMPLING_SHARE + (1 - _SAMPLING_SHARE) * share)

    motion = move_hands(parts, time_sec, bones, pianist.body, PROJECTION, report)
    return replace(motion, frame_rate=frame_rate)


def _as_drawn(
    angles: np.ndarray,
    wrist: np.ndarray,
    drawn_sec: np.ndarray,
    time_sec: np.ndarray,
    bones: np.ndarray,
) -> HandMotion:
    angles = np.stack([_resampled(a.reshape(-1, 48), drawn_sec, time_sec) for a in angles])
    placed = [from_hand(_resampled(wrist[h], drawn_sec, time_sec), h) for h in range(2)]
    wrist_m = np.stack(placed)
    rotations = hand_rotations(angles.reshape(2, -1, 16, 3))
    both = np.stack([bones, bones])
    return HandMotion(
        frame_rate=float(1 / (time_sec[1] - time_sec[0])),
        wrist_m=wrist_m.astype(np.float32),
        rotations_rad=rotations.astype(np.float32),
        landmarks_m=pose_landmarks(wrist_m, rotations, both).astype(np.float32),
        tracked=np.ones((2, len(time_sec)), bool),
        bone_lengths_m=both,
    )


def _resampled(
    values: Float[np.ndarray, "frame value"], from_sec: np.ndarray, to_sec: np.ndarray
) -> Float[np.ndarray, "new_frame value"]:
    # Not `HandMotion.at`: a motion drawn at 30 Hz would jerk at every frame of its straight lines.
    if len(from_sec) >= len(to_sec) and np.allclose(from_sec[: len(to_sec)], to_sec):
        return values[: len(to_sec)].astype(float)
    return np.asarray(CubicSpline(from_sec, values)(to_sec))
