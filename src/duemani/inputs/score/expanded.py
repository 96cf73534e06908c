"""Abbreviations written out: tremolos, ornaments, slides and arpeggios."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

from duemani.errors import InputError
from duemani.inputs.midi.repair import MAX_NOTES
from duemani.inputs.score.page.abbreviations import Abbreviation
from duemani.inputs.score.written_score import WrittenNote, WrittenScore

_FASTEST_SEC = 0.075
_SHORTEST_QUARTER = 1 / 8
_MOST_KEYS = 4
_MARKS_BACK = 200
_ROLL_SEC = 0.04
_BLACK = frozenset({1, 3, 6, 8, 10})
_DEFAULT_TEMPO = 100.0


def expanded(
    score: WrittenScore, signs: Mapping[int, Abbreviation], ornaments: bool
) -> WrittenScore:
    """Every key as it is struck, in place of what is written.

    Args:
        score: notes, ties joined.
        signs: abbreviations, by number of the note; those without are left out.
        ornaments: play trills, turns, mordents, slides and arpeggios, too, which players play
            freely.

    Raises:
        InputError: more notes than are accepted.
    """
    _check_count(score, signs)
    notes: list[WrittenNote] = []
    by_onset: dict[tuple[int, int, int], list[WrittenNote]] = {}
    for note in score.notes:
        if not note.grace:
            by_onset.setdefault(_spot(note, note.onset_quarter), []).append(note)
    played: set[tuple[str, int]] = set()
    groups: dict[tuple[int, int, float], list[WrittenNote]] = {}
    for note in score.notes:
        if _kind(note, signs) == "alternating" and not note.grace:
            groups.setdefault((note.part, note.voice, note.onset_quarter), []).append(note)
    for firsts in groups.values():
        following = _following(firsts[0], by_onset)
        ends = [note for note in following if _kind(note, signs) == "alternated"]
        if ends:
            notes += _alternating(firsts, ends, float(signs[firsts[0].number].unit_quarter))
            played.update((note.note_id, note.stroke) for note in (*firsts, *ends))
    for note in score.notes:
        if (note.note_id, note.stroke) in played:
            continue
        sign = signs.get(note.number, Abbreviation())
        if sign.kind == "repeated" and not note.grace:
            unit = float(sign.unit_quarter)
            notes += _strokes(note, [note.pitch] * max(round(note.duration_quarter / unit), 1))
        elif ornaments and sign.kind == "slide" and not note.grace:
            notes += _strokes(note, _slide(note, _following(note, by_onset)))
        elif ornaments and sign.above is not None and sign.below is not None and not note.grace:
            notes += _ornamented(note, sign, _FASTEST_SEC * _tempo(score, note) / 60)
        else:
            notes.append(note)
    if ornaments:
        notes = _rolled(notes, signs, score)
    return replace(score, notes=tuple(sorted(notes, key=_place)))


def _place(note: WrittenNote) -> tuple[float, int]:
    return note.onset_quarter, note.pitch


def _kind(note: WrittenNote, signs: Mapping[int, Abbreviation]) -> str:
    return signs[note.number].kind if note.number in signs else ""


def _check_count(score: WrittenScore, signs: Mapping[int, Abbreviation]) -> None:
    """Before a long note under many beams becomes more strokes than memory holds."""
    count = len(score.notes)
    for note in score.notes:
        if note.number in signs:
            unit = float(signs[note.number].unit_quarter) or _SHORTEST_QUARTER
            count += int(min(note.duration_quarter / unit, MAX_NOTES)) + _MOST_KEYS
    if count > MAX_NOTES:
        raise InputError(f"the score holds more than {MAX_NOTES} notes with all its tremolos.")


def _tempo(score: WrittenScore, note: WrittenNote) -> float:
    """Quarters a minute in force."""
    at = bisect_right(score.marks, note.onset_quarter + 1e-6, key=lambda mark: mark.start_quarter)
    for mark in (*reversed(score.marks[max(at - _MARKS_BACK, 0) : at]), *score.marks[:_MARKS_BACK]):
        if mark.kind == "tempo":
            return mark.value
    return _DEFAULT_TEMPO


def _spot(note: WrittenNote, quarter: float) -> tuple[int, int, int]:
    """A place in a voice; the odd summand keeps common fractions off the limits of rounding."""
    return note.part, note.voice, round(1000 * quarter + 0.1234)


def _following(
    note: WrittenNote, by_onset: Mapping[tuple[int, int, int], list[WrittenNote]]
) -> list[WrittenNote]:
    """The notes of its voice that begin where it ends."""
    return by_onset.get(_spot(note, note.onset_quarter + note.duration_quarter), [])


def _alternating(
    firsts: Sequence[WrittenNote], seconds: Sequence[WrittenNote], unit: float
) -> list[WrittenNote]:
    start = firsts[0].onset_quarter
    end = max(note.onset_quarter + note.duration_quarter for note in seconds)
    count = max(round((end - start) / unit), 2)
    count += count % 2
    length = (end - start) / count
    return [
        replace(
            note,
            onset_quarter=start + at * length,
            duration_quarter=length,
            stroke=note.stroke + at // 2,
            note_id=_stroke_id(note, at // 2),
        )
        for at in range(count)
        for note in (seconds if at % 2 else firsts)
    ]


def _strokes(
    note: WrittenNote, pitches: Sequence[int], lengths: Sequence[float] = ()
) -> list[WrittenNote]:
    """A note as strokes on these keys, equally long unless `lengths` are given."""
    spans = lengths or [note.duration_quarter / len(pitches)] * len(pitches)
    onset, found = note.onset_quarter, list[WrittenNote]()
    for at, (pitch, length) in enumerate(zip(pitches, spans, strict=True)):
        own = pitch == note.pitch
        found.append(
            replace(
                note,
                pitch=pitch,
                onset_quarter=onset,
                duration_quarter=length,
                finger=note.finger if own else 0,
                then=note.then if own and at == len(pitches) - 1 else 0,
                stroke=note.stroke + at,
                note_id=_stroke_id(note, at),
                fermata=note.fermata and at == len(pitches) - 1,
            )
        )
        onset += length
    return found


def _stroke_id(note: WrittenNote, stroke: int) -> str:
    """Another name for every stroke; the first keeps the note's, which grace notes know."""
    return f"{note.note_id}-{900_000 + stroke}" if stroke else note.note_id


def _ornamented(note: WrittenNote, sign: Abbreviation, fastest: float) -> list[WrittenNote]:
    assert sign.above is not None
    assert sign.below is not None
    main, upper, lower = note.pitch, note.pitch + sign.above, note.pitch - sign.below
    length = note.duration_quarter
    if sign.kind == "trill":
        count = max(int(length / max(fastest, _SHORTEST_QUARTER)), 3)
        count -= 1 - count % 2
        return _strokes(note, [main if at % 2 == 0 else upper for at in range(count)])
    figure = {
        "mordent": [main, lower, main],
        "inverted-mordent": [main, upper, main],
        "turn": [upper, main, lower, main],
        "inverted-turn": [lower, main, upper, main],
    }.get(sign.kind)
    if figure is None:
        return [note]
    short = min(max(fastest, _SHORTEST_QUARTER), length / len(figure))
    return _strokes(
        note, figure, [*[short] * (len(figure) - 1), length - short * (len(figure) - 1)]
    )


def _slide(note: WrittenNote, following: Sequence[WrittenNote]) -> list[int]:
    """Keys of a glissando up to the next note of the voice: white ones, or black from a black one.

    It begins on the note's own key; the whole of its length is slid.
    """
    if not following:
        return [note.pitch]
    target = min(following, key=lambda one: abs(one.pitch - note.pitch)).pitch
    step = 1 if target > note.pitch else -1
    black = note.pitch % 12 in _BLACK
    between = range(note.pitch + step, target, step)
    return [note.pitch, *(key for key in between if (key % 12 in _BLACK) == black)]


def _rolled(
    notes: Sequence[WrittenNote], signs: Mapping[int, Abbreviation], score: WrittenScore
) -> list[WrittenNote]:
    """Arpeggios from below (or above), all keys down until the end."""
    chords: dict[tuple[int, float, str], list[WrittenNote]] = {}
    rest: list[WrittenNote] = []
    for note in notes:
        kind = _kind(note, signs)
        if kind.startswith("arpeggio") and not note.grace:
            chords.setdefault((note.part, note.onset_quarter, kind), []).append(note)
        else:
            rest.append(note)
    for (_, _, kind), chord in chords.items():
        chord.sort(key=lambda note: note.pitch, reverse=kind == "arpeggio-down")
        step = _ROLL_SEC * _tempo(score, chord[0]) / 60
        step = min([step, *(note.duration_quarter / (2 * len(chord)) for note in chord)])
        for at, note in enumerate(chord):
            later = at * step
            rest.append(
                replace(
                    note,
                    onset_quarter=note.onset_quarter + later,
                    duration_quarter=note.duration_quarter - later,
                )
            )
    return rest
