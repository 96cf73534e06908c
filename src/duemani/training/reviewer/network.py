"""The reviewer: two encoders, hierarchical fusion, a fingering and an expression generator."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from duemani.media.spectra import FEATURE_COUNT
from duemani.models.reviewer.config import (
    AROUND,
    FINGERS,
    FRAME_CHANNELS,
    NOTE_CHANNELS,
    PAIR_CHANNELS,
    SEEN_CHANNELS,
    SOUND_CHANNELS,
    SOUND_FRAMES,
    ReviewerConfig,
)
from duemani.training.reviewer.attention import (
    FrameExchange,
    NoteGathering,
    NoteLayer,
    PhraseExchange,
)

_FAR = -1e4
_LOOKS = 2 * AROUND + 1


@dataclass(frozen=True)
class Inputs:
    """One batch as the network takes it; see `models.reviewer.note_inputs` for the channels.

    `given` is 1 where sound, hands, velocity and prior are there; `real` where a note is none
    of the padding.
    """

    sound: Tensor
    seen: Tensor
    views: Tensor
    pitch_sound: Tensor
    facts: Tensor
    pairs: Tensor
    frames: Tensor
    frames_there: Tensor
    real: Tensor
    given: Tensor

    @classmethod
    def of(cls, batch: dict[str, Tensor]) -> Inputs:
        """From named tensors."""
        return cls(**{field.name: batch[field.name] for field in fields(cls)})


@dataclass(frozen=True)
class Judged:
    """What the network says; logits where probabilities are meant.

    `touch` of each note: velocity [24 from 64], log-length and onset [s] against the given ones,
    then the logarithms of their spreads.
    """

    finger: Tensor
    first_finger: Tensor
    pressing: Tensor
    touch: Tensor
    pedal: Tensor
    note: Tensor


class Reviewer(nn.Module):
    """See the module. Everything is done for all notes of a window at once."""

    def __init__(self, config: ReviewerConfig) -> None:
        super().__init__()
        self.config = config
        width, frame, finger = config.note_width, config.frame_width, config.finger_width
        heads = config.heads
        self.hear = nn.Linear(FEATURE_COUNT, frame)
        self.look = nn.Linear(FRAME_CHANNELS, frame)
        self.hear_time = nn.ModuleList([nn.Conv1d(frame, frame, 5, padding=2) for _ in range(2)])
        self.look_time = nn.ModuleList([nn.Conv1d(frame, frame, 5, padding=2) for _ in range(2)])
        layers = config.frame_layers if config.fusion == "hierarchical" else 0
        self.exchanges = nn.ModuleList([FrameExchange(frame, heads, AROUND) for _ in range(layers)])
        self.views = nn.Sequential(
            nn.Linear(_LOOKS * SEEN_CHANNELS, 2 * finger),
            nn.SiLU(),
            nn.Linear(2 * finger, finger),
        )
        self.which = nn.Parameter(torch.randn(FINGERS, finger) * 0.1)
        self.facts = nn.Linear(NOTE_CHANNELS + 4, width)
        self.partials = nn.Sequential(
            nn.Linear(SOUND_FRAMES * SOUND_CHANNELS, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.gathering = NoteGathering(frame, width, heads, AROUND)
        self.fingers_in = nn.Linear(FINGERS * finger, width)
        self.first = _Pointer(width, finger)
        self.evidence = nn.Linear(FINGERS, width)
        self.pair_bias = nn.Sequential(
            nn.Linear(PAIR_CHANNELS, 16), nn.SiLU(), nn.Linear(16, heads)
        )
        self.notes = nn.ModuleList([NoteLayer(width, heads) for _ in range(config.note_layers)])
        has_phrases = config.phrase_notes and config.fusion == "hierarchical"
        self.phrase = PhraseExchange(width, heads, config.phrase_notes) if has_phrases else None
        self.last = _Pointer(width, finger)
        self.pressing = nn.Linear(2 * frame, FINGERS)
        self.touch = nn.Sequential(nn.Linear(2 * width, width), nn.SiLU(), nn.Linear(width, 6))
        self.pedal = nn.Sequential(nn.Linear(frame, frame), nn.SiLU(), nn.Linear(frame, 1))
        self.norm = nn.LayerNorm(width)

    def forward(self, given: Inputs) -> Judged:
        """Everything about a window."""
        has_sound, has_hands = given.given[:, None, :1], given.given[:, None, 1:2]
        sound = nn.functional.silu(self.hear(given.sound)) * has_sound
        hands = nn.functional.silu(self.look(given.seen)) * has_hands
        for layer in self.hear_time:
            sound = sound + nn.functional.silu(layer(sound.transpose(1, 2))).transpose(1, 2)
        for layer in self.look_time:
            hands = hands + nn.functional.silu(layer(hands.transpose(1, 2))).transpose(1, 2)
        sure = torch.cat([has_sound, has_hands], -1).expand(-1, sound.shape[1], -1)
        for exchange in self.exchanges:
            sound, hands = exchange(sound, hands, sure)
        fingers = self.views(given.views.flatten(-2)) * has_hands[..., None] + self.which
        partials = self.partials(given.pitch_sound.flatten(-2)) * has_sound
        told = given.given[:, None].expand(-1, given.facts.shape[1], -1)
        note = self.facts(torch.cat([given.facts, told], -1)) + partials
        note = note + self.fingers_in(fingers.flatten(-2))
        note = self.gathering(note, sound, hands, given.frames, given.frames_there)
        first = self.first(note, fingers)
        note = note + self.evidence(first.softmax(-1))
        real = given.real[..., None]
        bias = self.pair_bias(given.pairs).permute(0, 3, 1, 2)
        bias = bias + (1 - given.real)[:, None, None, :] * _FAR
        for at, layer in enumerate(self.notes):
            note = layer(note, bias, real)
            if at == 0 and self.phrase is not None:
                note = self.phrase(note, given.real)
        note = self.norm(note)
        return Judged(
            finger=self.last(note, fingers) + first,
            first_finger=first,
            pressing=self.pressing(torch.cat([sound, hands], -1)),
            touch=self.touch(torch.cat([note, partials], -1)),
            pedal=self.pedal(sound)[..., 0],
            note=note,
        )


class _Pointer(nn.Module):
    """How well each finger's sight fits a note, and how likely it is for that note anyway."""

    def __init__(self, width: int, finger: int) -> None:
        super().__init__()
        self.ask = nn.Linear(width, finger)
        self.fit = nn.Sequential(nn.Linear(2 * finger, finger), nn.SiLU(), nn.Linear(finger, 1))
        self.anyway = nn.Linear(width, FINGERS)

    def forward(self, note: Tensor, fingers: Tensor) -> Tensor:
        """(b, n, d), (b, n, 10, f) → logits (b, n, 10)."""
        asked = self.ask(note)[..., None, :].expand_as(fingers)
        return self.fit(torch.cat([asked, fingers], -1))[..., 0] + self.anyway(note)
