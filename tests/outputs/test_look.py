"""Page, film and glTF look alike: the values come from one file."""

import numpy as np
import pytest

from duemani.outputs.film.scene import frame_camera
from duemani.outputs.look import display_rgb, linear_rgb, look, view_from


def test_colours_are_read_as_css_has_them() -> None:
    np.testing.assert_allclose(display_rgb("left") * 255, [0x4A, 0xA8, 0xF0])
    assert linear_rgb("ivory").max() < display_rgb("ivory").max()


@pytest.mark.parametrize("place", ["player", "overhead", "side"])
def test_the_films_cameras_stand_where_the_pages_do(place) -> None:
    camera = frame_camera(place, (0.2, 1.0), (1280, 720)).camera
    sight = camera.rays(camera.middle[None])[0]
    np.testing.assert_allclose(sight / np.linalg.norm(sight), -view_from(place), atol=1e-6)
    assert look()["cameras"]["side"][0] > 0  # from the treble
