"""Pieces with known fingers that no fingering method in the comparison was trained on."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.pieces import DATA
from duemani.datasets.fingering.handed import (
    is_handed_test,
    read_handed_performances,
    read_handed_scores,
)
from duemani.datasets.fingering.scores import FingeredPiece, is_held_out, read_fingered_pieces
from duemani.inputs.score.play import load_score
from duemani.models.fingering.choose import assign_fingers
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER, UNKNOWN_HAND, Performance, make_notes

_CLEAR_KEYS = 0.5
_LEAST_NOTES = 20


@dataclass(frozen=True)
class Corpus:
    """Test pieces of one kind.

    Attributes:
        name: column heading.
        pieces: every hand known, finger 0 where none is.
    """

    name: str
    pieces: tuple[Performance, ...]


def without(performance: Performance, hands: bool) -> Performance:
    """The same notes without fingers, and without hands if wanted."""
    notes = performance.notes
    hand = np.full(len(notes), UNKNOWN_HAND) if hands else notes["hand"]
    return performance.with_fingers(hand, np.full(len(notes), UNKNOWN_FINGER))


def fingered_pieces() -> list[FingeredPiece]:
    """The three collections of printed fingerings, training and test pieces."""
    return read_fingered_pieces(DATA / "fingering")


def corpora() -> list[Corpus]:
    """Every column of the comparison; those whose data is absent are left out."""
    test = [piece for piece in fingered_pieces() if is_held_out(piece.name)]
    by_source = {
        source: [piece for piece in test if piece.source == source]
        for source in ("mutopia", "czerny599", "beringer")
    }
    others = [piece for piece in by_source["mutopia"] if "ClementiM_O42" not in piece.name]
    found = [
        Corpus("mutopia", _performances(by_source["mutopia"])),
        Corpus("mutopia without Clementi", _performances(others)),
        Corpus("czerny599", _performances(by_source["czerny599"])),
        Corpus("beringer", _performances(by_source["beringer"])),
        Corpus("PercePiano", tuple(_percepiano(DATA / "performances" / "percepiano"))),
        Corpus("MIDItest (filmed)", tuple(_miditest(DATA / "hands" / "miditest"))),
    ]
    return [corpus for corpus in found if corpus.pieces]


def _performances(pieces: list[FingeredPiece]) -> tuple[Performance, ...]:
    return tuple(piece.performance for piece in pieces)


def _percepiano(folder: Path) -> list[Performance]:
    """Scores (variations of one work) with printed fingers; `Score2` files repeat the others."""
    pieces: list[Performance] = []
    for path in sorted(folder.rglob("*_Score_*.musicxml")):
        if "<fingering" not in path.read_text(encoding="utf-8", errors="replace"):
            continue
        performance = load_score(path).performance
        notes = performance.notes
        if (notes["finger"] > 0).any():
            if (notes["hand"] == UNKNOWN_HAND).any():
                hand = assign_fingers(performance).notes["hand"]
                performance = performance.with_fingers(hand, notes["finger"])
            pieces.append(performance)
    return pieces


def _miditest(folder: Path) -> list[Performance]:
    """A filmed pianist's fingers, where one tip was clearly nearest to the key.

    Within half a key, and at least half a key nearer than the next tip: pseudo-labels.
    """
    pieces: list[Performance] = []
    for path in sorted(folder.glob("*_notes_pseudofinger.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        notes = make_notes(
            [
                (
                    float(row["onset_midi_s"]),
                    float(row["offset_midi_s"]),
                    int(row["pitch"]),
                    int(row["velocity"]),
                )
                for row in rows
            ]
        )
        nearest = np.array([float(row["dist_keys"]) for row in rows])
        second = np.array([float(row["second_dist_keys"]) for row in rows])
        clear = (nearest <= _CLEAR_KEYS) & (second - nearest >= _CLEAR_KEYS)
        finger = np.array([int(row["finger_nearest"]) for row in rows])
        notes["hand"] = [RIGHT if row["hand"] == "R" else LEFT for row in rows]
        notes["finger"] = np.where(clear, finger, UNKNOWN_FINGER)
        pieces.append(Performance.create(notes))
    return pieces


def handed_corpora() -> dict[str, list[Performance]]:
    """Unseen pieces with known hands, by collection."""
    found: dict[str, list[Performance]] = {}
    for piece in fingered_pieces():
        large = len(piece.performance.notes) >= _LEAST_NOTES
        if is_held_out(piece.name) and piece.source != "beringer" and large:
            found.setdefault(piece.source, []).append(piece.performance)
    both = [piece for pieces in found.values() for piece in pieces]
    for name, hand in (("right hand alone", RIGHT), ("left hand alone", LEFT)):
        parts = [Performance(piece.notes[piece.notes["hand"] == hand]) for piece in both]
        found[name] = [part for part in parts if len(part.notes) >= _LEAST_NOTES]
    asap = DATA / "performances" / "asap"
    for name, pieces in (
        ("ASAP score MIDI", read_handed_scores(asap)),
        ("ASAP performances (hands by alignment)", read_handed_performances(asap)),
    ):
        found[name] = [piece.performance for piece in pieces if is_handed_test(piece.name)]
    return found
