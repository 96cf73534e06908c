"""A score whose every note leads back to the `<note>` it is written as."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from duemani.inputs.score.document import NoteElement, ScoreDocument, open_document
from duemani.inputs.score.line import ScoreLine, score_line
from duemani.inputs.score.notation import WrittenScore, read_notation
from duemani.inputs.score.phrasing import Phrasing
from duemani.inputs.score.play import PlayedScore, play
from duemani.performance import Performance


@dataclass(frozen=True)
class WrittenPiece:
    """A score read for its notes to be written upon.

    Attributes:
        document: the score.
        performance: every written note once, in the order of the bars, repeats not played.
        numbers: which `<note>` of the document every note is (the first one of a tie).
        player: number of every note's pianist, from 0.
        line: the same notes as a line in quarters.
        bar_starts_sec: when the bars begin.
        played: the performance with repeats.
        written_index: which note of `performance` every note of `played` is.
        remarks: what was left out or assumed.
    """

    document: ScoreDocument
    performance: Performance
    numbers: Int[np.ndarray, " note"]
    player: Int[np.ndarray, " note"]
    line: ScoreLine
    bar_starts_sec: Float[np.ndarray, " bar"]
    played: Performance
    written_index: Int[np.ndarray, " played"]
    remarks: tuple[str, ...]


def read_written(path: Path, parts_apart: bool = False) -> WrittenPiece:
    """Read a score of keyboard music; `parts_apart` as `play` takes it.

    Raises:
        InputError: as `load_score`; or it has parts for other instruments only.
    """
    return written_piece(open_document(path), parts_apart)


def written_piece(document: ScoreDocument, parts_apart: bool = False) -> WrittenPiece:
    """Read a document; `parts_apart` as `play` takes it.

    Raises:
        InputError: as `load_score`; or it has parts for other instruments only.
    """
    notation = read_notation(document, only_keyboards=True)
    remarks = notation.remarks
    unseen = sum(_is_unplayed(document, note.number) for note in notation.written.notes)
    if unseen:
        remarks += (f"{unseen} cue notes or hidden notes left out.",)
    # Before notes that double each other become one: the one that is seen stays.
    written, unfolded = (_seen(one, document) for one in (notation.written, notation.unfolded))
    once = play(written, document.name, Phrasing(), parts_apart)
    again = play(unfolded, document.name, Phrasing(), parts_apart)
    numbers = _numbers(written, once)
    place = {note.number: int(at) for note, at in zip(written.notes, once.sounds_as, strict=True)}
    index = np.array([place[number] for number in _numbers(unfolded, again)], int)
    elements = [document.notes[number].element for number in numbers]
    return WrittenPiece(
        document=document,
        performance=once.performance,
        numbers=numbers,
        player=once.player,
        line=score_line(
            written,
            once,
            np.array([bool(one.all("notations", "ornaments")) for one in elements], bool),
            document.names_of_bars(len(written.bars_quarter)),
            again.performance.notes["onset_sec"],
            index,
        ),
        bar_starts_sec=once.bar_starts_sec,
        played=again.performance,
        written_index=index,
        remarks=remarks,
    )


def _seen(score: WrittenScore, document: ScoreDocument) -> WrittenScore:
    notes = tuple(note for note in score.notes if not _is_unplayed(document, note.number))
    return replace(score, notes=notes)


def _is_unplayed(document: ScoreDocument, number: int) -> bool:
    """Small notes of another part, and notes that nobody sees."""
    note: NoteElement = document.notes[number]
    return bool(note.element.all("cue")) or note.element.attributes.get("print-object") == "no"


def _numbers(score: WrittenScore, played: PlayedScore) -> Int[np.ndarray, " note"]:
    return np.array([score.notes[at].number for at in played.written], int)
