"""The gesture generator: one denoising stream a hand, coordinated where they are coarsest."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from duemani.models.diffusion.config import DenoiserConfig
from duemani.training.motion.networks.conditions import DENOISER_INPUTS, Conditions, DenoiserInputs
from duemani.training.motion.networks.fusion import make_fusion
from duemani.training.motion.networks.unet import Unet

_TIME_SIZE = 128


class Denoiser(nn.Module):
    """`condition` once a window, `forward` every step."""

    def __init__(self, config: DenoiserConfig, channels: int) -> None:
        super().__init__()
        self.config, self.channels = config, channels
        single = config.streams == "single"
        hands, width = 2 if single else 1, config.widths[0]
        count = 2 if config.streams == "separate" else 1
        self.inputs = DenoiserInputs(config.position_condition)
        self.conditioners = nn.ModuleList(
            [
                nn.Sequential(
                    nn.Conv1d(hands * DENOISER_INPUTS, width, 1),
                    nn.SiLU(),
                    nn.Conv1d(width, width, 3, padding=1),
                    nn.SiLU(),
                )
                for _ in range(count)
            ]
        )
        self.streams = nn.ModuleList(
            [
                Unet(width + hands * channels, hands * channels, config.widths, _TIME_SIZE)
                for _ in range(count)
            ]
        )
        self.fusions = nn.ModuleList()
        if not single:
            made = [make_fusion(config.widths[-1], config.fusion) for _ in range(count)]
            self.fusions.extend([module for module in made if module is not None])

    def condition(
        self, conditions: Conditions, guide_m: Tensor, doubt: Tensor
    ) -> Float[Tensor, "batch hand width frame"]:
        """What does not change from step to step; one hand only for a single stream."""
        seen = self.inputs(conditions, guide_m, doubt).movedim(3, 2)
        if self.config.streams == "single":
            return self.conditioners[0](seen.flatten(1, 2))[:, None]
        if self.config.streams == "separate":
            return torch.stack([self.conditioners[h](seen[:, h]) for h in range(2)], 1)
        return self.conditioners[0](seen.flatten(0, 1)).unflatten(0, (-1, 2))

    def forward(
        self,
        noisy: Float[Tensor, "batch hand=2 channel frame"],
        time: Float[Tensor, " batch"],
        known: Float[Tensor, "batch hand width frame"],
    ) -> Float[Tensor, "batch hand=2 channel frame"]:
        """The prediction of both streams (v, or the flow's velocity); time 0-1, 1 all noise."""
        if self.config.streams == "single":
            joined = torch.cat([known[:, 0], noisy.flatten(1, 2)], 1)
            return self.streams[0](joined, time).unflatten(1, (2, -1))
        both = torch.cat([known, noisy], 2)
        if self.config.streams == "separate":
            return self._separate(both, time)
        stream = self.streams[0]
        embedded = stream.embedded(time.repeat_interleave(2))
        hidden, kept = stream.encode(both.flatten(0, 1), embedded)
        if self.fusions:
            tokens = hidden.movedim(1, 2).unflatten(0, (-1, 2))
            fused = self.fusions[0](tokens.flatten(0, 1), tokens.flip(1).flatten(0, 1))
            hidden = fused.movedim(1, 2)
        return stream.decode(hidden, kept, embedded).unflatten(0, (-1, 2))

    def _separate(self, both: Tensor, time: Tensor) -> Tensor:
        embedded = [stream.embedded(time) for stream in self.streams]
        halves = [self.streams[h].encode(both[:, h], embedded[h]) for h in range(2)]
        tokens = [hidden.movedim(1, 2) for hidden, _ in halves]
        outputs = []
        for hand, stream in enumerate(self.streams):
            hidden = tokens[hand]
            if self.fusions:
                hidden = self.fusions[hand](hidden, tokens[1 - hand])
            outputs.append(stream.decode(hidden.movedim(1, 2), halves[hand][1], embedded[hand]))
        return torch.stack(outputs, 1)
