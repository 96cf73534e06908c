"""Where the hands were on the keyboard, as curves."""

from __future__ import annotations

import numpy as np

from duemani.keyboard import WHITE_PITCH_M
from duemani.models.reviewer.seen_hands import FRAME_RATE, SeenHands
from duemani.report import Curve

_STEP = 6


def hand_place_curves(seen: SeenHands | None) -> tuple[Curve, ...]:
    """The middle of each hand's fingertips along the keys, in white keys from the lowest A."""
    if seen is None:
        return ()
    curves = []
    for hand, name in enumerate(("left", "right")):
        tips = seen.points_m[:, hand, :5, 0]
        known = np.isfinite(tips).any(1)
        if not known.any():
            continue
        middle = np.full(len(tips), np.nan)
        middle[known] = np.nanmean(tips[known], axis=1) / WHITE_PITCH_M
        at = np.arange(0, len(middle), _STEP)
        value = np.array([_mean(middle[first : first + _STEP]) for first in at])
        time_sec = (at + (_STEP - 1) / 2) / FRAME_RATE
        curves.append(
            Curve(f"{name}_hand", f"{name} hand's place", "white keys from A0", time_sec, value)
        )
    return tuple(curves)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
