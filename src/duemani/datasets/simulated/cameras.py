"""Simulated cameras: pinhole with a little lens distortion, wherever phones stand at pianos."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from duemani.inputs.film.camera import Camera, camera_at
from duemani.inputs.film.keyboard_view import KeyboardView, keyboard_camera
from duemani.keyboard import CENTRE_X_M, KEYBOARD_WIDTH_M, WHITE_LENGTH_M, WHITE_PITCH_M

_SIZES_PX = ((1280, 720), (1920, 1080), (854, 480), (640, 360))
_SIZE_SHARES = (0.5, 0.3, 0.12, 0.08)


def seen_keyboard(
    camera: Camera, miss_keys: float = 0.0, rng: np.random.Generator | None = None
) -> KeyboardView:
    """The keyboard as a finder without an eye for lenses would see it: by its key lines alone.

    Args:
        camera: sees the keyboard frame.
        miss_keys: error of each end of a line that is found, in white keys (normal, standard
            deviation).
        rng: draws these errors.
    """
    import cv2

    edges = np.arange(0, 53) * WHITE_PITCH_M
    ends = np.stack(
        [np.concatenate([edges, edges]), np.repeat([0.0, WHITE_LENGTH_M], len(edges))], axis=1
    )
    pixels = camera.project_plane(ends)
    inside = _inside(pixels, camera.size_px)
    if np.count_nonzero(inside) < 8:  # too little to fit; take the whole, as corners would
        inside[:] = True
    found = ends[inside]
    if miss_keys and rng is not None:
        found = found + rng.normal(0, miss_keys * WHITE_PITCH_M, found.shape)
    homography, _ = cv2.findHomography(found, pixels[inside], 0)
    view = KeyboardView(keyboard_camera(homography, camera.size_px))
    miss = (view.to_keyboard(pixels[inside]) - ends[inside])[:, 0] / WHITE_PITCH_M
    middle = np.column_stack([CENTRE_X_M, np.full(88, WHITE_LENGTH_M / 2)])
    keys = np.flatnonzero(_inside(camera.project_plane(middle), camera.size_px))
    first, last = (int(keys[0]), int(keys[-1])) if len(keys) else (0, 87)
    return replace(view, first_key=first, last_key=last, miss_keys=float(np.sqrt(np.mean(miss**2))))


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
) -> Camera:
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
        distortion: of the lens, first radial coefficient of (radius / focal length)²; negative is
            a barrel.
        mirrored: the picture is flipped left to right (a selfie camera).
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
    bend = distortion * (max(size_px) / 2 / focal) ** 2
    return camera_at(position, turn, float(focal), size_px, float(bend), mirrored)


def sample_camera(rng: np.random.Generator) -> Camera:
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
