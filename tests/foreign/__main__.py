"""`make foreign FOLDER=…`: other people's files through `finger`, `perform` and `review`.

Each file (MusicXML, MIDI) goes through every verb under limits of time and memory, and music21
says whether the notes are right. Prints each file that is not right, and a table. Exit code 1 if
one is wrong or caused a fault.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.foreign.judge import FAULT, RIGHT, WRONG, judged
from tests.foreign.reader import Read, read, take
from tests.helpers.trials import attempt, elapsed, load_libraries

SUFFIXES = (".musicxml", ".xml", ".mxl", ".mid", ".midi", ".kar", ".rmi")
SCORES = SUFFIXES[:3]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.foreign", description=__doc__)
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    load_libraries()
    since = time.monotonic()
    table: Counter[tuple[str, str]] = Counter()
    paths = sorted(path for path in asked.folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        parser.error(f"no scores or MIDI files in {asked.folder}")
    for path in paths:
        for verb, word, why in _tried(path, read(path)):
            table[verb, word] += 1
            if word != RIGHT:
                print(f"{path.relative_to(asked.folder)}: {verb} {word}: {why}", flush=True)
    for (verb, word), count in sorted(table.items()):
        print(f"{count:6d} {verb} {word}")
    print(f"{len(paths)} files in {elapsed(since)}")
    return int(any(word in (WRONG, FAULT) for _, word in table))


def _tried(path: Path, independent: Read | None) -> list[tuple[str, str, str]]:
    """(verb, word, why) of every verb that can use the file."""
    with tempfile.TemporaryDirectory(prefix="foreign-") as folder:
        made = Path(folder) / "take.mid"
        commands = {
            "finger": ["finger", str(path)],
            "perform": ["perform", str(path), "--model", "solver"],
        }
        if path.suffix.lower() not in SCORES:
            commands["review"] = ["review", str(path)]
        elif independent is not None and independent.played:
            take(independent, made)
            commands["review"] = ["review", str(made), "--score", str(path)]
        results = []
        for verb, arguments in commands.items():
            output = Path(folder) / verb / "out.json"
            output.parent.mkdir()
            trial = attempt(arguments, output, (path,))
            results.append((verb, *judged(trial, output, independent)))
        return results


if __name__ == "__main__":
    raise SystemExit(main())
