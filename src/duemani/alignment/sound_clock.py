"""When a film's sound plays what the notes say: onsets heard against onsets given."""

from __future__ import annotations

import numpy as np

from duemani.alignment.clock_search import Clock, search_clock
from duemani.performance import LOWEST_PITCH, Performance

_LEAST_NOTES = 12
_SOUND_STEP_SEC = 0.02
_SOUND_SPREAD_SEC, _SOUND_NEAR_SEC = 0.025, 0.07
_WRONG_HEARD, _RIGHT_HEARD = 0.25, 0.5


def fit_sound_clock(performance: Performance, heard: Performance) -> Clock:
    """Offset and rate between a take's notes and what was heard in the film's sound.

    Args:
        performance: the notes, by their own clock.
        heard: notes transcribed from the sound, by the film's clock.
    """
    if min(len(performance.notes), len(heard.notes)) < _LEAST_NOTES:
        return Clock(0.0, 1.0, 0.0)
    end = float(heard.notes["onset_sec"].max()) + 1.0
    sounding = np.zeros((int(end / _SOUND_STEP_SEC) + 2, 88), np.float32)
    _put_bumps(sounding, heard.notes, _SOUND_STEP_SEC)
    onsets = np.stack([performance.notes["onset_sec"]] * 2, axis=1)
    strikes = (onsets[:, 0], onsets[:, 1], performance.notes["pitch"] - LOWEST_PITCH)
    offset, rate = search_clock(strikes, sounding, _SOUND_STEP_SEC)
    near = 2 * _SOUND_NEAR_SEC
    for _ in range(6):
        mine, theirs = _same_strikes(performance, heard, offset, rate, near)
        if len(mine) < _LEAST_NOTES:
            return Clock(offset, rate, 0.0)
        rate, offset = _robust_line(mine, theirs)
        near = max(near * 0.7, 0.5 * _SOUND_NEAR_SEC)
    mine, _ = _same_strikes(performance, heard, offset, rate, _SOUND_NEAR_SEC)
    at = offset + rate * performance.notes["onset_sec"]
    inside = int(np.count_nonzero((at > -_SOUND_NEAR_SEC) & (at < end)))
    within = (heard.notes["onset_sec"] >= at.min() - 0.1) & (
        heard.notes["onset_sec"] <= at.max() + 0.1
    )
    score = 2 * len(mine) / max(inside + int(np.count_nonzero(within)), 1)
    sure = np.clip((score - _WRONG_HEARD) / (_RIGHT_HEARD - _WRONG_HEARD), 0, 1)
    return Clock(float(offset), float(rate), float(sure))


def _put_bumps(sounding: np.ndarray, notes: np.ndarray, step_sec: float) -> None:
    reach = int(3 * _SOUND_SPREAD_SEC / step_sec) + 1
    at = notes["onset_sec"] / step_sec
    key = notes["pitch"] - LOWEST_PITCH
    for shift in range(-reach, reach + 1):
        row = np.round(at).astype(int) + shift
        height = np.exp(-0.5 * ((row - at) * step_sec / _SOUND_SPREAD_SEC) ** 2)
        inside = (row >= 0) & (row < len(sounding))
        np.maximum.at(sounding, (row[inside], key[inside]), height[inside].astype(np.float32))


def _same_strikes(
    performance: Performance, heard: Performance, offset: float, rate: float, near_sec: float
) -> tuple[np.ndarray, np.ndarray]:
    """Onsets of the same pitch that lie nearest to each other, each used once at most."""
    mine: list[np.ndarray] = []
    theirs: list[np.ndarray] = []
    for pitch in np.unique(performance.notes["pitch"]):
        ours = performance.notes["onset_sec"][performance.notes["pitch"] == pitch]
        other = heard.notes["onset_sec"][heard.notes["pitch"] == pitch]
        if not len(other):
            continue
        at = offset + rate * ours
        nearest = np.abs(other[None] - at[:, None]).argmin(1)
        back = np.abs(other[:, None] - at[None]).argmin(1)
        good = (back[nearest] == np.arange(len(at))) & (np.abs(other[nearest] - at) < near_sec)
        mine.append(ours[good])
        theirs.append(other[nearest[good]])
    if not mine:
        return np.zeros(0), np.zeros(0)
    return np.concatenate(mine), np.concatenate(theirs)


def _robust_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and intercept by least squares, reweighted for outliers (Huber)."""
    middle = x.mean()
    columns = np.stack([x - middle, np.ones_like(x)], axis=1)
    weight = np.ones_like(x)
    slope, level = 1.0, float(np.median(y - x + middle))
    for _ in range(10):
        scaled = columns * weight[:, None]
        slope, level = np.linalg.lstsq(scaled, y * weight, rcond=None)[0]
        miss = np.abs(y - level - slope * (x - middle))
        spread = 1.4826 * np.median(miss) + 1e-4
        weight = np.sqrt(np.minimum(1, 1.5 * spread / np.maximum(miss, 1e-9)))
    return float(slope), float(level - slope * middle)
