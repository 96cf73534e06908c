"""Film in: the pictures of any video FFmpeg reads, one after another, as they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.sidedata.sidedata import SideDataContainer, Type
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from jaxtyping import UInt8

from duemani.errors import InputError
from duemani.media.file import open_media
from duemani.media.sound import DAMAGED_PACKETS_IN_A_ROW, has_readable_sound

ACCEPTED = "videos (mp4, mov, webm, mkv, avi)"
LONGEST_PX = 1280
# FFmpeg counts still pictures and coloured text as films.
STILL_CONTAINERS = ("image2", "_pipe", "tty")
BREAK_SEC = 1.0  # a film that ends earlier than it says by more than this is cut short
SEEK_SEC = 10.0


@dataclass(frozen=True)
class FilmFacts:
    """What a film says of itself.

    Attributes:
        duration_sec: length; 0 if unknown.
        size_px: width and height as shown: turned, with square pixels, before any scaling down.
        frame_rate: mean, frames per second; 0 if unknown.
        has_sound: whether there is a sound stream.
    """

    duration_sec: float
    size_px: tuple[int, int]
    frame_rate: float
    has_sound: bool


def probe_film(path: Path) -> FilmFacts:
    """Read the description and the first picture of a film.

    Raises:
        InputError: no such file, not a film, or nothing in it can be decoded.
    """
    with _open(path) as (container, stream):
        return _facts(path, container, stream)


def has_sound_or_pictures(path: Path) -> bool:
    """Whether a file of any kind holds sound, or moving pictures of which one can be decoded."""
    try:
        with open_media(path, "sound or film", ACCEPTED) as container:
            if has_readable_sound(container):
                return True
            stream = None if _is_still(container) else _moving(container)
            found = stream and next(_decoded(container, stream, _Damage()), None)
            return found is not None
    except InputError:
        return False


class Film:
    """The pictures of a film: iterate for (time_sec, picture).

    Times are the true presentation times, rising, and 0 is the file's start, as it is for
    `duemani.inputs.audio`: a picture and a sound of the same time belong together. A picture is
    (height, width, 3) uint8, blue, green, red, turned as the film's metadata say. Only one is
    held at a time. Damaged places are skipped.

    Args:
        path: any file FFmpeg reads.
        max_rate_hz: skip pictures so that at most this many a second are given.
        longest_px: pictures are scaled down to this on the longer side.
        between_sec: only this part of the film.

    Raises:
        InputError: no such file, not a film, or nothing in it can be decoded.
    """

    def __init__(
        self,
        path: Path,
        max_rate_hz: float | None = None,
        longest_px: int = LONGEST_PX,
        between_sec: tuple[float, float] = (0.0, float("inf")),
    ) -> None:
        self._path, self._max_rate_hz, self._longest_px = Path(path), max_rate_hz, longest_px
        self._between_sec = between_sec
        self.facts = probe_film(path)
        self.remarks: tuple[str, ...] = ()
        """What was wrong with the file, one sentence each; complete after the last picture."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the pictures given."""
        return _scaled(self.facts.size_px, self._longest_px)

    def __iter__(self) -> Iterator[tuple[float, UInt8[np.ndarray, "height width 3"]]]:
        start_sec, end_sec = self._between_sec
        self.remarks = ()
        damage = _Damage()
        last_slot, time_sec = -np.inf, -np.inf
        for frame, shown_sec in _frames(self._path, start_sec, damage):
            if shown_sec <= time_sec:
                continue  # times must rise; a second picture for the same moment is dropped
            if shown_sec >= end_sec:
                break
            time_sec = shown_sec
            if self._max_rate_hz is not None:
                # A quarter slot of tolerance, so that unsteady times lose no picture.
                slot = np.floor(shown_sec * self._max_rate_hz + 0.25)
                if slot <= last_slot:
                    continue
                last_slot = slot
            yield shown_sec, _upright(frame, self.size_px)
        else:
            if time_sec == -np.inf and start_sec <= 0:
                raise InputError(f"{self._path} holds no picture that can be decoded.")
            self._remark_break(time_sec, start_sec)
        if damage.places:
            self.remarks += (_damage_remark(damage.places),)

    def _remark_break(self, time_sec: float, start_sec: float) -> None:
        said = self.facts.duration_sec
        if said and time_sec >= start_sec and said - time_sec > max(BREAK_SEC, 0.02 * said):
            self.remarks += (
                f"The film breaks off at {time_sec:.1f} s of {said:.1f} s; what there is was used.",
            )


def sample_film(
    path: Path, count: int = 12, longest_px: int = LONGEST_PX
) -> list[tuple[float, UInt8[np.ndarray, "height width 3"]]]:
    """(time_sec, picture) of about `count` pictures spread evenly over the film.

    Fewer come where the file cannot be searched or is short; at least the first one comes.

    Raises:
        InputError: see `Film`.
    """
    facts = probe_film(path)
    wanted = np.linspace(0, facts.duration_sec, count, endpoint=False)
    pictures: dict[float, np.ndarray] = {}
    for start_sec in wanted if facts.duration_sec else wanted[:1]:
        frame, time_sec = next(_frames(path, float(start_sec), _Damage()), (None, 0.0))
        if frame is not None and time_sec not in pictures:
            pictures[time_sec] = _upright(frame, _scaled(facts.size_px, longest_px))
    return sorted(pictures.items())


@dataclass
class _Damage:
    places: int = 0


def _damage_remark(places: int) -> str:
    where = "one place that was" if places == 1 else f"{places} places that were"
    return f"The film is damaged at {where} skipped."


@contextmanager
def _open(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The file opened, and its best stream of moving pictures."""
    with open_media(path, "a film", ACCEPTED) as container:
        if _is_still(container):
            raise InputError(f"{path} is not a film; accepted are {ACCEPTED}.")
        stream = _moving(container)
        if stream is None:
            raise InputError(f"{path} holds no moving pictures; accepted are {ACCEPTED}.")
        yield container, stream


def _is_still(container: InputContainer) -> bool:
    return any(name in container.format.name for name in STILL_CONTAINERS)


def _moving(container: InputContainer) -> VideoStream | None:
    """The best stream of moving pictures."""
    moving = [
        stream
        for stream in container.streams.video
        if not stream.disposition & (Disposition.attached_pic | Disposition.still_image)
    ]
    if not moving:
        return None
    stream = max(moving, key=lambda one: one.width * one.height)
    stream.thread_type = "AUTO"
    return stream


def _facts(path: Path, container: InputContainer, stream: VideoStream) -> FilmFacts:
    first = next(_decoded(container, stream, _Damage()), None)
    if first is None:
        raise InputError(f"{path} holds no picture that can be decoded; accepted are {ACCEPTED}.")
    duration_sec = (container.duration or 0) / av.time_base
    if stream.duration is not None and stream.time_base is not None:
        begin_sec = float((stream.start_time or 0) * stream.time_base) - _zero_sec(container)
        duration_sec = float(stream.duration * stream.time_base) + begin_sec
    aspect = float(stream.sample_aspect_ratio or 1)
    width, height = round(first.width * (aspect if aspect > 0 else 1)), first.height
    if _turn(first)[0] % 2:
        width, height = height, width
    rate = float(stream.average_rate or stream.guessed_rate or 0)
    return FilmFacts(
        max(duration_sec, 0.0), (max(width, 1), max(height, 1)), rate, bool(container.streams.audio)
    )


def _zero_sec(container: InputContainer) -> float:
    """When the file starts, on its streams' clock: the earliest stream's first time."""
    return (container.start_time or 0) / av.time_base


def _decoded(
    container: InputContainer, stream: VideoStream, damage: _Damage
) -> Iterator[VideoFrame]:
    in_a_row = 0
    packets = container.demux(stream)
    while in_a_row <= DAMAGED_PACKETS_IN_A_ROW:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            for frame in packet.decode():
                in_a_row = 0
                if frame.is_corrupt:
                    damage.places += 1
                else:
                    yield frame
        except FFmpegError:
            damage.places += in_a_row == 0
            in_a_row += 1


def _frames(path: Path, start_sec: float, damage: _Damage) -> Iterator[tuple[VideoFrame, float]]:
    """Decoded frames from `start_sec` on, and their time since the file's start [s]."""
    with _open(path) as (container, stream):
        zero_sec = _zero_sec(container)
        if start_sec > SEEK_SEC:
            # Where seeking fails, everything before is decoded and dropped.
            with suppress(FFmpegError):
                container.seek(round((start_sec + zero_sec) * av.time_base))
        step_sec = 1 / float(stream.average_rate or 25)
        time_sec = -step_sec
        for frame in _decoded(container, stream, damage):
            # A frame without a time comes one frame after the last.
            time_sec = frame.time - zero_sec if frame.time is not None else time_sec + step_sec
            if time_sec >= start_sec:
                yield frame, time_sec


def _scaled(size_px: tuple[int, int], longest_px: int) -> tuple[int, int]:
    factor = min(longest_px / max(size_px), 1.0)
    return max(round(size_px[0] * factor), 1), max(round(size_px[1] * factor), 1)


def _turn(frame: VideoFrame) -> tuple[int, bool]:
    """Quarter turns counter-clockwise, and whether the frame is first mirrored left to right."""
    data = cast(SideDataContainer, frame.side_data).get(Type.DISPLAYMATRIX)
    if data is None:
        return 0, False
    # Shown point = (x, y) @ [[a, b], [c, d]], y down, in 16.16 fixed point.
    a, b, _, c, d = np.frombuffer(bytes(data), np.int32)[:5].astype(float)
    mirrored = bool(a * d - b * c < 0)
    angle = np.arctan2(b, -a) if mirrored else np.arctan2(-b, a)
    return round(float(angle) / (np.pi / 2)) % 4, mirrored


def _upright(frame: VideoFrame, size_px: tuple[int, int]) -> UInt8[np.ndarray, "height width 3"]:
    turns, mirrored = _turn(frame)
    width, height = size_px if turns % 2 == 0 else size_px[::-1]
    picture = frame.reformat(width, height, "bgr24").to_ndarray()
    if mirrored:
        picture = picture[:, ::-1]
    return np.ascontiguousarray(np.rot90(picture, turns))
