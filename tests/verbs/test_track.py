from pathlib import Path

import av
import numpy as np
import pytest

from duemani.cli import main
from duemani.datasets.simulated.cameras import aimed_camera
from duemani.datasets.simulated.filming import NO_NOISE, film_motion
from duemani.motion import load_motion
from duemani.outputs.film.overlay import DrawnHands, save_overlay_film
from duemani.verbs.track import track
from tests.helpers.real_motion import played
from tests.inputs.test_fingertip_file import write as write_fingertips

SIZE = (320, 180)


def write_film(path: Path, level: int, frames: int = 12) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        picture = np.full((SIZE[1], SIZE[0], 3), level, np.uint8)
        for _ in range(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("level", "options", "why"),
    [
        (0, [], "are black"),
        (128, [], "no keyboard was found"),
        (128, ["--keyboard", "20,160 300,160 300,120 20,120"], "no hands were found"),
        (128, ["--start", "5"], "no picture"),
    ],
)
def test_what_is_not_seen_is_said(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    level: int,
    options: list[str],
    why: str,
) -> None:
    film, out = write_film(tmp_path / "film.mp4", level), tmp_path / "hands.npz"
    assert main(["track", str(film), "-o", str(out), *options]) == 2
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1
    assert not out.exists()


def test_a_fingertip_file_becomes_a_motion_file(tmp_path: Path) -> None:
    out = tmp_path / "hands.npz"
    assert main(["track", str(write_fingertips(tmp_path)), "-o", str(out)]) == 0
    motion = load_motion(out)
    assert motion.tracked.all()
    assert np.isfinite(motion.tips_m).all()
    assert motion.provenance["model"] == "tracked"
    assert motion.provenance["input"] == "take.csv"


def test_a_fingertip_file_has_no_overlay(tmp_path: Path) -> None:
    arguments = ["track", str(write_fingertips(tmp_path)), "-o", str(tmp_path / "o.mp4")]
    assert main(arguments) == 2


def test_the_overlay_shows_hands_and_keys(tmp_path: Path) -> None:
    motion = played(30.0).motion
    hands, view = film_motion(motion, aimed_camera(size_px=(640, 360)), NO_NOISE)
    drawn = DrawnHands(hands.time_sec, hands.landmarks_px, hands.landmarks_px, hands.confidence)
    black = np.zeros((360, 640, 3), np.uint8)
    save_overlay_film(tmp_path / "o.mp4", [(t, black) for t in (0.0, 0.1, 0.25)], drawn, view)
    with av.open(str(tmp_path / "o.mp4")) as container:
        frames = list(container.decode(video=0))
    assert [round(float(frame.time), 2) for frame in frames] == [0.0, 0.1, 0.25]
    picture = frames[1].to_ndarray(format="bgr24").astype(int)
    wrists = hands.landmarks_px[:, 3, [9]].mean(1).round().astype(int)
    for hand, (x, y) in enumerate(wrists):
        around = picture[y - 3 : y + 4, x - 3 : x + 4].reshape(-1, 3)
        strongest = around[around.sum(1).argmax()]
        assert strongest[0] > strongest[2] if hand == 0 else strongest[2] > strongest[0]


def test_frame_rates_out_of_range_are_refused(tmp_path: Path) -> None:
    from duemani.errors import InputError

    with pytest.raises(InputError, match="frames per second"):
        track(tmp_path / "x.mp4", frame_rate=0.5)
