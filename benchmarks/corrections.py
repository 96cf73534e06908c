"""Are fingering errors found, and experts left alone? python -m benchmarks.corrections [sections].

Errors as learners make them (`duemani.datasets.learner_errors`; what counts as one is decided by
published ergonomic rules, not by the model that detects) are put into fingerings of experts that
the model's twin never saw, see `datasets.fingering.scores.is_held_out`. Sections: `rates`, `kinds`,
`prints`, `speed`; all by default. Thresholds were set on other pieces (one in five of the training
pieces, with a model trained without those).

Strict figures compare notes: flagged against changed. In the others a changed note is found, and a
flagged note is right, if it or the note struck just before or after it by that hand is. `errors
found`: errors (of one to three notes) with a flag on or beside one of their notes. `restored`:
changed and flagged notes whose old finger is the one suggested. All on pieces of which `share` of
the notes were changed; false alarms on the same pieces without any change.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from functools import cache

import numpy as np

from benchmarks.fingering import twin
from benchmarks.fingering_corpora import fingered_pieces, without
from duemani.analysis.corrections.corrections import Corrections, correct_fingers
from duemani.datasets.fingering.scores import is_held_out
from duemani.datasets.simulated.learner_errors import LearnerErrors, learner_errors
from duemani.models.fingering.choose import assign_fingers, choose_fingers
from duemani.models.fingering.lines import hand_line
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER, Performance

SEEDS = range(3)
SHARES = (0.08, 0.04)
LEAST_PRINTED = 0.4
MOST_NOTES = 300
UNSEEN, MISREAD = 0.05, 0.03

Detector = Callable[[Performance, np.ndarray | None], tuple[np.ndarray, np.ndarray]]
"""(take as read, chances) to (flagged, suggested)."""


@dataclass(frozen=True)
class Expert:
    """A piece with good fingers on every note; `printed`: those that an editor wrote."""

    performance: Performance
    printed: np.ndarray


@cache
def experts(corpus: str) -> tuple[Expert, ...]:
    """Held-out pieces. Fingers that Mutopia's editors left out are the model's own.

    Of Mutopia the first 300 notes of pieces of which at least two notes in five are printed.
    """
    found = []
    for piece in fingered_pieces():
        if piece.source != corpus or not is_held_out(piece.name):
            continue
        performance, printed = piece.performance, piece.performance.notes["finger"].astype(int)
        if (printed > 0).mean() < LEAST_PRINTED or len(printed) < 20:
            continue
        if corpus == "mutopia":
            performance = Performance(performance.notes[:MOST_NOTES])
            printed = printed[:MOST_NOTES]
            performance = choose_fingers(performance, keep="hard", model=twin()).performance
        # The printed fingers are certain.
        known = performance.with_fingers(
            performance.notes["hand"], performance.notes["finger"].astype(int)
        )
        found.append(Expert(known, printed))
    return tuple(found)


def as_filmed(performance: Performance, rng: np.random.Generator) -> tuple[Performance, np.ndarray]:
    """The fingers as a camera would tell them, and their chances, which are honest.

    5 % are not seen; of the rest the most are read with near certainty, and 3 % wrongly, mostly as
    the next finger.
    """
    notes = performance.notes
    count, finger = len(notes), notes["finger"].astype(int)
    doubtful = rng.random(count) < 0.2
    error = np.where(doubtful, rng.beta(1.2, 8.0, count), rng.beta(1.0, 400.0, count))
    error *= MISREAD / max(error.mean(), 1e-9)
    error = np.clip(error, 0.0, 0.7)
    wrong = rng.random(count) < error
    other = finger + rng.choice([-1, 1], count)
    other = np.where((other < 1) | (other > 5), 2 * finger - other, other)
    read = np.where(wrong & (finger > 0), other, finger)
    chances = np.zeros((count, 10))
    for note in range(count):
        own, base = read[note], 5 * int(notes["hand"][note])
        beside = [each for each in (own - 1, own + 1) if 1 <= each <= 5]
        chances[note, base + np.array(beside) - 1] = error[note] / len(beside)
        chances[note, base + own - 1] = 1 - error[note]
    unseen = rng.random(count) < UNSEEN
    chances[unseen] = 0.0
    for note in np.flatnonzero(unseen).tolist():
        chances[note, 5 * int(notes["hand"][note]) + np.arange(5)] = 0.2
    read = np.where(unseen, UNKNOWN_FINGER, read)
    return performance.with_fingers(notes["hand"], read), chances


def _ours(performance: Performance, chances: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    found = correct_fingers(performance, chances, model=twin())
    return found.flagged, found.suggested


def _naive(performance: Performance, chances: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Every note whose finger is not the model's own best."""
    best = assign_fingers(without(performance, hands=False), model=twin()).notes["finger"]
    played = performance.notes["finger"]
    return (best != played) & (played > 0), best.astype(int)


DETECTORS: dict[str, Detector] = {"corrections": _ours, "not the model's best": _naive}


@dataclass
class Counts:
    """Sums over the pieces of one seed."""

    wrong: int = 0
    flagged: int = 0
    both: int = 0
    near_right: int = 0
    near_found: int = 0
    restored: int = 0
    alarms: int = 0
    clean: int = 0
    errors: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))

    def add(
        self, made: LearnerErrors, good: Performance, flagged: np.ndarray, suggested: np.ndarray
    ) -> None:
        """One piece with errors, and what was said of it."""
        wrong = made.wrong
        near_flag, near_wrong = _spread(good, flagged), _spread(good, wrong)
        self.wrong += int(wrong.sum())
        self.flagged += int(flagged.sum())
        self.both += int((wrong & flagged).sum())
        self.near_right += int((flagged & near_wrong).sum())
        self.near_found += int((wrong & near_flag).sum())
        restored = wrong & flagged & (suggested == good.notes["finger"])
        self.restored += int(restored.sum())
        for number, kind in enumerate(made.kinds):
            self.errors[kind].append(bool(near_flag[made.error == number].any()))

    def include(self, other: Counts) -> None:
        """Add the sums of other pieces."""
        for item in fields(self):
            if item.name != "errors":
                total = getattr(self, item.name) + getattr(other, item.name)
                setattr(self, item.name, total)
        for kind, found in other.errors.items():
            self.errors[kind] += found

    def figures(self) -> dict[str, float]:
        """Precision and the rest, 0-1; false alarms per 100 notes."""
        flags, wrong = max(self.flagged, 1), max(self.wrong, 1)
        every = [found for kind in self.errors.values() for found in kind]
        return {
            "precision": self.near_right / flags,
            "recall": self.near_found / wrong,
            "strict precision": self.both / flags,
            "strict recall": self.both / wrong,
            "errors found": float(np.mean(every)) if every else float("nan"),
            "restored": self.restored / max(self.both, 1),
            "false alarms per 100 notes": 100 * self.alarms / max(self.clean, 1),
        }


def _spread(performance: Performance, marked: np.ndarray) -> np.ndarray:
    """The notes marked and those struck with, just before and just after them by the same hand."""
    notes = performance.notes.copy()
    notes["finger"] = UNKNOWN_FINGER
    out = marked.copy()
    for hand in (LEFT, RIGHT):
        events = hand_line(notes, hand).notes
        has = np.array([bool(marked[event].any()) for event in events], bool)
        near = has.copy()
        near[1:] |= has[:-1]
        near[:-1] |= has[1:]
        for event in np.flatnonzero(near).tolist():
            out[events[event]] = True
    return out


@cache
def counted(corpus: str, method: str, seed: int, share: float, filmed: bool) -> Counts:
    """One seed over all pieces of a collection."""
    counts, detector = Counts(), DETECTORS[method]
    for at, piece in enumerate(experts(corpus)):
        rng = np.random.default_rng([seed, at])
        made = learner_errors(piece.performance, rng, share)
        flagged, suggested = _said(detector, made.performance, rng, filmed)
        counts.add(made, piece.performance, flagged, suggested)
        alarms, _ = _said(detector, piece.performance, rng, filmed)
        judged = piece.printed > 0
        counts.alarms += int(alarms[judged].sum())
        counts.clean += int(judged.sum())
    return counts


def _said(
    detector: Detector, performance: Performance, rng: np.random.Generator, filmed: bool
) -> tuple[np.ndarray, np.ndarray]:
    if not filmed:
        return detector(performance, None)
    return detector(*as_filmed(performance, rng))


def _cell(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}"


def rates() -> None:
    """Precision and recall, by collection, reading and share of errors; mean ± s.d. over seeds."""
    print(f"\n## Corrections against injected errors (mean ± s.d. over {len(SEEDS)} seeds)\n")
    heading = [*Counts().figures()]
    print(f"| pieces | method | fingers | wrong | {' | '.join(heading)} |")
    print("|---" * (4 + len(heading)) + "|")
    runs = [("corrections", filmed, share) for filmed in (False, True) for share in SHARES]
    for how, filmed, share in [*runs, ("not the model's best", False, SHARES[0])]:
        both = [Counts() for _ in SEEDS]
        for name in ("czerny599", "beringer", "mutopia"):
            seeds = [counted(name, how, seed, share, filmed) for seed in SEEDS]
            about = f"{how} | {'as filmed' if filmed else 'known'} | {100 * share:.0f} %"
            if name != "mutopia":
                for total, each in zip(both, seeds, strict=True):
                    total.include(each)
            else:
                _print_row(f"Czerny and Beringer | {about}", both)
            _print_row(f"{name} ({len(experts(name))} pieces) | {about}", seeds)


def _print_row(about: str, seeds: Sequence[Counts]) -> None:
    rows = [counts.figures() for counts in seeds]
    cells = [_cell([row[key] for row in rows]) for key in rows[0]]
    print(f"| {about} | {' | '.join(cells)} |", flush=True)


def kinds() -> None:
    """Errors found by kind, Czerny and Beringer."""
    print("\n## By kind of error (Czerny and Beringer, 8 %, all seeds)\n")
    print("| kind | errors | found, fingers known | errors | found, as filmed |")
    print("|---|---|---|---|---|")
    totals = [Counts(), Counts()]
    for filmed in (False, True):
        for seed in SEEDS:
            for name in ("czerny599", "beringer"):
                totals[filmed].include(counted(name, "corrections", seed, SHARES[0], filmed))
    for kind in sorted(totals[0].errors):
        cells = [each.errors[kind] for each in totals]
        told = [f"{len(found)} | {np.mean(found) if found else np.nan:.3f}" for found in cells]
        print(f"| {kind} | {' | '.join(told)} |")


def prints() -> None:
    """Mutopia with the score's fingers given: what is contradicted."""
    pieces = experts("mutopia")
    counts = Counts()
    for at, piece in enumerate(pieces):
        made = learner_errors(piece.performance, np.random.default_rng([0, at]), SHARES[0])
        said = _with_prints(made.performance, piece.printed)
        counts.add(made, piece.performance, said.flagged, said.suggested)
        alarms = _with_prints(piece.performance, piece.printed).flagged
        counts.alarms += int(alarms[piece.printed > 0].sum())
        counts.clean += int((piece.printed > 0).sum())
    print("\n## Mutopia with its printed fingers given (seed 0)\n")
    for name, value in counts.figures().items():
        print(f"{name}: {value:.3f}")


def _with_prints(performance: Performance, printed: np.ndarray) -> Corrections:
    return correct_fingers(performance, printed=printed, model=twin())


def speed() -> None:
    """Seconds for 1,000 notes: corrections, and making errors."""
    pieces = [piece.performance for piece in experts("mutopia")]
    longest = max(pieces, key=lambda each: len(each.notes))
    part = Performance(longest.notes[:1000])
    took: dict[str, list[float]] = defaultdict(list)
    for seed in range(3):
        began = time.perf_counter()
        made = learner_errors(part, np.random.default_rng(seed), SHARES[0])
        took["making errors"].append(time.perf_counter() - began)
        began = time.perf_counter()
        correct_fingers(made.performance, model=twin())
        took["corrections"].append(time.perf_counter() - began)
    print(f"\n## Speed ({len(part.notes)} notes, median of three)\n")
    for name, values in took.items():
        print(f"{name}: {np.median(values) * 1000 / len(part.notes):.3f} s per 1,000 notes")


SECTIONS = {"rates": rates, "kinds": kinds, "prints": prints, "speed": speed}


def main(arguments: Sequence[str]) -> None:
    """Print the sections asked for, or all."""
    unknown = set(arguments) - set(SECTIONS)
    if unknown:
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}")
    for name, section in SECTIONS.items():
        if not arguments or name in arguments:
            section()


if __name__ == "__main__":
    main(sys.argv[1:])
