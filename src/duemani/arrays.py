"""Arrays: not to be written into, read between their frames, and what stored ones say they are."""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

ON_FRAME = 1e-4
"""Times so near a frame are that frame's [frames]: rounding, not movement."""


def read_only(array: np.ndarray) -> np.ndarray:
    """A view of the same numbers that cannot be written into; the caller's own array still can."""
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True)
class BetweenFrames:
    """Where some moments lie among even frames.

    A moment on a frame has that frame on both sides, so what is unknown beside it does not matter;
    between two frames a value is known (not NaN) only where it is in both.

    Attributes:
        low, high: the frames before and after.
        share: how far on the way from `low` to `high`, 0-1.
    """

    low: Int[np.ndarray, " moment"]
    high: Int[np.ndarray, " moment"]
    share: Float[np.ndarray, " moment"]

    @classmethod
    def of(cls, at: Float[np.ndarray, " moment"], frame_count: int) -> BetweenFrames:
        """Moments counted in frames; those outside take the first or last of `frame_count`."""
        at = np.clip(np.asarray(at, float), 0, frame_count - 1)
        nearest = np.rint(at)
        at = np.where(np.abs(at - nearest) < ON_FRAME, nearest, at)
        low = np.floor(at).astype(int)
        return cls(low, np.ceil(at).astype(int), at - low)

    @property
    def nearest(self) -> Int[np.ndarray, " moment"]:
        """The frame that is nearest."""
        return np.rint(self.low + self.share).astype(int)

    def mixed(self, values: np.ndarray, axis: int = 0) -> np.ndarray:
        """Values along the straight line from frame to frame; frames lie along `axis`."""
        here = np.take(values, self.low, axis)
        if not self.share.any():
            return here
        share = self.share.reshape(-1, *[1] * (values.ndim - axis - 1))
        return here * (1 - share) + np.take(values, self.high, axis) * share

    def turned(
        self, rotations_rad: Float[np.ndarray, "hand frame joint 3"]
    ) -> Float[np.ndarray, "hand moment joint 3"]:
        """Axis-angle rotations by the shortest turn from frame to frame, evenly [rad]."""
        # Here, for notes alone (which import this module) need no scipy.
        from scipy.spatial.transform import Rotation

        here, there = rotations_rad[:, self.low], rotations_rad[:, self.high]
        between = np.broadcast_to(self.share[:, None] > 0, here.shape[:-1])
        if not between.any():
            return here
        turned = np.where(between[..., None], np.nan, here)
        known = between & np.isfinite(here).all(-1) & np.isfinite(there).all(-1)
        if known.any():
            start = Rotation.from_rotvec(here[known])
            whole = (start.inv() * Rotation.from_rotvec(there[known])).as_rotvec()
            share = np.broadcast_to(self.share[:, None], known.shape)[known]
            turned[known] = (start * Rotation.from_rotvec(whole * share[:, None])).as_rotvec()
        return turned


@dataclass(frozen=True)
class ArrayHeader:
    """What a stored array says of itself."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def bytes(self) -> int:
        """How much memory it takes."""
        return math.prod(self.shape) * self.dtype.itemsize


def npz_headers(path: Path) -> dict[str, ArrayHeader]:
    """Shape and type of every array of a `.npz` file, without reading the arrays.

    Raises:
        ValueError: an entry is no array, or smaller or larger than it says.
    """
    found: dict[str, ArrayHeader] = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            with archive.open(entry) as file:
                if np.lib.format.read_magic(file) == (1, 0):
                    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                else:
                    shape, _, dtype = np.lib.format.read_array_header_2_0(file)
                header = ArrayHeader(shape, dtype)
                if not dtype.hasobject and file.tell() + header.bytes != entry.file_size:
                    raise ValueError(f"{entry.filename} is not as large as it says")
            found[entry.filename.removesuffix(".npy")] = header
    return found
