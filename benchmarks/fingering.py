"""The figures of hand and finger assignment: python -m benchmarks.fingering.

Match rates on the pieces that `datasets.fingering.is_held_out` keeps from training (the shipped
weights were trained without them), hand accuracy with the staves as truth, and what no hand could
play on ASAP performances.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import fields

import numpy as np

from benchmarks.pieces import DATA, held_out_pieces
from duemani.datasets.fingering import is_held_out, read_fingered_pieces
from duemani.evaluation.fingering import Infeasibility, hand_accuracy, infeasibility, match_rate
from duemani.inputs.midi import load_midi
from duemani.models.fingering import assign_fingers
from duemani.performance import UNKNOWN_FINGER, UNKNOWN_HAND, Performance

LEAST_LABELS = 20


def without(performance: Performance, hands: bool) -> Performance:
    """The same notes without fingers, and without hands if wanted."""
    notes = performance.notes
    hand = np.full(len(notes), UNKNOWN_HAND) if hands else notes["hand"]
    return performance.with_fingers(hand, np.full(len(notes), UNKNOWN_FINGER))


def match_rates() -> None:
    """Held-out printed fingerings, hands given, and hands from the notes alone."""
    notes: dict[str, list[tuple[float, int]]] = defaultdict(list)
    hands: dict[str, list[float]] = defaultdict(list)
    for piece in read_fingered_pieces(DATA / "fingering"):
        if not is_held_out(piece.name):
            continue
        printed = piece.performance.notes
        chosen = assign_fingers(without(piece.performance, hands=False)).notes["finger"]
        labels = int((printed["finger"] > 0).sum())
        if labels:
            notes[piece.source].append((match_rate(chosen, printed["finger"]), labels))
        if piece.source != "beringer" and len(printed) >= LEAST_LABELS:
            guessed = assign_fingers(without(piece.performance, hands=True)).notes["hand"]
            hands[piece.source].append(hand_accuracy(guessed, printed["hand"]))
    print("\n## Fingers, hands given (held-out pieces)\n")
    print("| collection | pieces | labels | per note | mean over pieces (≥ 20 labels) |")
    print("|---|---|---|---|---|")
    for source, rows in notes.items():
        rates, labels = np.array(rows).T
        large = labels >= LEAST_LABELS
        print(
            f"| {source} | {len(rows)} | {labels.sum():.0f}"
            f" | {np.average(rates, weights=labels):.3f} | {rates[large].mean():.3f} |"
        )
    print("\n## Hands from the notes alone (held-out pieces; truth: the staff)\n")
    print("| collection | pieces | mean | least |\n|---|---|---|---|")
    for source, shares in hands.items():
        print(f"| {source} | {len(shares)} | {np.mean(shares):.3f} | {np.min(shares):.3f} |")


def feasibility() -> None:
    """What no hand could play, and time, on held-out ASAP performances (whole pieces)."""
    total: dict[str, int] = defaultdict(int)
    took = 0.0
    for piece in held_out_pieces(20):
        performance = load_midi(piece.midi)
        began = time.perf_counter()
        fingered = assign_fingers(performance)
        took += time.perf_counter() - began
        counts = infeasibility(fingered)
        for item in fields(Infeasibility):
            total[item.name] += getattr(counts, item.name)
    print("\n## Infeasible pairs on 20 whole ASAP performances\n")
    print("| " + " | ".join(total) + " | ms per note |\n" + "|---" * (len(total) + 1) + "|")
    values = " | ".join(str(value) for value in total.values())
    print(f"| {values} | {1000 * took / total['notes']:.2f} |")


if __name__ == "__main__":
    match_rates()
    feasibility()
