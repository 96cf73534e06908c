import numpy as np
import pytest

from duemani.datasets.simulated.cameras import aimed_camera, sample_camera, seen_keyboard
from duemani.datasets.simulated.filming import NO_NOISE, TrackerNoise, film_motion
from tests.helpers.real_motion import played


@pytest.mark.parametrize("mirrored", [False, True])
def test_tips_on_the_keys_are_seen_where_the_view_has_them(mirrored: bool) -> None:
    motion = played(30.0).motion
    camera = aimed_camera(0.3, 0.1, 0.05, mirrored=mirrored)
    _, view = film_motion(motion, camera, NO_NOISE)
    ground = np.array([[0.1, 0.02, 0.0], [0.7, 0.1, 0.0], [1.1, 0.15, 0.0]])
    assert np.allclose(view.to_picture(ground[:, :2]), camera.project(ground), atol=1e-3)


def test_an_upright_camera_has_the_treble_on_the_right_and_the_player_below() -> None:
    for tilt in (0.0, 0.6, -0.3):
        view = seen_keyboard(aimed_camera(tilt))
        bass, treble, far = view.to_picture(np.array([[0.3, 0.0], [0.9, 0.0], [0.3, 0.15]]))
        assert bass[0] < treble[0]
        assert far[1] < bass[1]


def test_cameras_drawn_stand_above_the_keys_and_see_them() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        camera = sample_camera(rng)
        assert camera.position[2] > 0.3
        view = seen_keyboard(camera, 0.03, rng)
        assert view.last_key - view.first_key > 40
        assert view.miss_keys < 0.25


def test_noise_is_as_large_as_told_and_repeats_with_its_seed() -> None:
    motion, camera = played(30.0).motion, aimed_camera()
    noise = TrackerNoise(
        jitter_palm=(0.01,) * 4, wander_palm=(0.0,) * 4, bias_palm=0.0, glitch_share=0.0
    ).dropping(0.0)
    still, _ = film_motion(motion, camera, NO_NOISE)
    films = [film_motion(motion, camera, noise, np.random.default_rng(1))[0] for _ in range(2)]
    palm = np.linalg.norm(still.landmarks_px[:, :, 9] - still.landmarks_px[:, :, 0], axis=-1)
    off = (films[0].landmarks_px - still.landmarks_px) / np.median(palm)
    assert 1.4826 * np.nanmedian(np.abs(off)) == pytest.approx(0.01, rel=0.15)
    assert np.array_equal(films[0].landmarks_px, films[1].landmarks_px, equal_nan=True)


def test_dropouts_take_their_share() -> None:
    motion, camera = played(30.0).motion, aimed_camera()
    noise = TrackerNoise(swaps_per_min=0.0, merges_per_min=0.0).dropping(0.3)
    lost = [
        (film_motion(motion, camera, noise, np.random.default_rng(k))[0].confidence == 0).mean()
        for k in range(30)
    ]
    assert np.mean(lost) == pytest.approx(0.3, abs=0.05)


def test_latency_delays() -> None:
    motion, camera = played(30.0).motion, aimed_camera()
    late = TrackerNoise(**{**NO_NOISE.__dict__, "latency_sec": 2 / motion.frame_rate})
    now, _ = film_motion(motion, camera, NO_NOISE)
    then, _ = film_motion(motion, camera, late)
    assert np.allclose(then.landmarks_px[:, 2:], now.landmarks_px[:, :-2], atol=1e-6)
