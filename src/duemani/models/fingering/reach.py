"""What one hand can reach: the physical side of fingering, as penalties in nats.

Coordinates are those of the right hand; a left hand is mirrored (x -> -x) before it comes here.
Spans are key-centre distances. The medium hand's are Parncutt's practical ones, but for two
(`hand_span.TRAINED_PRACTICAL_ST`), turned from semitones into metres at 13.7 mm a semitone.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from duemani.models.fingering.hand_span import (
    MEDIUM_HAND_SPAN_M,
    SEMITONE_M,
    TRAINED_PRACTICAL_ST,
)
from duemani.skeleton import MEDIUM_SPAN_M

CHORD_SHARE_OF_SPAN = MEDIUM_HAND_SPAN_M / MEDIUM_SPAN_M
"""The fingering counts the distance of key centres, a style that of the outermost fingertips."""
_EXCESS_PENALTY_PER_M = 150.0
_SAME_FINGER_PENALTY = 25.0
_CROSSED_PENALTY = 20.0
_SAME_HELD_PENALTY = 15.0
_BARELY_M = 0.003
SHARED_KEYS_M = 0.024
"""Keys up to this far apart can be struck by one finger [m]: neighbouring white keys."""
_STRIKE_SEC = 0.055
_TRAVEL_M_PER_SEC = 2.0
_TOO_FAST_PENALTY = 14.0
TOGETHER_SEC = 0.05
"""Keys struck within this time of each other are played by fingers that are down at once."""


def _spans() -> tuple[Float[np.ndarray, "finger finger"], Float[np.ndarray, "finger finger"]]:
    least, greatest = np.zeros((5, 5)), np.zeros((5, 5))
    for (low, high), (least_st, greatest_st) in TRAINED_PRACTICAL_ST.items():
        least[low - 1, high - 1], greatest[low - 1, high - 1] = least_st, greatest_st
        least[high - 1, low - 1], greatest[high - 1, low - 1] = -greatest_st, -least_st
    return least * SEMITONE_M, greatest * SEMITONE_M


# [f, g]: least and greatest x of finger g relative to finger f.
_LEAST_M, _GREATEST_M = _spans()
_THUMB = np.zeros((5, 5), bool)
_THUMB[0, :] = _THUMB[:, 0] = True
_SAME = np.eye(5, dtype=bool)


def _excess_m(offset_m: np.ndarray, scale: float) -> Float[np.ndarray, "*batch finger finger"]:
    """How far key g lies out of reach while finger f is on its key [m]."""
    offset = np.asarray(offset_m)[..., None, None]
    # Half a key of tolerance towards the hand: a finger may strike beside the middle of its key.
    above = offset - _GREATEST_M * np.where(_GREATEST_M > 0, scale, 1.0)
    below = _LEAST_M * np.where(_LEAST_M < 0, scale, 1.0) - offset
    return np.maximum(np.maximum(above, below) - 0.006, 0.0)


def chord_penalty(
    offset_m: Float[np.ndarray, "*batch"], scale: float = 1.0
) -> Float[np.ndarray, "*batch finger finger"]:
    """Penalty [f, g] of striking two keys at once, the second `offset_m` to the right of the first.

    Fingers stay in order within a chord, also the thumb.
    """
    offset = np.asarray(offset_m)[..., None, None]
    order = np.sign(np.arange(5)[None, :] - np.arange(5)[:, None])
    crossed = (order != 0) & (order != np.sign(offset))
    excess = _excess_m(offset_m, scale)
    penalty = _EXCESS_PENALTY_PER_M * excess * (1 + excess / 0.02) + _CROSSED_PENALTY * crossed
    return penalty + _SAME_FINGER_PENALTY * _SAME


def held_penalty(
    offset_m: Float[np.ndarray, "*batch"],
    overlap_sec: Float[np.ndarray, "*batch"],
    scale: float = 1.0,
) -> Float[np.ndarray, "*batch finger finger"]:
    """Penalty [f, g] of striking a key with g while f should still hold one, `offset_m` away.

    Grows with the time that the held key loses: it can be let go early.
    """
    offset = np.asarray(offset_m)
    share = np.clip(np.asarray(overlap_sec) / 0.3, 0.0, 1.0)[..., None, None]
    away = offset[..., None, None]
    crossed = (~_THUMB) & (_LEAST_M * away < 0) & (np.sign(_LEAST_M) != np.sign(away))
    penalty = np.minimum(60.0 * _excess_m(offset, scale) + 3.0 * crossed, 6.0)
    same = _SAME_HELD_PENALTY * _SAME * (away != 0)
    return np.asarray(share * (penalty + same))


def haste_penalty(
    offset_m: Float[np.ndarray, "*batch"],
    interval_sec: Float[np.ndarray, "*batch"],
    scale: float = 1.0,
) -> Float[np.ndarray, "*batch finger finger"]:
    """Penalty [f, g] of striking a key `interval_sec` after another, `offset_m` away.

    The same finger must travel the whole way, another one only what it does not reach.
    """
    offset = np.asarray(offset_m)[..., None, None]
    interval = np.asarray(interval_sec)[..., None, None]
    way = np.where(_SAME, np.abs(offset), _excess_m(np.asarray(offset_m), scale))
    needed = np.where(way > 0, _STRIKE_SEC + way / _TRAVEL_M_PER_SEC, 0.0)
    needed = np.where(offset == 0, np.where(_SAME, 0.09, 0.0), needed)
    short = np.maximum(needed - interval, 0.0) / np.maximum(needed, 1e-9)
    together = np.where(offset == 0, _SAME * 8.0, chord_penalty(np.asarray(offset_m), scale))
    return np.asarray(np.where(interval < TOGETHER_SEC, together, _TOO_FAST_PENALTY * short))


def unreachable_events(
    events: list[np.ndarray], x_m: np.ndarray, choices: list[np.ndarray], scale: float
) -> list[tuple[int, ...]]:
    """Notes struck together that no choice of fingers reaches at once.

    Args:
        events: the notes (indices) of every event, from the thumb's side outwards.
        x_m: (note,) mirrored key centres.
        choices: finger combinations of every event, (choice, note).
        scale: see `reach_scale`.
    """
    out: list[tuple[int, ...]] = []
    for event, fingers in zip(events, choices, strict=True):
        if len(event) < 2:
            continue
        low, high = np.triu_indices(len(event), 1)
        offset = x_m[event[high]] - x_m[event[low]]
        excess = _excess_m(offset, scale)
        pairs = np.arange(len(low))
        first, second = fingers[:, low].astype(int), fingers[:, high].astype(int)
        # Neighbouring keys may share a finger; others may not.
        shared = (first == second) & (offset > SHARED_KEYS_M)
        beyond = (excess[pairs, first, second] > _BARELY_M) & (first != second)
        if (shared | beyond).any(1).all():
            out.append(tuple(sorted(event.tolist())))
    return out


def within_reach(
    finger: int, other: int, offset_m: float, scale: float = 1.0, tolerance_m: float = 0.0
) -> bool:
    """Whether `other` (1-5) can be down `offset_m` to the right of `finger` (1-5)."""
    low, high = _LEAST_M[finger - 1, other - 1], _GREATEST_M[finger - 1, other - 1]
    low, high = low * (scale if low < 0 else 1.0), high * (scale if high > 0 else 1.0)
    return bool(low - tolerance_m <= offset_m <= high + tolerance_m)


def reach_scale(hand_span_m: float) -> float:
    """Scale of the medium hand's spans for a hand that reaches `hand_span_m`."""
    return hand_span_m / MEDIUM_HAND_SPAN_M
