"""What pages of duemani share: motion packed small, the keyboard, the hand at rest."""

from __future__ import annotations

import zlib

import numpy as np
from scipy.spatial.transform import Rotation

from duemani import keyboard, skeleton
from duemani.motion import HandMotion
from duemani.outputs import keys_down
from duemani.performance import LOWEST_PITCH

FULL_RATE_HZ = 60.0
LONG_RATE_HZ = 30.0
LONG_SEC = 600.0
WRIST_QUANTUM_M = 4e-5
ROTATION_QUANTUM_RAD = 1e-4
_INT16_MAX = 32767
_WRIST_ORIGIN_M = np.array([keyboard.KEYBOARD_WIDTH_M / 2, 0.0, 0.0])


def keyboard_data() -> dict[str, object]:
    """Sizes of the keyboard, one entry a key [m]."""
    return {
        "lowest_pitch": LOWEST_PITCH,
        "centre_x_m": keyboard.CENTRE_X_M.round(6).tolist(),
        "is_black": keyboard.IS_BLACK.tolist(),
        "rest_top_m": keyboard.REST_TOP_M.tolist(),
        "travel_m": keyboard.TRAVEL_M.tolist(),
        "width_m": keyboard.KEYBOARD_WIDTH_M,
        "white_pitch_m": keyboard.WHITE_PITCH_M,
        "white_length_m": keyboard.WHITE_LENGTH_M,
        "black_top_width_m": keyboard.BLACK_TOP_WIDTH_M,
        "black_base_width_m": keyboard.BLACK_BASE_WIDTH_M,
        "black_front_m": keyboard.BLACK_FRONT_M,
        "black_back_m": keyboard.BLACK_BACK_M,
        "pivot_y_m": keys_down.PIVOT_Y_M,
        "near_m": keys_down.NEAR_M,
        "most_at_front": keys_down.MOST_AT_FRONT,
    }


def skeleton_data() -> dict[str, object]:
    """The right hand at rest; the left is its mirror image."""
    return {
        "bone_directions": skeleton.BONE_DIRECTIONS.round(7).tolist(),
        "medium_bone_lengths_m": skeleton.MEDIUM_BONE_LENGTHS_M.round(7).tolist(),
        "finger_joints": skeleton.FINGER_JOINTS.tolist(),
        "joint_landmarks": skeleton.JOINT_LANDMARKS.tolist(),
        "joint_frames": skeleton.JOINT_FRAMES.round(7).tolist(),
    }


def motion_data(motion: HandMotion) -> dict[str, object]:
    """How the bytes of `packed_motion` are to be read."""
    return {
        "frame_rate": motion.frame_rate,
        "start_sec": motion.start_sec,
        "frames": motion.frame_count,
        "wrist_origin_m": _WRIST_ORIGIN_M.tolist(),
        "wrist_quantum_m": WRIST_QUANTUM_M,
        "rotation_quantum_rad": ROTATION_QUANTUM_RAD,
        "filmed": motion.confidence is not None,
        "bone_lengths_m": np.nan_to_num(motion.bone_lengths_m).round(7).tolist(),
    }


def packed_motion(motion: HandMotion) -> bytes:
    """Motion as the page reads it: 16-bit steps, differences along time, deflated.

    One series a channel; per hand: tracked (0 or 1), wrist x, y, z, then 16 joints' axis-angle.
    """
    tracked, wrist, rotations = _finite(motion)
    channels = np.concatenate(
        [
            tracked[:, None].astype(float),
            np.moveaxis((wrist - _WRIST_ORIGIN_M) / WRIST_QUANTUM_M, 1, 2),
            np.moveaxis(rotations.reshape(2, -1, 48) / ROTATION_QUANTUM_RAD, 1, 2),
        ],
        axis=1,
    )
    steps = np.clip(np.rint(channels), -_INT16_MAX, _INT16_MAX).astype("<i2")
    # Differences may wrap round; the page's sums wrap back.
    differences = np.diff(steps, axis=2, prepend=np.zeros((*steps.shape[:2], 1), "<i2"))
    return zlib.compress(differences.astype("<i2").tobytes(), 9)


def _finite(motion: HandMotion) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tracked, wrists and rotations (within half a turn), zero and untracked where not finite."""
    known = np.isfinite(motion.wrist_m).all(-1) & np.isfinite(motion.rotations_rad).all((-2, -1))
    tracked = motion.tracked & known
    wrist = np.where(known[..., None], motion.wrist_m, 0.0)
    rotations = np.where(known[..., None, None], motion.rotations_rad, 0.0)
    shape = rotations.shape
    turned = (
        Rotation.from_rotvec(rotations.reshape(-1, 3)).as_rotvec() if rotations.size else rotations
    )
    return tracked, wrist, turned.reshape(shape)


def resampled(motion: HandMotion) -> HandMotion:
    """At most 60 frames a second, 30 beyond ten minutes, so that an hour stays a small page."""
    length_sec = (motion.frame_count - 1) / motion.frame_rate
    rate = LONG_RATE_HZ if length_sec > LONG_SEC else FULL_RATE_HZ
    if motion.frame_rate <= rate or motion.frame_count < 2:
        return motion
    return motion.at_rate(rate)
