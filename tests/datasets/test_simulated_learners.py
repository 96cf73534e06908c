"""Simulated learners, who take all sorts of fingers, and plain pianos, which only get louder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from duemani.datasets.simulated import takes as simulated
from duemani.datasets.simulated.config import Simulation
from duemani.datasets.simulated.music import MusicSource, list_sources
from duemani.datasets.simulated.rooms import hear, in_a_room
from duemani.datasets.simulated.takes import TakeOrder, _finger, simulate
from duemani.datasets.takes import MotionTake
from duemani.evaluation.motion.measure import evaluate_motion
from duemani.media.spectra import SAMPLE_RATE_HZ
from duemani.models.fingering.choose import assign_fingers, choose_fingers
from duemani.models.fingering.reach import CHORD_SHARE_OF_SPAN
from duemani.models.solver.style import sample_style
from duemani.outputs.sound.samples import LAYERS
from duemani.outputs.sound.synthesis import PlainTouch, render_piano
from duemani.performance import LEFT, RIGHT, Performance, make_notes
from tests.helpers.inputs import midi_bytes, write

SHORT = Simulation(takes_per_piece=1, take_sec=4.0, alternative_share=0.0)
LEARNERS = replace(SHORT, learner_share=1.0)


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> TakeOrder:
    """A melody, as one of Vienna 4x22's performances."""
    folder = tmp_path_factory.mktemp("performances")
    pitch = 64 + np.cumsum(np.random.default_rng(4).integers(-3, 4, 40))
    rows = [(0.2 + 0.2 * at, 0.38 + 0.2 * at, int(p)) for at, p in enumerate(pitch)]
    path = folder / "vienna4x22" / "midi" / "Somebody_melody_p01.mid"
    path.parent.mkdir(parents=True)
    write(path, midi_bytes(rows))
    source: MusicSource = next(s for s in list_sources(folder) if "melody" in s.name)
    return TakeOrder("melody", source, 0.0, 5)


@pytest.fixture(scope="module")
def learnt(order: TakeOrder) -> MotionTake:
    return simulate(order, SHORT)


def music(seed: int = 0, count: int = 60) -> Performance:
    """Both hands wander over the keys."""
    rng = np.random.default_rng(seed)
    rows = []
    for at in range(count):
        low, high = 48 + int(rng.integers(-7, 8)), 74 + int(rng.integers(-7, 8))
        rows += [(0.3 * at, 0.3 * at + 0.25, low, 60), (0.3 * at, 0.3 * at + 0.25, high, 70)]
    return Performance.create(make_notes(rows))


def assert_same_notes(one: np.ndarray, other: np.ndarray) -> None:
    """The same but for their fingers."""
    for name in ("onset_sec", "release_sec", "pitch", "velocity"):
        np.testing.assert_array_equal(one[name], other[name])


# --- learners -------------------------------------------------------------------------------------


def test_a_learner_plays_the_same_notes_with_other_fingers(
    order: TakeOrder, learnt: MotionTake
) -> None:
    take, again = (simulate(order, LEARNERS) for _ in range(2))
    assert take.performance.notes.tobytes() == again.performance.notes.tobytes()
    np.testing.assert_array_equal(take.motion.landmarks_m, again.motion.landmarks_m)
    np.testing.assert_array_equal(take.sound, again.sound)
    notes, good = take.performance.notes, learnt.performance.notes
    assert_same_notes(notes, good)
    assert (notes["finger"] != good["finger"]).mean() > 0.05
    assert take.style == learnt.style
    assert evaluate_motion(take.motion, take.performance)["recall"] > 0.9


def test_learners_differ_and_their_fingers_are_whole() -> None:
    notes, style = music(), sample_style(0)
    good = assign_fingers(notes, style.hand_span_m * CHORD_SHARE_OF_SPAN).notes
    changed = []
    for seed in range(6):
        made = _finger(notes, style, LEARNERS, np.random.default_rng(seed)).notes
        assert_same_notes(made, notes.notes)
        assert ((made["finger"] >= 1) & (made["finger"] <= 5)).all()
        assert np.isin(made["hand"], [LEFT, RIGHT]).all()
        changed.append(float((made["finger"] != good["finger"]).mean()))
    assert min(changed) > 0.02
    assert max(changed) > 2 * min(changed)
    assert len(set(changed)) > 3


def test_written_fingers_are_preferred_by_a_learner_who_minds_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(simulated, "_LEARNERS_OWN", (0.0, 0.0))
    notes, style = music(1, 20), sample_style(1)
    span = style.hand_span_m * CHORD_SHARE_OF_SPAN
    best = choose_fingers(notes, span).performance.notes
    written = notes.with_fingers(best["hand"], 1 + np.arange(len(best)) % 5)
    wanted = choose_fingers(written, span, keep="soft").performance.notes
    made = _finger(written, style, LEARNERS, np.random.default_rng(2)).notes
    assert made.tobytes() == wanted.tobytes()
    assert (made["finger"] != best["finger"]).any()
    free = _finger(notes, style, LEARNERS, np.random.default_rng(2)).notes
    np.testing.assert_array_equal(free["finger"], best["finger"])


def test_without_learners_nothing_is_drawn_and_takes_are_as_before() -> None:
    notes, style = music(), sample_style(0)
    span = style.hand_span_m * CHORD_SHARE_OF_SPAN
    rng, before = np.random.default_rng(9), np.random.default_rng(9)
    made = _finger(notes, style, SHORT, rng)
    before.random()  # whether this pianist prefers other than the best fingers
    assert rng.random() == before.random()
    assert made.notes.tobytes() == assign_fingers(notes, span).notes.tobytes()


def test_shares_of_learners_and_plain_pianos() -> None:
    notes, style = music(0, 12), sample_style(0)
    half = replace(SHORT, learner_share=0.5)
    good = _finger(notes, style, SHORT, np.random.default_rng(0)).notes["finger"]
    others = [
        bool((_finger(notes, style, half, np.random.default_rng(s)).notes["finger"] != good).any())
        for s in range(12)
    ]
    assert 1 < sum(others) < 11
    assert Simulation().learner_share == Simulation().plain_share == 0


def test_a_plain_piano_changes_the_sound_only(order: TakeOrder, learnt: MotionTake) -> None:
    plain = simulate(order, replace(SHORT, plain_share=1.0))
    assert plain.performance.notes.tobytes() == learnt.performance.notes.tobytes()
    np.testing.assert_array_equal(plain.motion.landmarks_m, learnt.motion.landmarks_m)
    assert plain.sound is not None
    assert learnt.sound is not None
    assert plain.sound.shape == learnt.sound.shape
    assert np.abs(plain.sound.astype(float) - learnt.sound.astype(float)).max() > 0.1


# --- pianos ---------------------------------------------------------------------------------------


def struck(velocity: int, pitch: int = 60) -> Performance:
    return Performance.create(make_notes([(0.2, 1.0, pitch, velocity)]))


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(samples.astype(float) ** 2) + 1e-20))


def centroid_hz(samples: np.ndarray, rate: float) -> float:
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    return float(np.sum(power * np.fft.rfftfreq(len(samples), 1 / rate)) / power.sum())


@pytest.mark.parametrize("exponent", [0.9, 2.2])
def test_a_plain_piano_gets_louder_but_not_brighter(exponent: float) -> None:
    touch = PlainTouch(LAYERS[len(LAYERS) // 2], exponent)
    sounds = [render_piano(struck(v), 16_000, touch)[:, 0] for v in (10, 40, 70, 100, 127)]
    levels = [level_db(sound) for sound in sounds]
    assert (np.diff(levels) > 1).all()
    wanted = 20 * exponent * np.log10(135 / 18)
    assert levels[-1] - levels[0] == pytest.approx(wanted, abs=0.1)
    colours = [centroid_hz(sound, 16_000) for sound in sounds]
    np.testing.assert_allclose(colours, colours[0], rtol=1e-3)
    grand = [centroid_hz(render_piano(struck(v), 16_000)[:, 0], 16_000) for v in (10, 127)]
    assert grand[1] > 1.05 * grand[0]


@pytest.mark.parametrize("seed", range(2))
def test_a_plain_piano_is_heard_louder_but_alike_in_any_room(seed: int) -> None:
    soft, loud = (
        hear(struck(v), 1.5, np.random.default_rng(seed), plain=True).astype(float)
        for v in (30, 110)
    )
    assert level_db(loud) > level_db(soft) + 5
    assert centroid_hz(loud, SAMPLE_RATE_HZ) == pytest.approx(
        centroid_hz(soft, SAMPLE_RATE_HZ), rel=0.01
    )
    again = hear(struck(30), 1.5, np.random.default_rng(seed), plain=True)
    np.testing.assert_array_equal(again, soft)


@pytest.mark.parametrize("rate", [15_360, 44_100])
def test_a_room_answers_after_the_sound_at_any_rate(rate: int) -> None:
    click = np.zeros(rate)
    click[1000] = 1
    heard = in_a_room(click, np.random.default_rng(0), float(rate))
    assert heard.shape == click.shape
    np.testing.assert_allclose(heard[:1000], 0, atol=1e-9)
    assert heard[1000] == pytest.approx(1)
    early, late = (np.sum(heard[a : a + rate // 10] ** 2) for a in (1001, rate - rate // 10))
    assert early > late > 0
    np.testing.assert_array_equal(heard, in_a_room(click, np.random.default_rng(0), float(rate)))


def test_rooms_of_two_rates_last_equally_long() -> None:
    ends = []
    for rate in (15_360, 46_080):
        click = np.zeros(2 * rate)
        click[0] = 1
        answer = in_a_room(click, np.random.default_rng(3), float(rate))
        ends.append(np.flatnonzero(np.abs(answer) > 1e-9)[-1] / rate)
    assert ends[0] == pytest.approx(ends[1], abs=1e-3)


def test_a_simulation_with_learners_is_another_data_set(tmp_path: Path) -> None:
    from duemani.datasets.simulated.prepare import prepare_simulated
    from duemani.errors import InputError

    folder = tmp_path / "performances" / "vienna4x22" / "midi"
    folder.mkdir(parents=True)
    write(folder / "Somebody_short_p01.mid", midi_bytes())
    made = tmp_path / "set"
    prepare_simulated(folder.parents[1], made, SHORT, workers=1, most=1)
    with pytest.raises(InputError, match="other settings"):
        prepare_simulated(folder.parents[1], made, LEARNERS, workers=1, most=1)
