"""Listener ratings: bounds, invariances, what cannot be told, training on a planted effect."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duemani.analysis.listener_ratings import listener_ratings
from duemani.commands.train.ratings import TrainRatings
from duemani.datasets.recorded.percepiano import RatedTake, read_percepiano, same_music
from duemani.errors import InputError
from duemani.evaluation.review.ratings import (
    ceiling,
    coverage,
    disagreement,
    r2_by_scale,
    within_passage,
)
from duemani.models.ratings.features import GROUPS, passage_figures
from duemani.models.ratings.predict import (
    LEAST_NOTES,
    SCALES,
    load_ratings,
    predict_ratings,
    rated_passages,
    save_ratings,
)
from duemani.outputs.notes import save_midi
from duemani.performance import PEDAL_DTYPE, Performance, make_notes
from duemani.training.ratings import RatingTraining, fit_ratings, folds, rated_figures

TUNE = (72, 74, 76, 77, 79, 76, 72, 71, 74, 77, 76, 74, 72, 67, 71, 72)
CHORDS = ((48, 55, 64), (43, 53, 59), (45, 52, 60), (41, 53, 57))


def played(
    seed: int = 0, loudness: float = 60.0, beat_sec: float = 0.4, bars: int = 10, up: int = 0
) -> Performance:
    """A tune over chords, with a little unevenness and a pedal a bar."""
    random = np.random.default_rng(seed)
    rows, pedal = [], []
    for bar in range(bars):
        start = 4 * bar * beat_sec
        for pitch in CHORDS[bar % 4]:
            at = start + abs(random.normal(0, 0.006))
            rows.append((at, at + 3.6 * beat_sec, pitch + up, loudness - 8))
        for beat in range(4):
            at = start + beat * beat_sec + abs(random.normal(0, 0.012))
            pitch = TUNE[(4 * bar + beat) % len(TUNE)] + up
            rows.append((at, at + 0.9 * beat_sec, pitch, loudness + random.normal(0, 6)))
        pedal += [(start + 0.1, 127), (start + 3.8 * beat_sec, 0)]
    notes = make_notes([(on, off, pitch, int(np.clip(v, 1, 127))) for on, off, pitch, v in rows])
    return Performance.create(notes, np.array(pedal, PEDAL_DTYPE))


def takes(count: int = 36) -> list[RatedTake]:
    """Takes that are rated louder the harder they are struck, by twelve listeners."""
    random = np.random.default_rng(5)
    made = []
    for number in range(count):
        loudness = random.uniform(35, 95)
        performance = played(number, loudness, random.uniform(0.25, 0.6), bars=9)
        truth = np.full(len(SCALES), 0.5)
        truth[8] = (loudness - 30) / 70
        own = np.clip(np.round((truth + random.normal(0, 0.15, (12, len(SCALES)))) * 6) / 6, 0, 1)
        passage = f"P{number // 4}_1"
        name = f"{passage}_{number % 4}"
        work = f"W{number // 18}"
        made.append(RatedTake(name, passage, work, "1", performance, own.mean(axis=0), own))
    return made


def test_ratings_lie_within_their_range_and_are_the_same_every_time() -> None:
    one, again = predict_ratings(played()), predict_ratings(played())
    assert one.passages == 1
    assert one.cannot_tell == ""
    assert np.all((one.low >= 0) & (one.low <= one.value))
    assert np.all((one.value <= one.high) & (one.high <= 1))
    np.testing.assert_array_equal(one.value, again.value)
    assert np.all(one.high - one.low > 0.2), "listeners do not agree that well"


@settings(max_examples=4, deadline=None)
@given(st.floats(0.01, 900.0))
def test_starting_later_changes_nothing(seconds: float) -> None:
    np.testing.assert_allclose(
        predict_ratings(played()).value, predict_ratings(played().delayed(seconds)).value, atol=2e-3
    )


def test_a_semitone_higher_is_rated_about_the_same() -> None:
    one, other = predict_ratings(played()), predict_ratings(played(up=1))
    assert np.max(np.abs(one.value - other.value)) < 0.05


def test_louder_slower_and_longer_held_are_heard_as_such() -> None:
    soft, loud = predict_ratings(played(loudness=45)), predict_ratings(played(loudness=85))
    assert loud.value[8] > soft.value[8] + 0.03
    assert loud.value[16] > soft.value[16]
    fast, slow = predict_ratings(played(beat_sec=0.25)), predict_ratings(played(beat_sec=0.7))
    assert slow.value[11] > fast.value[11] + 0.05


@pytest.mark.parametrize("notes", [0, 1, 3, LEAST_NOTES - 1])
def test_too_little_music_is_not_rated(notes: int) -> None:
    take = Performance.create(played().notes[:notes])
    ratings = predict_ratings(take)
    assert ratings.value.size == ratings.low.size == ratings.passages == 0
    assert "little music" in ratings.cannot_tell
    rated, cannot_tell = listener_ratings(take)
    assert rated == ()
    assert cannot_tell == (ratings.cannot_tell,)


def test_one_chord_is_not_rated() -> None:
    chord = make_notes([(0.0, 9.0, 21 + pitch, 60) for pitch in range(60)])
    assert predict_ratings(Performance.create(chord)).cannot_tell


def test_what_no_listener_rated_is_not_rated() -> None:
    drum = make_notes([(i * 0.1, i * 0.1 + 0.05, 100, 127) for i in range(200)])
    ratings = predict_ratings(Performance.create(drum))
    assert "unlike" in ratings.cannot_tell
    assert ratings.strangeness > load_ratings().strangest


def test_the_stranger_the_wider() -> None:
    model = load_ratings()
    widths = model.half_range(np.array([0.1, 0.5]))
    assert np.all(widths[1] >= widths[0])
    assert np.mean(widths[1] - widths[0]) > 0.005


def test_a_long_take_is_rated_in_passages() -> None:
    take = played(bars=80)
    passages = list(rated_passages(take))
    assert len(passages) == round(take.duration_sec / 20)
    assert sum(len(passage.notes) for passage in passages) == len(take.notes)
    assert predict_ratings(take).passages == len(passages)


def test_ratings_of_the_report_are_named() -> None:
    rated, cannot_tell = listener_ratings(played())
    told = tuple(rating.name for rating in rated)
    trusted = load_ratings().trusted
    assert told == tuple(name for name, sure in zip(SCALES, trusted, strict=True) if sure)
    assert len(told) >= 8
    # Every scale is either told or named as what cannot be told.
    assert all(name in told or name in " ".join(cannot_tell) for name in SCALES)
    assert all(0 <= rating.low <= rating.value <= rating.high <= 1 for rating in rated)


def test_figures_are_of_known_groups_and_finite() -> None:
    figures = passage_figures(played())
    assert {name.split(".")[0] for name in figures} == set(GROUPS)
    assert np.all(np.isfinite(list(figures.values())))
    single = make_notes([(i * 0.3, i * 0.3 + 0.2, 60 + i % 5, 64) for i in range(50)])
    missing = [
        n for n, value in passage_figures(Performance.create(single)).items() if value != value
    ]
    assert {name.split(".")[0] for name in missing} == {"balance"}, "there are no chords"


def test_training_finds_a_planted_effect(tmp_path: Path) -> None:
    rated = takes()
    data = rated_figures(rated)
    model = fit_ratings(data, RatingTraining(lengths=(1.7,), noises=(0.2, 0.4), folds=3))
    assert model.trusted[8]
    assert not model.trusted.all(), "noise cannot be predicted"
    save_ratings(model, tmp_path / "ratings.npz")
    stored = load_ratings(tmp_path / "ratings.npz")
    soft = predict_ratings(played(900, loudness=40.0, bars=9), stored)
    loud = predict_ratings(played(901, loudness=90.0, bars=9), stored)
    assert loud.value[8] > soft.value[8] + 0.15
    assert abs(loud.value[0] - soft.value[0]) < 0.15, "nothing was planted there"
    direct = predict_ratings(played(901, loudness=90.0, bars=9), model)
    np.testing.assert_allclose(loud.value, direct.value, atol=1e-4)


def test_folds_keep_groups_whole() -> None:
    group = np.random.default_rng(0).integers(0, 11, 200)
    fold = folds(group, 4, 3)
    assert all(len(set(fold[group == number])) == 1 for number in range(11))
    assert set(fold) == {0, 1, 2, 3}
    np.testing.assert_array_equal(fold, folds(group, 4, 3))


def test_measures() -> None:
    random = np.random.default_rng(0)
    rating = random.random((60, 3))
    passage = np.repeat(np.arange(12), 5)
    np.testing.assert_allclose(r2_by_scale(rating, rating), 1)
    mean = np.broadcast_to(rating.mean(axis=0), rating.shape)
    np.testing.assert_allclose(r2_by_scale(rating, mean), 0, atol=1e-12)
    # What is constant within a passage tells nothing about its performances.
    offset = rating + random.random((12, 3))[passage]
    np.testing.assert_allclose(within_passage(rating, offset, passage), 1)
    own = [np.array([[0.0, 0.5, np.nan], [1.0, 0.5, 0.5]])]
    low, high = np.array([[0.5, 0.5, 0.0]]), np.array([[1.0, 0.5, 0.4]])
    np.testing.assert_allclose(coverage(own, low, high), [0.5, 1.0, 0.0])
    np.testing.assert_allclose(disagreement(own), [0.5, 0.0, 0.0])


def test_ceiling_is_what_a_perfect_prediction_reaches() -> None:
    random = np.random.default_rng(1)
    truth = random.normal(0.5, 0.15, (4000, 1))
    listeners = [value + random.normal(0, 0.3, (9, 1)) for value in truth]
    rating = np.array([own.mean(axis=0) for own in listeners])
    assert ceiling(rating, listeners)[0] == pytest.approx(r2_by_scale(rating, truth)[0], abs=0.03)


def write_percepiano(folder: Path) -> None:
    (folder / "labels").mkdir(parents=True)
    (folder / "virtuoso/data/all_2rounds").mkdir(parents=True)
    names = ["Haydn_H1_var2_8bars_Score2_3", "Haydn_H1_var2_8bars_7_3", "Haydn_H2_8bars_7_01"]
    labels = {name: [4 / 7] * 18 + [1.0, 2] for name in names}
    path = folder / "labels/label_2round_mean_reg_19_with0_rm_highstd0.json"
    path.write_text(json.dumps(labels))
    head = ",".join(["user", "dataID", "filename", *["q"] * 20, "message"])
    rows = [
        f"1,1,Haydn_H1_var2_8bars_score_3.wav,{','.join(['1.0'] * 18)},7.0,3.0,,",
        f"2,1,Haydn_H1_var2_8bars_7_3.wav,,{','.join(['4.0'] * 18)},3.0,,",
        f"3,1,Haydn_H1_var2_8bars_7_3.wav,9.0,{','.join(['4.0'] * 18)},3.0,,",
    ]
    (folder / "labels/total_2rounds.csv").write_text("\n".join([head, *rows]) + "\n")
    for number, name in enumerate(names):
        take = played(number, up=0 if number < 2 else 5)
        save_midi(folder / "virtuoso/data/all_2rounds" / f"{name}.mid", take)


def test_reads_percepiano(tmp_path: Path) -> None:
    write_percepiano(tmp_path)
    rated = {take.name: take for take in read_percepiano(tmp_path)}
    plain, expressive = rated["Haydn_H1_var2_8bars_Score2_3"], rated["Haydn_H1_var2_8bars_7_3"]
    assert (plain.passage, plain.work) == ("Haydn_H1_var2_8bars_3", "Haydn_H1")
    assert (expressive.passage, expressive.performer) == (plain.passage, "7")
    np.testing.assert_allclose(expressive.rating, [0.5] * 18 + [1.0])
    np.testing.assert_allclose(plain.listeners, [[0.0] * 18 + [1.0]])
    # One answer is missing; the row with a 9 is dropped.
    np.testing.assert_allclose(expressive.listeners, [[np.nan] + [0.5] * 18])
    groups = same_music(list(rated.values()))
    assert len(set(groups)) == 2


def test_wrong_data_and_output_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_percepiano(tmp_path)
    with pytest.raises(InputError, match=r"\.npz"):
        TrainRatings(tmp_path, tmp_path / "weights.bin").run()
    (tmp_path / "no.npz").write_bytes(b"no weights")
    with pytest.raises(InputError, match=r"no\.npz"):
        load_ratings(tmp_path / "no.npz")


def test_no_heavy_library_is_needed() -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'sklearn', 'scipy'): sys.modules[name] = None\n"
        "import numpy as np\n"
        "from duemani.models.ratings.predict import predict_ratings\n"
        "from duemani.performance import Performance, make_notes\n"
        "rows = [(i * .2, i * .2 + .15, 60 + i % 12, 50 + i % 20) for i in range(90)]\n"
        "print(predict_ratings(Performance.create(make_notes(rows))).strangeness)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0 < float(done.stdout) <= 1
