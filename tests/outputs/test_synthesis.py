import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duemani.errors import InputError
from duemani.outputs import bundled_files
from duemani.outputs.sound.samples import ToneBank
from duemani.outputs.sound.synthesis import render_piano, stream_piano
from duemani.performance import PEDAL_DTYPE, Performance, make_notes

RATE = 48_000


def play(*rows: tuple[float, float, int, int], pedal: list[tuple[float, int]] | None = None):
    changes = np.array(pedal or [], PEDAL_DTYPE)
    notes = make_notes(
        [(float(on), float(off), pitch, velocity) for on, off, pitch, velocity in rows]
    )
    return render_piano(Performance.create(notes, changes))


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(samples**2) + 1e-20))


def centroid_hz(samples: np.ndarray) -> float:
    mono = samples.mean(1)[: RATE // 2]
    power = np.abs(np.fft.rfft(mono * np.hanning(len(mono)))) ** 2
    return float(np.sum(power * np.fft.rfftfreq(len(mono), 1 / RATE)) / power.sum())


def onset_sec(samples: np.ndarray) -> float:
    envelope = np.abs(samples).max(1)
    return float(np.argmax(envelope > 0.05 * envelope.max())) / RATE


# Below C3 the fundamental is faint; a piano's second partial is what is tuned to there.
@pytest.mark.parametrize(
    ("pitch", "partial"), [(28, 2), (37, 2), (44, 2), *[(p, 1) for p in range(49, 105, 5)]]
)
def test_pitch_is_right_within_5_cents(pitch, partial):
    mono = play((0, 2, pitch, 80)).mean(1)[2400 : 2400 + (2 * RATE if pitch < 60 else RATE)]
    size = 2**20
    spectrum = np.abs(np.fft.rfft(mono * np.hanning(len(mono)), size))
    hz = np.fft.rfftfreq(size, 1 / RATE)
    wanted = partial * 440 * 2 ** ((pitch - 69) / 12)
    near = np.flatnonzero(np.abs(hz / wanted - 1) < 0.03)
    found = hz[near[np.argmax(spectrum[near])]]
    assert abs(1200 * np.log2(found / wanted)) < 5


@pytest.mark.parametrize("pitch", [36, 60, 84])
def test_louder_strokes_are_louder_and_brighter(pitch):
    strokes = [play((0, 1, pitch, velocity)) for velocity in (10, 35, 60, 90, 120)]
    levels = [level_db(stroke[:RATE]) for stroke in strokes]
    colours = [centroid_hz(stroke) for stroke in strokes]
    assert all(b > a + 2 for a, b in itertools.pairwise(levels))
    assert levels[-1] - levels[0] > 20
    assert colours[-1] > 1.05 * colours[0]
    assert all(b > 0.97 * a for a, b in itertools.pairwise(colours))


def test_every_key_sounds_about_as_loud_as_its_neighbours():
    levels = np.array(
        [level_db(play((0, 0.5, pitch, 70))[: RATE // 2]) for pitch in range(30, 90, 3)]
    )
    assert np.abs(np.diff(levels)).max() < 3


@pytest.mark.parametrize("pitch", [33, 45, 57, 69, 81, 93, 105])
@pytest.mark.parametrize("velocity", [30, 100])
def test_attacks_lie_on_the_onsets(pitch, velocity):
    samples = play((0.5, 1.0, pitch, velocity))
    assert abs(onset_sec(samples) - 0.5) < 0.002


def test_the_pedal_lengthens_and_dampers_fall_quickly():
    dry = play((0, 0.5, 60, 80), (3, 3.1, 40, 1))
    wet = play((0, 0.5, 60, 80), (3, 3.1, 40, 1), pedal=[(0.0, 127), (2.0, 0)])
    after = slice(RATE, RATE * 3 // 2)
    assert level_db(wet[after]) > level_db(dry[after]) + 30
    assert level_db(wet[int(2.5 * RATE) : int(2.9 * RATE)]) < level_db(wet[after]) - 30
    held, released = level_db(dry[: RATE // 2]), level_db(dry[int(0.8 * RATE) : RATE])
    assert released < held - 50


def test_the_top_strings_have_no_dampers():
    damped = play((0, 0.1, 89, 90))
    undamped = play((0, 0.1, 90, 90))
    assert len(undamped) > 2 * len(damped)


def test_a_key_struck_again_sounds_again():
    samples = play((0, 1.0, 60, 60), (1.0, 2.0, 60, 90))
    assert level_db(samples[RATE : RATE + 4800]) > level_db(samples[RATE - 4800 : RATE]) + 6


def test_loud_chords_stay_below_minus_1_dbfs_without_pumping():
    chord = [(0.0, 3.0, pitch, 127) for pitch in range(36, 88, 2)]
    quiet = (4.0, 4.5, 60, 30)
    samples = play(*chord, quiet)
    assert 20 * np.log10(np.abs(samples).max()) == pytest.approx(-1, abs=0.01)
    alone = play(quiet)[4 * RATE :][:20_000]
    ratio = np.sqrt([np.mean(part**2) for part in np.split(samples[4 * RATE :][:20_000], 4)])
    ratio /= np.sqrt([np.mean(part**2) for part in np.split(alone, 4)])
    assert np.ptp(ratio) < 0.1 * ratio.mean()


def test_blocks_join_to_the_whole_and_repeat_exactly():
    rows = [(0.1 * k, 0.1 * k + 0.4, 40 + 2 * k, 30 + 4 * k) for k in range(20)]
    performance = Performance.create(make_notes(rows))
    whole = render_piano(performance)
    blocks = np.concatenate(list(stream_piano(performance, block_sec=0.37)))
    assert whole.dtype == np.float32
    assert whole.shape[1] == 2
    np.testing.assert_allclose(blocks, whole, atol=1e-6)
    np.testing.assert_array_equal(render_piano(performance), whole)


def test_another_sample_rate_plays_the_same_length():
    performance = Performance.create(make_notes([(0.2, 1.0, 60, 80)]))
    slow, fast = render_piano(performance, 22_050), render_piano(performance, 44_100)
    assert len(fast) / len(slow) == pytest.approx(2, rel=1e-3)


def test_silence_for_no_notes():
    assert render_piano(Performance()).shape == (0, 2)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 1.5), st.floats(0, 1), st.integers(21, 108), st.integers(1, 127)),
        min_size=1,
        max_size=8,
    )
)
def test_any_notes_give_finite_bounded_sound(rows):
    samples = play(*[(on, on + held, pitch, velocity) for on, held, pitch, velocity in rows])
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 10 ** (-1 / 20) + 1e-6


def test_bad_input(monkeypatch, tmp_path):
    with pytest.raises(InputError, match="sample rate"):
        render_piano(Performance(), 1000)
    monkeypatch.setattr(bundled_files, "ASSETS", tmp_path)
    with pytest.raises(RuntimeError, match="install or build duemani again"):
        ToneBank(RATE).tone(60, 8, 1.0)
