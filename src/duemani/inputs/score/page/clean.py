"""A plain copy of a page for partitura to read: nothing in it that it stumbles on.

Partitura reads directions, slurs, articulations and time signatures from it. Positions, pitches,
ties, fingers and repeats come from the page itself, where it fails on decimal durations,
unpitched notes, odd fingerings, quarter tones and jumps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from duemani.inputs.score.page.bars import Page, PageBar, Placed
from duemani.inputs.score.page.values import number_of

_FINEST = 50_000
_COARSE = 10_080
_STEPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_ARTICULATIONS = frozenset({
    "accent", "strong-accent", "staccato", "tenuto", "detached-legato", "staccatissimo",
    "spiccato", "stress", "unstress",
})  # fmt: skip
_DIRECTIONS = frozenset({"dynamics", "words", "wedge", "dashes", "pedal"})


def plain_copy(page: Page) -> bytes:
    """The page as plain MusicXML; one count of divisions for all of it."""
    divisions = _divisions(page)
    root = Element("score-partwise", version="4.0")
    names = page.root.find("part-list")
    listed = SubElement(root, "part-list")
    for one in [] if names is None else names.findall("score-part"):
        kept = SubElement(listed, "score-part", id=one.get("id", ""))
        for name in ("part-name", "part-abbreviation"):
            SubElement(kept, name).text = one.findtext(name) or ""
    for part, bars in zip(page.root.findall("part"), page.parts, strict=True):
        copied = SubElement(root, "part", id=part.get("id", "P1"))
        voices: dict[str, int] = {}
        for measure, bar in zip(part.findall("measure"), bars, strict=True):
            new = SubElement(copied, "measure", number=measure.get("number", ""))
            if bar is bars[0]:
                SubElement(SubElement(new, "attributes"), "divisions").text = str(divisions)
            _copy_bar(bar, divisions, voices, new)
    return ElementTree.tostring(root)


def _divisions(page: Page) -> int:
    needed = 1
    for bars in page.parts:
        for bar in bars:
            for value in (bar.length_quarter, *_positions(bar)):
                needed = math.lcm(needed, value.denominator)
                if needed > _FINEST:
                    return _COARSE
    return needed


def _positions(bar: PageBar) -> Iterator[Fraction]:
    for placed in bar.placed:
        yield placed.offset_quarter
        yield placed.duration_quarter


def _copy_bar(bar: PageBar, divisions: int, voices: dict[str, int], new: Element) -> None:
    cursor = 0

    def move(to: int) -> None:
        if to != cursor:
            step = SubElement(new, "forward" if to > cursor else "backup")
            SubElement(step, "duration").text = str(abs(to - cursor))

    for placed in bar.placed:
        made = _copied(placed, divisions, voices)
        if made is None:
            continue
        start = round(placed.offset_quarter * divisions)
        move(start)
        new.append(made)
        cursor = start
        if made.tag == "note":
            cursor += int(made.findtext("duration") or 0)
    move(round(bar.length_quarter * divisions))


def _copied(placed: Placed, divisions: int, voices: dict[str, int]) -> Element | None:
    tag = placed.element.tag
    if tag == "note":
        return _note(placed, divisions, voices)
    if tag == "attributes":
        return _attributes(placed.element)
    return _direction(placed.element) if tag == "direction" else None


def _note(placed: Placed, divisions: int, voices: dict[str, int]) -> Element | None:
    written = placed.element
    if placed.pitch is None and written.find("rest") is None:
        return None
    note = Element("note", id=written.get("id", ""))
    if placed.is_grace:
        SubElement(note, "grace")
    if placed.pitch is None:
        SubElement(note, "rest")
    else:
        pitch, name = SubElement(note, "pitch"), _STEPS[placed.pitch % 12]
        SubElement(pitch, "step").text = name[0]
        if len(name) > 1:
            SubElement(pitch, "alter").text = "1"
        SubElement(pitch, "octave").text = str(placed.pitch // 12 - 1)
    if not placed.is_grace:
        end = placed.offset_quarter + placed.duration_quarter
        ticks = round(end * divisions) - round(placed.offset_quarter * divisions)
        SubElement(note, "duration").text = str(ticks)
    voice = (written.findtext("voice") or "1").strip()
    SubElement(note, "voice").text = str(_voice(voice, voices))
    staff = number_of(written.findtext("staff"))
    SubElement(note, "staff").text = str(int(staff) if staff is not None and 0 < staff < 99 else 1)
    _copy_notations(written, note)
    return note


def _voice(name: str, voices: dict[str, int]) -> int:
    """Voices are numbered as they are named, others from 50 on."""
    if name.isdecimal() and 0 < int(name) < 50:
        return int(name)
    return voices.setdefault(name, 50 + len(voices) % 50)


def _copy_notations(written: Element, note: Element) -> None:
    kept: list[Element] = []
    for slur in written.iterfind("notations/slur"):
        if slur.get("type") in ("start", "stop"):
            number = slur.get("number", "1")
            number = number if number.isdecimal() else "1"
            kept.append(Element("slur", type=slur.get("type", ""), number=number))
    if written.find("notations/fermata") is not None:
        kept.append(Element("fermata"))
    marks = [
        Element(mark.tag)
        for mark in written.iterfind("notations/articulations/*")
        if mark.tag in _ARTICULATIONS
    ]
    if marks:
        kept.append(Element("articulations"))
        kept[-1].extend(marks)
    if kept:
        SubElement(note, "notations").extend(kept)


def _attributes(written: Element) -> Element | None:
    """Staves and clefs."""
    new = Element("attributes")
    staves = number_of(written.findtext("staves"))
    if staves is not None and 0 < staves < 99:
        SubElement(new, "staves").text = str(int(staves))
    for clef in written.findall("clef"):
        sign, line = clef.findtext("sign"), number_of(clef.findtext("line"))
        if sign in ("G", "F", "C") and line is not None and clef.get("number", "1").isdecimal():
            kept = SubElement(new, "clef", number=clef.get("number", "1"))
            SubElement(kept, "sign").text = sign
            SubElement(kept, "line").text = str(int(line))
    return new if len(new) else None


def _direction(written: Element) -> Element | None:
    new = Element("direction")
    for kind in written.findall("direction-type"):
        if len(kind) and kind[0].tag in _DIRECTIONS:
            kept = SubElement(new, "direction-type")
            kept.extend(one for one in kind if one.tag == kind[0].tag)
    if not len(new):
        return None
    staff = number_of(written.findtext("staff"))
    if staff is not None:
        SubElement(new, "staff").text = str(int(staff))
    return new
