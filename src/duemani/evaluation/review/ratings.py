"""What predicted listeners' ratings are worth: R², order within a passage, coverage of ranges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int


def r2_by_scale(
    rating: Float[np.ndarray, "take scale"], predicted: Float[np.ndarray, "take scale"]
) -> Float[np.ndarray, " scale"]:
    """1 - squared error / spread around the mean of these takes (scikit-learn's `r2_score`).

    Park et al. 2024 report the mean over scales.
    """
    error = np.sum((rating - predicted) ** 2, axis=0)
    return 1 - error / np.sum((rating - rating.mean(axis=0)) ** 2, axis=0)


def within_passage(
    rating: Float[np.ndarray, "take scale"],
    predicted: Float[np.ndarray, "take scale"],
    passage: Int[np.ndarray, " take"],
) -> Float[np.ndarray, " scale"]:
    """Correlation between performances of one passage: both less their passage's mean."""
    one, other = _centred(rating, passage), _centred(predicted, passage)
    power = np.sum(one**2, axis=0) * np.sum(other**2, axis=0)
    return np.sum(one * other, axis=0) / np.sqrt(np.maximum(power, 1e-30))


def coverage(
    listeners: Sequence[Float[np.ndarray, "_listener scale"]],
    low: Float[np.ndarray, "take scale"],
    high: Float[np.ndarray, "take scale"],
) -> Float[np.ndarray, " scale"]:
    """Share of the listeners' own ratings that lie in the range of their take."""
    inside, answered = np.zeros(low.shape[1]), np.zeros(low.shape[1])
    for own, least, most in zip(listeners, low, high, strict=True):
        # An answer at the end of a range belongs to it, rounding apart.
        inside += np.sum((own >= least - 1e-9) & (own <= most + 1e-9), axis=0)
        answered += np.sum(np.isfinite(own), axis=0)
    return inside / np.maximum(answered, 1)


def disagreement(
    listeners: Sequence[Float[np.ndarray, "_listener scale"]],
) -> Float[np.ndarray, " scale"]:
    """Variance between listeners of one take, mean over takes with two answers or more."""
    squares, freedom = 0.0, 0.0
    for own in listeners:
        known = np.isfinite(own)
        count = known.sum(axis=0)
        mean = np.where(known, own, 0).sum(axis=0) / np.maximum(count, 1)
        squares = squares + np.where(known, (own - mean) ** 2, 0).sum(axis=0)
        freedom = freedom + np.maximum(count - 1, 0)
    return np.asarray(squares / np.maximum(freedom, 1), float)


def ceiling(
    rating: Float[np.ndarray, "take scale"],
    listeners: Sequence[Float[np.ndarray, "_listener scale"]],
) -> Float[np.ndarray, " scale"]:
    """Highest R² that a perfect prediction of the true mean reaches: the mean's reliability."""
    counts = np.array([max(len(own), 1) for own in listeners])
    return 1 - disagreement(listeners) * np.mean(1 / counts) / rating.var(axis=0)


def _centred(values: np.ndarray, passage: np.ndarray) -> np.ndarray:
    _, index, count = np.unique(passage, return_inverse=True, return_counts=True)
    means = np.zeros((len(count), values.shape[1]))
    np.add.at(means, index, values)
    return values - (means / count[:, None])[index]
