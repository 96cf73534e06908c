"""A MusicXML file kept byte for byte: where its notes lie, and edits that touch nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from duemani.errors import InputError
from duemani.inputs.score.file import MAX_NOTES, decoded_document, packed_document

TAG_PREFIX = "dm-"
"""Every note of the copy that libraries read has the id `dm-` and its number in the document."""

_START_TAG = re.compile(rb"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_ID = re.compile(rb"\sid\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_TAGGED = re.compile(rf"{TAG_PREFIX}(\d+)(?:-\d+)*$")


@dataclass
class Element:
    """An element inside a note: byte range of the whole of it and of what its tags enclose."""

    name: str
    start: int
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list["Element"])
    end: int = 0
    inner_start: int = 0
    inner_end: int = 0

    def all(self, *path: str) -> list[Element]:
        """Every element that a path of child names leads to."""
        found = [self]
        for name in path:
            found = [child for one in found for child in one.children if child.name == name]
        return found

    @property
    def is_empty_tag(self) -> bool:
        """Written as `<name/>`."""
        return self.inner_start == self.end


@dataclass(frozen=True)
class NoteElement:
    """One `<note>` of the document.

    Attributes:
        element: the element.
        part: number of the part it stands in.
        bar: number of the bar in its part, from 0.
        bar_name: the bar's printed number.
    """

    element: Element
    part: int
    bar: int
    bar_name: str


@dataclass(frozen=True)
class ScoreDocument:
    """A MusicXML document as it lies in its file.

    Attributes:
        name: of the file.
        text: the document as UTF-8 (declaration, DOCTYPE, comments and white space included).
        encoding: Python's name of the encoding of the file, in which it is written again.
        byte_order_mark: as found.
        archive: the whole `.mxl`, empty for a plain file.
        entry: name of the document in the archive.
        notes: every `<note>`, in order.
        bar_names: printed numbers of the bars of the first part.
    """

    name: str
    text: bytes
    encoding: str
    byte_order_mark: bytes
    archive: bytes
    entry: str
    notes: tuple[NoteElement, ...]
    bar_names: tuple[str, ...]

    def names_of_bars(self, count: int) -> tuple[str, ...]:
        """Printed numbers of the first `count` bars; those without one are counted on."""
        named = len(self.bar_names)
        return (*self.bar_names, *map(str, range(named + 1, count + 1)))[:count]

    def encoded(self, text: bytes) -> bytes:
        """`text` (UTF-8) in the encoding of the file."""
        return self.byte_order_mark + text.decode("utf-8").encode(self.encoding)

    def inner_text(self, element: Element, *path: str) -> str:
        """Text of the first element that a path of child names leads to, "" without one."""
        found = element.all(*path)
        if not found:
            return ""
        return self.text[found[0].inner_start : found[0].inner_end].decode("utf-8").strip()

    def tagged(self) -> bytes:
        """The document for libraries to read: every note with a unique id (`dm-0`, `dm-1` …)."""
        return edited(self.text, tag_edits(self))


Edit = tuple[int, int, bytes]
"""Bytes from, to (excluded), and what stands there instead."""


def open_document(path: str | Path) -> ScoreDocument:
    """Read a `.musicxml`, `.xml` or `.mxl` file.

    Raises:
        InputError: as `packed_document`; or the document is not well-formed, declares entities, is
            no partwise MusicXML, or holds over 60 000 notes.
    """
    path = Path(path)
    data, archive, entry = packed_document(path)
    return document_of(data, path.name, archive, entry)


def document_of(data: bytes, name: str, archive: bytes = b"", entry: str = "") -> ScoreDocument:
    """The document in `data`, as `open_document`.

    Raises:
        InputError: as `open_document`.
    """
    text, encoding, mark = decoded_document(data, name)
    utf8 = text.encode("utf-8")
    scan = _Scan(utf8, name)
    try:
        scan.run()
    except expat.ExpatError as error:
        if not scan.root:
            raise InputError(
                f"{name} is no partwise MusicXML score (its root is not score-partwise)."
            ) from error
        raise InputError(
            f"{name} is broken MusicXML: in line {error.lineno} it stops being XML."
        ) from error
    except RecursionError as error:
        raise InputError(
            f"{name} is broken MusicXML: its elements are nested too deeply."
        ) from error
    notes, bars = tuple(scan.notes), tuple(scan.bar_names)
    return ScoreDocument(name, utf8, encoding, mark, archive, entry, notes, bars)


def tag_number(note_id: str) -> int | None:
    """Number of the note in the document, of an id given by `tagged`."""
    found = _TAGGED.match(note_id)
    return int(found[1]) if found else None


def tag_edits(document: ScoreDocument) -> list[Edit]:
    """Edits that give every note its id, and take its own."""
    edits: list[Edit] = []
    for number, note in enumerate(document.notes):
        start = note.element.start
        after_name = start + len(b"<note")
        edits.append((after_name, after_name, f' id="{TAG_PREFIX}{number}"'.encode()))
        tag = document.text[start : note.element.inner_start]
        if "id" in note.element.attributes and (own := _ID.search(tag)):
            edits.append((start + own.start(), start + own.end(), b""))
    return edits


def edited(text: bytes, edits: Iterable[Edit]) -> bytes:
    """`text` with all edits made; of those at one place the first given comes first."""
    pieces: list[bytes] = []
    at = 0
    for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [text[at:start], new]
        at = end
    return b"".join([*pieces, text[at:]])


class _Scan:
    """Finds the notes of a document and what they hold, by byte offsets."""

    def __init__(self, text: bytes, name: str) -> None:
        self.root = ""
        self.notes: list[NoteElement] = []
        self.bar_names: list[str] = []
        self._text, self._name = text, name
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        # Before anything of an entity is made: what is harmless in a DOCTYPE is read over.
        self._parser.EntityDeclHandler = self._refuse_entity
        self._open: list[Element] = []
        self._part, self._bar, self._bar_name = -1, -1, ""

    def run(self) -> None:
        self._parser.Parse(self._text, True)

    def _refuse_entity(self, *_: object) -> None:
        raise InputError(f"{self._name} declares XML entities, which are not accepted.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self.root:
            self.root = name
            if name != "score-partwise":
                raise InputError(
                    f"{self._name} is no partwise MusicXML score (its root is {name[:40]}, not"
                    " score-partwise)."
                )
        if name == "part":
            self._part, self._bar = self._part + 1, -1
        elif name == "measure" and not self._open:
            self._bar, self._bar_name = self._bar + 1, attributes.get("number", "")
            if self._part == 0:
                self.bar_names.append(self._bar_name)
        if not self._open and name != "note":
            return
        start = self._parser.CurrentByteIndex
        tag = _START_TAG.match(self._text, start)
        assert tag is not None  # expat has read it
        element = Element(name, start, attributes, inner_start=tag.end())
        if self._open:
            self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, name: str) -> None:
        if not self._open:
            return
        element = self._open.pop()
        if self._text[element.inner_start - 2 : element.inner_start] == b"/>":
            element.inner_end = element.end = element.inner_start
        else:
            element.inner_end = self._parser.CurrentByteIndex
            closing = self._text.index(b">", element.inner_end)
            element.end = closing + 1
        if not self._open:
            bar_name = self._bar_name
            self.notes.append(NoteElement(element, self._part, self._bar, bar_name))
            if len(self.notes) > 2 * MAX_NOTES:
                raise InputError(f"{self._name} holds more than {2 * MAX_NOTES} notes and rests.")
