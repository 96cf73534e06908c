"""Whether a camera could have looked at a keyboard so: no vanishing keys, no odd proportions.

Lengths are in white keys (see `keyboard_pattern`).
"""

from __future__ import annotations

import numpy as np

from duemani.inputs.film.camera import Camera, camera_from_plane, proportions
from duemani.keyboard import WHITE_LENGTH_M, WHITE_PITCH_M

_LENGTH = WHITE_LENGTH_M / WHITE_PITCH_M
_LARGEST_DEPTH_RATIO = 9.0
"""Between the farthest and the nearest key seen."""
_LEAST_SINE = 0.12
"""Of the angle between a line of sight and the keys, where they are seen flattest."""
_LARGEST_ASPECT = np.log(1.25)
_LARGEST_SKEW = 0.5
"""Cosine; a picture cut out beside the line of sight skews what was square."""


def plausible(camera: Camera, first_line: int, last_line: int) -> bool:
    """Whether the keys between two white key lines can look as this camera shows them.

    The camera must stand before and above them and see them unmirrored (mirrored pictures are
    read as a keyboard whose numbers run the other way, see `keyboard_octave`). For some focal
    length that cameras have, the white keys must come out about 6.4 times as long as wide, and
    roughly at right angles to the front.
    """
    if np.linalg.det(camera.picture_from_plane) >= 0:
        return False
    x = np.linspace(first_line, last_line, 9)
    keys = np.stack(np.broadcast_arrays(x[:, None], np.array([0.0, _LENGTH]), 0.0), -1)
    depth = camera.depth(keys)
    if depth.min() <= 0 or depth.max() > _LARGEST_DEPTH_RATIO * depth.min():
        return False
    shape = proportions(camera.picture_from_plane, camera.size_px)
    if abs(shape.aspect_log) > _LARGEST_ASPECT or abs(shape.skew) > _LARGEST_SKEW:
        return False
    sight = keys - camera_from_plane(camera.picture_from_plane, camera.size_px).position
    sine = np.abs(sight[..., 2]) / np.linalg.norm(sight, axis=-1)
    return bool(sine.max() > _LEAST_SINE)
