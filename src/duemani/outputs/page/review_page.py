"""The review's page: one self-contained HTML file, offline, with everything in time.

The template is built from `web/review.html` into `assets/review.html`; this module fills it.
"""

from __future__ import annotations

import base64
import html
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from duemani.errors import InputError
from duemani.media.sound import PAGE_RATE_HZ, encode_blocks, probe_audio, stream_recording
from duemani.outputs.page.parts import packed_motion, resampled
from duemani.outputs.page.review_content import Media, absent_parts, motions, page_content
from duemani.outputs.page.review_video import small_film, video_length_sec
from duemani.outputs.page.template import json_block, save_filled
from duemani.outputs.score.review_score import score_content
from duemani.outputs.sound.samples import SAMPLE_RATE_HZ
from duemani.outputs.sound.synthesis import SOUND_CREDIT, stream_piano
from duemani.performance import is_mostly_pause
from duemani.report import Review

_BIT_RATE, _LONG_BIT_RATE, _LONG_SEC = 128_000, 64_000, 1200.0
_RENDERED = "rendered piano"

Report = Callable[[float], None]


def save_review_page(path: Path, review: Review, progress: Report | None = None) -> None:
    """Write the page; the file appears whole or not at all.

    Sound is the recording's own, else a rendered piano; a video too long for the page is left
    out, and the page says so.

    Args:
        path: the `.html` file.
        review: the review; whatever it lacks, the page lacks and says why.
        progress: called with the share done (0-1).

    Raises:
        InputError: the page's template was not built, the recording cannot be read, or `path`
            cannot be written.
    """
    shown = {name: resampled(motion) for name, motion in motions(review).items()}
    absent = absent_parts(review, shown)
    data, media = _media(review, absent, progress)
    score = _score(review, absent)
    content = page_content(review, shown, media, bool(score), absent)
    parts = {
        "TITLE": html.escape(review.title),
        "DATA": json_block(content),
        "SCORE": _deflated(score),
        "MEDIA": base64.b64encode(data).decode("ascii"),
    }
    for name in ("seen", "played", "suggested"):
        packed = packed_motion(shown[name]) if name in shown else b""
        parts[name.upper()] = base64.b64encode(packed).decode("ascii")
    save_filled(path, "review.html", parts)


def _score(review: Review, absent: list[str]) -> dict[str, object] | None:
    if review.document is None:
        return None
    try:
        return score_content(review)
    except InputError:
        absent.append("This score cannot be engraved: the notes are drawn as a piano roll instead.")
        return None


def _deflated(score: dict[str, object] | None) -> str:
    if score is None:
        return ""
    return base64.b64encode(zlib.compress(json.dumps(score).encode("utf-8"), 9)).decode("ascii")


def _media(review: Review, absent: list[str], progress: Report | None) -> tuple[bytes, Media]:
    """The film with its sound, else the sound alone, else nothing."""
    source = _RENDERED if review.recording is None else "the recording’s own sound"
    if review.recording is None and not len(review.performance.notes):
        source = ""
    credit = SOUND_CREDIT if source == _RENDERED else ""
    if review.video is not None:
        try:
            start_sec, end_sec = review.part_sec
            length_sec = min(video_length_sec(review.video), end_sec) - start_sec
            blocks, rate = _sound(review)
            sound = blocks if source else None
            film = small_film(review.video, length_sec, sound, rate, start_sec, progress)
            return film.data, Media("video/mp4", True, film.size_px, source, credit)
        except InputError as error:
            absent.append(f"The film is left out: {str(error).rstrip('.')}.")
    if source == _RENDERED and is_mostly_pause(_sound_sec(review), len(review.performance.notes)):
        absent.append(
            f"The sound is left out: {_sound_sec(review) / 60:.0f} minutes for"
            f" {len(review.performance.notes)} notes are mostly pauses."
        )
        source = ""
    if not source:
        return b"", Media()
    blocks, rate = _sound(review)
    long = _sound_sec(review) > _LONG_SEC
    data = encode_blocks(blocks, 2, rate, bit_rate=_LONG_BIT_RATE if long else _BIT_RATE)
    return data, Media("audio/mpeg", sound=source, credit=credit)


def _sound_sec(review: Review) -> float:
    if review.recording is None:
        return review.performance.duration_sec
    return min(probe_audio(review.recording).duration_sec, review.part_sec[1]) - review.part_sec[0]


def _sound(review: Review) -> tuple[Iterator[np.ndarray], int]:
    if review.recording is not None:
        return stream_recording(review.recording, *review.part_sec), PAGE_RATE_HZ
    return (block.T for block in stream_piano(review.performance)), SAMPLE_RATE_HZ
