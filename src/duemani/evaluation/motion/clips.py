"""Motions cut into the clips that PianoMotion10M and S2C are measured on: 8 s at 30 Hz."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from duemani.arrays import ON_FRAME
from duemani.errors import InputError
from duemani.motion import HandMotion
from duemani.performance import LEFT, RIGHT
from duemani.skeleton import mirror_rotations, pose_landmarks

CLIP_RATE_HZ = 30.0
CLIP_FRAMES = 240
POSE_VALUES = 48


def hand_pose(motion: HandMotion, hand: int) -> Float[np.ndarray, "frame 48"]:
    """One hand's pose as MANO has it: 16 joints' axis-angle [rad], the wrist's first.

    The left hand is mirrored to right-hand terms, for MANO's left hand is a mirrored right one
    in PianoMotion10M. Mirroring flips the signs of two thirds of the values, so FGD and Smooth
    stay what they are, and WGD all but (its principal axes' signs are chosen by largest value).
    """
    rotations = motion.rotations_rad[hand]
    if hand == LEFT:
        rotations = mirror_rotations(rotations)
    return rotations.reshape(-1, POSE_VALUES).astype(float)


def at_clip_rate(motion: HandMotion, start_sec: float, frames: int) -> HandMotion:
    """The motion at `frames` frames of 30 Hz from `start_sec` on.

    Where those fall on frames of the motion they are taken as they are. Otherwise wrists and
    axis-angle vectors are interpolated linearly, each vector towards that equivalent of the next
    (its angle ± whole turns) which lies nearest, and the result is brought back to at most half
    a turn; landmarks follow from the rotations. Published code interpolates the raw numbers,
    also across the jump at half a turn.

    Raises:
        InputError: the motion does not reach so far.
    """
    time_sec = start_sec + np.arange(frames) / CLIP_RATE_HZ
    at = (time_sec - motion.start_sec) * motion.frame_rate
    last = motion.frame_count - 1
    if not frames or at[0] < -ON_FRAME or at[-1] > last + ON_FRAME:
        raise InputError(f"the motion does not cover {frames} frames from {start_sec:.3f} s on.")
    where = motion.where(time_sec)
    sampled = replace(motion.at(time_sec), frame_rate=CLIP_RATE_HZ)
    if not where.share.any():
        return sampled
    # Not `HandMotion.at`'s even turns: the figures compare with published ones, whose code
    # interpolates the vectors' numbers.
    here = motion.rotations_rad[:, where.low]
    there = nearest_equivalent(motion.rotations_rad[:, where.high], here)
    share = where.share[:, None, None]
    rotations = shortest(here * (1 - share) + there * share)
    landmarks = pose_landmarks(sampled.wrist_m, rotations, motion.bone_lengths_m)
    return replace(sampled, rotations_rad=rotations, landmarks_m=landmarks)


def nearest_equivalent(
    rotations_rad: Float[np.ndarray, "*shape 3"], target_rad: Float[np.ndarray, "*shape 3"]
) -> Float[np.ndarray, "*shape 3"]:
    """The same rotations as the axis-angle vectors that lie nearest to others [rad]."""
    angle = np.linalg.norm(rotations_rad, axis=-1, keepdims=True)
    towards = np.linalg.norm(target_rad, axis=-1, keepdims=True)
    # No rotation has no axis: any whole turn about the target's equals it.
    none = angle < 1e-9
    axis = np.where(
        none, target_rad / np.maximum(towards, 1e-9), rotations_rad / np.maximum(angle, 1e-9)
    )
    along = (axis * target_rad).sum(-1, keepdims=True)
    return axis * (angle + 2 * np.pi * np.round((along - angle) / (2 * np.pi)))


def shortest(rotations_rad: Float[np.ndarray, "*shape 3"]) -> Float[np.ndarray, "*shape 3"]:
    """The same rotations by at most half a turn [rad]."""
    angle = np.linalg.norm(rotations_rad, axis=-1, keepdims=True)
    turned = angle - 2 * np.pi * np.round(angle / (2 * np.pi))
    return rotations_rad * np.where(angle < 1e-9, 1.0, turned / np.maximum(angle, 1e-9))


def paired_clips(
    real: HandMotion, fake: HandMotion, clip_frames: int = CLIP_FRAMES
) -> list[tuple[HandMotion, HandMotion]]:
    """Consecutive clips at 30 Hz of the time that both motions cover; the remainder is left out.

    Published figures come from one random crop a sequence instead.
    """
    start = max(real.start_sec, fake.start_sec)
    end = min(float(real.time_sec[-1]), float(fake.time_sec[-1]))
    frames = int(np.floor((end - start) * CLIP_RATE_HZ + ON_FRAME)) + 1
    if clip_frames < 1 or frames < clip_frames:
        return []
    whole = [at_clip_rate(motion, start, frames) for motion in (real, fake)]
    clips = []
    for first in range(0, frames - clip_frames + 1, clip_frames):
        begin, end = (start + frame / CLIP_RATE_HZ for frame in (first, first + clip_frames))
        one, other = (motion.between(begin, end).delayed(begin) for motion in whole)
        clips.append((one, other))
    return clips


def gesture_clips(motion: HandMotion) -> Float[np.ndarray, "clip 240 96"]:
    """Both hands' poses, right then left, in clips of 8 s [rad]; FID's input.

    Clips in which a hand is not seen throughout are left out.
    """
    clips = [clip for clip, _ in paired_clips(motion, motion)]
    seen = [clip for clip in clips if is_seen(clip, LEFT) and is_seen(clip, RIGHT)]
    poses = [np.concatenate([hand_pose(clip, RIGHT), hand_pose(clip, LEFT)], 1) for clip in seen]
    return np.array(poses).reshape(-1, CLIP_FRAMES, 2 * POSE_VALUES)


def is_seen(motion: HandMotion, hand: int) -> bool:
    """Whether a hand's wrist and rotations are known in every frame."""
    finite = np.isfinite(motion.wrist_m[hand]).all() and np.isfinite(motion.rotations_rad[hand])
    return bool(motion.tracked[hand].all() and np.all(finite))
