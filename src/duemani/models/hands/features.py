"""Features of giving notes to the left and the right hand: spans, motion, order, register."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from duemani.performance import LEFT, RIGHT

_WINDOWS_SEC = (0.3, 1.0, 4.0)
_REST_PITCH = np.array([50.0, 70.0])
_MOTION_EDGES_SEC = np.array([0.12, 0.3, 1.0])
NOTE_FEATURES = 2 * len(_WINDOWS_SEC) + 3
_HAND_FEATURES = 24
FEATURE_COUNT = NOTE_FEATURES + _HAND_FEATURES + 4
"""Without the network; its log-odds come right after the first `NOTE_FEATURES`."""
_MOST_LOG_ODDS = 8.0
_FAR = 1e3
_RECENT_SEC = 0.06
"""Keys struck this recently count as held: the hand is still on them."""


@dataclass(frozen=True)
class TakenNotes:
    """Notes with their register features.

    Attributes:
        onset_sec, release_sec, pitch: (note,).
        register: (note, NOTE_FEATURES) where the pitch lies among the notes around; with the
            network one more column, its log-odds of the right hand.
    """

    onset_sec: np.ndarray
    release_sec: np.ndarray
    pitch: np.ndarray
    register: np.ndarray

    @classmethod
    def of(cls, notes: np.ndarray) -> TakenNotes:
        """From `Performance.notes`."""
        onset, pitch = notes["onset_sec"], notes["pitch"].astype(float)
        columns = [np.tanh((pitch - 62) / 12), np.tanh((pitch - 62) / 4), (pitch - 62) / 24]
        total = np.concatenate([[0.0], np.cumsum(pitch)])
        for window in _WINDOWS_SEC:
            low = np.searchsorted(onset, onset - window, side="left")
            high = np.searchsorted(onset, onset + window, side="right")
            mean = (total[high] - total[low]) / (high - low)
            least, greatest = extremes(pitch, low, high)
            columns.append(np.tanh((pitch - (least + greatest) / 2) / 8))
            columns.append(np.tanh((pitch - mean) / 8))
        return cls(onset, notes["release_sec"], pitch, np.stack(columns, -1))

    def with_log_odds(self, log_odds: np.ndarray) -> TakenNotes:
        """The same with the network's answer (note,), see `hand_network`."""
        bounded = np.clip(log_odds, -_MOST_LOG_ODDS, _MOST_LOG_ODDS) / 2
        return replace(self, register=np.concatenate([self.register, bounded[:, None]], 1))


def extremes(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, ...]:
    """Least and greatest of values[low:high] for every pair, by doubling tables."""
    least, greatest = [values], [values]
    width = 1
    while width * 2 <= len(values):
        least.append(np.minimum(least[-1][:-width], least[-1][width:]))
        greatest.append(np.maximum(greatest[-1][:-width], greatest[-1][width:]))
        width *= 2
    level = np.log2(np.maximum(high - low, 1)).astype(int)
    out = []
    for tables, pick in ((least, np.minimum), (greatest, np.maximum)):
        result = np.empty(len(low))
        for at in np.unique(level):
            here = level == at
            result[here] = pick(tables[at][low[here]], tables[at][high[here] - 2**at])
        out.append(result)
    return tuple(out)


@dataclass(frozen=True)
class Hands:
    """What each hypothesis remembers of both hands.

    Attributes:
        low, high: (hypothesis, 2) pitch range of each hand's last notes.
        time_sec: (hypothesis, 2) when they were struck.
        held: indices of the notes still held.
        holder: (hypothesis, held) their hand.
    """

    low: np.ndarray
    high: np.ndarray
    time_sec: np.ndarray
    held: np.ndarray
    holder: np.ndarray

    @classmethod
    def at_rest(cls) -> Hands:
        """One hypothesis, hands an octave and a half apart, long idle."""
        return cls(
            low=_REST_PITCH[None] - 4,
            high=_REST_PITCH[None] + 4,
            time_sec=np.full((1, 2), -10.0),
            held=np.zeros(0, int),
            holder=np.zeros((1, 0), int),
        )

    def after(
        self,
        parent: np.ndarray,
        hand: np.ndarray,
        taken: TakenNotes,
        order: np.ndarray,
        held_sec: float,
    ) -> Hands:
        """New hypotheses: `parent` (k,) plays the notes `order` with hands `hand` (k, note)."""
        low, high, used = _ranges(taken.pitch[order], hand)
        now = taken.onset_sec[order].min()
        held = np.concatenate([self.held, order])
        holder = np.concatenate([self.holder[parent], hand], 1)
        next_onset = order.max() + 1
        upcoming = taken.onset_sec[next_onset] if next_onset < len(taken.onset_sec) else np.inf
        recent = taken.onset_sec[held] > upcoming - _RECENT_SEC
        stay = (taken.release_sec[held] > upcoming + held_sec) | recent
        return Hands(
            low=np.where(used, low, self.low[parent]),
            high=np.where(used, high, self.high[parent]),
            time_sec=np.where(used, now, self.time_sec[parent]),
            held=held[stay],
            holder=holder[:, stay],
        )


def _ranges(pitch: np.ndarray, hand: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(choice, 2) lowest and highest pitch of each hand and whether it plays at all."""
    mine = hand[..., None] == np.array([LEFT, RIGHT])
    low = np.where(mine, pitch[:, None], _FAR).min(1)
    high = np.where(mine, pitch[:, None], -_FAR).max(1)
    return low, high, mine.any(1)


def _over(values: np.ndarray, limit: int) -> np.ndarray:
    return np.maximum(values - limit, 0.0) / 12


def choice_features(
    hands: Hands, taken: TakenNotes, order: np.ndarray, hand: np.ndarray, scale: float = 1.0
) -> Float[np.ndarray, "hypothesis choice feature"]:
    """Features of every choice under every hypothesis.

    Args:
        hands: the hypotheses.
        taken: all notes.
        order: indices of the notes struck now, by rising pitch.
        hand: (choice, note) their hands.
        scale: hand size relative to a medium hand; spans are divided by it.
    """
    pitch = taken.pitch[order]
    now_sec = taken.onset_sec[order].min()
    low, high, used = _ranges(pitch, hand)
    count = np.stack([(hand == LEFT).sum(1), (hand == RIGHT).sum(1)], 1)
    register = (2 * hand - 1) @ taken.register[order]
    own = _own_features(np.where(used, high - low, 0.0) / scale, count, used)
    fixed = np.concatenate([register, own.sum(1)], -1)
    fixed = np.broadcast_to(fixed[None], (len(hands.low), *fixed.shape))
    idle_sec = np.maximum(now_sec - hands.time_sec, 0.0)[:, None]
    moving = np.concatenate(
        [
            _reaching_features(hands, taken, (low, high, used), count, idle_sec, scale),
            _paced_features(hands, (low, high, used), idle_sec),
        ],
        -1,
    ).sum(2)
    both = _crossing_features(hands, (low, high, used), idle_sec)
    return np.concatenate([fixed, moving, both], -1)


_Taken = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Lowest and highest pitch that each hand takes under each choice, and whether it takes any:
(choice, hand) each."""


def _own_features(span: np.ndarray, count: np.ndarray, used: np.ndarray) -> np.ndarray:
    """How hard the notes struck now are for one hand, (choice, hand, feature)."""
    return np.stack(
        [
            _over(span, 8),
            _over(span, 12),
            10 * _over(span, 15),
            count >= 2,
            count >= 3,
            count >= 4,
            10 * np.maximum(count - 5, 0),
            used,
        ],
        -1,
    )


def _reaching_features(
    hands: Hands,
    taken: TakenNotes,
    ranges: _Taken,
    count: np.ndarray,
    idle_sec: np.ndarray,
    scale: float,
) -> np.ndarray:
    """From where each hand was, and around what it holds, (hypothesis, choice, hand, feature)."""
    low, high, used = ranges
    last_low, last_high = hands.low[:, None], hands.high[:, None]
    nearest = np.minimum(np.abs(low - last_low), np.abs(high - last_high))
    outside = np.maximum(np.maximum(low - last_high, last_low - high), 0.0)
    outside = np.where(used, outside, 0.0)
    mine = hands.holder[:, :, None] == np.array([LEFT, RIGHT])
    held_pitch = taken.pitch[hands.held][:, None]
    held_low = np.where(mine, held_pitch, _FAR).min(1, initial=_FAR)[:, None]
    held_high = np.where(mine, held_pitch, -_FAR).max(1, initial=-_FAR)[:, None]
    reach = np.maximum(high, held_high) - np.minimum(low, held_low)
    reach = np.where(used & (held_high > 0), reach, 0.0) / scale
    together = np.where(used, count + mine.sum(1)[:, None], 0)
    return np.stack(
        [
            used & (nearest == 0),
            used & (nearest > 0) & (nearest <= 2),
            used & (nearest > 2) & (nearest <= 5),
            _over(reach, 10),
            _over(reach, 14),
            np.maximum(together - 5, 0),
            used * np.tanh(idle_sec),
            np.tanh(outside / 12) * (idle_sec < 2.0),
        ],
        -1,
    )


def _paced_features(hands: Hands, ranges: _Taken, idle_sec: np.ndarray) -> np.ndarray:
    """How far each hand moves, by the time it has, (hypothesis, choice, hand, feature)."""
    low, high, used = ranges
    last_middle = (hands.low[:, None] + hands.high[:, None]) / 2
    move = np.where(used, np.abs((low + high) / 2 - last_middle), 0.0)
    pace = np.searchsorted(_MOTION_EDGES_SEC, idle_sec)
    paced = (pace[..., None] == np.arange(4)) * np.ones((1, len(low), 1, 1))
    return np.concatenate(
        [paced * (move[..., None] / 12), paced * np.tanh(move / 4)[..., None]], -1
    )


def _crossing_features(hands: Hands, ranges: _Taken, idle_sec: np.ndarray) -> np.ndarray:
    """Where the hands come to lie against each other, (hypothesis, choice, feature)."""
    low, high, used = ranges
    now_low = np.where(used, low, hands.low[:, None])
    now_high = np.where(used, high, hands.high[:, None])
    fresh = np.where(used, 1.0, np.exp(-idle_sec)).prod(-1)
    middles = (now_low + now_high) / 2
    crossed = np.maximum(middles[..., LEFT] - middles[..., RIGHT], 0.0)
    overlap = np.maximum(now_high[..., LEFT] - now_low[..., RIGHT], 0.0)
    return np.stack(
        [
            fresh * np.tanh(crossed / 6),
            fresh * np.tanh(overlap / 6),
            fresh * (overlap > 0),
            fresh * (crossed > 12),
        ],
        -1,
    )
