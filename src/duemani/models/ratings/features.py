"""A passage as played → the figures that `models.ratings.predict` predicts listeners' ratings from.

Every figure is a statistic of the whole passage; times enter as differences only, so a passage
that starts later has the same figures. Lengths of time are in octaves (log2 of seconds). Onsets
less than 35 ms after the one before make one chord; "top" and "low" are its outer notes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from duemani.models.ratings.harmony import content_figures, dissonance
from duemani.performance import Performance, pedal_down, sound_end_sec

CHORD_SEC = 0.035
GROUPS = ("dynamics", "pace", "timing", "articulation", "pedal", "balance", "content")
_SHORTEST_SEC, _LONGEST_GAP_SEC, _LONGEST_SOUND_SEC = 0.01, 4.0, 20.0
# Ratios of neighbouring note values that are common in print, in octaves.
_SIMPLE_RATIOS = np.log2([1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4])
_EVEN_OCTAVES = 0.05
_TOGETHER_SEC = 0.02
_GRID_SEC = 0.05
_WINDOW_SEC = 2.0
# What stands for a figure that does not exist, such as the spread of chords where there are none.
_NO_PEDAL_DELAY_SEC, _NO_PEDAL_LATE_SEC = 0.25, 0.5


@dataclass(frozen=True)
class _Chords:
    """Notes grouped by onset: `of` the chord of each note; onset, top and lowest note a chord."""

    of: Int[np.ndarray, " note"]
    onset_sec: Float[np.ndarray, " chord"]
    top: Int[np.ndarray, " chord"]
    low: Int[np.ndarray, " chord"]


def passage_figures(performance: Performance) -> dict[str, float]:
    """Figures of a passage by name, `group.figure`; groups are `GROUPS`.

    A figure is NaN where the passage has nothing to measure it on.

    Args:
        performance: at least two chords.
    """
    notes = performance.notes
    chords = _chords(notes)
    groups = {
        "dynamics": _dynamics(notes, chords),
        "pace": _pace(notes, chords),
        "timing": _timing(chords),
        "articulation": _articulation(performance, chords),
        "pedal": _pedal(performance, chords),
        "balance": _balance(notes, chords),
        "content": content_figures(notes["pitch"], chords.of, chords.top, chords.low),
    }
    return {
        f"{group}.{name}": float(value)
        for group, figures in groups.items()
        for name, value in figures.items()
    }


def chord_count(performance: Performance) -> int:
    """How many chords (or single notes) the take has."""
    onset = performance.notes["onset_sec"]
    return int(np.sum(np.diff(onset) > CHORD_SEC)) + 1 if len(onset) else 0


def _chords(notes: np.ndarray) -> _Chords:
    onset = notes["onset_sec"]
    of = np.concatenate([[0], np.cumsum(np.diff(onset) > CHORD_SEC)])
    number = np.arange(of[-1] + 1)
    by_pitch = np.lexsort((notes["pitch"], of))
    low = by_pitch[np.searchsorted(of[by_pitch], number)]
    top = by_pitch[np.searchsorted(of[by_pitch], number, side="right") - 1]
    return _Chords(of, np.bincount(of, onset) / np.bincount(of), top, low)


def _spread(name: str, values: np.ndarray) -> dict[str, float]:
    low, high = np.percentile(values, [10, 90])
    return {
        f"{name}_mean": values.mean(),
        f"{name}_sd": values.std(),
        f"{name}_p10": low,
        f"{name}_p90": high,
    }


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    """Least-squares slope of y over x, 0 where x does not vary."""
    x = x - x.mean()
    power = float(x @ x)
    return float(x @ (y - y.mean())) / power if power > 0 else 0.0


def _log_gaps(chords: _Chords) -> np.ndarray:
    return np.log2(np.clip(np.diff(chords.onset_sec), _SHORTEST_SEC, _LONGEST_GAP_SEC))


def _dynamics(notes: np.ndarray, chords: _Chords) -> dict[str, float]:
    velocity = notes["velocity"].astype(float)
    onset = notes["onset_sec"]
    loudest = np.maximum.reduceat(velocity, np.searchsorted(chords.of, np.arange(len(chords.top))))
    length_sec = max(onset[-1] - onset[0], 1e-3)
    place = (onset - onset[0]) / length_sec
    window = (place * max(round(length_sec / _WINDOW_SEC), 2)).astype(int)
    counts = np.bincount(window)
    levels = np.bincount(window, velocity)[counts > 0] / counts[counts > 0]
    # A swell and fall over the passage explained away.
    curve = np.stack([np.ones(len(place)), place, place**2], axis=1)
    trend = curve @ np.linalg.lstsq(curve, velocity, rcond=None)[0]
    return {
        **_spread("velocity", velocity),
        "top_step": np.abs(np.diff(velocity[chords.top])).mean(),
        "loudest_step": np.abs(np.diff(loudest)).mean(),
        "slope": _slope(place, velocity),
        "windows_sd": levels.std(),
        "off_trend_sd": np.std(velocity - trend),
        "by_pitch": _slope(notes["pitch"].astype(float), velocity),
        "distinct": len(np.unique(velocity)) / len(velocity),
    }


def _pace(notes: np.ndarray, chords: _Chords) -> dict[str, float]:
    gaps = _log_gaps(chords)
    length_sec = max(notes["onset_sec"][-1] - notes["onset_sec"][0], 0.1)
    return {
        **_spread("gap", gaps),
        "gap_median": np.median(gaps),
        "notes_a_sec": np.log2(len(notes) / length_sec),
        "chords_a_sec": np.log2(len(chords.onset_sec) / length_sec),
    }


def _timing(chords: _Chords) -> dict[str, float]:
    gaps = _log_gaps(chords)
    steps = np.diff(gaps)
    if not len(steps):
        names = ("off_ratio", "off_ratio_p90", "step", "even_share", "drift", "last")
        return dict.fromkeys(names, np.nan)
    off = np.abs(steps[:, None] - _SIMPLE_RATIOS).min(axis=1)
    quarter = max(len(gaps) // 4, 1)
    return {
        "off_ratio": off.mean(),
        "off_ratio_p90": np.percentile(off, 90),
        "step": np.abs(steps).mean(),
        "even_share": np.mean(off < _EVEN_OCTAVES),
        "drift": gaps[-quarter:].mean() - gaps[:quarter].mean(),
        "last": gaps[-1] - np.median(gaps),
    }


def _articulation(performance: Performance, chords: _Chords) -> dict[str, float]:
    notes = performance.notes
    held = np.maximum(notes["release_sec"] - notes["onset_sec"], _SHORTEST_SEC)
    sounding = sound_end_sec(performance) - notes["onset_sec"]
    sounding = np.clip(sounding, _SHORTEST_SEC, _LONGEST_SOUND_SEC)
    gap = np.clip(np.diff(chords.onset_sec), _SHORTEST_SEC, _LONGEST_GAP_SEC)
    figures = _spread("held", np.log2(held)) | _spread("sounding", np.log2(sounding))
    # Share of the time to the next chord that a key is held: over 0 octaves, the notes are joined.
    for name, line in (("top", chords.top), ("low", chords.low)):
        share = np.log2(held[line[:-1]] / gap)
        figures |= _spread(f"{name}_share", share)
        figures |= {f"{name}_joined": np.mean(share > 0), f"{name}_short": np.mean(share < -1)}
    inner = chords.of < len(gap)
    return figures | _spread("share", np.log2(held[inner] / gap[chords.of[inner]]))


def _pedal(performance: Performance, chords: _Chords) -> dict[str, float]:
    notes = performance.notes
    start_sec, end_sec = notes["onset_sec"][0], notes["release_sec"].max()
    grid = start_sec + np.arange(0, max(end_sec - start_sec, _GRID_SEC), _GRID_SEC)
    down = pedal_down(performance, grid)
    change = np.diff(down.astype(int))
    presses, lifts = int(np.sum(change > 0)), int(np.sum(change < 0))
    press_sec = grid[1:][change > 0]
    delay = np.abs(press_sec[:, None] - chords.onset_sec).min(axis=1)
    behind = np.searchsorted(chords.onset_sec, press_sec, side="right") - 1
    late = press_sec - chords.onset_sec[np.maximum(behind, 0)]
    sounds_until = sound_end_sec(performance)
    several, clash = [], []
    for onset_sec in chords.onset_sec:
        on = (notes["onset_sec"] <= onset_sec + CHORD_SEC) & (sounds_until > onset_sec + _GRID_SEC)
        several.append(np.sum(on))
        clash.append(dissonance(notes["pitch"][on]))
    return {
        "share": down.mean(),
        "presses_a_sec": presses / max(end_sec - start_sec, 0.1),
        "presses_a_chord": presses / len(chords.onset_sec),
        "down_sec": np.log2(max(down.sum(), 1) * _GRID_SEC / max(presses, lifts, 1)),
        "onsets": pedal_down(performance, chords.onset_sec + _TOGETHER_SEC).mean(),
        "delay": np.clip(delay, 0, 0.5).mean() if presses else _NO_PEDAL_DELAY_SEC,
        "late": np.clip(late, 0, 1).mean() if presses else _NO_PEDAL_LATE_SEC,
        "sounding": np.mean(several),
        "sounding_p90": np.percentile(several, 90),
        "clash": np.mean(clash),
        "clash_p90": np.percentile(clash, 90),
    }


def _balance(notes: np.ndarray, chords: _Chords) -> dict[str, float]:
    velocity, onset = notes["velocity"].astype(float), notes["onset_sec"]
    size = np.bincount(chords.of)
    full = size > 1
    if not full.any():
        names = ("top_over_rest", "low_over_rest", "top_lead", "low_lead", "spread", "wide", "sd")
        return dict.fromkeys(names, np.nan)

    def above_rest(values: np.ndarray, line: np.ndarray) -> float:
        rest = (np.bincount(chords.of, values) - values[line])[full] / (size[full] - 1)
        return float(np.mean(values[line][full] - rest))

    starts = np.searchsorted(chords.of, np.arange(len(size)))
    width = (np.maximum.reduceat(onset, starts) - np.minimum.reduceat(onset, starts))[full]
    mean = np.bincount(chords.of, velocity) / size
    inside = np.sqrt(np.bincount(chords.of, (velocity - mean[chords.of]) ** 2) / size)
    return {
        "top_over_rest": above_rest(velocity, chords.top),
        "low_over_rest": above_rest(velocity, chords.low),
        "top_lead": -above_rest(onset, chords.top),
        "low_lead": -above_rest(onset, chords.low),
        "spread": width.mean(),
        "wide": np.mean(width > _TOGETHER_SEC),
        "sd": inside[full].mean(),
    }
