"""Figures of who played which note: by note, by frame, and where sight alone does not tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.keyboard import WHITE_PITCH_M, key_centre_x
from duemani.models.reviewer.judge import Judgement
from duemani.models.reviewer.note_inputs import ten_fingers
from duemani.models.reviewer.seen_hands import FRAME_RATE, SeenHands

CLEAR_KEYS, NEAR_KEYS = 0.5, 0.6
"""A tip is clearly nearest if it lies within `NEAR_KEYS` of the key's middle and every other one
at least `CLEAR_KEYS` farther away [white keys]."""


@dataclass(frozen=True)
class Nearest:
    """The rule that a note is played by the fingertip nearest to its key.

    Attributes:
        finger: 0-9, left thumb to right little finger; -1 where no tip is seen.
        distance_keys: of that tip from the key's middle along the keys.
        second_keys: of the next nearest.
    """

    finger: Int[np.ndarray, " note"]
    distance_keys: Float[np.ndarray, " note"]
    second_keys: Float[np.ndarray, " note"]

    @property
    def clear(self) -> Bool[np.ndarray, " note"]:
        """Where it is clearly the nearest."""
        near = self.distance_keys < NEAR_KEYS
        return near & (self.second_keys > np.where(near, self.distance_keys, 0.0) + CLEAR_KEYS)


def nearest_tips(seen: SeenHands, notes: np.ndarray) -> Nearest:
    """Which tip is nearest along the keys in the frame nearest to each onset."""
    at = np.clip(np.round(notes["onset_sec"] * FRAME_RATE).astype(int), 0, seen.frame_count - 1)
    x = seen.points_m[at][:, :, :5, 0].reshape(len(notes), 10)
    away = np.abs(x - key_centre_x(notes["pitch"].astype(int))[:, None]) / WHITE_PITCH_M
    away = np.where(np.isfinite(away), away, np.inf)
    order = np.argsort(away, axis=1, kind="stable")
    rows = np.arange(len(notes))
    first, second = away[rows, order[:, 0]], away[rows, order[:, 1]]
    return Nearest(np.where(np.isfinite(first), order[:, 0], -1), first, second)


def held_frames(
    notes: np.ndarray, frames: int
) -> tuple[Int[np.ndarray, " pair"], Int[np.ndarray, " pair"]]:
    """Every frame in which a note's key is down: (frame, note) pairs, at least one a note."""
    first = np.clip(np.round(notes["onset_sec"] * FRAME_RATE).astype(int), 0, frames - 1)
    last = np.clip(np.round(notes["release_sec"] * FRAME_RATE).astype(int), first + 1, frames)
    count = np.maximum(last - first, 1)
    note = np.repeat(np.arange(len(notes)), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.minimum(first[note] + within, frames - 1), note


def frame_accuracy(judgement: Judgement, notes: np.ndarray) -> tuple[int, int]:
    """Frame-level fingering accuracy: (right, all) over every frame and key held in it.

    Args:
        judgement: of these notes.
        notes: with the true hands, fingers and releases.
    """
    if not len(notes):
        return 0, 0
    frame, note = held_frames(notes, len(judgement.pressing))
    told = judgement.frame_chances(frame, note).argmax(1)
    return int((told == ten_fingers(notes)[note]).sum()), len(note)


def calibration_error(
    chances: Float[np.ndarray, "note 10"], true: Int[np.ndarray, " note"], bins: int = 10
) -> float:
    """Expected calibration error: how far confidence is from accuracy, 0-1 (Guo et al. 2017)."""
    sure, right = chances.max(1), chances.argmax(1) == true
    at = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [
        abs(float(sure[at == b].mean()) - float(right[at == b].mean())) * float((at == b).mean())
        for b in range(bins)
        if (at == b).any()
    ]
    return float(sum(gaps))
