"""Tolerances of key presses and penetration, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from duemani.evaluation.motion.measure import match_presses, penetrations, segment_distance
from duemani.keyboard import key_centre_x
from duemani.motion import HandMotion
from duemani.performance import make_notes
from tests.helpers.hands import playing_hands


@pytest.mark.parametrize(
    ("later_sec", "pairs"), [(0.0, 1), (0.045, 1), (-0.045, 1), (0.06, 0), (-0.06, 0), (0.4, 0)]
)
def test_a_press_counts_within_50_ms(later_sec: float, pairs: int) -> None:
    notes = make_notes([(1.0, 1.2, 60, 80)])
    pressed = make_notes([(1.0 + later_sec, 1.2 + later_sec, 60, 80)])
    assert len(match_presses(notes, pressed)) == pairs


def test_a_press_is_matched_once_and_only_with_its_own_key() -> None:
    notes = make_notes([(1.0, 1.2, 60, 80), (2.0, 2.2, 61, 80)])
    pressed = make_notes([(1.0, 1.2, 61, 80), (2.01, 2.2, 61, 80), (2.02, 2.2, 61, 80)])
    assert match_presses(notes, pressed)[:, 0].tolist() == [1]
    assert len(match_presses(notes[:0], pressed)) == 0


def one_tip_at(height_m: float, start_sec: float = 0.0) -> HandMotion:
    """Two seconds of hands high above the keys, but for a tip over the front of middle C."""
    motion = playing_hands(2.0, 100.0, start_sec)
    landmarks = np.full_like(motion.landmarks_m, 0.5)
    landmarks[1, :, 8] = key_centre_x(np.array([60]))[0], 0.02, height_m
    return replace(motion, landmarks_m=landmarks)


@pytest.mark.parametrize("start_sec", [0.0, 5.0])
def test_a_tip_inside_a_key_is_excused_only_while_the_key_moves(start_sec: float) -> None:
    press = make_notes([(start_sec + 0.8, start_sec + 1.2, 60, 80)])
    inside = penetrations(one_tip_at(-0.005, start_sec), press)
    frames = np.flatnonzero(~inside)
    # Down from 0.8 to 1.2 s, and a tenth of a second either way, at 100 frames a second.
    assert frames[0] == pytest.approx(70, abs=1)
    assert frames[-1] == pytest.approx(130, abs=1)
    assert len(frames) == frames[-1] - frames[0] + 1
    assert penetrations(one_tip_at(-0.005), press[:0]).all()


def test_a_tip_may_sink_a_millimetre_into_its_key() -> None:
    none = make_notes([])
    assert not penetrations(one_tip_at(-0.0009), none).any()
    assert penetrations(one_tip_at(-0.0011), none).all()
    neighbour = make_notes([(0.0, 2.0, 62, 80)])
    assert penetrations(one_tip_at(-0.0011), neighbour).all()


@pytest.mark.parametrize(
    ("other", "distance"),
    [
        ([[0, 1, 0], [4, 1, 0]], 1.0),  # beside it
        ([[1, -2, 3], [1, 2, 3]], 3.0),  # across, above its middle
        ([[7, 4, 0], [9, 4, 0]], 5.0),  # past its end: 3 along, 4 aside
        ([[-3, 0, 0], [-5, 0, 0]], 3.0),  # before its start
        ([[2, -1, 0], [2, 1, 0]], 0.0),  # through it
    ],
)
def test_distances_of_segments_by_hand(other: list[list[float]], distance: float) -> None:
    one, two = np.array([[[0.0, 0, 0], [4, 0, 0]]]), np.array([other], float)
    assert segment_distance(one, two)[0] == pytest.approx(distance, abs=1e-6)
    assert segment_distance(two, one)[0] == pytest.approx(distance, abs=1e-6)
