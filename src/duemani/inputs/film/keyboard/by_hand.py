"""The keyboard's place told by hand."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float

from duemani import keyboard
from duemani.errors import InputError
from duemani.inputs.film.keyboard_view import KeyboardView, keyboard_camera


def keyboard_from_corners(
    corners_px: Float[np.ndarray, "4 2"],
    size_px: tuple[int, int],
    first_key: int = 0,
    last_key: int = 87,
) -> KeyboardView:
    """The keyboard by hand, from the corners of its white keys.

    Args:
        corners_px: near bass, near treble, far treble, far bass corner [px]; near is the player's
            side.
        size_px: width and height of the picture.
        first_key, last_key: the outermost keys between the corners, white ones, 0 (A0) to 87 (C8).

    Raises:
        InputError: the corners are no quadrilateral, or the keys no white keys in order.
    """
    ends = np.array([first_key, last_key])
    if not 0 <= first_key < last_key <= 87 or keyboard.IS_BLACK[ends].any():
        raise InputError(
            "the first and the last key of the keyboard must be white keys in order, 0 (A0) to"
            " 87 (C8)."
        )
    turns = np.cross(
        np.append(np.roll(corners_px, -1, 0) - corners_px, np.zeros((4, 1)), 1),
        np.append(np.roll(corners_px, -2, 0) - np.roll(corners_px, -1, 0), np.zeros((4, 1)), 1),
    )[:, 2]
    if not np.isfinite(corners_px).all() or not ((turns > 1).all() or (turns < -1).all()):
        raise InputError(
            "the corners of the keyboard must be four points around it: near bass, near treble,"
            " far treble, far bass."
        )
    left, right = keyboard.CENTRE_X_M[ends] + np.array([-0.5, 0.5]) * keyboard.WHITE_PITCH_M
    depth = keyboard.WHITE_LENGTH_M
    plane = np.array([[left, 0], [right, 0], [right, depth], [left, depth]], np.float32)
    homography = cv2.getPerspectiveTransform(plane, corners_px.astype(np.float32))
    return KeyboardView(keyboard_camera(homography, size_px), first_key, last_key)
