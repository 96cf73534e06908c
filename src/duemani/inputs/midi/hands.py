"""Which tracks or channels of a MIDI file are the left and the right hand."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from duemani.performance import LEFT, RIGHT, UNKNOWN_HAND

_HANDS_APART_SEMITONES = 5.0
_RIGHT_NAME = re.compile(r"\b(right|r\.?h\.?|rechts|droite|destra|md|m\.d\.)(?!\w)", re.IGNORECASE)
_LEFT_NAME = re.compile(r"\b(left|l\.?h\.?|links|gauche|sinistra|mg|m\.g\.)(?!\w)", re.IGNORECASE)


def hands_of_sources(source: np.ndarray, pitch: np.ndarray, names: dict[int, str]) -> np.ndarray:
    """Hand of every note, (note,): by track name, else by two sources clearly apart in pitch.

    Args:
        source: (note, 2) track and channel.
        pitch: (note,) MIDI numbers.
        names: of the tracks that have one.
    """
    tracks, channels = source.T
    by_name = {track: hand for track, hand in _named_hands(names) if np.any(tracks == track)}
    if by_name:
        return np.array([by_name.get(int(track), UNKNOWN_HAND) for track in tracks])
    group = tracks if len(np.unique(tracks)) > 1 else channels
    sources = np.unique(group)
    unknown = np.full(len(pitch), UNKNOWN_HAND)
    if len(sources) != 2:
        return unknown
    means = [float(pitch[group == one].mean()) for one in sources]
    if abs(means[1] - means[0]) < _HANDS_APART_SEMITONES:
        return unknown
    return np.where(group == sources[int(np.argmax(means))], RIGHT, LEFT)


def _named_hands(names: dict[int, str]) -> Iterator[tuple[int, int]]:
    for track, name in names.items():
        right, left = bool(_RIGHT_NAME.search(name)), bool(_LEFT_NAME.search(name))
        if right != left:
            yield track, RIGHT if right else LEFT
