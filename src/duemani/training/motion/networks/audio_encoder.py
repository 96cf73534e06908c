"""The audio encoder: what is heard → which keys are down, about to sound, just struck.

Trained here from rendered performances, in place of the paper's HuBERT. Each key looks at its own
harmonics with the same small filters, so what is learned of one key serves all; a second, denser
path sees all keys at once and for longer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from duemani.media.spectra import LONG_BINS, SHORT_BINS
from duemani.models.diffusion.conditions.note_roll import ROLL_CHANNELS

KEYS = 88
_HARMONICS = (1, 2, 3, 4, 5, 6, 8)
_SUBHARMONIC_SEMITONES = -12
_SHORT_HARMONICS = (1, 2, 4)
_RARE = -3.0  # logit of a key that nothing is known of


@dataclass(frozen=True)
class AudioEncoderConfig:
    """Size of the audio encoder.

    Attributes:
        key_channels: filters that every key shares.
        context_channels: width of the path that sees all keys.
    """

    key_channels: int = 24
    context_channels: int = 192


class AudioEncoder(nn.Module):
    """Sound features (batch, frame, feature) → logits of the roll (batch, frame, 88, 3)."""

    def __init__(self, config: AudioEncoderConfig) -> None:
        super().__init__()
        self.config = config
        semitones = [_SUBHARMONIC_SEMITONES, *(round(12 * np.log2(h)) for h in _HARMONICS)]
        keys, bins = np.arange(KEYS)[:, None], np.arange(3)
        columns = [3 * (keys + s) + bins for s in semitones]
        gather = np.stack(columns, axis=1)  # (key, harmonic, bin)
        outside = (gather < 0) | (gather >= LONG_BINS)
        self.register_buffer(
            "gather", torch.from_numpy(np.where(outside, LONG_BINS, gather)), persistent=False
        )
        self.register_buffer("short", torch.from_numpy(_short_matrix()), persistent=False)
        width, context = config.key_channels, config.context_channels
        inputs = 3 * len(semitones) + 2 * len(_SHORT_HARMONICS)
        self.keys = nn.ModuleList(
            [
                nn.Conv2d(inputs, width, (3, 1), padding=(1, 0)),
                nn.Conv2d(width, width, (3, 3), padding=1),
                nn.Conv2d(width, width, (5, 1), padding=(2, 0)),
            ]
        )
        self.squeeze = nn.Conv2d(width, 6, 1)
        self.context = nn.ModuleList(
            [
                nn.Conv1d(6 * KEYS, context, 1),
                nn.Conv1d(context, context, 5, padding=2),
                nn.Conv1d(context, context, 5, padding=4, dilation=2),
            ]
        )
        self.by_key = nn.Conv2d(width, ROLL_CHANNELS, 1)
        self.by_context = nn.Conv1d(context, KEYS * ROLL_CHANNELS, 1)
        nn.init.constant_(self.by_context.bias, _RARE)

    def forward(
        self, features: Float[Tensor, "batch frame 456"]
    ) -> Float[Tensor, "batch frame 88 3"]:
        """Logits: held, coming, struck."""
        batch, frames = features.shape[:2]
        long = nn.functional.pad(features[..., :LONG_BINS], (0, 1))
        harmonics = long[..., self.gather].flatten(3)  # (batch, frame, key, channel)
        short = features[..., LONG_BINS:].reshape(batch, frames, 2, SHORT_BINS) @ self.short
        short = short.reshape(batch, frames, 2 * len(_SHORT_HARMONICS), KEYS).movedim(2, 3)
        seen = torch.cat([harmonics, short], -1).permute(0, 3, 1, 2)
        for layer in self.keys:
            seen = nn.functional.silu(layer(seen))
        wide = nn.functional.silu(self.squeeze(seen)).movedim(3, 2).flatten(1, 2)
        for layer in self.context:
            wide = nn.functional.silu(layer(wide))
        by_context = self.by_context(wide).movedim(1, 2).reshape(batch, frames, KEYS, ROLL_CHANNELS)
        return self.by_key(seen).permute(0, 2, 3, 1) + by_context


def roll_loss(logits: Tensor, roll: Tensor) -> Tensor:
    """Cross-entropy with the soft targets; onsets, which are rare, count more."""
    loss = nn.functional.binary_cross_entropy_with_logits(logits, roll, reduction="none")
    weight = torch.tensor([1.0, 2.0, 2.0]) * (1 + 3 * roll)
    return (loss * weight).sum((-1, -2)).mean() / KEYS


def _short_matrix() -> np.ndarray:
    """Takes the short window's bins to the keys at three of their harmonics."""
    from duemani.media.spectra import SHORT_LOWEST_HZ

    hz = 27.5 * 2 ** (np.arange(KEYS) / 12)
    matrix = np.zeros((SHORT_BINS, len(_SHORT_HARMONICS), KEYS), np.float32)
    for row, harmonic in enumerate(_SHORT_HARMONICS):
        at = 16 * np.log2(hz * harmonic / SHORT_LOWEST_HZ)
        inside = (at >= 0) & (at < SHORT_BINS - 1)
        low = np.clip(np.floor(at).astype(int), 0, SHORT_BINS - 2)
        key = np.arange(KEYS)
        matrix[low, row, key] = np.where(inside, 1 - (at - low), 0)
        matrix[low + 1, row, key] += np.where(inside, at - low, 0)
    return matrix.reshape(SHORT_BINS, -1)
