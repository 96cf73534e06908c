"""Printed fingers: which finger strikes which note, and which one takes over."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from duemani.inputs.score.page.bars import PageBar, Placed
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER

_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class PrintedFinger:
    """A note's printed finger.

    Attributes:
        finger: that strikes it, 0 where none is printed.
        then: that takes over while the key is held, 0 for none.
    """

    finger: int = UNKNOWN_FINGER
    then: int = UNKNOWN_FINGER


@dataclass(frozen=True)
class PartFingers:
    """The printed fingers of a part.

    Attributes:
        of_note: by number of the note; notes without one are left out.
        unread_bars: indices of bars where fingers stand at one note of a chord, more than one and
            not as many as it has notes: nobody can say whose they are.
    """

    of_note: dict[int, PrintedFinger]
    unread_bars: tuple[int, ...]


def printed_fingers(bars: Iterable[PageBar], hands: Mapping[int, int]) -> PartFingers:
    """Fingers of the notes of a part.

    Fingers of a whole chord printed at one of its notes belong to all of them. An alternative
    (`alternate="yes"`) counts only where nothing else is printed.

    Args:
        bars: of the part.
        hands: hand of every note, by its number.
    """
    found: dict[int, PrintedFinger] = {}
    unread: list[int] = []
    for bar in bars:
        for chord in _chords(bar.placed):
            stacks = {one.number: _stack(one.element) for one in chord}
            printed = [stack for stack in stacks.values() if stack]
            if len(chord) > 1 and len(printed) == 1 and len(printed[0]) > 1:
                if len(printed[0]) == len(chord):
                    found |= _spread(chord, [finger for finger, _ in printed[0]], hands)
                else:
                    unread.append(bar.index)
                continue
            for number, stack in stacks.items():
                if stack:
                    found[number] = PrintedFinger(*stack[0])
    return PartFingers(found, tuple(dict.fromkeys(unread)))


def _chords(placed: Sequence[Placed]) -> list[list[Placed]]:
    chords: list[list[Placed]] = []
    for one in placed:
        if one.number < 0 or one.pitch is None:
            continue
        if one.in_chord and chords:
            chords[-1].append(one)
        else:
            chords.append([one])
    return chords


def _spread(
    chord: list[Placed], fingers: list[int], hands: Mapping[int, int]
) -> dict[int, PrintedFinger]:
    """Fingers as they lie on a hand; where the hand is unknown, as they are printed downwards."""
    upwards = sorted(chord, key=lambda one: one.pitch or 0)
    hand = hands.get(chord[0].number)
    if hand == RIGHT:
        fingers = sorted(fingers)
    elif hand == LEFT:
        fingers = sorted(fingers, reverse=True)
    else:
        fingers = fingers[::-1]
    return {one.number: PrintedFinger(finger) for one, finger in zip(upwards, fingers, strict=True)}


def _stack(note: Element) -> list[tuple[int, int]]:
    """Every finger printed at a note, from above, and the one that takes over from it."""
    marks = note.findall("notations/technical/fingering")
    usual = [mark for mark in marks if mark.get("alternate") != "yes"]
    stack: list[tuple[int, int]] = []
    for mark in usual if any(_read(mark) for mark in usual) else marks[:1]:
        fingers = _read(mark)
        if mark.get("substitution") == "yes" and stack and fingers:
            stack[-1] = (stack[-1][0], fingers[0][0])
        else:
            stack += fingers
    return stack


def _read(mark: Element) -> list[tuple[int, int]]:
    """The fingers in a mark's text: `3`, `(3)`, `3-1` (the thumb takes over), `5 3 1` (a chord's).

    Of a choice (`4/2`, `45`) the first counts; what is no finger of a hand (`0`, `10`, `p`) is
    none.
    """
    text = "".join(
        str(unicodedata.digit(one, None) or one) for one in "".join(mark.itertext())
    ).strip()
    found: list[tuple[int, int]] = []
    for word in re.sub(r"\s*([-–—_/])\s*", r"\1", text).split():
        fingers = [int(one[0]) for one in _DIGITS.findall(word) if set(one) <= set("12345")]
        if not fingers:
            continue
        changes = len(fingers) > 1 and "/" not in word
        found.append((fingers[0], fingers[1] if changes else UNKNOWN_FINGER))
    return found
