"""Films, sound and MIDI are known by what is in them, whatever their names say."""

from __future__ import annotations

import io
import re
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

import duemani.verbs.read as read_module
from duemani.cli import main
from duemani.errors import InputError
from duemani.media.sound import load_audio
from duemani.performance import Performance, make_notes
from duemani.verbs.read import read_take
from duemani.verbs.review.ears import listen
from duemani.verbs.review.gather import _film
from duemani.verbs.review.material import Sources
from tests.helpers.inputs import midi_bytes, write

RATE_HZ = 48_000
TONE_HZ = 440.0


def media(container: str, sound: str = "", picture: str = "") -> bytes:
    """A quarter second of silence, a quarter of a tone; five small pictures."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as out:
        film = out.add_stream(picture, rate=10) if picture else None
        tone = out.add_stream(sound, rate=RATE_HZ, layout="mono") if sound else None
        if tone is not None:
            tone.bit_rate = 96_000
        if film is not None:
            film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
            for at in range(5):
                shown = VideoFrame.from_ndarray(np.full((48, 64, 3), 40 * at, np.uint8), "rgb24")
                shown.pts, shown.time_base = at, Fraction(1, 10)
                out.mux(film.encode(shown))
            out.mux(film.encode(None))
        if tone is not None:
            time_sec = np.arange(RATE_HZ // 2) / RATE_HZ
            wave = 0.5 * np.sin(2 * np.pi * TONE_HZ * time_sec) * (time_sec >= 0.25)
            heard = AudioFrame.from_ndarray((wave * 32767).astype(np.int16)[None], "s16", "mono")
            heard.sample_rate, heard.pts, heard.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
            out.mux(tone.encode(heard))
            out.mux(tone.encode(None))
    return buffer.getvalue()


FILMS = {
    "wmv": ("asf", "wmav2", "wmv2"),
    "mkv": ("matroska", "libopus", "libx264"),
    "webm": ("webm", "libopus", "libvpx"),
    "avi": ("avi", "mp3", "mpeg4"),
    "mp4": ("mp4", "aac", "libx264"),
    "3gp": ("3gp", "aac", "mpeg4"),
    "flv": ("flv", "mp3", "flv1"),
    "mts": ("mpegts", "mp2", "mpeg2video"),
}
SOUNDS = {
    "wma": ("asf", "wmav2"),
    "mka": ("matroska", "aac"),
    "opus": ("ogg", "libopus"),
    "oga": ("ogg", "flac"),
    "aac": ("adts", "aac"),
    "mp3": ("mp3", "mp3"),
    "caf": ("caf", "pcm_s16le"),
    "au": ("au", "pcm_s16be"),
    "w64": ("w64", "pcm_s16le"),
}
# The right suffix, wrong ones of sound and of film, an unknown one, and none.
NAMES = ("take.{}", "take.wav", "take.wma", "take.mp4", "take.wmv", "take.xyz", "take")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """What reaches the ears, instead of notes."""
    sounds: list[np.ndarray] = []

    def transcribe(path: Path, *_: object) -> Performance:
        sounds.append(load_audio(path, RATE_HZ))
        return Performance.create(make_notes([(0.25, 0.5, 69, 64)]))

    monkeypatch.setattr(read_module, "transcribe", transcribe)
    return sounds


def assert_silence_and_tone(sound: np.ndarray) -> None:
    assert len(sound) == pytest.approx(RATE_HZ / 2, rel=0.25)
    silent, loud = sound[: RATE_HZ // 5], sound[int(0.3 * RATE_HZ) : int(0.45 * RATE_HZ)]
    assert np.abs(silent).max() < 0.05
    crossings = np.count_nonzero(np.diff(np.signbit(loud))) / 2
    assert crossings / (len(loud) / RATE_HZ) == pytest.approx(TONE_HZ, rel=0.05)


@pytest.mark.parametrize("kind", [*FILMS, *SOUNDS])
def test_sound_of_any_container_is_heard_under_any_name(
    kind: str, tmp_path: Path, heard: list[np.ndarray]
) -> None:
    data = media(*(FILMS | SOUNDS)[kind])
    for name in NAMES:
        path = write(tmp_path / name.format(kind), data)
        take = read_take(path)
        assert take.recording == path
        assert_silence_and_tone(heard.pop())
        film = _film(path)
        assert (film is not None) == (kind in FILMS), name
        if film is not None:
            assert film.size_px == (64, 48)
            assert film.has_sound
        material = listen(path, Sources(), film, None)
        assert material.video == (path if kind in FILMS else None)
        assert material.recording == path
        assert_silence_and_tone(heard.pop())
        path.unlink()


@pytest.mark.parametrize("name", ["a.mkv", "a.mp3", "a.xyz", "a"])
def test_a_film_without_sound_is_a_film(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, media("matroska", picture="libx264"))
    film = _film(path)
    assert film is not None
    assert not film.has_sound
    assert "The film has no sound" in listen(path, Sources(), film, None).cannot_tell[0]
    with pytest.raises(InputError, match="no sound"):
        read_take(path)


WORDS = b"Andante con moto, said the teacher, and not too loud.\n" * 40
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(64))


@pytest.mark.parametrize("verb", ["perform", "review", "finger", "transcribe"])
@pytest.mark.parametrize("data", [WORDS, PICTURE, bytes(4000)], ids=["words", "picture", "zeros"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.mp4", "a.mp4 (cannot be read as|holds no) sound"),
        ("a.wmv", "a.wmv (cannot be read as|holds no) sound"),
        ("a.ogg", "a.ogg (cannot be read as|holds no) sound"),
        ("a.txt", "neither sound nor film is found in it"),
        ("a.mid", "a.mid is not a standard MIDI file"),
        ("a.json", "a.json is not a performance file"),
    ],
)
def test_other_contents_are_refused_for_what_they_are(
    verb: str,
    data: bytes,
    name: str,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write(tmp_path / name, data)
    assert main([verb, str(path), "-o", str(tmp_path / "out.json")]) == 2
    assert re.search(said, capsys.readouterr().err)
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("name", ["a.mp3", "a.wav", "a.mp4", "a.json", "a.musicxml", "a.doc"])
@pytest.mark.parametrize("wrapped", [False, True], ids=["smf", "riff"])
def test_midi_is_midi_under_any_name(name: str, wrapped: bool, tmp_path: Path) -> None:
    data = midi_bytes()
    if wrapped:
        body = b"RMIDdata" + len(data).to_bytes(4, "little") + data
        data = b"RIFF" + len(body).to_bytes(4, "little") + body
    path = write(tmp_path / name, data)
    assert read_take(path).performance.notes["pitch"].tolist() == [60, 64, 67]
    out = tmp_path / "fingers.mid"
    assert main(["finger", str(path), "-o", str(out)]) == 0
    assert read_take(out).performance.notes["pitch"].tolist() == [60, 64, 67]
