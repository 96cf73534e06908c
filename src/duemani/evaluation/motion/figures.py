"""Every figure of one motion: keys and hands, the published metrics, and how it moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from duemani.errors import InputError
from duemani.evaluation.motion.clips import CLIP_FRAMES, gesture_clips
from duemani.evaluation.motion.dynamics import dynamics_correlation, seam_ratio
from duemani.evaluation.motion.gesture_code import GestureEncoder, fid, fid_diagonal, fid_floor
from duemani.evaluation.motion.measure import evaluate_motion
from duemani.evaluation.motion.published import evaluate_published
from duemani.motion import HandMotion
from duemani.performance import Performance

PUBLISHED = ("fgd", "wgd", "pd", "smooth")
_HANDS = ("left", "right")
UNKNOWN = float("nan")

Codes = Float[np.ndarray, "_ value"]


def motion_figures(
    motion: HandMotion,
    real: HandMotion,
    played: Performance,
    joins_sec: Sequence[float] = (),
) -> dict[str, float]:
    """All figures of one motion that need no other takes.

    Args:
        motion: to be measured.
        real: what it is compared with: the take's own motion, at the same frames of 30 Hz.
        played: the notes, with the fingers that should play them.
        joins_sec: where the motion was put together from windows.

    Returns:
        What `motion.evaluate_motion` gives; `fgd`, `wgd`, `pd` [m] and `smooth` of each hand
        (`fgd_left` …) and their means; `dynamics_r`; `seam_ratio`. NaN where a figure cannot be
        had: too short for a clip of 8 s, unseen hands, no join.

    Raises:
        InputError: the motions' frames differ, or scikit-learn is missing.
    """
    return {
        **evaluate_motion(motion, played),
        **_published(real, motion),
        "dynamics_r": dynamics_correlation(motion, played),
        "seam_ratio": _seam_ratio(motion, joins_sec),
    }


def joins_within(motion: HandMotion, hop_sec: float) -> list[float]:
    """Times inside a motion at which windows that start every `hop_sec` seconds meet."""
    count = int((float(motion.time_sec[-1]) - motion.start_sec) / hop_sec)
    return [motion.start_sec + number * hop_sec for number in range(1, count + 1)]


def gesture_codes(encoder: GestureEncoder, motions: Sequence[HandMotion]) -> list[Codes]:
    """FID's codes of each motion's clips."""
    return [encoder.encode(gesture_clips(motion)) for motion in motions]


def fid_figures(real: Sequence[Codes], fake: Sequence[Codes]) -> dict[str, float]:
    """`fid` and `fid_diagonal` between all clips of all takes; NaN with fewer than two clips."""
    if min(sum(map(len, real)), sum(map(len, fake))) < 2:
        return {"fid": UNKNOWN, "fid_diagonal": UNKNOWN}
    sides = np.concatenate(list(real)), np.concatenate(list(fake))
    return {"fid": fid(*sides), "fid_diagonal": fid_diagonal(*sides)}


def real_fid_floor(real: Sequence[Codes]) -> float:
    """`fid` between two halves of the true takes; NaN where a half has fewer than two clips."""
    if not real:
        return UNKNOWN
    takes: Int[np.ndarray, " clip"] = np.repeat(np.arange(len(real)), [len(c) for c in real])
    try:
        return fid_floor(np.concatenate(list(real)), takes)
    except InputError:
        return UNKNOWN


def _published(real: HandMotion, motion: HandMotion) -> dict[str, float]:
    figures = dict.fromkeys((f"{name}_{hand}" for name in PUBLISHED for hand in _HANDS), UNKNOWN)
    if min(real.frame_count, motion.frame_count) >= CLIP_FRAMES:
        figures |= evaluate_published([(real, motion)])
    for name in PUBLISHED:
        hands = [figures[f"{name}_{hand}"] for hand in _HANDS]
        known = [figure for figure in hands if np.isfinite(figure)]
        figures[name] = float(np.mean(known)) if known else UNKNOWN
    return figures


def _seam_ratio(motion: HandMotion, joins_sec: Sequence[float]) -> float:
    if not len(joins_sec):
        return UNKNOWN
    try:
        return seam_ratio(motion, joins_sec)
    except InputError:  # nothing is seen there
        return UNKNOWN
