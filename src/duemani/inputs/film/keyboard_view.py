"""`KeyboardView`: where the keys lie in a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.inputs.film.lens_bend import bent, straightened


@dataclass(frozen=True)
class KeyboardView:
    """How the keyboard's plane (z = 0, the tops of the white keys) lies in a picture.

    Attributes:
        picture_from_keyboard: homography, keyboard x and y [m] to pixels (x right, y down) of
            an ideal lens; it may mirror (a selfie camera) and rotate.
        size_px: width and height of the picture.
        first_key, last_key: the keys in view, index 0 (A0) to 87 (C8).
        miss_keys: root mean square distance of the key lines found from where the homography
            puts them, in widths of a white key.
        octave_sure: false where too few keys are seen to tell the octave: then x may be wrong by
            whole octaves, until the notes heard decide.
        bend: of the lens, about the picture's middle (see `lens_bend`); 0 is an ideal one.
    """

    picture_from_keyboard: Float[np.ndarray, "3 3"]
    size_px: tuple[int, int]
    first_key: int = 0
    last_key: int = 87
    miss_keys: float = 0.0
    octave_sure: bool = True
    bend: float = 0.0

    def to_picture(self, points_m: Float[np.ndarray, "*shape 2"]) -> Float[np.ndarray, "*shape 2"]:
        """Pixels of points on the keyboard's plane."""
        return bent(_mapped(self.picture_from_keyboard, points_m), self.size_px, self.bend)

    def to_keyboard(
        self, points_px: Float[np.ndarray, "*shape 2"]
    ) -> Float[np.ndarray, "*shape 2"]:
        """Points on the keyboard's plane [m] that are seen at these pixels.

        What stands above the plane is seen where its line of sight meets it.
        """
        straight = straightened(points_px, self.size_px, self.bend)
        return _mapped(np.linalg.inv(self.picture_from_keyboard), straight)


def _mapped(homography: np.ndarray, points: np.ndarray) -> np.ndarray:
    mapped = points @ homography[:, :2].T + homography[:, 2]
    return np.asarray(mapped[..., :2] / mapped[..., 2:])
