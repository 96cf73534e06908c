"""What onnxruntime makes of an exported model is what PyTorch makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from duemani.models.diffusion.conditions.style_estimate import StyleEstimate  # noqa: E402
from duemani.models.diffusion.config import DenoiserConfig, PositionConfig  # noqa: E402
from duemani.models.diffusion.networks import Known  # noqa: E402
from duemani.models.diffusion.pose_code import PoseCode  # noqa: E402
from duemani.models.diffusion.pretrained import load_networks  # noqa: E402
from duemani.training.motion.export import save_model  # noqa: E402
from duemani.training.motion.networks.audio_encoder import AudioEncoder, AudioEncoderConfig  # noqa: E402
from duemani.training.motion.networks.denoiser import Denoiser  # noqa: E402
from duemani.training.motion.networks.position_predictor import (  # noqa: E402
    PositionPredictor,
    WristStatistics,
)
from duemani.training.motion.networks.run import TorchNetworks  # noqa: E402

WIDTHS = (16, 16, 16, 16)


def tiny(config: DenoiserConfig) -> TorchNetworks:
    torch.manual_seed(0)
    code = PoseCode((0.1,) * 48, (0.2,) * 48, (0, 1, 2, 5, 9), config.move_wrist)
    networks = TorchNetworks(
        AudioEncoder(AudioEncoderConfig(8, 16)).eval(),
        PositionPredictor(
            PositionConfig(WIDTHS, config.streams),
            WristStatistics((0.1, 0.0, 0.0), (0.2, 0.1, 0.1)),
        ).eval(),
        Denoiser(config, code.channels).eval(),
        code,
        {"fingers": 0.01, "notes": 0.02, "sound": 0.03, "nothing": 0.1},
        StyleEstimate((0.0,), (1.0,), ((1.0,) * 6, (0.0,) * 6)),
    )
    for part in (networks.encoder, networks.predictor, networks.denoiser):
        for parameter in part.parameters():  # as the file keeps them
            parameter.data = parameter.data.half().float()
    return networks


def known(frames: int) -> Known:
    rng = np.random.default_rng(1)

    def some(*shape: int) -> np.ndarray:
        return rng.random(shape, np.float32)

    return Known(
        some(frames, 88, 3), some(frames, 88, 3), some(2, frames, 5, 8), some(6), np.ones(4)
    )


@pytest.mark.parametrize(
    "config",
    [
        DenoiserConfig(WIDTHS),
        DenoiserConfig(WIDTHS, streams="single", fusion="none"),
        DenoiserConfig(WIDTHS, streams="separate", fusion="hcaa_published", move_wrist=False),
    ],
    ids=["shared", "single", "separate"],
)
def test_the_exported_model_is_the_trained_one(config: DenoiserConfig, tmp_path: Path) -> None:
    trained = tiny(config)
    path = tmp_path / "tiny.safetensors"
    save_model(path, trained, {"takes": 3})
    loaded = load_networks(path)
    assert (loaded.config, loaded.code, loaded.facts) == (config, trained.code, {"takes": 3})
    assert loaded.guide_error_m == trained.guide_error_m
    assert loaded.style_estimate == trained.style_estimate
    rng = np.random.default_rng(0)
    sound = rng.random((700, 456), np.float32)
    np.testing.assert_allclose(loaded.hear(sound), trained.hear(sound), atol=1e-3)
    whole, window = known(480), known(240)
    np.testing.assert_allclose(loaded.positions(whole), trained.positions(whole), atol=1e-4)
    guide = rng.normal(0, 0.1, (2, 240, 3))
    told = trained.condition(window, guide, 0.3)
    np.testing.assert_allclose(loaded.condition(window, guide, 0.3), told, atol=1e-4)
    noisy = rng.standard_normal((2, trained.code.channels, 240))
    for time in (0.05, 0.999):
        np.testing.assert_allclose(
            loaded.denoise(noisy, time, told), trained.denoise(noisy, time, told), atol=1e-4
        )


def test_a_file_holds_weights_of_sixteen_bits_and_its_settings(tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    save_model(path, tiny(DenoiserConfig(WIDTHS)), {})
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    kinds = {entry["dtype"] for name, entry in header.items() if name.startswith("denoiser.")}
    assert kinds == {"F16"}
    settings = json.loads(header["__metadata__"]["settings"])
    assert settings["denoiser"]["fusion"] == "hcaa"
