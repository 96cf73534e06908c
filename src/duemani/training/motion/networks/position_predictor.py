"""Conditions → where both wrists are (S2C's first stage)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from duemani.models.diffusion.config import PositionConfig
from duemani.training.motion.networks.conditions import POSITION_INPUTS, Conditions, position_inputs
from duemani.training.motion.networks.unet import Unet


@dataclass(frozen=True)
class WristStatistics:
    """Mean and deviation of wrist positions in their hands' frames [m]."""

    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


class PositionPredictor(nn.Module):
    """Wrists (batch, hand, frame, 3) in their hands' frames [m]."""

    def __init__(self, config: PositionConfig, statistics: WristStatistics) -> None:
        super().__init__()
        self.config, single = config, config.streams == "single"
        hands = 2 if single else 1
        count = 2 if config.streams == "separate" else 1
        self.narrow = nn.ModuleList(
            [nn.Conv1d(hands * POSITION_INPUTS, config.widths[0], 1) for _ in range(count)]
        )
        self.streams = nn.ModuleList(
            [Unet(config.widths[0], 3 * hands, config.widths) for _ in range(count)]
        )
        self.register_buffer("mean", torch.tensor(statistics.mean), persistent=False)
        self.register_buffer("deviation", torch.tensor(statistics.deviation), persistent=False)

    def forward(self, conditions: Conditions) -> Float[Tensor, "batch hand=2 frame 3"]:
        """Frames must be a multiple of 8."""
        seen = position_inputs(conditions).movedim(3, 2)  # (batch, hand, feature, frame)
        if self.config.streams == "single":
            outputs = self._run(0, seen.flatten(1, 2)).unflatten(1, (2, 3))
        elif self.config.streams == "separate":
            outputs = torch.stack([self._run(hand, seen[:, hand]) for hand in range(2)], 1)
        else:
            outputs = self._run(0, seen.flatten(0, 1)).unflatten(0, (-1, 2))
        return outputs.movedim(2, 3) * self.deviation + self.mean

    def _run(self, stream: int, seen: Tensor) -> Tensor:
        return self.streams[stream](nn.functional.silu(self.narrow[stream](seen)))
