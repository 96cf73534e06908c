"""Hands and fingers for every note: hand assignment, then one decoding a hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from duemani.models.fingering.decoder import decode_line
from duemani.models.fingering.hand_span import MEDIUM_HAND_SPAN_M, check_hand_span
from duemani.models.fingering.lines import contradictions, hand_line
from duemani.models.fingering.model import FingeringModel, pretrained_fingering
from duemani.models.fingering.reach import reach_scale, unreachable_events
from duemani.models.fingering.repeats import repeated_fingers
from duemani.models.fingering.restraint import clashes, merged
from duemani.models.fingering.substitution import substitutions
from duemani.models.hands.assignment import assign_hands
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER, UNKNOWN_HAND, Performance

Keep = Literal["hard", "soft", "none"]
"""What happens to fingers already known: kept whatever they cost, preferred, or ignored."""


@dataclass(frozen=True)
class Fingering:
    """A fingering and what the model thinks of every other finger.

    Attributes:
        performance: the notes, every hand and finger filled in.
        chances: probability of fingers 1-5 for every note (its hand given); rows add up to 1.
        substitution: finger that silently takes over the held key (the 1 of `4_1`), 0 none.
        unreachable: groups of notes (indices) struck within 50 ms that this hand does not reach
            at once with these fingers, or with any; they are fingered to be rolled.
        remarks: what could not be kept or played as written, one sentence each.
    """

    performance: Performance
    chances: Float[np.ndarray, "note 5"]
    substitution: Int[np.ndarray, " note"]
    unreachable: tuple[tuple[int, ...], ...] = ()
    remarks: tuple[str, ...] = ()


def assign_fingers(
    performance: Performance,
    hand_span_m: float = MEDIUM_HAND_SPAN_M,
    model: FingeringModel | None = None,
    taking_over: Int[np.ndarray, " note"] | None = None,
) -> Performance:
    """Fill in the hand and the finger of every note; those given are kept.

    Deterministic, linear in the number of notes. Each finger's confidence (0-1) is its
    probability; given fingers keep theirs, 1 where unknown. Releases stay as they are: where a
    finger has to leave a key that is still held, whoever moves the hand lets the key go early.

    Args:
        performance: notes in order of onset; hand -1 and finger 0 are filled in.
        hand_span_m: greatest distance of the key centres that thumb and little finger strike at
            once [m], 0.12-0.32.
        model: weights, the package's own by default.
        taking_over: as `choose_fingers` takes it.

    Raises:
        InputError: `hand_span_m` is out of range.
    """
    check_hand_span(hand_span_m)
    notes = performance.notes
    if ((notes["hand"] != UNKNOWN_HAND) & (notes["finger"] != UNKNOWN_FINGER)).all():
        sure = np.where(np.isnan(notes["confidence"]), 1.0, notes["confidence"])
        return performance.with_fingers(notes["hand"], notes["finger"], sure.astype(np.float32))
    chosen = choose_fingers(performance, hand_span_m, model=model, taking_over=taking_over)
    return chosen.performance


def choose_fingers(
    performance: Performance,
    hand_span_m: float = MEDIUM_HAND_SPAN_M,
    keep: Keep = "hard",
    model: FingeringModel | None = None,
    taking_over: Int[np.ndarray, " note"] | None = None,
) -> Fingering:
    """`assign_fingers` with the alternatives and remarks that a musician wants to see.

    Args:
        performance: as there.
        hand_span_m: as there.
        model: as there.
        keep: what happens to the fingers already known.
        taking_over: finger 1-5 known to take over each note's key while it is held, 0 none; what
            follows starts from it. Counts where known fingers are kept ("hard").

    Raises:
        InputError: `hand_span_m` is out of range.
    """
    check_hand_span(hand_span_m)
    model = model or pretrained_fingering()
    scale, notes = reach_scale(hand_span_m), performance.notes.copy()
    given = notes["finger"].copy()
    kept = (given != UNKNOWN_FINGER) & (keep == "hard")
    if keep != "hard":
        notes["finger"], taking_over = UNKNOWN_FINGER, None
    # A finger without a hand says nothing yet: the hand comes first.
    notes["hand"] = assign_hands(notes, model.hands, scale, model.hand_network)
    finger, chances = np.zeros(len(notes), np.int8), np.zeros((len(notes), 5))
    preferred = given if keep == "soft" else None
    unreachable: list[tuple[int, ...]] = []
    remarks: list[str] = []
    for hand in (LEFT, RIGHT):
        line = hand_line(notes, hand, taking_over)
        fingers, shares = decode_line(line, notes, model, scale, preferred)
        repeated = repeated_fingers(line, fingers, shares)
        repeated[kept] = 0
        if ((repeated > 0) & (repeated != fingers)).any():
            bound = notes.copy()
            bound["finger"] = np.where(repeated > 0, repeated, notes["finger"])
            again = hand_line(bound, hand, taking_over)
            fingers, _ = decode_line(again, bound, model, scale, preferred)
        mine = notes["hand"] == hand
        finger[mine], chances[mine] = fingers[mine], shares[mine]
        beyond = unreachable_events(line.notes, line.note_x_m, line.choices, scale)
        unreachable += merged([*map(list, beyond), *clashes(line, notes, fingers, scale)])
        if kept.any():
            remarks += contradictions(line, notes)
    trust = chances[np.arange(len(notes)), np.maximum(finger, 1) - 1]
    known = np.where(np.isnan(notes["confidence"]), 1.0, notes["confidence"])
    confidence = np.where(kept, known, trust).astype(np.float32)
    fingered = performance.with_fingers(notes["hand"], finger, confidence)
    return Fingering(
        fingered,
        chances,
        substitutions(fingered, scale, taking_over),
        tuple(sorted(unreachable)),
        tuple(remarks),
    )
