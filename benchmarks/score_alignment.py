"""How well performances are laid along scores: notes, beats, practice takes, wrong scores.

python -m benchmarks.score_alignment [--takes N] [--pairs N]
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from benchmarks.aligned_data import (
    Matched,
    asap_folders,
    asap_line,
    asap_performance,
    asap_takes,
    beats,
    vienna_names,
    vienna_piece,
    vienna_takes,
)
from duemani.alignment.score import Alignment, align_to_score
from duemani.inputs.score.line import ScoreLine
from duemani.performance import Performance


def with_errors(take: Matched, share: float, rng: np.random.Generator) -> Matched:
    """A share of the notes wrong, as many left out, as many struck besides."""
    notes, written = take.performance.notes.copy(), take.written.copy()
    wrong = rng.random(len(notes)) < share
    step = rng.choice([-2, -1, 1, 2], len(notes))
    notes["pitch"] = np.where(wrong, np.clip(notes["pitch"] + step, 21, 108), notes["pitch"])
    written[wrong] = -1
    kept = rng.random(len(notes)) >= share
    extra = notes[rng.random(len(notes)) < share].copy()
    extra["pitch"] = np.clip(extra["pitch"] + rng.choice([-1, 1], len(extra)), 21, 108)
    extra["onset_sec"] += rng.uniform(0, 0.1, len(extra))
    extra["release_sec"] += 0.1
    notes = np.concatenate([notes[kept], extra])
    written = np.concatenate([written[kept], np.full(len(extra), -1)])
    return _sorted(take.name, notes, written)


def practised(take: Matched, line: ScoreLine, rng: np.random.Generator) -> Matched:
    """Starts in the middle, stops in a bar, goes back two bars and on, skips four bars."""
    bar = np.where(take.written >= 0, line.bar[np.maximum(take.written, 0)], -1)
    bar = np.maximum.accumulate(bar)
    last = int(bar.max())
    start, stop = last // 5, last // 5 + int(rng.integers(4, 7))
    pieces = [(start, stop, 0.5), (stop - 2, stop + 5, 1.0), (stop + 9, last, 1.0)]
    chosen, times, now = [], [], 0.5
    for low, high, part in pieces:
        mine = np.flatnonzero((bar >= low) & (bar <= high))
        if part < 1:
            cut = np.flatnonzero(bar[mine] == high)
            mine = mine[: len(mine) - int(len(cut) * part)]
        onset = take.performance.notes["onset_sec"][mine]
        if len(mine):
            chosen.append(mine)
            times.append(now - onset[0])
            now += onset[-1] - onset[0] + float(rng.uniform(0.5, 2.5))
    notes = np.concatenate([take.performance.notes[mine] for mine in chosen])
    shift = np.concatenate([np.full(len(m), s) for m, s in zip(chosen, times, strict=True)])
    notes["onset_sec"] += shift
    notes["release_sec"] += shift
    return _sorted(take.name, notes, take.written[np.concatenate(chosen)])


def _sorted(name: str, notes: np.ndarray, written: np.ndarray) -> Matched:
    order = np.argsort(notes, order=("onset_sec", "pitch"), kind="stable")
    return Matched(name, Performance.create(notes[order]), written[order])


def agreement(found: Alignment, truth: np.ndarray) -> tuple[int, int, int]:
    """Right matches, matches found, matches there are; a note and its grace double are one."""
    line = found.line
    key = np.round(line.onset_quarter * 480).astype(int) * 128 + line.pitch
    ours = np.where(found.written >= 0, key[found.written], -1)
    theirs = np.where(truth >= 0, key[truth], -1)
    right = int(((ours == theirs) & (theirs >= 0)).sum())
    return right, int((ours >= 0).sum()), int((theirs >= 0).sum())


def f1(counts: list[tuple[int, int, int]]) -> float:
    right, found, there = np.array(counts).sum(axis=0)
    return 2 * right / max(found + there, 1)


def vienna(takes: int) -> None:
    print("Vienna 4x22, note-level F1:")
    rng = np.random.default_rng(5)
    for name in vienna_names():
        _, line = vienna_piece(name)
        found: dict[str, list[tuple[int, int, int]]] = {}
        missing: list[tuple[int, int, int]] = []
        for take in vienna_takes(name)[:takes]:
            damaged = {"5 % errors": with_errors(take, 0.05, rng)}
            damaged["15 % errors"] = with_errors(take, 0.15, rng)
            damaged["practice"] = practised(take, line, rng)
            for kind, one in {"as played": take, **damaged}.items():
                aligned = align_to_score(one.performance, line)
                found.setdefault(kind, []).append(agreement(aligned, one.written))
                if kind == "5 % errors":
                    lacking = set(range(len(line.pitch))) - set(one.written.tolist())
                    ours = set(aligned.unplayed.tolist())
                    missing.append((len(lacking & ours), len(ours), len(lacking)))
        scores = ", ".join(f"{kind} {f1(counts):.4f}" for kind, counts in found.items())
        print(f"  {name}: {scores}, missing notes (5 % errors) F {f1(missing):.3f}", flush=True)


def beat_times(found: Alignment, beat_quarter: np.ndarray) -> np.ndarray:
    """When the beats come by the map; NaN in what was not played."""
    result = np.full(len(beat_quarter), np.nan)
    for passage in found.passages:
        inside = (beat_quarter >= passage.quarter[0] - 1) & (
            beat_quarter <= passage.quarter[-1] + 1
        )
        inside &= np.isnan(result)
        result[inside] = passage.time_at(beat_quarter[inside])
    return result


def asap(takes: int) -> None:
    rng = np.random.default_rng(1)
    errors, rates, sure, spent, notes = [], [], [], 0.0, 0
    folders = asap_folders()
    for at in rng.permutation(len(folders))[:takes]:
        line, beat_quarter = asap_line(folders[at])
        path = asap_takes(folders[at])[0]
        performance = asap_performance(path)
        start = time.process_time()
        found = align_to_score(performance, line)
        spent += time.process_time() - start
        notes += len(performance.notes)
        rates.append(found.match_rate)
        sure.append(found.how_sure)
        truth, real = beats(path.with_name(f"{path.stem}_annotations.txt"))
        if len(truth) == len(beat_quarter):
            error = np.abs(beat_times(found, beat_quarter) - truth)[real]
            errors.append(np.where(np.isnan(error), np.inf, error))
    error = np.concatenate(errors)
    print(
        f"ASAP, {takes} takes, {len(error)} beats: median error {1e3 * np.median(error):.1f} ms,"
        f" within 50 ms {np.mean(error < 0.05):.3f}, 100 ms {np.mean(error < 0.1):.3f};"
        f" match rate {np.mean(rates):.3f},"
        f" right scores refused {np.mean(np.array(sure) <= 0.5):.3f};"
        f" {1e3 * spent / notes * 3:.1f} s a 3000 notes",
        flush=True,
    )


def strangers(pairs: int) -> None:
    """Scores of other pieces, and right ones, by length of the take."""
    rng = np.random.default_rng(2)
    folders = asap_folders()
    works = [folder.name.split("_no")[0] + str(folder.parent) for folder in folders]
    for least, seconds in ((12, 6.0), (40, 20.0), (100, 60.0), (400, 1e9)):
        costs: dict[bool, list[float]] = {True: [], False: []}
        sure: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(pairs):
            one, other = rng.integers(len(folders), size=2)
            performance = asap_performance(asap_takes(folders[one])[0])
            start = float(rng.uniform(0, max(performance.duration_sec - seconds, 0.01)))
            excerpt = performance.between(start, start + seconds)
            if len(excerpt.notes) < least:
                continue
            for right in (True, False):
                if not right and works[one] == works[other]:
                    continue
                line = asap_line(folders[one if right else other])[0]
                found = align_to_score(excerpt, line)
                costs[right].append(found.path_cost)
                sure[right].append(found.how_sure)
        print(
            f"takes of {min(seconds, 999):g} s: strangers accepted"
            f" {np.mean(np.array(sure[False]) > 0.5):.4f} of {len(sure[False])}"
            f" (cost min {min(costs[False]):.2f}, 1 % {np.percentile(costs[False], 1):.2f}),"
            f" right ones refused {np.mean(np.array(sure[True]) <= 0.5):.4f} of {len(sure[True])}"
            f" (cost 99 % {np.percentile(costs[True], 99):.2f}, max {max(costs[True]):.2f})",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--takes", type=int, default=22)
    parser.add_argument("--asap", type=int, default=40)
    parser.add_argument("--pairs", type=int, default=100)
    arguments = parser.parse_args()
    vienna(arguments.takes)
    asap(arguments.asap)
    strangers(arguments.pairs)


if __name__ == "__main__":
    main()
