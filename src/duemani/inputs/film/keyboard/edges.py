"""Edges of the keys in space, and where the picture shows them.

Lengths are in white keys: x = 0 at the left of some C, y = 0 at the white keys' front edge,
z = 0 their tops (see `keyboard_pattern`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from duemani import keyboard
from duemani.inputs.film.camera import Camera
from duemani.inputs.film.keyboard.pattern import black_x

GAP, GAP_BEHIND, BLACK_SIDE, BLACK_FRONT, WHITE_FRONT = range(5)
"""Kinds of edge: gaps between white keys (before the black keys, and behind E and B), sides and
fronts of the black keys, front edge of the white ones."""

_BASE, _TOP = (
    width / keyboard.WHITE_PITCH_M / 2
    for width in (keyboard.BLACK_BASE_WIDTH_M, keyboard.BLACK_TOP_WIDTH_M)
)
_FRONT, _BACK, _HIGH = (
    length / keyboard.WHITE_PITCH_M
    for length in (keyboard.BLACK_FRONT_M, keyboard.BLACK_BACK_M, keyboard.BLACK_HEIGHT_M)
)
_SLANT = 0.0035 / keyboard.WHITE_PITCH_M
_GAP_Y = np.linspace(0.2, _FRONT - 0.25, 5)
_SIDE_Y = np.linspace(_FRONT + 0.35, _BACK - 0.6, 5)
_STEPS = 25
_LEAST_REACH_PX = 2.0


@dataclass(frozen=True)
class Edges:
    """Points on edges. `other` is the same edge at another height: whichever juts out shows.

    Attributes:
        points, other: in white keys.
        along: direction of the edge there.
        outward: direction across the edge, towards the brighter side; along x for gaps.
        kind: see the module's constants.
        line: number of the white key line (gaps) or of the black key.
    """

    points: Float[np.ndarray, "point 3"]
    other: Float[np.ndarray, "point 3"]
    along: Float[np.ndarray, "point 3"]
    outward: Float[np.ndarray, "point 3"]
    kind: Int[np.ndarray, " point"]
    line: Int[np.ndarray, " point"]


@dataclass(frozen=True)
class Sighting:
    """Edges as the picture shows them.

    Attributes:
        predicted_px: where the camera puts them.
        normal: unit vector across, towards the brighter side.
        offset_px: from there to the edge found; NaN where none is seen.
        strength: of the edge, in grey levels.
        pitch_px: length across the edge of one white key's width.
        low: whether the other height's edge was taken.
    """

    predicted_px: Float[np.ndarray, "point 2"]
    normal: Float[np.ndarray, "point 2"]
    offset_px: Float[np.ndarray, " point"]
    strength: Float[np.ndarray, " point"]
    pitch_px: Float[np.ndarray, " point"]
    points: Float[np.ndarray, "point 3"]


@lru_cache(256)
def key_edges(first_line: int, last_line: int) -> Edges:
    """Edges of the keys between two white key lines (line n is x = n)."""
    parts = list[tuple[np.ndarray, np.ndarray, tuple[float, ...], tuple[float, ...], int, int]]()
    y_way, x_way = (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)
    for line in range(first_line, last_line + 1):
        points = _points(float(line), _GAP_Y, 0.0)
        parts.append((points, points, y_way, x_way, GAP, line))
        if line % 7 in (0, 3):
            points = _points(float(line), _SIDE_Y, 0.0)
            parts.append((points, points, y_way, x_way, GAP_BEHIND, line))
    for line in range(first_line, last_line):
        points = _points(line + np.array([0.2, 0.5, 0.8]), 0.0, 0.0)
        parts.append((points, points, x_way, (0.0, 1.0, 0.0), WHITE_FRONT, line))
    for key in black_keys_between(first_line, last_line):
        x = float(black_x(np.array(key)))
        for side in (-1.0, 1.0):
            low = _points(x + side * _BASE, _SIDE_Y, 0.0)
            high = _points(x + side * _TOP, _SIDE_Y, _HIGH)
            parts.append((low, high, y_way, (side, 0.0, 0.0), BLACK_SIDE, key))
        across = x + np.array([-0.15, 0.0, 0.15])
        low, high = _points(across, _FRONT, 0.0), _points(across, _FRONT + _SLANT, _HIGH)
        parts.append((low, high, x_way, (0.0, -1.0, 0.0), BLACK_FRONT, key))
    sizes = [len(part[0]) for part in parts]
    return Edges(
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.repeat(np.array([part[2] for part in parts]), sizes, axis=0),
        np.repeat(np.array([part[3] for part in parts]), sizes, axis=0),
        np.repeat(np.array([part[4] for part in parts]), sizes),
        np.repeat(np.array([part[5] for part in parts]), sizes),
    )


def black_keys_between(first_line: int, last_line: int) -> list[int]:
    """Numbers of the black keys between two white key lines."""
    keys = range(5 * (first_line // 7) - 1, 5 * (last_line // 7) + 6)
    return [key for key in keys if first_line < black_x(np.array(key)) < last_line]


def _points(x: np.ndarray | float, y: np.ndarray | float, z: float) -> np.ndarray:
    return np.stack(np.broadcast_arrays(np.float64(x), np.float64(y), np.float64(z)), -1).reshape(
        -1, 3
    )


def sight(
    soft: Float[np.ndarray, "h w"],
    camera: Camera,
    edges: Edges,
    reach: float,
) -> Sighting:
    """Look for each edge across its predicted place.

    Args:
        soft: grey picture, slightly blurred.
        camera: space (white keys) to pixels.
        edges: what to look for.
        reach: how far to look, in white keys.
    """
    points = edges.points.copy()
    low, high = camera.project(edges.points), camera.project(edges.other)
    small = 0.02
    out = camera.project(edges.points + small * edges.outward) - low
    along = camera.project(edges.points + small * edges.along) - low
    normal = np.stack([along[:, 1], -along[:, 0]], 1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    normal *= np.where((normal * out).sum(1, keepdims=True) < 0, -1.0, 1.0)
    pitch = (normal * out).sum(1) / small
    juts = ((high - low) * normal).sum(1) > 0
    points[juts] = edges.other[juts]
    at = np.where(juts[:, None], high, low)
    reach_px = np.maximum(reach * pitch, _LEAST_REACH_PX)
    steps = np.linspace(-1, 1, _STEPS)
    offsets = steps * reach_px[:, None]
    where = (at[:, None] + offsets[..., None] * normal[:, None]).astype(np.float32)
    where = np.clip(np.nan_to_num(where, nan=-1e4), -1e4, 1e4)
    height, width = soft.shape
    grey = cv2.remap(soft, where[..., 0], where[..., 1], cv2.INTER_LINEAR).astype(np.float64)
    inside = (where >= 0).all((1, 2)) & (where[..., 0] < width - 1).all(1)
    inside &= (where[..., 1] < height - 1).all(1) & (pitch > 3.0)
    is_gap = (edges.kind == GAP) | (edges.kind == GAP_BEHIND)
    # Steps answer to the slope, gaps to the valley, both over about one tenth of a key.
    reply = np.where(is_gap[:, None], _valley(grey, offsets, pitch), _slope(grey, offsets, pitch))
    favour = 1 - 0.35 * steps**2
    best = (reply * favour).argmax(1)
    rows = np.arange(len(at))
    strength = reply[rows, best]
    inner = np.clip(best, 1, _STEPS - 2)
    before, middle, after = (reply[rows, inner + d] for d in (-1, 0, 1))
    bend = before - 2 * middle + after
    shift = np.where(bend < -1e-9, 0.5 * (before - after) / np.where(bend == 0, 1, bend), 0.0)
    found = offsets[rows, inner] + np.clip(shift, -1, 1) * (offsets[:, 1] - offsets[:, 0])
    seen = inside & (strength > np.where(is_gap, 1.2, 5.0)) & (best > 0) & (best < _STEPS - 1)
    return Sighting(at, normal, np.where(seen, found, np.nan), strength, pitch, points)


def _span(grey: np.ndarray, offsets: np.ndarray, pitch: np.ndarray, share: float) -> np.ndarray:
    step = np.maximum(offsets[:, 1] - offsets[:, 0], 1e-9)
    return np.clip(np.round(np.maximum(share * pitch, 1.0) / step), 1, _STEPS // 4).astype(int)


def _shifted(grey: np.ndarray, by: np.ndarray) -> np.ndarray:
    columns = np.clip(np.arange(grey.shape[1]) + by[:, None], 0, grey.shape[1] - 1)
    return np.take_along_axis(grey, columns, 1)


def _slope(grey: np.ndarray, offsets: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    by = _span(grey, offsets, pitch, 0.05)
    return _shifted(grey, by) - _shifted(grey, -by)


def _valley(grey: np.ndarray, offsets: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    by = _span(grey, offsets, pitch, 0.09)
    return np.minimum(_shifted(grey, by), _shifted(grey, -by)) - grey


def softened(grey: UInt8[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """The picture with its noise smoothed, as `sight` wants it."""
    return cv2.GaussianBlur(grey, (0, 0), 0.9).astype(np.float32)
