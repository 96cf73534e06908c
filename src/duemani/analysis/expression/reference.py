"""The take beside reference performances of the same score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from duemani.analysis.expression.take import Figures, Take
from duemani.report import Curve, Remark

_FLOORS = {"dynamics": 12.0, "tempo": 0.3, "articulation": 0.4}
_SPREADS = 3.0
_LEAST_BARS = 2
_MOST = 3


def with_references(
    take: Take,
    curves: Sequence[Curve],
    references: Sequence[tuple[Take, Sequence[Curve]]],
) -> tuple[Curve, ...]:
    """The curves with the references' mean at the same places of the score.

    Dynamics are moved to the take's mean: pianos and recordings differ in level.
    """
    result = []
    for curve in curves:
        own = _places(take, curve.time_sec)
        found = []
        for other, others in references:
            same = [one for one in others if one.name == curve.name and one.label == curve.label]
            if not same:
                continue
            values = _at_places(other, same[0], own)
            if curve.name == "dynamics" and np.isfinite(values).any():
                both = np.isfinite(values) & np.isfinite(curve.value)
                if both.any():
                    values = values + float(np.mean(curve.value[both] - values[both]))
            found.append(values)
        if found and np.isfinite(np.array(found)).any():
            stacked = np.array(found)
            count = np.isfinite(stacked).sum(axis=0)
            total = np.nansum(stacked, axis=0)
            mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
            result.append(replace(curve, reference=mean))
        else:
            result.append(curve)
    return tuple(result)


def departures(
    take: Take,
    figures: Mapping[str, Figures],
    references: Sequence[tuple[Take, Mapping[str, Figures]]],
) -> Iterator[Remark]:
    """Passages where the take leaves the references by far more than they differ."""
    if take.alignment is None or not references:
        return
    bar = np.array([window.bar for window in take.windows])
    for name, floor in _FLOORS.items():
        mine = _relative(name, figures.get(name, np.full(len(bar), np.nan)))
        theirs = []
        for other, values in references:
            if name in values:
                theirs.append(_by_bar(other, _relative(name, values[name]), bar))
        if not theirs:
            continue
        table = np.array(theirs)
        known = np.isfinite(table).all(axis=0) & np.isfinite(mine)
        centre = np.where(known, table.mean(axis=0), 0.0)
        width = np.maximum(
            floor, _SPREADS * table.std(axis=0) * np.sqrt(len(theirs) / max(len(theirs) - 1, 1))
        )
        if len(theirs) == 1:
            width = np.full(len(bar), 1.5 * floor)
        away = np.where(known, (mine - centre) / np.where(known, width, 1.0), 0.0)
        found = sorted(_stretches(away), key=lambda one: -abs(one[2]))[:_MOST]
        for first, last, size in found:
            yield _told(take, name, first, last, size)


def _relative(name: str, values: Figures) -> Figures:
    """Dynamics against the mean, tempo as a logarithm against the median."""
    known = values[np.isfinite(values)]
    if not len(known):
        return values
    if name == "dynamics":
        return values - float(known.mean())
    if name == "tempo":
        return np.log(np.maximum(values, 1e-3)) - float(np.log(max(np.median(known), 1e-3)))
    return values


def _by_bar(take: Take, values: Figures, bar: np.ndarray) -> np.ndarray:
    place: dict[int, list[float]] = {}
    for window, value in zip(take.windows, values, strict=True):
        if np.isfinite(value):
            place.setdefault(window.bar, []).append(float(value))
    return np.array([float(np.mean(place[int(b)])) if int(b) in place else np.nan for b in bar])


def _stretches(away: np.ndarray) -> list[tuple[int, int, float]]:
    """(first, last, mean) of at least two windows in a row, all beyond on the same side."""
    found, start = [], 0
    beyond = np.where(np.abs(away) > 1, np.sign(away), 0)
    for at in range(1, len(beyond) + 1):
        if at == len(beyond) or beyond[at] != beyond[start]:
            if beyond[start] and at - start >= _LEAST_BARS:
                found.append((start, at - 1, float(away[start:at].mean())))
            start = at
    return found


def _told(take: Take, name: str, first: int, last: int, size: float) -> Remark:
    words = {
        "dynamics": ("louder", "softer"),
        "tempo": ("faster", "slower"),
        "articulation": ("more connected", "more detached"),
    }[name]
    word = words[0] if size > 0 else words[1]
    span = (take.windows[first].start_sec, take.windows[last].end_sec)
    return take.remark(
        "reference", f"{word.capitalize()} than the reference",
        f"{take.place(*span)} you play much {word} than the reference, in relation to the rest of"
        " the piece. Listen to both, and decide whether you mean it.",
        span, 0.3 + 0.08 * min(abs(size), 4.0), 0.8,
    )  # fmt: skip


def _places(take: Take, time_sec: np.ndarray) -> np.ndarray:
    """Positions in the score [quarters] at times of a take."""
    assert take.alignment is not None
    result = np.full(len(time_sec), np.nan)
    for passage in take.alignment.passages:
        inside = (time_sec >= passage.time_sec[0] - 0.5) & (time_sec <= passage.time_sec[-1] + 0.5)
        inside &= np.isnan(result)
        result[inside] = passage.quarter_at(time_sec[inside])
    return result


def _at_places(other: Take, curve: Curve, quarter: np.ndarray) -> np.ndarray:
    assert other.alignment is not None
    result = np.full(len(quarter), np.nan)
    known = np.isfinite(curve.value)
    if known.sum() < 2:
        return result
    for passage in other.alignment.passages:
        inside = (quarter >= passage.quarter[0]) & (quarter <= passage.quarter[-1])
        inside &= np.isnan(result)
        when = passage.time_at(quarter[inside])
        result[inside] = np.interp(when, curve.time_sec[known], curve.value[known])
    return result
