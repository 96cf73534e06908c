"""Match rates of fingerings against several annotators, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duemani.evaluation.fingering.agreement import (
    bootstrap_mean,
    general_match_rate,
    highest_match_rate,
    match_rate,
    match_rates,
    recombination_match_rate,
    soft_match_rate,
)
from duemani.evaluation.fingering.run import measure_piece, summary
from duemani.performance import LEFT, RIGHT, Performance, make_notes


def fingers(text: str) -> np.ndarray:
    return np.array([int(mark) for mark in text], np.int8)


def all_right(count: int) -> np.ndarray:
    return np.full(count, RIGHT)


def test_one_annotator_gives_the_match_rate_four_times():
    rates = match_rates(fingers("12345"), fingers("12300")[None], all_right(5))
    assert rates.labels == 3
    assert (rates.general, rates.highest, rates.soft, rates.recombined) == (1, 1, 1, 1)
    rates = match_rates(fingers("12145"), fingers("12340")[None], all_right(5))
    assert (rates.general, rates.highest, rates.soft, rates.recombined) == (0.75,) * 4


def test_no_change_of_annotators_where_their_fingers_differ():
    annotations = np.stack([fingers("123123"), fingers("123454")])
    estimate = fingers("123453")
    rates = match_rates(estimate, annotations, all_right(6))
    assert rates.general == pytest.approx((4 / 6 + 5 / 6) / 2)
    assert rates.highest == pytest.approx(5 / 6)
    assert rates.soft == 1
    # Changing before the last note would need an equal finger on the fifth: 2 and 5 differ.
    assert rates.recombined == pytest.approx(5 / 6)


def test_a_change_of_annotators_costs_one_note():
    annotations = np.stack([fingers("11112222"), fingers("22211111")])
    estimate = fingers("11111111")
    rates = match_rates(estimate, annotations, all_right(8))
    assert rates.highest == pytest.approx(5 / 8)
    assert rates.soft == 1
    # The first annotator up to the fourth note, which both play with 1, then the second.
    assert rates.recombined == pytest.approx(7 / 8)


def test_three_annotators_are_changed_only_where_it_pays():
    annotations = np.stack([fingers("1213"), fingers("1234"), fingers("5555")])
    # One mismatch is as dear as one change.
    assert recombination_match_rate(fingers("1214"), annotations, all_right(4)) == 0.75
    assert soft_match_rate(fingers("1214"), annotations) == 1
    assert soft_match_rate(fingers("3214"), annotations) == 0.75


def test_hands_are_looked_at_one_after_the_other():
    annotations = np.stack([fingers("11122"), fingers("22255")])
    hand = np.array([RIGHT, RIGHT, RIGHT, LEFT, LEFT])
    estimate = fingers("11155")
    assert highest_match_rate(estimate, annotations) == pytest.approx(3 / 5)
    assert highest_match_rate(estimate, annotations, hand) == 1
    assert recombination_match_rate(estimate, annotations, hand) == 1
    one_hand = recombination_match_rate(estimate, annotations, all_right(5))
    assert one_hand == pytest.approx(3 / 5)


def test_annotators_without_labels_do_not_count():
    annotations = np.stack([fingers("120"), fingers("000"), fingers("105")])
    estimate = fingers("125")
    assert general_match_rate(estimate, annotations) == 1
    assert soft_match_rate(estimate, annotations) == 1
    assert match_rates(estimate, annotations, all_right(3)).labels == 3
    # No note bears a finger of all three.
    assert np.isnan(recombination_match_rate(estimate, annotations, all_right(3)))
    nothing = match_rates(estimate, np.zeros((2, 3), int), all_right(3))
    assert nothing.labels == 0
    assert np.isnan([nothing.general, nothing.highest, nothing.soft, nothing.recombined]).all()


@given(st.data())
def test_rates_keep_their_order(data):
    notes = data.draw(st.integers(1, 12))
    digits = st.lists(st.integers(1, 5), min_size=notes, max_size=notes)
    annotations = np.array(data.draw(st.lists(digits, min_size=1, max_size=4)))
    estimate = np.array(data.draw(digits))
    hand = np.array(data.draw(st.lists(st.integers(0, 1), min_size=notes, max_size=notes)))
    rates = match_rates(estimate, annotations, hand)
    assert 0 <= rates.general <= rates.highest + 1e-9
    assert rates.highest <= rates.recombined + 1e-9
    assert rates.recombined <= rates.soft + 1e-9
    assert rates.soft <= 1
    assert rates.highest >= highest_match_rate(estimate, annotations) - 1e-9
    best = max(match_rate(estimate, each) for each in annotations)
    assert highest_match_rate(estimate, annotations) == pytest.approx(best)


def test_the_interval_holds_the_mean_and_is_the_same_every_time():
    values = np.array([0.2, 0.4, 0.6, 0.8, np.nan])
    estimate = bootstrap_mean(values)
    assert estimate.mean == pytest.approx(0.5)
    assert 0.2 < estimate.low < 0.5 < estimate.high < 0.8
    assert bootstrap_mean(values) == estimate
    assert bootstrap_mean(values, np.array([1, 0, 0, 3, 9])).mean == pytest.approx(0.65)
    assert bootstrap_mean(np.full(7, 0.3)).low == pytest.approx(0.3)
    assert np.isnan(bootstrap_mean(np.zeros(0)).mean)


def test_the_interval_is_as_wide_as_theory_says():
    values = np.random.default_rng(5).normal(0.6, 0.1, 400)
    estimate = bootstrap_mean(values)
    assert (estimate.high - estimate.low) / 2 == pytest.approx(1.96 * 0.1 / 20, rel=0.15)


def test_pieces_are_measured_by_hand_and_in_all():
    notes = make_notes([(0.0, 1.0, 72, 64), (0.0, 1.0, 48, 64), (1.0, 2.0, 74, 64)])
    notes["hand"] = [RIGHT, LEFT, RIGHT]
    performance = Performance.create(notes)  # C3 C5 D5

    def fixed(given: Performance) -> Performance:
        assert not given.notes["finger"].any()
        hand = np.where(given.notes["hand"] < 0, RIGHT, given.notes["hand"])
        return given.with_fingers(hand, fingers("512"))

    annotations = np.stack([fingers("513"), fingers("412")])
    result = measure_piece(performance, annotations, measure_hands=True, choose=fixed)
    assert result.rates["right"].general == pytest.approx(0.75)
    assert result.rates["left"].general == pytest.approx(0.5)
    assert result.rates["both"].general == pytest.approx(2 / 3)
    assert result.rates["both"].highest == 1
    assert result.hands == pytest.approx(2 / 3)
    assert result.notes == 3
    collection = summary([result, result])
    assert collection.rates["right"].pieces == 2
    assert collection.rates["right"].labels == 4
    assert collection.rates["both"].per_note.mean == pytest.approx(2 / 3)
    assert collection.hands_found.mean == pytest.approx(2 / 3)
