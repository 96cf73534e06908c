"""Hierarchical cross-modal attention: frame ↔ frame, frames → note, notes → phrase.

A reconstruction: the paper (Li, Sci Rep 2026) names hierarchical cross-modal attention between
audio features and hand landmarks, but publishes neither layers nor sizes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_FAR = -1e4


class Attention(nn.Module):
    """Multi-head attention with an additive bias for every pair and head."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key_value = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, asking: Tensor, asked: Tensor, bias: Tensor) -> Tensor:
        """(…, q, d), (…, k, d), bias broadcastable to (…, head, q, k) → (…, q, d)."""
        *shape, count, width = asking.shape
        size = width // self.heads
        query = self.query(asking).reshape(*shape, count, self.heads, size).transpose(-2, -3)
        key_value = self.key_value(asked).reshape(*shape, asked.shape[-2], 2, self.heads, size)
        key, value = key_value.unbind(-3)
        scores = query @ key.transpose(-2, -3).transpose(-1, -2) * size**-0.5 + bias
        mixed = scores.softmax(-1) @ value.transpose(-2, -3)
        return self.out(mixed.transpose(-2, -3).reshape(*shape, count, width))


class FrameExchange(nn.Module):
    """Sound asks the hands what moves, hands ask the sound what strikes; gates weigh the answers.

    A gate sees both modalities and how sure they are, so it can lean on the reliable one.
    """

    def __init__(self, width: int, heads: int, reach: int) -> None:
        super().__init__()
        self.reach = reach
        self.to_sound, self.to_hands = Attention(width, heads), Attention(width, heads)
        self.gate = nn.Linear(2 * width + 2, 2)
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(4)])
        self.mixers = nn.ModuleList([_mixer(width) for _ in range(2)])

    def forward(self, sound: Tensor, hands: Tensor, sure: Tensor) -> tuple[Tensor, Tensor]:
        """Both (batch, frame, d); `sure` (batch, frame, 2): of sound and hands."""
        frames = torch.arange(sound.shape[1], device=sound.device)
        far = (frames[:, None] - frames[None]).abs() > self.reach
        bias = far.to(sound.dtype) * _FAR
        heard, seen = self.norms[0](sound), self.norms[1](hands)
        gate = self.gate(torch.cat([heard, seen, sure], -1)).sigmoid()
        sound = sound + gate[..., :1] * self.to_sound(heard, seen, bias)
        hands = hands + gate[..., 1:] * self.to_hands(seen, heard, bias)
        sound = sound + self.mixers[0](self.norms[2](sound))
        hands = hands + self.mixers[1](self.norms[3](hands))
        return sound, hands


class NoteGathering(nn.Module):
    """A note asks the frames around its onset, in each modality, and weighs the two answers."""

    def __init__(self, frame_width: int, width: int, heads: int, around: int) -> None:
        super().__init__()
        self.heads, self.width = heads, width
        self.asks = nn.ModuleList([nn.Linear(width, width) for _ in range(2)])
        # By its distance from the onset a frame counts more or less, as the note wants it.
        self.places = nn.ModuleList([nn.Linear(width, heads * (2 * around + 1)) for _ in range(2)])
        self.answers = nn.ModuleList([nn.Linear(frame_width, 2 * width) for _ in range(2)])
        self.outs = nn.ModuleList([nn.Linear(width, width) for _ in range(2)])
        self.gate = nn.Linear(3 * width, 2)

    def forward(
        self, note: Tensor, sound: Tensor, hands: Tensor, at: Tensor, there: Tensor
    ) -> Tensor:
        """Notes (b, n, d), frames (b, t, f), `at` and `there` (b, n, 17) → (b, n, d)."""
        batch, count, looks = at.shape
        size = self.width // self.heads
        away = (1 - there)[..., None, :] * _FAR
        index = at.flatten(1)[..., None].expand(-1, -1, 2 * self.width)
        told = []
        for number, frames in enumerate((sound, hands)):
            around = torch.gather(self.answers[number](frames), 1, index)
            around = around.reshape(batch, count, looks, 2, self.heads, size)
            key, value = around.unbind(3)
            query = self.asks[number](note).reshape(batch, count, 1, self.heads, size)
            scores = (query * key).sum(-1).transpose(2, 3) * size**-0.5 + away
            scores = scores + self.places[number](note).reshape(batch, count, self.heads, looks)
            share = scores.softmax(-1).transpose(2, 3)[..., None]
            told.append(self.outs[number]((share * value).sum(2).flatten(2)))
        gate = self.gate(torch.cat([note, *told], -1)).sigmoid()
        return note + gate[..., :1] * told[0] + gate[..., 1:] * told[1]


class NoteLayer(nn.Module):
    """Notes among notes: attention biased by interval and time, and the notes next in order."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.neighbours = nn.Conv1d(width, width, 5, padding=2, groups=width // 8)
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(3)])
        self.mixer = _mixer(width)

    def forward(self, note: Tensor, bias: Tensor, real: Tensor) -> Tensor:
        """(b, n, d), (b, head, n, n), (b, n, 1)."""
        seen = self.norms[0](note)
        note = note + self.attention(seen, seen, bias)
        beside = (self.norms[1](note) * real).transpose(1, 2)
        note = note + nn.functional.silu(self.neighbours(beside)).transpose(1, 2)
        return note + self.mixer(self.norms[2](note))


class PhraseExchange(nn.Module):
    """Notes → phrase → notes: each run of notes has a token that sees it and all other phrases."""

    def __init__(self, width: int, heads: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.gather, self.among = Attention(width, heads), Attention(width, heads)
        self.seed = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.norm, self.give = nn.LayerNorm(width), nn.Linear(width, width)

    def forward(self, note: Tensor, real: Tensor) -> Tensor:
        """(b, n, d) with n a multiple of the phrase's notes → the same."""
        batch, count, width = note.shape
        runs = note.reshape(batch, count // self.size, self.size, width)
        there = real.reshape(batch, count // self.size, 1, 1, self.size)
        seed = self.seed[:, None].expand(batch, count // self.size, 1, width)
        phrase = self.gather(seed, self.norm(runs), (1 - there) * _FAR)[..., 0, :]
        empty = (there.amax(-1)[..., 0, 0] < 0.5).to(note.dtype)[:, None, None] * _FAR
        phrase = phrase + self.among(phrase, phrase, empty)
        return note + self.give(phrase)[:, :, None].expand_as(runs).reshape(note.shape)


def _mixer(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
