"""The models that `evaluate motion` sets side by side; each plays through `duemani.generate`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from duemani.models.diffusion.config import DiffusionOptions
from duemani.motion import HandMotion
from duemani.performance import Performance
from duemani.verbs.perform import Model, SoundFeatures, generate

if TYPE_CHECKING:
    from duemani.models.diffusion.networks import MotionNetworks

_SOUND_ALONE = DiffusionOptions(told="sound", raw=True, guidance=0.0)


@dataclass(frozen=True)
class Player:
    """One model with its settings.

    Attributes:
        model, options: as `verbs.perform.generate` takes them.
        networks: a trained model other than the package's own.
    """

    model: Model = "diffusion"
    options: DiffusionOptions = field(default_factory=DiffusionOptions)
    networks: MotionNetworks | None = None

    @property
    def has_windows(self) -> bool:
        """Whether its motion is put together from windows, drawn from a seed."""
        return self.model == "diffusion"

    def play(
        self,
        notes: Performance,
        frame_rate: float,
        variation: int = 0,
        until_sec: float = 0.0,
        sound: SoundFeatures | None = None,
    ) -> tuple[Performance, HandMotion, float]:
        """The notes with fingers, the motion, and how long it took [s]."""
        options = replace(self.options, variation=variation)
        began = time.perf_counter()
        fingered, motion = generate(
            notes,
            frame_rate=frame_rate,
            until_sec=until_sec,
            model=self.model,
            options=options,
            sound=sound,
            networks=self.networks,
        )
        return fingered, motion, time.perf_counter() - began


SHIPPED_PLAYERS = {
    "solver": Player("solver"),
    "diffusion": Player(),
    "diffusion, any pianist": Player(options=DiffusionOptions(any_pianist=True)),
}
"""What `duemani perform` offers."""


def all_players(weights: Mapping[str, MotionNetworks]) -> dict[str, Player]:
    """Every row of the benchmark that is a model's.

    Args:
        weights: other trained models, by name.
    """
    players = {
        **SHIPPED_PLAYERS,
        "diffusion, raw": Player(options=DiffusionOptions(raw=True, guidance=0.0)),
        "notes, raw": Player(options=DiffusionOptions(told="notes", raw=True, guidance=0.0)),
        "sound, raw": Player(options=_SOUND_ALONE),
        "sound, by ear": Player(options=replace(_SOUND_ALONE, guidance=1.0)),
    }
    for name, networks in weights.items():
        players[f"{name}: sound, raw"] = Player(options=_SOUND_ALONE, networks=networks)
        players[f"{name}: diffusion"] = Player(networks=networks)
    return players
