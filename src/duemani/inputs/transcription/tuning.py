"""How far a recorded piano is out of tune with A = 440 Hz, from its spectrum's peaks.

The transcriber's network knows pianos in tune: of one that is 40 cents flat it hears a tenth of
the notes. Every strong partial lies near a key of the equal-tempered scale, shifted as the whole
piano is (octave, fifth and double octave partials exactly or by 2 cents; the others, and stretched
ones, blur the picture but hardly move it). The shift is the mean angle of the partials' distances
to their keys on a circle of 100 cents (compare Gómez, "Tonal description of polyphonic audio",
2006).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import scipy.signal
from jaxtyping import Complex, Float

RATE_HZ = 22050
_FRAME, _HOP = 8192, 4096
_LOWEST_HZ, _HIGHEST_HZ = 180.0, 1800.0
_LOUDEST_PEAKS = 12  # of each frame
_RANGE_DB = 30.0
_A4_HZ = 440.0


_SHARPEST_CENTS = 47.0
"""Sharper than this is taken for flat of the next key: nothing tells, and old pianos are flat."""
_LEAST_CENTS = 12.0  # off by less, the transcriber hears every note
_LEAST_CERTAINTY = 0.5  # pianos, in music however fast: .7 to .93; noise: below .1


@dataclass(frozen=True)
class Tuning:
    """How far a piano is off.

    Attributes:
        cents: -53 to 47; positive is sharp.
        certainty: 0-1, how well the partials agree.
    """

    cents: float = 0.0
    certainty: float = 0.0

    @property
    def matters(self) -> bool:
        """Whether it is known, and so far off that notes would be missed."""
        return self.certainty >= _LEAST_CERTAINTY and abs(self.cents) >= _LEAST_CENTS

    @property
    def sentence(self) -> str:
        """What a listener should know of it."""
        where = "flat" if self.cents < 0 else "sharp"
        told = f"The piano is {abs(self.cents):.0f} cents {where} of A = 440 Hz; it was heard so"
        if abs(self.cents) > 2 * _SHARPEST_CENTS - 50:
            return f"{told} (or as far the other way, and every note is one key off)."
        return f"{told}."


def hear_tuning(blocks: Iterable[Float[np.ndarray, " sample"]]) -> Tuning:
    """The tuning of mono sound at `RATE_HZ`, given in blocks of a second or more."""
    total, weight = 0j, 0.0
    for block in blocks:
        for angle, strength in _partials(block):
            total += (strength * angle).sum()
            weight += float(strength.sum())
    if not weight:
        return Tuning()
    cents = float(np.angle(total)) / (2 * np.pi) * 100
    if cents > _SHARPEST_CENTS:
        cents -= 100
    return Tuning(cents, float(abs(total)) / weight)


def _partials(
    samples: Float[np.ndarray, " sample"],
) -> Iterable[tuple[Complex[np.ndarray, " peak"], Float[np.ndarray, " peak"]]]:
    """Of each frame: where its peaks lie between keys, as angles, and how strong they are."""
    if len(samples) < _FRAME:
        return
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    window = np.hanning(_FRAME).astype(np.float32)
    low, high = (int(hz * _FRAME / RATE_HZ) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    for frame in frames:
        level = 20 * np.log10(np.abs(np.fft.rfft(frame * window))[: high + 2] + 1e-9)
        peaks, _ = scipy.signal.find_peaks(level, height=level.max() - _RANGE_DB, prominence=10)
        peaks = peaks[(peaks >= low) & (peaks <= high)]
        peaks = peaks[np.argsort(-level[peaks])][:_LOUDEST_PEAKS]
        if not len(peaks) or level.max() < -40:
            continue
        before, at, after = level[peaks - 1], level[peaks], level[peaks + 1]
        place = peaks + 0.5 * (before - after) / (before - 2 * at + after)
        keys = 12 * np.log2(place * RATE_HZ / _FRAME / _A4_HZ)
        yield np.exp(2j * np.pi * keys), 10 ** ((at - level.max()) / 40)
