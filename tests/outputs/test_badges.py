"""Finger badges and the heading in the film's pictures."""

from dataclasses import replace

import av
import numpy as np
import pytest

from duemani.keyboard import CENTRE_X_M, TRAVEL_M
from duemani.outputs.film.badges import Badges, badge, hides
from duemani.outputs.film.heading import Heading
from duemani.outputs.film.note_panel import HAND_COLOURS
from duemani.outputs.film.scene import PianoScene
from duemani.outputs.film.video import save_video
from duemani.performance import LOWEST_PITCH, Performance, make_notes
from tests.helpers.colour import contrast, luminance
from tests.helpers.hands import played_notes, playing_hands

EYE_M = np.array([0.6, -0.8, 0.7])


def project(points_m: np.ndarray) -> np.ndarray:
    """Pixels of a millimetre, seen from above."""
    return np.stack([points_m[:, 0] * 1000, 400 - points_m[:, 1] * 1000], axis=-1)


def one_note(pitch: int = 60, hand: int = 1, finger: int = 3) -> tuple[Performance, np.ndarray]:
    """A note from 1 to 2 s, and its key down."""
    notes = make_notes([(1.0, 2.0, pitch, 64)])
    notes["hand"], notes["finger"] = hand, finger
    depth = np.zeros(88)
    depth[pitch - LOWEST_PITCH] = TRAVEL_M[pitch - LOWEST_PITCH]
    return Performance.create(notes), depth


def places(picture: np.ndarray) -> np.ndarray:
    """Middle of what was drawn (x, y)."""
    rows, columns = np.nonzero(picture.any(-1))
    return np.array([(columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2])


def drawn(badges: Badges, now_sec: float, poses: list, depth: np.ndarray) -> np.ndarray:
    picture = np.zeros((400, 1300, 3), np.uint8)
    badges.draw(picture, now_sec, poses, depth)
    return picture


@pytest.fixture
def pose() -> np.ndarray:
    return np.array(playing_hands(0.1).landmarks_m[1, 0])


def test_a_badge_stands_beside_the_tip_while_the_key_is_down(pose) -> None:
    performance, depth = one_note()
    badges = Badges(performance, np.array([pose[12, 0], 0.3, 1.5]), project, 720)
    for now, pressed in ((0.9, depth), (2.1, depth), (1.5, 0 * depth)):
        assert not drawn(badges, now, [None, pose], pressed).any()
    assert not drawn(badges, 1.5, [pose, None], depth).any()
    at = places(drawn(badges, 1.5, [None, pose], depth))
    tip = project(pose[12:13])[0]
    assert 10 < np.linalg.norm(at - tip) < 20
    assert at[1] < tip[1]  # beyond the tip


def test_a_hidden_badge_moves_onto_the_fallboard_until_the_key_is_up(pose) -> None:
    performance, depth = one_note()
    ahead = (pose[12] - pose[9]) * [1, 1, 0]
    beside = pose[12] + 0.017 * ahead / np.linalg.norm(ahead) + [0, 0, 0.014]
    eye = beside + 8 * (pose[9] - beside)  # behind the knuckle
    badges = Badges(performance, eye, project, 720)
    at = places(drawn(badges, 1.5, [None, pose], depth))
    expected = project(np.array([[CENTRE_X_M[60 - LOWEST_PITCH], 0.152, 0.036]]))[0]
    np.testing.assert_allclose(at, expected, atol=1.5)
    away = pose - [0, 0, 5.0]  # but for the fingertip: nothing hides it any more
    away[9], away[12] = pose[9] - [0, 0, 0.03], pose[12]
    np.testing.assert_allclose(places(drawn(badges, 1.6, [None, away], depth)), expected, atol=1.5)
    drawn(badges, 1.7, [None, away], 0 * depth)
    assert np.abs(places(drawn(badges, 1.8, [None, away], depth)) - expected).max() > 20


def test_what_a_hand_hides(pose) -> None:
    up, aside = np.array([0, 0, 0.1]), np.array([0.2, 0, 0])
    finger, palm = pose[10], (pose[0] + pose[9]) / 2
    assert hides(pose, finger + 5 * up, finger - up / 2)
    assert not hides(pose, finger + 5 * up, finger + up / 2)
    assert hides(pose, palm + 5 * up, palm - up)
    assert not hides(pose, finger + aside + 5 * up, finger + aside - up)


def test_two_badges_never_cover_each_other(pose) -> None:
    notes = make_notes([(1.0, 2.0, 60, 64), (1.0, 2.0, 62, 64)])
    notes["hand"], notes["finger"] = 1, [2, 3]
    close = pose.copy()
    close[5:9] = close[9:13] + np.array([0.004, 0, 0])
    depth = np.full(88, TRAVEL_M.max())
    badges = Badges(Performance.create(notes), close[12] + [0, 0, 1.0], project, 720)
    picture = drawn(badges, 1.5, [None, close], depth)
    rows = np.flatnonzero(picture.any((1, 2)))
    assert rows[-1] - rows[0] > 40


@pytest.mark.parametrize("hand", [0, 1])
@pytest.mark.parametrize("diameter_px", [11.0, 24.0, 48.0])
def test_numbers_in_badges_stand_out(hand: int, diameter_px: float) -> None:
    for finger in range(1, 6):
        picture = badge(hand, finger, diameter_px)
        disc = picture[..., :3][picture[..., 3] > 0.999] * 255
        light = luminance(disc)
        assert contrast(np.quantile(light, 0.8), light.min()) > 4.5
        brightest = disc[light.argmax()][::-1] / 255
        np.testing.assert_allclose(brightest, HAND_COLOURS[hand], atol=0.02)


def test_the_scene_shows_badges_of_keys_that_fingers_hold() -> None:
    motion = playing_hands(0.5)
    # A hand laid so that its third finger holds the key under it from the first frame on.
    key = int(np.abs(CENTRE_X_M - motion.tips_m[1, 0, 2, 0]).argmin())
    lowered = motion.landmarks_m.copy()
    lowered[1, :, 12] = [CENTRE_X_M[key], 0.02, -0.008]
    notes = make_notes([(0.0, 0.5, key + LOWEST_PITCH, 64)])
    notes["hand"], notes["finger"] = 1, 3
    pictures = []
    for finger in (3, 0):
        notes["finger"] = finger
        performance = Performance.create(notes)
        held = replace(motion, landmarks_m=lowered)
        with PianoScene(held, performance, "overhead", (640, 360)) as scene:
            pictures.append(scene.draw(0.1).astype(int))
    changed = np.abs(pictures[0] - pictures[1]).max(-1) > 20
    # Falling notes have numbers, too, but none here: the note is at its end.
    assert 60 < changed.sum() < 2000


def test_a_heading_is_written_and_shades_the_top_only() -> None:
    grey = np.full((360, 640, 3), 160, np.uint8)
    assert (Heading("", "", (640, 360)).over(grey.copy()) == 160).all()
    told = Heading("Étude #1 *no* $markup$", "MIDI · simulated", (640, 360)).over(grey.copy())
    assert (told[120:] == 160).all()
    shaded = Heading(" ", "", (640, 360)).over(grey.copy())
    ink = (np.abs(told.astype(int) - shaded) > 40).any(-1)
    rows, columns = np.nonzero(ink)
    assert ink.sum() > 200
    assert columns.min() < 20
    assert rows.max() < 60
    light = luminance(told[ink])
    assert contrast(np.quantile(light, 0.95), np.median(luminance(shaded[:20]))) > 4.5


@pytest.mark.parametrize(
    "title", ["a" * 5000, "ベートーヴェン", "\x00\ud800", "#set page()", "\u202e"]
)
def test_any_title_makes_a_film(tmp_path, title: str) -> None:
    path = tmp_path / "film.mp4"
    save_video(path, playing_hands(0.1), played_notes(), size=(320, 180), title=title)
    with av.open(str(path)) as container:
        assert container.metadata["title"]
        assert sum(1 for _ in container.decode(video=0)) == 3
