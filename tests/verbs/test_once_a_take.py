"""What is dear is not done again: the fingering network's runs, a recording's decoding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from duemani.media import spectra
from duemani.models.fingering import decoder
from duemani.models.fingering.choose import assign_fingers, choose_fingers
from duemani.performance import Performance, make_notes
from tests.helpers.inputs import struck_tones, wav_bytes, write

ROWS = [(0.3 * at, 0.3 * at + 0.25, pitch, 64) for at, pitch in enumerate((48, 60, 64, 67, 72))]


def test_fingers_that_are_all_known_need_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    fingered = assign_fingers(Performance.create(make_notes(ROWS)))
    unsure = replace(fingered, notes=fingered.notes.copy())
    unsure.notes.setflags(write=True)
    unsure.notes["confidence"][1] = np.nan
    expected = choose_fingers(unsure).performance
    runs: list[int] = []
    run = decoder.potentials
    monkeypatch.setattr(decoder, "potentials", lambda *given: (runs.append(1), run(*given))[1])
    again = assign_fingers(unsure)
    assert again.notes.tobytes() == expected.notes.tobytes()
    assert again.notes["confidence"][1] == 1
    assert runs == []
    unknown = unsure.with_fingers(unsure.notes["hand"], np.array([1, 0, 3, 4, 5]))
    assert (assign_fingers(unknown).notes["finger"] > 0).all()
    assert runs


def test_features_decode_a_recording_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "take.wav", wav_bytes(struck_tones(3, [(0.5, 60), (1.2, 67)])))
    decoded: list[Path] = []
    stream = spectra.stream_audio

    def counted(path: Path, *given: object, **named: object) -> object:
        decoded.append(path)
        return stream(path, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(spectra, "stream_audio", counted)
    features = spectra.recording_features(path)
    assert decoded == [path]
    samples = np.concatenate(list(stream(path, spectra.SAMPLE_RATE_HZ)))
    np.testing.assert_array_equal(features, spectra.sound_features(samples, len(features)))
