"""What learners do wrong: for each kind of error where it can happen and which fingers it gives.

Fingers count 1-5; the left hand is seen in a mirror, so "outwards" is towards the little finger.
Whether what comes out is really worse is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from duemani.datasets.fingering.ergonomic_rules import HandCost, beyond_comfort
from duemani.keyboard import is_black
from duemani.models.fingering.lines import COMBINATIONS
from duemani.performance import LEFT

_NEAR_SEC = 0.7
"""From onset to onset: what follows later is no longer one line."""
_STEP_ST = 4
_WIDE_ST = 4
_PATTERN = 4


class Passage:
    """One hand's events, as errors need them.

    Attributes:
        cost: ergonomic cost of the hand's fingers.
        events: notes (indices) struck together, from the thumb's side.
        event_of: event of every note of the hand.
    """

    def __init__(self, notes: np.ndarray, cost: HandCost, hand: int) -> None:
        self.cost, self.events = cost, cost.events
        self.event_of = {note: at for at, event in enumerate(self.events) for note in event}
        sign = -1 if hand == LEFT else 1
        self.pitch: list[int] = (sign * notes["pitch"].astype(int)).tolist()
        self.black: list[bool] = is_black(notes["pitch"]).tolist()
        self._finger: list[int] = notes["finger"].tolist()
        self._onset: list[float] = notes["onset_sec"].tolist()

    def single(self, event: int) -> int:
        """The only note of an event, -1 for chords and beyond the ends."""
        if not 0 <= event < len(self.events) or len(self.events[event]) != 1:
            return -1
        return self.events[event][0]

    def follows(self, event: int) -> bool:
        """Whether an event and the one before are single notes of one line, on two keys."""
        before, now = self.single(event - 1), self.single(event)
        return (
            before >= 0
            and now >= 0
            and self.pitch[before] != self.pitch[now]
            and self._onset[now] - self._onset[before] <= _NEAR_SEC
        )

    def step(self, event: int) -> int:
        """Semitones outwards from the event before; 0 where it does not follow."""
        if not self.follows(event):
            return 0
        return self.pitch[self.single(event)] - self.pitch[self.single(event - 1)]

    def places(self, kind: str) -> list[int]:
        """Events where an error of the kind can begin, with the fingers as they were at first."""
        finger = self._finger
        here = range(len(self.events))
        known = [at for at in here if all(finger[note] for note in self.events[at])]
        if kind == "cramped chord":
            return [at for at in known if 2 <= len(self.events[at]) <= 4]
        if kind == "repeated pattern":
            repeats = self._repeats()
            return [at for at in known if at in repeats]
        line = [at for at in known if self.follows(at) and finger[self.single(at - 1)]]
        if kind == "late thumb":
            return [at for at in line if self._crosses(at)]
        if kind == "stretch":
            return [at for at in line if abs(self.step(at)) > _WIDE_ST]
        if kind == "thumb on black":
            return [at for at in line if self.black[self.single(at)]]
        if kind == "weak finger":
            return [at for at in line if finger[self.single(at)] <= 3]
        if kind == "slip":
            return [at for at in known if len(self.events[at]) <= 2]
        return line

    def _crosses(self, event: int) -> bool:
        before, now = self._finger[self.single(event - 1)], self._finger[self.single(event)]
        step = self.step(event)
        under = step > 0 and now == 1 and before in (2, 3, 4)
        over = step < 0 and before == 1 and now in (2, 3, 4)
        return (under or over) and abs(step) <= 5

    def _repeats(self) -> set[int]:
        """Events in the middle of a run of keys that has been there before."""
        seen: dict[tuple[int, ...], int] = {}
        found: set[int] = set()
        for at in range(len(self.events) - _PATTERN + 1):
            run = [self.single(event) for event in range(at, at + _PATTERN)]
            if min(run) < 0:
                continue
            word = tuple(self.pitch[note] for note in run)
            if len(set(word)) > 2 and at - seen.setdefault(word, at) >= _PATTERN:
                found |= {at + 1, at + 2}
        return found


def _late_thumb(
    passage: Passage, event: int, finger: Sequence[int], rng: np.random.Generator
) -> dict[int, int]:
    """The hand goes on without its crossing until it runs out of fingers, then it hops."""
    outwards = passage.step(event) > 0
    found: dict[int, int] = {}
    other = finger[passage.single(event - 1)] if outwards else finger[passage.single(event)]
    length = int(rng.integers(1, 4))
    for at in range(event, event + length):
        step = passage.step(at)
        if not step or abs(step) > _STEP_ST or (step > 0) != outwards:
            break
        note = passage.single(at)
        other += 1 if outwards else -1
        if not 1 <= other <= 5 or (not outwards and at > event and finger[note] == 1):
            break
        found[note] = other
    return found


def _same_finger(
    passage: Passage, event: int, finger: Sequence[int], rng: np.random.Generator
) -> dict[int, int]:
    return {passage.single(event): finger[passage.single(event - 1)]}


def _weak_finger(
    passage: Passage, event: int, finger: Sequence[int], rng: np.random.Generator
) -> dict[int, int]:
    return {passage.single(event): int(rng.integers(4, 6))}


def _stretch(
    passage: Passage, event: int, finger: Sequence[int], rng: np.random.Generator
) -> dict[int, int]:
    """A finger that has to stretch beyond comfort from the note before."""
    before, step = finger[passage.single(event - 1)], passage.step(event)
    wide = [
        other
        for other in range(1, 6)
        if other != before
        and (other > before) == (step > 0)
        and beyond_comfort(before, other, float(step))
    ]
    return {passage.single(event): int(rng.choice(wide))} if wide else {}


def _thumb_on_black(
    passage: Passage, event: int, finger: Sequence[int], rng: np.random.Generator
) -> dict[int, int]:
    return {passage.single(event): 1}


def _slip(
    passage: Passage, event: int, finger: Sequence[int], rng: np.random.Generator
) -> dict[int, int]:
    """The finger beside the right one."""
    note = passage.events[event][int(rng.integers(len(passage.events[event])))]
    other = finger[note] + (1 if rng.random() < 0.5 else -1)
    free = all(finger[each] != other for each in passage.events[event] if each != note)
    return {note: other} if 1 <= other <= 5 and free else {}


def _swap(
    passage: Passage, event: int, finger: Sequence[int], rng: np.random.Generator
) -> dict[int, int]:
    before, now = passage.single(event - 1), passage.single(event)
    return {before: finger[now], now: finger[before]}


def _cramped(
    passage: Passage, event: int, finger: Sequence[int], rng: np.random.Generator
) -> dict[int, int]:
    """Other fingers on the chord, nearer together."""
    members = passage.events[event]
    own = [finger[note] for note in members]
    choices = COMBINATIONS[len(members)].astype(int) + 1
    narrow = choices[choices[:, -1] - choices[:, 0] < own[-1] - own[0]]
    if not len(narrow):
        return {}
    return dict(zip(members, narrow[int(rng.integers(len(narrow)))].tolist(), strict=True))


def _off_pattern(
    passage: Passage, event: int, finger: Sequence[int], rng: np.random.Generator
) -> dict[int, int]:
    """One note of a pattern with another finger than before."""
    note = passage.single(event)
    others = [other for other in range(1, 6) if 0 < abs(other - finger[note]) <= 2]
    return {note: int(rng.choice(others))}


Habit = Callable[[Passage, int, Sequence[int], np.random.Generator], dict[int, int]]
HABITS: dict[str, Habit] = {
    "late thumb": _late_thumb,
    "same finger": _same_finger,
    "weak finger": _weak_finger,
    "stretch": _stretch,
    "thumb on black": _thumb_on_black,
    "slip": _slip,
    "swap": _swap,
    "cramped chord": _cramped,
    "repeated pattern": _off_pattern,
}
