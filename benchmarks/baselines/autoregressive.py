"""An autoregressive network in the manner of Ramoneda et al. (2022), "ArLSTM".

Pitch embedding -> bidirectional LSTM encoder -> LSTM decoder that also sees the finger before ->
five fingers; decoded with a beam. Trained on printed fingers only (masked cross-entropy), moved up
and down the keyboard at random. Unlike the original, one network serves both hands (left ones are
mirrored), it is trained on far fewer labels, and chords are told from runs by one more input.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from benchmarks.baselines.fingerer import NoteSequence, note_sequences
from duemani.performance import Performance

_PITCHES = 128
_NO_FINGER = 0


@dataclass(frozen=True)
class ArSettings:
    """How the network is built, trained and decoded.

    Attributes:
        hidden: units of the encoder's directions and of the decoder.
        epochs: passes over all windows (40 did better than 24 on a fifth of the training pieces).
        window: notes a window; windows overlap by half.
        batch: windows a step.
        learning_rate: greatest, of a one-cycle schedule of AdamW.
        dropout: of embeddings and encodings; of the finger before, its share hidden.
        transpose: greatest shift in semitones either way.
        beam: hypotheses kept.
        seed: of everything random.
    """

    hidden: int = 96
    epochs: int = 40
    window: int = 48
    batch: int = 64
    learning_rate: float = 4e-3
    dropout: float = 0.3
    transpose: int = 6
    beam: int = 6
    seed: int = 0


class ArNetwork(nn.Module):
    """Encoder and autoregressive decoder."""

    def __init__(self, settings: ArSettings) -> None:
        super().__init__()
        hidden = settings.hidden
        self.pitch = nn.Embedding(_PITCHES, 64)
        self.together = nn.Embedding(4, 16)
        self.finger = nn.Embedding(6, 16)
        self.encoder = nn.LSTM(80, hidden, 2, batch_first=True, bidirectional=True, dropout=0.2)
        self.decoder = nn.LSTM(2 * hidden + 16, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 5)
        self.dropout = nn.Dropout(settings.dropout)

    def encode(self, pitch: torch.Tensor, together: torch.Tensor) -> torch.Tensor:
        """(batch, note, 2 * hidden) from pitches and chord marks (batch, note)."""
        embedded = torch.cat([self.pitch(pitch), self.together(together)], -1)
        return self.dropout(self.encoder(self.dropout(embedded))[0])

    def forward(
        self, pitch: torch.Tensor, together: torch.Tensor, before: torch.Tensor
    ) -> torch.Tensor:
        """Logits (batch, note, 5); `before` is the finger 0-5 of the note before, 0 unknown."""
        inputs = torch.cat([self.encode(pitch, together), self.finger(before)], -1)
        return self.out(self.dropout(self.decoder(inputs)[0]))


@dataclass(frozen=True)
class ArLstm:
    """A trained network."""

    network: ArNetwork
    settings: ArSettings

    @classmethod
    def trained(
        cls, performances: Sequence[Performance], settings: ArSettings | None = None
    ) -> ArLstm:
        """Fit a network to the printed fingers; deterministic for one version of torch."""
        settings = settings or ArSettings()
        torch.manual_seed(settings.seed)
        torch.set_num_threads(1)
        network = ArNetwork(settings)
        lines = [line for each in performances for line in note_sequences(each)]
        _fit(network, _windows(lines, settings.window), settings)
        return cls(network.eval(), settings)

    @torch.no_grad()
    def fingers(self, performance: Performance) -> np.ndarray:
        """See `Fingerer`."""
        chosen = np.zeros(len(performance.notes), np.int8)
        for line in note_sequences(performance):
            pitch = torch.from_numpy(line.pitch)[None]
            encoded = self.network.encode(pitch, torch.from_numpy(_together(line))[None])[0]
            chosen[line.notes] = self._search(encoded)
        return chosen

    def _search(self, encoded: torch.Tensor) -> np.ndarray:
        """Fingers 1-5, (note,), of the likeliest path of the beam."""
        network, width = self.network, self.settings.beam
        before = torch.zeros(1, dtype=torch.long)
        state = None
        score = torch.zeros(1)
        paths: list[tuple[torch.Tensor, torch.Tensor]] = []
        for note in encoded:
            embedded = network.finger(before)
            inputs = torch.cat([note.expand(len(before), -1), embedded], -1)
            hidden, state = network.decoder(inputs[:, None], state)
            total = score[:, None] + network.out(hidden[:, 0]).log_softmax(-1)
            score, at = total.flatten().topk(min(width, total.numel()))
            parent, before = at // 5, at % 5 + 1
            state = (state[0][:, parent], state[1][:, parent])
            paths.append((parent, before))
        best, fingers = 0, []
        for parent, finger in reversed(paths):
            fingers.append(int(finger[best]))
            best = int(parent[best])
        return np.array(fingers[::-1], np.int8)


def _together(line: NoteSequence) -> np.ndarray:
    """(note,): 1 struck with the note before, 2 with the next one, 3 both, 0 neither."""
    same = np.diff(line.chord) == 0
    return np.append(False, same).astype(int) + 2 * np.append(same, False).astype(int)


def _windows(lines: Sequence[NoteSequence], size: int) -> torch.Tensor:
    """(window, 4, size): pitch (0 beyond the end), chord marks, finger, finger before."""
    windows: list[np.ndarray] = []
    for line in lines:
        before = np.append(_NO_FINGER, line.finger[:-1])
        columns = np.stack([line.pitch, _together(line), line.finger, before])
        for first in range(0, max(len(line.pitch) - size // 2, 1), size // 2):
            window = np.zeros((4, size), int)
            part = columns[:, first : first + size]
            window[:, : part.shape[1]] = part
            if window[2].any():
                windows.append(window)
    return torch.from_numpy(np.stack(windows))


def _fit(network: ArNetwork, windows: torch.Tensor, settings: ArSettings) -> None:
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    steps = settings.epochs * -(-len(windows) // settings.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.learning_rate, steps)
    loss_of = nn.CrossEntropyLoss(ignore_index=-1)
    for _ in range(settings.epochs):
        for batch in windows[torch.randperm(len(windows))].split(settings.batch):
            pitch, together, finger, before = batch.unbind(1)
            shift = torch.randint(-settings.transpose, settings.transpose + 1, (len(batch), 1))
            moved = torch.where(pitch > 0, (pitch + shift).clamp(1, _PITCHES - 1), 0)
            hidden = torch.rand(before.shape) < settings.dropout
            logits = network(moved, together, before.masked_fill(hidden, _NO_FINGER))
            loss = loss_of(logits.flatten(0, 1), finger.flatten() - 1)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
