"""The score of a review's page: systems for a desk and for a phone, and what its notes are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from duemani.inputs.score.document import ScoreDocument
from duemani.outputs.fingered import pitch_name
from duemani.outputs.score.engraving import engrave_text, for_page
from duemani.outputs.score.review_musicxml import review_engraver_document
from duemani.report import Review

# Width of the systems for a desk and for a phone.
WIDE_MM, NARROW_MM = 180.0, 88.0
_FONT = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ALTERS = {"": "", "0": "", "1": "♯", "-1": "♭", "2": "𝄪", "-2": "𝄫"}


def score_content(review: Review) -> dict[str, Any]:
    """Systems as SVG, their notes by `data-note`, fingers by `data-of`; and their music font.

    Raises:
        InputError: the notation cannot be engraved.
    """
    document = review_engraver_document(review)
    wide, narrow = (
        [for_page(system) for system in engrave_text(document, review.title, "systems", width)]
        for width in (WIDE_MM, NARROW_MM)
    )
    needs_font = any('font-family="Leipzig"' in system for system in wide)
    return {"wide": wide, "narrow": narrow, "font": music_font() if needs_font else ""}


def music_font() -> str:
    """Verovio's music font as a style rule."""
    import verovio

    css = Path(verovio.__file__).parent / "data" / "Leipzig.css"
    found = _FONT.search(css.read_text(encoding="utf-8"))
    return found[0] if found else ""


def written_note(document: ScoreDocument, number: int) -> tuple[str, int | None]:
    """Name of a `<note>` as the score spells it ("F♯4"), and its MIDI number (None for a rest).

    The number is as sounding where the part does not transpose.
    """
    element = document.notes[number].element
    step, alter, octave = (
        document.inner_text(element, "pitch", name) for name in ("step", "alter", "octave")
    )
    if step not in _STEPS or not octave.lstrip("-").isdigit():
        return "", None
    try:
        change = float(alter or 0)
    except ValueError:
        change = 0.0
    pitch = round(12 * (int(octave) + 1) + _STEPS[step] + change)
    return f"{step}{_ALTERS.get(alter, '')}{octave}", pitch


def note_marks(review: Review) -> tuple[list[str], list[str]]:
    """Names of the notes as played, and what is wrong with them: "", `wrong` or `extra`."""
    pitches = review.performance.notes["pitch"]
    names = [pitch_name(int(pitch)) for pitch in pitches]
    marks = [""] * len(pitches)
    document, numbers = review.document, review.note_numbers
    if document is None or numbers is None:
        return names, marks
    for at, number in enumerate(numbers):
        if number < 0:
            marks[at] = "extra"
            continue
        name, written = written_note(document, int(number))
        if written == int(pitches[at]):
            names[at] = name
        # Octave signs and transposing parts differ by whole octaves, which is no wrong note.
        elif written is not None and (written - int(pitches[at])) % 12:
            marks[at] = "wrong"
    return names, marks


def bars_of_notes(review: Review) -> list[str]:
    """Printed number of every note's bar, "" where it is not in the score."""
    document, numbers = review.document, review.note_numbers
    if document is None or numbers is None:
        return [""] * len(review.performance.notes)
    return [document.notes[int(n)].bar_name if n >= 0 else "" for n in np.asarray(numbers)]
