"""How bright colours are, as WCAG's contrast counts."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def luminance(bgr: np.ndarray) -> Float[np.ndarray, "..."]:
    """Relative luminance (0-1) of blue, green, red of 0-255 in the last axis."""
    shown = np.asarray(bgr)[..., ::-1] / 255
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: float, other: float) -> float:
    """Contrast of two luminances, 1-21 (WCAG 2.2)."""
    low, high = sorted((float(one), float(other)))
    return (high + 0.05) / (low + 0.05)
