"""Words for keys, intervals and fingers, as a teacher uses them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

_NAMES = {
    "♯": ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"),
    "♭": ("C", "D♭", "D", "E♭", "E", "F", "G♭", "G", "A♭", "A", "B♭", "B"),
    "": ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"),
}
_INTERVALS = (
    "unison", "second", "second", "third", "third", "fourth", "tritone", "fifth", "sixth", "sixth",
    "seventh", "seventh", "octave", "ninth", "ninth", "tenth", "tenth", "eleventh",
    "augmented eleventh", "twelfth",
)  # fmt: skip


def key_name(pitch: int, sign: Literal["♯", "♭", ""] = "") -> str:
    """A key by MIDI number, 60 is C4; black keys with this sign, else by their commoner name."""
    return f"{_NAMES[sign][pitch % 12]}{pitch // 12 - 1}"


def interval_name(semitones: int) -> str:
    """An interval by its size on the keyboard, with its article."""
    size = abs(semitones)
    if size >= len(_INTERVALS):
        return "more than a twelfth"
    name = _INTERVALS[size]
    return f"{'an' if name[0] in 'aeiou' and name != 'unison' else 'a'} {name}"


def finger_name(finger: int, start: bool = False) -> str:
    """A finger: the thumb by name, the others by number; capital at the start of a sentence."""
    if finger == 1:
        return "The thumb" if start else "the thumb"
    return str(finger)


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def finger_range(fingers: Sequence[int]) -> str:
    """Rising fingers, shortened: `1-4`, `2 and 3`, `1, 2 and 5`."""
    if len(fingers) > 2 and fingers[-1] - fingers[0] == len(fingers) - 1:
        return f"{fingers[0]}-{fingers[-1]}"
    return listed([str(finger) for finger in fingers])


def per_cent(share: float) -> str:
    """0.414 as `41 %`."""
    return f"{round(100 * share)} %"
