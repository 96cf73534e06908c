"""Are professionals accused of wrong notes, and are planted slips found?

    python -m benchmarks.false_slips [--every N] [--planted N] [--show]

Every take of PercePiano and Vienna 4x22 is laid along its score and every remark counts that says
that notes are wrong, left out or struck besides. All count as false: a professional's real slip
does too, so the rate is an upper bound. Then one slip of each kind is planted in every Nth take,
three times (seeded), and counts as found where a remark names that note: the played one, or, of a
note left out, its time.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.aligned_data import vienna_names, vienna_piece
from benchmarks.pieces import DATA
from duemani.alignment.score import align_to_score
from duemani.analysis.expression.expression import analyse_expression
from duemani.inputs.midi.read import load_midi
from duemani.inputs.score.line import ScoreLine
from duemani.inputs.score.written import read_written
from duemani.performance import Performance
from duemani.report import Remark

PERCEPIANO = DATA / "performances" / "percepiano" / "virtuoso" / "data"
VIENNA = DATA / "performances" / "vienna4x22"
SURE, UNSURE = 0.85, 0.6  # as the page words them
_TAKE = re.compile(r"(?P<music>.+bars)_(?P<player>\d+)_(?P<part>\d+)\.mid")
_OF_THE_FLOW = ("Stopped and started again", "Some bars left out")
_NEAR_SEC = 0.5
KINDS = ("wrong", "left out", "besides")


@dataclass(frozen=True)
class Pair:
    """A take and its score."""

    name: str
    take: Path
    line: ScoreLine


@cache
def line_of(path: Path) -> ScoreLine:
    return read_written(path, struck=True).line


def percepiano() -> Iterator[Pair]:
    """Takes by people; the data's own renderings of its scores are none."""
    for path in sorted((PERCEPIANO / "all_2rounds").glob("*.mid")):
        found = _TAKE.fullmatch(path.name)
        if found is None:
            continue
        scores = [
            PERCEPIANO / "score_xml" / f"{found['music']}_{name}_{found['part']}.musicxml"
            for name in ("Score", "Score2")
        ]
        score = next((one for one in scores if one.exists()), None)
        if score is not None:
            yield Pair(path.stem, path, line_of(score))


def vienna() -> Iterator[Pair]:
    for name in vienna_names():
        for path in sorted((VIENNA / "midi").glob(f"{name}_p*.mid")):
            yield Pair(path.stem, path, vienna_piece(name)[1])


def told(performance: Performance, line: ScoreLine) -> tuple[bool, list[Remark]]:
    """Whether the score was taken for the take's, and the remarks that name slips of its notes.

    A remark of praise that names them as exceptions is one of them, but accuses nobody.
    """
    alignment = align_to_score(performance, line)
    remarks = analyse_expression(performance, alignment).remarks
    return alignment.fits, [
        one
        for one in remarks
        if one.kind == "notes" and one.title not in (*_OF_THE_FLOW, "All notes are right")
    ]


def planted(
    one: Performance, kind: str, rng: np.random.Generator
) -> tuple[Performance, int, float]:
    """The take with one slip; which note it is (-1: one that is gone) and when."""
    notes = one.notes.copy()
    at = int(rng.integers(2, len(notes) - 2))
    when, pitch = float(notes["onset_sec"][at]), int(notes["pitch"][at])
    step = int(rng.choice([-2, -1, 1, 2]))
    if kind == "left out":
        return Performance.create(np.delete(notes, at), one.pedal), -1, when
    key = int(np.clip(pitch + step, 21, 108))
    if kind == "wrong":
        notes["pitch"][at] = key
    else:
        extra = notes[at : at + 1].copy()
        extra["pitch"], extra["onset_sec"] = key, when + 0.02
        extra["release_sec"] = np.maximum(extra["release_sec"], when + 0.1)
        notes, when = np.concatenate([notes, extra]), when + 0.02
    made = Performance.create(notes, one.pedal)
    same = (made.notes["onset_sec"] == when) & (made.notes["pitch"] == key)
    return made, int(np.flatnonzero(same)[0]), when


def is_found(remarks: list[Remark], note: int, when: float) -> bool:
    if note >= 0:
        return any(note in one.notes for one in remarks)
    return any(
        ("missing" in one.title or "left out" in one.text)
        and one.start_sec - _NEAR_SEC < when < one.end_sec + _NEAR_SEC
        for one in remarks
    )


def measure(name: str, pairs: list[Pair], every: int, show: bool) -> None:
    accused: list[int] = []
    named: list[int] = []
    doubted: list[int] = []
    sure: list[int] = []
    refused, spent = 0, 0.0
    found: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    for at, pair in enumerate(pairs):
        performance = load_midi(pair.take)
        start = time.process_time()
        fits, remarks = told(performance, pair.line)
        spent += time.process_time() - start
        refused += not fits
        accused.append(sum(not one.praise for one in remarks))
        named.append(len(remarks))
        doubted.append(sum(not one.praise and one.confidence < UNSURE for one in remarks))
        sure.append(sum(one.confidence >= SURE for one in remarks))
        if show:
            for one in remarks:
                kind = "praise" if one.praise else "blame"
                print(f"{pair.name} | {one.confidence:.2f} {kind} | {one.title} | {one.text}")
        if at % every or not fits:
            continue
        rng = np.random.default_rng(at)
        for kind in KINDS:
            for _ in range(3):
                spoilt, note, when = planted(performance, kind, rng)
                found[kind].append(is_found(told(spoilt, pair.line)[1], note, when))
    print(
        f"{name}: {len(pairs)} takes; a take, {np.mean(accused):.2f} remarks accuse of wrong,"
        f" missing or extra notes ({np.mean(doubted):.2f} of these call themselves uncertain),"
        f" {np.mean(sure):.3f} are sure; {np.mean(named):.2f} name any slip, those of praise"
        f" included; {np.mean(np.array(named) > 0):.2f} of the takes have one; scores refused"
        f" {refused}; {spent:.0f} s of CPU"
    )
    recall = ", ".join(f"{kind} {np.mean(hits):.2f} of {len(hits)}" for kind, hits in found.items())
    print(f"  planted slips named: {recall}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="every Nth take only")
    parser.add_argument("--planted", type=int, default=10, help="slips in every Nth of these")
    parser.add_argument("--show", action="store_true", help="print the remarks")
    arguments = parser.parse_args()
    for name, pairs in (("PercePiano", percepiano), ("Vienna 4x22", vienna)):
        measure(name, list(pairs())[:: arguments.every], arguments.planted, arguments.show)


if __name__ == "__main__":
    main()
