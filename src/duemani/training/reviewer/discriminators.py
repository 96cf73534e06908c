"""The two conditional discriminators, with spectral norm (Miyato et al. 2018), and their losses.

Each looks at runs of notes and says whether fingers, or touch, belong to a real take of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils.parametrizations import spectral_norm

from duemani.models.reviewer.config import FINGERS, NOTE_CHANNELS

TOUCH = 3


@dataclass(frozen=True)
class Rivalry:
    """How generators and discriminators are set against each other.

    Attributes:
        fingers: λ_adv of the fingering stream.
        touch: λ_adv of the expression stream.
        every: discriminators learn in every so-manieth step.
        strongest: a discriminator that tells apart more than this share rests.
        warm_up: steps before any of it counts.
    """

    fingers: float = 0.02
    touch: float = 0.02
    every: int = 2
    strongest: float = 0.8
    warm_up: int = 300


class Discriminator(nn.Module):
    """Notes (b, n, c) and what is said of them (b, n, k) → one score a note (b, n)."""

    def __init__(self, channels: int, width: int = 64) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [
                spectral_norm(nn.Conv1d(NOTE_CHANNELS + channels, width, 5, padding=2)),
                spectral_norm(nn.Conv1d(width, width, 5, padding=2)),
                spectral_norm(nn.Conv1d(width, width, 5, padding=4, dilation=2)),
                spectral_norm(nn.Conv1d(width, 1, 1)),
            ]
        )

    def forward(self, facts: Tensor, said: Tensor, real: Tensor) -> Tensor:
        """Scores; padding gives 0."""
        seen = (torch.cat([facts, said], -1) * real[..., None]).transpose(1, 2)
        for layer in self.layers[:-1]:
            seen = nn.functional.leaky_relu(layer(seen), 0.2)
        return self.layers[-1](seen)[:, 0] * real


def make_discriminators() -> nn.ModuleDict:
    """Of fingers and of touch."""
    return nn.ModuleDict({"fingers": Discriminator(FINGERS), "touch": Discriminator(TOUCH)})


def rivals(
    discriminator: nn.Module, facts: Tensor, true: Tensor, made: Tensor, real: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Hinge losses of the discriminator and of the generator, and the share told apart.

    The first moves the discriminator only, the second what `made` comes from only.
    """
    count = real.sum().clamp(min=1)
    on_true = discriminator(facts, true, real)
    on_made = discriminator(facts, made.detach(), real)
    told = ((1 - on_true).relu() + (1 + on_made).relu()) * real
    right = (((on_true > 0).float() + (on_made < 0).float()) * real).sum() / (2 * count)
    frozen = {name: value.detach() for name, value in discriminator.named_parameters()}
    frozen |= {name: value.detach().clone() for name, value in discriminator.named_buffers()}
    fooled = -functional_call(discriminator, frozen, (facts, made, real)) * real
    return told.sum() / count, fooled.sum() / count, right
