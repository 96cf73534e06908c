"""The three networks as the generator sees them, whatever runs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from duemani.models.diffusion.config import DenoiserConfig
from duemani.models.diffusion.pose_code import PoseCode


@dataclass(frozen=True)
class Known:
    """What is known of a window; the hands' parts are in their own frames.

    Attributes:
        notes, heard: rolls as given, and as heard in the recording.
        fingers: their wanted paths.
        style: code of the pianist.
        given: notes, fingers, sound, style: 1 where there.
    """

    notes: Float[np.ndarray, "frame 88 3"]
    heard: Float[np.ndarray, "frame 88 3"]
    fingers: Float[np.ndarray, "hand=2 frame 5 8"]
    style: Float[np.ndarray, "6"]
    given: Float[np.ndarray, "4"]


@runtime_checkable
class MotionNetworks(Protocol):
    """Audio encoder, position predictor and denoiser of one trained model."""

    @property
    def config(self) -> DenoiserConfig:
        """The denoiser's."""
        ...

    @property
    def code(self) -> PoseCode:
        """What its channels mean."""
        ...

    @property
    def guide_error_m(self) -> dict[str, float]:
        """Typical error of the position predictor along the keys, by what it was given."""
        ...

    @property
    def sha256(self) -> str:
        """Of the weights' file, empty where there is none."""
        ...

    def hear(self, sound: Float[np.ndarray, "frame 456"]) -> Float[np.ndarray, "frame 88 3"]:
        """Sound features → the roll heard."""
        ...

    def positions(self, known: Known) -> Float[np.ndarray, "hand=2 frame 3"]:
        """Wrists in their hands' frames [m]; frames a multiple of 8."""
        ...

    def condition(
        self, known: Known, guide_m: Float[np.ndarray, "hand=2 frame 3"], doubt: float
    ) -> np.ndarray:
        """What the denoiser needs of a window, the same at every step."""
        ...

    def denoise(
        self, noisy: Float[np.ndarray, "hand=2 channel frame"], time: float, condition: np.ndarray
    ) -> Float[np.ndarray, "hand=2 channel frame"]:
        """One step's prediction."""
        ...


def doubt_of(error_m: np.ndarray | float) -> np.ndarray:
    """The typical error of a guide along the keys [m] as the networks are told it, about 0-1."""
    return np.asarray(np.log1p(np.asarray(error_m) / 0.001) / 4)


def mode_of(given: Float[np.ndarray, "4"]) -> str:
    """Name of what is given, as `guide_error_m` knows it."""
    notes, fingers, sound, _ = given
    return "fingers" if fingers else "notes" if notes else "sound" if sound else "nothing"
