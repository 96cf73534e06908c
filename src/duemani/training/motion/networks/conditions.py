"""The conditions of both networks, assembled inside them so that one graph holds everything."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from jaxtyping import Float
from torch import Tensor, nn

from duemani.models.diffusion.conditions.hand_frame import (
    BIN_M,
    FIRST_KEY,
    KEY_COUNT,
    LINE_BINS,
    line_matrix,
)
from duemani.models.diffusion.conditions.note_roll import FINGER_FEATURES, ROLL_CHANNELS
from duemani.models.diffusion.conditions.style_code import STYLE_SIZE

GIVEN = ("notes", "fingers", "sound", "style")
"""What is there of the conditions; the rest is zero, and the network knows."""
HALF_BINS = 14
LOCAL = (2 * HALF_BINS + 1) * 2 * ROLL_CHANNELS
FINGERS = 5 * FINGER_FEATURES
_POSITION_SCALE = 10.0  # a decimetre is one


@dataclass(frozen=True)
class Conditions:
    """What is known of a window; hands in their own frames.

    Attributes:
        notes, heard: rolls given, and heard in the recording.
        fingers: wanted paths (`note_roll.finger_features`).
        style: code of the pianist.
        given: which of the four (`GIVEN`) are there, 0 or 1.
    """

    notes: Float[Tensor, "batch frame 88 3"]
    heard: Float[Tensor, "batch frame 88 3"]
    fingers: Float[Tensor, "batch hand=2 frame 5 8"]
    style: Float[Tensor, "batch 6"]
    given: Float[Tensor, "batch 4"]

    def tensors(self) -> tuple[Tensor, ...]:
        """All of them, in order."""
        return tuple(getattr(self, field.name) for field in fields(self))

    def masked(self) -> Conditions:
        """With zeros for what is not given."""
        notes, fingers, sound, style = self.given.unbind(1)
        return Conditions(
            self.notes * notes[:, None, None, None],
            self.heard * sound[:, None, None, None],
            self.fingers * fingers[:, None, None, None, None],
            self.style * style[:, None],
            self.given,
        )


def both_hands(roll: Tensor) -> Float[Tensor, "batch hand=2 frame 93 3"]:
    """A roll as each hand sees the keys (`hand_frame.hand_keys`)."""
    seen = nn.functional.pad(roll, (0, 0, FIRST_KEY, KEY_COUNT - FIRST_KEY - 88))
    return torch.stack([seen.flip(2), seen], 1)


class LocalRoll(nn.Module):
    """The keys around a hand: the roll drawn on two lines, seen from where the wrist is."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("lines", torch.from_numpy(line_matrix()).flatten(1), persistent=False)
        self.register_buffer("offsets", torch.arange(-HALF_BINS, HALF_BINS + 1.0), persistent=False)

    def forward(self, roll: Tensor, wrist_x_m: Tensor) -> Tensor:
        """(batch, 88, …) rolls and wrists (batch, hand, frame) → (batch, hand, frame, feature)."""
        seen = both_hands(roll).transpose(3, 4)  # (batch, hand, frame, channel, key)
        lines = (seen @ self.lines).unflatten(-1, (2, LINE_BINS)).flatten(3, 4)
        at = wrist_x_m[..., None] / BIN_M + LINE_BINS // 2 + self.offsets
        at = at.clamp(min=0.0).clamp(max=LINE_BINS - 1.001)
        low = at.floor()
        share = (at - low)[..., None, :]
        index = low.long()[..., None, :].expand(*lines.shape[:4], -1)
        near = torch.gather(lines, 4, index) * (1 - share)
        far = torch.gather(lines, 4, index + 1) * share
        return (near + far).flatten(3)


def spread(values: Tensor, frames: int) -> Tensor:
    """(batch, value) → (batch, 2, frame, value)."""
    return values[:, None, None].expand(-1, 2, frames, -1)


def placed_fingers(fingers: Tensor, origin_m: Tensor) -> Tensor:
    """Finger features with positions seen from `origin_m` (batch, 2, frame, 3), in decimetres."""
    known = fingers[..., 7:8]
    position = (fingers[..., :3] - origin_m[..., None, :]) * known * _POSITION_SCALE
    return torch.cat([position, fingers[..., 3:]], -1).flatten(3)


def position_inputs(conditions: Conditions) -> Float[Tensor, "batch hand=2 frame feature"]:
    """What the position predictor sees: keys of the whole keyboard, both hands' fingers."""
    known = conditions.masked()
    frames = known.notes.shape[1]
    fingers = placed_fingers(known.fingers, torch.zeros_like(known.fingers[..., 0, :3]))
    return torch.cat(
        [
            both_hands(known.notes).flatten(3),
            both_hands(known.heard).flatten(3),
            fingers,
            fingers.flip(1),
            spread(known.style, frames),
            spread(known.given, frames),
        ],
        -1,
    )


POSITION_INPUTS = 2 * KEY_COUNT * ROLL_CHANNELS + 2 * FINGERS + STYLE_SIZE + len(GIVEN)
GUIDE_INPUTS = 7
_USUAL_WRIST_M = (0.13, -0.07, 0.06)
DENOISER_INPUTS = 2 * LOCAL + FINGERS + GUIDE_INPUTS + STYLE_SIZE + len(GIVEN)


class DenoiserInputs(nn.Module):
    """What each stream sees: the keys and finger paths around its hand, both positions."""

    def __init__(self, position_condition: bool) -> None:
        super().__init__()
        self.local, self.position_condition = LocalRoll(), position_condition
        self.register_buffer("usual", torch.tensor(_USUAL_WRIST_M), persistent=False)

    def forward(
        self, conditions: Conditions, guide_m: Tensor, doubt: Tensor
    ) -> Float[Tensor, "batch hand=2 frame feature"]:
        """Guide: predicted wrists (batch, 2, frame, 3) [m]; doubt: how far off they may be (0-1).

        Own position first, the other hand's second: S2C's shared position condition.
        """
        known = conditions.masked()
        frames = known.notes.shape[1]
        both = torch.cat([guide_m, guide_m.flip(1)], -1) * (_POSITION_SCALE / 3)
        guide = torch.cat([both, spread(doubt[:, None], frames)], -1)
        if not self.position_condition:
            # Nor may the keys around the hand tell where it is.
            guide, guide_m = torch.zeros_like(guide), self.usual.expand_as(guide_m)
        return torch.cat(
            [
                self.local(known.notes, guide_m[..., 0]),
                self.local(known.heard, guide_m[..., 0]),
                placed_fingers(known.fingers, guide_m),
                guide,
                spread(known.style, frames),
                spread(known.given, frames),
            ],
            -1,
        )
