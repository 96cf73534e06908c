"""Made-up playing for tests: two hands over the keys and the notes below them."""

import numpy as np

from duemani import skeleton
from duemani.keyboard import key_centre_x
from duemani.motion import HandMotion
from duemani.performance import Performance, make_notes

CENTRE_PITCHES = np.array([48, 72])


def playing_hands(
    seconds: float = 2.0, frame_rate: float = 60.0, start_sec: float = 0.0
) -> HandMotion:
    """Both hands curved over the keys, wandering and moving every joint."""
    time = np.arange(round(seconds * frame_rate)) / frame_rate
    angles = np.zeros((2, len(time), 16, 3))
    wrist = np.zeros((2, len(time), 3))
    rotations = np.zeros((2, len(time), 16, 3))
    for hand, centre_m in enumerate(key_centre_x(CENTRE_PITCHES)):
        for joint in range(1, 16):
            bend = (0.35, 0.7, 0.4)[(joint - 1) % 3] * (0.4 if joint > 12 else 1.0)
            angles[hand, :, joint, 0] = bend + 0.2 * np.sin(5 * time + joint)
        angles[hand, :, 0] = 0.15 * np.sin(np.outer(2 * time, (1.0, 1.3, 1.7)))
        wrist[hand] = centre_m, -0.05, 0.06
        wrist[hand, :, 0] += 0.05 * np.sin(2 * time)
        rotations[hand] = skeleton.rotations_from_angles(angles[hand], hand)
    lengths = np.stack([skeleton.MEDIUM_BONE_LENGTHS_M * 0.92] * 2)
    return HandMotion(
        frame_rate=frame_rate,
        wrist_m=wrist,
        rotations_rad=rotations,
        landmarks_m=skeleton.pose_landmarks(wrist, rotations, lengths),
        tracked=np.ones((2, len(time)), bool),
        bone_lengths_m=lengths,
        start_sec=start_sec,
        provenance={"input": "made up", "seed": 0},
    )


def played_notes() -> Performance:
    """Notes of both hands with fingers, one struck twice."""
    rows = [(0.3, 0.6, 60, 80), (0.5, 1.2, 49, 40), (0.9, 1.3, 72, 110), (0.7, 0.75, 60, 60)]
    notes = make_notes(rows)
    notes["hand"] = [1, 0, 1, -1]
    notes["finger"] = [1, 4, 3, 0]
    return Performance.create(notes)
