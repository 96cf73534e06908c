"""Predicted ratings → the report's."""

from __future__ import annotations

from duemani.models.ratings.predict import SCALES, predict_ratings
from duemani.performance import Performance
from duemani.report import Rating


def listener_ratings(performance: Performance) -> tuple[tuple[Rating, ...], tuple[str, ...]]:
    """How listeners would probably rate the take, and what cannot be told, one sentence each.

    Left out are scales that could not be predicted for works unlike those that were rated.
    """
    ratings = predict_ratings(performance)
    if ratings.cannot_tell:
        return (), (ratings.cannot_tell,)
    columns = zip(SCALES, ratings.value, ratings.low, ratings.high, ratings.trusted, strict=True)
    told = tuple(
        Rating(name, float(value), float(low), float(high))
        for name, value, low, high, trusted in columns
        if trusted
    )
    left_out = [name for name, trusted in zip(SCALES, ratings.trusted, strict=True) if not trusted]
    if not left_out:
        return told, ()
    names = "; ".join(left_out)
    return told, (f"How listeners would rate these cannot be told from the notes: {names}.",)
