"""The camera that looks at a keyboard: pin-hole, with one number for the bend of its lens.

The bend is radial about the picture's middle: a point at r half longer sides of the picture from
there is seen at r (1 + bend r²), the first term of Brown's model ("Close-range camera
calibration", 1971). Near the radius where that would turn back, and far outside the picture, it
goes on straight, so that it can always be undone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.errors import InputError

USUAL_VIEW_RAD = np.radians(70)
"""Diagonal field of view of a phone's main camera."""
_LENS_SPREAD = 0.25
"""Of the logarithm of the focal length."""
_SKEW_SPREAD, _ASPECT_SPREAD = 0.01, 0.03
"""How well the keyboard's two directions are known to be square, and their ratio."""
_VIEWS_RAD = np.radians(np.geomspace(10, 115, 300))
_LEAST_DETERMINANT = 1e-12
_NO_VIEW = "the keyboard's place in the picture is not one that a camera could see."
_FAR = 1.5
_BEFORE_TURN = 0.9
_NEWTON_STEPS = 12


@dataclass(frozen=True)
class Camera:
    """How points in the world are seen.

    The world is the keyboard frame [m] (docs/conventions.md); while it is not known yet which
    keys are seen, `inputs.film.keyboard` counts in white keys from some C instead (`pattern`),
    and all lengths here are in white keys. Pixels run x to the right and y down.

    Attributes:
        picture_from_world: homogeneous points to pixels of an ideal lens; its scale is free, its
            sign is such that what is seen lies at positive depths. It need not have square pixels
            to the last digit: it shows the keyboard's plane just as that was found.
        size_px: width and height of the picture.
        bend: of the lens, see the module; 0 is an ideal one.
    """

    picture_from_world: Float[np.ndarray, "3 4"]
    size_px: tuple[int, int]
    bend: float = 0.0

    @property
    def picture_from_plane(self) -> Float[np.ndarray, "3 3"]:
        """Homography of z = 0, the tops of the white keys, to pixels of an ideal lens."""
        return self.picture_from_world[:, [0, 1, 3]]

    @property
    def position(self) -> Float[np.ndarray, "3"]:
        """Where the lens is, in the world."""
        return -np.linalg.solve(self.picture_from_world[:, :3], self.picture_from_world[:, 3])

    @property
    def focal_px(self) -> float:
        """Focal length [px]; the geometric mean where it differs between x and y."""
        scaled = self.picture_from_world[:, :3] / self._scale
        return float(np.sqrt(abs(np.linalg.det(scaled))))

    @property
    def mirrored(self) -> bool:
        """Whether the picture is flipped left to right (a selfie camera)."""
        return bool(np.linalg.det(self.picture_from_world[:, :3]) < 0)

    @property
    def _scale(self) -> float:
        return float(np.linalg.norm(self.picture_from_world[2, :3]))

    @property
    def middle(self) -> Float[np.ndarray, "2"]:
        """Middle of the picture [px]."""
        return np.array(self.size_px) / 2

    @property
    def half(self) -> float:
        """Half its longer side [px]."""
        return max(self.size_px) / 2

    def project(self, points: Float[np.ndarray, "*shape 3"]) -> Float[np.ndarray, "*shape 2"]:
        """Pixels of points in the world; only those with a positive `depth` are really seen."""
        matrix = self.picture_from_world
        seen = points @ matrix[:, :3].T + matrix[:, 3]
        return bent(seen[..., :2] / seen[..., 2:], self.size_px, self.bend)

    def depth(self, points: Float[np.ndarray, "*shape 3"]) -> Float[np.ndarray, "*shape"]:
        """How far points lie before the lens along its line of sight, in the world's unit."""
        across = self.picture_from_world[2]
        return np.asarray((points @ across[:3] + across[3]) / self._scale)

    def rays(self, pixels: Float[np.ndarray, "*shape 2"]) -> Float[np.ndarray, "*shape 3"]:
        """What is seen at pixels: `position` + depth · ray, for any depth.

        Returns:
            Directions in the world that go 1 deep along the line of sight.
        """
        straight = straightened(pixels, self.size_px, self.bend)
        world_from_ray = np.linalg.inv(self.picture_from_world[:, :3] / self._scale)
        return np.asarray(straight @ world_from_ray[:, :2].T + world_from_ray[:, 2])

    def project_plane(self, points: Float[np.ndarray, "*shape 2"]) -> Float[np.ndarray, "*shape 2"]:
        """Pixels of points (x, y) of the keyboard's plane."""
        return bent(_mapped(self.picture_from_plane, points), self.size_px, self.bend)

    def plane_points(self, pixels: Float[np.ndarray, "*shape 2"]) -> Float[np.ndarray, "*shape 2"]:
        """Where the rays of pixels meet the keyboard's plane (x, y)."""
        straight = straightened(pixels, self.size_px, self.bend)
        return _mapped(np.linalg.inv(self.picture_from_plane), straight)

    def resized(self, size_px: tuple[int, int]) -> Camera:
        """The same camera with another size of picture."""
        factor = np.array([size_px[0] / self.size_px[0], size_px[1] / self.size_px[1], 1.0])
        return Camera(np.diag(factor) @ self.picture_from_world, size_px, self.bend)

    def in_frame(self, world_from_frame: Float[np.ndarray, "4 4"]) -> Camera:
        """The same camera for points given in another frame (homogeneous)."""
        return Camera(self.picture_from_world @ world_from_frame, self.size_px, self.bend)


def camera_at(
    position: Float[np.ndarray, "3"],
    camera_from_world: Float[np.ndarray, "3 3"],
    focal_px: float,
    size_px: tuple[int, int],
    bend: float = 0.0,
    mirrored: bool = False,
) -> Camera:
    """A camera with square pixels whose line of sight meets the picture's middle.

    Args:
        position: where the lens is, in the world.
        camera_from_world: rotation; rows are the picture's right, the picture's down (both before
            mirroring) and the line of sight.
        focal_px: focal length [px].
        size_px: width and height of the picture.
        bend: of the lens, see the module.
        mirrored: the picture is flipped left to right.
    """
    across = -focal_px if mirrored else focal_px
    inner = np.array([[across, 0, size_px[0] / 2], [0, focal_px, size_px[1] / 2], [0.0, 0.0, 1.0]])
    outer = np.column_stack([camera_from_world, -camera_from_world @ position])
    return Camera(inner @ outer, size_px, bend)


def camera_towards(
    eye: tuple[float, float, float],
    target: tuple[float, float, float],
    narrower_view_rad: float,
    size_px: tuple[int, int],
) -> Camera:
    """A camera that stands at `eye`, looks at `target` and is not tilted sideways.

    Args:
        eye: where the lens is, in the world; not straight above or below the target.
        target: what the picture's middle shows.
        narrower_view_rad: field of view along the picture's shorter side.
        size_px: width and height of the picture.
    """
    sight = np.subtract(target, eye)
    sight = sight / np.linalg.norm(sight)
    right = np.cross(sight, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    focal = min(size_px) / 2 / np.tan(narrower_view_rad / 2)
    turn = np.stack([right, np.cross(sight, right), sight])
    return camera_at(np.array(eye, float), turn, float(focal), size_px)


def camera_from_plane(
    picture_from_plane: Float[np.ndarray, "3 3"],
    size_px: tuple[int, int],
    bend: float = 0.0,
    seen: tuple[float, float] = (0.0, 0.0),
) -> Camera:
    """The camera that shows the plane z = 0 just so, standing above it.

    Its focal length is that of `proportions`, and heights show as with square pixels.

    Args:
        picture_from_plane: homography of (x, y) to pixels of an ideal lens, of any scale.
        size_px: width and height of the picture.
        bend: of the lens, see the module.
        seen: a point of the plane that lies before the lens.

    Raises:
        InputError: no camera sees a plane so (the homography is damaged).
    """
    plane = np.asarray(picture_from_plane, float)
    if not np.isfinite(plane).all() or not plane.any():
        raise InputError(_NO_VIEW)
    plane = plane / np.linalg.norm(plane)
    if abs(np.linalg.det(plane)) < _LEAST_DETERMINANT:
        raise InputError(_NO_VIEW)
    if plane[2] @ [*seen, 1.0] < 0:
        plane = -plane
    focal = proportions(plane, size_px).focal
    inner = np.linalg.inv(_unit_pixels(size_px)) @ np.diag([focal, focal, 1.0])
    rays = np.linalg.solve(inner, plane)
    up = np.cross(rays[:, 0], rays[:, 1])
    up *= np.sqrt(np.linalg.norm(rays[:, 0]) * np.linalg.norm(rays[:, 1])) / np.linalg.norm(up)
    # The lens lies above the plane: where x, y and z of the world are seen at depth 0.
    if np.linalg.solve(np.column_stack([rays[:, :2], up]), rays[:, 2])[2] > 0:
        up = -up
    matrix = np.column_stack([plane[:, :2], inner @ up, plane[:, 2]])
    return Camera(matrix, size_px, bend)


@dataclass(frozen=True)
class Proportions:
    """How a plane comes out for the focal length that suits it best.

    Attributes:
        focal: in longer sides of the picture.
        skew: cosine of the angle between its x and y.
        aspect_log: logarithm of the length of its x over that of its y; 0 is right.
    """

    focal: float
    skew: float
    aspect_log: float


def proportions(plane: Float[np.ndarray, "3 3"], size_px: tuple[int, int]) -> Proportions:
    """What a homography says about a pin-hole camera with square pixels.

    Its columns are K [r1 r2 t], so the focal length shows in it as far as the picture is tilted
    (Zhang, "A Flexible New Technique for Camera Calibration", 2000, equations 3 and 4). Seen
    straight from above it does not; there the lens is a phone's usual one.
    """
    flat = _unit_pixels(size_px) @ plane
    diagonal = np.hypot(*size_px) / max(size_px)
    focal = diagonal / 2 / np.tan(_VIEWS_RAD / 2)
    scaling = np.column_stack([1 / focal, 1 / focal, np.ones(len(focal))])
    first, second = scaling * flat[:, 0], scaling * flat[:, 1]
    length_1, length_2 = np.linalg.norm(first, axis=1), np.linalg.norm(second, axis=1)
    skew = (first * second).sum(1) / (length_1 * length_2)
    aspect = np.log(length_1 / length_2)
    usual = diagonal / 2 / np.tan(USUAL_VIEW_RAD / 2)
    cost = (skew / _SKEW_SPREAD) ** 2 + (aspect / _ASPECT_SPREAD) ** 2
    cost += (np.log(focal / usual) / _LENS_SPREAD) ** 2
    best = int(cost.argmin())
    return Proportions(float(focal[best]), float(skew[best]), float(aspect[best]))


def _unit_pixels(size_px: tuple[int, int]) -> Float[np.ndarray, "3 3"]:
    """From pixels to longer sides of the picture, from its middle."""
    longer = float(max(size_px))
    centre = [[1, 0, -size_px[0] / 2], [0, 1, -size_px[1] / 2], [0, 0, longer]]
    return np.array(centre) / longer


def bent(
    pixels: Float[np.ndarray, "*shape 2"], size_px: tuple[int, int], bend: float
) -> Float[np.ndarray, "*shape 2"]:
    """What an ideal lens shows at these pixels, as the lens with this bend shows it."""
    return _moved(pixels, size_px, bend, back=False)


def straightened(
    pixels: Float[np.ndarray, "*shape 2"], size_px: tuple[int, int], bend: float
) -> Float[np.ndarray, "*shape 2"]:
    """Where an ideal lens shows what the lens with this bend shows at these pixels."""
    return _moved(pixels, size_px, bend, back=True)


def _moved(pixels: np.ndarray, size_px: tuple[int, int], bend: float, back: bool) -> np.ndarray:
    if bend == 0:
        return np.asarray(pixels, float)
    middle, half = np.array(size_px) / 2, max(size_px) / 2
    off = (pixels - middle) / half
    radius = np.linalg.norm(off, axis=-1, keepdims=True)
    limit = _FAR if bend > 0 else min(_FAR, _BEFORE_TURN / np.sqrt(-3 * bend))
    at_limit, slope = limit * (1 + bend * limit**2), 1 + 3 * bend * limit**2
    if back:
        near = np.minimum(radius, at_limit)
        start = near
        for _ in range(_NEWTON_STEPS):
            near = near - (near * (1 + bend * near**2) - start) / (1 + 3 * bend * near**2)
            near = np.clip(near, 0, limit)
        moved = near + np.maximum(radius - at_limit, 0) / slope
    else:
        near = np.minimum(radius, limit)
        moved = near * (1 + bend * near**2) + np.maximum(radius - limit, 0) * slope
    factor = np.divide(moved, radius, out=np.ones_like(radius), where=radius > 0)
    return np.asarray(middle + off * factor * half)


def _mapped(homography: np.ndarray, points: np.ndarray) -> np.ndarray:
    mapped = points @ homography[:, :2].T + homography[:, 2]
    return np.asarray(mapped[..., :2] / mapped[..., 2:])
