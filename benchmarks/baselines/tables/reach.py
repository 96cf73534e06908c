"""What one hand can reach: the physical side of fingering, as penalties in nats.

Coordinates are those of the right hand; a left hand is mirrored (x -> -x) before it comes here.
Spans are key-centre distances. The medium hand's are Parncutt's practical ones, but for two
(`hand_span.TRAINED_PRACTICAL_ST`), turned from semitones into metres at 13.7 mm a semitone.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from duemani.models.fingering.hand_span import SEMITONE_M, TRAINED_PRACTICAL_ST

_EXCESS_PENALTY_PER_M = 150.0
_SAME_FINGER_PENALTY = 25.0
_CROSSED_PENALTY = 20.0
_STRIKE_SEC = 0.055
_TRAVEL_M_PER_SEC = 2.0
_TOO_FAST_PENALTY = 14.0
_TOGETHER_SEC = 0.05
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
    offset_m: float, overlap_sec: float, scale: float = 1.0
) -> Float[np.ndarray, "finger finger"]:
    """Penalty [f, g] of striking a key with g while f should still hold one, `offset_m` away.

    Soft, growing with the time that the held key loses: it can be let go early.
    """
    share = min(overlap_sec / 0.3, 1.0)
    crossed = (~_THUMB) & (_LEAST_M * offset_m < 0) & (np.sign(_LEAST_M) != np.sign(offset_m))
    penalty = 60.0 * _excess_m(np.asarray(offset_m), scale) + 3.0 * crossed
    same = 0.0 if offset_m == 0 else 6.0
    return share * (np.minimum(penalty, 6.0) + same * _SAME)


def haste_penalty(
    offset_m: float, interval_sec: float, scale: float = 1.0
) -> Float[np.ndarray, "finger finger"]:
    """Penalty [f, g] of striking a key `interval_sec` after another, `offset_m` away.

    The same finger must travel the whole way, another one only what it does not reach.
    """
    if interval_sec < _TOGETHER_SEC:
        return chord_penalty(np.asarray(offset_m), scale) if offset_m else _SAME * 8.0
    way = np.where(_SAME, abs(offset_m), _excess_m(np.asarray(offset_m), scale))
    needed = np.where(way > 0, _STRIKE_SEC + way / _TRAVEL_M_PER_SEC, 0.0)
    if offset_m == 0:
        needed = np.where(_SAME, 0.09, 0.0)
    short = np.maximum(needed - interval_sec, 0.0) / np.maximum(needed, 1e-9)
    return _TOO_FAST_PENALTY * short
