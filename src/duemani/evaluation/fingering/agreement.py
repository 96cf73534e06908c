"""How well hands and fingers agree with known ones, and whether a hand could play them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from duemani.keyboard import key_centre_x
from duemani.models.fingering.reach import SHARED_KEYS_M, TOGETHER_SEC, within_reach
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER, UNKNOWN_HAND, Performance

Annotations = Sequence[np.ndarray] | np.ndarray
"""Fingers 0-5 (0 = none) of every annotator of one piece, (annotator, note)."""


def match_rate(estimate: np.ndarray, printed: np.ndarray) -> float:
    """Share of notes with the printed finger, over the notes that have one (0 = none); NaN if none.

    Args:
        estimate, printed: fingers 0-5, (note,).
    """
    known = printed != UNKNOWN_FINGER
    return float((estimate[known] == printed[known]).mean()) if known.any() else float("nan")


def general_match_rate(estimate: np.ndarray, annotations: Annotations) -> float:
    """M_gen of Nakamura et al. (2020): mean match rate over the annotators of one piece.

    Annotators who wrote no finger are left out; NaN if none wrote one.
    """
    rates = [match_rate(estimate, printed) for printed in annotations if printed.any()]
    return float(np.mean(rates)) if rates else float("nan")


def highest_match_rate(
    estimate: np.ndarray, annotations: Annotations, hand: np.ndarray | None = None
) -> float:
    """M_high of Nakamura et al. (2020): match rate with the annotator who agrees best.

    Args:
        estimate: fingers 1-5, (note,).
        annotations: fingers 0-5 of every annotator, (note,).
        hand: of every note, (note,); with it the best annotator is sought for each hand by
            itself, as the authors' program does.
    """
    matches = labels = 0
    for mine in _hand_masks(len(estimate), hand):
        known = [(printed != UNKNOWN_FINGER) & mine for printed in annotations]
        counts = [int(each.sum()) for each in known]
        hits = [
            int((estimate[each] == printed[each]).sum())
            for each, printed in zip(known, annotations, strict=True)
        ]
        if any(counts):
            best = max(range(len(hits)), key=lambda at: (hits[at] / max(counts[at], 1), counts[at]))
            matches, labels = matches + hits[best], labels + counts[best]
    return matches / labels if labels else float("nan")


def soft_match_rate(estimate: np.ndarray, annotations: Annotations) -> float:
    """M_soft of Nakamura et al. (2020): share of notes on which any annotator agrees.

    Over the notes that at least one annotator fingered.
    """
    printed = np.stack(list(annotations))
    known = (printed != UNKNOWN_FINGER).any(0)
    return float((printed == estimate).any(0)[known].mean()) if known.any() else float("nan")


def recombination_match_rate(
    estimate: np.ndarray, annotations: Annotations, hand: np.ndarray
) -> float:
    """M_rec of Nakamura et al. (2020): match rate with the best mixture of the annotators.

    For each hand, every note follows one annotator. A note that differs costs 1. Changing over to
    another annotator costs 1, and is allowed only after a note that both fingered alike. The rate
    is 1 minus the least cost per note (the costs are those of the authors' program). Over the
    notes that every annotator fingered.

    Args:
        estimate: fingers 1-5, (note,).
        annotations: fingers 0-5 of every annotator, (note,).
        hand: of every note, (note,).
    """
    printed = np.stack(list(annotations))
    known = (printed != UNKNOWN_FINGER).all(0)
    cost = 0.0
    for mine in _hand_masks(len(estimate), hand):
        chosen = known & mine
        theirs, ours = printed[:, chosen], estimate[chosen]
        total = np.zeros(len(printed))
        for at in range(theirs.shape[1]):
            if at:
                alike = theirs[:, at - 1, None] == theirs[None, :, at - 1]
                switched = np.where(alike, total[:, None] + 1, np.inf).min(0)
                total = np.minimum(total, switched)
            total = total + (theirs[:, at] != ours[at])
        cost += float(total.min())
    return 1 - cost / int(known.sum()) if known.any() else float("nan")


def _hand_masks(notes: int, hand: np.ndarray | None) -> list[np.ndarray]:
    if hand is None:
        return [np.ones(notes, bool)]
    return [hand == side for side in (LEFT, RIGHT)]


@dataclass(frozen=True)
class MatchRates:
    """How well one piece's fingers agree with its annotators' (Nakamura et al. 2020).

    Attributes:
        labels: notes that at least one annotator fingered.
        general, highest, soft, recombined: M_gen, M_high, M_soft and M_rec, 0-1; NaN without
            labels.
    """

    labels: int
    general: float
    highest: float
    soft: float
    recombined: float


def match_rates(estimate: np.ndarray, annotations: np.ndarray, hand: np.ndarray) -> MatchRates:
    """All rates of one piece, or of one hand of it.

    Args:
        estimate: fingers 1-5, (note,).
        annotations: fingers 0-5, (annotator, note).
        hand: of every note, (note,).
    """
    return MatchRates(
        labels=int((annotations != UNKNOWN_FINGER).any(0).sum()),
        general=general_match_rate(estimate, annotations),
        highest=highest_match_rate(estimate, annotations, hand),
        soft=soft_match_rate(estimate, annotations),
        recombined=recombination_match_rate(estimate, annotations, hand),
    )


@dataclass(frozen=True)
class Estimate:
    """A mean over pieces with its 95 % bootstrap interval; NaN where nothing was measured."""

    mean: float
    low: float
    high: float


def bootstrap_mean(
    values: np.ndarray, weights: np.ndarray | None = None, resamples: int = 2000
) -> Estimate:
    """Mean over pieces and its 95 % percentile interval when pieces are drawn anew, seed 0.

    Args:
        values: one a piece, (piece,); NaN is left out.
        weights: of the pieces, (piece,): their labels, for a mean over notes.
        resamples: how often to draw.
    """
    values = np.asarray(values, float)
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, float)
    known = ~np.isnan(values) & (weights > 0)
    values, weights = values[known], weights[known]
    if not len(values):
        return Estimate(float("nan"), float("nan"), float("nan"))
    drawn = np.random.default_rng(0).integers(0, len(values), (resamples, len(values)))
    means = (values * weights)[drawn].sum(1) / weights[drawn].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(np.average(values, weights=weights)), float(low), float(high))


def hand_accuracy(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Share of notes given to their true hand, over those whose hand is known; NaN if none."""
    known = truth != UNKNOWN_HAND
    return float((estimate[known] == truth[known]).mean()) if known.any() else float("nan")


@dataclass(frozen=True)
class Infeasibility:
    """Pairs of notes that one hand cannot play as fingered.

    Attributes:
        notes: notes looked at.
        same_finger: pairs struck within 50 ms by one finger on different, not neighbouring keys.
        crossed: pairs struck within 50 ms by fingers in the wrong order.
        out_of_reach: pairs struck within 50 ms whose keys lie further apart (or closer) than the
            two fingers reach, by more than 20 mm.
        too_many: notes with over four more struck within 50 ms by the same hand.
        rolled: pairs that would count above, but belong to a chord that no fingers reach and
            that is said to need rolling.
    """

    notes: int
    same_finger: int
    crossed: int
    out_of_reach: int
    too_many: int
    rolled: int = 0


def infeasibility(
    performance: Performance,
    scale: float = 1.0,
    rolled: Sequence[Sequence[int]] = (),
) -> Infeasibility:
    """Count what a hand of `scale` times the medium size could not play.

    Args:
        performance: hands and fingers all known.
        scale: hand size relative to a medium hand.
        rolled: groups of notes (indices) to be rolled, see `Fingering.unreachable`.
    """
    same = crossed = reach = many = excused = 0
    notes = performance.notes
    group = np.full(len(notes), -1)
    for number, members in enumerate(rolled):
        group[list(members)] = number
    for hand in (LEFT, RIGHT):
        chosen = notes["hand"] == hand
        mine, groups = notes[chosen], group[chosen].tolist()
        x_m = key_centre_x(mine["pitch"]) * (1 if hand == RIGHT else -1)
        onset, finger = mine["onset_sec"], mine["finger"].tolist()
        ends = np.searchsorted(onset, onset + TOGETHER_SEC)
        crowd = ends - np.arange(len(mine)) > 5
        many += int((crowd & (group[chosen] < 0)).sum())
        for at, end in enumerate(ends.tolist()):
            for other in range(at + 1, end):
                offset = float(x_m[other] - x_m[at])
                if not offset:
                    continue
                order = finger[other] - finger[at]
                doubled = order == 0 and abs(offset) > SHARED_KEYS_M
                wrong = order * offset < 0
                apart = order != 0 and not within_reach(
                    finger[at], finger[other], offset, scale, 0.02
                )
                if groups[at] >= 0 and groups[at] == groups[other]:
                    excused += doubled or wrong or apart
                    continue
                same, crossed, reach = same + doubled, crossed + wrong, reach + apart
    return Infeasibility(len(notes), int(same), int(crossed), int(reach), many, int(excused))
