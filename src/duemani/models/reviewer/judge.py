"""Who played each note, and how: the reviewer's networks over a whole take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from jaxtyping import Float

from duemani.models.reviewer.config import FINGERS
from duemani.models.reviewer.pretrained import ReviewerNetwork
from duemani.models.reviewer.seen_hands import FRAME_RATE
from duemani.models.reviewer.windows import Evidence, parts, window_inputs

VELOCITY_MIDDLE, VELOCITY_SCALE, ONSET_SCALE_SEC = 64.0, 24.0, 0.02
LOG_SPREADS = (-4.0, 2.0)


class Touch(IntEnum):
    """Columns of what the network tells of a note's touch, each in its own scale; then the
    logarithms of their spreads, in the same order."""

    VELOCITY = 0
    LOG_LENGTH = 1
    ONSET = 2


@dataclass(frozen=True)
class Judgement:
    """What is told of a take.

    Attributes:
        chances: probability that each finger (left thumb to little finger, then right) played
            the note; rows add up to 1.
        pressing: probability that a finger holds a key, in every frame.
        velocity, velocity_spread: as heard, and its standard deviation.
        release_sec, length_spread: when the key is let go, and the standard deviation of the
            length's logarithm.
        onset_sec: as corrected.
        pedal: probability that the sustain pedal is down, in every frame.
    """

    chances: Float[np.ndarray, "note 10"]
    pressing: Float[np.ndarray, "frame 10"]
    velocity: Float[np.ndarray, " note"]
    velocity_spread: Float[np.ndarray, " note"]
    release_sec: Float[np.ndarray, " note"]
    length_spread: Float[np.ndarray, " note"]
    onset_sec: Float[np.ndarray, " note"]
    pedal: Float[np.ndarray, " frame"]

    def frame_chances(self, frame: np.ndarray, note: np.ndarray) -> Float[np.ndarray, "pair 10"]:
        """Who holds a note's key in a frame: the note's chances and the fingers that press then.

        Args:
            frame, note: indices, alike in length.
        """
        held = self.chances[note] * (_LEAST_PRESSING + self.pressing[frame])
        return held / held.sum(1, keepdims=True)


_LEAST_PRESSING = 0.5


def judge(
    network: ReviewerNetwork,
    evidence: Evidence,
    frames: int,
    progress: Callable[[float], None] | None = None,
) -> Judgement:
    """Judge a take of any length, in windows.

    Args:
        network: the trained reviewer.
        evidence: what is known of the take.
        frames: how long it is, at `seen_hands.FRAME_RATE`.
        progress: called with the share done.
    """
    notes, count = evidence.notes, len(evidence.notes)
    chances = np.full((count, FINGERS), 1 / FINGERS)
    touch = np.zeros((count, 2 * len(Touch)))
    pressing, pedal = np.zeros((frames, FINGERS)), np.zeros(frames)
    # Notes may go on after the last frame.
    last_onset = int(np.ceil(notes["onset_sec"].max(initial=0.0) * FRAME_RATE))
    for part in parts(evidence, max(frames, last_onset + 1)):
        first, last = np.minimum(part.own_frames, frames)
        if part.own.any() or evidence.sound is not None or evidence.seen is not None:
            told = network.judge(window_inputs(part.evidence))
            own = part.notes[part.own]
            chances[own] = told["finger"][: len(part.notes)][part.own]
            touch[own] = told["touch"][: len(part.notes)][part.own]
            pressing[first:last] = told["pressing"][first - part.start : last - part.start]
            pedal[first:last] = told["pedal"][first - part.start : last - part.start]
        if progress:
            progress(min(last / max(frames, 1), 1.0))
    length = np.maximum(notes["release_sec"] - notes["onset_sec"], 0.02)
    spread = np.exp(np.clip(touch[:, len(Touch) :], *LOG_SPREADS))
    onset = np.maximum(notes["onset_sec"] + touch[:, Touch.ONSET] * ONSET_SCALE_SEC, 0)
    return Judgement(
        chances=chances,
        pressing=pressing,
        velocity=np.clip(VELOCITY_MIDDLE + VELOCITY_SCALE * touch[:, Touch.VELOCITY], 1, 127),
        velocity_spread=VELOCITY_SCALE * spread[:, Touch.VELOCITY],
        release_sec=onset + length * np.exp(np.clip(touch[:, Touch.LOG_LENGTH], -3, 3)),
        length_spread=spread[:, Touch.LOG_LENGTH],
        onset_sec=onset,
        pedal=pedal,
    )
