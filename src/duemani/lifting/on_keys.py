"""Filmed hands on the keyboard's plane, as the reviewer looks at them."""

from __future__ import annotations

import numpy as np

from duemani.inputs.film.filmed_hands import FilmedHands
from duemani.inputs.film.keyboard_view import KeyboardView
from duemani.models.reviewer.seen_hands import FRAME_RATE, POINTS, SeenHands, resampled


def seen_on_film(filmed: FilmedHands, view: KeyboardView, frames: int) -> SeenHands:
    """Where the lines of sight to the landmarks meet the plane of the white keys.

    Args:
        filmed: landmarks in the picture; time 0 becomes frame 0.
        view: where the keys lie in it.
        frames: how many frames are wanted, at `FRAME_RATE`.
    """
    points = view.to_keyboard(filmed.landmarks_px[:, :, POINTS].transpose(1, 0, 2, 3))
    wanted = np.arange(frames) / FRAME_RATE
    points = resampled(points, filmed.time_sec, wanted)
    sure = np.nan_to_num(resampled(filmed.confidence.T, filmed.time_sec, wanted))
    sure = np.where(np.isfinite(points).any((2, 3)), sure, 0.0)
    return SeenHands(points, np.full((frames, 2, 5), np.nan), sure)
