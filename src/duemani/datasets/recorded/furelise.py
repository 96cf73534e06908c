"""FürElise (Wang et al. 2024) as published → takes.

`ID/motion.pkl`, `ID/midi.mid` and `ID/audio.mp3` in `dataset/` or the folder itself, and
`metadata.json` (name, composer, piece_id). The pickle holds left and right → `joints` (frame, 21,
3) in metres, and MANO's parameters, which are not needed; 59.94 frames a second. It is read
without running anything it carries (`array_pickle`).

Joints come as wrist, then thumb to little finger, four each: our landmarks. MANO's order (wrist,
index, middle, little, ring, thumb, the five tips) is told from it by the lengths of the bones.

The capture's own frame, after others who use the data: x towards the player, the white keys' front
at x = 0.1475 m, y towards the treble, z up, the white keys' top at -0.0008 m. Where the hands agree
with that, only the place along the keys is sought (`keyboard_fit`), and everything is checked by
the notes; otherwise the whole frame is. Motion, MIDI and audio are assumed to start together.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from duemani.datasets.recorded.array_pickle import PickledArray, load_array_pickle
from duemani.datasets.recorded.keyboard_fit import FrameHint, fit_keyboard, hand_axes
from duemani.datasets.recorded.played_fingers import find_fingers
from duemani.datasets.recorded.resampling import frame_times, resample_points
from duemani.datasets.recorded.sound import recorded_features
from duemani.datasets.takes import FRAME_RATE, MotionTake
from duemani.errors import InputError
from duemani.files import read_limited
from duemani.inputs.midi.read import load_midi
from duemani.motion import HandMotion
from duemani.skeleton import LANDMARK_PARENTS, fit_rotations, pose_landmarks

CAPTURE_RATE = 60000 / 1001
_FRONT_X_M, _TOP_Z_M = 0.1475, -0.0008
_AXES = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])
_MANO_ORDER = [0, 13, 14, 15, 16, 1, 2, 3, 17, 4, 5, 6, 18, 10, 11, 12, 19, 7, 8, 9, 20]
_AGREE = 0.8
_LEAST_SEC = 2.0
_SHORTEST_BONE_M, _LONGEST_BONE_M = 0.008, 0.14
_LARGEST_MISS_M = 0.015
_LARGEST_NUMBER = 1e4


def read_furelise(
    root: Path, skipped: dict[str, str], done: Container[str] = ()
) -> Iterator[MotionTake]:
    """The pieces of the data set, one after the other.

    Args:
        root: the folder of the pieces, or one that holds it as dataset/.
        skipped: gets the name of each piece that cannot be used, with the reason.
        done: names of takes that are not wanted.

    Yields:
        Takes in the keyboard frame; fingers are known where a tip lies over the key.

    Raises:
        InputError: the folder is no such data set.
    """
    pieces = root / "dataset" if (root / "dataset").is_dir() else root
    folders = sorted(path for path in pieces.glob("*") if path.is_dir() and path.name.isdecimal())
    if not any((folder / "motion.pkl").exists() for folder in folders):
        raise InputError(f"{root} is no FürElise data set: it needs folders with a motion.pkl.")
    facts = _facts(pieces)
    for folder in folders:
        name = f"furelise_{folder.name}"
        if name in done:
            continue
        try:
            yield _take(folder, name, *facts.get(int(folder.name), (name, "")))
        except InputError as error:
            skipped[name] = str(error)


def read_joints(path: Path) -> Float[np.ndarray, "hand=2 frame 21 3"]:
    """Landmarks of both hands in the capture's frame and at its rate [m].

    Raises:
        InputError: the pickle is damaged, unsafe, lacks joints, or they cannot be a hand's.
    """
    content = load_array_pickle(path)
    sides = []
    for side in ("left", "right"):
        hand = content.get(side) if isinstance(content, dict) else None
        joints = hand.get("joints") if isinstance(hand, dict) else None
        if not isinstance(joints, PickledArray) or joints.values.shape[1:] != (21, 3):
            raise InputError(f"{path} holds no joints of the {side} hand, 21 x 3 a frame.")
        sides.append(joints.values.astype(float))
    if len(sides[0]) != len(sides[1]) or len(sides[0]) < _LEAST_SEC * CAPTURE_RATE:
        raise InputError(f"{path}: its hands differ in length, or last less than {_LEAST_SEC:g} s.")
    points = np.stack(sides)
    if not (np.abs(points) < _LARGEST_NUMBER).all():
        raise InputError(f"{path} holds numbers that are not finite or too large.")
    return _our_order(points, path)


def _our_order(points: np.ndarray, path: Path) -> np.ndarray:
    """Landmarks in our order: of the two known ones, that with the shorter bones."""
    orders = [points, points[:, :, _MANO_ORDER]]
    best = min(orders, key=lambda order: _bone_lengths(order).sum())
    lengths = _bone_lengths(best)
    if lengths.min() < _SHORTEST_BONE_M or lengths.max() > _LONGEST_BONE_M:
        raise InputError(f"{path}: its joints are no hand's in metres.")
    if np.linalg.norm(_bones(best), axis=-1).min() < _SHORTEST_BONE_M / 4:
        raise InputError(f"{path}: its joints fall together in some frames.")
    return best


def _bones(points: np.ndarray) -> Float[np.ndarray, "hand=2 frame 20 3"]:
    return points[:, :, 1:] - points[:, :, LANDMARK_PARENTS[1:]]


def _bone_lengths(points: np.ndarray) -> Float[np.ndarray, "hand=2 20"]:
    return np.median(np.linalg.norm(_bones(points), axis=-1), axis=1)


def _take(folder: Path, name: str, piece: str, composer: str) -> MotionTake:
    points = read_joints(folder / "motion.pkl")
    times = frame_times(points.shape[1], CAPTURE_RATE, FRAME_RATE)
    known = np.ones(points.shape[1], bool)
    points = np.stack([resample_points(side, known, times) for side in points])
    tracked = np.ones(points.shape[:2], bool)
    with warnings.catch_warnings():  # of notes off the keyboard
        warnings.simplefilter("ignore")
        notes = load_midi(folder / "midi.mid").between(0.0, len(times) / FRAME_RATE)
    points = points - np.array([_FRONT_X_M, 0, _TOP_Z_M])
    agreement = np.sum(hand_axes(points, tracked) * _AXES, axis=1)
    hint = FrameHint(scale=(0.95, 1.05))
    if (agreement > _AGREE).all():
        hint = FrameHint(axes=_AXES, exact=True)
    fit = fit_keyboard(points, tracked, notes, FRAME_RATE, hint)
    motion = _posed(fit.points(points), {"source": "FürElise", "key_miss_m": fit.miss_m})
    sound = recorded_features(_recording(folder), motion.frame_count)
    return MotionTake(name, piece, composer, find_fingers(notes, motion), motion, None, sound)


def _posed(points: Float[np.ndarray, "hand=2 frame 21 3"], origin: dict[str, object]) -> HandMotion:
    """Our skeleton, with these hands' bone lengths, in their poses.

    Our palm is rigid and of our proportions, so wrists are moved by what the tips miss on average:
    where the tips are matters most.

    Raises:
        InputError: the skeleton cannot take these poses.
    """
    bones = _bone_lengths(points)
    fitted = [fit_rotations(points[hand], bones[hand], hand) for hand in range(2)]
    miss = float(np.median(np.concatenate([miss for _, miss in fitted])))
    if miss > _LARGEST_MISS_M:
        raise InputError(f"our skeleton misses its joints by {1000 * miss:.0f} mm.")
    rotations = np.stack([turned for turned, _ in fitted])
    wrist = points[:, :, 0].copy()
    off = points[:, :, 4::4] - pose_landmarks(wrist, rotations, bones)[:, :, 4::4]
    wrist += off.mean(2)
    return HandMotion(
        frame_rate=FRAME_RATE,
        wrist_m=wrist,
        rotations_rad=rotations,
        landmarks_m=pose_landmarks(wrist, rotations, bones),
        tracked=np.ones(points.shape[:2], bool),
        bone_lengths_m=bones,
        provenance=origin,
    )


def _recording(folder: Path) -> Path:
    found = [folder / f"audio{suffix}" for suffix in (".mp3", ".wav", ".flac")]
    return next((path for path in found if path.is_file()), found[0])


def _facts(pieces: Path) -> dict[int, tuple[str, str]]:
    """Piece and composer's last name of each number, as far as `metadata.json` tells."""
    for path in (pieces / "metadata.json", pieces.parent / "metadata.json"):
        if not path.is_file():
            continue
        try:
            rows: Any = json.loads(read_limited(path, 10_000_000))
            return {
                int(row["piece_id"]): (
                    f"{row['composer']}: {row['name']}",
                    str(row["composer"]).split()[-1],
                )
                for row in rows
            }
        except (
            ValueError,
            KeyError,
            TypeError,
            IndexError,
            OverflowError,
            RecursionError,
        ) as error:
            raise InputError(f"{path} is damaged or no metadata of FürElise.") from error
    return {}
