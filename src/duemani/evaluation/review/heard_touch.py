"""Figures of how a take was played, as heard in its sound: velocity, articulation, pedal."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.models.reviewer.seen_hands import FRAME_RATE
from duemani.performance import Performance, pedal_down

MATCH_SEC = 0.05
_LONGEST_LOG, _SHORTEST_LOG = 2.0, -4.0


def matched_notes(
    true: np.ndarray, heard: np.ndarray, within_sec: float = MATCH_SEC
) -> tuple[Int[np.ndarray, " pair"], Int[np.ndarray, " pair"]]:
    """Pairs of notes of one pitch whose onsets lie within `within_sec`, by mir_eval."""
    from mir_eval.transcription import match_note_onsets

    def rows(notes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        end = np.maximum(notes["release_sec"], notes["onset_sec"] + 1e-3)
        return np.stack([notes["onset_sec"], end], 1), notes["pitch"]

    pairs: list[tuple[int, int]] = []
    for pitch in np.intersect1d(true["pitch"], heard["pitch"]):
        mine = np.flatnonzero(true["pitch"] == pitch)
        theirs = np.flatnonzero(heard["pitch"] == pitch)
        found = match_note_onsets(rows(true[mine])[0], rows(heard[theirs])[0], within_sec)
        pairs += [(int(mine[a]), int(theirs[b])) for a, b in found]
    pairs.sort()
    both = np.array(pairs, int).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def correlation(true: Float[np.ndarray, " _"], told: Float[np.ndarray, " _"]) -> float:
    """Pearson's r; NaN where either does not vary."""
    if len(true) < 3 or np.std(true) < 1e-9 or np.std(told) < 1e-9:
        return float("nan")
    return float(np.corrcoef(true, told)[0, 1])


def articulation(notes: np.ndarray) -> Float[np.ndarray, " note"]:
    """Logarithm (base 2) of how long each key is held, of the time to the next note struck.

    The next note is the next onset at least 30 ms later, within an octave of the note, so that
    both hands' lines count each by itself; limited to -4 … 2.
    """
    onset, pitch = notes["onset_sec"], notes["pitch"].astype(int)
    later = onset[None] - onset[:, None]
    near = (later > 0.03) & (np.abs(pitch[None] - pitch[:, None]) <= 12)
    gap = np.where(near, later, np.inf).min(1, initial=np.inf)
    length = np.maximum(notes["release_sec"] - onset, 0.01)
    gap = np.where(np.isfinite(gap), gap, length)
    return np.clip(np.log2(length / gap), _SHORTEST_LOG, _LONGEST_LOG)


def pedal_frames(performance: Performance, frames: int) -> Bool[np.ndarray, " frame"]:
    """Whether the sustain pedal is down, 30 times a second."""
    return pedal_down(performance, np.arange(frames) / FRAME_RATE)


def f1(true: Bool[np.ndarray, " _"], told: Bool[np.ndarray, " _"]) -> float:
    """F1 of what is told; NaN where nothing is true and nothing is told."""
    hits = int((true & told).sum())
    total = int(true.sum() + told.sum())
    return 2 * hits / total if total else float("nan")
