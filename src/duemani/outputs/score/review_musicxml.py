"""The score with the fingers that were played, and better ones where they are worth telling."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from duemani.errors import InputError
from duemani.inputs.score.document import Edit, ScoreDocument, edited, tag_edits
from duemani.outputs.score.musicxml_fingers import fingers_above, inserted, write_score
from duemani.performance import LEFT, RIGHT
from duemani.report import Review

SUGGESTED_COLOUR = "#1F5FBF"
PLAYED_OTHERWISE_COLOUR = "#B4401E"
SUGGESTED_MARK = "▸"
"""Stands before a suggested finger in the engraving, so that it does not differ by colour only."""


@dataclass(frozen=True)
class WrittenFingers:
    """What to write at one `<note>`.

    Attributes:
        number: of the `<note>` in the document.
        hand: that played it.
        pitch: MIDI number.
        played: finger 1-5, 0 unknown.
        suggested: finger 1-5 where another is worth telling, else 0.
    """

    number: int
    hand: int
    pitch: int
    played: int
    suggested: int


def save_review_musicxml(path: Path, review: Review) -> None:
    """Write the score with fingers, as `.mxl` if the suffix says so; everything else stays.

    Printed fingers stay first. A played finger follows as `<fingering>`, coloured where the score
    prints another; a suggested one as `<fingering alternate="yes">`, coloured. Of a repeated
    passage the pass is written in which a better finger is worth telling, else the one seen best.

    Raises:
        InputError: the review has no score, or the file cannot be written.
    """
    document = review.document
    if document is None:
        raise InputError("there is no score to write fingers into; give one (--score).")
    data = document.encoded(edited(document.text, _file_edits(document, written_fingers(review))))
    write_score(path, document, data)


def written_fingers(review: Review) -> list[WrittenFingers]:
    """Fingers of every `<note>` that was played and has one to show, in the document's order."""
    fingers, numbers = review.fingers, review.note_numbers
    if fingers is None or numbers is None or review.document is None:
        return []
    best: dict[int, tuple[tuple[bool, float], WrittenFingers]] = {}
    notes = review.performance.notes
    for at in np.flatnonzero(numbers >= 0):
        number, played = int(numbers[at]), int(fingers.played[at])
        better = int(fingers.suggested[at]) if fingers.flagged[at] else 0
        if better == played:
            better = 0
        if not played and not better:
            continue
        hand = int(fingers.hand[at]) if fingers.hand[at] >= 0 else int(notes["hand"][at])
        if hand < 0:
            staff = review.document.inner_text(review.document.notes[number].element, "staff")
            hand = LEFT if staff == "2" else RIGHT
        rank = (better > 0, float(np.nan_to_num(fingers.confidence[at])))
        if number not in best or rank > best[number][0]:
            pitch = int(notes["pitch"][at])
            best[number] = (rank, WrittenFingers(number, hand, pitch, played, better))
    return [best[number][1] for number in sorted(best)]


def review_engraver_document(review: Review) -> bytes:
    """The score for an engraver: every note with its id, played and suggested fingers.

    Where a finger was seen it stands instead of the printed one; suggested ones follow behind
    `SUGGESTED_MARK`.
    """
    document = review.document
    assert document is not None
    written = written_fingers(review)
    above = fingers_above(
        document,
        np.array([one.number for one in written], int),
        np.array([one.hand for one in written], int),
        np.array([one.pitch for one in written], int),
    )
    edits = tag_edits(document)
    for one, is_above in zip(written, above, strict=True):
        place = f'placement="{"above" if is_above else "below"}"'
        texts = [str(one.played)] if one.played else []
        texts += [f"{SUGGESTED_MARK}{one.suggested}"] if one.suggested else []
        new = "".join(f"<fingering {place}>{text}</fingering>" for text in texts).encode()
        note = document.notes[one.number].element
        printed = note.all("notations", "technical", "fingering")
        if not printed:
            edits.append(inserted(document, note, new))
            continue
        edits.append((printed[0].start, printed[0].end, new))
        edits += [(other.start, other.end, b"") for other in printed[1:]]
    return edited(document.text, edits)


def _file_edits(document: ScoreDocument, written: list[WrittenFingers]) -> list[Edit]:
    edits: list[Edit] = []
    for one in written:
        note = document.notes[one.number].element
        printed = [
            document.text[element.inner_start : element.inner_end].decode("utf-8").strip()
            for element in note.all("notations", "technical", "fingering")
        ]
        new = ""
        if one.played and str(one.played) not in printed[:1]:
            colour = f' color="{PLAYED_OTHERWISE_COLOUR}"' if printed else ""
            new += f"<fingering{colour}>{one.played}</fingering>"
        if one.suggested and str(one.suggested) not in printed:
            new += (
                f'<fingering alternate="yes" color="{SUGGESTED_COLOUR}">{one.suggested}</fingering>'
            )
        if new:
            edits.append(inserted(document, note, new.encode()))
    return edits
