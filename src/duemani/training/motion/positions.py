"""Training the position predictor: L1 on wrists and on their velocities, one to one (S2C)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from duemani.models.diffusion.config import PositionConfig
from duemani.training.motion.corpus import Corpus
from duemani.training.motion.drawing import conditions_of, draw_batch
from duemani.training.motion.networks.position_predictor import PositionPredictor, WristStatistics

_LEAST_DEVIATION_M = 1e-3
_NORMAL_SHARE = 1.4826  # deviation of a normal error whose median size is 1


class Positions:
    """The task of the position predictor."""

    def __init__(
        self, corpus: Corpus, heard: Sequence[np.ndarray], config: PositionConfig, seed: int
    ) -> None:
        torch.manual_seed(seed)
        self.corpus, self.heard, self.seed = corpus, heard, seed
        self.network = PositionPredictor(config, wrist_statistics(corpus))

    def batch(self, step: int, count: int) -> dict[str, Tensor]:
        """Windows of eight seconds."""
        return draw_batch(self.corpus, self.heard, step, count, self.seed)

    def losses(self, batch: dict[str, Tensor], _: torch.Generator) -> dict[str, Tensor]:
        """In deviations of the wrists; velocities a second's tenth apart weigh alike."""
        predicted = self.network(conditions_of(batch))
        error = (predicted - batch["wrist"]) / self.network.deviation
        weight = batch["tracked"][..., None]
        position = (error.abs() * weight).sum() / weight.sum().clamp(min=1) / 3
        change = error.diff(dim=2).abs() * weight[:, :, 1:]
        velocity = 3 * change.sum() / weight.sum().clamp(min=1) / 3
        return {"loss": position + velocity, "position": position, "velocity": velocity}


def wrist_statistics(corpus: Corpus) -> WristStatistics:
    """Over all tracked frames of both hands."""
    wrists = np.concatenate([take.wrist_m[take.tracked] for take in corpus.takes])
    mean, deviation = wrists.mean(0), np.maximum(wrists.std(0), _LEAST_DEVIATION_M)

    def triple(values: np.ndarray) -> tuple[float, float, float]:
        x, y, z = (float(value) for value in values)
        return x, y, z

    return WristStatistics(triple(mean), triple(deviation))


@torch.inference_mode()
def guide_errors(
    predictor: PositionPredictor, corpus: Corpus, heard: Sequence[np.ndarray], windows: int = 48
) -> dict[str, float]:
    """Typical error along the keys [m], by what the predictor is given.

    The median error in deviations of a normal one: where hands are taken for each other, or rest
    elsewhere, errors are far larger and say nothing of the usual ones.
    """
    batch = draw_batch(corpus, heard, 0, windows, 0)
    errors = {"nothing": float(predictor.deviation[0])}
    for mode, given in {
        "fingers": (1, 1, 0, 1),
        "notes": (1, 0, 0, 1),
        "sound": (0, 0, 1, 1),
    }.items():
        told = conditions_of({**batch, "given": torch.tensor(given).float().expand(windows, 4)})
        miss = (predictor(told) - batch["wrist"])[..., 0]
        errors[mode] = _NORMAL_SHARE * float(miss[batch["tracked"] > 0].abs().median())
    return errors
