"""The style of a pianist from how they move: a code for the networks, or a `Style` for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.errors import InputError
from duemani.keyboard import BLACK_FRONT_M, BLACK_HEIGHT_M
from duemani.models.diffusion.conditions.hand_frame import hand_angles, hand_wrists, to_hand
from duemani.models.diffusion.conditions.style_code import style_of
from duemani.models.solver.style import Style
from duemani.motion import HandMotion
from duemani.skeleton import FINGER_JOINTS, MEDIUM_BONE_LENGTHS_M, MEDIUM_SPAN_M

_LEAST_SEC = 4.0
_PRESSED_M = 0.003
_STEP_SEC = 1 / 30
_BEFORE_FRAMES = 4
_QUANTILES = (0.3, 0.5, 0.7, 0.9)


def style_features(motion: HandMotion) -> Float[np.ndarray, " feature"]:
    """What can be seen of a style: size, heights, curl, how high idle fingers are, calm, depth.

    Means over both hands, as far as they are seen, of a whole take.

    Raises:
        InputError: fewer than four seconds are seen.
    """
    step = max(round(motion.frame_rate * _STEP_SEC), 1)
    angles, wrists = hand_angles(motion), hand_wrists(motion)
    rows = []
    for hand in range(2):
        finite = np.isfinite(motion.landmarks_m[hand]).all((1, 2))
        seen = motion.tracked[hand] & finite & np.isfinite(angles[hand]).all((1, 2))
        if seen.sum() < _LEAST_SEC * motion.frame_rate:
            continue
        scale = float(motion.bone_lengths_m[hand].sum() / MEDIUM_BONE_LENGTHS_M.sum())
        tips = to_hand(motion.tips_m[hand], hand)[seen]
        wrist = wrists[hand, seen][::step]
        flexion = angles[hand, seen][:, FINGER_JOINTS[1:, 1], 0]
        idle = tips[:, 1:, 2][tips[:, 1:, 2] > _PRESSED_M]
        front = (tips[..., 1] < BLACK_FRONT_M) & (tips[..., 2] < -_PRESSED_M)
        depth = tips[..., 1][front].mean() if front.any() else 0.03
        seconds = step / motion.frame_rate
        speed = np.abs(np.diff(wrist[:, 0])) / seconds
        acceleration = np.abs(np.diff(wrist[:, 0], 2)) / seconds**2
        rows.append(
            [
                scale * MEDIUM_SPAN_M,
                wrist[:, 2].mean() / scale,
                np.median(flexion),
                flexion.mean(),
                *(np.quantile(idle, _QUANTILES) if len(idle) else [BLACK_HEIGHT_M] * 4),
                *_raised(tips[::step]),
                np.log(acceleration.mean() + 0.01),
                np.log(speed.mean() + 0.001),
                depth,
                tips[:, 1:, 1].mean(),
                wrist[:, 1].mean(),
            ]
        )
    if not rows:
        raise InputError("the hands are seen for less than four seconds; that tells no style.")
    return np.asarray(np.mean(rows, axis=0), float)


def _raised(tips_m: Float[np.ndarray, "frame 5 3"]) -> list[float]:
    """Quartiles of how high fingers are in the tenth of a second before they go into a key [m]."""
    down = tips_m[..., 2] < -_PRESSED_M
    heights = [
        tips_m[max(at - _BEFORE_FRAMES, 0) : at + 1, finger, 2].max()
        for finger in range(1, 5)
        for at in np.flatnonzero(down[1:, finger] & ~down[:-1, finger])
    ]
    return np.quantile(heights or [BLACK_HEIGHT_M], (0.25, 0.5, 0.75)).tolist()


@dataclass(frozen=True)
class StyleEstimate:
    """A ridge regression from `style_features` to the style code.

    Attributes:
        mean, deviation: of the features.
        weight: (feature + 1, code): the last row is added to all.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    weight: tuple[tuple[float, ...], ...]

    def code(self, features: Float[np.ndarray, " feature"]) -> Float[np.ndarray, "6"]:
        """The style code of a pianist with these features."""
        scaled = (features - np.array(self.mean)) / np.array(self.deviation)
        return np.append(np.clip(scaled, -4, 4), 1.0) @ np.array(self.weight)

    def style(self, motion: HandMotion) -> Style:
        """The style of a real or simulated pianist, as `perform` takes it.

        Raises:
            InputError: too little is seen.
        """
        return style_of(self.code(style_features(motion)))


def fit_estimate(
    features: Sequence[Float[np.ndarray, " feature"]],
    codes: Sequence[Float[np.ndarray, "6"]],
    ridge: float = 1.0,
) -> StyleEstimate:
    """The regression over simulated pianists, whose styles are known."""
    seen, wanted = np.stack(features), np.stack(codes)
    mean, deviation = seen.mean(0), seen.std(0) + 1e-9
    scaled = np.concatenate([(seen - mean) / deviation, np.ones((len(seen), 1))], axis=1)
    penalty = ridge * np.eye(scaled.shape[1])
    penalty[-1, -1] = 0
    weight = np.linalg.solve(scaled.T @ scaled + penalty, scaled.T @ wanted)
    return StyleEstimate(
        tuple(mean.tolist()), tuple(deviation.tolist()), tuple(map(tuple, weight.tolist()))
    )
