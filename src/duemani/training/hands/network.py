"""The hands' network in torch (see `models/hands/network`), and how it is fitted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from duemani.models.convolution import Weights
from duemani.models.fingering.lines import chord_starts
from duemani.models.hands.features import TakenNotes
from duemani.models.hands.inputs import INPUT_VALUES, hand_inputs, in_chord_order
from duemani.models.hands.network import DILATIONS
from duemani.performance import UNKNOWN_HAND, Performance
from duemani.training.hands.variation import varied


@dataclass(frozen=True)
class HandTraining:
    """How the hands' network is fitted.

    Attributes:
        epochs: passes over all pieces, each time varied anew.
        notes_per_piece: most notes of one piece in one pass, so that long ones do not outweigh.
        window_notes: notes a window.
        batch_windows: windows a step.
        learning_rate: of AdamW, rising over the first steps, then falling to 0 along a cosine.
        averaging: of the weights over the steps, exponential.
        weight_decay: of AdamW.
        width, hidden: units of the trunk and of the last layer.
        dropout: share of units left out.
        seed: of everything.
    """

    epochs: int = 24
    notes_per_piece: int = 1500
    window_notes: int = 192
    batch_windows: int = 12
    learning_rate: float = 2e-3
    averaging: float = 0.995
    weight_decay: float = 0.05
    width: int = 72
    hidden: int = 32
    dropout: float = 0.2
    seed: int = 0


class HandNetwork(nn.Module):
    """Log-odds of the right hand for windows of notes in chord order."""

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self._drop = nn.Dropout(dropout)
        self.value = nn.Linear(INPUT_VALUES, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in DILATIONS)
        self.spreads = nn.ModuleList(nn.Linear(3 * width, width) for _ in DILATIONS)
        self.merges = nn.ModuleList(nn.Linear(width, width) for _ in DILATIONS)
        self.norm = nn.LayerNorm(width)
        self.last = nn.Linear(width, hidden)
        self.odds = nn.Linear(hidden, 1)
        for merge in self.merges:
            nn.init.normal_(merge.weight, std=0.02)
            nn.init.zeros_(merge.bias)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """(window, note) log-odds from (window, note, value); `mask` is 0 beyond the ends."""
        kept = mask[..., None]
        hidden = self._drop(functional.relu(self.value(values)))
        length = hidden.shape[1]
        for dilation, norm, spread, merge in zip(
            DILATIONS, self.norms, self.spreads, self.merges, strict=True
        ):
            padded = functional.pad(norm(hidden) * kept, (0, 0, dilation, dilation))
            around = [padded[:, by : by + length] for by in (0, dilation, 2 * dilation)]
            inner = functional.relu(spread(torch.cat(around, -1)))
            hidden = hidden + self._drop(merge(inner))
        inner = functional.relu(self.last(self._drop(self.norm(hidden))))
        return self.odds(inner)[..., 0]

    def exported(self) -> Weights:
        """Arrays by the names that `models/hands/network` reads."""
        arrays: Weights = {}
        for name, values in self.named_parameters():
            parts = name.split(".")
            kind = parts[0][:-1] + parts[1] if len(parts) == 3 else parts[0]
            arrays[f"{kind}_{parts[-1]}"] = values.detach().numpy().copy()
        return arrays


def fit_hand_network(
    pieces: Sequence[Performance],
    config: HandTraining | None = None,
    report: Callable[[float], None] | None = None,
    watch: Callable[[int, float, HandNetwork], None] | None = None,
) -> HandNetwork:
    """The network of the greatest likelihood of the known hands.

    Args:
        pieces: hand -1 where unknown.
        config: how to fit.
        report: called with the share done, 0-1.
        watch: called after each epoch with its number, its mean loss and the network so far.
    """
    config = config or HandTraining()
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    generator = np.random.default_rng(config.seed)
    network = HandNetwork(config.width, config.hidden, config.dropout)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(config.averaging))
    for epoch in range(config.epochs):
        network.train()
        windows = _windows(pieces, config, generator)
        steps = [
            windows[at : at + config.batch_windows]
            for at in range(0, len(windows), config.batch_windows)
        ]
        losses: list[float] = []
        for at, step in enumerate(steps):
            done = (epoch + at / len(steps)) / config.epochs
            for group in optimiser.param_groups:
                group["lr"] = config.learning_rate * _pace(done)
            loss = _loss(network, step, config.window_notes)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            average.update_parameters(network)
            losses.append(float(loss.detach()))
            if report is not None:
                report(done)
        if watch is not None:
            watch(epoch, float(np.mean(losses)), average.module)
    return average.module.eval()


def _pace(done: float) -> float:
    """Share of the greatest learning rate once `done` (0-1) of the steps are taken."""
    return min(done / 0.02, 0.5 + 0.5 * float(np.cos(np.pi * done))) + 1e-3


Window = tuple[np.ndarray, np.ndarray]
"""Inputs (note, value) and hands (note,)."""


def _windows(
    pieces: Sequence[Performance], config: HandTraining, generator: np.random.Generator
) -> list[Window]:
    """Windows of all pieces, varied and cut anew, in random order."""
    windows: list[Window] = []
    for piece in pieces:
        notes = piece.notes
        if len(notes) > config.notes_per_piece:
            start = int(generator.integers(0, len(notes) - config.notes_per_piece + 1))
            notes = notes[start : start + config.notes_per_piece]
        values, hand = _prepared(varied(notes, generator))
        offset = int(generator.integers(0, config.window_notes))
        for at in range(-offset, len(values), config.window_notes):
            inside = slice(max(at, 0), at + config.window_notes)
            if (hand[inside] != UNKNOWN_HAND).any():
                windows.append((values[inside].astype(np.float16), hand[inside]))
    generator.shuffle(windows)
    return windows


def _prepared(notes: np.ndarray) -> Window:
    runs = chord_starts(notes["onset_sec"], notes["release_sec"], notes["pitch"])
    order = in_chord_order(runs, notes["pitch"])
    return hand_inputs(notes, runs, TakenNotes.of(notes)), notes["hand"][order]


def _loss(network: HandNetwork, windows: list[Window], length: int) -> Tensor:
    values = torch.zeros(len(windows), length, INPUT_VALUES)
    hand = torch.full((len(windows), length), float(UNKNOWN_HAND))
    mask = torch.zeros(len(windows), length)
    for at, (inputs, hands) in enumerate(windows):
        count = len(hands)
        values[at, :count] = torch.from_numpy(inputs.astype(np.float32))
        hand[at, :count] = torch.from_numpy(hands.astype(np.float32))
        mask[at, :count] = 1
    known = hand != UNKNOWN_HAND
    odds = network(values, mask)
    return functional.binary_cross_entropy_with_logits(odds[known], hand[known])
