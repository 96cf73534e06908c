"""How hands move, honestly: true accelerations, seams, speeds, and whether loud means fast.

Fingertips are compared by x, along the keys, which videos show best. Trackers' noise fills the
band above 6 Hz (`benchmarks/real_hands.py`), so figures are of the motion below it, beside the
raw ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from scipy.signal import butter, sosfiltfilt
from scipy.stats import wasserstein_distance

from duemani.analysis.contact import find_presses
from duemani.errors import InputError
from duemani.evaluation.motion.measure import match_presses
from duemani.motion import HandMotion
from duemani.performance import Performance

LOW_PASS_HZ = 6.0
SEAM_CLEARANCE_SEC = 0.3
FALL_SEC = 1 / 30
LEAST_SPEED = 1e-3
LEAST_ACCELERATION = 1e-2
_LEAST_FRAMES = 30
_FILTER_ORDER = 4
_SLACK_SEC = 1e-6


def acceleration_and_jerk(
    tips_x: Float[np.ndarray, "frame hand finger"],
    frame_rate: float,
    low_pass_hz: float | None = LOW_PASS_HZ,
    known: Bool[np.ndarray, " frame"] | None = None,
) -> tuple[float, float]:
    """Mean |acceleration| [m/s²] and |jerk| [m/s³] of fingertips along the keys.

    Second and third differences, after a Butterworth filter of order 4 run forwards and
    backwards.

    Args:
        tips_x: x of the tips [m], finite; bridge gaps first and mark them in `known`.
        frame_rate: [Hz].
        low_pass_hz: the filter's corner; None for raw motion.
        known: frames to count (a difference counts when all its frames do); None for all.

    Raises:
        InputError: fewer than 30 frames, a value is not finite, the corner is not below half the
            frame rate, or nowhere are four neighbouring frames known.
    """
    smoothed = low_passed(tips_x, frame_rate, low_pass_hz)
    acceleration, jerk = (
        float(np.abs(_differences(smoothed, frame_rate, order, known)).mean()) for order in (2, 3)
    )
    return acceleration, jerk


def dynamics_ratio(
    simulated_x: Float[np.ndarray, "frame hand finger"],
    real_x: Float[np.ndarray, "frame hand finger"],
    known: Bool[np.ndarray, " frame"],
    frame_rate: float,
) -> dict[str, float]:
    """How much harder simulated tips move than real ones at the same frames; 1 is alike.

    Returns:
        `acceleration_ratio` and `jerk_ratio` below 6 Hz, `raw_acceleration_ratio` and
        `raw_jerk_ratio` without filter (there the real tracker's noise counts as motion).
        Infinite where the real tips do not move.

    Raises:
        InputError: as `acceleration_and_jerk`.
    """
    ratios: dict[str, float] = {}
    for prefix, corner in (("", LOW_PASS_HZ), ("raw_", None)):
        simulated = acceleration_and_jerk(simulated_x, frame_rate, corner, known)
        real = acceleration_and_jerk(real_x, frame_rate, corner, known)
        for name, ours, theirs in zip(("acceleration", "jerk"), simulated, real, strict=True):
            ratios[f"{prefix}{name}_ratio"] = ours / theirs if theirs > 0 else float("inf")
    return ratios


def seam_ratio(motion: HandMotion, seams_sec: Sequence[float], window_sec: float = 0.2) -> float:
    """Acceleration around joins of windows over acceleration elsewhere; 1 means no seams.

    Mean magnitude of the acceleration (second differences) of all 21 landmarks of both hands in
    frames within half of `window_sec` of a join, over that in frames at least 0.3 s from every
    join. Hands not seen in a frame or its neighbours are left out.

    Args:
        motion: both hands, not smoothed.
        seams_sec: times of the joins, in the motion's time.
        window_sec: width around a join.

    Returns:
        The ratio; NaN where nothing moves elsewhere.

    Raises:
        InputError: there are no frames near a join, or none away from all.
    """
    if not len(seams_sec) or motion.frame_count < 3:
        raise InputError("a seam ratio needs three or more frames and a join between windows.")
    bend = np.diff(motion.landmarks_m, 2, axis=1) * motion.frame_rate**2
    size = np.linalg.norm(bend, axis=-1).mean(-1)
    seen = motion.tracked[:, :-2] & motion.tracked[:, 1:-1] & motion.tracked[:, 2:]
    seen &= np.isfinite(size)
    time = motion.time_sec[1:-1]
    distance = np.abs(time[:, None] - np.asarray(seams_sec, float)[None]).min(1)
    near = seen & (distance <= window_sec / 2 + _SLACK_SEC)
    far = seen & (distance >= SEAM_CLEARANCE_SEC - _SLACK_SEC)
    if not near.any() or not far.any():
        raise InputError(
            "a seam ratio needs seen frames near a join and others 0.3 s away from all."
        )
    elsewhere = float(size[far].mean())
    return float(size[near].mean()) / elsewhere if elsewhere > 0 else float("nan")


def speed_distribution_distance(
    one_x: Float[np.ndarray, "one_frame hand finger"],
    other_x: Float[np.ndarray, "other_frame hand finger"],
    frame_rate: float,
    known_one: Bool[np.ndarray, " one_frame"] | None = None,
    known_other: Bool[np.ndarray, " other_frame"] | None = None,
    low_pass_hz: float | None = LOW_PASS_HZ,
) -> dict[str, float]:
    """How differently two sets of fingertips distribute their speeds, whatever they play.

    Means alone hide hands that creep and then jerk. The 1-Wasserstein distance of the natural
    logarithms of |speed| (those below 1 mm/s count as 1 mm/s) and of |acceleration| (below
    1 cm/s² as that) along the keys: log 2 = 0.69 is a factor of two throughout.

    Args:
        one_x: x of the tips [m], finite.
        other_x: x of the other set's tips [m], finite; the number of frames may differ.
        frame_rate: of both [Hz].
        known_one, known_other, low_pass_hz: as in `acceleration_and_jerk`.

    Returns:
        `log_speed_distance` and `log_acceleration_distance`, the same either way round.

    Raises:
        InputError: as `acceleration_and_jerk`.
    """
    distances: dict[str, float] = {}
    one = low_passed(one_x, frame_rate, low_pass_hz)
    other = low_passed(other_x, frame_rate, low_pass_hz)
    kinds = (("log_speed", 1, LEAST_SPEED), ("log_acceleration", 2, LEAST_ACCELERATION))
    for name, order, least in kinds:
        logs = [
            np.log(np.maximum(np.abs(_differences(tips, frame_rate, order, known)), least)).ravel()
            for tips, known in ((one, known_one), (other, known_other))
        ]
        distances[f"{name}_distance"] = float(wasserstein_distance(*logs))
    return distances


def dynamics_correlation(motion: HandMotion, performance: Performance) -> float:
    """Whether louder notes are struck faster: Pearson's r of velocity and falling speed.

    The speed is that of the pressing fingertip, downwards, over the last 1/30 s before its key
    sounds (`analysis.contact.find_presses`), by linear interpolation. Presses are matched with
    notes by pitch and onset ± 50 ms.

    Args:
        motion: both hands; from 60 Hz on the speed of a stroke is resolved well.
        performance: the notes, their MIDI velocities.

    Returns:
        r, -1 to 1; NaN with fewer than three matched notes, or velocities or speeds all equal.
    """
    presses = find_presses(motion)
    matches = match_presses(performance.notes, presses)
    played = presses[matches[:, 1]]
    velocity = performance.notes["velocity"][matches[:, 0]].astype(float)
    speed = np.array([_falling_speed(motion, press) for press in played])
    kept = np.isfinite(speed)
    velocity, speed = velocity[kept], speed[kept]
    if len(speed) < 3 or np.ptp(velocity) == 0 or np.ptp(speed) < 1e-9:
        return float("nan")
    return float(np.corrcoef(velocity, speed)[0, 1])


def low_passed(
    tips_x: Float[np.ndarray, "frame hand finger"], frame_rate: float, corner_hz: float | None
) -> Float[np.ndarray, "frame hand finger"]:
    """Motion below `corner_hz` without delay, or as it is for None.

    Raises:
        InputError: as `acceleration_and_jerk`.
    """
    if len(tips_x) < _LEAST_FRAMES or not np.isfinite(tips_x).all():
        raise InputError(f"fingertips need {_LEAST_FRAMES} or more frames of finite values.")
    if corner_hz is None:
        return tips_x
    if not 0 < corner_hz < frame_rate / 2:
        raise InputError("the low pass must lie between 0 and half the frame rate.")
    sections = butter(_FILTER_ORDER, corner_hz, fs=frame_rate, output="sos")
    return np.asarray(sosfiltfilt(sections, tips_x, axis=0))


def _differences(
    tips_x: Float[np.ndarray, "frame hand finger"],
    frame_rate: float,
    order: int,
    known: Bool[np.ndarray, " frame"] | None,
) -> Float[np.ndarray, "counted hand finger"]:
    """Speed, acceleration or jerk where all the frames they are made of are known."""
    use = np.ones(len(tips_x), bool) if known is None else known
    counted = np.all([use[at : len(use) - order + at] for at in range(order + 1)], axis=0)
    if not counted.any():
        raise InputError("the fingertips are nowhere known in enough neighbouring frames.")
    return (np.diff(tips_x, order, axis=0) * frame_rate**order)[counted]


def _falling_speed(motion: HandMotion, press: np.void) -> float:
    """Mean speed downwards of the pressing tip just before the onset [m/s]."""
    height = motion.tips_m[press["hand"], :, press["finger"] - 1, 2]
    onset = float(press["onset_sec"])
    if onset - FALL_SEC < motion.start_sec:
        return float("nan")
    before, after = motion.where(np.array([onset - FALL_SEC, onset])).mixed(height)
    return float((before - after) / FALL_SEC)
