"""`HandMotion` and sound -> MP4 (H.264 and AAC), drawn without GPU, window or system libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from jaxtyping import Float, UInt8

from duemani.errors import InputError
from duemani.files import as_name, replacing
from duemani.media.file import demuxed
from duemani.motion import HandMotion
from duemani.outputs.film.heading import Heading
from duemani.outputs.film.scene import CameraPlace, PianoScene
from duemani.performance import Performance

AUDIO_RATE_HZ = 48_000
_QUALITY = {"crf": "20", "preset": "veryfast"}
_AUDIO_BITS_PER_SEC = 160_000
_AUDIO_AHEAD_SEC = 0.5
_SIZE_LIMITS = (64, 3840)
_RATE_LIMITS = (1.0, 120.0)

AudioSource = Path | Float[np.ndarray, "sample channel"] | Iterable[np.ndarray] | None


def save_video(
    path: Path,
    motion: HandMotion,
    performance: Performance,
    audio: AudioSource = None,
    audio_rate: int = AUDIO_RATE_HZ,
    camera: CameraPlace = "player",
    size: tuple[int, int] = (1280, 720),
    frame_rate: float = 30.0,
    progress: Callable[[float], None] | None = None,
    credit: str = "",
    title: str = "",
    subtitle: str = "",
) -> None:
    """Write an `.mp4` that starts at time 0 of the recording and lasts as long as motion or sound.

    Memory does not grow with the length: pictures and sound pass through one by one.

    Args:
        path: file to write; it appears whole or not at all.
        motion: the hands; a hand is not shown where it is not known.
        performance: the notes that fall above the keys and tint them (`outputs.keys_down` says
            what moves them).
        audio: the sound: a file, samples (-1 to 1), or blocks of samples such as
            `synthesis.stream_piano` yields; none gives a silent film.
        audio_rate: samples per second [Hz] of samples or blocks.
        camera: 'player', 'overhead' or 'side'.
        size: width and height [px], even.
        frame_rate: pictures per second [Hz].
        progress: called with the share done (0-1).
        credit: who is to be named for the sound; the file's copyright tag says it.
        title: written over the pictures and in the file's title tag, any text.
        subtitle: a line below it.

    Raises:
        InputError: an option is out of range, the motion is empty, the sound cannot be read, or
            the file cannot be written.
    """
    _check(motion, size, frame_rate)
    motion_end_sec = float(motion.time_sec[-1]) + 1 / motion.frame_rate
    length_sec = max(motion_end_sec, _file_length_sec(audio), 1 / frame_rate)
    path = Path(path)
    with (
        replacing(path) as temporary,
        _readable_errors(path),
        av.open(str(temporary), "w", options={"movflags": "+faststart"}) as container,
        PianoScene(motion, performance, camera, size) as scene,
    ):
        if credit:
            container.metadata["copyright"] = credit
        if title:
            container.metadata["title"] = as_name(title)
        film = _Film(container, size, frame_rate, _audio_frames(audio, audio_rate))
        heading = Heading(title, subtitle, size)
        _shoot(film, scene, heading, length_sec, frame_rate, progress)


@contextmanager
def _readable_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except av.FFmpegError as error:
        raise InputError(f"cannot write {path}: {error.strerror}.") from error


def _shoot(
    film: _Film,
    scene: PianoScene,
    heading: Heading,
    length_sec: float,
    frame_rate: float,
    progress: Callable[[float], None] | None,
) -> None:
    """Draw one picture while the one before is encoded."""
    with ThreadPoolExecutor(1) as encoder:
        waiting: Future[None] | None = None
        number = 0
        # How long blocks of sound last is only known as they come.
        while number / frame_rate < max(length_sec, film.sound_end_sec):
            picture = heading.over(scene.draw(number / frame_rate))
            if waiting is not None:
                waiting.result()
            waiting = encoder.submit(film.add, picture)
            number += 1
            if progress is not None:
                progress(min(number / (length_sec * frame_rate), 1.0))
        if waiting is not None:
            waiting.result()
    film.finish()


class _Film:
    """Encodes pictures and sound side by side into a container."""

    def __init__(
        self,
        container: Any,
        size: tuple[int, int],
        frame_rate: float,
        sound: Iterator[Any] | None,
    ) -> None:
        self._container = container
        rate = Fraction(frame_rate).limit_denominator(1001)
        self._video = container.add_stream("libx264", rate=rate, options=_QUALITY)
        self._video.width, self._video.height = size
        self._video.pix_fmt = "yuv420p"
        self._tick = 1 / rate
        self._number = 0
        self.sound_end_sec = 0.0
        self._sound, self._next_sound = sound, next(sound, None) if sound else None
        self._audio: Any = None
        if self._next_sound is not None:
            self._audio = container.add_stream("aac", rate=AUDIO_RATE_HZ, layout="stereo")
            self._audio.bit_rate = _AUDIO_BITS_PER_SEC

    def add(self, picture: UInt8[np.ndarray, "height width 3"]) -> None:
        """Encode the next picture (BGR) and the sound that goes with it."""
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = self._number, self._tick
        self._container.mux(self._video.encode(frame))
        self._number += 1
        self._add_sound(float(self._number * self._tick) + _AUDIO_AHEAD_SEC)

    def finish(self) -> None:
        self._add_sound(float("inf"))
        self._container.mux(self._video.encode(None))
        if self._audio is not None:
            self._container.mux(self._audio.encode(None))

    def _add_sound(self, until_sec: float) -> None:
        while self._next_sound is not None and self._sound is not None:
            frame = self._next_sound
            if float(frame.pts * frame.time_base) >= until_sec:
                return
            self._container.mux(self._audio.encode(frame))
            self.sound_end_sec = float((frame.pts + frame.samples) * frame.time_base)
            self._next_sound = next(self._sound, None)


def _audio_frames(audio: AudioSource, audio_rate: int) -> Iterator[Any] | None:
    """Stereo frames for the encoder, from time 0 on."""
    if audio is None:
        return None
    raw = _decoded(audio) if isinstance(audio, Path) else _blocks(audio, audio_rate)
    return _encodable(raw)


def _encodable(frames: Iterator[Any]) -> Iterator[Any]:
    """Frames brought to the encoder's rate, layout and size, with times counted from 0."""
    resampler = av.AudioResampler("fltp", "stereo", AUDIO_RATE_HZ, frame_size=1024)
    position = 0
    for frame in _flushed(frames):
        for ready in resampler.resample(frame):
            ready.pts, ready.time_base = position, Fraction(1, AUDIO_RATE_HZ)
            position += ready.samples
            yield ready


def _flushed(frames: Iterator[Any]) -> Iterator[Any]:
    yield from frames
    yield None


def _decoded(path: Path) -> Iterator[Any]:
    try:
        with demuxed(path) as container:
            if not container.streams.audio:
                raise InputError(f"{path} holds no sound; an audio file is accepted.")
            for frame in container.decode(audio=0):
                frame.pts = None
                yield frame
    except (av.FFmpegError, OSError) as error:
        raise InputError(f"{path} cannot be read as audio: {error}.") from None


def _blocks(audio: Any, audio_rate: int) -> Iterator[Any]:
    for block in [audio] if isinstance(audio, np.ndarray) else audio:
        samples = np.asarray(block, np.float32)
        if samples.ndim == 1:
            samples = samples[:, None]
        if samples.ndim != 2 or samples.shape[1] not in (1, 2):
            raise InputError(f"samples of shape {samples.shape} are not accepted; (sample, 2) are.")
        if not len(samples):
            continue
        stereo = np.ascontiguousarray(np.broadcast_to(samples, (len(samples), 2)).T)
        frame = av.AudioFrame.from_ndarray(stereo, format="fltp", layout="stereo")
        frame.sample_rate = audio_rate
        yield frame


def _file_length_sec(audio: AudioSource) -> float:
    if not isinstance(audio, Path):
        return 0.0
    try:
        with demuxed(audio) as container:
            return float((container.duration or 0) / av.time_base)
    except (av.FFmpegError, OSError) as error:
        raise InputError(f"{audio} cannot be read as audio: {error}.") from None


def _check(motion: HandMotion, size: tuple[int, int], frame_rate: float) -> None:
    if not motion.frame_count:
        raise InputError("the motion holds no frames; one is the least.")
    low, high = _SIZE_LIMITS
    if any(side % 2 or not low <= side <= high for side in size):
        raise InputError(
            f"a picture of {size[0]} x {size[1]} is not accepted; even sides of {low} to {high}"
            " pixels are."
        )
    if not _RATE_LIMITS[0] <= frame_rate <= _RATE_LIMITS[1]:
        raise InputError(f"{frame_rate} pictures a second are not accepted; 1 to 120 are.")
