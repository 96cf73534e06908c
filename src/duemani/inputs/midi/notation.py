"""MIDI whose notes lie on the beats -> notation, two staves a player, one a hand."""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from duemani.errors import InputError
from duemani.files import as_name
from duemani.inputs.midi.grid import DIVISIONS, Beats, on_grid, read_beats
from duemani.inputs.score.document import ScoreDocument, document_of
from duemani.performance import LEFT, RIGHT, Performance

_ID = "m"
_LOWER = 1
_MIDDLE_C = 60
_EMPTY_STAFF = {RIGHT: 72, LEFT: 48}
# A gap shorter than this share of the note is articulation, not a rest.
_ARTICULATION_SHARE = 1.1
_LONGER_THAN_NEXT = DIVISIONS // 8
# Far beyond a sonata; a metre of 1/64 or a tempo of 60 000 beats a minute makes millions.
MOST_BARS = 5_000


@dataclass(frozen=True)
class Notated:
    """Notation made for a performance.

    Attributes:
        document: MusicXML.
        numbers: which `<note>` of it every note of the performance is.
        bar_starts_sec: when its bars begin.
        remarks: what the reader of it should know.
    """

    document: ScoreDocument
    numbers: Int[np.ndarray, " note"]
    bar_starts_sec: Float[np.ndarray, " bar"]
    remarks: tuple[str, ...]


def notate(
    path: Path,
    performance: Performance,
    title: str,
    player: np.ndarray,
    sequence: int | None = None,
) -> Notated:
    """Write down a MIDI file's notes.

    Args:
        path: the MIDI file, for its beats.
        performance: its notes, hands known.
        title: of the piece.
        player: number of every note's pianist; each has a part.
        sequence: which of a type 2 file's sequences the notes are, from 1.

    Raises:
        InputError: the notes do not lie on the file's beats, would take over `MOST_BARS` bars, or
            partitura cannot write them.
    """
    beats = read_beats(path, sequence)
    notes = performance.notes
    onset = on_grid(beats.to_quarters(notes["onset_sec"]), path.name)
    end = np.rint(beats.to_quarters(notes["release_sec"]) * DIVISIONS).astype(int)
    end = np.maximum(end, onset + 1)
    if (count := _bar_count(beats, int(end.max()))) > MOST_BARS:
        raise InputError(
            f"the notation of {path.name} would take {count} bars, by its metre and tempo; at most"
            f" {MOST_BARS} are written down; .mid, .json and .html are accepted as output."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parts = [
                _part(notes, onset, end, beats, np.flatnonzero(player == one), number)
                for number, one in enumerate(np.unique(player), 1)
            ]
            bars = _bar_edges(beats, max(note.end.t for part in parts for note in part.notes))
            for part in parts:
                _divide(part, beats, bars)
            data = _musicxml(parts, title)
    # partitura's quantising trips over odd rhythms in many ways.
    except Exception as error:
        raise InputError(
            f"the rhythm of {path.name} cannot be written down; .mid, .json and .html are accepted"
            " as output."
        ) from error
    document = document_of(data, path.name)
    # partitura ties notes across bars; the first piece keeps the id.
    place = {
        note.element.attributes.get("id", ""): at
        for at, note in reversed([*enumerate(document.notes)])
    }
    numbers = np.array([place[f"{_ID}{at}"] for at in range(len(notes))], int)
    starts = np.array(bars[:-1]) / DIVISIONS
    remark = "The notation was made from the MIDI file: rhythm and spelling are guesses."
    return Notated(document, numbers, beats.to_seconds(starts), (remark,))


def _bar_count(beats: Beats, end: int) -> int:
    """Bars up to `end`, in divisions."""
    starts = np.array([metre.quarter for metre in beats.metres])
    length = np.array([4 * metre.beats / metre.beat_type for metre in beats.metres])
    until = np.append(starts[1:], np.inf).clip(max=end / DIVISIONS)
    return int(np.ceil(np.maximum(until - starts, 0) / length).sum())


def _bar_edges(beats: Beats, end: int) -> list[int]:
    """Where the bars begin, and where the last one ends, which `end` lies in; in divisions."""
    edges: list[int] = []
    starts = [round(metre.quarter * DIVISIONS) for metre in beats.metres]
    for metre, start, change in zip(beats.metres, starts, [*starts[1:], math.inf], strict=True):
        if start >= end:
            break
        length = 4 * DIVISIONS * metre.beats / metre.beat_type
        count = math.ceil((min(change, end) - start) / length - 1e-9)
        edges += [start + round(at * length) for at in range(count)]
        last = min(start + round(count * length), change)
    return [*edges, int(last)]


def _measures(part: Any) -> list[Any]:
    import partitura.score as ps

    return list(part.iter_all(ps.Measure))


def _part(
    all_notes: np.ndarray,
    all_onset: np.ndarray,
    all_end: np.ndarray,
    beats: Beats,
    player: np.ndarray,
    number: int,
) -> Any:
    """The part of one player, without bars: of the notes that `player` counts."""
    import partitura.score as ps

    notes, onset, end = all_notes[player], all_onset[player], all_end[player]
    name = "Piano" if len(player) == len(all_notes) else f"Piano {number}"
    part = ps.Part(f"P{number}", part_name=name)
    part.set_quarter_duration(0, DIVISIONS)
    spelling, fifths = _spelling(notes, onset, end, beats.fifths)
    part.add(ps.KeySignature(fifths, None), 0)
    voices = np.zeros(len(notes), int)
    bar = _bars(onset, beats)
    for hand, staff in ((RIGHT, 1), (LEFT, 2)):
        mine = np.flatnonzero(notes["hand"] == hand)
        pitch = float(np.median(notes["pitch"][mine])) if len(mine) else _EMPTY_STAFF[hand]
        sign, line = ("G", 2) if pitch >= _MIDDLE_C else ("F", 4)
        part.add(ps.Clef(staff=staff, sign=sign, line=line, octave_change=0), 0)
        upper_or_lower = _voices(notes["pitch"][mine], onset[mine], end[mine], bar[mine])
        voices[mine] = 4 * (staff - 1) + 1 + upper_or_lower
    length = _lengths(voices, onset, end)
    for at in range(len(notes)):
        step, alter, octave = spelling[at]
        note = ps.Note(
            step=str(step),
            octave=int(octave),
            alter=int(alter) or None,
            id=f"{_ID}{player[at]}",
            voice=int(voices[at]),
            staff=1 if notes["hand"][at] == RIGHT else 2,
        )
        part.add(note, int(onset[at]), int(onset[at] + length[at]))
    return part


def _divide(part: Any, beats: Beats, bars: list[int]) -> None:
    """Bar lines, ties over them, and rests where nothing is played, up to the end."""
    import partitura.score as ps

    for metre in beats.metres:
        if (start := round(metre.quarter * DIVISIONS)) < bars[-1]:
            part.add(ps.TimeSignature(metre.beats, metre.beat_type), start)
    for at, (start, stop) in enumerate(pairwise(bars), 1):
        part.add(ps.Measure(number=at, name=str(at)), start, stop)
    ps.tie_notes(part)
    ps.find_tuplets(part)
    ps.sanitize_part(part)
    _fill_empty_bars(part)
    ps.fill_rests(part)


def _fill_empty_bars(part: Any) -> None:
    """Rests where a hand rests a whole bar: partitura fills only voices that the bar holds."""
    import partitura.score as ps

    for bar in _measures(part):
        notes = part.iter_all(ps.GenericNote, bar.start, bar.end, include_subclasses=True)
        for staff in {1, 2} - {note.staff for note in notes}:
            part.add(ps.Rest(voice=4 * staff - 3, staff=staff), bar.start.t, bar.end.t)


def _spelling(
    notes: np.ndarray, onset: np.ndarray, end: np.ndarray, fifths: int | None
) -> tuple[Any, int]:
    """Step, alteration and octave of every note, and the key signature."""
    from partitura.musicanalysis import estimate_key, estimate_spelling
    from partitura.utils.music import key_name_to_fifths_mode

    table = np.zeros(
        len(notes), [("onset_beat", "f4"), ("duration_beat", "f4"), ("pitch", "i4"), ("id", "U16")]
    )
    table["onset_beat"], table["duration_beat"] = onset / DIVISIONS, (end - onset) / DIVISIONS
    table["pitch"], table["id"] = notes["pitch"], [str(at) for at in range(len(notes))]
    if fifths is None:
        fifths = int(key_name_to_fifths_mode(estimate_key(table))[0])
    return estimate_spelling(table), fifths


def _bars(onset: np.ndarray, beats: Beats) -> Int[np.ndarray, " note"]:
    """A number for every bar, counted anew (by hundred thousands) at every change of metre."""
    starts = np.array([metre.quarter for metre in beats.metres]) * DIVISIONS
    length = np.array([4 * metre.beats / metre.beat_type for metre in beats.metres]) * DIVISIONS
    at = np.clip(np.searchsorted(starts, onset, side="right") - 1, 0, None)
    return (100_000 * at + (onset - starts[at]) // length[at]).astype(int)


def _voices(
    pitch: np.ndarray, onset: np.ndarray, end: np.ndarray, bar: np.ndarray
) -> Int[np.ndarray, " note"]:
    """0 for the upper voice of a hand, 1 for the lower one.

    In every bar, notes that sound on under the next onset of the hand make a voice of their own.
    """
    voices = np.zeros(len(pitch), int)
    if not len(pitch):
        return voices
    onsets = np.unique(onset)
    following = np.append(onsets, onsets[-1] + 100 * DIVISIONS)[np.searchsorted(onsets, onset) + 1]
    held = end > following + _LONGER_THAN_NEXT
    for number in np.unique(bar):
        here = bar == number
        long, short = here & held, here & ~held
        if long.any() and short.any():
            lower = short if pitch[long].mean() > pitch[short].mean() else long
            voices[lower] = _LOWER
    return voices


def _lengths(voices: np.ndarray, onset: np.ndarray, end: np.ndarray) -> Int[np.ndarray, " note"]:
    """Length of every note in divisions: no overlap within a voice, small gaps closed."""
    length = end - onset
    for voice in np.unique(voices):
        mine = np.flatnonzero(voices == voice)
        onsets = np.unique(onset[mine])
        after = np.append(onsets[1:], onsets[-1] + 8 * DIVISIONS)
        for start, following in zip(onsets, after, strict=True):
            chord = mine[onset[mine] == start]
            longest = int(length[chord].max())
            room = int(following - start)
            if longest > room or (
                room - longest < _ARTICULATION_SHARE * longest and room <= 4 * DIVISIONS
            ):
                longest = room if room <= 8 * DIVISIONS else longest
            length[chord] = _plain(min(longest, room))
    return length


def _plain(length: int) -> int:
    """The nearest length that is a note value or a sum of two, and not nothing."""
    step = 3 if length % 3 == 0 else 4 if length % 4 == 0 else 3
    return max(step * round(length / step), step) if length > 2 else max(length, 1)


def _musicxml(parts: list[Any], title: str) -> bytes:
    import partitura as pt
    import partitura.score as ps

    buffer = io.BytesIO()
    score = ps.Score(partlist=parts, title=as_name(title))
    pt.save_musicxml(score, buffer)
    return buffer.getvalue()
