"""A score as a line of notes in quarters, to lay a performance along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.errors import InputError
from duemani.inputs.score.document import tag_number
from duemani.inputs.score.file import readable
from duemani.inputs.score.notation import Mark, WrittenNote, read_parts
from duemani.inputs.score.parts import all_of, choose_parts
from duemani.inputs.score.play import parse_parts
from duemani.inputs.score.written import WrittenPiece

_NO_MARKS: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class ScoreLine:
    """The notes of a score, every one once, in the order of the bars; positions in quarters.

    Attributes:
        onset_quarter: from the start of the first bar; a grace note stands where its principal
            note does.
        duration_quarter: ties added up, 0 for grace notes.
        pitch: MIDI number.
        hand: 0 left, 1 right, -1 unknown.
        voice: a number for every voice of every part.
        grace: it is a grace note.
        slurred: under a slur that goes on after this note.
        ornament: a trill, mordent, turn or tremolo stands over it.
        fermata: one stands over it.
        articulations: names such as `staccato` and `accent`.
        bar_quarter: where the bars begin, rising.
        bar_names: printed numbers.
        beat_quarter: length of a beat in every bar (a dotted quarter in 6/8).
        marks: dynamics, tempo and pedal marks, sorted by start.
        jumps: (from, to) positions between which repeats lead.
    """

    onset_quarter: Float[np.ndarray, " note"]
    duration_quarter: Float[np.ndarray, " note"]
    pitch: Int[np.ndarray, " note"]
    hand: Int[np.ndarray, " note"]
    voice: Int[np.ndarray, " note"]
    grace: Bool[np.ndarray, " note"]
    slurred: Bool[np.ndarray, " note"]
    ornament: Bool[np.ndarray, " note"]
    fermata: Bool[np.ndarray, " note"]
    articulations: tuple[frozenset[str], ...]
    bar_quarter: Float[np.ndarray, " bar"]
    bar_names: tuple[str, ...]
    beat_quarter: Float[np.ndarray, " bar"]
    marks: tuple[Mark, ...] = _NO_MARKS
    jumps: tuple[tuple[float, float], ...] = ()

    @property
    def bar(self) -> Int[np.ndarray, " note"]:
        """Index of every note's bar."""
        return self.bar_at(self.onset_quarter)

    def bar_at(self, quarter: Float[np.ndarray, " point"]) -> Int[np.ndarray, " point"]:
        """Index of the bar at each position."""
        found = np.searchsorted(self.bar_quarter, quarter + 1e-6, side="right") - 1
        return np.clip(found, 0, max(len(self.bar_quarter) - 1, 0))

    def bars_named(self, first: int, last: int) -> str:
        """`12` or `12-14`, "" where bars have no names."""
        if not self.bar_names:
            return ""
        names = [self.bar_names[min(max(at, 0), len(self.bar_names) - 1)] for at in (first, last)]
        return names[0] if names[0] == names[1] else "-".join(names)


def score_line(piece: WrittenPiece) -> ScoreLine:
    """The notes of `piece.performance`, in its order, as they are written.

    Raises:
        InputError: as `written_piece`.
    """
    document = piece.document
    parts = parse_parts(readable(document.tagged().decode("utf-8"), document.name), document.name)
    try:
        written = read_parts(parts, [], unfold=False, only_keyboards=True)
        first = choose_parts(parts, [], True)[0]
        shift, signatures = _signatures(first, written.bars_quarter)
    except InputError:
        raise
    # Odd notation trips partitura's lazily evaluated properties in many ways.
    except Exception as error:
        raise InputError(f"{document.name} holds notation that cannot be read.") from error
    by_number: dict[int, WrittenNote] = {}
    double_length: dict[tuple[float, int], float] = {}
    for note in written.notes:
        number = tag_number(note.note_id)
        if number is not None:
            by_number[number] = note
        key = (round(note.onset_quarter, 6), note.pitch)
        double_length[key] = max(double_length.get(key, 0.0), note.duration_quarter)
    notes = [by_number[int(number)] for number in piece.numbers]
    elements = [document.notes[int(number)].element for number in piece.numbers]
    onset = np.array([note.onset_quarter for note in notes], float)
    bars = np.maximum.accumulate(np.array(written.bars_quarter or [0.0], float))
    names = document.names_of_bars(len(bars))
    return ScoreLine(
        onset_quarter=onset,
        duration_quarter=np.array(
            [
                0.0 if note.grace else double_length[round(note.onset_quarter, 6), note.pitch]
                for note in notes
            ],
            float,
        ),
        pitch=np.array([note.pitch for note in notes], int),
        hand=piece.performance.notes["hand"].astype(int),
        voice=np.array([note.voice for note in notes], int),
        grace=np.array([note.grace > 0 for note in notes], bool),
        slurred=np.array([note.slurred for note in notes], bool),
        ornament=np.array([bool(one.all("notations", "ornaments")) for one in elements], bool),
        fermata=np.array([note.fermata for note in notes], bool),
        articulations=tuple(note.articulations for note in notes),
        bar_quarter=bars,
        bar_names=names,
        beat_quarter=_beats(bars, shift, signatures),
        marks=tuple(written.marks),
        jumps=_jumps(onset[piece.written_index], piece.played.notes["onset_sec"]),
    )


def beat_length(beats: int, beat_type: int) -> float:
    """Length of a beat [quarters]: three eighths in 6/8, 9/8 and 12/8."""
    length = 4 / max(beat_type, 1)
    return 3 * length if beat_type >= 8 and beats % 3 == 0 and beats > 3 else length


def _signatures(
    part: object, bars_quarter: Sequence[float]
) -> tuple[float, list[tuple[float, float]]]:
    """How far `read_parts` shifted the part, and (position, beat length) of its signatures."""
    quarter = part.quarter_map  # type: ignore[attr-defined]
    measures = all_of(part, "Measure")
    shift = bars_quarter[0] - float(quarter(measures[0].start.t)) if measures else 0.0
    found = [
        (float(quarter(one.start.t)), beat_length(int(one.beats), int(one.beat_type)))
        for one in all_of(part, "TimeSignature")
    ]
    return shift, sorted(found)


def _beats(
    bars: Float[np.ndarray, " bar"], shift: float, signatures: list[tuple[float, float]]
) -> Float[np.ndarray, " bar"]:
    if not signatures:
        return np.ones(len(bars))
    starts = np.array([start for start, _ in signatures]) + shift
    lengths = np.array([length for _, length in signatures])
    return lengths[np.clip(np.searchsorted(starts, bars + 1e-6) - 1, 0, None)]


def _jumps(
    played_quarter: Float[np.ndarray, " played"], played_sec: Float[np.ndarray, " played"]
) -> tuple[tuple[float, float], ...]:
    """Where the written order is left when repeats are played."""
    if len(played_quarter) < 2:
        return ()
    # Grace notes and rolled chords sound out of order by less than a bar; repeats go further.
    order = np.argsort(played_sec, kind="stable")
    quarter = played_quarter[order]
    onsets = np.unique(played_quarter)
    place = np.searchsorted(onsets, quarter)
    away = np.flatnonzero((np.diff(place) < -1) | (np.diff(place) > 2))
    return tuple(dict.fromkeys((float(quarter[at]), float(quarter[at + 1])) for at in away))
