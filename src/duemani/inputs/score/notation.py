"""What a MusicXML score says about each note, read from partitura's parts."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

from duemani.inputs.score.parts import all_of, choose_parts, staves_of, unfolded
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER, UNKNOWN_HAND


@dataclass
class WrittenNote:
    """One note of the score (ties merged, repeats unfolded); times in quarters from the start.

    Attributes:
        grace: 0 for an ordinary note, k for the k-th grace note before its principal note, counted
            backwards (1 is the nearest).
        appoggiatura: the grace note takes its time from the principal note.
        principal: note id of a grace note's principal note.
        slurred: under a slur that goes on after this note.
    """

    note_id: str
    onset_quarter: float
    duration_quarter: float
    pitch: int
    hand: int = UNKNOWN_HAND
    finger: int = UNKNOWN_FINGER
    voice: int = 0
    articulations: frozenset[str] = frozenset()
    fermata: bool = False
    slurred: bool = False
    grace: int = 0
    appoggiatura: bool = False
    principal: str | None = None


@dataclass(frozen=True)
class Mark:
    """A direction in force from `start_quarter` (to `end_quarter` where it has an extent).

    Attributes:
        kind: `level` (dynamics), `swell` (+1 crescendo, -1 diminuendo in `value`), `stress` (sf),
            `tempo` (`value` quarters a minute), `slowing` (value < 1: rit., > 1: accel.),
            `reset` (a tempo), `pedal`.
    """

    kind: str
    start_quarter: float
    end_quarter: float
    value: float = 0.0


@dataclass
class WrittenScore:
    """A whole score.

    Attributes:
        notes: sorted by onset and pitch.
        marks: dynamics, tempo and pedal, sorted by start.
        bars_quarter: onsets of the bars.
        beats_a_bar_quarter: length of a bar at each of them.
        remarks: what was left out or assumed, one sentence each.
    """

    notes: list[WrittenNote] = field(default_factory=list[WrittenNote])
    marks: list[Mark] = field(default_factory=list[Mark])
    bars_quarter: list[float] = field(default_factory=list[float])
    remarks: list[str] = field(default_factory=list[str])


_LEVELS = {
    "pppp": 18.0,
    "ppp": 26.0,
    "pp": 36.0,
    "p": 48.0,
    "piano": 48.0,
    "mp": 60.0,
    "mezzo-piano": 60.0,
    "mf": 72.0,
    "mezzo-forte": 72.0,
    "f": 86.0,
    "forte": 86.0,
    "ff": 100.0,
    "fortissimo": 100.0,
    "pianissimo": 36.0,
    "fff": 112.0,
    "ffff": 120.0,
}
"""Velocity of each dynamic mark: about 12-14 steps a mark, pp to ff as measured on Disklaviers."""


def read_parts(
    parts: list[Any], remarks: list[str], unfold: bool = True, only_keyboards: bool = False
) -> WrittenScore:
    """Notation of the keyboard parts (all parts where none looks like one).

    Args:
        parts: of partitura.
        remarks: what was left out or assumed is added here.
        unfold: play the repeats, else every bar once in the order written.
        only_keyboards: refuse parts that are plainly for something else.

    Raises:
        InputError: there are such parts only.
    """
    chosen = choose_parts(parts, remarks, only_keyboards)
    written = WrittenScore(remarks=remarks)
    single_staves: list[list[WrittenNote]] = []
    for number, part in enumerate(chosen):
        part = unfolded(part, remarks) if unfold else part
        quarter = part.quarter_map
        notes = _notes(part, quarter, number)
        written.notes += notes
        if all(note.hand == UNKNOWN_HAND for note in notes) and notes:
            single_staves.append(notes)
        written.marks += _marks(part, quarter)
        if number == 0:
            written.bars_quarter = [float(quarter(bar.start.t)) for bar in all_of(part, "Measure")]
    if len(single_staves) == 2 and len(chosen) == 2:
        _hands_of_two_parts(*single_staves)
    start = min((note.onset_quarter for note in written.notes), default=0.0)
    start = min([start, *written.bars_quarter])
    _shift(written, -start)
    written.notes.sort(key=lambda note: (note.onset_quarter, note.pitch))
    written.marks.sort(key=lambda mark: mark.start_quarter)
    return written


def _notes(part: Any, quarter: Any, number: int) -> list[WrittenNote]:
    staves = staves_of(part)
    written: list[WrittenNote] = []
    slurred = _slurred(part)
    for note in part.notes_tied:
        if not hasattr(note, "midi_pitch") or not 21 <= note.midi_pitch <= 108:
            continue
        onset = float(quarter(note.start.t))
        end = float(quarter(note.start.t + (note.duration_tied or 0)))
        grace_type = getattr(note, "grace_type", None)
        principal = getattr(note, "main_note", None) if grace_type else None
        hand = UNKNOWN_HAND
        if staves >= 2 and note.staff:
            hand = RIGHT if note.staff == 1 else LEFT
        written.append(
            WrittenNote(
                note_id=str(note.id),
                onset_quarter=onset,
                duration_quarter=end - onset,
                pitch=int(note.midi_pitch),
                hand=hand,
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


def _marks(part: Any, quarter: Any) -> list[Mark]:
    import partitura.score as ps
    from partitura.utils.music import to_quarter_tempo

    marks: list[Mark] = []
    last = float(quarter(part.last_point.t)) if part.last_point else 0.0
    for tempo in all_of(part, "Tempo"):
        rate = float(to_quarter_tempo(tempo.unit or "q", tempo.bpm))
        if 5 <= rate <= 1000:
            marks.append(Mark("tempo", float(quarter(tempo.start.t)), last, rate))
    for direction in all_of(part, "Direction"):
        start = float(quarter(direction.start.t))
        end = float(quarter(direction.end.t)) if direction.end is not None else start
        text = str(direction.text or "").lower()
        if isinstance(direction, ps.ConstantLoudnessDirection) and text in _LEVELS:
            marks.append(Mark("level", start, end, _LEVELS[text]))
        elif isinstance(direction, ps.ImpulsiveLoudnessDirection):
            marks.append(Mark("stress", start, start, 16.0))
            if text == "fp":
                marks.append(Mark("level", start + 0.01, end, _LEVELS["p"]))
        elif isinstance(direction, ps.IncreasingLoudnessDirection):
            marks.append(Mark("swell", start, max(end, start + 1), 1.0))
        elif isinstance(direction, ps.DecreasingLoudnessDirection):
            marks.append(Mark("swell", start, max(end, start + 1), -1.0))
        elif isinstance(direction, ps.IncreasingTempoDirection):
            marks.append(Mark("slowing", start, max(end, start + 2), 1.2))
        elif isinstance(direction, ps.DecreasingTempoDirection):
            marks.append(Mark("slowing", start, max(end, start + 2), 0.75))
        elif isinstance(direction, ps.ResetTempoDirection):
            marks.append(Mark("reset", start, start))
        elif isinstance(direction, ps.SustainPedalDirection):
            marks.append(Mark("pedal", start, end))
    return marks


def _hands_of_two_parts(first: list[WrittenNote], second: list[WrittenNote]) -> None:
    means = [sum(note.pitch for note in part) / len(part) for part in (first, second)]
    for part, right in ((first, means[0] >= means[1]), (second, means[1] > means[0])):
        for note in part:
            note.hand = RIGHT if right else LEFT


def _shift(written: WrittenScore, by: float) -> None:
    for note in written.notes:
        note.onset_quarter += by
    written.marks = [
        Mark(mark.kind, mark.start_quarter + by, mark.end_quarter + by, mark.value)
        for mark in written.marks
    ]
    written.bars_quarter = [bar + by for bar in written.bars_quarter]
