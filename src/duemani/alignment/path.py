"""Where in the score a player is: the likeliest path, with jumps back, on and to repeats.

A hidden Markov model whose states are the score's onsets, decoded by Viterbi's algorithm, after
Nakamura, Nakamura and Sagayama, "Real-time audio-to-score alignment of music performances
containing errors and arbitrary repeats and skips" (2015); our costs are simpler.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.inputs.score.line import ScoreLine

_BLOCK = 256


@dataclass(frozen=True)
class PathCosts:
    """Costs [nats] of what a player may do.

    Attributes:
        wrong: a note that the score does not have at this onset.
        near: a note of the onset before or after.
        skip: each onset left out.
        stay: a note struck later than the rest of its chord.
        jump: going elsewhere, to the start of a bar.
        inside: and elsewhere, into the middle of a bar.
        repeat: along a written repeat.
        pause: what a jump is cheaper by after a pause.
        chord_sec: the notes of a chord are struck within this time.
        pause_sec: a pause.
    """

    wrong: float = 4.0
    near: float = 1.2
    skip: float = 1.2
    stay: float = 0.8
    jump: float = 14.0
    inside: float = 4.0
    repeat: float = 3.0
    pause: float = 5.0
    chord_sec: float = 0.06
    pause_sec: float = 1.2


@dataclass(frozen=True)
class ScorePath:
    """The likeliest path.

    Attributes:
        event_quarter: the score's onsets.
        event: which of them every played note belongs to.
        jumped: a note that a jump leads to.
        cost: of the whole path, a played note [nats]; about 4 where nothing fits.
    """

    event_quarter: Float[np.ndarray, " event"]
    event: Int[np.ndarray, " note"]
    jumped: Bool[np.ndarray, " note"]
    cost: float


def score_path(
    onset_sec: Float[np.ndarray, " note"],
    pitch: Int[np.ndarray, " note"],
    line: ScoreLine,
    costs: PathCosts | None = None,
) -> ScorePath:
    """Lay played notes along a score.

    Args:
        onset_sec: rising.
        pitch: of the played notes.
        line: the score, at least one note.
        costs: of what a player may do.

    Memory is bounded by storing every 256th column and decoding backwards block by block.
    """
    costs = costs or PathCosts()
    decoder = _Decoder(line, costs)
    if not len(onset_sec):
        return ScorePath(decoder.event_quarter, np.zeros(0, int), np.zeros(0, bool), 0.0)
    gap_sec = np.diff(onset_sec, prepend=onset_sec[0])
    value = decoder.start(int(pitch[0]))
    saved = [value]
    for at in range(1, len(pitch)):
        value = decoder.step(value, int(pitch[at]), float(gap_sec[at]))[0]
        if at % _BLOCK == 0:
            saved.append(value)
    state = int(np.argmax(value))
    total = float(value[state])
    event, jumped = np.zeros(len(pitch), int), np.zeros(len(pitch), bool)
    for block in range(len(saved) - 1, -1, -1):
        first, last = block * _BLOCK, min((block + 1) * _BLOCK, len(pitch) - 1)
        steps = []
        value = saved[block]
        for at in range(first + 1, last + 1):
            value, origin = decoder.step(value, int(pitch[at]), float(gap_sec[at]))
            steps.append(origin)
        for at in range(last, first, -1):
            event[at] = state
            state, jumped[at] = steps[at - first - 1].origin_of(state)
    event[0] = state
    return ScorePath(decoder.event_quarter, event, jumped, -total / len(pitch))


@dataclass
class _Origins:
    """Where each state of a column was reached from."""

    advanced: np.ndarray
    jumped: np.ndarray
    advance_origin: np.ndarray
    best: int
    repeat_origin: dict[int, int]

    def origin_of(self, state: int) -> tuple[int, bool]:
        if state in self.repeat_origin:
            return self.repeat_origin[state], True
        if self.jumped[state]:
            return self.best, True
        if self.advanced[state]:
            return int(self.advance_origin[state]), False
        return state, False


class _Decoder:
    def __init__(self, line: ScoreLine, costs: PathCosts) -> None:
        self.event_quarter, note_event = np.unique(line.onset_quarter, return_inverse=True)
        count = len(self.event_quarter)
        has = np.zeros((128, count), bool)
        has[line.pitch, note_event] = True
        near = np.zeros_like(has)
        near[:, 1:] |= has[:, :-1]
        near[:, :-1] |= has[:, 1:]
        # A trill's other note is not wrong.
        for note in np.flatnonzero(line.ornament):
            for step in (-2, -1, 1, 2):
                near[np.clip(line.pitch[note] + step, 0, 127), note_event[note]] = True
        self._score = np.where(has, 0.0, np.where(near, -costs.near, -costs.wrong))
        self._score = self._score.astype(np.float32)
        self._costs = costs
        self._index = np.arange(count, dtype=np.float32) * np.float32(costs.skip)
        self._entry = np.full(count, costs.inside, np.float32)
        starts = np.searchsorted(self.event_quarter, line.bar_quarter - 1e-6)
        self._entry[starts[starts < count]] = 0.0
        self._entry[0] = 0.0
        self._repeats = [
            (
                int(np.searchsorted(self.event_quarter, origin - 1e-6)),
                int(np.searchsorted(self.event_quarter, target - 1e-6)),
            )
            for origin, target in line.jumps
        ]

    def start(self, pitch: int) -> np.ndarray:
        value = self._score[pitch] - self._entry - 4.0
        value[0] += 4.0
        return value

    def step(self, value: np.ndarray, pitch: int, gap_sec: float) -> tuple[np.ndarray, _Origins]:
        costs, count = self._costs, len(value)
        stay = value - (costs.stay if gap_sec > costs.chord_sec else 0.0)
        advance = np.full(count, -np.inf, np.float32)
        raised = value + self._index
        best = np.maximum.accumulate(raised)
        advance[1:] = best[:-1] - self._index[:-1]
        origin = np.zeros(count, np.int64)
        new_best = raised >= best
        origin[1:] = np.maximum.accumulate(np.where(new_best, np.arange(count), 0))[:-1]
        top = int(np.argmax(value))
        price = costs.jump - (costs.pause if gap_sec > costs.pause_sec else 0.0)
        jump = value[top] - price - self._entry
        advanced = advance > stay
        result = np.where(advanced, advance, stay)
        jumped = jump > result
        result = np.where(jumped, jump, result)
        repeat_origin: dict[int, int] = {}
        for source, target in self._repeats:
            if source < count and target < count:
                along = value[source] - costs.repeat
                if along > result[target]:
                    result[target] = along
                    repeat_origin[target] = source
        result += self._score[pitch]
        return result, _Origins(advanced, jumped, origin, top, repeat_origin)
