"""Expression over a made-up score of quarters, laid along by hand: what is told from when on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from duemani.analysis.expression.articulation import articulation
from duemani.analysis.expression.dynamics import dynamics
from duemani.analysis.expression.evenness import evenness
from duemani.analysis.expression.notes import find_slips, notes_against_score
from duemani.analysis.expression.pedal import pedal_spans, pedalling
from duemani.analysis.expression.runs import find_runs
from duemani.analysis.expression.take import Take, smoothed
from duemani.analysis.expression.tempo import tempo
from duemani.inputs.score.line import ScoreLine
from duemani.inputs.score.notation import Mark
from duemani.performance import RIGHT, Performance
from tests.helpers.laid import laid, quarters, titles

# --- tempo ----------------------------------------------------------------------------------------


def test_tempo_is_beats_a_minute() -> None:
    found = tempo(laid(quarters(33), 0.5))
    np.testing.assert_allclose(found.figures["tempo"][:8], 120)
    pace, rubato = found.curves
    np.testing.assert_allclose(pace.value, 120)
    np.testing.assert_allclose(rubato.value, 0, atol=1e-9)
    np.testing.assert_allclose(pace.time_sec[:31], 1.25 + 0.5 * np.arange(31))
    assert not found.remarks
    eighths = quarters(64, 0.5)
    halves = replace(eighths, beat_quarter=np.full(8, 2.0))
    np.testing.assert_allclose(tempo(laid(halves, 0.25)).figures["tempo"][:7], 60)


def test_tempo_needs_six_beats() -> None:
    assert tempo(laid(quarters(7))).curves
    assert "fewer than six" in tempo(laid(quarters(5))).cannot_tell[0]


@pytest.mark.parametrize(
    ("growth", "said"),
    [(1.45, ["It gets slower and slower"]), (0.68, ["It gets faster and faster"]), (1.15, [])],
)
def test_tempo_that_drifts(growth: float, said: list[str]) -> None:
    period = 0.5 * growth ** np.linspace(0, 1, 80)
    assert titles(tempo(laid(quarters(80), period))) == said


@pytest.mark.parametrize(("factor", "said"), [(2.5, True), (2.0, False), (2.25, False)])
def test_a_beat_that_lasts_too_long(factor: float, said: bool) -> None:
    period = np.full(40, 0.5)
    period[20] *= factor  # 0.75 s are lost at 2.5, 0.5 s at 2
    found = tempo(laid(quarters(40), period))
    assert titles(found) == (["The flow stops"] if said else [])
    if said:
        (stop,) = found.remarks
        assert (stop.start_sec, stop.end_sec) == (pytest.approx(11.0), pytest.approx(12.25))
        assert stop.weight == pytest.approx(0.4 + 0.2 * 0.75)
    # Under a fermata, or beside a ritardando, it is meant.
    meant = quarters(40)
    meant = replace(meant, fermata=np.arange(40) == 20)
    assert "The flow stops" not in titles(tempo(laid(meant, period)))


@pytest.mark.parametrize(
    ("value", "growth", "said"),
    [
        (0.8, 1.3, []),
        (0.8, 0.8, ["The ritardando does not slow down"]),
        (0.8, 1.0, []),
        (1.2, 0.8, []),
        (1.2, 1.3, ["The accelerando does not speed up"]),
    ],
)
def test_marked_changes_of_tempo(value: float, growth: float, said: list[str]) -> None:
    line = replace(quarters(40), marks=(Mark("slowing", 16.0, 24.0, value),))
    period = np.where((np.arange(40) >= 16) & (np.arange(40) < 24), 0.5 * growth, 0.5)
    assert titles(tempo(laid(line, period))) == said


@pytest.mark.parametrize(
    ("mark", "said"),
    [(80.0, ["Faster than the metronome mark"]), (90.0, []), (190.0, []),
     (210.0, ["Slower than the metronome mark"])],
)  # fmt: skip
def test_metronome_marks(mark: float, said: list[str]) -> None:
    line = replace(quarters(40), marks=(Mark("tempo", 0.0, 39.0, mark),))
    assert titles(tempo(laid(line, 0.5))) == said  # 120: +50, +33, -43, -37 %


def test_a_fermata_is_waited_for() -> None:
    line = replace(quarters(30), fermata=np.arange(30) == 15)
    period = np.full(30, 0.5)
    assert titles(tempo(laid(line, period))) == ["The fermata is passed over"]
    period[15] *= 1.2
    assert not titles(tempo(laid(line, period)))


def test_an_unsteady_beat() -> None:
    limp = 0.5 * np.exp(np.resize([0.1, -0.1], 41))  # a bend of 0.2, 30 % robustly
    assert "The beat is unsteady" in titles(tempo(laid(quarters(41), limp)))
    slight = 0.5 * np.exp(np.resize([0.06, -0.06], 41))
    assert not titles(tempo(laid(quarters(41), slight)))
    assert not titles(tempo(laid(quarters(23), limp[:23])))


# --- articulation ---------------------------------------------------------------------------------


def test_articulation_is_the_share_held() -> None:
    found = articulation(laid(quarters(24), held=np.where(np.arange(24) < 12, 0.9, 0.5)))
    np.testing.assert_allclose(found.figures["articulation"], [0.9] * 3 + [0.5] * 3)
    assert found.curves[0].value[0] == pytest.approx(90, abs=1e-6)
    long = articulation(laid(quarters(24), held=3.0))
    np.testing.assert_allclose(long.figures["articulation"], 2.0)


@pytest.mark.parametrize(("held", "said"), [(0.9, True), (0.79, False), (0.5, False)])
def test_dots_are_short(held: float, said: bool) -> None:
    line = quarters(24)
    dots = tuple(frozenset(["staccato"] if 8 <= at < 14 else []) for at in range(24))
    found = articulation(laid(replace(line, articulations=dots), held=held))
    assert titles(found) == (["Staccato held too long"] if said else [])
    if said:
        assert found.remarks[0].notes == tuple(range(8, 14))
        assert found.remarks[0].weight == pytest.approx(0.35 + 0.02 * 6)
    slurred = replace(line, articulations=dots, slurred=np.ones(24, bool))
    assert "Staccato held too long" not in titles(articulation(laid(slurred, held=held)))


@pytest.mark.parametrize(("held", "said"), [(0.75, True), (0.81, False), (1.05, False)])
def test_slurs_are_joined(held: float, said: bool) -> None:
    line = replace(quarters(24), slurred=(np.arange(24) >= 4) & (np.arange(24) < 16))
    found = articulation(laid(line, held=held))
    assert titles(found) == (["Notes under the slur are not joined"] if said else [])
    if said:
        assert found.remarks[0].notes == tuple(range(4, 16))
        assert found.remarks[0].weight == pytest.approx(0.3 + 0.02 * 12)
    # The pedal joins what fingers do not.
    pedal = [(0.0, 127), (20.0, 0)]
    assert not titles(articulation(laid(line, held=held, pedal=pedal)))


# --- dynamics -------------------------------------------------------------------------------------


def loudness(line: ScoreLine, velocity: np.ndarray) -> list[str]:
    return titles(dynamics(laid(line, 0.5, velocity=np.round(velocity).astype(int))))


def test_levels_against_the_one_before() -> None:
    line = replace(
        quarters(32),
        marks=(Mark("level", 0.0, 16.0, 50.0), Mark("level", 16.0, 31.0, 86.0)),
    )
    soft_first = np.where(np.arange(32) < 16, 50, 80)
    assert not loudness(line, soft_first)
    assert loudness(line, 130 - soft_first) == ["f softer than the p before"]
    assert not loudness(line, np.where(np.arange(32) < 16, 64, 60))
    assert loudness(line, np.where(np.arange(32) < 16, 65, 60)) == ["f softer than the p before"]


@pytest.mark.parametrize(
    ("sign", "rise", "said"),
    [
        (1.0, 40, ["A well-shaped crescendo"]),
        (1.0, -40, ["The crescendo gets softer"]),
        (-1.0, -40, ["A well-shaped diminuendo"]),
        (-1.0, 40, ["The diminuendo gets louder"]),
        (1.0, 0, ["The crescendo does not grow"]),
        (1.0, 10, []),
    ],
)
def test_swells(sign: float, rise: int, said: list[str]) -> None:
    line = replace(quarters(64, 0.5), marks=(Mark("swell", 8.0, 20.0, sign),))
    share = np.clip((line.onset_quarter - 8) / 12, 0, 1)
    alternating = np.resize([0, 12], 64) * (line.onset_quarter > 20)
    assert loudness(line, 60 + rise * share + alternating) == said


@pytest.mark.parametrize(("by", "said"), [(-10, ["Accents are not heard"]), (10, []), (-3, [])])
def test_accents(by: int, said: list[str]) -> None:
    accents = tuple(frozenset(["accent"] if at % 8 == 4 else []) for at in range(32))
    line = replace(quarters(32), articulations=accents)
    assert loudness(line, 60 + by * (np.arange(32) % 8 == 4)) == said


def test_one_level_throughout() -> None:
    flat = np.resize([63, 65], 60)
    assert loudness(quarters(60), flat) == ["One level throughout"]
    assert not loudness(quarters(60), flat + 6 * (np.arange(60) > 30))
    assert not loudness(quarters(40), np.resize([63, 65], 40))  # not 25 s


# --- evenness, pedal, notes -----------------------------------------------------------------------


def test_runs_are_found_and_measured() -> None:
    line = quarters(32, 0.25)
    even = laid(line, 0.12)
    (run,) = find_runs(even)
    assert (run.kind, run.hand, len(run.notes)) == ("passage", RIGHT, 32)
    assert titles(evenness(even)) == ["Even passage work"]
    np.testing.assert_allclose(evenness(even).figures["evenness"], 0, atol=1e-9)
    assert not find_runs(laid(line, 0.45))  # slow
    assert not find_runs(laid(quarters(7, 0.25), 0.12))
    assert len(find_runs(laid(quarters(8, 0.25), 0.12))) == 1
    repeated = replace(line, pitch=np.full(32, 60))
    assert find_runs(laid(repeated, 0.12))[0].kind == "repeated notes"
    trill = replace(line, pitch=np.resize([60, 62], 32))
    assert find_runs(laid(trill, 0.12))[0].kind == "trill"
    wide = replace(line, pitch=np.resize([60, 67], 32))
    assert find_runs(laid(wide, 0.12))[0].kind == "passage"


def test_limping_runs_and_uneven_touch() -> None:
    line = quarters(32, 0.25)
    assert titles(evenness(laid(line, np.resize([0.08, 0.16], 32)))) == ["Uneven passage work"]
    assert not titles(evenness(laid(line, np.resize([0.115, 0.13], 32))))
    rough = evenness(laid(line, 0.12, velocity=np.resize([45, 75], 32)))
    assert "Uneven touch in passage work" in titles(rough)
    mild = evenness(laid(line, 0.12, velocity=np.resize([56, 64], 32)))
    assert "Uneven touch in passage work" not in titles(mild)


def test_pedal_share_and_spans() -> None:
    take = laid(quarters(16), 0.5, pedal=[(1.0, 127), (2.0, 0), (3.0, 64), (4.0, 63), (8.0, 90)])
    assert pedal_spans(take).tolist() == [[1, 2], [3, 4], [8, take.performance.duration_sec]]
    np.testing.assert_allclose(pedalling(take).figures["pedal"][:3], [0.5, 0.5, 0.0])
    assert "no pedal" in pedalling(laid(quarters(16))).cannot_tell[0]


def test_pedal_marks() -> None:
    marks = tuple(Mark("pedal", 4.0 * at, 4.0 * at + 3, 1.0) for at in range(6))
    line = replace(quarters(32), marks=marks)
    ignored = pedalling(laid(line, pedal=[(0.0, 0)]))
    assert titles(ignored) == ["Pedal marks are not followed"]
    assert (ignored.remarks[0].start_sec, ignored.remarks[0].end_sec) == (1.0, 2.5)
    assert not titles(pedalling(laid(line, pedal=[(0.0, 127), (5.0, 0)])))


@pytest.mark.parametrize(
    ("lag_sec", "said"),
    [(0.3, ["Pedal changes come late"]), (0.2, []), (0.0, []), (-0.08, []),
     (-0.2, ["Pedal changes come early"])],
)  # fmt: skip
def test_pedal_changes_against_the_bass(lag_sec: float, said: list[str]) -> None:
    line = replace(quarters(20), pitch=np.resize([40, 45, 38, 43], 20))
    pedal = [(0.5, 127)]
    for at in range(1, 20):
        pedal += [(1 + 2.0 * at + lag_sec, 0), (1 + 2.0 * at + lag_sec + 0.1, 127)]
    assert [t for t in titles(pedalling(laid(line, 2.0, pedal=pedal))) if "come" in t] == said


def test_wrong_missing_and_extra_notes() -> None:
    take = laid(quarters(60))
    assert titles(notes_against_score(take)) == ["All notes are right"]
    assert take.alignment is not None
    notes = take.performance.notes.copy()
    notes["pitch"][20] += 1
    written = np.arange(60)
    written[20] = -1
    found = replace(
        take.alignment, written=written, missing=np.array([20]), missing_sec=np.array([11.0])
    )
    wrong = Take(Performance.create(notes), found)
    (slip,) = find_slips(wrong, found)
    assert (slip.played, slip.written, slip.time_sec, slip.bar) == (20, 20, 11.0, 5)
    (remark,) = notes_against_score(wrong).remarks
    assert remark.title == "A clean performance: 1 slip in 60 notes"
    assert "bar 6, right hand: C5 instead of B4" in remark.text
    assert remark.praise
    assert remark.notes == (20,)
    # Too far off in time or on the keyboard it is one missing and one extra.
    for when, pitch in ((11.3, 1), (11.0, 13)):
        notes["pitch"][20] = take.performance.notes["pitch"][20] + pitch
        apart = replace(found, missing_sec=np.array([when]))
        slips = find_slips(Take(Performance.create(notes), apart), apart)
        assert sorted((slip.played, slip.written) for slip in slips) == [(-1, 20), (20, -1)]


def test_smoothing_is_a_gaussian_mean() -> None:
    time = np.array([0.0, 1.0, 2.0])
    mean, error = smoothed(np.array([1.0, 9.0]), time, np.array([0.0, 3.0, 6.0]), 1.0)
    weight = np.exp([-0.5, 0, -0.5])
    weight /= weight.sum()
    assert mean[0] == pytest.approx(3.0)
    assert error[0] == pytest.approx(np.sqrt((2 * 9 * weight[0]) * (weight**2).sum()))
    assert np.isnan(mean[1])


def test_a_passage_that_ends_on_a_beat_has_that_beat() -> None:
    (pace, _) = tempo(laid(quarters(6))).curves
    # The five beats between six onsets, half a second each from 1 s on.
    np.testing.assert_allclose(pace.time_sec, 1.25 + 0.5 * np.arange(5), atol=1e-6)
    np.testing.assert_allclose(pace.value, 120)
