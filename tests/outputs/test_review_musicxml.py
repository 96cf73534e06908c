"""The score with the fingers played and suggested: nothing else changes."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from duemani.errors import InputError
from duemani.inputs.score.document import document_of, open_document
from duemani.outputs.score.review_musicxml import save_review_musicxml, written_fingers
from duemani.report import Review
from duemani.verbs.demo import demo_score
from tests.helpers.reviews import audio_review, made_review

FINGERING = re.compile(
    rb"\s*<notations>\s*<technical>(?:<fingering[^>]*>\d</fingering>)+</technical>\s*</notations>"
)


def test_only_fingers_are_added(tmp_path: Path) -> None:
    path = tmp_path / "out.musicxml"
    save_review_musicxml(path, made_review())
    assert FINGERING.sub(b"", path.read_bytes()) == demo_score().read_bytes()


def test_partitura_reads_the_same_notes_with_the_fingers(tmp_path: Path) -> None:
    import partitura

    review, path = made_review(), tmp_path / "out.musicxml"
    save_review_musicxml(path, review)
    before, after = (partitura.load_musicxml(str(one)) for one in (demo_score(), path))
    old, new = (score.note_array() for score in (before, after))
    for name in ("onset_div", "duration_div", "pitch", "voice"):
        np.testing.assert_array_equal(old[name], new[name])
    document = open_document(path)
    for one in written_fingers(review):
        found = document.notes[one.number].element.all("notations", "technical", "fingering")
        told = [
            (document.text[f.inner_start : f.inner_end].decode(), f.attributes.get("alternate"))
            for f in found
        ]
        expected = [(str(one.played), None)] if one.played else []
        expected += [(str(one.suggested), "yes")] if one.suggested else []
        assert told == expected
    fingered = [note for note in after.parts[0].notes if note.technical]
    assert len(fingered) == len(written_fingers(review))


def small_review(fingerings: str) -> Review:
    """One note that prints `fingerings`, played with 2, for which 3 is better."""
    review = made_review()
    assert review.fingers is not None
    text = demo_score().read_bytes()
    at = text.index(b"</staff>", text.index(b"<note>")) + len(b"</staff>")
    text = text[:at] + fingerings.encode() + text[at:]
    played, suggested = review.fingers.played.copy(), review.fingers.suggested.copy()
    flagged = np.zeros(len(played), bool)
    played[:], played[0], suggested[0], flagged[0] = 0, 2, 3, True
    fingers = replace(review.fingers, played=played, suggested=suggested, flagged=flagged)
    return replace(review, fingers=fingers, document=document_of(text, "small.musicxml"))


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("", [("2", None, False), ("3", "yes", True)]),
        ("2", [("2", None, False), ("3", "yes", True)]),
        ("3", [("3", None, False), ("2", None, True)]),
        ("4", [("4", None, False), ("2", None, True), ("3", "yes", True)]),
    ],
)
def test_printed_fingers_stay(
    tmp_path: Path, printed: str, expected: list[tuple[str, str | None, bool]]
) -> None:
    inside = f"<technical><fingering>{printed}</fingering></technical>" if printed else ""
    review = small_review(f"<notations><fermata/>{inside}</notations>")
    path = tmp_path / "out.musicxml"
    save_review_musicxml(path, review)
    document = open_document(path)
    assert review.note_numbers is not None
    note = document.notes[int(review.note_numbers[0])].element
    found = [
        (
            document.text[f.inner_start : f.inner_end].decode(),
            f.attributes.get("alternate"),
            "color" in f.attributes,
        )
        for f in note.all("notations", "technical", "fingering")
    ]
    assert found == expected
    assert b"<fermata/>" in document.text


def test_of_a_repeat_the_pass_worth_telling_is_written() -> None:
    review = made_review()
    assert review.fingers is not None
    assert review.note_numbers is not None
    flagged = int(np.flatnonzero(review.fingers.flagged & (review.note_numbers >= 0))[0])
    other = int(np.flatnonzero(~review.fingers.flagged & (review.fingers.played > 0))[0])
    numbers = review.note_numbers.copy()
    numbers[other] = numbers[flagged]
    confidence = review.fingers.confidence.copy()
    confidence[[other, flagged]] = 1.0, 0.3
    fingers = replace(review.fingers, confidence=confidence)
    written = written_fingers(replace(review, note_numbers=numbers, fingers=fingers))
    (one,) = [one for one in written if one.number == numbers[flagged]]
    assert (one.played, one.suggested) == (
        fingers.played[flagged],
        fingers.suggested[flagged],
    )


def test_mxl_and_no_score(tmp_path: Path) -> None:
    path = tmp_path / "out.mxl"
    save_review_musicxml(path, made_review())
    with zipfile.ZipFile(path) as archive:
        assert b"<fingering" in archive.read("score.musicxml")
    with pytest.raises(InputError, match="no score"):
        save_review_musicxml(tmp_path / "out.musicxml", audio_review())
