"""Do the remarks find what was spoilt, and leave professionals alone?

    python -m benchmarks.expression_remarks [--takes N]

Professionals' performances (ASAP with its score MIDI, Vienna 4x22 with marked scores) are analysed
as they are and spoilt in one way; a distortion counts as found when a remark of its kind (not
praise) comes up that the original does not have.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Callable

import numpy as np

from benchmarks.aligned_data import (
    asap_folders,
    asap_line,
    asap_performance,
    asap_takes,
    vienna_names,
    vienna_piece,
    vienna_takes,
)
from duemani.alignment.score import align_to_score
from duemani.analysis.expression.expression import Expression, analyse_expression
from duemani.inputs.score.line import ScoreLine
from duemani.performance import Performance
from duemani.report import Remark

LONGEST_SEC = 45.0


def _changed(performance: Performance, **fields: np.ndarray) -> Performance:
    notes = performance.notes.copy()
    for name, values in fields.items():
        notes[name] = values
    notes["onset_sec"] = np.maximum(notes["onset_sec"], 0)
    notes["release_sec"] = np.maximum(notes["release_sec"], notes["onset_sec"] + 0.02)
    return Performance.create(notes, performance.pedal)


def flattened(one: Performance, rng: np.random.Generator) -> Performance:
    """All dynamics pressed to a tenth."""
    velocity = one.notes["velocity"].astype(float)
    flat = np.rint(
        velocity.mean() + 0.1 * (velocity - velocity.mean()) + rng.normal(0, 1, len(velocity))
    )
    return _changed(one, velocity=np.clip(flat, 1, 127))


def jittered(one: Performance, rng: np.random.Generator) -> Performance:
    """Every onset off by 40 ms (standard deviation)."""
    shift = rng.normal(0, 0.04, len(one.notes))
    return _changed(
        one, onset_sec=one.notes["onset_sec"] + shift, release_sec=one.notes["release_sec"] + shift
    )


def hurried(one: Performance, rng: np.random.Generator) -> Performance:
    """The tempo rises steadily, to 1.5 times at the end."""
    whole = max(one.duration_sec, 1.0)

    def bent(time_sec: np.ndarray) -> np.ndarray:
        return whole * np.log1p(0.5 * time_sec / whole) / 0.5

    pedal = one.pedal.copy()
    pedal["time_sec"] = bent(pedal["time_sec"])
    notes = one.notes.copy()
    for name in ("onset_sec", "release_sec"):
        notes[name] = bent(notes[name])
    return Performance.create(notes, pedal)


def late_pedal(one: Performance, rng: np.random.Generator) -> Performance:
    """Every pedal movement 0.35 s later."""
    pedal = one.pedal.copy()
    pedal["time_sec"] += 0.35
    return Performance(one.notes, pedal)


def held_pedal(one: Performance, rng: np.random.Generator) -> Performance:
    """The pedal goes down once in 10 s and stays."""
    times = np.arange(0, one.duration_sec, 10.0)
    pedal = np.zeros(2 * len(times), one.pedal.dtype)
    pedal["time_sec"][0::2], pedal["value"][0::2] = times, 127
    pedal["time_sec"][1::2], pedal["value"][1::2] = times + 9.9, 0
    return Performance.create(one.notes, pedal)


def wrong_notes(one: Performance, rng: np.random.Generator) -> Performance:
    """Three in a hundred notes a semitone or two off."""
    wrong = rng.random(len(one.notes)) < 0.03
    step = rng.choice([-2, -1, 1, 2], len(one.notes))
    pitch = np.where(wrong, np.clip(one.notes["pitch"] + step, 21, 108), one.notes["pitch"])
    return _changed(one, pitch=pitch)


def hands_apart(one: Performance, rng: np.random.Generator) -> Performance:
    """The left hand (below C4 where hands are unknown) late by 90 ms."""
    left = one.notes["hand"] == 0 if (one.notes["hand"] >= 0).any() else one.notes["pitch"] < 60
    shift = 0.09 * left
    return _changed(
        one, onset_sec=one.notes["onset_sec"] + shift, release_sec=one.notes["release_sec"] + shift
    )


def covered(one: Performance, rng: np.random.Generator) -> Performance:
    """The accompaniment 25 steps louder."""
    low = one.notes["pitch"] < 64
    return _changed(one, velocity=np.clip(one.notes["velocity"] + 25 * low - 10 * ~low, 1, 127))


def backwards(one: Performance, rng: np.random.Generator) -> Performance:
    """Loud for soft: velocities mirrored at their mean."""
    velocity = one.notes["velocity"].astype(float)
    slow = np.convolve(velocity, np.ones(15) / 15, "same")
    return _changed(one, velocity=np.clip(velocity - 2 * (slow - velocity.mean()), 1, 127))


def stumbling(one: Performance, rng: np.random.Generator) -> Performance:
    """Three stops of 1.2 s."""
    whole = one.duration_sec
    stops = np.sort(rng.uniform(0.15, 0.85, 3)) * whole
    onset = one.notes["onset_sec"].astype(float)
    lost = 1.2 * (onset[:, None] >= stops[None, :]).sum(axis=1)
    pedal = one.pedal.copy()
    pedal["time_sec"] += 1.2 * (pedal["time_sec"][:, None] >= stops[None, :]).sum(axis=1)
    notes = one.notes.copy()
    notes["onset_sec"] += lost
    notes["release_sec"] += lost
    return Performance.create(notes, pedal)


DISTORTIONS: dict[
    str, tuple[Callable[[Performance, np.random.Generator], Performance], tuple[str, ...]]
] = {
    "flat dynamics": (flattened, ("dynamics",)),
    "jitter 40 ms": (jittered, ("evenness", "synchrony", "tempo")),
    "hurrying 1.5x": (hurried, ("tempo",)),
    "three stops": (stumbling, ("tempo",)),
    "pedal late 0.35 s": (late_pedal, ("pedal",)),
    "pedal held": (held_pedal, ("pedal",)),
    "wrong notes 3 %": (wrong_notes, ("notes",)),
    "left hand late 90 ms": (hands_apart, ("synchrony",)),
    "melody covered": (covered, ("voicing",)),
}
MARKED = {"dynamics reversed": (backwards, ("dynamics",))}


def faults(expression: Expression, kinds: tuple[str, ...]) -> set[tuple[str, str]]:
    return {(r.kind, r.title) for r in expression.remarks if r.kind in kinds and not r.praise}


def weight(expression: Expression, kinds: tuple[str, ...]) -> float:
    return sum(r.weight for r in expression.remarks if r.kind in kinds and not r.praise)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--takes", type=int, default=30)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--show", action="store_true", help="print the originals' remarks")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    found: dict[str, list[bool]] = defaultdict(list)
    originals: Counter[str] = Counter()
    originals_per: list[int] = []
    kinds_said: Counter[str] = Counter()
    praised, minutes, spent, notes = 0, 0.0, 0.0, 0

    def measure(name: str, performance: Performance, line: ScoreLine, marked: bool) -> None:
        nonlocal praised, minutes, spent, notes
        alignment = align_to_score(performance, line)
        start = time.process_time()
        plain = analyse_expression(performance, alignment)
        spent += time.process_time() - start
        notes += len(performance.notes)
        minutes += performance.duration_sec / 60
        praised += sum(r.praise for r in plain.remarks)
        told: list[Remark] = [r for r in plain.remarks if not r.praise and r.kind != "notes"]
        originals_per.append(len(told))
        for kind in {r.kind for r in told}:
            kinds_said[kind] += 1
        for remark in told:
            originals[f"{remark.kind}: {remark.title}"] += 1
        if arguments.show:
            print(name, [(r.kind, r.title, round(r.weight, 2)) for r in plain.remarks], flush=True)
        for kind, (spoil, kinds) in {**DISTORTIONS, **(MARKED if marked else {})}.items():
            if "pedal late" in kind and len(performance.pedal) < 20:
                continue
            spoilt = spoil(performance, rng)
            timed = spoil in (flattened, covered, backwards, late_pedal, held_pedal)
            after = analyse_expression(spoilt, alignment if timed else align_to_score(spoilt, line))
            new = faults(after, kinds) - faults(plain, kinds)
            worse = weight(after, kinds) > weight(plain, kinds) + 0.5
            found[kind].append(bool(new) or worse)

    folders = asap_folders()
    for at in rng.permutation(len(folders))[: arguments.takes]:
        performance = asap_performance(asap_takes(folders[at])[0]).between(0, LONGEST_SEC)
        measure(folders[at].name, performance, asap_line(folders[at])[0], False)
    for name in vienna_names():
        for take in vienna_takes(name)[: max(arguments.takes // 6, 1)]:
            measure(take.name, take.performance, vienna_piece(name)[1], True)
    print(f"{len(originals_per)} professionals' takes, {minutes:.0f} minutes")
    print(
        f"remarks on originals, notes left out: {np.mean(originals_per):.2f} a take,"
        f" none in {np.mean(np.array(originals_per) == 0):.2f}; praise {praised}"
    )
    for kind, count in kinds_said.most_common():
        print(f"  {kind}: in {count / len(originals_per):.2f} of the takes")
    for title, count in originals.most_common():
        print(f"    {title}: {count}")
    print("found after distortion:")
    for kind, hits in found.items():
        print(f"  {kind}: {np.mean(hits):.2f} of {len(hits)}")
    print(f"analysis {spent / max(notes, 1) * 3000:.2f} s a 3000 notes")


if __name__ == "__main__":
    main()
