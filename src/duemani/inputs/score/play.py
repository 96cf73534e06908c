"""MusicXML scores -> `Performance`: what is written, lightly phrased."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from duemani.errors import InputError, NothingPlayedError
from duemani.inputs.midi.read import MAX_DURATION_SEC
from duemani.inputs.midi.repair import MAX_NOTES
from duemani.inputs.score.document import open_document
from duemani.inputs.score.notation import read_notation
from duemani.inputs.score.phrasing import Phrasing, ScoreClock, times, velocities
from duemani.inputs.score.written_score import WrittenScore
from duemani.inputs.strikes import end_at_restrike
from duemani.performance import NOTE_DTYPE, PEDAL_DTYPE, Performance


@dataclass(frozen=True)
class ScoreInput:
    """A score made playable.

    Attributes:
        performance: its notes in seconds; hands from the staves of a piano part, fingers as
            printed.
        numbers: which `<note>` of the document every note of `performance` is (the first one of a
            tie, or of notes doubled in two voices); repeats name the same again.
        player: number of every note's pianist, from 0.
        taking_over: finger printed to take over each note's key while it is held, 0 none.
        remarks: what was left out or assumed, one sentence each.
    """

    performance: Performance
    numbers: Int[np.ndarray, " note"]
    player: Int[np.ndarray, " note"]
    taking_over: Int[np.ndarray, " note"]
    remarks: tuple[str, ...]


def load_score(path: str | Path, phrasing: Phrasing | None = None) -> ScoreInput:
    """Read a MusicXML score (`.musicxml`, `.xml`, `.mxl`) as a performance.

    Ties are merged, grace notes given time, repeats and jumps followed, tremolos and ornaments
    written out. Tempo comes from metronome marks (100 quarters a minute where none), velocities
    from dynamics, wedges and accents, key releases from articulation and slurs, the sustain pedal
    from pedal marks.

    Args:
        path: the score.
        phrasing: shaping of what the score leaves open; `Phrasing.none()` for deadpan.

    Raises:
        InputError: no readable partwise MusicXML, dangerous XML, no notes, or too large.
    """
    document = open_document(path)
    notation = read_notation(document)
    played = play(notation.struck, document.name, phrasing or Phrasing())
    written = [notation.struck.notes[at] for at in played.written]
    return ScoreInput(
        played.performance,
        np.array([note.number for note in written], int),
        played.player,
        np.array([note.then for note in written], int),
        notation.remarks,
    )


@dataclass(frozen=True)
class PlayedScore:
    """A score in seconds.

    Attributes:
        performance: its notes.
        written: which note of the `WrittenScore` each of them is.
        sounds_as: which note of `performance` each note of the `WrittenScore` is; several where
            voices double each other.
        player: number of the pianist of each note of `performance`, from 0.
        bar_starts_sec: when the bars of the first part begin.
    """

    performance: Performance
    written: Int[np.ndarray, " note"]
    sounds_as: Int[np.ndarray, " written"]
    player: Int[np.ndarray, " note"]
    bar_starts_sec: Float[np.ndarray, " bar"]


def play(
    score: WrittenScore, name: str, phrasing: Phrasing, parts_apart: bool = False
) -> PlayedScore:
    """Notation, played.

    Args:
        score: what is written.
        name: what to call the score in complaints.
        phrasing: shaping of what the score leaves open.
        parts_apart: a key that two parts of one pianist have at once stays two notes.

    Raises:
        NothingPlayedError: no notes.
        InputError: too many, or it would last too long.
    """
    if not score.notes:
        raise NothingPlayedError(f"{name} holds no notes of a keyboard's range.")
    if len(score.notes) > MAX_NOTES:
        raise InputError(f"{name} holds more than {MAX_NOTES} notes with its repeats.")
    played = _play(score, phrasing, parts_apart)
    if played.performance.duration_sec > MAX_DURATION_SEC:
        raise InputError(f"{name} lasts longer than {MAX_DURATION_SEC / 3600:g} hours.")
    return played


def _play(score: WrittenScore, phrasing: Phrasing, parts_apart: bool) -> PlayedScore:
    clock = ScoreClock(score, phrasing)
    onset, release = times(score, clock, phrasing)
    lead_sec = max(0.0, -float(onset.min()))
    notes = np.zeros(len(score.notes), NOTE_DTYPE)
    notes["onset_sec"], notes["release_sec"] = onset + lead_sec, release + lead_sec
    notes["pitch"] = [note.pitch for note in score.notes]
    notes["velocity"] = velocities(score, phrasing)
    notes["hand"] = [note.hand for note in score.notes]
    notes["finger"] = [note.finger for note in score.notes]
    notes["confidence"] = np.nan
    order = np.argsort(notes, order=("onset_sec", "pitch"), kind="stable")
    player = np.array([note.player for note in score.notes], int)[order]
    part = np.array([note.part for note in score.notes], int)[order]
    kept, merged_into = end_at_restrike(notes[order], part if parts_apart else player)
    sounds_as = np.empty(len(notes), int)
    sounds_as[order] = merged_into
    first = np.unique(merged_into, return_index=True)[1]
    performance = Performance.create(kept, _pedal(score, clock, lead_sec))
    bars = clock(np.array(score.bars_quarter, float)) + lead_sec
    return PlayedScore(performance, order[first], sounds_as, player[first], bars)


def _pedal(score: WrittenScore, clock: ScoreClock, lead_sec: float) -> np.ndarray:
    marks = [mark for mark in score.marks if mark.kind == "pedal"]
    if not marks:
        return np.zeros(0, PEDAL_DTYPE)
    start = clock(np.array([mark.start_quarter for mark in marks])) + lead_sec
    end = clock(np.array([mark.end_quarter for mark in marks])) + lead_sec
    # Legato pedalling: down just after the onset; up where the next mark begins at the latest.
    down = start + 0.06
    up = np.minimum(end, np.append(start[1:], np.inf))
    rows = [
        row for d, u in zip(down, np.maximum(up, down), strict=True) for row in ((d, 127), (u, 0))
    ]
    return np.array(rows, PEDAL_DTYPE)
