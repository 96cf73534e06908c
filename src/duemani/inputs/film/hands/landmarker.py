"""Hand landmarks: MediaPipe's hand-landmark-full graph on a square around a hand.

The next frame's square follows from the landmarks, as the published graph options say: a box,
along the hand's axis, around the palm and the fingers' lower joints.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.inputs.film.hands.graph import Pyramid, Square, load_graph

SIZE = 224
KNUCKLES = (5, 9, 13, 17)
_STEADY = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)  # landmarks that a playing hand moves little
SQUARE_SCALE, SQUARE_SHIFT = 2.0, 0.1


@dataclass(frozen=True)
class Landmarks:
    """What the graph says of one square.

    Attributes:
        points_px: x and y in the picture, in MediaPipe's order (wrist, thumb to little finger).
        depth_px: relative to the wrist, smaller is nearer to the camera.
        presence: 0-1, whether a hand is in the square.
        rightness: 0-1, whether it looks like a right hand in a picture that is not mirrored.
    """

    points_px: Float[np.ndarray, "21 2"]
    depth_px: Float[np.ndarray, " 21"]
    presence: float
    rightness: float

    @property
    def knuckle_px(self) -> Float[np.ndarray, "2"]:
        """The middle of the four fingers' knuckles."""
        return np.asarray(self.points_px[list(KNUCKLES)].mean(axis=0))

    @property
    def palm_px(self) -> float:
        """From the wrist to the middle finger's knuckle."""
        return float(np.linalg.norm(self.points_px[9] - self.points_px[0]))


def read_landmarks(pyramid: Pyramid, square: Square) -> Landmarks:
    """Landmarks of the hand in a square, whose fingers should point up in it."""
    drawn = pyramid.draw(square, SIZE)
    points, presence, handedness = load_graph("hand_landmarker.onnx").run(
        ["landmarks", "presence", "handedness"], {"picture": drawn[None]}
    )
    points = points.reshape(21, 3).astype(float)
    return Landmarks(
        square.to_picture(points[:, :2], SIZE),
        (points[:, 2] - points[0, 2]) * (square.side_px / SIZE),
        float(presence[0, 0]),
        float(handedness[0, 0]),
    )


def square_around(landmarks: Landmarks) -> Square:
    """The square in which to look for the same hand next."""
    points = landmarks.points_px
    up = (points[[5, 13]].mean(axis=0) + points[9]) / 2 - points[0]
    angle = float(np.arctan2(up[0], -up[1]))
    # Along the hand's own axes.
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned = points[list(_STEADY)] @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    middle = (low + high) / 2
    side = float((high - low).max())
    middle[1] -= SQUARE_SHIFT * float(high[1] - low[1])
    centre = middle @ axes
    return Square((float(centre[0]), float(centre[1])), max(side * SQUARE_SCALE, 1.0), angle)
