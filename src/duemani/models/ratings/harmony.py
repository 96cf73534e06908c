"""What a passage's notes are, whoever plays them: register, texture, mode and dissonance."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

# How strongly each degree belongs to a key: Krumhansl & Kessler 1982.
_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
_CLASSES = 12


def content_figures(
    pitch: Int[np.ndarray, " note"],
    chord: Int[np.ndarray, " note"],
    top: Int[np.ndarray, " chord"],
    low: Int[np.ndarray, " chord"],
) -> dict[str, float]:
    """Figures of the notes by name.

    Args:
        pitch: MIDI number of each note.
        chord: which chord each note belongs to.
        top, low: highest and lowest note of each chord.
    """
    size = np.bincount(chord)
    melody = pitch[top].astype(float)
    steps = np.abs(np.diff(melody))
    keys = _key_fits(pitch)
    major, minor = keys.max(axis=1)
    best = np.sort(keys.ravel())
    return {
        "pitch": pitch.mean(),
        "pitch_sd": pitch.std(),
        "pitch_p10": np.percentile(pitch, 10),
        "pitch_p90": np.percentile(pitch, 90),
        "melody": melody.mean(),
        "melody_sd": melody.std(),
        "bass": pitch[low].mean(),
        "chord_size": size.mean(),
        "single": np.mean(size == 1),
        "full": np.mean(size > 2),
        "melody_step": np.clip(steps, 0, 24).mean(),
        "melody_repeats": np.mean(steps == 0),
        "melody_steps": np.mean((steps > 0) & (steps < 3)),
        "major": major,
        "minor": minor,
        "mode": major - minor,
        "key_clear": best[-1] - best[-3],
        "clash": np.mean([dissonance(pitch[chord == number]) for number in range(len(size))]),
        **_pairs(pitch, chord),
    }


def dissonance(pitch: Int[np.ndarray, " note"]) -> float:
    """Share of the pairs of notes that are a second or its inversion apart, 0 for one note."""
    classes = np.unique(pitch % _CLASSES)
    if len(classes) < 2:
        return 0.0
    apart = np.abs(classes[:, None] - classes)[np.triu_indices(len(classes), 1)]
    return float(np.mean(np.minimum(apart, _CLASSES - apart) < 3))


def _key_fits(pitch: np.ndarray) -> np.ndarray:
    """Correlation of the pitch classes with every (major or minor, tonic), (2, 12)."""
    counts = np.bincount(pitch % _CLASSES, minlength=_CLASSES).astype(float)
    if counts.std() == 0:
        return np.zeros((2, _CLASSES))
    return np.array(
        [
            [np.corrcoef(np.roll(profile, tonic), counts)[0, 1] for tonic in range(_CLASSES)]
            for profile in (_MAJOR, _MINOR)
        ]
    )


def _pairs(pitch: np.ndarray, chord: np.ndarray) -> dict[str, float]:
    """Share of each interval class among the pairs of notes of one chord or neighbouring ones."""
    near = np.abs(chord[:, None] - chord) <= 1
    first, second = np.nonzero(np.triu(near, 1))
    apart = np.abs(pitch[first].astype(int) - pitch[second]) % _CLASSES
    counts = np.bincount(np.minimum(apart, _CLASSES - apart), minlength=7)[:7]
    share = counts / max(counts.sum(), 1)
    return {f"interval_{interval}": float(share[interval]) for interval in range(7)}
