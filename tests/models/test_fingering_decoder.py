"""The decoder's parts on small tables: paths, expected fingers, preferences, keys held long."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from duemani.models.fingering import decoder
from duemani.models.fingering.decoder import _expected, _leaning, _Path, decode_line, tempered
from duemani.models.fingering.inputs import IMPOSSIBLE, line_inputs
from duemani.models.fingering.lines import CHOICES, _choices, _crowded, contradictions, hand_line
from duemani.models.fingering.model import pretrained_fingering
from duemani.models.fingering.network import Potentials
from duemani.models.fingering.substitution import substitutions
from duemani.performance import LEFT, RIGHT, Performance, make_notes

Row = tuple[float, float, int]


def notes_of(rows: list[Row], hand: int = RIGHT) -> np.ndarray:
    notes = make_notes([(onset, end, pitch, 64) for onset, end, pitch in rows])
    notes["hand"] = hand
    return Performance.create(notes).notes


def singles(count: int) -> np.ndarray:
    return notes_of([(2.0 * at, 2.0 * at + 0.5, 60 + at) for at in range(count)])


def test_the_path_is_the_best_of_all() -> None:
    rng = np.random.default_rng(0)
    for count in (1, 2, 3, 4):
        notes = singles(count)
        worth = rng.normal(0, 1, (count, CHOICES, CHOICES, CHOICES)).astype(np.float32)
        path = _Path(hand_line(notes, RIGHT), notes, 1.0)
        for start in range(0, count, 2):  # in two portions
            path.run(worth[start : start + 2], start)
        found = [int(choice[0]) for choice in path.best()]

        def total(way: tuple[int, ...], worth: np.ndarray = worth) -> float:
            # Before the first event stands choice 0.
            before = (0, 0, *way)
            return sum(float(worth[at][before[at : at + 3]]) for at in range(len(way)))

        ways = itertools.product(range(5), repeat=count)
        assert total(tuple(found)) == pytest.approx(max(total(way) for way in ways), abs=1e-4)


@pytest.mark.parametrize(("margin", "finger"), [(8.7, 1), (8.95, 0)])
@pytest.mark.parametrize("between", [2, 3, 5])
def test_a_key_held_from_long_before_keeps_its_finger(
    margin: float, finger: int, between: int
) -> None:
    # Leaving a held key costs 15 nats, a third away 60 a metre more; half of it counts.
    rows = [(0.0, 60.0, 60), *((2.0 * at, 2.0 * at + 0.5, 64) for at in range(1, between + 2))]
    notes = notes_of(rows)
    path = _Path(hand_line(notes, RIGHT), notes, 1.0)
    worth = np.zeros((len(rows), CHOICES, CHOICES, CHOICES), np.float32)
    worth[0, :, :, 0] = 50.0  # the thumb first
    worth[-1, :, :, 0] = margin  # and again
    worth[-1, :, :, 1] = 0.1
    worth[1:-1, :, :, 3] = 50.0
    path.run(worth, 0)
    found = [int(choice[0]) for choice in path.best()]
    assert found[0] == 0
    assert found[-1] == finger


def test_a_key_let_go_binds_nobody() -> None:
    for until, finger in ((8.05, 0), (8.4, 1)):
        rows = [(0.0, until, 60), *((2.0 * at, 2.0 * at + 0.5, 64) for at in range(1, 5))]
        notes = notes_of(rows)
        path = _Path(hand_line(notes, RIGHT), notes, 1.0)
        worth = np.zeros((5, CHOICES, CHOICES, CHOICES), np.float32)
        worth[0, :, :, 0], worth[1:-1, :, :, 3] = 50.0, 50.0
        worth[-1, :, :, 0], worth[-1, :, :, 1] = 1.0, 0.1
        path.run(worth, 0)
        assert int(path.best()[-1][0]) == finger


def test_a_temperature_leaves_the_reach_alone() -> None:
    notes = notes_of([(0.0, 1.0, 60), (0.0, 1.0, 64)])
    inputs = line_inputs(hand_line(notes, RIGHT), notes)
    some = np.random.default_rng(0).normal(0, 1, (1, CHOICES))
    step = np.full((1, CHOICES, CHOICES), 3.0)
    found = tempered(
        Potentials(inputs.fixed + some, step, 2 * step, np.full((1, 5, 5, 5), 5.0)), inputs, 2.0
    )
    np.testing.assert_allclose(found.own, inputs.fixed + some / 2)
    assert (found.step == 1.5).all()
    assert (found.skip == 3.0).all()
    assert (found.triple == 2.5).all()


def test_preferred_fingers_count_note_by_note() -> None:
    notes = notes_of([(0.0, 1.0, 60), (0.0, 1.0, 64), (2.0, 3.0, 60)])
    line = hand_line(notes, RIGHT)
    inputs = line_inputs(line, notes)
    nothing = np.zeros((2, CHOICES, CHOICES))
    scores = Potentials(np.zeros((2, CHOICES)), nothing, nothing, np.zeros((2, 5, 5, 5)))
    found = _leaning(scores, inputs, line, np.array([1, 3, 0])).own
    # Choices of two notes: 1-2, 1-3, 1-4, 1-5, 2-3 ...
    assert found[0].tolist() == [3, 6, 3, 3, 3, 0, 0, 0, 0, 0]
    assert not found[1].any()
    assert not scores.own.any()


def test_expected_fingers_and_chances() -> None:
    notes = notes_of([(0.0, 1.0, 60), (0.0, 1.0, 64), (2.0, 3.0, 60)])
    line = hand_line(notes, RIGHT)
    inputs = line_inputs(line, notes)
    shares = np.zeros((2, CHOICES))
    shares[0, [0, 1, 4]] = 0.5, 0.3, 0.2  # 1-2, 1-3, 2-3
    shares[1, :5] = 0.1, 0.2, 0.4, 0.2, 0.1
    chances = np.zeros((3, 5))
    gain = _expected(line, inputs, shares, chances)
    np.testing.assert_allclose(chances[0], [0.8, 0.2, 0, 0, 0])
    np.testing.assert_allclose(chances[1], [0, 0.5, 0.5, 0, 0])
    np.testing.assert_allclose(chances[2], [0.1, 0.2, 0.4, 0.2, 0.1])
    np.testing.assert_allclose(gain[0, [0, 1, 4]], [0.8 + 0.5, 0.8 + 0.5, 0.2 + 0.5])
    np.testing.assert_allclose(gain[1, :5], [0.1, 0.2, 0.4, 0.2, 0.1])
    crowd = notes_of([(0.0, 1.0, 60 + 2 * at) for at in range(6)])
    line = hand_line(crowd, RIGHT)
    chances = np.zeros((6, 5))
    _expected(line, line_inputs(line, crowd), np.eye(1, CHOICES), chances)
    np.testing.assert_allclose(chances, 0.2)


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    pitches = 60 + np.cumsum(rng.integers(-3, 4, 60))
    rows = [(0.25 * at, 0.25 * at + 0.3, int(pitch)) for at, pitch in enumerate(pitches)]
    rows += [(0.25 * at, 0.25 * at + 3.0, int(pitches[at]) - 9) for at in range(0, 60, 12)]
    notes = notes_of(rows)
    line, model = hand_line(notes, RIGHT), pretrained_fingering()
    whole, chances = decode_line(line, notes, model)
    monkeypatch.setattr(decoder, "_CHUNK_EVENTS", 17)
    parts, others = decode_line(line, notes, model)
    assert parts.tolist() == whole.tolist()
    np.testing.assert_allclose(others, chances, atol=1e-3)
    nothing, none = decode_line(hand_line(notes, LEFT), notes, model)
    assert not nothing.any()
    assert not none.any()


# --- choices --------------------------------------------------------------------------------------


def test_choices_keep_to_given_fingers() -> None:
    x_m = np.arange(3) * 0.047
    free = np.zeros(3, int)
    assert len(_choices(free, x_m)) == 10
    assert _choices(np.array([1, 0, 5]), x_m).tolist() == [[0, 1, 4], [0, 2, 4], [0, 3, 4]]
    assert _choices(np.array([2, 0, 0]), x_m).tolist() == [[1, 2, 3], [1, 2, 4], [1, 3, 4]]
    # Out of order: kept, and the rest as near as can be.
    assert _choices(np.array([5, 0, 1]), x_m)[0, [0, 2]].tolist() == [4, 0]
    assert _choices(np.array([3, 3, 0]), x_m)[0, :2].tolist() == [2, 2]


def test_of_a_crowd_the_nearest_keys_share_a_finger() -> None:
    assert _crowded(np.array([0.0, 1, 3, 5, 7, 9])).tolist() == [[0, 0, 1, 2, 3, 4]]
    assert _crowded(np.array([0.0, 2, 4, 5, 7, 8, 10])).tolist() == [[0, 1, 2, 2, 3, 3, 4]]
    assert _crowded(np.array([0.0, 2, 4, 6, 8, 10])).tolist() == [[0, 0, 1, 2, 3, 4]]


def test_contradictions_in_words() -> None:
    notes = notes_of([(1.25, 2.0, 60), (1.25, 2.0, 64), (1.25, 2.0, 67)], LEFT).copy()
    notes["finger"] = [1, 0, 3]
    # Mirrored: from the thumb's side, the highest first.
    assert contradictions(hand_line(notes, LEFT), notes) == [
        "the left hand's chord at 1.2 s has fingers (3 1) that contradict each other; they were"
        " kept."
    ]
    notes["finger"] = [3, 0, 1]
    assert contradictions(hand_line(notes, LEFT), notes) == []
    notes["finger"] = [2, 0, 2]
    assert len(contradictions(hand_line(notes, LEFT), notes)) == 1
    assert IMPOSSIBLE < -1e8


# --- silent substitutions -------------------------------------------------------------------------


def taking(*rows: tuple[float, float, int, int]) -> list[int]:
    notes = make_notes([(onset, end, pitch, 64) for onset, end, pitch, _ in rows])
    notes["hand"], notes["finger"] = RIGHT, [row[3] for row in rows]
    return substitutions(Performance.create(notes), 1.0).tolist()


@pytest.mark.parametrize(("held", "found"), [(0.36, 4), (0.34, 0)])
def test_a_short_note_leaves_no_time(held: float, found: int) -> None:
    assert taking((0.0, held, 72, 5), (held, held + 0.5, 74, 5)) == [found, 0]


@pytest.mark.parametrize(("gap", "found"), [(0.0, 4), (0.029, 4), (-0.029, 4), (0.031, 0)])
def test_what_is_joined(gap: float, found: int) -> None:
    assert taking((0.0, 1.0, 72, 5), (1.0 + gap, 2.0, 74, 5)) == [found, 0]


def test_octaves_are_joined_and_no_more() -> None:
    assert taking((0.0, 1.0, 60, 1), (1.0, 2.0, 72, 1))[0] == 0  # no finger stays an octave below
    assert taking((0.0, 1.0, 62, 5), (1.0, 2.0, 74, 5))[0] == 1
    assert taking((0.0, 1.0, 62, 5), (1.0, 2.0, 75, 5))[0] == 0
    # Chords are not joined this way.
    assert taking((0.0, 1.0, 72, 5), (1.0, 2.0, 74, 5), (1.0, 2.0, 65, 1)) == [0, 0, 0]
    assert taking((0.0, 1.0, 72, 5), (0.0, 1.0, 65, 1), (1.0, 2.0, 74, 5)) == [0, 0, 0]


@pytest.mark.parametrize(("quiet", "found"), [(0.26, 5), (0.24, 0)])
def test_a_moment_of_rest_is_needed(quiet: float, found: int) -> None:
    rows = ((0.0, 3.0, 72, 4), (1.0 - quiet, 0.99, 67, 1), (1.0, 1.5, 71, 4))
    assert taking(*rows)[0] == found


def test_the_key_itself_struck_again_is_let_go() -> None:
    assert taking((0.0, 1.0, 72, 5), (1.0, 2.0, 72, 4)) == [0, 0]


def test_a_finger_that_holds_another_key_is_not_free() -> None:
    # 4 would take over, but holds a key; the thumb can pass under it.
    free = taking((0.0, 2.0, 72, 5), (1.0, 1.5, 74, 5))
    assert free[0] == 4
    busy = taking((0.0, 2.0, 71, 4), (0.0, 2.0, 72, 5), (1.0, 1.5, 74, 5))
    assert busy[1] == 1
