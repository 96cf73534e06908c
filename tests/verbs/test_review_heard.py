"""What transcriber and reviewer hear, put together; and what the eyes say of hands and keys."""

import numpy as np
import pytest

from duemani.models.reviewer.judge import Judgement
from duemani.models.reviewer.seen_hands import FRAME_RATE, SeenHands
from duemani.performance import PEDAL_DTYPE, Performance, make_notes
from duemani.verbs.review.hand_places import hand_place_curves
from duemani.verbs.review.heard import heard_pedal, heard_together, mean_velocity, pedal_changes


def judgement(velocity: np.ndarray, pedal: np.ndarray) -> Judgement:
    count = len(velocity)
    return Judgement(
        chances=np.full((count, 10), 0.1),
        pressing=np.zeros((len(pedal), 10)),
        velocity=velocity,
        velocity_spread=np.ones(count),
        release_sec=np.arange(count) + 0.25,
        length_spread=np.ones(count),
        onset_sec=np.arange(count, dtype=float),
        pedal=pedal,
    )


def test_the_mean_velocity_is_nearer_than_either() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(60, 12, 400)
    judged = true + rng.normal(0, 9, 400)
    transcribed = 0.5 * true + rng.normal(20, 5, 400)
    both = mean_velocity(judged, transcribed)

    def r(told: np.ndarray) -> float:
        return float(np.corrcoef(true, told)[0, 1])

    assert r(both) > max(r(judged), r(transcribed)) + 0.02
    assert both.mean() == pytest.approx(judged.mean())
    assert both.std() == pytest.approx(judged.std())


def test_a_transcriber_that_hears_no_dynamics_changes_nothing() -> None:
    judged = np.array([40.0, 60.0, 80.0])
    np.testing.assert_array_equal(mean_velocity(judged, np.full(3, 64.0)), judged)
    np.testing.assert_array_equal(mean_velocity(judged[:1], judged[:1]), judged[:1])


def test_the_pedal_is_down_where_both_together_say_so() -> None:
    pedal = np.array([(1.0, 127), (2.0, 0)], PEDAL_DTYPE)
    take = Performance(pedal=pedal)
    frames = int(3 * FRAME_RATE)
    assert heard_pedal(take, np.zeros(frames)).sum() == 30
    assert heard_pedal(take, np.full(frames, 0.5)).all()
    assert not heard_pedal(Performance(), np.full(frames, 0.4)).any()


@pytest.mark.parametrize("pattern", ["", "0", "1", "0110", "1001", "010101"])
def test_pedal_changes_lead_back_to_the_frames(pattern: str) -> None:
    down = np.repeat(np.array([c == "1" for c in pattern], bool), 5)
    changes = pedal_changes(down)
    assert (np.diff(changes["value"].astype(int)) != 0).all()
    again = heard_pedal(Performance(pedal=changes), np.zeros(len(down)))
    np.testing.assert_array_equal(again, down)


def test_heard_together_keeps_onsets_and_pitches() -> None:
    notes = make_notes([(float(at), at + 0.5, 60 + at, 50 + at) for at in range(6)])
    told = heard_together(
        Performance(notes), judgement(np.linspace(30.0, 90.0, 6), np.full(200, 0.9))
    )
    np.testing.assert_array_equal(told.notes["onset_sec"], notes["onset_sec"])
    np.testing.assert_array_equal(told.notes["pitch"], notes["pitch"])
    np.testing.assert_allclose(told.notes["release_sec"] - told.notes["onset_sec"], 0.25)
    assert (np.diff(told.notes["velocity"].astype(int)) > 0).all()
    assert told.pedal["value"].tolist() == [127]


def test_places_of_hands_are_gaps_where_nothing_is_seen() -> None:
    points = np.full((60, 2, 11, 2), np.nan)
    points[:30, 1, :5, 0] = 0.47
    points[:30, 1, :5, 1] = 0.05
    seen = SeenHands(points, np.full((60, 2, 5), np.nan), np.zeros((60, 2)))
    (curve,) = hand_place_curves(seen)
    assert curve.name == "right_hand"
    np.testing.assert_allclose(curve.value[:5], 20.0)
    assert np.isnan(curve.value[5:]).all()
    assert hand_place_curves(None) == ()
