"""`HandMotion`: both hands over time, and its `.npz` exchange file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from duemani.errors import InputError
from duemani.files import check_readable, replacing

MAX_MOTION_BYTES = 2_000_000_000
MOTION_FORMAT = "duemani.hand_motion/1"
JOINT_COUNT = 16
LANDMARK_COUNT = 21
BONE_COUNT = 20


@dataclass(frozen=True)
class HandMotion:
    """Both hands in the keyboard frame (see `duemani.keyboard`); hand 0 left, 1 right.

    Rotations are the truth and landmarks derive from them by `skeleton.pose_landmarks`, so bones
    cannot stretch; motion that was tracked rather than made may hold NaN where it is unknown.

    Attributes:
        frame_rate: frames per second [Hz].
        wrist_m: wrist positions [m].
        rotations_rad: axis-angle relative to the parent joint, in MANO joint order (wrist;
            index, middle, little, ring, thumb, three each). The left hand is stored as it
            moves, not mirrored.
        landmarks_m: 21 landmarks [m] (wrist; thumb; index; middle; ring; little, four each);
            tips are the finger pads, the points that touch keys.
        tracked: false where a hand is not seen at all.
        bone_lengths_m: length of the bone that ends in landmark 1-20 [m].
        start_sec: time of the first frame.
        confidence: 0-1, how sure tracked hands are in each frame; None for motion that was made.
        provenance: input, model, weights' hash, seed and version, as plain JSON values.
    """

    frame_rate: float
    wrist_m: Float[np.ndarray, "hand=2 frame 3"]
    rotations_rad: Float[np.ndarray, "hand=2 frame 16 3"]
    landmarks_m: Float[np.ndarray, "hand=2 frame 21 3"]
    tracked: Bool[np.ndarray, "hand=2 frame"]
    bone_lengths_m: Float[np.ndarray, "hand=2 20"]
    start_sec: float = 0.0
    confidence: Float[np.ndarray, "hand=2 frame"] | None = None
    provenance: Mapping[str, object] = field(default_factory=dict)

    @property
    def frame_count(self) -> int:
        """How many frames there are."""
        return int(self.wrist_m.shape[1])

    @property
    def time_sec(self) -> Float[np.ndarray, " frame"]:
        """Time of each frame [s]."""
        return self.start_sec + np.arange(self.frame_count) / self.frame_rate

    @property
    def tips_m(self) -> Float[np.ndarray, "hand=2 frame 5 3"]:
        """Finger pads, thumb to little finger [m]."""
        return self.landmarks_m[:, :, 4::4]


def motion_shapes(frames: int) -> dict[str, tuple[int, ...]]:
    """Shapes of a motion's arrays, by name."""
    return {
        "wrist_m": (2, frames, 3),
        "rotations_rad": (2, frames, JOINT_COUNT, 3),
        "landmarks_m": (2, frames, LANDMARK_COUNT, 3),
        "tracked": (2, frames),
        "bone_lengths_m": (2, BONE_COUNT),
    }


def save_motion(path: Path, motion: HandMotion) -> None:
    """Write the `.npz` exchange file (docs/conventions.md); the file appears whole or not at all.

    Raises:
        InputError: it cannot be written there.
    """
    sure = motion.confidence
    known = {} if sure is None else {"confidence": sure.astype("f4")}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            format=np.array(MOTION_FORMAT),
            frame_rate=np.array(motion.frame_rate),
            start_sec=np.array(motion.start_sec),
            wrist_m=motion.wrist_m.astype("f4"),
            rotations_rad=motion.rotations_rad.astype("f4"),
            landmarks_m=motion.landmarks_m.astype("f4"),
            tracked=motion.tracked,
            bone_lengths_m=motion.bone_lengths_m.astype("f4"),
            **known,  # type: ignore[arg-type]
            provenance=np.array(json.dumps(dict(motion.provenance))),
        )


def load_motion(path: Path) -> HandMotion:
    """Read a `.npz` exchange file.

    Raises:
        InputError: it cannot be read, is not such a file, or its arrays do not fit together.
    """
    check_readable(path)
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MAX_MOTION_BYTES:
            raise InputError(f"{path} unpacks to more than 2 GB, the most accepted.")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except InputError:
        raise
    # zipfile, zlib and numpy each have their own errors for damage, and there are many.
    except Exception as error:
        raise InputError(f"{path} cannot be read as a hand motion file (.npz).") from error
    if "format" not in arrays or str(arrays["format"]) != MOTION_FORMAT:
        raise InputError(f"{path} is not a hand motion file: its format must be {MOTION_FORMAT}.")
    try:
        frames = arrays["tracked"].shape[1]
        rate, start = float(arrays["frame_rate"]), float(arrays["start_sec"])
        if not frames or not 1 <= rate <= 1000 or not abs(start) < 1e6:
            raise InputError(f"{path} holds no frames, or its frame rate or start is out of range.")
        for name, shape in motion_shapes(frames).items():
            if arrays[name].shape != shape:
                raise InputError(f"{path}: {name} has shape {arrays[name].shape}, not {shape}.")
        confidence = arrays.get("confidence")
        if confidence is not None and confidence.shape != (2, frames):
            raise InputError(f"{path}: confidence has shape {confidence.shape}, not {(2, frames)}.")
        return HandMotion(
            frame_rate=rate,
            start_sec=start,
            wrist_m=arrays["wrist_m"].astype("f8"),
            rotations_rad=arrays["rotations_rad"].astype("f8"),
            landmarks_m=arrays["landmarks_m"].astype("f8"),
            tracked=arrays["tracked"].astype(bool),
            bone_lengths_m=arrays["bone_lengths_m"].astype("f8"),
            confidence=None if confidence is None else confidence.astype("f8"),
            provenance=json.loads(str(arrays["provenance"])),
        )
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise InputError(
            f"{path} lacks a part of a hand motion file or holds a wrong one: {error}."
        ) from None
