"""Fingered pieces as windows of events for training, in several transpositions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from duemani.datasets.fingering.scores import FingeredPiece
from duemani.models.fingering.inputs import LineInputs, line_inputs
from duemani.models.fingering.lines import CHOICES, HandLine, hand_line
from duemani.models.fingering.network import CONTEXT_EVENTS
from duemani.performance import HIGHEST_PITCH, LEFT, LOWEST_PITCH, RIGHT, UNKNOWN_FINGER
from duemani.training.fingering.network import Batch

TRANSPOSITIONS = (0, -3, -2, -1, 1, 2, 3, 4)
"""Semitones; fingers are kept, so keys change colour: the first is the piece as written."""
_BOUND_SOURCES = ("beringer", "canonical")
_FEW_CHOICES = 5
_LEAST_LOG = -30.0


@dataclass(frozen=True)
class TrainingLines:
    """All lines, one after another, behind one empty event (index 0).

    Attributes:
        inputs: arrays of `LineInputs` by name; `event`, `note`, `pair`, `link` and `skip` once
            for every transposition, (transposition, event, …).
        allowed: (event, choice) agrees with the printed fingers; all True where none is printed.
        printed: (event,) how many notes bear a usable print.
        share: (event,) how many of the line's windows a pass takes, 0-1.
        bound: (event,) whether the fingers belong to the key.
        first: (first, end) of each line.
    """

    inputs: dict[str, np.ndarray]
    allowed: np.ndarray
    printed: np.ndarray
    share: np.ndarray
    bound: np.ndarray
    first: list[tuple[int, int]]

    @classmethod
    def gather(cls, pieces: list[FingeredPiece], shares: list[float]) -> TrainingLines:
        """Every hand with a printed finger of every piece."""
        varied: list[list[LineInputs]] = []
        allowed: list[np.ndarray] = []
        printed: list[np.ndarray] = []
        for piece in pieces:
            for hand in (LEFT, RIGHT):
                fingers = piece.performance.notes["finger"]
                mine = piece.performance.notes["hand"] == hand
                if not (mine & (fingers > 0)).any():
                    varied.append([])
                    continue
                line, inputs = _transposed(piece.performance.notes, hand)
                varied.append(inputs)
                agree, count = _allowed(line, fingers)
                allowed.append(agree)
                printed.append(count)
        kept = [inputs for inputs in varied if inputs]
        bound = [
            piece.source in _BOUND_SOURCES
            for piece, pair in zip(pieces, zip(varied[::2], varied[1::2], strict=True), strict=True)
            for inputs in pair
            if inputs
        ]
        share = [s for s, inputs in zip(np.repeat(shares, 2), varied, strict=True) if inputs]
        ends = np.cumsum([1, *(len(count) for count in printed)])
        constant = {
            name: _joined([getattr(line[0], name) for line in kept])
            for name in ("value", "filled", "choice", "single")
        }
        fixed = _joined([line[0].fixed for line in kept]).astype(np.float32)
        # The steepest reach penalties would round away whole prints.
        fixed = np.where(fixed < -1e8, -1e9, np.maximum(fixed, _LEAST_LOG)).astype(np.float32)
        fixed[0] = [0, *[-1e9] * (CHOICES - 1)]
        changing = {
            name: np.stack(
                [_joined([getattr(line[at], name) for line in kept]) for at in range(_VARIANTS)]
            ).astype(np.int16)
            for name in ("event", "note", "pair", "link", "skip")
        }
        agree = _joined(allowed)
        agree[0] = True
        return cls(
            inputs={**constant, **changing, "fixed": fixed},
            allowed=agree,
            printed=_joined(printed),
            share=_joined([np.full(len(p), s) for p, s in zip(printed, share, strict=True)]),
            bound=_joined([np.full(len(p), b) for p, b in zip(printed, bound, strict=True)]),
            first=[(a, b) for a, b in pairwise(ends.tolist())],
        )

    def windows(self, size: int, generator: np.random.Generator) -> np.ndarray:
        """(window, `CONTEXT_EVENTS` + size + `CONTEXT_EVENTS`) event indices, 0 beyond a line.

        Shuffled anew, starting elsewhere every time; windows without a print are left out.
        """
        around = np.arange(-CONTEXT_EVENTS, size + CONTEXT_EVENTS)
        rows: list[np.ndarray] = []
        for first, end in self.first:
            # The first two events of a window only prepare the others.
            offset = int(generator.integers(0, size - 2)) if end - first > size else 0
            starts = np.arange(first - offset, end, size - 2)[:, None] + around
            rows.append(np.where((starts >= first) & (starts < end), starts, 0))
        windows = np.concatenate(rows)
        windows = windows[self.printed[_inner(windows)].sum(1) > 0]
        taken = generator.random(len(windows)) < self.share[windows].max(1)
        windows = windows[taken]
        return windows[generator.permutation(len(windows))]

    def groups(
        self, size: int, count: int, generator: np.random.Generator
    ) -> list[tuple[np.ndarray, int]]:
        """Up to `count` windows each, and their most choices, in random order.

        Windows of single notes come in groups of their own, with half the choices.
        """
        windows = self.windows(size, generator)
        many = (self.inputs["fixed"][_inner(windows), _FEW_CHOICES] > -1e8).any(1)
        groups = [
            (part[at : at + count], choices)
            for part, choices in ((windows[many], CHOICES), (windows[~many], _FEW_CHOICES))
            for at in range(0, len(part), count)
        ]
        return [groups[at] for at in generator.permutation(len(groups))]

    def batch(
        self, group: tuple[np.ndarray, int], transposed_share: float, generator: np.random.Generator
    ) -> tuple[Batch, torch.Tensor]:
        """Inputs and allowed choices (window, event, choice) of a group."""
        at, choices = group
        # A scale's fingers belong to its key: only pieces are moved into others.
        moved = (generator.random(len(at)) < transposed_share) & ~self.bound[at].any(1)
        variant = np.where(moved, generator.integers(1, _VARIANTS, len(at)), 0)[:, None]
        batch: Batch = {}
        for name, values in self.inputs.items():
            part = torch.from_numpy(values[variant, at] if name in _CHANGING else values[at])
            batch[name] = part.long() if part.dtype in (torch.int16, torch.int8) else part
        batch["choice"] = batch["choice"][:, :, :choices]
        batch["fixed"] = batch["fixed"][:, :, :choices]
        batch["mask"] = torch.from_numpy(at > 0)
        return batch, torch.from_numpy(self.allowed[_inner(at)][:, :, :choices])


_VARIANTS = len(TRANSPOSITIONS)
_CHANGING = ("event", "note", "pair", "link", "skip")


def _inner(windows: np.ndarray) -> np.ndarray:
    return windows[:, CONTEXT_EVENTS:-CONTEXT_EVENTS]


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros_like(parts[0][:1]), *parts])


def _transposed(notes: np.ndarray, hand: int) -> tuple[HandLine, list[LineInputs]]:
    """The line as written, and its inputs in every transposition."""
    bare = notes.copy()
    bare["finger"] = UNKNOWN_FINGER
    inputs: list[LineInputs] = []
    for semitones in TRANSPOSITIONS:
        moved = bare.copy()
        moved["pitch"] += semitones
        if moved["pitch"].max() > HIGHEST_PITCH:
            moved["pitch"] -= 12
        if moved["pitch"].min() < LOWEST_PITCH or moved["pitch"].max() > HIGHEST_PITCH:
            moved = bare
        inputs.append(line_inputs(hand_line(moved, hand), moved))
    return hand_line(bare, hand), inputs


def _allowed(line: HandLine, finger: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Choices that agree with the print (event, choice); how many notes bear one (event,)."""
    allowed = np.ones((len(line.notes), CHOICES), bool)
    printed = np.zeros(len(line.notes), np.int32)
    for at, (event, choices) in enumerate(zip(line.notes, line.choices, strict=True)):
        known = finger[event] > 0
        agree = (choices[:, known] == finger[event][known] - 1).all(1)
        # A print that no choice fits (a finger on two keys, a crossing) is left out.
        if known.any() and agree.any():
            allowed[at, : len(choices)] = agree
            allowed[at, len(choices) :] = False
            printed[at] = known.sum()
    return allowed, printed
