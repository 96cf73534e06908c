"""How deep each landmark lies behind its pixel: from bones of known length, usual heights over
the keys, the tracker's relative depth, and tips that press keys.

One camera does not see depth. What is put in instead: bones do not stretch; hands that play have
their landmarks at usual heights (measured on simulated pianists); the tracker's guess of relative
depth; a tip that plays lies on its key. All are residuals of one least-squares problem a frame,
solved by Gauss-Newton steps for all frames at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.inputs.film.camera import Camera
from duemani.skeleton import BONE_DIRECTIONS, LANDMARK_PARENTS, MEDIUM_BONE_LENGTHS_M

_HEIGHTS_M = (
    np.array([65, 49, 33, 22, 7, 63, 51, 31, 13, 66, 55, 32, 14, 61, 52, 31, 14, 52, 42, 26, 10])
    * 1e-3
)
"""Usual heights over the white keys of the landmarks of hands that play."""
_HEIGHT_SPREAD_M = np.array([14, 14, 14, 14, 11, *[14, 14, 14, 12] * 4]) * 1e-3
_BONE_SPREAD_M, _PALM_SPREAD_M = 0.001, 0.004
# Over pianos trackers see hands much flatter than they are: little is left of depth.
_DEPTH_SPREAD_M = 0.03
_FLOOR_M, _FLOOR_SPREAD_M = -0.0105, 0.001
_ANCHOR_SPREAD_M = 0.0015
_STEPS = 9
_BLOCK = 4000
_SIZES = np.linspace(0.82, 1.21, 9)
_SIZE_FRAMES = 120

_CHILDREN, _TIPS = np.arange(1, 21), np.arange(4, 21, 4)
_PARENTS = LANDMARK_PARENTS[1:]
_PALM_PAIRS = np.array([[5, 9], [9, 13], [13, 17], [5, 17]])


@dataclass(frozen=True)
class Sight:
    """One hand's landmarks as lines of sight: camera + depth · line.

    Attributes:
        camera_m: the lens.
        lines: directions that go 1 m deep.
        behind_m: of each landmark behind the wrist by the tracker, as a share of the wrist's
            depth (relative depth over focal length); NaN unknown.
    """

    camera_m: Float[np.ndarray, "3"]
    lines: Float[np.ndarray, "frame 21 3"]
    behind: Float[np.ndarray, "frame 21"]


def sight_of(
    camera: Camera,
    pixels: Float[np.ndarray, "frame 21 2"],
    depth_px: Float[np.ndarray, "frame 21"],
) -> Sight:
    """Lines of sight of a hand's landmarks."""
    return Sight(camera.position, camera.rays(pixels), depth_px / camera.focal_px)


def hand_size(sights: list[Sight]) -> float:
    """Size of a pianist's hands, as a share of the medium hand's: the one that fits best."""
    costs = np.zeros(len(_SIZES))
    for sight in sights:
        frames = np.linspace(0, len(sight.lines) - 1, _SIZE_FRAMES).astype(int)
        some = Sight(sight.camera_m, sight.lines[frames], sight.behind[frames])
        for number, size in enumerate(_SIZES):
            _, cost = _solved(some, MEDIUM_BONE_LENGTHS_M * size, None)
            # By the median frame: some are mistracked.
            costs[number] += np.median(cost)
    best = int(np.clip(costs.argmin(), 1, len(_SIZES) - 2))
    below, at, above = costs[best - 1 : best + 2]
    bend = below - 2 * at + above
    shift = np.clip((below - above) / (2 * bend), -1, 1) if bend > 0 else 0.0
    return float(_SIZES[best] + shift * (_SIZES[1] - _SIZES[0]))


def place_landmarks(
    sight: Sight,
    bone_lengths_m: Float[np.ndarray, "20"],
    anchors_m: Float[np.ndarray, "frame 5"] | None = None,
) -> Float[np.ndarray, "frame 21 3"]:
    """Landmarks in the keyboard frame [m].

    Args:
        sight: the lines they lie on.
        bone_lengths_m: of the hand.
        anchors_m: height of each tip that is known to press a key, NaN elsewhere.
    """
    return _solved(sight, bone_lengths_m, anchors_m)[0]


def _solved(
    sight: Sight, bone_lengths_m: np.ndarray, anchors_m: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks and each frame's cost."""
    points, costs = [], []
    for first in range(0, len(sight.lines), _BLOCK):
        part = slice(first, first + _BLOCK)
        block = Sight(sight.camera_m, sight.lines[part], sight.behind[part])
        anchors = None if anchors_m is None else anchors_m[part]
        placed, cost = _solve_block(block, bone_lengths_m, anchors)
        points.append(placed)
        costs.append(cost)
    if not points:
        return np.zeros((0, 21, 3)), np.zeros(0)
    return np.concatenate(points), np.concatenate(costs)


def _solve_block(
    sight: Sight, bone_lengths_m: np.ndarray, anchors_m: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    lines, camera = sight.lines, sight.camera_m
    tops = (_HEIGHTS_M - camera[2]) / lines[..., 2]
    # Where a line does not go down to the keys (a hand seen against the far wall), its depth
    # starts as the others'.
    down = lines[..., 2] < -0.05
    usual = np.nanmedian(np.where(down, tops, np.nan), axis=1, keepdims=True)
    depth = np.where(down, tops, usual)
    for _ in range(_STEPS):
        equations = _equations(depth, sight, bone_lengths_m, anchors_m)
        normal = np.moveaxis(equations.normal, 2, 0)
        step = np.linalg.solve(normal, equations.gradient[..., None])[..., 0]
        depth = depth - np.clip(step, -0.05, 0.05)
    cost = _equations(depth, sight, bone_lengths_m, anchors_m).cost
    return camera + depth[..., None] * lines, cost


def _palm_pairs_m(bone_lengths_m: np.ndarray) -> np.ndarray:
    knuckles = BONE_DIRECTIONS[:, 0] * bone_lengths_m.reshape(5, 4)[:, :1]
    pairs = _PALM_PAIRS // 4
    return np.linalg.norm(knuckles[pairs[:, 0]] - knuckles[pairs[:, 1]], axis=1)


class _Equations:
    """Normal equations of one least-squares step in the depths, for all frames at once.

    Attributes:
        normal: (21, 21, frame); frames last, for whole rows are added.
        gradient: (frame, 21).
        cost: (frame,).
    """

    def __init__(self, depth: np.ndarray, sight: Sight) -> None:
        self._lines = sight.lines
        self._points = sight.camera_m + depth[..., None] * sight.lines
        self.normal = np.zeros((21, 21, len(depth)))
        self.normal[np.arange(21), np.arange(21)] = 1.0  # what nothing tells stays where it is
        self.gradient = np.zeros(depth.shape)
        self.cost = np.zeros(len(depth))

    @property
    def heights_m(self) -> np.ndarray:
        return self._points[..., 2]

    def add_lengths(
        self, pairs: tuple[np.ndarray, np.ndarray], wanted_m: np.ndarray, spread_m: float
    ) -> None:
        """Distances between landmarks (ends, starts) are as wanted."""
        ends, starts = pairs
        across = self._points[:, ends] - self._points[:, starts]
        length = np.linalg.norm(across, axis=-1) + 1e-9
        unit = across / length[..., None] / spread_m
        miss = (length - wanted_m) / spread_m
        at_end = np.sum(unit * self._lines[:, ends], axis=-1)
        at_start = -np.sum(unit * self._lines[:, starts], axis=-1)
        self._add_pairs(pairs, at_end, at_start, miss)

    def add_heights(self, which: np.ndarray, miss_m: np.ndarray, weight: np.ndarray) -> None:
        """Landmarks lie higher than they should by `miss_m` (frame, which)."""
        slope = self._lines[:, which, 2]
        self.normal[which, which] += (weight * slope**2).T
        self.gradient[:, which] += weight * slope * miss_m
        self.cost += np.sum(weight * miss_m**2, axis=1)

    def add_behind_wrist(self, depth: np.ndarray, behind: np.ndarray) -> None:
        """Landmarks lie behind the wrist by a share of its depth; NaN unknown."""
        known = np.isfinite(behind[:, 1:])
        miss = np.where(known, depth[:, 1:] - depth[:, :1] * (1 + behind[:, 1:]), 0.0)
        weight = np.where(known, 1 / _DEPTH_SPREAD_M, 0.0)
        pairs = np.arange(1, 21), np.zeros(20, int)
        self._add_pairs(pairs, weight, -weight, weight * miss)

    def _add_pairs(
        self,
        pairs: tuple[np.ndarray, np.ndarray],
        at_end: np.ndarray,
        at_start: np.ndarray,
        miss: np.ndarray,
    ) -> None:
        """Residuals (frame, pair) with their slopes in the depths of both ends."""
        for k, (end, start) in enumerate(zip(*pairs, strict=True)):
            self.normal[end, end] += at_end[:, k] ** 2
            self.normal[start, start] += at_start[:, k] ** 2
            mixed = at_end[:, k] * at_start[:, k]
            self.normal[end, start] += mixed
            self.normal[start, end] += mixed
            self.gradient[:, end] += at_end[:, k] * miss[:, k]
            self.gradient[:, start] += at_start[:, k] * miss[:, k]
        self.cost += np.sum(miss**2, axis=1)


def _equations(
    depth: np.ndarray, sight: Sight, bone_lengths_m: np.ndarray, anchors_m: np.ndarray | None
) -> _Equations:
    """All that is known of a hand, at these depths."""
    equations = _Equations(depth, sight)
    equations.add_lengths((_CHILDREN, _PARENTS), bone_lengths_m, _BONE_SPREAD_M)
    palms_m = _palm_pairs_m(bone_lengths_m)
    equations.add_lengths((_PALM_PAIRS[:, 0], _PALM_PAIRS[:, 1]), palms_m, _PALM_SPREAD_M)
    z, all_landmarks = equations.heights_m, np.arange(21)
    usual = np.tile(_HEIGHT_SPREAD_M**-2, (len(z), 1))
    equations.add_heights(all_landmarks, z - _HEIGHTS_M, usual)
    under = np.minimum(z - _FLOOR_M, 0)
    equations.add_heights(all_landmarks, under, np.where(under < 0, _FLOOR_SPREAD_M**-2, 0.0))
    if anchors_m is not None:
        known = np.isfinite(anchors_m)
        miss = np.where(known, z[:, _TIPS] - np.nan_to_num(anchors_m), 0.0)
        equations.add_heights(_TIPS, miss, np.where(known, _ANCHOR_SPREAD_M**-2, 0.0))
    equations.add_behind_wrist(depth, sight.behind)
    return equations
