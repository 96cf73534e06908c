"""The falling notes: a picture above the keys that scrolls down into them."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from duemani import keyboard
from duemani.outputs.look import display_rgb
from duemani.performance import LOWEST_PITCH, UNKNOWN_FINGER, Performance

# Display RGB (0-1) of the left hand's, the right hand's and unknown notes (index -1).
HAND_COLOURS = np.stack([display_rgb(name) for name in ("left", "right", "unknown")])
_BACKGROUND = (0.095, 0.100, 0.115)
_LANE_SHADE = 0.80
_BAR_SHARE = 0.80
_DIGIT_M = 0.0165
# A number smaller than this share of its full size is left out.
_LEAST_SHARE = 0.5


class NotePanel:
    """Draws what is to be played in the next `ahead_sec` seconds over a stretch of keys.

    Args:
        performance: the notes.
        x_range_m: stretch of the keyboard across the picture.
        height_m: height of the panel where it stands, for undistorted digits.
        size: width and height of the picture [px].
        ahead_sec: time from the bottom edge (now) to the top edge.
    """

    def __init__(
        self,
        performance: Performance,
        x_range_m: tuple[float, float],
        height_m: float,
        size: tuple[int, int],
        ahead_sec: float,
    ) -> None:
        self._notes = performance.notes
        self._ahead_sec = ahead_sec
        width, self._height = size
        self._left_m, self._px_per_m = x_range_m[0], width / (x_range_m[1] - x_range_m[0])
        key = self._notes["pitch"] - LOWEST_PITCH
        half = np.where(keyboard.IS_BLACK[key], 0.0062, keyboard.WHITE_PITCH_M / 2 * _BAR_SHARE)
        self._left = (keyboard.CENTRE_X_M[key] - half - self._left_m) * self._px_per_m
        self._right = (keyboard.CENTRE_X_M[key] + half - self._left_m) * self._px_per_m
        self._digit_size = _DIGIT_M * self._px_per_m, _DIGIT_M * self._height / height_m
        self._base = self._lanes(width)

    def draw(self, now_sec: float) -> UInt8[np.ndarray, "height width 3"]:
        """The panel at a time, BGR, rows from the bottom (now) to the top (later)."""
        picture = self._base.copy()
        last = np.searchsorted(self._notes["onset_sec"], now_sec + self._ahead_sec)
        for index in np.flatnonzero(self._notes["release_sec"][:last] > now_sec):
            self._draw_note(picture, int(index), now_sec)
        return picture

    def _draw_note(self, picture: np.ndarray, index: int, now_sec: float) -> None:
        note = self._notes[index]
        per_sec = self._height / self._ahead_sec
        low = (float(note["onset_sec"]) - now_sec) * per_sec
        high = max((float(note["release_sec"]) - now_sec) * per_sec - 3, low + 6)
        sounding = low <= 0
        loudness = 0.72 + 0.28 * int(note["velocity"]) / 127
        colour = HAND_COLOURS[note["hand"]][::-1] * loudness
        if sounding:
            colour = colour + (1 - colour) * 0.35
        left, right = round(self._left[index]), round(self._right[index])
        bottom, top = max(round(low), -8), min(round(high), self._height + 8)
        edge = tuple(float(c) for c in colour * 255 * 0.62)
        fill = tuple(float(c) for c in colour * 255)
        cv2.rectangle(picture, (left, bottom), (right, top), edge, -1)
        cv2.rectangle(picture, (left + 3, bottom + 3), (right - 3, max(top - 3, bottom)), fill, -1)
        if note["finger"] != UNKNOWN_FINGER:
            light = tuple(float(c) for c in (colour * 0.4 + 0.6) * 255)
            room = top - max(bottom, 0) - 4, right - left - 4
            self._draw_digit(picture, int(note["finger"]), light, room, (left, right, bottom))

    def _draw_digit(
        self,
        picture: np.ndarray,
        finger: int,
        light: tuple[float, ...],
        room: tuple[int, int],
        note: tuple[int, int, int],
    ) -> None:
        """A finger number on a light disc within its note; none where it would be too small."""
        left, right, bottom = note
        width, height = self._digit_size
        share = min(1.0, room[0] / height, room[1] / width)
        if share < _LEAST_SHARE:
            return
        # In steps, so that few pictures of digits are made.
        share = int(share * 8) / 8
        digit = digit_opacity(finger, width * share, height * share)
        middle, low = (left + right) // 2, max(bottom, 0) + 2
        axes = digit.shape[1] // 2, digit.shape[0] // 2
        cv2.ellipse(picture, (middle, low + axes[1]), axes, 0, 0, 360, light, -1, cv2.LINE_AA)
        _paste(picture, digit, middle, low)

    def _lanes(self, width: int) -> UInt8[np.ndarray, "height width 3"]:
        """Background: lanes of the black keys, a line at every C, lighter near the keys."""
        x_m = self._left_m + (np.arange(width) + 0.5) / self._px_per_m
        shade = np.ones(width)
        for key in np.flatnonzero(keyboard.IS_BLACK):
            shade[np.abs(x_m - keyboard.CENTRE_X_M[key]) < keyboard.BLACK_BASE_WIDTH_M / 2] = (
                _LANE_SHADE
            )
        shade[(x_m < 0) | (x_m > keyboard.KEYBOARD_WIDTH_M)] = 0.6
        for key in np.flatnonzero(keyboard.PITCHES % 12 == 0):
            edge = keyboard.CENTRE_X_M[key] - keyboard.WHITE_PITCH_M / 2
            shade[np.abs(x_m - edge) < 0.0006] = 1.7
        rise = np.linspace(1.25, 0.75, self._height)
        picture = rise[:, None, None] * shade[None, :, None] * np.array(_BACKGROUND)[::-1]
        return np.clip(picture * 255, 0, 255).astype(np.uint8)


@cache
def digit_opacity(
    number: int, width_px: float, height_px: float
) -> Float[np.ndarray, "height width"]:
    """Opacity of a finger number's picture, rows from the bottom."""
    image = np.zeros((128, 128), np.uint8)
    font = cv2.FontFace("sans")
    left, top, width, height = cv2.getTextSize((128, 128), str(number), (0, 0), font, 100, 600)
    start = (128 - width) // 2 - left, (128 - height) // 2 - top
    cv2.putText(image, str(number), start, (255,), font, 100, 600)
    size = max(round(width_px), 4), max(round(height_px), 4)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small[::-1].astype(np.float32) / 255


def _paste(picture: np.ndarray, opacity: np.ndarray, middle: int, bottom: int) -> None:
    """Draw a digit in near-black where it fits whole."""
    height, width = opacity.shape
    left = middle - width // 2
    part = picture[bottom : bottom + height, max(left, 0) : left + width]
    if left >= 0 and part.shape[:2] == opacity.shape:
        part[:] = part * (1 - opacity[..., None]) + 12 * opacity[..., None]
