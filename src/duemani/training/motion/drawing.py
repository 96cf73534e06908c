"""Batches of both networks: windows, with some of their conditions withheld."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from duemani.models.diffusion.config import WINDOW_FRAMES
from duemani.models.diffusion.networks import doubt_of
from duemani.training.motion.corpus import Corpus, draw_windows
from duemani.training.motion.networks.conditions import Conditions

# (notes, fingers, sound) and how often: full, without sound, notes alone, sound alone.
_MODES = (
    ((1, 1, 1), 0.22),
    ((1, 1, 0), 0.23),
    ((1, 0, 1), 0.08),
    ((1, 0, 0), 0.12),
    ((0, 0, 1), 0.35),
)
_STYLE_GIVEN = 0.75
# How far the guide given in training is off [m]: as predictions of the wrists are. Some windows
# get the truth, the others a slowly wandering error of a size that the network is told.
_TRUE_GUIDE = 0.1
_LEAST_ERROR_M, _MOST_ERROR_M = 0.0008, 0.035
_ERROR_SHAPE = np.array([1.0, 0.5, 0.25])
_KNOT_FRAMES = 12


def draw_batch(
    corpus: Corpus, heard: Sequence[np.ndarray], step: int, count: int, seed: int
) -> dict[str, Tensor]:
    """One batch: conditions, true angles, wrists and tips (batch, 2, frame, …), guide, mask."""
    windows = draw_windows(corpus, WINDOW_FRAMES, count, (seed, step))
    rng = np.random.default_rng((seed, step, 2))
    rows = [(corpus.takes[w.take], heard[w.take], w.frames) for w in windows]
    modes = rng.choice(len(_MODES), count, p=[share for _, share in _MODES])
    given = np.array([[*_MODES[mode][0], rng.random() < _STYLE_GIVEN] for mode in modes])
    style = np.stack([take.style for take, _, _ in rows])
    given[:, 3] &= np.isfinite(style).all(1)
    for row, (_, roll, _) in enumerate(rows):
        if not len(roll):  # a take without sound: its notes instead
            given[row, 2], given[row, 0] = 0, 1
    wrist = np.stack([take.wrist_m[:, frames] for take, _, frames in rows])
    guide, error = _guide(wrist, rng)
    arrays = {
        "notes": np.stack([take.roll[frames] for take, _, frames in rows]),
        "heard": np.stack(
            [
                roll[frames] if len(roll) else np.zeros_like(t.roll[frames])
                for t, roll, frames in rows
            ]
        ),
        "fingers": np.stack([take.fingers[:, frames] for take, _, frames in rows]),
        "style": np.nan_to_num(style),
        "given": given,
        "angles": np.stack([take.angles_rad[:, frames] for take, _, frames in rows]),
        "wrist": wrist,
        "tips": np.stack([take.tips_m[:, frames] for take, _, frames in rows]),
        "bones": np.stack([take.bone_lengths_m for take, _, _ in rows]),
        "tracked": np.stack([take.tracked[:, frames] for take, _, frames in rows]),
        "guide": guide,
        "doubt": doubt_of(error),
    }
    return {name: torch.from_numpy(value.astype(np.float32)) for name, value in arrays.items()}


def conditions_of(batch: dict[str, Tensor]) -> Conditions:
    """The conditions in a batch."""
    names = ("notes", "heard", "fingers", "style", "given")
    return Conditions(*(batch[name] for name in names))


def _guide(wrist: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    count, _, frames, _ = wrist.shape
    size = np.exp(rng.uniform(np.log(_LEAST_ERROR_M), np.log(_MOST_ERROR_M), count))
    size *= rng.random(count) >= _TRUE_GUIDE
    knots = rng.normal(size=(count, 2, frames // _KNOT_FRAMES + 3, 3))
    at = np.arange(frames) / _KNOT_FRAMES + rng.random()
    low = at.astype(int)
    share = (at - low)[:, None]
    share = share * share * (3 - 2 * share)
    error = knots[:, :, low] * (1 - share) + knots[:, :, low + 1] * share
    return wrist + error * _ERROR_SHAPE * size[:, None, None, None], size
