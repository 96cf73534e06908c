"""What is forbidden or awkward between events, chord by chord and run by run."""

from __future__ import annotations

import numpy as np
import pytest

from duemani.models.fingering.inputs import IMPOSSIBLE, line_inputs
from duemani.models.fingering.lines import CHOICES, HandLine, hand_line, part_of
from duemani.models.fingering.restraint import (
    Restraint,
    _awkward,
    _hard,
    _over_chords,
    _pairs,
    clashes,
    merged,
)
from duemani.performance import LEFT, RIGHT, Performance, make_notes

Row = tuple[float, float, int]


def notes_of(rows: list[Row], hand: int = RIGHT) -> np.ndarray:
    notes = make_notes([(onset, end, pitch, 64) for onset, end, pitch in rows])
    notes["hand"] = hand
    return Performance.create(notes).notes


def line_of(rows: list[Row], hand: int = RIGHT) -> HandLine:
    return hand_line(notes_of(rows, hand), hand)


def awkward(rows: list[Row], hand: int = RIGHT) -> np.ndarray:
    notes = notes_of(rows, hand)
    line = hand_line(notes, hand)
    return _awkward(line_inputs(line, notes), line)


def steps(pitches: list[int], step_sec: float = 0.5, held: float = 1.0) -> list[Row]:
    return [(at * step_sec, (at + held) * step_sec, pitch) for at, pitch in enumerate(pitches)]


SAME = np.eye(5)


@pytest.mark.parametrize(
    ("pitches", "cost"),
    [
        ([60, 62], 4.0),
        ([62, 60], 4.0),
        ([60, 72], 4.0),  # an octave
        ([60, 73], 0.0),
        ([60, 60], 0.0),  # the same key
        ([63, 62], 1.5),  # slides off the black key
        ([63, 64], 1.5),
        ([62, 63], 4.0),  # not onto it
        ([63, 61], 4.0),
        ([64, 65], 4.0),
    ],
)
@pytest.mark.parametrize("hand", [LEFT, RIGHT])
def test_one_finger_on_two_joined_keys(pitches: list[int], cost: float, hand: int) -> None:
    keys = pitches if hand == RIGHT else [124 - pitch for pitch in pitches]
    found = awkward(steps(keys), hand)
    np.testing.assert_allclose(found[1, :5, :5], cost * SAME)
    assert not found[0].any()


def test_what_is_detached_or_slow_is_free() -> None:
    for held, cost in ((0.71, 4.0), (0.69, 0.0)):  # 30 % of silence
        np.testing.assert_allclose(awkward(steps([60, 62], held=held))[1, :5, :5], cost * SAME)
    for step_sec, cost in ((1.19, 4.0), (1.21, 0.0)):
        np.testing.assert_allclose(awkward(steps([60, 62], step_sec))[1, :5, :5], cost * SAME)


def test_a_broken_chord_may_turn_with_the_same_finger() -> None:
    turning = awkward(steps([60, 64, 60, 62, 60]))
    np.testing.assert_allclose(turning[1, :5, :5], 4 * SAME)  # nothing before it
    assert not turning[2].any()  # a third, turning
    np.testing.assert_allclose(turning[3, :5, :5], 4 * SAME)  # steps may not
    onwards = awkward(steps([60, 64, 67]))
    np.testing.assert_allclose(onwards[2, :5, :5], 4 * SAME)


def chords(*events: list[int], step_sec: float = 0.5) -> list[Row]:
    return [
        (at * step_sec, (at + 1) * step_sec, pitch)
        for at, event in enumerate(events)
        for pitch in event
    ]


@pytest.mark.parametrize(
    ("events", "hindered"),
    [
        (([60, 64], [62, 65]), True),
        (([60, 65], [62, 67]), True),  # fourths
        (([60, 66], [62, 67]), False),
        (([60, 65], [62, 68]), False),
        (([60, 64, 67], [62, 65, 69]), False),
        (([60], [62, 65]), False),
    ],
)
def test_narrow_pairs_count_voice_by_voice(events: tuple[list[int], ...], hindered: bool) -> None:
    found = awkward(chords(*events))[1]
    assert found.any() == hindered
    if hindered:
        # Choices 0 and 1 are thumb with 2, thumb with 3.
        assert found[0, 0] == 8.0  # both fingers stay
        assert found[0, 1] == 4.0  # the thumb stays
        assert found[0, 9] == 0.0  # 4 and 5


def test_in_pairs_a_voice_that_stays_may() -> None:
    assert awkward(chords([60, 64], [60, 65]))[1][0, 0] == 4.0  # only the upper one moves
    assert awkward(chords([61, 65], [60, 64]))[1][0, 0] == 1.5 + 4.0  # slides, and does not


def test_thumb_and_index_belong_to_the_chords() -> None:
    run = [[60, 64, 72], [74], [76], [60, 64, 77], [79]]
    over = _over_chords(line_of(chords(*run, step_sec=0.2)), np.array([3, 1, 1, 3, 1]))
    assert over.tolist() == [1, 2, 4]
    found = awkward(chords(*run, step_sec=0.2))
    assert (found[2, :, :2] >= 4).all()
    assert not found[2, :4, 4].any()

    def above(events: list[list[int]], step_sec: float = 0.2) -> list[int]:
        counts = np.array([len(event) for event in events])
        return _over_chords(line_of(chords(*events, step_sec=step_sec)), counts).tolist()

    assert above(run, 0.31) == []
    assert above([*run[:4]]) == [1, 2]
    assert above([[60, 64, 72], [75], [76], [60, 64, 77]]) == []  # a leap
    assert above([[60, 64, 72], [72], [74], [60, 64, 76]]) == []  # a key struck again
    assert above([[60, 72], [74], [76], [60, 77]]) == []  # pairs
    assert above([[60, 64, 72], [60, 64, 74]]) == []  # no notes in between
    # Three notes in between at most.
    four = [[60, 64, 72], [74], [76], [77], [60, 64, 79]]
    assert above(four) == [1, 2, 3]
    assert above([*four[:4], [79], [60, 64, 81]]) == []
    # After the last chord as many as before it, while they go on by step and alone.
    assert above([*run, [81], [83], [84]]) == [1, 2, 4, 5]
    assert above([*run, [79, 81]]) == [1, 2, 4]
    assert above([*run[:4], [84]]) == [1, 2]


def test_hard_penalties_begin_at_one_and_end_at_eleven() -> None:
    found = _hard(np.array([0.0, 1.0, 1.5, 11.0, 50.0]))
    assert found.tolist() == [0.0, 0.0, 0.5, 10.0, 10.0]


def test_what_is_forbidden() -> None:
    # A ninth: where 1-5 reaches, what does not is out of the question.
    notes = notes_of([(0.0, 1.0, 60), (0.0, 1.0, 74), (2.0, 3.0, 60)])
    line = hand_line(notes, RIGHT)
    inputs = line_inputs(line, notes)
    found = Restraint.of(inputs, line, notes).forbidden(inputs)
    reach = -inputs.fixed[0]
    expected = np.where(reach > 3, 1000, np.clip(reach - 1, 0, 10))
    expected[inputs.fixed[0] <= IMPOSSIBLE] = 0
    np.testing.assert_allclose(found[0, 0, 0], expected, rtol=1e-5)
    assert (expected == 1000).any()
    assert (expected == 0).any()
    assert not found[1, :, :, :5].any()
    # Where none reaches, each costs its own.
    wide = notes_of([(0.0, 1.0, 40), (0.0, 1.0, 80)])
    line = hand_line(wide, RIGHT)
    inputs = line_inputs(line, wide)
    found = Restraint.of(inputs, line, wide).forbidden(inputs)
    assert found[0].max() == 10


def test_penalties_of_two_events_add_up() -> None:
    notes = notes_of(steps([60, 62, 64]))
    line = hand_line(notes, RIGHT)
    inputs = line_inputs(line, notes)
    step, skip = np.zeros((3, CHOICES, CHOICES)), np.zeros((3, CHOICES, CHOICES))
    step[2, 0, 1], skip[2, 3, 1] = 5.0, 4.0
    found = Restraint(step, skip).forbidden(inputs)
    assert found[2, 3, 0, 1] == pytest.approx(4 + 3)
    assert found[2, 2, 0, 1] == pytest.approx(4)
    assert found[2, 3, 1, 1] == pytest.approx(3)
    assert found[2, 2, 1, 1] == 0


def test_which_notes_hinder_each_other() -> None:
    def pairs(gap_sec: float, release_sec: float = 0.01, by: int = 1) -> int:
        rows = [(0.0, release_sec, 60)]
        rows += [(gap_sec * at, gap_sec * at + 0.01, 60 + at) for at in range(1, by + 1)]
        return len(_pairs(line_of(rows), by))

    assert (pairs(0.29), pairs(0.31)) == (1, 0)
    assert (pairs(1.0, 1.07), pairs(1.0, 1.05)) == (1, 0)
    assert (pairs(0.14, by=2), pairs(0.16, by=2)) == (1, 0)
    found = _pairs(line_of([(0.0, 1.0, 60), (0.0, 1.0, 64), (0.2, 1.0, 67)]), 1)
    assert found.tolist() == [[1, 0, 0, 0, 2], [1, 1, 0, 1, 2]]
    assert _pairs(line_of([(0.0, 0.1, 60)]), 1).shape == (0, 5)


@pytest.mark.parametrize(
    ("gap_sec", "fingers", "pitches", "told"),
    [
        (0.04, [1, 2], [60, 84], True),
        (0.06, [1, 2], [60, 84], False),
        (0.04, [2, 2], [60, 64], True),
        (0.04, [2, 2], [60, 62], False),  # neighbouring keys
        (0.04, [2, 2], [60, 60], False),  # the same key
        (0.04, [1, 5], [60, 67], False),
        (0.04, [3, 2], [60, 64], True),
    ],
)
@pytest.mark.parametrize("hand", [LEFT, RIGHT])
def test_clashes(
    gap_sec: float, fingers: list[int], pitches: list[int], told: bool, hand: int
) -> None:
    keys = pitches if hand == RIGHT else [124 - pitch for pitch in pitches]
    rows = [(gap_sec * at, gap_sec * at + 0.005, key) for at, key in enumerate(keys)]
    notes = notes_of(rows, hand)
    found = clashes(hand_line(notes, hand), notes, np.array(fingers))
    assert found == ([[0, 1]] if told else [])


def test_groups_and_parts() -> None:
    assert merged([[0, 1], [4, 5], [1, 2], [2, 3]]) == [(0, 1, 2, 3), (4, 5)]
    assert merged([]) == []
    assert merged([[0, 1], [2, 3], [1, 2]]) == [(0, 1, 2, 3)]
    line = line_of(steps([60, 62, 64, 65]))
    part = part_of(line, 1, 3)
    assert [event.tolist() for event in part.notes] == [[1], [2]]
    np.testing.assert_allclose(part.onset_sec, [0.5, 1.0])
    assert len(part.choices) == 2
    assert len(part.note_pitch) == 4
