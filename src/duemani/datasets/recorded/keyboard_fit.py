"""Hands in an unknown frame → the keyboard frame, by the notes that they play.

No video or motion capture says where its keyboard lies, but at every onset some fingertip lies
on the note's key. Sought is the similarity (turn, scale, shift) that brings the tips there:

1. the axes at first: from the palms, or given;
2. scale and place along the keys: each note and each tip vote, low tips more than lifted ones;
3. all seven numbers: least squares over the tips nearest to their keys, chosen anew each round.

Known afterwards within millimetres: x, and z where tips press. How far the hands reach into the
keys (y) hangs on where pianists are assumed to touch them (`_TOUCH_Y_M`), unless it is given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from duemani.datasets.recorded.played_fingers import tips_at
from duemani.errors import InputError
from duemani.keyboard import BLACK_FRONT_M, is_black, key_centre_x, key_rest_top, key_travel
from duemani.performance import LEFT, RIGHT, UNKNOWN_HAND, Performance

_LEAST_NOTES = 12
_LEAST_SPREAD_M = 0.10
_TOUCH_Y_M = (0.026, 0.074)
"""Where white and black keys are usually touched, from their front edge."""
_BIN_M, _BLUR_M = 0.002, 0.005
_SCALE_STEP = 0.01
_LOW_TIP_M = 0.012
_RIVAL_M = 0.016
_ROUNDS = 8
_NEAR_M = 0.015
# How well a tip's place on its key is known: along the keys, into them, in height [m].
_SPREAD_M = np.array([0.004, 0.020, 0.003])
_GIVEN_Y_SPREAD_M = 0.002
_TURN_SPREAD_RAD = np.radians(12)
_GIVEN_TURN_SPREAD_RAD = np.radians(0.02)
_FARTHEST_APART_M = 10.0
_LARGEST_MISS_M, _LEAST_SHARE, _LEAST_LEAD = 0.006, 0.7, 1.06


@dataclass(frozen=True)
class FrameHint:
    """What is known of the source frame beforehand.

    Attributes:
        axes: rows are the keyboard's x, y and z in the source frame; None: from the palms.
        up: the keyboard's z in the source frame, if only that is known; it is kept.
        exact: the axes, the scale and where the keys' front edge lies (y = 0) are right as given.
        scale: smallest and largest factor from the source's lengths to metres.
    """

    axes: Float[np.ndarray, "3 3"] | None = None
    up: Float[np.ndarray, "3"] | None = None
    exact: bool = False
    scale: tuple[float, float] = (0.8, 1.25)


@dataclass(frozen=True)
class KeyboardFit:
    """keyboard point = scale · turn · source point + shift.

    Attributes:
        scale: metres for one of the source's lengths.
        turn: rotation.
        shift_m: translation [m].
        miss_m: median distance along the keys between a note's key and its tip [m].
        share: of the notes that have a tip on their key.
    """

    scale: float
    turn: Float[np.ndarray, "3 3"]
    shift_m: Float[np.ndarray, "3"]
    miss_m: float = 0.0
    share: float = 0.0

    def points(self, points: Float[np.ndarray, "*shape 3"]) -> Float[np.ndarray, "*shape 3"]:
        """Points of the source frame in the keyboard frame [m]."""
        return self.scale * points @ self.turn.T + self.shift_m

    def rotations(self, rotations_rad: Float[np.ndarray, "frame 3"]) -> np.ndarray:
        """Orientations (axis-angle) of the source frame in the keyboard frame."""
        return (Rotation.from_matrix(self.turn) * Rotation.from_rotvec(rotations_rad)).as_rotvec()


@dataclass(frozen=True)
class _Onsets:
    """All ten tips at each note's onset, and where on its key the note's own should be."""

    tips: Float[np.ndarray, "note 10 3"]
    seen: Bool[np.ndarray, "note 10"]
    target_m: Float[np.ndarray, "note 3"]
    black: Bool[np.ndarray, " note"]


def fit_keyboard(
    landmarks: Float[np.ndarray, "hand=2 frame 21 3"],
    tracked: Bool[np.ndarray, "hand=2 frame"],
    performance: Performance,
    frame_rate: float,
    hint: FrameHint | None = None,
) -> KeyboardFit:
    """Find the keyboard under the hands.

    Args:
        landmarks: both hands in the source frame.
        tracked: where they are known.
        performance: the notes they play, hands and fingers unknown or known.
        frame_rate: of the landmarks [Hz]; frame 0 is at time 0.
        hint: what is known of the source frame.

    Raises:
        InputError: too few notes are played by hands that are seen, or no place of the keyboard
            explains them clearly better than all others.
    """
    hint = hint or FrameHint()
    onsets = _tips_at_onsets(landmarks, tracked, performance, frame_rate)
    spread = np.ptp(onsets.target_m[:, 0]) if len(onsets.tips) else 0.0
    if len(onsets.tips) < _LEAST_NOTES or spread < _LEAST_SPREAD_M:
        raise InputError(
            f"the keyboard cannot be found: only {len(onsets.tips)} notes over {spread:.2f} m of"
            f" keys are played by hands that are seen; {_LEAST_NOTES} over {_LEAST_SPREAD_M} m are"
            " needed."
        )
    if np.ptp(onsets.tips[onsets.seen], axis=0).max() > _FARTHEST_APART_M:
        raise InputError("the keyboard cannot be found: the fingertips lie metres apart.")
    axes = hint.axes if hint.axes is not None else hand_axes(landmarks, tracked, hint.up)
    scale, x_m = _vote(onsets, axes, (1.0, 1.0) if hint.exact else hint.scale)
    fit = KeyboardFit(scale, axes, np.array([x_m, 0.0, 0.0]))
    near = _nearest(onsets, fit, height=False)
    if (near < 0).all():
        return _accepted(onsets, fit)
    shift = np.median((onsets.target_m - fit.points(_taken(onsets, near)))[near >= 0], axis=0)
    fit = replace(fit, shift_m=np.array([x_m, 0.0 if hint.exact else shift[1], shift[2]]))
    for _ in range(_ROUNDS):
        near = _nearest(onsets, fit)
        if np.count_nonzero(near >= 0) < _LEAST_NOTES:
            break
        fit = _refine(onsets, near, fit, axes, hint)
    return _accepted(onsets, fit)


def hand_axes(
    landmarks: Float[np.ndarray, "hand=2 frame 21 3"],
    tracked: Bool[np.ndarray, "hand=2 frame"],
    up: Float[np.ndarray, "3"] | None = None,
) -> Float[np.ndarray, "3 3"]:
    """The keyboard's axes as rows, guessed from the palms: flat, and pointing into the keys.

    Some frame of some hand must be tracked, and its palm may not be a point or line.
    """
    along, above = np.zeros(3), np.zeros(3)
    for hand in range(2):
        seen = landmarks[hand][tracked[hand]]
        if not len(seen):
            continue
        palm = seen[:, [5, 9, 13, 17]] - seen[:, :1]
        normal = np.cross(palm[:, 3], palm[:, 0]) * (1 if hand else -1)
        middle = palm.mean(1)
        along += _unit(middle).mean(0)
        above += _unit(normal).mean(0)
    z = _unit(above) if up is None else up
    y = _unit(along - (along @ z) * z)
    return np.stack([np.cross(y, z), y, z])


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _tips_at_onsets(
    landmarks: np.ndarray, tracked: np.ndarray, performance: Performance, frame_rate: float
) -> _Onsets:
    notes = performance.notes
    tips, fingers = tips_at(landmarks[:, :, 4::4], tracked, frame_rate, notes["onset_sec"])
    hands = np.repeat([LEFT, RIGHT], 5)
    fingers &= (notes["hand"][:, None] == UNKNOWN_HAND) | (notes["hand"][:, None] == hands)
    known = notes["finger"] > 0
    fingers[known] &= np.tile(np.arange(1, 6), 2) == notes["finger"][known, None]
    pitch, black = notes["pitch"], is_black(notes["pitch"])
    target = np.stack(
        [
            key_centre_x(pitch),
            np.where(black, *_TOUCH_Y_M[::-1]),
            key_rest_top(pitch) - key_travel(pitch) / 2,
        ],
        axis=1,
    )
    some = fingers.any(1)
    return _Onsets(tips[some], fingers[some], target[some], black[some])


def _vote(onsets: _Onsets, axes: np.ndarray, scale: tuple[float, float]) -> tuple[float, float]:
    """Scale and shift along the keys that most notes agree on.

    Raises:
        InputError: another place explains the notes nearly as well.
    """
    tips = np.where(onsets.seen[..., None], onsets.tips, onsets.tips[onsets.seen][0])
    along, height = tips @ axes[0], tips @ axes[2]
    height = height - np.where(onsets.seen, height, np.inf).min(1, keepdims=True)
    weight = np.where(onsets.seen, np.exp(-height / _LOW_TIP_M), 0.0)
    blur = _BLUR_M / _BIN_M
    best = (0.0, 0.0, 1.0, 0.0)
    for factor in np.arange(scale[0], scale[1] + 1e-9, _SCALE_STEP):
        shift = onsets.target_m[:, :1] - factor * along
        first = shift.min() - 0.05
        size = int((np.ptp(shift) + 0.1) / _BIN_M) + 1
        bins = ((shift - first) / _BIN_M).astype(int)
        votes = np.zeros((len(bins), size))
        np.maximum.at(votes, (np.arange(len(bins))[:, None], bins), weight)
        total = gaussian_filter1d(votes.sum(0), blur)
        peak = int(total.argmax())
        if total[peak] > best[0]:
            far = np.abs(np.arange(size) - peak) * _BIN_M > _RIVAL_M
            best = (total[peak], total[far].max(), float(factor), first + (peak + 0.5) * _BIN_M)
    if best[0] < _LEAST_LEAD * best[1]:
        raise InputError(
            "the keyboard cannot be found: another place explains the notes nearly as well."
        )
    return best[2], float(best[3])


def _nearest(onsets: _Onsets, fit: KeyboardFit, height: bool = True) -> Int[np.ndarray, " note"]:
    """The tip (0-9) that most likely plays each note, -1 where none lies near its key."""
    miss = (fit.points(onsets.tips) - onsets.target_m[:, None]) / _SPREAD_M
    if height:
        cost = np.sqrt(miss[..., 0] ** 2 + 0.1 * miss[..., 2] ** 2)
    else:
        low = fit.points(onsets.tips)[..., 2]
        cost = np.abs(miss[..., 0]) + (low - low.min(1, keepdims=True)) / _LOW_TIP_M
    cost = np.where(onsets.seen, cost, np.inf)
    near = cost.argmin(1)
    off = np.abs(miss[np.arange(len(near)), near, 0]) * _SPREAD_M[0]
    return np.where(off < _NEAR_M, near, -1)


def _taken(onsets: _Onsets, near: np.ndarray) -> np.ndarray:
    return onsets.tips[np.arange(len(near)), near]


def _refine(
    onsets: _Onsets, near: np.ndarray, fit: KeyboardFit, axes: np.ndarray, hint: FrameHint
) -> KeyboardFit:
    """Least squares over the seven numbers, outliers counted little."""
    used = near >= 0
    tips, target, black = _taken(onsets, near)[used], onsets.target_m[used], onsets.black[used]
    # How far the axes may still tilt, and turn about z.
    tilt = _TURN_SPREAD_RAD if hint.up is None and not hint.exact else _GIVEN_TURN_SPREAD_RAD
    swing = _GIVEN_TURN_SPREAD_RAD if hint.exact else _TURN_SPREAD_RAD
    start = Rotation.from_matrix(fit.turn @ axes.T).as_rotvec()
    weight = np.sqrt(len(tips) / 20)

    def unpack(numbers: np.ndarray) -> KeyboardFit:
        turn = Rotation.from_rotvec(numbers[:3]).as_matrix() @ axes
        scale = 1.0 if hint.exact else float(np.exp(numbers[3]))
        return KeyboardFit(scale, turn, numbers[4:])

    def misses(numbers: np.ndarray) -> np.ndarray:
        placed = unpack(numbers).points(tips)
        miss = (placed - target) / _SPREAD_M
        if hint.exact:
            miss[:, 1] = numbers[5] / _GIVEN_Y_SPREAD_M
        front = np.where(black, BLACK_FRONT_M, 0.0)
        off_key = np.maximum(front - placed[:, 1], 0) / _SPREAD_M[2]
        prior = weight * (axes @ numbers[:3]) / [tilt, tilt, swing]
        scaling = np.atleast_1d(weight * (numbers[3] - np.log(fit.scale)))
        return np.concatenate([miss.ravel(), off_key, prior, scaling])

    numbers = np.concatenate([start, [np.log(fit.scale)], fit.shift_m])
    return unpack(least_squares(misses, numbers, loss="soft_l1").x)


def _accepted(onsets: _Onsets, fit: KeyboardFit) -> KeyboardFit:
    near = _nearest(onsets, fit)
    used = near >= 0
    share = float(used.mean())
    off = (fit.points(_taken(onsets, near)) - onsets.target_m)[used, 0]
    miss = float(np.median(np.abs(off))) if len(off) else np.inf
    if share < _LEAST_SHARE or miss > _LARGEST_MISS_M:
        raise InputError(
            f"the keyboard cannot be found: {share:.0%} of the notes have a fingertip on their"
            f" key, {1000 * miss:.0f} mm beside its middle."
        )
    return replace(fit, miss_m=miss, share=share)
