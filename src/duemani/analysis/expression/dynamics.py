"""Loud and soft: the curve, and whether the score's dynamics are heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from duemani.analysis.expression.take import LEAST_NOTES, Aspect, Take, curve_times, smoothed
from duemani.inputs.score.marks import Mark
from duemani.report import Curve, Remark

_FLAT_SEC = 25.0
_FLAT_RANGE = 3.5
_PLAIN_CONTRAST = 12.0
_AGAINST = 4.0
_PRAISED_SWELL = 12.0
_SHORTEST_SWELL_QUARTERS = 1.5
_ACCENTS = ("accent", "strong-accent")
_NAMES = ((30, "ppp"), (42, "pp"), (54, "p"), (66, "mp"), (79, "mf"), (93, "f"), (106, "ff"))


def dynamics(take: Take) -> Aspect:
    """Level over time in MIDI velocity, smoothed over about a bar, and remarks on markings."""
    if len(take.velocity) < LEAST_NOTES:
        return Aspect(cannot_tell=("Dynamics cannot be told: too few notes.",))
    if not take.has_touch:
        return Aspect(cannot_tell=("Dynamics cannot be told: all notes have the same velocity.",))
    width_sec = _width_sec(take)
    times = curve_times(take)
    level, error = smoothed(times, take.onset_sec, take.velocity, width_sec)
    margin = 1.28 * error + take.tolerance.velocity / 2
    curves = [
        Curve("dynamics", "Dynamics", "velocity", times, level, level - margin, level + margin)
    ]
    top = top_notes(take)
    if LEAST_NOTES <= len(top) < 0.85 * len(take.velocity):
        melody, _ = smoothed(times, take.onset_sec[top], take.velocity[top], width_sec)
        curves.append(Curve("dynamics", "Dynamics of the top voice", "velocity", times, melody))
    remarks = [*_flat(take, times, level), *_marked(take)]
    figures = {"dynamics": take.by_window(take.velocity, 3)}
    return Aspect(tuple(curves), figures, tuple(remarks))


def top_notes(take: Take) -> np.ndarray:
    """The highest note of every chord, lone notes among them."""
    order = np.lexsort((take.pitch, take.chord_of))
    last = np.append(np.diff(take.chord_of[order]) > 0, True)
    return np.sort(order[last])


def _width_sec(take: Take) -> float:
    lengths = [one.end_sec - one.start_sec for one in take.windows]
    typical = float(np.median(lengths)) if take.alignment is not None and lengths else 2.0
    return float(np.clip(typical / 2, 0.4, 2.0))


def _flat(take: Take, times: np.ndarray, level: np.ndarray) -> Iterator[Remark]:
    known = level[np.isfinite(level)]
    if len(known) < 8 or times[-1] - times[0] < _FLAT_SEC:
        return
    low, high = np.percentile(known, [5, 95])
    span = float(high - low)
    if span < _FLAT_RANGE - min(take.tolerance.velocity / 4, 1.0):
        yield take.remark(
            "dynamics",
            "One level throughout",
            f"From the softest to the loudest passage the level changes by {span:.0f} of 127"
            " (MIDI velocity) only. Decide where each phrase goes to, and let it grow towards that"
            " note.",
            (float(times[0]), float(times[-1])),
            0.7 * (1 - span / (2 * _FLAT_RANGE)) + 0.2,
        )


def _marked(take: Take) -> Iterator[Remark]:
    if take.alignment is None:
        return
    for number, passage in enumerate(take.alignment.passages):
        mine = np.flatnonzero((take.alignment.passage == number) & (take.alignment.written >= 0))
        if len(mine) < LEAST_NOTES:
            continue
        where = take.alignment.onset_quarter[mine]
        loud = take.velocity[mine]
        low, high = float(passage.quarter[0]), float(passage.quarter[-1])

        def span(a: float, b: float, number: int = number) -> tuple[float, float]:
            assert take.alignment is not None
            ends = take.alignment.passages[number].time_at(np.array([a, b]))
            return float(ends[0]), float(ends[1])

        marks = [mark for mark in take.alignment.line.marks if low <= mark.start_quarter <= high]
        for remark in _levels(take, marks, where, loud, high):
            yield _placed(take, remark, span)
        for remark in _swells(take, marks, where, loud, high):
            yield _placed(take, remark, span)
        yield from _accents(take, mine, marks)


_Found = tuple[str, str, float, float, float, bool]
"""Title, text, position from, to [quarters], weight, praise."""


def _placed(
    take: Take, found: _Found, span: Callable[[float, float], tuple[float, float]]
) -> Remark:
    title, text, start, end, weight, praise = found
    seconds = span(start, end)
    place = take.place(*seconds)
    return take.remark(
        "dynamics", title, text.replace("{place}", place), seconds, weight, 0.9, praise=praise
    )


def _mean(
    where: np.ndarray, loud: Float[np.ndarray, " note"], start: float, end: float
) -> tuple[float, float]:
    """Mean velocity of the notes from `start` to `end`, and its standard error (NaN: too few)."""
    inside = loud[(where >= start - 1e-6) & (where < end - 1e-6)]
    if len(inside) < 4:
        return np.nan, np.nan
    return float(inside.mean()), float(inside.std() / np.sqrt(len(inside)))


def _levels(
    take: Take, marks: list[Mark], where: np.ndarray, loud: np.ndarray, end: float
) -> Iterator[_Found]:
    """Each level against the one before it: louder should be louder."""
    assert take.alignment is not None
    levels = [mark for mark in marks if mark.kind == "level"]
    swells = [mark for mark in marks if mark.kind == "swell"]
    bar = take.alignment.line.bar_quarter
    length = float(np.median(np.diff(bar))) if len(bar) > 1 else 4.0
    for at, (before, after) in enumerate(pairwise(levels)):
        contrast = after.value - before.value
        if abs(contrast) < _PLAIN_CONTRAST:
            continue

        def region(mark: Mark, until: float) -> tuple[float, float]:
            stop = min(
                [until, mark.start_quarter + 2 * length]
                + [s.start_quarter for s in swells if s.start_quarter > mark.start_quarter + 0.5]
            )
            return _mean(where, loud, mark.start_quarter, stop)

        following = levels[at + 2].start_quarter if at + 2 < len(levels) else end + 1
        was, was_error = region(before, after.start_quarter)
        now, now_error = region(after, following)
        doubt = 1.5 * float(np.hypot(was_error, now_error)) + take.tolerance.velocity / 2
        against = -np.sign(contrast) * (now - was)
        if not np.isfinite(against) or against < _AGAINST + doubt:
            continue
        first, second = _level_name(before.value), _level_name(after.value)
        word, than = ("softer", "louder") if contrast > 0 else ("louder", "softer")
        yield (
            f"{second} {word} than the {first} before",
            f"{{place}} the {second} sounds {word} than the {first} before it"
            f" ({now:.0f} against {was:.0f} of 127). Keep a {than} sound in reserve for it.",
            after.start_quarter,
            min(after.start_quarter + length, end),
            0.45 + 0.02 * float(against),
            False,
        )


def _level_name(value: float) -> str:
    return next((name for limit, name in _NAMES if value < limit), "fff")


def _swells(
    take: Take, marks: list[Mark], where: np.ndarray, loud: np.ndarray, end: float
) -> Iterator[_Found]:
    levels = [mark.start_quarter for mark in marks if mark.kind == "level"]
    for mark in marks:
        stop = min([mark.end_quarter, end, *(q for q in levels if q > mark.start_quarter + 1e-6)])
        length = stop - mark.start_quarter
        if mark.kind != "swell" or length < _SHORTEST_SWELL_QUARTERS:
            continue
        inside = (where >= mark.start_quarter - 1e-6) & (where <= stop + 1e-6)
        if len(np.unique(where[inside])) < 4 or inside.sum() < 6:
            continue
        third = length / 3
        first, first_error = _mean(where, loud, mark.start_quarter, mark.start_quarter + third)
        last, last_error = _mean(where, loud, stop - third, stop + 1e-3)
        change = mark.value * (last - first)
        doubt = 1.5 * float(np.hypot(first_error, last_error)) + take.tolerance.velocity / 2
        if not np.isfinite(change) or not np.isfinite(doubt):
            continue
        name, grow, does = (
            ("crescendo", "grow", "gets softer") if mark.value > 0
            else ("diminuendo", "fade", "gets louder")
        )  # fmt: skip
        spread = f"{first:.0f} at its start, {last:.0f} at its end, of 127"
        if change < -(_AGAINST + doubt):
            yield (
                f"The {name} {does}",
                f"{{place}} the {name} {does} instead ({spread})."
                f" Begin it {'softer' if mark.value > 0 else 'louder'} and aim at its last note.",
                mark.start_quarter,
                stop,
                0.5 - 0.02 * change,
                False,
            )
        elif abs(change) < 1.0 and doubt < 4.0 and length >= 4:
            yield (
                f"The {name} does not {grow}",
                f"{{place}} the {name} hardly changes ({spread})."
                f" Begin it {'softer' if mark.value > 0 else 'louder'} and aim at its last note.",
                mark.start_quarter,
                stop,
                0.4,
                False,
            )
        elif change > _PRAISED_SWELL + doubt:
            yield (
                f"A well-shaped {name}",
                f"{{place}} the {name} is clearly heard ({spread}).",
                mark.start_quarter,
                stop,
                0.25,
                True,
            )


def _accents(take: Take, mine: np.ndarray, marks: list[Mark]) -> Iterator[Remark]:
    """Accents and sf against the notes of the same hand within a second and a half."""
    assert take.alignment is not None
    line = take.alignment.line
    stress = [mark.start_quarter for mark in marks if mark.kind == "stress"]
    weak, total = [], 0
    for note in mine:
        written = take.alignment.written[note]
        accented = any(name in line.articulations[written] for name in _ACCENTS) or any(
            abs(line.onset_quarter[written] - quarter) < 1e-3 for quarter in stress
        )
        if not accented:
            continue
        near = mine[np.abs(take.onset_sec[mine] - take.onset_sec[note]) < 1.5]
        near = near[(take.hand[near] == take.hand[note]) & (near != note)]
        if len(near) < 4:
            continue
        total += 1
        if take.velocity[note] < np.mean(take.velocity[near]) - 3 - take.tolerance.velocity:
            weak.append(int(note))
    if total >= 3 and len(weak) > 0.5 * total:
        first, last = take.onset_sec[weak[0]], take.onset_sec[weak[-1]] + 0.5
        yield take.remark(
            "markings",
            "Accents are not heard",
            f"{len(weak)} of {total} notes with an accent or sf are softer than the notes around"
            " them. Let the arm drop into them, and play the notes before them lighter.",
            (float(first), float(last)),
            0.4,
            0.8,
            tuple(weak),
        )
