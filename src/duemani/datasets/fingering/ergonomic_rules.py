"""Published rules of what is hard for a hand, as one cost: independent of the learned model.

From Parncutt et al. (1997), "An ergonomic model of keyboard fingering for melodic fragments":
spans (rules 1-3), position changes (4, 5), weak fingers (6), 3-4-5 (7), 3 to 4 (8), 4 on black (9),
thumb and little finger on black (10, 11), thumb passing (12). From Jacobs (2001), "Refinements to
the ergonomic model": spans are measured on the keyboard, where a white step is a white step, and
only the little finger is weak. From Balliauw et al. (2017), "A variable neighborhood search
algorithm to generate piano fingerings": the same finger on two different keys in a row costs, and
chords are judged by their pairs of notes. The dataset of learners' errors and its benchmark are
judged by these, so that the detector, which learned from prints, is not its own judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from duemani.keyboard import is_black, key_centre_x
from duemani.models.fingering.hand_span import PARNCUTT_SPANS_ST, SEMITONE_M
from duemani.models.fingering.lines import hand_line
from duemani.performance import LEFT, UNKNOWN_FINGER

_BEYOND = 10.0
_SAME_FINGER = 6.0
_FREE_SEC = 0.5
"""After so long from one onset to the next, or a rest, a new place of the hand costs little."""
_WIDEST_ST = 30


class HandCost:
    """Cost of one hand's fingers, event by event.

    Attributes:
        events: notes (indices) struck together, from the thumb's side.
    """

    def __init__(self, notes: np.ndarray, hand: int) -> None:
        bare = notes.copy()
        bare["finger"] = UNKNOWN_FINGER
        line = hand_line(bare, hand)
        sign = -1 if hand == LEFT else 1
        self.events: list[list[int]] = [event.tolist() for event in line.notes]
        # Half semitones on the keyboard, so that both hands share whole numbers.
        place = np.round(2 * sign * key_centre_x(notes["pitch"]) / SEMITONE_M).astype(int)
        self._place: list[int] = place.tolist()
        self._black: list[bool] = is_black(notes["pitch"]).tolist()
        onset, release = line.onset_sec, line.release_sec
        gap = np.diff(onset, prepend=-np.inf)
        rest = onset - np.concatenate([[-np.inf], np.maximum.accumulate(release)[:-1]])
        hurried = np.clip(1.5 - gap / _FREE_SEC, 0.25, 1.0) if len(gap) else gap
        self._hurry: list[float] = np.where(rest > 0.2, 0.25, hurried).tolist()

    def between(self, finger: Sequence[int], first: int, last: int) -> float:
        """Cost of the events [first, last) and of how each is reached from those before.

        Args:
            finger: (note,) 1-5, 0 costs nothing.
            first, last: events; cut to those that exist.
        """
        total = 0.0
        for event in range(max(first, 0), min(last, len(self.events))):
            members = self.events[event]
            total += self._chord(finger, members)
            if len(members) == 1:
                total += self._alone(finger, event)
            if event:
                total += self._hurry[event] * self._reached(finger, event)
        return total

    def _chord(self, finger: Sequence[int], members: list[int]) -> float:
        total = 0.0
        for at, low in enumerate(members):
            for high in members[at + 1 :]:
                f, g = finger[low], finger[high]
                if f and g:
                    span = self._place[high] - self._place[low]
                    total += _pair_cost(f, g, min(span, 2 * _WIDEST_ST))
                    total += 20.0 * (g <= f and not (f == g and span <= 3))
        return total

    def _alone(self, finger: Sequence[int], event: int) -> float:
        """Rules 6, 10 and 11 for a single note."""
        note = self.events[event][0]
        f = finger[note]
        cost = 1.0 * (f == 5)
        if self._black[note] and f in (1, 5):
            whites = 0
            for other in (event - 1, event + 1):
                if 0 <= other < len(self.events) and len(self.events[other]) == 1:
                    whites += not self._black[self.events[other][0]]
            cost += (f == 1) + 2.0 * whites
        return cost

    def _reached(self, finger: Sequence[int], event: int) -> float:
        """From the event before; to and from chords only each key's nearest counts."""
        before, now = self.events[event - 1], self.events[event]
        total = 0.0
        for note in now:
            other = min(before, key=lambda each: abs(self._place[each] - self._place[note]))
            if finger[other] and finger[note]:
                total += self._step(other, note, finger[other], finger[note]) / len(now)
        if len(before) == len(now) == 1 and event > 1 and len(self.events[event - 2]) == 1:
            two = self.events[event - 2][0]
            total += self._change(two, before[0], now[0], finger)
        return total

    def _step(self, other: int, note: int, f: int, g: int) -> float:
        span = self._place[note] - self._place[other]
        if span == 0:
            return 0.5 * (f != g)
        if f == g:
            slide = self._black[other] and not self._black[note] and abs(span) <= 3
            return 2.0 if slide else _SAME_FINGER
        span = max(min(span, 2 * _WIDEST_ST), -2 * _WIDEST_ST)
        cost = _pair_cost(f, g, span)
        black, next_black = self._black[other], self._black[note]
        if (f, g) == (3, 4):
            cost += 1.0 + (not black and next_black)
        elif (f, g) == (4, 3):
            cost += black and not next_black
        if 1 in (f, g) and (g - f) * span < 0:
            thumb, over = (black, next_black) if f == 1 else (next_black, black)
            cost += 1.0 if thumb == over else 3.0 * thumb
        return cost

    def _change(self, first: int, middle: int, last: int, finger: Sequence[int]) -> float:
        """Rules 4, 5 and 7 for three single notes."""
        f, g, h = finger[first], finger[middle], finger[last]
        if not (f and g and h):
            return 0.0
        cost = 1.0 * ({f, g, h} == {3, 4, 5})
        span = self._place[last] - self._place[first]
        excess = _excess(f, h, 1, span / 2)
        if excess:
            between = (self._place[middle] - self._place[first]) * (
                self._place[last] - self._place[middle]
            ) > 0
            full = g == 1 and between and _excess(f, h, 0, span / 2) > 0
            cost += min(excess, 4.0) + (2.0 if full else 1.0)
        return cost


def beyond_comfort(f: int, g: int, span_st: float) -> float:
    """Semitones by which a span outwards from finger `f` to `g` (1-5) lies outside comfort."""
    return _excess(f, g, 1, span_st)


def span_bounds(f: int, g: int, kind: int) -> tuple[int, int]:
    """Least and greatest semitones from the key of finger `f` (1-5) to that of `g`."""
    if f == g:
        return 0, 0
    spans = PARNCUTT_SPANS_ST[min(f, g), max(f, g)]
    low, high = (spans.practical, spans.comfortable, spans.relaxed)[kind]
    return (low, high) if f < g else (-high, -low)


def _excess(f: int, g: int, kind: int, span_st: float) -> float:
    """How far a span lies outside the bounds [semitones], with half a semitone of tolerance."""
    low, high = span_bounds(f, g, kind)
    return max(span_st - high - 0.5, low - span_st - 0.5, 0.0)


@cache
def _pair_cost(f: int, g: int, half_st: int) -> float:
    """Rules 1-3 for two keys `half_st` half semitones apart, outwards positive."""
    span = half_st / 2
    cost = _BEYOND * (_excess(f, g, 0, span) > 0) + 2 * min(_excess(f, g, 1, span), 6.0)
    weight = 1.0 if 1 in (f, g) else 2.0
    return cost + weight * min(_excess(f, g, 2, span), 6.0)
