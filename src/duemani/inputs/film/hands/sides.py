"""Which hand is which: tracks of unnamed hands become the pianist's left and right one."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from scipy.ndimage import median_filter

from duemani.inputs.film.hands.landmarker import Landmarks
from duemani.performance import LEFT, RIGHT

# From above one sees the backs of playing hands, so the side on which the thumb lies tells more
# than the graph's own opinion (98 % against 96 % on real frames); the order tells a little.
SHAPE_WEIGHT, OPINION_WEIGHT, ORDER_WEIGHT = 0.6, 0.4, 0.35
CLEAR_SHAPE = 0.3  # sine of the angle at the wrist, from index to little finger's knuckle
CLEAR_VOTE = 0.5
LASTING_FRAMES = 9  # a change of side must fill half of these
LEAST_CERTAINTY = 0.25  # of a track named against its own vote, since the other name was taken


@dataclass
class Track:
    """One hand followed from frame to frame, not yet named.

    Attributes:
        frames: indices of the frames in which it is seen, rising.
        landmarks: its landmarks in each of them.
        evened: whether it is looked for with the light evened out.
    """

    frames: list[int] = field(default_factory=list)
    landmarks: list[Landmarks] = field(default_factory=list)
    evened: bool = False

    def add(self, frame: int, landmarks: Landmarks) -> None:
        """Note where the hand is in one more frame."""
        self.frames.append(frame)
        self.landmarks.append(landmarks)

    @property
    def weight(self) -> float:
        """In how many frames it is seen, each as sure as the graph is."""
        return sum(one.presence for one in self.landmarks)


def right_vote(landmarks: Landmarks, mirrored: bool) -> float:
    """-1 (surely a left hand) to 1 (surely a right one), of one hand seen from its back."""
    wrist, index, little = landmarks.points_px[[0, 5, 17]]
    one, other = index - wrist, little - wrist
    cross = float(one[0] * other[1] - one[1] * other[0])
    sine = cross / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-9)
    shape = float(np.tanh(sine / CLEAR_SHAPE))
    vote = SHAPE_WEIGHT * shape + OPINION_WEIGHT * (2 * landmarks.rightness - 1)
    return -vote if mirrored else vote


def name_tracks(
    tracks: list[Track], right_px: Float[np.ndarray, "2"], mirrored: bool
) -> tuple[dict[int, list[Track]], list[Track], dict[int, float]]:
    """Tracks of the left hand, of the right hand, and of others (hands too many).

    A track keeps its name from its first to its last frame, so hands that cross keep theirs.
    Tracks seen at the same time get different names; the longest and clearest choose first.

    Args:
        tracks: all that were followed.
        right_px: direction in the picture in which the keys rise, as the pianist sees it.
        mirrored: whether the picture is mirrored.

    Returns:
        Tracks by hand (`LEFT`, `RIGHT`), strongest first; the others; and how sure each track's
        name is (0-1), by `id(track)`.
    """
    wishes = [
        _track_vote(track, mirrored) + ORDER_WEIGHT * _order_vote(track, tracks, right_px)
        for track in tracks
    ]
    named: dict[int, list[Track]] = {LEFT: [], RIGHT: []}
    taken = {LEFT: set[int](), RIGHT: set[int]()}
    others: list[Track] = []
    certainty: dict[int, float] = {}
    strongest = sorted(
        range(len(tracks)), key=lambda i: -tracks[i].weight * (0.5 + min(abs(wishes[i]), 1))
    )
    for index in strongest:
        track = tracks[index]
        wish = RIGHT if wishes[index] >= 0 else LEFT
        clash = {hand: len(taken[hand].intersection(track.frames)) for hand in (LEFT, RIGHT)}
        hand = wish
        if clash[wish] > 0.5 * len(track.frames) or (
            clash[wish] > clash[1 - wish] and abs(wishes[index]) < CLEAR_VOTE
        ):
            hand = 1 - wish
        if clash[hand] > 0.5 * len(track.frames):
            others.append(track)
            continue
        named[hand].append(track)
        side = 1 if hand == RIGHT else -1
        certainty[id(track)] = float(np.clip(0.5 + 0.5 * side * wishes[index], LEAST_CERTAINTY, 1))
        taken[hand].update(track.frames)
    return named, others, certainty


def split_by_side(tracks: list[Track], mirrored: bool) -> list[Track]:
    """Cut tracks where they pass from one hand to the other: at a cut in the film, or where one
    hand covers the other. A change counts if it is clear and lasts."""
    parts = []
    for track in tracks:
        votes = np.array([right_vote(one, mirrored) for one in track.landmarks])
        steady = median_filter(votes, min(LASTING_FRAMES, len(votes)), mode="nearest")
        clear = np.flatnonzero(np.abs(steady) > CLEAR_VOTE)
        changes = clear[1:][np.diff(np.sign(steady[clear])) != 0]
        for start, end in pairwise([0, *changes.tolist(), len(votes)]):
            frames, landmarks = track.frames[start:end], track.landmarks[start:end]
            parts.append(Track(frames, landmarks, track.evened))
    return parts


def _track_vote(track: Track, mirrored: bool) -> float:
    presence = np.array([one.presence for one in track.landmarks])
    each = np.array([right_vote(one, mirrored) for one in track.landmarks])
    return float((presence * each).sum() / max(presence.sum(), 1e-9))


def _order_vote(track: Track, tracks: list[Track], right_px: np.ndarray) -> float:
    """-1 to 1: how often it is the right one of the hands seen at the same time."""
    places = dict(zip(track.frames, track.landmarks, strict=True))
    signs = [
        np.sign((places[frame].knuckle_px - landmarks.knuckle_px) @ right_px)
        for other in tracks
        if other is not track
        for frame, landmarks in zip(other.frames, other.landmarks, strict=True)
        if frame in places
    ]
    return float(np.mean(signs)) if signs else 0.0
