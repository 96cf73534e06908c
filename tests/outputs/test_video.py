from dataclasses import replace

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duemani.errors import InputError
from duemani.outputs.film.scene import PianoScene
from duemani.outputs.film.video import save_video
from duemani.performance import Performance
from tests.helpers.hands import played_notes, playing_hands

SIZE = (320, 180)
CLICK_SEC = 0.5


def is_skin(picture: np.ndarray) -> np.ndarray:
    hue, saturation, value = np.moveaxis(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV), -1, 0)
    return (hue < 18) & (saturation > 60) & (saturation < 190) & (value > 90)


def has_colour(picture: np.ndarray, low_hue: int, high_hue: int) -> int:
    hue, saturation, value = np.moveaxis(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV), -1, 0)
    return int(((hue >= low_hue) & (hue <= high_hue) & (saturation > 90) & (value > 60)).sum())


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("video") / "hands.mp4"
    rate = 44_100
    sound = np.zeros((int(1.4 * rate), 2), np.float32)
    sound[int(CLICK_SEC * rate) :] = (
        0.5 * np.sin(np.arange(len(sound) - int(CLICK_SEC * rate)) / 20)[:, None]
    )
    shares: list[float] = []
    save_video(
        path, playing_hands(1.2), played_notes(), [sound[:30_000], sound[30_000:]], rate,
        size=SIZE, progress=shares.append,
    )  # fmt: skip
    return path, shares


def test_the_film_holds_h264_and_aac_of_the_right_length(film):
    path, shares = film
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height) == SIZE
        assert video.average_rate == 30
        assert (audio.codec_context.name, audio.rate) == ("aac", 48_000)
        assert float(container.duration / av.time_base) == pytest.approx(1.4, abs=0.06)
        assert sum(1 for _ in container.decode(video=0)) in (42, 43)
    head = path.read_bytes()[:4096]
    assert head.index(b"moov") < 200  # fast start: the index comes first
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_sound_is_in_sync(film):
    with av.open(str(film[0])) as container:
        frames = list(container.decode(audio=0))
    start = frames[0].time
    mono = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    assert start + np.argmax(np.abs(mono) > 0.2) / 48_000 == pytest.approx(CLICK_SEC, abs=0.005)


@pytest.mark.parametrize("camera", ["player", "overhead", "side"])
def test_every_camera_shows_hands_keys_and_falling_notes(camera):
    motion, performance = playing_hands(1.0), played_notes()
    with PianoScene(motion, performance, camera, SIZE) as scene:
        picture = scene.draw(0.1)
        again = scene.draw(0.1)
    np.testing.assert_array_equal(picture, again)
    assert 0.02 < is_skin(picture).mean() < 0.3
    assert (picture.min(axis=-1) > 170).mean() > 0.02  # white keys
    assert has_colour(picture, 100, 115) > 20  # a note of the left hand
    assert has_colour(picture, 8, 16) > 20  # and of the right


def test_a_hand_that_is_not_known_is_not_drawn():
    motion = playing_hands(0.5)
    tracked = motion.tracked.copy()
    tracked[0, 15:] = False
    with PianoScene(replace(motion, tracked=tracked), Performance(), "overhead", SIZE) as scene:
        both, one = is_skin(scene.draw(0.1)), is_skin(scene.draw(0.4))
    left = np.s_[:, : SIZE[0] // 2]
    assert both[left].sum() > 300
    assert one[left].sum() < 0.1 * both[left].sum()


def test_pressed_keys_take_the_hands_colour():
    # Without hands in the way: the hands are known in the first frame only.
    motion = playing_hands(1.5)
    tracked = np.zeros_like(motion.tracked)
    tracked[:, 0] = True
    notes = played_notes()
    notes = replace(notes, notes=notes.notes[notes.notes["hand"] == 1])
    with PianoScene(replace(motion, tracked=tracked), notes, "overhead", SIZE) as scene:
        keys = np.s_[int(0.5 * SIZE[1]) :]
        resting, pressed = scene.draw(0.2)[keys], scene.draw(0.45)[keys]
    assert has_colour(resting, 8, 20) == 0
    assert has_colour(pressed, 8, 20) > 50


def test_hands_move_between_the_frames_of_the_motion():
    with PianoScene(playing_hands(0.5, frame_rate=10.0), Performance(), "player", SIZE) as scene:
        at, between, then = (scene.draw(t).astype(int) for t in (0.1, 0.15, 0.2))
    whole = np.abs(then - at).sum()
    assert 0 < np.abs(between - at).sum() < whole
    assert 0 < np.abs(then - between).sum() < whole


def test_a_silent_film_and_a_sound_file(tmp_path):
    silent = tmp_path / "silent.mp4"
    save_video(silent, playing_hands(0.2), played_notes(), size=SIZE)
    with av.open(str(silent)) as container:
        assert not container.streams.audio
    with pytest.raises(InputError, match="no sound"):
        save_video(tmp_path / "a.mp4", playing_hands(0.2), played_notes(), silent, size=SIZE)
    noise = tmp_path / "noise.wav"
    noise.write_bytes(b"RIFFnonsense")
    with pytest.raises(InputError, match="cannot be read as audio"):
        save_video(tmp_path / "a.mp4", playing_hands(0.2), played_notes(), noise, size=SIZE)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["noise.wav", "silent.mp4"]


def test_an_interrupted_film_leaves_nothing(tmp_path):
    def stop(share: float) -> None:
        if share > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_video(tmp_path / "a.mp4", playing_hands(0.3), played_notes(), size=SIZE, progress=stop)
    assert not list(tmp_path.iterdir())


@settings(max_examples=20, deadline=None)
@given(
    st.tuples(st.integers(-5, 5000), st.integers(-5, 5000)).filter(
        lambda s: s[0] % 2 or max(s) > 3840 or min(s) < 64
    )
)
def test_odd_and_extreme_sizes_are_refused(tmp_path_factory, size):
    with pytest.raises(InputError, match="is not accepted"):
        save_video(
            tmp_path_factory.mktemp("v") / "a.mp4", playing_hands(0.1), played_notes(), size=size
        )


def test_other_refusals(tmp_path):
    motion = playing_hands(0.1)
    with pytest.raises(InputError, match="pictures a second"):
        save_video(tmp_path / "a.mp4", motion, played_notes(), frame_rate=0.0)
    with pytest.raises(InputError, match="cannot write"):
        save_video(tmp_path / "absent" / "a.mp4", motion, played_notes(), size=SIZE)
