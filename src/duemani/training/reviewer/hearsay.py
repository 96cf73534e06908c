"""Notes as a transcriber would have them: onsets, lengths and velocities not quite right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Hearsay:
    """Errors of the notes that the reviewer is given.

    Attributes:
        onset_sec: standard deviation of onsets.
        log_length: standard deviation of the logarithm of lengths.
        held_share: notes whose release is taken for the damper's fall.
        missed_share: notes that are not there.
        velocity: standard deviation of velocities.
    """

    onset_sec: float = 0.008
    log_length: float = 0.3
    held_share: float = 0.25
    missed_share: float = 0.02
    velocity: float = 11.0


def heard_notes(
    notes: np.ndarray, sounding_sec: np.ndarray, errors: Hearsay, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Notes with errors, in order of onset, and which true note each of them is."""
    count = len(notes)
    kept = np.flatnonzero(rng.random(count) >= errors.missed_share)
    heard = notes[kept].copy()
    share = rng.uniform(0, 1)  # of the errors: some transcribers, and all pianos, know better
    onset = heard["onset_sec"] + share * errors.onset_sec * rng.standard_normal(len(kept))
    length = np.maximum(heard["release_sec"] - heard["onset_sec"], 0.02)
    held = rng.random(len(kept)) < errors.held_share * (rng.random() < 0.5)
    sounding = np.clip(sounding_sec[kept] - heard["onset_sec"], length, 6.0)
    length = np.where(held, sounding, length)
    length = length * np.exp(share * errors.log_length * rng.standard_normal(len(kept)))
    heard["onset_sec"], heard["release_sec"] = onset, onset + length
    gain, shift = rng.uniform(0.7, 1.2), rng.normal(0, 8)
    velocity = (heard["velocity"] - 64) * gain + 64 + shift
    # Transcribers hear velocities about as well as each other, whatever their timing is.
    velocity = velocity + rng.uniform(0.4, 1.2) * errors.velocity * rng.standard_normal(len(kept))
    heard["velocity"] = np.clip(np.round(velocity), 1, 127)
    heard["hand"], heard["finger"] = -1, 0
    order = np.lexsort((heard["pitch"], heard["onset_sec"]))
    return heard[order], kept[order]
