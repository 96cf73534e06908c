"""A take prepared for the analysis of expression: windows, places in the score, what to trust."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from duemani.alignment.score import Alignment
from duemani.performance import LEFT, RIGHT, Performance
from duemani.report import Curve, Kind, Remark

WINDOW_SEC = 4.0
CHORD_SEC = 0.05
LEAST_NOTES = 8
"""Fewer notes than this tell nothing about expression."""

NoteSource = Literal["measured", "heard"]


@dataclass(frozen=True)
class Tolerance:
    """How far the notes may be off, by where they come from.

    Attributes:
        velocity: typical error [steps].
        onset_sec, release_sec, pedal_sec: typical errors.
        confidence: of what is said.
    """

    velocity: float
    onset_sec: float
    release_sec: float
    pedal_sec: float
    confidence: float


TOLERANCES: Mapping[NoteSource, Tolerance] = {
    "measured": Tolerance(0.5, 0.002, 0.005, 0.01, 0.95),
    "heard": Tolerance(5.0, 0.012, 0.06, 0.1, 0.7),
}
"""The instrument's own MIDI; notes transcribed from its sound."""


@dataclass(frozen=True)
class Window:
    """A bar as played once, or some seconds where there is no score.

    Attributes:
        name: printed number, or the time it starts.
        start_sec, end_sec: as played.
        bar: index of the bar in the score, -1 without.
        passage: index of the passage, 0 without.
    """

    name: str
    start_sec: float
    end_sec: float
    bar: int = -1
    passage: int = 0


Figures = Float[np.ndarray, " window"]


@dataclass(frozen=True)
class Aspect:
    """What one kind of analysis found.

    Attributes:
        curves, remarks, cannot_tell: as in `Review`.
        figures: name to a value for every window, NaN where it cannot be told.
    """

    curves: tuple[Curve, ...] = ()
    figures: Mapping[str, Figures] = field(default_factory=dict[str, Figures])
    remarks: tuple[Remark, ...] = ()
    cannot_tell: tuple[str, ...] = ()


@dataclass(frozen=True)
class Take:
    """What the analyses look at.

    Attributes:
        performance: the notes.
        alignment: to a score that fits, or None.
        source: where the notes come from.
    """

    performance: Performance
    alignment: Alignment | None
    source: NoteSource = "measured"

    @property
    def tolerance(self) -> Tolerance:
        """How far the notes may be off."""
        return TOLERANCES[self.source]

    @cached_property
    def onset_sec(self) -> Float[np.ndarray, " note"]:
        """Onsets."""
        return self.performance.notes["onset_sec"].astype(float)

    @cached_property
    def release_sec(self) -> Float[np.ndarray, " note"]:
        """When keys are let go."""
        return self.performance.notes["release_sec"].astype(float)

    @cached_property
    def velocity(self) -> Float[np.ndarray, " note"]:
        """Velocities."""
        return self.performance.notes["velocity"].astype(float)

    @cached_property
    def pitch(self) -> Int[np.ndarray, " note"]:
        """Pitches."""
        return self.performance.notes["pitch"].astype(int)

    @cached_property
    def hand(self) -> Int[np.ndarray, " note"]:
        """Hands: as given, else by the score's staves; -1 unknown."""
        hand = self.performance.notes["hand"].astype(int)
        if self.alignment is None:
            return hand
        written = self.alignment.written
        by_score = np.where(written >= 0, self.alignment.line.hand[np.maximum(written, 0)], -1)
        return np.where(hand >= 0, hand, by_score)

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """Bars in the order played, or windows of 4 s."""
        if self.alignment is None:
            end = float(self.release_sec.max()) if len(self.release_sec) else 0.0
            starts = np.arange(0.0, max(end, 1e-3), WINDOW_SEC)
            return tuple(
                Window(_clock(start), float(start), float(min(start + WINDOW_SEC, max(end, start))))
                for start in starts
            )
        return tuple(_bars(self.alignment, self.release_sec))

    @cached_property
    def window_of(self) -> Int[np.ndarray, " note"]:
        """The window of every note."""
        starts = np.array([window.start_sec for window in self.windows])
        if self.alignment is None:
            found = np.searchsorted(starts, self.onset_sec + 1e-9, side="right") - 1
            return np.clip(found, 0, max(len(starts) - 1, 0))
        place = {(one.passage, one.bar): at for at, one in enumerate(self.windows)}
        passages, bars = self.alignment.passage.tolist(), self.alignment.bar.tolist()
        nearest = np.clip(np.searchsorted(starts, self.onset_sec, side="right") - 1, 0, None)
        return np.array(
            [
                place.get(key, int(near))
                for key, near in zip(zip(passages, bars, strict=True), nearest, strict=True)
            ],
            int,
        )

    @cached_property
    def has_touch(self) -> bool:
        """Velocities differ: they were recorded."""
        return len(self.velocity) >= 2 and float(self.velocity.std()) > 0.5

    @cached_property
    def chord_of(self) -> Int[np.ndarray, " note"]:
        """Number of the chord that every note is part of: struck (or written) together."""
        if not len(self.onset_sec):
            return np.zeros(0, int)
        new = np.diff(self.onset_sec, prepend=-np.inf) > CHORD_SEC
        return np.cumsum(new) - 1

    def bars(self, start_sec: float, end_sec: float) -> str:
        """Printed numbers of the bars between two times, "" without a score."""
        if self.alignment is None:
            return ""
        inside = [
            window.bar
            for window in self.windows
            if window.end_sec > start_sec + 1e-3 and window.start_sec < end_sec - 1e-3
        ]
        if not inside:
            return ""
        return self.alignment.line.bars_named(inside[0], inside[-1])

    def place(self, start_sec: float, end_sec: float) -> str:
        """Where, in a sentence: `In bar 12`, `In bars 3-5`, `At 0:42`."""
        bars = self.bars(start_sec, end_sec)
        if not bars:
            return f"At {_clock(start_sec)}"
        return f"In bars {bars}" if "-" in bars else f"In bar {bars}"

    def remark(
        self,
        kind: Kind,
        title: str,
        text: str,
        span_sec: tuple[float, float],
        weight: float,
        confidence: float = 1.0,
        notes: tuple[int, ...] = (),
        praise: bool = False,
        hand: int = -1,
    ) -> Remark:
        """A remark on a passage; `confidence` is lowered by what the notes come from."""
        return Remark(
            kind=kind,
            title=title,
            text=text,
            start_sec=max(span_sec[0], 0.0),
            end_sec=max(span_sec[1], span_sec[0], 0.0),
            bars=self.bars(*span_sec),
            weight=float(np.clip(weight, 0.0, 1.0)),
            confidence=float(np.clip(confidence * self.tolerance.confidence, 0.0, 1.0)),
            notes=notes,
            praise=praise,
            hand=hand if hand in (LEFT, RIGHT) else -1,
        )

    def by_window(self, values: Float[np.ndarray, " note"], least: int = 1) -> Figures:
        """Mean of a note's figure (NaN: none) in every window; NaN with fewer than `least`."""
        known = np.isfinite(values)
        count = np.bincount(self.window_of[known], minlength=len(self.windows))
        total = np.bincount(
            self.window_of[known], weights=values[known], minlength=len(self.windows)
        )
        return np.where(count >= least, total / np.maximum(count, 1), np.nan)


def smoothed(
    at_sec: Float[np.ndarray, " point"],
    time_sec: Float[np.ndarray, " value"],
    value: Float[np.ndarray, " value"],
    width_sec: float,
) -> tuple[Float[np.ndarray, " point"], Float[np.ndarray, " point"]]:
    """Mean by a Gaussian window of standard deviation `width_sec`, and its standard error.

    NaN where fewer than three values lie within two widths. `time_sec` rises.
    """
    mean, error = np.full(len(at_sec), np.nan), np.full(len(at_sec), np.nan)
    low = np.searchsorted(time_sec, at_sec - 3 * width_sec)
    high = np.searchsorted(time_sec, at_sec + 3 * width_sec, side="right")
    for at, (a, b) in enumerate(zip(low, high, strict=True)):
        if b - a < 3:
            continue
        away = (time_sec[a:b] - at_sec[at]) / width_sec
        if (np.abs(away) <= 2).sum() < 3:
            continue
        weight = np.exp(-0.5 * away**2)
        weight = weight / weight.sum()
        mean[at] = float(weight @ value[a:b])
        variance = float(weight @ (value[a:b] - mean[at]) ** 2)
        error[at] = np.sqrt(variance * float((weight**2).sum()))
    return mean, error


def curve_times(take: Take, most: int = 1500) -> Float[np.ndarray, " point"]:
    """Times for a curve: four a second, fewer in a long take."""
    if not len(take.onset_sec):
        return np.zeros(0)
    first, last = float(take.onset_sec[0]), float(take.onset_sec[-1])
    count = int(np.clip(4 * (last - first), 1, most)) + 1
    return np.linspace(first, last, count)


def _bars(alignment: Alignment, release_sec: np.ndarray) -> list[Window]:
    line = alignment.line
    windows = []
    for number, passage in enumerate(alignment.passages):
        low, high = line.bar_at(np.array([passage.quarter[0], passage.quarter[-1]]))
        edges = passage.time_at(np.append(line.bar_quarter, np.inf)[low : high + 2])
        last = float(release_sec[passage.first : passage.last].max())
        if not np.isfinite(edges[-1]):
            edges[-1] = last
        first_sec, last_sec = float(passage.time_sec[0]), float(passage.time_sec[-1])
        edges[0] = min(max(edges[0], 0.0), first_sec)
        edges[-1] = max(min(float(edges[-1]), max(last, last_sec)), last_sec)
        if number + 1 < len(alignment.passages):
            edges[-1] = min(edges[-1], float(alignment.passages[number + 1].time_sec[0]))
        edges = np.maximum.accumulate(np.maximum(edges, 0.0))
        windows += [
            Window(line.bars_named(bar, bar), float(a), float(b), bar, number)
            for bar, a, b in zip(range(low, high + 1), edges, edges[1:], strict=False)
        ]
    return windows


def _clock(time_sec: float) -> str:
    return f"{int(time_sec) // 60}:{int(time_sec) % 60:02d}"
