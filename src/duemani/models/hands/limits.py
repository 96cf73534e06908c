"""What no two hands can strike at once, however the notes are shared: spans and numbers of keys.

The beam search of `hand_assignment` pays so much for it that it happens only where every other
way of sharing the notes is impossible, too, or where the hands were given.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Float

from duemani.keyboard import key_centre_x
from duemani.models.fingering.hand_span import MEDIUM_HAND_SPAN_M
from duemani.models.fingering.lines import COMBINATIONS
from duemani.models.fingering.reach import TOGETHER_SEC, within_reach
from duemani.models.hands.features import Hands, TakenNotes
from duemani.performance import LEFT, RIGHT

_PENALTY = 40.0
"""Nats for each pair of keys that one hand cannot strike at once."""
_PENALTY_PER_M = 400.0
_TOLERANCE_M = 0.01
_MOST_KEYS = 5


def impossibility(
    hands: Hands, taken: TakenNotes, order: np.ndarray, hand: np.ndarray, scale: float = 1.0
) -> Float[np.ndarray, "hypothesis choice"]:
    """Penalty [nats] of every choice under every hypothesis, 0 where it is possible.

    Args:
        hands, taken, order, hand, scale: as in `hand_features.choice_features`.
    """
    penalty = np.zeros((len(hands.low), len(hand)))
    if len(order) > 1:
        penalty += _within_chord(taken, order, hand, scale)
    just_struck = taken.onset_sec[hands.held] > taken.onset_sec[order].min() - TOGETHER_SEC
    if just_struck.any():
        before, holder = hands.held[just_struck], hands.holder[:, just_struck]
        penalty += _with_before(taken, order, hand, before, holder, scale)
    return penalty


def _within_chord(
    taken: TakenNotes, order: np.ndarray, hand: np.ndarray, scale: float
) -> np.ndarray:
    pitch = taken.pitch[order].astype(int)
    if pitch[-1] - pitch[0] <= 7 and len(pitch) <= _MOST_KEYS:
        return np.zeros(len(hand))
    pitches = pitch.tolist()
    out = np.zeros(len(hand))
    for at, choice in enumerate(hand.tolist()):
        for side in (LEFT, RIGHT):
            mine = [key for key, of in zip(pitches, choice, strict=True) if of == side]
            if len(mine) > 1:
                out[at] += chord_impossibility(tuple(mine), side, scale)
    return out


@lru_cache(maxsize=20_000)
def chord_impossibility(pitches: tuple[int, ...], hand: int, scale: float = 1.0) -> float:
    """Penalty [nats] of a chord (by rising pitch) for one hand with its best fingers, 0 if it fits.

    For each pair of keys that its fingers do not reach, and for each key over five.
    """
    x_m = key_centre_x(np.array(pitches))
    x_m = x_m if hand == RIGHT else -x_m[::-1]
    low, high = np.triu_indices(len(x_m), 1)
    offset = x_m[high] - x_m[low]
    cost = _PENALTY + _PENALTY_PER_M * np.maximum(_excess(offset, scale), 0.0)
    if len(pitches) > _MOST_KEYS:
        crowd = 2 * _PENALTY * (len(pitches) - _MOST_KEYS)
        return float(crowd + cost[_excess(offset, scale) > 0].sum())
    least = np.inf
    for fingers in COMBINATIONS[len(pitches)] + 1:
        pairs = zip(fingers[low].tolist(), fingers[high].tolist(), offset.tolist(), strict=True)
        reached = [within_reach(one, other, by, scale, _TOLERANCE_M) for one, other, by in pairs]
        least = min(least, float(cost[~np.array(reached)].sum()))
    return least


def _excess(offset_m: np.ndarray, scale: float) -> np.ndarray:
    """How much further than a hand spans the keys lie apart [m]."""
    return np.asarray(np.abs(offset_m) - (MEDIUM_HAND_SPAN_M * scale + _TOLERANCE_M))


def _with_before(
    taken: TakenNotes,
    order: np.ndarray,
    hand: np.ndarray,
    before: np.ndarray,
    holder: np.ndarray,
    scale: float,
) -> np.ndarray:
    """Of keys struck now with keys struck just before (a rolled chord), (hypothesis, choice)."""
    gap = taken.onset_sec[order][:, None] - taken.onset_sec[before]
    x_now, x_before = (key_centre_x(taken.pitch[of].astype(int)) for of in (order, before))
    excess = _excess(x_now[:, None] - x_before, scale)
    cost = np.where((excess > 0) & (gap < TOGETHER_SEC), _PENALTY + _PENALTY_PER_M * excess, 0.0)
    crowded = len(before) + len(order) > _MOST_KEYS
    out = np.zeros((len(holder), len(hand)))
    if not crowded and not cost.any():
        return out
    for side in (LEFT, RIGHT):
        now, earlier = (hand == side).astype(float), (holder == side).astype(float)
        out += (earlier @ cost.T) @ now.T
        if crowded:
            # Of the keys struck now, those within 50 ms of each earlier one.
            near = (gap < TOGETHER_SEC).astype(float)
            number = np.maximum((earlier @ near.T).max(1, initial=0)[:, None], 0) + now.sum(1)
            out += _PENALTY * np.maximum(number - _MOST_KEYS, 0)
    return out
