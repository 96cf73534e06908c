"""The best fingers for one hand's line: second-order Viterbi with reach and haste penalties.

Keys that stay down longer than two events are followed along each state's surviving path, so
time and memory are linear in the line's length.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from jaxtyping import Float

from benchmarks.baselines.tables.reach import haste_penalty, held_penalty
from benchmarks.baselines.tables.scores import SKIP_SHARES, STEP_SHARES, line_features
from duemani.models.fingering.lines import HandLine, part_of

_HASTE_SEC = 0.25
_LEGATO_SEC = 0.06
"""Overlaps up to this are legato, not holding."""
_CONFIDENCE_LAG = 4
_CHUNK_EVENTS = 2000


@dataclass
class _Active:
    """A key that still matters: held, or struck a moment ago."""

    note: int
    event: int
    place: int
    onset_sec: float
    release_sec: float
    survivors: np.ndarray = field(default_factory=lambda: np.zeros((1, 1), int))
    """(choice before, choice): its finger along each state's best path, once 3 events old."""


@dataclass(frozen=True)
class _Scores:
    own: np.ndarray
    step: np.ndarray
    skip: np.ndarray
    triple: np.ndarray


def decode_line(
    line: HandLine, notes: np.ndarray, weights: Float[np.ndarray, " weight"], scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Fingers (1-5) and confidences (0-1) of the line's notes, (note,) over all of `notes`.

    Notes of the other hand get 0 and NaN. A confidence is the share of the likelihood, four
    events later, of the paths that agree.
    """
    finger = np.zeros(len(notes), np.int8)
    confidence = np.full(len(notes), np.nan, np.float32)
    count = len(line.notes)
    if not count:
        return finger, confidence
    starts = range(0, count, _CHUNK_EVENTS)
    viterbi = _Viterbi(line, notes, scale)
    for start in starts:
        viterbi.run(_scores(line, weights, scale, start, min(start + _CHUNK_EVENTS, count)), start)
    for event, choice, trust in zip(line.notes, viterbi.best_path(), viterbi.trust, strict=True):
        finger[event] = choice + 1
        confidence[event] = trust
    return finger, confidence


def _scores(line: HandLine, weights: np.ndarray, scale: float, start: int, end: int) -> _Scores:
    """Score arrays of the events [start, end); neighbours beyond them serve as context."""
    margin = 16
    low, high = max(start - margin, 0), min(end + margin, len(line.notes))
    part = part_of(line, low, high)
    features = line_features(part, scale)
    inside = slice(start - low, end - low)
    return _Scores(
        own=weights[features.own[inside]].sum(-1) + features.fixed[inside],
        step=weights[features.step[inside]] @ STEP_SHARES,
        skip=weights[features.skip[inside]] @ SKIP_SHARES,
        triple=weights[features.triple[inside]].sum(-1),
    )


@lru_cache(maxsize=20_000)
def _held(offset_mm: int, overlap_tenths: int, scale: float) -> np.ndarray:
    return held_penalty(offset_mm / 1000, overlap_tenths / 10, scale)


@lru_cache(maxsize=20_000)
def _hasty(offset_mm: int, interval_hundredths: int, scale: float) -> np.ndarray:
    return haste_penalty(offset_mm / 1000, interval_hundredths / 100, scale)


class _Viterbi:
    """State at event t: (choice at t-1, choice at t)."""

    def __init__(self, line: HandLine, notes: np.ndarray, scale: float) -> None:
        self._line, self._scale = line, scale
        self._onset = notes["onset_sec"].tolist()
        self._release = notes["release_sec"].tolist()
        self._x_m = line.note_x_m.tolist()
        self._choices = [choices.astype(np.intp) for choices in line.choices]
        self._state = np.zeros((1, 1))
        self._back: list[np.ndarray] = []
        self._active: list[_Active] = []
        self.trust: list[np.ndarray] = []

    def run(self, scores: _Scores, start: int) -> None:
        """Take the events from `start` on, as many as `scores` holds."""
        for offset in range(len(scores.own)):
            self._advance(start + offset, scores, offset)
            if start + offset >= _CONFIDENCE_LAG:
                self.trust.append(self._agreement(start + offset - _CONFIDENCE_LAG))

    def best_path(self) -> list[np.ndarray]:
        """Fingers 0-4 of every event's notes; also completes `trust`."""
        last = len(self._back) - 1
        while len(self.trust) <= last:
            self.trust.append(self._agreement(len(self.trust)))
        before, here = np.unravel_index(int(np.argmax(self._state)), self._state.shape)
        path = [0] * (last + 1)
        for event in range(last, -1, -1):
            path[event] = int(here)
            before, here = self._back[event][before, here], before
        return [choices[at] for choices, at in zip(self._choices, path, strict=True)]

    def _advance(self, event: int, scores: _Scores, offset: int) -> None:
        choices = self._choices[event]
        options = len(choices)
        before2, before1 = self._state.shape
        step = scores.step[offset, :before1, :options] + scores.own[offset, :options]
        skip = scores.skip[offset, :before2, :options]
        # total[a, b, c]: the best path through a, b to c
        total = (self._state[:, :, None] + skip[:, None, :]) + step[None]
        if before2 == before1 == options == 5:
            total += scores.triple[offset]
        for active in self._active:
            self._restrain(active, event, total)
        back = total.argmax(0)
        self._state = np.take_along_axis(total, back[None], 0)[0]
        self._state -= self._state.max()
        self._back.append(back)
        self._remember(event, back)

    def _restrain(self, active: _Active, event: int, total: np.ndarray) -> None:
        """Subtract what `active` costs the choices of `event` from total[a, b, c]."""
        choices, line = self._choices[event], self._line
        for place, note in enumerate(line.notes[event].tolist()):
            penalty = self._penalty(active, note)
            if penalty is None:
                continue
            rows = penalty[:, choices[:, place]]
            age = event - active.event
            if age == 1:
                total -= rows[self._choices[event - 1][:, active.place]][None]
            elif age == 2:
                total -= rows[self._choices[event - 2][:, active.place]][:, None]
            else:
                total -= rows[active.survivors]

    def _penalty(self, active: _Active, note: int) -> np.ndarray | None:
        onset = self._onset[note]
        offset_mm = round((self._x_m[note] - self._x_m[active.note]) * 1000)
        overlap = min(active.release_sec, self._release[note]) - onset
        interval = onset - active.onset_sec
        penalty = None
        if interval < _HASTE_SEC:
            penalty = _hasty(offset_mm, max(int(interval * 100), 0), self._scale)
        if overlap > _LEGATO_SEC and offset_mm:
            held = _held(offset_mm, min(round(overlap * 10), 4), self._scale)
            penalty = held if penalty is None else np.maximum(held, penalty)
        return penalty

    def _remember(self, event: int, back: np.ndarray) -> None:
        """Follow active keys along the surviving paths; drop those that no longer matter."""
        line = self._line
        if event + 1 >= len(line.notes):
            return
        upcoming = float(line.onset_sec[event + 1])
        kept: list[_Active] = []
        for active in self._active:
            if not self._matters(active, upcoming):
                continue
            age = event - active.event
            if age == 2:
                active.survivors = self._choices[event - 2][:, active.place][back]
            elif age > 2:
                active.survivors = active.survivors[back, np.arange(len(back))[:, None]]
            kept.append(active)
        for place, note in enumerate(line.notes[event].tolist()):
            active = _Active(note, event, place, self._onset[note], self._release[note])
            if self._matters(active, upcoming):
                kept.append(active)
        self._active = kept

    @staticmethod
    def _matters(active: _Active, upcoming_sec: float) -> bool:
        return (
            upcoming_sec - active.onset_sec < _HASTE_SEC
            or active.release_sec - upcoming_sec > _LEGATO_SEC
        )

    def _agreement(self, event: int) -> np.ndarray:
        """Likelihood share of the present states whose path takes each finger at `event`."""
        last = len(self._back) - 1
        share = np.exp(self._state)
        share /= share.sum()
        before, here = np.indices(self._state.shape).reshape(2, -1)
        for at in range(last, event, -1):
            before, here = self._back[at][before, here], before
        fingers = self._choices[event][here]
        best = fingers[int(np.argmax(share))]
        return (share.reshape(-1, 1) * (fingers == best)).sum(0)
