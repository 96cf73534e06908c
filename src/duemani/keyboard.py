"""The 88 keys: where they lie, how far they travel, and the keyboard frame itself.

Keyboard frame: right-handed, metres; origin at the front-left corner of A0's key top; x towards
the treble, y away from the player, z up; z = 0 is the top of an undepressed white key.
Sizes are those of docs/conventions.md (a modern grand's).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.performance import HIGHEST_PITCH, LOWEST_PITCH

WHITE_PITCH_M = 0.0235
WHITE_LENGTH_M = 0.150
BLACK_TOP_WIDTH_M = 0.0110
BLACK_BASE_WIDTH_M = 0.0137
BLACK_FRONT_M = 0.050
BLACK_BACK_M = 0.145
BLACK_HEIGHT_M = 0.012
WHITE_TRAVEL_M = 0.010
BLACK_TRAVEL_M = 0.0095
SOUNDING_SHARE = 0.5
RELEASED_SHARE = 0.25

_BLACK_CLASSES = (1, 3, 6, 8, 10)
# Black keys lean outwards from the middle of their group of two or three.
_BLACK_LEAN_M = {1: -0.0025, 3: 0.0025, 6: -0.0035, 8: 0.0, 10: 0.0035}

PITCHES = np.arange(LOWEST_PITCH, HIGHEST_PITCH + 1)
IS_BLACK = np.isin(PITCHES % 12, _BLACK_CLASSES)
_WHITES_BELOW = np.concatenate([[0], np.cumsum(~IS_BLACK)[:-1]])
WHITE_COUNT = int((~IS_BLACK).sum())
KEYBOARD_WIDTH_M = WHITE_COUNT * WHITE_PITCH_M

CENTRE_X_M = np.where(
    IS_BLACK,
    _WHITES_BELOW * WHITE_PITCH_M + np.array([_BLACK_LEAN_M.get(int(p) % 12, 0) for p in PITCHES]),
    (_WHITES_BELOW + 0.5) * WHITE_PITCH_M,
)
REST_TOP_M = np.where(IS_BLACK, BLACK_HEIGHT_M, 0.0)
TRAVEL_M = np.where(IS_BLACK, BLACK_TRAVEL_M, WHITE_TRAVEL_M)

_WHITE_KEYS = np.flatnonzero(~IS_BLACK)
_BLACK_KEYS = np.flatnonzero(IS_BLACK)
_BLACK_CENTRES = CENTRE_X_M[_BLACK_KEYS]


def is_black(pitch: Int[np.ndarray, "*shape"]) -> Bool[np.ndarray, "*shape"]:
    """Whether each MIDI pitch (21-108) is a black key."""
    return np.asarray(IS_BLACK[np.asarray(pitch) - LOWEST_PITCH])


def key_centre_x(pitch: Int[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """x of each key's middle [m]; for a black key the middle of its top."""
    return np.asarray(CENTRE_X_M[np.asarray(pitch) - LOWEST_PITCH])


def key_rest_top(pitch: Int[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """z of each undepressed key's top [m]."""
    return np.asarray(REST_TOP_M[np.asarray(pitch) - LOWEST_PITCH])


def key_travel(pitch: Int[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """How far each key goes down [m]."""
    return np.asarray(TRAVEL_M[np.asarray(pitch) - LOWEST_PITCH])


def slot_centre_x(pitch: Int[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """x of the middle of a white key's part between the black keys; a black key's own middle."""
    return np.asarray(_SLOT_LEFT_RIGHT.mean(0)[np.asarray(pitch) - LOWEST_PITCH])


def key_at(
    x_m: Float[np.ndarray, "*shape"], y_m: Float[np.ndarray, "*shape"]
) -> Int[np.ndarray, "*shape"]:
    """Index (0-87) of the key whose footprint holds each point, -1 off the keyboard.

    Black keys win where they stand; their footprint is their base.
    """
    x_m, y_m = np.asarray(x_m), np.asarray(y_m)
    on_board = (x_m >= 0) & (x_m < KEYBOARD_WIDTH_M) & (y_m >= 0) & (y_m <= WHITE_LENGTH_M)
    white = np.clip(np.nan_to_num(x_m) // WHITE_PITCH_M, 0, WHITE_COUNT - 1).astype(int)
    key = _WHITE_KEYS[white]
    nearest = np.clip(np.searchsorted(_BLACK_CENTRES, x_m), 1, len(_BLACK_CENTRES) - 1)
    nearest -= np.abs(x_m - _BLACK_CENTRES[nearest - 1]) < np.abs(x_m - _BLACK_CENTRES[nearest])
    on_black = np.abs(x_m - _BLACK_CENTRES[nearest]) <= BLACK_BASE_WIDTH_M / 2
    on_black &= (y_m >= BLACK_FRONT_M) & (y_m <= BLACK_BACK_M)
    return np.where(on_board, np.where(on_black, _BLACK_KEYS[nearest], key), -1)


def _slots() -> Float[np.ndarray, "2 88"]:
    left = CENTRE_X_M - np.where(IS_BLACK, BLACK_TOP_WIDTH_M, WHITE_PITCH_M) / 2
    right = CENTRE_X_M + np.where(IS_BLACK, BLACK_TOP_WIDTH_M, WHITE_PITCH_M) / 2
    for key in _BLACK_KEYS:
        right[key - 1] = CENTRE_X_M[key] - BLACK_BASE_WIDTH_M / 2
        left[key + 1] = CENTRE_X_M[key] + BLACK_BASE_WIDTH_M / 2
    return np.stack([left, right])


_SLOT_LEFT_RIGHT = _slots()
