"""From strikes to what each fingertip should do in every frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.interpolate import PchipInterpolator

from duemani.keyboard import BLACK_FRONT_M, BLACK_HEIGHT_M, key_rest_top, key_travel, slot_centre_x
from duemani.models.solver.schedule import Schedule
from duemani.models.solver.style import Style
from duemani.performance import LEFT

# Where fingers meet the keys, from the front edge [m], thumb to little finger: medians of real
# hands (MIDItest) on white keys, kept clear of the black keys' fronts; and on black keys.
_WHITE_Y_M = np.array([0.016, 0.040, 0.042, 0.039, 0.026])
_BLACK_Y_M = np.array([0.060, 0.076, 0.080, 0.076, 0.066])
_X_SIGMA_M = 0.0010
_Z_SIGMA_M = 0.0002
_HOLD_DEPTH_SHARE = 1.03
_BETWEEN_Y_M = 0.066
_CLEAR_SEC = 0.07
_STRIKE_SEC = 0.045  # from the raised finger to the key


@dataclass(frozen=True)
class TipTargets:
    """Wanted tip positions [m] and how much they matter (1/m), for one right (mirrored) hand.

    `pressing` marks the frames in which a finger is on its way into, in, or out of a key;
    `in_front` those in which, about to strike or just off a white key, it keeps clear of the
    black keys' fronts.
    """

    position_m: Float[np.ndarray, "frame 5 3"]
    weight: Float[np.ndarray, "frame 5 3"]
    pressing: Bool[np.ndarray, "frame 5"]
    in_front: Bool[np.ndarray, "frame 5"]


def strike_points(schedule: Schedule, hand: int, style: Style) -> Float[np.ndarray, "note 3"]:
    """Where each note's finger touches its key's undepressed top [m]."""
    rng = np.random.default_rng([style.seed, hand])
    y = np.where(schedule.black, _BLACK_Y_M[schedule.finger], _WHITE_Y_M[schedule.finger])
    y = y + style.depth_into_keys_m + rng.normal(0, 0.003, len(y))
    low = np.where(schedule.black, BLACK_FRONT_M + 0.008, 0.008)
    high = np.where(schedule.black, 0.125, BLACK_FRONT_M - 0.007)
    y = np.clip(y, low, high)
    x = schedule.x_m + np.where(schedule.black, 0.0, rng.normal(0, 0.0012, len(y)))
    between = _between_black_keys(schedule)
    y = np.where(between, _BETWEEN_Y_M, y)
    gap_x = slot_centre_x(schedule.pitch)
    x = np.where(between, -gap_x if hand == LEFT else gap_x, x)
    return np.stack([x, y, key_rest_top(schedule.pitch)], axis=-1)


def _between_black_keys(schedule: Schedule) -> Bool[np.ndarray, " note"]:
    """White keys of the middle fingers while the thumb or the little finger is on a black key.

    The hand is then too far in for the white keys' fronts.
    """
    between = np.zeros(len(schedule), bool)
    outer = np.flatnonzero(schedule.black & np.isin(schedule.finger, (0, 4)))
    inner = ~schedule.black & np.isin(schedule.finger, (1, 2, 3))
    for at in outer:
        begin, end = schedule.onset_sec[at] - 0.06, schedule.release_sec[at]
        first, last = np.searchsorted(schedule.onset_sec, (begin, max(end, begin + 0.12)))
        between[first:last] = True
    return between & inner


def tip_targets(
    schedule: Schedule, points_m: np.ndarray, time_sec: np.ndarray, style: Style
) -> TipTargets:
    """Sample every finger's wanted path on the frames at `time_sec`."""
    frames = len(time_sec)
    position = np.zeros((frames, 5, 3))
    weight = np.zeros((frames, 5, 3))
    pressing = np.zeros((frames, 5), bool)
    in_front = np.zeros((frames, 5), bool)
    frame = time_sec[1] - time_sec[0] if frames > 1 else 1 / 60
    for finger in range(5):
        mine = np.flatnonzero(schedule.finger == finger)
        if len(mine):
            _one_finger(
                schedule, points_m, mine, time_sec, frame, style,
                position[:, finger], weight[:, finger], pressing[:, finger], in_front[:, finger],
            )  # fmt: skip
    return TipTargets(position, weight, pressing, in_front)


def _one_finger(
    schedule: Schedule,
    points_m: np.ndarray,
    mine: np.ndarray,
    time_sec: np.ndarray,
    frame: float,
    style: Style,
    position: np.ndarray,
    weight: np.ndarray,
    pressing: np.ndarray,
    in_front: np.ndarray,
) -> None:
    onset, release = schedule.onset_sec[mine], schedule.release_sec[mine]
    top = points_m[mine, 2]
    deep = (points_m[mine, 1] > BLACK_FRONT_M) & (top == 0)
    # Out of the gap between two black keys a finger goes straight up, so it leaves early.
    release = np.where(deep, np.maximum(release - 0.02, onset + 0.03), release)
    loudness = (schedule.velocity[mine] - 64) / 64
    fall = 0.034 * 2.0 ** (-1.2 * loudness)  # seconds the key takes to go down
    fall = np.minimum(fall, 0.8 * np.maximum(release - onset, 0.015))
    before = np.concatenate([[np.inf], onset[1:] - release[:-1]])
    after = np.concatenate([onset[1:] - release[:-1], [np.inf]])
    prepare = np.minimum(0.16, 0.75 * before)
    lift = style.lift_m * (1 + 0.5 * loudness) * np.clip(before / 0.16, 0.25, 1)
    travel = key_travel(schedule.pitch[mine])
    lift = np.where(deep, np.maximum(lift, BLACK_HEIGHT_M + 0.006), lift)
    # Very short strikes do not reach the key's bottom.
    bottom = top - np.clip(0.62 + (release - onset) / 0.12, 0.75, _HOLD_DEPTH_SHARE) * travel

    # Height: up, down through half the travel at the onset, held, and up at the release.
    strike = onset - fall / 2
    times = np.stack(
        [
            onset - np.maximum(prepare, fall * 0.8),
            strike - np.minimum(_STRIKE_SEC, 0.35 * prepare),
            strike,
            onset,
            onset + fall / 2,
            np.maximum(release - 0.018, onset + fall / 2 + 1e-3),
            np.maximum(release, onset + fall / 2 + 2e-3),
            release + np.minimum(0.03, 0.35 * after),
            release + np.minimum(0.08, 0.6 * after),
        ],
        -1,
    )
    heights = np.stack(
        [
            top + lift,
            top + 0.8 * lift,
            top + 0.0005,
            top - travel * 0.5,
            bottom,
            bottom,
            top - 0.2 * travel,
            top + 0.5 * lift,
            top + lift,
        ],
        -1,
    )
    order = np.argsort(times.ravel(), kind="stable")
    flat_time, first = np.unique(times.ravel()[order], return_index=True)
    z = PchipInterpolator(flat_time, heights.ravel()[order][first], extrapolate=False)(time_sec)
    position[:, 2] = np.nan_to_num(z, nan=0.0)

    # Which strike each frame belongs to: the one being prepared or held.
    border = np.concatenate([[-np.inf], (release[:-1] + onset[1:]) / 2])
    border[1:] = np.maximum(border[1:], release[:-1])
    owner = np.searchsorted(border, time_sec, side="right") - 1
    since, until = time_sec - onset[owner], time_sec - release[owner]
    position[:, :2] = points_m[mine[owner], :2]
    close = (since > -(fall[owner] / 2 + 1.5 * frame)) & (until < 1.5 * frame)
    leaving = np.minimum(0.09, 0.6 * after[owner])
    near = (since > -np.maximum(prepare[owner], fall[owner])) & (until < leaving)
    approach = np.clip(1 + since / np.minimum(0.30, np.maximum(0.8 * before[owner], 0.02)), 0, 1)
    leave = np.clip(1 - until / 0.06, 0, 1)
    guide = np.where(since < 0, approach**2, np.where(until > 0, leave**2, 1.0))
    upright = deep[owner] & (until < np.minimum(0.05, 0.5 * after[owner])) & (since > -fall[owner])
    weight[:, 0] = np.where(close, 1 / _X_SIGMA_M, np.where(upright, 1 / 0.002, guide / 0.010))
    weight[:, 1] = np.where(close, 1 / 0.003, guide / 0.020)
    weight[:, 2] = np.where(close, 1 / _Z_SIGMA_M, np.where(near, 1 / 0.004, 0.0))
    pressing[:] = close
    in_front[:] = (
        (points_m[mine[owner], 1] < BLACK_FRONT_M)
        & (since > -np.minimum(_CLEAR_SEC, 0.4 * before[owner]))
        & (until < np.minimum(_CLEAR_SEC, 0.4 * after[owner]))
    )
