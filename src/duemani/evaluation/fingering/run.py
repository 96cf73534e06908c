"""Fingers and hands chosen for pieces whose fingering is known, and how well they agree."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from duemani.evaluation.fingering.agreement import (
    Estimate,
    MatchRates,
    bootstrap_mean,
    hand_accuracy,
    match_rates,
)
from duemani.models.fingering.choose import assign_fingers
from duemani.performance import LEFT, RIGHT, UNKNOWN_HAND, Performance

HANDS = {"both": (LEFT, RIGHT), "right": (RIGHT,), "left": (LEFT,)}
"""Whose notes a rate is taken over."""


@dataclass(frozen=True)
class PieceResult:
    """One piece's figures.

    Attributes:
        rates: by the keys of `HANDS`.
        notes: how many were fingered.
        took_sec: time for it.
        hands: share of notes given to their true hand when hands are not given; NaN if not
            measured.
    """

    rates: dict[str, MatchRates]
    notes: int
    took_sec: float
    hands: float


def measure_piece(
    performance: Performance,
    annotations: Int[np.ndarray, "annotator note"],
    measure_hands: bool = False,
    choose: Callable[[Performance], Performance] = assign_fingers,
) -> PieceResult:
    """Finger the notes, hands given, and compare.

    Args:
        performance: every hand known, no fingers.
        annotations: fingers 1-5 of every annotator, 0 none.
        measure_hands: also find the hands from the notes alone.
        choose: fills in hands and fingers.
    """
    notes = performance.notes
    began = time.perf_counter()
    chosen = choose(performance).notes["finger"]
    took_sec = time.perf_counter() - began
    rates = {
        name: _rates(chosen, annotations, notes["hand"], sides) for name, sides in HANDS.items()
    }
    hands = float("nan")
    if measure_hands:
        unknown = np.full(len(notes), UNKNOWN_HAND)
        guessed = choose(performance.with_fingers(unknown, notes["finger"]))
        hands = hand_accuracy(guessed.notes["hand"], notes["hand"])
    return PieceResult(rates, len(notes), took_sec, hands)


def _rates(
    chosen: np.ndarray, annotations: np.ndarray, hand: np.ndarray, sides: tuple[int, ...]
) -> MatchRates:
    mine = np.isin(hand, sides)
    return match_rates(chosen[mine], annotations[:, mine], hand[mine])


@dataclass(frozen=True)
class HandSummary:
    """Means over the pieces with labels, of both hands or of one.

    Attributes:
        pieces: with at least one label.
        labels: notes that an annotator fingered.
        general, highest, soft, recombined: see `MatchRates`.
        per_note: M_gen, every piece weighted by its labels.
    """

    pieces: int
    labels: int
    general: Estimate
    highest: Estimate
    soft: Estimate
    recombined: Estimate
    per_note: Estimate


@dataclass(frozen=True)
class CollectionSummary:
    """A collection's figures.

    Attributes:
        rates: by the keys of `HANDS`.
        notes: how many were fingered.
        sec_per_100_notes: time for it.
        hands_found: mean share of notes given to their true hand; NaN if not measured.
    """

    rates: dict[str, HandSummary]
    notes: int
    sec_per_100_notes: float
    hands_found: Estimate


def summary(results: Sequence[PieceResult]) -> CollectionSummary:
    """Means over pieces with 95 % intervals."""
    notes = sum(result.notes for result in results)
    return CollectionSummary(
        rates={name: _hand_summary(results, name) for name in HANDS},
        notes=notes,
        sec_per_100_notes=100 * sum(result.took_sec for result in results) / max(notes, 1),
        hands_found=bootstrap_mean(np.array([result.hands for result in results])),
    )


def _hand_summary(results: Sequence[PieceResult], hands: str) -> HandSummary:
    rates = [result.rates[hands] for result in results if result.rates[hands].labels]
    labels = np.array([each.labels for each in rates])
    general = np.array([each.general for each in rates])
    return HandSummary(
        pieces=len(rates),
        labels=int(labels.sum()),
        general=bootstrap_mean(general),
        highest=bootstrap_mean(np.array([each.highest for each in rates])),
        soft=bootstrap_mean(np.array([each.soft for each in rates])),
        recombined=bootstrap_mean(np.array([each.recombined for each in rates])),
        per_note=bootstrap_mean(general, labels),
    )
