"""Outputs of every verb on twelve fixed inputs: made by one version, compared with another's.

    python -m benchmarks.fixed_outputs make FOLDER        # with the version that is installed
    python -m benchmarks.fixed_outputs compare BEFORE AFTER

A change that should change nothing is checked so: arrays by their largest difference, everything
else by its bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pieces import DATA

AUDIO, TAKES = DATA / "audio", DATA / "hands" / "miditest"
ASAP, VIENNA = DATA / "performances" / "asap", DATA / "performances" / "vienna4x22"
PERCEPIANO = DATA / "performances" / "percepiano" / "virtuoso" / "data"
FILM = DATA / "video" / "overhead_concert_grand.mp4"
DEMO = Path(__file__).parents[1] / "src" / "duemani" / "scores" / "fur_elise.musicxml"
CHOPIN = VIENNA / "musicxml" / "Chopin_op10_no3.musicxml"


@dataclass(frozen=True)
class Case:
    """One input and what is made of it."""

    name: str
    verb: str
    input: Path
    suffixes: tuple[str, ...]
    options: tuple[str | Path, ...] = ()


_RUN = "import sys; from duemani.cli import main; sys.exit(main())"

CASES = (
    Case("demo", "perform", DEMO, (".npz", ".html", ".glb", ".json")),
    Case("scales", "perform", AUDIO / "furelise_8.mp3", (".npz", ".html"), ("--end", "12")),
    Case(
        "sonata",
        "perform",
        ASAP / "Beethoven" / "Piano_Sonatas" / "1-1" / "midi_score.mid",
        (".npz", ".mid"),
        ("--model", "solver", "--end", "20"),
    ),
    Case("film", "perform", DEMO, (".mp4",), ("--end", "2", "--camera", "side")),
    Case("elise", "finger", DEMO, (".musicxml", ".svg", ".html", ".json", ".mid")),
    Case("etude", "finger", CHOPIN, (".musicxml", ".pdf", ".json")),
    Case(
        "fugue",
        "finger",
        ASAP / "Bach" / "Fugue" / "bwv_846" / "midi_score.mid",
        (".svg", ".json"),
        ("--keep", "soft"),
    ),
    Case("concert", "review", FILM, (".json", ".html")),
    Case("take", "review", TAKES / "5.mid", (".json", ".html"), ("--hands", TAKES / "5.csv")),
    Case(
        "pianists",
        "review",
        VIENNA / "midi" / "Chopin_op10_no3_p01.mid",
        (".json", ".musicxml", ".html"),
        ("--score", CHOPIN, "--reference", VIENNA / "midi" / "Chopin_op10_no3_p02.mid"),
    ),
    Case("liszt", "review", AUDIO / "cut_liszt.mp3", (".json",)),
    Case("hands", "track", FILM, (".npz",)),
    Case("tips", "track", TAKES / "10.csv", (".npz",), ("--end", "20")),
)


def make(folder: Path) -> None:
    """Run every case's verb for every suffix."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        for suffix in case.suffixes:
            output = folder / f"{case.verb}_{case.name}{suffix}"
            command = [case.verb, case.input, *case.options, "-o", output]
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", _RUN, *map(str, command)],
                capture_output=True,
                text=True,
                check=False,
            )
            took_sec = time.perf_counter() - began
            said = "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]
            print(f"{output.name} {took_sec:.1f} s {said}", flush=True)


def compare(before: Path, after: Path) -> int:
    """Print what differs between two folders; the number of files that do."""
    names = sorted({path.name for folder in (before, after) for path in folder.iterdir()})
    different = 0
    for name in names:
        said = _difference(before / name, after / name)
        different += said != "equal"
        print(f"{name}: {said}")
    return different


def _difference(one: Path, other: Path) -> str:
    if not (one.is_file() and other.is_file()):
        return "in one folder only"
    if one.read_bytes() == other.read_bytes():
        return "equal"
    if one.suffix == ".npz":
        return _array_difference(one, other)
    if one.suffix == ".json":
        paths = list(_json_differences(json.loads(one.read_text()), json.loads(other.read_text())))
        return "equal" if not paths else f"{len(paths)} values differ: {'; '.join(paths[:4])}"
    if one.suffix == ".pdf" and one.stat().st_size == other.stat().st_size:
        return "of the same length (a PDF holds its date)"
    return f"{one.stat().st_size} and {other.stat().st_size} bytes"


def _array_difference(one: Path, other: Path) -> str:
    said = []
    with np.load(one) as first, np.load(other) as second:
        for key in sorted({*first.files, *second.files}):
            if key not in first or key not in second or first[key].shape != second[key].shape:
                said.append(f"{key} of another shape")
            elif first[key].dtype.kind in "fiub":
                gap = np.abs(first[key].astype(float) - second[key].astype(float))
                if np.nanmax(gap, initial=0.0) > 0:
                    said.append(f"{key} by up to {np.nanmax(gap):.3g}")
            elif str(first[key]) != str(second[key]):
                said.append(f"{key}: {first[key]} and {second[key]}"[:200])
    return ", ".join(said) or "equal"


def _json_differences(one: Any, other: Any, path: str = "") -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from _json_differences(one.get(key), other.get(key), f"{path}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from _json_differences(*pair, f"{path}/{index}")
    elif one != other:
        yield f"{path}: {str(one)[:60]} and {str(other)[:60]}"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", folder]:
            make(Path(folder))
        case ["compare", before, after]:
            sys.exit(1 if compare(Path(before), Path(after)) else 0)
        case _:
            sys.exit(__doc__)
