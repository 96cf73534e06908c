"""A score whose every note leads back to the `<note>` it is written as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from duemani.inputs.score.document import Element, ScoreDocument, open_document
from duemani.inputs.score.line import ScoreLine, score_line
from duemani.inputs.score.notation import Notation, read_notation
from duemani.inputs.score.phrasing import Phrasing
from duemani.inputs.score.play import PlayedScore, play
from duemani.inputs.score.written_score import WrittenNote, WrittenScore
from duemani.performance import UNKNOWN_HAND, Performance


@dataclass(frozen=True)
class WrittenPiece:
    """A score read for its notes to be written upon.

    Attributes:
        document: the score.
        performance: every written note once, in the order of the bars, repeats not played.
        numbers: which `<note>` of the document every note is (the first one of a tie).
        player: number of every note's pianist, from 0.
        taking_over: finger printed to take over each note's key while it is held, 0 none.
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
    taking_over: Int[np.ndarray, " note"]
    line: ScoreLine
    bar_starts_sec: Float[np.ndarray, " bar"]
    played: Performance
    written_index: Int[np.ndarray, " played"]
    remarks: tuple[str, ...]


def read_written(path: Path, struck: bool = False, parts_apart: bool = False) -> WrittenPiece:
    """Read a score of keyboard music.

    Args:
        path: the score.
        struck, parts_apart: as `written_piece`.

    Raises:
        InputError: as `load_score`; or it has parts for other instruments only.
    """
    return written_piece(open_document(path), struck, parts_apart)


def written_piece(
    document: ScoreDocument, struck: bool = False, parts_apart: bool = False
) -> WrittenPiece:
    """Read a document.

    Args:
        document: the score.
        struck: write measured tremolos and repeated bars out, as they are to be played; several
            notes then have the number of one.
        parts_apart: as `play` takes it.

    Raises:
        InputError: as `load_score`; or it has parts for other instruments only.
    """
    return _piece(document, read_notation(document, only_keyboards=True), struck, parts_apart)


def read_for_takes(path: Path) -> tuple[WrittenPiece, ...]:
    """Read a score for takes to be laid along: tremolos and repeated bars are written out.

    Returns:
        The piece; of a score for several pianists what all strike on one piano (a key that two
        have at once is one stroke, and hands are nobody's), then each one's notes alone.

    Raises:
        InputError: as `written_piece`.
    """
    document = open_document(path)
    notation = read_notation(document, only_keyboards=True)
    players = sorted({note.player for note in notation.unfolded.notes})
    if len(players) < 2:
        return (_piece(document, notation, struck=True),)
    together = _changed(notation, lambda note: replace(note, player=0, hand=UNKNOWN_HAND))
    alone = [_changed(notation, partial(_of_player, player)) for player in players]
    return tuple(_piece(document, one, struck=True) for one in (together, *alone))


def _of_player(player: int, note: WrittenNote) -> WrittenNote | None:
    return note if note.player == player else None


def _changed(notation: Notation, change: Callable[[WrittenNote], WrittenNote | None]) -> Notation:
    """The notation with other notes in place of its own, or none (None)."""

    def changed(score: WrittenScore) -> WrittenScore:
        notes = (change(note) for note in score.notes)
        return replace(score, notes=tuple(note for note in notes if note is not None))

    return replace(
        notation,
        written=changed(notation.written),
        unfolded=changed(notation.unfolded),
        struck_once=changed(notation.struck_once),
        struck=changed(notation.struck),
    )


def _piece(
    document: ScoreDocument, notation: Notation, struck: bool, parts_apart: bool = False
) -> WrittenPiece:
    written, unfolded = notation.written, notation.unfolded
    if struck:
        written, unfolded = notation.struck_once, notation.struck
    once = play(written, document.name, Phrasing(), parts_apart)
    again = play(unfolded, document.name, Phrasing(), parts_apart)
    numbers = _numbers(written, once)
    index = _index(written, once, unfolded, again)
    elements = [document.notes[number].element for number in numbers]
    pitches = once.performance.notes["pitch"].tolist()
    spelling = tuple(
        _spelling(document, one, key) for one, key in zip(elements, pitches, strict=True)
    )
    return WrittenPiece(
        document=document,
        performance=once.performance,
        numbers=numbers,
        player=once.player,
        taking_over=np.array([written.notes[at].then for at in once.written], int),
        line=score_line(
            written,
            once,
            np.array([bool(one.all("notations", "ornaments")) for one in elements], bool),
            document.names_of_bars(len(written.bars_quarter)),
            again.performance.notes["onset_sec"],
            index,
            spelling,
        ),
        bar_starts_sec=once.bar_starts_sec,
        played=again.performance,
        written_index=index,
        remarks=notation.remarks,
    )


_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ALTERS = {-2: ("-2",), -1: ("-1",), 0: ("", "0"), 1: ("1",), 2: ("2",)}
_SIGNS = {-2: "♭♭", -1: "♭", 0: "", 1: "♯", 2: "♯♯"}


def _spelling(document: ScoreDocument, note: Element, pitch: int) -> str:
    """Name and octave as written (`D♭5`); "" where that is not the key that is struck."""

    def text(name: str) -> str:
        found = note.all("pitch", name)
        if not found:
            return ""
        inner = document.text[found[0].inner_start : found[0].inner_end]
        return inner.decode("utf-8", "replace").strip()

    step, octave = text("step"), text("octave")
    if step not in _SEMITONES or not octave.isdecimal():
        return ""
    alter = pitch - 12 * (int(octave) + 1) - _SEMITONES[step]
    # In a transposing part the page names another key.
    if alter not in _SIGNS or text("alter").removesuffix(".0") not in _ALTERS[alter]:
        return ""
    return f"{step}{_SIGNS[alter]}{octave}"


def _numbers(score: WrittenScore, played: PlayedScore) -> Int[np.ndarray, " note"]:
    return np.array([score.notes[at].number for at in played.written], int)


def _index(
    written: WrittenScore, once: PlayedScore, unfolded: WrittenScore, again: PlayedScore
) -> Int[np.ndarray, " played"]:
    """Which note of `once` every note of `again` is; strokes written once are all that one."""
    place: dict[tuple[int, int], int] = {}
    for note, at in zip(written.notes, once.sounds_as, strict=True):
        place[note.number, note.stroke] = int(at)
        place.setdefault((note.number, -1), int(at))
    keys = [(unfolded.notes[at].number, unfolded.notes[at].stroke) for at in again.written]
    return np.array([place.get(key, place[key[0], -1]) for key in keys], int)
