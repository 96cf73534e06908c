"""Silent substitutions: another finger takes over a held key, so that the line need not break.

Conservative: a finger is changed only where the fingering as chosen would let the key go early or
break a join, and where the new finger reaches everything that the old one could not.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from duemani.keyboard import key_centre_x
from duemani.models.fingering.lines import chord_starts
from duemani.models.fingering.reach import within_reach
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER, Performance, pedal_down

LEAST_HOLD_SEC = 0.35
"""A shorter note leaves no time to change fingers on it."""
JOIN_SEC = 0.03
"""A note struck this close to another's release is joined to it."""
_QUIET_SEC = 0.25  # from the last strike of this hand to the one that needs the finger
_WIDEST_JOIN_M = 0.165  # an octave: beyond it nobody expects a join
_TOLERANCE_M = 0.006


def substitutions(
    performance: Performance,
    scale: float,
    known: Int[np.ndarray, " note"] | None = None,
) -> Int[np.ndarray, " note"]:
    """The finger that silently takes over each held key, 0 for none.

    A change is made where the hand next strikes while the key should stay down, or within 30 ms of
    its release, and the finger on the key is the one that strikes, or cannot stay within reach of
    those that do. The new finger must be free, keep its order among the others and reach what is
    struck until the key is released. At a release only single notes count, up to an octave apart:
    chords played one after another are not joined this way. Under the pedal nothing is changed.

    Args:
        performance: notes with hands and fingers; those without are left alone.
        scale: the hand's reach relative to the medium hand's (`reach_scale`).
        known: fingers that are known to take over, 0 elsewhere; they are kept.
    """
    notes = performance.notes
    taking = np.zeros(len(notes), np.int64) if known is None else known.astype(np.int64)
    for hand in (LEFT, RIGHT):
        mine = np.flatnonzero((notes["hand"] == hand) & (notes["finger"] != UNKNOWN_FINGER))
        if len(mine) > 1:
            _Line(performance, mine, -1 if hand == LEFT else 1, scale).fill(taking)
    return taking


class _Line:
    """One hand's notes, seen as a right hand's."""

    def __init__(self, performance: Performance, mine: np.ndarray, sign: int, scale: float) -> None:
        notes = performance.notes[mine]
        self.mine, self.scale = mine, scale
        self.onset: Float[np.ndarray, " note"] = notes["onset_sec"]
        self.release: Float[np.ndarray, " note"] = notes["release_sec"]
        self.pitch, self.finger = notes["pitch"], notes["finger"].astype(int)
        self.later_finger = self.finger.copy()
        self.x_m = sign * key_centre_x(notes["pitch"])
        self.events = chord_starts(self.onset, self.release, self.pitch)
        self.pedalled = pedal_down(performance, self.release)
        # For every time, which earlier notes may still be down: all since the longest note.
        self.longest_sec = float((self.release - self.onset).max(initial=0.0))

    def fill(self, taking: np.ndarray) -> None:
        known = taking[self.mine] > 0
        self.later_finger[known] = taking[self.mine][known]
        for number, (first, end) in enumerate(self.events):
            for note in range(first, end):
                if known[note]:
                    continue
                long = self.release[note] - self.onset[note] >= LEAST_HOLD_SEC
                if long and not self.pedalled[note]:
                    other = self._replacement(note, number)
                    if other:
                        taking[self.mine[note]] = self.later_finger[note] = other

    def _replacement(self, note: int, number: int) -> int:
        """The finger that takes over `note`, of event `number`; 0 where none must or can."""
        release, finger = float(self.release[note]), int(self.finger[note])
        struck, last_sec = [], float(self.onset[note])
        for first, end in self.events[number + 1 :]:
            onset = float(self.onset[first])
            if onset > release + JOIN_SEC:
                break
            if self.pitch[note] in self.pitch[first:end]:
                break  # the key itself is struck again: it has to be let go
            joined = abs(onset - release) <= JOIN_SEC
            if joined and not self._one_by_one(note, number, first, end):
                break
            struck.append((first, end))
        in_the_way = [not self._fits(note, finger, a, b) for a, b in struck]
        conflict = in_the_way.index(True) if any(in_the_way) else None
        if conflict is None:
            return 0
        if conflict:
            last_sec = float(self.onset[struck[conflict - 1][1] - 1])
        first = struck[conflict][0]
        if float(self.onset[first]) - last_sec < _QUIET_SEC:
            return 0
        ahead = struck[conflict:]
        for other in sorted(set(range(1, 6)) - {finger}, key=lambda f: (abs(f - finger), f)):
            if self._beside_held(note, other, first) and all(
                self._fits(note, other, a, b) for a, b in ahead
            ):
                return other
        return 0

    def _one_by_one(self, note: int, number: int, first: int, end: int) -> bool:
        """Whether one single note joins another, within an octave."""
        own_first, own_end = self.events[number]
        near = abs(self.x_m[first] - self.x_m[note]) <= _WIDEST_JOIN_M
        return own_end - own_first == 1 and end - first == 1 and bool(near)

    def _fits(self, note: int, finger: int, first: int, end: int) -> bool:
        """Whether `finger` can stay on `note` while the notes [first, end) are struck."""
        return all(
            self._beside(note, finger, other, int(self.finger[other]))
            for other in range(first, end)
        )

    def _beside(self, note: int, finger: int, other: int, with_finger: int) -> bool:
        offset = float(self.x_m[other] - self.x_m[note])
        reached = within_reach(finger, with_finger, offset, self.scale, _TOLERANCE_M)
        return finger != with_finger and reached

    def _beside_held(self, note: int, finger: int, before: int) -> bool:
        """Whether `finger` finds room among the keys still held when event `before` is struck."""
        onset = float(self.onset[before])
        earliest = int(np.searchsorted(self.onset, onset - self.longest_sec - JOIN_SEC))
        held = [
            other
            for other in range(earliest, before)
            if other != note and self.release[other] > onset - JOIN_SEC
        ]
        return all(
            self._beside(note, finger, other, int(by))
            for other in held
            for by in (self.finger[other], self.later_finger[other])
        )
