"""Made-up parts of the reviewer for its tests: hands over keys, notes, what is known of both."""

import functools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from duemani.keyboard import WHITE_PITCH_M, key_centre_x
from duemani.models.reviewer.config import ReviewerConfig
from duemani.models.reviewer.seen_hands import FRAME_RATE, SeenHands
from duemani.models.reviewer.windows import SOUND_FEATURES, Evidence
from duemani.performance import LEFT, RIGHT, make_notes
from duemani.skeleton import MEDIUM_BONE_LENGTHS_M

if TYPE_CHECKING:
    from duemani.training.reviewer.network import Reviewer

TINY = ReviewerConfig(16, 16, 8, 2, 1, 2)
STEP_SEC = 0.25
_WHITE = np.array([p for p in range(60, 84) if p % 12 in (0, 2, 4, 5, 7, 9, 11)])


def some_notes(count: int, seed: int = 0, seconds: float = 8.0) -> np.ndarray:
    """Any notes of any length, in order, hands and fingers unknown."""
    rng = np.random.default_rng(seed)
    onset = np.sort(rng.uniform(0, seconds, count))
    rows = zip(
        onset.tolist(),
        (onset + rng.uniform(0.02, 2, count)).tolist(),
        rng.integers(21, 109, count).tolist(),
        rng.integers(1, 128, count).tolist(),
        strict=True,
    )
    return make_notes(list(rows))


def some_seen(frames: int, seed: int = 0, lost: float = 0.2) -> SeenHands:
    """Wandering points, some of them unseen, whose heights are known here and there."""
    rng = np.random.default_rng(seed)
    points = rng.normal(0, 0.004, (frames, 2, 11, 2)).cumsum(0)
    points[..., 0] += key_centre_x(np.array([48, 72]))[None, :, None]
    points[rng.random((frames, 2)) < lost] = np.nan
    height = np.where(
        rng.random((frames, 2, 5)) < 0.5, rng.uniform(0, 0.03, (frames, 2, 5)), np.nan
    )
    sure = np.where(np.isfinite(points).any((2, 3)), rng.uniform(0.2, 1, (frames, 2)), 0.0)
    return SeenHands(points, height, sure)


def some_sound(frames: int, seed: int = 0) -> np.ndarray:
    """Rows as `media.spectra` makes them."""
    return np.random.default_rng(seed).uniform(0, 3, (frames, SOUND_FEATURES)).astype(np.float32)


def some_evidence(count: int, frames: int = 240, seed: int = 0) -> Evidence:
    """Everything there is to know of some notes."""
    rng = np.random.default_rng(seed + 1)
    return Evidence(
        some_notes(count, seed, frames / FRAME_RATE),
        rng.dirichlet(np.ones(10), count).reshape(count, 10),
        some_seen(frames, seed),
        some_sound(frames, seed),
        True,
    )


def hands_at(tips_x_m: np.ndarray) -> np.ndarray:
    """Landmarks whose tips lie on the white keys at x (hand, frame, 5)."""
    hands, frames, _ = tips_x_m.shape
    landmarks = np.zeros((hands, frames, 21, 3))
    for finger in range(5):
        for joint in range(4):
            landmarks[:, :, 1 + 4 * finger + joint, 0] = tips_x_m[..., finger]
            landmarks[:, :, 1 + 4 * finger + joint, 1] = 0.035 - 0.025 * (3 - joint)
    landmarks[:, :, 0, 0] = tips_x_m[..., 2]
    landmarks[:, :, 0, 1] = -0.1
    return landmarks


def any_finger_played(seconds: float = 24.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Notes that any finger of any hand plays, and landmarks that show which: (notes, landmarks).

    A hand that plays stands with that finger over the key, the other one an octave and more away,
    so neither pitch nor order tells the finger.
    """
    rng = np.random.default_rng(seed)
    count = int((seconds - 0.5) / STEP_SEC)
    frames = round(seconds * FRAME_RATE)
    notes = make_notes(
        [
            (0.25 + STEP_SEC * at, 0.25 + STEP_SEC * (at + 0.8), int(pitch), 64)
            for at, pitch in enumerate(rng.choice(_WHITE, count))
        ]
    )
    notes["hand"], notes["finger"] = rng.integers(0, 2, count), rng.integers(1, 6, count)
    at_frame = np.clip(
        np.floor((np.arange(frames) / FRAME_RATE - 0.25) / STEP_SEC + 0.4).astype(int), 0, count - 1
    )
    key = key_centre_x(notes["pitch"].astype(int))
    tips = np.zeros((2, frames, 5))
    for hand in (LEFT, RIGHT):
        place = np.arange(5) if hand == RIGHT else np.arange(5)[::-1]
        plays = notes["hand"] == hand
        own = (
            key[:, None] + (place - place[notes["finger"].astype(int) - 1][:, None]) * WHITE_PITCH_M
        )
        away = key[:, None] + place * WHITE_PITCH_M + (0.3 if hand == RIGHT else -0.4)
        tips[hand] = np.where(plays[:, None], own, away)[at_frame]
    return notes, hands_at(tips)


def bone_lengths() -> np.ndarray:
    """Of both hands."""
    return np.stack([MEDIUM_BONE_LENGTHS_M] * 2)


@functools.cache
def exported_reviewer() -> "tuple[Path, Reviewer]":
    """A tiny reviewer of random weights, as a file and in PyTorch; made once: it takes long."""
    import torch

    from duemani.training.reviewer.export import save_reviewer
    from duemani.training.reviewer.network import Reviewer

    torch.manual_seed(0)
    reviewer = Reviewer(TINY).eval()
    for parameter in reviewer.parameters():  # as the file keeps them
        parameter.data = parameter.data.half().float()
    folder = tempfile.TemporaryDirectory()
    _FOLDERS.append(folder)  # until the tests end
    path = Path(folder.name) / "tiny.safetensors"
    save_reviewer(path, reviewer, {"takes": 3})
    return path, reviewer


_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []
