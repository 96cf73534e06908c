"""Numbers of MusicXML's elements: durations, pitches, transpositions."""

from __future__ import annotations

import math
from fractions import Fraction
from xml.etree.ElementTree import Element

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_TYPES = {
    "maxima": Fraction(32),
    "long": Fraction(16),
    "breve": Fraction(8),
    "whole": Fraction(4),
    "half": Fraction(2),
    "quarter": Fraction(1),
    "eighth": Fraction(1, 2),
    **{f"{2**n}{'nd' if n in (5, 9) else 'th'}": Fraction(4, 2**n) for n in range(4, 11)},
}
_MOST = 10**7


def number_of(text: str | None) -> Fraction | None:
    """A whole or decimal number, blanks around it allowed; None if it is none or beyond reason."""
    stripped = (text or "").strip()
    if not stripped or len(stripped) > 24 or "/" in stripped or "e" in stripped.lower():
        return None
    try:
        found = Fraction(stripped.replace(",", "."))
    except ValueError:
        return None
    # Decimals stand for thirds and sevenths too.
    return found.limit_denominator(10_000) if abs(found) <= _MOST else None


def type_quarters(name: str | None) -> Fraction | None:
    """Length of a note value, None if it is unknown."""
    return _TYPES.get((name or "").strip())


def typed_quarters(note: Element) -> Fraction:
    """Length by the note's type, dots and tuplet; 0 without a type."""
    length = type_quarters(note.findtext("type"))
    if length is None:
        return Fraction(0)
    dots = len(note.findall("dot"))
    length *= 2 - Fraction(1, 2**dots)
    return length / tuplet_ratio(note)


def tuplet_ratio(note: Element) -> Fraction:
    """How many of its notes stand for one: 3/2 in a triplet, 1 outside."""
    actual = number_of(note.findtext("time-modification/actual-notes"))
    normal = number_of(note.findtext("time-modification/normal-notes"))
    if not actual or not normal or actual < 0 or normal < 0:
        return Fraction(1)
    return actual / normal


def guessed_divisions(part: Element) -> Fraction:
    """Divisions a quarter of a part that does not state them: by a note with type and duration."""
    for note in part.iter("note"):
        duration, typed = number_of(note.findtext("duration")), typed_quarters(note)
        if duration is not None and duration > 0 and typed:
            return duration / typed
    return Fraction(1)


def transposition(transpose: Element) -> int:
    """Semitones that a part sounds above what is written."""
    chromatic = number_of(transpose.findtext("chromatic")) or Fraction(0)
    octaves = number_of(transpose.findtext("octave-change")) or Fraction(0)
    return math.floor(chromatic + 12 * octaves + Fraction(1, 2))


def sounding_pitch(note: Element, transposed: int) -> tuple[int | None, bool]:
    """MIDI number of a note and whether it is exact.

    Only `<alter>` counts: a displayed accidental does not change the pitch (MusicXML 4.0,
    `accidental`). Microtones are rounded to the nearest key, halves upwards.
    """
    pitch = note.find("pitch")
    if pitch is None:
        return None, True
    step = _STEPS.get((pitch.findtext("step") or "").strip().upper())
    octave = number_of(pitch.findtext("octave"))
    if step is None or octave is None:
        return None, True
    alter = number_of(pitch.findtext("alter")) or Fraction(0)
    exact = 12 * (octave + 1) + step + alter + transposed
    return math.floor(exact + Fraction(1, 2)), exact.denominator == 1
