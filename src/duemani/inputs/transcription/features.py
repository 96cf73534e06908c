"""The transcriber's input: log mel spectra of a window of sound, seen through six windows."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
from jaxtyping import Float

SAMPLE_RATE = 44100
HOP = 1024
FRAME_SIZE = 4096
FRAME_RATE = SAMPLE_RATE / HOP
MEL_BINS = 229
LOWEST_HZ, HIGHEST_HZ = 30.0, 8000.0
POWER_FLOOR = 1e-5


def sample_count(frames: int) -> int:
    """How many samples a window of `frames` frames spans: frame t is centred at sample t * HOP."""
    return (frames - 1) * HOP


def analysis_windows(
    width: Float[np.ndarray, " extra"], centre: Float[np.ndarray, " extra"]
) -> Float[np.ndarray, "window 4096"]:
    """A Hann window and learned Gaussian ones; `width` and `centre` are logits of shares."""
    time = np.arange(FRAME_SIZE)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * time / FRAME_SIZE)
    share = 1 / (1 + np.exp(-np.stack([width, centre]).astype(np.float64)))
    deviation, middle = share[0] * FRAME_SIZE / 2, share[1] * FRAME_SIZE
    gauss = np.exp(-0.5 * ((time - middle[:, None]) / deviation[:, None]) ** 2)
    return np.concatenate([hann[None], gauss]).astype(np.float32)


@lru_cache(maxsize=1)
def mel_filters() -> Float[np.ndarray, "bin band"]:
    """Triangular filters on the mel scale 2595 log10(1 + f / 700), peaks 1, bins up to 8 kHz."""
    lowest_mel, highest_mel = (2595 * np.log10(1 + hz / 700) for hz in (LOWEST_HZ, HIGHEST_HZ))
    corners = 700 * (10 ** (np.linspace(lowest_mel, highest_mel, MEL_BINS + 2) / 2595) - 1)
    bins = int(np.ceil(HIGHEST_HZ * FRAME_SIZE / SAMPLE_RATE)) + 1
    frequency = np.arange(bins)[:, None] * SAMPLE_RATE / FRAME_SIZE
    rising = (frequency - corners[:-2]) / np.diff(corners)[:-1]
    falling = (corners[2:] - frequency) / np.diff(corners)[1:]
    return np.maximum(np.minimum(rising, falling), 0).astype(np.float32)


def mel_features(
    samples: Float[np.ndarray, " sample"], windows: Float[np.ndarray, "window 4096"]
) -> Float[np.ndarray, "1 window frame band"]:
    """Features of one stretch of sound (length `sample_count(frames)`), 0 for silence.

    The sound is first brought to mean 0 and deviation 1, so its loudness does not matter. The
    silence around a short recording is left out of the deviation: counted, it would make the
    rest so loud that the network hears nothing.
    """
    sounding = np.trim_zeros(samples).astype(np.float64)
    mean, deviation = (sounding.mean(), sounding.std()) if len(sounding) else (0.0, 0.0)
    normal = np.pad((samples - mean) / (deviation + 1e-8), FRAME_SIZE // 2).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(normal, FRAME_SIZE)[::HOP]
    filters = mel_filters() / FRAME_SIZE
    features = np.empty((1, len(windows), len(frames), MEL_BINS), np.float32)
    for index, window in enumerate(windows):
        spectrum = np.asarray(scipy.fft.rfft(frames * window))[:, : len(filters)]
        power = np.square(np.abs(spectrum))
        features[0, index] = np.log(power @ filters + POWER_FLOOR)
    return features / -np.float32(np.log(POWER_FLOOR)) + 1
