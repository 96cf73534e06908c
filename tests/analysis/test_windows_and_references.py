"""Windows of a take, limits of remarks and curves, and departures from references, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from duemani.analysis.expression.expression import _ranked
from duemani.analysis.expression.reference import _by_bar, _relative, _stretches, departures
from duemani.analysis.expression.take import Take, curve_times, smoothed
from duemani.performance import Performance
from duemani.report import Remark
from tests.helpers.laid import heard, laid, quarters


def test_windows_of_four_seconds_and_of_bars() -> None:
    take = heard([1.0] * 9)
    assert [(w.name, w.start_sec, w.end_sec) for w in take.windows] == [
        ("0:00", 0.0, 4.0), ("0:04", 4.0, 8.0), ("0:08", 8.0, pytest.approx(10.05)),
    ]  # fmt: skip
    assert take.window_of.tolist() == [0, 0, 0, 1, 1, 1, 1, 2, 2, 2]
    np.testing.assert_allclose(take.by_window(np.arange(10.0), 4), [np.nan, 4.5, np.nan])
    np.testing.assert_allclose(take.by_window(np.arange(10.0), 3), [1, 4.5, 8])
    assert take.place(61.0, 62.0) == "At 1:01"
    bars = laid(quarters(12))
    assert [(w.name, w.start_sec, w.end_sec) for w in bars.windows] == [
        ("1", 1.0, 3.0), ("2", 3.0, 5.0), ("3", 5.0, pytest.approx(6.95)),
    ]  # fmt: skip
    assert bars.place(1.0, 2.9) == "In bar 1"
    assert bars.place(2.9, 3.1) == "In bars 1-2"
    assert bars.bars(100.0, 101.0) == ""
    assert bars.window_of.tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_chords_within_fifty_milliseconds_of_the_note_before() -> None:
    take = heard([0.049, 0.049, 0.051, 0.5])
    assert take.chord_of.tolist() == [0, 0, 0, 1, 2]
    assert heard([0.5], velocity=[64, 64]).has_touch is False
    assert heard([0.5], velocity=[64, 66]).has_touch
    assert not heard([0.5], velocity=[64, 65]).has_touch


def test_remarks_keep_to_their_limits() -> None:
    take = heard([1.0])
    remark = take.remark("tempo", "a", "b", (-1.0, -2.0), 1.5, 2.0, hand=7)
    assert (remark.start_sec, remark.end_sec) == (0.0, 0.0)
    assert (remark.weight, remark.confidence, remark.hand) == (1.0, 1.0, -1)
    assert take.remark("tempo", "a", "b", (2.0, 1.0), -0.5).end_sec == 2.0
    assert take.remark("tempo", "a", "b", (2.0, 1.0), -0.5).weight == 0.0


def test_curves_have_four_points_a_second_and_no_more_than_so_many() -> None:
    times = curve_times(heard([1.0] * 4))
    np.testing.assert_allclose(times, 1 + 0.25 * np.arange(17))
    assert len(curve_times(heard([100.0] * 9))) == 1501
    assert curve_times(Take(Performance(), None)).shape == (0,)


def test_smoothing_needs_three_values_within_two_widths() -> None:
    at = np.array([0.0])
    assert np.isfinite(smoothed(at, np.array([-1.9, 0.0, 2.0]), np.zeros(3), 1.0)[0])
    assert np.isnan(smoothed(at, np.array([-1.9, 0.0, 2.1]), np.zeros(3), 1.0)[0])
    # Beyond three widths nothing counts.
    near = smoothed(at, np.array([-1.0, 0.0, 1.0, 3.1]), np.array([1.0, 1, 1, 99]), 1.0)[0]
    assert near[0] == pytest.approx(1)
    far = smoothed(at, np.array([-1.0, 0.0, 1.0, 2.9]), np.array([1.0, 1, 1, 99]), 1.0)[0]
    assert far[0] > 1


def test_so_many_remarks_of_a_kind() -> None:
    def some(kind: str, count: int, praise: bool = False) -> list[Remark]:
        take = heard([1.0])
        return [
            take.remark(kind, str(at), "", (0.0, 1.0), 0.1 + 0.01 * at, praise=praise)
            for at in range(count)
        ]

    assert [r.title for r in _ranked(some("tempo", 7))] == ["6", "5", "4", "3", "2"]
    assert len(_ranked(some("notes", 14))) == 12
    assert [r.title for r in _ranked(some("notes", 3, praise=True))] == ["2"]
    assert len(_ranked([*some("tempo", 7), *some("tempo", 2, True), *some("pedal", 1)])) == 7


def test_stretches_of_two_bars_on_one_side() -> None:
    away = np.array([2.0, 2.0, 0.5, -1.5, -2.5, -2.0, 1.5, 0.0, 1.2, -1.2, 3.0, 4.0])
    assert _stretches(away) == [(0, 1, 2.0), (3, 5, -2.0), (10, 11, 3.5)]
    assert _stretches(np.zeros(0)) == []
    assert _stretches(np.array([1.0, 1.0])) == []


def test_figures_in_relation_to_the_whole() -> None:
    nan = np.nan
    np.testing.assert_allclose(_relative("dynamics", np.array([60, 70, nan])), [-5, 5, nan])
    np.testing.assert_allclose(
        _relative("tempo", np.array([60.0, 120, 120, nan])), [-np.log(2), 0, 0, nan]
    )
    np.testing.assert_allclose(_relative("articulation", np.array([0.5, 1])), [0.5, 1])
    assert np.isnan(_relative("tempo", np.array([nan]))).all()
    take = laid(quarters(12))
    found = _by_bar(take, np.array([1.0, nan, 3.0]), np.array([2, 1, 0, 9]))
    np.testing.assert_allclose(found, [3, nan, 1, nan])


@pytest.mark.parametrize(
    ("name", "beyond", "within", "words"),
    [
        ("dynamics", 18.5, 17.5, ("Louder", "Softer")),
        ("tempo", 0.46, 0.44, ("Faster", "Slower")),
        ("articulation", 0.61, 0.59, ("More connected", "More detached")),
    ],
)
def test_departures_from_one_reference(
    name: str, beyond: float, within: float, words: tuple[str, str]
) -> None:
    take = laid(quarters(40))
    flat = np.full(10, 1.0)

    def told(away: float) -> list[Remark]:
        mine = flat.copy()
        mine[4:6] = mine[4:6] * np.exp(away) if name == "tempo" else mine[4:6] + away
        if name == "dynamics":
            mine[[0, 1]] -= away  # the mean stays
        found = departures(take, {name: mine}, [(take, {name: flat})])
        return [one for one in found if (one.start_sec, one.end_sec) == (9.0, 13.0)]

    assert not told(within)
    assert not told(-within)
    (more,), (less,) = told(beyond), told(-beyond)
    assert more.title == f"{words[0]} than the reference"
    assert less.title == f"{words[1]} than the reference"
    assert more.weight == pytest.approx(0.38, abs=0.01)
    assert more.confidence == pytest.approx(0.8 * 0.95)
    assert told(beyond * 9)[0].weight == pytest.approx(0.3 + 0.08 * 4, abs=0.01)


def test_references_that_differ_allow_more() -> None:
    take = laid(quarters(40))
    low, high = np.full(10, 0.8), np.full(10, 1.2)
    mine = np.full(10, 1.0)
    # Three deviations: n - 1 of two, 0.2 × √2.
    for away, told in ((0.83, 0), (0.87, 1)):
        mine[4:6] = 1 + away
        found = departures(
            take, {"articulation": mine},
            [(take, {"articulation": low}), (take, {"articulation": high})],
        )  # fmt: skip
        assert len([*found]) == told
    assert not [*departures(take, {"articulation": mine}, [])]
