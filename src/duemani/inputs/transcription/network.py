"""The transcriber's network (see weights/transcriber/CARD.md) run by onnxruntime and numpy."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtr

from duemani.files import WEIGHTS
from duemani.graphs.open import open_graph
from duemani.inputs.transcription.features import analysis_windows, mel_features

TRANSCRIBER_WEIGHTS = WEIGHTS / "transcriber"
SHA256 = {
    "transcriber.onnx": "291ecac6ef1533b059c7961bdd936cecf4b648bcf4ff1defc8cd264c9a7a335c",
    "transcriber_heads.npz": "e2474800f9de26d9e657ee14f5ae6e4699f6d9eae6f9c8c7d019a1360583ffb3",
}
TRACKS, BANDS = 90, 59
PEDAL_TRACK_CODES = (-64, -67)  # sustain, soft
MOST_THREADS = 4


@dataclass(frozen=True)
class Scores:
    """What the network says of one window.

    Attributes:
        context: what the heads need to know of every track and frame.
        score: (track, end, begin): an interval of n > 0 frames scores n times its entry.
        point_score: score of the interval that begins and ends at the same frame.
    """

    context: Float[np.ndarray, "track frame 256"]
    score: Float[np.ndarray, "track frame frame"]
    point_score: Float[np.ndarray, "track frame"]


@dataclass(frozen=True)
class Attributes:
    """What the heads say of each interval.

    Attributes:
        velocity: (interval,) MIDI velocity, 0-127.
        shift: (interval, 2) frames to add to the begin and end, -0.5 to 0.5.
        has_end: (interval, 2) bool, whether onset and release lie inside the window.
    """

    velocity: Int[np.ndarray, " interval"]
    shift: Float[np.ndarray, "interval 2"]
    has_end: np.ndarray


class TranscriberNetwork:
    """Scores every possible note and pedal interval of a window of sound.

    Args:
        threads: how many cores to use; by default all, 4 at most.
        folder: where `transcriber.onnx` and `transcriber_heads.npz` lie.
        verify: refuse files whose SHA-256 is not the one shipped.

    Raises:
        RuntimeError: a weight file is damaged.
    """

    def __init__(
        self, threads: int | None = None, folder: Path = TRANSCRIBER_WEIGHTS, verify: bool = True
    ) -> None:
        network, heads = (_read(folder / name, verify) for name in SHA256)
        threads = threads or min(os.cpu_count() or 1, MOST_THREADS)
        # Kept memory would be 1.2 GB instead of 0.9 GB.
        self._session = open_graph(network, threads, keep_memory=False)
        with np.load(io.BytesIO(heads)) as arrays:
            self._heads = {name: arrays[name].astype(np.float32) for name in arrays.files}
        self._windows = analysis_windows(self._heads["window.sigma"], self._heads["window.center"])
        self._positions = np.zeros((0, BANDS + TRACKS, 1), np.float32)

    def run(self, samples: Float[np.ndarray, " sample"]) -> Scores:
        """Scores of every interval of a window of sound."""
        mel = mel_features(samples, self._windows)
        frames = mel.shape[2]
        positions = self._position_codes(_patch_count(frames) + 1)
        outputs = self._session.run(
            ["context", "score", "point_score"], {"mel": mel, "positions": positions}
        )
        context, score, point_score = (np.asarray(output) for output in outputs)
        return Scores(context[:, :frames], score[:, :frames, :frames], point_score[:, :frames, 0])

    def attributes(
        self,
        begin: Float[np.ndarray, "interval 256"],
        end: Float[np.ndarray, "interval 256"],
    ) -> Attributes:
        """Velocity and end points of intervals from the context at their begins and ends."""
        both = np.concatenate([begin, end, begin * end], axis=1)
        velocity = _perceptron(both, self._heads, "velocity", "0", "3").argmax(axis=1)
        ends = _perceptron(both, self._heads, "ends", "0", "3")
        shift = (_continuous_bernoulli_mean(ends[:, :2]) - 0.5) / 0.99
        return Attributes(velocity, np.clip(shift, -0.5, 0.5), ends[:, 2:] > 0)

    def _position_codes(self, patches: int) -> Float[np.ndarray, "patch token 256"]:
        """Learned codes of (time, mel band) and (time, track), computed once per length."""
        if len(self._positions) < patches:
            tracks = [*PEDAL_TRACK_CODES, *range(21, 109)]
            codes = []
            for part, places in (("band_code", range(BANDS)), ("track_code", tracks)):
                grid = np.meshgrid(np.arange(patches), np.array(places), indexing="ij")
                codes.append(self._position_code(part, np.stack(grid, axis=-1)))
            self._positions = np.concatenate(codes, axis=1)
        return self._positions[:patches]

    def _position_code(
        self, part: str, at: Int[np.ndarray, "patch place 2"]
    ) -> Float[np.ndarray, "patch place 256"]:
        heads = self._heads
        phase = at.astype(np.float32) @ heads[f"{part}.proj.weight"] + heads[f"{part}.proj.bias"]
        wave = np.cos(phase) / np.float32(np.sqrt(phase.shape[-1] / 2))
        return _perceptron(wave, heads, part, "mlp.0", "mlp.3")


def _read(path: Path, verify: bool) -> bytes:
    if not path.is_file():
        raise RuntimeError(f"the transcriber's weights are missing: {path}.")
    content = path.read_bytes()
    if verify and hashlib.sha256(content).hexdigest() != SHA256[path.name]:
        raise RuntimeError(f"the transcriber's weights are damaged: {path}.")
    return content


def _patch_count(frames: int) -> int:
    """Time steps after the network's three strided convolutions (7 frames of padding)."""
    count = frames + 7
    for _ in range(3):
        count = (count - 1) // 2 + 1
    return count


def _perceptron(
    value: np.ndarray, heads: dict[str, np.ndarray], part: str, first: str, second: str
) -> np.ndarray:
    """Two linear layers with the exact GELU between them."""
    wide = value @ heads[f"{part}.{first}.weight"] + heads[f"{part}.{first}.bias"]
    wide *= ndtr(wide)
    return wide @ heads[f"{part}.{second}.weight"] + heads[f"{part}.{second}.bias"]


def _continuous_bernoulli_mean(logit: np.ndarray) -> np.ndarray:
    """Mean of the continuous Bernoulli distribution with this logit."""
    near = np.abs(logit) < 0.05
    safe = np.where(near, 1.0, logit).astype(np.float64)
    # In logits l the mean is 1 / (1 - e^-l) - 1 / l; near l = 0 it is 1/2 + l / 12.
    mean = 1 / (1 - np.exp(-np.clip(safe, -60, 60))) - 1 / safe
    return np.where(near, 0.5 + logit / 12, mean)
