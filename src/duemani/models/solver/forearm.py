"""The forearm that a hand belongs to. Motion ends at the wrist, so where it lies is a guess.

Elbows hang beside the player's body and follow the hands, not all the way. With the constants
below the hands of a real pianist (`datasets`' PianoMime, 3.4 hours) turn off their forearms by 12°
towards the little finger in the median, and in 96 of 100 frames by less than the limits.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from duemani.keyboard import KEYBOARD_WIDTH_M
from duemani.performance import LEFT

PLAYER_X_M = KEYBOARD_WIDTH_M / 2
ELBOW_ASIDE_M, ELBOW_FOLLOWS, ELBOW_BEHIND_M = 0.075, 0.70, 0.25
# How far a hand turns off its forearm: towards the little finger, towards the thumb.
ULNAR_RAD, RADIAL_RAD = np.radians(30.0), np.radians(15.0)


def forearm_turn(wrist_x_m: Float[np.ndarray, " frame"], hand: int) -> Float[np.ndarray, " frame"]:
    """How far a forearm points outwards, to its own hand's side, from straight ahead [rad]."""
    out = (wrist_x_m - PLAYER_X_M) * (-1.0 if hand == LEFT else 1.0)
    elbow = ELBOW_ASIDE_M + ELBOW_FOLLOWS * out
    return np.asarray(np.arctan2(out - elbow, ELBOW_BEHIND_M))


def wrist_bend(
    pointing: Float[np.ndarray, "frame 3"], wrist_x_m: Float[np.ndarray, " frame"], hand: int
) -> Float[np.ndarray, " frame"]:
    """How far hands that point in a direction are turned off their forearms [rad].

    Positive towards the little finger. Both are seen from above.
    """
    outwards = pointing[..., 0] * (-1.0 if hand == LEFT else 1.0)
    heading = np.arctan2(outwards, pointing[..., 1])
    bend = heading - forearm_turn(wrist_x_m, hand)
    return np.asarray((bend + np.pi) % (2 * np.pi) - np.pi)
