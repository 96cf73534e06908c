"""Simulated takes as the reviewer learns from them: filmed and heard anew every time."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from duemani.datasets.simulated.filming import TrackerNoise, film_motion
from duemani.datasets.takes import MotionTake, Split, list_takes, load_take
from duemani.errors import InputError
from duemani.files import replacing
from duemani.lifting.on_keys import seen_on_film
from duemani.models.reviewer.prior import notes_prior
from duemani.models.reviewer.seen_hands import FRAME_RATE, SeenHands
from duemani.motion import HandMotion
from duemani.performance import pedal_down, sound_end_sec

Report = Callable[[str, float], None]


@dataclass(frozen=True)
class ReviewTake:
    """One take: who played what, and how it looks and sounds.

    Attributes:
        name: of the take.
        notes: the truth, `NOTE_DTYPE` with hands and fingers.
        sounding_sec: when each note's damper falls.
        pedal: 1 where the sustain pedal is down, a value a frame.
        prior: of a fingerer that sees the notes only.
        landmarks_m, bone_lengths_m: the hands.
        sound: features of the recording; no rows without one.
    """

    name: str
    notes: np.ndarray
    sounding_sec: np.ndarray
    pedal: np.ndarray
    prior: Float[np.ndarray, "note 10"]
    landmarks_m: np.ndarray
    bone_lengths_m: np.ndarray
    sound: np.ndarray

    @property
    def frame_count(self) -> int:
        """How many frames there are."""
        return int(self.landmarks_m.shape[1])


def review_take(take: MotionTake, kept: Path | None = None) -> ReviewTake:
    """What the reviewer needs of a take; its prior is kept in a folder for the next time."""
    performance, motion = take.performance, take.motion
    frames = motion.frame_count
    down = pedal_down(performance, np.arange(frames) / FRAME_RATE)
    sound = take.sound if take.sound is not None else np.zeros((0, 456), np.float16)
    return ReviewTake(
        take.name,
        performance.notes,
        sound_end_sec(performance),
        down.astype(np.float32),
        _prior(take, kept),
        motion.landmarks_m.astype(np.float32),
        motion.bone_lengths_m,
        sound,
    )


def _prior(take: MotionTake, kept: Path | None) -> np.ndarray:
    path = None if kept is None else kept / f"{take.name}.npy"
    if path is not None and path.exists():
        found = np.load(path)
        if found.shape == (len(take.performance.notes), 10):
            return np.asarray(found, float)
    prior = notes_prior(take.performance)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.save(file, prior.astype(np.float32))
    return prior


def load_review_takes(
    folders: Sequence[Path],
    split: Split,
    kept: Path | None = None,
    most: int = 0,
    report: Report | None = None,
) -> list[ReviewTake]:
    """The takes of one split from prepared data sets.

    Raises:
        InputError: a folder is no data set, or nothing is left.
    """
    takes: list[ReviewTake] = []
    paths = [path for folder in folders for path in list_takes(folder)]
    for done, path in enumerate(paths, 1):
        try:
            take = load_take(path)
        except InputError as error:  # damaged, or still being written
            warnings.warn(f"{path.name} is left out: {error}", stacklevel=2)
            continue
        whole = (take.performance.notes["finger"] > 0).all()
        if whole and take.split == split and take.motion.frame_rate == FRAME_RATE:
            under = None if kept is None else kept / path.parent.parent.name
            takes.append(review_take(take, under))
        if report:
            report(f"reading {split} takes", done / len(paths))
        if most and len(takes) >= most:
            break
    if not takes:
        raise InputError(f"no take of the {split} split in {', '.join(map(str, folders))}.")
    return takes


def hands_of(take: ReviewTake, first: int, frames: int) -> HandMotion:
    """A part of the take's motion; rotations, which a camera does not see, are left out."""
    chosen = np.minimum(first + np.arange(frames), take.frame_count - 1)
    landmarks = take.landmarks_m[:, chosen].astype(float)
    return HandMotion(
        FRAME_RATE,
        landmarks[:, :, 0],
        np.zeros((2, frames, 16, 3)),
        landmarks,
        np.ones((2, frames), bool),
        take.bone_lengths_m,
    )


@dataclass(frozen=True)
class Watching:
    """How takes are watched in training; shares are of the windows.

    Attributes:
        noise: of the tracker.
        most_jitter: jitter is up to so many times the fitted one.
        most_lost: up to this share of the frames is lost.
        tips_share: only fingertips are seen.
        solid_share: hands are measured in 3D, with errors of height.
        late_sec: picture and notes are apart by up to this.
    """

    noise: TrackerNoise = field(default_factory=TrackerNoise)
    most_jitter: float = 4.0
    most_lost: float = 0.4
    tips_share: float = 0.4
    solid_share: float = 0.2
    late_sec: float = 0.03


def watch(
    take: ReviewTake, first: int, frames: int, watching: Watching, rng: np.random.Generator
) -> SeenHands:
    """One way in which a window of a take may be seen."""
    noise = watching.noise.scaled(float(rng.uniform(0.5, watching.most_jitter)))
    noise = replace(noise, latency_sec=float(rng.uniform(-1, 1)) * watching.late_sec)
    if rng.random() < 0.5:
        noise = noise.dropping(float(rng.uniform(0, watching.most_lost)))
    motion = hands_of(take, first, frames)
    filmed, view = film_motion(motion, None, noise, rng)
    seen = seen_on_film(filmed, view, frames)
    points, height = seen.points_m.copy(), seen.height_m
    if rng.random() < watching.solid_share:
        known = np.isfinite(points[:, :, :5, 0])
        wander = rng.normal(0, 0.006, (1, 2, 5)) + rng.normal(0, 0.003, (frames, 2, 5))
        tips = motion.tips_m.transpose(1, 0, 2, 3)
        height = np.where(known, tips[..., 2] + wander, np.nan)
        across = rng.normal(0, 0.002, (1, 2, 5, 2)) + rng.normal(0, 0.001, (frames, 2, 5, 2))
        points[:, :, :5] = np.where(known[..., None], tips[..., :2] + across, np.nan)
    if rng.random() < watching.tips_share:
        points[:, :, 5:] = np.nan
    return SeenHands(points, height, seen.confidence)
