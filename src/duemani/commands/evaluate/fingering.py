"""`evaluate fingering`: how well the fingers that duemani chooses agree with known ones."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from duemani.commands.arguments import OptionalPath, say
from duemani.commands.progress_bars import ProgressBars
from duemani.errors import InputError

if TYPE_CHECKING:
    from duemani.evaluation.fingering.agreement import Estimate
    from duemani.evaluation.fingering.run import CollectionSummary, PieceResult


@dataclass(frozen=True)
class EvaluateFingering:
    """Compare the fingers that duemani chooses with known fingerings."""

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PATH")]
    """PIG file, .tsv table, a folder of either, or one with mutopia/, czerny599/, beringer/."""
    hands: bool = False
    """Also find the hands from the notes alone and compare them."""
    held_out: bool = False
    """Leave out the pieces that the weights were trained on."""
    weights: OptionalPath = None
    """Weights made by `duemani train fingering`, instead of the package's own."""
    json: bool = False
    """Print the figures as JSON on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the figures: rows of a table, or all of them for JSON."""
        from duemani.datasets.fingering.marked import read_marked_pieces
        from duemani.evaluation.fingering.run import measure_piece, summary
        from duemani.models.fingering.choose import assign_fingers
        from duemani.models.fingering.model import FingeringModel, pretrained_fingering

        model = FingeringModel.load(self.weights) if self.weights else pretrained_fingering()
        pieces = read_marked_pieces(self.input)
        unseen = [
            piece for piece in pieces if not piece.collected or (piece.held_out and model.held_out)
        ]
        trained_on = 0 if self.held_out else len(pieces) - len(unseen)
        if self.held_out:
            pieces = unseen
            if not pieces:
                raise InputError(f"every piece of {self.input} was used in training.")
        if not any(piece.fingers.any() for piece in pieces):
            raise InputError(f"{self.input} holds no fingers to compare with.")
        for remark in (remark for piece in pieces for remark in piece.remarks):
            say(remark)
        if trained_on:
            say(
                f"{trained_on} of {len(pieces)} pieces were used in training, so these figures are"
                " too good; --held-out leaves them out."
            )
        results: dict[str, list[PieceResult]] = defaultdict(list)
        with ProgressBars() as progress:
            for done, piece in enumerate(pieces, 1):
                result = measure_piece(
                    piece.performance,
                    piece.fingers,
                    self.hands,
                    lambda notes: assign_fingers(notes, model=model),
                )
                results[piece.collection].append(result)
                progress("fingering", done / len(pieces))
        summaries = {name: summary(measured) for name, measured in results.items()}
        if not self.json:
            return _table(summaries)
        return {
            "pieces": len(pieces),
            "trained_on": trained_on,
            "collections": _without_nan({name: asdict(row) for name, row in summaries.items()}),
        }


_RATES = {"general": "M_gen", "highest": "M_high", "soft": "M_soft", "recombined": "M_rec"}


def _table(summaries: dict[str, CollectionSummary]) -> dict[str, object]:
    """Rows by name: means over pieces with their 95 % intervals."""
    headings = "".join(f"  {heading:<19}" for heading in (*_RATES.values(), "M_gen per note"))
    rows: dict[str, object] = {f"{'collection':<15}": f"pieces labels{headings}".rstrip()}
    for name, collection in summaries.items():
        for hands, row in collection.rates.items():
            means = [*(getattr(row, rate) for rate in _RATES), row.per_note]
            shown = "".join(f"  {_interval(mean):<19}" for mean in means)
            rows[f"{name:<9} {hands:<5}"] = f"{row.pieces:>6} {row.labels:>6}{shown}".rstrip()
    for name, collection in summaries.items():
        if not math.isnan(collection.hands_found.mean):
            rows[f"{name:<9} hands"] = f"{_interval(collection.hands_found)} found from the notes"
    for name, collection in summaries.items():
        rows[f"{name:<9} time "] = f"{collection.sec_per_100_notes:.4f} s per 100 notes"
    return rows


def _interval(value: Estimate) -> str:
    """Such as `0.645 (0.612-0.677)`."""
    if math.isnan(value.mean):
        return "-"
    return f"{value.mean:.3f} ({value.low:.3f}-{value.high:.3f})"


def _without_nan(value: object) -> object:
    """The same figures, rounded; JSON knows no NaN: what cannot be measured is null."""
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 5)
    return value
