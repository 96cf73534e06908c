"""Ergonomic rules as features of the plain tables, so that rare intervals are judged like others.

After Parncutt et al. (1997), "An ergonomic model of keyboard fingering for melodic fragments":
spans in semitones, comfortable and relaxed; the weights are learned.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from duemani.models.fingering.hand_span import PARNCUTT_SPANS_ST
from duemani.models.fingering.inputs import LINK_ENTRIES, PAIR_ENTRIES

_FEATURES = 12


def _spans() -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest [comfortable, relaxed] semitones from finger f to g, (2, 5, 5)."""
    least, greatest = np.zeros((2, 5, 5)), np.zeros((2, 5, 5))
    for (finger, other), spans in PARNCUTT_SPANS_ST.items():
        f, g = finger - 1, other - 1
        for kind, (low, high) in enumerate((spans.comfortable, spans.relaxed)):
            least[kind, f, g], greatest[kind, f, g] = low, high
            least[kind, g, f], greatest[kind, g, f] = -high, -low
    return least, greatest


def _features(interval: np.ndarray, black: np.ndarray, next_black: np.ndarray) -> np.ndarray:
    """(feature, entry, 5, 5) of finger f, then g, `interval` semitones higher."""
    steps = interval[:, None, None].astype(float)
    f, g = np.arange(5)[:, None], np.arange(5)[None, :]
    same, thumb = f == g, (f == 0) ^ (g == 0)
    least, greatest = _spans()
    comfortable = np.maximum(np.maximum(steps - greatest[0], least[0] - steps), 0)
    rising = g > f
    away, low, high = (
        np.where(rising, values, -values)
        for values in (
            steps,
            np.where(rising, least[1], greatest[1]),
            np.where(rising, greatest[1], least[1]),
        )
    )
    small, large = np.maximum(low - away, 0), np.maximum(away - high, 0)
    crossing = (g - f) * steps < 0
    on_black = np.where(f == 0, black[:, None, None], next_black[:, None, None]).astype(bool)
    other_black = np.where(f == 0, next_black[:, None, None], black[:, None, None]).astype(bool)
    middle = (least[1] + greatest[1]) / 2
    off = np.abs(steps - middle)
    columns = [
        np.minimum(comfortable, 8) * ~same,
        (comfortable > 0) & ~same,
        np.minimum(small, 6) * ~same,
        np.minimum(large, 6) * ~same,
        thumb & crossing,
        thumb & crossing & on_black & ~other_black,
        thumb & crossing & ~on_black & other_black,
        ~thumb & ~same & crossing,
        same & (steps != 0),
        same * np.minimum(np.abs(steps), 8),
        ~same & (steps == 0),
        np.minimum(off, 10) ** 2 / 10,
    ]
    shape = (len(interval), 5, 5)
    return np.stack([np.broadcast_to(column, shape).astype(np.float32) for column in columns])


def link_rules() -> Float[np.ndarray, "feature entry"]:
    """Features of every entry of the tables over two events."""
    group = np.arange(LINK_ENTRIES // 25)
    intervals = len(group) // 4
    colours = group // intervals
    features = _features(group % intervals - intervals // 2, colours // 2, colours % 2)
    return np.asarray(features.reshape(_FEATURES, -1))


def pair_rules() -> Float[np.ndarray, "feature entry"]:
    """Features of every entry of the table over neighbours in a chord."""
    group = np.arange(PAIR_ENTRIES // 25)
    intervals = len(group) // 4
    colours = group // intervals
    features = _features(group % intervals, colours // 2, colours % 2)
    return np.asarray(features.reshape(_FEATURES, -1))
