"""Training the denoiser: v-prediction weighted by SNR/(SNR+1) (S2C), and where the tips land."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from diffusers import DDPMScheduler
from torch import Tensor, nn

from duemani.models.diffusion.config import DenoiserConfig
from duemani.models.diffusion.pose_code import WRIST_MOVE_M, PoseCode
from duemani.training.motion.corpus import Corpus
from duemani.training.motion.drawing import conditions_of, draw_batch
from duemani.training.motion.networks.denoiser import Denoiser
from duemani.training.motion.networks.tips import Fingertips

TRAIN_STEPS = 1000
_STILL_RAD = 1e-3
_TIP_UNIT_M = 0.004
_IDLE_SHARE = 0.15


def cosine_schedule() -> DDPMScheduler:
    """The paper's noise schedule, from diffusers."""
    return DDPMScheduler(
        TRAIN_STEPS, beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction"
    )


class PoseCodec(nn.Module):
    """`PoseCode` in PyTorch."""

    def __init__(self, code: PoseCode) -> None:
        super().__init__()
        self.code = code
        index = list(code.moving)
        self.register_buffer("mean", torch.tensor(code.mean), persistent=False)
        self.register_buffer("index", torch.tensor(index), persistent=False)
        deviation = torch.tensor(code.deviation)
        self.register_buffer("deviation", deviation[index], persistent=False)
        self.register_buffer("unit", torch.tensor(WRIST_MOVE_M), persistent=False)

    def encode(self, angles: Tensor, move_m: Tensor) -> Tensor:
        """(…, 16, 3) and (…, 3) → (…, channel)."""
        code = (angles.flatten(-2)[..., self.index] - self.mean[self.index]) / self.deviation
        return torch.cat([code, move_m / self.unit], -1) if self.code.wrist else code

    def decode(self, code: Tensor) -> tuple[Tensor, Tensor]:
        """(…, channel) → (…, 16, 3) and (…, 3)."""
        count = len(self.code.moving)
        moved = self.mean[self.index] + code[..., :count] * self.deviation
        flat = self.mean.expand(*code.shape[:-1], 48).clone()
        flat[..., self.index] = moved
        angles = flat.unflatten(-1, (16, 3))
        if not self.code.wrist:
            return angles, torch.zeros_like(angles[..., 0, :])
        return angles, code[..., count:] * self.unit


class Gestures:
    """The task of the denoiser."""

    def __init__(
        self, corpus: Corpus, heard: Sequence[np.ndarray], config: DenoiserConfig, seed: int
    ) -> None:
        torch.manual_seed(seed)
        self.corpus, self.heard, self.config, self.seed = corpus, heard, config, seed
        self.code = pose_code(corpus, config.move_wrist)
        self.network = Denoiser(config, self.code.channels)
        self.codec, self.tips = PoseCodec(self.code), Fingertips()
        self.schedule = cosine_schedule()

    def batch(self, step: int, count: int) -> dict[str, Tensor]:
        """Windows of eight seconds."""
        return draw_batch(self.corpus, self.heard, step, count, self.seed)

    def losses(self, batch: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """`denoise` as published, and `tips`, the fingertips of the clean pose foreseen."""
        device = batch["angles"].device
        self.codec.to(device), self.tips.to(device)
        clean = self.codec.encode(batch["angles"], batch["wrist"] - batch["guide"]).mT
        noise = torch.randn(clean.shape, generator=generator, device=device)
        if self.config.shared_noise:
            noise[:, 1] = noise[:, 0]
        time = torch.rand(len(clean), generator=generator, device=device)
        if self.config.objective == "flow":
            # Later and earlier times matter less: logit-normal, as in Esser et al. 2024.
            normal = torch.randn(len(clean), generator=generator, device=device)
            share = torch.sigmoid(normal)[:, None, None, None]
            noisy, wanted = (1 - share) * clean + share * noise, noise - clean
            time, weight = share.flatten(), torch.ones_like(share)
        else:
            step = (time * TRAIN_STEPS).long()
            noisy = self.schedule.add_noise(clean, noise, step)
            wanted = self.schedule.get_velocity(clean, noise, step)
            time = step / TRAIN_STEPS
            alpha = self.schedule.alphas_cumprod.to(device)[step][:, None, None, None]
            weight = alpha  # SNR / (SNR + 1)
        known = self.network.condition(conditions_of(batch), batch["guide"], batch["doubt"])
        predicted = self.network(noisy, time, known)
        mask = batch["tracked"][:, :, None]
        square = ((predicted - wanted) ** 2 * mask * weight).mean((2, 3))
        denoise = square.sum() / mask.mean((2, 3)).sum().clamp(min=1e-6)
        losses = {"denoise": denoise, "loss": denoise}
        if self.config.tip_weight:
            if self.config.objective == "flow":
                foreseen = noisy - share * predicted
                trust = (1 - share) ** 2
            else:
                foreseen = alpha.sqrt() * noisy - (1 - alpha).sqrt() * predicted
                trust = alpha
            losses["tips"] = self._tips(foreseen, batch, trust)
            losses["loss"] = denoise + self.config.tip_weight * losses["tips"]
        return losses

    def _tips(self, foreseen: Tensor, batch: dict[str, Tensor], trust: Tensor) -> Tensor:
        angles, move = self.codec.decode(foreseen.mT)
        bones = batch["bones"][:, :, None].expand(*move.shape[:-1], 20)
        mine = self.tips(batch["guide"] + move, angles, bones)
        true = batch["tips"]
        miss = nn.functional.smooth_l1_loss(
            mine / _TIP_UNIT_M, true / _TIP_UNIT_M, reduction="none"
        ).sum(-1)
        pressing = batch["fingers"][..., 6]
        weight = (_IDLE_SHARE + (1 - _IDLE_SHARE) * pressing) * trust * batch["tracked"][..., None]
        return (miss * weight).sum() / weight.sum().clamp(min=1e-6)


def pose_code(corpus: Corpus, wrist: bool) -> PoseCode:
    """Statistics of the angles of a corpus."""
    angles = np.concatenate(
        [take.angles_rad[take.tracked].reshape(-1, 48) for take in corpus.takes]
    )
    mean, deviation = angles.mean(0, dtype=float), angles.std(0, dtype=float)
    moving = np.flatnonzero(deviation > _STILL_RAD)
    return PoseCode(
        tuple(mean.tolist()), tuple(deviation.tolist()), tuple(int(i) for i in moving), wrist
    )
