"""Pianos, rooms and noise: one performance heard in many ways."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float
from scipy.signal import fftconvolve, lfilter

from duemani.media.spectra import SAMPLE_RATE_HZ
from duemani.outputs.sound.samples import LAYERS
from duemani.outputs.sound.synthesis import PlainTouch, render_piano
from duemani.performance import Performance

_SOFTEST_NOISE_DB, _LOUDEST_NOISE_DB = -75.0, -38.0


def hear(
    performance: Performance, length_sec: float, rng: np.random.Generator, plain: bool = False
) -> Float[np.ndarray, " sample"]:
    """The performance on a randomly voiced and tuned piano, in a random room, with noise.

    Args:
        performance: the notes.
        length_sec: how much is wanted [s].
        rng: draws piano, room and noise.
        plain: a piano whose tone gets louder with velocity, but not brighter.

    Returns:
        Mono samples at `SAMPLE_RATE_HZ` from time 0, of `length_sec`.
    """
    # Another tuning: the piano is rendered at another rate and taken for the usual one, with all
    # times stretched so that they come right again.
    tuning = 2 ** (rng.normal(0, 12) / 1200)
    rate = round(SAMPLE_RATE_HZ / tuning)
    stretch = rate / SAMPLE_RATE_HZ
    notes, pedal = performance.notes.copy(), performance.pedal.copy()
    for column in ("onset_sec", "release_sec"):
        notes[column] /= stretch
    pedal["time_sec"] /= stretch
    touch = np.exp(rng.normal(0, 0.15))
    velocity = 127 * (notes["velocity"] / 127) ** touch
    notes["velocity"] = np.clip(velocity, 1, 127).astype(int)
    played = replace(performance, notes=notes, pedal=pedal)
    touch_of = PlainTouch(int(rng.choice(LAYERS)), rng.uniform(0.9, 2.2)) if plain else None
    samples = render_piano(played, rate, touch_of).mean(axis=1)
    wanted = round(length_sec * SAMPLE_RATE_HZ)
    samples = np.pad(samples[:wanted], (0, max(wanted - len(samples), 0)))
    samples = _voiced(samples, rng)
    if rng.random() < 0.7:
        samples = in_a_room(samples, rng)
    level = float(np.sqrt(np.mean(samples**2))) or 1.0
    noise = rng.normal(size=wanted)
    if rng.random() < 0.5:  # rumble rather than hiss
        noise = lfilter([0.05], [1, -0.95], noise) * 4
    noise_db = rng.uniform(_SOFTEST_NOISE_DB, _LOUDEST_NOISE_DB)
    return (samples + level * 10 ** (noise_db / 20) * noise).astype(np.float32)


def _voiced(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A brighter or darker piano: a first-order shelf, and one resonance."""
    pole = rng.uniform(-0.5, 0.7)
    samples = lfilter([1 - abs(pole)], [1, -pole], samples)
    hz, width, gain = rng.uniform(150, 5000), rng.uniform(0.9, 0.98), rng.uniform(-0.4, 0.8)
    angle = 2 * np.pi * hz / SAMPLE_RATE_HZ
    resonant = lfilter([1 - width], [1, -2 * width * np.cos(angle), width**2], samples)
    return np.asarray(samples + gain * resonant)


def in_a_room(
    samples: Float[np.ndarray, " sample"],
    rng: np.random.Generator,
    sample_rate: float = SAMPLE_RATE_HZ,
) -> Float[np.ndarray, " sample"]:
    """Decaying noise as the room's answer, after Moorer 1979."""
    decay_sec = rng.uniform(0.15, 1.6)
    time_sec = np.arange(int(decay_sec * sample_rate)) / sample_rate
    answer = rng.normal(size=len(time_sec)) * np.exp(-6.9 * time_sec / decay_sec)
    answer[: int(rng.uniform(0.002, 0.02) * sample_rate)] = 0
    answer /= np.sqrt(np.sum(answer**2))
    wet = fftconvolve(samples, answer)[: len(samples)]
    return samples + rng.uniform(0.05, 0.6) * wet
