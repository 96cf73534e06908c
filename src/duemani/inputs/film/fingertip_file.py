"""Fingertip files: tracked tips as a table, beside them where the keys lie.

`N.csv` has a row a tip: `frame_index, hand_index, fingertip_id, x, y` [px], tips 4, 8, 12, 16, 20
(thumb to little finger); `N.json` the keyboard: `white_keys` (x of the lines between white keys
from the bass on [px]), `top_border` and `bottom_border` (y of the keys' far and near ends [px]).
The keys run along the picture's rows. So MIDItest's tracked takes are published.
"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from duemani.errors import InputError
from duemani.files import read_limited
from duemani.inputs.film.filmed_hands import FilmedHands
from duemani.inputs.film.keyboard_view import KeyboardView, keyboard_camera
from duemani.keyboard import IS_BLACK, WHITE_COUNT, WHITE_LENGTH_M, WHITE_PITCH_M
from duemani.performance import LEFT, RIGHT

_COLUMNS = ("frame_index", "hand_index", "fingertip_id", "x", "y")
_LARGEST_BYTES = 400_000_000
_MOST_FRAMES = 2_000_000
_FARTHEST_PX = 1e5
_CONFIDENCE = 0.9
"""Such files do not say how sure the tracker was."""


def read_fingertips(path: Path, frame_rate: float = 30.0) -> tuple[FilmedHands, KeyboardView]:
    """Read a fingertip file and the keyboard beside it.

    Which of the two hand numbers is the left hand differs from file to file; the thumbs tell.

    Args:
        path: the `.csv`; the `.json` has the same name.
        frame_rate: of the video [Hz]; the file does not tell (`alignment.film_clock` corrects it).

    Returns:
        The tips, everything else NaN; and the keyboard, whose octave is sure only if all 52 white
        keys are marked.

    Raises:
        InputError: a file is missing, damaged or no such file, or the frame rate is out of range.
    """
    if not 1 <= frame_rate <= 240:
        raise InputError(f"{frame_rate} frames per second are not accepted; 1 to 240 are.")
    tips = _read_tips(path)
    view = _read_keyboard(path.with_suffix(".json"), tips)
    spread = np.nanmedian(
        view.to_keyboard(tips)[..., 3:, 0].mean(-1) - _thumb_x(view, tips), axis=1
    )
    # A right hand's little finger lies on the treble side of its thumb.
    if np.nan_to_num(spread[LEFT]) > np.nan_to_num(spread[RIGHT]):
        tips = tips[::-1]
    frames = tips.shape[1]
    landmarks = np.full((2, frames, 21, 2), np.nan)
    landmarks[:, :, 4::4] = tips
    seen = np.isfinite(tips).all((2, 3))
    landmarks[~seen] = np.nan
    filmed = FilmedHands(
        np.arange(frames) / frame_rate,
        landmarks,
        np.full((2, frames, 21), np.nan),
        np.where(seen, _CONFIDENCE, 0.0),
        view.camera.size_px,
    )
    return filmed, view


def _thumb_x(view: KeyboardView, tips: np.ndarray) -> np.ndarray:
    return np.asarray(view.to_keyboard(tips[..., 0, :])[..., 0])


def _read_tips(path: Path) -> np.ndarray:
    """(hand, frame, finger, xy) [px], NaN where there is no row."""
    try:
        text = read_limited(path, _LARGEST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text; a table of fingertips (.csv) is accepted.") from None
    rows = csv.reader(text.splitlines())
    head = next(rows, [])
    if [name.strip() for name in head[:5]] != list(_COLUMNS):
        raise InputError(f"{path} is no table of fingertips: its columns must be {_COLUMNS}.")
    numbers = []
    for line, row in enumerate(rows, start=2):
        if not row:
            continue
        try:
            frame, hand, tip = (int(float(word)) for word in row[:3])
            x, y = float(row[3]), float(row[4])
        except (ValueError, IndexError, OverflowError):
            raise InputError(f"{path}, line {line}: five numbers are needed.") from None
        if not (0 <= frame < _MOST_FRAMES and hand in (0, 1) and tip in (4, 8, 12, 16, 20)):
            raise InputError(
                f"{path}, line {line}: frame {frame}, hand {hand}, tip {tip} is not accepted; hands"
                " 0 and 1 and tips 4, 8, 12, 16 and 20 are."
            )
        if abs(x) < _FARTHEST_PX and abs(y) < _FARTHEST_PX:  # not so is NaN, too
            numbers.append((frame, hand, tip // 4 - 1, x, y))
    if not numbers:
        raise InputError(f"{path} holds no fingertips.")
    table = np.array(numbers)
    frame, hand, finger = table[:, :3].T.astype(int)
    tips = np.full((2, int(frame.max()) + 1, 5, 2), np.nan)
    tips[hand, frame, finger] = table[:, 3:]
    return tips


def _read_keyboard(path: Path, tips: np.ndarray) -> KeyboardView:
    import cv2

    try:
        facts = json.loads(read_limited(path, _LARGEST_BYTES))
        lines = np.array(facts["white_keys"], float)
        top, bottom = float(facts["top_border"]), float(facts["bottom_border"])
        if lines.ndim != 1 or not 8 <= len(lines) <= WHITE_COUNT + 1:
            raise ValueError("8 to 53 lines are needed")
        if not np.isfinite(lines).all() or (np.diff(lines) <= 0).any():
            raise ValueError("the lines must rise")
        if not np.isfinite([top, bottom]).all() or abs(bottom - top) < 1:
            raise ValueError("the borders must differ")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} does not say where the keys lie: {error}.") from None
    edges = np.arange(len(lines)) * WHITE_PITCH_M
    near, far = np.zeros(len(lines)), np.full(len(lines), WHITE_LENGTH_M)
    on_keys = np.stack([np.tile(edges, 2), np.concatenate([far, near])], axis=1)
    pixels = np.stack([np.tile(lines, 2), np.repeat([top, bottom], len(lines))], axis=1)
    homography, _ = cv2.findHomography(on_keys, pixels, 0)
    size = (
        int(np.ceil(max(np.nanmax(tips[..., 0]), lines.max()))) + 1,
        int(np.ceil(max(np.nanmax(tips[..., 1]), bottom, top))) + 1,
    )
    view = KeyboardView(keyboard_camera(homography, size))
    miss = (view.to_keyboard(pixels) - on_keys)[:, 0] / WHITE_PITCH_M
    whites = np.flatnonzero(~IS_BLACK)
    return replace(
        view,
        last_key=int(whites[len(lines) - 2]) if len(lines) <= WHITE_COUNT else 87,
        miss_keys=float(np.sqrt(np.mean(miss**2))),
        octave_sure=len(lines) == WHITE_COUNT + 1,
    )
