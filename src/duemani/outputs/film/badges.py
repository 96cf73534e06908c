"""Finger numbers beside the tips that hold keys down, by the page's rules (`hands/labels.ts`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from duemani.keyboard import CENTRE_X_M, TRAVEL_M
from duemani.outputs.film.note_panel import HAND_COLOURS, digit_opacity
from duemani.performance import LOWEST_PITCH, UNKNOWN_FINGER, UNKNOWN_HAND, Performance

Pose = Float[np.ndarray, "21 3"]
"""Landmarks of a hand [m]."""

# Of a picture 720 pixels high; two badges never lie closer.
_DIAMETER_PX, _NEAREST_PX, _USUAL_HEIGHT_PX = 24.0, 23.0, 720.0
_LEAST_DIAMETER_PX = 11.0
_INK = np.array([0x14, 0x11, 0x0D]) / 255
# Beyond the tip as the finger points, and above it, so that the nail stays in view [m].
_BEYOND_M, _ABOVE_M = 0.017, 0.014
# On the fallboard over the key, where no hand is before it [m].
_BOARD_Y_M, _BOARD_Z_M = 0.152, 0.036
# Half the thickness of a palm and of a finger, for what they hide [m].
_PALM_M, _FINGER_M = 0.017, 0.009
_KNUCKLES = (3, 5, 9, 13, 17)
_SHORTEST_SEC = 0.03
_DOWN_SHARE = 0.25


class Badges:
    """Places and draws them; those that a hand has hidden stay on the fallboard till key-up.

    Args:
        performance: notes with hands and fingers.
        eye_m: where the camera is.
        project: points [m] to pixels.
        height_px: of the picture.
    """

    def __init__(
        self,
        performance: Performance,
        eye_m: Float[np.ndarray, "3"],
        project: Callable[[Float[np.ndarray, "point 3"]], Float[np.ndarray, "point 2"]],
        height_px: int,
    ) -> None:
        notes = performance.notes
        named = (notes["hand"] != UNKNOWN_HAND) & (notes["finger"] != UNKNOWN_FINGER)
        self._notes = notes[named]
        self._end_sec = np.maximum(
            self._notes["release_sec"], self._notes["onset_sec"] + _SHORTEST_SEC
        )
        self._eye_m, self._project = eye_m, project
        scale = height_px / _USUAL_HEIGHT_PX
        self._diameter_px = max(_DIAMETER_PX * scale, _LEAST_DIAMETER_PX)
        self._nearest_px = self._diameter_px * _NEAREST_PX / _DIAMETER_PX
        self._moved: set[tuple[int, int]] = set()

    def draw(
        self,
        picture: UInt8[np.ndarray, "height width 3"],
        now_sec: float,
        poses: Sequence[Pose | None],
        depth_m: Float[np.ndarray, "88"],
    ) -> None:
        """Draw the badges of a moment into a picture (BGR).

        Args:
            picture: changed in place.
            now_sec: the moment; moments are given in order.
            poses: the left and the right hand, None where one is not known.
            depth_m: how far each key is down.
        """
        for (hand, finger), middle in self._placed(now_sec, poses, depth_m).items():
            _stamp(picture, badge(hand, finger, self._diameter_px), middle)

    def _placed(
        self, now_sec: float, poses: Sequence[Pose | None], depth_m: Float[np.ndarray, "88"]
    ) -> dict[tuple[int, int], Float[np.ndarray, "2"]]:
        """Where the badge of each hand's finger stands [px]."""
        places: dict[tuple[int, int], Float[np.ndarray, "2"]] = {}
        down = self._down(now_sec, depth_m)
        self._moved &= set(down)
        for (hand, finger), key in sorted(down.items()):
            pose = poses[hand]
            if pose is None:
                continue
            point = _beside_tip(pose, finger)
            hidden = any(one is not None and hides(one, self._eye_m, point) for one in poses)
            if hidden or (hand, finger) in self._moved:
                self._moved.add((hand, finger))
                point = np.array([CENTRE_X_M[key], _BOARD_Y_M, _BOARD_Z_M])
            at = self._project(point[None])[0]
            for other in places.values():
                if (np.abs(at - other) < self._nearest_px).all():
                    at[1] = other[1] - self._nearest_px
            places[hand, finger] = at
        return places

    def _down(self, now_sec: float, depth_m: np.ndarray) -> dict[tuple[int, int], int]:
        """The key that each hand's finger holds down."""
        last = np.searchsorted(self._notes["onset_sec"], now_sec, side="right")
        held = self._notes[:last][self._end_sec[:last] > now_sec]
        key = held["pitch"].astype(int) - LOWEST_PITCH
        low = depth_m[key] > _DOWN_SHARE * TRAVEL_M[key]
        return {
            (int(note["hand"]), int(note["finger"])): int(at)
            for note, at in zip(held[low], key[low], strict=True)
        }


def hides(pose: Pose, eye_m: Float[np.ndarray, "3"], point_m: Float[np.ndarray, "3"]) -> bool:
    """Whether a hand's palm or fingers lie between an eye and a point."""
    base = np.arange(1, 18, 4)
    joint = (base[:, None] + np.arange(3)).ravel()
    starts = np.concatenate([np.repeat(pose[:1], 5, axis=0), pose[joint]])
    ends = np.concatenate([pose[base], pose[joint + 1]])
    thick = np.repeat([_PALM_M, _FINGER_M], [5, len(joint)])
    share = np.linspace(0, 1, 7)[:, None, None]
    samples = starts * (1 - share) + ends * share
    along = point_m - eye_m
    nearest = np.clip((samples - eye_m) @ along / (along @ along), 0, 1)
    gaps = np.linalg.norm(eye_m + nearest[..., None] * along - samples, axis=-1)
    return bool((gaps.min(axis=0) < thick).any())


def _beside_tip(pose: Pose, finger: int) -> Float[np.ndarray, "3"]:
    tip, knuckle = pose[4 * finger], pose[_KNUCKLES[finger - 1]]
    ahead = (tip - knuckle) * [1, 1, 0]
    ahead /= max(float(np.linalg.norm(ahead)), 1e-9)
    return tip + _BEYOND_M * ahead + np.array([0, 0, _ABOVE_M])


@cache
def badge(hand: int, finger: int, diameter_px: float) -> Float[np.ndarray, "side side 4"]:
    """A badge's picture: BGR times opacity, and opacity (0-1); the disc in its middle."""
    fine, side = 8, 2 * round(0.75 * diameter_px) + 2
    size, radius = (fine * side, fine * side), fine * diameter_px / 2
    middle = (fine * side // 2,) * 2
    shadow, disc, rim = (np.zeros(size, np.float32) for _ in range(3))
    cv2.circle(shadow, (middle[0], middle[1] + fine), round(radius), 0.5, -1)
    soft = cv2.GaussianBlur(shadow, (0, 0), 0.09 * 2 * radius)
    cv2.circle(disc, middle, round(radius), 1.0, -1)
    cv2.circle(rim, middle, round(radius - fine / 2), 0.35, fine)
    ink = np.zeros(size, np.float32)
    digit = digit_opacity(finger, 1.5 * radius, 1.5 * radius)[::-1]
    top = middle[0] - digit.shape[0] // 2
    ink[top : top + digit.shape[0], top : top + digit.shape[1]] = digit
    colour = HAND_COLOURS[hand][::-1] * (1 - rim[..., None])
    colour = colour * (1 - ink[..., None]) + _INK[::-1] * ink[..., None]
    opacity = np.maximum(disc, soft)
    drawn = np.dstack([colour * disc[..., None], opacity]).astype(np.float32)
    return cv2.resize(drawn, (side, side), interpolation=cv2.INTER_AREA)


def _stamp(picture: np.ndarray, stamp: np.ndarray, middle: np.ndarray) -> None:
    """Lay a badge over a picture, to a part of a pixel, as far as it lies within."""
    side = len(stamp)
    if not np.isfinite(middle).all() or np.abs(middle).max() > 1e5:
        return
    corner = middle - side / 2 + 0.5
    left, top = np.floor(corner).astype(int)
    shift = np.array([[1, 0, corner[0] - left], [0, 1, corner[1] - top]], np.float32)
    stamp = np.asarray(cv2.warpAffine(stamp, shift, (side + 1, side + 1)))
    rows = slice(max(top, 0), min(top + side + 1, picture.shape[0]))
    columns = slice(max(left, 0), min(left + side + 1, picture.shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    part = stamp[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    under = picture[rows, columns]
    under[:] = np.clip(under * (1 - part[..., 3:]) + part[..., :3] * 255 + 0.5, 0, 255)
