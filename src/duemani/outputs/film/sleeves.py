"""Cuffs and sleeves that cover where the hand mesh ends; pictures only, they do not deform."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, Int

from duemani.outputs.hand_mesh import HandMesh
from duemani.outputs.look import linear_rgb

_RING_DEPTH_M = 0.012
# Rings of the tube: distance from the wrist's end towards the elbow [m], size, linear RGB.
_CLOTH = tuple(linear_rgb("cloth"))
_RINGS = (
    (-0.017, 1.00, _CLOTH), (-0.0165, 1.24, _CLOTH), (-0.010, 1.26, _CLOTH), (0.004, 1.26, _CLOTH),
    (0.004, 1.28, _CLOTH), (0.0055, 1.34, _CLOTH), (0.05, 1.36, _CLOTH), (0.45, 2.1, _CLOTH),
)  # fmt: skip


class Sleeve:
    """The tube for one hand: fixed triangles and colours, vertices from the posed skin."""

    def __init__(self, mesh: HandMesh) -> None:
        end = mesh.vertices_m[:, 1] < mesh.vertices_m[:, 1].min() + _RING_DEPTH_M
        self._end = np.flatnonzero(end)
        outline = mesh.vertices_m[self._end][:, [0, 2]].astype(np.float32)
        around = cv2.convexHull(outline, returnPoints=False).ravel()
        points = outline[around] - outline[around].mean(axis=0)
        self._ring = self._end[around[np.argsort(np.arctan2(points[:, 1], points[:, 0]))]]
        self.albedo = np.repeat([colour for _, _, colour in _RINGS], len(self._ring), axis=0)
        self.triangles = self._tube()

    def towards(
        self, vertices_m: Float[np.ndarray, "vertex 3"], along: Float[np.ndarray, "3"]
    ) -> tuple[Float[np.ndarray, "tube 3"], Float[np.ndarray, "tube 3"]]:
        """Vertices [m] and outward normals on a posed hand, in a given direction from the wrist."""
        ring = vertices_m[self._ring]
        middle = ring.mean(axis=0)
        spokes = ring - middle
        spokes -= np.outer(spokes @ along, along)
        outward = spokes / np.linalg.norm(spokes, axis=-1, keepdims=True)
        tube = [middle + along * distance + spokes * size for distance, size, _ in _RINGS]
        return np.concatenate(tube), np.tile(outward, (len(_RINGS), 1))

    def _tube(self) -> Int[np.ndarray, "triangle 3"]:
        """Quads between rings, counter-clockwise from outside."""
        count = len(self._ring)
        at = np.arange(count)
        after = (at + 1) % count
        quads = [np.stack([at, after, after + count, at, after + count, at + count], -1)]
        # Rings run anticlockwise about +y, and the tube grows towards -y: seen from outside.
        rings = [quads[0] + k * count for k in range(len(_RINGS) - 1)]
        return np.concatenate(rings).reshape(-1, 3)
