"""Which fingers an editor would print: those that a player could not guess from the last ones."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int

from duemani.outputs.fingered import Fingered
from duemani.performance import LEFT, RIGHT

# White keys of each pitch class; in a five-finger position a black key may stand for either side.
_DEGREES = ((0,), (0, 1), (1,), (1, 2), (2,), (3,), (3, 4), (4,), (4, 5), (5,), (5, 6), (6,))
_BLACK = frozenset({1, 3, 6, 8, 10})
# What a hand does that a player has to be told, of `marks`; new positions are found here.
_TOLD_MARKS = frozenset({"thumb under", "finger over", "substitution", "finger change"})
_TOGETHER_SEC = 0.03
# A hand that rests so long is placed anew.
_PAUSE_SEC = 1.5
# So many groups of notes back a player remembers which finger had which key.
_MEMORY = 8


def sparse(fingered: Fingered) -> Bool[np.ndarray, " note"]:
    """The notes whose finger is to be printed: given ones, new positions, turns, thumbs on black.

    A finger is left out where the hand lies still, so that it is the one over the key; and where
    the same key was struck by the same finger a moment before.
    """
    shown = fingered.given | np.array([mark in _TOLD_MARKS for mark in fingered.marks], bool)
    shown |= fingered.fingering.substitution > 0
    part = fingered.part
    for one in np.unique(part):
        for hand in (LEFT, RIGHT):
            mine = np.flatnonzero((fingered.notes["hand"] == hand) & (part == one))
            _of_hand(fingered, mine, shown)
    return shown


def _of_hand(
    fingered: Fingered, mine: Int[np.ndarray, " mine"], shown: Bool[np.ndarray, " note"]
) -> None:
    if not len(mine):
        return
    notes = fingered.notes
    direction = 1 if notes["hand"][mine[0]] == RIGHT else -1
    recent: list[dict[int, int]] = []
    # Where finger 1 would lie, in white keys, if the hand stayed where it was.
    thumbs: set[int] = set()
    last_sec = -np.inf
    for group in _groups(notes, mine):
        fingers = {int(notes["pitch"][at]): int(notes["finger"][at]) for at in group}
        rested = notes["onset_sec"][group[0]] - last_sec > _PAUSE_SEC
        remembered: dict[int, int] = {}
        if not rested:
            for before in recent[-_MEMORY:]:
                remembered.update(before)
        wanted = False
        for at in group:
            pitch = int(notes["pitch"][at])
            finger = fingers[pitch]
            places = {key - direction * (finger - 1) for key in _white_keys(pitch)}
            known = remembered.get(pitch) == finger
            expected = bool(thumbs & places) and len(group) == 1
            thumb_on_black = finger == 1 and pitch % 12 in _BLACK
            if not known and (not expected or rested or thumb_on_black):
                wanted = True
            thumbs = (thumbs & places) or places
        # Part of a chord's fingers would leave open whose they are.
        shown[group] |= wanted or bool(shown[group].any())
        last_sec = max(last_sec, float(notes["release_sec"][group].max()))
        recent.append(fingers)


def _white_keys(pitch: int) -> tuple[int, ...]:
    return tuple(7 * (pitch // 12) + degree for degree in _DEGREES[pitch % 12])


def _groups(notes: np.ndarray, indices: np.ndarray) -> list[np.ndarray]:
    breaks = np.flatnonzero(np.diff(notes["onset_sec"][indices]) > _TOGETHER_SEC) + 1
    return np.split(indices, breaks)
