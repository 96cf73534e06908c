"""From strikes to what each fingertip should do in every frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
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
        if not len(mine):
            continue
        strikes = _Strikes.of(schedule, points_m[mine], mine, style)
        at = _Moment.of(strikes, time_sec)
        position[:, finger, :2] = strikes.point_m[at.owner, :2]
        position[:, finger, 2] = _heights(strikes, time_sec)
        pressing[:, finger] = strikes.pressing(at, frame)
        in_front[:, finger] = strikes.in_front(at)
        weight[:, finger] = strikes.weights(at, pressing[:, finger])
    return TipTargets(position, weight, pressing, in_front)


@dataclass(frozen=True)
class _Moment:
    """Frames against the strike that each belongs to: the one being prepared or held.

    Attributes:
        owner: index of that strike.
        since_sec, until_sec: time since its onset, and since its release (negative before).
    """

    owner: Int[np.ndarray, " frame"]
    since_sec: Float[np.ndarray, " frame"]
    until_sec: Float[np.ndarray, " frame"]

    @classmethod
    def of(cls, strikes: _Strikes, time_sec: np.ndarray) -> _Moment:
        onset, release = strikes.onset_sec, strikes.release_sec
        border = np.concatenate([[-np.inf], (release[:-1] + onset[1:]) / 2])
        border[1:] = np.maximum(border[1:], release[:-1])
        owner = np.searchsorted(border, time_sec, side="right") - 1
        return cls(owner, time_sec - onset[owner], time_sec - release[owner])


@dataclass(frozen=True)
class _Strikes:
    """What one finger strikes, in order.

    Attributes:
        onset_sec, release_sec: of the keys.
        point_m: where the finger touches each key's undepressed top.
        deep: on a white key between black ones.
        fall_sec: how long the key takes to go down.
        before_sec, after_sec: how long the finger has from the last strike and to the next.
        prepare_sec: how long before the onset it is raised.
        lift_m: how high.
        bottom_m: height at which the key is held.
        travel_m: how far the key goes down.
    """

    onset_sec: Float[np.ndarray, " strike"]
    release_sec: Float[np.ndarray, " strike"]
    point_m: Float[np.ndarray, "strike 3"]
    deep: Bool[np.ndarray, " strike"]
    fall_sec: Float[np.ndarray, " strike"]
    before_sec: Float[np.ndarray, " strike"]
    after_sec: Float[np.ndarray, " strike"]
    prepare_sec: Float[np.ndarray, " strike"]
    lift_m: Float[np.ndarray, " strike"]
    bottom_m: Float[np.ndarray, " strike"]
    travel_m: Float[np.ndarray, " strike"]

    @classmethod
    def of(
        cls, schedule: Schedule, point_m: np.ndarray, mine: np.ndarray, style: Style
    ) -> _Strikes:
        onset, release = schedule.onset_sec[mine], schedule.release_sec[mine]
        top = point_m[:, 2]
        deep = (point_m[:, 1] > BLACK_FRONT_M) & (top == 0)
        # Out of the gap between two black keys a finger goes straight up, so it leaves early.
        release = np.where(deep, np.maximum(release - 0.02, onset + 0.03), release)
        loudness = (schedule.velocity[mine] - 64) / 64
        fall = 0.034 * 2.0 ** (-1.2 * loudness)
        fall = np.minimum(fall, 0.8 * np.maximum(release - onset, 0.015))
        before = np.concatenate([[np.inf], onset[1:] - release[:-1]])
        after = np.concatenate([onset[1:] - release[:-1], [np.inf]])
        travel = key_travel(schedule.pitch[mine])
        lift = style.lift_m * (1 + 0.5 * loudness) * np.clip(before / 0.16, 0.25, 1)
        lift = np.where(deep, np.maximum(lift, BLACK_HEIGHT_M + 0.006), lift)
        # Very short strikes do not reach the key's bottom.
        share = np.clip(0.62 + (release - onset) / 0.12, 0.75, _HOLD_DEPTH_SHARE)
        return cls(
            onset_sec=onset,
            release_sec=release,
            point_m=point_m,
            deep=deep,
            fall_sec=fall,
            before_sec=before,
            after_sec=after,
            prepare_sec=np.minimum(0.16, 0.75 * before),
            lift_m=lift,
            bottom_m=top - share * travel,
            travel_m=travel,
        )

    def pressing(self, at: _Moment, frame_sec: float) -> Bool[np.ndarray, " frame"]:
        """The finger is on its way into, in, or out of the key."""
        begun = at.since_sec > -(self.fall_sec[at.owner] / 2 + 1.5 * frame_sec)
        return np.asarray(begun & (at.until_sec < 1.5 * frame_sec))

    def in_front(self, at: _Moment) -> Bool[np.ndarray, " frame"]:
        """The finger keeps clear of the black keys' fronts."""
        return np.asarray(
            (self.point_m[at.owner, 1] < BLACK_FRONT_M)
            & (at.since_sec > -np.minimum(_CLEAR_SEC, 0.4 * self.before_sec[at.owner]))
            & (at.until_sec < np.minimum(_CLEAR_SEC, 0.4 * self.after_sec[at.owner]))
        )

    def weights(
        self, at: _Moment, pressing: Bool[np.ndarray, " frame"]
    ) -> Float[np.ndarray, "frame 3"]:
        """How much x, y and z matter [1/m]: exactly in a strike, ever less away from it."""
        owner, since, until = at.owner, at.since_sec, at.until_sec
        before, after, fall = self.before_sec[owner], self.after_sec[owner], self.fall_sec[owner]
        near = since > -np.maximum(self.prepare_sec[owner], fall)
        near &= until < np.minimum(0.09, 0.6 * after)
        approach = np.clip(1 + since / np.minimum(0.30, np.maximum(0.8 * before, 0.02)), 0, 1)
        leave = np.clip(1 - until / 0.06, 0, 1)
        guide = np.where(since < 0, approach**2, np.where(until > 0, leave**2, 1.0))
        upright = self.deep[owner] & (until < np.minimum(0.05, 0.5 * after)) & (since > -fall)
        x = np.where(pressing, 1 / _X_SIGMA_M, np.where(upright, 1 / 0.002, guide / 0.010))
        y = np.where(pressing, 1 / 0.003, guide / 0.020)
        z = np.where(pressing, 1 / _Z_SIGMA_M, np.where(near, 1 / 0.004, 0.0))
        return np.stack([x, y, z], -1)


def _heights(strikes: _Strikes, time_sec: np.ndarray) -> Float[np.ndarray, " frame"]:
    """Up, down through half the travel at the onset, held, and up at the release [m]."""
    onset, release, after = strikes.onset_sec, strikes.release_sec, strikes.after_sec
    fall, prepare = strikes.fall_sec, strikes.prepare_sec
    top, lift, travel = strikes.point_m[:, 2], strikes.lift_m, strikes.travel_m
    bottom = strikes.bottom_m
    strike = onset - fall / 2
    points = (
        (onset - np.maximum(prepare, fall * 0.8), top + lift),
        (strike - np.minimum(_STRIKE_SEC, 0.35 * prepare), top + 0.8 * lift),
        (strike, top + 0.0005),
        (onset, top - travel * 0.5),
        (onset + fall / 2, bottom),
        (np.maximum(release - 0.018, onset + fall / 2 + 1e-3), bottom),
        (np.maximum(release, onset + fall / 2 + 2e-3), top - 0.2 * travel),
        (release + np.minimum(0.03, 0.35 * after), top + 0.5 * lift),
        (release + np.minimum(0.08, 0.6 * after), top + lift),
    )
    times, heights = (np.stack(one, -1).ravel() for one in zip(*points, strict=True))
    order = np.argsort(times, kind="stable")
    rising, first = np.unique(times[order], return_index=True)
    path = PchipInterpolator(rising, heights[order][first], extrapolate=False)
    return np.asarray(np.nan_to_num(path(time_sec), nan=0.0))
