"""Readers of fingered scores (see docs of the data): pieces with hands and printed fingers.

The layout read: `mutopia/INDEX.tsv` and one `.tsv` a piece (times in whole notes, hand = staff),
`czerny599/*.tsv` (times in seconds, every note fingered) and `beringer/**/*.abcd` (ABC notation
with `RH@LH` finger strings). `finger` 0 means that none is printed.
"""

from __future__ import annotations

import csv
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from duemani.errors import InputError
from duemani.performance import LEFT, RIGHT, Performance, make_notes

WHOLE_NOTE_SEC = 2.0
_STRUCK_VELOCITY = 64
_ABC_NOTE = re.compile(r"([_^=]*)([A-Ga-g])([,']*)(\d*)")
_MAJOR_KEYS = ["Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"]
_MINOR_KEYS = ["Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#"]
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTAL = {"_": -1, "^": 1, "=": 0}


@dataclass(frozen=True)
class FingeredPiece:
    """One fingered piece.

    Attributes:
        name: unique; pieces are split into training and test by it.
        source: `mutopia`, `czerny599` or `beringer`.
        performance: deadpan notes, every hand known, `finger` 0 where none is printed.
    """

    name: str
    source: str
    performance: Performance


def read_fingered_pieces(data_dir: str | Path) -> list[FingeredPiece]:
    """All pieces of a fingering data folder, sorted by name.

    Raises:
        InputError: the folder holds none of the three collections.
    """
    folder = Path(data_dir)
    pieces = [*_mutopia(folder), *_czerny(folder), *_beringer(folder)]
    if not pieces:
        raise InputError(f"{folder} holds none of mutopia/, czerny599/ and beringer/.")
    return sorted(pieces, key=lambda piece: piece.name)


def is_held_out(name: str, folds: int = 5) -> bool:
    """Whether a piece belongs to the test set: one in `folds`, fixed by its name."""
    return zlib.crc32(name.encode()) % folds == 0


def _performance(rows: list[tuple[float, float, int, int, int]]) -> Performance:
    """From (onset_sec, release_sec, pitch, hand, finger); one note a key and onset."""
    first = {(row[0], row[2]): row for row in sorted(rows, key=lambda row: -row[4])}
    chosen = list(first.values())
    notes = make_notes(
        [(onset, end, pitch, _STRUCK_VELOCITY) for onset, end, pitch, _, _ in chosen]
    )
    notes["hand"] = [row[3] for row in chosen]
    notes["finger"] = [row[4] for row in chosen]
    return Performance.create(notes)


def read_fingered_table(path: str | Path) -> list[FingeredPiece]:
    """The pieces of one `.tsv` of the Mutopia or Czerny collection, named as in the folder.

    Raises:
        InputError: it cannot be read or has another layout.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            columns = set(rows.fieldnames or ())
            if "onset_whole" in columns:
                return _mutopia_pieces(path.stem, rows)
            return [FingeredPiece(path.stem, "czerny599", _performance(_czerny_rows(rows)))]
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}.") from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise InputError(
            f"{path.name} has another layout than the tables of Mutopia or Czerny fingerings."
        ) from error


def _mutopia_pieces(name: str, rows: csv.DictReader[str]) -> list[FingeredPiece]:
    scores: dict[str, list[tuple[float, float, int, int, int]]] = {}
    for row in rows:
        onset = (float(row["onset_whole"]) + float(row["grace"])) * WHOLE_NOTE_SEC
        duration = max(float(row["dur_whole"]), 1 / 64) * WHOLE_NOTE_SEC
        hand = RIGHT if row["hand"] == "R" else LEFT
        pitch = int(row["pitch"])
        if onset < 0 or not 21 <= pitch <= 108:
            continue
        note = (onset, onset + duration, pitch, hand, int(row["finger"]))
        scores.setdefault(row["score"], []).append(note)
    return [
        FingeredPiece(f"{name}#{score}", "mutopia", _performance(notes))
        for score, notes in scores.items()
        if any(note[4] for note in notes)
    ]


def _czerny_rows(rows: csv.DictReader[str]) -> list[tuple[float, float, int, int, int]]:
    return [
        (
            float(row["onset_sec"]),
            float(row["offset_sec"]),
            int(row["pitch"]),
            RIGHT if row["hand"] == "R" else LEFT,
            int(row["finger"]),
        )
        for row in rows
    ]


def _mutopia(folder: Path) -> Iterator[FingeredPiece]:
    for path in sorted((folder / "mutopia").glob("*.tsv")):
        if path.name != "INDEX.tsv":
            yield from read_fingered_table(path)


def _czerny(folder: Path) -> Iterator[FingeredPiece]:
    for path in sorted((folder / "czerny599").glob("*.tsv")):
        yield from read_fingered_table(path)


def _beringer(folder: Path) -> Iterator[FingeredPiece]:
    for path in sorted((folder / "beringer").rglob("*.abcd")):
        rows = _read_abcd(path.read_text(encoding="utf-8", errors="replace"))
        if rows:
            name = f"beringer/{path.parent.name}/{path.stem}"
            yield FingeredPiece(name, "beringer", _performance(rows))


def _read_abcd(text: str) -> list[tuple[float, float, int, int, int]]:
    """Notes of one abcD exercise; empty where its finger strings do not fit its notes."""
    fingers = re.search(r"fingering 1: *([\dx&]+)@([\dx&]+)", text)
    key = re.search(r"^K: *([A-G][b#]?) *(m(?!aj)\w*)?", text, re.MULTILINE)
    if fingers is None or key is None:
        return []
    keys = _MINOR_KEYS if key.group(2) else _MAJOR_KEYS
    if key.group(1) not in keys:
        return []
    sharps = keys.index(key.group(1)) - 7
    body = text[key.end() :]
    rows: list[tuple[float, float, int, int, int]] = []
    for voice, hand, printed in (("1", RIGHT, fingers.group(1)), ("2", LEFT, fingers.group(2))):
        pitches = _voice_pitches(body, voice, sharps)
        marks = printed.replace("&", "")
        if len(marks) != len(pitches):
            continue
        step_sec = WHOLE_NOTE_SEC / 16
        for at, (pitch, mark) in enumerate(zip(pitches, marks, strict=True)):
            finger = int(mark) if mark in "12345" else 0
            rows.append((at * step_sec, (at + 1) * step_sec, pitch, hand, finger))
    return rows


def _voice_pitches(body: str, voice: str, sharps: int) -> list[int]:
    header = re.search(rf"^V:{voice} (.*)$", body, re.MULTILINE)
    octave = _octave(header.group(1) if header else "", 0)
    # The voice's music follows its second, bare "V:n" line.
    parts = re.split(r"^V:(\d)\s*$", body, flags=re.MULTILINE)
    music = "".join(parts[at + 1] for at in range(1, len(parts) - 1, 2) if parts[at] == voice)
    lines = [line for line in music.splitlines() if not re.match(r"[A-Za-z]:|%", line)]
    sharp_names, flat_names = "FCGDAEB"[: max(sharps, 0)], "BEADGCF"[: max(-sharps, 0)]
    pitches: list[int] = []
    in_bar: dict[tuple[str, int], int] = {}
    token = re.compile(r'"[^"]*"|\[K:[^\]]*\]|\||' + _ABC_NOTE.pattern)
    for found in token.finditer("\n".join(lines)):
        word = found.group(0)
        if word.startswith('"'):
            continue
        if word.startswith("[K"):
            octave = _octave(word, octave)
        elif word == "|":
            in_bar.clear()
        else:
            accidental, letter, marks = found.group(1), found.group(2), found.group(3)
            name = letter.upper()
            height = 4 + letter.islower() + marks.count("'") - marks.count(",")
            alter = int(name in sharp_names) - int(name in flat_names)
            if accidental:
                in_bar[name, height] = sum(_ACCIDENTAL[mark] for mark in accidental)
            alter = in_bar.get((name, height), alter)
            pitches.append(12 * (height + 1 + octave) + _NATURAL[name] + alter)
    return pitches


def _octave(text: str, default: int) -> int:
    found = re.search(r"octave=(-?\d+)", text)
    return int(found.group(1)) if found else default


def labelled(performance: Performance) -> np.ndarray:
    """Which notes bear a printed finger, (note,) bool."""
    return performance.notes["finger"] > 0
