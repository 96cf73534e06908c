"""Bars and beats that only say that others are repeated, filled."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

from duemani.errors import InputError
from duemani.inputs.midi.repair import MAX_NOTES
from duemani.inputs.score.page.abbreviations import BeatRepeat
from duemani.inputs.score.written_score import WrittenNote, WrittenScore

_STROKES_PER_BAR_COPY, _STROKES_PER_BEAT_COPY = 10_000, 100
_SHORTEST_BEAT_QUARTER = 1 / 8


def with_repeated_bars(page: WrittenScore, copied: Mapping[tuple[int, int], int]) -> WrittenScore:
    """The page with the bars filled that only say that others are repeated.

    Args:
        page: every bar once.
        copied: which bar stands behind a (part, bar) that says so.
    """
    by_place: dict[tuple[int, int], list[WrittenNote]] = {}
    for note in page.notes:
        by_place.setdefault((note.part, note.bar), []).append(note)
    for (part, bar), source in sorted(copied.items()):
        shift = page.bars_quarter[bar] - page.bars_quarter[source]
        by_place[part, bar] = [
            replace(
                note,
                onset_quarter=note.onset_quarter + shift,
                bar=bar,
                stroke=note.stroke + _STROKES_PER_BAR_COPY,
                principal=None,
            )
            for note in by_place.get((part, source), ())
        ]
    notes = [note for found in by_place.values() for note in found]
    return replace(
        page, notes=tuple(sorted(notes, key=lambda note: (note.onset_quarter, note.pitch)))
    )


def with_repeated_beats(
    page: WrittenScore, spans: Sequence[tuple[int, BeatRepeat]]
) -> WrittenScore:
    """The page with the beats filled that only say that the one before is repeated.

    A beat under the sign that holds notes of its own is played as it is written.

    Args:
        page: every bar once.
        spans: part, and stretch of it under a sign.
    """
    notes = list(page.notes)
    by_part: dict[int, list[WrittenNote]] = {}
    for note in page.notes:
        by_part.setdefault(note.part, []).append(note)
    for part, span in spans:
        own, beat = by_part.get(part, []), max(float(span.beat_quarter), _SHORTEST_BEAT_QUARTER)
        begin, end = float(span.start_quarter), float(span.end_quarter)
        latest = _beginning(own, begin - beat, begin)
        for at in range(max(round((end - begin) / beat), 0)):
            start = begin + at * beat
            if here := _beginning(own, start, start + beat):
                latest = here
                continue
            latest = [
                replace(
                    note,
                    onset_quarter=note.onset_quarter + beat,
                    bar=bisect_right(page.bars_quarter, start + 1e-6) - 1,
                    stroke=note.stroke + _STROKES_PER_BEAT_COPY,
                    principal=None,
                )
                for note in latest
            ]
            notes += latest
            if len(notes) > MAX_NOTES:
                raise InputError(f"the score holds more than {MAX_NOTES} notes with its repeats.")
    return replace(
        page, notes=tuple(sorted(notes, key=lambda note: (note.onset_quarter, note.pitch)))
    )


def _beginning(notes: Sequence[WrittenNote], start: float, end: float) -> Sequence[WrittenNote]:
    """Of notes in order, those that begin in [start, end)."""
    low, high = (
        bisect_left(notes, quarter - 1e-6, key=lambda note: note.onset_quarter)
        for quarter in (start, end)
    )
    return notes[low:high]


def _place(note: WrittenNote) -> tuple[float, int]:
    return note.onset_quarter, note.pitch
