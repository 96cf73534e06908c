"""A score whose every note leads back to the `<note>` it is written as."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from duemani.inputs.score.document import ScoreDocument, open_document
from duemani.inputs.score.line import ScoreLine, score_line
from duemani.inputs.score.notation import read_notation
from duemani.inputs.score.phrasing import Phrasing
from duemani.inputs.score.play import PlayedScore, play
from duemani.inputs.score.written_score import WrittenScore
from duemani.performance import Performance


@dataclass(frozen=True)
class WrittenPiece:
    """A score read for its notes to be written upon.

    Attributes:
        document: the score.
        performance: every written note once, in the order of the bars, repeats not played.
        numbers: which `<note>` of the document every note is (the first one of a tie).
        line: the same notes as a line in quarters.
        bar_starts_sec: when the bars begin.
        played: the performance with repeats.
        written_index: which note of `performance` every note of `played` is.
        remarks: what was left out or assumed.
    """

    document: ScoreDocument
    performance: Performance
    numbers: Int[np.ndarray, " note"]
    line: ScoreLine
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
    notation = read_notation(document, only_keyboards=True)
    remarks = notation.remarks
    written, unfolded = notation.written, notation.unfolded
    once = play(written, document.name, Phrasing())
    again = play(unfolded, document.name, Phrasing())
    numbers = _numbers(written, once)
    place = {note.number: int(at) for note, at in zip(written.notes, once.sounds_as, strict=True)}
    index = np.array([place[number] for number in _numbers(unfolded, again)], int)
    elements = [document.notes[number].element for number in numbers]
    return WrittenPiece(
        document=document,
        performance=once.performance,
        numbers=numbers,
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


def _numbers(score: WrittenScore, played: PlayedScore) -> Int[np.ndarray, " note"]:
    return np.array([score.notes[at].number for at in played.written], int)
