"""`Performance` -> piano sound, by the samples of a grand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float

from duemani.errors import InputError
from duemani.outputs.sound.samples import (
    LAYER_VELOCITIES,
    LAYERS,
    LEAD_SEC,
    SAMPLE_RATE_HZ,
    Tone,
    ToneBank,
)
from duemani.performance import Performance, sound_end_sec

SOUND_CREDIT = "piano: Salamander Grand Piano V3 by Alexander Holm, CC BY 3.0"
"""What must be said wherever this sound is given on: the samples' licence asks for it."""
LAST_DAMPED_PITCH = 89  # F6: the strings above it have no dampers
_LIMIT = 10 ** (-1 / 20)  # the highest peak, -1 dBFS
# Level of each pitch at velocity 127 [dB]: as the samples' own, but even from key to key.
_VOICING_PITCHES, _VOICING_DB = (21, 78, 108), (-20.5, -21.0, -32.0)
_DAMPED_SEC = (0.38, 0.14)  # a released string falls by 60 dB in this time, at A0 and F6
_MAXIMUM_TONE_SEC = 24.0
_SOFTEST_MIX, _LAYER_MIX = 0.85, 0.15
_RATES = (8_000, 192_000)


@dataclass(frozen=True)
class PlainTouch:
    """A piano with one tone for every velocity.

    Attributes:
        layer: of the samples, one of `LAYERS`.
        exponent: of the level over velocity.
    """

    layer: int
    exponent: float


@dataclass(frozen=True)
class _Voice:
    """One note: where it starts, when its damper falls [samples], and its level (RMS) in each
    of the tone's two versions."""

    pitch: int
    layer: int
    start: int
    damped: int
    end: int
    fall_samples: float
    bright: float
    dull: float


def render_piano(
    performance: Performance,
    sample_rate: int = SAMPLE_RATE_HZ,
    plain: PlainTouch | None = None,
) -> Float[np.ndarray, "sample 2"]:
    """The whole performance as stereo float32; the peak is -1 dBFS at most.

    See `stream_piano`, which this joins.
    """
    blocks = list(stream_piano(performance, sample_rate, plain=plain))
    return np.concatenate(blocks) if blocks else np.zeros((0, 2), np.float32)


def stream_piano(
    performance: Performance,
    sample_rate: int = SAMPLE_RATE_HZ,
    block_sec: float = 10.0,
    plain: PlainTouch | None = None,
) -> Iterator[Float[np.ndarray, "sample 2"]]:
    """Stereo float32 blocks of the performance from time 0 to the end of its last sound.

    Attacks lie on the onsets. Velocity sets level and brightness (the sample layer at or above
    it, dulled towards the next softer one). Sounds last until the damper falls (key or pedal);
    those above F6 ring on. A performance that would peak above -1 dBFS is turned down as a whole,
    so levels never pump; nothing is turned up. The same input gives the same samples.

    Args:
        performance: the notes and pedal.
        sample_rate: samples per second [Hz], 8000-192000.
        block_sec: length of the blocks [s]; memory is bounded by it, whatever the length.
        plain: one tone for every velocity instead of the grand's layers.

    Raises:
        InputError: the sample rate is out of range.
        RuntimeError: the samples are not in the package.
    """
    if not _RATES[0] <= sample_rate <= _RATES[1]:
        raise InputError(f"a sample rate of {sample_rate} Hz is not accepted; 8000 to 192000 are.")
    voices = _voices(performance, sample_rate, plain)
    block = max(int(block_sec * sample_rate), 1)
    # Two passes: the first only measures the peak.
    peak = max((float(np.abs(b).max()) for b in _mix(voices, sample_rate, block)), default=0.0)
    gain = np.float32(min(1.0, _LIMIT / peak) if peak > 0 else 1.0)
    for samples in _mix(voices, sample_rate, block):
        yield samples * gain


def _voices(performance: Performance, sample_rate: int, plain: PlainTouch | None) -> list[_Voice]:
    """Voices in order of start."""
    voices = list[_Voice]()
    for note, end_sec in zip(performance.notes, sound_end_sec(performance), strict=True):
        pitch, velocity = int(note["pitch"]), int(note["velocity"])
        layer, gain, dulled = _stroke(velocity, plain)
        gain *= 10 ** (np.interp(pitch, _VOICING_PITCHES, _VOICING_DB) / 20)
        start = round((float(note["onset_sec"]) - LEAD_SEC) * sample_rate)
        tone_end = start + int(_MAXIMUM_TONE_SEC * sample_rate)
        damped = min(max(round(float(end_sec) * sample_rate), start), tone_end)
        fall = float(np.interp(pitch, (21, LAST_DAMPED_PITCH), _DAMPED_SEC)) * sample_rate
        if pitch > LAST_DAMPED_PITCH:
            damped = end = tone_end
        else:
            end = min(damped + int(fall), tone_end)
        voices.append(
            _Voice(pitch, layer, start, damped, end, fall, gain * (1 - dulled), gain * dulled)
        )
    return voices


def _stroke(velocity: int, plain: PlainTouch | None) -> tuple[int, float, float]:
    """Layer, level relative to velocity 127 and how far it is dulled (0-1) for a velocity."""
    if plain is not None:
        return plain.layer, ((velocity + 8) / 135) ** plain.exponent, 0.0
    index = min(int(np.searchsorted(LAYER_VELOCITIES, velocity)), len(LAYERS) - 1)
    softer = LAYER_VELOCITIES[index - 1] if index else 1
    most = _LAYER_MIX if index else _SOFTEST_MIX
    dulled = float(np.interp(velocity, (softer, LAYER_VELOCITIES[index]), (most, 0.0)))
    return LAYERS[index], ((velocity + 8) / 135) ** 1.6, dulled


def _mix(
    voices: list[_Voice], sample_rate: int, block: int
) -> Iterator[Float[np.ndarray, "sample 2"]]:
    bank = _bank(sample_rate)
    sounding, upcoming, begin = list[_Voice](), 0, 0
    while sounding or upcoming < len(voices):
        mixed = np.zeros((block, 2), np.float32)
        while upcoming < len(voices) and voices[upcoming].start < begin + block:
            sounding.append(voices[upcoming])
            upcoming += 1
        lasting, used = list[_Voice](), 0
        for voice in sounding:
            tone = bank.tone(voice.pitch, voice.layer, (voice.end - voice.start) / sample_rate)
            end = min(voice.end, voice.start + len(tone.bright))
            first, last = max(voice.start, begin), min(end, begin + block)
            if first < last:
                mixed[first - begin : last - begin] += _part(voice, tone, first, last, end)
                used = max(used, last - begin)
            if end > begin + block:
                lasting.append(voice)
        sounding, begin = lasting, begin + block
        yield mixed if sounding or upcoming < len(voices) else mixed[:used]


def _part(voice: _Voice, tone: Tone, first: int, last: int, end: int) -> np.ndarray:
    """Samples of a voice between two times, with its release."""
    chosen = slice(first - voice.start, last - voice.start)
    part = tone.bright[chosen] * np.float32(voice.bright / tone.level)
    if voice.dull:
        part += tone.dull[chosen] * np.float32(voice.dull / tone.level)
    fade_from = max(first, min(voice.damped, end - int(voice.fall_samples)))
    if fade_from < last:
        at = np.arange(fade_from, last)
        fall = np.exp(-np.log(1000) / voice.fall_samples * np.maximum(at - voice.damped, 0))
        ending = np.minimum((end - at) / (0.2 * voice.fall_samples), 1.0)
        part[fade_from - first :] *= (fall * ending).astype(np.float32)[:, None]
    return part


@lru_cache(maxsize=2)  # a bank holds up to 600 MB
def _bank(sample_rate: int) -> ToneBank:
    return ToneBank(sample_rate)
