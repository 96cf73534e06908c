"""The one animation of a glTF file: samples a motion's arrays and adds them as channels."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from pygltflib import (
    GLTF2,
    Animation,
    AnimationChannel,
    AnimationChannelTarget,
    AnimationSampler,
)

from duemani.motion import HandMotion
from duemani.outputs.gltf.buffer import GltfBuffer

_DEPTH_TOLERANCE_M = 2e-5


class AnimationTrack:
    """The one animation: samples arrays of the motion's frames at the file's key frames."""

    def __init__(
        self, gltf: GLTF2, buffer: GltfBuffer, motion: HandMotion, frame_rate: float | None
    ) -> None:
        self._buffer = buffer
        rate = min(frame_rate or motion.frame_rate, motion.frame_rate)
        last = float(motion.time_sec[-1]) - motion.start_sec
        count = max(int(np.ceil(last * rate - 1e-6)), 0) + 1
        self.time_sec = np.minimum(np.arange(count) / rate, last)
        own = count == motion.frame_count
        self._where = None if own else motion.where(motion.start_sec + self.time_sec)
        self._time = buffer.add(self.time_sec.astype(np.float32), with_range=True)
        extras = {"duration_sec": round(last, 4)}
        self.animation = Animation(name="performance", channels=[], samplers=[], extras=extras)

    def sample(self, values: Float[np.ndarray, "frame *shape"]) -> np.ndarray:
        """Values at the key frames, (key frame, ...), linear between frames.

        Also quaternions, unlike `HandMotion.at`: made anew of length 1 they lie on the shortest
        turn, and so near its even pace that no viewer shows it.
        """
        return values if self._where is None else self._where.mixed(values)

    def animate(
        self, node: int, path: str, values: np.ndarray, keep: np.ndarray | None = None
    ) -> None:
        """One channel; `keep` chooses the key frames it needs."""
        time = self._time
        if keep is not None:
            values = values[keep]
            time = self._buffer.add(self.time_sec[keep].astype(np.float32), with_range=True)
        output = self._buffer.add(values.astype(np.float32))
        samplers, channels = self.animation.samplers, self.animation.channels
        samplers.append(AnimationSampler(input=time, output=output, interpolation="LINEAR"))
        target = AnimationChannelTarget(node=node, path=path)
        channels.append(AnimationChannel(sampler=len(samplers) - 1, target=target))


def bends(values: Float[np.ndarray, " frame"]) -> Bool[np.ndarray, " frame"]:
    """Frames that straight lines between the kept ones need; none if nothing ever changes."""
    change = np.diff(values)
    bend = np.abs(np.diff(change)) > _DEPTH_TOLERANCE_M
    if not (np.abs(change) > _DEPTH_TOLERANCE_M).any():
        return np.zeros(len(values), bool)
    return np.concatenate([[True], bend, [True]])
