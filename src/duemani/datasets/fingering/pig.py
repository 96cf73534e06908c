"""Files in the layout of the PIG data set (Nakamura et al. 2020): notes with several fingerings.

A row a note, eight columns: number, onset and release in seconds, spelled pitch (`Bb3`), velocity
of the strike and of the release, channel (0 right hand, 1 left) and finger (left ones negative;
`4_1` means that 1 silently takes over the key from 4). `001-2_fingering.txt` is what the second
annotator wrote on piece 001. Lines that start with `//` are comments.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int

from duemani.errors import InputError
from duemani.files import read_limited, replacing
from duemani.performance import (
    HIGHEST_PITCH,
    LEFT,
    LOWEST_PITCH,
    RIGHT,
    UNKNOWN_HAND,
    Performance,
    make_notes,
)

_MOST_BYTES = 20_000_000
_LEAST_COLUMNS = 7
_VERSION_LINE = "//Version: PianoFingering_v170101"
_FILE_NAME = re.compile(r"(.+)-(\d+)(?:_fingering)?")
_PITCH = re.compile(r"([A-G])(#*|b*|x)(-?\d{1,2})", re.ASCII)
_FINGER = re.compile(r"(-?[0-5])(?:_(-?[1-5]))?(?:_-?[1-5])*_?", re.ASCII)
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SPELLINGS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_CHANNEL_OF = {RIGHT: 0, LEFT: 1}
_HAND_OF = {"0": RIGHT, "1": LEFT}
_STRUCK_VELOCITY, _RELEASE_VELOCITY = 64, 80
_SAME_ONSET_SEC = 0.001
_ALIGNED_SEC = 0.25


@dataclass(frozen=True)
class PigFile:
    """What one annotator wrote.

    Attributes:
        path: the file.
        performance: its notes, every hand known, finger 0 where none is written.
        substitutions: finger that takes the key over, 0 none, (note,).
        remarks: what was left out, one sentence each.
    """

    path: Path
    performance: Performance
    substitutions: Int[np.ndarray, " note"]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class PigPiece:
    """One piece with all its fingerings.

    Attributes:
        name: what stands before the annotator's number in the file names.
        performance: the notes of the first annotator's file, every hand known, no fingers.
        fingers: 1-5, 0 where the annotator wrote none.
        substitutions: as in `PigFile`.
        remarks: what was left out or aligned by guess, one sentence each.
    """

    name: str
    performance: Performance
    fingers: Int[np.ndarray, "annotator note"]
    substitutions: Int[np.ndarray, "annotator note"]
    remarks: tuple[str, ...] = ()


def read_pig(path: str | Path) -> list[PigPiece]:
    """The pieces of one file or of a folder of them, sorted by name.

    Annotators of one piece are aligned by note. Where their files list other notes, those of the
    same pitch with the nearest onsets belong together, at most 0.25 s apart, and a remark says so.

    Raises:
        InputError: there is no such file, or a row is not understood.
    """
    path = Path(path)
    if not path.is_dir():
        return [_piece(_name(path)[0], [read_pig_file(path)])]
    files = sorted(path.rglob("*_fingering.txt")) or sorted(path.glob("*.txt"))
    if not files:
        raise InputError(f"{path} holds no PIG files (001-1_fingering.txt and so on).")
    together: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for file in files:
        together[file.parent, _name(file)[0]].append(file)
    pieces = [
        _piece(name, [read_pig_file(file) for file in sorted(versions, key=lambda f: _name(f)[1])])
        for (_, name), versions in together.items()
    ]
    return sorted(pieces, key=lambda piece: piece.name)


def read_pig_file(path: str | Path) -> PigFile:
    """The notes and fingers of one file.

    Raises:
        InputError: it cannot be read, holds no notes, or a row is not understood.
    """
    path = Path(path)
    try:
        text = read_limited(path, _MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is not a text file in the layout of PIG.") from None
    rows: list[tuple[float, float, int, int, int, int]] = []
    seconds: list[int] = []
    crossed = 0
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if not line.strip() or line.lstrip().startswith("//"):
            continue
        try:
            row, second, other_hand = _row(line)
        except ValueError as error:
            raise InputError(f"line {number} of {path.name}: {error}.") from None
        rows.append(row)
        seconds.append(second)
        crossed += other_hand
    if not rows:
        raise InputError(f"{path.name} holds no notes; rows in the layout of PIG are accepted.")
    notes = make_notes([row[:4] for row in rows])
    notes["hand"], notes["finger"] = [row[4] for row in rows], [row[5] for row in rows]
    # The order that `Performance.create` will choose, ties included.
    order = np.argsort(notes, order=("onset_sec", "pitch"), kind="stable")
    remarks: tuple[str, ...] = ()
    if crossed:
        remarks = (f"{path.name}: {crossed} fingers of the other hand are left out.",)
    substitutions = np.array(seconds, np.int8)[order]
    return PigFile(path, Performance.create(notes[order]), substitutions, remarks)


def write_pig(
    path: str | Path, performance: Performance, substitutions: np.ndarray | None = None
) -> None:
    """Write notes with fingers in the layout of PIG; finger 0 where there is none.

    Args:
        path: the file; it appears whole or not at all.
        performance: every hand known.
        substitutions: finger that takes the key over, 0 none, (note,).

    Raises:
        InputError: a hand is unknown, or the file cannot be written.
    """
    notes = performance.notes
    if (notes["hand"] == UNKNOWN_HAND).any():
        raise InputError("a PIG file needs a hand for every note.")
    if substitutions is None:
        substitutions = np.zeros(len(notes), np.int8)
    lines = [_VERSION_LINE]
    for number, (note, second) in enumerate(zip(notes, substitutions.tolist(), strict=True)):
        sign = "-" if note["hand"] == LEFT and note["finger"] else ""
        finger = f"{sign}{note['finger']}" + (f"_{sign}{second}" if second else "")
        octave, step = divmod(int(note["pitch"]), 12)
        columns = (
            number,
            f"{note['onset_sec']:.6f}",
            f"{note['release_sec']:.6f}",
            f"{_SPELLINGS[step]}{octave - 1}",
            note["velocity"],
            _RELEASE_VELOCITY,
            _CHANNEL_OF[int(note["hand"])],
            finger,
        )
        lines.append("\t".join(map(str, columns)))
    with replacing(Path(path)) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _name(path: Path) -> tuple[str, int]:
    """Piece and number of the annotator, from a file name."""
    found = _FILE_NAME.fullmatch(path.stem)
    return (found[1], int(found[2])) if found else (path.stem.removesuffix("_fingering"), 0)


def _row(line: str) -> tuple[tuple[float, float, int, int, int, int], int, bool]:
    """((onset, release, pitch, velocity, hand, finger), second finger, finger of the other hand).

    Raises:
        ValueError: with what is wrong, in words.
    """
    cells = [cell.strip() for cell in (line.split("\t") if "\t" in line else line.split())]
    if len(cells) < _LEAST_COLUMNS:
        raise ValueError(f"{len(cells)} columns, where PIG has eight separated by tabs")
    onset, release = _time(cells[1]), _time(cells[2])
    if release < onset:
        raise ValueError(f"the release at {cells[2]} s comes before the onset at {cells[1]} s")
    if cells[6] not in _HAND_OF:
        raise ValueError(f"channel {cells[6]!r}; 0 (right hand) and 1 (left hand) are accepted")
    hand = _HAND_OF[cells[6]]
    first, second, other_hand = _fingers(cells[7] if len(cells) > _LEAST_COLUMNS else "", hand)
    velocity = min(max(int(cells[4]), 1), 127) if cells[4].isdecimal() else _STRUCK_VELOCITY
    return (onset, release, _pitch(cells[3]), velocity, hand, first), second, other_hand


def _time(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(f"{text!r} is no time in seconds of 0 or later")
    return seconds


def _pitch(text: str) -> int:
    found = _PITCH.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no pitch such as C4, Bb3 or C##5")
    step, accidentals, octave = found.groups()
    shift = 2 if accidentals == "x" else len(accidentals) * (-1 if "b" in accidentals else 1)
    pitch = 12 * (int(octave) + 1) + _SEMITONES[step] + shift
    if not LOWEST_PITCH <= pitch <= HIGHEST_PITCH:
        raise ValueError(f"{text} lies outside the piano's range, A0 to C8")
    return pitch


def _fingers(text: str, hand: int) -> tuple[int, int, bool]:
    """First and second finger, 0 none, and whether they belong to the other hand."""
    if text in ("", "_"):
        return 0, 0, False
    found = _FINGER.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no finger; 1 to 5, -1 to -5 (left) and 4_1 are accepted")
    first, second = int(found[1]), int(found[2] or 0)
    if first and (first < 0) != (hand == LEFT):
        return 0, 0, True
    return abs(first), abs(second), False


def _piece(name: str, files: list[PigFile]) -> PigPiece:
    """All annotators' fingers on the notes of the first file."""
    reference = files[0].performance.notes
    remarks = [remark for file in files for remark in file.remarks]
    fingers = np.zeros((len(files), len(reference)), np.int8)
    substitutions = np.zeros_like(fingers)
    for annotator, file in enumerate(files):
        notes = file.performance.notes
        if _same_notes(reference, notes):
            mine = theirs = np.arange(len(reference))
        else:
            mine, theirs = _aligned(reference, notes)
            remarks.append(
                f"{file.path.name} lists other notes than {files[0].path.name}: {len(mine)} of"
                f" {len(reference)} aligned by pitch and nearest onset."
            )
        # Who plays a note with the other hand gives no finger of this one.
        agree = reference["hand"][mine] == notes["hand"][theirs]
        fingers[annotator, mine[agree]] = notes["finger"][theirs[agree]]
        substitutions[annotator, mine[agree]] = file.substitutions[theirs[agree]]
    bare = reference.copy()
    bare["finger"] = 0
    return PigPiece(name, Performance.create(bare), fingers, substitutions, tuple(remarks))


def _same_notes(one: np.ndarray, other: np.ndarray) -> bool:
    if len(one) != len(other) or (one[["pitch", "hand"]] != other[["pitch", "hand"]]).any():
        return False
    return bool((np.abs(one["onset_sec"] - other["onset_sec"]) < _SAME_ONSET_SEC).all())


def _aligned(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of indices: same pitch, nearest onsets first, of equally near ones the same hand."""
    candidates: list[tuple[float, bool, int, int]] = []
    for pitch in np.unique(one["pitch"]):
        theirs = np.flatnonzero(other["pitch"] == pitch)
        onsets = other["onset_sec"][theirs]
        for at in np.flatnonzero(one["pitch"] == pitch).tolist():
            onset = float(one["onset_sec"][at])
            low, high = np.searchsorted(onsets, [onset - _ALIGNED_SEC, onset + _ALIGNED_SEC])
            for to in theirs[low:high].tolist():
                apart = round(abs(float(other["onset_sec"][to]) - onset), 3)
                candidates.append((apart, bool(one["hand"][at] != other["hand"][to]), at, to))
    taken: dict[int, int] = {}
    used: set[int] = set()
    for _, _, at, to in sorted(candidates):
        if at not in taken and to not in used:
            taken[at] = to
            used.add(to)
    mine = np.array(sorted(taken), int)
    return mine, np.array([taken[at] for at in mine.tolist()], int)
