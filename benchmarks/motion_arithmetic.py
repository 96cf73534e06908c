"""Arithmetic of the diffusion model, counted by PyTorch: python -m benchmarks.motion_arithmetic."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from duemani.models.diffusion.config import WINDOW_FRAMES, DiffusionOptions
from duemani.models.diffusion.pretrained import HEAR_FRAMES, POSITION_FRAMES, shipped_networks
from duemani.models.diffusion.windows import GUIDE_HOP_FRAMES, HOP_FRAMES
from duemani.training.motion.networks.audio_encoder import AudioEncoder, AudioEncoderConfig
from duemani.training.motion.networks.conditions import Conditions
from duemani.training.motion.networks.denoiser import Denoiser
from duemani.training.motion.networks.position_predictor import PositionPredictor, WristStatistics
from duemani.training.motion.train import MotionTraining

S2C_TMAC = 21.0  # per 8 s clip at 1000 steps, both hands: an analytic count (papers.md §1)
CLIP_FRAMES = 240


def _macs(run: object) -> float:
    """Multiply-additions of a call."""
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        run()  # type: ignore[operator]
    return counter.get_total_flops() / 2


def _known(frames: int) -> Conditions:
    return Conditions(
        torch.zeros(1, frames, 88, 3),
        torch.zeros(1, frames, 88, 3),
        torch.zeros(1, 2, frames, 5, 8),
        torch.zeros(1, 6),
        torch.ones(1, 4),
    )


def arithmetic() -> None:
    """Multiply-additions for 8 s of music, overlaps and margins included."""
    training, steps = MotionTraining(), DiffusionOptions().steps
    networks = shipped_networks()
    encoder = AudioEncoder(AudioEncoderConfig()).eval()
    predictor = PositionPredictor(
        training.position, WristStatistics((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    ).eval()
    denoiser = Denoiser(networks.config, networks.code.channels).eval()
    window = _known(WINDOW_FRAMES)
    noisy = torch.zeros(1, 2, networks.code.channels, WINDOW_FRAMES)
    guide, doubt, time = torch.zeros(1, 2, WINDOW_FRAMES, 3), torch.zeros(1), torch.zeros(1)
    condition = denoiser.condition(window, guide, doubt)
    parts = {
        "audio encoder": (lambda: encoder(torch.zeros(1, HEAR_FRAMES, 456)), HEAR_FRAMES - 40, 1),
        "position predictor": (lambda: predictor(_known(POSITION_FRAMES)), GUIDE_HOP_FRAMES, 1),
        "conditions": (lambda: denoiser.condition(window, guide, doubt), HOP_FRAMES, 1),
        f"denoiser, {steps} steps": (lambda: denoiser(noisy, time, condition), HOP_FRAMES, steps),
    }
    print("\n## Arithmetic, 8 s of music\n\n| part | parameters | GMAC |\n|---|---|---|")
    modules = {"audio": encoder, "position": predictor, "denoiser": denoiser}
    total = 0.0
    for label, (run, frames, times) in parts.items():
        count = _macs(run) * times * CLIP_FRAMES / frames / 1e9
        total += count
        size = next((m for name, m in modules.items() if label.startswith(name)), None)
        parameters = f"{sum(p.numel() for p in size.parameters()):,}" if size else ""
        print(f"| {label} | {parameters} | {count:.2f} |")
    print(f"| all | | {total:.2f} |")
    print(f"\nS2C: about {S2C_TMAC:.0f} TMAC; ours is 1/{S2C_TMAC * 1000 / total:.0f} of it.")


if __name__ == "__main__":
    arithmetic()
