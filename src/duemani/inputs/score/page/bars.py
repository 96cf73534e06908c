"""Where every element of a score stands: the bars of all parts, positions in exact quarters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from duemani.inputs.score.document import ScoreDocument, tag_number
from duemani.inputs.score.page.values import (
    guessed_divisions,
    number_of,
    sounding_pitch,
    transposition,
    typed_quarters,
)


@dataclass(frozen=True)
class Placed:
    """An element of a bar.

    Attributes:
        element: as it is written.
        offset_quarter: from the start of its bar; members of a chord stand at its first note.
        duration_quarter: how long a note or rest lasts; 0 for grace notes and all else.
        number: of the `<note>` in the document, -1 for others.
        pitch: sounding MIDI number of a note, None for rests, unpitched notes and all else.
        pitch_exact: the number was whole; a microtone was rounded otherwise.
    """

    element: Element
    offset_quarter: Fraction
    duration_quarter: Fraction = Fraction(0)
    number: int = -1
    pitch: int | None = None
    pitch_exact: bool = True

    @property
    def is_grace(self) -> bool:
        """It has no time of its own."""
        return self.element.find("grace") is not None

    @property
    def in_chord(self) -> bool:
        """It belongs to the note before it."""
        return self.element.find("chord") is not None


@dataclass(frozen=True)
class PageBar:
    """One bar of one part, `start_quarter` from the beginning of the page."""

    index: int
    start_quarter: Fraction
    length_quarter: Fraction
    placed: tuple[Placed, ...]


@dataclass(frozen=True)
class Page:
    """A score as it stands on paper, every bar once.

    Attributes:
        root: the tree; its notes are named as `ScoreDocument.tagged` does.
        parts: the bars of every part; all parts' bars of one index begin together.
    """

    root: Element
    parts: tuple[tuple[PageBar, ...], ...]

    @cached_property
    def notes(self) -> dict[int, tuple[PageBar, Placed]]:
        """Every note by its number in the document."""
        return {
            placed.number: (bar, placed)
            for bars in self.parts
            for bar in bars
            for placed in bar.placed
            if placed.number >= 0
        }

    @cached_property
    def bars(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """Start and length of every bar of the score."""
        longest = max(self.parts, key=len, default=())
        return tuple((bar.start_quarter, bar.length_quarter) for bar in longest)


def read_page(document: ScoreDocument) -> Page:
    """Where everything stands in a document (well-formed, as `open_document` returns it)."""
    parser = ElementTree.XMLParser(encoding="utf-8")
    root = ElementTree.fromstring(document.tagged(), parser=parser)
    for element in root.iter():
        element.tag = str(element.tag).rpartition("}")[2]
    walked = [list(_walk(part)) for part in root.findall("part")]
    lengths = [
        max(bars[at].reached or bars[at].nominal for bars in walked if at < len(bars))
        for at in range(max(map(len, walked), default=0))
    ]
    starts = [Fraction(0)]
    for length in lengths:
        starts.append(starts[-1] + length)
    return Page(
        root,
        tuple(
            tuple(
                PageBar(at, starts[at], lengths[at], tuple(bar.placed))
                for at, bar in enumerate(bars)
            )
            for bars in walked
        ),
    )


@dataclass
class _Bar:
    """A bar while it is walked through; `nominal` is what its time signature says."""

    nominal: Fraction
    placed: list[Placed] = field(default_factory=list[Placed])
    reached: Fraction = Fraction(0)


class _Pen:
    """What is in force in a part where the walk has come to."""

    def __init__(self, part: Element) -> None:
        self.divisions = guessed_divisions(part)
        self.nominal = Fraction(4)
        self.transposed: dict[str, int] = {}

    def read_attributes(self, element: Element) -> None:
        divisions = number_of(element.findtext("divisions"))
        if divisions is not None and divisions > 0:
            self.divisions = divisions
        for time in element.findall("time"):
            beats, kinds = time.findall("beats"), time.findall("beat-type")
            lengths = [
                4 * sum((number_of(one) or Fraction(0) for one in (beat.text or "").split("+")),
                        Fraction(0)) / (number_of(kind.text) or Fraction(4))
                for beat, kind in zip(beats, kinds, strict=False)
            ]  # fmt: skip
            if 0 < sum(lengths) <= 64:
                self.nominal = sum(lengths, Fraction(0))
        for transpose in element.findall("transpose"):
            staff, steps = transpose.get("number", ""), transposition(transpose)
            self.transposed = {**(self.transposed if staff else {}), staff: steps}

    def quarters(self, duration: str | None) -> Fraction | None:
        """A `<duration>`, None where it is none."""
        found = number_of(duration)
        return None if found is None or found <= 0 else found / self.divisions

    def note_quarters(self, note: Element) -> Fraction:
        if note.find("grace") is not None:
            return Fraction(0)
        given = self.quarters(note.findtext("duration"))
        if given is not None:
            return given
        if note.find("rest") is not None and note.find("type") is None:
            return self.nominal
        return typed_quarters(note)

    def pitch(self, note: Element) -> tuple[int | None, bool]:
        staff = (note.findtext("staff") or "1").strip()
        steps = self.transposed.get(staff, self.transposed.get("", 0))
        return sounding_pitch(note, steps)


def _walk(part: Element) -> Iterator[_Bar]:
    pen = _Pen(part)
    for measure in part.findall("measure"):
        bar = _Bar(pen.nominal)
        cursor = onset = Fraction(0)
        for element in measure:
            if element.tag == "attributes":
                pen.read_attributes(element)
                bar.nominal = pen.nominal
            if element.tag == "note":
                duration = pen.note_quarters(element)
                if element.find("chord") is None:
                    onset = cursor
                    cursor += duration
                number = tag_number(element.get("id", ""))
                pitch, exact = pen.pitch(element)
                bar.placed.append(
                    Placed(element, onset, duration, -1 if number is None else number, pitch, exact)
                )
            elif element.tag == "backup":
                # One without a length goes back to the bar's start.
                back = pen.quarters(element.findtext("duration"))
                cursor = max(cursor - back, Fraction(0)) if back is not None else Fraction(0)
            elif element.tag == "forward":
                cursor += pen.quarters(element.findtext("duration")) or Fraction(0)
            else:
                later = number_of(element.findtext("offset")) or Fraction(0)
                offset = cursor + later / pen.divisions
                bar.placed.append(Placed(element, max(offset, Fraction(0))))
            bar.reached = max(bar.reached, cursor)
        yield bar
