"""What every fingering method in a comparison does, and the note sequence that most of them use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from duemani.keyboard import is_black
from duemani.models.fingering.lines import hand_line
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER, Performance

# Keys lie symmetrically around D: pitch p mirrors to 124 - p (D4 = 62), colours stay.
_MIRROR = 124
_WHITE_BELOW = np.array([0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5, 6])


class Fingerer(Protocol):
    """A way to choose fingers when the hands are known."""

    def fingers(self, performance: Performance) -> np.ndarray:
        """Fingers 1-5 (0 where it has none), (note,); printed fingers are not looked at."""


@dataclass(frozen=True)
class NoteSequence:
    """One hand's notes one after another, chords from the thumb's side; left hands are mirrored.

    Attributes:
        notes: indices in the performance, (note,).
        pitch: as a right hand would have it, (note,).
        black: (note,).
        chord: number of the chord that the note belongs to, (note,).
        finger: printed finger, 0 none, (note,).
    """

    notes: np.ndarray
    pitch: np.ndarray
    black: np.ndarray
    chord: np.ndarray
    finger: np.ndarray

    @property
    def key_x(self) -> np.ndarray:
        """Key position in half white keys, (note,): white keys even, black ones odd."""
        return 2 * (7 * (self.pitch // 12) + _WHITE_BELOW[self.pitch % 12]) + self.black


def note_sequence(performance: Performance, hand: int) -> NoteSequence:
    """The notes of one hand, which is known, as a sequence."""
    notes = performance.notes
    bare = notes.copy()
    bare["finger"] = UNKNOWN_FINGER
    events = hand_line(bare, hand).notes
    order = np.concatenate(events) if events else np.zeros(0, int)
    pitch = notes["pitch"][order].astype(int)
    pitch = _MIRROR - pitch if hand == LEFT else pitch
    return NoteSequence(
        notes=order,
        pitch=pitch,
        black=is_black(pitch).astype(int),
        chord=np.repeat(np.arange(len(events)), [len(event) for event in events]),
        finger=notes["finger"][order].astype(int),
    )


def note_sequences(performance: Performance) -> list[NoteSequence]:
    """Both hands' sequences; empty ones are left out."""
    both = [note_sequence(performance, hand) for hand in (LEFT, RIGHT)]
    return [sequence for sequence in both if len(sequence.notes)]
