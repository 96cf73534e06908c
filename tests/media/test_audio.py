"""Sound in and out: every accepted container, honest refusals, bounded blocks."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duemani.errors import InputError
from duemani.media.sound import (
    PAGE_RATE_HZ,
    encode_audio,
    encode_blocks,
    load_audio,
    probe_audio,
    stream_audio,
    stream_recording,
)

RATE = 44100
TONE_START_SEC, TONE_HZ = 0.5, 440.0
FORMATS = {
    "a.wav": ("wav", "pcm_s16le"),
    "a.flac": ("flac", "flac"),
    "a.mp3": ("mp3", "libmp3lame"),
    "a.ogg": ("ogg", "libopus"),
    "a.m4a": ("mp4", "aac"),
    "a.mov": ("mov", "aac"),
    "a.mp4": ("mp4", "aac"),
    "a.webm": ("webm", "libopus"),
}


def tone(duration_sec: float = 1.5, rate: int = RATE) -> np.ndarray:
    """Half a second of silence, then a sine of amplitude 0.3."""
    time_sec = np.arange(round(duration_sec * rate)) / rate
    sine = 0.3 * np.sin(2 * np.pi * TONE_HZ * time_sec)
    return np.where(time_sec >= TONE_START_SEC, sine, 0).astype(np.float32)


def write(path: Path, samples: np.ndarray, rate: int, with_picture: bool = False) -> Path:
    """Write stereo sound with PyAV, in videos beside a picture stream."""
    kind, codec = FORMATS[f"a{path.suffix}"]
    with av.open(str(path), "w", format=kind) as container:
        if with_picture:
            picture = container.add_stream("mjpeg" if kind == "mov" else "libx264", rate=10)
            picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        stream = container.add_stream(codec, rate=48000 if codec == "libopus" else rate)
        stream.layout = "stereo"
        frame = AudioFrame.from_ndarray(np.stack([samples] * 2), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = rate, 0
        if with_picture:
            blank = av.VideoFrame(64, 48, "yuv420p")
            container.mux(picture.encode(blank))
            container.mux(picture.encode(None))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def onset_sec(samples: np.ndarray, rate: int = RATE) -> float:
    return float(np.argmax(np.abs(samples) > 0.1)) / rate


def frequency_hz(samples: np.ndarray, rate: int = RATE) -> float:
    part = samples[round(0.7 * rate) : round(1.3 * rate)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    return float(spectrum.argmax()) * rate / len(part)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_keeps_time_pitch_and_level(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, tone(), RATE)
    samples = load_audio(path, RATE)
    assert samples.dtype == np.float32
    assert len(samples) / RATE == pytest.approx(1.5, abs=0.06)
    assert onset_sec(samples) == pytest.approx(TONE_START_SEC, abs=0.012)
    assert frequency_hz(samples) == pytest.approx(TONE_HZ, abs=2)
    middle = samples[round(0.7 * RATE) : round(1.3 * RATE)]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)


def test_sound_of_a_video_beside_its_picture(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", tone(), RATE, with_picture=True)
    assert onset_sec(load_audio(path, RATE)) == pytest.approx(TONE_START_SEC, abs=0.012)


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 96000])
def test_resampling_keeps_time_and_pitch(tmp_path: Path, rate: int) -> None:
    path = write(tmp_path / "a.wav", tone(rate=rate), rate)
    samples = load_audio(path, 16000)
    assert len(samples) == pytest.approx(1.5 * 16000, abs=20)
    assert onset_sec(samples, 16000) == pytest.approx(TONE_START_SEC, abs=0.005)
    assert frequency_hz(samples, 16000) == pytest.approx(TONE_HZ, abs=2)


@pytest.mark.parametrize("block_sec", [0.001, 0.1, 0.7, 60.0])
def test_blocks_join_to_the_whole(tmp_path: Path, block_sec: float) -> None:
    path = write(tmp_path / "a.wav", tone(), RATE)
    blocks = list(stream_audio(path, RATE, block_sec))
    assert {len(block) for block in blocks[:-1]} <= {max(int(block_sec * RATE), 1)}
    np.testing.assert_array_equal(np.concatenate(blocks), load_audio(path, RATE))


def test_probe_reads_what_was_written(tmp_path: Path) -> None:
    info = probe_audio(write(tmp_path / "a.flac", tone(), 48000))
    assert info.duration_sec == pytest.approx(1.5 * RATE / 48000, abs=0.3)
    assert (info.sample_rate, info.channels, info.codec) == (48000, 2, "flac")


@pytest.mark.parametrize("suffix", [".mp3", ".m4a"])
@pytest.mark.parametrize("channels", [1, 2])
def test_encoded_sound_comes_back(tmp_path: Path, suffix: str, channels: int) -> None:
    samples = tone() if channels == 1 else np.stack([tone()] * 2)
    path = tmp_path / f"page{suffix}"
    path.write_bytes(encode_audio(samples, RATE, suffix, bit_rate=96_000))
    assert probe_audio(path).channels == channels
    back = load_audio(path, RATE)
    assert onset_sec(back) == pytest.approx(TONE_START_SEC, abs=0.012)
    assert len(back) / RATE == pytest.approx(1.5, abs=0.06)
    assert path.stat().st_size < 60_000


def test_encoding_resamples_what_the_codec_cannot_hold(tmp_path: Path) -> None:
    path = tmp_path / "page.mp3"
    path.write_bytes(encode_audio(tone(rate=96000), 96000))
    assert frequency_hz(load_audio(path, RATE)) == pytest.approx(TONE_HZ, abs=2)


def test_recording_is_compressed_in_time(tmp_path: Path) -> None:
    path = tmp_path / "page.mp3"
    path.write_bytes(
        encode_blocks(stream_recording(write(tmp_path / "a.flac", tone(), RATE)), 2, PAGE_RATE_HZ)
    )
    assert onset_sec(load_audio(path, RATE)) == pytest.approx(TONE_START_SEC, abs=0.012)


def test_loud_stereo_is_not_clipped(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone() * 3, RATE)
    assert np.abs(load_audio(path, RATE)).max() == pytest.approx(0.9, abs=0.02)


def refuse(path: Path) -> str:
    """The one-sentence refusal, the same for every way of reading."""
    with pytest.raises(InputError) as error:
        load_audio(path, RATE)
    message = str(error.value)
    assert path.name in message
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_bad_paths_are_refused(tmp_path: Path) -> None:
    assert "does not exist" in refuse(tmp_path / "missing.wav")
    assert "not a file" in refuse(tmp_path)
    (tmp_path / "empty.wav").touch()
    assert "empty" in refuse(tmp_path / "empty.wav")


@pytest.mark.parametrize("name", ["notes.wav", "notes.mp3", "notes.mp4"])
def test_text_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("These are not the notes you are looking for.\n" * 200)
    assert "recordings (wav" in refuse(path)


def test_a_name_is_never_taken_for_a_protocol(tmp_path: Path) -> None:
    refuse(tmp_path / "concat:a.wav")


def test_pictures_without_sound_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode(None))
    assert "no sound" in refuse(path)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.ogg"])
def test_a_truncated_file_gives_what_it_holds(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, tone(6.0), RATE)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    samples = load_audio(path, RATE)
    assert 2.5 < len(samples) / RATE < 5.5
    assert onset_sec(samples) == pytest.approx(TONE_START_SEC, abs=0.012)


def test_a_truncated_mp4_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.m4a", tone(), RATE)
    path.write_bytes(path.read_bytes()[:-2000])  # its index stands at the end
    refuse(path)


def _sound_bytes() -> bytes:
    buffer = io.BytesIO(encode_audio(tone(0.6), RATE))
    return buffer.getvalue()


@settings(
    max_examples=40, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    junk=st.binary(max_size=3000),
    head=st.sampled_from([b"", b"RIFF\x24\x00\x00\x00WAVEfmt ", b"fLaC", b"OggS", b"ID3"]),
)
def test_junk_is_sound_or_refused(tmp_path: Path, junk: bytes, head: bytes) -> None:
    path = tmp_path / "junk.wav"
    path.write_bytes(head + junk)
    try:
        samples = load_audio(path, 8000)
    except InputError:
        return
    assert np.isfinite(samples).all()
    assert np.abs(samples).max(initial=0) <= 1


@settings(
    max_examples=25, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damage_never_crashes(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(_sound_bytes())
    for _ in range(20):
        position = data.draw(st.integers(0, len(content) - 1))
        content[position] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.mp3"
    path.write_bytes(content)
    try:
        samples = load_audio(path, 8000)
    except InputError:
        return
    assert np.isfinite(samples).all()


def test_wrong_channel_count_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="channel"):
        encode_audio(np.zeros((3, 100), np.float32), RATE)
