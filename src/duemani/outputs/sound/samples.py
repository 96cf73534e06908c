"""Tones of the Salamander Grand Piano at any pitch: decoded, tuned, trimmed, kept for reuse.

Samples: Salamander Grand Piano V3 by Alexander Holm, CC BY 3.0, 48 kHz stereo OGG, every third
semitone in four of its sixteen velocity layers (npm `@audio-samples/piano-velocity{4,8,12,16}`).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import av
import numpy as np
from jaxtyping import Float
from scipy.signal import lfilter

from duemani.outputs.bundled_files import bundled_path

SAMPLE_RATE_HZ = 48_000
LAYERS = (4, 8, 12, 16)
# Velocity each layer was played at: the middle of its range in the Salamander SFZ.
LAYER_VELOCITIES = (40, 60, 92, 124)
_NAMES = {0: "C", 3: "D#", 6: "F#", 9: "A"}
_SAMPLED_PITCHES = np.arange(21, 109, 3)
# How far the recorded piano is from equal temperament [cents], measured on the fundamental (on
# the second and third partial below C3, where the fundamental is faint): a concert stretch.
_RECORDED_CENTS = np.array([
    -24, -24, -16, -10, -7, -9, -6, -4, -3, -4, -2, -4, 0, 0, 1,
    -3, 1, 4, 3, 5, 7, 9, 9, 12, 15, 23, 18, 24, 39, 60,
])  # fmt: skip
_ATTACK_SHARE = 0.05  # of the peak: where the tone is taken to begin
LEAD_SEC = 0.001  # how much of a tone comes before its attack
_LEVEL_SEC = 0.4
_DULL_CUTOFF_HZ = 900.0
_LENGTHS_SEC = (1.5, 3.0, 6.0, 12.0, 24.0)
_CACHE_BYTES = 600_000_000


@dataclass(frozen=True)
class Tone:
    """One pitch of one layer, starting `LEAD_SEC` before its attack.

    Attributes:
        bright: the tone as recorded.
        dull: the same through a gentle low-pass, in phase with it, to mix softer strokes from.
        level: root mean square of its first 0.4 s, full scale 1.
        complete: whether it lasts until the recording ends.
    """

    bright: Float[np.ndarray, "sample 2"]
    dull: Float[np.ndarray, "sample 2"]
    level: float
    complete: bool


class ToneBank:
    """Tones at one output rate, made when first asked for; the least recently used give way."""

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._tones: OrderedDict[tuple[int, int], Tone] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def tone(self, pitch: int, layer: int, length_sec: float) -> Tone:
        """A tone of at least `length_sec`, or to the end of its recording.

        Raises:
            RuntimeError: the samples are not in the package.
        """
        with self._lock:
            found = self._tones.get((pitch, layer))
            if found and (found.complete or len(found.bright) >= length_sec * self._rate):
                self._tones.move_to_end((pitch, layer))
                return found
            if found:
                self._bytes -= 2 * found.bright.nbytes
            made = self._tones[pitch, layer] = self._make(pitch, layer, length_sec)
            self._tones.move_to_end((pitch, layer))
            self._bytes += 2 * made.bright.nbytes
            while self._bytes > _CACHE_BYTES and len(self._tones) > 1:
                self._bytes -= 2 * self._tones.popitem(last=False)[1].bright.nbytes
            return made

    def _make(self, pitch: int, layer: int, length_sec: float) -> Tone:
        nearest = int(np.argmin(np.abs(_SAMPLED_PITCHES - pitch)))
        source = int(_SAMPLED_PITCHES[nearest])
        length_sec = next((sec for sec in _LENGTHS_SEC if sec >= length_sec), _LENGTHS_SEC[-1])
        speed = 2 ** ((pitch - source - _RECORDED_CENTS[nearest] / 100) / 12)
        frames = int((length_sec * speed + 0.1) * SAMPLE_RATE_HZ)
        recorded, complete = _decode(source, layer, frames)
        recorded = recorded[_attack(recorded) :]
        bright = _resample(recorded, round(SAMPLE_RATE_HZ * speed), self._rate)
        rise = max(int(LEAD_SEC * self._rate / 2), 1)
        bright[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)[:, None]
        pole = float(np.exp(-2 * np.pi * _DULL_CUTOFF_HZ / self._rate))
        dull = lfilter([1 - pole], [1, -pole], bright, axis=0).astype(np.float32)
        level = float(np.sqrt(np.mean(bright[: int(_LEVEL_SEC * self._rate)] ** 2)))
        return Tone(bright, dull, level, complete)


def _decode(pitch: int, layer: int, frames: int) -> tuple[np.ndarray, bool]:
    """The first `frames` of a sample, (sample, 2), and whether that is all of it."""
    name = f"piano/velocity{layer:02d}/{_NAMES[pitch % 12]}{pitch // 12 - 1}v{layer}.ogg"
    parts, count = list[np.ndarray](), 0
    with av.open(str(bundled_path(name))) as container:
        for frame in container.decode(audio=0):
            parts.append(frame.to_ndarray())
            count += frame.samples
            if count >= frames:
                return np.concatenate(parts, axis=1)[:, :frames].T, False
    return np.concatenate(parts, axis=1).T, True


def _resample(
    samples: Float[np.ndarray, "sample 2"], from_rate: int, to_rate: int
) -> Float[np.ndarray, "resampled 2"]:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), "fltp", "stereo")
    frame.sample_rate = from_rate
    resampler = av.AudioResampler("fltp", "stereo", to_rate)
    parts = [part.to_ndarray() for given in (frame, None) for part in resampler.resample(given)]
    return np.ascontiguousarray(np.concatenate(parts, axis=1).T)


def _attack(samples: Float[np.ndarray, "sample 2"]) -> int:
    """First sample of the tone itself: recordings begin with up to 30 ms of silence."""
    level = np.abs(samples).max(axis=1)
    first = int(np.argmax(level > level[: SAMPLE_RATE_HZ // 5].max() * _ATTACK_SHARE))
    return max(first - int(LEAD_SEC * SAMPLE_RATE_HZ), 0)
