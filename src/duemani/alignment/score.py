"""A performance laid along its score: repeats, restarts, wrong, missing and extra notes.

Two stages: the likeliest path through the score (`score_path`) tells the passages that were
played straight through, parangonar matches the notes of each (`score_matching`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from duemani.alignment.matching import expected_sec, match_passage, rising
from duemani.alignment.path import ScorePath, score_path
from duemani.inputs.score.line import ScoreLine
from duemani.performance import Performance

LEAST_NOTES = 12
"""Fewer played notes do not tell which piece they are of."""
_FITTING_COST = 1.1
_FITTING_RATE = 0.65
_COST_SCALE = 0.2
_LEAST_PASSAGE = 4
_LEAST_IN_PASSAGE = 0.5


@dataclass(frozen=True)
class Passage:
    """A stretch of the score played straight through.

    Attributes:
        first, last: the played notes, `last` excluded.
        quarter: positions in the score, strictly rising.
        time_sec: when they were played, strictly rising.
    """

    first: int
    last: int
    quarter: Float[np.ndarray, " point"]
    time_sec: Float[np.ndarray, " point"]

    def time_at(self, quarter: Float[np.ndarray, " at"]) -> Float[np.ndarray, " at"]:
        """When positions [quarters] were played [s]; beyond the ends at the passage's pace."""
        return _through(quarter, self.quarter, self.time_sec)

    def quarter_at(self, time_sec: Float[np.ndarray, " at"]) -> Float[np.ndarray, " at"]:
        """Position in the score [quarters] at times [s]."""
        return _through(time_sec, self.time_sec, self.quarter)


@dataclass(frozen=True)
class Alignment:
    """Played notes and written ones.

    Attributes:
        line: the score; its notes are those of `WrittenPiece.performance`.
        written: which written note each played one is, -1 for wrong and extra ones.
        onset_quarter: position of each played note in the score, interpolated for extra ones.
        bar: index of the bar of each played note.
        passage: index of the passage of each played note.
        passages: in the order played; a repeat, a restart or a leap begins a new one.
        missing: written notes that a passage went over without playing them.
        missing_sec: when they should have come.
        match_rate: share of the played notes that are in the score.
        played_share: share of the score's notes that were played at least once.
        path_cost: mean cost of the likeliest path [nats a note]; low fits.
        fits: this is the score of what was played; else nothing may be concluded from it.
        how_sure: probability that the score fits, 0-1.
    """

    line: ScoreLine
    written: Int[np.ndarray, " note"]
    onset_quarter: Float[np.ndarray, " note"]
    bar: Int[np.ndarray, " note"]
    passage: Int[np.ndarray, " note"]
    passages: tuple[Passage, ...]
    missing: Int[np.ndarray, " missing"]
    missing_sec: Float[np.ndarray, " missing"]
    match_rate: float
    played_share: float
    path_cost: float
    fits: bool
    how_sure: float

    @property
    def unplayed(self) -> Int[np.ndarray, " unplayed"]:
        """Written notes that no passage played, whether it went over them or not."""
        played = np.zeros(len(self.line.pitch), bool)
        played[self.written[self.written >= 0]] = True
        return np.flatnonzero(~played)

    @property
    def extra(self) -> Int[np.ndarray, " extra"]:
        """Played notes that the score does not have there."""
        return np.flatnonzero(self.written < 0)


def align_to_score(performance: Performance, line: ScoreLine) -> Alignment:
    """Find out which written note every played note is.

    Args:
        performance: what was played; it may start anywhere, stop, go back, and play repeats or
            not.
        line: the score. `Alignment.written` counts its notes.
    """
    onset_sec = performance.notes["onset_sec"].astype(float)
    pitch = performance.notes["pitch"].astype(int)
    if not len(pitch) or not len(line.pitch):
        return _nothing(line, len(pitch))
    path = score_path(onset_sec, pitch, line)
    written = np.full(len(pitch), -1)
    quarter = path.event_quarter[path.event].astype(float)
    number = np.zeros(len(pitch), int)
    passages: list[Passage] = []
    missing: list[np.ndarray] = []
    missing_sec: list[np.ndarray] = []
    score_event = np.searchsorted(path.event_quarter, line.onset_quarter - 1e-9)
    hopeless = path.cost > 2 * _FITTING_COST and len(pitch) >= LEAST_NOTES
    for first, last in _stretches(path, pitch, line, hopeless):
        mine = slice(first, last)
        if hopeless:
            found = _on_path(pitch[mine], quarter[mine], line)
        else:
            found = match_passage(
                onset_sec[mine], pitch[mine], path.event[mine], path.event_quarter, line
            )
        written[mine] = found
        passage = _passage(first, last, found, onset_sec[mine], path, line)
        number[mine] = len(passages)
        passages.append(passage)
        extra = np.flatnonzero(found < 0) + first
        quarter[extra] = passage.quarter_at(onset_sec[extra])
        matched = np.flatnonzero(found >= 0)
        quarter[first + matched] = line.onset_quarter[found[matched]]
        if len(matched):
            over = score_event[found[matched]]
            inside = (score_event >= over.min()) & (score_event <= over.max())
            inside[found[matched]] = False
            lacking = np.flatnonzero(inside)
            missing.append(lacking)
            missing_sec.append(passage.time_at(line.onset_quarter[lacking]))
    rate = float((written >= 0).mean())
    played = len(np.unique(written[written >= 0])) / len(line.pitch)
    sure = _how_sure(path.cost, rate, len(pitch))
    return Alignment(
        line=line,
        written=written,
        onset_quarter=quarter,
        bar=line.bar_at(quarter),
        passage=number,
        passages=tuple(passages),
        missing=np.concatenate(missing) if missing else np.zeros(0, int),
        missing_sec=np.concatenate(missing_sec) if missing_sec else np.zeros(0),
        match_rate=rate,
        played_share=played,
        path_cost=path.cost,
        fits=sure > 0.5,
        how_sure=sure,
    )


def _how_sure(cost: float, rate: float, count: int) -> float:
    """A logistic curve in the path's cost between both kinds of pair (docs/reference/review.md)."""
    if rate < _FITTING_RATE or count < LEAST_NOTES:
        return 0.0 if count >= LEAST_NOTES else 0.4
    return float(1 / (1 + np.exp(min((cost - _FITTING_COST) / _COST_SCALE, 50.0))))


def _stretches(
    path: ScorePath, pitch: np.ndarray, line: ScoreLine, whole: bool
) -> list[tuple[int, int]]:
    """Played notes between jumps; a few notes astray stay with what goes before."""
    cuts = [0, *map(int, np.flatnonzero(path.jumped)), len(pitch)]
    spans = [(a, b) for a, b in pairwise(cuts) if b > a]
    if whole:
        return spans
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        right = _on_path(pitch[first:last], path.event_quarter[path.event[first:last]], line) >= 0
        astray = last - first < _LEAST_PASSAGE or right.mean() < _LEAST_IN_PASSAGE
        if astray and joined:
            # Its path leads elsewhere: stay where the passage before ended.
            path.event[first:last] = path.event[first - 1]
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _on_path(pitch: np.ndarray, quarter: np.ndarray, line: ScoreLine) -> np.ndarray:
    """The note of the pitch where the path is, each taken once; -1 where there is none."""
    where = {
        (round(float(q), 6), int(p)): at
        for at, (q, p) in enumerate(zip(line.onset_quarter, line.pitch, strict=True))
    }
    found = np.full(len(pitch), -1)
    for at, (q, p) in enumerate(zip(quarter, pitch, strict=True)):
        found[at] = where.pop((round(float(q), 6), int(p)), -1)
    return found


def _passage(
    first: int,
    last: int,
    found: np.ndarray,
    onset_sec: np.ndarray,
    path: ScorePath,
    line: ScoreLine,
) -> Passage:
    event = path.event[first:last]
    matched = found[found >= 0]
    low, high = int(event.min()), int(event.max())
    if len(matched):
        at = np.searchsorted(path.event_quarter, line.onset_quarter[matched] - 1e-9)
        low, high = int(at.min()), int(at.max())
    used = np.zeros(len(path.event_quarter), bool)
    used[at if len(matched) else event] = True
    when = expected_sec(found, onset_sec, event, path.event_quarter, line)
    points = np.flatnonzero(used)
    points = points[(points >= low) & (points <= high)]
    kept = points[rising(when[points])]
    return Passage(first, last, path.event_quarter[kept].astype(float), when[kept].astype(float))


def _through(at: np.ndarray, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Linear interpolation that goes on beyond the ends at the overall pace."""
    result = np.interp(at, known, values)
    if len(known) < 2:
        return result
    slope = (values[-1] - values[0]) / (known[-1] - known[0])
    result = np.where(at < known[0], values[0] + slope * (at - known[0]), result)
    return np.where(at > known[-1], values[-1] + slope * (at - known[-1]), result)


def _nothing(line: ScoreLine, count: int) -> Alignment:
    return Alignment(
        line=line,
        written=np.full(count, -1),
        onset_quarter=np.zeros(count),
        bar=np.zeros(count, int),
        passage=np.zeros(count, int),
        passages=(),
        missing=np.zeros(0, int),
        missing_sec=np.zeros(0),
        match_rate=0.0,
        played_share=0.0,
        path_cost=float("inf"),
        fits=False,
        how_sure=0.0,
    )
