"""MediaPipe's hand graphs (see weights/hands/CARD.md) and the squares of a picture they look at."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from duemani.files import WEIGHTS
from duemani.graphs.open import Graph, open_graph

HAND_WEIGHTS = WEIGHTS / "hands"
SHA256 = {
    "hand_detector.onnx": "fa5959fca0b55fd26fc2afc9c7c6f885aa79d29d7a4747550a060f1bc0a52612",
    "hand_landmarker.onnx": "55f3c20a856da162cea7f3cb07cd1b04ec8e394f3c64ad53741ca66276446924",
}
EVENING = (3.0, (8, 8))  # most contrast, and tiles across and down


@lru_cache(maxsize=len(SHA256))
def load_graph(name: str) -> Graph:
    """One of the two graphs, on one thread.

    Raises:
        RuntimeError: the weight file is missing or damaged.
    """
    path = HAND_WEIGHTS / name
    content = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise RuntimeError(f"{path} is missing or damaged; install duemani again.")
    return open_graph(content, 1)


@dataclass(frozen=True)
class Square:
    """A square of the picture, turned so that `angle_rad` is its upward axis's turn clockwise.

    Attributes:
        centre_px: x, y; may lie outside the picture.
        side_px: length of a side.
        angle_rad: 0 is upright as the picture; positive turns the square clockwise as seen.
    """

    centre_px: tuple[float, float]
    side_px: float
    angle_rad: float = 0.0

    def affine(self, size: int) -> Float[np.ndarray, "2 3"]:
        """Maps pixels of the picture to pixels of the square drawn `size` px wide."""
        scale = size / self.side_px
        cosine, sine = np.cos(self.angle_rad) * scale, np.sin(self.angle_rad) * scale
        linear = np.array([[cosine, sine], [-sine, cosine]])
        offset = size / 2 - linear @ np.array(self.centre_px)
        return np.concatenate([linear, offset[:, None]], axis=1)

    def to_picture(
        self, points: Float[np.ndarray, "*shape 2"], size: int
    ) -> Float[np.ndarray, "*shape 2"]:
        """Pixels of the picture, of points in the square drawn `size` px wide."""
        affine = self.affine(size)
        return np.asarray((points - affine[:, 2]) @ np.linalg.inv(affine[:, :2]).T)


class Pyramid:
    """A picture at halved sizes, so that squares are drawn small without aliasing."""

    def __init__(self, picture: UInt8[np.ndarray, "height width 3"]) -> None:
        self._levels = [picture]
        self._evened: Pyramid | None = None

    @property
    def evened(self) -> Pyramid:
        """The same picture with its light evened out (CLAHE), for dark or coloured light."""
        if self._evened is None:
            colour = cv2.cvtColor(self.picture, cv2.COLOR_BGR2LAB)
            colour[:, :, 0] = cv2.createCLAHE(*EVENING).apply(colour[:, :, 0])
            self._evened = Pyramid(cv2.cvtColor(colour, cv2.COLOR_LAB2BGR))
        return self._evened

    @property
    def picture(self) -> UInt8[np.ndarray, "height width 3"]:
        """The picture itself."""
        return self._levels[0]

    def draw(self, square: Square, size: int) -> Float32[np.ndarray, "size size 3"]:
        """The square as the graphs want it: red, green, blue, 0-1; black outside the picture."""
        level = max(int(np.log2(max(square.side_px / size, 1.0))), 0)
        while len(self._levels) <= level and min(self._levels[-1].shape[:2]) > 1:
            height, width = self._levels[-1].shape[:2]
            half = (max(width // 2, 1), max(height // 2, 1))
            self._levels.append(cv2.resize(self._levels[-1], half, interpolation=cv2.INTER_AREA))
        level = min(level, len(self._levels) - 1)
        height, width = self.picture.shape[:2]
        small_height, small_width = self._levels[level].shape[:2]
        # Places are measured from the pictures' corners, OpenCV's from the first pixel's middle.
        affine = square.affine(size)
        ratio = np.array([width / small_width, height / small_height])
        linear = affine[:, :2] * ratio
        offset = affine[:, 2] + affine[:, :2] @ (0.5 * ratio) - 0.5
        drawn = cv2.warpAffine(
            self._levels[level],
            np.concatenate([linear, offset[:, None]], axis=1),
            (size, size),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
        )
        return drawn[:, :, ::-1].astype(np.float32) / 255
