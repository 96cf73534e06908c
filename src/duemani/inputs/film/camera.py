"""A camera that looks at a keyboard: pin-hole, with one number for the bend of its lens.

Lengths are in white keys (see `keyboard_pattern`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.inputs.film.lens_bend import bent

_FOCAL_RANGE = (0.55, 5.0)
_USUAL_FOCAL, _FOCAL_SPREAD = 1.1, 0.5
"""In longer sides of the picture, and how wide its logarithm spreads."""


@dataclass(frozen=True)
class Camera:
    """How points in space are seen.

    Attributes:
        matrix: space (homogeneous) to pixels of an ideal lens.
        size_px: width and height of the picture.
        bend: radial distortion about the picture's middle (see `lens_bend`).
    """

    matrix: Float[np.ndarray, "3 4"]
    size_px: tuple[int, int]
    bend: float = 0.0

    @property
    def plane(self) -> Float[np.ndarray, "3 3"]:
        """Homography of z = 0 to pixels of an ideal lens."""
        return self.matrix[:, [0, 1, 3]]

    def project(self, points: Float[np.ndarray, "*shape 3"]) -> Float[np.ndarray, "*shape 2"]:
        """Pixels of points in space."""
        seen = points @ self.matrix[:, :3].T + self.matrix[:, 3]
        return self.bent(seen[..., :2] / seen[..., 2:])

    def depth(self, points: Float[np.ndarray, "*shape 3"]) -> Float[np.ndarray, "*shape"]:
        """Depth of points, up to a factor; only what lies before the camera is positive."""
        return np.asarray(points @ self.matrix[2, :3] + self.matrix[2, 3])

    def bent(self, px: Float[np.ndarray, "*shape 2"]) -> Float[np.ndarray, "*shape 2"]:
        """What an ideal lens shows at these pixels, as this lens shows it."""
        return bent(px, self.size_px, self.bend)

    @property
    def middle(self) -> Float[np.ndarray, "2"]:
        """Middle of the picture [px]."""
        return np.array(self.size_px) / 2

    @property
    def half(self) -> float:
        """Half its longer side [px]."""
        return max(self.size_px) / 2

    def resized(self, size_px: tuple[int, int]) -> Camera:
        """The same camera with another size of picture."""
        factor = np.array([size_px[0] / self.size_px[0], size_px[1] / self.size_px[1], 1.0])
        return Camera(np.diag(factor) @ self.matrix, size_px, self.bend)


@dataclass(frozen=True)
class Proportions:
    """How a plane comes out for the focal length that suits it best.

    Attributes:
        focal: in longer sides of the picture.
        skew: cosine of the angle between its x and y.
        aspect_log: logarithm of the length of its x over that of its y; 0 is right.
        rays: plane to lines of sight, scaled so that x and y are about unit vectors.
        eye: where the camera stands, above the plane.
    """

    focal: float
    skew: float
    aspect_log: float
    rays: Float[np.ndarray, "3 3"]
    eye: Float[np.ndarray, "3"]


def proportions(plane: Float[np.ndarray, "3 3"], size_px: tuple[int, int]) -> Proportions:
    """What a homography says about a pin-hole camera with square pixels.

    The focal length is the one that agrees best with the homography and with what cameras have:
    seen straight from above, the homography alone does not tell it.
    """
    flat = _unit_pixels(size_px) @ plane
    focal = np.geomspace(*_FOCAL_RANGE, 60)
    scaling = np.column_stack([1 / focal, 1 / focal, np.ones(60)])
    first, second = scaling * flat[:, 0], scaling * flat[:, 1]
    length_1, length_2 = np.linalg.norm(first, axis=1), np.linalg.norm(second, axis=1)
    skew = (first * second).sum(1) / (length_1 * length_2)
    aspect = np.log(length_1 / length_2)
    cost = (skew / 0.03) ** 2 + (aspect / 0.06) ** 2
    cost += (np.log(focal / _USUAL_FOCAL) / _FOCAL_SPREAD) ** 2
    best = int(cost.argmin())
    ray = scaling[best][:, None] * flat
    ray /= np.sqrt(np.linalg.norm(ray[:, 0]) * np.linalg.norm(ray[:, 1]))
    up = np.cross(ray[:, 0], ray[:, 1])
    up /= np.linalg.norm(up)
    eye = -np.linalg.solve(np.column_stack([ray[:, :2], up]), ray[:, 2])
    eye[2] = abs(eye[2])  # the camera stands above the keys
    return Proportions(float(focal[best]), float(skew[best]), float(aspect[best]), ray, eye)


def _unit_pixels(size_px: tuple[int, int]) -> Float[np.ndarray, "3 3"]:
    """From pixels to longer sides of the picture, from its middle."""
    longer = float(max(size_px))
    centre = [[1, 0, -size_px[0] / 2], [0, 1, -size_px[1] / 2], [0, 0, longer]]
    return np.array(centre) / longer


def camera_from_plane(
    plane: Float[np.ndarray, "3 3"], size_px: tuple[int, int], bend: float = 0.0
) -> Camera:
    """The pin-hole camera with square pixels that shows the plane z = 0 so.

    Its focal length is that of `proportions`.
    """
    shape = proportions(plane, size_px)
    ray = shape.rays
    up = np.cross(ray[:, 0], ray[:, 1])
    up /= np.linalg.norm(up)
    if np.linalg.solve(np.column_stack([ray[:, :2], up]), ray[:, 2])[2] > 0:
        up = -up
    inner = np.diag([shape.focal, shape.focal, 1.0])
    pixels = np.linalg.inv(_unit_pixels(size_px)) @ inner
    return Camera(pixels @ np.column_stack([ray[:, :2], up, ray[:, 2]]), size_px, bend)
