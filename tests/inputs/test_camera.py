"""One camera: what it shows, where its rays go, and what a plane tells about it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from duemani.datasets.simulated.cameras import aimed_camera, sample_camera, seen_keyboard
from duemani.errors import InputError
from duemani.inputs.film.camera import bent, camera_at, camera_towards, straightened
from duemani.inputs.film.keyboard_view import KeyboardView, keyboard_camera

# Looks straight down from 2 m above (1, 1, 0); the picture's up is the world's y.
DOWN = np.array([[1.0, 0, 0], [0, -1, 0], [0, 0, -1]])
ABOVE = camera_at(np.array([1.0, 1.0, 2.0]), DOWN, 1000.0, (640, 480))


def test_a_camera_above_shows_what_trigonometry_says() -> None:
    # Half a metre to the right at 2 m depth: 1000 · 0.5 / 2 px right of the middle.
    assert np.allclose(ABOVE.project(np.array([1.5, 1.0, 0.0])), [570, 240])
    # A metre above the plane it is twice as far off; behind in y is up in the picture.
    assert np.allclose(ABOVE.project(np.array([1.0, 1.2, 1.0])), [320, 40])
    assert ABOVE.depth(np.array([5.0, 3.0, 0.5])) == pytest.approx(1.5)
    assert np.allclose(ABOVE.position, [1, 1, 2])
    assert ABOVE.focal_px == pytest.approx(1000)
    assert not ABOVE.mirrored


def test_a_mirrored_picture_is_the_same_flipped() -> None:
    flipped = camera_at(np.array([1.0, 1.0, 2.0]), DOWN, 1000.0, (640, 480), mirrored=True)
    assert np.allclose(flipped.project(np.array([1.5, 1.2, 0.0])), [640 - 570, 140])
    assert flipped.mirrored
    assert flipped.focal_px == pytest.approx(1000)


def test_an_upright_camera_has_its_target_in_the_middle_and_the_sky_above() -> None:
    camera = camera_towards((0.2, -1.0, 0.7), (0.5, 0.1, 0.0), np.radians(40), (300, 200))
    middle, above = camera.project(np.array([[0.5, 0.1, 0.0], [0.5, 0.1, 0.05]]))
    assert np.allclose(middle, [150, 100])
    assert above[0] == pytest.approx(150)
    assert above[1] < 100
    # The shorter side shows 40 degrees: its rim is seen 20 degrees off the line of sight.
    rim, sight = camera.rays(np.array([[150.0, 0.0], [150.0, 100.0]]))
    cosine = rim @ sight / np.linalg.norm(rim) / np.linalg.norm(sight)
    assert np.degrees(np.arccos(cosine)) == pytest.approx(20)


@pytest.mark.parametrize("seed", range(6))
def test_rays_lead_back_to_what_is_seen(seed: int) -> None:
    rng = np.random.default_rng(seed)
    camera = replace(sample_camera(rng), bend=float(rng.normal(0, 0.05)))
    points = rng.uniform([0.3, -0.1, 0.0], [0.9, 0.15, 0.1], (40, 3))
    rays, depth = camera.rays(camera.project(points)), camera.depth(points)
    assert np.allclose(camera.position + depth[:, None] * rays, points, atol=1e-9)
    on_plane = points * [1, 1, 0]
    assert np.allclose(camera.project_plane(on_plane[:, :2]), camera.project(on_plane), atol=1e-8)
    assert np.allclose(camera.plane_points(camera.project(on_plane)), on_plane[:, :2], atol=1e-9)


def test_another_frame_and_another_size_show_the_same() -> None:
    points = np.random.default_rng(0).uniform(0, 1, (10, 3))
    bends = replace(ABOVE, bend=-0.05)
    move = np.eye(4)
    move[:3, :3] = 0.5 * Rotation.from_rotvec([0.1, 0.2, 0.3]).as_matrix()
    move[:3, 3] = [0.3, 0.2, 0.1]
    there = points @ move[:3, :3].T + move[:3, 3]
    assert np.allclose(bends.in_frame(move).project(points), bends.project(there))
    assert np.allclose(bends.resized((320, 240)).project(points), bends.project(points) / 2)


@pytest.mark.parametrize("seed", range(8))
def test_a_fitted_camera_shows_the_plane_exactly_whatever_its_scale(seed: int) -> None:
    rng = np.random.default_rng(seed)
    camera = sample_camera(rng)
    scale = rng.choice([-7.0, -1e-3, 0.2, 1e4])
    found = keyboard_camera(scale * camera.picture_from_plane, camera.size_px, camera.bend)
    keys = rng.uniform([0, 0], [1.2, 0.15], (30, 2))
    assert np.allclose(found.project_plane(keys), camera.project_plane(keys), atol=1e-8)
    assert found.mirrored == camera.mirrored
    assert found.position[2] > 0
    assert (found.depth(np.array([[0.6, 0.07, 0.0]])) > 0).all()


@pytest.mark.parametrize("tilt", [0.5, 0.8])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_tilted_keyboard_tells_camera_and_lens(tilt: float, mirrored: bool) -> None:
    camera = aimed_camera(tilt, 0.1, diagonal_view_rad=np.radians(55), mirrored=mirrored)
    found = seen_keyboard(camera).camera
    assert np.allclose(found.position, camera.position, atol=0.06)
    assert found.focal_px == pytest.approx(camera.focal_px, rel=0.05)
    hand = np.array([[0.3, 0.0, 0.06], [0.9, -0.1, 0.08]])
    assert np.allclose(found.project(hand), camera.project(hand), atol=3)


def test_from_straight_above_a_phones_lens_is_assumed() -> None:
    # 70 degrees over the diagonal of 1280 × 720.
    found = seen_keyboard(aimed_camera(0.0, diagonal_view_rad=np.radians(85))).camera
    assert found.focal_px == pytest.approx(
        np.hypot(1280, 720) / 2 / np.tan(np.radians(35)), rel=0.02
    )


@pytest.mark.parametrize(
    "plane",
    [np.zeros((3, 3)), np.full((3, 3), np.nan), np.outer([300.0, 200.0, 1.0], [1.0, 2.0, 1.0])],
)
def test_a_plane_that_is_none_is_refused(plane: np.ndarray) -> None:
    with pytest.raises(InputError, match="not one that a camera could see"):
        keyboard_camera(plane, (640, 360))


@pytest.mark.parametrize("bend", [-0.3, -0.05, 0.0, 0.02, 0.3])
def test_a_lens_bends_and_is_straightened_exactly(bend: float) -> None:
    points = np.random.default_rng(0).uniform(-1500, 3500, (500, 2))
    there = bent(points, (1280, 720), bend)
    np.testing.assert_allclose(straightened(there, (1280, 720), bend), points, atol=1e-6)
    np.testing.assert_allclose(bent(np.array([640.0, 360]), (1280, 720), bend), [640, 360])
    corner = bent(np.array([1280.0, 360]), (1280, 720), bend)
    assert corner[0] == pytest.approx(640 + 640 * (1 + bend), abs=60 * (abs(bend) > 0.2) + 1e-9)
    view = KeyboardView(keyboard_camera(np.diag([1000.0, -1000, 1]), (1280, 720), bend))
    keys = np.random.default_rng(1).uniform(0, 1.2, (50, 2))
    np.testing.assert_allclose(view.to_keyboard(view.to_picture(keys)), keys, atol=1e-6)
