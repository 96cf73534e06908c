"""Files of published hand motion, made up from simulated playing, in the data sets' formats."""

import functools
import json
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.io import wavfile
from scipy.spatial.transform import Rotation

from duemani.datasets.recorded.mano_pose import OUR_AXES, OWN_REST, ManoRest
from duemani.datasets.recorded.resampling import frame_times, resample_points
from duemani.models.fingering.choose import assign_fingers
from duemani.models.solver.solve import solve_motion
from duemani.models.solver.style import Style
from duemani.motion import HandMotion
from duemani.outputs.notes import save_midi
from duemani.performance import LEFT, UNKNOWN_HAND, Performance, make_notes
from duemani.skeleton import (
    BONE_DIRECTIONS,
    FINGER_JOINTS,
    MEDIUM_BONE_LENGTHS_M,
    mirror_points,
    mirror_rotations,
    rotation_matrices,
)

VIDEO, UPLOADER, CLIP = "BV1aa", "123", "BV1aa_seq_0000"
CLIP_START_SEC = 4.0
CAMERA = (
    Rotation.from_rotvec([0.02, -0.02, 0.12]) * Rotation.from_matrix(np.diag([1.0, -1, -1]))
).as_matrix()
DEPTH_M = 25.0
ADJUST = [0.3, 0.02, -0.4]
MANO_ORDER = [0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3, 4, 8, 12, 16, 20]
"""Our landmarks as MANO orders them."""


def music(seed: int = 0, count: int = 30) -> Performance:
    """Both hands wander over the keys."""
    rng = np.random.default_rng(seed)
    rows, right, left = [], 72, 48
    for at in range(count):
        right = int(np.clip(right + rng.integers(-5, 6), 62, 86))
        left = int(np.clip(left + rng.integers(-5, 6), 34, 58))
        time = 0.5 + 0.3 * at
        rows += [(time, time + 0.25, right, 70), (time, time + 0.25, left, 70)]
    return Performance.create(make_notes(rows))


def without_fingers(performance: Performance) -> Performance:
    count = len(performance.notes)
    return performance.with_fingers(np.full(count, UNKNOWN_HAND), np.zeros(count, int))


@dataclass(frozen=True)
class Played:
    performance: Performance
    motion: HandMotion


@functools.cache
def played(rate: float) -> Played:
    """The same music at 25, 30 or FürElise's frames a second."""
    fingered = assign_fingers(music())
    return Played(fingered, solve_motion(fingered, Style(hand_span_m=0.205), rate))


def made_up_rest_joints() -> np.ndarray:
    """Rest joints as MANO has them, of a hand unlike ours: bones turned, and of other lengths."""
    rng = np.random.default_rng(3)
    turns = Rotation.from_rotvec(rng.uniform(-0.25, 0.25, (20, 3))).as_matrix().reshape(5, 4, 3, 3)
    lengths = MEDIUM_BONE_LENGTHS_M.reshape(5, 4, 1) * rng.uniform(0.7, 1.3, (5, 4, 1))
    turns[:, 0] = turns[0, 0]  # palms are rigid
    lengths[:, 0] = 0.95 * MEDIUM_BONE_LENGTHS_M.reshape(5, 4, 1)[:, 0]
    bones = (turns @ BONE_DIRECTIONS[..., None])[..., 0] * lengths
    points = np.concatenate([np.zeros((1, 3)), bones.cumsum(1).reshape(20, 3)])
    return points @ OUR_AXES + np.array([0.09, 0.01, -0.01])


def mano_frames(motion: HandMotion, hand: int, rest: ManoRest) -> np.ndarray:
    """62 numbers a frame: MANO parameters of a hand of our motion in the fake camera's frame."""
    axes, turns = OUR_AXES, rest.turns
    wrist = motion.wrist_m[hand].astype(float) @ CAMERA.T + np.array([-0.6, 0.1, DEPTH_M])
    rotations = motion.rotations_rad[hand].astype(float).copy()
    turned = Rotation.from_matrix(CAMERA) * Rotation.from_rotvec(rotations[:, 0])
    rotations[:, 0] = turned.as_rotvec()
    if hand == LEFT:
        wrist, rotations = mirror_points(wrist), mirror_rotations(rotations)
    local = rotation_matrices(rotations)
    pose = np.zeros((len(wrist), 15, 3))
    for joints in FINGER_JOINTS:
        before = turns[0]
        for joint in joints:
            mano = axes.T @ before @ local[:, joint] @ turns[joint].T @ axes
            pose[:, joint - 1] = Rotation.from_matrix(mano).as_rotvec()
            before = turns[joint]
    orient = Rotation.from_matrix(local[:, 0] @ turns[0].T @ axes).as_rotvec()
    translation = wrist - rest.wrist_m - np.array([0, *ADJUST[1:]])
    valid, shape = np.ones((len(wrist), 1)), np.zeros((len(wrist), 10))
    return np.concatenate([valid, translation, orient, pose.reshape(-1, 45), shape], axis=1)


def write_pianomotion(
    root: Path, one: Played, rate: float, sound: bool = True, rest: ManoRest = OWN_REST
) -> Path:
    """One clip that starts 4 s into its video; returns the annotation's path."""
    for part in ("annotation", "audio", "midi"):
        (root / part / UPLOADER / VIDEO).mkdir(parents=True, exist_ok=True)
    (root / "test.txt").write_text(f"{UPLOADER} {VIDEO}\n")
    path = root / "annotation" / UPLOADER / VIDEO / f"{CLIP}.json"
    content = {
        "left": mano_frames(one.motion, 0, rest).tolist(),
        "right": mano_frames(one.motion, 1, rest).tolist(),
        "fps": rate,
        "adjust": ADJUST,
        "bv": VIDEO,
        "start_frame": round(CLIP_START_SEC * rate),
    }
    path.write_text(json.dumps(content))
    video = without_fingers(one.performance).delayed(CLIP_START_SEC)
    save_midi(root / "midi" / UPLOADER / f"{VIDEO}.mid", video)
    if sound:  # FFmpeg tells the format by the contents
        write_sound(root / "audio" / UPLOADER / VIDEO / f"{CLIP}.mp3", one.motion)
    return path


def write_sound(path: Path, motion: HandMotion, share: float = 1.0) -> None:
    seconds = share * motion.frame_count / motion.frame_rate + 0.2
    tone = np.sin(2 * np.pi * 440 * np.arange(round(seconds * 16000)) / 16000)
    with path.open("wb") as file:
        wavfile.write(file, 16000, (12000 * tone).astype(np.int16))


def capture_points(motion: HandMotion) -> np.ndarray:
    """Landmarks in FürElise's frame."""
    points = motion.landmarks_m.astype(float)
    return np.stack(
        [0.1475 - points[..., 1], points[..., 0] - 0.61, points[..., 2] - 0.0008], axis=-1
    )


def write_furelise(root: Path, one: Played, points: np.ndarray, name: str = "007") -> Path:
    folder = root / "dataset" / name
    folder.mkdir(parents=True, exist_ok=True)
    frames = points.shape[1]
    content = {}
    for hand, side in enumerate(("left", "right")):
        parameters = {
            "global_translation": np.zeros((frames, 3), np.float32),
            "global_rotation": np.tile(np.eye(3, dtype=np.float32), (frames, 1, 1)),
            "pose": np.zeros((frames, 45), np.float32),
            "shape": np.zeros(10, np.float32),
            "verts": np.zeros((frames, 778, 3), np.float32)[:2],
        }
        content[side] = {"joints": points[hand].astype(np.float32), "mano_params": parameters}
    (folder / "motion.pkl").write_bytes(pickle.dumps(content, protocol=4))
    save_midi(folder / "midi.mid", without_fingers(one.performance))
    facts = [{"name": "Étude", "composer": "Carl Czerny", "piece_id": 7, "subject_id": 1}]
    (root / "metadata.json").write_text(json.dumps(facts))
    return folder


def at_30(motion: HandMotion) -> np.ndarray:
    """Landmarks of a motion of another rate at 30 frames a second."""
    times = frame_times(motion.frame_count, motion.frame_rate, 30.0)
    known = np.ones(motion.frame_count, bool)
    return np.stack([resample_points(side, known, times) for side in motion.landmarks_m])


def rms_mm(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return 1000 * np.sqrt(((one - other) ** 2).mean((0, 1, 2)))


def turned_deg(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    # Copies, for scipy takes no read-only array.
    between = Rotation.from_rotvec(one.copy().reshape(-1, 3)).inv()
    between *= Rotation.from_rotvec(other.copy().reshape(-1, 3))
    return np.degrees(between.magnitude()).reshape(one.shape[:-1])
