"""A review written in the format that the suffix names."""

from __future__ import annotations

from pathlib import Path

from duemani.errors import InputError
from duemani.files import check_output
from duemani.progress import Progress, stage_share
from duemani.report import Review

REVIEW_SUFFIXES = (".html", ".json", ".musicxml", ".xml", ".mxl")


def needs_score(path: Path) -> bool:
    """Whether a review can be written so only if the take was laid along a score."""
    return path.suffix.lower() not in (".html", ".json")


def save_review(path: Path, review: Review, progress: Progress | None = None) -> None:
    """Write a review.

    Args:
        path: `.html` (a page), `.json` (docs/reference/review_format.md), or `.musicxml`,
            `.xml`, `.mxl` (the score with the fingers that were played, and better ones).
        review: what `review` found.
        progress: called with the stage's name and its share done.

    Raises:
        InputError: unknown suffix, no score to write fingers into, or the file cannot be written.
    """
    check_output(path, REVIEW_SUFFIXES)
    if needs_score(path):
        if review.document is None:
            raise InputError(
                f"{path.name} needs a score that fits the take, to write fingers into."
            )
        from duemani.outputs.score.review_musicxml import save_review_musicxml

        save_review_musicxml(path, review)
    elif path.suffix.lower() == ".html":
        from duemani.outputs.page.review_page import save_review_page

        save_review_page(path, review, stage_share(progress, "writing"))
    else:
        from duemani.outputs.review_json import save_review_json

        save_review_json(path, review)
