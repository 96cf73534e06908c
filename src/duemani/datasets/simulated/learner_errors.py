"""Fingering errors as learners make them, put into a good fingering.

A change counts as an error only where an ergonomic cost of published rules (`ergonomic_rules`),
which knows nothing of the learned fingering model, is clearly higher with it: other prints' fingers
and changes of taste are not errors. So what a benchmark of corrections takes for true does not come
from the model that finds them. The kinds are those that teachers name; see `KINDS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from duemani.datasets.fingering.ergonomic_rules import HandCost
from duemani.datasets.simulated.learner_habits import HABITS, Habit, Passage
from duemani.errors import InputError
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER, Performance

KINDS = tuple(HABITS)
"""Kinds of errors: late thumb, same finger on the next key, weak finger, stretch, thumb on black,
slip by one, swapped neighbours, cramped chord, and one time of a repeated pattern off."""
CLEARLY_WORSE = 4.0
"""How much the ergonomic cost must rise per error (Parncutt's points; a stretch of two semitones
beyond comfort is 4) and …"""
_WORSE_PER_NOTE = 1.5
_APART_EVENTS = 2
"""Untouched events between two errors, at least."""
_ATTEMPTS = 8


@dataclass(frozen=True)
class LearnerErrors:
    """A performance with errors in it.

    Attributes:
        performance: the same notes, some with other fingers.
        wrong: notes whose finger was changed.
        error: number of the error that a note belongs to, -1 none.
        kinds: kind of every error.
    """

    performance: Performance
    wrong: Bool[np.ndarray, " note"]
    error: Int[np.ndarray, " note"]
    kinds: tuple[str, ...]


def inject_errors(
    performance: Performance, rng: np.random.Generator, share: float
) -> tuple[Performance, Bool[np.ndarray, " note"]]:
    """`learner_errors` of all kinds: the take and which notes' fingers were changed."""
    made = learner_errors(performance, rng, share)
    return made.performance, made.wrong


def learner_errors(
    performance: Performance,
    rng: np.random.Generator,
    share: float,
    kinds: Sequence[str] = KINDS,
) -> LearnerErrors:
    """Put errors into a good fingering, until a share of its notes is changed.

    Each error is of a random kind at a random place where that kind is possible; it stays only if
    it is clearly worse by `HandCost`. Deterministic for a generator's state.

    Args:
        performance: hands and fingers good ones; notes without are left alone.
        rng: draws everything.
        share: of the fingered notes to be changed, 0-1; less where there is no room.
        kinds: of `KINDS`.

    Raises:
        InputError: the share is not between 0 and 1, or a kind is none of `KINDS`.
    """
    if not 0 <= share <= 1:
        raise InputError("the share of wrong fingers must lie between 0 and 1.")
    if not kinds or set(kinds) - set(KINDS):
        raise InputError(f"kinds of learners' errors are {', '.join(KINDS)}.")
    notes = performance.notes
    wanted = round(share * int((notes["finger"] != UNKNOWN_FINGER).sum()))
    finger: list[int] = notes["finger"].tolist()
    error, made = np.full(len(notes), -1), list[str]()
    passages = [Passage(notes, HandCost(notes, hand), hand) for hand in (LEFT, RIGHT)]
    sites = [_Sites(passage, kinds) for passage in passages]
    changed, failures = 0, 0
    while changed < wanted and failures < _ATTEMPTS * max(wanted, 4):
        kind = kinds[int(rng.integers(len(kinds)))]
        counts = [len(each.free(kind)) for each in sites]
        if not sum(counts):
            failures += 1
            continue
        place = int(rng.integers(sum(counts)))
        side = int(place >= counts[0])
        event = sites[side].free(kind)[place - side * counts[0]]
        found = _try(passages[side], HABITS[kind], event, finger, rng)
        if found is None or not sites[side].take(found, kind, event):
            failures += 1
            continue
        for note, other in found.items():
            finger[note], error[note] = other, len(made)
        made.append(kind)
        changed += len(found)
    wrong = error >= 0
    fingered = performance.with_fingers(notes["hand"], np.array(finger, int), notes["confidence"])
    return LearnerErrors(fingered, wrong, error, tuple(made))


class _Sites:
    """Where a hand still has room for an error of each kind."""

    def __init__(self, passage: Passage, kinds: Sequence[str]) -> None:
        self._passage = passage
        self._taken = np.zeros(len(passage.events) + 2 * _APART_EVENTS, bool)
        self._free = {kind: passage.places(kind) for kind in kinds}

    def free(self, kind: str) -> list[int]:
        """Events at which an error of the kind may begin."""
        return self._free[kind]

    def take(self, found: dict[int, int], kind: str, event: int) -> bool:
        """Take the room of an error; False where it is too near to another."""
        self._free[kind].remove(event)
        events = sorted({self._passage.event_of[note] for note in found})
        room = slice(events[0], events[-1] + 2 * _APART_EVENTS + 1)
        if self._taken[room].any():
            return False
        self._taken[events[0] + _APART_EVENTS : events[-1] + _APART_EVENTS + 1] = True
        return True


def _try(
    passage: Passage, habit: Habit, event: int, finger: list[int], rng: np.random.Generator
) -> dict[int, int] | None:
    """The changed fingers (note: finger) of an error at an event, None where it is none."""
    found = habit(passage, event, finger, rng)
    found = {note: other for note, other in found.items() if finger[note] not in (0, other)}
    if not found:
        return None
    events = [passage.event_of[note] for note in found]
    first, last = min(events), max(events) + 3
    before = passage.cost.between(finger, first, last)
    kept = {note: finger[note] for note in found}
    for note, other in found.items():
        finger[note] = other
    after = passage.cost.between(finger, first, last)
    worse = after - before >= max(CLEARLY_WORSE, _WORSE_PER_NOTE * len(found))
    for note, other in kept.items():
        finger[note] = other
    return found if worse else None
