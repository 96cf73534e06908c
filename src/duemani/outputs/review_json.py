"""Everything that a review says as one `.json` file (docs/reference/review_format.md)."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from duemani.files import replacing
from duemani.outputs.notes import note_row
from duemani.outputs.score.review_score import note_marks, written_note
from duemani.report import Bar, Curve, FingerReview, Remark, Review

FORMAT = "duemani.review/1"


def save_review_json(path: Path, review: Review) -> None:
    """Write the whole report; what cannot be told is `null`.

    `perform` and the other commands read the file as a performance.

    Raises:
        InputError: the file cannot be written.
    """
    content = json.dumps(review_content(review), allow_nan=False, ensure_ascii=False)
    # A file name that is not valid Unicode may arrive as a title; its odd bytes become "?".
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="replace", newline="\n") as file,
    ):
        file.write(content + "\n")


def review_content(review: Review) -> dict[str, Any]:
    """What the file holds."""
    start_sec, end_sec = review.part_sec
    return {
        "format": FORMAT,
        "title": review.title,
        "source": review.source.name,
        "part_sec": [number(start_sec, 3), number(end_sec, 3)],
        "score": review.document.name if review.document is not None else None,
        "evidence": dict(review.evidence),
        "cannot_tell": list(review.cannot_tell),
        "assumptions": list(review.assumptions),
        "remarks": [remark_content(remark) for remark in review.remarks],
        "notes": _notes(review),
        "missing_notes": missing_content(review),
        "pedal": [
            {"time_sec": number(change["time_sec"], 4), "value": int(change["value"])}
            for change in review.performance.pedal
        ],
        "bars": [bar_content(bar) for bar in review.bars],
        "curves": [curve_content(curve) for curve in review.curves],
        "ratings": [
            {
                "name": rating.name,
                "value": number(rating.value, 3),
                "low": number(rating.low, 3),
                "high": number(rating.high, 3),
            }
            for rating in review.ratings
        ],
    }


def number(value: Any, digits: int) -> float | None:
    """A plain rounded number, None where it is not finite."""
    plain = float(value)
    return round(plain, digits) if math.isfinite(plain) else None


def remark_content(remark: Remark) -> dict[str, Any]:
    """A remark as plain values."""
    return {
        "kind": remark.kind,
        "title": remark.title,
        "text": remark.text,
        "start_sec": number(remark.start_sec, 3),
        "end_sec": number(remark.end_sec, 3),
        "bars": remark.bars,
        "weight": number(remark.weight, 3),
        "confidence": number(remark.confidence, 3),
        "praise": bool(remark.praise),
        "hand": int(remark.hand) if remark.hand in (0, 1) else None,
        "notes": [int(at) for at in remark.notes],
    }


def curve_content(curve: Curve) -> dict[str, Any]:
    """A curve as plain values; `low`, `high` and `reference` may be empty."""
    series = ("value", "low", "high", "reference")
    return {
        "name": curve.name,
        "label": curve.label,
        "unit": curve.unit,
        "time_sec": [number(value, 3) for value in curve.time_sec],
        **{name: [number(value, 4) for value in getattr(curve, name)] for name in series},
    }


def bar_content(bar: Bar) -> dict[str, Any]:
    """A bar as plain values."""
    return {
        "name": bar.name,
        "start_sec": number(bar.start_sec, 3),
        "end_sec": number(bar.end_sec, 3),
        "figures": {
            name: None if value is None else number(value, 4) for name, value in bar.figures.items()
        },
    }


def _notes(review: Review) -> list[dict[str, Any]]:
    names, marks = note_marks(review)
    rows = [_note(review, at) for at in range(len(names))]
    for row, name, mark in zip(rows, names, marks, strict=True):
        row |= {"name": name, "mark": mark or None}
    return rows


def _note(review: Review, at: int) -> dict[str, Any]:
    row: dict[str, Any] = dict(note_row(review.performance.notes[at]))
    row["onset_sec"], row["release_sec"] = (
        number(row[name], 4) for name in ("onset_sec", "release_sec")
    )
    row["score_note"] = row["bar"] = None
    if review.document is not None and review.note_numbers is not None:
        written = int(review.note_numbers[at])
        row["score_note"] = written if written >= 0 else None
        row["bar"] = review.document.notes[written].bar_name if written >= 0 else None
    row["fingering"] = None if review.fingers is None else _fingering(review.fingers, at)
    if row.get("confidence") is not None:
        row["confidence"] = number(row["confidence"], 3)
    return row


def _fingering(fingers: FingerReview, at: int) -> dict[str, Any]:
    hand = int(fingers.hand[at])
    return {
        "hand": hand if hand in (0, 1) else None,
        "played": int(fingers.played[at]) or None,
        "confidence": number(fingers.confidence[at], 3),
        "chances": [number(chance, 3) for chance in np.nan_to_num(fingers.chances[at])],
        "suggested": int(fingers.suggested[at]) or None,
        "gain": number(fingers.gain[at], 3),
        "flagged": bool(fingers.flagged[at]),
        "printed": int(fingers.printed[at]) or None,
        "why": list(fingers.why[at]),
    }


def missing_content(review: Review) -> list[dict[str, Any]]:
    """Notes of the score that were not played: their number, name and bar."""
    document = review.document
    if document is None:
        return []
    return [
        {
            "score_note": int(written),
            "name": written_note(document, int(written))[0],
            "bar": document.notes[written].bar_name,
        }
        for written in review.missing_numbers
    ]
