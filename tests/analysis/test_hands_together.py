"""Hands together and the top voice, counted by hand on chords of two and three notes."""

from __future__ import annotations

import numpy as np
import pytest

from duemani.analysis.expression.dynamics import top_notes
from duemani.analysis.expression.hands import hand_lags, synchrony, voicing
from duemani.analysis.expression.take import Aspect, NoteSource, Take
from duemani.performance import LEFT, RIGHT, Performance, make_notes

CHORDS = 16
SINGS, COVERED = "The melody sings", "The top voice is covered"


def two_parts(top: int, below: int, chords: int = CHORDS, source: NoteSource = "measured") -> Take:
    """C4 in the left hand under G4 in the right, once a second."""
    rows = [
        (float(at), at + 0.5, pitch, velocity)
        for at in range(chords)
        for pitch, velocity in ((60, below), (67, top))
    ]
    notes = make_notes(rows)
    notes["hand"] = [LEFT, RIGHT] * chords
    return Take(Performance.create(notes), None, source)


def titles(aspect: Aspect) -> list[str]:
    return [remark.title for remark in aspect.remarks]


@pytest.mark.parametrize(("top", "below"), [(80, 60), (60, 80), (66, 64)])
def test_voicing_is_the_top_less_what_lies_below(top: int, below: int) -> None:
    found = voicing(two_parts(top, below))
    assert found.figures["voicing"].tolist() == [top - below] * 4
    (curve,) = found.curves
    assert (curve.name, curve.unit) == ("voicing", "velocity")
    np.testing.assert_allclose(curve.value, top - below)


def test_the_top_voice_is_compared_with_the_mean_of_the_chord() -> None:
    rows = [
        (2.0 * at, 2.0 * at + 0.5, pitch, velocity)
        for at in range(CHORDS)
        for pitch, velocity in ((60, 40), (64, 60), (67, 70))
    ]
    take = Take(Performance.create(make_notes(rows)), None)
    assert voicing(take).figures["voicing"].tolist() == [20.0] * 8
    assert top_notes(take).tolist() == list(range(2, 3 * CHORDS, 3))


@pytest.mark.parametrize(
    ("top", "below", "said"),
    [
        (80, 60, [SINGS]),
        (73, 60, [SINGS]),
        (72, 60, []),  # 12 steps and the tolerance are not passed
        (60, 64, [COVERED]),
        (60, 63, []),
        (64, 60, []),
    ],
)
def test_what_sings_and_what_is_covered(top: int, below: int, said: list[str]) -> None:
    found = voicing(two_parts(top, below))
    assert titles(found) == said
    assert [remark.praise for remark in found.remarks] == [one == SINGS for one in said]


def test_heard_velocities_need_more_to_be_told() -> None:
    assert not titles(voicing(two_parts(60, 64, source="heard")))
    assert not titles(voicing(two_parts(73, 60, source="heard")))
    assert titles(voicing(two_parts(60, 66, source="heard"))) == [COVERED]
    assert titles(voicing(two_parts(76, 60, source="heard"))) == [SINGS]


def test_a_melody_that_sings_half_of_the_time_is_not_praised() -> None:
    notes = two_parts(90, 60).performance.notes.copy()
    # Every fifth chord the other way round: 80 % stand out, by 30 steps as a rule.
    for at in range(0, CHORDS, 5):
        notes["velocity"][[2 * at, 2 * at + 1]] = 90, 60
    assert not titles(voicing(Take(Performance.create(notes), None)))


def test_covered_more_weighs_more() -> None:
    light, heavy = (voicing(two_parts(60, below)).remarks[0] for below in (65, 75))
    assert heavy.weight == pytest.approx(0.5 + 0.02 * 15)
    assert light.weight == pytest.approx(0.5 + 0.02 * 5)
    assert (light.start_sec, light.end_sec) == (0.0, CHORDS - 1.0)


def test_voicing_needs_twelve_chords() -> None:
    assert voicing(two_parts(80, 60, 12)).figures
    assert "hardly any" in voicing(two_parts(80, 60, 11)).cannot_tell[0]


def test_lone_notes_are_nobodys_melody() -> None:
    notes = two_parts(80, 60).performance.notes.copy()
    notes["onset_sec"][1::2] += 0.3
    found = voicing(Take(Performance.create(notes), None))
    assert not found.figures
    assert len(found.cannot_tell) == 1


def lagging(right_later_ms: list[float], chords: int = CHORDS) -> Take:
    notes = two_parts(64, 63, chords).performance.notes.copy()
    late = np.resize(np.array(right_later_ms), chords) / 1000
    notes["onset_sec"][1::2] += 0.2 + late
    notes["onset_sec"][::2] += 0.2
    notes["release_sec"] += 0.2
    return Take(Performance.create(notes), None)


@pytest.mark.parametrize("late_ms", [30.0, -30.0, 0.0])
def test_synchrony_is_right_less_left(late_ms: float) -> None:
    found = synchrony(lagging([late_ms]))
    np.testing.assert_allclose(found.figures["synchrony"], late_ms, atol=1e-6)
    np.testing.assert_allclose(found.curves[0].value, late_ms, atol=1e-6)
    note, lags = hand_lags(lagging([late_ms]))
    np.testing.assert_allclose(lags, late_ms, atol=1e-6)
    assert note.tolist() == list(range(0, 2 * CHORDS, 2))


@pytest.mark.parametrize(
    ("late_ms", "title", "hand"),
    [
        (55.0, "The right hand comes late", RIGHT),
        (-55.0, "The left hand comes late", LEFT),
        (48.0, "", -1),  # 45 ms and the tolerance of 4 ms
        (-48.0, "", -1),
    ],
)
def test_the_later_hand_is_named(late_ms: float, title: str, hand: int) -> None:
    found = synchrony(lagging([late_ms]))
    assert titles(found) == ([title] if title else [])
    for remark in found.remarks:
        assert remark.hand == hand
        assert remark.weight == pytest.approx(0.4 + 0.004 * 10)


def test_hands_that_come_now_first_now_last_are_not_together() -> None:
    # 1.4826 times the median of |±35| is 52 ms; of |±25| it is 37 ms, less than 42 + 4.
    assert titles(synchrony(lagging([35.0, -35.0]))) == ["The hands are not together"]
    assert not titles(synchrony(lagging([25.0, -25.0])))


def test_rolled_chords_tell_nothing_of_the_hands() -> None:
    rows = [
        (at + late, at + 0.8, pitch, 60 + pitch % 7)
        for at in range(CHORDS)
        for late, pitch in ((0.0, 60), (0.04, 64), (0.08, 67), (0.05, 76))
    ]
    notes = make_notes(rows)
    notes["hand"] = [LEFT, LEFT, LEFT, RIGHT] * CHORDS
    rolled = Take(Performance.create(notes), None)
    assert len(hand_lags(rolled)[0]) == 0
    notes["onset_sec"] -= np.tile([0, 0.02, 0.04, 0], CHORDS)
    straight = Take(Performance.create(notes), None)
    # The median of 0, 20 and 40 ms is 20; the right hand strikes at 50.
    np.testing.assert_allclose(hand_lags(straight)[1], 30.0, atol=1e-6)


def test_one_hand_alone_or_too_few_pairs() -> None:
    assert synchrony(lagging([10.0], 12)).figures
    assert "hardly strike" in synchrony(lagging([10.0], 11)).cannot_tell[0]
    alone = two_parts(64, 60).performance.notes.copy()
    alone["hand"] = RIGHT
    found = synchrony(Take(Performance.create(alone), None))
    assert "only one" in found.cannot_tell[0]
