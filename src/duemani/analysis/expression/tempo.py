"""Tempo and rubato, by the score's beats; without a score nothing is said about beats."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from duemani.alignment.score import Passage
from duemani.analysis.expression.take import Aspect, Take
from duemani.inputs.score.line import ScoreLine
from duemani.report import Curve, Remark

_LEAST_BEATS = 6
_PHRASE_BARS = 4
_HURRIED = 0.2
_HESITATION_SEC = 0.65
_HESITATION = 2.1
_METRONOME = 0.4
_UNSTEADY = 0.19


def tempo(take: Take) -> Aspect:
    """Beats a minute, how far the beat leaves the phrase's tempo, and remarks."""
    if take.alignment is None:
        return Aspect(
            cannot_tell=("Tempo cannot be told in beats: there is no score that says where they"
                         " are.",)
        )  # fmt: skip
    line = take.alignment.line
    times, local, phrase, remarks = [], [], [], []
    for passage in take.alignment.passages:
        beats = _beats(line, passage)
        if len(beats) < _LEAST_BEATS:
            continue
        when = passage.time_at(beats)
        period = np.diff(when)
        near = _median_smoothed(np.log(period), 1)
        bars = max(int(np.median(np.bincount(line.bar_at(beats[:-1]))[line.bar_at(beats[:-1])])), 1)
        far = _mean_smoothed(np.log(period), bars * _PHRASE_BARS // 2)
        times.append((when[:-1] + when[1:]) / 2)
        local.append(60 / np.exp(near))
        phrase.append(60 / np.exp(far))
        remarks += [
            *_marked(take, passage, beats, when),
            *_hurrying(take, passage, beats, when),
            *_hesitations(take, passage, beats, when),
            *_unsteady(take, beats, when),
        ]
    if not times:
        return Aspect(cannot_tell=("Tempo cannot be told: fewer than six beats were played.",))
    at, pace, broad = np.concatenate(times), np.concatenate(local), np.concatenate(phrase)
    curves = (
        Curve("tempo", "Tempo", "beats a minute", at, pace),
        Curve("rubato", "Rubato (tempo against the phrase's)", "%", at, 100 * (pace / broad - 1)),
    )
    return Aspect(curves, {"tempo": _bar_tempi(take)}, tuple(remarks))


def _beats(line: ScoreLine, passage: Passage) -> Float[np.ndarray, " beat"]:
    """Positions of the beats that a passage goes over [quarters]."""
    ends = np.append(line.bar_quarter[1:], np.inf)
    low, high = passage.quarter[0], passage.quarter[-1]
    found = []
    for start, end, beat in zip(line.bar_quarter, ends, line.beat_quarter, strict=True):
        if end < low or start > high:
            continue
        places = np.arange(start, min(end - 1e-6, high + 1e-6), beat)
        found.append(places[places >= low - 1e-6])
    return np.unique(np.concatenate(found)) if found else np.zeros(0)


def _median_smoothed(values: np.ndarray, reach: int) -> np.ndarray:
    return np.array(
        [np.median(values[max(at - reach, 0) : at + reach + 1]) for at in range(len(values))]
    )


def _mean_smoothed(values: np.ndarray, reach: int) -> np.ndarray:
    return np.array(
        [np.mean(values[max(at - reach, 0) : at + reach + 1]) for at in range(len(values))]
    )


def _bar_tempi(take: Take) -> np.ndarray:
    assert take.alignment is not None
    line = take.alignment.line
    ends = np.append(line.bar_quarter[1:], np.nan)
    result = np.full(len(take.windows), np.nan)
    for at, window in enumerate(take.windows):
        passage = take.alignment.passages[window.passage]
        start = max(line.bar_quarter[window.bar], passage.quarter[0])
        end = min(np.nan_to_num(ends[window.bar], nan=np.inf), passage.quarter[-1])
        beats = (end - start) / line.beat_quarter[window.bar]
        if beats >= 0.9:
            a, b = passage.time_at(np.array([start, end]))
            result[at] = 60 * beats / max(float(b - a), 1e-3)
    return result


def _pace(passage: Passage, start: float, end: float) -> float:
    """Quarters a minute between two positions, NaN where they were not both played."""
    low, high = max(start, passage.quarter[0]), min(end, passage.quarter[-1])
    if high - low < 0.9:
        return np.nan
    a, b = passage.time_at(np.array([low, high]))
    return float(60 * (high - low) / max(b - a, 1e-3))


def _marked(take: Take, passage: Passage, beats: np.ndarray, when: np.ndarray) -> Iterator[Remark]:
    assert take.alignment is not None
    line = take.alignment.line
    low, high = passage.quarter[0], passage.quarter[-1]
    stops = [m.start_quarter for m in line.marks if m.kind in ("tempo", "reset")]
    for mark in line.marks:
        start = mark.start_quarter
        if not low <= start < high - 1:
            continue
        stop = min([mark.end_quarter, *(s for s in stops if s > start + 1e-6), high])
        if mark.kind == "slowing" and stop - start >= 2:
            before = _pace(passage, start - 4, start)
            third = max((stop - start) / 3, 1.0)
            after = _pace(passage, stop - third, stop)
            slower = mark.value < 1
            share = after / before - 1
            if np.isfinite(share) and (share > 0.04 if slower else share < -0.04):
                name, does = ("ritardando", "slow down") if slower else ("accelerando", "speed up")
                a, b = (float(x) for x in passage.time_at(np.array([start, stop])))
                yield take.remark(
                    "tempo", f"The {name} does not {does}",
                    f"{take.place(a, b)} the tempo goes from {before:.0f} to {after:.0f} quarters a"
                    f" minute under the {name}. Spread the change over every beat of it.",
                    (a, b), 0.45, 0.85,
                )  # fmt: skip
        # A `<sound tempo>` that nobody sees asks for nothing.
        if mark.kind == "tempo" and mark.printed and stop - start >= 8:
            pace = _pace(passage, start, stop)
            share = pace / mark.value - 1
            if np.isfinite(share) and abs(share) > _METRONOME:
                a, b = (float(x) for x in passage.time_at(np.array([start, stop])))
                yield take.remark(
                    "tempo", f"{'Faster' if share > 0 else 'Slower'} than the metronome mark",
                    f"The mark asks for {mark.value:.0f} quarters a minute; you play about"
                    f" {pace:.0f}. That may be your choice, or the place to practise towards.",
                    (a, b), 0.2, 0.9,
                )  # fmt: skip
    for note in np.flatnonzero(line.fermata & (line.onset_quarter >= low + 2)):
        start = float(line.onset_quarter[note])
        stop = start + float(line.duration_quarter[note])
        if stop > high or stop - start < 0.25:
            continue
        a, b = (float(x) for x in passage.time_at(np.array([start, stop])))
        usual = _pace(passage, start - 4, start)
        if np.isfinite(usual) and (b - a) < 1.05 * (stop - start) * 60 / usual:
            yield take.remark(
                "tempo", "The fermata is passed over",
                f"{take.place(a, b)} the note under the fermata is not held longer than written."
                " Wait until its sound has settled.",
                (a, b), 0.4, 0.85,
            )  # fmt: skip


def _hurrying(
    take: Take, passage: Passage, beats: np.ndarray, when: np.ndarray
) -> Iterator[Remark]:
    """A tempo that only ever rises (or falls) over the whole passage, with no mark for it."""
    assert take.alignment is not None
    inside = [
        mark
        for mark in take.alignment.line.marks
        if mark.kind in ("tempo", "slowing")
        and passage.quarter[0] + 1 < mark.start_quarter < passage.quarter[-1]
    ]
    if len(beats) < 32 or inside:
        return
    # The end slows down in most playing, so it does not count.
    count = int(0.92 * len(beats))
    parts = np.array_split(np.log(np.diff(when)[:count] / np.diff(beats)[:count]), 8)
    pace = np.array([np.median(part) for part in parts])
    steps = np.diff(pace)
    drift = float(pace[:2].mean() - pace[-2:].mean())
    same_way = float(np.mean(np.sign(steps) == -np.sign(drift)))
    # Rare in professionals: of 16 takes none drifted by more than 0.16.
    steady = same_way >= 0.7 or (abs(drift) > 1.25 * _HURRIED and same_way >= 0.55)
    if abs(drift) < _HURRIED or not steady:
        return
    word = "faster" if drift > 0 else "slower"
    yield take.remark(
        "tempo",
        f"It gets {word} and {word}",
        f"From the first quarter to the last the tempo {'rises' if drift > 0 else 'falls'} by"
        f" {100 * abs(np.expm1(drift)):.0f} %, section by section. Practise the end at the"
        " tempo of the beginning, and check with a metronome every eight bars.",
        (float(when[0]), float(when[-1])),
        0.5 + abs(drift),
        0.9,
    )


def _hesitations(
    take: Take, passage: Passage, beats: np.ndarray, when: np.ndarray
) -> Iterator[Remark]:
    """Beats twice as long as those around them, where the score asks for no waiting."""
    assert take.alignment is not None
    line = take.alignment.line
    period = np.diff(when) / np.diff(beats)
    asked = [(m.start_quarter - 2, m.end_quarter + 2) for m in line.marks if m.kind == "slowing"]
    asked += [(m.start_quarter - 2, m.start_quarter + 1) for m in line.marks if m.kind == "tempo"]
    held = line.onset_quarter[line.fermata]
    length = line.duration_quarter[line.fermata]
    asked += [(a - 1, a + b + 1) for a, b in zip(held, length, strict=True)]
    found = []
    for at in range(2, len(period) - 3):
        around = np.concatenate([period[max(at - 4, 0) : at], period[at + 1 : at + 5]])
        usual = float(np.median(around))
        lost_sec = float((period[at] - usual) * (beats[at + 1] - beats[at]))
        settled = max(period[at - 1], period[at + 1]) < 1.35 * usual
        waited = any(a <= beats[at] <= b for a, b in asked)
        long = period[at] > _HESITATION * usual and lost_sec > _HESITATION_SEC
        if long and settled and not waited:
            found.append((lost_sec, at))
    for lost_sec, at in sorted(found, reverse=True)[:4]:
        a, b = float(when[at]), float(when[at + 1])
        yield take.remark(
            "tempo", "The flow stops",
            f"{take.place(a, b)} a beat lasts {lost_sec:.1f} s longer than those around it."
            " Practise from one beat before it to one beat after it, slowly, until it joins.",
            (a, b), 0.4 + 0.2 * min(lost_sec, 2.0), 0.8,
        )  # fmt: skip


def _unsteady(take: Take, beats: np.ndarray, when: np.ndarray) -> Iterator[Remark]:
    """Beats that are long and short by turns: rubato is smooth from beat to beat."""
    if len(beats) < 24:
        return
    period = np.log(np.diff(when) / np.diff(beats))
    bend = period[1:-1] - (period[:-2] + period[2:]) / 2
    # About 0, not about the median: where beats limp that is one of the two lengths.
    rough = float(1.4826 * np.median(np.abs(bend)))
    beat_sec = float(np.exp(np.median(period)) * np.median(np.diff(beats)))
    if rough > _UNSTEADY + 2 * take.tolerance.onset_sec / beat_sec:
        yield take.remark(
            "tempo", "The beat is unsteady",
            f"A beat differs from its neighbours by {100 * rough:.0f} % as a rule, now longer, now"
            " shorter. Count aloud, or play with a metronome at a tempo where every beat is even.",
            (float(when[0]), float(when[-1])), 0.4 + 2 * (rough - _UNSTEADY), 0.85,
        )  # fmt: skip
