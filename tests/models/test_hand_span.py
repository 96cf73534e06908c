"""The published spans of fingers by the rules that their authors made them by."""

import pytest

from duemani.commands.arguments import MEDIUM_SPAN_CM
from duemani.errors import InputError
from duemani.models.fingering.hand_span import (
    MEDIUM_HAND_SPAN_M,
    PARNCUTT_SPANS_ST,
    TRAINED_PRACTICAL_ST,
    check_hand_span,
)


def test_spans_follow_their_authors_rules() -> None:
    assert sorted(PARNCUTT_SPANS_ST) == [(f, g) for f in range(1, 6) for g in range(f + 1, 6)]
    for (f, g), spans in PARNCUTT_SPANS_ST.items():
        assert spans.greatest_comfortable == spans.greatest_practical - 2
        assert spans.least_comfortable == spans.least_practical + (2 if f == 1 else 0)
        if f > 1:
            assert spans.relaxed == (2 * (g - f) - 1, 2 * (g - f))
        for inner, outer in (
            (spans.relaxed, spans.comfortable),
            (spans.comfortable, spans.practical),
        ):
            assert outer[0] <= inner[0] < inner[1] <= outer[1]


def test_the_trained_model_differs_in_two_spans_alone() -> None:
    other = {
        pair: (trained, PARNCUTT_SPANS_ST[pair].practical)
        for pair, trained in TRAINED_PRACTICAL_ST.items()
        if trained != PARNCUTT_SPANS_ST[pair].practical
    }
    assert other == {(1, 4): ((-2, 14), (-3, 14)), (1, 5): ((1, 15), (-1, 15))}


def test_no_hand_reaches_half_a_metre() -> None:
    for span_m in (0.12, MEDIUM_HAND_SPAN_M, 0.32):
        check_hand_span(span_m)
    for span_m in (0.119, 0.5, float("nan")):
        with pytest.raises(InputError, match=r"cm is none; 12-32 cm .*20\.6 is medium"):
            check_hand_span(span_m)
    assert pytest.approx(MEDIUM_HAND_SPAN_M) == MEDIUM_SPAN_CM / 100
