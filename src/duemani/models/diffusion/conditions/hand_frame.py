"""One frame for both hands: x grows from the thumb to the little finger, 0 at D4's middle.

The keyboard is its own mirror image about the D keys, so a left hand in this frame plays the very
keys that a right hand could, and one network serves both. The mirrored keyboard reaches five keys
farther down: 93 keys, of which each hand has 88.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from duemani.keyboard import WHITE_PITCH_M, is_black, key_centre_x
from duemani.motion import HandMotion
from duemani.performance import HIGHEST_PITCH, LEFT, LOWEST_PITCH
from duemani.skeleton import joint_angles, rotations_from_angles

_AXIS_PITCH = 62  # D4
AXIS_X_M = float(key_centre_x(np.array(_AXIS_PITCH)))
_REACH = max(HIGHEST_PITCH - _AXIS_PITCH, _AXIS_PITCH - LOWEST_PITCH)
KEY_COUNT = 2 * _REACH + 1
FIRST_KEY = LOWEST_PITCH - _AXIS_PITCH + _REACH
"""Where A0 is among a right hand's 93 keys."""

BIN_M = WHITE_PITCH_M / 2
LINE_BINS = 121
"""A line of bins half a white key wide, its middle one at D4, on which keys are drawn."""
_MIDDLE_BIN = LINE_BINS // 2


def to_hand(points_m: Float[np.ndarray, "*shape 3"], hand: int) -> Float[np.ndarray, "*shape 3"]:
    """Points of the keyboard frame in the frame of one hand [m]."""
    shifted = points_m - np.array([AXIS_X_M, 0, 0])
    return shifted * np.array([-1.0, 1, 1]) if hand == LEFT else shifted


def from_hand(points_m: Float[np.ndarray, "*shape 3"], hand: int) -> Float[np.ndarray, "*shape 3"]:
    """Points of a hand's frame in the keyboard frame [m]: the inverse of `to_hand`."""
    turned = points_m * np.array([-1.0, 1, 1]) if hand == LEFT else points_m
    return turned + np.array([AXIS_X_M, 0, 0])


def shift_of_mirrored_m(hand: int) -> float:
    """What takes x of the solver, which mirrors the left hand at x = 0, to the hand's frame [m]."""
    return AXIS_X_M if hand == LEFT else -AXIS_X_M


def hand_wrists(motion: HandMotion) -> Float[np.ndarray, "hand=2 frame 3"]:
    """Wrists of both hands, each in its own frame [m]."""
    return np.stack([to_hand(motion.wrist_m[hand], hand) for hand in range(2)])


def hand_angles(motion: HandMotion) -> Float[np.ndarray, "hand=2 frame 16 3"]:
    """Flexion, deviation and twist of every joint, alike for both hands [rad]."""
    return np.stack([joint_angles(motion.rotations_rad[hand], hand) for hand in range(2)])


def hand_rotations(
    angles_rad: Float[np.ndarray, "hand=2 frame 16 3"],
) -> Float[np.ndarray, "hand=2 frame 16 3"]:
    """Axis-angle rotations as `HandMotion` keeps them: the inverse of `hand_angles`."""
    return np.stack([rotations_from_angles(angles_rad[hand], hand) for hand in range(2)])


def hand_keys(roll: Float[np.ndarray, "frame 88 *channel"], hand: int) -> np.ndarray:
    """A piano roll with its keys as one hand sees them, (frame, 93, channel)."""
    seen = np.zeros((roll.shape[0], KEY_COUNT, *roll.shape[2:]), roll.dtype)
    seen[:, FIRST_KEY : FIRST_KEY + roll.shape[1]] = roll
    return seen[:, ::-1] if hand == LEFT else seen


def line_matrix() -> Float[np.ndarray, "93 colour=2 bin"]:
    """Draws each key on the line of its colour (white, black), shared between two bins."""
    above = np.arange(_REACH + 1)
    x = key_centre_x(_AXIS_PITCH + above) - AXIS_X_M
    x = np.concatenate([-x[:0:-1], x])
    black = is_black(_AXIS_PITCH + np.abs(np.arange(-_REACH, _REACH + 1)))
    at = x / BIN_M + _MIDDLE_BIN
    low = np.floor(at).astype(int)
    matrix = np.zeros((KEY_COUNT, 2, LINE_BINS), np.float32)
    keys = np.arange(KEY_COUNT)
    matrix[keys, black.astype(int), low] = 1 - (at - low)
    matrix[keys, black.astype(int), low + 1] = at - low
    return matrix


def line_position(x_m: np.ndarray) -> np.ndarray:
    """Where x of a hand's frame lies on the line, in bins."""
    return np.asarray(x_m / BIN_M + _MIDDLE_BIN)
