"""Smoothing of tracked coordinates: a Kalman filter forwards, Rauch-Tung-Striebel backwards.

A coordinate moves with white-noise acceleration (an integrated Wiener process) and is measured
with white noise. Only the ratio of both matters to the result; it is chosen by likelihood, film
by film, so that fast strikes stay sharp where the tracker is quiet and jitter goes where it is
not. Frames may lie unevenly; between them the process's mean is a cubic, so any time can be asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

_RATIOS = 10.0 ** np.arange(-1.0, 6.01, 0.5)
"""Acceleration's density over measurement variance [1/s³], tried at 30 frames per second."""
_CHOICE_FRAMES = 600
_GATE = 4.0


def choose_ratio(
    time_sec: Float[np.ndarray, " frame"], values: Float[np.ndarray, "frame series"]
) -> float:
    """The ratio under which the values are likeliest, the noise's own size left open [1/s³].

    Innovations beyond four spreads count as four: glitches may not decide.
    """
    time_sec, values = time_sec[:_CHOICE_FRAMES], values[:_CHOICE_FRAMES]
    if len(values) < 8:
        return float(np.sqrt(_RATIOS[0] * _RATIOS[-1]))
    ones = np.ones(len(values))
    filtered = _filter(time_sec, values, _RATIOS, ones)
    spread = filtered.ahead_covariance[2:, 0] + 1.0
    scaled = (values[2:, None] - filtered.ahead[2:, 0]) / np.sqrt(spread)[..., None]
    size = 1.4826 * np.median(np.abs(scaled), axis=0) + 1e-12
    clipped = np.minimum(np.abs(scaled / size), 4.0)
    each = -0.5 * clipped**2 - np.log(size) - 0.5 * np.log(spread)[..., None]
    return float(_RATIOS[int(each.mean((0, 2)).argmax())])


def smooth(
    time_sec: Float[np.ndarray, " frame"],
    values: Float[np.ndarray, "frame series"],
    ratio: float,
    variance: Float[np.ndarray, " frame"] | None = None,
    at_sec: Float[np.ndarray, " time"] | None = None,
) -> Float[np.ndarray, "time series"]:
    """Smoothed values at the frames, or at any other times within them.

    Args:
        time_sec: of the measurements, rising.
        values: finite; every series is measured in every frame.
        ratio: as `choose_ratio` gives it.
        variance: of each frame's measurement beside the usual one (1).
        at_sec: where the smoothed values are wanted, `time_sec` if not given.
    """
    if len(values) < 2:
        wanted = time_sec if at_sec is None else at_sec
        return np.repeat(values[:1], len(wanted), axis=0)
    variance = np.ones(len(time_sec)) if variance is None else variance
    filtered = _filter(time_sec, values, np.array([ratio]), variance)
    state, ahead = filtered.state[:, :, 0], filtered.ahead[:, :, 0]
    gains = _backward_gains(time_sec, filtered)
    for frame in range(len(values) - 2, -1, -1):
        miss = state[frame + 1] - ahead[frame + 1]
        state[frame] += gains[frame] @ miss
    if at_sec is None:
        return np.asarray(state[:, 0])
    return _between(time_sec, state, at_sec)


def without_glitches(
    values: Float[np.ndarray, "frame series"], least: float
) -> Float[np.ndarray, "frame series"]:
    """Values that leave their neighbours and come back at once, put between these.

    Args:
        values: series of measurements, NaN where there are none.
        least: what is nearer than this to the median of five frames is no glitch.
    """
    if len(values) < 5:
        return values
    padded = np.pad(values, ((2, 2), (0, 0)), mode="edge")
    around = np.stack([padded[k : k + len(values)] for k in range(5)])
    middle = np.median(around, axis=0)
    spread = 1.4826 * np.median(np.abs(around - middle), axis=0)
    off = np.abs(values - middle) > np.maximum(least, _GATE * spread)
    return np.where(off, middle, values)


@dataclass(frozen=True)
class _Filtered:
    """Filtered and predicted states (place, speed) for each ratio, and their covariances.

    Covariances are (place, both, speed) and alike for all series.
    """

    state: Float[np.ndarray, "frame 2 ratio series"]
    ahead: Float[np.ndarray, "frame 2 ratio series"]
    covariance: Float[np.ndarray, "frame 3 ratio"]
    ahead_covariance: Float[np.ndarray, "frame 3 ratio"]


def _filter(
    time_sec: np.ndarray, values: np.ndarray, ratios: np.ndarray, variance: np.ndarray
) -> _Filtered:
    frames, series = values.shape
    state, ahead = np.empty((2, frames, 2, len(ratios), series))
    covariance, ahead_covariance = np.empty((2, frames, 3, len(ratios)))
    place, speed = np.tile(values[0], (len(ratios), 1)), np.zeros((len(ratios), series))
    place_var = speed_var = np.full(len(ratios), 1e4)
    both_var = np.zeros(len(ratios))
    for frame in range(frames):
        if frame:
            step = time_sec[frame] - time_sec[frame - 1]
            place = place + step * speed
            place_var = place_var + step * (2 * both_var + step * speed_var) + ratios * step**3 / 3
            both_var = both_var + step * speed_var + ratios * step**2 / 2
            speed_var = speed_var + ratios * step
        ahead[frame] = place, speed
        ahead_covariance[frame] = place_var, both_var, speed_var
        whole = place_var + variance[frame]
        gain, speed_gain = place_var / whole, both_var / whole
        miss = values[frame] - place
        place, speed = place + gain[:, None] * miss, speed + speed_gain[:, None] * miss
        speed_var = speed_var - speed_gain * both_var
        place_var, both_var = place_var - gain * place_var, both_var - gain * both_var
        state[frame] = place, speed
        covariance[frame] = place_var, both_var, speed_var
    return _Filtered(state, ahead, covariance, ahead_covariance)


def _backward_gains(time_sec: np.ndarray, filtered: _Filtered) -> Float[np.ndarray, "step 2 2"]:
    """P F' (F P F' + Q)⁻¹ of each step."""
    now = filtered.covariance[:-1, [0, 1, 1, 2], 0].reshape(-1, 2, 2)
    then = filtered.ahead_covariance[1:, [0, 1, 1, 2], 0].reshape(-1, 2, 2)
    move = np.tile(np.eye(2), (len(now), 1, 1))
    move[:, 0, 1] = np.diff(time_sec)
    return np.asarray(now @ move.swapaxes(1, 2) @ np.linalg.inv(then))


def _between(time_sec: np.ndarray, state: np.ndarray, at_sec: np.ndarray) -> np.ndarray:
    """The process's mean between frames: the cubic through both places and speeds (Hermite)."""
    right = np.clip(np.searchsorted(time_sec, at_sec), 1, len(time_sec) - 1)
    step = (time_sec[right] - time_sec[right - 1])[:, None]
    share = np.clip((at_sec - time_sec[right - 1])[:, None] / step, 0, 1)
    first, second = state[right - 1], state[right]
    return np.asarray(
        (1 + 2 * share) * (1 - share) ** 2 * first[:, 0]
        + share * (1 - share) ** 2 * step * first[:, 1]
        + share**2 * (3 - 2 * share) * second[:, 0]
        + share**2 * (share - 1) * step * second[:, 1]
    )
