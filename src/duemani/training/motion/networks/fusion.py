"""What the two streams tell each other where they are coarsest, HCAA among the ways.

HCAA, Hand-Coordinated Asymmetric Attention (S2C, `papers.md` §1):
softmax(Q1 K1ᵀ/√d) V1 − λ softmax(Q2 K2ᵀ/√d) V2, 1 this hand, 2 the other;
λ = exp(λq1·λk1) − exp(λq2·λk2) + λ_init. It takes from a hand what both have in common.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from duemani.models.diffusion.config import Fusion

_HEADS = 4


class Hcaa(nn.Module):
    """The paper's attention, then layer norm, a projection and an MLP.

    Args:
        width: of the tokens.
        lambda_init: what λ starts from; 0.1 in the paper's code.
        as_published: causal, and nothing passes by: the paper's code has no residual path.
    """

    def __init__(self, width: int, lambda_init: float = 0.1, as_published: bool = False) -> None:
        super().__init__()
        self.lambda_init, self.as_published = lambda_init, as_published
        self.mine = nn.Linear(width, 3 * width, bias=False)
        self.theirs = nn.Linear(width, 3 * width, bias=False)
        self.vectors = nn.Parameter(torch.randn(4, width // _HEADS) * 0.1)
        self.norm = nn.LayerNorm(width)
        self.project = nn.Linear(width, width)
        self.expand = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width)
        )

    def subtraction(self) -> Tensor:
        """λ."""
        q1, k1, q2, k2 = self.vectors
        return torch.exp((q1 * k1).sum()) - torch.exp((q2 * k2).sum()) + self.lambda_init

    def attended(self, mine: Tensor, theirs: Tensor) -> Tensor:
        """The difference of the two attentions, heads joined: (batch, token, width)."""
        own = self._attend(self.mine(mine))
        other = self._attend(self.theirs(theirs))
        return own - self.subtraction() * other

    def _attend(self, qkv: Tensor) -> Tensor:
        batch, tokens, width = qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3
        q, k, v = qkv.reshape(batch, tokens, 3, _HEADS, width // _HEADS).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=self.as_published)
        return mixed.transpose(1, 2).reshape(batch, tokens, width)

    def forward(
        self, mine: Float[Tensor, "batch token width"], theirs: Float[Tensor, "batch token width"]
    ) -> Float[Tensor, "batch token width"]:
        """This hand's tokens, having seen the other's."""
        mixed = self.project(self.norm(self.attended(mine, theirs)))
        if self.as_published:
            return self.expand(mixed)
        mixed = mine + mixed
        return mixed + self.expand(mixed)


class PlainFusion(nn.Module):
    """Ordinary attention: concatenated tokens, or self- and cross-attention in either order."""

    def __init__(self, width: int, kind: Fusion) -> None:
        super().__init__()
        self.kind = kind
        self.first = nn.MultiheadAttention(width, _HEADS, batch_first=True)
        self.second = nn.MultiheadAttention(width, _HEADS, batch_first=True)
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)])
        self.expand = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width)
        )

    def forward(self, mine: Tensor, theirs: Tensor) -> Tensor:
        """This hand's tokens, having seen the other's."""
        other = self.norms[2](theirs)

        def seen(x: Tensor, step: int) -> Tensor:
            if self.kind == "concat":
                return torch.cat([x, other], 1)
            crosses = (self.kind == "cross_self") == (step == 0)
            return other if crosses else x

        for step, attend in enumerate((self.first, self.second)):
            query = self.norms[step](mine)
            source = seen(query, step)
            mine = mine + attend(query, source, source, need_weights=False)[0]
        return mine + self.expand(mine)


def make_fusion(width: int, kind: Fusion) -> nn.Module | None:
    """The module of that kind, None for hands that do not meet."""
    if kind == "none":
        return None
    if kind in ("hcaa", "hcaa_published"):
        return Hcaa(width, as_published=kind == "hcaa_published")
    return PlainFusion(width, kind)
