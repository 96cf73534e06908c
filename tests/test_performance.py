"""`Performance`: order, excerpts, the pedal, and when each sound ends."""

from __future__ import annotations

import numpy as np
import pytest

from duemani.errors import InputError
from duemani.performance import (
    LEFT,
    PEDAL_DTYPE,
    RIGHT,
    UNKNOWN_HAND,
    Performance,
    make_notes,
    pedal_down,
    sound_end_sec,
)


def pedalled(rows: list[tuple[float, int]]) -> np.ndarray:
    return np.array(rows, PEDAL_DTYPE)


def test_notes_and_pedal_are_sorted() -> None:
    rows = [(2.0, 2.5, 60, 50), (1.0, 1.5, 64, 60), (1.0, 1.2, 62, 70)]
    take = Performance.create(make_notes(rows), pedalled([(3.0, 0), (1.0, 127)]))
    assert take.notes["pitch"].tolist() == [62, 64, 60]
    assert take.notes["velocity"].tolist() == [70, 60, 50]
    assert take.pedal["time_sec"].tolist() == [1.0, 3.0]
    assert np.isnan(take.notes["confidence"]).all()
    assert set(take.notes["hand"]) == {-1}
    assert set(take.notes["finger"]) == {0}


def test_duration_is_that_of_the_last_release_or_pedal() -> None:
    notes = make_notes([(0.0, 5.0, 60, 80), (1.0, 2.0, 62, 80)])
    assert Performance().duration_sec == 0
    assert Performance.create(notes).duration_sec == 5.0
    assert Performance.create(notes, pedalled([(1.0, 90), (7.0, 0)])).duration_sec == 7.0


def test_an_excerpt_by_hand() -> None:
    rows = [(0.5, 1.5, 60, 80), (1.0, 1.25, 62, 80), (1.5, 4.0, 64, 80), (2.0, 2.5, 65, 80)]
    pedal = pedalled([(0.1, 10), (0.5, 100), (1.5, 20), (2.0, 90)])
    part = Performance.create(make_notes(rows), pedal).between(1.0, 2.0)
    assert part.notes["pitch"].tolist() == [62, 64]
    assert part.notes["onset_sec"].tolist() == [0.0, 0.5]
    assert part.notes["release_sec"].tolist() == [0.25, 1.0]
    # The pedal held at the start is still down, and it is lifted half a second later.
    assert part.pedal.tolist() == [(0.0, 100), (0.5, 20)]


def test_a_delay_moves_every_time() -> None:
    take = Performance.create(make_notes([(0.5, 1.5, 60, 80)]), pedalled([(1.0, 100)]))
    later = take.delayed(2.0)
    assert later.notes["onset_sec"][0] == 2.5
    assert later.notes["release_sec"][0] == 3.5
    assert later.pedal["time_sec"][0] == 3.0
    assert take.notes["onset_sec"][0] == 0.5


def test_fingers_are_replaced() -> None:
    take = Performance.create(make_notes([(0.0, 1.0, 60, 80), (1.0, 2.0, 62, 80)]))
    sure = take.with_fingers(np.array([0, 1]), np.array([5, 2]), np.array([0.5, 0.25]))
    assert sure.notes["hand"].tolist() == [0, 1]
    assert sure.notes["finger"].tolist() == [5, 2]
    assert sure.notes["confidence"].tolist() == [0.5, 0.25]
    unsure = sure.with_fingers(np.array([0, 1]), np.array([5, 2]))
    assert np.isnan(unsure.notes["confidence"]).all()
    assert set(take.notes["finger"]) == {0}


def test_the_pedal_is_down_from_64() -> None:
    take = Performance.create(make_notes([]), pedalled([(1.0, 64), (2.0, 63), (3.0, 127)]))
    times = np.array([0.0, 0.99, 1.0, 1.5, 2.0, 2.5, 3.0, 9.0])
    assert pedal_down(take, times).tolist() == [
        False, False, True, True, False, False, True, True
    ]  # fmt: skip
    assert pedal_down(Performance(), times).tolist() == [False] * 8


def test_without_pedal_a_sound_ends_with_its_key_or_the_next_strike() -> None:
    rows = [(0.0, 1.5, 60, 80), (1.0, 2.0, 60, 80), (1.2, 3.0, 62, 80)]
    assert sound_end_sec(Performance.create(make_notes(rows))).tolist() == [1.0, 2.0, 3.0]


def test_the_pedal_holds_sounds_until_it_is_lifted() -> None:
    rows = [(0.0, 0.5, 60, 80), (0.2, 1.5, 62, 80), (2.0, 2.5, 64, 80), (4.0, 4.5, 65, 80)]
    pedal = pedalled([(1.0, 100), (2.2, 110), (3.0, 0), (4.2, 64)])
    take = Performance.create(make_notes(rows), pedal)
    # Released before it goes down; held; held; held to the end of the take.
    assert sound_end_sec(take).tolist() == [0.5, 3.0, 3.0, 4.5]


def test_a_restrike_ends_a_sound_that_the_pedal_holds() -> None:
    rows = [(0.0, 0.5, 60, 80), (1.0, 1.5, 60, 80), (1.2, 1.4, 62, 80)]
    take = Performance.create(make_notes(rows), pedalled([(0.1, 127), (5.0, 0)]))
    assert sound_end_sec(take).tolist() == [1.0, 5.0, 5.0]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("pitch", [21, 108], [20, 109]),
        ("velocity", [1, 127], [0, 128]),
        ("hand", [-1, 0, 1], [-2, 2]),
        ("finger", [0, 1, 5], [-1, 6]),
        ("onset_sec", [0.0, 1.0], [-0.1, 1.1, np.nan]),
        ("release_sec", [0.5, 9.0], [0.4, np.inf]),
    ],
)
def test_ranges_are_kept(name: str, good: list[float], bad: list[float]) -> None:
    for value in good:
        notes = make_notes([(0.5, 1.0, 60, 80)])
        notes[name] = value
        assert Performance.create(notes).notes[name][0] == value
    for value in bad:
        notes = make_notes([(0.5, 1.0, 60, 80)])
        notes[name] = value
        with pytest.raises(InputError):
            Performance.create(notes)


@pytest.mark.parametrize("row", [(-0.1, 5), (np.nan, 5), (1.0, -1), (1.0, 128)])
def test_a_wrong_pedal_is_refused(row: tuple[float, int]) -> None:
    assert len(Performance.create(make_notes([]), pedalled([(0.0, 0), (1.0, 127)])).pedal) == 2
    with pytest.raises(InputError):
        Performance.create(make_notes([]), pedalled([row]))


def test_hands_are_numbered_as_files_have_them() -> None:
    assert (LEFT, RIGHT, UNKNOWN_HAND) == (0, 1, -1)


def test_every_restrike_of_a_held_key_ends_the_sound_before_it() -> None:
    rows = [(float(at), at + 0.5, 60, 80) for at in range(4)]
    take = Performance.create(make_notes(rows), pedalled([(0.1, 127), (9.0, 0)]))
    assert sound_end_sec(take).tolist() == [1.0, 2.0, 3.0, 9.0]


def test_a_take_of_nothing_has_no_notes_and_no_pedal() -> None:
    assert (len(Performance().notes), len(Performance().pedal)) == (0, 0)
    take = Performance.create(make_notes([(0.0, 1.0, 60, 80)]))
    assert len(take.pedal) == 0
    assert take.duration_sec == 1.0
