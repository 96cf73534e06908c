"""The pattern of black keys along a line: which dark runs are which black keys.

Along any straight line over the black keys, their places are a projectivity of the keyboard's x.
Lengths here are in white keys: x = 0 at the left of some C, every white key 1 wide, an octave 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from duemani.keyboard import CENTRE_X_M, IS_BLACK, WHITE_PITCH_M

OCTAVE = 7
FIRST_C = 2
"""White keys before the first C: A0 and B0."""
_C_TO_B = slice(3, 15)
BLACK_IN_OCTAVE = CENTRE_X_M[_C_TO_B][IS_BLACK[_C_TO_B]] / WHITE_PITCH_M - FIRST_C

_WINDOW = 6
_WINDOW_MISS = 0.09
_STARTS_TRIED = 4
_NEAR = 0.28
_GAPS_ALLOWED = 7
_WIDTHS = (0.25, 0.95)


@dataclass(frozen=True)
class LineMatch:
    """Black keys found along one line.

    Attributes:
        keys: number of each black key; 0 is C sharp above x = 0, 5 in an octave.
        runs: the dark run that is this key.
        miss: root mean square distance of the runs' middles, in white keys.
        projectivity: (a, b, c) with place = (a x + b) / (c x + 1).
    """

    keys: Int[np.ndarray, " key"]
    runs: Int[np.ndarray, " key"]
    miss: float
    projectivity: Float[np.ndarray, "3"]


def black_x(keys: Int[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Middle of the black keys with these numbers, in white keys."""
    return np.asarray(BLACK_IN_OCTAVE[np.mod(keys, 5)] + OCTAVE * np.floor_divide(keys, 5))


def match_line(
    middles: Float[np.ndarray, " run"], widths: Float[np.ndarray, " run"]
) -> LineMatch | None:
    """The longest stretch of dark runs that lie like black keys; None where there is none.

    Args:
        middles: of the dark runs along the line, increasing.
        widths: of the runs, in the same unit.
    """
    if len(middles) < _WINDOW:
        return None
    starts = np.arange(len(middles) - _WINDOW + 1)
    places = middles[starts[:, None] + np.arange(_WINDOW)]
    fits, misses = [], []
    for phase in range(5):
        fit, miss = _fit(black_x(phase + np.arange(_WINDOW)), places)
        fits.append(fit)
        misses.append(miss)
    miss = np.array(misses)
    best: LineMatch | None = None
    # Each window must like its own phase clearly better than the others.
    order = np.argsort(miss.min(0))[: _STARTS_TRIED * 3]
    tried = 0
    for start in order:
        phase = int(miss[:, start].argmin())
        if miss[phase, start] > _WINDOW_MISS or tried == _STARTS_TRIED:
            break
        taken = best is not None and start in best.runs and start + _WINDOW - 1 in best.runs
        if taken:
            continue
        tried += 1
        found = _extended(middles, widths, int(start), phase)
        if found is not None and (best is None or len(found.keys) > len(best.keys)):
            best = found
    return best


def _fit(x: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares projectivities of x to each row of places, and their misses in white keys."""
    places = np.atleast_2d(places)
    middle, shift = x.mean(), places.mean(1, keepdims=True)
    scale = np.ptp(places, axis=1, keepdims=True) / max(np.ptp(x), 1e-9)
    u, v = x - middle, (places - shift) / np.maximum(scale, 1e-9)
    design = np.stack(
        [np.broadcast_to(u, v.shape), np.ones_like(v), -np.broadcast_to(u, v.shape) * v], axis=2
    )
    gram = np.einsum("wki,wkj->wij", design, design) + 1e-9 * np.eye(3)
    right = np.einsum("wki,wk->wi", design, v)
    a, b, c = np.moveaxis(np.linalg.solve(gram, right[..., None])[..., 0], 1, 0)
    depth = c[:, None] * u + 1
    predicted = (a[:, None] * u + b[:, None]) / depth
    slope = (a - b * c)[:, None] / depth**2
    off = (predicted - v) / np.where(np.abs(slope) > 1e-6, slope, 1e-6)
    miss = np.sqrt((off**2).mean(1))
    bad = (depth.min(1) < 0.2) | (slope.min(1) <= 0)
    # Back from the centred unknowns: place = shift + scale * (a u + b) / (c u + 1), u = x - middle.
    end = 1 - c * middle
    end = np.where(np.abs(end) > 1e-9, end, 1e-9)
    s, m = scale[:, 0], shift[:, 0]
    full = np.stack(
        [(s * a + m * c) / end, (s * (b - a * middle) + m * (1 - c * middle)) / end, c / end], 1
    )
    return full, np.where(bad, np.inf, miss)


def _fit_one(keys: list[int], places: np.ndarray) -> tuple[np.ndarray, float]:
    fits, misses = _fit(black_x(np.array(keys)), places)
    return fits[0], float(misses[0])


def _extended(middles: np.ndarray, widths: np.ndarray, start: int, phase: int) -> LineMatch | None:
    """Grow a window of runs key by key to both sides."""
    keys = list(range(phase, phase + _WINDOW))
    runs = list(range(start, start + _WINDOW))
    fit, miss = _fit_one(keys, middles[runs])
    for step in (1, -1):
        gaps = 0
        key = (keys[-1] if step > 0 else keys[0]) + step
        while gaps < _GAPS_ALLOWED:
            x = float(black_x(np.array(key)))
            depth = fit[2] * x + 1
            if depth <= 0.02:
                break
            place, slope = (fit[0] * x + fit[1]) / depth, (fit[0] - fit[1] * fit[2]) / depth**2
            if slope <= 0 or not middles[0] - slope < place < middles[-1] + slope:
                break
            near = int(np.abs(middles - place).argmin())
            fits_width = _WIDTHS[0] < widths[near] / slope < _WIDTHS[1]
            reach = _NEAR * min(1.0, 0.6 + 0.08 * len(keys))
            if abs(middles[near] - place) < reach * slope and fits_width and near not in runs:
                at = len(keys) if step > 0 else 0
                keys.insert(at, key)
                runs.insert(at, near)
                if len(keys) < _WINDOW + 8 or len(keys) % 4 == 0:
                    fit, miss = _fit_one(keys, middles[runs])
                if not np.isfinite(miss):
                    return None
                gaps = 0
            else:
                gaps += 1
            key += step
    fit, miss = _fit_one(keys, middles[runs])
    depth = fit[2] * black_x(np.array(keys)) + 1
    slope = (fit[0] - fit[1] * fit[2]) / depth**2
    relative = widths[runs] / slope
    good = (relative > _WIDTHS[0]) & (relative < _WIDTHS[1])
    if good.mean() < 0.8 or miss > _WINDOW_MISS * 1.5:
        return None
    return LineMatch(np.array(keys), np.array(runs), miss, fit)
