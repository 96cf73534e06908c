"""A score whose every note leads back to the `<note>` it is written as."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from duemani.inputs.score.document import NoteElement, ScoreDocument, open_document, tag_number
from duemani.inputs.score.file import readable
from duemani.inputs.score.phrasing import Phrasing
from duemani.inputs.score.play import PlayedScore, parse_parts, play_parts
from duemani.performance import Performance


@dataclass(frozen=True)
class WrittenPiece:
    """A score read for its notes to be written upon.

    Attributes:
        document: the score.
        performance: every written note once, in the order of the bars, repeats not played.
        numbers: which `<note>` of the document every note is (the first one of a tie).
        bar_starts_sec: when the bars begin.
        played: the performance with repeats.
        written_index: which note of `performance` every note of `played` is.
        remarks: what was left out or assumed.
    """

    document: ScoreDocument
    performance: Performance
    numbers: Int[np.ndarray, " note"]
    bar_starts_sec: Float[np.ndarray, " bar"]
    played: Performance
    written_index: Int[np.ndarray, " played"]
    remarks: tuple[str, ...]


def read_written(path: Path) -> WrittenPiece:
    """Read a score of keyboard music.

    Raises:
        InputError: as `load_score`; or it has parts for other instruments only.
    """
    return written_piece(open_document(path))


def written_piece(document: ScoreDocument) -> WrittenPiece:
    """Read a document.

    Raises:
        InputError: as `load_score`; or it has parts for other instruments only.
    """
    parts = parse_parts(readable(document.tagged().decode("utf-8"), document.name), document.name)
    remarks: list[str] = []
    once = play_parts(parts, document.name, Phrasing(), remarks, unfold=False, only_keyboards=True)
    repeats_remarks: list[str] = []
    played = play_parts(parts, document.name, Phrasing(), repeats_remarks, only_keyboards=True)
    numbers = _numbers(once)
    unplayed = np.array([_is_unplayed(document.notes[number]) for number in numbers], bool)
    if unplayed.any():
        remarks.append(f"{int(unplayed.sum())} cue notes or hidden notes left out.")
    known = (numbers >= 0) & ~unplayed
    performance = Performance(once.performance.notes[known], once.performance.pedal)
    numbers = numbers[known]
    place = {int(number): at for at, number in enumerate(numbers)}
    index = np.array([place.get(int(number), -1) for number in _numbers(played)], int)
    # A note that was merged with its double in another voice may be named by either.
    named = index >= 0
    return WrittenPiece(
        document,
        performance,
        numbers,
        once.bar_starts_sec,
        Performance(played.performance.notes[named], played.performance.pedal),
        index[named],
        tuple(dict.fromkeys(remarks + repeats_remarks)),
    )


def _is_unplayed(note: NoteElement) -> bool:
    """Small notes of another part, and notes that nobody sees."""
    return bool(note.element.all("cue")) or note.element.attributes.get("print-object") == "no"


def _numbers(played: PlayedScore) -> Int[np.ndarray, " note"]:
    found = [tag_number(note_id) for note_id in played.note_ids]
    return np.array([-1 if number is None else number for number in found], int)
