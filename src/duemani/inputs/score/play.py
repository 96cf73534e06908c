"""MusicXML scores -> `Performance`: what is written, lightly phrased."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from duemani.errors import InputError
from duemani.inputs.midi.read import MAX_DURATION_SEC, MAX_NOTES, end_at_restrike
from duemani.inputs.score.file import read_musicxml
from duemani.inputs.score.notation import WrittenScore, read_parts
from duemani.inputs.score.phrasing import Phrasing, ScoreClock, times, velocities
from duemani.performance import NOTE_DTYPE, PEDAL_DTYPE, Performance


@dataclass(frozen=True)
class ScoreInput:
    """A score made playable.

    Attributes:
        performance: its notes in seconds; hands from the staves of a piano part, fingers as
            printed.
        note_ids: MusicXML note id of every note of `performance`, in its order; unfolded repeats
            carry a suffix (`n12-1`, `n12-2`).
        remarks: what was left out or assumed, one sentence each.
    """

    performance: Performance
    note_ids: tuple[str, ...]
    remarks: tuple[str, ...]


def load_score(path: str | Path, phrasing: Phrasing | None = None) -> ScoreInput:
    """Read a MusicXML score (`.musicxml`, `.xml`, `.mxl`) as a performance.

    Ties are merged, grace notes given time, repeats unfolded. Tempo comes from metronome marks
    (100 quarters a minute where none), velocities from dynamics, wedges and accents, key releases
    from articulation and slurs, the sustain pedal from pedal marks.

    Args:
        path: the score.
        phrasing: shaping of what the score leaves open; `Phrasing.none()` for deadpan.

    Raises:
        InputError: no readable partwise MusicXML, dangerous XML, no notes, or too large.
    """
    path, phrasing = Path(path), phrasing or Phrasing()
    parts = parse_parts(read_musicxml(path), path.name)
    remarks: list[str] = []
    played = play_parts(parts, path.name, phrasing, remarks)
    return ScoreInput(played.performance, played.note_ids, tuple(remarks))


@dataclass(frozen=True)
class PlayedScore:
    """A score in seconds.

    Attributes:
        performance: its notes.
        note_ids: id of every note, in the order of `performance`.
        bar_starts_sec: when the bars of the first keyboard part begin.
    """

    performance: Performance
    note_ids: tuple[str, ...]
    bar_starts_sec: Float[np.ndarray, " bar"]


def play_parts(
    parts: list[Any],
    name: str,
    phrasing: Phrasing,
    remarks: list[str],
    unfold: bool = True,
    only_keyboards: bool = False,
) -> PlayedScore:
    """Notation as partitura read it, played.

    Args:
        parts: of partitura.
        name: what to call the score in complaints.
        phrasing: shaping of what the score leaves open.
        remarks: what was left out or assumed is added here.
        unfold: play the repeats.
        only_keyboards: refuse a score for voices or other instruments.

    Raises:
        InputError: notation that cannot be read, no notes, or too many.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            written = read_parts(parts, remarks, unfold, only_keyboards)
    except InputError:
        raise
    # Odd notation trips partitura's lazily evaluated properties in many ways.
    except Exception as error:
        raise InputError(f"{name} holds notation that cannot be read.") from error
    if not written.notes:
        raise InputError(f"{name} holds no notes of a keyboard's range.")
    if len(written.notes) > MAX_NOTES:
        raise InputError(f"{name} holds more than {MAX_NOTES} notes with its repeats.")
    played = _play(written, phrasing)
    if played.performance.duration_sec > MAX_DURATION_SEC:
        raise InputError(f"{name} lasts longer than {MAX_DURATION_SEC / 3600:g} hours.")
    return played


def parse_parts(data: bytes, name: str) -> list[Any]:
    """The parts that partitura reads in a document (`readable`).

    Raises:
        InputError: it cannot be read.
    """
    # Importing partitura takes 2-3 s: only those who read a score pay for it.
    import partitura

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load: Any = partitura.load_musicxml  # its stubs know paths only
            score = load(io.BytesIO(data), force_note_ids="keep")
        return list(score.parts)
    except (Exception, SystemExit) as error:
        raise InputError(f"{name} is broken MusicXML: it cannot be read.") from error


def _play(written: WrittenScore, phrasing: Phrasing) -> PlayedScore:
    clock = ScoreClock(written, phrasing)
    onset, release = times(written, clock, phrasing)
    lead_sec = max(0.0, -float(onset.min()))
    notes = np.zeros(len(written.notes), NOTE_DTYPE)
    notes["onset_sec"], notes["release_sec"] = onset + lead_sec, release + lead_sec
    notes["pitch"] = [note.pitch for note in written.notes]
    notes["velocity"] = velocities(written, phrasing)
    notes["hand"] = [note.hand for note in written.notes]
    notes["finger"] = [note.finger for note in written.notes]
    notes["confidence"] = np.nan
    order = np.argsort(notes, order=("onset_sec", "pitch"), kind="stable")
    notes = notes[order]
    kept = end_at_restrike(notes)
    where = {
        (float(n["onset_sec"]), int(n["pitch"])): at for at, n in reversed([*enumerate(notes)])
    }
    ids = [
        written.notes[order[where[float(n["onset_sec"]), int(n["pitch"])]]].note_id for n in kept
    ]
    performance = Performance.create(kept, _pedal(written, clock, lead_sec))
    bars = clock(np.array(written.bars_quarter, float)) + lead_sec
    return PlayedScore(performance, tuple(ids), bars)


def _pedal(written: WrittenScore, clock: ScoreClock, lead_sec: float) -> np.ndarray:
    marks = [mark for mark in written.marks if mark.kind == "pedal"]
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
