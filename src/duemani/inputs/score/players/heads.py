"""What a MusicXML document says of its parts: names, sounds, staves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from xml.parsers import expat

from duemani.inputs.part_names import (
    KEYBOARD_PROGRAMS,
    PIANO_PROGRAMS,
    SYNTHESISER_PROGRAMS,
    instrument_name,
)
from duemani.inputs.score.document import ScoreDocument

_TOLD = ("part-name", "part-abbreviation", "instrument-name", "instrument-sound", "midi-program")
_KEYBOARD_PROGRAMS = (*PIANO_PROGRAMS, *KEYBOARD_PROGRAMS, *SYNTHESISER_PROGRAMS)


@dataclass
class PartHead:
    """One part's entry in the part list, and how many staves it declares.

    Attributes:
        part_id: its id.
        told: texts of the elements that tell what it is for, by element.
        staves: most staves declared at once.
    """

    part_id: str
    told: dict[str, str] = field(default_factory=dict[str, str])
    staves: int = 1

    @property
    def name(self) -> str:
        """Its name, else its abbreviation."""
        return self.told.get("part-name") or self.told.get("part-abbreviation", "")

    @property
    def instrument(self) -> Literal["keyboard", "other", ""]:
        """What it is for, by its name, else by its instrument's name, sound or program."""
        for element in ("part-name", "part-abbreviation", "instrument-name"):
            named = instrument_name(self.told.get(element, ""))
            if named:
                return named
        sound = self.told.get("instrument-sound", "")
        if sound:
            return "keyboard" if sound.startswith(("keyboard.", "synth.")) else "other"
        program = self.told.get("midi-program", "")
        # MusicXML counts from 1; 1 is what programs write where nothing was chosen.
        if program.isdecimal() and int(program) - 1 not in _KEYBOARD_PROGRAMS:
            return "other"
        return ""


def part_heads(document: ScoreDocument) -> list[PartHead]:
    """The heads of the document's parts, in the order in which the parts stand."""
    scan = _Scan()
    scan.parser.Parse(document.text, True)
    return scan.parts


class _Scan:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parts: list[PartHead] = []
        self._listed: dict[str, PartHead] = {}
        self._head: PartHead | None = None
        self._words: list[str] | None = None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "score-part":
            self._head = PartHead(attributes.get("id", ""))
            self._listed[self._head.part_id] = self._head
        elif name == "part":
            part_id = attributes.get("id", "")
            self.parts.append(self._listed.get(part_id, PartHead(part_id)))
        elif name in _TOLD or name == "staves":
            self._words = []

    def _text(self, text: str) -> None:
        if self._words is not None:
            self._words.append(text)

    def _end(self, name: str) -> None:
        if name == "score-part":
            self._head = None
        if self._words is None or (name not in _TOLD and name != "staves"):
            return
        text, self._words = "".join(self._words).strip(), None
        if name == "staves" and self.parts and text.isdecimal():
            self.parts[-1].staves = max(self.parts[-1].staves, min(int(text), 9))
        elif name in _TOLD and self._head is not None:
            # A part with several instruments counts as its first.
            self._head.told.setdefault(name, text)
