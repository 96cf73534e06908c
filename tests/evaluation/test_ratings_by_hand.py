"""Figures of predicted ratings, reckoned by hand on two and three takes."""

from __future__ import annotations

import numpy as np
import pytest

from duemani.evaluation.review.ratings import (
    ceiling,
    coverage,
    disagreement,
    r2_by_scale,
    within_passage,
)

RATING = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 9.0]])


def test_r2_is_one_for_the_truth_and_nought_for_the_mean() -> None:
    assert r2_by_scale(RATING, RATING).tolist() == [1, 1]
    means = np.tile(RATING.mean(0), (3, 1))
    np.testing.assert_allclose(r2_by_scale(RATING, means), 0, atol=1e-12)
    # Errors 1, 0 and 0 of a spread of 2; errors 0, 1 and 2 of a spread of 9 + 1 + 16.
    told = np.array([[2.0, 2.0], [2.0, 5.0], [3.0, 7.0]])
    np.testing.assert_allclose(r2_by_scale(RATING, told), [1 / 2, 1 - 5 / 26])


def test_within_a_passage_its_mean_does_not_count() -> None:
    passage = np.array([7, 7, 3, 3])
    rating = np.array([[1.0], [3.0], [11.0], [15.0]])  # -1, 1 and -2, 2
    assert within_passage(rating, 5 * rating - 2, passage)[0] == pytest.approx(1)
    assert within_passage(rating, -rating, passage)[0] == pytest.approx(-1)
    told = np.array([[50.0], [52.0], [2.0], [0.0]])  # -1, 1 and 1, -1
    # 1 + 1 - 2 - 2 over √(10 · 4)
    assert within_passage(rating, told, passage)[0] == pytest.approx(-2 / np.sqrt(40))
    assert within_passage(rating, np.zeros((4, 1)), passage)[0] == 0


def test_coverage_counts_answers_both_ends_included() -> None:
    listeners = [np.array([[1.0, 5.0], [2.0, np.nan]]), np.array([[3.0, 0.0], [4.5, 9.0]])]
    low, high = np.array([[1.0, 6.0], [3.0, 0.0]]), np.array([[1.5, 7.0], [4.5, 9.0]])
    np.testing.assert_allclose(coverage(listeners, low, high), [3 / 4, 2 / 3])
    nobody = [np.full((2, 2), np.nan)] * 2
    assert coverage(nobody, low, high).tolist() == [0, 0]


def test_disagreement_is_the_variance_between_listeners() -> None:
    # Squares 1 + 1 (one degree of freedom) and 4 + 0 + 4 (two): 10 / 3. Lone answers tell nothing.
    listeners = [np.array([[1.0], [3.0]]), np.array([[0.0], [2.0], [4.0]]), np.array([[9.0]])]
    assert disagreement(listeners)[0] == pytest.approx(10 / 3)
    gaps = [np.array([[1.0], [np.nan], [3.0]])]
    assert disagreement(gaps)[0] == pytest.approx(2)
    assert disagreement([np.array([[5.0]])])[0] == 0


def test_the_ceiling_is_the_reliability_of_the_mean() -> None:
    listeners = [np.array([[1.0], [3.0]]), np.array([[4.0], [8.0], [6.0], [6.0]])]
    rating = np.array([[2.0], [6.0]])  # variance 4
    # Squares 2 + 8 over 1 + 3 degrees: 2.5; times the mean of 1/2 and 1/4, over 4.
    assert ceiling(rating, listeners)[0] == pytest.approx(1 - 2.5 * 0.375 / 4)
    assert ceiling(rating, [np.array([[2.0]]), np.array([[6.0]])])[0] == 1
