"""The recording of a take → its features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float

from duemani.errors import InputError
from duemani.media.sound import load_audio
from duemani.media.spectra import FRAME_RATE, SAMPLE_RATE_HZ, sound_features

_MISSING_SEC = 1.0


def recorded_features(path: Path, frames: int) -> Float[np.ndarray, "frame feature"] | None:
    """Features of a recording that starts with the take; None where there is no such file.

    Raises:
        InputError: the file is damaged, or ends more than a second before the motion.
    """
    if not path.is_file():
        return None
    samples = load_audio(path, SAMPLE_RATE_HZ)
    missing_sec = frames / FRAME_RATE - len(samples) / SAMPLE_RATE_HZ
    if missing_sec > _MISSING_SEC:
        raise InputError(f"{path.name} ends {missing_sec:.1f} s before the motion does.")
    return sound_features(samples, frames)
