"""How far hands and fingers reach: the one place of these numbers."""

from __future__ import annotations

from typing import NamedTuple

from duemani.errors import InputError

HAND_SPANS_M = {"small": 0.182, "medium": 0.206, "large": 0.233}
"""Thumb to little finger, between the centres of the keys that they strike at once."""
MEDIUM_HAND_SPAN_M = HAND_SPANS_M["medium"]
"""A ninth easily, a tenth at the limit. `skeleton.MEDIUM_SPAN_M` is the same hand's reach between
the outermost points of its fingertips, which is longer."""
SPAN_LIMITS_M = (0.12, 0.32)
SEMITONE_M = 0.0137
"""An octave is 7 white keys of 23.5 mm and 12 semitones."""


class FingerSpans(NamedTuple):
    """Semitones from one finger's key to that of another one farther out; negative is crossed."""

    least_practical: int
    least_comfortable: int
    least_relaxed: int
    greatest_relaxed: int
    greatest_comfortable: int
    greatest_practical: int

    @property
    def practical(self) -> tuple[int, int]:
        """Least and greatest that is played at all."""
        return self.least_practical, self.greatest_practical

    @property
    def comfortable(self) -> tuple[int, int]:
        """Least and greatest without strain."""
        return self.least_comfortable, self.greatest_comfortable

    @property
    def relaxed(self) -> tuple[int, int]:
        """Least and greatest as the hand lies."""
        return self.least_relaxed, self.greatest_relaxed


PARNCUTT_SPANS_ST = {
    (1, 2): FingerSpans(-5, -3, 1, 5, 8, 10),
    (1, 3): FingerSpans(-4, -2, 3, 7, 10, 12),
    (1, 4): FingerSpans(-3, -1, 5, 9, 12, 14),
    (1, 5): FingerSpans(-1, 1, 7, 10, 13, 15),
    (2, 3): FingerSpans(1, 1, 1, 2, 3, 5),
    (2, 4): FingerSpans(1, 1, 3, 4, 5, 7),
    (2, 5): FingerSpans(2, 2, 5, 6, 8, 10),
    (3, 4): FingerSpans(1, 1, 1, 2, 2, 4),
    (3, 5): FingerSpans(1, 1, 3, 4, 5, 7),
    (4, 5): FingerSpans(1, 1, 1, 2, 3, 5),
}
"""MinPrac, MinComf, MinRel, MaxRel, MaxComf, MaxPrac of Parncutt et al. (1997), "An ergonomic model
of keyboard fingering for melodic fragments", by fingers (1 thumb to 5 little). Compared with other
programs' copies (Randolph's Dactyl agrees in all), not with the paper itself; one copy has MaxRel
11 for thumb and little finger, where the others have 10."""

TRAINED_PRACTICAL_ST = {pair: spans.practical for pair, spans in PARNCUTT_SPANS_ST.items()} | {
    (1, 4): (-2, 14),
    (1, 5): (1, 15),
}
"""Practical spans of the fingering model. Two least ones are not the published -3 and -1; the
weights were fitted with these, and change only with new weights."""


def check_hand_span(hand_span_m: float) -> None:
    """Refuse a reach that no hand has.

    Raises:
        InputError: it is out of range.
    """
    low, high = SPAN_LIMITS_M
    if not low <= hand_span_m <= high:
        raise InputError(
            f"a hand span of {100 * hand_span_m:g} cm is none; {100 * low:g}-{100 * high:g} cm"
            f" (thumb to little finger, between key centres; {100 * MEDIUM_HAND_SPAN_M:g} is"
            " medium) are accepted."
        )
