"""What is said of expression: laws, what must be found, and what cannot be told."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from duemani.alignment.score import Alignment, align_to_score
from duemani.analysis.expression.evenness import log_deviation, spread
from duemani.analysis.expression.expression import Expression, analyse_expression
from duemani.analysis.expression.runs import find_runs
from duemani.analysis.expression.take import Take
from duemani.inputs.score.line import ScoreLine
from duemani.inputs.score.marks import Mark
from duemani.inputs.score.written import read_written
from duemani.performance import PEDAL_DTYPE, Performance, make_notes
from duemani.verbs.demo import demo_score

STEPS = (0, 2, 4, 5, 7, 9, 11)


def changed(one: Performance, **fields: np.ndarray) -> Performance:
    notes = one.notes.copy()
    for name, values in fields.items():
        notes[name] = values
    return Performance.create(notes, one.pedal)


def titles(expression: Expression, praise: bool = False) -> list[str]:
    return [remark.title for remark in expression.remarks if remark.praise == praise]


@pytest.fixture(scope="module")
def line() -> ScoreLine:
    return read_written(demo_score()).line


@pytest.fixture(scope="module")
def played() -> Performance:
    return read_written(demo_score()).performance


@pytest.fixture(scope="module")
def aligned(played: Performance, line: ScoreLine) -> Alignment:
    return align_to_score(played, line)


def run(seconds: float = 0.12, count: int = 36, seed: int = 0, jitter: float = 0.0) -> Performance:
    """A scale up and down for the right hand."""
    rng = np.random.default_rng(seed)
    degree = np.abs((np.arange(count) + 14) % 28 - 14)
    pitch = [60 + 12 * (d // 7) + STEPS[d % 7] for d in degree]
    onset = 1 + seconds * np.arange(count) + rng.normal(0, jitter, count)
    velocity = 60 + (np.arange(count) % 12)
    rows = [
        (float(on), float(on + 0.9 * seconds), int(key), int(loud))
        for on, key, loud in zip(onset, pitch, velocity, strict=True)
    ]
    notes = make_notes(rows)
    notes["hand"] = 1
    return Performance.create(notes)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_little_is_said_to_be_too_little(count: int) -> None:
    some = Performance.create(run().notes[:count])
    found = analyse_expression(some)
    assert not found.remarks
    assert not found.curves
    assert any("fewer than eight notes" in sentence for sentence in found.cannot_tell)
    assert all(value is None for bar in found.bars for value in bar.figures.values())


def test_without_score_and_pedal_what_cannot_be_told_is_named() -> None:
    found = analyse_expression(run())
    said = " ".join(found.cannot_tell)
    for word in ("Tempo", "Articulation", "Wrong and missing", "Pedalling", "synchrony"):
        assert word in said
    assert all(bar.figures["tempo"] is None for bar in found.bars)
    assert [bar.start_sec for bar in found.bars] == [0.0, 4.0]
    assert {curve.name for curve in found.curves} == {"dynamics"}


def test_equal_velocities_tell_nothing_of_dynamics(played: Performance, aligned: Alignment) -> None:
    equal = changed(played, velocity=np.full(len(played.notes), 64))
    found = analyse_expression(equal, aligned)
    assert not [curve for curve in found.curves if curve.name in ("dynamics", "voicing")]
    assert not [r for r in found.remarks if r.kind in ("dynamics", "voicing")]
    assert any("same velocity" in sentence for sentence in found.cannot_tell)
    assert all(bar.figures["dynamics"] is None for bar in found.bars)


def test_score_that_does_not_fit_is_left_aside(played: Performance, line: ScoreLine) -> None:
    strange = changed(played, pitch=played.notes["pitch"] + 1)
    found = analyse_expression(strange, align_to_score(strange, line))
    assert any("does not fit" in sentence for sentence in found.cannot_tell)
    assert not [r for r in found.remarks if r.kind in ("notes", "tempo", "articulation")]


def test_curves_and_bars_are_whole(played: Performance, aligned: Alignment) -> None:
    found = analyse_expression(played, aligned)
    for curve in found.curves:
        assert len(curve.time_sec) == len(curve.value)
        assert np.all(np.diff(curve.time_sec) >= 0)
        for band in (curve.low, curve.high, curve.reference):
            assert len(band) in (0, len(curve.value))
    assert [bar.name for bar in found.bars] == list(aligned.line.bar_names[: len(found.bars)])
    assert all(a.end_sec <= b.start_sec + 1e-6 for a, b in pairwise(found.bars))
    ranked = [remark.weight * remark.confidence for remark in found.remarks]
    assert ranked == sorted(ranked, reverse=True)


def test_louder_copy_moves_dynamics_only(played: Performance, aligned: Alignment) -> None:
    soft = changed(played, velocity=np.clip(played.notes["velocity"], 20, 100))
    loud = changed(soft, velocity=soft.notes["velocity"] + 20)
    one, other = (analyse_expression(take, aligned) for take in (soft, loud))
    for before, after in zip(one.bars, other.bars, strict=True):
        for name, value in before.figures.items():
            if value is None:
                assert after.figures[name] is None
            else:
                moved = 20 if name == "dynamics" else 0
                assert after.figures[name] == pytest.approx(value + moved)


def test_tempo_does_not_change_evenness() -> None:
    even = Take(run(0.1, jitter=0.006), None)
    notes = even.performance.notes.copy()
    notes["onset_sec"] *= 1.5
    notes["release_sec"] *= 1.5
    slow = Take(Performance.create(notes), None)
    first, second = find_runs(even)[0], find_runs(slow)[0]
    np.testing.assert_array_equal(first.notes, second.notes)
    np.testing.assert_allclose(log_deviation(even, first), log_deviation(slow, second), atol=1e-9)


def test_uneven_runs_are_told_and_even_ones_praised() -> None:
    assert "Even passage work" in titles(analyse_expression(run()), praise=True)
    rough = analyse_expression(run(jitter=0.032, count=60))
    assert "Uneven passage work" in titles(rough)
    assert "Uneven passage work" not in titles(analyse_expression(run()))
    steady = Take(run(jitter=0.0), None)
    assert spread(log_deviation(steady, find_runs(steady)[0])) < 1e-6


def test_late_finger_is_named() -> None:
    even = run(count=48)
    finger = np.tile([1, 2, 3, 4], 12)
    notes = even.notes.copy()
    notes["finger"] = finger
    notes["onset_sec"] += 0.03 * (finger == 4)
    notes["release_sec"] += 0.03
    found = analyse_expression(Performance.create(notes))
    assert "Finger 4 of the right hand is late" in titles(found)


def test_wrong_notes_and_stops_are_told(played: Performance, line: ScoreLine) -> None:
    notes = played.notes.copy()
    notes["pitch"][30] += 1
    stop = float(notes["onset_sec"][100])
    notes["onset_sec"] += 2.0 * (notes["onset_sec"] >= stop)
    notes["release_sec"] += 2.0 * (played.notes["onset_sec"] >= stop)
    spoilt = Performance.create(notes)
    found = analyse_expression(spoilt, align_to_score(spoilt, line))
    wrong = [r for r in found.remarks if r.kind == "notes"]
    assert len(wrong) == 1
    assert "instead of" in wrong[0].text
    assert 30 in wrong[0].notes
    assert wrong[0].bars
    stopped = [r for r in found.remarks if r.title == "The flow stops"]
    assert stopped
    assert abs(stopped[0].end_sec - (stop + 2)) < 1.5


def test_hands_apart_are_told_and_melody_lead_is_not(
    played: Performance, aligned: Alignment
) -> None:
    right = played.notes["hand"] == 1

    def led(by_sec: float) -> Expression:
        notes = played.notes.copy()
        notes["onset_sec"] += 0.2 - by_sec * right
        notes["release_sec"] += 0.2
        moved = Performance.create(notes)
        return analyse_expression(moved, align_to_score(moved, aligned.line))

    assert not [r for r in led(0.025).remarks if r.kind == "synchrony"]
    assert "The left hand comes late" in titles(led(0.09))


def test_marks_of_the_score_are_compared(played: Performance, aligned: Alignment) -> None:
    bars = aligned.line.bar_quarter
    marks = (
        Mark("level", float(bars[0]), float(bars[8]), 86.0),
        Mark("level", float(bars[8]), float(bars[-1]), 48.0),
        Mark("swell", float(bars[10]), float(bars[14]), 1.0),
    )
    marked = replace(aligned, line=replace(aligned.line, marks=marks))
    where = aligned.onset_quarter
    obeyed = np.where(where < bars[8], 85, 45) + np.clip(where - bars[10], 0, 6) * 4
    against = np.where(where < bars[8], 45, 85) - np.clip(where - bars[10], 0, 6) * 4
    good = analyse_expression(changed(played, velocity=obeyed.astype(int)), marked)
    bad = analyse_expression(changed(played, velocity=against.astype(int)), marked)
    assert not [r for r in good.remarks if r.kind == "dynamics" and not r.praise]
    assert "A well-shaped crescendo" in titles(good, praise=True)
    assert "p louder than the f before" in titles(bad)
    assert "The crescendo gets softer" in titles(bad)


def test_held_pedal_and_late_pedal(played: Performance, aligned: Alignment) -> None:
    end = played.duration_sec
    pedal = np.array([(0.0, 127), (end, 0)], PEDAL_DTYPE)
    found = analyse_expression(Performance.create(played.notes, pedal), aligned)
    assert all(bar.figures["pedal"] is None or bar.figures["pedal"] > 0.9 for bar in found.bars)
    assert "pedal" in {curve.name for curve in found.curves}


def test_references_are_drawn_and_far_departures_told(
    played: Performance, aligned: Alignment
) -> None:
    same = analyse_expression(played, aligned, references=[played])
    curve = next(curve for curve in same.curves if curve.name == "dynamics")
    known = np.isfinite(curve.reference) & np.isfinite(curve.value)
    np.testing.assert_allclose(curve.reference[known], curve.value[known], atol=2.0)
    assert not [r for r in same.remarks if r.kind == "reference"]
    bars = aligned.line.bar_quarter
    middle = (aligned.onset_quarter >= bars[5]) & (aligned.onset_quarter < bars[9])
    loud = changed(played, velocity=np.clip(played.notes["velocity"] + 40 * middle, 1, 127))
    far = analyse_expression(loud, aligned, references=[played])
    assert "Louder than the reference" in titles(far)
    other = analyse_expression(played, aligned, references=[run(count=60)])
    assert any("not of this score" in sentence for sentence in other.cannot_tell)


def test_heard_notes_are_trusted_less() -> None:
    rough = run(jitter=0.032, count=60)
    measured, heard = (analyse_expression(rough, source=one) for one in ("measured", "heard"))
    assert len(titles(heard)) <= len(titles(measured))
    most = max((r.confidence for r in heard.remarks), default=0.0)
    assert most < max(r.confidence for r in measured.remarks)
