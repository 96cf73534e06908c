"""FID: Fréchet distance between codes of 8 s clips, computed in numpy.

PianoMotion10M's FID encodes every clip, 240 frames × 96 values (right then left hand), into the
256 means of a convolutional VAE. Its weights are of its authors' data and licence, so ours are
trained anew (`training.gesture_autoencoder`): values compare within one table and one weights
file, never with published ones.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from numpy.lib.stride_tricks import sliding_window_view

from duemani.errors import InputError
from duemani.evaluation.motion.frechet import frechet_distance
from duemani.files import check_readable
from duemani.models.convolution import Weights, linear

GESTURE_FORMAT = "duemani.gesture_code/1"
GESTURE_FRAMES, GESTURE_VALUES, CODE_VALUES = 240, 96, 256
LAYERS, KERNEL, STRIDE, LEAK = 4, 4, 2, 0.2
LAST_FRAMES = GESTURE_FRAMES // STRIDE**LAYERS
_BATCH_CLIPS = 64


@dataclass(frozen=True)
class GestureEncoder:
    """What turns clips into codes.

    Attributes:
        mean: of each value over the training clips [rad].
        spread: standard deviation of each [rad].
        weights: `conv{n}_weight` (out, in, kernel) and `_bias`, `code_weight` and `_bias`.
    """

    mean: Float[np.ndarray, "96"]
    spread: Float[np.ndarray, "96"]
    weights: Weights

    def encode(self, clips: Float[np.ndarray, "clip 240 96"]) -> Float[np.ndarray, "clip 256"]:
        """The mean codes of clips of poses [rad] (`clips.gesture_clips`).

        Raises:
            InputError: a value is not finite.
        """
        if not np.isfinite(clips).all():
            raise InputError("clips to encode must be finite: leave out those with unseen hands.")
        codes = np.zeros((len(clips), CODE_VALUES), np.float32)
        for first in range(0, len(clips), _BATCH_CLIPS):
            part = slice(first, first + _BATCH_CLIPS)
            hidden = ((clips[part] - self.mean) / self.spread).astype(np.float32)
            for layer in range(LAYERS):
                hidden = _halved(self.weights, f"conv{layer}", hidden)
            flat = hidden.transpose(0, 2, 1).reshape(len(hidden), -1)
            codes[part] = linear(self.weights, "code", flat)
        return codes


def load_gesture_encoder(path: Path) -> GestureEncoder:
    """Read the weights that `training.gesture_autoencoder` wrote (`.safetensors`).

    Raises:
        InputError: safetensors is missing, the file cannot be read, or it is no such file.
    """
    check_readable(path)
    try:
        safetensors = importlib.import_module("safetensors")
    except ImportError:
        raise InputError("FID needs safetensors: install duemani with its extra `bench`.") from None
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            facts = file.metadata() or {}
            names = list(file.keys())
            arrays = {name: file.get_tensor(name).astype(np.float32) for name in names}
        if facts["format"] != GESTURE_FORMAT:
            raise ValueError(f"its format is {facts['format']}")
        mean, spread = (
            np.array(json.loads(facts[name]), float).reshape(GESTURE_VALUES)
            for name in ("mean", "spread")
        )
        width = json.loads(facts["config"])["width"]
        if {name: values.shape for name, values in arrays.items()} != _shapes(width):
            raise ValueError("its arrays have other shapes")
        if not spread.min() > 0 or not all(np.isfinite(array).all() for array in arrays.values()):
            raise ValueError("its values are not finite")
    # safetensors has errors of its own, in Rust, and json's and numpy's come on top.
    except Exception as error:
        raise InputError(f"{path} holds no gesture encoder ({GESTURE_FORMAT}): {error}.") from error
    return GestureEncoder(mean, spread, arrays)


def fid(
    real_codes: Float[np.ndarray, "real_clip value"],
    fake_codes: Float[np.ndarray, "fake_clip value"],
) -> float:
    """Fréchet distance between Gaussians of codes.

    It needs far more clips than the code has values (≫ 256, so some hours of playing). With
    fewer the covariances are singular, and with a few times as many still poorly known, which
    biases the value upwards, about inversely to the number of clips: compare values of equally
    many clips only, put `fid_floor` beside them, and use `fid_diagonal` where clips are few.

    Raises:
        InputError: fewer than two clips, or a value that is not finite.
    """
    return frechet_distance(real_codes, fake_codes)


def fid_diagonal(
    real_codes: Float[np.ndarray, "real_clip value"],
    fake_codes: Float[np.ndarray, "fake_clip value"],
) -> float:
    """`fid` of Gaussians with independent values: Σ(μ1−μ2)² + Σ(σ1−σ2)².

    Its bias is small from some dozens of clips on, but it sees no correlations, so it never
    exceeds `fid`.

    Raises:
        InputError: fewer than two clips, or a value that is not finite.
    """
    total = 0.0
    for codes in (real_codes, fake_codes):
        if len(codes) < 2 or not np.isfinite(codes).all():
            raise InputError("a diagonal FID needs two or more rows of finite values each.")
    real, fake = real_codes.astype(float), fake_codes.astype(float)
    total += float(((real.mean(0) - fake.mean(0)) ** 2).sum())
    return total + float(((real.std(0, ddof=1) - fake.std(0, ddof=1)) ** 2).sum())


def fid_floor(
    real_codes: Float[np.ndarray, "clip value"],
    takes: Int[np.ndarray, " clip"] | None = None,
    seed: int = 0,
) -> float:
    """`fid` between two halves of the real clips: no model can be expected below it.

    Args:
        real_codes: of true clips.
        takes: which take each clip is from: whole takes then fall on one side. Without, clips of
            one take are on both sides, which makes the floor too low.
        seed: of the halves.

    Raises:
        InputError: a half has fewer than two clips.
    """
    groups = np.arange(len(real_codes)) if takes is None else takes
    order = np.random.default_rng(seed).permutation(np.unique(groups))
    first = np.isin(groups, order[: len(order) // 2])
    return fid(real_codes[first], real_codes[~first])


def _halved(
    weights: Weights, name: str, frames: Float[np.ndarray, "clip frame value"]
) -> Float[np.ndarray, "clip half width"]:
    """Strided convolution over time with one frame of zeros at both ends, then leaky ReLU."""
    padded = np.pad(frames, ((0, 0), (1, 1), (0, 0)))
    windows = sliding_window_view(padded, KERNEL, axis=1)[:, ::STRIDE]
    outputs = np.tensordot(windows, weights[f"{name}_weight"], axes=((2, 3), (1, 2)))
    outputs = outputs + weights[f"{name}_bias"]
    return np.where(outputs > 0, outputs, LEAK * outputs).astype(np.float32)


def _shapes(width: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(LAYERS):
        shapes[f"conv{layer}_weight"] = (width, width if layer else GESTURE_VALUES, KERNEL)
        shapes[f"conv{layer}_bias"] = (width,)
    return {
        **shapes,
        "code_weight": (CODE_VALUES, width * LAST_FRAMES),
        "code_bias": (CODE_VALUES,),
    }
