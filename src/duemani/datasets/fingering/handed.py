"""Notes whose hands are known from two-track score MIDI, and performances aligned to it.

The layout read is that of the ASAP data set (Foscarin et al. 2020, "ASAP: a dataset of aligned
scores and performances for piano transcription"): `metadata.csv` names for every piece a folder,
a `midi_score` with one track a staff, performances, and the beat times of both
(`*_annotations.txt`). The staff stands for the hand, which is nearly but not always true.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from duemani.datasets.fingering.scores import FingeredPiece, is_held_out
from duemani.errors import InputError
from duemani.inputs.midi.read import load_midi
from duemani.performance import LEFT, RIGHT, UNKNOWN_HAND, Performance

_CHORD_SEC = 0.01
_MATCH_SEC = 0.3
_LEAST_KNOWN_SHARE = 0.7
_MOST_CROSSED = 0.2
_GRAM = 10
_SHARED_GRAMS = 0.25
# The 20 that `benchmarks.fingering` measures.
_MEASURED = frozenset(
    [
        "Bach/Prelude/bwv_889",
        "Bach/Prelude/bwv_891",
        "Bach/Prelude/bwv_893",
        "Beethoven/Piano_Sonatas/9-1",
        "Beethoven/Piano_Sonatas/9-2_no_trio",
        "Beethoven/Piano_Sonatas/9-3",
        "Chopin/Sonata_3/2nd",
        "Chopin/Sonata_3/3rd",
        "Haydn/Keyboard_Sonatas/50-1_no_repeat",
        "Haydn/Keyboard_Sonatas/6-1",
        "Liszt/Transcendental_Etudes/5",
        "Liszt/Transcendental_Etudes/9",
        "Mozart/Piano_Sonatas/11-3",
        "Mozart/Piano_Sonatas/8-1",
        "Rachmaninoff/Preludes_op_32/5",
        "Ravel/Miroirs/3_Une_Barque",
        "Schubert/Piano_Sonatas/894-2_no_repeat",
        "Schubert/Wanderer_fantasie",
        "Schumann/Kreisleriana/7",
        "Schumann/Toccata_repeat",
    ]
)


@dataclass(frozen=True)
class HandedPiece:
    """One piece with known hands.

    Attributes:
        name: the piece's folder; a performance adds `#` and the stem of its file.
        performance: notes; hand -1 where it is not known (notes that no score note matches).
    """

    name: str
    performance: Performance


def read_handed_scores(folder: str | Path) -> list[HandedPiece]:
    """The score MIDI files that have one track a hand, sorted by name.

    Raises:
        InputError: the folder holds no `metadata.csv` of that layout.
    """
    root = Path(folder)
    pieces: list[HandedPiece] = []
    for name, row in _first_rows(root).items():
        performance = _score(root / row["midi_score"])
        if performance is not None:
            pieces.append(HandedPiece(name, performance))
    return pieces


def read_handed_performances(folder: str | Path) -> list[HandedPiece]:
    """One performance a piece, hands taken over from the score by way of the annotated beats.

    A played note gets the hand of the score note of its pitch that lies nearest in time (within
    0.3 s, each the other's nearest); pieces where fewer than 70 % find one are left out.

    Raises:
        InputError: the folder holds no `metadata.csv` of that layout.
    """
    root = Path(folder)
    pieces: list[HandedPiece] = []
    for name, row in _first_rows(root).items():
        score, path = _score(root / row["midi_score"]), root / row["midi_performance"]
        written = _beats(root / row["midi_score_annotations"])
        played = _beats(root / row["performance_annotations"])
        if score is None or not path.is_file() or len(written) != len(played) or len(played) < 2:
            continue
        performance = load_midi(path)
        hand = _hands_from_score(performance, score, written, played)
        if (hand != UNKNOWN_HAND).mean() >= _LEAST_KNOWN_SHARE:
            handed = performance.with_fingers(hand, np.zeros(len(hand), np.int8))
            pieces.append(HandedPiece(f"{name}#{path.stem}", handed))
    return pieces


def is_handed_test(name: str, folds: int = 5) -> bool:
    """Whether a piece belongs to the test set: those measured, and one in `folds` by its folder."""
    folder = name.partition("#")[0]
    return folder in _MEASURED or zlib.crc32(folder.encode()) % folds == 0


def handed_pieces(
    fingered: Sequence[FingeredPiece], folder: str | Path | None = None, hold_out: bool = True
) -> list[HandedPiece]:
    """Everything to train on.

    Args:
        fingered: of the collections in which both hands play, training and test pieces.
        folder: of scores and performances as described above, none by default.
        hold_out: leave out the test pieces of both, and other editions of the same works.

    Raises:
        InputError: `folder` has another layout.
    """
    pieces = [HandedPiece(piece.name, piece.performance) for piece in fingered]
    test = [is_held_out(piece.name) for piece in fingered]
    if folder is not None:
        scores = read_handed_scores(folder)
        pieces += [*scores, *read_handed_performances(folder)]
        test += [is_handed_test(piece.name) for piece in pieces[len(test) :]]
    if not hold_out:
        return pieces
    training = [piece for piece, out in zip(pieces, test, strict=True) if not out]
    others = [piece.performance for piece, out in zip(pieces, test, strict=True) if out]
    distinct = distinct_from([piece.performance for piece in training], others)
    return [piece for piece, other in zip(training, distinct, strict=True) if other]


def distinct_from(pieces: Sequence[Performance], others: Sequence[Performance]) -> list[bool]:
    """For each of `pieces` whether it is another work than all `others`, whatever its edition.

    The same work is one of which a quarter of the runs of ten pitches also occur in the other.
    """
    used: set[bytes] = set()
    for other in others:
        used |= _grams(other)
    out: list[bool] = []
    for piece in pieces:
        grams = _grams(piece)
        out.append(len(grams & used) < _SHARED_GRAMS * max(len(grams), 1))
    return out


def _grams(performance: Performance) -> set[bytes]:
    # Scores write chords at once: sorting by rounded time makes editions comparable.
    notes = performance.notes
    order = np.lexsort((notes["pitch"], notes["onset_sec"].round(3)))
    pitch = notes["pitch"][order].astype(np.uint8).tobytes()
    return {pitch[at : at + _GRAM] for at in range(len(pitch) - _GRAM + 1)}


def _first_rows(root: Path) -> dict[str, dict[str, str]]:
    """The first row of `metadata.csv` of every folder, sorted by folder."""
    try:
        with (root / "metadata.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        found: dict[str, dict[str, str]] = {}
        for row in rows:
            found.setdefault(row["folder"], row)
        needed = ("midi_score", "midi_performance", "midi_score_annotations")
        if any(key not in row for row in rows[:1] for key in (*needed, "performance_annotations")):
            raise KeyError("column")
    except (OSError, KeyError, ValueError, csv.Error) as error:
        raise InputError(f"{root} holds no metadata.csv as the ASAP data set has.") from error
    return dict(sorted(found.items()))


def _score(path: Path) -> Performance | None:
    """The score with all hands known, None where its tracks do not tell."""
    if not path.is_file():
        return None
    performance = load_midi(path)
    hand = performance.notes["hand"]
    known = len(hand) > 0 and (hand != UNKNOWN_HAND).all()
    return performance if known and _crossed(performance) <= _MOST_CROSSED else None


def _crossed(performance: Performance) -> float:
    """Share of the chords of both hands in which the left one strikes above the right one.

    Over a fifth only where the tracks are voices that wander between the hands.
    """
    notes = performance.notes
    onset = notes["onset_sec"]
    chord = np.cumsum(np.concatenate([[False], np.diff(onset) > _CHORD_SEC]))
    left, right = notes["hand"] == LEFT, notes["hand"] == RIGHT
    highest, lowest = np.full(len(notes), -1), np.full(len(notes), 128)
    np.maximum.at(highest, chord[left], notes["pitch"][left])
    np.minimum.at(lowest, chord[right], notes["pitch"][right])
    both = (highest >= 0) & (lowest <= 127)
    return float((highest > lowest)[both].mean()) if both.any() else 0.0


def _beats(path: Path) -> np.ndarray:
    """Beat times [s] of an annotation file, empty if there is none."""
    if not path.is_file():
        return np.zeros(0)
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    try:
        return np.array([float(line.split("\t")[0]) for line in lines if line.strip()])
    except ValueError:
        return np.zeros(0)


def _hands_from_score(
    performance: Performance, score: Performance, written: np.ndarray, played: np.ndarray
) -> np.ndarray:
    """Hand of every played note, -1 where no score note fits."""
    expected = _warped(score.notes["onset_sec"], written, played)
    hand = np.full(len(performance.notes), UNKNOWN_HAND, np.int8)
    for mine, theirs in _of_each_pitch(performance.notes["pitch"], score.notes["pitch"]):
        apart = np.abs(performance.notes["onset_sec"][mine][:, None] - expected[theirs])
        nearest = apart.argmin(1)
        mutual = apart.argmin(0)[nearest] == np.arange(len(mine))
        close = mutual & (apart[np.arange(len(mine)), nearest] <= _MATCH_SEC)
        hand[mine[close]] = score.notes["hand"][theirs[nearest[close]]]
    return hand


def _of_each_pitch(pitch: np.ndarray, other: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for value in np.intersect1d(pitch, other):
        yield np.flatnonzero(pitch == value), np.flatnonzero(other == value)


def _warped(time_sec: np.ndarray, written: np.ndarray, played: np.ndarray) -> np.ndarray:
    """Score times as performed: straight between beats, and at the ends as the nearest beat."""
    at = np.clip(np.searchsorted(written, time_sec, side="right") - 1, 0, len(written) - 2)
    length = np.maximum(np.diff(written)[at], 1e-6)
    return np.asarray(played[at] + (time_sec - written[at]) / length * np.diff(played)[at])
