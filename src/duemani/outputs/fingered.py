"""`Fingered`: a piece with its fingering and what there is to say about it, for every output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.inputs.score.document import ScoreDocument
from duemani.models.fingering.choose import Fingering, Keep
from duemani.performance import LEFT, Performance

_STEPS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_ALTERS = {"": "", "0": "", "1": "♯", "-1": "♭", "2": "𝄪", "-2": "𝄫"}


@dataclass(frozen=True)
class Fingered:
    """A fingered piece; every written note once, even where it is repeated.

    Attributes:
        title: what to call it.
        fingering: the notes with hands and fingers.
        given: the input named this note's finger.
        keep: what was done with those given.
        hand_span_m: reach from thumb to little finger, between key centres [m].
        reasons: why this finger, in sentences.
        marks: "thumb under" and the like, "" for most.
        bar: of every note, from 0.
        bar_names: what is printed at the bars; times of windows where there are no bars.
        bar_starts_sec: when they begin.
        difficulty: of every bar, 0-10.
        played: the same with repeats played out, as a recording of it would be.
        written_index: index of the written note behind every note of `played`.
        document: the score, None where there is no notation.
        numbers: of every note, which `<note>` of the document it is.
        remarks: what was assumed, left out or could not be kept, one sentence each.
        player: number of every note's pianist, from 0; all the first one's by default.
    """

    title: str
    fingering: Fingering
    given: Bool[np.ndarray, " note"]
    keep: Keep
    hand_span_m: float
    reasons: tuple[tuple[str, ...], ...]
    marks: tuple[str, ...]
    bar: Int[np.ndarray, " note"]
    bar_names: tuple[str, ...]
    bar_starts_sec: Float[np.ndarray, " bar"]
    difficulty: Float[np.ndarray, " bar"]
    played: Performance
    written_index: Int[np.ndarray, " played"]
    document: ScoreDocument | None = None
    numbers: Int[np.ndarray, " note"] | None = None
    remarks: tuple[str, ...] = ()
    player: Int[np.ndarray, " note"] | None = None

    @property
    def notes(self) -> np.ndarray:
        """The written notes, `NOTE_DTYPE`."""
        return self.fingering.performance.notes

    @property
    def part(self) -> Int[np.ndarray, " note"]:
        """Part of the score that every note stands in; 0 without notation."""
        if self.document is None or self.numbers is None:
            return np.zeros(len(self.notes), int)
        return np.array([self.document.notes[number].part for number in self.numbers], int)

    def player_of(self, note: int) -> int:
        """Number of a note's pianist, from 0."""
        return 0 if self.player is None else int(self.player[note])

    def bar_name(self, note: int) -> str:
        """Printed number of the bar that a note stands in."""
        return self.bar_names[int(self.bar[note])]

    def note_name(self, note: int) -> str:
        """A note's pitch, spelled as the score spells it: F♯4."""
        if self.document is not None and self.numbers is not None:
            element = self.document.notes[int(self.numbers[note])].element
            step, alter, octave = (
                self.document.inner_text(element, "pitch", name)
                for name in ("step", "alter", "octave")
            )
            if step and octave and alter in _ALTERS:
                return f"{step}{_ALTERS[alter]}{octave}"
        return pitch_name(int(self.notes["pitch"][note]))


def pitch_name(pitch: int) -> str:
    """A MIDI number as musicians write it: 60 is C4."""
    return f"{_STEPS[pitch % 12]}{pitch // 12 - 1}"


def hand_name(hand: int) -> str:
    """Which hand, in words."""
    return "left hand" if hand == LEFT else "right hand"


def alternatives(fingered: Fingered, note: int, count: int) -> list[tuple[int, float]]:
    """The likeliest fingers of a note with their chances, likeliest first; at most `count`."""
    chances = fingered.fingering.chances[note]
    order = np.argsort(-chances, kind="stable")[:count]
    return [(int(finger) + 1, float(chances[finger])) for finger in order]
