"""The twelve rules of Parncutt et al. (1997), "An ergonomic model of keyboard fingering".

The least total of the rules' points, by dynamic programming over triples of notes. The paper is
about melodic fragments of one hand: chords are spread from the thumb's side, without crossing;
an interval beyond the practical span, which the paper rules out, costs `_BEYOND` points instead.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.baselines.fingerer import NoteSequence, note_sequences
from duemani.datasets.fingering.ergonomic_rules import span_bounds
from duemani.performance import Performance

_PRACTICAL, _COMFORTABLE, _RELAXED = range(3)
_FARTHEST = 24
_BEYOND = 50.0
_CROSSED_CHORD = 200.0


def _excess(finger: int, other: int, kind: int, interval: int) -> int:
    low, high = span_bounds(finger, other, kind)
    return max(interval - high, low - interval, 0)


@cache
def _pair_points(interval: int, black: int, next_black: int, chord: bool) -> np.ndarray:
    """Points [finger, next finger] of two notes: rules 1-3, 8, 9 and 12."""
    points = np.zeros((5, 5))
    for f, g in itertools.product(range(1, 6), repeat=2):
        cost = _BEYOND * (_excess(f, g, _PRACTICAL, interval) > 0)
        if f != g:
            low, high = span_bounds(f, g, _RELAXED)
            weight = 1 if 1 in (f, g) else 2
            cost += 2 * _excess(f, g, _COMFORTABLE, interval)
            # Spans are small or large seen from the lower finger.
            small = low - interval if f < g else interval - high
            large = interval - high if f < g else low - interval
            cost += weight * (max(small, 0) + max(large, 0))
        cost += (f, g) == (3, 4)
        cost += ((f, g) == (3, 4) and not black and next_black) or (
            (f, g) == (4, 3) and black and not next_black
        )
        cost += _thumb_pass(f, g, interval, black, next_black)
        crossed = (g - f) * interval <= 0 and interval != 0
        points[f - 1, g - 1] = cost + _CROSSED_CHORD * (chord and crossed)
    return points


def _thumb_pass(f: int, g: int, interval: int, black: int, next_black: int) -> float:
    """Rule 12."""
    if f == g or 1 not in (f, g) or (g - f) * interval >= 0:
        return 0.0
    # Passing puts the thumb on the higher of the two keys.
    thumb_black, other_black = (black, next_black) if f == 1 else (next_black, black)
    if thumb_black == other_black:
        return 1.0
    return 3.0 if thumb_black else 0.0


@cache
def _change_points(interval: int, middle: int) -> np.ndarray:
    """Points [finger, next, third] of rules 4 and 5.

    Args:
        interval: semitones from the first to the third note.
        middle: 1 if the second note lies between them, else 0.
    """
    points = np.zeros((5, 5, 5))
    for f, g, h in itertools.product(range(1, 6), repeat=3):
        size = _excess(f, h, _COMFORTABLE, interval)
        full = g == 1 and middle and _excess(f, h, _PRACTICAL, interval) > 0
        points[f - 1, g - 1, h - 1] = size + (0 if not size else 2 if full else 1)
    return points


def _fixed_triples() -> np.ndarray:
    """Rule 7: 3, 4 and 5 one after another in any order."""
    points = np.zeros((5, 5, 5))
    for order in itertools.permutations((2, 3, 4)):
        points[order] = 1
    return points


_THREE_FOUR_FIVE = _fixed_triples()
_WEAK = np.array([0.0, 0, 0, 1, 1])


def _note_points(sequence: NoteSequence) -> np.ndarray:
    """(note, 5): rules 6, 10 and 11."""
    black = sequence.black.astype(bool)
    white_before = np.concatenate([[False], ~black[:-1]])
    white_after = np.concatenate([~black[1:], [False]])
    points = np.repeat(_WEAK[None], len(black), 0)
    around = 2.0 * white_before + 2.0 * white_after
    points[:, 0] += black * (1 + around)
    points[:, 4] += black * around
    return points


@dataclass(frozen=True)
class ParncuttRules:
    """Fewest points; nothing is trained."""

    def fingers(self, performance: Performance) -> np.ndarray:
        """See `Fingerer`."""
        chosen = np.zeros(len(performance.notes), np.int8)
        for sequence in note_sequences(performance):
            chosen[sequence.notes] = 1 + _cheapest(sequence)
        return chosen


def _cheapest(sequence: NoteSequence) -> np.ndarray:
    pitch, black, own = sequence.pitch, sequence.black, _note_points(sequence)
    count = len(pitch)
    if count == 1:
        return np.zeros(1, int)
    together = np.diff(sequence.chord) == 0
    steps = np.clip(np.diff(pitch), -_FARTHEST, _FARTHEST)

    def pair(at: int) -> np.ndarray:
        return _pair_points(int(steps[at]), int(black[at]), int(black[at + 1]), bool(together[at]))

    state = own[0][:, None] + own[1] + pair(0)
    back: list[np.ndarray] = []
    for at in range(2, count):
        low, high = sorted((pitch[at - 2], pitch[at]))
        interval = int(np.clip(pitch[at] - pitch[at - 2], -_FARTHEST, _FARTHEST))
        total = state[:, :, None] + (pair(at - 1) + own[at])[None]
        total = total + _change_points(interval, int(low < pitch[at - 1] < high)) + _THREE_FOUR_FIVE
        back.append(total.argmin(0))
        state = total.min(0)
    path = list(np.unravel_index(int(state.argmin()), state.shape))
    for pointer in reversed(back):
        path.insert(0, pointer[path[0], path[1]])
    return np.array(path, int)
