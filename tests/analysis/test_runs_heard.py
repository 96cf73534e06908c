"""Runs that are heard, and their evenness in time and touch, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from duemani.analysis.expression.evenness import _detrended, evenness, spread
from duemani.analysis.expression.runs import find_runs
from duemani.analysis.expression.take import Take
from duemani.performance import LEFT, RIGHT, Performance
from duemani.report import Remark
from tests.helpers.laid import UP, heard, holds, titles


def lengths(take: Take) -> list[tuple[int, int]]:
    return [(int(run.notes[0]), len(run.notes)) for run in find_runs(take)]


def test_runs_have_eight_notes_of_under_four_tenths() -> None:
    assert lengths(heard([0.2] * 7)) == [(0, 8)]
    assert lengths(heard([0.2] * 6)) == []
    assert lengths(heard([0.39] * 9)) == [(0, 10)]
    assert lengths(heard([0.41] * 9)) == []
    # A rest, a leap and a changed note value end them.
    assert lengths(heard([0.2] * 8 + [0.5] + [0.2] * 8)) == [(0, 9), (9, 9)]
    leap = [*UP[:9], 90, 91, 89, 88, 91, 90, 88, 86]
    assert lengths(heard([0.2] * 16, leap)) == [(0, 9), (9, 8)]
    octave = [*UP[:9], 86, 84, 83, 81, 79, 77, 76, 74]
    assert lengths(heard([0.2] * 16, octave)) == [(0, 17)]
    assert lengths(heard([0.1] * 8 + [0.2] * 8)) == [(0, 9), (9, 8)]
    # One odd interval is unevenness, not another value.
    assert lengths(heard([0.1] * 5 + [0.2] + [0.1] * 5)) == [(0, 12)]
    assert lengths(heard([0.2] * 9 + [0.005] + [0.2] * 9)) == [(0, 10), (10, 10)]


def test_kinds_of_runs() -> None:
    def kind(pitches: list[int]) -> tuple[str, int]:
        (run,) = find_runs(heard([0.1] * (len(pitches) - 1), pitches))
        return run.kind, run.hand

    assert kind([60] * 12) == ("repeated notes", RIGHT)
    assert kind([60] * 11 + [62]) == ("repeated notes", RIGHT)  # 10 of 11 intervals
    assert kind([60] * 10 + [62, 62]) == ("repeated notes", RIGHT)
    assert kind([60] * 10 + [62, 64]) == ("passage", RIGHT)
    assert kind([60, 64] * 6) == ("trill", RIGHT)
    assert kind([60, 65] * 6) == ("passage", RIGHT)
    assert kind([60, 62] * 5 + [64, 62]) == ("passage", RIGHT)


def test_each_hand_has_runs_of_its_own() -> None:
    right, left = heard([0.2] * 9), heard([0.2] * 9, [p - 24 for p in UP[:10]], LEFT)
    shifted = left.performance.notes.copy()
    shifted["onset_sec"] += 0.1
    shifted["release_sec"] += 0.1
    both = Take(Performance.create(np.concatenate([right.performance.notes, shifted])), None)
    assert [(run.hand, len(run.notes)) for run in find_runs(both)] == [(RIGHT, 10), (LEFT, 10)]
    unknown = heard([0.2] * 9, hand=-1)
    assert [run.hand for run in find_runs(unknown)] == [-1]


def test_a_line_is_taken_out() -> None:
    np.testing.assert_allclose(_detrended(np.arange(12.0) * 0.3 + 2), 0, atol=1e-12)
    bump = np.zeros(21)
    bump[10] = 1.0
    # Of nine places around it the mean is a ninth; beyond four places it counts nothing.
    found = _detrended(bump)
    assert found[10] == pytest.approx(8 / 9)
    assert found[15] == 0
    assert found[14] != 0
    # At four places the fitted line's slope is -4 / 60.
    assert found[14] == pytest.approx(-1 / 9)
    assert found[6] == pytest.approx(-1 / 9)
    assert spread(np.array([-0.2, 0.2, 0.1, -0.1, 0.2])) == pytest.approx(1.4826 * 0.2)


def test_uneven_runs_weigh_by_spread_and_length() -> None:
    gaps = 0.12 * np.exp(np.resize([0.3, -0.3], 31))
    found = [r for r in evenness(heard(gaps.tolist())).remarks if r.title == "Uneven passage work"]
    (remark,) = found
    deviation = _detrended(np.log(gaps))
    wide = spread(deviation)
    assert remark.weight == pytest.approx(0.35 + min(wide - 0.2, 0.3) + 0.004 * 32)
    assert remark.confidence == pytest.approx(0.9 * 0.95)
    assert remark.hand == RIGHT
    assert remark.notes == tuple(range(32))
    assert f"a run of 32 notes of the right hand vary by {100 * wide:.0f} %" in remark.text
    worst = int(np.argmax(np.abs(deviation)))
    assert ("late" in remark.text) == (deviation[worst] > 0)
    # 20 %, and more by chance in short runs.
    for size, told in ((0.14, 0), (0.2, 1)):
        rough = 0.12 * np.exp(np.resize([size, -size], 31))
        said = titles(evenness(heard(rough.tolist())))
        assert ("Uneven passage work" in said) == bool(told)


def test_uneven_touch_weighs_by_what_is_beyond() -> None:
    loud = np.resize([45, 75], 32).tolist()
    found = evenness(heard([0.12] * 31, velocity=loud)).remarks
    (remark,) = [r for r in found if "touch" in r.title]
    wide = spread(_detrended(np.array(loud, float)))
    limit = np.hypot(13, 0.5)
    assert remark.weight == pytest.approx(0.3 + 0.015 * (wide - limit))
    assert remark.confidence == pytest.approx(0.8 * 0.95)
    assert f"varies by {wide:.0f} of 127" in remark.text


def test_even_runs_are_praised() -> None:
    (praise,) = [r for r in evenness(heard([0.12] * 23)).remarks if r.praise]
    assert praise.title == "Even passage work"
    holds(praise, 0.2, 0.9, 1.0, 1 + 23 * 0.12 + 0.05)
    assert "a run of 24 notes of the right hand is even" in praise.text
    assert not [r for r in evenness(heard([0.12] * 22)).remarks if r.praise]
    repeated = evenness(heard([0.12] * 30, [60] * 31)).remarks
    assert "31 repeated notes of the right hand are even" in repeated[0].text


def fingered(late_sec: float = 0.0, louder: int = 0, hand: int = RIGHT) -> list[Remark]:
    """A run in which every fourth note has the fourth finger, late and louder than the others."""
    finger = np.resize([1, 2, 3, 4], 48)
    fourth = finger == 4
    onsets = 0.12 * np.arange(48) + late_sec * fourth
    take = heard(
        np.diff(onsets).tolist(), hand=hand, velocity=(60 + louder * fourth).tolist(),
        finger=finger.tolist(),
    )  # fmt: skip
    return [r for r in evenness(take).remarks if "Finger" in r.title or "thumb" in r.title]


def test_a_finger_that_is_late_or_heavy() -> None:
    (late,) = fingered(late_sec=0.03)
    assert late.title == "Finger 4 of the right hand is late"
    assert (late.weight, late.confidence) == (0.55, pytest.approx(0.85 * 0.95))
    assert "finger 4 strikes 30 ms after its place" in late.text
    assert late.hand == RIGHT
    assert len(late.notes) == 11  # the last of the run has no neighbour after it
    for late_sec, told in ((0.016, 0), (0.018, 1)):  # 15 ms and the tolerance of 2
        assert len(fingered(late_sec)) == told
    (heavy,) = fingered(louder=20, hand=LEFT)
    assert heavy.title == "Finger 4 of the left hand is heavy"
    assert (heavy.weight, heavy.confidence) == (0.45, pytest.approx(0.8 * 0.95))
    for louder, told in ((7, 0), (10, 1)):  # a quarter is taken out with the line
        assert len(fingered(louder=louder)) == told
