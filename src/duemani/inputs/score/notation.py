"""What a MusicXML score says about each note, read from partitura's parts once."""

from __future__ import annotations

import re
import warnings
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from duemani.errors import InputError
from duemani.inputs.score.document import ScoreDocument, tag_number
from duemani.inputs.score.marks import Mark, marks_of
from duemani.inputs.score.parts import all_of, choose_parts, parse_parts, unfolded
from duemani.inputs.score.players.hands import Role, roles
from duemani.inputs.score.players.heads import part_heads
from duemani.performance import UNKNOWN_FINGER, UNKNOWN_HAND


@dataclass(frozen=True)
class WrittenNote:
    """One note of the score (ties merged); times in quarters from the start.

    Attributes:
        note_id: as the tagged document names it; unfolded repeats carry a suffix.
        grace: 0 for an ordinary note, k for the k-th grace note before its principal note, counted
            backwards (1 is the nearest).
        appoggiatura: the grace note takes its time from the principal note.
        principal: note id of a grace note's principal note.
        part: number of its part in the document.
        player: number of its pianist, from 0.
        slurred: under a slur that goes on after this note.
    """

    note_id: str
    onset_quarter: float
    duration_quarter: float
    pitch: int
    part: int = 0
    player: int = 0
    hand: int = UNKNOWN_HAND
    finger: int = UNKNOWN_FINGER
    voice: int = 0
    articulations: frozenset[str] = frozenset()
    fermata: bool = False
    slurred: bool = False
    grace: int = 0
    appoggiatura: bool = False
    principal: str | None = None

    @property
    def number(self) -> int:
        """Number of its `<note>` in the document, -1 if it is none of them."""
        number = tag_number(self.note_id)
        return -1 if number is None else number


@dataclass(frozen=True)
class WrittenScore:
    """The notes and marks of the parts that are played.

    Attributes:
        notes: sorted by onset and pitch.
        marks: dynamics, tempo and pedal, sorted by start.
        bars_quarter: onsets of the bars of the first part.
        beats_quarter: (position, length of a beat) of the first part's time signatures; a beat of
            6/8 is a dotted quarter.
    """

    notes: tuple[WrittenNote, ...]
    marks: tuple[Mark, ...]
    bars_quarter: tuple[float, ...]
    beats_quarter: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Notation:
    """A whole score.

    Attributes:
        written: every bar once, in the order of the page.
        unfolded: the same with its repeats played.
        remarks: what was left out or assumed, one sentence each.
    """

    written: WrittenScore
    unfolded: WrittenScore
    remarks: tuple[str, ...]


def read_notation(document: ScoreDocument, only_keyboards: bool = False) -> Notation:
    """Notation of the keyboard parts (all parts where none looks like one).

    Args:
        document: the score.
        only_keyboards: refuse parts that are plainly for something else.

    Raises:
        InputError: there are such parts only, or notation that cannot be read.
    """
    parts, remarks = parse_parts(document), list[str]()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            heads = part_heads(document)
            chosen = choose_parts(parts, heads, remarks, only_keyboards)
            repeated = [unfolded(part, remarks) for part in chosen]
            written = _read(chosen)
            played_by = roles(document, heads, written.notes, written.bars_quarter, remarks)
            same = all(one is other for one, other in zip(chosen, repeated, strict=True))
            again = written if same else _read(repeated)
            return Notation(_shared(written, played_by), _shared(again, played_by), tuple(remarks))
    except InputError:
        raise
    # Odd notation trips partitura's lazily evaluated properties in many ways.
    except Exception as error:
        raise InputError(f"{document.name} holds notation that cannot be read.") from error


def beat_length(beats: int, beat_type: int) -> float:
    """Length of a beat [quarters]: three eighths in 6/8, 9/8 and 12/8."""
    length = 4 / max(beat_type, 1)
    return 3 * length if beat_type >= 8 and beats % 3 == 0 and beats > 3 else length


def _shared(score: WrittenScore, played_by: Mapping[int, Role]) -> WrittenScore:
    """The score, every note with its pianist and hand."""
    notes: list[WrittenNote] = []
    for note in score.notes:
        role = played_by.get(note.number, Role())
        notes.append(replace(note, player=role.player, part=role.part, hand=role.hand))
    return replace(score, notes=tuple(notes))


def _read(parts: Sequence[Any]) -> WrittenScore:
    notes_of_parts: list[list[WrittenNote]] = []
    marks: list[Mark] = []
    bars: list[float] = []
    beats: list[tuple[float, float]] = []
    for number, part in enumerate(parts):
        quarter = part.quarter_map
        notes_of_parts.append(_notes(part, quarter, number))
        marks += marks_of(part, quarter)
        if number == 0:
            bars = [float(quarter(bar.start.t)) for bar in all_of(part, "Measure")]
            beats = sorted(
                (float(quarter(one.start.t)), beat_length(int(one.beats), int(one.beat_type)))
                for one in all_of(part, "TimeSignature")
            )
    notes = [note for part in notes_of_parts for note in part]
    start = min([*(note.onset_quarter for note in notes), *bars], default=0.0)
    notes = [replace(note, onset_quarter=note.onset_quarter - start) for note in notes]
    return WrittenScore(
        notes=tuple(sorted(notes, key=lambda note: (note.onset_quarter, note.pitch))),
        marks=tuple(sorted((mark.later(-start) for mark in marks), key=lambda m: m.start_quarter)),
        bars_quarter=tuple(bar - start for bar in bars),
        beats_quarter=tuple((position - start, length) for position, length in beats),
    )


def _notes(part: Any, quarter: Any, number: int) -> list[WrittenNote]:
    written: list[WrittenNote] = []
    slurred = _slurred(part)
    for note in part.notes_tied:
        if not hasattr(note, "midi_pitch") or not 21 <= note.midi_pitch <= 108:
            continue
        onset = float(quarter(note.start.t))
        end = float(quarter(note.start.t + (note.duration_tied or 0)))
        grace_type = getattr(note, "grace_type", None)
        principal = getattr(note, "main_note", None) if grace_type else None
        written.append(
            WrittenNote(
                note_id=str(note.id),
                onset_quarter=onset,
                duration_quarter=end - onset,
                pitch=int(note.midi_pitch),
                finger=_printed_finger(note),
                voice=100 * number + int(note.voice or 0),
                articulations=frozenset(str(mark) for mark in note.articulations or ()),
                fermata=bool(note.fermata),
                slurred=note.id in slurred,
                grace=_grace_place(note) if grace_type else 0,
                appoggiatura=grace_type == "appoggiatura",
                principal=str(principal.id) if principal is not None else None,
            )
        )
    return written


def _printed_finger(note: Any) -> int:
    """First finger printed at a note; `45` (a substitution or a choice) counts as 4."""
    for mark in note.technical or ():
        found = re.match(r"[1-5]", str(getattr(mark, "fingering", "") or ""))
        if found:
            return int(found.group(0))
    return UNKNOWN_FINGER


def _grace_place(note: Any) -> int:
    place, follower = 1, getattr(note, "grace_next", None)
    while follower is not None and hasattr(follower, "grace_type") and place < 30:
        place, follower = place + 1, getattr(follower, "grace_next", None)
    return place


def _slurred(part: Any) -> set[str]:
    """Ids of the notes under a slur, its last note left out."""
    under: set[str] = set()
    spans: list[tuple[int, int, int]] = []
    for slur in all_of(part, "Slur"):
        first, last = slur.start_note, slur.end_note
        if first is not None and last is not None:
            spans.append((first.start.t, last.start.t, int(first.voice or 0)))
    by_voice: dict[int, list[Any]] = {}
    for note in part.notes_tied:
        by_voice.setdefault(int(note.voice or 0), []).append(note)
    for voiced in by_voice.values():
        voiced.sort(key=_start)
    for start, end, voice in spans:
        voiced = by_voice.get(voice, [])
        low = bisect_left(voiced, start, key=_start)
        high = bisect_left(voiced, end, key=_start)
        under.update(note.id for note in voiced[low:high])
    return under


def _start(note: Any) -> int:
    return int(note.start.t)
