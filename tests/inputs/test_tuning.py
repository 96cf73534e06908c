"""Pianos out of tune, and channels that cancel each other."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from duemani.inputs.transcription.transcriber import SemiCrfTranscriber
from duemani.inputs.transcription.tuning import RATE_HZ, Tuning, hear_tuning
from duemani.media.sound import load_audio
from tests.helpers.inputs import RATE_HZ as FILE_RATE_HZ
from tests.helpers.inputs import struck_tones

SCALE = [(0.3 + 0.35 * step, pitch) for step, pitch in enumerate([60, 64, 67, 71, 74, 65, 58, 69])]


def tones(rate_hz: int, cents: float = 0.0) -> np.ndarray:
    """A short tune whose every frequency is off by so many cents."""
    time_sec = np.arange(4 * rate_hz) / rate_hz
    sound = np.zeros(len(time_sec))
    for onset_sec, pitch in SCALE:
        since = np.maximum(time_sec - onset_sec, 0)
        hz = 440 * 2 ** ((pitch - 69 + cents / 100) / 12)
        for partial in range(1, 7):
            tone = np.sin(2 * np.pi * hz * partial * since) * np.exp(-3 * since)
            sound += 0.1 * (time_sec >= onset_sec) * tone / partial**1.5
    return sound.astype(np.float32)


def stereo_wav(path: Path, left: np.ndarray, right: np.ndarray, rate_hz: int) -> Path:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        both = np.stack([left, right], axis=1)
        file.writeframes((np.clip(both, -1, 1) * 32767).astype("<i2").tobytes())
    path.write_bytes(buffer.getvalue())
    return path


@pytest.mark.parametrize("cents", [-52, -40, -15, 0, 8, 33, 46])
def test_the_tuning_is_heard(cents: int) -> None:
    found = hear_tuning([tones(RATE_HZ, cents)])
    assert found.cents == pytest.approx(cents, abs=2)
    assert found.certainty > 0.6
    assert found.matters == (abs(cents) >= 12)


def test_half_a_semitone_is_taken_for_flat() -> None:
    assert hear_tuning([tones(RATE_HZ, 49)]).cents == pytest.approx(-51, abs=2)


def test_noise_and_silence_have_no_tuning() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 20 * RATE_HZ).astype(np.float32)
    assert not hear_tuning([noise]).matters
    assert hear_tuning([noise]).certainty < 0.2
    assert hear_tuning([np.zeros(5 * RATE_HZ, np.float32)]) == Tuning()
    assert hear_tuning([]) == Tuning()


def test_it_is_told_in_words() -> None:
    assert Tuning(-31.2, 0.9).sentence == (
        "The piano is 31 cents flat of A = 440 Hz; it was heard so."
    )
    assert "the other way" in Tuning(-50.4, 0.9).sentence
    assert "sharp" in Tuning(20.0, 0.9).sentence


def test_a_flat_piano_whose_channels_cancel_is_heard(tmp_path: Path) -> None:
    """Both are undone, and the times are the recording's own."""
    sound = tones(44100, -45)
    path = stereo_wav(tmp_path / "flat.wav", sound, -sound, 44100)
    with pytest.warns(UserWarning, match="45 cents flat"):
        heard = SemiCrfTranscriber().transcribe(path)
    onsets = {int(note["pitch"]): float(note["onset_sec"]) for note in heard.notes}
    expected = {pitch: onset_sec for onset_sec, pitch in SCALE}
    assert len(heard.notes) >= len(SCALE) - 1
    for pitch, onset_sec in onsets.items():
        assert onset_sec == pytest.approx(expected[pitch], abs=0.03)


def test_channels_that_cancel_are_not_mixed(tmp_path: Path) -> None:
    sound = struck_tones(1.0, [(0.1, 60)]).astype(np.float32)
    quieter = stereo_wav(tmp_path / "against.wav", -0.9 * sound, sound, FILE_RATE_HZ)
    np.testing.assert_allclose(load_audio(quieter, FILE_RATE_HZ), sound, atol=1e-3)
    alike = stereo_wav(tmp_path / "alike.wav", sound, 0.5 * sound, FILE_RATE_HZ)
    np.testing.assert_allclose(load_audio(alike, FILE_RATE_HZ), 0.75 * sound, atol=1e-3)
    one = stereo_wav(tmp_path / "one.wav", sound, 0 * sound, FILE_RATE_HZ)
    np.testing.assert_allclose(load_audio(one, FILE_RATE_HZ), 0.5 * sound, atol=1e-3)
