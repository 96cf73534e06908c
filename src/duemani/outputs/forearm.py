"""Forearms as page, film and glTF draw them; the page's code has the same rule in TypeScript."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from duemani.models.solver.forearm import wrist_bend
from duemani.motion import HandMotion
from duemani.performance import LEFT

# A wrist is drawn bent by less than this sideways; the elbow gives way to the rest.
MOST_BEND_RAD = np.radians(20.0)
# It rises so towards the wrist, and by this share of what the hand rises.
RISE, FOLLOWED_RISE = 0.03, 0.31


def forearm_directions(motion: HandMotion, hand: int) -> Float[np.ndarray, "frame 3"]:
    """Unit direction in each frame from the elbow to the wrist, as it is drawn.

    The elbow is guessed (`models.solver.forearm`); where the hand would be turned far off that
    forearm, the elbow is elsewhere: the drawn bend nears `MOST_BEND_RAD` and never passes it.
    Frames in which the hand is not known are those of a hand that points straight ahead.
    """
    side = -1.0 if hand == LEFT else 1.0
    turn = Rotation.from_rotvec(np.nan_to_num(motion.rotations_rad[hand, :, 0]))
    pointing = turn.apply([0.0, 1.0, 0.0])
    bend = wrist_bend(pointing, np.nan_to_num(motion.wrist_m[hand, :, 0]), hand)
    heading = np.arctan2(side * pointing[:, 0], pointing[:, 1])
    heading = heading - MOST_BEND_RAD * np.tanh(bend / MOST_BEND_RAD)
    level = np.maximum(np.hypot(pointing[:, 0], pointing[:, 1]), 1e-3)
    rise = RISE + FOLLOWED_RISE * np.clip(pointing[:, 2] / level, -1, 1)
    along = np.stack([side * np.sin(heading), np.cos(heading), rise], axis=-1)
    return np.asarray(along / np.linalg.norm(along, axis=-1, keepdims=True))
