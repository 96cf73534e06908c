"""Radial bend of a lens about the picture's middle, and its inverse.

A point at r half longer sides of the picture from its middle is seen at r (1 + bend r²): the first
term of Brown's model ("Close-range camera calibration", 1971). Near the radius where that would
turn back, and far outside the picture, it goes on straight, so that it can always be undone.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

_FAR = 1.5
_BEFORE_TURN = 0.9
_NEWTON_STEPS = 12


def bent(
    pixels: Float[np.ndarray, "*shape 2"], size_px: tuple[int, int], bend: float
) -> Float[np.ndarray, "*shape 2"]:
    """What an ideal lens shows at these pixels, as the lens with this bend shows it."""
    return _moved(pixels, size_px, bend, back=False)


def straightened(
    pixels: Float[np.ndarray, "*shape 2"], size_px: tuple[int, int], bend: float
) -> Float[np.ndarray, "*shape 2"]:
    """Where an ideal lens shows what the lens with this bend shows at these pixels."""
    return _moved(pixels, size_px, bend, back=True)


def _moved(pixels: np.ndarray, size_px: tuple[int, int], bend: float, back: bool) -> np.ndarray:
    if bend == 0:
        return np.asarray(pixels, float)
    middle, half = np.array(size_px) / 2, max(size_px) / 2
    off = (pixels - middle) / half
    radius = np.linalg.norm(off, axis=-1, keepdims=True)
    limit = _FAR if bend > 0 else min(_FAR, _BEFORE_TURN / np.sqrt(-3 * bend))
    at_limit, slope = limit * (1 + bend * limit**2), 1 + 3 * bend * limit**2
    if back:
        near = np.minimum(radius, at_limit)
        start = near
        for _ in range(_NEWTON_STEPS):
            near = near - (near * (1 + bend * near**2) - start) / (1 + 3 * bend * near**2)
            near = np.clip(near, 0, limit)
        moved = near + np.maximum(radius - at_limit, 0) / slope
    else:
        near = np.minimum(radius, limit)
        moved = near * (1 + bend * near**2) + np.maximum(radius - limit, 0) * slope
    factor = np.divide(moved, radius, out=np.ones_like(radius), where=radius > 0)
    return np.asarray(middle + off * factor * half)
