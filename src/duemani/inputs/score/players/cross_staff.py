"""Which hand plays a voice that goes over to the other staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from duemani.performance import LEFT, RIGHT

_WIDEST_SEMITONES = 16
"""A hand's, between notes that sound at once: a tenth."""
_PASSAGE_SEMITONES = 14
_MOST_KEYS = 5
_LONGEST_VISIT_QUARTERS = 16.0
_BESIDE_QUARTERS = 1.0
_MOST_OVERLAPPING = 0.1
_TOUCH = 1e-6


@dataclass(frozen=True)
class PlacedNote:
    """A note of one part, where it stands.

    Attributes:
        number: its `<note>`'s.
        chord: number of the first `<note>` of its chord.
        onset_quarter, end_quarter: when it sounds.
        pitch: MIDI number.
        side: 1 for the upper staff, 0 for those below.
        voice: as the document names it.
    """

    number: int
    chord: int
    onset_quarter: float
    end_quarter: float
    pitch: int
    side: int
    voice: str


def hands_of_staves(notes: Sequence[PlacedNote]) -> tuple[dict[int, int], list[float]]:
    """Hands of a part's notes on two staves or more, by number; and where they are a guess.

    The upper staff is the right hand's. A voice stays with the hand of the staff on which it mostly
    stands (see `_homes`), also while it is written on the other one, unless that hand could not
    reach it.
    Where the other hand rests meanwhile, both are possible: the voice's hand is taken if the
    passage lies under one hand and the voice comes back within four bars.

    Returns:
        The hands, and the onsets [quarters] of the passages that are guessed.
    """
    hand = {note.number: note.side for note in notes}
    home = _homes(notes)
    away = [note for note in notes if home.get(note.voice, note.side) != note.side]
    if not away:
        return hand, []
    hand |= {note.number: home[note.voice] for note in away}
    guesses: list[float] = []
    for visit in _visits(notes, away):
        host = 1 - home[visit[0].voice]
        if _is_taken(notes, visit, home, host):
            continue
        guesses.append(visit[0].onset_quarter)
        long = visit[-1].end_quarter - visit[0].onset_quarter > _LONGEST_VISIT_QUARTERS
        if long or _is_wide(notes, visit):
            hand |= {note.number: host for note in visit}
    _within_reach(notes, away, hand)
    return hand, guesses


def _homes(notes: Sequence[PlacedNote]) -> dict[str, int]:
    """The side at home for each voice on both; none for numbers that stand for two voices.

    That is where it mostly stands, unless another voice lives there beside it and the other staff
    is empty meanwhile: one hand does not play both while the other rests.
    """
    by_voice: dict[str, list[PlacedNote]] = {}
    for note in notes:
        by_voice.setdefault(note.voice, []).append(note)
    residents: tuple[list[PlacedNote], list[PlacedNote]] = ([], [])
    wandering: dict[str, tuple[list[PlacedNote], list[PlacedNote]]] = {}
    for voice, mine in by_voice.items():
        lower, upper = ([note for note in mine if note.side == side] for side in (LEFT, RIGHT))
        if lower and upper:
            wandering[voice] = (lower, upper)
        else:
            residents[mine[0].side].extend(mine)
    homes: dict[str, int] = {}
    for voice, sides in wandering.items():
        lower, upper = sides
        fewest = min(len(lower), len(upper))
        if _overlapping(upper, lower) > _MOST_OVERLAPPING * fewest:
            continue
        first = by_voice[voice][0].side
        most = first if len(lower) == len(upper) else int(len(upper) > len(lower))
        half = len(sides[most]) / 2
        crowded = _overlapping(residents[most], sides[most]) >= half
        empty = _overlapping(residents[1 - most], sides[most]) < half
        homes[voice] = 1 - most if crowded and empty else most
    return homes


def _overlapping(others: list[PlacedNote], mine: list[PlacedNote]) -> int:
    """How many notes sound with some of the others, chords left out."""
    start = np.array([note.onset_quarter for note in others])
    end = np.array([note.end_quarter for note in others])
    chord = np.array([note.chord for note in others], int)
    return sum(
        bool(
            np.any(
                (start < note.end_quarter - _TOUCH)
                & (end > note.onset_quarter + _TOUCH)
                & (chord != note.chord)
            )
        )
        for note in mine
    )


def _visits(notes: Sequence[PlacedNote], away: list[PlacedNote]) -> list[list[PlacedNote]]:
    """Runs of a voice's notes away from home with none at home between them."""
    gone = {note.number for note in away}
    out: list[list[PlacedNote]] = []
    for voice in dict.fromkeys(note.voice for note in away):
        run: list[PlacedNote] = []
        for note in sorted(
            (note for note in notes if note.voice == voice),
            key=lambda n: (n.onset_quarter, n.pitch),
        ):
            if note.number in gone:
                run.append(note)
            elif run:
                out.append(run)
                run = []
        out += [run] if run else []
    return out


def _is_taken(
    notes: Sequence[PlacedNote], visit: list[PlacedNote], home: dict[str, int], host: int
) -> bool:
    """Whether the hand of the staff that is visited has something of its own to play."""
    begin = visit[0].onset_quarter
    end = max(note.end_quarter for note in visit)
    return any(
        note.side == host
        and home.get(note.voice, host) == host
        and note.onset_quarter < end - _TOUCH
        and note.end_quarter > begin + _TOUCH
        for note in notes
    )


def _is_wide(notes: Sequence[PlacedNote], visit: list[PlacedNote]) -> bool:
    """Whether a voice moves on, to and fro, over more than a hand covers."""
    begin, end = visit[0].onset_quarter, max(note.end_quarter for note in visit)
    pitches = [
        note.pitch
        for note in notes
        if note.voice == visit[0].voice
        and begin - _BESIDE_QUARTERS <= note.onset_quarter <= end + _BESIDE_QUARTERS
    ]
    brief = end - begin <= 2 * _BESIDE_QUARTERS
    return brief and max(pitches) - min(pitches) > _PASSAGE_SEMITONES


def _within_reach(
    notes: Sequence[PlacedNote], away: list[PlacedNote], hand: dict[int, int]
) -> None:
    """Give notes that their voice's hand cannot reach to the staff's hand, if that one can."""
    onset = np.array([note.onset_quarter for note in notes])
    end = np.array([note.end_quarter for note in notes])
    for note in sorted(away, key=lambda one: one.onset_quarter):
        mine = hand[note.number]
        if mine == note.side:
            continue
        begins = note.onset_quarter
        sounding = np.flatnonzero((onset <= begins + _TOUCH) & (end > begins + _TOUCH))
        others = [notes[int(at)] for at in sounding if notes[int(at)].number != note.number]
        if not _fits(note, [one.pitch for one in others if hand[one.number] == mine]) and _fits(
            note, [one.pitch for one in others if hand[one.number] == note.side]
        ):
            hand[note.number] = note.side


def _fits(note: PlacedNote, pitches: list[int]) -> bool:
    """Whether a hand that holds these keys can strike the note besides."""
    keys = {*pitches, note.pitch}
    return max(keys) - min(keys) <= _WIDEST_SEMITONES and len(keys) <= _MOST_KEYS
