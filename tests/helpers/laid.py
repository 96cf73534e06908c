"""A made-up score of quarters and takes laid along it by hand."""

from __future__ import annotations

import numpy as np
import pytest

from duemani.alignment.score import Alignment, Passage
from duemani.analysis.expression.take import Aspect, NoteSource, Take
from duemani.inputs.score.line import ScoreLine
from duemani.performance import PEDAL_DTYPE, RIGHT, Performance, make_notes
from duemani.report import Remark

SCALE = np.array([60, 62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62])


def quarters(count: int, step: float = 1.0) -> ScoreLine:
    """One voice, a note every `step` quarters, four quarters a bar."""
    no = np.zeros(count, bool)
    bars = np.arange(0.0, count * step, 4.0)
    return ScoreLine(
        onset_quarter=step * np.arange(count), duration_quarter=np.full(count, step),
        pitch=np.resize(SCALE, count), hand=np.full(count, RIGHT), voice=np.zeros(count, int),
        grace=no, slurred=no, ornament=no, fermata=no,
        articulations=(frozenset[str](),) * count,
        bar_quarter=bars, bar_names=tuple(str(at + 1) for at in range(len(bars))),
        beat_quarter=np.ones(len(bars)),
    )  # fmt: skip


def laid(
    line: ScoreLine,
    period_sec: float | np.ndarray = 0.5,
    held: float | np.ndarray = 0.9,
    velocity: int | np.ndarray = 64,
    pedal: list[tuple[float, int]] | None = None,
    source: NoteSource = "measured",
) -> Take:
    """The line played as written, each note with its time to the next, share held and velocity."""
    count = len(line.pitch)
    period = np.broadcast_to(np.asarray(period_sec, float), count)
    onset = 1 + np.concatenate([[0], np.cumsum(period)[:-1]])
    rows = zip(onset.tolist(), line.pitch.tolist(), strict=True)
    notes = make_notes([(on, on, pitch, 64) for on, pitch in rows])
    notes["release_sec"] = onset + period * held
    notes["velocity"], notes["hand"] = velocity, RIGHT
    presses = None if pedal is None else np.array(pedal, PEDAL_DTYPE)
    whole = Alignment(
        line=line, written=np.arange(count), onset_quarter=line.onset_quarter, bar=line.bar,
        passage=np.zeros(count, int),
        passages=(Passage(0, count, line.onset_quarter, onset),),
        missing=np.zeros(0, int), missing_sec=np.zeros(0), match_rate=1.0, played_share=1.0,
        path_cost=0.0, fits=True, how_sure=1.0,
    )  # fmt: skip
    return Take(Performance.create(notes, presses), whole, source)


def titles(aspect: Aspect) -> list[str]:
    return [remark.title for remark in aspect.remarks]


def only(aspect: Aspect) -> Remark:
    (remark,) = aspect.remarks
    return remark


def holds(remark: Remark, weight: float, sure: float, start_sec: float, end_sec: float) -> None:
    """Of measured notes, whose source leaves 0.95 of every confidence."""
    assert remark.weight == pytest.approx(weight)
    assert remark.confidence == pytest.approx(sure * 0.95)
    assert (remark.start_sec, remark.end_sec) == (pytest.approx(start_sec), pytest.approx(end_sec))


UP = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79, 81, 83, 84]


def heard(
    gaps_sec: list[float], pitches: list[int] | None = None, hand: int = RIGHT,
    velocity: list[int] | None = None, finger: list[int] | None = None,
) -> Take:  # fmt: skip
    """Notes without a score, the first at 1 s."""
    onsets = 1 + np.concatenate([[0.0], np.cumsum(gaps_sec)])
    keys = pitches or np.resize([*UP, *UP[-2:0:-1]], len(onsets)).tolist()
    notes = make_notes([(on, on + 0.05, key, 64) for on, key in zip(onsets, keys, strict=True)])
    notes["hand"], notes["velocity"] = hand, velocity or 64
    if finger:
        notes["finger"] = finger
    return Take(Performance.create(notes), None)
