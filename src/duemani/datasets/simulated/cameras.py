"""Simulated cameras: pinhole with a little lens distortion, wherever phones stand at pianos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.inputs.film.keyboard_view import KeyboardView
from duemani.keyboard import CENTRE_X_M, KEYBOARD_WIDTH_M, WHITE_LENGTH_M, WHITE_PITCH_M

_SIZES_PX = ((1280, 720), (1920, 1080), (854, 480), (640, 360))
_SIZE_SHARES = (0.5, 0.3, 0.12, 0.08)


@dataclass(frozen=True)
class FilmCamera:
    """A camera in the keyboard frame.

    Attributes:
        position_m: where its lens is [m].
        turn: rows are the picture's right, the picture's down and the line of sight.
        focal_px: focal length [px]; pixels are square, the principal point is the centre.
        size_px: width and height of the picture.
        distortion: first radial coefficient, of (radius / focal length)²; negative is a barrel.
        mirrored: the picture is flipped left to right (a selfie camera).
    """

    position_m: Float[np.ndarray, "3"]
    turn: Float[np.ndarray, "3 3"]
    focal_px: float
    size_px: tuple[int, int] = (1280, 720)
    distortion: float = 0.0
    mirrored: bool = False

    def project(
        self, points_m: Float[np.ndarray, "*shape 3"]
    ) -> tuple[Float[np.ndarray, "*shape 2"], Float[np.ndarray, "*shape"]]:
        """Pixels (x right, y down) and depth along the line of sight [m]."""
        seen = (points_m - self.position_m) @ self.turn.T
        plane = seen[..., :2] / seen[..., 2:]
        plane = plane * (1 + self.distortion * np.sum(plane**2, axis=-1, keepdims=True))
        pixels = plane * self.focal_px + np.array(self.size_px) / 2
        if self.mirrored:
            pixels[..., 0] = self.size_px[0] - pixels[..., 0]
        return pixels, seen[..., 2]

    def view(self, miss_keys: float = 0.0, rng: np.random.Generator | None = None) -> KeyboardView:
        """The keyboard as a finder would see it: the homography that fits the key lines best.

        Args:
            miss_keys: error of each end of a line that is found, in white keys (normal, standard
                deviation).
            rng: draws these errors.
        """
        import cv2

        edges = np.arange(0, 53) * WHITE_PITCH_M
        ends = np.stack(
            [np.concatenate([edges, edges]), np.repeat([0.0, WHITE_LENGTH_M], len(edges))], axis=1
        )
        pixels, _ = self.project(np.column_stack([ends, np.zeros(len(ends))]))
        inside = _inside(pixels, self.size_px)
        if np.count_nonzero(inside) < 8:  # too little to fit; take the whole, as corners would
            inside[:] = True
        found = ends[inside]
        if miss_keys and rng is not None:
            found = found + rng.normal(0, miss_keys * WHITE_PITCH_M, found.shape)
        homography, _ = cv2.findHomography(found, pixels[inside], 0)
        view = KeyboardView(np.asarray(homography, float), self.size_px)
        miss = (view.to_keyboard(pixels[inside]) - ends[inside])[:, 0] / WHITE_PITCH_M
        middle = np.column_stack([CENTRE_X_M, np.full(88, WHITE_LENGTH_M / 2), np.zeros(88)])
        keys = np.flatnonzero(_inside(self.project(middle)[0], self.size_px))
        first, last = (int(keys[0]), int(keys[-1])) if len(keys) else (0, 87)
        return KeyboardView(
            view.picture_from_keyboard,
            self.size_px,
            first,
            last,
            float(np.sqrt(np.mean(miss**2))),
            True,
        )


def aimed_camera(
    tilt_rad: float = 0.0,
    turn_rad: float = 0.0,
    roll_rad: float = 0.0,
    width_m: float = 1.35,
    target_m: tuple[float, float] = (KEYBOARD_WIDTH_M / 2, 0.02),
    diagonal_view_rad: float = np.radians(70),
    size_px: tuple[int, int] = (1280, 720),
    distortion: float = 0.0,
    mirrored: bool = False,
) -> FilmCamera:
    """A camera that looks at a point of the keyboard.

    Args:
        tilt_rad: 0 looks straight down, positive from the player's side, negative from the
            music stand's (both with the player below in the picture).
        turn_rad: from the treble side (positive) or the bass side.
        roll_rad: turn about the line of sight; π is a picture upside down.
        width_m: how much of the keyboard's direction the picture shows at the target.
        target_m: the point, x and y.
        diagonal_view_rad: the lens's field of view; a phone's main camera has about 70-80°.
        size_px: width and height of the picture.
        distortion: as `FilmCamera.distortion`.
        mirrored: as `FilmCamera.mirrored`.
    """
    focal = np.hypot(*size_px) / 2 / np.tan(diagonal_view_rad / 2)
    distance = width_m * focal / size_px[0]
    forward = np.array(
        [
            -np.sin(turn_rad),
            np.sin(tilt_rad) * np.cos(turn_rad),
            -np.cos(tilt_rad) * np.cos(turn_rad),
        ]
    )
    right = np.cross(forward, [0.0, np.cos(tilt_rad), np.sin(tilt_rad)])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    turn = np.stack(
        [
            np.cos(roll_rad) * right + np.sin(roll_rad) * down,
            np.cos(roll_rad) * down - np.sin(roll_rad) * right,
            forward,
        ]
    )
    position = np.array([*target_m, 0.0]) - distance * forward
    return FilmCamera(position, turn, float(focal), size_px, distortion, mirrored)


def sample_camera(rng: np.random.Generator) -> FilmCamera:
    """A camera as people put one: mostly overhead, often tilted, sometimes upside down.

    The keyboard's middle stays in view; a third of the pictures cut its ends off.
    """
    tilted = rng.random() < 0.5
    tilt = rng.uniform(-0.35, 0.9) if tilted else rng.normal(0, 0.06)
    turn = rng.normal(0, 0.15 if tilted else 0.03)
    roll = rng.normal(0, 0.04) + (np.pi if rng.random() < 0.15 else 0.0)
    shown = rng.uniform(0.85, 1.2) if rng.random() < 1 / 3 else rng.uniform(1.25, 1.7)
    middle = KEYBOARD_WIDTH_M / 2 + rng.normal(0, 0.03)
    return aimed_camera(
        float(tilt),
        float(turn),
        float(roll),
        float(shown),
        (float(middle), float(rng.uniform(-0.06, 0.10))),
        float(np.radians(rng.uniform(50, 85))),
        _SIZES_PX[rng.choice(4, p=_SIZE_SHARES)],
        float(rng.normal(0, 0.03)),
        bool(rng.random() < 0.08),
    )


def _inside(pixels: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    inside = np.all((pixels >= 0) & (pixels < np.array(size_px)), axis=-1)
    return np.asarray(inside)
