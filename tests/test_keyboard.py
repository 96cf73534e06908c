import numpy as np
import pytest

from duemani import keyboard
from duemani.performance import LOWEST_PITCH

C4, C_SHARP4, D4 = 60, 61, 62


def test_sizes_are_those_of_the_conventions() -> None:
    assert keyboard.WHITE_COUNT == 52
    assert pytest.approx(1.222) == keyboard.KEYBOARD_WIDTH_M
    assert int(keyboard.IS_BLACK.sum()) == 36


def test_every_key_is_found_under_its_own_middle() -> None:
    whites = keyboard.key_at(keyboard.CENTRE_X_M, np.full(88, 0.02))
    own = np.arange(88)
    np.testing.assert_array_equal(whites[~keyboard.IS_BLACK], own[~keyboard.IS_BLACK])
    blacks = keyboard.key_at(keyboard.CENTRE_X_M, np.full(88, 0.10))
    np.testing.assert_array_equal(blacks[keyboard.IS_BLACK], own[keyboard.IS_BLACK])


def test_white_keys_lie_between_the_black_ones_at_the_back() -> None:
    pitches = keyboard.PITCHES
    found = keyboard.key_at(keyboard.slot_centre_x(pitches), np.full(88, 0.10))
    np.testing.assert_array_equal(found, np.arange(88))


def test_groups_of_two_and_three_lean_outwards() -> None:
    boundary_cd = keyboard.key_centre_x(np.array(C4)) + keyboard.WHITE_PITCH_M / 2
    assert keyboard.key_centre_x(np.array(C_SHARP4)) == pytest.approx(boundary_cd - 0.0025)
    boundary_de = keyboard.key_centre_x(np.array(D4)) + keyboard.WHITE_PITCH_M / 2
    assert keyboard.key_centre_x(np.array(D4 + 1)) == pytest.approx(boundary_de + 0.0025)
    gis = keyboard.key_centre_x(np.array(68))
    assert gis == pytest.approx(keyboard.key_centre_x(np.array(67)) + keyboard.WHITE_PITCH_M / 2)


@pytest.mark.parametrize(
    ("x", "y"), [(-0.001, 0.02), (1.2221, 0.02), (0.5, -0.001), (0.5, 0.151), (np.nan, 0.02)]
)
def test_nothing_is_found_off_the_keyboard(x: float, y: float) -> None:
    assert keyboard.key_at(np.array(x), np.array(y)) == -1


def test_tops_and_travel_differ_for_black_keys() -> None:
    black = np.array([C4, C_SHARP4])
    np.testing.assert_allclose(keyboard.key_rest_top(black), [0, 0.012])
    np.testing.assert_allclose(keyboard.key_travel(black), [0.010, 0.0095])
    np.testing.assert_array_equal(keyboard.is_black(black), [False, True])
    assert keyboard.PITCHES[0] == LOWEST_PITCH
