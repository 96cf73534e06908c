"""Pieces with one or more known fingerings, from any of the collections that can be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int

from duemani.datasets.fingering.pig import PigPiece, read_pig
from duemani.datasets.fingering.scores import (
    FingeredPiece,
    is_held_out,
    read_fingered_pieces,
    read_fingered_table,
)
from duemani.errors import InputError
from duemani.performance import UNKNOWN_FINGER, Performance

_COLLECTIONS = ("mutopia", "czerny599", "beringer")


@dataclass(frozen=True)
class MarkedPiece:
    """One piece and what its annotators (or its edition) wrote.

    Attributes:
        name: unique within the collection.
        collection: `mutopia`, `czerny599`, `beringer` or `pig`.
        performance: the notes, every hand known, no fingers.
        fingers: 1-5, 0 where none is written.
        collected: belongs to one of the collections that weights are trained on.
        held_out: is one of those that can be kept from training.
        remarks: what was left out or aligned by guess, one sentence each.
    """

    name: str
    collection: str
    performance: Performance
    fingers: Int[np.ndarray, "annotator note"]
    collected: bool
    held_out: bool
    remarks: tuple[str, ...] = ()


def read_marked_pieces(path: str | Path) -> list[MarkedPiece]:
    """PIG files, tables (`.tsv`) of the Mutopia and Czerny collections, or the folder of all three.

    Raises:
        InputError: nothing of the kind is there, or a row is not understood.
    """
    path = Path(path)
    try:
        exists, is_folder = path.exists(), path.is_dir()
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {str(path)!r}.") from error
    if not exists:
        raise InputError(f"{path} does not exist.")
    if is_folder:
        if any((path / name).is_dir() for name in _COLLECTIONS):
            return [_from_table(piece) for piece in read_fingered_pieces(path)]
        tables = [file for file in sorted(path.glob("*.tsv")) if file.name != "INDEX.tsv"]
        if tables:
            return [_from_table(piece) for file in tables for piece in read_fingered_table(file)]
    elif path.suffix.lower() == ".tsv":
        return [_from_table(piece) for piece in read_fingered_table(path)]
    return [_from_pig(piece) for piece in read_pig(path)]


def _from_table(piece: FingeredPiece) -> MarkedPiece:
    notes = piece.performance.notes
    bare = piece.performance.with_fingers(notes["hand"], np.full(len(notes), UNKNOWN_FINGER))
    held_out = is_held_out(piece.name)
    return MarkedPiece(piece.name, piece.source, bare, notes["finger"][None], True, held_out)


def _from_pig(piece: PigPiece) -> MarkedPiece:
    return MarkedPiece(
        piece.name, "pig", piece.performance, piece.fingers, False, False, piece.remarks
    )
