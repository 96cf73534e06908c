"""How much each remark on tempo weighs, how sure it is, where it lies, and from when on.

Quarters of 0.5 s, the first at 1 s.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from duemani.analysis.expression.take import Aspect
from duemani.analysis.expression.tempo import tempo
from duemani.inputs.score.marks import Mark
from tests.helpers.laid import holds, laid, only, quarters, titles


def slowing(value: float, growth: float, start: float = 16.0, end: float = 24.0) -> Aspect:
    line = replace(quarters(40), marks=(Mark("slowing", start, end, value),))
    period = np.where((np.arange(40) >= start) & (np.arange(40) < end), 0.5 * growth, 0.5)
    return tempo(laid(line, period))


def test_a_change_of_tempo_that_is_not_made() -> None:
    holds(only(slowing(0.8, 0.8)), 0.45, 0.85, 9.0, 9.0 + 8 * 0.4)
    assert "from 120 to 150 quarters" in only(slowing(0.8, 0.8)).text
    holds(only(slowing(1.2, 1.25)), 0.45, 0.85, 9.0, 9.0 + 8 * 0.625)
    # 4 % the wrong way are let pass, either way.
    for value, way in ((0.8, -1), (1.2, 1)):
        assert not slowing(value, 1 / (1 - 0.035 * way)).remarks
        assert titles(slowing(value, 1 / (1 - 0.05 * way)))
    # It takes two quarters.
    assert titles(slowing(0.8, 0.8, 16.0, 18.0))
    assert not titles(slowing(0.8, 0.8, 16.0, 17.0))


def test_the_last_third_of_a_ritardando_counts() -> None:
    line = replace(quarters(40), marks=(Mark("slowing", 16.0, 28.0, 0.8),))
    last = (np.arange(40) >= 24) & (np.arange(40) < 28)
    assert titles(tempo(laid(line, np.where(last, 0.4, 0.5)))) == [
        "The ritardando does not slow down"
    ]
    # One whose end is in tempo is let pass, however fast it begins.
    first = (np.arange(40) >= 16) & (np.arange(40) < 20)
    assert not tempo(laid(line, np.where(first, 0.4, 0.5))).remarks


def test_a_mark_is_over_where_the_next_tempo_begins() -> None:
    fast = np.where((np.arange(40) >= 16) & (np.arange(40) < 20), 0.4, 0.5)
    marks = (Mark("slowing", 16.0, 30.0, 0.8), Mark("reset", 20.0, 20.0, 1.0))
    found = tempo(laid(replace(quarters(40), marks=marks), fast))
    holds(only(found), 0.45, 0.85, 9.0, 10.6)
    assert not tempo(laid(replace(quarters(40), marks=marks[:1]), fast)).remarks


def metronome(mark: float, count: int = 40, printed: bool = True, period: float = 0.5) -> Aspect:
    line = replace(quarters(count), marks=(Mark("tempo", 0.0, count - 1.0, mark, printed=printed),))
    return tempo(laid(line, period))


def test_the_metronome_mark() -> None:
    holds(only(metronome(80.0)), 0.2, 0.9, 1.0, 1.0 + 39 * 0.5)
    assert "asks for 80 quarters a minute; you play about 120" in only(metronome(80.0)).text
    for mark, told in ((86.5, 0), (84.5, 1), (195.0, 0), (205.0, 1)):  # 40 % either way
        assert len(metronome(mark).remarks) == told
    assert not metronome(80.0, printed=False).remarks
    assert len(metronome(80.0, 9).remarks) == 1  # eight quarters
    assert not metronome(80.0, 8).remarks


def test_a_fermata_must_last() -> None:
    line = replace(quarters(30), fermata=np.arange(30) == 15)
    holds(only(tempo(laid(line))), 0.4, 0.85, 8.5, 9.0)
    for factor, told in ((1.04, 1), (1.06, 0)):
        period = np.where(np.arange(30) == 15, 0.5 * factor, 0.5)
        assert len(tempo(laid(line, period)).remarks) == told
    # There must have been a tempo before it, and the note must have some length.
    early = replace(line, fermata=np.arange(30) == 1)
    assert not tempo(laid(early)).remarks
    assert tempo(laid(replace(line, fermata=np.arange(30) == 2))).remarks
    for length, told in ((0.25, 1), (0.2, 0)):
        short = np.where(np.arange(30) == 15, length, 1.0)
        assert len(tempo(laid(replace(line, duration_quarter=short))).remarks) == told


def drift(growth: float, count: int = 80) -> Aspect:
    return tempo(laid(quarters(count), 0.5 * growth ** np.linspace(0, 1, count)))


def test_a_tempo_that_only_ever_drifts() -> None:
    found = drift(1.45)
    # Over 92 % of the beats, from the middle of the first two eighths to that of the last two.
    whole = np.log(1.45) * (0.92 * 80 / 79) * 6 / 8
    remark = only(found)
    assert remark.weight == pytest.approx(0.5 + whole, abs=0.01)
    assert remark.confidence == pytest.approx(0.9 * 0.95)
    assert remark.start_sec == 1.0
    assert f"falls by {100 * -np.expm1(0.5 - remark.weight):.0f} %" in remark.text
    assert not drift(1.45, 31).remarks
    assert drift(1.6, 33).remarks
    # 0.2 of a natural logarithm.
    assert not drift(float(np.exp(0.18 / 0.7))).remarks
    assert drift(float(np.exp(0.22 / 0.7))).remarks
    assert titles(drift(float(np.exp(-0.22 / 0.7)))) == ["It gets faster and faster"]


def test_a_drift_must_go_one_way() -> None:
    """Of seven steps from section to section five have to go the drift's way, for a small one."""

    def stepped(levels: list[float]) -> list[str]:
        # Eight sections of the first 92 % of 88 beats: ten each, and the rest as the last.
        period = 0.5 * np.exp(np.append(np.repeat(levels, 10), np.full(9, levels[-1])))
        return titles(tempo(laid(quarters(89), period)))

    up = [0.0, 0.04, 0.08, 0.12, 0.16, 0.2, 0.24, 0.28]
    assert stepped(up) == ["It gets slower and slower"]
    assert not stepped([0.0, 0.0, 0.0, 0.24, 0.24, 0.24, 0.24, 0.24])
    # A drift of over 0.25 may go back now and then.
    assert stepped([0.0, 0.1, 0.05, 0.15, 0.1, 0.3, 0.4, 0.5]) == ["It gets slower and slower"]
    assert not stepped([0.0, 0.1, 0.05, 0.15, 0.1, 0.08, 0.2, 0.32])


@pytest.mark.parametrize("kind", ["tempo", "slowing"])
def test_a_marked_change_of_tempo_is_no_drift(kind: str) -> None:
    mark = Mark(kind, 40.0, 44.0, 120.0 if kind == "tempo" else 0.8, printed=False)
    period = 0.5 * 1.45 ** np.linspace(0, 1, 80)
    assert not tempo(laid(replace(quarters(80), marks=(mark,)), period)).remarks
    at_once = replace(mark, start_quarter=1.0, end_quarter=2.0)
    assert tempo(laid(replace(quarters(80), marks=(at_once,)), period)).remarks


def stopping(factor: float, at: int = 20, step_sec: float = 0.5, **fields: object) -> Aspect:
    period = np.full(40, step_sec)
    period[at] *= factor
    return tempo(laid(replace(quarters(40), **fields), period))


def test_a_flow_that_stops() -> None:
    holds(only(stopping(2.5)), 0.4 + 0.2 * 0.75, 0.8, 11.0, 12.25)
    assert "lasts 0.8 s longer" in only(stopping(2.5)).text
    holds(only(stopping(9.0)), 0.8, 0.8, 11.0, 15.5)  # two seconds weigh most
    # 0.65 s, and 2.1 times the usual.
    for factor, step_sec, told in (
        (2.28, 0.5, 0), (2.32, 0.5, 1), (2.05, 1.0, 0), (2.15, 1.0, 1)
    ):  # fmt: skip
        assert len(stopping(factor, step_sec=step_sec).remarks) == told
    # The first two beats and the last three are nobody's flow.
    for at, told in ((1, 0), (2, 1), (35, 1), (36, 0)):
        assert len(stopping(3.0, at).remarks) == told


def test_beside_a_long_beat_others_are_as_usual() -> None:
    for beside, told in ((1.3, 1), (1.4, 0)):
        for other in (19, 21):
            period = np.full(40, 0.5)
            period[20], period[other] = 1.5, 0.5 * beside
            assert len(tempo(laid(quarters(40), period)).remarks) == told


@pytest.mark.parametrize(
    ("mark", "waits_at"),
    [
        (Mark("slowing", 18.0, 19.0, 0.8), (16, 21)),
        (Mark("tempo", 18.0, 19.0, 120.0, printed=False), (16, 19)),
    ],
)
def test_near_marks_a_long_beat_is_meant(mark: Mark, waits_at: tuple[int, int]) -> None:
    for at in range(14, 24):
        meant = waits_at[0] <= at <= waits_at[1]
        said = titles(stopping(3.0, at, marks=(mark,)))
        assert ("The flow stops" in said) != meant


def test_around_a_fermata_a_long_beat_is_meant() -> None:
    fermata = np.arange(40) == 20
    for at in range(16, 26):
        said = titles(stopping(3.0, at, fermata=fermata))
        assert ("The flow stops" in said) != (19 <= at <= 22)


def test_at_most_four_stops_are_told_the_longest_first() -> None:
    period = np.full(80, 0.5)
    period[[10, 20, 30, 40, 50, 60]] = [1.5, 1.6, 1.7, 1.8, 1.9, 2.0]
    found = [r for r in tempo(laid(quarters(80), period)).remarks if r.title == "The flow stops"]
    lost = [0.4 + 0.2 * sec for sec in (1.5, 1.4, 1.3, 1.2)]
    assert [remark.weight for remark in found] == pytest.approx(lost)


def test_an_unsteady_beat_weighs_by_its_roughness() -> None:
    for bend, told in ((0.06, 0), (0.07, 1), (0.1, 1)):
        limp = 0.5 * np.exp(np.resize([bend, -bend], 41))
        found = tempo(laid(quarters(41), limp))
        assert len(found.remarks) == told
        if told:
            # Every beat lies 2 × bend off the mean of its neighbours.
            holds(
                only(found), 0.4 + 2 * (1.4826 * 2 * bend - 0.19), 0.85, 1.0,
                1.0 + limp[:40].sum(),
            )  # fmt: skip
    wide = 0.5 * np.exp(np.resize([0.15, -0.15], 41))
    assert tempo(laid(quarters(24), wide[:24])).remarks
    assert not tempo(laid(quarters(23), wide[:23])).remarks
