import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duemani.errors import InputError
from duemani.files import replacing
from duemani.models.solver.style import Style
from duemani.motion import load_motion
from duemani.performance import PEDAL_DTYPE, Performance, make_notes
from duemani.verbs import perform as perform_verb
from duemani.verbs.read import read_take
from tests.helpers.inputs import NOTES, RATE_HZ, midi_bytes, struck_tones, wav_bytes, write


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny_piece.mid", midi_bytes())


def test_a_take_knows_where_it_comes_from(tiny: Path) -> None:
    take = read_take(tiny)
    assert (take.title, take.source, take.recording) == ("tiny piece", tiny, None)
    assert take.performance.notes["pitch"].tolist() == [note[2] for note in NOTES]


def test_motion_lasts_beyond_the_last_note_and_names_its_maker(tiny: Path) -> None:
    style = Style(hand_span_m=0.2)
    reports: list[tuple[str, float]] = []
    take, motion = perform_verb.perform(
        tiny, style, 30.0, progress=lambda stage, share: reports.append((stage, share))
    )
    assert motion.frame_count / 30 > NOTES[-1][1]
    assert motion.provenance["style"]["hand_span_m"] == 0.2
    assert motion.provenance["simulated"] is True
    assert motion.provenance["input"] == "tiny_piece.mid"
    assert set(take.performance.notes["hand"]) <= {0, 1}
    assert reports[-1] == ("moving the hands", 1.0)


def test_a_part_starts_at_zero(tiny: Path) -> None:
    take, motion = perform_verb.perform(tiny, between_sec=(0.4, 1.2))
    assert take.performance.notes["onset_sec"] == pytest.approx([0.1, 0.6], abs=2e-3)
    assert take.performance.notes["release_sec"] == pytest.approx([0.5, 0.8], abs=2e-3)
    assert motion.start_sec == 0


def test_the_same_input_gives_the_same_motion(tiny: Path) -> None:
    one, other = (perform_verb.perform(tiny, Style(seed=3))[1] for _ in range(2))
    np.testing.assert_array_equal(one.landmarks_m, other.landmarks_m)


@pytest.mark.parametrize(
    "part", [(1.0, 1.0), (2.0, 1.0), (-1.0, 1.0), (math.nan, 1.0), (0.0, math.nan), (50.0, 60.0)]
)
def test_impossible_parts_are_refused(tiny: Path, part: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="the part"):
        perform_verb.perform(tiny, between_sec=part)


@given(st.floats(allow_nan=True).filter(lambda rate: not 10 <= rate <= 240))
def test_impossible_frame_rates_are_refused_before_any_work(rate: float) -> None:
    with pytest.raises(InputError, match="frame rate"):
        perform_verb.perform(Path("does not matter.mid"), frame_rate=rate)


def test_motion_too_long_for_memory_is_refused() -> None:
    days = Performance.create(make_notes([(0.0, 1.0, 60, 64), (9e4, 9e4 + 1, 60, 64)]))
    with pytest.raises(InputError, match=r"choose a part \(--start, --end\) or a lower"):
        perform_verb.generate(days)


def test_only_the_part_of_a_recording_is_listened_to(tmp_path: Path, monkeypatch) -> None:
    heard: list[float] = []

    class Listener:
        def transcribe(self, path, progress=None, between_sec=None):
            heard.append(between_sec)
            return Performance.create(make_notes([(12.0, 12.5, 60, 64)]))

    monkeypatch.setattr("duemani.inputs.transcription.transcriber.default_transcriber", Listener)
    take = write(tmp_path / "take.wav", wav_bytes(np.zeros(10)))
    performed, _ = perform_verb.perform(take, between_sec=(11.0, 13.0))
    assert heard == [(11.0, 13.0)]
    assert performed.performance.notes["onset_sec"].tolist() == [1.0]
    assert (performed.recording, performed.part_sec) == (take, (11.0, 13.0))


def test_times_of_a_part_count_from_the_start_of_the_recording(tmp_path: Path, monkeypatch) -> None:
    from duemani.inputs.transcription.transcriber import (
        LEAD_IN_SEC,
        SAMPLE_RATE,
        SemiCrfTranscriber,
    )

    seen: list[np.ndarray] = []

    def listen(self, blocks, report, rate_hz):
        seen.append(np.concatenate(list(blocks)))
        assert rate_hz == SAMPLE_RATE
        report(len(seen[-1]) / SAMPLE_RATE)
        return Performance.create(
            make_notes([(5.0, 5.5, 60, 64)]), np.array([(4.5, 127)], PEDAL_DTYPE)
        )

    monkeypatch.setattr(SemiCrfTranscriber, "transcribe_samples", listen)
    sound = struck_tones(20, [(11.0, 60)])
    shares: list[float] = []
    found = SemiCrfTranscriber.transcribe(
        object.__new__(SemiCrfTranscriber),
        write(tmp_path / "take.wav", wav_bytes(sound)),
        shares.append,
        (10.0, 15.0),
    )
    assert len(seen[0]) == pytest.approx((LEAD_IN_SEC + 5) * RATE_HZ, abs=2)
    assert np.argmax(np.abs(seen[0]) > 0.01) / RATE_HZ == pytest.approx(5, abs=0.01)
    assert found.notes["onset_sec"].tolist() == [11.0]
    assert found.pedal["time_sec"].tolist() == [10.5]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_take_saved_again_is_the_same(tmp_path: Path, tiny: Path) -> None:
    take, motion = perform_verb.perform(tiny)
    perform_verb.save_performed(tmp_path / "a.npz", take, motion)
    loaded = load_motion(tmp_path / "a.npz")
    np.testing.assert_allclose(loaded.wrist_m, motion.wrist_m, atol=1e-6)
    perform_verb.save_performed(tmp_path / "a.json", replace(take, title="other"), motion)
    again = read_take(tmp_path / "a.json").performance
    assert again.notes.tobytes() == take.performance.notes.tobytes()


@pytest.mark.parametrize("name", ["a" * 250 + ".npz", "ä" * 120 + ".npz", ".npz", "-o.npz"])
def test_odd_names_can_be_written(tmp_path: Path, name: str) -> None:
    with replacing(tmp_path / name) as temporary:
        temporary.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_failed_write_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.glb", "earlier")

    def fail_midway() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_midway()
    assert path.read_text() == "earlier"
    assert len(list(tmp_path.iterdir())) == 1
