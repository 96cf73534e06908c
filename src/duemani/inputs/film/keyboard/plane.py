"""A strip of black keys → the keyboard's plane: which side is the player's, and how deep it is.

Lengths are in white keys (see `keyboard_pattern`); y = 0 is the white keys' front edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from duemani.inputs.film.keyboard.pattern import black_x
from duemani.inputs.film.keyboard.strip import Strip
from duemani.keyboard import BLACK_BACK_M, BLACK_FRONT_M, WHITE_PITCH_M

FRONT_Y = BLACK_FRONT_M / WHITE_PITCH_M
BACK_Y = BLACK_BACK_M / WHITE_PITCH_M
_STEP_X, _STEPS_S = 12, 160
"""Samples of the flattened picture: in a white key, and across the strip and its surroundings."""
_REACH = 1.6
_LEAST_LENGTH = 0.3
"""Of the black keys, in depths of the strip."""
_FRONT_SHARES = np.linspace(0.30, 0.95, 40)
"""Depth of the white keys before the black ones, as a share of the black keys' length."""
_USUAL_SHARE = FRONT_Y / (BACK_Y - FRONT_Y)


def plane_guesses(grey: UInt8[np.ndarray, "h w"], strip: Strip) -> list[Float[np.ndarray, "3 3"]]:
    """Homographies of the keyboard's plane (in white keys) to pixels, the likelier side first."""
    pencil = _x_of_pixel(strip)
    if pencil is None:
        return []
    guesses = []
    for side in (1, -1):
        guess = _one_side(grey, strip, pencil, side)
        if guess is not None:
            guesses.append(guess)
    guesses.sort(key=lambda guess: -guess[0])
    return [homography for _, homography in guesses]


def _x_of_pixel(strip: Strip) -> tuple[np.ndarray, np.ndarray] | None:
    """Linear forms u, v of (px, py, 1) with x = u / v, by least squares over all points."""
    points = (strip.left_px + strip.right_px) / 2
    centre, scale = points.mean(0), max(float(points.std()), 1e-6)
    p = np.column_stack([(points - centre) / scale, np.ones(len(points))])
    x = black_x(strip.keys)
    middle, spread = x.mean(), max(float(x.std()), 1e-6)
    z = (x - middle) / spread
    weight = np.ones(len(p))
    for _ in range(3):
        design = np.concatenate([p, -z[:, None] * p], 1) * weight[:, None]
        _, _, rows = np.linalg.svd(design, full_matrices=False)
        u, v = rows[-1, :3], rows[-1, 3:]
        depth = p @ v
        if np.median(depth) < 0:
            u, v, depth = -u, -v, -depth
        off = np.abs((p @ u) / np.where(np.abs(depth) > 1e-9, depth, 1e-9) - z) * spread
        weight = 1 / (1 + (off / 0.1) ** 2) / np.maximum(depth, 1e-3)
        weight /= weight.max()
    if depth.min() <= 0:
        return None
    normalise = np.array([[1, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, scale]]) / scale
    u, v = u @ normalise, v @ normalise
    return spread * u + middle * v, v


@dataclass(frozen=True)
class _Flat:
    """A strip laid flat, as the player on one side of it would see it.

    Attributes:
        to_x, to_s, to_depth: linear forms of (px, py, 1): x = to_x / to_depth along the keys, and
            s = to_s / to_depth across them, 0 in the strip's middle, rising away from the player,
            about 1 over the strip's depth.
        keys: numbers of the black keys.
    """

    to_x: Float[np.ndarray, "3"]
    to_s: Float[np.ndarray, "3"]
    to_depth: Float[np.ndarray, "3"]
    keys: Int[np.ndarray, " key"]

    @property
    def flat_from_picture(self) -> Float[np.ndarray, "3 3"]:
        return np.stack([self.to_x, self.to_s, self.to_depth])


def _one_side(
    grey: np.ndarray, strip: Strip, pencil: tuple[np.ndarray, np.ndarray], side: int
) -> tuple[float, np.ndarray] | None:
    """The plane if the player sits on this side of the lines; with how well the picture agrees."""
    laid = _laid_flat(strip, pencil, side)
    if np.linalg.cond(laid.flat_from_picture) > 1e9:
        return None
    flat, s, first_x = _flattened(grey, np.linalg.inv(laid.flat_from_picture), laid.keys)
    ends = _black_ends(flat, s, np.unique(laid.keys), first_x)
    if ends is None:
        return None
    near, far, level = ends
    share, score = _front_depth(flat, near, far, level, first_x)
    middle_x = black_x(laid.keys).mean()
    length = np.polyval(far, middle_x) - np.polyval(near, middle_x)
    if length < _LEAST_LENGTH:
        return None
    # y is affine in x and s: zero at the front edge, FRONT_Y at the black keys' near ends.
    per_s = FRONT_Y / (share * length)
    at_near = near[0] * laid.to_x + near[1] * laid.to_depth
    to_y = per_s * (laid.to_s - at_near) + FRONT_Y * laid.to_depth
    return score, np.linalg.inv(np.stack([laid.to_x, to_y, laid.to_depth]))


def _laid_flat(strip: Strip, pencil: tuple[np.ndarray, np.ndarray], side: int) -> _Flat:
    """The strip with x along the keys and s across them, free of any slope of s along x."""
    (to_x, to_depth), keys = pencil, strip.keys
    if side < 0:
        # Seen from the other side x runs the other way; the pattern is its own mirror about D.
        to_x, keys = 3 * to_depth - to_x, 1 - keys
    along = side * strip.along / np.linalg.norm(strip.along)
    away = np.array([along[1], -along[0]])
    points = np.column_stack([(strip.left_px + strip.right_px) / 2, np.ones(len(keys))])
    scale = points @ to_depth
    slope, offset = np.polyfit(black_x(keys), (points[:, :2] @ away) / scale, 1)
    to_s = np.append(away, 0.0) - slope * to_x - offset * to_depth
    low, high = np.percentile(points @ to_s / scale, [3, 97])
    to_s = (to_s - (low + high) / 2 * to_depth) / max(high - low, 1e-9)
    return _Flat(to_x, to_s, to_depth, keys)


def _flattened(
    grey: np.ndarray, picture_from_flat: np.ndarray, keys: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """The picture over (s, x), unseen places NaN; its rows' s; its first x."""
    first_x, last_x = black_x(keys).min() - 1, black_x(keys).max() + 1
    count = int((last_x - first_x) * _STEP_X)
    x = first_x + np.arange(count) / _STEP_X
    s = np.linspace(-_REACH, _REACH, _STEPS_S)
    grid = np.stack(np.broadcast_arrays(x[None, :], s[:, None], np.float64(1)), -1)
    mapped = grid @ picture_from_flat.T
    depth = mapped[..., 2]
    ahead = depth * np.sign(np.median(depth)) > 1e-9
    px = (mapped[..., :2] / np.where(ahead, depth, 1.0)[..., None]).astype(np.float32)
    soft = cv2.GaussianBlur(grey, (0, 0), 0.8).astype(np.float32)
    flat = cv2.remap(soft, px[..., 0], px[..., 1], cv2.INTER_LINEAR)
    height, width = grey.shape
    inside = (px[..., 0] >= 0) & (px[..., 0] < width - 1) & ahead
    inside &= (px[..., 1] >= 0) & (px[..., 1] < height - 1)
    return np.where(inside, flat, np.nan), s, float(first_x)


def _columns(flat: np.ndarray, x: np.ndarray, first_x: float, half: int) -> np.ndarray:
    """Mean brightness along s in a column of the flattened picture about each x."""
    middle = np.clip(np.round((x - first_x) * _STEP_X).astype(int), half, flat.shape[1] - 1 - half)
    return flat[:, middle[:, None] + np.arange(-half, half + 1)].mean(2).T


def _black_ends(
    flat: np.ndarray, s: np.ndarray, keys: np.ndarray, first_x: float
) -> tuple[np.ndarray, np.ndarray, tuple[float, float]] | None:
    """Lines s(x) of the black keys' near and far ends; dark and bright level."""
    x = black_x(keys)
    black = _columns(flat, x, first_x, 2)
    white = np.fmax(_columns(flat, x - 0.5, first_x, 1), _columns(flat, x + 0.5, first_x, 1))
    core = np.abs(s) < 0.25
    whole = np.isfinite(black[:, core]).all(1) & np.isfinite(white[:, core]).all(1)
    x, black, white = x[whole], black[whole], white[whole]
    dark, bright = np.median(black[:, core], 1), np.median(white[:, core], 1)
    usable = bright - dark > 6
    if np.count_nonzero(usable) < 5:
        return None
    x, black, dark, bright = x[usable], black[usable], dark[usable], bright[usable]
    share = (black - dark[:, None]) / (bright - dark)[:, None]
    near = np.array([_first_beyond(row, s, -1) for row in share])
    contrast = (white[usable] - black) / (bright - dark)[:, None]
    far = np.array([_first_beyond(1 - row, s, 1) for row in contrast])
    near_line, far_line = _robust_line(x, near, -0.5), _robust_line(x, far, 0.5)
    return near_line, far_line, (float(np.median(dark)), float(np.median(bright)))


def _first_beyond(share: np.ndarray, s: np.ndarray, step: int) -> float:
    """Where, walking from the middle, the share first exceeds one half for good."""
    start = len(s) // 2
    path = share[start::step]
    over = np.nan_to_num(path, nan=1.0) > 0.5
    held = over[:-2] & over[1:-1] & over[2:]
    return float(s[start::step][int(held.argmax())]) if held.any() else float("nan")


def _robust_line(x: np.ndarray, s: np.ndarray, usual: float) -> np.ndarray:
    """Slope and offset of a line through most points (Theil and Sen)."""
    known = np.isfinite(s)
    x, s = x[known], s[known]
    if len(x) < 4:
        return np.array([0.0, np.median(s) if len(s) else usual])
    first, second = np.triu_indices(len(x), 1)
    wide = np.abs(x[second] - x[first]) > 0.25 * np.ptp(x)
    slope = np.median(((s[second] - s[first]) / (x[second] - x[first]))[wide])
    return np.array([slope, np.median(s - slope * x)])


def _front_depth(
    flat: np.ndarray, near: np.ndarray, far: np.ndarray, level: tuple[float, float], first_x: float
) -> tuple[float, float]:
    """Depth of the whites before the blacks as a share of the blacks' length, and a score.

    The score is how much of that front strip is bright over the dark level.
    """
    x = first_x + (np.arange(flat.shape[1]) + 0.5) / _STEP_X
    start = np.polyval(near, x)
    length = np.maximum(np.polyval(far, x) - start, 1e-3)
    shares = np.concatenate([np.linspace(0.04, 0.28, 12), _FRONT_SHARES])
    s = start - shares[:, None] * length
    row = (s + _REACH) / (2 * _REACH) * (_STEPS_S - 1)
    column = np.broadcast_to(np.arange(flat.shape[1]), row.shape).astype(np.float32)
    band = cv2.remap(
        flat.astype(np.float32),
        column,
        row.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=float("nan"),
    )
    dark, bright = level
    share = (band - dark) / max(bright - dark, 1.0)
    known = np.isfinite(share).any(1)
    rows = np.zeros(len(shares))
    rows[known] = np.nanmedian(share[known], 1)
    inner = rows[:12][known[:12]]
    score = float(np.clip(inner, 0, 1.2).mean()) if len(inner) else 0.0
    outer = rows[12:]
    drop = outer[:-3] - outer[3:]
    drop[~(known[12:][:-3] & known[12:][3:])] = 0.0
    # A front edge near the usual depth counts more than one far from it.
    weight = np.exp(-0.5 * ((_FRONT_SHARES[1:-2] - _USUAL_SHARE) / 0.15) ** 2)
    best = int((drop * weight).argmax())
    if drop[best] < 0.15:
        return _USUAL_SHARE, score
    return float(_FRONT_SHARES[best + 1] + 0.5 * (_FRONT_SHARES[1] - _FRONT_SHARES[0])), score
