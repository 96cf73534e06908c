"""Pages and films with their sound: the recording's own, or a rendered piano."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from duemani.media.sound import PAGE_RATE_HZ, encode_blocks, stream_recording
from duemani.motion import HandMotion
from duemani.outputs.film.scene import CameraPlace
from duemani.outputs.film.video import save_video
from duemani.outputs.page.perform_page import save_page
from duemani.outputs.sound.samples import SAMPLE_RATE_HZ
from duemani.outputs.sound.synthesis import SOUND_CREDIT, stream_piano
from duemani.performance import Performance

# An hour of sound at 128 kb/s would make a page of 77 MB.
_BIT_RATE, _LONG_BIT_RATE, _LONG_SEC = 128_000, 64_000, 1200.0


def save_page_with_sound(
    path: Path,
    performance: Performance,
    motion: HandMotion,
    title: str,
    chips: Sequence[str],
    recording: Path | None,
    part_sec: tuple[float, float],
) -> None:
    """Write the self-contained page (`save_page`); a rendered piano is credited among its facts.

    Args:
        path: the `.html` file.
        performance: notes with hands and fingers.
        motion: both hands.
        title: shown as the heading.
        chips: short remarks below it.
        recording: the sound; None renders a piano.
        part_sec: which part of the recording the performance is [s].
    """
    blocks, rate = _sound(performance, recording, part_sec)
    credit = _credit(performance, recording)
    if credit:
        motion = replace(motion, provenance={**motion.provenance, "sound": credit})
    has_sound = recording is not None or len(performance.notes)
    length_sec = motion.frame_count / motion.frame_rate
    bit_rate = _BIT_RATE if length_sec < _LONG_SEC else _LONG_BIT_RATE
    audio = encode_blocks(blocks, 2, rate, bit_rate=bit_rate) if has_sound else None
    save_page(path, performance, motion, title=title, chips=chips, audio=audio)


def save_video_with_sound(
    path: Path,
    performance: Performance,
    motion: HandMotion,
    title: str,
    chips: Sequence[str],
    camera: CameraPlace,
    recording: Path | None,
    part_sec: tuple[float, float],
    progress: Callable[[float], None] | None,
) -> None:
    """Write the film (`save_video`), a rendered piano credited in its tags.

    Arguments as for `save_page_with_sound`.
    """
    blocks, rate = _sound(performance, recording, part_sec)
    save_video(
        path,
        motion,
        performance,
        (block.T for block in blocks),
        rate,
        camera,
        progress=progress,
        credit=_credit(performance, recording),
        title=title,
        subtitle=" · ".join(chips),
    )


def _credit(performance: Performance, recording: Path | None) -> str:
    return SOUND_CREDIT if recording is None and len(performance.notes) else ""


def _sound(
    performance: Performance, recording: Path | None, part_sec: tuple[float, float]
) -> tuple[Iterator[Float[np.ndarray, "2 sample"]], int]:
    if recording is not None:
        return stream_recording(recording, *part_sec), PAGE_RATE_HZ
    return (block.T for block in stream_piano(performance)), SAMPLE_RATE_HZ
