"""What the hands' network sees of every note: the notes around it, whatever hand plays them.

Notes stand in order of the chord they are struck in, then of pitch, so that the order does not
depend on the small onset differences within a chord. The same array serves training (torch) and
use (numpy).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from duemani.models.hands.features import NOTE_FEATURES, TakenNotes, extremes
from duemani.performance import HIGHEST_PITCH, LOWEST_PITCH

_NEAR = 12
_HELD_NEIGHBOURS = 24
_HELD_SEC = 0.06
_MOVE_VALUES = 5
_NEIGHBOUR_VALUES = _MOVE_VALUES + 3
_WINDOWS_SEC = (0.3, 1.0, 4.0, 12.0)
_MOST_IN_CHORD = 6
_CENTRES = np.arange(LOWEST_PITCH, HIGHEST_PITCH + 1, 6.0)
_HELD_VALUES = 2 * _MOVE_VALUES + 2
INPUT_VALUES = (
    2 * _NEAR * _NEIGHBOUR_VALUES
    + len(_CENTRES)
    + NOTE_FEATURES
    + 2 * len(_WINDOWS_SEC)
    + _HELD_VALUES
    + 2 * _MOST_IN_CHORD
    + 2 * _MOVE_VALUES
    + 1
)
"""Columns of `hand_inputs`."""


def in_chord_order(runs: list[tuple[int, int]], pitch: np.ndarray) -> Int[np.ndarray, " note"]:
    """Indices of the notes, run by run (see `fingering_lines.chord_starts`), rising in each."""
    chord = _chords(runs)
    return np.asarray(np.lexsort((pitch, chord)))


def _chords(runs: list[tuple[int, int]]) -> np.ndarray:
    """(note,) number of the run that each note is in."""
    return np.repeat(np.arange(len(runs)), [end - first for first, end in runs])


def hand_inputs(
    notes: np.ndarray, runs: list[tuple[int, int]], taken: TakenNotes
) -> Float[np.ndarray, "note value"]:
    """Numbers of about -1 to 1 for every note, in the order of `in_chord_order`.

    Args:
        notes: as in `Performance.notes`; hands and fingers are not looked at.
        runs: of `fingering_lines.chord_starts` for these notes.
        taken: of these notes.
    """
    order = in_chord_order(runs, notes["pitch"])
    pitch = notes["pitch"][order].astype(np.float32)
    chord = _chords(runs)
    # A chord's notes count as struck at once, at the first one's onset.
    first = np.array([low for low, _ in runs], int)
    onset = notes["onset_sec"][first][chord]
    release = notes["release_sec"][order]
    columns = [
        _neighbours(pitch, onset, release),
        np.exp(-(((pitch[:, None] - _CENTRES) / 6) ** 2)),
        taken.register[order],
        *_ranges(pitch, onset),
        _held(pitch, onset, release, chord),
        _in_chord(pitch, runs, chord),
        np.tanh((release - onset) / 0.5)[:, None],
    ]
    return np.concatenate(columns, 1, dtype=np.float32)


def _moves(steps: np.ndarray) -> np.ndarray:
    """(..., 5): an interval [semitones] on smooth scales."""
    wide, middle = np.tanh(steps / 12), np.tanh(steps / 5)
    narrow = np.tanh(steps / 1.5)
    octave = np.exp(-((np.abs(steps) - 12) ** 2) / 2)
    return np.stack([narrow, middle, wide, np.exp(-(steps**2) / 2), octave], -1)


def _window(values: np.ndarray, before: int, after: int) -> np.ndarray:
    """(note, before + after): the values around each note, NaN beyond the ends."""
    padded = np.full(len(values) + before + after, np.nan, np.float32)
    padded[before : before + len(values)] = values
    view = np.lib.stride_tricks.sliding_window_view(padded, before + after + 1)
    return np.delete(view, before, axis=1)


def _neighbours(pitch: np.ndarray, onset: np.ndarray, release: np.ndarray) -> np.ndarray:
    # Times relative to each note are small, whatever the length of the piece: 32 bits do.
    other_onset = _relative(onset, onset)
    gap = np.abs(other_onset)
    values = np.empty((len(pitch), 2 * _NEAR, _NEIGHBOUR_VALUES), np.float32)
    values[..., :_MOVE_VALUES] = _moves(_window(pitch, _NEAR, _NEAR) - pitch[:, None])
    values[..., -3] = np.exp(-gap / 0.05)
    values[..., -2] = np.tanh(gap / 0.4)
    # Whether the earlier of the two still sounds when the later one is struck.
    own_length = (release - onset)[:, None]
    sounding = np.where(
        np.arange(2 * _NEAR) < _NEAR, _relative(release, onset), own_length - other_onset
    )
    values[..., -1] = np.tanh(sounding / 0.2)
    return np.nan_to_num(values.reshape(len(pitch), -1), copy=False)


def _relative(time_sec: np.ndarray, origin_sec: np.ndarray) -> np.ndarray:
    padded = np.full(len(time_sec) + 2 * _NEAR, np.nan)
    padded[_NEAR : _NEAR + len(time_sec)] = time_sec
    view = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEAR + 1)
    around = np.delete(view, _NEAR, axis=1) - origin_sec[:, None]
    return around.astype(np.float32)


def _ranges(pitch: np.ndarray, onset: np.ndarray) -> list[np.ndarray]:
    """How far the lowest and the highest note within each window lie."""
    columns: list[np.ndarray] = []
    for window in _WINDOWS_SEC:
        low = np.searchsorted(onset, onset - window, side="left")
        high = np.searchsorted(onset, onset + window, side="right")
        least, greatest = extremes(pitch, low, high)
        columns += [np.tanh((pitch - end) / 16)[:, None] for end in (least, greatest)]
    return columns


def _held(
    pitch: np.ndarray, onset: np.ndarray, release: np.ndarray, chord: np.ndarray
) -> np.ndarray:
    """Keys still held from earlier chords: the nearest below and above, and how many each."""
    back = _HELD_NEIGHBOURS
    at = np.arange(len(pitch))[:, None] - np.arange(1, back + 1)
    exists = at >= 0
    at = np.maximum(at, 0)
    held = exists & (release[at] > onset[:, None] + _HELD_SEC) & (chord[at] < chord[:, None])
    away = pitch[at] - pitch[:, None]
    columns: list[np.ndarray] = []
    for side in (-1, 1):
        mine = held & (away * side > 0)
        nearest = np.where(mine, away * side, np.inf).min(1)
        any_held = mine.any(1)
        columns.append(_moves(np.where(any_held, nearest, 0.0)) * any_held[:, None])
        columns.append(np.tanh(mine.sum(1) / 3)[:, None])
    return np.concatenate(columns, 1)


def _in_chord(pitch: np.ndarray, runs: list[tuple[int, int]], chord: np.ndarray) -> np.ndarray:
    """How many chord notes lie below and above, and how far the outermost."""
    first = np.array([low for low, _ in runs], int)[chord]
    end = np.array([high for _, high in runs], int)[chord]
    at = np.arange(len(pitch))
    below, above = at - first, end - 1 - at
    rank = np.eye(_MOST_IN_CHORD)
    return np.concatenate(
        [
            rank[np.minimum(below, _MOST_IN_CHORD - 1)],
            rank[np.minimum(above, _MOST_IN_CHORD - 1)],
            _moves(pitch[first] - pitch),
            _moves(pitch[end - 1] - pitch),
        ],
        1,
    )
