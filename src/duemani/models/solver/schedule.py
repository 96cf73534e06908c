"""When each finger of one hand strikes and leaves which key: the notes made physically possible."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from duemani.keyboard import is_black, key_centre_x
from duemani.models.solver.style import Style
from duemani.performance import LEFT
from duemani.skeleton import MEDIUM_SPAN_M

# Farthest that two fingertips of a medium hand stretch along the keys [m]: thumb to little finger.
SPAN_M = np.array(
    [
        [0.000, 0.125, 0.155, 0.180, 0.212],
        [0.125, 0.000, 0.065, 0.100, 0.135],
        [0.155, 0.065, 0.000, 0.055, 0.095],
        [0.180, 0.100, 0.055, 0.000, 0.062],
        [0.212, 0.135, 0.095, 0.062, 0.000],
    ]
)
_TOGETHER_SEC = 0.06  # strikes closer than this are one chord
_MIN_HOLD_SEC = 0.070
_LIFT_SEC = 0.035  # from a key's release to a free finger
_REACH_RATE = 14.0  # m/s²: how fast a hand shifts beyond its reach
_MAX_HOLD_SEC = 30.0
_CROSSED_REACH_M = 0.07  # how far a thumb passes under
_ROLL_SEC, _LEAP_SEC = 0.03, 0.2
_BESIDE_SEC, _FINGER_WIDTH_M = 0.15, 0.0145
_STRETCHED_M = 0.012  # chords within this of the full span


@dataclass(frozen=True)
class Schedule:
    """The strikes of one hand in time order; x is mirrored for the left hand.

    Attributes:
        onset_sec, release_sec: when the key sounds and is let go; releases are never later than
            the performance's, and earlier where the finger is needed elsewhere.
        finger: 0 thumb to 4 little finger.
        x_m: middle of the key.
        pitch, velocity, black: of the note.
    """

    onset_sec: Float[np.ndarray, " note"]
    release_sec: Float[np.ndarray, " note"]
    finger: Int[np.ndarray, " note"]
    x_m: Float[np.ndarray, " note"]
    pitch: Int[np.ndarray, " note"]
    velocity: Int[np.ndarray, " note"]
    black: Bool[np.ndarray, " note"]

    def __len__(self) -> int:
        return len(self.onset_sec)

    def chosen(self, which: Shaped[np.ndarray, " chosen"]) -> Schedule:
        """The strikes that a mask or an index names."""
        return Schedule(*(getattr(self, field.name)[which] for field in fields(self)))


def schedule_hand(notes: np.ndarray, hand: int, style: Style) -> Schedule:
    """Plan one hand's strikes from fingered notes (`NOTE_DTYPE`, sorted by onset).

    A key is held as long as the performance holds it, unless the finger must strike again, or
    the hand must be where that key is out of reach; then it is let go just in time (the sustain
    pedal, or the listener's memory, keeps the sound).
    """
    notes = notes[notes["hand"] == hand]
    onset = notes["onset_sec"].astype(float)
    finger = notes["finger"].astype(int) - 1
    pitch = notes["pitch"].astype(int)
    x = key_centre_x(pitch)
    if hand == LEFT:
        x = -x
    black = is_black(pitch)
    span = SPAN_M * style.hand_span_m / MEDIUM_SPAN_M
    _stretch_and_roll(onset, x, finger, black, span)
    _make_room(onset, x, finger, black)
    release = np.minimum(notes["release_sec"], onset + _MAX_HOLD_SEC)
    release = np.maximum(release, onset + _MIN_HOLD_SEC)
    _free_fingers(onset, release, finger, x, pitch)
    _free_hand(onset, release, finger, x, span)
    order = np.argsort(onset, kind="stable")
    schedule = Schedule(onset, release, finger, x, pitch, notes["velocity"].astype(int), black)
    return schedule.chosen(order)


def _free_fingers(
    onset: np.ndarray, release: np.ndarray, finger: np.ndarray, x: np.ndarray, pitch: np.ndarray
) -> None:
    """Let a finger, or a key, go before it strikes again."""
    for group in [finger == f for f in range(5)]:
        at = np.flatnonzero(group)
        if len(at) < 2:
            continue
        gap = np.diff(onset[at])
        shift = np.abs(np.diff(x[at]))
        needed = np.minimum(_LIFT_SEC + np.sqrt(shift / _REACH_RATE), 0.62 * gap)
        needed = np.where(shift == 0, np.minimum(np.maximum(0.055, 0.3 * gap), 0.55 * gap), needed)
        needed = np.where(shift == 0, np.minimum(needed, 0.11), needed)
        release[at[:-1]] = np.minimum(release[at[:-1]], onset[at[1:]] - needed)
    for key in np.unique(pitch):
        at = np.flatnonzero(pitch == key)
        gap = np.diff(onset[at])
        needed = np.minimum(0.050, 0.62 * gap)
        release[at[:-1]] = np.minimum(release[at[:-1]], onset[at[1:]] - needed)
    np.maximum(release, onset + 0.01, out=release)


def _free_hand(
    onset: np.ndarray, release: np.ndarray, finger: np.ndarray, x: np.ndarray, span: np.ndarray
) -> None:
    """Let keys go that would be out of reach at a later strike, early enough to get there."""
    held: list[int] = []
    for now in range(len(onset)):
        kept: list[int] = []
        for before in held:
            if release[before] <= onset[now] - 0.25:
                continue
            kept.append(before)
            distance = (x[now] - x[before]) * np.sign(finger[now] - finger[before])
            excess = _out_of_reach(distance, int(finger[now]), int(finger[before]), span)
            if excess <= 0 or (excess < 0.015 and onset[now] - onset[before] < 0.03):
                continue
            needed = 0.03 + np.sqrt(excess / _REACH_RATE)
            latest = max(onset[now] - needed, onset[before] + 0.4 * (onset[now] - onset[before]))
            release[before] = min(release[before], latest)
        held = [*kept, now]


def _out_of_reach(distance: float, one: int, other: int, span: np.ndarray) -> float:
    """How far two keys are beyond what two fingers span [m]; `distance` < 0 if crossed."""
    if distance >= 0:
        return float(distance - span[one, other])
    return -distance - (_CROSSED_REACH_M if 0 in (one, other) else 0.02)


def _stretch_and_roll(
    onset: np.ndarray, x: np.ndarray, finger: np.ndarray, black: np.ndarray, span: np.ndarray
) -> None:
    """Play chords at the edge of the hand's span on the keys' inner edges; roll what is wider.

    Leaps that come too fast are given time in the same way. A roll moves strikes by at most
    30 ms, less than a listener notices in a chord.
    """
    played = onset.copy()
    room = np.where(black, 0.002, 0.005)
    for now in range(len(onset)):
        for before in range(now - 1, max(now - 6, -1), -1):
            gap = played[now] - played[before]
            if gap > _LEAP_SEC:
                break
            side = int(np.sign(finger[now] - finger[before])) or int(np.sign(x[now] - x[before]))
            one, other = int(finger[now]), int(finger[before])
            spare = span[one, other] - (x[now] - x[before]) * side
            if gap < _TOGETHER_SEC and spare < _STRETCHED_M and one != other:
                inwards = side * np.minimum(room[[before, now]], (_STRETCHED_M - spare) / 2)
                x[before] += inwards[0]
                x[now] -= inwards[1]
            excess = _out_of_reach(float(x[now] - x[before]) * side, one, other, span)
            if excess > 0.004:
                late = max(_LIFT_SEC + np.sqrt(excess / _REACH_RATE) - gap, 0.0) / 2
                onset[before] -= late
                onset[now] += late
    np.clip(onset, np.maximum(played - _ROLL_SEC, 0), played + _ROLL_SEC, out=onset)


def _make_room(onset: np.ndarray, x: np.ndarray, finger: np.ndarray, black: np.ndarray) -> None:
    """Play a white key off its middle where another finger is on the black key beside it."""
    for now in range(1, len(onset)):
        for before in range(now - 1, max(now - 5, -1), -1):
            if onset[now] - onset[before] > _BESIDE_SEC:
                break
            apart = x[now] - x[before]
            if black[now] == black[before] or abs(apart) >= _FINGER_WIDTH_M:
                continue
            if finger[now] != finger[before]:
                white, away = (now, 1) if black[before] else (before, -1)
                x[white] += away * np.sign(apart) * min(_FINGER_WIDTH_M - abs(apart), 0.005)
