"""How a fingering moves the hand: from each note back to the ones struck before it.

The left hand is seen in a mirror, so "outwards" (towards the little finger) is always positive.
"""

from __future__ import annotations

import numpy as np

from duemani.keyboard import is_black, key_centre_x
from duemani.models.fingering.lines import chord_starts
from duemani.models.fingering.reach import within_reach
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER

THUMB_UNDER, FINGER_OVER, FINGER_UNDER = "thumb under", "finger over", "finger under"
SHIFT, SAME_FINGER, FINGER_CHANGE = "shift", "same finger", "finger change"
REST_SEC = 0.25
"""After a longer silence of the hand its next place has nothing to do with its last."""
OVERLAP_SEC = 0.05
"""Keys down together for less are not held together on purpose."""
_TOLERANCE_M = 0.006
_SAME_FINGER_LIMIT_M = 0.05
# How far outwards the thumb may strike under a finger (or inwards a finger over it) before it is
# a new place of the hand: a fifth; beside the short little finger and between long ones a step.
_THUMB_CROSSING_M = 0.098
_STEP_M = 0.03
_NO_MOVE = ("", -1)


class HandMoves:
    """One hand's events and moves; notes are indices into the performance.

    Attributes:
        notes: `Performance.notes`.
        hand: `LEFT` or `RIGHT`.
        scale: reach relative to the medium hand's.
        events: notes struck together, by rising mirrored pitch, in order of time.
        black: (note,) colour of the keys.
        event_of: event of each of the hand's notes.
        kind: what the hand does to get to each note: one of the names above, "" for nothing.
        origin: the note that it does this from, -1 for none.
    """

    def __init__(
        self,
        notes: np.ndarray,
        events: list[np.ndarray],
        hand: int,
        scale: float,
        taking_over: np.ndarray,
    ) -> None:
        x_m = (-1 if hand == LEFT else 1) * key_centre_x(notes["pitch"])
        ordered = [event[np.argsort(x_m[event], kind="stable")] for event in events]
        self.notes, self.hand, self.scale = notes, hand, scale
        self.events: list[list[int]] = [event.tolist() for event in ordered]
        self.event_of = {note: at for at, event in enumerate(self.events) for note in event}
        self.black: list[bool] = is_black(notes["pitch"]).tolist()
        self.kind: dict[int, str] = {}
        self.origin: dict[int, int] = {}
        # Plain lists: every note is looked at many times, one at a time.
        self._x_m: list[float] = x_m.tolist()
        self._finger: list[int] = notes["finger"].tolist()
        self._later: list[int] = np.where(taking_over > 0, taking_over, notes["finger"]).tolist()
        self._pitch: list[int] = notes["pitch"].tolist()
        self._onset: list[float] = [float(notes["onset_sec"][event].min()) for event in ordered]
        self._release: list[float] = notes["release_sec"].tolist()
        releases = [float(notes["release_sec"][event].max()) for event in ordered]
        self._until: list[float] = np.maximum.accumulate(np.array(releases)).tolist()
        self._held: dict[int, tuple[int, ...]] = {}

    def finger(self, note: int) -> int:
        """Finger of a note, 1-5."""
        return self._finger[note]

    def later_finger(self, note: int) -> int:
        """Finger on a note's key when the next one is struck: of a change, the second."""
        return self._later[note]

    def pitch(self, note: int) -> int:
        """MIDI number of a note."""
        return self._pitch[note]

    def release_sec(self, note: int) -> float:
        """When a note's key is let go."""
        return self._release[note]

    def onset_sec(self, event: int) -> float:
        """When the first note of an event is struck."""
        return self._onset[event]

    def offset_m(self, note: int, other: int) -> float:
        """How far outwards `other` lies from `note` [m]."""
        return self._x_m[other] - self._x_m[note]

    def reaches(self, finger: int, by: int, offset_m: float, share: float = 1.0) -> bool:
        """Whether `by` reaches `offset_m` outwards of `finger`, using `share` of the span."""
        return within_reach(finger, by, offset_m, self.scale * share, _TOLERANCE_M)

    def rest_before(self, event: int) -> bool:
        """Whether the hand has been off the keys just before, or starts here."""
        return event == 0 or self._onset[event] - self._until[event - 1] > REST_SEC

    def single(self, event: int) -> int:
        """The only note of an event, -1 where there are more or the event does not exist."""
        if not 0 <= event < len(self.events) or len(self.events[event]) != 1:
            return -1
        return self.events[event][0]

    def held_at(self, event: int) -> tuple[int, ...]:
        """Earlier notes whose keys are still down when an event is struck, fingers not needed."""
        if event not in self._held:
            self._held[event] = self._find_held(event)
        return self._held[event]

    def _find_held(self, event: int) -> tuple[int, ...]:
        after, held = self._onset[event] + OVERLAP_SEC, []
        used = {self._finger[note] for note in self.events[event]}
        for earlier in range(event - 1, -1, -1):
            if self._until[earlier] <= after or len(used) == 5:
                break
            for note in self.events[earlier]:
                if self._release[note] > after and self._later[note] not in used:
                    held.append(note)
            used |= {self._later[note] for note in self.events[earlier]}
        return tuple(sorted(held))


def hand_moves(
    notes: np.ndarray, hand: int, scale: float, taking_over: np.ndarray | None = None
) -> HandMoves:
    """Events and moves of the fingered notes of one hand.

    Args:
        notes: `Performance.notes` with hands and fingers; notes without a finger are left out.
        hand: `LEFT` or `RIGHT`.
        scale: `reach_scale` of the hand.
        taking_over: finger that takes over each note's key while it is held, 0 none.
    """
    mine = np.flatnonzero((notes["hand"] == hand) & (notes["finger"] != UNKNOWN_FINGER))
    runs = chord_starts(notes["onset_sec"][mine], notes["release_sec"][mine], notes["pitch"][mine])
    changes = np.zeros(len(notes), int) if taking_over is None else taking_over
    moves = HandMoves(notes, [mine[first:end] for first, end in runs], hand, scale, changes)
    for at, event in enumerate(moves.events):
        rest = moves.rest_before(at)
        earlier = moves.events[at - 1] if at else []
        for note in event:
            moves.kind[note], moves.origin[note] = _move(moves, earlier, event, note, rest)
    return moves


def both_hands(
    notes: np.ndarray, scale: float, taking_over: np.ndarray | None = None
) -> list[HandMoves]:
    """Moves of the left and of the right hand; see `hand_moves`."""
    return [hand_moves(notes, hand, scale, taking_over) for hand in (LEFT, RIGHT)]


def _move(
    moves: HandMoves, earlier: list[int], event: list[int], note: int, rest: bool
) -> tuple[str, int]:
    finger = moves.finger(note)
    line = len(earlier) == len(event) == 1
    for other in earlier:
        if moves.pitch(other) == moves.pitch(note):
            if moves.later_finger(other) == finger:
                return _NO_MOVE
            return (FINGER_CHANGE if line else SHIFT), other
    for other in earlier:
        if moves.later_finger(other) == finger:
            near = abs(moves.offset_m(other, note)) <= _SAME_FINGER_LIMIT_M and not rest
            return (SAME_FINGER if near else SHIFT), other
    nearest = sorted(earlier, key=lambda other: abs(moves.offset_m(other, note)))
    for other in nearest:
        before, offset = moves.later_finger(other), moves.offset_m(other, note)
        kind = "" if rest else _crossing(before, finger, offset)
        if kind and (line or 1 not in (before, finger)):
            return kind, other
        if kind or not moves.reaches(before, finger, offset):
            return SHIFT, other  # a chord does not pass the thumb: the hand is put down anew
    return _NO_MOVE


def _crossing(before: int, finger: int, offset_m: float) -> str:
    """How `finger` gets past `before` to strike `offset_m` outwards of it, "" if it does not."""
    outwards = offset_m > 0
    if (finger > before) == outwards:
        return ""
    thumb = 1 in (before, finger)
    limit = _THUMB_CROSSING_M if thumb and 5 not in (before, finger) else _STEP_M
    if abs(offset_m) > limit or (not thumb and abs(before - finger) > 1):
        return ""
    if finger == 1:
        return THUMB_UNDER
    return FINGER_OVER if before == 1 or finger < before else FINGER_UNDER
