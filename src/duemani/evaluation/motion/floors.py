"""Motions without merit, to be put beside every model in a table: what a figure is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from duemani.errors import InputError
from duemani.motion import HandMotion
from duemani.skeleton import pose_landmarks


def frozen(motion: HandMotion) -> HandMotion:
    """Each hand held still in its mean pose over the frames that show it.

    Positions are averaged as points and rotations as rotations; a hand never seen stays unseen,
    one seen at all is shown throughout.
    """
    wrist, rotations = motion.wrist_m.copy(), motion.rotations_rad.copy()
    tracked = motion.tracked.copy()
    for hand in range(2):
        finite = np.isfinite(motion.wrist_m[hand]).all(1)
        finite &= np.isfinite(motion.rotations_rad[hand]).all((1, 2))
        seen = motion.tracked[hand] & finite
        tracked[hand] = seen.any()
        if not seen.any():
            wrist[hand], rotations[hand] = np.nan, np.nan
            continue
        wrist[hand] = motion.wrist_m[hand, seen].mean(0)
        for joint in range(rotations.shape[2]):
            turned = Rotation.from_rotvec(motion.rotations_rad[hand, seen, joint])
            rotations[hand, :, joint] = turned.mean().as_rotvec()
    return replace(
        motion,
        wrist_m=wrist,
        rotations_rad=rotations,
        landmarks_m=pose_landmarks(wrist, rotations, motion.bone_lengths_m),
        tracked=tracked,
        provenance={**motion.provenance, "floor": "frozen"},
    )


def reversed_in_time(motion: HandMotion) -> HandMotion:
    """The same frames, last to first.

    A clip reversed by itself has FGD 0; a whole take reversed brings other clips face to face.
    """
    backwards = np.arange(motion.frame_count)[::-1]
    return replace(motion.frames(backwards), provenance={**motion.provenance, "floor": "reversed"})


def of_other(motions: Sequence[HandMotion], index: int) -> HandMotion:
    """The motion of the next take, in the time of take `index`: true hands, wrong music.

    It is cut to the same length, or repeated from its beginning where it is shorter; a repeat
    jumps, which shows in accelerations.

    Args:
        motions: of different takes.
        index: of the take to stand in for; the last one's place is taken by the first.

    Raises:
        InputError: there are fewer than two motions, no such index, or frame rates differ.
    """
    if len(motions) < 2 or not 0 <= index < len(motions):
        raise InputError("another take's motion needs two or more motions and an index into them.")
    place, other = motions[index], motions[(index + 1) % len(motions)]
    if place.frame_rate != other.frame_rate:
        raise InputError("another take's motion needs the same frame rate.")
    return replace(
        other.frames(np.arange(place.frame_count) % other.frame_count),
        start_sec=place.start_sec,
        provenance={**other.provenance, "floor": "another take"},
    )
