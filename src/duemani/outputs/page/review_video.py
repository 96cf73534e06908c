"""The filmed take as a small film for the page: H.264 and AAC, its own sound or a given one."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from jaxtyping import Float

from duemani.errors import InputError
from duemani.media.file import demuxed

MAX_BYTES = 40_000_000
MOST_PIXELS_HIGH = 480
MOST_FRAMES_PER_SEC = 30.0
SOUND_BITS_PER_SEC = 96_000
_GOOD_BITS_PER_SEC, _LEAST_BITS_PER_SEC = 700_000.0, 220_000.0
_TICK = Fraction(1, 90_000)
_MOST_DAMAGED = 50
_PICTURES_A_KEYFRAME = 30


@dataclass(frozen=True)
class SmallFilm:
    """An MP4 file in memory.

    Attributes:
        data: the file.
        size_px: width and height.
    """

    data: bytes
    size_px: tuple[int, int]


def small_film(
    path: Path,
    length_sec: float,
    sound: Iterable[Float[np.ndarray, "channel sample"]] | None,
    sound_rate: int,
    start_sec: float = 0.0,
    progress: Callable[[float], None] | None = None,
) -> SmallFilm:
    """Encode a part of a video for the page; picture time 0 is `start_sec` of the file.

    Args:
        path: any video that FFmpeg reads; its rotation is applied.
        length_sec: of the part.
        sound: blocks of stereo samples from the part's start, -1 to 1; None for a silent film.
        sound_rate: samples per second [Hz].
        start_sec: where the part begins.
        progress: called with the share done (0-1).

    Raises:
        InputError: it would not fit into `MAX_BYTES` in fair quality, or cannot be read; the
            message says which, and is meant for the reader of the page.
    """
    budget = 0.92 * MAX_BYTES * 8 / max(length_sec, 1.0) - SOUND_BITS_PER_SEC
    if budget < _LEAST_BITS_PER_SEC:
        longest_min = 0.92 * MAX_BYTES * 8 / (_LEAST_BITS_PER_SEC + SOUND_BITS_PER_SEC) / 60
        raise InputError(
            f"the video lasts {length_sec / 60:.0f} minutes, more than the"
            f" {longest_min:.0f} that a page of this size holds"
        )
    try:
        return _encoded(
            path,
            length_sec,
            sound,
            sound_rate,
            start_sec,
            min(budget, _GOOD_BITS_PER_SEC),
            progress,
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputError("the video could not be encoded for the page") from error


def video_length_sec(path: Path) -> float:
    """How long a video says it lasts [s]; infinite where it does not say.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with demuxed(path) as container:
            return (container.duration or math.inf) / av.time_base
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputError("the video cannot be read") from error


def _encoded(
    path: Path,
    length_sec: float,
    sound: Iterable[np.ndarray] | None,
    sound_rate: int,
    start_sec: float,
    bits_per_sec: float,
    progress: Callable[[float], None] | None,
) -> SmallFilm:
    buffer = io.BytesIO()
    pictures = _pictures(path, start_sec, start_sec + length_sec)
    first = next(pictures, None)
    if first is None:
        raise InputError("the video shows no picture in this part")
    height, width = first[1].shape[:2]
    with av.open(buffer, "w", format="mp4") as container:
        film: Any = container.add_stream(
            "libx264",
            rate=round(MOST_FRAMES_PER_SEC),
            options={
                "preset": "veryfast",
                "crf": "27",
                "maxrate": f"{bits_per_sec:.0f}",
                "bufsize": f"{4 * bits_per_sec:.0f}",
                "g": str(_PICTURES_A_KEYFRAME),  # loops and seeks land quickly
            },
        )
        film.width, film.height, film.pix_fmt = width, height, "yuv420p"
        film.codec_context.time_base = _TICK
        track: Any = None
        if sound is not None:
            track = container.add_stream("aac", rate=44_100, layout="stereo")
            track.bit_rate = SOUND_BITS_PER_SEC
        blocks = _sound_frames(sound or (), sound_rate)
        heard = next(blocks, None)
        for time_sec, picture in _with_first(first, pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(time_sec / _TICK), _TICK
            container.mux(film.encode(frame))
            while heard is not None and float(heard.pts * heard.time_base) < time_sec + 0.5:
                container.mux(track.encode(heard))
                heard = next(blocks, None)
            if progress is not None:
                progress(min(time_sec / max(length_sec, 1e-6), 1.0))
        while heard is not None:
            container.mux(track.encode(heard))
            heard = next(blocks, None)
        container.mux(film.encode(None))
        if track is not None:
            container.mux(track.encode(None))
    if buffer.tell() > MAX_BYTES * 1.1:
        raise InputError("the video does not fit into a page of this size")
    return SmallFilm(buffer.getvalue(), (width, height))


def _with_first(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _pictures(path: Path, start_sec: float, end_sec: float) -> Iterator[tuple[float, np.ndarray]]:
    """Small upright RGB pictures and their times in the part [s], at most 30 a second."""
    with demuxed(path) as container:
        if not container.streams.video:
            raise InputError("the file holds no picture")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        begin = (container.start_time or 0) / av.time_base
        if start_sec > 5:
            container.seek(int((start_sec + begin - 2) * av.time_base))
        next_sec, damaged = -math.inf, 0
        packets = container.demux(stream)
        while damaged <= _MOST_DAMAGED:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
            except av.FFmpegError:
                damaged += 1
                continue
            for frame in frames:
                damaged = 0
                time_sec = (frame.time or 0.0) - begin - start_sec
                if time_sec + start_sec >= end_sec:
                    return
                if time_sec < -1e-6 or time_sec < next_sec:
                    continue
                next_sec = time_sec + 0.9 / MOST_FRAMES_PER_SEC
                yield max(time_sec, 0.0), _upright(frame)


def _upright(frame: Any) -> np.ndarray:
    """The frame as it is shown, at most 480 pixels high (or wide, if it stands upright)."""
    scale = min(1.0, MOST_PIXELS_HIGH / min(frame.width, frame.height))
    width, height = (max(2, 2 * round(size * scale / 2)) for size in (frame.width, frame.height))
    picture: np.ndarray = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(picture, round(getattr(frame, "rotation", 0) / 90)))


def _sound_frames(blocks: Iterable[np.ndarray], rate: int) -> Iterator[Any]:
    resampler = av.AudioResampler("fltp", "stereo", 44_100, frame_size=1024)
    position = 0
    for block in _then_none(blocks):
        if block is None:
            ready = resampler.resample(None)
        elif not block.shape[1]:
            continue
        else:
            samples = np.ascontiguousarray(block, np.float32)
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            frame.sample_rate = rate
            ready = resampler.resample(frame)
        for one in ready:
            one.pts, one.time_base = position, Fraction(1, 44_100)
            position += one.samples
            yield one


def _then_none(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray | None]:
    yield from blocks
    yield None
