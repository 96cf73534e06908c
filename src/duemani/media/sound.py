"""Sound in: any recording FFmpeg reads, as mono samples in blocks; and sound out, compressed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from jaxtyping import Float

from duemani.errors import InputError
from duemani.media.file import open_media

ACCEPTED = "recordings (wav, flac, mp3, ogg, m4a) and videos with sound (mp4, mov, webm)"
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4000, 384_000
# A file may contain damaged packets; one with more than this many in a row is given up.
DAMAGED_PACKETS_IN_A_ROW = 50
CODECS = {".mp3": ("mp3", "libmp3lame"), ".m4a": ("mp4", "aac")}
PAGE_RATE_HZ = 44100
_MIX_RATE_HZ, _MIX_SEC, _LEAST_LEFT = 8000, 60.0, 0.1

Suffix = Literal[".mp3", ".m4a"]


@dataclass(frozen=True)
class AudioInfo:
    """What a recording says of itself, without decoding it.

    Attributes:
        duration_sec: length; an estimate for files without an index, 0 if unknown.
        sample_rate: of the file, Hz.
        channels: of the file.
        codec: FFmpeg's name of it.
    """

    duration_sec: float
    sample_rate: int
    channels: int
    codec: str


def probe_audio(path: Path) -> AudioInfo:
    """Read the description of the first sound stream.

    Raises:
        InputError: no such file, not sound, or no sound stream.
    """
    with _open(path) as container:
        stream = container.streams.audio[0]
        if stream.duration is not None and stream.time_base is not None:
            duration_sec = float(stream.duration * stream.time_base)
        else:
            duration_sec = (container.duration or 0) / av.time_base
        context = stream.codec_context
        return AudioInfo(
            max(duration_sec, 0.0), context.sample_rate, context.channels, context.name
        )


def stream_audio(
    path: Path,
    sample_rate: int,
    block_sec: float = 5.0,
    between_sec: tuple[float, float] = (0.0, float("inf")),
) -> Iterator[Float[np.ndarray, " sample"]]:
    """Decode, mix to mono and resample a recording block by block.

    Where the two channels cancel each other (microphones or cables in opposite polarity), the
    louder one is given instead of their mean. Memory is bounded by the block, not by the
    recording. Where packets are damaged, what can be decoded is given. Sound that starts late in
    a video is preceded by silence, so that sample 0 is the start of the file.

    Args:
        path: any file FFmpeg reads.
        sample_rate: wanted, Hz.
        block_sec: length of every block but the last.
        between_sec: only this part of the recording.

    Yields:
        float32 samples, -1 to 1.

    Raises:
        InputError: the file is not readable sound, or nothing in it can be decoded.
    """
    size = max(int(block_sec * sample_rate), 1)
    shares = _channel_shares(path)
    waiting: list[np.ndarray] = []
    count = 0
    for part in _between(_resampled(path, sample_rate), sample_rate, *between_sec):
        waiting.append(shares @ part)
        count += part.shape[1]
        if count >= size:
            joined = np.concatenate(waiting)
            for start in range(0, count - size + 1, size):
                yield joined[start : start + size]
            waiting = [joined[count - count % size :]]
            count %= size
    if count:
        yield np.concatenate(waiting)


def load_audio(path: Path, sample_rate: int) -> Float[np.ndarray, " sample"]:
    """The whole recording as mono float32 samples; see `stream_audio`."""
    return np.concatenate([np.zeros(0, np.float32), *stream_audio(path, sample_rate)])


def encode_audio(
    samples: Float[np.ndarray, "*channels sample"],
    sample_rate: int,
    suffix: Suffix = ".mp3",
    bit_rate: int = 128_000,
) -> bytes:
    """Compress sound for a page: MP3, which every browser plays, or AAC in MP4.

    Args:
        samples: (sample,) mono or (channel, sample) with one or two channels, -1 to 1.
        sample_rate: of the samples, Hz.
        suffix: `.mp3` or `.m4a`.
        bit_rate: bits per second.
    """
    planes = np.atleast_2d(samples)
    if planes.shape[0] not in (1, 2):
        raise ValueError("sound must have one channel or two, as (channel, sample).")
    size = 65536
    blocks = (planes[:, start : start + size] for start in range(0, planes.shape[1], size))
    return encode_blocks(blocks, planes.shape[0], sample_rate, suffix, bit_rate)


def stream_recording(
    path: Path, start_sec: float = 0.0, end_sec: float = float("inf")
) -> Iterator[Float[np.ndarray, "2 sample"]]:
    """A part of a recording in stereo at `PAGE_RATE_HZ`, block by block, to be heard again.

    Raises:
        InputError: see `stream_audio`.
    """
    yield from _between(_resampled(path, PAGE_RATE_HZ), PAGE_RATE_HZ, start_sec, end_sec)


def _between(
    blocks: Iterable[Float[np.ndarray, "2 sample"]],
    sample_rate: int,
    start_sec: float,
    end_sec: float,
) -> Iterator[Float[np.ndarray, "2 sample"]]:
    first, last = start_sec * sample_rate, end_sec * sample_rate
    position = 0
    for block in blocks:
        begin = int(np.clip(first - position, 0, block.shape[1]))
        finish = int(np.clip(last - position, 0, block.shape[1]))
        position += block.shape[1]
        if finish > begin:
            yield block[:, begin:finish]
        if position >= last:
            return


def _channel_shares(path: Path) -> Float[np.ndarray, "2"]:
    """What of the left and of the right channel the mono sound consists of."""
    mean = np.full(2, 0.5, np.float32)
    if probe_audio(path).channels < 2:
        return mean
    each, mixed = np.zeros(2), 0.0
    for part in _between(_resampled(path, _MIX_RATE_HZ), _MIX_RATE_HZ, 0.0, _MIX_SEC):
        each += np.square(part, dtype=np.float64).sum(axis=1)
        mixed += float(np.square(part.mean(axis=0), dtype=np.float64).sum())
    # Of equal channels all is left, of unlike ones half, of one that is silent a quarter.
    if mixed >= _LEAST_LEFT * each.max():
        return mean
    return np.eye(2, dtype=np.float32)[int(each.argmax())]


@contextmanager
def _open(path: Path) -> Iterator[InputContainer]:
    """The file opened, with at least one sound stream that has a decoder."""
    with open_media(path, "sound", ACCEPTED) as container:
        if not container.streams.audio:
            raise InputError(f"{path} holds no sound; accepted are {ACCEPTED}.")
        if not has_readable_sound(container):
            raise InputError(f"{path} holds no readable sound; accepted are {ACCEPTED}.")
        yield container


def has_readable_sound(container: InputContainer) -> bool:
    """Whether an open file's first sound stream has a sample rate that sound has."""
    return any(
        LOWEST_RATE_HZ <= stream.codec_context.sample_rate <= HIGHEST_RATE_HZ
        for stream in container.streams.audio[:1]
    )


def _frames(path: Path) -> Iterator[tuple[AudioFrame, float]]:
    """Decoded frames and their time since the file's start [s]; damaged packets are skipped."""
    with _open(path) as container:
        stream = container.streams.audio[0]
        start_sec = (container.start_time or 0) / av.time_base
        damaged = 0
        packets = container.demux(stream)
        while damaged <= DAMAGED_PACKETS_IN_A_ROW:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                for frame in packet.decode():
                    damaged = 0
                    yield frame, (frame.time or 0.0) - start_sec
            except FFmpegError:
                damaged += 1


def _resampled(path: Path, sample_rate: int) -> Iterator[Float[np.ndarray, "2 sample"]]:
    """The recording in stereo at `sample_rate`, in parts of any length."""
    resampler: av.AudioResampler | None = None
    described: tuple[object, ...] | None = None
    for frame, time_sec in _frames(path):
        now = (frame.format.name, frame.layout.name, frame.sample_rate)
        if described is None:
            yield np.zeros((2, round(max(time_sec, 0.0) * sample_rate)), np.float32)
        if resampler is None or now != described:
            # Some streams change their format on the way; a resampler does not follow.
            if resampler is not None:
                yield from _resample(resampler, None)
            # FFmpeg's own mixing between mono and stereo changes the loudness by 3 dB.
            layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
            resampler = av.AudioResampler(format="fltp", layout=layout, rate=sample_rate)
        described = now
        frame.pts = None
        yield from _resample(resampler, frame)
    if resampler is None:
        raise InputError(f"{path} holds no sound that can be decoded; accepted are {ACCEPTED}.")
    yield from _resample(resampler, None)


def _resample(
    resampler: av.AudioResampler, frame: AudioFrame | None
) -> Iterator[Float[np.ndarray, "2 sample"]]:
    for done in resampler.resample(frame):
        # Damaged files decode to anything, but what follows needs numbers in range.
        clean = np.nan_to_num(done.to_ndarray(), nan=0.0, posinf=1.0, neginf=-1.0)
        planes = np.clip(clean, -1, 1).astype(np.float32)
        yield np.broadcast_to(planes, (2, planes.shape[1]))


def encode_blocks(
    blocks: Iterable[Float[np.ndarray, "channel sample"]],
    channels: int,
    sample_rate: int,
    suffix: Suffix = ".mp3",
    bit_rate: int = 128_000,
) -> bytes:
    """`encode_audio` for sound that comes in blocks; only the compressed bytes are held."""
    container_format, codec = CODECS[suffix]
    layout = "mono" if channels == 1 else "stereo"
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container_format) as container:
        stream = cast(AudioStream, container.add_stream(codec, rate=PAGE_RATE_HZ, layout=layout))
        stream.bit_rate = bit_rate
        position = 0
        for block in blocks:
            if not block.shape[1]:
                continue
            frame = AudioFrame.from_ndarray(
                np.ascontiguousarray(block, np.float32), format="fltp", layout=layout
            )
            frame.sample_rate = sample_rate
            frame.time_base = Fraction(1, sample_rate)
            frame.pts = position
            position += block.shape[1]
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()
