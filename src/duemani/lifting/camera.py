"""The camera behind a `KeyboardView`: where it stands and how long its lens is.

The keyboard is a plane of known size, so its homography K [r1 r2 t] holds the pose; the focal
length shows in it only as far as the picture is tilted (Zhang, "A Flexible New Technique for
Camera Calibration", 2000, equations 3 and 4). Elsewhere a phone's usual lens is assumed: the
assumption is a prior which evidence outweighs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.errors import InputError
from duemani.inputs.film.keyboard_view import KeyboardView
from duemani.inputs.film.lens_bend import bent, straightened

USUAL_VIEW_RAD = np.radians(70)
"""Diagonal field of view of a phone's main camera."""
_LENS_SPREAD = 0.25
# How well a keyboard finder knows that the two directions are square, and their ratio.
_SQUARE_SPREAD, _RATIO_SPREAD = 0.01, 0.03
_VIEWS_RAD = np.radians(np.linspace(30, 115, 171))


@dataclass(frozen=True)
class ViewCamera:
    """A pinhole camera with square pixels, its principal point in the middle of the picture.

    Attributes:
        position_m: the lens, in the keyboard frame [m].
        turn: rows are the picture's right, the picture's down and the line of sight.
        focal_px: focal length [px].
        size_px: width and height of the picture.
        mirrored: the picture is flipped left to right.
        bend: of the lens, see `lens_bend`.
    """

    position_m: Float[np.ndarray, "3"]
    turn: Float[np.ndarray, "3 3"]
    focal_px: float
    size_px: tuple[int, int]
    mirrored: bool
    bend: float = 0.0

    def sight_lines(self, pixels: Float[np.ndarray, "*shape 2"]) -> Float[np.ndarray, "*shape 3"]:
        """Directions in the keyboard frame that go 1 m deep along the line of sight."""
        straight = straightened(pixels, self.size_px, self.bend)
        plane = (straight - np.array(self.size_px) / 2) / self.focal_px
        if self.mirrored:
            plane = plane * np.array([-1.0, 1.0])
        return np.asarray(plane @ self.turn[:2] + self.turn[2])

    def project(self, points_m: Float[np.ndarray, "*shape 3"]) -> Float[np.ndarray, "*shape 2"]:
        """Pixels of points of the keyboard frame."""
        seen = (points_m - self.position_m) @ self.turn.T
        plane = seen[..., :2] / seen[..., 2:]
        if self.mirrored:
            plane = plane * np.array([-1.0, 1.0])
        return bent(plane * self.focal_px + np.array(self.size_px) / 2, self.size_px, self.bend)


def camera_from_view(view: KeyboardView) -> ViewCamera:
    """The camera that sees the keyboard like this.

    Raises:
        InputError: no camera above the keyboard can (the homography is damaged or from below).
    """
    homography = np.asarray(view.picture_from_keyboard, float)
    if not np.isfinite(homography).all() or abs(np.linalg.det(homography)) < 1e-12:
        raise InputError("the keyboard's place in the picture is no true one.")
    width, height = view.size_px
    centred = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]]) @ homography
    focal = _focal_length(centred, float(np.hypot(width, height)))
    for mirrored in (False, True):
        flip = np.diag([-1.0 if mirrored else 1.0, 1.0, 1.0])
        turn, position = _pose(np.diag([1 / focal, 1 / focal, 1.0]) @ flip @ centred)
        if position[2] > 0:
            return ViewCamera(position, turn, focal, view.size_px, mirrored, view.bend)
    raise InputError("the keyboard's place in the picture is no true one.")


def _focal_length(centred: np.ndarray, diagonal_px: float) -> float:
    """The length at which both directions of the keyboard come out square and equally long."""
    focal = diagonal_px / 2 / np.tan(_VIEWS_RAD / 2)
    columns = (
        centred[None, :, :2] / np.stack([focal, focal, np.ones_like(focal)], axis=1)[..., None]
    )
    first, second = columns[..., 0], columns[..., 1]
    along, into = np.linalg.norm(first, axis=1), np.linalg.norm(second, axis=1)
    square = np.sum(first * second, axis=1) / (along * into)
    usual = diagonal_px / 2 / np.tan(USUAL_VIEW_RAD / 2)
    cost = (square / _SQUARE_SPREAD) ** 2 + (np.log(along / into) / _RATIO_SPREAD) ** 2
    cost += (np.log(focal / usual) / _LENS_SPREAD) ** 2
    return float(focal[cost.argmin()])


def _pose(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotation and lens position from [r1 r2 t] times a scale; x, the longer side, decides it."""
    columns = columns / np.linalg.norm(columns[:, 0])
    # The keyboard's middle lies in front of the lens.
    if columns[2] @ [0.6, 0.08, 1.0] < 0:
        columns = -columns
    first = columns[:, 0]
    second = columns[:, 1] - (columns[:, 1] @ first) * first
    second /= np.linalg.norm(second)
    turn = np.stack([first, second, np.cross(first, second)], axis=1)
    return turn, -turn.T @ columns[:, 2]
