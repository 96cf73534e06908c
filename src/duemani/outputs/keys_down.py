"""How far each key is drawn down: the one rule of page, film and glTF (`web/src/hands/keys.ts`).

Fingertips decide. Where a hand is known, a key is down because a tip is in it, so that no picture
shows a key that holds itself down; what rings on under the pedal is up. Only a note whose hand is
not known moves its key by itself, since nothing then contradicts it. Filmed hands are known to some
millimetres, so that there a tip over a key that is held counts as in it.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from duemani.keyboard import BLACK_FRONT_M, IS_BLACK, REST_TOP_M, TRAVEL_M, key_at
from duemani.motion import HandMotion
from duemani.performance import LOWEST_PITCH, Performance

KEY_COUNT = len(TRAVEL_M)
# Keys turn about an axis well behind the fallboard, so that a finger anywhere on a key stays on
# it: the conventions measure a press by the tip's height alone, wherever it is along the key.
PIVOT_Y_M = 0.45
FRONT_M = np.where(IS_BLACK, BLACK_FRONT_M, 0.0)
# A filmed tip so high above a key that is held counts as in it.
NEAR_M = 0.015
# Under a finger far in the key lies as deep as the finger, and deeper at its front, up to this.
MOST_AT_FRONT = 1.25
_PRESS_SEC = (0.075, 0.030)  # time a key takes to go down at velocity 1 and 127
_RISE_SEC = 0.060
_MINIMUM_DOWN_SEC = 0.020


def key_depths(motion: HandMotion, performance: Performance) -> Float[np.ndarray, "frame 88"]:
    """How far each key's playing end is down in each frame of a motion [m], float32."""
    tips = np.concatenate([motion.tips_m[0], motion.tips_m[1]], axis=1)
    known = np.repeat(motion.tracked, 5, axis=0).T & np.isfinite(tips).all(-1)
    key = np.where(known, key_at(tips[..., 0], tips[..., 1]), -1)
    depth = np.zeros((motion.frame_count, KEY_COUNT), np.float32)
    frame, tip = np.nonzero(key >= 0)
    at, along = key[frame, tip], tips[frame, tip, 1]
    pushed = np.clip(REST_TOP_M[at] - tips[frame, tip, 2], 0, TRAVEL_M[at])
    lever = (PIVOT_Y_M - FRONT_M[at]) / (PIVOT_Y_M - along)
    np.maximum.at(depth, (frame, at), np.minimum(pushed * lever, MOST_AT_FRONT * TRAVEL_M[at]))
    notes = performance.notes
    for hand in range(-1, 2):
        # A note of an unknown hand may be of either.
        hands = slice(None) if hand < 0 else slice(hand, hand + 1)
        tips_known = known.reshape(-1, 2, 5)[:, hands].any(-1).all(-1)
        mine = notes[notes["hand"] == hand]
        if not len(mine):
            continue
        free = np.repeat(~tips_known[:, None], KEY_COUNT, axis=1)
        if motion.confidence is not None:
            near = np.zeros_like(free)
            low = tips[frame, tip, 2] < REST_TOP_M[at] + NEAR_M
            low &= (hand < 0) | (tip // 5 == hand)
            near[frame[low], at[low]] = True
            free |= near
        depth = np.maximum(depth, note_depths(mine, motion.time_sec, free))
    return depth


def note_depths(
    notes: np.ndarray,
    time_sec: Float[np.ndarray, " frame"],
    free: Bool[np.ndarray, "frame 88"] | None = None,
) -> Float[np.ndarray, "frame 88"]:
    """How far notes (`NOTE_DTYPE`, by onset) hold each key down at each time [m], float32.

    A key passes half its travel at the onset and a quarter of it, on the way up, at the release;
    it rises before it is struck again. Louder notes go down faster. Where `free` is false, notes
    hold nothing.
    """
    time_sec = np.asarray(time_sec, float)
    depth = np.zeros((len(time_sec), KEY_COUNT), np.float32)
    for pitch in np.unique(notes["pitch"]):
        key = int(pitch) - LOWEST_PITCH
        same = notes[notes["pitch"] == pitch]
        onset, next_onset = same["onset_sec"], np.append(same["onset_sec"][1:], np.inf)
        press = np.interp(same["velocity"], (1, 127), _PRESS_SEC)
        next_press = np.append(press[1:], 0.0)
        latest = next_onset - next_press / 2 - _RISE_SEC / 4
        release = np.minimum(same["release_sec"], latest)
        release = np.maximum(release, onset + np.minimum(_MINIMUM_DOWN_SEC, next_onset - onset))
        for start, length, end in zip(onset, press, release, strict=True):
            begin, settled = start - length / 2, end + _RISE_SEC / 4
            first, last = np.searchsorted(time_sec, (begin, settled))
            part = time_sec[first:last]
            down = np.clip((part - begin) / length, 0, 1)
            up = np.clip((settled - part) / _RISE_SEC, 0, 1)
            share = np.minimum(down, up) * TRAVEL_M[key]
            depth[first:last, key] = np.maximum(depth[first:last, key], share)
    return depth if free is None else np.where(free, depth, np.float32(0))


def key_angles(depth_m: Float[np.ndarray, "*shape 88"]) -> Float[np.ndarray, "*shape 88"]:
    """Turn of each key about +x at its pivot [rad] that lowers its playing end by `depth_m`."""
    return np.arcsin(np.asarray(depth_m) / (PIVOT_Y_M - FRONT_M))
