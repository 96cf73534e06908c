"""Train the encoder behind FID: a small convolutional VAE over 8 s of both hands' poses."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from safetensors.numpy import save
from torch import Tensor, nn
from torch.nn import functional

from duemani.errors import InputError
from duemani.evaluation.motion.gesture_code import (
    CODE_VALUES,
    GESTURE_FORMAT,
    GESTURE_VALUES,
    KERNEL,
    LAST_FRAMES,
    LAYERS,
    LEAK,
    STRIDE,
)
from duemani.files import replacing
from duemani.models.convolution import Weights

# Values that hardly vary (a hinge's sides) are not blown up beyond this [rad].
_LEAST_SPREAD_RAD = 0.01


@dataclass(frozen=True)
class GestureTraining:
    """How the autoencoder is fitted.

    Attributes:
        width: channels of its convolutions.
        batch_clips: clips a step.
        learning_rate: of Adam, falling to 0 along a cosine.
        kl_weight: of the codes' divergence from the unit Gaussian; 1 would be the likelihood's
            bound.
        velocity_weight: of the error in frame-to-frame differences.
        device: torch's name of the processor.
    """

    width: int = 128
    batch_clips: int = 32
    learning_rate: float = 1e-3
    kl_weight: float = 0.1
    velocity_weight: float = 1.0
    device: str = "cpu"


class GestureAutoencoder(nn.Module):
    """Encoder and decoder of normalised clips, (clip, value 96, frame 240)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self._width = width
        self.convolutions = nn.ModuleList(
            nn.Conv1d(width if at else GESTURE_VALUES, width, KERNEL, STRIDE, padding=1)
            for at in range(LAYERS)
        )
        self.code = nn.Linear(width * LAST_FRAMES, CODE_VALUES)
        self.log_variance = nn.Linear(width * LAST_FRAMES, CODE_VALUES)
        self.start = nn.Linear(CODE_VALUES, width * LAST_FRAMES)
        self.expansions = nn.ModuleList(
            nn.ConvTranspose1d(width, width, KERNEL, STRIDE, padding=1) for _ in range(LAYERS)
        )
        self.last = nn.Conv1d(width, GESTURE_VALUES, 3, padding=1)

    def encode(self, clips: Tensor) -> tuple[Tensor, Tensor]:
        """Mean codes and their log-variances, (clip, 256) each."""
        hidden = clips
        for layer in self.convolutions:
            hidden = functional.leaky_relu(layer(hidden), LEAK)
        flat = hidden.flatten(1)
        return self.code(flat), self.log_variance(flat).clamp(-8, 8)

    def decode(self, codes: Tensor) -> Tensor:
        """Clips from codes."""
        hidden = self.start(codes).reshape(len(codes), self._width, LAST_FRAMES)
        for layer in self.expansions:
            hidden = functional.leaky_relu(layer(hidden), LEAK)
        return self.last(hidden)

    def exported(self) -> Weights:
        """The encoder's arrays in 16 bits, as `evaluation.motion.gesture_code` reads them."""
        layers = {f"conv{at}": layer for at, layer in enumerate(self.convolutions)}
        arrays: Weights = {}
        for name, layer in {**layers, "code": self.code}.items():
            for kind in ("weight", "bias"):
                values = getattr(layer, kind).detach().cpu().numpy()
                arrays[f"{name}_{kind}"] = values.astype(np.float16)
        return arrays


def train_gesture_autoencoder(
    clips: Float[np.ndarray, "clip 240 96"],
    output: Path,
    steps: int = 5000,
    seed: int = 0,
    report: Callable[[float, float], None] | None = None,
    config: GestureTraining | None = None,
) -> GestureAutoencoder:
    """Fit the autoencoder and write its encoder for `evaluation.motion.gesture_code`.

    Args:
        clips: poses of both hands, right then left, axis-angle [rad] (`clips.gesture_clips`).
            Take them from training pieces only, else FID flatters.
        output: the `.safetensors` file (16-bit encoder, 1.5 MB; config and normalisation in its
            metadata).
        steps: batches.
        seed: of weights, batches and sampled codes.
        report: called after each step with the share done, 0-1, and the loss.
        config: how to fit.

    Returns:
        The trained network, on the processor it was trained on.

    Raises:
        InputError: fewer than two clips, a value that is not finite, fewer than one step, or the
            file cannot be written.
    """
    config = config or GestureTraining()
    if len(clips) < 2 or not np.isfinite(clips).all():
        raise InputError("the gesture autoencoder needs two or more clips of finite values.")
    if steps < 1:
        raise InputError("the gesture autoencoder needs one or more steps.")
    mean = clips.mean((0, 1), dtype=float)
    spread = np.maximum(clips.std((0, 1), dtype=float), _LEAST_SPREAD_RAD)
    normal = ((clips - mean) / spread).astype(np.float32).transpose(0, 2, 1)
    data = torch.from_numpy(np.ascontiguousarray(normal))
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    network = GestureAutoencoder(config.width).to(config.device)
    optimiser = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for step in range(steps):
        chosen = torch.from_numpy(generator.integers(0, len(data), config.batch_clips))
        loss = _loss(network, data[chosen].to(config.device), config)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if report is not None:
            report((step + 1) / steps, float(loss.detach()))
    _write(output, network.exported(), mean, spread, {**asdict(config), "steps": steps})
    return network.eval()


def _loss(network: GestureAutoencoder, clips: Tensor, config: GestureTraining) -> Tensor:
    """Squared errors of a clip's values and differences, and its code's divergence, per value."""
    code, log_variance = network.encode(clips)
    sampled = code + torch.randn_like(code) * (0.5 * log_variance).exp()
    error = network.decode(sampled) - clips
    divergence = 0.5 * (code**2 + log_variance.exp() - 1 - log_variance).sum(1).mean()
    per_value = clips[0].numel()
    velocity = (error.diff(dim=-1) ** 2).mean()
    reconstruction = 0.5 * ((error**2).mean() + config.velocity_weight * velocity)
    return reconstruction + config.kl_weight * divergence / per_value


def _write(
    output: Path,
    arrays: Weights,
    mean: Float[np.ndarray, "96"],
    spread: Float[np.ndarray, "96"],
    config: dict[str, object],
) -> None:
    facts = {
        "format": GESTURE_FORMAT,
        "config": json.dumps(config),
        "mean": json.dumps(mean.tolist()),
        "spread": json.dumps(spread.tolist()),
    }
    with replacing(output) as temporary:
        temporary.write_bytes(save(arrays, facts))
