"""Offset and rate between two clocks, by correlation over all keys at once (FFT)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from duemani.performance import Performance

_RATES = (0.97, 1.03)
_FIRST_SEC = 120.0
_LONGEST_SEC = 1800.0
_DRIFT_SEC = 0.12
_FAR_PRIOR_SEC = 60.0


@dataclass(frozen=True)
class Clock:
    """film time = offset + rate · notes' time.

    Attributes:
        offset_sec: the film's time when the notes' time is 0.
        rate: seconds of film for one of the notes.
        sure: 0-1, how sure it is that both are of the same take; below a half they are not.
    """

    offset_sec: float
    rate: float
    sure: float

    def on_film(self, performance: Performance) -> Performance:
        """The notes by the film's clock; what lies before the film's start is left out."""
        notes, pedal = performance.notes.copy(), performance.pedal.copy()
        for name in ("onset_sec", "release_sec"):
            notes[name] = self.offset_sec + self.rate * notes[name]
        pedal["time_sec"] = np.maximum(self.offset_sec + self.rate * pedal["time_sec"], 0)
        return Performance.create(notes[notes["onset_sec"] >= 0], pedal)


def search_clock(
    spans: tuple[np.ndarray, np.ndarray, np.ndarray],
    over: np.ndarray,
    step_sec: float,
) -> tuple[float, float]:
    """Offset [s] and rate that agree best; some minutes decide, then more and more of the take.

    Args:
        spans: start and end of what is looked at of each note [s], and its key (0-87).
        over: how well each key agrees with being played, at even steps of the film, (step, 88).
        step_sec: between these.
    """
    length_sec = len(over) * step_sec
    take_sec = float(spans[1].max())
    shared = min(length_sec, take_sec)
    part = min(_FIRST_SEC, max(length_sec, take_sec))
    if shared < _FIRST_SEC and max(length_sec, take_sec) < _LONGEST_SEC:
        # A short part of a long take: any minute of it may be the one that is seen.
        part = max(length_sec, take_sec)
    middle, half = 1.0, (_RATES[1] - _RATES[0]) / 2
    tried = np.linspace(
        _RATES[0], _RATES[1], 1 + 2 * int(np.ceil(half * min(part, max(shared, 1.0)) / _DRIFT_SEC))
    )
    start = 0.0
    if take_sec > part:  # where most is played
        onsets = np.sort(spans[0])
        ahead = np.searchsorted(onsets, onsets + part)
        start = float(onsets[int((ahead - np.arange(len(onsets))).argmax())])
    while True:
        chosen = (spans[0] >= start) & (spans[0] < start + part)
        best = (-np.inf, 0.0, 1.0)
        for rate in tried:
            score, offset = _correlate(
                tuple(column[chosen] for column in spans), over, step_sec, float(rate)
            )
            # A slight pull to what is usual: the same start, the same speed.
            score -= (
                0.02 * abs(score) * (min(abs(offset) / _FAR_PRIOR_SEC, 1) + abs(rate - 1) / 0.03)
            )
            if score > best[0]:
                best = (score, offset, float(rate))
        middle = best[2]
        if part >= max(length_sec, take_sec):
            return best[1], middle
        step = (tried[1] - tried[0]) if len(tried) > 1 else 0.001
        tried = np.linspace(middle - step, middle + step, 9)
        part, start = part * 4, 0.0


def _correlate(
    spans: tuple[np.ndarray, ...], over: np.ndarray, step_sec: float, rate: float
) -> tuple[float, float]:
    """The best offset at a rate [s], and its score: the mean over notes of what lies over them."""
    from scipy.fft import irfft, next_fast_len, rfft

    onset, end, key = spans
    first = np.round(rate * onset / step_sec).astype(int)
    last = np.maximum(np.round(rate * end / step_sec).astype(int), first)
    held = np.zeros((int(last.max()) + 2, 88), np.float32)
    share = 1.0 / (last - first + 1)
    np.add.at(held, (first, key), share)
    np.add.at(held, (last + 1, key), -share)
    held = np.cumsum(held, axis=0)
    size = next_fast_len(len(held) + len(over), real=True)
    used = np.unique(key)
    product = rfft(over[:, used], size, axis=0) * np.conj(rfft(held[:, used], size, axis=0))
    total = irfft(product.sum(1), size)
    # At least half of the notes, or of the film, must overlap.
    shifts = np.concatenate([np.arange(len(over)), np.arange(len(over) - size, 0)])
    overlap = np.minimum(shifts + len(held), len(over)) - np.maximum(shifts, 0)
    total = np.where(overlap * 2 >= min(len(held), len(over)), total, -np.inf)
    best = int(total.argmax())
    return float(total[best]) / len(onset), float(shifts[best]) * step_sec
