"""Films in: pictures upright, in time and in bounds; honest refusals."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.audio.frame import AudioFrame

from duemani.errors import InputError
from duemani.media.film import Film, probe_film, sample_film
from duemani.media.sound import load_audio

TICKS = 1000  # a second
RATE_HZ = 30


def picture(level: int = 0, size_px: tuple[int, int] = (160, 96)) -> np.ndarray:
    """Blue at the top left, green at the top right, red at the bottom left; `level` elsewhere."""
    width, height = size_px
    shown = np.full((height, width, 3), level, np.uint8)
    shown[: height // 2, : width // 2] = (255, 0, 0)
    shown[: height // 2, width // 2 :] = (0, 255, 0)
    shown[height // 2 :, : width // 2] = (0, 0, 255)
    return shown


def corners(shown: np.ndarray) -> list[str]:
    """Colours of the quarters, row by row."""
    height, width = shown.shape[:2]
    named = []
    for y in (height // 4, 3 * height // 4):
        for x in (width // 4, 3 * width // 4):
            colour = shown[y, x].astype(int)
            bright = colour > 128
            named.append("".join(n for n, on in zip("bgr", bright, strict=True) if on) or "-")
    return named


def write_film(
    path: Path,
    times_ms: list[int],
    size_px: tuple[int, int] = (160, 96),
    turn: int = 0,
    mirrored: bool = False,
    sound_from_ms: int | None = None,
    key_every: int = 10,
) -> Path:
    """A film whose picture at t ms has the grey level t / 10 at the bottom right."""
    options = {"g": str(key_every), "bf": "0", "preset": "ultrafast"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE_HZ, options=options)
        stream.width, stream.height, stream.pix_fmt = *size_px, "yuv420p"
        stream.codec_context.time_base = Fraction(1, TICKS)
        if turn or mirrored:
            stream.set_display_rotation(turn, hflip=mirrored)
        sound = None
        if sound_from_ms is not None:
            sound = container.add_stream("aac", rate=44100, layout="mono")
        for time_ms in times_ms:
            shown = picture(min(time_ms // 10, 120), size_px)
            frame = av.VideoFrame.from_ndarray(shown, "bgr24").reformat(format="yuv420p")
            frame.pts, frame.time_base = time_ms, Fraction(1, TICKS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            tone = 0.5 * np.sin(np.arange(44100) * 0.1).astype(np.float32)[None]
            heard = AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            heard.sample_rate, heard.time_base = 44100, Fraction(1, 44100)
            heard.pts = round(sound_from_ms * 44.1)
            container.mux(sound.encode(heard))
            container.mux(sound.encode(None))
    return path


EVEN_MS = [round(1000 * k / RATE_HZ) for k in range(30)]


def test_pictures_come_in_order_and_in_time(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", EVEN_MS)
    frames = list(Film(path))
    np.testing.assert_allclose([t for t, _ in frames], np.array(EVEN_MS) / 1000, atol=1e-3)
    levels = [int(shown[-10, -10].mean()) for _, shown in frames]
    assert np.abs(np.array(levels) - np.array(EVEN_MS) / 10).max() < 8
    facts = probe_film(path)
    assert facts.size_px == (160, 96)
    assert not facts.has_sound
    assert facts.duration_sec == pytest.approx(1.0, abs=0.05)
    assert facts.frame_rate == pytest.approx(RATE_HZ, rel=0.05)


@pytest.mark.parametrize(
    ("turn", "mirrored", "quarters"),
    [
        (0, False, ["b", "g", "r", "-"]),
        (90, False, ["g", "-", "b", "r"]),
        (-90, False, ["r", "b", "-", "g"]),
        (180, False, ["-", "r", "g", "b"]),
        (0, True, ["g", "b", "-", "r"]),
    ],
)
def test_rotation_metadata_are_applied(
    tmp_path: Path, turn: int, mirrored: bool, quarters: list[str]
) -> None:
    path = write_film(tmp_path / "a.mp4", EVEN_MS[:5], turn=turn, mirrored=mirrored)
    film = Film(path)
    _, shown = next(iter(film))
    assert corners(shown) == quarters
    assert film.size_px == (shown.shape[1], shown.shape[0])
    assert film.size_px == ((96, 160) if turn % 180 else (160, 96))


def test_rotation_agrees_with_ffmpegs_own_reading(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", EVEN_MS[:5], turn=90)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    stored = frame.to_ndarray(format="bgr24")
    _, shown = next(iter(Film(path)))
    turned = np.rot90(stored, frame.rotation // 90 % 4)  # counter-clockwise, as PyAV documents
    assert np.abs(shown.astype(int) - turned).max() < 12


def test_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    times_ms = [0, 10, 100, 110, 400, 433, 900]
    path = write_film(tmp_path / "a.mp4", times_ms)
    assert [t for t, _ in Film(path)] == pytest.approx([t / 1000 for t in times_ms], abs=1e-3)


def test_a_rate_limit_skips_pictures_evenly(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", [round(1000 * k / 60) for k in range(60)])
    times = np.array([t for t, _ in Film(path, max_rate_hz=30.0)])
    assert len(times) == 30
    assert np.diff(times) == pytest.approx(1 / 30, abs=2e-3)


def test_a_rate_limit_loses_nothing_of_a_film_at_that_rate(tmp_path: Path) -> None:
    unsteady = [max(t + (3 if k % 2 else -3), 0) for k, t in enumerate(EVEN_MS)]
    path = write_film(tmp_path / "a.mp4", unsteady)
    assert len(list(Film(path, max_rate_hz=30.0))) == len(unsteady)


def test_a_part_of_a_film_keeps_the_films_clock(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", [100 * k for k in range(200)])
    times = [t for t, _ in Film(path, between_sec=(15.0, 16.0))]
    assert times == pytest.approx(np.arange(15.0, 16.0, 0.1), abs=1e-3)


def test_pictures_and_sound_share_a_clock(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", [t + 500 for t in EVEN_MS], sound_from_ms=0)
    assert next(iter(Film(path)))[0] == pytest.approx(0.5, abs=0.03)
    path = write_film(tmp_path / "b.mkv", EVEN_MS, sound_from_ms=700)
    assert next(iter(Film(path)))[0] == pytest.approx(0.0, abs=0.03)
    heard = np.abs(load_audio(path, 8000)) > 0.1
    assert heard.argmax() / 8000 == pytest.approx(0.7, abs=0.06)
    assert probe_film(path).has_sound


def test_large_pictures_are_scaled_down_and_small_ones_left(tmp_path: Path) -> None:
    large = write_film(tmp_path / "a.mp4", EVEN_MS[:1], size_px=(3840, 2160))
    film = Film(large)
    assert film.facts.size_px == (3840, 2160)
    assert next(iter(film))[1].shape == (720, 1280, 3)
    small = write_film(tmp_path / "b.mp4", EVEN_MS[:2], size_px=(16, 16))
    assert next(iter(Film(small)))[1].shape == (16, 16, 3)


def test_a_truncated_film_gives_what_it_holds(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", [50 * k for k in range(200)])
    content = path.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(content[: len(content) // 2])
    film = Film(cut)
    times = [t for t, _ in film]
    assert 1 < len(times) < 200
    assert film.remarks[0].startswith("The film breaks off at")
    whole = Film(path)
    assert len(list(whole)) == 200
    assert whole.remarks == ()


def test_damage_is_skipped_and_told(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", [50 * k for k in range(100)])
    content = bytearray(path.read_bytes())
    start = content.index(b"mdat")
    size = int.from_bytes(content[start - 4 : start], "big")
    content[start + size // 3 : start + size // 2] = bytes(size // 2 - size // 3)
    path.write_bytes(bytes(content))
    film = Film(path)
    times = [t for t, _ in film]
    assert 10 < len(times) <= 100
    assert len(times) == 100 or film.remarks


def test_samples_spread_over_the_film(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", [100 * k for k in range(300)])
    times = [t for t, _ in sample_film(path, count=5)]
    assert times == pytest.approx([0, 6, 12, 18, 24], abs=0.11)


@pytest.mark.parametrize("content", [b"", b"RIFF", bytes(5000), b"hello\n" * 100])
def test_what_is_no_film_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.mp4 .*accepted are"):
        Film(path)


def test_noise_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(np.random.default_rng(0).bytes(20_000))
    with pytest.raises(InputError):
        Film(path)


def test_stills_sound_folders_and_missing_files_are_refused(tmp_path: Path) -> None:
    still = tmp_path / "a.png"
    cv2.imwrite(str(still), picture())
    sound = tmp_path / "a.wav"
    with av.open(str(sound), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=44100, layout="mono")
        frame = AudioFrame.from_ndarray(np.zeros((1, 4410), np.int16), "s16", "mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    for path in (still, sound, tmp_path, tmp_path / "none.mp4"):
        with pytest.raises(InputError, match=path.name) as caught:
            probe_film(path)
        assert str(caught.value).count(". ") == 0
