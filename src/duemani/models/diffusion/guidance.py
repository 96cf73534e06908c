"""Contact while sampling: foreseen poses are bent towards where the fingertips must be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from duemani.models.diffusion.conditions.hand_frame import shift_of_mirrored_m
from duemani.models.diffusion.config import FRAME_RATE
from duemani.models.diffusion.pose_code import WRIST_MOVE_M
from duemani.models.solver.kinematics import (
    BASE_DEVIATION,
    BASE_FLEX,
    DISTAL_COUPLING,
    DOF_COUNT,
    MIDDLE_FLEX,
    PITCH,
    ROLL,
    THUMB_TIP_FLEX,
    YAW,
    pose,
)
from duemani.models.solver.optimise import idle_floor
from duemani.models.solver.smoothness import soft_hinge
from duemani.models.solver.targets import TipTargets
from duemani.skeleton import FINGER_JOINTS

_ANGLE_GIVE_RAD = 0.12
_GIVE = np.full(DOF_COUNT, _ANGLE_GIVE_RAD)
_GIVE[:3] = np.array(WRIST_MOVE_M) * 0.7
_CLEARANCE_M = 0.002
_MOST_WEIGHT = 1 / 0.0015  # targets count no more than this [1/m] while poses are still uncertain


def dofs_of(
    angles_rad: Float[np.ndarray, "frame 16 3"], wrist_m: Float[np.ndarray, "frame 3"]
) -> Float[np.ndarray, "frame 22"]:
    """The solver's degrees of freedom of a pose in its hand's frame."""
    dofs = np.empty((len(angles_rad), DOF_COUNT))
    dofs[:, :3] = wrist_m
    dofs[:, [PITCH, YAW, ROLL]] = angles_rad[:, 0]
    dofs[:, BASE_FLEX] = angles_rad[:, FINGER_JOINTS[:, 0], 0]
    dofs[:, BASE_DEVIATION] = angles_rad[:, FINGER_JOINTS[:, 0], 1]
    dofs[:, MIDDLE_FLEX] = angles_rad[:, FINGER_JOINTS[:, 1], 0]
    dofs[:, THUMB_TIP_FLEX] = angles_rad[:, FINGER_JOINTS[0, 2], 0]
    return dofs


def bent(
    angles_rad: Float[np.ndarray, "frame 16 3"], step: Float[np.ndarray, "frame 22"]
) -> Float[np.ndarray, "frame 16 3"]:
    """Angles changed by a step of the degrees of freedom; distal joints follow the middle ones."""
    angles = angles_rad.copy()
    angles[:, 0] += step[:, [PITCH, YAW, ROLL]]
    angles[:, FINGER_JOINTS[:, 0], 0] += step[:, BASE_FLEX]
    angles[:, FINGER_JOINTS[:, 0], 1] += step[:, BASE_DEVIATION]
    angles[:, FINGER_JOINTS[:, 1], 0] += step[:, MIDDLE_FLEX]
    angles[:, FINGER_JOINTS[1:, 2], 0] += DISTAL_COUPLING * step[:, MIDDLE_FLEX[1:]]
    angles[:, FINGER_JOINTS[0, 2], 0] += step[:, THUMB_TIP_FLEX]
    return angles


@dataclass(frozen=True)
class Contact:
    """One hand's wanted fingertip paths on a window's frames, in its own frame.

    `idle` marks tips without a path, which only have to stay above the keys.
    """

    position_m: Float[np.ndarray, "frame 5 3"]
    weight: Float[np.ndarray, "frame 5 3"]
    idle: Bool[np.ndarray, "frame 5"]
    bone_lengths_m: Float[np.ndarray, "20"]
    move_wrist: bool

    @classmethod
    def of(
        cls, targets: TipTargets, hand: int, bone_lengths_m: np.ndarray, move_wrist: bool
    ) -> Contact:
        """From the solver's targets (mirrored at x = 0 for the left hand)."""
        position = targets.position_m.copy()
        position[..., 0] += shift_of_mirrored_m(hand)
        idle = ~targets.pressing & (targets.weight[..., 2] == 0)
        return cls(position, targets.weight, idle, bone_lengths_m, move_wrist)

    def steps(
        self,
        angles_rad: Float[np.ndarray, "frame 16 3"],
        wrist_m: Float[np.ndarray, "frame 3"],
        strength: float,
    ) -> Float[np.ndarray, "frame 22"]:
        """The Gauss-Newton step towards the paths, held back by how far joints may give.

        Args:
            angles_rad, wrist_m: the pose foreseen.
            strength: 0-1, how much contact counts; less while noise is left.
        """
        posed = pose(dofs_of(angles_rad, wrist_m), self.bone_lengths_m)
        weight, away = self.weight.copy(), self.position_m - posed.tips_m
        # Idle tips that dip into keys are lifted above them, by rules that change smoothly.
        floor = idle_floor(posed.tips_m[..., 1], FRAME_RATE) + _CLEARANCE_M
        short, slope = soft_hinge(floor - posed.tips_m[..., 2])
        away[..., 2] = np.where(self.idle, short, away[..., 2])
        weight[..., 2] = np.where(self.idle, slope * _MOST_WEIGHT, weight[..., 2])
        weight = np.minimum(weight, _MOST_WEIGHT) * strength
        miss = (away * weight).reshape(len(weight), 15)
        jacobian = (posed.jacobian * weight[..., None]).reshape(len(weight), 15, DOF_COUNT)
        give = _GIVE.copy()
        if not self.move_wrist:
            give[:3] = 1e-9
        # (JᵀJ + G⁻²)⁻¹ Jᵀ r = G² Jᵀ (J G² Jᵀ + 1)⁻¹ r: 15 unknowns instead of 22.
        scaled = jacobian * give
        inner = scaled @ scaled.swapaxes(1, 2) + np.eye(15)
        solved = np.linalg.solve(inner, miss[..., None])
        return np.asarray(give * (scaled.swapaxes(1, 2) @ solved)[..., 0])
