"""Difficulty against the formula of its docstring, reckoned by hand: efforts, bars, both hands.

White keys lie 23.5 mm apart. One bar of 10 s is long enough for every case, so ten times its load
is the sum of the efforts.
"""

from __future__ import annotations

import numpy as np
import pytest

from duemani.analysis.difficulty import difficulty, overall
from duemani.models.fingering.choose import Fingering
from duemani.performance import LEFT, RIGHT, Performance, make_notes

KEY_M = 0.0235
C4, D4, E4, F4, G4, A4, C5, D5, F5 = 60, 62, 64, 65, 67, 69, 72, 74, 77
Row = tuple[float, float, int, int]


def loads(
    right: list[Row], left: list[Row] | None = None, starts: tuple[float, ...] = (0.0, 10.0)
) -> np.ndarray:
    """What the hands spend a second in every bar: value = 10 load^1.8 / (load^1.8 + 11.5^1.8)."""
    left = left or []
    rows = [*right, *left]
    notes = make_notes([(onset, release, pitch, 64) for onset, release, pitch, _ in rows])
    notes["hand"] = [RIGHT] * len(right) + [LEFT] * len(left)
    notes["finger"] = [row[3] for row in rows]
    performance = Performance.create(notes)
    count = len(rows)
    fingering = Fingering(performance, np.full((count, 5), 0.2), np.zeros(count, int))
    value = difficulty(fingering, np.array(starts))
    return 11.5 * (value / (10 - value)) ** (1 / 1.8)


def effort(*rows: Row) -> float:
    return 10 * float(loads(list(rows))[0])


def pair(first: tuple[int, int], second: tuple[int, int], gap_sec: float = 1.5) -> float:
    """Effort of the second of two notes, (pitch, finger) each; the first costs 1."""
    both = effort((0.0, gap_sec, *first), (gap_sec, 2 * gap_sec, *second))
    return both - 1


def test_a_note_alone_costs_one() -> None:
    assert effort((0.0, 1.0, C4, 3)) == pytest.approx(1)
    assert pair((C4, 1), (D4, 2)) == pytest.approx(1)
    assert pair((C4, 3), (C4, 3)) == pytest.approx(1)
    assert pair((C4, 3), (C4, 2)) == pytest.approx(1)  # a change of finger


def test_half_the_scale_is_reached_at_a_load_of_eleven_and_a_half() -> None:
    notes = make_notes([(at / 23, at / 23 + 0.02, C4, 64) for at in range(23)])
    notes["hand"], notes["finger"] = RIGHT, 2
    fingering = Fingering(Performance.create(notes), np.full((23, 5), 0.2), np.zeros(23, int))
    # 23 strikes in two seconds, the same key each time.
    assert difficulty(fingering, np.array([0.0, 2.0]))[0] == pytest.approx(5)


@pytest.mark.parametrize(
    ("second", "keys"),
    [((D4, 2), 0), ((E4, 2), 1), ((F4, 2), 2), ((E4, 3), 0), ((A4, 5), 1), ((D4, 3), 1)],
)
def test_a_hand_that_opens_or_closes_a_key(second: tuple[int, int], keys: int) -> None:
    assert pair((C4, 1), second) == pytest.approx(1 + 0.3 * keys * KEY_M / 0.05)


def test_opening_wider_costs_no_more_than_five_centimetres() -> None:
    assert pair((C4, 1), (G4, 2)) == pytest.approx(1.3)


@pytest.mark.parametrize(("gap_sec", "rush"), [(0.15, 1), (0.3, 0.5), (1.5, 0.1), (0.06, 2)])
@pytest.mark.parametrize(("fingers", "weak"), [((3, 4), 1), ((4, 5), 1), ((2, 3), 0)])
def test_weak_fingers_in_a_row(
    gap_sec: float, rush: float, fingers: tuple[int, int], weak: int
) -> None:
    found = pair((C4, fingers[0]), (D4, fingers[1]), gap_sec)
    assert found == pytest.approx(1 + 0.3 * rush * weak)


def test_one_weak_finger_alone_is_not_in_a_row() -> None:
    # C4 and E4 by 3 after a chord: no line of single notes, and no opening is counted.
    found = effort((0.0, 1.0, C4, 1), (0.0, 1.0, E4, 3), (1.5, 2.0, F4, 4))
    assert found == pytest.approx(1.35 + 1)


@pytest.mark.parametrize(
    ("first", "second", "keys", "thumb", "weak"),
    [
        ((E4, 3), (F4, 1), 1, True, 0),  # the thumb passes under 3
        ((F4, 1), (E4, 3), 1, True, 0),  # 3 crosses over the thumb
        ((C4, 4), (G4, 1), 4, True, 0),
        ((C4, 3), (D4, 2), 1, False, 0),  # 2 over 3
        ((D4, 4), (E4, 3), 1, False, 1),
        ((E4, 3), (D4, 4), 1, False, 1),  # 4 under 3
    ],
)
def test_crossings(
    first: tuple[int, int], second: tuple[int, int], keys: int, thumb: bool, weak: int
) -> None:
    wide = 0.6 * keys * KEY_M / 0.1
    found = pair(first, second)
    assert found == pytest.approx(1 + 0.4 + wide + (0 if thumb else 0.3) + 0.03 * weak)


def test_the_same_finger_on_the_next_key() -> None:
    assert pair((C4, 2), (D4, 2)) == pytest.approx(1.4)
    assert pair((C4, 2), (E4, 2)) == pytest.approx(1.4)


@pytest.mark.parametrize(
    ("first", "second", "keys_out"),
    [
        ((C4, 2), (F4, 2), 3),
        ((F4, 2), (C4, 2), 3),
        ((36, 1), (D5, 5), 22 - 4),
        ((D5, 5), (36, 1), 22 - 4),
        ((24, 1), (96, 5), 42 - 4),  # 0.87 m: four hands' widths at most
    ],
)
@pytest.mark.parametrize("gap_sec", [0.3, 1.5])
def test_shifts_cost_the_way_beyond_the_reach(
    first: tuple[int, int], second: tuple[int, int], keys_out: int, gap_sec: float
) -> None:
    rush = 0.15 / gap_sec
    ways = min((keys_out - 1) * KEY_M / 0.1, 4.0)
    assert pair(first, second, gap_sec) == pytest.approx(1 + ways * (0.3 + rush))


def test_a_rest_leaves_no_crossing() -> None:
    # Six quick notes set the pace; then 1.4 s pass, and the thumb just strikes beyond 3.
    quick = [(at / 10, at / 10 + 0.05, E4, 3) for at in range(7)]
    joined = [*quick, (0.7, 0.8, F4, 1)]
    rested = [*quick, (2.0, 2.1, F4, 1)]
    assert effort(*joined) == pytest.approx(7 + 1.4 + 0.6 * 0.235)
    assert effort(*rested) == pytest.approx(7 + 1 + 0.3)  # closed by three keys


@pytest.mark.parametrize(
    ("chord", "cost"),
    [
        ([(C4, 1), (E4, 3), (G4, 5)], 1.7),
        ([(C4, 1), (C5, 5)], 1.35 + 0.4),  # 0.1645 of 0.2055 m: 80 %
        ([(C4, 1), (D5, 5)], 1.35 + 0.9),  # 0.188 m: 91 %
        ([(C4, 1), (F5, 5)], 1.35 + 1.6),  # 0.235 m: more than all
        ([(C4, 1), (E4, 2), (F5, 5)], 1.7 + 1.6),  # 2-5 are strained too; the worst counts once
    ],
)
def test_chords_by_notes_and_span(chord: list[tuple[int, int]], cost: float) -> None:
    assert effort(*[(0.0, 1.0, pitch, finger) for pitch, finger in chord]) == pytest.approx(cost)


def test_held_keys_cost_half_a_note_each() -> None:
    one = effort((0.0, 3.0, C4, 1), (1.0, 2.0, E4, 3))
    assert one == pytest.approx(1 + 1.5)
    two = effort((0.0, 3.0, C4, 1), (1.0, 3.0, E4, 3), (2.0, 3.0, G4, 5))
    # 3 and 5 in a row are weak: 0.3 × 0.15.
    assert two == pytest.approx(1 + 1.5 + 2 + 0.3 * 0.15)
    octave = effort((0.0, 3.0, C4, 1), (1.0, 3.0, C5, 5))
    assert octave == pytest.approx(1 + 1.5 + 0.4 + 0.3)  # held wide, and opened by 3 keys


def test_the_second_hand_counts_half_and_more_where_it_is_alone() -> None:
    right, left = [(0.0, 1.0, C5, 1)], [(0.0, 1.0, C4, 1)]
    assert 10 * loads(right, left)[0] == pytest.approx(1 + 0.5)
    apart = [(1.0, 2.0, C4, 1)]
    assert 10 * loads(right, apart)[0] == pytest.approx(1 + 0.5 + 0.8)
    twice = [*right, (1.0, 2.0, C5, 1)]  # one strike of three alone
    assert 10 * loads(twice, left)[0] == pytest.approx(2 + 0.5 + 0.8 / 3)
    assert 10 * loads(left, twice)[0] == pytest.approx(2 + 0.5 + 0.8 / 3)
    late = [*right, (1.0, 2.0, C5, 1), (3.0, 4.0, C5, 1)]
    assert 10 * loads(late, [(1.0, 2.0, C4, 1)])[0] == pytest.approx(3 + 0.5 + 0.8 / 2)


def test_strikes_a_quarter_of_the_usual_step_apart_are_together() -> None:
    right = [(float(at), at + 0.9, C5, 1) for at in range(4)]
    for late, alone in ((0.24, 0.0), (0.26, 1.0)):
        left = [(at + late, at + 0.9, C4, 1) for at in range(4)]
        assert 10 * loads(right, left)[0] == pytest.approx(4 + (0.5 + 0.8 * alone) * 4)


def test_independence_is_each_bars_own() -> None:
    right = [(0.0, 1.0, C5, 1), (2.0, 3.0, C5, 1)]
    left = [(0.0, 1.0, C4, 1), (3.0, 4.0, C4, 1)]
    found = 2 * loads(right, left, (0.0, 2.0))
    np.testing.assert_allclose(found, [1.5, 1 + 0.5 + 0.8])


def test_a_bars_length_divides_its_efforts() -> None:
    short = loads([(0.0, 1.0, C4, 1), (2.0, 3.0, C4, 1)], starts=(0.0, 2.0))
    np.testing.assert_allclose(short, [1 / 2, 1 / 2])  # the last is as long as the others
    long = loads([(0.0, 1.0, C4, 1), (2.0, 10.0, C4, 1)], starts=(0.0, 2.0))
    np.testing.assert_allclose(long, [1 / 2, 1 / 8])  # or as its notes
    np.testing.assert_allclose(loads([(0.0, 5.0, C4, 1)], starts=(0.0,)), [1 / 5])


def test_notes_before_the_first_bar_lengthen_it() -> None:
    found = loads([(0.0, 0.5, C4, 1), (3.0, 4.0, C4, 1)], starts=(1.0, 3.0))
    np.testing.assert_allclose(found, [1 / 3, 1 / 3])


def test_a_scrap_of_a_bar_has_a_quarter_of_the_usual_length() -> None:
    rows = [(at, at + 0.1, C4, 1) for at in (0.0, 4.0, 4.2, 8.2)]
    found = loads(rows, starts=(0.0, 4.0, 4.2, 8.2))
    np.testing.assert_allclose(found, [1 / 4, 1, 1 / 4, 1 / 4])


def test_a_strike_on_the_bar_line_is_the_new_bars() -> None:
    found = loads([(2.0, 2.5, C4, 1)], starts=(0.0, 2.0, 4.0))
    np.testing.assert_allclose(found, [0, 1 / 2, 0])


def test_hand_size_scales_the_reach() -> None:
    notes = make_notes([(0.0, 1.0, C4, 64), (0.0, 1.0, C5, 64)])
    notes["hand"], notes["finger"] = RIGHT, [1, 5]
    octave = Fingering(Performance.create(notes), np.full((2, 5), 0.2), np.zeros(2, int))
    costs = []
    for span_m in (0.15, 0.18, 0.21, 0.26):
        value = float(difficulty(octave, np.array([0.0, 10.0]), span_m)[0])
        costs.append(10 * 11.5 * (value / (10 - value)) ** (1 / 1.8) - 1.35)
    assert costs == pytest.approx([1.6, 0.9, 0.4, 0.0], abs=1e-6)


def test_overall_is_the_mean_of_the_hardest_quarter() -> None:
    assert overall(np.arange(1.0, 9.0)) == pytest.approx(7.5)
    assert overall(np.array([3.0, 0.0, 1.0, 5.0, 0.0, 2.0, 4.0])) == pytest.approx(4.5)
    assert overall(np.array([0.5, 0.0])) == pytest.approx(0.5)
    assert overall(np.zeros(0)) == 0
