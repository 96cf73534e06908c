"""Why this finger: short sentences for every note, as a teacher would say them.

Everything is read off the notes, the fingers and their chances; nothing is said that does not
hold for them.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from duemani.analysis.hand_moves import SHIFT, HandMoves, both_hands
from duemani.analysis.reasons.alternatives import alternatives
from duemani.analysis.reasons.sentences import sentences
from duemani.analysis.reasons.words import key_name, per_cent
from duemani.errors import InputError
from duemani.models.fingering.choose import Fingering
from duemani.models.fingering.hand_span import MEDIUM_HAND_SPAN_M
from duemani.models.fingering.reach import reach_scale
from duemani.performance import RIGHT

SUBSTITUTION = "substitution"
MOST_REASONS = 3


def reasons(
    fingering: Fingering,
    hand_span_m: float = MEDIUM_HAND_SPAN_M,
    given: Bool[np.ndarray, " note"] | None = None,
) -> list[tuple[str, ...]]:
    """Up to three sentences for every note, the most important first.

    Args:
        fingering: notes with hands and fingers.
        hand_span_m: reach from thumb to little finger, between key centres [m].
        given: which fingers the score prints.
    """
    told: list[list[str]] = [[] for _ in fingering.performance.notes]
    wide = {note: group for group in fingering.unreachable for note in group}
    for moves in _moves(fingering, hand_span_m):
        for note in moves.event_of:
            if given is not None and given[note]:
                told[note].append("Printed in the score.")
            told[note] += sentences(fingering, moves, note, wide.get(note))
    return [tuple(dict.fromkeys(lines))[:MOST_REASONS] for lines in told]


def _moves(fingering: Fingering, hand_span_m: float) -> list[HandMoves]:
    scale = reach_scale(hand_span_m)
    return both_hands(fingering.performance.notes, scale, fingering.substitution)


def marks(fingering: Fingering, hand_span_m: float = MEDIUM_HAND_SPAN_M) -> list[str]:
    """What the hand does at every note, "" for nothing special.

    "thumb under", "finger over", "finger under", "finger change" (on a repeated note), "same
    finger" (on the next key), "shift", "substitution" (the finger changes while the key is down).
    A shift in a rest is none.
    """
    found = [""] * len(fingering.performance.notes)
    for moves in _moves(fingering, hand_span_m):
        for note, kind in moves.kind.items():
            rested = kind == SHIFT and moves.rest_before(moves.event_of[note])
            found[note] = "" if rested else kind
            if fingering.substitution[note]:
                found[note] = SUBSTITUTION
    return found


def why(fingering: Fingering, note: int, hand_span_m: float = MEDIUM_HAND_SPAN_M) -> str:
    """All that there is to say about one note's finger, and what every other one would cost.

    Args:
        fingering: notes with hands and fingers.
        note: index of the note.
        hand_span_m: reach from thumb to little finger, between key centres [m].

    Raises:
        InputError: there is no such note, or it has no finger.
    """
    notes = fingering.performance.notes
    if not 0 <= note < len(notes):
        raise InputError(f"there is no note {note}; notes 0-{len(notes) - 1} are accepted.")
    for moves in _moves(fingering, hand_span_m):
        if note not in moves.event_of:
            continue
        finger, chances = moves.finger(note), fingering.chances[note]
        wide = {at: group for group in fingering.unreachable for at in group}
        hand = "right hand" if moves.hand == RIGHT else "left hand"
        key = key_name(moves.pitch(note))
        lines = [f"{key}, {hand}: {finger} ({per_cent(float(chances[finger - 1]))})."]
        lines += dict.fromkeys(sentences(fingering, moves, note, wide.get(note)))
        for other, costs in alternatives(moves, note):
            cost = "; ".join(costs) if costs else "nothing speaks against it here"
            lines.append(f"{other} ({per_cent(float(chances[other - 1]))}) instead: {cost}.")
        return "\n".join(lines)
    raise InputError(f"note {note} has no hand or no finger yet.")
