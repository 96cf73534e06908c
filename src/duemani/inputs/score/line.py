"""A score as a line of notes in quarters, to lay a performance along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.inputs.score.marks import Mark
from duemani.inputs.score.play import PlayedScore
from duemani.inputs.score.written_score import WrittenScore

_NO_MARKS: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class ScoreLine:
    """The notes of a score, every one once, in the order of the bars; positions in quarters.

    Attributes:
        onset_quarter: from the start of the first bar; a grace note stands where its principal
            note does.
        duration_quarter: ties added up, 0 for grace notes that are not tied on.
        pitch: MIDI number.
        hand: 0 left, 1 right, -1 unknown.
        voice: a number for every voice of every part.
        grace: it is a grace note.
        slurred: under a slur that goes on after this note.
        ornament: a trill, mordent, turn or tremolo stands over it.
        fermata: one stands over it.
        articulations: names such as `staccato` and `accent`.
        bar_quarter: where the bars begin, rising.
        bar_names: printed numbers.
        beat_quarter: length of a beat in every bar (a dotted quarter in 6/8).
        marks: dynamics, tempo and pedal marks, sorted by start.
        jumps: (from, to) positions between which repeats lead.
        spelling: every note as it is written, such as `D♭5`; empty where unknown.
    """

    onset_quarter: Float[np.ndarray, " note"]
    duration_quarter: Float[np.ndarray, " note"]
    pitch: Int[np.ndarray, " note"]
    hand: Int[np.ndarray, " note"]
    voice: Int[np.ndarray, " note"]
    grace: Bool[np.ndarray, " note"]
    slurred: Bool[np.ndarray, " note"]
    ornament: Bool[np.ndarray, " note"]
    fermata: Bool[np.ndarray, " note"]
    articulations: tuple[frozenset[str], ...]
    bar_quarter: Float[np.ndarray, " bar"]
    bar_names: tuple[str, ...]
    beat_quarter: Float[np.ndarray, " bar"]
    marks: tuple[Mark, ...] = _NO_MARKS
    jumps: tuple[tuple[float, float], ...] = ()
    spelling: tuple[str, ...] = ()

    @property
    def bar(self) -> Int[np.ndarray, " note"]:
        """Index of every note's bar."""
        return self.bar_at(self.onset_quarter)

    def bar_at(self, quarter: Float[np.ndarray, " point"]) -> Int[np.ndarray, " point"]:
        """Index of the bar at each position."""
        found = np.searchsorted(self.bar_quarter, quarter + 1e-6, side="right") - 1
        return np.clip(found, 0, max(len(self.bar_quarter) - 1, 0))

    def bars_named(self, first: int, last: int) -> str:
        """`12` or `12-14`, "" where bars have no names."""
        if not self.bar_names:
            return ""
        names = [self.bar_names[min(max(at, 0), len(self.bar_names) - 1)] for at in (first, last)]
        return names[0] if names[0] == names[1] else "-".join(names)


def score_line(
    score: WrittenScore,
    once: PlayedScore,
    ornamented: Bool[np.ndarray, " note"],
    bar_names: tuple[str, ...],
    repeated_sec: Float[np.ndarray, " played"],
    repeated: Int[np.ndarray, " played"],
    spelling: tuple[str, ...] = (),
) -> ScoreLine:
    """The notes of `once.performance`, in its order, as they are written.

    Args:
        score: the notation without its repeats.
        once: the same, played.
        ornamented: whether an ornament stands over each note.
        bar_names: printed numbers of the bars.
        repeated_sec: when notes are struck if the repeats are played.
        repeated: which note of `once.performance` each of them is.
        spelling: of every note.
    """
    notes = [score.notes[at] for at in once.written]
    longest = np.zeros(len(notes))
    lengths = np.array([note.duration_quarter for note in score.notes], float)
    np.maximum.at(longest, once.sounds_as, lengths)
    onset = np.array([note.onset_quarter for note in notes], float)
    grace = np.array([note.grace > 0 for note in notes], bool)
    bars = np.maximum.accumulate(np.array(score.bars_quarter or [0.0], float))
    return ScoreLine(
        onset_quarter=onset,
        duration_quarter=longest,
        pitch=np.array([note.pitch for note in notes], int),
        hand=once.performance.notes["hand"].astype(int),
        voice=np.array([note.voice for note in notes], int),
        grace=grace,
        slurred=np.array([note.slurred for note in notes], bool),
        ornament=ornamented,
        fermata=np.array([note.fermata for note in notes], bool),
        articulations=tuple(note.articulations for note in notes),
        bar_quarter=bars,
        bar_names=bar_names,
        beat_quarter=_beats(bars, score.beats_quarter),
        marks=score.marks,
        jumps=_jumps(onset[repeated], repeated_sec),
        spelling=spelling,
    )


def _beats(
    bars: Float[np.ndarray, " bar"], signatures: Sequence[tuple[float, float]]
) -> Float[np.ndarray, " bar"]:
    if not signatures:
        return np.ones(len(bars))
    starts, lengths = np.array(signatures, float).T
    return np.asarray(lengths[np.clip(np.searchsorted(starts, bars + 1e-6) - 1, 0, None)])


def _jumps(
    played_quarter: Float[np.ndarray, " played"], played_sec: Float[np.ndarray, " played"]
) -> tuple[tuple[float, float], ...]:
    """Where the written order is left when repeats are played."""
    if len(played_quarter) < 2:
        return ()
    # Grace notes and rolled chords sound out of order by less than a bar; repeats go further.
    order = np.argsort(played_sec, kind="stable")
    quarter = played_quarter[order]
    onsets = np.unique(played_quarter)
    place = np.searchsorted(onsets, quarter)
    away = np.flatnonzero((np.diff(place) < -1) | (np.diff(place) > 2))
    return tuple(dict.fromkeys((float(quarter[at]), float(quarter[at + 1])) for at in away))
