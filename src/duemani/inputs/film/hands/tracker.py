"""A film's hands: found, followed from frame to frame and told apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from duemani.errors import InputError
from duemani.inputs.film.filmed_hands import FilmedHands
from duemani.inputs.film.hands.graph import Pyramid
from duemani.inputs.film.hands.landmarker import Landmarks, read_landmarks, square_around
from duemani.inputs.film.hands.search import (
    FoundHand,
    all_regions,
    find_hands,
    likely_regions,
    same_hand,
)
from duemani.inputs.film.hands.sides import Track, name_tracks, split_by_side
from duemani.performance import LEFT, RIGHT

MARGIN_PALMS = 0.5  # knuckles may lie so far outside the band, in palm lengths
SEEN_SHARE = 0.8  # of the frames; a hand seen in fewer is spoken of
MANY_SHARE = 0.05  # of the frames; more hands than two in fewer are passed over
HAND_NAMES = {LEFT: "left", RIGHT: "right"}


@dataclass(frozen=True)
class TrackerConfig:
    """How hands are followed.

    Attributes:
        keep_presence: a hand is lost in a frame in which the graph is less sure than this (0-1).
        hold_sec: for so long it is looked for where it was last.
        search_sec: pause between searches while fewer than two hands are seen; doubled after
            each search in vain, up to `rare_search_sec`.
        rare_search_sec: see above; and the pause between searches for further hands.
        thorough_sec: pause between thorough searches; doubled up to `rare_thorough_sec`.
        rare_thorough_sec: see above.
        most_hands: followed at once; two of them are kept in the end.
    """

    keep_presence: float = 0.4
    hold_sec: float = 0.3
    search_sec: float = 0.15
    rare_search_sec: float = 2.0
    thorough_sec: float = 1.0
    rare_thorough_sec: float = 16.0
    most_hands: int = 4


@dataclass(frozen=True)
class Tracking:
    """What was seen.

    Attributes:
        hands: landmarks of both hands in every frame.
        remarks: what the pianist should know of it, one sentence each.
    """

    hands: FilmedHands
    remarks: tuple[str, ...] = ()


def track_film(
    frames: Iterable[tuple[float, UInt8[np.ndarray, "height width 3"]]],
    band: Float[np.ndarray, "4 2"] | None = None,
    mirrored: bool = False,
    config: TrackerConfig | None = None,
) -> Tracking:
    """Follow the pianist's hands through a film.

    Args:
        frames: (time_sec, picture in blue, green, red), all of one size, times rising; read once,
            one held at a time.
        band: corners of the keyboard and the space before it [px], going round from the bass at
            the keys' far ends (`hand_search.playing_band`). Without it the whole picture is
            looked at, and the keys are taken to rise to the right.
        mirrored: whether the film is mirrored (a selfie camera), so that a left hand looks right.
        config: how hands are followed.

    Raises:
        InputError: there is no frame.
    """
    follower = _Follower(band, config or TrackerConfig())
    times: list[float] = []
    size_px = (0, 0)
    for index, (time_sec, picture) in enumerate(frames):
        size_px = (picture.shape[1], picture.shape[0])
        times.append(float(time_sec))
        follower.see(index, float(time_sec), Pyramid(picture))
    if not times:
        raise InputError("The film holds no picture.")
    tracks = split_by_side(follower.tracks, mirrored)
    named, others, certainty = name_tracks(tracks, follower.sideways(mirrored), mirrored)
    hands = _filmed(np.array(times), size_px, named, certainty)
    return Tracking(hands, tuple(_remarks(hands, others)))


class _Pause:
    """Time between searches: doubled after each in vain."""

    def __init__(self, shortest_sec: float, longest_sec: float) -> None:
        self._shortest_sec, self._longest_sec = shortest_sec, longest_sec
        self._pause_sec, self._due_sec = shortest_sec, -np.inf

    def is_over(self, time_sec: float) -> bool:
        return time_sec >= self._due_sec

    def begin(self, time_sec: float, in_vain: bool) -> None:
        self._due_sec = time_sec + self._pause_sec
        self._pause_sec = (
            min(2 * self._pause_sec, self._longest_sec) if in_vain else self._shortest_sec
        )

    def end(self) -> None:
        self._pause_sec, self._due_sec = self._shortest_sec, -np.inf


class _Follower:
    """Sees one frame after another; `tracks` are all the hands followed so far."""

    def __init__(self, band: np.ndarray | None, config: TrackerConfig) -> None:
        self.tracks: list[Track] = []
        self._live: list[Track] = []
        self._seen_sec: dict[int, float] = {}
        self._band, self._config = band, config
        self._search = _Pause(config.search_sec, config.rare_search_sec)
        self._thorough = _Pause(config.thorough_sec, config.rare_thorough_sec)
        self._further = _Pause(config.rare_search_sec, config.rare_search_sec)

    def see(self, index: int, time_sec: float, pyramid: Pyramid) -> None:
        """Follow the hands into this frame, and search where fewer than two are seen."""
        seen = self._follow(index, time_sec, pyramid)
        lacking = 2 - len(seen)
        if lacking > 0 and self._search.is_over(time_sec):
            found = self._look(pyramid, seen, thorough=False)
            self._search.begin(time_sec, in_vain=not found)
            if len(found) < lacking and self._thorough.is_over(time_sec):
                seen = [*seen, *(hand.landmarks for hand in found)]
                more = self._look(pyramid, seen, thorough=True)
                self._thorough.begin(time_sec, in_vain=not more)
                found += more
            self._begin(found, index, time_sec)
        elif lacking <= 0 and self._further.is_over(time_sec):
            self._begin(self._look(pyramid, seen, thorough=False), index, time_sec)
            self._further.begin(time_sec, in_vain=True)

    def sideways(self, mirrored: bool) -> Float[np.ndarray, "2"]:
        """The direction in the picture in which the keys rise."""
        if self._band is not None:
            return np.asarray(self._band[1] - self._band[0], float)
        ups = [
            (one.points_px[9] - one.points_px[0]) * one.presence / max(one.palm_px, 1e-6)
            for track in self.tracks
            for one in track.landmarks
        ]
        x, y = np.sum(ups, axis=0) if ups else (0.0, -1.0)
        return np.array([y, -x]) if mirrored else np.array([-y, x])

    def _follow(self, index: int, time_sec: float, pyramid: Pyramid) -> list[Landmarks]:
        """Landmarks of the hands still seen; those lost for too long are let go."""
        config = self._config
        seen: list[tuple[Track, Landmarks]] = []
        for track in self._live:
            picture = pyramid.evened if track.evened else pyramid
            landmarks = read_landmarks(picture, square_around(track.landmarks[-1]))
            if landmarks.presence >= config.keep_presence and self._fits(landmarks):
                seen.append((track, landmarks))
            elif track.frames[-1] == index - 1:
                self._search.end()
        # Two tracks on one hand: the longer one was there first.
        seen.sort(key=lambda pair: -pair[0].weight)
        kept: list[tuple[Track, Landmarks]] = []
        for track, landmarks in seen:
            if any(same_hand(landmarks, other) for _, other in kept):
                self._live.remove(track)
            else:
                kept.append((track, landmarks))
        for track, landmarks in kept:
            track.add(index, landmarks)
            self._seen_sec[id(track)] = time_sec
        self._live = [
            track for track in self._live if time_sec - self._seen_sec[id(track)] < config.hold_sec
        ]
        return [landmarks for _, landmarks in kept]

    def _look(self, pyramid: Pyramid, seen: list[Landmarks], thorough: bool) -> list[FoundHand]:
        height, width = pyramid.picture.shape[:2]
        regions = likely_regions((width, height), self._band)
        room = self._config.most_hands - len(seen)
        if not thorough:
            found = find_hands(pyramid, regions, seen, room)
        else:
            everywhere = all_regions((width, height), self._band)
            found = find_hands(pyramid, everywhere, seen, room)
            if len(seen) + len(found) < 2:
                known = [*seen, *(hand.landmarks for hand in found)]
                everywhere = [*regions, *everywhere]
                found += find_hands(pyramid, everywhere, known, room - len(found), evened=True)
        return [hand for hand in found if self._fits(hand.landmarks)]

    def _fits(self, landmarks: Landmarks) -> bool:
        """Whether a hand is where hands play: the rest are reflections and other people's."""
        if self._band is None:
            return True
        ring = np.asarray(self._band, np.float32)
        x, y = (float(value) for value in landmarks.knuckle_px)
        inside_px = cv2.pointPolygonTest(ring, (x, y), True)
        return inside_px > -MARGIN_PALMS * landmarks.palm_px

    def _begin(self, found: list[FoundHand], index: int, time_sec: float) -> None:
        for hand in found:
            # A hand that is held, lost in this frame only, goes on.
            near = [
                track
                for track in self._live
                if track.frames[-1] != index and same_hand(hand.landmarks, track.landmarks[-1])
            ]
            if near:
                track = near[0]
            else:
                track = Track()
                self.tracks.append(track)
                self._live.append(track)
            track.evened = hand.evened
            track.add(index, hand.landmarks)
            self._seen_sec[id(track)] = time_sec


def _filmed(
    time_sec: np.ndarray,
    size_px: tuple[int, int],
    named: dict[int, list[Track]],
    certainty: dict[int, float],
) -> FilmedHands:
    count = len(time_sec)
    points = np.full((2, count, 21, 2), np.nan)
    depth = np.full((2, count, 21), np.nan)
    confidence = np.zeros((2, count))
    for hand, tracks in named.items():
        # Where two tracks of one name overlap, the longer one, which comes first, is kept.
        for track in reversed(tracks):
            for frame, landmarks in zip(track.frames, track.landmarks, strict=True):
                points[hand, frame] = landmarks.points_px
                depth[hand, frame] = landmarks.depth_px
                confidence[hand, frame] = min(landmarks.presence, 1.0) * certainty[id(track)]
    return FilmedHands(time_sec, points, depth, confidence, size_px)


def _remarks(hands: FilmedHands, others: list[Track]) -> list[str]:
    seen = hands.confidence > 0
    if not seen.any():
        return ["No hand was found in the film."]
    remarks = []
    for hand, name in HAND_NAMES.items():
        share = float(seen[hand].mean())
        if not share:
            remarks.append(f"No {name} hand was seen.")
        elif share < SEEN_SHARE:
            remarks.append(f"The {name} hand is seen in only {share:.0%} of the film.")
    extra = len({frame for track in others for frame in track.frames})
    if extra > MANY_SHARE * hands.frame_count:
        remarks.append("More than two hands were seen; the two seen most steadily were kept.")
    return remarks
