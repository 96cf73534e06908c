"""The public verb `finger`: a score, MIDI or recording in, hands and fingers for every note out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from duemani.analysis.difficulty import difficulty
from duemani.analysis.reasons.reasons import marks, reasons
from duemani.errors import InputError, NothingPlayedError
from duemani.inputs.score.document import ScoreDocument
from duemani.inputs.score.file import SCORE_SUFFIXES
from duemani.models.fingering.choose import Fingering, Keep, choose_fingers
from duemani.models.fingering.hand_span import MEDIUM_HAND_SPAN_M, check_hand_span
from duemani.outputs.fingered import Fingered
from duemani.outputs.fingered_remarks import contradictions, too_fast_repeats, unreachable_chords
from duemani.outputs.score.sparse_fingers import sparse
from duemani.performance import UNKNOWN_FINGER, Performance
from duemani.progress import Progress
from duemani.verbs.read import check_sequence, is_midi, read_take

NOTATION_SUFFIXES = (".musicxml", ".xml", ".mxl", ".svg", ".pdf")
FINGER_SUFFIXES = (*NOTATION_SUFFIXES, ".html", ".json", ".mid")

Printed = Literal["all", "sparse"]

_WINDOW_SEC = 4.0


@dataclass(frozen=True)
class _Source:
    """What was put in, before it has fingers."""

    title: str
    performance: Performance
    bar: np.ndarray
    bar_names: tuple[str, ...]
    bar_starts_sec: np.ndarray
    played: Performance
    written_index: np.ndarray
    document: ScoreDocument | None
    numbers: np.ndarray | None
    remarks: tuple[str, ...]
    player: np.ndarray
    taking_over: np.ndarray


def finger(
    path: Path,
    hand_span_m: float = MEDIUM_HAND_SPAN_M,
    keep: Keep = "hard",
    notation: bool = True,
    progress: Progress | None = None,
    sequence: int | None = None,
) -> Fingered:
    """Choose hands and fingers for a piece.

    Args:
        path: score, MIDI, `.json` or recording.
        hand_span_m: reach from thumb to little finger, between key centres [m], 0.12-0.32.
        keep: what becomes of fingers already printed: kept, preferred, or chosen anew.
        notation: something is to be engraved, so MIDI has to become notation.
        progress: called with the stage's name and its share done.
        sequence: which of a type 2 MIDI file's sequences is meant, from 1.

    Raises:
        InputError: the input cannot be read, holds no notes for a keyboard, or, with `notation`,
            is a free performance that no notation follows from.
    """
    check_hand_span(hand_span_m)
    midi_file = is_midi(path)
    check_sequence(path, sequence, midi_file)
    is_score = path.suffix.lower() in SCORE_SUFFIXES and not midi_file
    source = _score(path) if is_score else _notes(path, progress, sequence)
    if not len(source.performance.notes):
        raise NothingPlayedError(f"{path.name} holds no piano notes; there is nothing to finger.")
    players = _players(source)
    fingerings = [
        choose_fingers(
            Performance(source.performance.notes[mine], source.performance.pedal),
            hand_span_m,
            keep,
            taking_over=source.taking_over[mine],
        )
        for mine in players
    ]
    if not is_score and notation:
        together = _together(source, players, fingerings).performance
        if not midi_file:
            raise InputError(
                f"{path.name} is a performance without bars and beats, from which no notation"
                " follows; .mid, .json and .html are accepted as output."
            )
        source = _engravable(path, source, together, sequence)
    return _fingered(source, players, fingerings, hand_span_m, keep)


def save_fingered(path: Path, fingered: Fingered, printed: Printed, count: int = 3) -> None:
    """Write a fingered piece in the format that the suffix names.

    Args:
        path: `.musicxml`, `.mxl`, `.svg`, `.pdf`, `.html`, `.json` or `.mid`.
        fingered: the piece.
        printed: a finger at every note, or only where a player needs one.
        count: fingers told a note in `.html` and `.json`, the chosen one among them.

    Raises:
        InputError: there is no notation to engrave, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    shown = sparse(fingered) if printed == "sparse" else np.ones(len(fingered.notes), bool)
    if suffix in (".musicxml", ".xml", ".mxl"):
        from duemani.outputs.score.musicxml_fingers import save_musicxml

        save_musicxml(path, fingered, shown)
    elif suffix in (".svg", ".pdf"):
        from duemani.outputs.score.engraving import save_pdf, save_svg

        (save_pdf if suffix == ".pdf" else save_svg)(path, fingered, shown)
    elif suffix == ".html":
        from duemani.outputs.page.finger_page import save_page

        save_page(path, fingered, shown, count)
    elif suffix == ".json":
        from duemani.outputs.fingered_json import save_fingered_json

        save_fingered_json(path, fingered, count)
    else:
        from duemani.outputs.notes import save_midi

        save_midi(path, played_with_fingers(fingered))


def played_with_fingers(fingered: Fingered) -> Performance:
    """The piece as it is played, repeats and all; every passage fingered as it is written."""
    written = fingered.notes[fingered.written_index]
    return fingered.played.with_fingers(written["hand"], written["finger"], written["confidence"])


def _score(path: Path) -> _Source:
    from duemani.inputs.score.written import read_written

    piece = read_written(path, parts_apart=True)
    document = piece.document
    bars = len(piece.bar_starts_sec)
    names = document.names_of_bars(bars)
    bar = np.array([document.notes[number].bar for number in piece.numbers], int)
    return _Source(
        path.stem.replace("_", " "),
        piece.performance,
        np.minimum(bar, bars - 1),
        names,
        piece.bar_starts_sec,
        piece.played,
        piece.written_index,
        document,
        piece.numbers,
        piece.remarks,
        piece.player,
        piece.taking_over,
    )


def _notes(path: Path, progress: Progress | None, sequence: int | None) -> _Source:
    take = read_take(path, progress, sequence=sequence)
    if take.foreign:
        raise InputError(
            f"no track of {path.name} is for a keyboard ({take.foreign[:100]}); a piano's is"
            " accepted."
        )
    performance = take.performance
    starts = np.arange(0.0, max(performance.duration_sec, 1e-3), _WINDOW_SEC)
    bar = np.searchsorted(starts, performance.notes["onset_sec"], side="right") - 1
    names = tuple(f"{int(start) // 60}:{int(start) % 60:02d}" for start in starts)
    index = np.arange(len(performance.notes))
    return _Source(
        take.title,
        performance,
        bar,
        names,
        starts,
        performance,
        index,
        None,
        None,
        take.remarks,
        take.player if len(take.player) else np.zeros(len(index), int),
        np.zeros(len(index), int),
    )


def _players(source: _Source) -> list[np.ndarray]:
    """Whose notes are whose, one array of notes for each pianist."""
    return [np.flatnonzero(source.player == one) for one in np.unique(source.player)]


def _together(source: _Source, players: list[np.ndarray], fingerings: list[Fingering]) -> Fingering:
    """The fingerings of all players as one."""
    count = len(source.performance.notes)
    notes = source.performance.notes.copy()
    chances, substitution = np.zeros((count, 5)), np.zeros(count, np.int8)
    for mine, made in zip(players, fingerings, strict=True):
        notes[mine] = made.performance.notes
        chances[mine], substitution[mine] = made.chances, made.substitution
    groups = [
        tuple(int(mine[at]) for at in group)
        for mine, made in zip(players, fingerings, strict=True)
        for group in made.unreachable
    ]
    remarks = tuple(remark for made in fingerings for remark in made.remarks)
    performance = Performance(notes, source.performance.pedal)
    return Fingering(performance, chances, substitution, tuple(groups), remarks)


def _engravable(
    path: Path, source: _Source, fingered: Performance, sequence: int | None
) -> _Source:
    from duemani.inputs.midi.notation import notate

    notated = notate(path, fingered, source.title, source.player, sequence)
    bar = np.array([notated.document.notes[number].bar for number in notated.numbers], int)
    return replace(
        source,
        bar=bar,
        bar_names=notated.document.bar_names,
        bar_starts_sec=notated.bar_starts_sec,
        document=notated.document,
        numbers=notated.numbers,
        remarks=(*source.remarks, *notated.remarks),
    )


def _fingered(
    source: _Source,
    players: list[np.ndarray],
    fingerings: list[Fingering],
    hand_span_m: float,
    keep: Keep,
) -> Fingered:
    given = source.performance.notes["finger"] != UNKNOWN_FINGER
    told: list[tuple[str, ...]] = [()] * len(given)
    marked = [""] * len(given)
    starts = _rising(source.bar_starts_sec)
    hardness = np.zeros(len(starts))
    for mine, made in zip(players, fingerings, strict=True):
        why = reasons(made, hand_span_m, given[mine] if keep == "hard" else None)
        for at, sentences, mark in zip(mine, why, marks(made), strict=True):
            told[at], marked[at] = sentences, mark
        hardness = np.maximum(hardness, difficulty(made, starts, hand_span_m))
    fingering = _together(source, players, fingerings)
    fingered = Fingered(
        title=source.title,
        fingering=fingering,
        given=given,
        keep=keep,
        hand_span_m=hand_span_m,
        reasons=tuple(told),
        marks=tuple(marked),
        bar=source.bar,
        bar_names=source.bar_names,
        bar_starts_sec=source.bar_starts_sec,
        difficulty=hardness,
        played=source.played,
        written_index=source.written_index,
        document=source.document,
        numbers=source.numbers,
        player=np.unique(source.player, return_inverse=True)[1],
    )
    remarks = (
        *source.remarks,
        # `fingering.remarks` names the same contradictions by seconds instead of bars.
        *((keep == "hard" and contradictions(fingered, source.performance)) or fingering.remarks),
        *unreachable_chords(fingered),
        *too_fast_repeats(fingered),
    )
    return replace(fingered, remarks=tuple(dict.fromkeys(remarks)))


def _rising(starts: np.ndarray) -> np.ndarray:
    """Bars that begin one after another, even where a score has empty ones."""
    return np.maximum.accumulate(starts) + 1e-6 * np.arange(len(starts))
