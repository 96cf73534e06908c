"""Two keys and two fingers: what a hand can span, as problems with words and weights."""

from __future__ import annotations

from dataclasses import dataclass

from duemani.analysis.hand_moves import HandMoves
from duemani.analysis.reasons.words import finger_name, interval_name, key_name
from duemani.keyboard import WHITE_PITCH_M
from duemani.models.fingering.hand_span import SEMITONE_M

KEY_M = WHITE_PITCH_M
"""From one white key to the next."""
STRETCHED_SHARE = 0.85
"""Beyond this share of the reach it is a stretch."""
_ROOM = {1: 2.0, 2: 2.0, 3: 2.5, 4: 3.0}
"""Keys more than one a finger that the thumb easily lies away, by fingers in between: 1 and 5 have
an octave, other neighbours a key more."""


@dataclass(frozen=True)
class Problem:
    """Something that is hard.

    Attributes:
        kind: a word for it.
        notes: whose fingers it is about.
        weight: how bad, see the module.
        text: one sentence.
        event: where in the hand's line.
    """

    kind: str
    notes: tuple[int, ...]
    weight: float
    text: str
    event: int


def together(moves: HandMoves, low: int, high: int, event: int, struck: bool) -> list[Problem]:
    """Two keys down at once, `high` further outwards."""
    f, g, offset = moves.finger(low), moves.finger(high), moves.offset_m(low, high)
    pair = (low, high)
    if f == g:
        if struck and offset <= KEY_M * 1.05:
            return []  # one finger on two neighbouring keys, on purpose
        text = f"{finger_name(f, True)} cannot play {key_of(moves, low)} and {key_of(moves, high)}."
        return [Problem("one finger for two keys", pair, 3.0, text, event)]
    if g < f:
        text = f"{finger_on(moves, low)} and {finger_on(moves, high)} cross over each other."
        return [Problem("crossed chord", pair, 3.0, upper(text), event)]
    names = f"{finger_name(f)} and {finger_name(g)}"
    size = interval_name(moves.pitch(high) - moves.pitch(low))
    if not moves.reaches(f, g, offset):
        if offset > SEMITONE_M * (g - f):
            text = upper(f"{size} is more than {names} reach at once.")
        else:
            text = upper(f"{names} have no room on {size}.")
        return [Problem("out of reach", pair, 3.0, text, event)]
    if not moves.reaches(f, g, offset, STRETCHED_SHARE):
        text = upper(f"{names} have to stretch {size}.")
        return [Problem("stretch", pair, 1.5, text, event)]
    return spread(moves, low, high, event)


def spread(moves: HandMoves, low: int, high: int, event: int) -> list[Problem]:
    """Fingers that lie much nearer together, or further apart, than the hand does at rest."""
    f, g = moves.finger(low), moves.finger(high)
    offset = abs(moves.offset_m(low, high))
    steps = abs(g - f)
    names = f"{finger_name(min(f, g))} and {finger_name(max(f, g))}"
    size = interval_name(moves.pitch(high) - moves.pitch(low))
    if offset < 0.55 * KEY_M * steps and steps > 1:
        narrow = (0.55 * KEY_M * steps - offset) / KEY_M
        text = upper(f"{names} are cramped on {size}.")
        return [Problem("cramped", (low, high), 0.8 + narrow, text, event)]
    room = (_ROOM[steps] if 1 in (f, g) else 1.0) * KEY_M * 1.05
    if offset > KEY_M * steps + room:
        wide = (offset - KEY_M * steps - room) / KEY_M
        text = upper(f"{names} are spread wide on {size}.")
        return [Problem("spread", (low, high), min(0.5 + 0.5 * wide, 1.5), text, event)]
    return []


def finger_on(moves: HandMoves, note: int) -> str:
    """`3 on E4`."""
    return f"{finger_name(moves.finger(note))} on {key_name(moves.pitch(note))}"


def key_of(moves: HandMoves, note: int) -> str:
    """A note's key by name."""
    return key_name(moves.pitch(note))


def upper(text: str) -> str:
    """With a capital."""
    return text[0].upper() + text[1:]
