"""Which filmed hand is which: swaps undone, hands laid over each other and outliers taken out.

Trackers tell left from right frame by frame. Here the film decides: dynamic programming (Viterbi)
over the two assignments of each frame, whose cost is how far the hands would have jumped, and
which way their thumbs point.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from duemani.inputs.film.filmed_hands import FilmedHands
from duemani.inputs.film.keyboard_view import KeyboardView

_PALM = [0, 5, 9, 13, 17]
_TIPS = [4, 8, 12, 16, 20]
_JUMP_PALMS, _JUMP_MOST = 0.5, 12.0
_SIDE_COST, _ORDER_COST = 1.5, 0.6
_SWITCH_COST = 1.0
_MERGED_PALMS = 0.45
_OUTLIER_PALMS = 0.9
_MEMORY_SEC = 1.0


def keep_hands_apart(filmed: FilmedHands, view: KeyboardView) -> FilmedHands:
    """The same film with each hand in its own row throughout.

    Frames in which both rows hold the same hand lose the less likely one; frames in which a hand
    leaves its way and comes back lose it. What was the tracker's doing is not made up for here:
    such frames are unseen.
    """
    if not filmed.frame_count:
        return filmed
    middle = hand_middles(filmed)
    palm = palm_length_px(filmed)
    side = _sides(filmed, view)
    order = _order(middle, view)
    filmed = _without_merged(filmed, middle, side, palm)
    middle = hand_middles(filmed)
    swapped = _assignment(filmed.time_sec, middle, side, order, palm)
    chosen = np.where(swapped, np.array([[1], [0]]), np.array([[0], [1]]))
    frames = np.arange(filmed.frame_count)
    filmed = replace(
        filmed,
        landmarks_px=filmed.landmarks_px[chosen, frames],
        depth_px=filmed.depth_px[chosen, frames],
        confidence=filmed.confidence[chosen, frames],
    )
    return _without_outliers(filmed, palm)


def hand_middles(filmed: FilmedHands) -> Float[np.ndarray, "hand=2 frame 2"]:
    """Middle of each palm, or of the tips where only these are known; NaN unseen [px]."""
    palm = filmed.landmarks_px[:, :, _PALM]
    whole = np.isfinite(palm).all((2, 3))
    tips = filmed.landmarks_px[:, :, _TIPS]
    return np.where(whole[..., None], palm.mean(2), tips.mean(2))


def palm_length_px(filmed: FilmedHands) -> float:
    """Median length from wrist to middle knuckle, or two thirds of the tips' spread [px]."""
    marks = filmed.landmarks_px
    palm = np.linalg.norm(marks[:, :, 9] - marks[:, :, 0], axis=-1)
    if np.isfinite(palm).any():
        return float(np.nanmedian(palm))
    spread = np.linalg.norm(marks[:, :, 4] - marks[:, :, 20], axis=-1)
    return float(np.nanmedian(spread) * 0.67) if np.isfinite(spread).any() else 1.0


def _sides(filmed: FilmedHands, view: KeyboardView) -> Float[np.ndarray, "hand=2 frame"]:
    """Positive where a row's hand looks like a right one from its back; 0 unknown.

    From wrist to index knuckle to little knuckle the picture turns one way for a right hand;
    where only tips are known, its thumb lies on the bass side.
    """
    marks = filmed.landmarks_px
    index, little = marks[:, :, 5] - marks[:, :, 0], marks[:, :, 17] - marks[:, :, 0]
    area = index[..., 0] * little[..., 1] - index[..., 1] * little[..., 0]
    size = np.linalg.norm(index, axis=-1) * np.linalg.norm(little, axis=-1)
    turned = area / (size + 1e-9) * (-1.0 if view.camera.mirrored else 1.0) / 0.4
    tips_x = view.to_keyboard(marks[:, :, _TIPS])[..., 0]
    spread = (tips_x[..., 3:].mean(-1) - tips_x[..., 0]) / 0.1
    return np.nan_to_num(np.where(np.isfinite(turned), turned, spread))


def _order(middle: np.ndarray, view: KeyboardView) -> np.ndarray:
    """1 where row 1 lies on the treble side of row 0, -1 on the bass side, 0 unknown."""
    x = view.to_keyboard(middle)[..., 0]
    return np.nan_to_num(np.clip((x[1] - x[0]) / 0.1, -1, 1))


def _assignment(
    time_sec: np.ndarray, middle: np.ndarray, side: np.ndarray, order: np.ndarray, palm: float
) -> Bool[np.ndarray, " frame"]:
    """True where the rows are exchanged."""
    evidence = np.clip(side, -1, 1)
    # Cost of leaving the rows as they are and of exchanging them.
    wrong = _SIDE_COST * (evidence[0] - evidence[1]) / 2 - _ORDER_COST * order
    local = np.stack([wrong, -wrong], axis=1)
    last, age = _last_seen(middle, time_sec)
    straight, crossed = np.zeros(len(time_sec)), np.zeros(len(time_sec))
    for hand in range(2):
        for before, total in ((hand, straight), (1 - hand, crossed)):
            apart = np.linalg.norm(middle[hand, 1:] - last[before, :-1], axis=-1) / palm
            known = age[before, :-1] < _MEMORY_SEC
            loose = _JUMP_PALMS * (1 + 5 * age[before, :-1])
            jump = np.minimum((apart / loose) ** 2 / 2, _JUMP_MOST)
            total[1:] += np.where(np.isfinite(jump) & known, jump, 0.0)
    crossed += _SWITCH_COST
    cost = local[0].copy()
    came = np.zeros((len(time_sec), 2), int)
    for frame in range(1, len(time_sec)):
        stay, change = cost + straight[frame], cost[::-1] + crossed[frame]
        changed = change < stay
        came[frame] = np.where(changed, [1, 0], [0, 1])
        cost = np.where(changed, change, stay) + local[frame]
    state = int(cost.argmin())
    swapped = np.zeros(len(time_sec), bool)
    for frame in range(len(time_sec) - 1, -1, -1):
        swapped[frame] = state == 1
        state = int(came[frame, state])
    return swapped


def _last_seen(middle: np.ndarray, time_sec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each row's hand was last seen up to each frame, and how long ago [s]."""
    seen = np.isfinite(middle).all(-1)
    at = np.where(seen, np.arange(len(time_sec)), -1)
    at = np.maximum.accumulate(at, axis=1)
    last = np.take_along_axis(middle, np.maximum(at, 0)[..., None], axis=1)
    age = np.where(at >= 0, time_sec - time_sec[np.maximum(at, 0)], np.inf)
    return last, age


def _without_merged(
    filmed: FilmedHands, middle: np.ndarray, side: np.ndarray, palm: float
) -> FilmedHands:
    """One row less where both lie on one hand: the one farther from its own way stays out."""
    both = filmed.landmarks_px
    apart = np.nanmean(np.linalg.norm(np.nan_to_num(both[0] - both[1], nan=1e9), axis=-1), axis=-1)
    same = apart < _MERGED_PALMS * palm
    if not same.any():
        return filmed
    alone = middle.copy()
    alone[:, same] = np.nan
    last, age = _last_seen(alone, filmed.time_sec)
    off = np.linalg.norm(middle - last, axis=-1) / palm
    off = np.where(np.isfinite(age), off, 0.0) - np.array([[-0.5], [0.5]]) * np.clip(side, -1, 1)
    drop = np.zeros_like(filmed.confidence, dtype=bool)
    drop[off.argmax(0), np.arange(filmed.frame_count)] = True
    return _unseen(filmed, drop & same)


def _without_outliers(filmed: FilmedHands, palm: float) -> FilmedHands:
    """No frame in which a hand is far from the median of five frames around it."""
    middle = hand_middles(filmed)
    drop = np.zeros_like(filmed.confidence, dtype=bool)
    for hand in range(2):
        frames = np.flatnonzero(np.isfinite(middle[hand]).all(-1))
        if len(frames) < 5:
            continue
        way = middle[hand, frames]
        padded = np.pad(way, ((2, 2), (0, 0)), mode="edge")
        usual = np.median(np.stack([padded[k : k + len(way)] for k in range(5)]), axis=0)
        far = np.linalg.norm(way - usual, axis=-1) > _OUTLIER_PALMS * palm
        drop[hand, frames[far]] = True
    return _unseen(filmed, drop)


def _unseen(filmed: FilmedHands, drop: np.ndarray) -> FilmedHands:
    landmarks, depth = filmed.landmarks_px.copy(), filmed.depth_px.copy()
    landmarks[drop], depth[drop] = np.nan, np.nan
    confidence = np.where(drop, 0.0, filmed.confidence)
    return replace(filmed, landmarks_px=landmarks, depth_px=depth, confidence=confidence)
