"""Hidden Markov models of order 1-3 in the manner of Nakamura, Saito and Yoshii (2020).

States are fingers, outputs are displacements in a lattice of keys. Both hands share the
parameters (left ones are mirrored), and so do both directions of time (for outputs). Chords are
spread from the thumb's side. Of an order above one, outputs look at as many notes before and are
multiplied, each raised to a power, as if they were independent. Trained by counting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from benchmarks.baselines.fingerer import NoteSequence, note_sequences
from duemani.performance import Performance

_REACH = 30
"""Displacements are clipped to fifteen white keys (in halves)."""
_SHAPE = (5, 5, 2 * _REACH + 1, 3)


@dataclass(frozen=True)
class HmmSettings:
    """Smoothing and weights.

    Attributes:
        output_pseudocount: weight of all pairs' displacements against one pair's own.
        transition_pseudocount: weight of the next lower order's transition.
        output_powers: of the displacement from the note 1, 2, 3 before.
    """

    output_pseudocount: float
    transition_pseudocount: float
    output_powers: tuple[float, ...]


CHOSEN = {
    1: HmmSettings(2.0, 80.0, (1.0,)),
    2: HmmSettings(40.0, 3.0, (1.0, 1.0)),
    3: HmmSettings(2.0, 80.0, (1.0, 0.5, 0.5)),
}
"""By order: the best mean of Mutopia's and Czerny's rates on a fifth of the training pieces
(crc32 of the name % 5 == 1) when the other four fifths are counted, of 45 settings tried."""
_FLAT_PSEUDOCOUNT = 0.5


@dataclass(frozen=True)
class FingerHmm:
    """A trained model.

    Attributes:
        order: how many fingers before count, 1-3.
        transitions: for k = 0 … order: log P(finger | k before), (5,) * (k + 1).
        outputs: for k = 1 … order: log P(displacement | finger k before, finger), weighted.
    """

    order: int
    transitions: tuple[np.ndarray, ...]
    outputs: tuple[np.ndarray, ...]

    @classmethod
    def trained(
        cls,
        performances: Iterable[Performance],
        order: int = 2,
        settings: HmmSettings | None = None,
    ) -> FingerHmm:
        """Count the printed fingers of consecutive notes."""
        settings = settings or CHOSEN[order]
        chains = [np.zeros((5,) * (k + 1)) for k in range(order + 1)]
        moves = [np.zeros(_SHAPE) for _ in range(order)]
        for performance in performances:
            for sequence in note_sequences(performance):
                for before, counts in enumerate(chains):
                    _count_chains(sequence, before, counts)
                for before, counts in enumerate(moves, 1):
                    _count_moves(sequence, before, counts)
        transitions = _interpolated(chains, settings.transition_pseudocount)
        powers = settings.output_powers
        outputs = [power * _output(c, settings) for c, power in zip(moves, powers, strict=False)]
        return cls(order, tuple(transitions), tuple(outputs))

    def fingers(self, performance: Performance) -> np.ndarray:
        """See `Fingerer`."""
        chosen = np.zeros(len(performance.notes), np.int8)
        for sequence in note_sequences(performance):
            chosen[sequence.notes] = 1 + self._decode(sequence)
        return chosen

    def _decode(self, sequence: NoteSequence) -> np.ndarray:
        """Viterbi: the best fingers 0-4, (note,)."""
        state = self.transitions[0]
        back: list[np.ndarray] = []
        moves = [_displacements(sequence, k) for k in range(1, self.order + 1)]
        for at in range(1, len(sequence.notes)):
            known = min(at, self.order)
            total = state[..., None] + self.transitions[known]
            for before in range(1, known + 1):
                x, y = moves[before - 1][:, at - before]
                score = self.outputs[before - 1][:, :, x, y]
                total = total + score.reshape(5, *(1,) * (before - 1), 5)
            if at >= self.order:
                back.append(total.argmax(0))
                total = total.max(0)
            state = total
        path = list(np.unravel_index(int(state.argmax()), state.shape))
        for pointer in reversed(back):
            path.insert(0, pointer[tuple(path[: self.order])])
        return np.array(path, int)


def _displacements(sequence: NoteSequence, before: int) -> np.ndarray:
    """(2, note - before): lattice displacement x, y from the note `before` notes earlier."""
    x = sequence.key_x[before:] - sequence.key_x[:-before]
    y = sequence.black[before:] - sequence.black[:-before]
    return np.stack([np.clip(x, -_REACH, _REACH) + _REACH, y + 1])


def _count_chains(sequence: NoteSequence, before: int, counts: np.ndarray) -> None:
    length = len(sequence.finger) - before
    if length <= 0:
        return
    runs = np.stack([sequence.finger[at : at + length] for at in range(before + 1)])
    runs = runs[:, (runs > 0).all(0)] - 1
    np.add.at(counts, tuple(runs), 1)


def _count_moves(sequence: NoteSequence, before: int, counts: np.ndarray) -> None:
    first, second = sequence.finger[:-before], sequence.finger[before:]
    known = (first > 0) & (second > 0)
    x, y = _displacements(sequence, before)[:, known]
    first, second = first[known] - 1, second[known] - 1
    np.add.at(counts, (first, second, x, y), 1)
    # Time inversion: the way back is the same movement.
    np.add.at(counts, (second, first, 2 * _REACH - x, 2 - y), 1)


def _interpolated(chains: list[np.ndarray], pseudocount: float) -> list[np.ndarray]:
    """Log transition probabilities, each order smoothed towards the one below."""
    lower = (chains[0] + 1) / (chains[0] + 1).sum()
    out = [np.log(lower)]
    for counts in chains[1:]:
        mixed = counts + pseudocount * lower
        lower = mixed / mixed.sum(-1, keepdims=True)
        out.append(np.log(lower))
    return out


def _output(counts: np.ndarray, settings: HmmSettings) -> np.ndarray:
    flat = counts.sum((0, 1)) + _FLAT_PSEUDOCOUNT
    mixed = counts + settings.output_pseudocount * flat / flat.sum()
    return np.log(mixed / mixed.sum((2, 3), keepdims=True))
