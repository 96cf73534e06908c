"""The fingering network in torch (see `models/fingering/network`), and its loss."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from duemani.models.fingering.inputs import (
    EVENT_COLUMNS,
    EVENT_VALUES,
    LINK_ENTRIES,
    NOTE_COLUMNS,
    PAIR_ENTRIES,
)
from duemani.models.fingering.network import CONTEXT_EVENTS, DILATIONS
from duemani.training.fingering.rules import link_rules, pair_rules

Batch = dict[str, Tensor]
"""Arrays of `LineInputs` of equally long windows, `CONTEXT_EVENTS` of context on both sides;
`mask` (window, event) is False beyond a line's ends."""


class FingeringNetwork(nn.Module):
    """Potentials of windows of events."""

    def __init__(self, width: int, hidden: int, dropout: float, input_dropout: float) -> None:
        super().__init__()
        self._input_dropout = input_dropout
        self._drop = nn.Dropout(dropout)
        self.event_embedding = nn.Embedding(sum(EVENT_COLUMNS.values()), width)
        self.value = nn.Linear(EVENT_VALUES, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in DILATIONS)
        self.spreads = nn.ModuleList(nn.Linear(3 * width, width) for _ in DILATIONS)
        self.merges = nn.ModuleList(nn.Linear(width, width) for _ in DILATIONS)
        self.norm = nn.LayerNorm(width)
        self.note_embedding = nn.Embedding(sum(NOTE_COLUMNS.values()), hidden)
        self.note_event = nn.Linear(width, hidden)
        self.note = nn.Linear(hidden, 5)
        self.link_event = nn.Linear(2 * width, hidden)
        self.link = nn.Linear(hidden, 50)
        self.skip_event = nn.Linear(2 * width, hidden)
        self.skip = nn.Linear(hidden, 50)
        self.triple_event = nn.Linear(3 * width, hidden)
        self.triple = nn.Linear(hidden, 125)
        self.pair_table = nn.Parameter(torch.zeros(PAIR_ENTRIES))
        self.link_table = nn.Parameter(torch.zeros(LINK_ENTRIES))
        self.skip_table = nn.Parameter(torch.zeros(LINK_ENTRIES))
        link, pair = torch.from_numpy(link_rules()), torch.from_numpy(pair_rules())
        self.register_buffer("_link_features", link)
        self.register_buffer("_pair_features", pair)
        self.link_rules = nn.Parameter(torch.zeros(len(link)))
        self.skip_rules = nn.Parameter(torch.zeros(len(link)))
        self.pair_rules = nn.Parameter(torch.zeros(len(pair)))
        for embedding in (self.event_embedding, self.note_embedding):
            nn.init.normal_(embedding.weight, std=0.15)
        for head in (self.note, self.link, self.skip, self.triple):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        for merge in self.merges:
            nn.init.normal_(merge.weight, std=0.02)
            nn.init.zeros_(merge.bias)

    @property
    def tables(self) -> list[nn.Parameter]:
        """Plain tables, shrunk towards 0 by `Training.table_shrinkage`."""
        return [self.pair_table, self.link_table, self.skip_table]

    @property
    def rules(self) -> list[nn.Parameter]:
        """Weights of the ergonomic rules."""
        return [self.link_rules, self.skip_rules, self.pair_rules]

    def _table(self, name: str) -> Tensor:
        kind = "pair" if name == "pair" else "link"
        features = self.get_buffer(f"_{kind}_features")
        table = self.get_parameter(f"{name}_table")
        return table + self.get_parameter(f"{name}_rules") @ features

    def exported(self) -> dict[str, np.ndarray]:
        """Arrays by the names that `models/fingering/network` reads."""
        names = {"event_embedding.weight": "event_embedding"}
        names["note_embedding.weight"] = "note_embedding"
        for kind in ("norm", "spread", "merge"):
            for at in range(len(DILATIONS)):
                for end in ("weight", "bias"):
                    names[f"{kind}s.{at}.{end}"] = f"{kind}{at}_{end}"
        arrays = {
            names.get(name, name.replace(".", "_")): values.detach().numpy().copy()
            for name, values in self.named_parameters()
            if "_rules" not in name
        }
        for name in ("link", "skip", "pair"):
            arrays[f"{name}_table"] = self._table(name).detach().numpy().copy()
        return arrays

    def _encoded(self, batch: Batch) -> Tensor:
        mask = batch["mask"][..., None].float()
        embedded, value = self.event_embedding(batch["event"]), batch["value"]
        if self.training and self._input_dropout:
            keep = 1 - self._input_dropout
            windows = len(value)
            chosen = torch.rand(windows, 1, embedded.shape[2], 1) < keep
            embedded = embedded * chosen
            value = value * (torch.rand(windows, 1, value.shape[-1]) < keep)
        hidden = functional.relu(embedded.sum(-2) + self.value(value))
        hidden = self._drop(hidden) * mask
        length = hidden.shape[1]
        for dilation, norm, spread, merge in zip(
            DILATIONS, self.norms, self.spreads, self.merges, strict=True
        ):
            normed = norm(hidden) * mask
            padded = functional.pad(normed, (0, 0, dilation, dilation))
            around = [padded[:, :length], normed, padded[:, 2 * dilation :]]
            inner = functional.relu(spread(torch.cat(around, -1)))
            hidden = hidden + self._drop(merge(inner)) * mask
        normed = self.norm(hidden) * mask
        return self._drop(normed)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Own, step, skip and triple potentials of the inner events of every window."""
        hidden = self._encoded(batch)
        margin, length = CONTEXT_EVENTS, hidden.shape[1]

        def inner(values: Tensor, back: int = 0) -> Tensor:
            return values[:, margin - back : length - margin - back]

        here, choice = inner(hidden), inner(batch["choice"])
        outer, mask = batch["choice"][..., [0, -1]], inner(batch["mask"])
        note = functional.relu(
            self.note_event(here)[:, :, None] + self.note_embedding(inner(batch["note"])).sum(-2)
        )
        finger = self.note(note) * inner(batch["filled"])[..., None]
        spread = finger[:, :, None].expand(-1, -1, choice.shape[2], -1, -1)
        own = spread.gather(4, choice[..., None])[..., 0].sum(-1)
        base = inner(batch["pair"])[:, :, None]
        entry = base + choice[..., :-1] * 5 + choice[..., 1:]
        own = own + (self._table("pair")[entry.clamp(min=0)] * (base >= 0)).sum(-1)
        own = own + inner(batch["fixed"])
        links: list[Tensor] = []
        for by, event, head, name in (
            (1, self.link_event, self.link, "link"),
            (2, self.skip_event, self.skip, "skip"),
        ):
            pair = torch.cat([inner(hidden, by), here], -1)
            scores = head(functional.relu(event(pair))).unflatten(-1, (2, 25))
            scores = scores + self._table(name).view(-1, 25)[inner(batch[name]) // 25]
            fingers = inner(outer, by)[:, :, :, None] * 5 + inner(outer)[:, :, None]
            low, high = (
                scores[:, :, side].gather(2, fingers[..., side].flatten(2)) for side in (0, 1)
            )
            both = (inner(batch["mask"], by) & mask)[..., None]
            links.append(((low + high) / 2 * both).unflatten(-1, fingers.shape[2:4]))
        single = batch["single"] & batch["mask"]
        three = inner(single) & inner(single, 1) & inner(single, 2)
        triple_event = torch.cat([inner(hidden, 2), inner(hidden, 1), here], -1)
        triple = self.triple(functional.relu(self.triple_event(triple_event)))
        triple = triple.unflatten(-1, (5, 5, 5)) * three[..., None, None, None]
        return own, links[0], links[1], triple


def negative_log_likelihood(
    parts: tuple[Tensor, Tensor, Tensor, Tensor], allowed: Tensor
) -> Tensor:
    """Of the choices that agree with the prints, all others summed out, (window,).

    Args:
        parts: potentials, (window, event, …).
        allowed: (window, event, choice).
    """
    own, step, skip, triple = parts
    spare = own.shape[2] - 5
    total = skip[:, :, :, None, :] + (step + own[:, :, None])[:, :, None]
    total = total + functional.pad(triple, (0, spare, 0, spare, 0, spare))
    first = own[:, 0, :, None] + own[:, 1, None, :] + step[:, 1]
    # Products of scaled probabilities: the same sums as with logarithms, several times faster.
    highest = total.detach().amax((2, 3, 4), keepdim=True)
    factor = torch.exp(total - highest)
    state = torch.exp(first - first.detach().amax((1, 2), keepdim=True))
    start = (allowed[:, 0, :, None] & allowed[:, 1, None, :]).float()
    state = torch.cat([state, state * start])
    tiny = 1e-30
    log_sum = torch.zeros(len(state))
    for at in range(2, own.shape[1]):
        both = torch.cat([factor[:, at], factor[:, at] * allowed[:, at, None, None]])
        state = (state[..., None] * both).sum(1)
        scale = state.sum((1, 2), keepdim=True).clamp(min=tiny)
        state = state / scale
        log_sum = log_sum + scale.log().flatten()
    log_sum = log_sum + state.sum((1, 2)).clamp(min=tiny).log()
    everything, agreeing = log_sum.chunk(2)
    return everything - agreeing
