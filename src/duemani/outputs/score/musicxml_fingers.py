"""Fingers into a MusicXML document: `<fingering>` inserted, everything else left byte for byte."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int

from duemani.errors import InputError
from duemani.files import replacing
from duemani.inputs.score.document import Edit, Element, ScoreDocument, edited, tag_edits
from duemani.outputs.fingered import Fingered
from duemani.performance import RIGHT

_FINGER = re.compile("[1-5]")
_SPACE_BEFORE = re.compile(rb"\s*\Z")
_AFTER_NOTATIONS = frozenset({"lyric", "play", "listen"})
_CONTAINER = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<container><rootfiles><rootfile'
    b' full-path="score.musicxml" media-type="application/vnd.recordare.musicxml+xml"/>'
    b"</rootfiles></container>\n"
)


def save_musicxml(path: Path, fingered: Fingered, shown: Bool[np.ndarray, " note"]) -> None:
    """Write the score with its fingers, as `.mxl` if the suffix says so.

    An `.mxl` that came in keeps its other entries.

    Raises:
        InputError: the piece has no notation, or the file cannot be written.
    """
    document = fingered.document
    if document is None:
        raise InputError("there is no notation to write fingers into.")
    data = document.encoded(edited(document.text, finger_edits(fingered, shown)))
    write_score(path, document, data)


def write_score(path: Path, document: ScoreDocument, data: bytes) -> None:
    """Write an edited document, as `.mxl` if the suffix says so; see `save_musicxml`.

    Raises:
        InputError: the file cannot be written.
    """
    if path.suffix.lower() == ".mxl":
        data = _packed(document, data)
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def engraver_document(fingered: Fingered, shown: Bool[np.ndarray, " note"]) -> bytes:
    """The same score for an engraver: every note with its id, every finger with its place.

    The right hand's fingers stand above, the left hand's below; a substitution is one text, `4-1`.
    """
    assert fingered.document is not None
    document = fingered.document
    edits = tag_edits(document) + finger_edits(fingered, shown, engraving=True)
    return edited(document.text, edits)


def finger_edits(
    fingered: Fingered, shown: Bool[np.ndarray, " note"], engraving: bool = False
) -> list[Edit]:
    """What to change in the document's text; `shown` says which notes get a new finger."""
    assert fingered.document is not None
    assert fingered.numbers is not None
    document = fingered.document
    above = None
    if engraving:
        notes = fingered.notes
        above = fingers_above(document, fingered.numbers, notes["hand"], notes["pitch"])
    edits: list[Edit] = []
    for at, number in enumerate(fingered.numbers):
        note = document.notes[number].element
        finger = int(fingered.notes["finger"][at])
        second = int(fingered.fingering.substitution[at])
        place = ""
        if above is not None:
            place = ' placement="above"' if above[at] else ' placement="below"'
        new = _fingering(finger, second, place, engraving)
        if printed := note.all("notations", "technical", "fingering"):
            if fingered.keep != "hard" and _differs(document, printed, finger):
                edits += _replaced(document, printed, new)
            elif engraving:
                edits += [_placed(one, place) for one in printed if not _has_place(one)]
        elif fingered.given[at] and _is_printed_in_chord(document, int(number)):
            # Its finger is printed at another note of the chord, and goes if that one does.
            if fingered.keep != "hard":
                edits.append(inserted(document, note, new))
        elif shown[at]:
            edits.append(inserted(document, note, new))
    return edits


def fingers_above(
    document: ScoreDocument,
    numbers: Int[np.ndarray, " note"],
    hand: Int[np.ndarray, " note"],
    pitch: Int[np.ndarray, " note"],
) -> Bool[np.ndarray, " note"]:
    """Which fingers stand above their notes.

    The right hand's; but where a staff has several voices, those of the highest one.

    Args:
        document: the score.
        numbers: which `<note>` of it every note is.
        hand, pitch: of the notes.
    """
    above: Bool[np.ndarray, " note"] = hand == RIGHT
    staves: dict[tuple[int, int, str], dict[str, list[int]]] = {}
    for at, number in enumerate(numbers):
        note = document.notes[number]
        staff, voice = (document.inner_text(note.element, name) for name in ("staff", "voice"))
        staves.setdefault((note.part, note.bar, staff), {}).setdefault(voice, []).append(at)
    for voices in staves.values():
        if len(voices) > 1:
            highest = max(voices.values(), key=lambda notes: float(pitch[notes].mean()))
            for notes in voices.values():
                above[notes] = notes is highest
    return above


def _fingering(finger: int, second: int, place: str, engraving: bool) -> bytes:
    if engraving:
        text = f"{finger}-{second}" if second else f"{finger}"
        return f"<fingering{place}>{text}</fingering>".encode()
    more = f'<fingering substitution="yes">{second}</fingering>' if second else ""
    return f"<fingering>{finger}</fingering>{more}".encode()


def _is_printed_in_chord(document: ScoreDocument, number: int) -> bool:
    """Whether another note of its chord has fingers."""
    first, last = number, number + 1
    while first > 0 and document.notes[first].element.all("chord"):
        first -= 1
    while last < len(document.notes) and document.notes[last].element.all("chord"):
        last += 1
    chord = document.notes[first:last]
    return any(one.element.all("notations", "technical", "fingering") for one in chord)


def _differs(document: ScoreDocument, printed: list[Element], finger: int) -> bool:
    """Whether something else is printed at a note than this finger: another, or a whole chord's."""
    usual = [one for one in printed if one.attributes.get("alternate") != "yes"] or printed[:1]
    own = [one for one in usual if one.attributes.get("substitution") != "yes"]
    texts = [_FINGER.findall(document.inner_text(one)) for one in own]
    strikes = [int(text[0]) for text in texts if text]
    return strikes != [finger]


def _replaced(document: ScoreDocument, printed: list[Element], new: bytes) -> list[Edit]:
    first, *others = printed
    edits: list[Edit] = [(first.start, first.end, new)]
    for other in others:
        edits.append((other.start - len(_space_before(document, other)), other.end, b""))
    return edits


def _has_place(fingering: Element) -> bool:
    return "placement" in fingering.attributes


def _placed(fingering: Element, place: str) -> Edit:
    at = fingering.start + len(b"<fingering")
    return at, at, place.encode()


def inserted(document: ScoreDocument, note: Element, new: bytes) -> Edit:
    """Fingering into the note's `<technical>`, made where the schema wants it if there is none."""
    for technical in note.all("notations", "technical"):
        if not technical.is_empty_tag:
            return _appended(document, technical, new)
    technical_new = b"<technical>" + new + b"</technical>"
    for notations in note.all("notations"):
        if not notations.is_empty_tag:
            return _appended(document, notations, technical_new)
    before = [child for child in note.children if child.name not in _AFTER_NOTATIONS]
    return _after(document, before[-1], b"<notations>" + technical_new + b"</notations>")


def _appended(document: ScoreDocument, parent: Element, new: bytes) -> Edit:
    if parent.children:
        return _after(document, parent.children[-1], new)
    return parent.inner_end, parent.inner_end, new


def _after(document: ScoreDocument, sibling: Element, new: bytes) -> Edit:
    """After a sibling, on a line of its own if the sibling has one."""
    return sibling.end, sibling.end, _space_before(document, sibling) + new


def _space_before(document: ScoreDocument, element: Element) -> bytes:
    found = _SPACE_BEFORE.search(document.text[max(0, element.start - 200) : element.start])
    return found[0] if found else b""


def _packed(document: ScoreDocument, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        if not document.archive:
            for name, content in (("META-INF/container.xml", _CONTAINER), ("score.musicxml", data)):
                entry = zipfile.ZipInfo(name)  # dated 1980: equal scores make equal files
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)
            return _closed(archive, buffer)
        with zipfile.ZipFile(io.BytesIO(document.archive)) as original:
            for entry in original.infolist():
                is_score = entry.filename == document.entry
                archive.writestr(entry, data if is_score else original.read(entry))
        return _closed(archive, buffer)


def _closed(archive: zipfile.ZipFile, buffer: io.BytesIO) -> bytes:
    archive.close()
    return buffer.getvalue()
