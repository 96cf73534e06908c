"""Training the audio encoder, and what it hears in every take."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from duemani.files import replacing
from duemani.training.motion.corpus import Corpus, TakeArrays, draw_windows
from duemani.training.motion.networks.audio_encoder import (
    AudioEncoder,
    AudioEncoderConfig,
    roll_loss,
)

_WINDOW = 120
_CHUNK, _CONTEXT = 1200, 20


class Hearing:
    """The task of the audio encoder: sound features in, the roll of the notes out."""

    def __init__(self, corpus: Corpus, config: AudioEncoderConfig, seed: int) -> None:
        torch.manual_seed(seed)
        self.network = AudioEncoder(config)
        heard = [take for take in corpus.takes if len(take.sound)]
        self.corpus, self.seed = Corpus(heard, {}), seed

    def batch(self, step: int, count: int) -> dict[str, Tensor]:
        """Windows of four seconds."""
        windows = draw_windows(self.corpus, _WINDOW, count, (self.seed, step))
        takes = [(self.corpus.takes[window.take], window.frames) for window in windows]
        rng = np.random.default_rng((self.seed, step, 1))
        gain = rng.normal(0, 0.1, (count, 1, 1)).astype(np.float32)
        sound = np.stack([take.sound[frames] for take, frames in takes]).astype(np.float32)
        roll = np.stack([take.roll[frames] for take, frames in takes]).astype(np.float32)
        # A quieter or louder recording: logarithmic features shift where they are not silent.
        sound = np.maximum(sound + gain * np.minimum(sound, 1), 0)
        return {"sound": torch.from_numpy(sound), "roll": torch.from_numpy(roll)}

    def losses(self, batch: dict[str, Tensor], _: torch.Generator) -> dict[str, Tensor]:
        """Cross-entropy of the roll."""
        return {"loss": roll_loss(self.network(batch["sound"]), batch["roll"])}


@torch.inference_mode()
def hear_take(encoder: AudioEncoder, take: TakeArrays) -> np.ndarray:
    """The roll that the encoder hears (float16, 0-1), in chunks with context."""
    total = len(take.sound)
    heard = np.zeros((total, 88, 3), np.float16)
    for start in range(0, total, _CHUNK):
        first, last = max(start - _CONTEXT, 0), min(start + _CHUNK + _CONTEXT, total)
        features = torch.from_numpy(take.sound[first:last].astype(np.float32))[None]
        roll = encoder(features).sigmoid()[0].numpy()
        end = min(start + _CHUNK, total)
        heard[start:end] = roll[start - first : end - first]
    return heard


def hear_takes(
    encoder: AudioEncoder, takes: Sequence[TakeArrays], folder: Path
) -> list[np.ndarray]:
    """What the encoder hears in every take, kept in `folder` for the next time."""
    weights = b"".join(value.numpy().tobytes() for value in encoder.state_dict().values())
    folder = folder / hashlib.sha256(weights).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    rolls = []
    for take in takes:
        path = folder / f"{take.name}.npy"
        if not path.exists():
            with replacing(path) as temporary:
                np.save(temporary, hear_take(encoder, take))
        rolls.append(np.load(path, mmap_mode="r"))
    return rolls


def onset_scores(
    heard: np.ndarray, roll: np.ndarray, threshold: float = 0.5
) -> tuple[int, int, int]:
    """Onsets found within a frame and a half of true ones: (hits, found, true)."""

    def peaks(values: np.ndarray, least: float) -> list[set[int]]:
        v = values.astype(np.float32)
        up = (v[1:-1] >= v[:-2]) & (v[1:-1] > v[2:]) & (v[1:-1] > least)
        return [set((np.flatnonzero(up[:, key]) + 1).tolist()) for key in range(v.shape[1])]

    hits = found = true = 0
    for mine, theirs in zip(peaks(heard[..., 1], threshold), peaks(roll[..., 1], 0.7), strict=True):
        found, true = found + len(mine), true + len(theirs)
        hits += sum(1 for at in theirs if mine & {at - 1, at, at + 1})
    return hits, found, true
