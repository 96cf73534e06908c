"""Fingertips from joint angles, differentiable: `skeleton.pose_joints` in PyTorch."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from duemani.skeleton import BONE_DIRECTIONS, FINGER_JOINTS, JOINT_FRAMES


class Fingertips(nn.Module):
    """Angles of a (right, or mirrored) hand → its five pads [m]."""

    def __init__(self) -> None:
        super().__init__()
        frames = torch.tensor(JOINT_FRAMES, dtype=torch.float32)
        self.register_buffer("frames", frames, persistent=False)
        self.register_buffer("bones", torch.tensor(BONE_DIRECTIONS).float(), persistent=False)
        self.register_buffer("joints", torch.tensor(FINGER_JOINTS), persistent=False)

    def forward(
        self,
        wrist_m: Float[Tensor, "*shape 3"],
        angles_rad: Float[Tensor, "*shape 16 3"],
        bone_lengths_m: Float[Tensor, "*shape 20"],
    ) -> Float[Tensor, "*shape 5 3"]:
        """Pads in the frame that the wrist is given in."""
        bones = self.bones * bone_lengths_m.unflatten(-1, (5, 4))[..., None]
        turned = _turns(angles_rad[..., 0, :])[..., None, :, :]
        # Rotations are kept in the joint's anatomical frame, which saves a product a level.
        at = _applied(turned, bones[..., 0, :])
        parent = turned @ self.frames[:, 0]
        for level in range(3):
            parent = parent @ _turns(angles_rad[..., self.joints[:, level], :])
            bone = bones[..., level + 1, :].unsqueeze(-2) @ self.frames[:, level]
            at = at + _applied(parent, bone.squeeze(-2))
            if level < 2:
                parent = parent @ (self.frames[:, level].mT @ self.frames[:, level + 1])
        return at + wrist_m[..., None, :]


def _applied(rotation: Tensor, vector: Tensor) -> Tensor:
    return (rotation * vector[..., None, :]).sum(-1)


def _turns(angles: Tensor) -> Tensor:
    """Rz(deviation) Rx(-flexion) Ry(twist), as `skeleton.joint_angles` defines them."""
    flexion, deviation, twist = angles.unbind(-1)
    cz, sz, cx, sx = deviation.cos(), deviation.sin(), flexion.cos(), -flexion.sin()
    cy, sy = twist.cos(), twist.sin()
    rows = [
        torch.stack([cz * cy - sz * sx * sy, -sz * cx, cz * sy + sz * sx * cy], -1),
        torch.stack([sz * cy + cz * sx * sy, cz * cx, sz * sy - cz * sx * cy], -1),
        torch.stack([-cx * sy, sx, cx * cy], -1),
    ]
    return torch.stack(rows, -2)
