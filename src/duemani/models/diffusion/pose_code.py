"""Poses as the denoiser makes them: normalised joint angles, and the wrist's move off its guide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

WRIST_MOVE_M = (0.008, 0.006, 0.003)
"""A unit of the wrist's move along x, y, z."""


@dataclass(frozen=True)
class PoseCode:
    """Which of the 48 angles move in the training data, and their mean and deviation.

    Angles are flexion, deviation and twist of the 16 joints (`skeleton.joint_angles`), which say
    the same as axis-angle rotations; those that never move keep their mean.

    Attributes:
        mean, deviation: of all 48 angles [rad].
        moving: indices of those that move.
        wrist: whether three more channels move the wrist.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    moving: tuple[int, ...]
    wrist: bool

    @property
    def channels(self) -> int:
        """How many numbers a pose is."""
        return len(self.moving) + 3 * self.wrist

    def encode(
        self,
        angles_rad: Float[np.ndarray, "*shape 16 3"],
        move_m: Float[np.ndarray, "*shape 3"],
    ) -> Float[np.ndarray, "*shape channel"]:
        """Angles and the wrist's move → a code."""
        index = list(self.moving)
        flat = angles_rad.reshape(*angles_rad.shape[:-2], 48)
        code = (flat[..., index] - np.array(self.mean)[index]) / np.array(self.deviation)[index]
        if not self.wrist:
            return code
        return np.concatenate([code, move_m / np.array(WRIST_MOVE_M)], axis=-1)

    def decode(
        self, code: Float[np.ndarray, "*shape channel"]
    ) -> tuple[Float[np.ndarray, "*shape 16 3"], Float[np.ndarray, "*shape 3"]]:
        """A code → angles [rad] and the wrist's move [m]."""
        index = list(self.moving)
        flat = np.broadcast_to(np.array(self.mean), (*code.shape[:-1], 48)).copy()
        count = len(index)
        flat[..., index] += code[..., :count] * np.array(self.deviation)[index]
        angles = flat.reshape(*code.shape[:-1], 16, 3)
        if not self.wrist:
            return angles, np.zeros((*code.shape[:-1], 3))
        return angles, code[..., count:] * np.array(WRIST_MOVE_M)
