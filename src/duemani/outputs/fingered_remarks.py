"""What a player should know of a fingered piece: chords to roll, prints that contradict."""

from __future__ import annotations

import numpy as np

from duemani.outputs.fingered import Fingered, hand_name
from duemani.performance import LEFT, UNKNOWN_FINGER, Performance

_REMARKS_OF_A_KIND = 5
_MOST_CHORDS = 12
_NEIGHBOURS_SEMITONES = 2
# A grand's key can be struck again after some 70 ms.
_FASTEST_REPEAT_SEC = 0.03


def unreachable_chords(fingered: Fingered) -> list[str]:
    """Chords to be rolled, named in one sentence."""
    groups = fingered.fingering.unreachable
    if not groups:
        return []
    bars: dict[str, list[str]] = {}
    for group in groups:
        hand = hand_name(int(fingered.notes["hand"][group[0]]))
        bars.setdefault(f"{hand} {_pitches(fingered, group)}", []).append(
            fingered.bar_name(group[0])
        )
    unit = "bar" if fingered.document is not None else "at"
    told = [f"{chord} ({unit} {', '.join(dict.fromkeys(at))})" for chord, at in bars.items()]
    more = f"; and {len(told) - _MOST_CHORDS} more" if len(told) > _MOST_CHORDS else ""
    return [
        "Out of this hand's reach, to be rolled or thinned out:"
        f" {'; '.join(told[:_MOST_CHORDS])}{more}."
    ]


def too_fast_repeats(fingered: Fingered) -> list[str]:
    """Keys of a performance that are struck again faster than any key comes up, in one sentence.

    Of a score, which tells beats and not times, nothing is said; two pianists may have two pianos.
    """
    if fingered.document is not None:
        return []
    last: dict[tuple[int, int], float] = {}
    found: dict[str, str] = {}
    count = 0
    for at, note in enumerate(fingered.notes):
        onset_sec, key = float(note["onset_sec"]), (fingered.player_of(at), int(note["pitch"]))
        if onset_sec - last.get(key, -1.0) < _FASTEST_REPEAT_SEC:
            count += 1
            found.setdefault(fingered.note_name(at), fingered.bar_name(at))
        last[key] = onset_sec
    if not count:
        return []
    told = [f"{name} from {bar} on" for name, bar in found.items()][:_REMARKS_OF_A_KIND]
    return [
        f"{count} note{' is' if count == 1 else 's are'} struck within"
        f" {1000 * _FASTEST_REPEAT_SEC:.0f} ms of another on the same key, faster than a piano"
        f" repeats: {', '.join(told)}{' and others' if len(found) > len(told) else ''}."
    ]


def contradictions(fingered: Fingered, given: Performance) -> list[str]:
    """Chords whose fingers of the input no hand puts down together: doubled, or out of order."""
    told: list[str] = []
    notes = given.notes
    part, hand = fingered.part, fingered.notes["hand"]
    chords: dict[tuple[float, int, int], list[int]] = {}
    for at, note in enumerate(notes):
        if note["finger"] != UNKNOWN_FINGER:
            key = (round(float(note["onset_sec"]), 4), int(part[at]), int(hand[at]))
            chords.setdefault(key, []).append(at)
    for (*_, side), chord in chords.items():
        chord.sort(key=lambda at: int(notes["pitch"][at]), reverse=side == LEFT)
        if not all(map(_in_order, notes[chord][:-1], notes[chord][1:])):
            fingers = " ".join(str(notes["finger"][at]) for at in chord)
            told.append(
                f"{_where(fingered, chord)}: fingers {fingers} are printed at"
                f" {_pitches(fingered, chord)}, which no hand puts down together; they were kept."
            )
    return _first(told, "chords have contradictory fingers")


def _in_order(inner: np.void, outer: np.void) -> bool:
    """Whether two fingers can lie on two keys at once, thumb side first."""
    if inner["finger"] == outer["finger"] == 1:
        # A thumb may press two neighbouring white keys.
        return abs(int(outer["pitch"]) - int(inner["pitch"])) <= _NEIGHBOURS_SEMITONES
    return bool(inner["finger"] < outer["finger"])


def _first(told: list[str], rest: str) -> list[str]:
    if len(told) <= _REMARKS_OF_A_KIND:
        return told
    return [*told[:_REMARKS_OF_A_KIND], f"{len(told) - _REMARKS_OF_A_KIND} more {rest}."]


def _where(fingered: Fingered, group: tuple[int, ...] | list[int]) -> str:
    kind = "bar" if fingered.document is not None else "at"
    hand = hand_name(int(fingered.notes["hand"][group[0]]))
    return f"{kind} {fingered.bar_name(group[0])}, {hand}"


def _pitches(fingered: Fingered, group: tuple[int, ...] | list[int]) -> str:
    return " ".join(fingered.note_name(at) for at in group)
