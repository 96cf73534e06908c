"""The networks run by PyTorch: for measuring what is not, or not yet, exported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from duemani.models.diffusion.conditions.style_estimate import StyleEstimate
from duemani.models.diffusion.config import DenoiserConfig
from duemani.models.diffusion.networks import Known
from duemani.models.diffusion.pose_code import PoseCode
from duemani.training.motion.networks.audio_encoder import AudioEncoder
from duemani.training.motion.networks.conditions import Conditions
from duemani.training.motion.networks.denoiser import Denoiser
from duemani.training.motion.networks.position_predictor import PositionPredictor


@dataclass(frozen=True)
class TorchNetworks:
    """`diffusion.networks.MotionNetworks` in PyTorch."""

    encoder: AudioEncoder
    predictor: PositionPredictor
    denoiser: Denoiser
    code: PoseCode
    guide_error_m: dict[str, float]
    style_estimate: StyleEstimate | None = None
    sha256: str = ""

    @property
    def config(self) -> DenoiserConfig:
        """The denoiser's."""
        return self.denoiser.config

    @torch.inference_mode()
    def hear(self, sound: np.ndarray) -> np.ndarray:
        """See `MotionNetworks`."""
        return _numpy(self.encoder(_tensor(sound)).sigmoid())

    @torch.inference_mode()
    def positions(self, known: Known) -> np.ndarray:
        """See `MotionNetworks`."""
        return _numpy(self.predictor(_conditions(known)))

    @torch.inference_mode()
    def condition(self, known: Known, guide_m: np.ndarray, doubt: float) -> np.ndarray:
        """See `MotionNetworks`."""
        doubts = torch.tensor([doubt], dtype=torch.float32)
        return _numpy(self.denoiser.condition(_conditions(known), _tensor(guide_m), doubts))

    @torch.inference_mode()
    def denoise(self, noisy: np.ndarray, time: float, condition: np.ndarray) -> np.ndarray:
        """See `MotionNetworks`."""
        times = torch.tensor([time], dtype=torch.float32)
        return _numpy(self.denoiser(_tensor(noisy), times, _tensor(condition)))


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))[None]


def _numpy(values: Tensor) -> np.ndarray:
    return np.asarray(values[0].numpy())


def _conditions(known: Known) -> Conditions:
    return Conditions(
        _tensor(known.notes),
        _tensor(known.heard),
        _tensor(known.fingers),
        _tensor(known.style),
        _tensor(known.given),
    )
