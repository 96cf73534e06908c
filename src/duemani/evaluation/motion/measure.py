"""How true a motion is: keys pressed, fingers used, hands possible (docs/conventions.md)."""

from __future__ import annotations

import itertools

import mir_eval
import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.analysis.contact import find_presses
from duemani.keyboard import REST_TOP_M, key_at
from duemani.motion import HandMotion
from duemani.performance import LOWEST_PITCH, Performance
from duemani.skeleton import JOINT_LIMITS_RAD, MEDIUM_BONE_LENGTHS_M, joint_angles

ONSET_TOLERANCE_SEC = 0.05
LIMIT_TOLERANCE_RAD = np.radians(0.5)
PENETRATION_M = 0.001
_KEY_MOVES_SEC = 0.1
# A medium fingertip is about 14 mm wide; soft pads may press 3 mm into each other.
FINGER_RADIUS_M = 0.007
SOFTNESS_M = 0.003


def match_presses(
    reference: np.ndarray, presses: np.ndarray, onset_tolerance: float = ONSET_TOLERANCE_SEC
) -> Int[np.ndarray, "match 2"]:
    """Pairs (reference note, press) of equal pitch within the tolerance, one to one (mir_eval)."""
    if not len(reference) or not len(presses):
        return np.zeros((0, 2), int)

    def intervals(notes: np.ndarray) -> np.ndarray:
        return np.stack([notes["onset_sec"], notes["onset_sec"] + 0.1], axis=1)

    pairs = mir_eval.transcription.match_notes(
        intervals(reference),
        mir_eval.util.midi_to_hz(reference["pitch"].astype(float)),
        intervals(presses),
        mir_eval.util.midi_to_hz(presses["pitch"].astype(float)),
        onset_tolerance=onset_tolerance,
        pitch_tolerance=20.0,
        offset_ratio=None,
    )
    return np.array(pairs, int).reshape(-1, 2)


def evaluate_motion(motion: HandMotion, reference: Performance) -> dict[str, float]:
    """All the measures of one motion against the notes it should play.

    Args:
        motion: both hands.
        reference: the notes that were really played. Where they carry hands and fingers,
            finger agreement is measured against those.

    Returns:
        `precision`, `recall`, `f1` of key presses (pitch, onset ± 50 ms); `finger_agreement`, the
        share of matched notes pressed by their assigned finger (NaN without fingers); and shares
        of frames with `limit_violations` (any joint more than half a degree outside its
        limits), `penetrations` (any tip more than 1 mm below the top of a key that is not moving),
        `finger_collisions` (fingers of one hand closer than their flesh allows) and
        `hand_collisions` (fingers of different hands closer than that).
    """
    presses = find_presses(motion)
    matches = match_presses(reference.notes, presses)
    precision = len(matches) / len(presses) if len(presses) else 0.0
    recall = len(matches) / len(reference.notes) if len(reference.notes) else 0.0
    f1 = 2 * precision * recall / (precision + recall) if len(matches) else 0.0
    expected, played = reference.notes[matches[:, 0]], presses[matches[:, 1]]
    known = expected["finger"] > 0
    same = (expected["finger"] == played["finger"]) & (expected["hand"] == played["hand"])
    return {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "finger_agreement": float(same[known].mean()) if known.any() else float("nan"),
        "limit_violations": float(limit_violations(motion).mean()),
        "penetrations": float(penetrations(motion, presses).mean()),
        "finger_collisions": float(finger_collisions(motion).mean()),
        "hand_collisions": float(hand_collisions(motion).mean()),
    }


def limit_violations(motion: HandMotion) -> Bool[np.ndarray, " frame"]:
    """Frames with any joint outside its limits."""
    outside = np.zeros(motion.frame_count, bool)
    for hand in range(2):
        angles = joint_angles(motion.rotations_rad[hand], hand)
        low, high = JOINT_LIMITS_RAD[..., 0], JOINT_LIMITS_RAD[..., 1]
        beyond = (angles < low - LIMIT_TOLERANCE_RAD) | (angles > high + LIMIT_TOLERANCE_RAD)
        outside |= beyond.any((1, 2))
    return outside


def penetrations(motion: HandMotion, presses: np.ndarray) -> Bool[np.ndarray, " frame"]:
    """Frames with a tip inside a key that no finger has down within a tenth of a second."""
    moving = np.zeros((motion.frame_count, 88), bool)
    for press in presses:
        begin = press["onset_sec"] - _KEY_MOVES_SEC - motion.start_sec
        end = press["release_sec"] + _KEY_MOVES_SEC - motion.start_sec
        first, last = (int(time * motion.frame_rate) for time in (begin, end))
        moving[max(first, 0) : last + 1, press["pitch"] - LOWEST_PITCH] = True
    tips = np.concatenate([motion.tips_m[0], motion.tips_m[1]], axis=1)
    key = key_at(tips[..., 0], tips[..., 1])
    below = (key >= 0) & (tips[..., 2] < REST_TOP_M[key] - PENETRATION_M)
    still = ~moving[np.arange(motion.frame_count)[:, None], key]
    return (below & still).any(1)


def finger_collisions(motion: HandMotion) -> Bool[np.ndarray, " frame"]:
    """Frames in which the end phalanges of two fingers of one hand run into each other."""
    hit = np.zeros(motion.frame_count, bool)
    for hand in range(2):
        limit = _closest_allowed(motion, hand)
        ends = _segments(motion, hand)
        for one, other in itertools.combinations(range(5), 2):
            hit |= segment_distance(ends[:, one], ends[:, other]) < limit
    return hit


def hand_collisions(motion: HandMotion) -> Bool[np.ndarray, " frame"]:
    """Frames in which fingers (two end phalanges) or knuckles of the two hands collide."""
    limit = max(_closest_allowed(motion, 0), _closest_allowed(motion, 1))
    parts = [np.concatenate([_segments(motion, h), _segments(motion, h, 2)], 1) for h in range(2)]
    hit = np.zeros(motion.frame_count, bool)
    for one in range(10):
        for other in range(10):
            hit |= segment_distance(parts[0][:, one], parts[1][:, other]) < limit
    return hit


def segment_distance(
    one: Float[np.ndarray, "frame 2 3"], other: Float[np.ndarray, "frame 2 3"]
) -> Float[np.ndarray, " frame"]:
    """Shortest distance between two line segments, frame by frame [m].

    After Ericson, Real-Time Collision Detection, 5.1.9.
    """
    along, across = one[:, 1] - one[:, 0], other[:, 1] - other[:, 0]
    between = one[:, 0] - other[:, 0]
    a, e = (along**2).sum(1), (across**2).sum(1)
    b, c, f = (along * across).sum(1), (along * between).sum(1), (across * between).sum(1)
    cross = np.maximum(a * e - b * b, 1e-18)
    s = np.clip((b * f - c * e) / cross, 0, 1)
    t = np.clip((b * s + f) / e, 0, 1)
    s = np.clip((b * t - c) / a, 0, 1)
    gap = between + along * s[:, None] - across * t[:, None]
    return np.linalg.norm(gap, axis=1)


def _segments(motion: HandMotion, hand: int, phalanx: int = 3) -> Float[np.ndarray, "frame 5 2 3"]:
    points = motion.landmarks_m[hand, :, 1:].reshape(motion.frame_count, 5, 4, 3)
    return points[:, :, phalanx - 1 : phalanx + 1]


def _closest_allowed(motion: HandMotion, hand: int) -> float:
    scale = float(motion.bone_lengths_m[hand].sum() / MEDIUM_BONE_LENGTHS_M.sum())
    return 2 * FINGER_RADIUS_M * scale - SOFTNESS_M
