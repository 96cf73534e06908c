"""The keyboard is found in pictures, or not at all."""

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from benchmarks.rendered_keyboards import Rendered, line_error, render_keyboard
from duemani import keyboard
from duemani.errors import InputError
from duemani.inputs.film.camera import Camera, camera_from_plane, camera_towards, straightened
from duemani.inputs.film.keyboard.finder import (
    find_keyboard,
    find_keyboard_in_film,
    keyboard_from_corners,
    shift_octaves,
)
from duemani.inputs.film.keyboard.octave import Span, place
from duemani.inputs.film.keyboard.pattern import black_x, match_line
from duemani.inputs.film.keyboard.plausible import plausible
from duemani.inputs.film.keyboard_view import KeyboardView, keyboard_camera

_SIZE = (960, 540)


def _camera(
    eye: tuple[float, float, float], target: tuple[float, float, float], angle_deg: float
) -> Camera:
    return camera_towards(eye, target, np.radians(angle_deg), _SIZE)


_VIEWS = {
    "overhead": _camera((0.61, -0.05, 1.05), (0.61, 0.08, 0.0), 44.0),
    "before the player": _camera((0.61, -0.55, 0.65), (0.61, 0.08, 0.0), 50.0),
    "left shoulder": _camera((0.3, -0.35, 0.45), (0.5, 0.1, 0.0), 60.0),
    "from behind": _camera((0.61, 0.5, 0.7), (0.61, 0.05, 0.0), 60.0),
}
_STEEP = {
    "right side": _camera((1.5, -0.12, 0.45), (0.61, 0.08, 0.0), 50.0),
    "low before": _camera((0.61, -0.6, 0.15), (0.61, 0.08, 0.0), 60.0),
}
_CLOSE = _camera((0.6, -0.15, 0.5), (0.6, 0.08, 0.0), 40.0)


@cache
def _rendered(name: str) -> Rendered:
    return render_keyboard((_VIEWS | _STEEP).get(name, _CLOSE))


def _moved(view: KeyboardView, plane: np.ndarray, size_px: tuple[int, int]) -> KeyboardView:
    return KeyboardView(keyboard_camera(plane @ view.camera.picture_from_plane, size_px))


@pytest.mark.parametrize("name", list(_VIEWS))
def test_every_key_is_found_from_many_sides(name: str) -> None:
    rendered = _rendered(name)
    view = find_keyboard(rendered.picture)
    assert view is not None
    assert view.octave_sure
    assert view.miss_keys < 0.08
    assert line_error(view, rendered.truth) < 0.12


@pytest.mark.parametrize("name", list(_STEEP))
def test_steep_views_are_read_rightly_or_not_at_all(name: str) -> None:
    rendered = _rendered(name)
    view = find_keyboard(rendered.picture)
    if view is not None:
        assert line_error(view, rendered.truth, octave_free=not view.octave_sure) < 0.25


def test_a_bent_lens_is_straightened() -> None:
    bend = -0.06
    rendered, size = _rendered("overhead"), (960, 540)
    grid = np.stack(np.meshgrid(np.arange(960.0), np.arange(540.0)), -1)
    source = straightened(grid, size, bend).astype(np.float32)
    picture = cv2.remap(rendered.picture, source[..., 0], source[..., 1], cv2.INTER_LINEAR)
    view = find_keyboard(picture.astype(np.uint8))
    assert view is not None
    assert view.camera.bend == pytest.approx(bend, abs=0.01)
    truth = KeyboardView(replace(rendered.truth.camera, bend=bend))
    assert line_error(view, truth) < 0.12


def test_cameras_that_cannot_be_are_refused() -> None:
    plane = np.array([[20.0, 0, 300], [0, -20, 400], [0, 0, 1]])
    size = (960, 540)
    assert plausible(camera_from_plane(plane, size), 0, 20)
    flipped = plane @ np.diag([1.0, -1, 1])
    assert not plausible(camera_from_plane(flipped, size), 0, 20)
    flat = plane @ np.diag([1.0, 0.5, 1])
    assert not plausible(camera_from_plane(flat, size), 0, 20)
    vanishing = np.array([[20.0, 0, 300], [0, -20, 400], [-0.1, 0, 1]])
    assert not plausible(camera_from_plane(vanishing, size), 0, 20)


def test_a_turned_picture_shows_the_same_keys() -> None:
    rendered = _rendered("overhead")
    turned = np.ascontiguousarray(rendered.picture[::-1, ::-1])
    plane = np.array([[-1.0, 0, 959], [0, -1, 539], [0, 0, 1]])
    view = find_keyboard(turned)
    assert view is not None
    assert line_error(view, _moved(rendered.truth, plane, (960, 540))) < 0.12
    upright = find_keyboard(np.ascontiguousarray(rendered.picture.transpose(1, 0, 2)[:, ::-1]))
    assert upright is not None
    plane = np.array([[0, -1.0, 539], [1, 0, 0], [0, 0, 1]])
    assert line_error(upright, _moved(rendered.truth, plane, (540, 960))) < 0.12


def test_a_mirrored_picture_is_told_by_the_ends() -> None:
    rendered = _rendered("overhead")
    view = find_keyboard(np.ascontiguousarray(rendered.picture[:, ::-1]))
    assert view is not None
    plane = np.array([[-1.0, 0, 959], [0, 1, 0], [0, 0, 1]])
    assert line_error(view, _moved(rendered.truth, plane, (960, 540))) < 0.12
    assert view.camera.mirrored
    assert not rendered.truth.camera.mirrored


def test_part_of_a_keyboard_leaves_the_octave_open() -> None:
    rendered = _rendered("close")
    view = find_keyboard(rendered.picture)
    assert view is not None
    assert not view.octave_sure
    assert line_error(view, rendered.truth, octave_free=True) < 0.1
    assert 40 <= view.last_key - view.first_key <= 60


def test_worn_pictures_are_read_too() -> None:
    rendered = _rendered("before the player")
    rng = np.random.default_rng(3)
    light = np.linspace(0.35, 1.0, 960)[None, :, None]
    noisy = np.clip(rendered.picture * light + rng.normal(0, 4, (540, 960, 3)), 0, 255)
    view = find_keyboard(noisy.astype(np.uint8))
    assert view is not None
    assert line_error(view, rendered.truth) < 0.15


def test_other_pictures_show_no_keyboard() -> None:
    rng = np.random.default_rng(1)
    stripes = np.full((300, 600, 3), 220, np.uint8)
    stripes[100:200, np.arange(600) % 20 < 9] = 20
    page = np.full((200, 400, 3), 240, np.uint8)
    for line in range(5):
        cv2.putText(page, "lorem ipsum IIlIl dolor", (20, 40 + 32 * line), 0, 1.0, (0, 0, 0), 2)
    others = [
        np.zeros((300, 400, 3), np.uint8),
        np.full((300, 400, 3), 255, np.uint8),
        rng.integers(0, 256, (60, 80, 3), dtype=np.uint8),
        stripes,
        page,
        np.zeros((2, 3, 3), np.uint8),
    ]
    for picture in others:
        assert find_keyboard(picture) is None


def test_a_film_is_agreed_upon_though_hands_hide_keys() -> None:
    rendered = _rendered("overhead")
    frames = []
    for number in range(4):
        picture = rendered.picture.copy()
        cv2.circle(picture, (250 + 100 * number, 290), 60, (120, 150, 200), -1)
        frames.append((float(number), picture))
    frames.append((5.0, np.zeros_like(rendered.picture)))
    found = find_keyboard_in_film(frames)
    assert found.view is not None
    assert found.remarks == ()
    assert line_error(found.view, rendered.truth) < 0.12


def test_a_moving_camera_is_told() -> None:
    frames = []
    for number in range(4):
        plane = np.array([[1.0, 0, 0], [0, 1, 70.0 * number - 100], [0, 0, 1]])
        moved = cv2.warpAffine(_rendered("overhead").picture, plane[:2], (960, 540))
        frames.append((float(number), moved.astype(np.uint8)))
    found = find_keyboard_in_film(frames)
    assert found.view is None
    assert "camera moves" in found.remarks[0]


def test_a_film_without_keyboard_has_none() -> None:
    assert find_keyboard_in_film([]).view is None
    found = find_keyboard_in_film([(0.0, np.zeros((90, 120, 3), np.uint8))])
    assert found.view is None
    assert found.remarks


def test_corners_round_trip() -> None:
    corners = np.array([[100.0, 400], [900, 380], [850, 250], [150, 260]])
    view = keyboard_from_corners(corners, (960, 540))
    width, length = keyboard.KEYBOARD_WIDTH_M, keyboard.WHITE_LENGTH_M
    plane = np.array([[0, 0], [width, 0], [width, length], [0, length]])
    np.testing.assert_allclose(view.to_picture(plane), corners, atol=1e-3)
    np.testing.assert_allclose(view.to_keyboard(corners), plane, atol=1e-5)
    part = keyboard_from_corners(corners, (960, 540), first_key=15, last_key=75)
    left = part.to_keyboard(corners[:1])[0, 0]
    assert left == pytest.approx(keyboard.CENTRE_X_M[15] - keyboard.WHITE_PITCH_M / 2, abs=1e-5)


def test_bad_corners_are_refused() -> None:
    crossed = np.array([[0.0, 0], [100, 100], [100, 0], [0, 100]])
    with pytest.raises(InputError, match="corners"):
        keyboard_from_corners(crossed, (200, 200))
    with pytest.raises(InputError, match="white keys"):
        keyboard_from_corners(crossed, (200, 200), first_key=1)


def test_octaves_shift() -> None:
    corners = np.array([[100.0, 400], [900, 380], [850, 250], [150, 260]])
    view = keyboard_from_corners(corners, (960, 540), first_key=15, last_key=63)
    higher = shift_octaves(view, 1)
    assert (higher.first_key, higher.last_key) == (27, 75)
    x = keyboard.CENTRE_X_M
    points = np.stack([x[15:64], np.full(49, 0.03)], 1)
    above = np.stack([x[27:76], np.full(49, 0.03)], 1)
    np.testing.assert_allclose(higher.to_picture(above), view.to_picture(points), atol=1e-6)
    back = shift_octaves(higher, -1)
    world = back.camera.picture_from_world
    np.testing.assert_allclose(world, view.camera.picture_from_world, atol=1e-9)
    with pytest.raises(InputError, match="octaves"):
        shift_octaves(replace(view, last_key=87), 1)


@pytest.mark.parametrize(
    ("first", "count", "a0_line", "mirrored"),
    [
        (-2, 52, -2, False),  # 88 keys begin with A
        (7, 36, -2, False),  # 61 keys: C2 to C7
        (2, 45, -2, False),  # 76 keys: E1 to G7
        (2, 52, 0, None),  # E to G with 52: 88 keys in a mirror
    ],
)
def test_keyboard_sizes(first: int, count: int, a0_line: int, mirrored: bool | None) -> None:
    placement = place(Span(first, first + count, True, True))
    assert placement.sure
    if mirrored is None:
        assert placement.mirrored
        assert placement.a0_line == 3 - (first + count)
    else:
        assert not placement.mirrored
        assert placement.a0_line % 7 == a0_line % 7
        starts = {52: 0, 45: 4, 36: 9}
        assert first - placement.a0_line == starts[count]


def test_only_an_end_tells_that_a_picture_is_mirrored() -> None:
    # One line too many between no ends fits a mirrored keyboard better, but proves none.
    placement = place(Span(-38, 12, False, False))
    assert not placement.mirrored


def test_the_pattern_tells_black_keys_from_even_stripes() -> None:
    x = black_x(np.arange(3, 25))
    places = (40 * x + 100) / (0.01 * x + 1)
    widths = np.gradient(places) * 0.35
    match = match_line(places, widths)
    assert match is not None
    assert len(match.keys) == 22
    np.testing.assert_array_equal((match.keys - 3) % 5, np.arange(22) % 5)
    even = np.arange(22) * 30.0
    assert match_line(even, np.full(22, 14.0)) is None
