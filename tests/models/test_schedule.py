"""One hand's strikes: which way chords are rolled, and when keys are let go, in milliseconds."""

from __future__ import annotations

import numpy as np
import pytest

from duemani.keyboard import key_centre_x
from duemani.models.solver.schedule import SPAN_M, Schedule, schedule_hand
from duemani.models.solver.style import Style
from duemani.performance import LEFT, RIGHT
from duemani.skeleton import MEDIUM_SPAN_M
from tests.helpers.motion_model import mirrored, played

MEDIUM = Style(hand_span_m=MEDIUM_SPAN_M)
Row = tuple[float, float, int, int, int]


def scheduled(rows: list[Row], hand: int = RIGHT) -> Schedule:
    return schedule_hand(played(rows).notes, hand, MEDIUM)


def wide_chord(hand: int, apart_sec: float = 0.0) -> Schedule:
    """Two octaves at once, thumb and little finger."""
    low, high = (1, 5) if hand == RIGHT else (5, 1)
    rows = [(1.0, 2.0, 48, hand, low), (1.0 + apart_sec, 2.0, 72, hand, high)]
    return scheduled(rows, hand)


@pytest.mark.parametrize("hand", [LEFT, RIGHT])
def test_wide_chords_are_rolled_upwards(hand: int) -> None:
    made = wide_chord(hand)
    assert made.pitch.tolist() == [48, 72]
    np.testing.assert_allclose(made.onset_sec, [0.97, 1.03], atol=1e-9)


@pytest.mark.parametrize("hand", [LEFT, RIGHT])
def test_a_rolled_chord_keeps_the_order_it_was_played_in(hand: int) -> None:
    made = wide_chord(hand, -0.02)  # the upper key first
    assert made.pitch.tolist() == [72, 48]
    np.testing.assert_allclose(made.onset_sec, [0.95, 1.03], atol=1e-9)


def test_what_the_hand_spans_is_struck_as_played() -> None:
    made = scheduled([(1.0, 2.0, 60, RIGHT, 1), (1.0, 2.0, 72, RIGHT, 5)])
    assert made.onset_sec.tolist() == [1.0, 1.0]
    np.testing.assert_allclose(made.x_m, key_centre_x(np.array([60, 72])))


def test_a_roll_takes_as_long_as_the_excess_needs() -> None:
    # 14 white keys less the span of 212 mm; 35 ms and the time for it, half to either side.
    excess = 10 * 0.0235 - SPAN_M[0, 4]
    made = scheduled([(1.0, 2.0, 60, RIGHT, 1), (1.0, 2.0, 77, RIGHT, 5)])
    late = (0.035 + np.sqrt((excess - 0.01) / 14)) / 2
    assert late > 0.03
    np.testing.assert_allclose(made.onset_sec, [0.97, 1.03])
    # Struck 60 ms apart, less time is missing: no stretch to the keys' edges then.
    made = scheduled([(1.0, 2.0, 60, RIGHT, 1), (1.06, 2.0, 77, RIGHT, 5)])
    late = (0.035 + np.sqrt(excess / 14) - 0.06) / 2
    np.testing.assert_allclose(made.onset_sec, [1 - late, 1.06 + late], atol=1e-9)


def test_chords_at_the_edge_of_the_span_are_played_on_the_inner_edges() -> None:
    # A ninth: 8 × 23.5 = 188 mm of 212, at rest; a tenth 211.5 mm: both move in 5 mm.
    ninth, tenth = (
        scheduled([(1.0, 2.0, 60, RIGHT, 1), (1.0, 2.0, top, RIGHT, 5)]) for top in (74, 76)
    )
    assert np.diff(ninth.x_m)[0] == pytest.approx(8 * 0.0235)
    np.testing.assert_allclose(tenth.x_m - key_centre_x(np.array([60, 76])), [0.005, -0.005])
    assert tenth.onset_sec.tolist() == [1.0, 1.0]


def test_the_left_hand_is_the_mirror_image() -> None:
    rows: list[Row] = [
        (1.0, 1.5, 60, RIGHT, 1),
        (1.0, 1.5, 79, RIGHT, 5),
        (1.5, 1.7, 62, RIGHT, 2),
        (1.6, 2.5, 63, RIGHT, 3),
        (1.75, 2.0, 76, RIGHT, 5),
    ]
    right = scheduled(rows)
    left = schedule_hand(mirrored(played(rows)).notes, LEFT, MEDIUM)
    assert (left.finger == right.finger).sum() >= 3
    # The same keys at the same times, but for the chord, which goes upwards in both hands.
    np.testing.assert_allclose(left.onset_sec[2:], right.onset_sec[2:])
    np.testing.assert_allclose(left.release_sec[2:], right.release_sec[2:])
    middle = key_centre_x(np.array(62))
    np.testing.assert_allclose(left.x_m[2:] + middle, right.x_m[2:] - middle, atol=1e-9)


def test_a_finger_lets_go_before_it_strikes_elsewhere() -> None:
    # 35 ms and the time for five white keys at 14 m/s².
    made = scheduled([(0.0, 2.0, 60, RIGHT, 3), (1.0, 2.0, 69, RIGHT, 3)])
    assert made.release_sec[0] == pytest.approx(1.0 - 0.035 - np.sqrt(5 * 0.0235 / 14))
    # No time for it: 62 % of what there is.
    made = scheduled([(0.0, 2.0, 60, RIGHT, 3), (0.19, 2.0, 69, RIGHT, 3)])
    assert made.release_sec[0] == pytest.approx(0.19 - 0.62 * 0.19, abs=0.004)


@pytest.mark.parametrize(
    ("gap_sec", "needed_sec"), [(1.0, 0.11), (0.3, 0.09), (0.15, 0.055), (0.08, 0.0496)]
)
def test_a_repeated_key_comes_up_in_between(gap_sec: float, needed_sec: float) -> None:
    made = scheduled([(0.0, 3.0, 60, RIGHT, 3), (gap_sec, 3.0, 60, RIGHT, 3)])
    assert made.release_sec[0] == pytest.approx(gap_sec - needed_sec)
    # Another finger on the same key: 50 ms, or 62 % of the time.
    made = scheduled([(0.0, 3.0, 60, RIGHT, 3), (gap_sec, 3.0, 60, RIGHT, 2)])
    assert made.release_sec[0] == pytest.approx(gap_sec - min(0.05, 0.62 * gap_sec))


def test_keys_are_held_as_played_and_never_too_long_or_short() -> None:
    made = scheduled(
        [(0.0, 0.02, 60, RIGHT, 1), (1.0, 1.7, 62, RIGHT, 2), (2.0, 99.0, 64, RIGHT, 3)]
    )
    np.testing.assert_allclose(made.release_sec, [0.07, 1.7, 32.0])


def test_what_is_out_of_reach_is_let_go_in_time_to_get_there() -> None:
    # From C4 held by the thumb to F5 struck by 3: 10 white keys, 155 mm reached.
    made = scheduled([(0.0, 3.0, 60, RIGHT, 1), (1.0, 3.0, 77, RIGHT, 3)])
    excess = 10 * 0.0235 - SPAN_M[0, 2]
    assert made.release_sec[0] == pytest.approx(1.0 - 0.03 - np.sqrt(excess / 14))
    # Within reach it stays.
    made = scheduled([(0.0, 3.0, 60, RIGHT, 1), (1.0, 3.0, 67, RIGHT, 3)])
    assert made.release_sec.tolist() == [3.0, 3.0]
    # The thumb passes 70 mm under; 3 keys (70.5 mm) take a little longer.
    made = scheduled([(0.0, 3.0, 60, RIGHT, 3), (1.0, 3.0, 65, RIGHT, 1)])
    assert made.release_sec[0] == pytest.approx(0.97 - np.sqrt(0.0005 / 14))
    made = scheduled([(0.0, 3.0, 60, RIGHT, 3), (1.0, 3.0, 64, RIGHT, 1)])
    assert made.release_sec[0] == 3.0


def test_the_white_key_beside_a_black_one_is_played_off_its_middle() -> None:
    both = key_centre_x(np.array([60, 61]))
    apart = float(np.diff(both)[0])
    assert apart < 0.0145
    made = scheduled([(0.0, 1.0, 61, RIGHT, 2), (0.1, 1.0, 60, RIGHT, 1)])
    away = min(0.0145 - apart, 0.005)
    np.testing.assert_allclose(made.x_m, [both[1], both[0] - away], atol=1e-9)
    made = scheduled([(0.0, 1.0, 60, RIGHT, 1), (0.1, 1.0, 61, RIGHT, 2)])
    np.testing.assert_allclose(made.x_m, [both[0] - away, both[1]], atol=1e-9)
    # Much later, or with the same finger, nothing is in the way.
    for gap, finger in ((0.2, 2), (0.1, 1)):
        made = scheduled([(0.0, gap, 60, RIGHT, 1), (gap, 1.0, 61, RIGHT, finger)])
        np.testing.assert_allclose(made.x_m, both)


def test_hands_and_orders_do_not_mix() -> None:
    made = scheduled([(0.0, 1.0, 60, RIGHT, 1), (0.5, 1.0, 40, LEFT, 2), (0.7, 1.0, 62, RIGHT, 2)])
    assert made.pitch.tolist() == [60, 62]
    assert made.finger.tolist() == [0, 1]
    assert made.black.tolist() == [False, False]
    assert len(made.chosen(np.array([True, False]))) == 1
