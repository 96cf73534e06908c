"""From interval scores to the best set of non-overlapping intervals of one track.

The model is the neural semi-Markov CRF of Yan, Cwitkowitz and Duan, "Skipping the Frame-Level:
Event-Based Piano Transcription With Neural Semi-CRFs" (NeurIPS 2021), decoded by Viterbi's
algorithm. A track is a key or a pedal; the score of a set of intervals is the sum of theirs, and
a frame outside all intervals scores 0. So an interval with a score <= 0 is never chosen, and
only the few positive ones need be looked at.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Candidate(NamedTuple):
    """An interval of positive score, in frames of its window; a point if begin == end."""

    begin: int
    end: int
    score: float


def candidate_intervals(
    score: Float[np.ndarray, "end begin"], point_score: Float[np.ndarray, " frame"]
) -> list[Candidate]:
    """All intervals of a track whose score is positive.

    Args:
        score: an interval from begin to end > begin scores (end - begin) times its entry.
        point_score: score of the interval that is one frame only.
    """
    end, begin = np.nonzero(score > 0)
    long = begin < end
    end, begin = end[long], begin[long]
    total = score[end, begin] * (end - begin)
    found = list(map(Candidate, begin.tolist(), end.tolist(), total.tolist()))
    for frame in np.flatnonzero(point_score > 0).tolist():
        found.append(Candidate(frame, frame, float(point_score[frame])))
    return found


def best_intervals(
    candidates: list[Candidate], first_frame: int, frames: int
) -> list[tuple[int, int]]:
    """The best non-overlapping intervals (begin, end) from `first_frame` on, in time order.

    Neighbours may share an end point, and a point may lie on the end of a longer interval.
    """
    if not candidates:
        return []
    longer: dict[int, list[Candidate]] = {}
    points: dict[int, float] = {}
    for candidate in candidates:
        if candidate.begin == candidate.end:
            points[candidate.begin] = candidate.score
        else:
            longer.setdefault(candidate.begin, []).append(candidate)
    # value[t]: the best total of intervals that begin at t or later; jump[t]: where the one
    # chosen to begin at t ends.
    value = [0.0] * (frames + 1)
    jump = [-1] * frames
    for frame in range(frames - 1, first_frame - 1, -1):
        best = value[frame + 1]
        for candidate in longer.get(frame, ()):
            total = candidate.score + value[candidate.end]
            if total > best:
                best, jump[frame] = total, candidate.end
        value[frame] = best + points.get(frame, 0.0)
    path: list[tuple[int, int]] = []
    frame = first_frame
    while frame < frames:
        if frame in points:
            path.append((frame, frame))
        if jump[frame] > 0:
            path.append((frame, jump[frame]))
            frame = jump[frame]
        else:
            frame += 1
    return path
