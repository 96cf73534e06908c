"""What the motion model is: saved beside its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from duemani.errors import InputError

Fusion = Literal["none", "concat", "self_cross", "cross_self", "hcaa", "hcaa_published"]
Streams = Literal["shared", "separate", "single"]
Objective = Literal["v", "flow"]

FRAME_RATE = 30.0
WINDOW_FRAMES = 240
"""Eight seconds, as in S2C."""


@dataclass(frozen=True)
class PositionConfig:
    """The position predictor.

    Attributes:
        widths: channels of its levels.
        streams: `shared`, one network that sees each hand in its own frame; `separate`, one a
            hand, as in S2C; `single`, one for both at once, as in PianoMotion10M's baseline.
    """

    widths: tuple[int, ...] = (96, 128, 160, 160)
    streams: Streams = "shared"


@dataclass(frozen=True)
class DenoiserConfig:
    """The gesture generator.

    Attributes:
        widths: channels of its levels.
        streams: as in `PositionConfig`; `single` makes both hands from one noise and one U-Net.
        fusion: how the streams meet.
        shared_noise: both hands start from the same noise, as S2C's released sampler does.
        position_condition: whether the streams know both wrists' predicted positions.
        move_wrist: whether the wrist may leave the predicted position; S2C's may not.
        objective: v-prediction on the cosine schedule (S2C), or flow matching.
        tip_weight: of the loss on fingertips, 0 as published.
    """

    widths: tuple[int, ...] = (96, 160, 192, 192)
    streams: Streams = "shared"
    fusion: Fusion = "hcaa"
    shared_noise: bool = False
    position_condition: bool = True
    move_wrist: bool = True
    objective: Objective = "v"
    tip_weight: float = 0.1


Sampler = Literal["dpm", "ddim"]
Told = Literal["everything", "notes", "sound"]


@dataclass(frozen=True)
class DiffusionOptions:
    """How motion is drawn from the diffusion model.

    Attributes:
        steps: of the sampler; more are slower and hardly better.
        variation: another number gives another performance of the same notes by the same pianist.
        told: what the model goes by: `everything` there is (notes, fingers, sound), the `notes`
            without fingers, or the `sound` of the recording alone, as S2C does.
        guidance: 0-1, how strongly fingertips are drawn to their keys while sampling.
        raw: leave the motion as it was drawn, without bringing the fingers onto their keys.
        any_pianist: do not tell the model the style; it draws one.
        sampler: `dpm` (second order) or `ddim`.
        shared_noise: start both hands from the same noise, as S2C's released sampler does.
    """

    steps: int = 8
    variation: int = 0
    told: Told = "everything"
    guidance: float = 1.0
    raw: bool = False
    any_pianist: bool = False
    sampler: Sampler = "dpm"
    shared_noise: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= 1000:
            raise InputError(f"{self.steps} steps are not possible; 1 to 1000 are.")
        if self.variation < 0:
            raise InputError(f"variation is {self.variation}; it must be 0 or more.")
        if not 0 <= self.guidance <= 1:
            raise InputError(f"guidance is {self.guidance}; it must lie between 0 and 1.")
