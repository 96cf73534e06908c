"""How well hands and fingers agree with known ones, and whether a hand could play them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from duemani.keyboard import key_centre_x
from duemani.models.fingering_reach import TOGETHER_SEC, within_reach
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER, UNKNOWN_HAND, Performance


def match_rate(estimate: np.ndarray, printed: np.ndarray) -> float:
    """Share of notes with the printed finger, over the notes that have one (0 = none); NaN if none.

    Args:
        estimate, printed: fingers 0-5, (note,).
    """
    known = printed != UNKNOWN_FINGER
    return float((estimate[known] == printed[known]).mean()) if known.any() else float("nan")


def general_match_rate(estimate: np.ndarray, annotations: Sequence[np.ndarray]) -> float:
    """M_gen of Nakamura et al. (2020): mean match rate over the annotators of one piece."""
    return float(np.mean([match_rate(estimate, printed) for printed in annotations]))


def highest_match_rate(estimate: np.ndarray, annotations: Sequence[np.ndarray]) -> float:
    """M_high of Nakamura et al. (2020): match rate with the annotator who agrees best."""
    return float(np.max([match_rate(estimate, printed) for printed in annotations]))


def hand_accuracy(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Share of notes given to their true hand, over those whose hand is known; NaN if none."""
    known = truth != UNKNOWN_HAND
    return float((estimate[known] == truth[known]).mean()) if known.any() else float("nan")


@dataclass(frozen=True)
class Infeasibility:
    """Pairs of notes that one hand cannot play as fingered.

    Attributes:
        notes: notes looked at.
        same_finger: pairs struck within 50 ms by one finger on different keys.
        crossed: pairs struck within 50 ms by fingers in the wrong order.
        out_of_reach: pairs struck within 50 ms whose keys lie further apart (or closer) than the
            two fingers reach, by more than 20 mm.
        too_many: notes with over four more struck within 50 ms by the same hand.
    """

    notes: int
    same_finger: int
    crossed: int
    out_of_reach: int
    too_many: int


def infeasibility(performance: Performance, scale: float = 1.0) -> Infeasibility:
    """Count what a hand of `scale` times the medium size could not play.

    Args:
        performance: hands and fingers all known.
        scale: hand size relative to a medium hand.
    """
    same = crossed = reach = many = 0
    notes = performance.notes
    for hand in (LEFT, RIGHT):
        mine = notes[notes["hand"] == hand]
        x_m = key_centre_x(mine["pitch"]) * (1 if hand == RIGHT else -1)
        onset, finger = mine["onset_sec"], mine["finger"].tolist()
        ends = np.searchsorted(onset, onset + TOGETHER_SEC)
        many += int((ends - np.arange(len(mine)) > 5).sum())
        for at, end in enumerate(ends.tolist()):
            for other in range(at + 1, end):
                offset = float(x_m[other] - x_m[at])
                if not offset:
                    continue
                order = finger[other] - finger[at]
                same += order == 0
                crossed += order * offset < 0
                apart = within_reach(finger[at], finger[other], offset, scale, 0.02)
                reach += order != 0 and not apart
    return Infeasibility(len(notes), int(same), int(crossed), int(reach), many)
