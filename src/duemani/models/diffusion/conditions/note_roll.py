"""What the networks are told of the music: a piano roll, and each finger's wanted path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.models.diffusion.conditions.hand_frame import shift_of_mirrored_m
from duemani.models.solver.schedule import Schedule, schedule_hand
from duemani.models.solver.style import Style
from duemani.models.solver.targets import TipTargets, strike_points, tip_targets
from duemani.performance import LOWEST_PITCH, Performance

ROLL_CHANNELS = 3
"""Held (0-1); coming: 1 at the onset, 1/e a tenth of a second before it; struck: the loudness at
the onset, 1/e of it a tenth of a second later."""
FINGER_FEATURES = 8
FADE_SEC = 0.1
_HORIZON_SEC = 0.6
_MARGIN_SEC = 3.0


def note_roll(
    performance: Performance, time_sec: Float[np.ndarray, " frame"]
) -> Float[np.ndarray, "frame 88 3"]:
    """The notes on evenly spaced frames (float16): held, coming, struck."""
    frames = len(time_sec)
    step = float(time_sec[1] - time_sec[0]) if frames > 1 else 1 / 30
    start = float(time_sec[0]) if frames else 0.0
    roll = np.zeros((frames, 88, ROLL_CHANNELS), np.float32)
    for note in performance.notes:
        onset, release = float(note["onset_sec"]), float(note["release_sec"])
        key = int(note["pitch"]) - LOWEST_PITCH
        first = max(int((onset - _HORIZON_SEC - start) / step), 0)
        last = min(int((max(release, onset + _HORIZON_SEC) - start) / step) + 2, frames)
        if first >= last:
            continue
        time = time_sec[first:last]
        held = np.minimum(time + step / 2, release) - np.maximum(time - step / 2, onset)
        since = time - onset
        loudness = 0.3 + 0.7 * float(note["velocity"]) / 127
        here = roll[first:last, key]
        np.maximum(here[:, 0], np.clip(held / step, 0, 1), out=here[:, 0])
        coming = np.where(since <= 0, np.exp(np.minimum(since, 0) / FADE_SEC), 0)
        struck = np.where(since >= 0, loudness * np.exp(-np.maximum(since, 0) / FADE_SEC), 0)
        np.maximum(here[:, 1], coming, out=here[:, 1])
        np.maximum(here[:, 2], struck, out=here[:, 2])
    return roll.astype(np.float16)


@dataclass(frozen=True)
class HandTargets:
    """The strikes of one hand, where its fingers meet the keys, and the paths between.

    Positions are in the keyboard frame, mirrored at x = 0 for the left hand, as the solver's are.
    """

    schedule: Schedule
    points_m: Float[np.ndarray, "note 3"]

    def near(self, start_sec: float, end_sec: float) -> HandTargets:
        """Those that matter between two times."""
        chosen = (self.schedule.onset_sec < end_sec + _MARGIN_SEC) & (
            self.schedule.release_sec > start_sec - _MARGIN_SEC
        )
        return HandTargets(self.schedule.chosen(chosen), self.points_m[chosen])

    def at(self, time_sec: Float[np.ndarray, " frame"], style: Style) -> TipTargets:
        """Every finger's wanted path on these frames."""
        near = self.near(float(time_sec[0]), float(time_sec[-1]))
        return tip_targets(near.schedule, near.points_m, time_sec, style)


def hand_targets(performance: Performance, hand: int, style: Style) -> HandTargets:
    """Plan one hand's strikes (`solver.schedule`); notes without a finger are left out."""
    notes = performance.notes[performance.notes["finger"] > 0]
    schedule = schedule_hand(notes, hand, style)
    return HandTargets(schedule, strike_points(schedule, hand, style))


def finger_features(targets: TipTargets, hand: int) -> Float[np.ndarray, "frame 5 8"]:
    """A finger's path as features: position in the hand's frame [m], logarithmic weights of the
    three axes (0 none, about 1 in a strike), whether it is pressing, and whether it has a path.
    """
    position = targets.position_m.copy()
    position[..., 0] += shift_of_mirrored_m(hand)
    weight = np.log1p(targets.weight) / 8.5
    known = targets.weight.any(-1, keepdims=True).astype(float)
    position *= known
    pressing = targets.pressing[..., None].astype(float)
    return np.concatenate([position, weight, pressing, known], axis=-1).astype(np.float32)
