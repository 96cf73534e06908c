"""Notes and marks of a score as they are written, positions in quarters."""

from __future__ import annotations

from dataclasses import dataclass

from duemani.inputs.score.document import tag_number
from duemani.inputs.score.marks import Mark
from duemani.performance import UNKNOWN_FINGER, UNKNOWN_HAND


@dataclass(frozen=True)
class WrittenNote:
    """One note of the score (ties merged); times in quarters from the start.

    Attributes:
        note_id: as the tagged document names it; unfolded repeats carry a suffix.
        grace: 0 for an ordinary note, k for the k-th grace note before its principal note, counted
            backwards (1 is the nearest).
        appoggiatura: the grace note takes its time from the principal note.
        principal: note id of a grace note's principal note.
        slurred: under a slur that goes on after this note.
        part: number of its part in the document.
        player: number of its pianist, from 0.
        bar: index of the bar it stands in.
        stroke: which of the strokes that it stands for, 0 for the first (see `expanded`).
        then: finger that takes over from `finger` while the key is held, 0 none.
    """

    note_id: str
    onset_quarter: float
    duration_quarter: float
    pitch: int
    hand: int = UNKNOWN_HAND
    finger: int = UNKNOWN_FINGER
    voice: int = 0
    articulations: frozenset[str] = frozenset()
    fermata: bool = False
    slurred: bool = False
    grace: int = 0
    appoggiatura: bool = False
    principal: str | None = None
    part: int = 0
    player: int = 0
    bar: int = 0
    stroke: int = 0
    then: int = UNKNOWN_FINGER

    @property
    def number(self) -> int:
        """Number of its `<note>` in the document, -1 if it is none of them."""
        number = tag_number(self.note_id)
        return -1 if number is None else number


@dataclass(frozen=True)
class WrittenScore:
    """The notes and marks of the parts that are played.

    Attributes:
        notes: sorted by onset and pitch.
        marks: dynamics, tempo and pedal, sorted by start.
        bars_quarter: onsets of the bars of the first part.
        beats_quarter: (position, length of a beat) of the first part's time signatures; a beat of
            6/8 is a dotted quarter.
    """

    notes: tuple[WrittenNote, ...]
    marks: tuple[Mark, ...]
    bars_quarter: tuple[float, ...]
    beats_quarter: tuple[tuple[float, float], ...]
