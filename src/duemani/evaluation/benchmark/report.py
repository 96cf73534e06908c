"""What a benchmark of motion found, as Markdown for people and as JSON for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from duemani.evaluation.benchmark.table import (
    REAL_HANDS_COLUMNS,
    Row,
    markdown,
    plain,
    summarise,
    take_row,
)

_NOTES = """\
Key presses: pitch and onset ± 50 ms. Finger agreement: with the fingers that duemani chose for \
the notes; in the rows of true motion, with the take's own. Violations, penetrations and \
collisions: shares of frames. FGD, WGD, PD, “Smooth” (published code, mean of both hands) and \
FID: against the take's own motion; none of them looks at keys. `raw`: as drawn, neither guided \
nor brought onto the keys; `notes`, `sound`: all that the model was told; `by ear`: fingertips \
guided to keys that were heard, and no more. From sound alone is \
S2C's task, whose published key-press F1 is 0.121 (on FürElise). Seam ratio: acceleration where \
windows meet over elsewhere."""


@dataclass(frozen=True)
class MotionReport:
    """All figures of one run.

    Attributes:
        data: name of the data set.
        source: what it was made of.
        simulated: whether the hands in the data set are simulated.
        takes: names of the takes measured.
        seconds: greatest length of each.
        seeds: how many times a model with chance played each.
        rows: by model.
        fid_floor: FID between two halves of the true motion; NaN where it is not measured.
        real_takes: numbers of the takes of real hands.
        real_hands: by model, for each seed the figures of each of those.
    """

    data: str
    source: str
    simulated: bool
    takes: Sequence[str]
    seconds: float
    seeds: int
    rows: Mapping[str, Row]
    fid_floor: float = float("nan")
    real_takes: Sequence[int] = ()
    real_hands: Mapping[str, Sequence[Sequence[Mapping[str, float]]]] = field(default_factory=dict)

    def for_machines(self) -> dict[str, object]:
        """Everything, as JSON has it: what cannot be had is null."""
        beside = {
            name: {
                "takes": {number: take_row(runs, at) for at, number in enumerate(self.real_takes)},
                "mean": summarise(runs),
            }
            for name, runs in self.real_hands.items()
        }
        report = {
            "data": self.data,
            "source": self.source,
            "simulated": self.simulated,
            "takes": list(self.takes),
            "seconds": self.seconds,
            "seeds": self.seeds,
            "rows": self.rows,
            "fid_floor": self.fid_floor,
            "real_hands": beside,
        }
        return {name: plain(value) for name, value in report.items()}

    def for_people(self) -> str:
        """Markdown tables and what they are of."""
        parts = [
            f"{len(self.takes)} test takes of `{self.data}`, at most the first"
            f" {self.seconds:g} s of each. Every motion is made by `duemani.generate` at 30 Hz"
            " from the notes, without hands and fingers, and the sound. Means over takes"
            f" {_plus_minus(self.seeds)}.",
            self._what_is_simulated(),
            markdown(self.rows),
            _NOTES,
        ]
        if np.isfinite(self.fid_floor):
            parts.append(
                f"FID between two halves of the true motion: {self.fid_floor:.2f} (of half as"
                " many clips each, which raises it)."
            )
        parts.append(f"Takes: {', '.join(self.takes)}.")
        if self.real_hands:
            parts += [self._real_hands_heading(), self._real_hands_table()]
        return "\n\n".join(parts)

    def _what_is_simulated(self) -> str:
        if self.simulated:
            return (
                "**All hands here are simulated**: the models', and the takes' own, which the"
                " solver played as random pianists. No motion capture is in this table."
            )
        return (
            "**Every model's hands are simulated**; the takes' own, in the rows from `true motion`"
            f" on, are real hands ({self.source})."
        )

    def _real_hands_heading(self) -> str:
        return (
            "MIDItest: simulated fingertips at 60 Hz beside **real** ones (filmed and tracked), by"
            " x along the keys; ratios are simulated over real, below 6 Hz or raw; distances are"
            f" 1-Wasserstein, of logarithms. Takes {_plus_minus(self.seeds)}; mean ± standard"
            " deviation over takes."
        )

    def _real_hands_table(self) -> str:
        rows: dict[str, Row] = {}
        means = []
        for name, runs in self.real_hands.items():
            for at, number in enumerate(self.real_takes):
                rows[f"{name}, take {number}"] = take_row(runs, at)
            means.append(f"**{name}, mean**")
            rows[means[-1]] = summarise(runs)
        return markdown(rows, REAL_HANDS_COLUMNS, over_takes=means)


def _plus_minus(seeds: int) -> str:
    return f"± standard deviation over {seeds} seeds" if seeds > 1 else "of one seed"
