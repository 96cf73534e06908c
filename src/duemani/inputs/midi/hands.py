"""Which tracks or channels of a MIDI file are a piano's, whose they are, and which hand's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Int

from duemani.files import as_name
from duemani.inputs.part_names import (
    KEYBOARD_PROGRAMS,
    PIANO_PROGRAMS,
    SYNTHESISER_PROGRAMS,
    decoded,
    instrument_name,
    named_hands,
    names_duettist,
    player_name,
)
from duemani.performance import LEFT, RIGHT, UNKNOWN_HAND

Source = tuple[int, int]
"""Track and channel."""

_HANDS_APART_SEMITONES = 5.0
_HAND_SEMITONES = 16
_HAND_KEYS = 5
_TWO_HANDED_SHARE = 0.1
_FAMILIES = (
    *("piano", "chromatic percussion", "organ", "guitar", "bass", "strings", "ensemble", "brass"),
    *("reeds", "pipes", "synthesiser", "synthesiser", "effects", "ethnic", "percussion", "effects"),
)


@dataclass
class Tracks:
    """What a file says of its tracks besides notes.

    Attributes:
        names: of the tracks that have one.
        programs: (tick, track, channel, program) of every change of program.
        drums: tracks with percussion, which is not read.
    """

    names: dict[int, str] = field(default_factory=dict[int, str])
    programs: list[tuple[int, int, int, int]] = field(
        default_factory=list[tuple[int, int, int, int]]
    )
    drums: set[int] = field(default_factory=set[int])


@dataclass(frozen=True)
class Shares:
    """Who plays what.

    Attributes:
        hand: of every note, -1 where nothing tells.
        player: number of every note's pianist, from 0.
        left_out: notes of other instruments.
        foreign: those instruments' names, where the file has no piano at all: then none is left
            out.
        remarks: what was assumed or left out, one sentence each.
    """

    hand: Int[np.ndarray, " note"]
    player: Int[np.ndarray, " note"]
    left_out: Bool[np.ndarray, " note"]
    foreign: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Part:
    """The notes of one source."""

    source: Source
    name: str
    program: int | None
    notes: Int[np.ndarray, " note"]
    pitch: Int[np.ndarray, " note"]
    onset: Int[np.ndarray, " note"]

    @property
    def title(self) -> str:
        """What to call it."""
        if name := as_name(self.name).strip():
            return name[:40]
        family = "" if self.program is None else f" ({_FAMILIES[self.program // 8]})"
        return f"track {self.source[0] + 1}, channel {self.source[1] + 1}{family}"

    @property
    def is_two_handed(self) -> bool:
        """One hand cannot strike so much at once, again and again."""
        edges = np.flatnonzero(np.diff(self.onset, prepend=self.onset[:1] - 1))
        high, low = (f.reduceat(self.pitch, edges) for f in (np.maximum, np.minimum))
        count = np.diff(edges, append=len(self.pitch))
        beyond = (high - low > _HAND_SEMITONES) | (count > _HAND_KEYS)
        return bool(beyond.sum() > 1 and beyond.mean() >= _TWO_HANDED_SHARE)


def share_out(source: np.ndarray, onset: np.ndarray, pitch: np.ndarray, tracks: Tracks) -> Shares:
    """Whose every note is.

    Programs and names tell a piano from other instruments; without either, all is a piano's. Hands
    are those that names name, else those of two sources clearly apart in pitch of which each can be
    one hand's. Players are named (Primo, Piano II) or two sources of which each takes two hands.

    Args:
        source: (note, 2) track and channel.
        onset: (note,) in ticks.
        pitch: (note,) MIDI numbers.
        tracks: what the file says of them.
    """
    hand, player = np.full(len(pitch), UNKNOWN_HAND), np.zeros(len(pitch), int)
    left_out = np.ones(len(pitch), bool)
    parts = _parts(source, onset, pitch, tracks)
    hands = named_hands({part.source: part.name for part in parts})
    pianos = _pianos(parts, hands)
    foreign = ""
    if not pianos:
        foreign = ", ".join(dict.fromkeys(part.title for part in parts))
        pianos = parts
    remarks = _remarks(parts, pianos, foreign, tracks)
    players = _players(pianos, hands)
    for number, mine in enumerate(players):
        sides = _hands(mine, hands)
        for part in mine:
            left_out[part.notes], player[part.notes] = False, number
            hand[part.notes] = sides.get(part.source, UNKNOWN_HAND)
    if len(players) > 1:
        told = "; ".join(" and ".join(part.title for part in mine) for mine in players)
        remarks.append(f"The notes are taken as those of {len(players)} pianists: {told}.")
    return Shares(hand, player, left_out, foreign, tuple(remarks))


def _parts(source: np.ndarray, onset: np.ndarray, pitch: np.ndarray, tracks: Tracks) -> list[_Part]:
    # Channels tell instruments apart; of one track with one instrument on several, none.
    out: list[_Part] = []
    for track, channel in np.unique(source, axis=0).tolist():
        notes = np.flatnonzero((source == (track, channel)).all(1))
        notes = notes[np.argsort(onset[notes], kind="stable")]
        begin = int(onset[notes[0]])
        name = decoded(tracks.names.get(track, ""))
        program = _program(tracks, track, channel, begin)
        out.append(_Part((track, channel), name, program, notes, pitch[notes], onset[notes]))
    return out


def _program(tracks: Tracks, track: int, channel: int, begin: int) -> int | None:
    """The program that a source begins with: its own track's, else any track's."""
    mine = [one for one in sorted(tracks.programs) if one[2] == channel]
    mine = [one for one in mine if one[1] == track] or mine
    before = [one for one in mine if one[0] <= begin]
    return (before[-1] if before else mine[0])[3] if mine else None


def _pianos(parts: Sequence[_Part], hands: dict[Source, int]) -> list[_Part]:
    """The parts for a piano; for another keyboard, where there is none."""
    known = {part.source: instrument_name(part.name) for part in parts}
    ranks = {part.source: _rank(part, part.source in hands, known[part.source]) for part in parts}
    possible = [part for part in parts if ranks[part.source] is not None]
    # A name like "Bass" or "Voice 2" tells only beside something that is plainly the piano.
    plainly = any(
        part.source in hands
        or known[part.source] == "keyboard"
        or (known[part.source] == "" and part.program is not None)
        for part in possible
    )
    if plainly:
        possible = [p for p in possible if p.source in hands or known[p.source] != "other"]
    best = min((ranks[part.source] or 0 for part in possible), default=0)
    return [part for part in possible if (ranks[part.source] or 0) == best]


def _rank(part: _Part, is_hand: bool, named: str) -> int | None:
    """0 for a piano, more for what is less of one, None for what is none."""
    if is_hand or part.program is None or part.program in PIANO_PROGRAMS:
        return 0
    if part.program in KEYBOARD_PROGRAMS:
        return 1
    if part.program in SYNTHESISER_PROGRAMS or named == "keyboard":
        return 2
    return None


def _players(pianos: list[_Part], hands: dict[Source, int]) -> list[list[_Part]]:
    """The pianists' parts, one list each."""
    named: dict[int, list[_Part]] = {}
    for part in pianos:
        named.setdefault(player_name(part.name), []).append(part)
    if len(named) > 1 and 0 not in named:
        groups = [named[number] for number in sorted(named)]
        duet = any(names_duettist(part.name) for part in pianos)
        # "Piano 1" and "Piano 2" may be the two staves of one piano.
        if duet or all(len(group) > 1 or group[0].is_two_handed for group in groups):
            return groups
    unnamed = not any(part.source in hands for part in pianos)
    if len(pianos) == 2 and unnamed and all(part.is_two_handed for part in pianos):
        return [[part] for part in pianos]
    return [pianos] if pianos else []


def _hands(parts: list[_Part], named: dict[Source, int]) -> dict[Source, int]:
    """Hands of one player's sources, where names or pitch tell."""
    found = {part.source: named[part.source] for part in parts if part.source in named}
    if found:
        return found
    if any(part.is_two_handed for part in parts):
        return {}
    tracks = {part.source[0] for part in parts}
    group = [part.source[0 if len(tracks) > 1 else 1] for part in parts]
    if len(set(group)) != 2:
        return {}
    means: dict[int, float] = {}
    for one in set(group):
        pitches = [part.pitch for part, of in zip(parts, group, strict=True) if of == one]
        means[one] = float(np.concatenate(pitches).mean())
    low, high = sorted(means, key=lambda one: means[one])
    if means[high] - means[low] < _HANDS_APART_SEMITONES:
        return {}
    return {
        part.source: RIGHT if of == high else LEFT for part, of in zip(parts, group, strict=True)
    }


def _remarks(
    parts: Sequence[_Part], pianos: Sequence[_Part], foreign: str, tracks: Tracks
) -> list[str]:
    if foreign:
        return [f"No track is for a keyboard ({foreign[:100]}): all are taken as one piano's."]
    chosen = {part.source for part in pianos}
    others = [part.title for part in parts if part.source not in chosen]
    drums = [decoded(tracks.names.get(track, "")).strip() or "drums" for track in tracks.drums]
    if not pianos or not others + drums:
        return []
    out = ", ".join(dict.fromkeys(others + drums))
    kept = ", ".join(dict.fromkeys(part.title for part in pianos))
    return [f"Taken as the piano: {kept[:100]}; left out as other instruments: {out[:100]}."]
