"""Signs that stand for more notes than are written: tremolos, ornaments, arpeggios, slides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from xml.etree.ElementTree import Element

from duemani.inputs.score.page.bars import PageBar
from duemani.inputs.score.page.values import number_of, tuplet_ratio, type_quarters

_BEAMS = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4}
_TURNS = frozenset({"turn", "delayed-turn", "vertical-turn"})
_INVERTED_TURNS = frozenset({"inverted-turn", "delayed-inverted-turn", "inverted-vertical-turn"})
_ACCIDENTALS = {"flat-flat": -2, "flat": -1, "natural": 0, "sharp": 1, "double-sharp": 2,
                "sharp-sharp": 2}  # fmt: skip
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_MOST_MARKS = 5


@dataclass(frozen=True)
class Abbreviation:
    """What is played in place of one written note.

    Attributes:
        kind: `repeated` (one note's tremolo), `alternating` (the first note of a tremolo of two),
            `alternated` (its second), `trill`, `turn`, `inverted-turn`, `mordent`,
            `inverted-mordent`, `slide`, `arpeggio`, `arpeggio-down`, or "".
        unit_quarter: length of one stroke of a tremolo.
        above, below: semitones to the ornament's other keys, None where there is no ornament.
    """

    kind: str = ""
    unit_quarter: Fraction = Fraction(0)
    above: int | None = None
    below: int | None = None


def abbreviations(bars: Iterable[PageBar]) -> dict[int, Abbreviation]:
    """The signs of a part's notes that count for what is played, by number of the note."""
    found: dict[int, Abbreviation] = {}
    fifths, chord = 0, Abbreviation()
    for bar in bars:
        for placed in bar.placed:
            if placed.element.tag == "attributes":
                said = number_of(placed.element.findtext("key/fifths"))
                fifths = fifths if said is None else int(said)
            elif placed.pitch is not None:
                sign = _abbreviation(placed.element, fifths)
                # A chord's tremolo is written at its first note only.
                if placed.in_chord and not sign.kind and chord.unit_quarter:
                    sign = chord
                chord = sign
                if sign.kind:
                    found[placed.number] = sign
    return found


def repeated_bars(bars: Sequence[PageBar]) -> dict[int, int]:
    """Bars that only say that others are repeated, and which ones stand behind them.

    A bar under the sign that holds notes of its own is played as it is written: the sign is only
    how it is printed.
    """
    found: dict[int, int] = {}
    length = 0
    for at, bar in enumerate(bars):
        for placed in bar.placed:
            for sign in placed.element.iterfind("measure-style/measure-repeat"):
                count = number_of(sign.text)
                length = 0 if sign.get("type") == "stop" else int(count or 1)
        if 0 < length <= at and not any(placed.pitch is not None for placed in bar.placed):
            found[at] = found.get(at - length, at - length)
    return found


@dataclass(frozen=True)
class BeatRepeat:
    """A stretch of a part whose beats repeat the one before, in quarters of the page."""

    start_quarter: Fraction
    end_quarter: Fraction
    beat_quarter: Fraction


def repeated_beats(bars: Sequence[PageBar]) -> list[BeatRepeat]:
    """Stretches under signs that repeat a beat; a sign without an end lasts until its bar's."""
    found: list[BeatRepeat] = []
    began: BeatRepeat | None = None
    beat = Fraction(1)
    for bar in bars:
        for placed in bar.placed:
            at = bar.start_quarter + placed.offset_quarter
            kind = number_of(placed.element.findtext("time/beat-type"))
            count = number_of(placed.element.findtext("time/beats"))
            if kind and count:
                is_compound = kind >= 8 and count > 3 and count % 3 == 0
                beat = (12 if is_compound else 4) / kind
            for sign in placed.element.iterfind("measure-style/beat-repeat"):
                if began is not None:
                    found.append(replace(began, end_quarter=at))
                    began = None
                if sign.get("type") != "stop":
                    dots = len(sign.findall("slash-dot"))
                    typed = type_quarters(sign.findtext("slash-type"))
                    length = beat if typed is None else typed * (2 - Fraction(1, 2**dots))
                    began = BeatRepeat(at, bar.start_quarter + bar.length_quarter, length)
    return [*found, *([began] if began is not None else [])]


def _abbreviation(note: Element, fifths: int) -> Abbreviation:
    """The plainest of a note's signs."""
    for tremolo in note.iterfind("notations/ornaments/tremolo"):
        marks = number_of(tremolo.text)
        kind = {"start": "alternating", "stop": "alternated"}.get(
            tremolo.get("type", "single"), "repeated"
        )
        if marks is not None and 0 < marks <= _MOST_MARKS and tremolo.get("type") != "unmeasured":
            return Abbreviation(kind, _stroke(note, int(marks)))
    for ornaments in note.iterfind("notations/ornaments"):
        for sign in ornaments:
            if kind := _ornament(sign.tag):
                return Abbreviation(kind, Fraction(0), *_neighbours(note, ornaments, fifths))
    slides = [*note.iterfind("notations/glissando"), *note.iterfind("notations/slide")]
    if any(one.get("type") == "start" for one in slides):
        return Abbreviation("slide")
    for arpeggiate in note.iterfind("notations/arpeggiate"):
        down = arpeggiate.get("direction") == "down"
        return Abbreviation("arpeggio-down" if down else "arpeggio")
    return Abbreviation()


def _stroke(note: Element, marks: int) -> Fraction:
    """Every mark and every beam of the note's own halves the quarter's stroke."""
    kind = (note.findtext("type") or "").strip()
    whole = type_quarters(kind) or Fraction(1)
    beams = _BEAMS.get(kind, 0) if whole < 1 else 0
    stroke = Fraction(1, 2 ** (marks + beams))
    # Two notes of a tremolo are written twice as long as they are, with a "tuplet" of 2 : 1.
    ratio = tuplet_ratio(note)
    return stroke if ratio == 2 else stroke / ratio


def _ornament(tag: str) -> str:
    if tag in ("trill-mark", "shake"):
        return "trill"
    if tag in _TURNS:
        return "turn"
    if tag in _INVERTED_TURNS:
        return "inverted-turn"
    return tag if tag in ("mordent", "inverted-mordent") else ""


def _neighbours(note: Element, ornaments: Element, fifths: int) -> tuple[int, int]:
    """Semitones to the next step above and below: as the key has it, or as an accidental says."""
    step = (note.findtext("pitch/step") or "C").strip().upper()
    own = _SEMITONES[step] + int(number_of(note.findtext("pitch/alter")) or 0)
    at = "CDEFGAB".index(step)
    accidentals = {"above": None, "below": None} | {
        mark.get("placement", "above"): _ACCIDENTALS.get((mark.text or "").strip())
        for mark in ornaments.findall("accidental-mark")
    }
    found: list[int] = []
    for place, direction in (("above", 1), ("below", -1)):
        name = "CDEFGAB"[(at + direction) % 7]
        alter = accidentals.get(place)
        key = _alter_in_key(name, fifths) if alter is None else alter
        found.append((direction * (_SEMITONES[name] + key - own)) % 12)
    return found[0], found[1]


def _alter_in_key(step: str, fifths: int) -> int:
    sharps = "FCGDAEB"
    if fifths >= 0:
        return int(step in sharps[: min(fifths, 7)])
    return -int(step in sharps[::-1][: min(-fifths, 7)])
