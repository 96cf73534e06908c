"""What a MusicXML score says about each note, read once."""

from __future__ import annotations

import warnings
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from duemani.errors import InputError
from duemani.inputs.score.document import TAG_PREFIX, ScoreDocument, tag_number
from duemani.inputs.score.expanded import expanded
from duemani.inputs.score.marks import Mark, marks_of
from duemani.inputs.score.page.abbreviations import abbreviations, repeated_bars, repeated_beats
from duemani.inputs.score.page.bars import Page, PageBar, read_page
from duemani.inputs.score.page.fingers import printed_fingers
from duemani.inputs.score.page.jumps import bar_signs
from duemani.inputs.score.page.order import playing_order
from duemani.inputs.score.page.tempi import tempi
from duemani.inputs.score.page.ties import grace_notes, note_signs
from duemani.inputs.score.page.unwritten import bars_named, unwritten
from duemani.inputs.score.page.values import number_of
from duemani.inputs.score.parts import all_of, choose_parts, parse_parts
from duemani.inputs.score.players.hands import Role, roles
from duemani.inputs.score.players.heads import part_heads
from duemani.inputs.score.repeated import with_repeated_bars, with_repeated_beats
from duemani.inputs.score.unfold import unfolded
from duemani.inputs.score.written_score import WrittenNote, WrittenScore
from duemani.performance import HIGHEST_PITCH, LOWEST_PITCH


@dataclass(frozen=True)
class Notation:
    """A whole score.

    Attributes:
        written: every bar once, in the order of the page; every note that is struck at some time.
        unfolded: as it is played, repeats and all, abbreviations as they are written.
        struck_once: `written` with measured tremolos and repeated bars written out: every key that
            a player is asked to strike; trills and the like are left to the player.
        struck: `unfolded` with all abbreviations written out.
        remarks: what was left out or assumed, one sentence each.
    """

    written: WrittenScore
    unfolded: WrittenScore
    struck_once: WrittenScore
    struck: WrittenScore
    remarks: tuple[str, ...]


def read_notation(document: ScoreDocument, only_keyboards: bool = False) -> Notation:
    """Notation of the keyboard parts (all parts where none looks like one).

    Args:
        document: the score.
        only_keyboards: refuse parts that are plainly for something else.

    Raises:
        InputError: there are such parts only, or notation that cannot be read.
    """
    page = read_page(document)
    parts, remarks = parse_parts(document, page), list[str]()
    heads = part_heads(document)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            chosen = choose_parts(parts, heads, remarks, only_keyboards)
            on_page = _read(chosen, page, document)
    except InputError:
        raise
    # Odd notation trips partitura's lazily evaluated properties in many ways.
    except Exception as error:
        raise InputError(f"{document.name} holds notation that cannot be read.") from error
    remarks += _pitch_remarks(on_page, page)
    on_page = replace(
        on_page,
        notes=tuple(note for note in on_page.notes if LOWEST_PITCH <= note.pitch <= HIGHEST_PITCH),
    )
    played_by = roles(document, heads, on_page.notes, on_page.bars_quarter, remarks)
    places = {number: page.parts[number] for number in (_index_of(one, document) for one in chosen)}
    names = document.names_of_bars(len(page.bars))
    on_page, unread = _with_fingers(_shared(on_page, played_by), places)
    if unread:
        remarks.append(
            "Fingers printed at one note of a chord, more than one but not as many as the chord has"
            f" notes, do not count ({bars_named(unread, names)}): whose they are cannot be told."
        )
    remarks += unwritten(places.values(), names)
    signs = {note.number: note_signs(page.notes[note.number][1].element) for note in on_page.notes}
    unseen = sum(one.unseen and not one.tied_before for one in signs.values())
    if unseen:
        remarks.append(f"{unseen} cue or hidden {_notes_are(unseen)} left out.")
    order = playing_order(bar_signs(page), names)
    remarks += order.remarks
    lengths = [float(length) for _, length in page.bars]
    straight = [(bar, 1) for bar in range(len(lengths))]
    always = {number: replace(one, times=frozenset()) for number, one in signs.items()}
    bars = {bar for bar, _ in order.bars}
    shorthand = {
        number: sign for part in places.values() for number, sign in abbreviations(part).items()
    }
    copied = {
        (number, bar): source
        for number, part in places.items()
        for bar, source in repeated_bars(part).items()
    }
    beats = [(number, span) for number, part in places.items() for span in repeated_beats(part)]
    full = with_repeated_bars(with_repeated_beats(on_page, beats), copied)
    end = None if order.end_quarter is None else float(order.end_quarter)
    played = unfolded(full, order.bars, lengths, signs, end)
    once = unfolded(on_page, straight, lengths, always)
    all_once = unfolded(full, straight, lengths, always)
    return Notation(
        written=_struck(on_page, once, played, bars),
        unfolded=played,
        struck_once=expanded(_struck(full, all_once, played, bars), shorthand, ornaments=False),
        struck=expanded(played, shorthand, ornaments=True),
        remarks=tuple(remarks),
    )


def _struck(
    page: WrittenScore, once: WrittenScore, played: WrittenScore, bars: set[int]
) -> WrittenScore:
    """The notes struck at some time, each once; those of bars that are never played, too.

    A note tied over from a first ending into a second one is none; one that is tied to when a
    passage begins, but struck when it is repeated, is.
    """
    heads = {(note.number, note.stroke): note for note in once.notes}
    struck = {(note.number, note.stroke) for note in played.notes}
    keyed = [((note.number, note.stroke), note) for note in page.notes]
    notes = [
        heads.get(key, note)
        for key, note in keyed
        if key in struck or (key in heads and note.bar not in bars)
    ]
    return replace(once, notes=tuple(sorted(notes, key=lambda one: (one.onset_quarter, one.pitch))))


def _pitch_remarks(score: WrittenScore, page: Page) -> list[str]:
    outside = sum(not LOWEST_PITCH <= note.pitch <= HIGHEST_PITCH for note in score.notes)
    between = sum(not page.notes[note.number][1].pitch_exact for note in score.notes)
    remarks = []
    if outside:
        remarks.append(f"{outside} {_notes_are(outside)} outside the 88 keys and left out.")
    if between:
        remarks.append(
            f"{between} {_notes_are(between)} between the keys (microtones): the nearest key is"
            " played."
        )
    return remarks


def _notes_are(count: int) -> str:
    return "note is" if count == 1 else "notes are"


def beat_length(beats: int, beat_type: int) -> float:
    """Length of a beat [quarters]: three eighths in 6/8, 9/8 and 12/8."""
    length = 4 / max(beat_type, 1)
    return 3 * length if beat_type >= 8 and beats % 3 == 0 and beats > 3 else length


def _read(parts: Sequence[Any], page: Page, document: ScoreDocument) -> WrittenScore:
    """Every `<note>` of the parts by itself, every bar once."""
    notes: list[WrittenNote] = []
    marks: list[Mark] = []
    beats: list[tuple[float, float]] = []
    for part in parts:
        number = _index_of(part, document)
        bars = page.parts[number]
        notes += _notes(part, page, bars, number)
        marks += [*marks_of(part), *tempi(bars)]
        beats = beats or _beats(bars)
    return WrittenScore(
        notes=tuple(sorted(notes, key=lambda note: (note.onset_quarter, note.pitch))),
        marks=tuple(sorted(marks, key=lambda mark: mark.start_quarter)),
        bars_quarter=tuple(float(start) for start, _ in page.bars),
        beats_quarter=tuple(beats),
    )


def _index_of(part: Any, document: ScoreDocument) -> int:
    """Number in the document of a part, which has notes."""
    number = tag_number(str(part.notes[0].id))
    assert number is not None  # the plain copy names every note
    return document.notes[number].part


def _beats(bars: Sequence[PageBar]) -> list[tuple[float, float]]:
    """(position, length of a beat) of a part's time signatures."""
    found = []
    for bar in bars:
        for placed in bar.placed:
            beats = placed.element.findtext("time/beats") or ""
            kind = number_of(placed.element.findtext("time/beat-type"))
            count = sum((number_of(one) or Fraction(0) for one in beats.split("+")), Fraction(0))
            if placed.element.tag == "attributes" and count > 0 and kind is not None and kind >= 1:
                found.append((float(bar.start_quarter), beat_length(int(count), int(kind))))
    return found


def _notes(part: Any, page: Page, bars: Sequence[PageBar], number: int) -> list[WrittenNote]:
    written: list[WrittenNote] = []
    slurred = _slurred(part)
    graces = grace_notes(bars)
    for note in part.notes:
        own = tag_number(str(note.id))
        if own is None:
            continue
        bar, placed = page.notes[own]
        if placed.pitch is None:
            continue
        grace = graces.get(own)
        written.append(
            WrittenNote(
                note_id=str(note.id),
                onset_quarter=float(bar.start_quarter + placed.offset_quarter),
                duration_quarter=float(placed.duration_quarter),
                pitch=placed.pitch,
                voice=100 * number + int(note.voice or 0),
                articulations=frozenset(str(mark) for mark in note.articulations or ()),
                fermata=bool(note.fermata),
                slurred=note.id in slurred,
                grace=grace.place if grace else 0,
                appoggiatura=grace is not None and grace.on_the_beat,
                principal=_named(grace.principal) if grace else None,
                part=number,
                bar=bar.index,
            )
        )
    return written


def _named(number: int | None) -> str | None:
    return None if number is None else f"{TAG_PREFIX}{number}"


def _shared(score: WrittenScore, played_by: Mapping[int, Role]) -> WrittenScore:
    """The score, every note with its pianist and hand."""
    notes = [
        replace(note, player=role.player, hand=role.hand)
        for note in score.notes
        for role in (played_by.get(note.number, Role()),)
    ]
    return replace(score, notes=tuple(notes))


def _with_fingers(
    score: WrittenScore, places: Mapping[int, Sequence[PageBar]]
) -> tuple[WrittenScore, set[int]]:
    """The score with its printed fingers, which hands tell how to read; bars with unread ones."""
    hands = {note.number: note.hand for note in score.notes}
    found = [printed_fingers(bars, hands) for bars in places.values()]
    fingers = {number: printed for one in found for number, printed in one.of_note.items()}
    notes = [
        replace(note, finger=fingers[note.number].finger, then=fingers[note.number].then)
        if note.number in fingers
        else note
        for note in score.notes
    ]
    return replace(score, notes=tuple(notes)), {bar for one in found for bar in one.unread_bars}


def _slurred(part: Any) -> set[str]:
    """Ids of the notes under a slur, its last note left out."""
    under: set[str] = set()
    spans: list[tuple[int, int, int]] = []
    for slur in all_of(part, "Slur"):
        first, last = slur.start_note, slur.end_note
        if first is not None and last is not None:
            spans.append((first.start.t, last.start.t, int(first.voice or 0)))
    by_voice: dict[int, list[Any]] = {}
    for note in part.notes:
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
