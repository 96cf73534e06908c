"""Sound → what a listener's ear would give a network: log-frequency spectra, 30 rows a second.

A long window (267 ms) tells pitches apart, a short one (67 ms), taken twice a row, tells when
they begin. Both are logarithmic in frequency and in level.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.fft import rfft

from duemani.media.sound import probe_audio, stream_audio

SAMPLE_RATE_HZ = 15_360
FRAME_RATE = 30.0
HOP = 512
LONG, SHORT = 4096, 1024
LONG_BINS, SHORT_BINS = 264, 96
"""Long: three bins a semitone, from A0, over 88 semitones. Short: sixteen an octave."""
FEATURE_COUNT = LONG_BINS + 2 * SHORT_BINS
_LOWEST_HZ, SHORT_LOWEST_HZ = 27.5, 110.0
_BLOCK_FRAMES = 900
_GAIN = 3000.0


def sound_features(
    samples: Float[np.ndarray, " sample"], frames: int
) -> Float[np.ndarray, "frame feature"]:
    """Features (float16, about 0-3) of mono sound at `SAMPLE_RATE_HZ`; row t is at t/30 s.

    The level is normalised to the loudest half second, so that recordings of any volume look
    alike. Missing sound counts as silence.
    """
    return np.concatenate(list(stream_features([samples], frames, _loudness(samples))))


def recording_features(
    path: Path, part_sec: tuple[float, float] = (0.0, float("inf"))
) -> Float[np.ndarray, "frame feature"]:
    """Features of a recording, or of a part of it, whatever its format and sample rate.

    Raises:
        InputError: the file is no readable sound.
    """
    start_sec, end_sec = part_sec
    length_sec = max(min(probe_audio(path).duration_sec, end_sec) - start_sec, 0.0)
    frames = int(np.ceil(length_sec * FRAME_RATE)) + 1
    # Kept, for both passes: 61 kB a second, about as much as the features themselves take.
    blocks = list(stream_audio(path, SAMPLE_RATE_HZ, between_sec=part_sec))
    return np.concatenate(list(stream_features(blocks, frames, measure_loudness(blocks))))


def stream_features(
    blocks: Iterable[Float[np.ndarray, " _"]], frames: int, loudness: float
) -> Iterator[Float[np.ndarray, "frame feature"]]:
    """The same in bounded memory: blocks of sound in, blocks of rows out.

    Args:
        blocks: mono sound, in pieces of any length.
        frames: how many rows.
        loudness: what `measure_loudness` says of the recording.
    """
    half = LONG // 2
    buffer = np.zeros(half, np.float32)
    done = 0
    source = iter(blocks)
    while done < frames:
        count = min(_BLOCK_FRAMES, frames - done)
        needed = (count - 1) * HOP + LONG
        parts, have = [buffer], len(buffer)
        while have < needed:
            block = next(source, None)
            if block is None:
                parts.append(np.zeros(needed - have, np.float32))
            else:
                parts.append(block.astype(np.float32))
            have += len(parts[-1])
        buffer = np.concatenate(parts)
        yield _rows(buffer[:needed] / max(loudness, 1e-4), count)
        buffer = buffer[count * HOP :]
        done += count


def measure_loudness(blocks: Iterable[Float[np.ndarray, " _"]]) -> float:
    """Root mean square of the loudest half second."""
    loudest = 0.0
    size = SAMPLE_RATE_HZ // 2
    rest = np.zeros(0, np.float32)
    for block in blocks:
        rest = np.concatenate([rest, block])
        whole = len(rest) // size * size
        if whole:
            power = np.mean(rest[:whole].reshape(-1, size).astype(float) ** 2, axis=1)
            loudest = max(loudest, float(power.max()))
            rest = rest[whole:]
    if len(rest):
        loudest = max(loudest, float(np.sum(rest.astype(float) ** 2)) / size)
    return float(np.sqrt(loudest))


def _loudness(samples: np.ndarray) -> float:
    return measure_loudness([samples])


def _rows(samples: np.ndarray, count: int) -> np.ndarray:
    starts = np.arange(count) * HOP
    rows = [_spectrum(samples, starts, LONG, _long_filters(), _GAIN)]
    centre = LONG // 2 - SHORT // 2
    for shift in (-HOP // 4, HOP // 4):
        at = starts + centre + shift
        rows.append(_spectrum(samples, at, SHORT, _short_filters(), _GAIN / 2))
    return np.concatenate(rows, axis=1).astype(np.float16)


def _spectrum(
    samples: np.ndarray, starts: np.ndarray, size: int, filters: np.ndarray, gain: float
) -> np.ndarray:
    window = np.hanning(size + 1)[:size].astype(np.float32) * (2 / size)
    framed = np.lib.stride_tricks.sliding_window_view(samples, size)[starts] * window
    magnitude = np.abs(rfft(framed, axis=1)) @ filters
    return np.log1p(gain * magnitude) / 3.0


@cache
def _long_filters() -> np.ndarray:
    centres = _LOWEST_HZ * 2 ** ((np.arange(LONG_BINS) - 1) / 36)
    return _filters(LONG, centres, 1 / 36)


@cache
def _short_filters() -> np.ndarray:
    centres = SHORT_LOWEST_HZ * 2 ** (np.arange(SHORT_BINS) / 16)
    return _filters(SHORT, centres, 1 / 16)


def _filters(size: int, centres_hz: np.ndarray, octaves: float) -> np.ndarray:
    """Triangles in log frequency, never narrower than one Fourier bin; columns add up to 1."""
    hz = np.arange(size // 2 + 1) * SAMPLE_RATE_HZ / size
    bin_hz = SAMPLE_RATE_HZ / size
    width = np.maximum(centres_hz * (2**octaves - 1), bin_hz)
    triangle = np.maximum(0, 1 - np.abs(hz[:, None] - centres_hz) / width)
    return (triangle / np.maximum(triangle.sum(0), 1e-9)).astype(np.float32)
