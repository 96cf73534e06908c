"""Other pianos, microphones and voicings than those that were rendered, made of sound features.

Features are logarithms of magnitudes (`media.spectra`), so a louder key or a brighter
microphone can be put on them afterwards. Without this a network learns one piano's voicing by
heart and mistakes another one's for touch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from duemani.models.reviewer.config import SOUND_CHANNELS, SOUND_FRAMES

_LONG_BINS, _SHORT_BINS, _KEYS = 264, 96, 88
_SCALE = 3.0
_PARTIALS = 30


@dataclass(frozen=True)
class Pianos:
    """How different pianos are.

    Attributes:
        key_db: spread of the level from key to key.
        tone_db: spread of the level over the spectrum, of each of three slow waves.
    """

    key_db: float = 2.5
    tone_db: float = 2.5


def through_microphone(
    sound: Float[np.ndarray, "frame 456"], pianos: Pianos, rng: np.random.Generator
) -> Float[np.ndarray, "frame 456"]:
    """The same with a random, smooth frequency response."""
    place = np.linspace(0, 1, _LONG_BINS)
    wave = np.arange(1, 4)[:, None] * place + rng.random((3, 1))
    long_db = (pianos.tone_db * rng.standard_normal((3, 1)) * np.cos(np.pi * wave)).sum(0)
    # The short window's bins begin two octaves above the long one's: 72 of its bins.
    short_db = np.interp(72 + np.arange(_SHORT_BINS) * 36 / 16, np.arange(_LONG_BINS), long_db)
    return _louder(sound, np.concatenate([long_db, short_db, short_db]))


def voiced(
    partials: Float[np.ndarray, "note 16 33"],
    pitch: Int[np.ndarray, " note"],
    pianos: Pianos,
    rng: np.random.Generator,
) -> Float[np.ndarray, "note 16 33"]:
    """Notes (`note_inputs.pitch_sound`) of a piano whose keys are louder and softer than these."""
    assert partials.shape[1:] == (SOUND_FRAMES, SOUND_CHANNELS)
    gain_db = (pianos.key_db * rng.standard_normal(_KEYS))[pitch - 21]
    changed = partials.copy()
    changed[..., :_PARTIALS] = _louder(partials[..., :_PARTIALS], gain_db[:, None, None])
    return changed


def _louder(features: np.ndarray, gain_db: np.ndarray) -> np.ndarray:
    magnitude = np.expm1(_SCALE * features) * 10 ** (gain_db / 20)
    return np.asarray(np.log1p(magnitude) / _SCALE, np.float32)
