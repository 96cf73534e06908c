"""What `analysis.difficulty` says about music of known grade: python -m benchmarks.difficulty.

Printed are the mean of the hardest quarter of the bars, the median bar, and rank correlations
with orders that others gave: Czerny's own in op. 599, and grades of well-known pieces. Fingers are
the printed ones where every note has one, otherwise `choose_fingers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from benchmarks.pieces import DATA
from duemani.analysis.difficulty import difficulty, overall
from duemani.datasets.fingering.scores import FingeredPiece, read_fingered_pieces
from duemani.inputs.midi.read import load_midi
from duemani.models.fingering.choose import Fingering, choose_fingers
from duemani.performance import Performance

SECONDS = 600.0
_BAR_SEC = 2.0

# Grades by general repute, as examination boards count (9 and 10: diplomas), set down by hand. The
# formula's weights were adjusted once with most of this table in view: no independent test.
GRADES = {
    "Bach/Prelude/bwv_846": 5,
    "Bach/Prelude/bwv_875": 8,
    "Bach/Fugue/bwv_846": 8,
    "Bach/Fugue/bwv_867": 8,
    "Haydn/Keyboard_Sonatas/39-1": 7,
    "Haydn/Keyboard_Sonatas/48-1": 8,
    "Haydn/Keyboard_Sonatas/6-1": 7,
    "Mozart/Piano_Sonatas/12-1": 8,
    "Mozart/Piano_Sonatas/11-3": 8,
    "Beethoven/Piano_Sonatas/8-2": 7,
    "Beethoven/Piano_Sonatas/16-1": 8,
    "Beethoven/Piano_Sonatas/21-1_no_repeat": 10,
    "Beethoven/Piano_Sonatas/23-1": 10,
    "Schubert/Moment_musical_no_3": 6,
    "Schubert/Impromptu_op.90_D.899/2": 8,
    "Schubert/Impromptu_op.90_D.899/3": 8,
    "Schumann/Arabeske": 8,
    "Schumann/Toccata_repeat": 10,
    "Debussy/Pour_le_Piano/1": 9,
    "Chopin/Ballades/1": 10,
    "Chopin/Ballades/4": 10,
    "Chopin/Etudes_op_10/1": 10,
    "Chopin/Etudes_op_10/2": 10,
    "Chopin/Etudes_op_10/3": 9,
    "Chopin/Etudes_op_10/5": 9,
    "Chopin/Etudes_op_10/12": 9,
    "Chopin/Etudes_op_25/1": 9,
    "Chopin/Etudes_op_25/12": 10,
    "Liszt/Concert_Etude_S145/2": 9,
    "Liszt/Gran_Etudes_de_Paganini/2_La_campanella": 10,
    "Liszt/Transcendental_Etudes/3": 9,
    "Liszt/Transcendental_Etudes/5": 10,
    "Liszt/Transcendental_Etudes/10": 10,
    "Balakirev/Islamey": 10,
    "Ravel/Pavane": 8,
    "Rachmaninoff/Preludes_op_23/4": 9,
}


def grid(performance: Performance, length_sec: float = _BAR_SEC) -> np.ndarray:
    """Bars of equal length where none are known."""
    return np.arange(0.0, max(performance.duration_sec - 1e-6, 0.1), length_sec)


def bars_of(fingering: Fingering, starts_sec: np.ndarray) -> tuple[float, float]:
    bars = difficulty(fingering, starts_sec)
    played = bars[bars > 0]
    return overall(bars), float(np.median(played)) if len(played) else 0.0


def printed(piece: FingeredPiece) -> Fingering | None:
    """A piece's own fingering, if every note has one."""
    finger = piece.performance.notes["finger"]
    if not len(finger) or not (finger > 0).all():
        return None
    chances = np.full((len(finger), 5), 0.2)
    return Fingering(piece.performance, chances, np.zeros(len(finger), int))


def slowed(performance: Performance, factor: float) -> Performance:
    notes = performance.notes.copy()
    notes["onset_sec"] *= factor
    notes["release_sec"] *= factor
    return Performance.create(notes)


def summary(label: str, values: Iterable[tuple[float, float]]) -> None:
    table = np.array(list(values))
    if len(table):
        low, middle, high = np.quantile(table[:, 0], [0.1, 0.5, 0.9])
        print(f"| {label} | {len(table)} | {low:.1f} | {middle:.1f} | {high:.1f} |", flush=True)


def fingered_collections() -> None:
    pieces = read_fingered_pieces(DATA / "fingering")
    print("\n## Collections with printed fingers\n")
    print("| | pieces | 10 % | median | 90 % |\n|---|---|---|---|---|")
    beringer = [piece for piece in pieces if piece.source == "beringer"]
    for kind in ("scales", "arpeggios", "broken_chords"):
        mine = [printed(piece) for piece in beringer if f"/{kind}/" in piece.name]
        for factor, pace in ((3.0, "0.375 s a note"), (1.0, "0.125 s a note")):
            paced = [
                Fingering(slowed(one.performance, factor), one.chances, one.substitution)
                for one in mine
                if one is not None
            ]
            values = [bars_of(one, grid(one.performance, 2.0 * factor)) for one in paced]
            summary(f"Beringer, {kind}, {pace}", values)
    numbers, values = [], []
    for piece in pieces:
        if piece.source == "czerny599":
            chosen = printed(piece) or choose_fingers(piece.performance)
            values.append(bars_of(chosen, grid(piece.performance)))
            numbers.append(int(re.findall(r"\d+", piece.name)[-1]))
    summary("Czerny op. 599", values)
    rank = spearmanr(numbers, [value for value, _ in values])
    print(f"\nCzerny op. 599, number against value: rank correlation {rank.statistic:.2f}")


def downbeats(annotations: Path) -> np.ndarray:
    rows = [line.split("\t") for line in annotations.read_text(encoding="utf-8").splitlines()]
    times = [float(row[0]) for row in rows if len(row) > 2 and row[2].startswith("db")]
    return np.unique(np.array(times))


def graded_pieces() -> None:
    print(f"\n## ASAP, first performance, at most {SECONDS:.0f} s\n")
    print("| piece | grade | value | median bar |\n|---|---|---|---|")
    grades, values = [], []
    for name, grade in sorted(GRADES.items(), key=lambda item: (item[1], item[0])):
        folder = DATA / "performances" / "asap" / name
        takes = sorted(path for path in folder.glob("*.mid") if path.name != "midi_score.mid")
        if not takes:
            continue
        beats = takes[0].with_name(f"{takes[0].stem}_annotations.txt")
        starts = downbeats(beats) if beats.exists() else np.zeros(0)
        starts = starts[starts < SECONDS]
        performance = load_midi(takes[0]).between(0, SECONDS)
        if len(starts) < 2:
            starts = grid(performance)
        value, middle = bars_of(choose_fingers(performance), starts)
        print(f"| {name} | {grade} | {value:.1f} | {middle:.1f} |", flush=True)
        grades.append(grade)
        values.append(value)
    if len(grades) > 2:
        rank = spearmanr(grades, values)
        print(
            f"\nGrade against value: rank correlation {rank.statistic:.2f} ({len(grades)} pieces)"
        )


if __name__ == "__main__":
    fingered_collections()
    graded_pieces()
