"""The strip of black keys in a picture: scan lines at many angles, read by their pattern."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from duemani.inputs.film.keyboard.pattern import LineMatch, match_line

_ANGLE_STEP_DEG = 5.0
_SHARES = (0.045, 0.14)
"""Widths of the window in which dark and bright are told apart, of the picture's longer side."""
_LEAST_CONTRAST = 14.0
_LEAST_RUNS = 7
_LINES_READ = 16
_LEAST_KEYS = 8
_LEAST_LINES = 4
_MANY_KEYS, _LINES_ENOUGH = 22, 8
_STRIPS_AN_ANGLE = 3


@dataclass(frozen=True)
class Strip:
    """Black keys' middles seen along parallel lines.

    Attributes:
        keys: number of the black key of each point (see `keyboard_pattern`), along the lines.
        left_px, right_px: where its dark run begins and ends, in the picture.
        lines: number of the line.
        best: of the longest line, how many keys.
        along: unit vector of the lines in the picture, towards higher keys.
    """

    keys: Int[np.ndarray, " point"]
    left_px: Float[np.ndarray, "point 2"]
    right_px: Float[np.ndarray, "point 2"]
    lines: Int[np.ndarray, " point"]
    best: int
    along: Float[np.ndarray, "2"]


@dataclass(frozen=True)
class _Runs:
    """Dark runs of every line: line number, begin and end, in order."""

    line: Int[np.ndarray, " run"]
    begin: Float[np.ndarray, " run"]
    end: Float[np.ndarray, " run"]


def find_strips(grey: UInt8[np.ndarray, "h w"]) -> Iterator[Strip]:
    """Strips that look like black keys, likely angles first.

    The angles come in the order of how much the picture's edges lie across them.
    """
    for angle in _likely_angles(grey):
        turned, back = _turned(grey, angle)
        strips = list[Strip]()
        for share in _SHARES:
            if strips and max(strip.best for strip in strips) >= _MANY_KEYS:
                break
            strips += _read(turned, back, max(int(share * max(grey.shape)), 8))
        strips.sort(key=lambda strip: -len(strip.keys))
        yield from strips[:_STRIPS_AN_ANGLE]


def _likely_angles(grey: UInt8[np.ndarray, "h w"]) -> list[float]:
    """Directions of the keyboard [degrees, 0-180), the likelier first."""
    soft = cv2.GaussianBlur(grey, (0, 0), 1.2).astype(np.float32)
    dx, dy = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    strength = np.minimum(np.hypot(dx, dy), 200.0)
    angle = np.degrees(np.arctan2(dy, dx)) % 180
    bins = int(180 / _ANGLE_STEP_DEG)
    place = np.round(angle / _ANGLE_STEP_DEG).astype(int) % bins
    weight = np.bincount(place.ravel(), strength.ravel(), bins)
    return [float(b * _ANGLE_STEP_DEG) for b in np.argsort(-weight)]


def _turned(
    grey: UInt8[np.ndarray, "h w"], angle_deg: float
) -> tuple[UInt8[np.ndarray, "h2 w2"], Float[np.ndarray, "2 3"]]:
    """The picture with this direction along its rows, and the way back to the picture's pixels."""
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    new_width, new_height = round(width * cos + height * sin), round(width * sin + height * cos)
    turn[:, 2] += (new_width - width) / 2, (new_height - height) / 2
    turned = cv2.warpAffine(grey, turn, (new_width, new_height), flags=cv2.INTER_LINEAR)
    return turned.astype(np.uint8), np.asarray(cv2.invertAffineTransform(turn))


def _read(turned: np.ndarray, back: np.ndarray, window: int) -> list[Strip]:
    """Stretches of neighbouring rows that show black keys."""
    runs = _dark_runs(turned, window)
    counts = np.bincount(runs.line, minlength=len(turned))
    splits = np.searchsorted(runs.line, np.arange(len(turned) + 1))
    matches = list[tuple[int, LineMatch]]()
    for row in _spread_rows(_regular_counts(runs, len(turned)), counts):
        part = slice(splits[row], splits[row + 1])
        begin, end = runs.begin[part], runs.end[part]
        found = match_line((begin + end) / 2, end - begin)
        if found is not None and len(found.keys) >= _LEAST_KEYS:
            matches.append((row, found))
            if len(found.keys) >= _MANY_KEYS and len(matches) >= _LINES_ENOUGH:
                break
    matches.sort(key=lambda match: -len(match[1].keys))
    strips = list[Strip]()
    for row, match in matches:
        if any(strip.lines.min() - 2 <= row <= strip.lines.max() + 2 for strip in strips):
            continue
        strips.append(_grown(runs, splits, row, match, back))
        if len(strips) == _STRIPS_AN_ANGLE:
            break
    return [strip for strip in strips if len(np.unique(strip.lines)) >= _LEAST_LINES]


def _dark_runs(turned: np.ndarray, window: int) -> _Runs:
    """Dark runs along the rows, with ends between pixels."""
    soft = cv2.GaussianBlur(turned, (0, 0), sigmaX=0.8, sigmaY=1.5).astype(np.float32)
    flat = np.ones((1, window | 1), np.uint8)
    high, low = cv2.dilate(soft, flat), cv2.erode(soft, flat)
    smooth = (window | 1, 1)
    high, low = cv2.blur(high, smooth), cv2.blur(low, smooth)
    above = soft - (0.55 * low + 0.45 * high)
    dark: Bool[np.ndarray, "h w"] = (above < 0) & (high - low > _LEAST_CONTRAST)
    dark[:, [0, -1]] = False
    change = np.diff(dark.astype(np.int8), axis=1)
    line, begin = np.nonzero(change == 1)
    _, end = np.nonzero(change == -1)
    return _Runs(line, _crossing(above, line, begin), _crossing(above, line, end))


def _crossing(above: np.ndarray, line: np.ndarray, column: np.ndarray) -> np.ndarray:
    first, second = above[line, column], above[line, column + 1]
    step = first - second
    share = np.where(np.abs(step) > 1e-6, first / np.where(step == 0, 1, step), 0.5)
    return np.asarray(column + np.clip(share, 0, 1))


def _regular_counts(runs: _Runs, rows: int) -> Int[np.ndarray, " row"]:
    """How many runs of each row have neighbours of their own kind."""
    middle, width = (runs.begin + runs.end) / 2, runs.end - runs.begin
    if len(middle) < 4:
        return np.zeros(rows, int)
    gap = np.diff(middle)
    same = np.diff(runs.line) == 0
    ratio = gap[1:] / np.maximum(gap[:-1], 1e-6)
    relative = width[1:-1] / np.maximum(np.minimum(gap[1:], gap[:-1]), 1e-6)
    good = same[1:] & same[:-1] & (ratio > 0.5) & (ratio < 2.0)
    good &= (relative > 0.2) & (relative < 0.85)
    return np.bincount(runs.line[1:-1][good], minlength=rows)


def _spread_rows(likely: np.ndarray, counts: np.ndarray) -> list[int]:
    """The likeliest rows, not all side by side."""
    score = np.where(counts >= _LEAST_RUNS, likely, 0).astype(float)
    rows = list[int]()
    apart = max(len(score) // 150, 2)
    while len(rows) < _LINES_READ:
        row = int(score.argmax())
        if score[row] < _LEAST_RUNS - 2:
            break
        rows.append(row)
        score[max(row - apart, 0) : row + apart + 1] = 0
    return rows


def _grown(runs: _Runs, splits: np.ndarray, row: int, match: LineMatch, back: np.ndarray) -> Strip:
    """Follow the same keys to the rows above and below."""
    found = list[tuple[int, np.ndarray, np.ndarray, np.ndarray]]()
    for step in (1, -1):
        part = slice(splits[row], splits[row + 1])
        begin, end = runs.begin[part][match.runs], runs.end[part][match.runs]
        keys, at, lost = match.keys, row, 0
        if step > 0:
            found.append((row, keys, begin, end))
        while lost < 4:
            at += step
            if not 0 <= at < len(splits) - 1:
                break
            part = slice(splits[at], splits[at + 1])
            begins, ends = runs.begin[part], runs.end[part]
            if not len(begins):
                lost += 1
                continue
            near = np.abs((begins + ends)[:, None] - (begin + end)).argmin(0)
            width = end - begin
            off = np.maximum(np.abs(begins[near] - begin), np.abs(ends[near] - end))
            same = off < 0.25 * width + 0.7
            if np.count_nonzero(same) < max(0.5 * len(match.keys), 5):
                lost += 1
                continue
            lost = 0
            found.append((at, keys[same], begins[near][same], ends[near][same]))
            begin = np.where(same, begins[near], begin)
            end = np.where(same, ends[near], end)
    keys = np.concatenate([f[1] for f in found])
    lines = np.concatenate([np.full(len(f[1]), f[0]) for f in found])
    left = np.stack([np.concatenate([f[2] for f in found]), lines], 1) @ back[:, :2].T + back[:, 2]
    right = np.stack([np.concatenate([f[3] for f in found]), lines], 1) @ back[:, :2].T
    return Strip(keys, left, right + back[:, 2], lines, len(match.keys), back[:, 0])
