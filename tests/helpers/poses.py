"""Golden poses that Python and the page must agree on: web/tests/hands/poses.json.

Written anew by `python -m tests.helpers.poses` when the skeleton or the packing changes on purpose.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from duemani.outputs.page.parts import (
    ROTATION_QUANTUM_RAD,
    WRIST_QUANTUM_M,
    keyboard_data,
    motion_data,
    skeleton_data,
)
from duemani.skeleton import pose_landmarks
from tests.helpers.hands import playing_hands

FILE = Path(__file__).parents[2] / "web" / "tests" / "hands" / "poses.json"
FRAMES = 3
START_SEC = 0.5
# On a frame, a quarter of the way to the next, on the last one, and after the end.
TIMES_SEC = (START_SEC, START_SEC + 0.25 / 30, START_SEC + 2 / 30, 9.0)


def landmarks_at(channels: np.ndarray, motion: dict[str, Any], time_sec: float) -> np.ndarray:
    """Landmarks (hand, 21, xyz) [m] of quantised channels (hand, 52, frame) between frames."""
    at = float(np.clip((time_sec - START_SEC) * motion["frame_rate"], 0, FRAMES - 1))
    low = min(int(at), FRAMES - 2)
    wrist = channels[:, 1:4] * WRIST_QUANTUM_M + np.array(motion["wrist_origin_m"])[:, None]
    wrist = wrist[..., low] + (at - low) * (wrist[..., low + 1] - wrist[..., low])
    turns = (channels[:, 4:] * ROTATION_QUANTUM_RAD).reshape(2, 16, 3, FRAMES)
    mixed = np.empty((2, 16, 3))
    for hand, joint in np.ndindex(2, 16):
        ends = Rotation.from_rotvec(turns[hand, joint, :, low : low + 2].T)
        mixed[hand, joint] = Slerp([0, 1], ends)(at - low).as_rotvec()
    lengths = np.array(motion["bone_lengths_m"])
    return pose_landmarks(wrist[:, None], mixed[:, None], lengths)[:, 0]


def golden() -> dict[str, Any]:
    """What the file holds."""
    hands = playing_hands(FRAMES / 30, 30.0, START_SEC)
    motion = motion_data(hands)
    origin = np.array(motion["wrist_origin_m"])
    channels = np.concatenate(
        [
            np.ones((2, 1, FRAMES)),
            np.moveaxis((hands.wrist_m - origin) / WRIST_QUANTUM_M, 1, 2),
            np.moveaxis(hands.rotations_rad.reshape(2, FRAMES, 48) / ROTATION_QUANTUM_RAD, 1, 2),
        ],
        axis=1,
    ).round()
    return {
        "skeleton": skeleton_data(),
        "keyboard": keyboard_data(),
        "motion": motion,
        "channels": channels.astype(int).tolist(),
        "times_sec": list(TIMES_SEC),
        "landmarks_m": [
            landmarks_at(channels, motion, time).round(7).tolist() for time in TIMES_SEC
        ],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(golden(), separators=(",", ":")) + "\n")
