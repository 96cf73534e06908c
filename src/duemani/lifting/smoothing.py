"""Smoothing of tracked coordinates by cubic smoothing splines of a likely stiffness.

A coordinate moves with white-noise acceleration (an integrated Wiener process) and is measured
with white noise; its mean, all measurements known, is a cubic smoothing spline (Wahba 1978). Only
the ratio of both noises matters to the result; it is chosen by likelihood, film by film, so that
fast strikes stay sharp where the tracker is quiet and jitter goes where it is not. Frames may lie
unevenly, and any time between them can be asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.interpolate import make_smoothing_spline

_RATIOS = 10.0 ** np.arange(-1.0, 6.01, 0.5)
"""Acceleration's density over measurement variance [1/s³], tried at 30 frames per second."""
_CHOICE_FRAMES = 600
_GATE = 4.0
_LEAST_FOR_SPLINE = 5  # frames; fewer are joined by lines


def choose_ratio(
    time_sec: Float[np.ndarray, " frame"], values: Float[np.ndarray, "frame series"]
) -> float:
    """The ratio under which the values are likeliest, the noise's own size left open [1/s³].

    Innovations beyond four spreads count as four: glitches may not decide.
    """
    time_sec, values = time_sec[:_CHOICE_FRAMES], values[:_CHOICE_FRAMES]
    if len(values) < 8:
        return float(np.sqrt(_RATIOS[0] * _RATIOS[-1]))
    ahead = _filter(time_sec, values, _RATIOS)
    spread = ahead.variance[2:] + 1.0
    scaled = (values[2:, None] - ahead.place[2:]) / np.sqrt(spread)[..., None]
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
    wanted_sec = time_sec if at_sec is None else at_sec
    if len(values) < _LEAST_FOR_SPLINE:
        series = [np.interp(wanted_sec, time_sec, one) for one in values.T]
        return np.asarray(series).T.reshape(len(wanted_sec), values.shape[1])
    weights = None if variance is None else 1 / variance
    spline = make_smoothing_spline(time_sec, values, weights, lam=1 / ratio)
    return np.asarray(spline(np.clip(wanted_sec, time_sec[0], time_sec[-1])))


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
class _Ahead:
    """What is expected of each frame before it is seen, for each ratio.

    Attributes:
        place: the coordinate itself.
        variance: of that place, alike for all series, without the measurement's own.
    """

    place: Float[np.ndarray, "frame ratio series"]
    variance: Float[np.ndarray, "frame ratio"]


def _filter(time_sec: np.ndarray, values: np.ndarray, ratios: np.ndarray) -> _Ahead:
    """A Kalman filter of place and speed, measured with variance 1."""
    frames, series = values.shape
    ahead = np.empty((frames, len(ratios), series))
    ahead_variance = np.empty((frames, len(ratios)))
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
        ahead[frame], ahead_variance[frame] = place, place_var
        gain, speed_gain = place_var / (place_var + 1), both_var / (place_var + 1)
        miss = values[frame] - place
        place, speed = place + gain[:, None] * miss, speed + speed_gain[:, None] * miss
        speed_var = speed_var - speed_gain * both_var
        place_var, both_var = place_var - gain * place_var, both_var - gain * both_var
    return _Ahead(ahead, ahead_variance)
