"""Layers of the small convolutional networks, in numpy: what the fingers' and the hands' share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Weights = dict[str, np.ndarray]
"""Arrays of one network by name, 32-bit."""


def linear(weights: Weights, name: str, rows: np.ndarray) -> np.ndarray:
    """The layer `name` of every row."""
    return np.asarray(rows @ weights[f"{name}_weight"].T + weights[f"{name}_bias"])


def normed(weights: Weights, name: str, rows: np.ndarray) -> np.ndarray:
    """The layer norm `name` of every row."""
    centred = rows - rows.mean(-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return np.asarray(centred / spread * weights[f"{name}_weight"] + weights[f"{name}_bias"])


def trunk(weights: Weights, hidden: np.ndarray, dilations: Sequence[int]) -> np.ndarray:
    """Residual blocks `norm{n}`, `spread{n}`, `merge{n}`, and the last `norm`; (row, unit)."""
    for at, dilation in enumerate(dilations):
        around = _around(normed(weights, f"norm{at}", hidden), dilation)
        inner = np.maximum(linear(weights, f"spread{at}", around), 0)
        hidden = hidden + linear(weights, f"merge{at}", inner)
    return normed(weights, "norm", hidden)


def before(rows: np.ndarray, by: int) -> np.ndarray:
    """Each row's predecessor `by` earlier, zeros before the first."""
    return np.concatenate([np.zeros_like(rows[:by]), rows[:-by]])[: len(rows)]


def _around(rows: np.ndarray, by: int) -> np.ndarray:
    """Each row between those `by` before and after, zeros beyond the ends."""
    after = before(rows[::-1], by)[::-1]
    return np.concatenate([before(rows, by), rows, after], 1)
