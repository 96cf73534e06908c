"""Notes and marks in the order in which they are played: repeats taken, ties joined."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

from duemani.errors import InputError
from duemani.inputs.midi.repair import MAX_NOTES
from duemani.inputs.score.marks import Mark
from duemani.inputs.score.page.ties import NoteSigns
from duemani.inputs.score.written_score import WrittenNote, WrittenScore

_NEAR_QUARTER = 1 / 32
"""Positions of tied notes may differ by what programs round."""


def unfolded(
    page: WrittenScore,
    order: Sequence[tuple[int, int]],
    lengths: Sequence[float],
    signs: Mapping[int, NoteSigns],
    end_quarter: float | None = None,
) -> WrittenScore:
    """A score, every `<note>` of which stands by itself, as it is played; see `joined`.

    Args:
        page: every bar once.
        order: bars in the order played, and the how-manieth time.
        lengths: of the bars [quarters].
        signs: of every note, by number.
        end_quarter: how far into the last bar the piece ends, None for its end.

    Raises:
        InputError: more notes than are accepted.
    """
    by_bar: dict[int, list[WrittenNote]] = {}
    for note in page.notes:
        by_bar.setdefault(note.bar, []).append(note)
    if sum(len(by_bar.get(bar, ())) for bar, _ in order) > MAX_NOTES:
        raise InputError(f"the score holds more than {MAX_NOTES} notes with its repeats.")
    notes: list[WrittenNote] = []
    marks: list[Mark] = []
    bars: list[float] = []
    beats: list[tuple[float, float]] = []
    at = 0.0
    for run, (first, last, times) in enumerate(_runs(order)):
        start = page.bars_quarter[first]
        end = page.bars_quarter[last] + lengths[last]
        shift = at - start
        for bar, number in zip(range(first, last + 1), times, strict=True):
            notes += [
                _again(note, shift, run)
                for note in by_bar.get(bar, ())
                if not (only := signs[note.number].times) or number in only
            ]
            bars.append(page.bars_quarter[bar] + shift)
        marks += _marks_between(page.marks, start, end, shift, run > 0)
        beats += _beats_between(page.beats_quarter, start, end, shift)
        at += end - start
    if end_quarter is not None:
        stop = bars[-1] + end_quarter - 1e-9
        notes = [note for note in notes if note.onset_quarter < stop]
        marks = [mark for mark in marks if mark.start_quarter < stop]
    return joined(
        WrittenScore(
            tuple(sorted(notes, key=lambda note: (note.onset_quarter, note.pitch))),
            tuple(sorted(marks, key=lambda mark: mark.start_quarter)),
            tuple(bars),
            tuple(beats),
        ),
        signs,
    )


def _runs(order: Sequence[tuple[int, int]]) -> list[tuple[int, int, list[int]]]:
    """First and last bar of every stretch without a jump, and the rounds of its bars."""
    runs: list[tuple[int, int, list[int]]] = []
    for bar, number in order:
        if runs and runs[-1][1] + 1 == bar:
            first, _, numbers = runs[-1]
            runs[-1] = (first, bar, [*numbers, number])
        else:
            runs.append((bar, bar, [number]))
    return runs


def _again(note: WrittenNote, shift: float, run: int) -> WrittenNote:
    suffix = f"-{run}" if run else ""
    principal = note.principal and note.principal + suffix
    onset = note.onset_quarter + shift
    return replace(note, note_id=note.note_id + suffix, principal=principal, onset_quarter=onset)


def _marks_between(
    marks: Sequence[Mark], start: float, end: float, shift: float, restate: bool
) -> list[Mark]:
    """The marks of a stretch; after a jump what is in force there on the page, too."""
    found = [
        replace(mark.later(shift), end_quarter=min(mark.end_quarter, end) + shift)
        for mark in marks[_first_from(marks, start) : _first_from(marks, end)]
    ]
    for kind in ("tempo", "level") if restate else ():
        earlier = reversed(marks[: _first_from(marks, start + 2e-9)])
        last = next((one for one in earlier if one.kind == kind), None)
        if last is not None:
            found.insert(0, replace(last, start_quarter=start + shift, end_quarter=end + shift))
    return found


def _first_from(marks: Sequence[Mark], quarter: float) -> int:
    """Index of the first mark that stands there or later."""
    return bisect_left(marks, quarter - 1e-9, key=lambda mark: mark.start_quarter)


def _beats_between(
    beats: Sequence[tuple[float, float]], start: float, end: float, shift: float
) -> list[tuple[float, float]]:
    before = [length for position, length in beats if position <= start + 1e-9]
    within = [(one + shift, length) for one, length in beats if start + 1e-9 < one < end - 1e-9]
    return [*((start + shift, length) for length in before[-1:]), *within]


def joined(score: WrittenScore, signs: Mapping[int, NoteSigns]) -> WrittenScore:
    """The score with tied notes made one and without notes that nobody sees.

    A tie leads from a note to the next one of its pitch that begins where it ends, in whatever
    voice, staff or bar; one that leads nowhere ties nothing: then the note is struck.
    """
    waiting: dict[tuple[int, int], list[int]] = {}
    notes = list(score.notes)
    by_number = sorted(
        range(len(notes)), key=lambda at: (notes[at].onset_quarter, notes[at].number)
    )
    for at in by_number:
        if signs[notes[at].number].tied_before:
            waiting.setdefault((notes[at].part, notes[at].pitch), []).append(at)
    taken: set[int] = set()
    for at in by_number:
        if at not in taken and not signs[notes[at].number].unseen:
            notes[at] = _held(at, notes, waiting, taken, signs)
    kept = (
        note for at, note in enumerate(notes) if at not in taken and not signs[note.number].unseen
    )
    return replace(score, notes=tuple(kept))


def _held(
    at: int,
    notes: list[WrittenNote],
    waiting: Mapping[tuple[int, int], list[int]],
    taken: set[int],
    signs: Mapping[int, NoteSigns],
) -> WrittenNote:
    """The note at `at`, as long as all that it is tied to; that is put into `taken`."""
    note, last = notes[at], at
    candidates = waiting.get((note.part, note.pitch), [])
    end = note.onset_quarter + note.duration_quarter
    while signs[notes[last].number].tied_on:
        low = bisect_right(
            candidates, end - _NEAR_QUARTER, key=lambda one: notes[one].onset_quarter
        )
        near = []
        for one in candidates[low:]:
            if notes[one].onset_quarter > end + _NEAR_QUARTER:
                break
            if one not in taken and one != at:
                near.append(one)
        if not near:
            break
        following = min(near, key=lambda one: _strangeness(last, one, notes, signs))
        taken.add(following)
        last = following
        end = notes[last].onset_quarter + notes[last].duration_quarter
    if last == at:
        return note
    final = notes[last]
    return replace(
        note,
        duration_quarter=end - note.onset_quarter,
        slurred=final.slurred,
        fermata=note.fermata or final.fermata,
    )


def _strangeness(
    first: int, second: int, notes: Sequence[WrittenNote], signs: Mapping[int, NoteSigns]
) -> tuple[bool, bool, bool, float]:
    """How unlikely a tie between two notes is; the least is taken."""
    one, other = notes[first], notes[second]
    return (
        signs[other.number].unseen,
        one.voice != other.voice,
        signs[one.number].staff != signs[other.number].staff,
        other.onset_quarter - 1e-6 * (other.grace > 0),
    )
