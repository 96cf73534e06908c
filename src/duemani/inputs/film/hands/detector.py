"""Palm detection: MediaPipe's palm-detection-full graph on squares of a picture.

Bazarevsky and Zhang, "On-Device, Real-Time Hand Tracking with MediaPipe" (2019) and its published
graph options: 2016 fixed anchors on grids of 24 and 12 cells, 2 and 6 to a cell; a box and seven
key points relative to each anchor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.inputs.film.hands.graph import Pyramid, Square, load_graph

SIZE = 192
GRIDS = ((24, 2), (12, 6))  # cells a side, anchors a cell
WRIST, MIDDLE_KNUCKLE = 0, 2  # of the seven key points
SAME_PALM_OVERLAP = 0.3
# The hand's square around a palm box: its side in palms, and its shift towards the fingers.
HAND_SCALE, HAND_SHIFT = 2.6, 0.5


@dataclass(frozen=True)
class Palm:
    """A palm that may be there.

    Attributes:
        score: 0-1, how sure the graph is.
        square: where the whole hand should be, fingers up.
    """

    score: float
    square: Square


def anchors() -> Float[np.ndarray, "2016 2"]:
    """Centres of the anchors, 0-1, in the order of the graph's outputs."""
    grids = []
    for cells, repeats in GRIDS:
        centre = (np.arange(cells) + 0.5) / cells
        x, y = np.meshgrid(centre, centre)
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), repeats, axis=0))
    return np.concatenate(grids)


_ANCHORS = anchors()


def detect_palms(
    pyramid: Pyramid, regions: Sequence[Square], least_score: float = 0.5
) -> list[Palm]:
    """Palms in each of the regions, surest first; one in several regions comes several times."""
    palms: list[Palm] = []
    for region in regions:
        drawn = pyramid.draw(region, SIZE)
        boxes, logits = load_graph("hand_detector.onnx").run(
            ["boxes", "scores"], {"picture": drawn[None]}
        )
        scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0].astype(float), -100, 100)))
        found = np.flatnonzero(scores >= least_score)
        places = boxes[0, found].astype(float).reshape(-1, 9, 2) / SIZE
        places[:, [0, *range(2, 9)]] += _ANCHORS[found, None]
        for score, place in merge_overlapping(scores[found], places):
            palms.append(Palm(score, _hand_square(place, region)))
    return sorted(palms, key=lambda palm: -palm.score)


def merge_overlapping(
    scores: Float[np.ndarray, " box"], places: Float[np.ndarray, "box 9 2"]
) -> list[tuple[float, Float[np.ndarray, "9 2"]]]:
    """Weighted non-maximum suppression: overlapping boxes become their mean, weighted by score.

    Args:
        scores: 0-1.
        places: centre, size and seven key points of each box, in one unit.
    """
    merged = []
    order = np.argsort(-scores)
    while len(order):
        overlaps = _overlap(places[order[0]], places[order])
        same = order[overlaps > SAME_PALM_OVERLAP] if overlaps[0] > 0 else order[:1]
        weights = scores[same, None, None]
        mean = (places[same] * weights).sum(axis=0) / weights.sum()
        merged.append((float(scores[order[0]]), mean))
        order = np.setdiff1d(order, same, assume_unique=True)
        order = order[np.argsort(-scores[order])]
    return merged


def _overlap(one: np.ndarray, many: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes given as centre and size."""
    low = np.maximum(one[0] - one[1] / 2, many[:, 0] - many[:, 1] / 2)
    high = np.minimum(one[0] + one[1] / 2, many[:, 0] + many[:, 1] / 2)
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    union = np.prod(one[1]) + np.prod(many[:, 1], axis=1) - shared
    return np.asarray(shared / np.maximum(union, 1e-12))


def _hand_square(place: np.ndarray, region: Square) -> Square:
    points = region.to_picture(np.concatenate([place[:1], place[2:]]) * SIZE, SIZE)
    centre, keys = points[0], points[1:]
    side = float(place[1].max()) * region.side_px
    up = keys[MIDDLE_KNUCKLE] - keys[WRIST]
    angle = float(np.arctan2(up[0], -up[1]))
    centre = centre + HAND_SHIFT * side * np.array([np.sin(angle), -np.cos(angle)])
    return Square((float(centre[0]), float(centre[1])), side * HAND_SCALE, angle)
