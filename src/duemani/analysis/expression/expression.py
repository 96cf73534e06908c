"""Expression of a take: curves, figures of every bar, remarks, and what cannot be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from duemani.alignment.score import Alignment, align_to_score
from duemani.analysis.expression.articulation import articulation
from duemani.analysis.expression.dynamics import dynamics
from duemani.analysis.expression.evenness import evenness
from duemani.analysis.expression.hands import synchrony, voicing
from duemani.analysis.expression.notes import notes_against_score
from duemani.analysis.expression.pedal import pedalling
from duemani.analysis.expression.reference import departures, with_references
from duemani.analysis.expression.take import LEAST_NOTES, Aspect, Figures, NoteSource, Take
from duemani.analysis.expression.tempo import tempo
from duemani.performance import Performance
from duemani.report import Bar, Curve, Kind, Remark

_ASPECTS: tuple[Callable[[Take], Aspect], ...] = (
    notes_against_score,
    dynamics,
    tempo,
    articulation,
    pedalling,
    evenness,
    synchrony,
    voicing,
)
_FIGURES = ("dynamics", "tempo", "articulation", "pedal", "evenness", "synchrony", "voicing")
_MOST_OF_A_KIND: Mapping[Kind, int] = {"notes": 12}
_USUALLY_MOST = 5


@dataclass(frozen=True)
class Expression:
    """What there is to say about expression; the fields are those of `Review`."""

    curves: tuple[Curve, ...]
    bars: tuple[Bar, ...]
    remarks: tuple[Remark, ...]
    cannot_tell: tuple[str, ...]


def analyse_expression(
    performance: Performance,
    alignment: Alignment | None = None,
    references: Sequence[Performance] = (),
    source: NoteSource = "measured",
) -> Expression:
    """Dynamics, tempo, articulation, pedal, evenness, synchrony, voicing, and notes.

    Args:
        performance: what was played.
        alignment: to its score (`align_to_score`), whose marks are compared; ignored where it
            does not fit.
        references: other performances of the same score; used with an alignment only.
        source: `measured` by the instrument (MIDI) or `heard` (transcribed from sound: thresholds
            are wider then, and confidence lower).

    Returns:
        Windows of 4 s stand for bars where there is no score.
    """
    cannot_tell: list[str] = []
    if alignment is not None and not alignment.fits:
        cannot_tell.append(
            "Nothing is compared with the score: it does not fit what was played."
            if len(performance.notes)
            else "Nothing is compared with the score: no notes were played."
        )
        alignment = None
    take = Take(performance, alignment, source)
    if len(performance.notes) < LEAST_NOTES:
        cannot_tell.append("Expression cannot be told: fewer than eight notes were played.")
        return Expression((), _bars(take, {}), (), tuple(cannot_tell))
    aspects = [aspect(take) for aspect in _ASPECTS]
    curves = tuple(curve for aspect in aspects for curve in aspect.curves)
    figures = _figures(aspects)
    remarks = [remark for aspect in aspects for remark in aspect.remarks]
    cannot_tell += [sentence for aspect in aspects for sentence in aspect.cannot_tell]
    if references:
        if alignment is None:
            cannot_tell.append("References cannot be compared without a score that fits.")
        else:
            curves, found, said = _compared(take, curves, figures, references)
            remarks += found
            cannot_tell += said
    return Expression(
        curves, _bars(take, figures), _ranked(remarks), tuple(dict.fromkeys(cannot_tell))
    )


def _figures(aspects: Sequence[Aspect]) -> dict[str, Figures]:
    return {name: values for aspect in aspects for name, values in aspect.figures.items()}


def _compared(
    take: Take,
    curves: tuple[Curve, ...],
    figures: Mapping[str, Figures],
    references: Sequence[Performance],
) -> tuple[tuple[Curve, ...], list[Remark], list[str]]:
    assert take.alignment is not None
    said, takes, aspects = [], [], []
    for number, reference in enumerate(references, 1):
        aligned = align_to_score(reference, take.alignment.line)
        if not aligned.fits:
            said.append(f"Reference {number} is not compared: it is not of this score.")
            continue
        other = Take(reference, aligned)
        takes.append(other)
        aspects.append([aspect(other) for aspect in (dynamics, tempo, articulation, pedalling,
                                                     synchrony, voicing)])  # fmt: skip
    if not takes:
        return curves, [], said
    pairs = [
        (other, [curve for aspect in found for curve in aspect.curves])
        for other, found in zip(takes, aspects, strict=True)
    ]
    tables = [(other, _figures(found)) for other, found in zip(takes, aspects, strict=True)]
    return (
        with_references(take, curves, pairs),
        list(departures(take, figures, tables)),
        said,
    )


def _bars(take: Take, figures: Mapping[str, Figures]) -> tuple[Bar, ...]:
    return tuple(
        Bar(
            window.name,
            window.start_sec,
            window.end_sec,
            {
                name: float(figures[name][at])
                if name in figures and np.isfinite(figures[name][at])
                else None
                for name in _FIGURES
            },
        )
        for at, window in enumerate(take.windows)
        if len(take.onset_sec)
    )


def _ranked(remarks: Sequence[Remark]) -> tuple[Remark, ...]:
    """By weight and confidence, only so many of a kind; the weightiest praise of each kind."""
    kept: dict[tuple[str, bool], int] = {}
    result = []
    for remark in sorted(remarks, key=lambda one: -one.weight * one.confidence):
        key = (remark.kind, remark.praise)
        most = 1 if remark.praise else _MOST_OF_A_KIND.get(remark.kind, _USUALLY_MOST)
        if kept.get(key, 0) < most:
            kept[key] = kept.get(key, 0) + 1
            result.append(replace(remark))
    return tuple(result)
