"""What a picture says for and against a keyboard seen by a given camera.

Lengths are in white keys (see `keyboard_pattern`).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.inputs.film.camera import Camera
from duemani.inputs.film.keyboard.edges import BLACK_SIDE, GAP, black_keys_between, key_edges, sight
from duemani.inputs.film.keyboard.pattern import black_x
from duemani.keyboard import BLACK_BACK_M, BLACK_FRONT_M, BLACK_HEIGHT_M, WHITE_PITCH_M

_REACH = 0.3
_NEAR = 0.2
_FRONT, _BACK, _HIGH = (
    length / WHITE_PITCH_M for length in (BLACK_FRONT_M, BLACK_BACK_M, BLACK_HEIGHT_M)
)
_LEAST_BLACK = 8
_LEAST_SHARE = 0.55
_LARGEST_MISS = 0.11
_SMALLEST_GAP_PITCH_PX = 9.0
_LEAST_GAP_SHARE = 0.25
_MARGIN_LINES = 60


@dataclass(frozen=True)
class Evidence:
    """Which keys the picture shows where the camera puts them.

    Attributes:
        lines: numbers of the white key lines that lie in the picture.
        gap: whether the gap between white keys is seen there.
        bright: whether the white key right of the line is bright in front; NaN where out of view.
        front: how bright, between the black keys (0) and the white keys nearby (1).
        black: numbers of the black keys in the picture.
        black_seen: whether both sides of it are seen, and dark between.
        miss: root mean square distance of gaps and black keys' middles, in white keys.
        pitch_px: median width of a white key.
        white_share: of the white keys between the outermost black keys seen that are bright.
    """

    lines: Int[np.ndarray, " line"]
    gap: Bool[np.ndarray, " line"]
    bright: Float[np.ndarray, " line"]
    front: Float[np.ndarray, " line"]
    black: Int[np.ndarray, " black"]
    black_seen: Bool[np.ndarray, " black"]
    miss: float
    pitch_px: float
    white_share: float

    @property
    def score(self) -> float:
        """How many keys speak for it."""
        return float(self.black_seen.sum() + 0.5 * self.gap.sum() * self.white_share)

    @property
    def holds(self) -> bool:
        """Whether it is a keyboard beyond doubt."""
        seen = np.flatnonzero(self.black_seen)
        if len(seen) < _LEAST_BLACK or self.miss > _LARGEST_MISS:
            return False
        share = len(seen) / (seen[-1] - seen[0] + 1)
        x = black_x(self.black[seen])
        between = (self.lines > x[0]) & (self.lines < x[-1])
        gaps = self.gap[between].mean() if between.any() else 0.0
        if self.pitch_px > _SMALLEST_GAP_PITCH_PX and gaps < _LEAST_GAP_SHARE:
            return False
        return bool(share >= _LEAST_SHARE and self.white_share >= _LEAST_SHARE)


def weigh(soft: Float[np.ndarray, "h w"], camera: Camera) -> Evidence | None:
    """Look at every key that the camera would show; None where it shows hardly any."""
    lines = lines_in_view(camera)
    if len(lines) < 8:
        return None
    first, last = int(lines[0]), int(lines[-1])
    edges = key_edges(first, last)
    sighting = sight(soft, camera, edges, _REACH)
    limit = np.maximum(_NEAR * sighting.pitch_px, 1.0)
    fits = np.abs(np.nan_to_num(sighting.offset_px, nan=np.inf)) < limit
    # Offsets along +x, in white keys.
    sign = np.where(edges.outward[:, 0] < 0, -1.0, 1.0)
    offset = np.where(fits, sign * sighting.offset_px / np.maximum(sighting.pitch_px, 1e-6), np.nan)
    black = np.array(black_keys_between(first, last))
    middle = black_x(black)
    dark, bright = _grey_of_keys(soft, camera, middle, lines)
    nearby = np.array([_level(bright, lines + 0.5, x) for x in middle])
    seen, misses = np.zeros(len(black), bool), list[float]()
    for index, key in enumerate(black):
        mine = (edges.kind == BLACK_SIDE) & (edges.line == key)
        sides = [mine & (edges.outward[:, 0] == side) for side in (-1.0, 1.0)]
        if min(fits[side].mean() for side in sides) >= 0.5 and dark[index] < nearby[index] - 8:
            seen[index] = True
            misses.append(float(np.mean([np.nanmedian(offset[side]) for side in sides])))
    gap = np.zeros(len(lines), bool)
    for index, line in enumerate(lines):
        mine = (edges.kind == GAP) & (edges.line == line)
        if fits[mine].mean() >= 0.6:
            gap[index] = True
            misses.append(float(np.nanmedian(offset[mine])))
    if not seen.any():
        return None
    black_level = np.array([_level(dark[seen], middle[seen], x) for x in lines + 0.5])
    white_level = np.array([_level(bright, lines + 0.5, x) for x in lines + 0.5])
    front = (bright - black_level) / np.maximum(white_level - black_level, 1.0)
    is_bright = np.where(np.isfinite(front), front > 0.4, np.nan)
    is_bright[white_level - black_level < 8] = 0.0
    between = (lines > middle[seen][0] - 1) & (lines < middle[seen][-1])
    share = float(np.nanmean(is_bright[between])) if np.isfinite(is_bright[between]).any() else 0.0
    return Evidence(
        lines,
        gap,
        is_bright,
        front,
        black,
        seen,
        float(np.sqrt(np.mean(np.square(misses)))),
        float(np.median(sighting.pitch_px[edges.kind == GAP])),
        share,
    )


def lines_in_view(camera: Camera) -> Int[np.ndarray, " line"]:
    """White key lines, one stretch of them, that cross the picture before the camera."""
    width, height = camera.size_px
    lines = np.arange(-_MARGIN_LINES, _MARGIN_LINES + 1)
    points = np.stack(np.broadcast_arrays(lines[:, None], np.array([1.0, 4.0]), 0.0), -1)
    depth = camera.depth(points.astype(float))
    px = camera.project(points.astype(float))
    inside = (px >= -0.5).all(-1) & (px[..., 0] <= width - 0.5) & (px[..., 1] <= height - 0.5)
    inside &= depth > 1e-9 * np.abs(depth).max()
    good = np.flatnonzero(inside.any(1))
    if not len(good):
        return lines[:0]
    return lines[good[0] : good[-1] + 1]


def _grey_of_keys(
    soft: np.ndarray, camera: Camera, middle: np.ndarray, lines: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Brightness of the black keys' tops and of the white keys' fronts; NaN out of view."""
    black_y = np.linspace(_FRONT + 0.6, _BACK - 0.8, 7)
    tops = np.stack(np.broadcast_arrays(middle[:, None], black_y, _HIGH), -1)
    # Near the gaps, too: there black keys would lie, were this not the front.
    x = lines[:, None, None] + 0.5 + np.array([-0.35, -0.15, 0.15, 0.35])[:, None]
    fronts = np.stack(np.broadcast_arrays(x, np.linspace(0.4, 1.7, 5), 0.0), -1)
    fronts = fronts.reshape(len(lines), -1, 3)
    return _grey(soft, camera, tops, 50.0), _grey(soft, camera, fronts, 25.0)


def _grey(soft: np.ndarray, camera: Camera, points: np.ndarray, percent: float) -> np.ndarray:
    px = camera.project(points).astype(np.float32)
    grey = cv2.remap(soft, px[..., 0], px[..., 1], cv2.INTER_LINEAR)
    height, width = soft.shape
    inside = (px >= 0).all(-1) & (px[..., 0] <= width - 1) & (px[..., 1] <= height - 1)
    values = np.where(inside, grey, np.nan)
    known = inside.mean(1) >= 0.5
    result = np.full(len(points), np.nan)
    result[known] = np.nanpercentile(values[known], percent, axis=1)
    return result


def _level(grey: np.ndarray, x: np.ndarray, at: float) -> float:
    """Median of the seven known values nearest to a place."""
    known = np.flatnonzero(np.isfinite(grey))
    if not len(known):
        return float("nan")
    nearest = known[np.argsort(np.abs(x[known] - at))[:7]]
    return float(np.median(grey[nearest]))
