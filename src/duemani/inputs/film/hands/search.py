"""Where to look for a pianist's hands in a picture in which none is known yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.inputs.film.hands.detector import detect_palms
from duemani.inputs.film.hands.graph import Pyramid, Square
from duemani.inputs.film.hands.landmarker import Landmarks, read_landmarks, square_around
from duemani.inputs.film.keyboard_view import KeyboardView
from duemani.keyboard import WHITE_LENGTH_M, WHITE_PITCH_M

# A palm score this low is enough, as the landmark graph's presence is asked afterwards: on half of
# 115 real frames this presence lost no hand and let one of 332 false palms pass.
LEAST_SCORE, LEAST_PRESENCE = 0.1, 0.8
SAME_HAND_PALMS = 0.6  # knuckles nearer than this, in palm lengths, are of one hand
TILE_SHARE = 0.36  # a tile's side of the picture's longer side: a hand is about two fifths of it
# Of the keyboard: before it hang the wrists, behind it lean the fingers.
BEFORE_M, BEHIND_M = 0.22, 0.05


@dataclass(frozen=True)
class FoundHand:
    """A hand in one picture.

    Attributes:
        landmarks: where it is.
        evened: whether it was seen only after the light was evened out.
    """

    landmarks: Landmarks
    evened: bool = False


def playing_band(view: KeyboardView) -> Float[np.ndarray, "4 2"]:
    """The keys in view and the space before them where hands are, as a quadrilateral [px].

    Corners go round: bass and treble at the keys' far ends, then treble and bass before the keys.
    """
    first, last = np.array([view.first_key, view.last_key]) / 87 * 51 * WHITE_PITCH_M
    left, right = first - WHITE_PITCH_M, last + 2 * WHITE_PITCH_M
    far, near = WHITE_LENGTH_M + BEHIND_M, -BEFORE_M
    return view.to_picture(np.array([[left, far], [right, far], [right, near], [left, near]]))


def find_hands(
    pyramid: Pyramid,
    regions: Sequence[Square],
    known: Sequence[Landmarks] = (),
    most: int = 4,
    evened: bool = False,
) -> list[FoundHand]:
    """Hands in the regions that are none of the known ones, surest first."""
    seen = pyramid.evened if evened else pyramid
    found: list[FoundHand] = []
    for palm in detect_palms(seen, regions, LEAST_SCORE):
        landmarks = read_landmarks(seen, palm.square)
        if landmarks.presence < LEAST_PRESENCE:
            continue
        # The square that follows from the landmarks is better than the palm's.
        again = read_landmarks(seen, square_around(landmarks))
        if again.presence >= landmarks.presence:
            landmarks = again
        if any(same_hand(landmarks, other) for other in known):
            continue
        found.append(FoundHand(landmarks, evened))
    found.sort(key=lambda hand: -hand.landmarks.presence)
    kept: list[FoundHand] = []
    for hand in found:
        if not any(same_hand(hand.landmarks, other.landmarks) for other in kept):
            kept.append(hand)
    return kept[:most]


def same_hand(one: Landmarks, other: Landmarks) -> bool:
    """Whether two findings are of one hand: knuckles or wrists that nearly coincide."""
    palm = max(one.palm_px, other.palm_px, 1e-6)
    knuckles = float(np.linalg.norm(one.knuckle_px - other.knuckle_px))
    return knuckles < SAME_HAND_PALMS * palm


def likely_regions(size_px: tuple[int, int], band: Float[np.ndarray, "4 2"] | None) -> list[Square]:
    """The few squares to look at first: along the band, or along the picture."""
    return _along(band, 1.0) if band is not None else _along_picture(size_px)


def all_regions(size_px: tuple[int, int], band: Float[np.ndarray, "4 2"] | None) -> list[Square]:
    """More squares, for hands that are hard to see: larger and smaller ones, and turned round."""
    regions = _tiles(size_px)
    if band is not None:
        regions += [*_along(band, 0.75), *_along(band, 1.4), *_along_picture(size_px)]
    width, height = size_px
    regions.append(Square((width / 2, height / 2), float(max(size_px))))
    # For a camera across the piano.
    regions += [
        Square(one.centre_px, one.side_px, one.angle_rad + np.pi)
        for one in likely_regions(size_px, band)
    ]
    return regions


def _along_picture(size_px: tuple[int, int]) -> list[Square]:
    width, height = size_px
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    if width >= height:
        return _along(corners, 1.0)
    # An upright film: squares above one another, each as upright as the picture.
    return [Square(one.centre_px, one.side_px) for one in _along(corners[[1, 2, 3, 0]], 1.0)]


def _along(band: np.ndarray, scale: float) -> list[Square]:
    """Overlapping squares along the band, fingers up in them."""
    far, near = band[:2], band[2:][::-1]
    middle = (far + near) / 2
    length = max(float(np.linalg.norm(middle[1] - middle[0])), 1.0)
    up = (far - near).mean(axis=0)
    side = max(float(np.linalg.norm(up)), TILE_SHARE * length, 1.0) * scale
    angle = float(np.arctan2(up[0], -up[1]))
    count = max(int(np.ceil((length / side - 1) / 0.78)) + 1, 1)
    reach = min(side / 2 / length, 0.5)
    shares = np.linspace(reach, 1 - reach, count)
    centres = middle[0] + shares[:, None] * (middle[1] - middle[0])
    return [Square((float(x), float(y)), side, angle) for x, y in centres]


def _tiles(size_px: tuple[int, int]) -> list[Square]:
    """Small squares all over the picture, overlapping by about half."""
    width, height = size_px
    side = min(TILE_SHARE * max(size_px), float(min(size_px)))
    columns = max(int(np.ceil((width / side - 1) / 0.6)) + 1, 1)
    rows = max(int(np.ceil((height / side - 1) / 0.6)) + 1, 1)
    return [
        Square((float(x), float(y)), side)
        for y in np.linspace(side / 2, height - side / 2, rows)
        for x in np.linspace(side / 2, width - side / 2, columns)
    ]
