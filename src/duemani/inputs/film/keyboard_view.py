"""`KeyboardView`: where the keys lie in a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.inputs.film.camera import Camera, camera_from_plane
from duemani.keyboard import KEYBOARD_WIDTH_M, WHITE_LENGTH_M


@dataclass(frozen=True)
class KeyboardView:
    """How a camera shows the keyboard.

    Attributes:
        camera: sees the keyboard frame [m]; it may mirror (a selfie camera) and turn. How it
            shows the keyboard's plane (z = 0, the tops of the white keys) was found; the lens,
            and so heights, in part assumed (`camera_from_plane`).
        first_key, last_key: the keys in view, index 0 (A0) to 87 (C8).
        miss_keys: root mean square distance of the key lines found from where the camera puts
            them, in widths of a white key.
        octave_sure: false where too few keys are seen to tell the octave: then x may be wrong by
            whole octaves, until the notes heard decide.
    """

    camera: Camera
    first_key: int = 0
    last_key: int = 87
    miss_keys: float = 0.0
    octave_sure: bool = True

    def to_picture(self, points_m: Float[np.ndarray, "*shape 2"]) -> Float[np.ndarray, "*shape 2"]:
        """Pixels of points on the keyboard's plane."""
        return self.camera.project_plane(points_m)

    def to_keyboard(
        self, points_px: Float[np.ndarray, "*shape 2"]
    ) -> Float[np.ndarray, "*shape 2"]:
        """Points on the keyboard's plane [m] that are seen at these pixels.

        What stands above the plane is seen where its line of sight meets it.
        """
        return self.camera.plane_points(points_px)


def keyboard_camera(
    picture_from_keyboard: Float[np.ndarray, "3 3"], size_px: tuple[int, int], bend: float = 0.0
) -> Camera:
    """The camera that shows the keyboard's plane [m] by this homography.

    Raises:
        InputError: no camera does (the homography is damaged).
    """
    middle = (KEYBOARD_WIDTH_M / 2, WHITE_LENGTH_M / 2)
    return camera_from_plane(picture_from_keyboard, size_px, bend, middle)
