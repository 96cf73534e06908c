"""`HandMotion`: both hands over time, at any times, and its `.npz` exchange file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.arrays import ON_FRAME, ArrayHeader, BetweenFrames, npz_headers, read_only
from duemani.errors import InputError
from duemani.files import check_readable, replacing

# 3 hours at 60 Hz, under 2 GB of memory.
MAX_MOTION_FRAMES = 650_000
_MOST_TEXT = 4_000_000
MOTION_FORMAT = "duemani.hand_motion/1"
JOINT_COUNT = 16
LANDMARK_COUNT = 21
BONE_COUNT = 20
_EVEN = 1e-6


@dataclass(frozen=True)
class HandMotion:
    """Both hands in the keyboard frame (see `duemani.keyboard`); hand 0 left, 1 right.

    Its arrays are read-only; `dataclasses.replace` makes another motion of other arrays.

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

    def __post_init__(self) -> None:
        for name in (*motion_shapes(0), "confidence"):
            array = getattr(self, name)
            if array is not None:
                object.__setattr__(self, name, read_only(array))

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

    def where(self, time_sec: Float[np.ndarray, " moment"]) -> BetweenFrames:
        """Where times [s], even or not, lie among the frames."""
        at = (np.asarray(time_sec, float) - self.start_sec) * self.frame_rate
        return BetweenFrames.of(at, self.frame_count)

    def at(self, time_sec: Float[np.ndarray, " newframe"]) -> HandMotion:
        """The same hands with frames at other times [s], which rise evenly.

        Wrists and landmarks move in straight lines from frame to frame, rotations by the shortest
        turn. (Bones come out a little short while they turn; `skeleton.pose_landmarks` gives
        landmarks of whole ones.) A hand is `tracked` between two frames where it is in both; what
        is NaN in either is NaN between them; confidence is mixed. Times within `ON_FRAME` of a
        frame take it as it is. Before the first frame and after the last one the hands stay where
        they are there, but are not `tracked`, with confidence 0.

        Raises:
            InputError: there are no times, or they do not rise evenly.
        """
        time_sec = np.asarray(time_sec, float)
        steps = np.diff(time_sec)
        even = (steps > 0).all() and np.allclose(steps, steps.mean() if len(steps) else 0, _EVEN, 0)
        if not len(time_sec) or not even:
            raise InputError("the frames of a motion need times that rise evenly.")
        rate = 1 / float(steps.mean()) if len(steps) else self.frame_rate
        rate = self.frame_rate if np.isclose(rate, self.frame_rate, rtol=_EVEN) else rate
        return self._sampled(time_sec, rate)

    def at_rate(self, frame_rate: float) -> HandMotion:
        """The same hands at another frame rate [Hz], from the first frame up to the last (`at`)."""
        last = (self.frame_count - 1) * frame_rate / self.frame_rate
        frames = np.arange(int(np.floor(last + ON_FRAME)) + 1)
        return self._sampled(self.start_sec + frames / frame_rate, frame_rate)

    def frames(self, chosen: slice | Int[np.ndarray, " frame"]) -> HandMotion:
        """The chosen frames one after another, at the same rate from the same start."""
        sure = self.confidence
        return replace(
            self,
            wrist_m=self.wrist_m[:, chosen],
            rotations_rad=self.rotations_rad[:, chosen],
            landmarks_m=self.landmarks_m[:, chosen],
            tracked=self.tracked[:, chosen],
            confidence=None if sure is None else sure[:, chosen],
        )

    def between(self, start_sec: float, end_sec: float) -> HandMotion:
        """The frames with time in [start, end), shifted so that `start_sec` becomes 0.

        Raises:
            InputError: no frame lies there.
        """
        begin, end = (
            int(np.ceil(np.clip(frame - ON_FRAME, 0, self.frame_count)))
            for frame in (np.array([start_sec, end_sec]) - self.start_sec) * self.frame_rate
        )
        if begin >= end:
            raise InputError(f"the motion has no frame from {start_sec:g} to {end_sec:g} s.")
        first_sec = self.start_sec + begin / self.frame_rate - start_sec
        return replace(self.frames(slice(begin, end)), start_sec=first_sec)

    def delayed(self, seconds: float) -> HandMotion:
        """The same hands, every time later by `seconds`."""
        return replace(self, start_sec=self.start_sec + seconds)

    def _sampled(self, time_sec: np.ndarray, frame_rate: float) -> HandMotion:
        where, sure = self.where(time_sec), self.confidence
        at = (time_sec - self.start_sec) * self.frame_rate
        inside = (at > -ON_FRAME) & (at < self.frame_count - 1 + ON_FRAME)
        return replace(
            self,
            frame_rate=frame_rate,
            start_sec=float(time_sec[0]),
            wrist_m=where.mixed(self.wrist_m, 1),
            rotations_rad=where.turned(self.rotations_rad),
            landmarks_m=where.mixed(self.landmarks_m, 1),
            tracked=self.tracked[:, where.low] & self.tracked[:, where.high] & inside,
            confidence=None if sure is None else np.where(inside, where.mixed(sure, 1), 0.0),
        )


def motion_shapes(frames: int) -> dict[str, tuple[int, ...]]:
    """Shapes of a motion's arrays, by name."""
    return {
        "wrist_m": (2, frames, 3),
        "rotations_rad": (2, frames, JOINT_COUNT, 3),
        "landmarks_m": (2, frames, LANDMARK_COUNT, 3),
        "tracked": (2, frames),
        "bone_lengths_m": (2, BONE_COUNT),
    }


_KEPT = {"format", "frame_rate", "start_sec", "confidence", "provenance", *motion_shapes(0)}


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
        headers = npz_headers(path)
        with np.load(path, allow_pickle=False) as file:
            _check_headers(path, headers, file)
            arrays = {name: file[name] for name in headers if name in _KEPT}
    except InputError:
        raise
    # zipfile, zlib and numpy each have their own errors for damage, and there are many.
    except Exception as error:
        raise InputError(f"{path} cannot be read as a hand motion file (.npz).") from error
    rate, start = float(arrays["frame_rate"]), float(arrays["start_sec"])
    if not 1 <= rate <= 1000 or not abs(start) < 1e6:
        raise InputError(f"{path}: its frame rate or start is out of range.")
    values = {name: arrays[name].astype("f8") for name in motion_shapes(0) if name != "tracked"}
    for name, array in values.items():
        if np.isinf(array).any():
            raise InputError(f"{path}: {name} holds infinite numbers.")
    # A hand of which nothing is known is not tracked, whatever the file says.
    seen = np.isfinite(values["landmarks_m"]).all(-1).any(-1)
    seen |= np.isfinite(values["wrist_m"]).all(-1)
    confidence = arrays.get("confidence")
    return HandMotion(
        frame_rate=rate,
        start_sec=start,
        tracked=arrays["tracked"].astype(bool) & seen,
        confidence=None if confidence is None else confidence.astype("f8"),
        provenance=_provenance(path, str(arrays["provenance"])),
        **values,
    )


def _check_headers(path: Path, headers: Mapping[str, ArrayHeader], file: Any) -> None:
    """Refuse a file by what its arrays say of themselves, before they are read.

    Raises:
        InputError: it is no hand motion file, its arrays do not fit together or are too large.
    """
    text = {name: headers[name] for name in ("format", "provenance") if name in headers}
    if any(one.shape or one.dtype.kind != "U" or one.bytes > _MOST_TEXT for one in text.values()):
        raise InputError(f"{path} is not a hand motion file: its format or provenance is no text.")
    if "format" not in headers or str(file["format"]) != MOTION_FORMAT:
        raise InputError(f"{path} is not a hand motion file: its format must be {MOTION_FORMAT}.")
    missing = sorted(_KEPT - {"confidence"} - set(headers))
    if missing:
        raise InputError(f"{path} lacks parts of a hand motion file: {', '.join(missing)}.")
    shape = headers["tracked"].shape
    if len(shape) != 2 or not 0 < shape[1] <= MAX_MOTION_FRAMES:
        raise InputError(f"{path}: tracked has shape {shape}, not (2, 1 to {MAX_MOTION_FRAMES}).")
    frames = shape[1]
    shapes = {**motion_shapes(frames), "confidence": (2, frames), "frame_rate": (), "start_sec": ()}
    for name, wanted in shapes.items():
        header = headers.get(name)
        if header is None:
            continue
        if header.shape != wanted:
            raise InputError(f"{path}: {name} has shape {header.shape}, not {wanted}.")
        if header.dtype.kind not in "fiub":
            raise InputError(f"{path}: {name} holds {header.dtype} instead of numbers.")


def _provenance(path: Path, text: str) -> dict[str, object]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise InputError(f"{path}: its provenance is no JSON object.")
    return cast(dict[str, object], content)
