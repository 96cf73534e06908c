"""Strikes of one key: where one ends the other, and where two are the same."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from duemani.performance import UNKNOWN_HAND

_SAME_STRIKE_SEC = 0.001


def end_at_restrike(
    notes: np.ndarray, group: np.ndarray | None = None
) -> tuple[np.ndarray, Int[np.ndarray, " note"]]:
    """End each note of `NOTE_DTYPE` where its key is struck again; merge double strikes.

    Two strikes of one key within 1 ms (a note doubled in two voices) become one note: the later
    release, the louder velocity, the first known hand and finger. Only notes of one group meet.

    Args:
        notes: of all groups.
        group: every note's, such as its player; one by default.

    Returns:
        The notes that are left, in their order, and which of them each of `notes` is now.
    """
    group = np.zeros(len(notes), int) if group is None else group
    order = np.lexsort((notes["onset_sec"], notes["pitch"], group))
    kept: list[int] = []
    merged_into = np.zeros(len(notes), int)
    notes = notes.copy()
    for at in order:
        note, last = notes[at], notes[kept[-1] if kept else at]
        mine = bool(kept) and group[kept[-1]] == group[at]
        if not mine or last["pitch"] != note["pitch"]:
            kept.append(at)
        elif note["onset_sec"] - last["onset_sec"] <= _SAME_STRIKE_SEC:
            last["release_sec"] = max(last["release_sec"], note["release_sec"])
            last["velocity"] = max(last["velocity"], note["velocity"])
            nameless = last["hand"] == UNKNOWN_HAND
            if nameless or (not last["finger"] and note["finger"]):
                last["hand"], last["finger"] = note["hand"], note["finger"]
        else:
            last["release_sec"] = min(last["release_sec"], note["onset_sec"])
            kept.append(at)
        merged_into[at] = kept[-1]
    left = np.sort(np.array(kept, int))
    return notes[left], np.searchsorted(left, merged_into)
