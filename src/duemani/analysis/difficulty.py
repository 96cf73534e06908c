"""How hard a fingered piece is to play, bar by bar, from 0 (nothing to do) to 10.

Each strike of a hand has an effort, and a bar's effort is what both hands spend a second:

    effort  = 1 + 0.35 (notes - 1)                  striking a note or chord
            + 0.4 a crossing, 0.3 more without the thumb, up to 0.6 more if 0.1 m wide
            + 0.4 the same finger on the next key
            + up to 0.3 for a finger 0.05 m out of place: the hand opens or closes
            + min(way / 0.1 m, 4) (0.3 + rush)      a shift: the way beyond the hand's reach
            + 0.3 weak rush                         weak: neighbours among 3, 4 and 5 in a row
            + 0.4, 0.9 or 1.6                       more than 70, 85 or 100 % of the span
            + 0.5 held                              keys that other fingers hold meanwhile
    rush    = min(0.15 s / time since the last strike, 2)
    load    = greater + (0.5 + 0.8 independence) lesser      of the hands' effort per second
    value   = 10 load^1.8 / (load^1.8 + 11.5^1.8)

Independence is the share of the bar's strikes that the hands do not make together. What belongs
together, what is held and where a hand rests is decided at a fixed share of the piece's own pace,
so a change of tempo changes nothing but times: played faster, no bar ever gets easier.
The weights are set by hand; `benchmarks/difficulty.py` prints what comes of them.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.analysis.hand_moves import (
    FINGER_CHANGE,
    FINGER_OVER,
    FINGER_UNDER,
    SAME_FINGER,
    SHIFT,
    THUMB_UNDER,
    HandMoves,
    both_hands,
)
from duemani.errors import InputError
from duemani.models.fingering.choose import Fingering
from duemani.models.fingering.hand_span import MEDIUM_HAND_SPAN_M
from duemani.models.fingering.reach import reach_scale
from duemani.performance import LEFT, RIGHT

_CHORD_NOTE, _HELD_KEY = 0.35, 0.5
_MOVE = {THUMB_UNDER: 0.4, FINGER_OVER: 0.4, FINGER_UNDER: 0.4, SAME_FINGER: 0.4}
_CROSSED_LONG, _CROSSED_WIDE, _WIDE_M = 0.3, 0.6, 0.1
_OPENED, _OPENED_M = 0.3, 0.05
_SHIFT_M, _MOST_SHIFTS = 0.1, 4.0
_RUSH_SEC, _MOST_RUSH = 0.15, 2.0
_WEAK = 0.3
_SPANS = ((1.0, 1.6), (0.85, 0.9), (0.7, 0.4))
_LESSER, _INDEPENDENT = 0.5, 0.8
_HALF_LOAD, _STEEPNESS = 11.5, 1.8
_PACE_SEC, _PACE_SHARE = 0.2, 0.85
_REACH_M = 0.0235


def difficulty(
    fingering: Fingering,
    bar_starts_sec: Float[np.ndarray, " bar"],
    hand_span_m: float = MEDIUM_HAND_SPAN_M,
) -> Float[np.ndarray, " bar"]:
    """Difficulty of every bar, 0-10; 0 where nothing is struck.

    Args:
        fingering: notes with hands and fingers; notes without are left out.
        bar_starts_sec: when the bars begin [s], rising. A note before the first counts to it.
        hand_span_m: reach from thumb to little finger, between key centres [m].

    Raises:
        InputError: the bars do not rise or are not finite.
    """
    starts = np.asarray(bar_starts_sec, float)
    if not np.isfinite(starts).all() or (np.diff(starts) <= 0).any():
        raise InputError("bars have to begin one after another, at finite times in seconds.")
    notes = fingering.performance.notes
    if not len(starts) or not len(notes):
        return np.zeros(len(starts))
    length_sec = _bar_lengths(starts, notes)
    paced = _at_standard_pace(notes)
    load = np.zeros((2, len(starts)))
    strikes: list[np.ndarray] = []
    for hand, moves in enumerate(both_hands(paced, reach_scale(hand_span_m))):
        onset_sec = np.array([notes["onset_sec"][event].min() for event in moves.events])
        bar = _bar_of(onset_sec, starts)
        np.add.at(load[hand], bar, _efforts(moves, onset_sec))
        strikes.append(np.array([moves.onset_sec(at) for at in range(len(moves.events))]))
    load /= length_sec
    apart = _independence(strikes, paced, notes, starts)
    whole = load.max(0) + (_LESSER + _INDEPENDENT * apart) * load.min(0)
    eased = whole**_STEEPNESS
    return 10 * eased / (eased + _HALF_LOAD**_STEEPNESS)


def overall(bars: Float[np.ndarray, " bar"]) -> float:
    """One figure for a piece: the mean of the hardest quarter of the bars that have notes, 0-10."""
    played = np.sort(bars[bars > 0])
    return float(played[3 * len(played) // 4 :].mean()) if len(played) else 0.0


def _bar_of(onset_sec: np.ndarray, starts: np.ndarray) -> Int[np.ndarray, " event"]:
    return np.maximum(np.searchsorted(starts, onset_sec + 1e-9, side="right") - 1, 0)


def _bar_lengths(starts: np.ndarray, notes: np.ndarray) -> Float[np.ndarray, " bar"]:
    """Seconds of every bar; the last is as long as the usual one, or as its notes last."""
    first = min(float(notes["onset_sec"].min()), float(starts[0]))
    release = float(notes["release_sec"].max())
    lengths = np.diff([first, *starts[1:], max(release, float(starts[-1]))])
    usual = float(np.median(lengths[:-1])) if len(lengths) > 1 else float(lengths[0])
    lengths[-1] = max(lengths[-1], usual)
    # A scrap of a bar has no pace of its own.
    return np.maximum(lengths, max(0.25 * usual, 1e-3))


def _at_standard_pace(notes: np.ndarray) -> np.ndarray:
    """The notes, slowed down or sped up until their usual time between strikes is 0.2 s."""
    lines = [notes["onset_sec"][notes["hand"] == hand] for hand in (LEFT, RIGHT)]
    gaps = np.concatenate([np.diff(line) for line in lines])
    pace = float(np.quantile(gaps, _PACE_SHARE)) if len(gaps) else 0.0
    paced = notes.copy()
    if pace > 0:
        for name in ("onset_sec", "release_sec"):
            # Rounded, so that times that are equal stay so at every tempo.
            paced[name] = np.round(notes[name] * (_PACE_SEC / pace), 7)
    return paced


def _efforts(moves: HandMoves, onset_sec: np.ndarray) -> Float[np.ndarray, " event"]:
    gap_sec = np.diff(onset_sec, prepend=-np.inf)
    rush = np.minimum(_RUSH_SEC / np.maximum(gap_sec, 1e-3), _MOST_RUSH)
    return np.array([_effort(moves, at, float(rush[at])) for at in range(len(moves.events))], float)


def _effort(moves: HandMoves, event: int, rush: float) -> float:
    members = moves.events[event]
    held = moves.held_at(event)
    effort = 1 + _CHORD_NOTE * (len(members) - 1) + _HELD_KEY * len(held)
    effort += max(_move_effort(moves, note, rush) for note in members)
    effort += _span_effort(moves, [*members, *held])
    before, note = moves.single(event - 1), moves.single(event)
    if before >= 0 and note >= 0:
        pair = {moves.finger(before), moves.finger(note)}
        if len(pair) == 2 and min(pair) >= 3:
            effort += _WEAK * rush
    return effort


def _move_effort(moves: HandMoves, note: int, rush: float) -> float:
    kind, origin = moves.kind[note], moves.origin[note]
    if kind == FINGER_CHANGE:
        return 0.0
    if not kind:
        before = moves.single(moves.event_of[note] - 1)
        if before < 0 or moves.single(moves.event_of[note]) < 0:
            return 0.0
        return _OPENED * min(_out_of_place_m(moves, before, note) / _OPENED_M, 1.0)
    if kind == SHIFT:
        way = max(_out_of_place_m(moves, origin, note) - _REACH_M, 0.0)
        return min(way / _SHIFT_M, _MOST_SHIFTS) * (0.3 + rush)
    effort = _MOVE[kind]
    if kind != SAME_FINGER:
        effort += _CROSSED_WIDE * min(abs(moves.offset_m(origin, note)) / _WIDE_M, 1.0)
        effort += _CROSSED_LONG if 1 not in (moves.finger(origin), moves.finger(note)) else 0.0
    return effort


def _out_of_place_m(moves: HandMoves, origin: int, note: int) -> float:
    """How far a key lies from where its finger was while `origin` was struck, a finger a key."""
    natural = (moves.finger(note) - moves.finger(origin)) * _REACH_M
    return abs(moves.offset_m(origin, note) - natural)


def _span_effort(moves: HandMoves, down: list[int]) -> float:
    effort = 0.0
    for at, note in enumerate(down):
        for other in down[:at]:
            one, two = moves.finger(note), moves.finger(other)
            offset = moves.offset_m(note, other)
            if one == two:
                continue
            for share, cost in _SPANS:
                if cost > effort and not moves.reaches(one, two, offset, share):
                    effort = cost
                    break
    return effort


def _independence(
    strikes: list[np.ndarray], paced: np.ndarray, notes: np.ndarray, starts: np.ndarray
) -> Float[np.ndarray, " bar"]:
    """Share of a bar's strikes that one hand makes alone while both have something to do."""
    to_real = float(notes["onset_sec"].max()) / max(float(paced["onset_sec"].max()), 1e-9)
    alone, count = np.zeros((2, len(starts))), np.zeros((2, len(starts)))
    for hand, own in enumerate(strikes):
        bar = _bar_of(own * to_real, starts)
        np.add.at(count[hand], bar, 1.0)
        np.add.at(alone[hand], bar, ~_near(own, strikes[1 - hand]))
    return np.where(count.min(0) > 0, alone.sum(0) / np.maximum(count.sum(0), 1.0), 0.0)


def _near(
    own: np.ndarray, other: np.ndarray, limit_sec: float = 0.05
) -> Bool[np.ndarray, " event"]:
    if not len(other) or not len(own):
        return np.zeros(len(own), bool)
    at = np.clip(np.searchsorted(other, own), 1, len(other)) - 1
    after = np.minimum(at + 1, len(other) - 1)
    return np.minimum(np.abs(other[at] - own), np.abs(other[after] - own)) <= limit_sec
