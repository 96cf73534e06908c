"""A trained model as one file: weights, settings, and the graphs that run them without PyTorch.

The file is a `.safetensors` of 16-bit weights under PyTorch's own names, so it can be trained
further; its metadata hold every setting and statistic, and four small ONNX graphs, which carry no
weights of their own, lie in it as bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import torch
from safetensors.numpy import save
from torch import Tensor, nn

from duemani.files import replacing
from duemani.models.diffusion.config import WINDOW_FRAMES
from duemani.models.diffusion.pretrained import GRAPHS, HEAR_FRAMES, MODEL_FORMAT, POSITION_FRAMES
from duemani.training.graph_export import bare_graph, weights_of
from duemani.training.motion.networks.conditions import Conditions
from duemani.training.motion.networks.run import TorchNetworks


class _Hear(nn.Module):
    def __init__(self, networks: TorchNetworks) -> None:
        super().__init__()
        self.audio = networks.encoder

    def forward(self, sound: Tensor) -> Tensor:
        return self.audio(sound).sigmoid()


class _Position(nn.Module):
    def __init__(self, networks: TorchNetworks) -> None:
        super().__init__()
        self.position = networks.predictor

    def forward(
        self, notes: Tensor, heard: Tensor, fingers: Tensor, style: Tensor, given: Tensor
    ) -> Tensor:
        return self.position(Conditions(notes, heard, fingers, style, given))


class _Condition(nn.Module):
    def __init__(self, networks: TorchNetworks) -> None:
        super().__init__()
        self.denoiser = networks.denoiser

    def forward(
        self,
        notes: Tensor,
        heard: Tensor,
        fingers: Tensor,
        style: Tensor,
        given: Tensor,
        guide: Tensor,
        doubt: Tensor,
    ) -> Tensor:
        conditions = Conditions(notes, heard, fingers, style, given)
        return self.denoiser.condition(conditions, guide, doubt)


class _Denoise(nn.Module):
    def __init__(self, networks: TorchNetworks) -> None:
        super().__init__()
        self.denoiser = networks.denoiser

    def forward(self, noisy: Tensor, time: Tensor, condition: Tensor) -> Tensor:
        return self.denoiser(noisy, time, condition)


def save_model(path: Path, networks: TorchNetworks, facts: dict[str, object]) -> None:
    """Write the file; it appears whole or not at all.

    Args:
        path: `.safetensors`.
        networks: what was trained.
        facts: about the training, kept with it (plain JSON values).
    """
    tensors: dict[str, np.ndarray] = {}
    for prefix, network in (
        ("audio", networks.encoder),
        ("position", networks.predictor),
        ("denoiser", networks.denoiser),
    ):
        for name, value in network.state_dict().items():
            tensors[f"{prefix}.{name}"] = value.detach().numpy().astype(np.float16)
    wanted: dict[str, list[str]] = {}
    for name, graph in _graphs(networks, set(tensors)).items():
        wanted[name] = weights_of(graph)
        tensors[f"graph.{name}"] = np.frombuffer(graph.SerializeToString(), np.uint8)
    settings = {
        "audio": asdict(networks.encoder.config),
        "position": asdict(networks.predictor.config),
        "denoiser": asdict(networks.config),
        "wrist": {
            "mean": networks.predictor.mean.tolist(),
            "deviation": networks.predictor.deviation.tolist(),
        },
        "code": asdict(networks.code),
        "guide_error_m": networks.guide_error_m,
        "style_estimate": networks.style_estimate and asdict(networks.style_estimate),
        "weights_of": wanted,
        "facts": facts,
    }
    metadata = {"format": MODEL_FORMAT, "settings": json.dumps(settings)}
    with replacing(path) as temporary:
        temporary.write_bytes(save(tensors, metadata))


def _graphs(networks: TorchNetworks, weights: set[str]) -> dict[str, onnx.ModelProto]:
    frames = WINDOW_FRAMES
    channels, width = networks.code.channels, networks.config.widths[0]
    hands = 1 if networks.config.streams == "single" else 2

    def known(length: int) -> dict[str, Tensor]:
        return {
            "notes": torch.zeros(1, length, 88, 3),
            "heard": torch.zeros(1, length, 88, 3),
            "fingers": torch.zeros(1, 2, length, 5, 8),
            "style": torch.zeros(1, 6),
            "given": torch.ones(1, 4),
        }

    made: dict[str, tuple[nn.Module, dict[str, Tensor]]] = {
        "hear": (_Hear(networks), {"sound": torch.zeros(1, HEAR_FRAMES, 456)}),
        "position": (_Position(networks), known(POSITION_FRAMES)),
        "condition": (
            _Condition(networks),
            {**known(frames), "guide": torch.zeros(1, 2, frames, 3), "doubt": torch.zeros(1)},
        ),
        "denoise": (
            _Denoise(networks),
            {
                "noisy": torch.zeros(1, 2, channels, frames),
                "time": torch.zeros(1),
                "condition": torch.zeros(1, hands, width, frames),
            },
        ),
    }
    assert set(made) == set(GRAPHS)
    return {name: bare_graph(module, inputs, weights) for name, (module, inputs) in made.items()}
