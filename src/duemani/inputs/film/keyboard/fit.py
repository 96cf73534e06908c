"""The camera that shows the keys where the picture has their edges.

The black keys stand above the plane, so a homography alone does not explain a picture: the camera
is a 3 x 4 matrix. Its plane part is free; how heights show is held near what a pin-hole camera
with square pixels would do. Lengths are in white keys (see `keyboard_pattern`).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from duemani.inputs.film.camera import Camera, camera_from_plane
from duemani.inputs.film.keyboard.edges import (
    BLACK_FRONT,
    GAP,
    GAP_BEHIND,
    WHITE_FRONT,
    Edges,
    Sighting,
    sight,
)

_BEND_SPREAD = 0.03
_HEIGHT_SPREAD = 0.25
_ROUNDS = ((0.34, 3), (0.2, 3), (0.13, 3))
"""How far to look for the edges, in white keys, and how often."""
_WEIGHT = {GAP: 1.6, GAP_BEHIND: 1.0, BLACK_FRONT: 0.8, WHITE_FRONT: 1.0}
_SPREAD = 0.05


def fit_camera(soft: Float[np.ndarray, "h w"], camera: Camera, edges: Edges) -> Camera | None:
    """Move the camera until the edges agree; None where it runs away."""
    for reach, times in _ROUNDS:
        for _ in range(times):
            moved = _step(soft, camera, edges, reach)
            if moved is None:
                return None
            camera = moved
    return camera


def _step(soft: np.ndarray, camera: Camera, edges: Edges, reach: float) -> Camera | None:
    """One step of Gauss and Newton."""
    sighting = sight(soft, camera, edges, reach)
    weight = sighting_weights(sighting, edges)
    used = weight > 0
    if np.count_nonzero(used) < 40:
        return None
    # Unknowns: the camera about the keyboard's middle, its scale held, and the lens's bend.
    to_px = np.array(
        [[camera.half, 0, camera.middle[0]], [0, camera.half, camera.middle[1]], [0, 0, 1]]
    )
    from_unit = _unit_frame(edges)
    local = np.linalg.solve(to_px, camera.picture_from_world) @ from_unit
    local /= local[2, 3]
    points = np.column_stack([sighting.points[used], np.ones(np.count_nonzero(used))])
    points = np.linalg.solve(from_unit, points.T).T
    seen = points @ local.T
    depth = seen[:, 2:]
    place = seen[:, :2] / depth
    normal, square = sighting.normal[used], (place**2).sum(1, keepdims=True)
    to_bend = (normal * place).sum(1, keepdims=True) * square
    # How the bent place moves with the ideal one.
    normal = normal * (1 + camera.bend * square) + 2 * camera.bend * place * (
        (normal * place).sum(1, keepdims=True)
    )
    across = (normal * place).sum(1, keepdims=True)
    parts = [normal[:, :1], normal[:, 1:], -across]
    rows = camera.half * np.concatenate([*(part * points / depth for part in parts), to_bend], 1)
    factor = np.sqrt(weight[used]) / np.maximum(_SPREAD * sighting.pitch_px[used], 0.5)
    prior, target = _priors(camera, local, to_px, from_unit)
    design = np.concatenate([rows * factor[:, None], prior])
    design = np.delete(design, 11, axis=1)
    right = np.concatenate([sighting.offset_px[used] * factor, target])
    # A little damping keeps what the picture does not show where it was.
    gram = design.T @ design
    gram[np.diag_indices(len(gram))] *= 1 + 1e-6
    move = np.linalg.solve(gram, design.T @ right)
    local = (local.ravel() + np.append(move[:11], 0.0)).reshape(3, 4)
    matrix = to_px @ local @ np.linalg.inv(from_unit)
    if not np.isfinite(matrix).all() or (points @ local.T)[:, 2].min() <= 0:
        return None
    moved = Camera(matrix, camera.size_px, camera.bend + float(move[11]))
    step = np.abs(moved.project(edges.points) - camera.project(edges.points)).max()
    return None if step > max(camera.size_px) or abs(moved.bend) > 0.3 else moved


def _unit_frame(edges: Edges) -> Float[np.ndarray, "4 4"]:
    """From a frame in which the edges lie about within one of zero."""
    middle = edges.points.mean(0)
    spread = [max(np.ptp(edges.points[:, 0]) / 2, 1.0), 3.0, 0.5]
    frame = np.diag([*spread, 1.0])
    frame[:2, 3] = middle[:2]
    return frame


def _priors(
    camera: Camera, local: np.ndarray, to_px: np.ndarray, from_unit: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Heights show about as with a pin-hole camera; lenses bend little."""
    plumb = camera_from_plane(camera.picture_from_plane, camera.size_px).picture_from_world
    plumb = np.linalg.solve(to_px, plumb) @ from_unit
    plumb /= plumb[2, 3]
    spread = _HEIGHT_SPREAD * (np.linalg.norm(plumb[:2, 2]) + 0.02 * np.linalg.norm(plumb[:2, 1]))
    prior = np.zeros((4, 13))
    prior[range(3), [2, 6, 10]] = 1 / spread
    prior[3, 12] = 1 / _BEND_SPREAD
    target = np.append((plumb[:, 2] - local[:, 2]) / spread, -camera.bend / _BEND_SPREAD)
    return prior, target


def sighting_weights(sighting: Sighting, edges: Edges) -> Float[np.ndarray, " point"]:
    """How much each edge counts: not at all where unseen, little where far off."""
    seen = np.isfinite(sighting.offset_px)
    off = np.where(seen, sighting.offset_px, 0.0) / np.maximum(_SPREAD * sighting.pitch_px, 0.5)
    kind = np.array([_WEIGHT.get(k, 1.0) for k in range(5)])[edges.kind]
    return np.where(seen, kind / (1 + (off / 2) ** 2), 0.0)
