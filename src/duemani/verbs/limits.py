"""Notes that would cost far more than they give, refused with the reason and the way out.

What costs time is motion, about 1-3 ms a frame whether anything is played or not, and fingers,
about 2 ms a note. So motion must be worth its notes: a concert with its pauses is, hours with a
few keystrokes are not.
"""

from __future__ import annotations

import numpy as np

from duemani.errors import InputError
from duemani.performance import SEC_A_NOTE, SPARE_SEC, Performance, is_mostly_pause

MOST_NOTES_A_SECOND = 250


def check_crowd(performance: Performance) -> None:
    """Refuse what is no music for two hands: hundreds of notes at once.

    Raises:
        InputError: more than 250 notes begin within a second.
    """
    onset = performance.notes["onset_sec"]
    if not len(onset):
        return
    until = np.searchsorted(onset, onset + 1.0, side="left")
    most = until - np.arange(len(onset))
    if most.max() > MOST_NOTES_A_SECOND:
        raise InputError(
            f"{most.max()} notes begin within the second after {onset[most.argmax()]:.1f} s, more"
            f" than two hands can play; {MOST_NOTES_A_SECOND} are accepted."
        )


def check_length(name: str, length_sec: float, notes: int) -> None:
    """Refuse to move hands for long over hardly any notes.

    Args:
        name: what lasts so long.
        length_sec: of the motion.
        notes: how many are given; of a score, how many are written.

    Raises:
        InputError: it lasts longer than 5 minutes and 2 seconds a note.
    """
    if is_mostly_pause(length_sec, notes):
        raise InputError(
            f"{name} lasts {length_sec / 60:.0f} minutes for {notes}"
            f" note{'' if notes == 1 else 's'}; hands are moved for up to {SPARE_SEC / 60:.0f}"
            f" minutes and {SEC_A_NOTE:g} seconds a note: choose a part with --start and --end."
        )
