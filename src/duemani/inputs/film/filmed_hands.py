"""`FilmedHands`: what the eyes saw, in the picture's own coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class FilmedHands:
    """Hand landmarks in a film; hand 0 is the pianist's left, 1 the right one.

    Attributes:
        time_sec: when each frame is shown, rising; frames need not be evenly spaced.
        landmarks_px: 21 landmarks (x to the right, y down) in pixels of the picture as shown
            (rotation metadata applied); NaN where a hand or a landmark is not seen.
        depth_px: of each landmark relative to the hand's wrist, in the same scale as x, smaller
            is nearer to the camera; NaN where unknown.
        confidence: 0-1, how sure the tracker is that there is a hand and which; 0 where unseen.
        size_px: width and height of the picture.
    """

    time_sec: Float[np.ndarray, " frame"]
    landmarks_px: Float[np.ndarray, "hand=2 frame 21 2"]
    depth_px: Float[np.ndarray, "hand=2 frame 21"]
    confidence: Float[np.ndarray, "hand=2 frame"]
    size_px: tuple[int, int]

    @property
    def frame_count(self) -> int:
        """How many frames there are."""
        return len(self.time_sec)

    @property
    def tips_px(self) -> Float[np.ndarray, "hand=2 frame 5 2"]:
        """Fingertips, thumb to little finger."""
        return self.landmarks_px[:, :, 4::4]
