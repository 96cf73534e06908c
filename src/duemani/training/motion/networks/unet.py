"""A one-dimensional U-Net over time, in two halves so that two of them can meet in the middle.

After the paper's (`papers.md` §1): residual blocks with group norm and a scale and shift from the
diffusion time, attention at the coarsest level.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

_GROUPS = 8


def time_embedding(time: Float[Tensor, " batch"], size: int) -> Float[Tensor, "batch size"]:
    """Sines and cosines of the diffusion time (0-1)."""
    fall = -math.log(1e4) / (size // 2 - 1)
    rate = torch.exp(torch.arange(size // 2, device=time.device) * fall)
    angle = 1000 * time[:, None] * rate
    return torch.cat([angle.sin(), angle.cos()], -1)


class ResidualBlock(nn.Module):
    """Two convolutions around a scale and shift from the time."""

    def __init__(self, inputs: int, outputs: int, time_size: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(inputs, outputs, 3, padding=1)
        self.first_norm = nn.GroupNorm(_GROUPS, outputs)
        self.second = nn.Conv1d(outputs, outputs, 3, padding=1)
        self.second_norm = nn.GroupNorm(_GROUPS, outputs)
        self.modulate = nn.Linear(time_size, 2 * outputs) if time_size else None
        self.skip = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, time: Tensor | None) -> Tensor:
        """x: (batch, channel, frame)."""
        hidden = self.first_norm(self.first(x))
        if self.modulate is not None and time is not None:
            scale, shift = self.modulate(time)[..., None].chunk(2, dim=1)
            hidden = hidden * (1 + scale) + shift
        hidden = nn.functional.silu(hidden)
        hidden = nn.functional.silu(self.second_norm(self.second(hidden)))
        return hidden + self.skip(x)


class SelfAttention(nn.Module):
    """Residual attention over the frames of the coarsest level."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, width)
        self.attend = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, channel, frame)."""
        tokens = self.norm(x).movedim(1, 2)
        mixed, _ = self.attend(tokens, tokens, tokens, need_weights=False)
        return x + mixed.movedim(1, 2)


class Unet(nn.Module):
    """`encode` → something between hands → `decode`. Frames: a multiple of 2^(levels - 1)."""

    def __init__(
        self, inputs: int, outputs: int, widths: tuple[int, ...], time_size: int = 0
    ) -> None:
        super().__init__()
        self.time_size = time_size
        self.enter = nn.Conv1d(inputs, widths[0], 7, padding=3)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        self.shrink, self.grow = nn.ModuleList(), nn.ModuleList()
        for level, width in enumerate(widths):
            before = widths[max(level - 1, 0)]
            self.down.append(ResidualBlock(before, width, time_size))
            self.up.append(ResidualBlock(2 * width, before, time_size))
            if level + 1 < len(widths):
                self.shrink.append(nn.Conv1d(width, width, 3, stride=2, padding=1))
                self.grow.append(nn.Conv1d(width, width, 3, padding=1))
        self.middle_first = ResidualBlock(widths[-1], widths[-1], time_size)
        self.attention = SelfAttention(widths[-1])
        self.middle_last = ResidualBlock(widths[-1], widths[-1], time_size)
        self.leave = nn.Conv1d(widths[0], outputs, 3, padding=1)
        self.embed = (
            nn.Sequential(
                nn.Linear(time_size, time_size), nn.SiLU(), nn.Linear(time_size, time_size)
            )
            if time_size
            else None
        )

    def embedded(self, time: Tensor | None) -> Tensor | None:
        """The time as the blocks take it."""
        if self.embed is None or time is None:
            return None
        return nn.functional.silu(self.embed(time_embedding(time, self.time_size)))

    def encode(self, x: Tensor, time: Tensor | None) -> tuple[Tensor, list[Tensor]]:
        """The coarsest level, and what the way back needs."""
        hidden = self.enter(x)
        kept = []
        for level, block in enumerate(self.down):
            hidden = block(hidden, time)
            kept.append(hidden)
            if level < len(self.shrink):
                hidden = self.shrink[level](hidden)
        hidden = self.attention(self.middle_first(hidden, time))
        return self.middle_last(hidden, time), kept

    def decode(self, hidden: Tensor, kept: list[Tensor], time: Tensor | None) -> Tensor:
        """Back to all frames."""
        for level in reversed(range(len(self.up))):
            if level < len(self.grow):
                hidden = self.grow[level](hidden.repeat_interleave(2, dim=2))
            hidden = self.up[level](torch.cat([hidden, kept[level]], 1), time)
        return self.leave(hidden)

    def forward(self, x: Tensor, time: Tensor | None = None) -> Tensor:
        """Both halves, nothing between."""
        time = self.embedded(time)
        hidden, kept = self.encode(x, time)
        return self.decode(hidden, kept, time)
