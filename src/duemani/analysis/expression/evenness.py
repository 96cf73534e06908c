"""Evenness of runs in time and in touch, the worst spot, and the finger that makes it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from duemani.analysis.expression.runs import Run, find_runs
from duemani.analysis.expression.take import Aspect, Take
from duemani.analysis.reasons.words import finger_name, key_name
from duemani.report import Remark

_UNEVEN = 0.2
_EVEN = 0.05
_PRAISED_NOTES = 24
_UNEVEN_TOUCH = 13.0
_TREND_NOTES = 8
_MOST = 4
_FINGER_LATE_SEC = 0.015
_FINGER_HEAVY = 6.0
_LEAST_OF_A_FINGER = 4


def evenness(take: Take) -> Aspect:
    """Spread of the intervals in runs of equal notes, as a share of the interval.

    Slow changes (rubato, a crescendo) are taken out first: a line fitted to the eight notes around.
    Scaling the tempo or adding to all velocities changes nothing.
    """
    runs = find_runs(take)
    if not runs:
        return Aspect(
            cannot_tell=("Evenness cannot be told: there is no run of eight equal, fast notes.",)
        )
    per_note = np.full(len(take.onset_sec), np.nan)
    figure = np.full(len(take.windows), np.nan)
    for run in runs:
        per_note[run.notes[:-1]] = np.abs(log_deviation(take, run))
    for window in range(len(take.windows)):
        mine = per_note[(take.window_of == window) & np.isfinite(per_note)]
        if len(mine) >= 5:
            figure[window] = 1.4826 * float(np.median(mine))
    remarks = [
        *_uneven(take, runs),
        *_touch(take, runs),
        *_fingers(take, runs),
        *_praised(take, runs),
    ]
    return Aspect((), {"evenness": figure}, tuple(remarks))


def log_deviation(take: Take, run: Run) -> Float[np.ndarray, " interval"]:
    """How much longer each interval is than those around it (natural logarithm)."""
    interval = np.log(np.diff(take.onset_sec[run.notes]) / run.units)
    return _detrended(interval)


def spread(deviation: Float[np.ndarray, " value"]) -> float:
    """Robust standard deviation about 0.

    Not about the median: where notes limp, every second one long, that is one of the two lengths.
    """
    return 1.4826 * float(np.median(np.abs(deviation)))


def _detrended(values: np.ndarray) -> np.ndarray:
    """Values minus a line fitted to those within four places on either side."""
    half = _TREND_NOTES // 2
    place = np.arange(len(values), dtype=float)
    result = np.zeros(len(values))
    for at in range(len(values)):
        low, high = max(at - half, 0), min(at + half + 1, len(values))
        x, y = place[low:high] - at, values[low:high]
        mean_x = x.mean()
        slope = ((x - mean_x) @ (y - y.mean())) / max(float((x - mean_x) @ (x - mean_x)), 1e-9)
        result[at] = values[at] - (y.mean() - slope * mean_x)
    return result


def _floor(take: Take, run: Run) -> float:
    """Spread that the notes' own errors make."""
    interval = float(np.median(np.diff(take.onset_sec[run.notes])))
    return 1.4 * take.tolerance.onset_sec / max(interval, 0.02)


def _uneven(take: Take, runs: tuple[Run, ...]) -> Iterator[Remark]:
    found = []
    for run in runs:
        deviation = log_deviation(take, run)
        wide = spread(deviation)
        limit = float(np.hypot(_UNEVEN, _floor(take, run)))
        # Short runs look uneven by chance.
        if wide > limit * (1 + 1.0 / np.sqrt(len(deviation))):
            found.append((wide / limit * np.sqrt(len(deviation)), wide, run, deviation))
    for _, wide, run, deviation in sorted(found, key=lambda one: -one[0])[:_MOST]:
        worst = int(np.argmax(np.abs(deviation)))
        span = _span(take, run)
        note = int(run.notes[worst + 1])
        late = deviation[worst] > 0
        finger = int(take.performance.notes["finger"][note])
        by = f" with {finger_name(finger)}" if finger else ""
        yield take.remark(
            "evenness", _title(run, "Uneven"),
            f"{take.place(*span)} the intervals of {_what(run)} vary by"
            f" {100 * wide:.0f} %. The worst is {key_name(int(take.pitch[note]))}{by}, which comes"
            f" {'late' if late else 'early'}. Practise in dotted rhythms both ways, then evenly.",
            span, 0.35 + min(wide - _UNEVEN, 0.3) + 0.004 * min(len(run.notes), 40), 0.9,
            tuple(map(int, run.notes)), hand=run.hand,
        )  # fmt: skip


def _touch(take: Take, runs: tuple[Run, ...]) -> Iterator[Remark]:
    if not take.has_touch:
        return
    limit = float(np.hypot(_UNEVEN_TOUCH, take.tolerance.velocity))
    found = []
    for run in runs:
        deviation = _detrended(take.velocity[run.notes])
        wide = spread(deviation)
        if wide > limit * (1 + 1.0 / np.sqrt(len(deviation))):
            found.append((wide, run, deviation))
    for wide, run, deviation in sorted(found, key=lambda one: -one[0])[:_MOST]:
        worst = int(np.argmax(np.abs(deviation)))
        note, span = int(run.notes[worst]), _span(take, run)
        finger = int(take.performance.notes["finger"][note])
        by = f" ({finger_name(finger)})" if finger else ""
        yield take.remark(
            "evenness", _title(run, "Uneven touch in"),
            f"{take.place(*span)} the loudness of {_what(run)} varies by {wide:.0f} of 127 from"
            f" note to note; {key_name(int(take.pitch[note]))}{by} sticks out most, too"
            f" {'loud' if deviation[worst] > 0 else 'soft'}. Play it softly with the same weight"
            " on every finger.",
            span, 0.3 + 0.015 * (wide - limit), 0.8, tuple(map(int, run.notes)), hand=run.hand,
        )  # fmt: skip


def _fingers(take: Take, runs: tuple[Run, ...]) -> Iterator[Remark]:
    """A finger that is late or heavy over all runs of its hand."""
    fingers = take.performance.notes["finger"].astype(int)
    for hand in (0, 1):
        late: dict[int, list[float]] = {}
        heavy: dict[int, list[float]] = {}
        notes: dict[int, list[int]] = {}
        for run in runs:
            if run.hand != hand or run.kind != "passage":
                continue
            onset = take.onset_sec[run.notes]
            # Lateness against the line through the neighbours' onsets.
            away = onset[1:-1] - (onset[:-2] + onset[2:]) / 2
            touch = _detrended(take.velocity[run.notes])[1:-1]
            for note, lag, loud in zip(run.notes[1:-1], away, touch, strict=True):
                if finger := int(fingers[note]):
                    late.setdefault(finger, []).append(float(lag))
                    heavy.setdefault(finger, []).append(float(loud))
                    notes.setdefault(finger, []).append(int(note))
        side = "left" if hand == 0 else "right"
        for finger, values in late.items():
            if len(values) < _LEAST_OF_A_FINGER:
                continue
            where = tuple(notes[finger])
            span = (float(take.onset_sec[where[0]]), float(take.onset_sec[where[-1]]))
            sure = float(np.std(values)) / np.sqrt(len(values))
            middle = float(np.median(values))
            name = finger_name(finger, True) if finger == 1 else f"Finger {finger}"
            if middle - 2 * sure > _FINGER_LATE_SEC + take.tolerance.onset_sec:
                yield take.remark(
                    "evenness", f"{name} of the {side} hand is late",
                    f"In runs {name[0].lower()}{name[1:]} strikes {1000 * middle:.0f} ms after its"
                    " place. Prepare it above its key while the finger before it plays.",
                    span, 0.55, 0.85, where, hand=hand,
                )  # fmt: skip
            loud = heavy[finger]
            middle = float(np.median(loud))
            sure = float(np.std(loud)) / np.sqrt(len(loud))
            if take.has_touch and middle - 2 * sure > _FINGER_HEAVY + take.tolerance.velocity / 2:
                yield take.remark(
                    "evenness", f"{name} of the {side} hand is heavy",
                    f"In runs {name[0].lower()}{name[1:]} is {middle:.0f} of 127 louder than its"
                    " neighbours. Let it fall from close to the key, without the arm.",
                    span, 0.45, 0.8, where, hand=hand,
                )  # fmt: skip


def _praised(take: Take, runs: tuple[Run, ...]) -> Iterator[Remark]:
    even = []
    for run in runs:
        wide = spread(log_deviation(take, run))
        if len(run.notes) >= _PRAISED_NOTES and wide < _EVEN + _floor(take, run) / 2:
            even.append((wide, run))
    if even:
        wide, run = min(even, key=lambda one: one[0])
        span = _span(take, run)
        yield take.remark(
            "evenness", _title(run, "Even"),
            f"{take.place(*span)} {_what(run)} {'are' if run.kind == 'repeated notes' else 'is'}"
            f" even: the intervals vary by {100 * wide:.0f} % only.",
            span, 0.2, 0.9, tuple(map(int, run.notes)), True, run.hand,
        )  # fmt: skip


def _span(take: Take, run: Run) -> tuple[float, float]:
    return float(take.onset_sec[run.notes[0]]), float(take.release_sec[run.notes[-1]])


def _title(run: Run, word: str) -> str:
    if run.kind == "passage":
        return f"{word} passage work"
    return f"{word} {run.kind}"


def _what(run: Run) -> str:
    side = {0: " of the left hand", 1: " of the right hand"}.get(run.hand, "")
    count = len(run.notes)
    if run.kind == "repeated notes":
        return f"{count} repeated notes{side}"
    return f"a {'run' if run.kind == 'passage' else 'trill'} of {count} notes{side}"
