"""A take that stops and goes on elsewhere, and notes that the score has not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from duemani.alignment.score import Alignment, Passage
from duemani.analysis.expression.articulation import articulation, held_share
from duemani.analysis.expression.dynamics import dynamics
from duemani.analysis.expression.hands import hand_lags
from duemani.analysis.expression.runs import find_runs
from duemani.analysis.expression.take import Take
from duemani.analysis.expression.tempo import _pace, tempo
from duemani.inputs.score.line import ScoreLine
from duemani.inputs.score.marks import Mark
from duemani.performance import LEFT, RIGHT, Performance, make_notes
from tests.helpers.laid import quarters, titles

FIRST, SECOND = np.arange(0, 16), np.arange(8, 32)
"""Notes played of each passage: eight quarters come twice."""


def twice(
    line: ScoreLine, steps_sec: tuple[float, float] = (0.5, 0.25), held: float = 0.5,
    velocity: np.ndarray | int = 64, extra: bool = False,
) -> Take:  # fmt: skip
    """The first 16 notes at one pace, then, 2 s later, from the ninth on at another."""
    written = np.concatenate([FIRST, SECOND])
    before = 1 + steps_sec[0] * np.arange(16)
    after = before[-1] + 2 + steps_sec[1] * np.arange(24)
    onset = np.concatenate([before, after])
    step = np.repeat(steps_sec, (16, 24))
    notes = make_notes([(on, on, 60, 64) for on in onset.tolist()])
    notes["release_sec"] = onset + held * step
    notes["pitch"], notes["velocity"] = line.pitch[written], velocity
    passage = np.repeat([0, 1], (16, 24))
    place = line.onset_quarter[written]
    if extra:  # the fifth note played is no note of the score
        written = written.copy()
        written[4] = -1
    whole = Alignment(
        line=line, written=written, onset_quarter=place, bar=(place // 4).astype(int),
        passage=passage,
        passages=(
            Passage(0, 16, place[:16], before), Passage(16, 40, place[16:], after),
        ),
        missing=np.zeros(0, int), missing_sec=np.zeros(0), match_rate=1.0, played_share=1.0,
        path_cost=0.0, fits=True, how_sure=1.0,
    )  # fmt: skip
    return Take(Performance.create(notes), whole)


def test_lengths_follow_each_passages_pace() -> None:
    take = twice(quarters(32))
    np.testing.assert_allclose(held_share(take)[:39], 0.5)
    found = articulation(take)
    np.testing.assert_allclose(found.figures["articulation"], 0.5)


def test_bars_are_those_of_their_passage() -> None:
    take = twice(quarters(32))
    assert [(w.name, w.passage) for w in take.windows] == [
        *((str(bar), 0) for bar in (1, 2, 3, 4)), *((str(bar), 1) for bar in range(3, 9)),
    ]  # fmt: skip
    assert take.window_of.tolist() == np.repeat(np.arange(10), 4).tolist()
    bar = tempo(take).figures["tempo"]
    np.testing.assert_allclose(bar[:4], 120)
    np.testing.assert_allclose(bar[4:], 240)
    # The first passage's last bar ends where the second begins, at the latest.
    assert take.windows[3].end_sec <= take.windows[4].start_sec


def test_the_tempo_of_both_is_drawn_and_told_apart() -> None:
    pace = tempo(twice(quarters(32))).curves[0]
    first = pace.time_sec < 9
    np.testing.assert_allclose(pace.value[first], 120)
    np.testing.assert_allclose(pace.value[~first], 240)


def test_pace_between_places_that_were_played() -> None:
    passage = Passage(0, 5, np.arange(4.0, 9.0), 10 + 0.5 * np.arange(5))
    assert _pace(passage, 4.0, 8.0) == pytest.approx(120)
    assert _pace(passage, 0.0, 5.0) == pytest.approx(120)
    assert _pace(passage, 7.05, 99.0) == pytest.approx(120)
    for start, end in ((0.0, 4.8), (7.2, 99.0), (5.0, 5.5), (0.0, 1.0)):
        assert np.isnan(_pace(passage, start, end))


def test_runs_end_with_their_passage() -> None:
    eighths = quarters(32, 0.5)
    runs = find_runs(twice(eighths, (0.2, 0.2)))
    assert [(int(run.notes[0]), len(run.notes)) for run in runs] == [(0, 16), (16, 24)]


def test_levels_are_compared_within_a_passage() -> None:
    marks = (Mark("level", 0.0, 16.0, 50.0), Mark("level", 16.0, 31.0, 86.0))
    line = replace(quarters(32), marks=marks)
    # Softly from the forte on, in the second passage; the first has but a piano.
    velocity = np.concatenate([np.full(16, 60), np.full(8, 70), np.full(16, 50)])
    assert titles(dynamics(twice(line, velocity=velocity))) == []
    whole = replace(line, marks=(replace(marks[0], start_quarter=8.0), marks[1]))
    assert titles(dynamics(twice(whole, velocity=velocity))) == ["f softer than the p before"]


def test_hands_are_the_scores_but_for_notes_that_it_has_not() -> None:
    line = replace(quarters(32), hand=np.full(32, LEFT))
    take = twice(line, extra=True)
    assert take.hand.tolist() == [LEFT] * 4 + [-1] + [LEFT] * 35
    notes = take.performance.notes.copy()
    notes["hand"][4], notes["hand"][5] = RIGHT, RIGHT
    given = Take(Performance.create(notes), take.alignment)
    assert given.hand[4] == given.hand[5] == RIGHT
    share = held_share(take)
    assert np.flatnonzero(np.isnan(share)).tolist() == [4]


def test_hands_at_one_place_of_two_passages_are_not_one_chord() -> None:
    line = quarters(32)
    take = twice(line)
    notes = take.performance.notes.copy()
    notes["hand"] = np.repeat([RIGHT, LEFT], (16, 24))
    parted = Take(Performance.create(notes), take.alignment)
    assert len(hand_lags(parted)[0]) == 0
