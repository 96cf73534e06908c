"""Prepared takes in memory, and windows of them drawn at random but repeatably."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from duemani.datasets.takes import MotionTake, Split, list_takes, load_take
from duemani.errors import InputError
from duemani.media.spectra import FEATURE_COUNT
from duemani.models.diffusion.conditions.hand_frame import hand_angles, hand_wrists, to_hand
from duemani.models.diffusion.conditions.note_roll import finger_features, hand_targets, note_roll
from duemani.models.diffusion.conditions.style_code import STYLE_SIZE, style_code
from duemani.models.diffusion.conditions.style_estimate import style_features
from duemani.models.solver.style import Style
from duemani.motion import HandMotion
from duemani.performance import Performance

Report = Callable[[str, float], None]


@dataclass(frozen=True)
class TakeArrays:
    """One take as the networks see it; hands in their own frames (`diffusion.hand_frame`).

    Attributes:
        name: of the take.
        angles_rad, wrist_m: what is to be made.
        tips_m: where the finger pads are.
        tracked: frames of a hand that may be learned from.
        roll: the notes, (frame, 88, channel).
        fingers: wanted paths of the fingers.
        bone_lengths_m: of both hands.
        style: code of the pianist, NaN where unknown.
        style_seen: what can be seen of the style (`style_estimate.style_features`), empty where
            too little can.
        sound: features of the recording; no rows without one.
    """

    name: str
    angles_rad: Float[np.ndarray, "hand=2 frame 16 3"]
    wrist_m: Float[np.ndarray, "hand=2 frame 3"]
    tips_m: Float[np.ndarray, "hand=2 frame 5 3"]
    tracked: np.ndarray
    roll: np.ndarray
    fingers: np.ndarray
    bone_lengths_m: Float[np.ndarray, "hand=2 20"]
    style: np.ndarray
    style_seen: np.ndarray
    sound: np.ndarray

    @property
    def frame_count(self) -> int:
        """How many frames there are."""
        return int(self.wrist_m.shape[1])


def take_arrays(take: MotionTake, with_sound: bool = True) -> TakeArrays:
    """What the networks need of a take."""
    motion: HandMotion = take.motion
    performance: Performance = take.performance
    time_sec = np.arange(motion.frame_count) / motion.frame_rate
    style = take.style or Style()
    fingers = [
        finger_features(hand_targets(performance, hand, style).at(time_sec, style), hand)
        for hand in range(2)
    ]
    sound = take.sound if with_sound and take.sound is not None else None
    if sound is None:
        sound = np.zeros((0, FEATURE_COUNT), np.float16)
    code = style_code(take.style) if take.style else np.full(STYLE_SIZE, np.nan)
    return TakeArrays(
        name=take.name,
        angles_rad=_known(hand_angles(motion), motion.tracked),
        wrist_m=_known(hand_wrists(motion), motion.tracked),
        tips_m=_known(np.stack([to_hand(motion.tips_m[h], h) for h in range(2)]), motion.tracked),
        tracked=motion.tracked,
        roll=note_roll(performance, time_sec),
        fingers=np.stack(fingers).astype(np.float16),
        bone_lengths_m=motion.bone_lengths_m.astype(np.float32),
        style=code.astype(np.float32),
        style_seen=_style_seen(motion),
        sound=sound,
    )


def _style_seen(motion: HandMotion) -> np.ndarray:
    try:
        return style_features(motion)
    except InputError:  # too short
        return np.zeros(0)


def _known(values: np.ndarray, tracked: np.ndarray) -> np.ndarray:
    """Values of frames that are not tracked are those of the last one that is."""
    at = np.where(tracked, np.arange(tracked.shape[1]), -1)
    at = np.maximum.accumulate(at, axis=1)
    at = np.where(at < 0, tracked.argmax(1)[:, None], at)
    filled = np.stack([values[hand, at[hand]] for hand in range(2)])
    return np.nan_to_num(filled).astype(np.float32)


@dataclass(frozen=True)
class Corpus:
    """Takes of one split, and what could not be read."""

    takes: Sequence[TakeArrays]
    skipped: dict[str, str]

    @property
    def frame_count(self) -> int:
        """Frames of all takes."""
        return sum(take.frame_count for take in self.takes)


def load_corpus(
    folders: Sequence[Path],
    split: Split,
    with_sound: bool = True,
    most: int = 0,
    report: Report | None = None,
) -> Corpus:
    """The takes of a split from prepared data sets; damaged ones are skipped and named.

    Raises:
        InputError: a folder is no data set, or nothing is left.
    """
    takes: list[TakeArrays] = []
    skipped: dict[str, str] = {}
    paths = [path for folder in folders for path in list_takes(folder)]
    for done, path in enumerate(paths, 1):
        try:
            take = load_take(path)
        except InputError as error:
            skipped[path.stem] = str(error)
            continue
        if take.split == split:
            takes.append(take_arrays(take, with_sound))
        if report:
            report(f"reading {split} takes", done / len(paths))
        if most and len(takes) >= most:
            break
    if not takes:
        raise InputError(f"no take of the {split} split in {', '.join(map(str, folders))}.")
    return Corpus(takes, skipped)


@dataclass(frozen=True)
class Window:
    """Which frames of which take."""

    take: int
    frames: np.ndarray


def draw_windows(corpus: Corpus, length: int, count: int, seed: tuple[int, ...]) -> list[Window]:
    """`count` windows of `length` frames, every frame of the corpus about equally often.

    The last frame of a take that is shorter is repeated.
    """
    rng = np.random.default_rng(seed)
    weight = np.array([max(take.frame_count - length / 2, length / 2) for take in corpus.takes])
    windows = []
    for at in rng.choice(len(corpus.takes), count, p=weight / weight.sum()):
        total = corpus.takes[at].frame_count
        start = int(rng.integers(0, max(total - length, 0) + 1))
        windows.append(Window(int(at), np.minimum(start + np.arange(length), total - 1)))
    return windows
