"""How much remarks on the pedal weigh, how sure they are, and from when on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from duemani.analysis.expression.pedal import pedalling
from duemani.analysis.expression.take import Aspect
from duemani.inputs.score.marks import Mark
from duemani.performance import RIGHT
from tests.helpers.laid import holds, laid, only, quarters, titles


def changes(lag_sec: float, count: int = 20, wobble: float = 0.0) -> Aspect:
    line = replace(quarters(count), pitch=np.resize([40, 47, 38, 45], count))
    pedal = [(0.5, 127)]
    for at in range(1, count):
        lift = 1 + 2.0 * at + lag_sec + wobble * (-1) ** at
        pedal += [(lift, 0), (lift + 0.1, 127)]
    return pedalling(laid(line, 2.0, pedal=pedal))


def test_pedal_changes_that_come_late_or_early() -> None:
    late = [r for r in changes(0.3).remarks if r.title.endswith("late")]
    holds(late[0], 0.6, 0.85, 3.3, 1 + 38 + 0.3)
    assert "300 ms after" in late[0].text
    early = [r for r in changes(-0.2).remarks if r.title.endswith("early")]
    holds(early[0], 0.5, 0.85, 2.8, 1 + 38 - 0.2)
    assert "200 ms before" in early[0].text
    for lag_sec, told in ((0.225, 0), (0.235, 1), (-0.105, 0), (-0.115, 1)):
        said = [title for title in titles(changes(lag_sec)) if "come" in title]
        assert len(said) == told
    # Eight changes.
    for count, told in ((9, 1), (8, 0)):
        assert len([t for t in titles(changes(0.3, count)) if "come" in t]) == told
    # Changes that lie 0.2 s to both sides of their middle follow nothing.
    for wobble, told in ((0.19, 1), (0.21, 0)):
        assert len([t for t in titles(changes(0.3, 21, wobble)) if "come" in t]) == told


def blurred(steps: list[int], held: int, count: int = 20) -> Aspect:
    """Basses a step apart, the first `held` changes under one pedal."""
    line = replace(quarters(count), pitch=40 + np.resize(steps, count), hand=np.full(count, RIGHT))
    pedal = [(0.5, 127), (1 + 2.5 * held + 0.5, 0)]
    return pedalling(laid(line, 2.5, pedal=pedal))


def test_basses_that_run_into_one_another() -> None:
    found = only(blurred([0, 2], 19))
    holds(found, 0.8, 0.75, 3.5, 48.5)
    assert "19 of 19 changes" in found.text
    assert found.notes == tuple(range(1, 20))
    # 45 % of the changes: nine of nineteen.
    for held, told in ((8, 0), (9, 1)):
        assert len(blurred([0, 2], held).remarks) == told
    assert only(blurred([0, 2], 9)).weight == pytest.approx(0.4 + 0.4 * 9 / 19)
    # Eight changes at least.
    for count, told in ((9, 1), (8, 0)):
        assert len(blurred([0, 2], 19, count).remarks) == told
    for step in range(1, 13):
        assert len(blurred([0, step], 19).remarks) == (step in (1, 2, 6, 10, 11))


def test_pedal_marks_followed_in_part() -> None:
    def marked(count: int, followed: int, share: float = 1.0) -> Aspect:
        marks = tuple(Mark("pedal", 4.0 * at, 4.0 * at + 3, 1.0) for at in range(count))
        pedal = [(0.0, 0)]
        for at in range(count - followed, count):
            pedal += [(1 + 2.0 * at, 127), (1 + 2.0 * at + 1.5 * share, 0)]
        return pedalling(laid(replace(quarters(60), marks=marks), pedal=pedal))

    holds(only(marked(10, 2)), 0.4, 0.8, 1.0, 2.5)
    assert "Of 10 pedal marks 2 are followed" in only(marked(10, 2)).text
    assert not marked(10, 3).remarks
    assert not marked(3, 0).remarks
    assert marked(4, 0).remarks
    for share, told in ((0.39, 1), (0.41, 0)):
        assert len(marked(10, 10, share).remarks) == told
