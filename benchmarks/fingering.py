"""The figures of hand and finger assignment: python -m benchmarks.fingering [sections, rows].

Sections are `rates` (fingers against other methods, hands given), `confidence`, `hands` (from the
notes alone), `feasibility` and `speed`; all by default. Rows of `rates` are the names of `METHODS`;
all but `pianoplayer` (6 s per 100 notes) by default. Every method that learns was trained on the
pieces that `datasets.fingering.scores.is_held_out` does not keep. The shipped weights are trained
on all pieces: what is measured is their twin, `benchmarks/weights/fingering_held_out.npz`, made
by the same command without `--all-pieces`. Only `feasibility`, which needs no truth, runs the
shipped ones.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.baselines.fingerer import Fingerer
from benchmarks.baselines.hmm import FingerHmm
from benchmarks.baselines.packages import Package, peers_python
from benchmarks.baselines.parncutt import ParncuttRules
from benchmarks.baselines.tables.method import Tables
from benchmarks.fingering_corpora import (
    Corpus,
    corpora,
    fingered_pieces,
    handed_corpora,
    without,
)
from benchmarks.pieces import DATA, held_out_pieces
from duemani.datasets.fingering.scores import is_held_out
from duemani.evaluation.fingering.agreement import (
    Infeasibility,
    bootstrap_mean,
    hand_accuracy,
    infeasibility,
    match_rate,
)
from duemani.inputs.midi.read import load_midi
from duemani.models.fingering.choose import assign_fingers, choose_fingers
from duemani.models.fingering.model import FingeringModel
from duemani.models.hands.assignment import assign_hands
from duemani.performance import Performance

LEAST_LABELS = 20


TWIN = Path(__file__).parent / "weights" / "fingering_held_out.npz"


@cache
def twin() -> FingeringModel:
    """The shipped weights' twin that never saw the test pieces."""
    model = FingeringModel.load(TWIN)
    if not model.held_out:
        raise SystemExit(f"{TWIN} was trained on the test pieces.")
    return model


@dataclass(frozen=True)
class Ours:
    """The package's own method with the twin's weights."""

    def fingers(self, performance: Performance) -> np.ndarray:
        """See `Fingerer`."""
        return assign_fingers(without(performance, hands=False), model=twin()).notes["finger"]


@cache
def _training() -> tuple[Performance, ...]:
    pieces = fingered_pieces()
    return tuple(piece.performance for piece in pieces if not is_held_out(piece.name))


def _hmm(order: int) -> Fingerer:
    return FingerHmm.trained(_training(), order)


def _autoregressive() -> Fingerer | None:
    try:
        from benchmarks.baselines.autoregressive import ArLstm
    except ModuleNotFoundError:  # the `train` extra is not installed
        return None
    return ArLstm.trained(_training())


def _package(name: str) -> Fingerer | None:
    python = peers_python()
    return Package(name, python) if python else None


METHODS: dict[str, Callable[[], Fingerer | None]] = {
    "ours": Ours,
    "tables": Tables.shipped,
    "autoregressive": _autoregressive,
    "hmm1": partial(_hmm, 1),
    "hmm2": partial(_hmm, 2),
    "hmm3": partial(_hmm, 3),
    "parncutt": ParncuttRules,
    "piano-fingering": partial(_package, "piano-fingering"),
    "pianoplayer": partial(_package, "pianoplayer"),
}
SLOW = ("pianoplayer",)


def match_rates(rows: Sequence[str]) -> None:
    """Held-out fingers, hands given: tables weighted by notes, by pieces, and of differences."""
    columns = corpora()
    labels = [_labels(corpus) for corpus in columns]
    rates: dict[str, list[np.ndarray]] = {}
    sec_per_100: dict[str, float] = {}
    for name in rows:
        method = METHODS[name]()
        if method is not None:
            rates[name], sec_per_100[name] = _measure(method, columns)
            print(f"{name}: measured", file=sys.stderr, flush=True)
    counts = [
        f"{corpus.name} ({len(each)} pieces, {each.sum()} labels)"
        for corpus, each in zip(columns, labels, strict=True)
    ]
    names = [corpus.name for corpus in columns]
    print("\n## Fingers, hands given (held-out pieces; 95 % bootstrap intervals over pieces)")
    per_note = {
        name: [*map(_cell, row, labels), f"{sec_per_100[name]:.4f}"] for name, row in rates.items()
    }
    _print_table("Per note", [*counts, "s per 100 notes"], rows, per_note)
    large = [each >= LEAST_LABELS for each in labels]
    per_piece = {
        name: [_cell(each[enough]) for each, enough in zip(row, large, strict=True)]
        for name, row in rates.items()
    }
    _print_table(f"Mean over pieces with at least {LEAST_LABELS} labels", names, rows, per_piece)
    if "ours" in rates and len(rates) > 1:
        lead = {
            name: [
                _cell((mine - each)[enough])
                for mine, each, enough in zip(rates["ours"], row, large, strict=True)
            ]
            for name, row in rates.items()
            if name != "ours"
        }
        _print_table("Ours minus the others, piece by piece (same mean)", names, list(lead), lead)


def _print_table(
    title: str, headings: Sequence[str], rows: Sequence[str], cells: dict[str, list[str]]
) -> None:
    print(f"\n{title}:\n\n| | {' | '.join(headings)} |\n|{'---|' * (len(headings) + 1)}")
    for name in rows:
        print(f"| {name} | {' | '.join(cells.get(name, ['not run']))} |", flush=True)


def _labels(corpus: Corpus) -> np.ndarray:
    """Notes with a known finger, (piece,)."""
    return np.array([int((piece.notes["finger"] > 0).sum()) for piece in corpus.pieces])


def _measure(method: Fingerer, columns: Sequence[Corpus]) -> tuple[list[np.ndarray], float]:
    """Match rates (piece,) of every corpus; seconds per 100 notes."""
    method.fingers(columns[-1].pieces[0])  # what is loaded once does not count
    known: dict[int, float] = {}
    took, notes = 0.0, 0
    results: list[np.ndarray] = []
    for corpus in columns:
        for piece in corpus.pieces:
            if id(piece) in known:  # corpora overlap
                continue
            began = time.perf_counter()
            chosen = method.fingers(piece)
            took += time.perf_counter() - began
            notes += len(piece.notes)
            known[id(piece)] = match_rate(chosen, piece.notes["finger"])
        results.append(np.array([known[id(piece)] for piece in corpus.pieces]))
    return results, 100 * took / max(notes, 1)


def _cell(rates: np.ndarray, labels: np.ndarray | None = None) -> str:
    mean = bootstrap_mean(rates, labels)
    return f"{mean.mean:.3f} ({mean.low:.2f}–{mean.high:.2f})" if len(rates) else "–"


def confidence() -> None:
    """How often the chosen finger is the printed one, by how sure the model is (twin)."""
    sure: list[np.ndarray] = []
    right: list[np.ndarray] = []
    for piece in fingered_pieces():
        if not is_held_out(piece.name) or piece.source == "beringer":
            continue
        printed = piece.performance.notes["finger"]
        chosen = assign_fingers(without(piece.performance, hands=False), model=twin()).notes
        known = printed > 0
        sure.append(chosen["confidence"][known])
        right.append(chosen["finger"][known] == printed[known])
    trust, agrees = np.concatenate(sure), np.concatenate(right)
    print("\n## Confidence (held-out Mutopia and Czerny)\n")
    print("| said | notes | mean confidence | printed finger |\n|---|---|---|---|")
    edges = [0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.01]
    error = 0.0
    for low, high in pairwise(edges):
        inside = (trust >= low) & (trust < high)
        if inside.any():
            said, is_so = trust[inside].mean(), agrees[inside].mean()
            error += abs(said - is_so) * inside.mean()
            print(f"| {low:.2f}–{min(high, 1):.2f} | {inside.sum()} | {said:.3f} | {is_so:.3f} |")
    print(f"\nMean distance of confidence and truth (these bins): {error:.3f}.")


def hands() -> None:
    """Hands from the notes alone; the staves (or tracks) are the truth. Nothing was trained on."""
    model = twin()
    print("\n## Hands from the notes alone (unseen pieces; truth: the staff)\n")
    print("| collection | pieces | notes | per note | mean over pieces | least |")
    print("|---|---|---|---|---|---|")
    for name, pieces in handed_corpora().items():
        shares: list[float] = []
        counts: list[int] = []
        for performance in pieces:
            truth = performance.notes["hand"]
            notes = without(performance, hands=True).notes
            guessed = assign_hands(notes, model.hands, 1.0, model.hand_network)
            shares.append(hand_accuracy(guessed, truth))
            counts.append(int((truth >= 0).sum()))
        print(
            f"| {name} | {len(shares)} | {sum(counts)} | {np.average(shares, weights=counts):.3f}"
            f" | {np.mean(shares):.3f} | {np.min(shares):.3f} |",
            flush=True,
        )


def feasibility() -> None:
    """What no hand could play, and time, on held-out ASAP performances (whole pieces)."""
    total: dict[str, int] = defaultdict(int)
    took = 0.0
    for piece in held_out_pieces(20):
        performance = load_midi(piece.midi)
        began = time.perf_counter()
        chosen = choose_fingers(performance)
        took += time.perf_counter() - began
        counts = infeasibility(chosen.performance, rolled=chosen.unreachable)
        for item in fields(Infeasibility):
            total[item.name] += getattr(counts, item.name)
        total["chords to roll"] += len(chosen.unreachable)
    print("\n## Infeasible pairs on 20 whole ASAP performances, hands and fingers chosen\n")
    print("| " + " | ".join(total) + " | sec per 100 notes |\n" + "|---" * (len(total) + 1) + "|")
    values = " | ".join(str(value) for value in total.values())
    print(f"| {values} | {100 * took / total['notes']:.4f} |")


_COLD = """
import time; began = time.perf_counter()
from duemani import choose_fingers, load_midi
notes = load_midi({midi!r}); part = notes.between(0, float(notes.notes["onset_sec"][100]))
choose_fingers(part); print(time.perf_counter() - began)
"""


def speed() -> None:
    """Cold start (import, weights, MIDI, 100 notes) and 1,000 notes with their hands given."""
    midi = DATA / "performances/asap/Beethoven/Piano_Sonatas/9-3/midi_score.mid"
    cold = [
        float(subprocess.check_output([sys.executable, "-c", _COLD.format(midi=str(midi))]))
        for _ in range(3)
    ]
    notes = load_midi(midi)
    part = notes.between(0, float(notes.notes["onset_sec"][1000]))
    took: list[float] = []
    for _ in range(3):
        began = time.perf_counter()
        choose_fingers(part)
        took.append(time.perf_counter() - began)
    print("\n## Speed (median of three)\n")
    print(f"cold start with 100 notes: {np.median(cold):.2f} s")
    print(f"{len(part.notes)} notes: {np.median(took):.3f} s")


def main(arguments: Sequence[str]) -> None:
    """Print the sections and rows asked for, or all."""
    sections = {"rates", "confidence", "hands", "feasibility", "speed"}
    unknown = set(arguments) - sections - set(METHODS)
    if unknown:
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}")
    rows = [name for name in METHODS if name in arguments]
    chosen = sections & set(arguments) or ({"rates"} if rows else sections)
    if "rates" in chosen:
        match_rates(rows or [name for name in METHODS if name not in SLOW])
    if "confidence" in chosen:
        confidence()
    if "hands" in chosen:
        hands()
    if "feasibility" in chosen:
        feasibility()
    if "speed" in chosen:
        speed()


if __name__ == "__main__":
    main(sys.argv[1:])
