"""The learned part of fingering: a small convolutional network that scores fingers in context.

For every event of a hand's line it gives the potentials (nats) of a conditional random field over
finger combinations: of each choice by itself, of its outer fingers against those of the events one
and two before, and of three single notes in a row. numpy only; `training/fingering/network.py`
holds the same network in torch, and a test compares them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.models.convolution import Weights, before, linear, trunk
from duemani.models.fingering.inputs import LineInputs

DILATIONS = (1, 2, 4)
CONTEXT_EVENTS = 24
"""Events on each side that can change a potential."""


@dataclass(frozen=True)
class Potentials:
    """Log-potentials of a line.

    Attributes:
        own: (event, choice), reach penalty included.
        step: (event, choice before, choice); 0 at the first event.
        skip: (event, choice two before, choice); 0 at the first two events.
        triple: (event, 5, 5, 5) of the first five choices; 0 unless the event and the two before
            are single notes.
    """

    own: Float[np.ndarray, "event choice"]
    step: Float[np.ndarray, "event choice choice"]
    skip: Float[np.ndarray, "event choice choice"]
    triple: Float[np.ndarray, "event 5 5 5"]


def potentials(networks: Sequence[Weights], inputs: LineInputs) -> Potentials:
    """Mean of the networks' potentials."""
    parts = [_Forward(weights, inputs) for weights in networks]
    finger = _mean([part.note_scores() for part in parts])
    pair = _mean([part.weights["pair_table"] for part in parts])
    return Potentials(
        own=_own(inputs, finger, pair),
        step=_between(inputs, _mean([part.link_scores(1) for part in parts]), 1),
        skip=_between(inputs, _mean([part.link_scores(2) for part in parts]), 2),
        triple=_of_choices(inputs, _mean([part.triple_scores() for part in parts])),
    )


def _mean(values: list[np.ndarray]) -> np.ndarray:
    return np.asarray(sum(values[1:], values[0]) / len(values), np.float32)


class _Forward:
    """One network run over one line."""

    def __init__(self, weights: Weights, inputs: LineInputs) -> None:
        self.weights, self._inputs = weights, inputs
        hidden = weights["event_embedding"][inputs.event].sum(1)
        hidden = np.maximum(hidden + linear(weights, "value", inputs.value), 0)
        self._hidden = trunk(weights, hidden, DILATIONS)

    def note_scores(self) -> Float[np.ndarray, "event slot 5"]:
        event = linear(self.weights, "note_event", self._hidden)
        note = self.weights["note_embedding"][self._inputs.note].sum(2)
        return linear(self.weights, "note", np.maximum(event[:, None] + note, 0))

    def link_scores(self, by: int) -> Float[np.ndarray, "event 2 25"]:
        name, base = ("link", self._inputs.link) if by == 1 else ("skip", self._inputs.skip)
        pair = np.concatenate([before(self._hidden, by), self._hidden], 1)
        inner = np.maximum(linear(self.weights, f"{name}_event", pair), 0)
        table = self.weights[f"{name}_table"].reshape(-1, 25)[base // 25]
        scores = linear(self.weights, name, inner).reshape(-1, 2, 25) + table
        scores[:by] = 0
        return scores

    def triple_scores(self) -> Float[np.ndarray, "event 5 5 5"]:
        single = self._inputs.single.astype(bool)
        at = np.flatnonzero(single[2:] & single[1:-1] & single[:-2]) + 2
        three = np.concatenate([self._hidden[at - 2], self._hidden[at - 1], self._hidden[at]], 1)
        inner = np.maximum(linear(self.weights, "triple_event", three), 0)
        scores = np.zeros((len(single), 5, 5, 5), np.float32)
        scores[at] = linear(self.weights, "triple", inner).reshape(-1, 5, 5, 5)
        return scores


def _own(inputs: LineInputs, finger: np.ndarray, pair: np.ndarray) -> np.ndarray:
    choice = inputs.choice.astype(int)
    events = np.arange(len(choice))[:, None]
    own = inputs.fixed.astype(np.float32)
    for slot in range(choice.shape[2]):
        scores = np.where(inputs.filled[:, slot, None], finger[:, slot], 0)
        own = own + scores[events, choice[:, :, slot]]
    for slot in range(choice.shape[2] - 1):
        base = inputs.pair[:, slot, None]
        entry = base + choice[:, :, slot] * 5 + choice[:, :, slot + 1]
        own = own + np.where(base >= 0, pair[np.maximum(entry, 0)], 0)
    return own


def _between(inputs: LineInputs, scores: np.ndarray, by: int) -> np.ndarray:
    """Scores of outer fingers, (event, 2, 25), spread over pairs of choices; half a voice each."""
    outer, later = (one[:, :, [0, -1]].astype(int) for one in (inputs.choice, inputs.later))
    pairs = before(later, by)[:, :, None] * 5 + outer[:, None]
    events = np.arange(len(outer))[:, None, None]
    return np.asarray(
        (scores[events, 0, pairs[..., 0]] + scores[events, 1, pairs[..., 1]]) / 2, np.float32
    )


def _of_choices(inputs: LineInputs, triple: np.ndarray) -> np.ndarray:
    """Scores of three fingers as scores of three choices, which given fingers make fewer."""
    now, later = (one[:, :5, 0].astype(int) for one in (inputs.choice, inputs.later))
    return triple[
        np.arange(len(now))[:, None, None, None],
        before(later, 2)[:, :, None, None],
        before(later, 1)[:, None, :, None],
        now[:, None, None, :],
    ]
