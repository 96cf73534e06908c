"""A film with what was seen in it drawn on: key lines, both hands, how sure each is. No sound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from jaxtyping import Float, UInt8

from duemani.errors import InputError
from duemani.files import replacing
from duemani.inputs.film.keyboard_view import KeyboardView
from duemani.keyboard import (
    BLACK_BACK_M,
    BLACK_FRONT_M,
    BLACK_TOP_WIDTH_M,
    CENTRE_X_M,
    IS_BLACK,
    WHITE_LENGTH_M,
    WHITE_PITCH_M,
)
from duemani.skeleton import LANDMARK_PARENTS

_COLOURS = ((255, 160, 40), (60, 90, 255))
"""Left and right, blue-green-red."""
_NAMES = ("left", "right")
_LINE_COLOUR = (120, 255, 160)
_BLACK_COLOUR = (255, 120, 220)
_QUALITY = {"crf": "23", "preset": "veryfast"}
_TICKS_PER_SEC = 1000
_BASS_TO_TREBLE = ("A0", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8")
_NAMED_PITCHES = (21, 24, 36, 48, 60, 72, 84, 96, 108)


@dataclass(frozen=True)
class DrawnHands:
    """Hands as they are drawn; NaN is not drawn.

    Attributes:
        time_sec: of each frame, rising.
        landmarks_px: the result, put back into the picture.
        seen_px: what the tracker itself said in the frame.
        confidence: 0-1.
    """

    time_sec: Float[np.ndarray, " frame"]
    landmarks_px: Float[np.ndarray, "hand=2 frame 21 2"]
    seen_px: Float[np.ndarray, "hand=2 frame 21 2"]
    confidence: Float[np.ndarray, "hand=2 frame"]


def save_overlay_film(
    path: Path,
    frames: Iterable[tuple[float, UInt8[np.ndarray, "height width 3"]]],
    hands: DrawnHands,
    view: KeyboardView,
) -> None:
    """Write an `.mp4` (H.264, silent) of the film with hands and keys drawn on.

    Args:
        path: file to write; it appears whole or not at all.
        frames: (time_sec, picture in blue, green, red), read once, one held at a time.
        hands: what is drawn, at the film's times.
        view: the keys, in the same pictures.

    Raises:
        InputError: there is no picture, or the file cannot be written.
    """
    path = Path(path)
    try:
        with (
            replacing(path) as temporary,
            av.open(str(temporary), "w", options={"movflags": "+faststart"}) as container,
        ):
            stream = container.add_stream("libx264", rate=30, options=_QUALITY)
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = Fraction(1, _TICKS_PER_SEC)
            last = -1
            for time_sec, picture in frames:
                drawn = draw_overlay(picture, time_sec, hands, view)
                drawn = drawn[: len(drawn) // 2 * 2, : drawn.shape[1] // 2 * 2]
                if last < 0:
                    stream.height, stream.width = drawn.shape[:2]
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(drawn), format="bgr24")
                last = max(last + 1, round(time_sec * _TICKS_PER_SEC))
                frame.pts, frame.time_base = last, Fraction(1, _TICKS_PER_SEC)
                container.mux(stream.encode(frame))
            if last < 0:
                raise InputError("the film holds no picture to draw on.")
            container.mux(stream.encode(None))
    except av.FFmpegError as error:
        raise InputError(f"cannot write {path}: {error.strerror}.") from error


def draw_overlay(
    picture: UInt8[np.ndarray, "height width 3"],
    time_sec: float,
    hands: DrawnHands,
    view: KeyboardView,
) -> UInt8[np.ndarray, "height width 3"]:
    """One picture with the keys and the hands of its time drawn on a copy."""
    drawn = picture.copy()
    _draw_keys(drawn, view)
    at = int(np.clip(np.searchsorted(hands.time_sec, time_sec), 1, len(hands.time_sec) - 1))
    before = time_sec - hands.time_sec[at - 1] < hands.time_sec[at] - time_sec
    at -= bool(before) if len(hands.time_sec) > 1 else 0
    for hand in range(2):
        for point in hands.seen_px[hand, at]:
            if np.isfinite(point).all():
                cv2.circle(drawn, _pixel(point), 2, (255, 255, 255), -1, cv2.LINE_AA)
        _draw_hand(drawn, hands.landmarks_px[hand, at], hand, float(hands.confidence[hand, at]))
    return drawn


def _pixel(point: np.ndarray) -> tuple[int, int]:
    x, y = np.clip(point, -20_000, 20_000)
    return round(float(x)), round(float(y))


def _draw_keys(drawn: np.ndarray, view: KeyboardView) -> None:
    first, last = view.first_key, view.last_key
    whites = CENTRE_X_M[first : last + 1][~IS_BLACK[first : last + 1]]
    if not len(whites):
        return
    edges = np.append(whites - WHITE_PITCH_M / 2, whites[-1] + WHITE_PITCH_M / 2)
    for x in edges:
        ends = view.to_picture(np.array([[x, 0.0], [x, WHITE_LENGTH_M]]))
        cv2.line(drawn, _pixel(ends[0]), _pixel(ends[1]), _LINE_COLOUR, 1, cv2.LINE_AA)
    for y in (0.0, WHITE_LENGTH_M):
        ends = view.to_picture(np.array([[edges[0], y], [edges[-1], y]]))
        cv2.line(drawn, _pixel(ends[0]), _pixel(ends[1]), _LINE_COLOUR, 1, cv2.LINE_AA)
    half = BLACK_TOP_WIDTH_M / 2
    for x in CENTRE_X_M[first : last + 1][IS_BLACK[first : last + 1]]:
        corners = np.array(
            [
                [x - half, BLACK_FRONT_M],
                [x + half, BLACK_FRONT_M],
                [x + half, BLACK_BACK_M],
                [x - half, BLACK_BACK_M],
            ]
        )
        ring = np.array([_pixel(point) for point in view.to_picture(corners)], np.int32)
        cv2.polylines(drawn, [ring], True, _BLACK_COLOUR, 1, cv2.LINE_AA)
    for name, pitch in zip(_BASS_TO_TREBLE, _NAMED_PITCHES, strict=True):
        if first <= pitch - 21 <= last:
            place = view.to_picture(np.array([CENTRE_X_M[pitch - 21] - 0.006, 0.012]))
            _write(drawn, name, place, _LINE_COLOUR)


def _draw_hand(drawn: np.ndarray, points: np.ndarray, hand: int, confidence: float) -> None:
    known = np.isfinite(points).all(1)
    # What is hardly sure is drawn dark.
    share = 0.35 + 0.65 * confidence
    blue, green, red = (int(share * part) for part in _COLOURS[hand])
    colour = (blue, green, red)
    for landmark, parent in enumerate(LANDMARK_PARENTS):
        if parent >= 0 and known[landmark] and known[parent]:
            ends = _pixel(points[parent]), _pixel(points[landmark])
            cv2.line(drawn, ends[0], ends[1], colour, 2, cv2.LINE_AA)
    for finger, tip in enumerate(range(4, 21, 4), start=1):
        if known[tip]:
            cv2.circle(drawn, _pixel(points[tip]), 4, colour, -1, cv2.LINE_AA)
            _write(drawn, str(finger), points[tip] + [5, -5], colour)
    if known[0]:
        _write(drawn, f"{_NAMES[hand]} {100 * confidence:.0f} %", points[0] + [0, 22], colour)


def _write(drawn: np.ndarray, text: str, place: np.ndarray, colour: tuple[int, int, int]) -> None:
    for width, ink in ((3, (0, 0, 0)), (1, colour)):
        cv2.putText(
            drawn, text, _pixel(place), cv2.FONT_HERSHEY_SIMPLEX, 0.45, ink, width, cv2.LINE_AA
        )
