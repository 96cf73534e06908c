"""What the page of a review holds, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from duemani.motion import HandMotion
from duemani.outputs.page.parts import keyboard_data, motion_data, skeleton_data
from duemani.outputs.review_json import (
    bar_content,
    curve_content,
    missing_content,
    number,
    remark_content,
)
from duemani.outputs.score.review_score import bars_of_notes, note_marks
from duemani.performance import sound_end_sec
from duemani.report import FingerReview, Review

PAGE_FORMAT = "duemani.review_page/1"
# What the table calls the figures of a bar: heading, unit, digits.
_FIGURES = {
    "dynamics": ("dynamics", "velocity", 0),
    "tempo": ("tempo", "beats/min", 0),
    "articulation": ("held", "% of written length", 0),
    "pedal": ("pedal", "% of the time", 0),
    "evenness": ("unevenness", "% of the interval", 0),
    "synchrony": ("hands apart", "ms", 0),
    "voicing": ("melody above rest", "velocity", 0),
}
_IN_PERCENT = frozenset({"articulation", "pedal", "evenness"})


@dataclass(frozen=True)
class Media:
    """What the page plays.

    Attributes:
        mime: of the film or sound, "" for silence.
        has_film: it is a film.
        film_size_px: its width and height.
        sound: where the sound comes from, in words.
        credit: who is to be named for it, "" for nobody.
    """

    mime: str = ""
    has_film: bool = False
    film_size_px: tuple[int, int] = (16, 9)
    sound: str = ""
    credit: str = ""


def motions(review: Review) -> dict[str, HandMotion]:
    """The hands that the page can show, by name, those with frames only."""
    found = {
        "seen": review.seen,
        "played": review.played_motion,
        "suggested": review.suggested_motion if _suggested_fits(review) else None,
    }
    return {name: one for name, one in found.items() if one is not None and one.frame_count}


def page_content(
    review: Review,
    shown: Mapping[str, HandMotion],
    media: Media,
    has_score: bool,
    absent: Sequence[str],
) -> dict[str, Any]:
    """All that the page shows but score, motion and media themselves.

    Args:
        review: the review.
        shown: motions as they stand in the page.
        media: film or sound.
        has_score: the score was engraved.
        absent: what the page lacks and why, one sentence each.
    """
    notes = review.performance.notes
    ends = sound_end_sec(review.performance)
    last = [review.performance.duration_sec, float(ends.max(initial=0.0))]
    last += [m.start_sec + max(m.frame_count - 1, 0) / m.frame_rate for m in shown.values()]
    names, marks = note_marks(review)
    numbers = review.note_numbers if has_score else None
    return {
        "format": PAGE_FORMAT,
        "title": review.title,
        "source": review.source.name,
        "duration_sec": number(max(last), 4),
        "has_score": has_score,
        "notes": {
            "onset_sec": notes["onset_sec"].round(4).tolist(),
            "release_sec": notes["release_sec"].round(4).tolist(),
            "sound_end_sec": ends.round(4).tolist(),
            "pitch": notes["pitch"].tolist(),
            "velocity": notes["velocity"].tolist(),
            **_hands_of(review),
            "name": names,
            "mark": marks,
            "bar": bars_of_notes(review),
            "number": [-1] * len(notes) if numbers is None else numbers.tolist(),
        },
        "fingers": None if review.fingers is None else _fingers(review.fingers),
        "suggested": _suggested(review),
        "missing": missing_content(review),
        "pedal": {
            "time_sec": review.performance.pedal["time_sec"].round(4).tolist(),
            "value": review.performance.pedal["value"].tolist(),
        },
        "keyboard": keyboard_data(),
        "skeleton": skeleton_data(),
        "motions": {
            name: {**motion_data(one), "simulated": name != "seen"} for name, one in shown.items()
        },
        "remarks": [remark_content(remark) for remark in review.remarks],
        "curves": [curve_content(curve) for curve in review.curves],
        "bars": [bar_content(bar) for bar in review.bars],
        "figures": _figures(review),
        "ratings": [
            {
                "name": rating.name,
                **{key: number(getattr(rating, key), 3) for key in ("value", "low", "high")},
            }
            for rating in review.ratings
        ],
        "evidence": [[topic, text] for topic, text in _evidence(review, media).items()],
        "cannot_tell": list(review.cannot_tell),
        "assumptions": list(review.assumptions),
        "absent": list(absent),
        "media": {
            "mime": media.mime,
            "film": list(media.film_size_px) if media.has_film else None,
            "sound": media.sound,
        },
    }


def _evidence(review: Review, media: Media) -> dict[str, str]:
    credit = {"sound": f"rendered {media.credit}"} if media.credit else {}
    return {**review.evidence, **credit}


def absent_parts(review: Review, shown: Mapping[str, HandMotion]) -> list[str]:
    """What the page does not show because the review does not have it, one sentence each."""
    sentences = []
    if not len(review.performance.notes):
        sentences.append("Notes: none were heard or given, so there is nothing to play or draw.")
    elif review.document is None:
        sentences.append("No score was given: the notes are drawn as a piano roll instead.")
    if review.fingers is None:
        why = "the hands were not seen" if len(review.performance.notes) else "there are no notes"
        sentences.append(f"Fingers: {why}, so nothing is said of the fingering.")
    if review.video is None and not shown:
        sentences.append("Hands: neither a video nor hands in 3D are there to be shown.")
    if not review.remarks:
        sentences.append("Remarks: nothing was found that is sure enough to be told.")
    if not review.curves and not review.bars:
        sentences.append("Expression: there was too little to measure it.")
    if not review.ratings:
        sentences.append("Listeners' ratings: not predicted for this take.")
    return sentences


def _hands_of(review: Review) -> dict[str, list[int]]:
    """Hand and finger to draw: as seen, or as assumed for hands that are made."""
    notes, fingers = review.performance.notes, review.fingers
    if fingers is None:
        return {"hand": notes["hand"].tolist(), "finger": notes["finger"].tolist()}
    hand = np.where(fingers.hand >= 0, fingers.hand, notes["hand"])
    return {"hand": hand.tolist(), "finger": fingers.played.tolist()}


def _fingers(fingers: FingerReview) -> dict[str, Any]:
    return {
        "confidence": [number(value, 3) for value in fingers.confidence],
        "suggested": fingers.suggested.tolist(),
        "flagged": fingers.flagged.tolist(),
        "gain": [number(value, 2) for value in fingers.gain],
        "printed": fingers.printed.tolist(),
        "why": {str(at): list(why) for at, why in enumerate(fingers.why) if why},
    }


def _suggested_fits(review: Review) -> bool:
    return review.suggested is not None and len(review.suggested.notes) == len(
        review.performance.notes
    )


def _suggested(review: Review) -> dict[str, list[int]] | None:
    if review.suggested is None or not _suggested_fits(review):
        return None
    notes = review.suggested.notes
    return {"hand": notes["hand"].tolist(), "finger": notes["finger"].tolist()}


def _figures(review: Review) -> list[dict[str, Any]]:
    """Columns of the table of bars: those that any bar has a value for."""
    known = {
        name for bar in review.bars for name, value in bar.figures.items() if value is not None
    }
    order = [name for name in _FIGURES if name in known] + sorted(known - set(_FIGURES))
    columns = []
    for name in order:
        label, unit, digits = _FIGURES.get(name, (name, "", 2))
        scale = 100 if name in _IN_PERCENT else 1
        row = {"name": name, "label": label, "unit": unit, "digits": digits, "scale": scale}
        columns.append(row)
    return columns
