"""Passages where another fingering is likely to have been better, and what it would change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from duemani.analysis.corrections.problems import hand_travel_m, problems
from duemani.analysis.corrections.spans import Problem
from duemani.analysis.hand_moves import HandMoves, hand_moves
from duemani.models.fingering.second_look import SecondLook

_SURE = 1e-4


@dataclass(frozen=True)
class ChangedPassage:
    """Neighbouring notes that belong to one other fingering.

    Attributes:
        notes: those whose finger changes, in order of time.
        hand: `LEFT` or `RIGHT`.
        events: first and last event with a change.
        played, suggested: the hand's moves with the one and the other fingering.
        doubt: probability that a finger in it was really played and another was meant, 0-1.
        gain_nats: how much likelier the other fingers are among good fingerings.
        solved: problems that the played fingers have and the suggested have not, worst first.
        caused: the other way round.
        relief: weight of the problems played less that of those suggested.
        travel_m: how much less far the hand moves; negative if further.
    """

    notes: tuple[int, ...]
    hand: int
    events: tuple[int, int]
    played: HandMoves
    suggested: HandMoves
    doubt: float
    gain_nats: float
    solved: tuple[Problem, ...]
    caused: tuple[Problem, ...]
    relief: float
    travel_m: float


def changed_passages(
    notes: np.ndarray, look: SecondLook, hand: int, scale: float
) -> list[ChangedPassage]:
    """One hand's passages in order of time.

    Args:
        notes: `Performance.notes` as played.
        look: what was likely meant.
        hand: `LEFT` or `RIGHT`.
        scale: `reach_scale` of the hand.
    """
    mine = notes["hand"] == hand
    numbers = np.unique(look.passage[mine & (look.passage >= 0)])
    if not len(numbers):
        return []
    # Fingers that were not seen are taken as meant; nothing is said about them.
    filled = np.where(look.judged, notes["finger"], look.intended)
    played = _moves(notes, np.where(filled > 0, filled, notes["finger"]), hand, scale)
    wanted = np.where(look.passage >= 0, look.intended, filled)
    suggested = _moves(notes, np.where(wanted > 0, wanted, notes["finger"]), hand, scale)
    found = []
    for number in numbers.tolist():
        members = np.flatnonzero(mine & (look.passage == number))
        found.append(_passage(look, members, played, suggested))
    return sorted(found, key=lambda each: each.events)


def _moves(notes: np.ndarray, finger: np.ndarray, hand: int, scale: float) -> HandMoves:
    fingered = notes.copy()
    fingered["finger"] = finger
    return hand_moves(fingered, hand, scale)


def _passage(
    look: SecondLook, members: np.ndarray, played: HandMoves, suggested: HandMoves
) -> ChangedPassage:
    at = [played.event_of[note] for note in members.tolist()]
    first, last = min(at), max(at)
    span = range(first, min(last + 2, len(played.events)))
    had = [each for event in span for each in problems(played, event)]
    left = [each for event in span for each in problems(suggested, event)]
    ends = first, last + 2
    travel = hand_travel_m(played, *ends) - hand_travel_m(suggested, *ends)
    return ChangedPassage(
        notes=tuple(members.tolist()),
        hand=played.hand,
        events=(first, last),
        played=played,
        suggested=suggested,
        doubt=float(look.doubt[members].max()),
        gain_nats=float(look.gain_nats[members].max()),
        solved=_without(had, left, look),
        caused=_without(left, had, look),
        relief=float(sum(each.weight for each in had) - sum(each.weight for each in left)),
        travel_m=travel,
    )


def _without(some: list[Problem], others: list[Problem], look: SecondLook) -> tuple[Problem, ...]:
    """Problems that the other fingering has not at the same notes, and that were really seen."""
    there = {(each.kind, each.notes): each.weight for each in others}
    kept = [
        each
        for each in some
        if each.weight > there.get((each.kind, each.notes), 0.0) + _SURE
        and all(look.judged[note] for note in each.notes)
    ]
    return tuple(sorted(kept, key=lambda each: -each.weight))
