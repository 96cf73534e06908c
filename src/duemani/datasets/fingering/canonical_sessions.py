"""Exercises strung together without a pause, as they are practised and printed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from duemani.datasets.fingering.scores import FingeredPiece
from duemani.performance import Performance


def sessions(pieces: Sequence[FingeredPiece]) -> Iterator[FingeredPiece]:
    """All inversions of an arpeggio, and a scale with the same one started on its third.

    Args:
        pieces: the canonical exercises.
    """
    groups: dict[str, list[FingeredPiece]] = defaultdict(list)
    for piece in pieces:
        _, kind, *rest = piece.name.split("/")
        if kind == "arpeggio":
            key, _, octaves = rest
            groups[f"arpeggios/{key}/{octaves}"].append(piece)
        elif kind in ("scale", "scale_from_third"):
            key, octaves = rest
            groups[f"scales/{key}/{octaves}"].append(piece)
    for name, group in sorted(groups.items()):
        ordered = sorted(group, key=lambda piece: piece.name)
        if len(ordered) > 1:
            # Back to the first one: that is where exercises are most often joined.
            yield _joined(f"canonical/{name}", [*ordered, ordered[0]])


def _joined(name: str, pieces: Sequence[FingeredPiece]) -> FingeredPiece:
    notes: list[np.ndarray] = []
    start_sec = 0.0
    for piece in pieces:
        delayed = piece.performance.delayed(start_sec)
        notes.append(delayed.notes)
        start_sec = delayed.duration_sec
    return FingeredPiece(name, "canonical", Performance.create(np.concatenate(notes)))
