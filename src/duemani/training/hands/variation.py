"""Random changes to notes with known hands: scores are deadpan, performances are not."""

from __future__ import annotations

import numpy as np

from duemani.models.fingering.lines import chord_starts
from duemani.performance import HIGHEST_PITCH, LOWEST_PITCH, UNKNOWN_HAND

_MOST_SEMITONES = 6
_MOST_STRETCH = 0.7
_MOST_JITTER_SEC = 0.015
_MOST_ROLL_SEC = 0.03
_MOST_LEFT_OUT = 0.15
_WIDEST_CHORD = 17
"""No hand spans more [semitones]: a staff that says so does not tell the hand."""


def varied(notes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The same notes in another tempo, another key, played less exactly, some left out.

    Args:
        notes: as in `Performance.notes`.
        generator: of the changes.

    Returns:
        Notes in order; the hand is -1 where the given one cannot be true.
    """
    notes = _without_stretched(notes)
    if generator.random() < 0.5:
        share = generator.uniform(0, _MOST_LEFT_OUT)
        kept = generator.random(len(notes)) >= share
        notes = notes[kept] if kept.any() else notes
    notes = _transposed(notes, int(generator.integers(-_MOST_SEMITONES, _MOST_SEMITONES + 1)))
    stretch = np.exp(generator.uniform(-_MOST_STRETCH, _MOST_STRETCH))
    onset = notes["onset_sec"] * stretch
    length = (notes["release_sec"] - notes["onset_sec"]) * stretch
    if generator.random() < 0.7:
        onset = onset + generator.normal(0, generator.uniform(0, _MOST_JITTER_SEC), len(notes))
        onset = onset + _rolls(notes, generator)
    length = _other_lengths(length, generator)
    notes["onset_sec"] = np.maximum(onset - onset.min(initial=np.inf), 0)
    notes["release_sec"] = notes["onset_sec"] + length
    return np.sort(notes, order=("onset_sec", "pitch"), kind="stable")


def _without_stretched(notes: np.ndarray) -> np.ndarray:
    """A copy whose hands are unknown in chords that one hand could not span."""
    notes = notes.copy()
    for first, end in chord_starts(notes["onset_sec"], notes["release_sec"], notes["pitch"]):
        chord = notes[first:end]
        for hand in np.unique(chord["hand"]):
            pitch = chord["pitch"][chord["hand"] == hand]
            if hand != UNKNOWN_HAND and (np.ptp(pitch) > _WIDEST_CHORD or len(pitch) > 5):
                chord["hand"] = UNKNOWN_HAND
                break
    return notes


def _transposed(notes: np.ndarray, semitones: int) -> np.ndarray:
    pitch = notes["pitch"] + semitones
    if len(pitch) and (pitch.min() < LOWEST_PITCH or pitch.max() > HIGHEST_PITCH):
        return notes
    notes["pitch"] = pitch
    return notes


def _rolls(notes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """(note,) delays that roll every chord a little, from below or from above."""
    width = generator.uniform(0, _MOST_ROLL_SEC)
    delay = np.zeros(len(notes))
    for first, end in chord_starts(notes["onset_sec"], notes["release_sec"], notes["pitch"]):
        if end - first > 1:
            spread = np.linspace(0, generator.uniform(-width, width), end - first)
            delay[first:end] = spread - spread.min()
    return delay


def _other_lengths(length: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Shorter (detached playing), as they are, or longer (a pedal kept in the releases)."""
    kind = generator.random()
    if kind < 0.4:
        factor = generator.uniform(0.3, 1.0) * generator.uniform(0.8, 1.2, len(length))
    elif kind < 0.8:
        factor = generator.uniform(0.9, 1.15, len(length))
    else:
        factor = generator.uniform(1.0, 4.0) * generator.uniform(0.7, 1.3, len(length))
    return np.asarray(np.maximum(length * factor, 0.02))
