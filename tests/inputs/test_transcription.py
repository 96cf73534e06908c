"""Transcription: features, decoding, joining of windows, and the shipped network by ear."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import mir_eval
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duemani.errors import InputError
from duemani.inputs.transcription.decoding import Candidate, best_intervals, candidate_intervals
from duemani.inputs.transcription.features import (
    FRAME_RATE,
    HOP,
    MEL_BINS,
    SAMPLE_RATE,
    analysis_windows,
    mel_features,
    mel_filters,
    sample_count,
)
from duemani.inputs.transcription.network import (
    SHA256,
    TRACKS,
    TRANSCRIBER_WEIGHTS,
    Attributes,
    Scores,
    TranscriberNetwork,
)
from duemani.inputs.transcription.transcriber import (
    LEAD_FRAMES,
    OVERLAP_FRAMES,
    WINDOW_FRAMES,
    SemiCrfTranscriber,
    default_transcriber,
)
from duemani.media.sound import encode_audio
from duemani.performance import NOTE_DTYPE, Performance

GOLDEN = Path(__file__).parents[1] / "golden" / "transcription.json"

# (onset_sec, pitch, loudness): a scale over held chords, then repeated notes.
PLAYED = [
    *[
        (0.3 + 0.25 * step, pitch, 0.5)
        for step, pitch in enumerate([60, 62, 64, 65, 67, 69, 71, 72])
    ],
    *[(0.3, pitch, 0.7) for pitch in (36, 43)],
    *[(1.3, pitch, 0.4) for pitch in (40, 48)],
    *[(2.8 + 0.4 * step, 67, 0.3 + 0.2 * step) for step in range(4)],
]


def pluck(pitch: int, loudness: float, duration_sec: float = 0.9) -> np.ndarray:
    """A string-like tone: slightly stretched harmonics that decay, struck by a click."""
    time_sec = np.arange(round(duration_sec * SAMPLE_RATE)) / SAMPLE_RATE
    base_hz = 440 * 2 ** ((pitch - 69) / 12)
    sound = np.zeros(len(time_sec))
    for harmonic in range(1, 25):
        hz = base_hz * harmonic * np.sqrt(1 + 4e-4 * harmonic**2)
        if hz < 10_000:
            decay = np.exp(-time_sec * (1.5 + 0.4 * harmonic))
            sound += decay * np.sin(2 * np.pi * hz * time_sec) / harmonic**1.3
    rng = np.random.default_rng(pitch)
    sound += rng.normal(0, 0.3, len(time_sec)) * np.exp(-time_sec * 120)
    fade = np.minimum(1, (duration_sec - time_sec) / 0.05)
    return loudness * fade * sound


def render(notes: list[tuple[float, int, float]], duration_sec: float) -> np.ndarray:
    sound = np.zeros(round(duration_sec * SAMPLE_RATE))
    for onset_sec, pitch, loudness in notes:
        tone = pluck(pitch, loudness)
        start = round(onset_sec * SAMPLE_RATE)
        tone = tone[: len(sound) - start]
        sound[start : start + len(tone)] += tone
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


@pytest.fixture(scope="module")
def transcriber() -> SemiCrfTranscriber:
    return SemiCrfTranscriber()


@pytest.fixture(scope="module")
def heard(transcriber: SemiCrfTranscriber) -> Performance:
    sound = render(PLAYED, 5.0)
    return transcriber.transcribe_samples(np.array_split(sound, 7))


def onset_f1(reference: list[tuple[float, int]], notes: np.ndarray) -> float:
    def spans(onset: np.ndarray) -> np.ndarray:
        return np.stack([onset, onset + 0.1], axis=1)

    truth = np.array(reference)
    return float(
        mir_eval.transcription.precision_recall_f1_overlap(
            spans(truth[:, 0]),
            440 * 2 ** ((truth[:, 1] - 69) / 12),
            spans(notes["onset_sec"]),
            440 * 2 ** ((notes["pitch"].astype(float) - 69) / 12),
            onset_tolerance=0.05,
            offset_ratio=None,
        )[2]
    )


def test_struck_tones_are_heard(heard: Performance) -> None:
    reference = [(onset_sec, pitch) for onset_sec, pitch, _ in PLAYED]
    assert onset_f1(reference, heard.notes) >= 0.9
    assert heard.duration_sec <= 5.01


def test_velocity_rises_with_loudness(heard: Performance) -> None:
    repeated = heard.notes[heard.notes["onset_sec"] > 2.7]
    assert len(repeated) == 4
    assert repeated["velocity"][-1] > repeated["velocity"][0]


def test_result_is_the_golden_one(heard: Performance) -> None:
    """Guards against silent changes; rewrite the file after a wanted one (see its `made_by`)."""
    golden = json.loads(GOLDEN.read_text())["notes"]
    golden.sort(key=lambda note: (note["pitch"], note["onset_sec"]))
    notes = np.sort(heard.notes, order=("pitch", "onset_sec"))
    assert [note["pitch"] for note in golden] == notes["pitch"].tolist()
    for field, tolerance in (("onset_sec", 0.01), ("release_sec", 0.05), ("velocity", 8)):
        expected = np.array([note[field] for note in golden])
        np.testing.assert_allclose(notes[field], expected, rtol=0, atol=tolerance)


@pytest.mark.slow
def test_notes_across_the_seam_of_windows(transcriber: SemiCrfTranscriber) -> None:
    played = [(0.4 + 0.4 * step, 55 + (step * 5) % 24, 0.5) for step in range(43)]
    played = [note for note in played if note[0] > 13.0]
    result = transcriber.transcribe_samples([render(played, 19.0)])
    assert onset_f1([note[:2] for note in played], result.notes) >= 0.9


def test_a_file_is_heard_and_progress_reaches_one(
    transcriber: SemiCrfTranscriber, tmp_path: Path
) -> None:
    path = tmp_path / "second.mp3"
    path.write_bytes(encode_audio(render([(0.3, 64, 0.5)], 1.0), SAMPLE_RATE))
    shares: list[float] = []
    result = transcriber.transcribe(path, shares.append)
    assert [int(pitch) for pitch in result.notes["pitch"]] == [64]
    assert result.notes["onset_sec"][0] == pytest.approx(0.3, abs=0.05)
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize("samples", [0, 1, 1000, 100 * SAMPLE_RATE])
def test_silence_is_an_empty_take(transcriber: SemiCrfTranscriber, samples: int) -> None:
    result = transcriber.transcribe_samples([np.zeros(samples, np.float32)])
    assert len(result.notes) == 0
    assert len(result.pedal) == 0


def test_what_is_not_sound_is_refused(tmp_path: Path, transcriber: SemiCrfTranscriber) -> None:
    path = tmp_path / "text.wav"
    path.write_text("no sound here")
    with pytest.raises(InputError, match=r"text\.wav"):
        transcriber.transcribe(path)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    for name in SHA256:
        content = bytearray((TRANSCRIBER_WEIGHTS / name).read_bytes())
        content[len(content) // 2] ^= 1
        (tmp_path / name).write_bytes(content)
    with pytest.raises(RuntimeError, match="damaged"):
        TranscriberNetwork(folder=tmp_path)
    with pytest.raises(RuntimeError, match="missing"):
        TranscriberNetwork(folder=tmp_path / "nowhere")


# The joining of windows, with a network that knows the answer.


NOTHING_SCORED = np.full((TRACKS, WINDOW_FRAMES, WINDOW_FRAMES), -1, np.float32)


class PlantedNetwork(TranscriberNetwork):
    """Scores exactly the planted (track, begin, end) intervals, in frames of the recording."""

    def __init__(self, planted: list[tuple[int, int, int]]) -> None:
        self._planted = planted
        self._start = 0

    def run(self, samples: np.ndarray) -> Scores:
        frames = len(samples) // HOP + 1
        context = np.zeros((TRACKS, frames, 256), np.float32)
        score = NOTHING_SCORED  # shared, for it is large
        score[[track for track, _, _ in self._planted]] = -1
        for track, begin, end in self._planted:
            first, last = begin - self._start, end - self._start
            if first < frames - 1 and last > 0:
                first_seen, last_seen = max(first, 0), min(last, frames - 1)
                score[track, last_seen, first_seen] = 1
                context[track, first_seen, 0] = first >= 0
                context[track, last_seen, 1] = last <= frames - 1
        self._start += WINDOW_FRAMES - OVERLAP_FRAMES
        return Scores(context, score, np.full((TRACKS, frames), -1, np.float32))

    def attributes(self, begin: np.ndarray, end: np.ndarray) -> Attributes:
        has_end = np.stack([begin[:, 0], end[:, 1]], axis=1) > 0
        return Attributes(np.full(len(begin), 64), np.zeros((len(begin), 2), np.float32), has_end)


@st.composite
def planted_notes(draw: st.DrawFn) -> list[tuple[int, int]]:
    """(begin, end) frames of one key over three windows, some long, some across the seams."""
    seam = WINDOW_FRAMES - OVERLAP_FRAMES
    frame = LEAD_FRAMES + draw(st.integers(0, 20))
    notes: list[tuple[int, int]] = []
    while frame < 2 * seam + 300:
        if draw(st.booleans()):
            near = min((k * seam for k in (1, 2)), key=lambda at: abs(at - frame))
            frame = max(frame, near + draw(st.integers(-10, OVERLAP_FRAMES + 10)))
        end = frame + draw(st.sampled_from([3, 5, 12, 40, 200, 700, 1000]))
        notes.append((frame, end))
        frame = end + draw(st.integers(3, 200))
    return notes


@settings(max_examples=8, deadline=None)
@given(notes=planted_notes())
def test_windows_join_without_loss(notes: list[tuple[int, int]]) -> None:
    total = max(end for _, end in notes) + 10
    transcriber = SemiCrfTranscriber(PlantedNetwork([(41, *note) for note in notes]))
    sound = np.full((total - LEAD_FRAMES) * HOP, 0.1, np.float32)
    result = transcriber.transcribe_samples([sound])
    assert set(result.notes["pitch"].tolist()) == {60}
    expected = (np.array(notes) - LEAD_FRAMES) / FRAME_RATE
    np.testing.assert_allclose(result.notes["onset_sec"], expected[:, 0], atol=1e-6)
    np.testing.assert_allclose(result.notes["release_sec"], expected[:, 1], atol=1e-6)


def test_pedal_is_given_as_down_and_up() -> None:
    planted = [(0, LEAD_FRAMES + 10, LEAD_FRAMES + 50), (0, LEAD_FRAMES + 50, LEAD_FRAMES + 90)]
    transcriber = SemiCrfTranscriber(PlantedNetwork(planted))
    result = transcriber.transcribe_samples([np.full(200 * HOP, 0.1, np.float32)])
    assert len(result.notes) == 0
    assert result.pedal["value"].tolist() == [127, 0, 127, 0]
    np.testing.assert_allclose(result.pedal["time_sec"] * FRAME_RATE, [10, 50, 50, 90], atol=1e-6)


# Decoding.


def total_score(path: tuple[Candidate, ...]) -> float | None:
    """Sum of a set of intervals, None if two overlap or a point repeats."""
    ordered = sorted(path, key=lambda one: (one.begin, one.end))
    for before, after in itertools.pairwise(ordered):
        if after.begin < before.end or (before.begin, before.end) == (after.begin, after.end):
            return None
    return sum(one.score for one in ordered)


@settings(max_examples=100, deadline=None)
@given(
    ends=st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), st.floats(0.1, 5)),
        max_size=7,
        unique_by=lambda one: (min(one[:2]), max(one[:2])),
    )
)
def test_decoding_finds_the_best_set(ends: list[tuple[int, int, float]]) -> None:
    candidates = [Candidate(min(a, b), max(a, b), score) for a, b, score in ends]
    best = max(
        total
        for size in range(len(candidates) + 1)
        for chosen in itertools.combinations(candidates, size)
        if (total := total_score(chosen)) is not None
    )
    scores = {(one.begin, one.end): one for one in candidates}
    found = tuple(scores[interval] for interval in best_intervals(candidates, 0, 7))
    assert total_score(found) == pytest.approx(best)


def test_decoding_starts_where_told() -> None:
    candidates = [Candidate(0, 4, 9.0), Candidate(2, 3, 1.0), Candidate(5, 6, 1.0)]
    assert best_intervals(candidates, 0, 7) == [(0, 4), (5, 6)]
    assert best_intervals(candidates, 1, 7) == [(2, 3), (5, 6)]


def test_candidates_weigh_length_and_ignore_the_upper_triangle() -> None:
    score = np.full((5, 5), -1, np.float32)
    score[3, 1], score[1, 3], score[2, 2] = 0.5, 4.0, 4.0
    points = np.array([-1, -1, 0.25, -1, -1], np.float32)
    assert candidate_intervals(score, points) == [Candidate(1, 3, 1.0), Candidate(2, 2, 0.25)]


# Features.

PLAIN_WINDOWS = analysis_windows(np.array([-1.0]), np.array([0.0]))


def test_filters_cover_every_band_once() -> None:
    filters = mel_filters()
    assert filters.shape[1] == MEL_BINS
    assert filters.max() <= 1
    # Below 1 kHz bands are narrower than a bin of the spectrum, so some are empty, as trained.
    assert (filters[:, 120:].sum(axis=0) > 0).all()


def test_features_ignore_loudness_and_show_the_tone() -> None:
    time_sec = np.arange(sample_count(40)) / SAMPLE_RATE
    sound = np.sin(2 * np.pi * 1000 * time_sec).astype(np.float32)
    loud, soft = (mel_features(gain * sound, PLAIN_WINDOWS) for gain in (1.0, 0.01))
    assert loud.shape == (1, 2, 40, MEL_BINS)
    np.testing.assert_allclose(loud, soft, atol=1e-3)
    mel = 2595 * np.log10(1 + 1000 / 700)
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (30, 8000))
    band = (mel - low) / (high - low) * (MEL_BINS + 1) - 1
    assert abs(int(loud[0, 0, 20].argmax()) - band) <= 1


def test_features_of_silence_are_zero() -> None:
    features = mel_features(np.zeros(sample_count(10), np.float32), PLAIN_WINDOWS)
    np.testing.assert_allclose(features, 0, atol=1e-6)


def test_the_default_transcriber_is_the_measured_one() -> None:
    assert isinstance(default_transcriber(), SemiCrfTranscriber)
    assert default_transcriber().transcribe.__doc__
    assert NOTE_DTYPE.names is not None
