"""`make fuzz`: seeded inputs through the command line, under limits of time and memory.

Prints a table of what became of them; every input that did what no input may is kept in
`--keep`, with the command that it broke. Exit code 1 if there was one.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.inputs import Fuzzed, fuzzed
from tests.helpers.inputs import SCORE, SCORE_HEAD, midi_bytes
from tests.helpers.trials import Trial, attempt, elapsed, load_libraries

FINGER = (".json", ".musicxml", ".svg", ".html", ".mid", ".mxl")
PERFORM = (".npz", ".json", ".mid", ".glb", ".html")
REVIEW = (".json", ".html", ".musicxml")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"))
    parser.add_argument("--files", type=Path, help="try the files of this folder instead")
    asked = parser.parse_args()
    load_libraries()
    since = time.monotonic()
    became: Counter[str] = Counter()
    slowest, largest = 0.0, 0.0
    for name, case in _cases(asked.files, asked.seed, asked.first, asked.count):
        for trial in _tried(name, case, all_verbs=asked.files is not None):
            became[_word(trial)] += 1
            slowest, largest = max(slowest, trial.cpu_sec), max(largest, trial.peak_mib)
            if trial.fault:
                asked.keep.mkdir(parents=True, exist_ok=True)
                (asked.keep / f"{name}{case.suffix}").write_bytes(case.data)
                print(f"{name}{case.suffix}: {trial.fault}: {' '.join(trial.arguments[:-1])}")
                print("    " + "\n    ".join(trial.said.strip().splitlines()[-4:]), flush=True)
        if sum(became.values()) % 500 == 0:
            print(f"{sum(became.values())} tried in {elapsed(since)}", flush=True)
    for word, count in became.most_common():
        print(f"{count:6d} {word}")
    print(f"slowest {slowest:.1f} s, most memory {largest:.0f} MiB, {elapsed(since)} in all")
    return int(any(word.startswith("FAULT") for word in became))


def _cases(files: Path | None, seed: int, first: int, count: int) -> Iterator[tuple[str, Fuzzed]]:
    if files is None:
        yield from (
            (f"{seed}-{index}", fuzzed(seed, index)) for index in range(first, first + count)
        )
        return
    for path in sorted(path for path in files.iterdir() if path.suffix != ".md"):
        yield path.stem, Fuzzed(path.suffix, path.read_bytes())


def _word(trial: Trial) -> str:
    verb = trial.arguments[0]
    if trial.fault:
        return f"FAULT {verb}: {trial.fault.split('[')[0]}"
    return f"{verb}: {'done' if trial.code == 0 else f'refused ({trial.code})'}"


def _tried(name: str, case: Fuzzed, all_verbs: bool) -> list[Trial]:
    """The input through one command, drawn by its name, or through every verb."""
    draw = random.Random(name)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / f"input{case.suffix}"
        path.write_bytes(case.data)
        good_take, good_score = Path(folder) / "take.mid", Path(folder) / "score.musicxml"
        good_take.write_bytes(midi_bytes())
        good_score.write_text(SCORE_HEAD + SCORE)
        commands = _commands(path, good_take, good_score, draw)
        chosen = commands if all_verbs else [draw.choice(commands)]
        trials = []
        for number, (arguments, suffix) in enumerate(chosen):
            output = Path(folder) / str(number) / f"out{suffix}"
            output.parent.mkdir()
            trials.append(attempt(arguments, output, (path,)))
        return trials


def _commands(
    path: Path, take: Path, score: Path, draw: random.Random
) -> list[tuple[list[str], str]]:
    """Command lines that read the input, each with a suffix for its output."""
    given, suffix = str(path), path.suffix
    if suffix == ".npz":
        return [
            (["perform", str(take), "--model", "solver", "--style-from", given], ".npz"),
            (["review", str(take), "--hands", given], ".json"),
        ]
    finger = ["finger", given, "--keep", draw.choice(("hard", "soft", "none"))]
    commands = [
        (finger, draw.choice(FINGER)),
        (finger, draw.choice(FINGER)),
        (["perform", given, "--model", "solver", "--end", "20"], draw.choice(PERFORM)),
    ]
    if suffix in (".mid", ".json"):
        with_score = ["--score", str(score)] if draw.random() < 0.5 else []
        return [*commands, (["review", given, *with_score], draw.choice(REVIEW))]
    return [*commands, (["review", str(take), "--score", given], draw.choice(REVIEW))]


if __name__ == "__main__":
    raise SystemExit(main())
