"""One hand's notes as a line of events (single notes and chords), seen as a right hand's."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.keyboard import is_black, key_centre_x
from duemani.performance import LEFT, UNKNOWN_FINGER

CHOICES = 10
"""Most finger combinations considered for one event: C(5, 2)."""
_CHORD_SEC = 0.035
_ROLLED_CHORD_SEC = 0.05
COMBINATIONS = {
    count: np.array(list(combinations(range(5), count)), np.int8) for count in range(1, 6)
}
"""Fingers (0 thumb - 4 little) of a chord of n notes, (choice, note), rising with pitch."""


@dataclass(frozen=True)
class HandLine:
    """Events of one hand in order of time; a left hand is mirrored, so thumbs are to the left.

    Attributes:
        notes: for each event the indices of its notes in the performance, by rising mirrored pitch.
        pitch: (event, 2) mirrored pitch of the lowest and highest note.
        black: (event, 2) whether those are black keys.
        onset_sec: (event,) of the event's first note.
        release_sec: (event,) the last release of the event's notes.
        choices: for each event its finger combinations (choice, note), 0 thumb - 4 little.
        note_pitch, note_x_m, note_black: (performance note,) mirrored pitch, key centre, colour.
        taking_over: (performance note,) finger 1-5 that takes over the key while it is held, 0
            none.
    """

    notes: list[np.ndarray]
    pitch: Int[np.ndarray, "event 2"]
    black: Bool[np.ndarray, "event 2"]
    onset_sec: Float[np.ndarray, " event"]
    release_sec: Float[np.ndarray, " event"]
    choices: list[np.ndarray]
    note_pitch: Int[np.ndarray, " note"]
    note_x_m: Float[np.ndarray, " note"]
    note_black: Bool[np.ndarray, " note"]
    taking_over: Int[np.ndarray, " note"]


def chord_starts(
    onset_sec: np.ndarray, release_sec: np.ndarray, pitch: np.ndarray
) -> list[tuple[int, int]]:
    """(first, end) of each run of notes, sorted by onset, that are struck together.

    Together means within 35 ms of the run's first note, or within 50 ms when the notes also
    sound together for most of the shorter one (a rolled chord, not a fast run). A key never comes
    twice in one run.
    """
    onsets, releases, pitches = onset_sec.tolist(), release_sec.tolist(), pitch.tolist()
    runs: list[tuple[int, int]] = []
    first = 0
    for at in range(1, len(onsets) + 1):
        if at < len(onsets):
            apart = onsets[at] - onsets[first]
            together = apart <= _CHORD_SEC
            if not together and apart <= _ROLLED_CHORD_SEC:
                shared = min(releases[first], releases[at]) - onsets[at]
                shorter = min(releases[at] - onsets[at], releases[first] - onsets[first])
                together = shared > 0.6 * shorter
            if together and pitches[at] not in pitches[first:at]:
                continue
        if first < len(onsets):
            runs.append((first, at))
        first = at
    return runs


def hand_line(notes: np.ndarray, hand: int, taking_over: np.ndarray | None = None) -> HandLine:
    """The events of one hand; `notes` as in `Performance.notes`, `taking_over` as in `HandLine`."""
    mine = np.flatnonzero(notes["hand"] == hand)
    sign = -1 if hand == LEFT else 1
    pitch = sign * notes["pitch"].astype(int)
    x_m, black = sign * key_centre_x(notes["pitch"]), is_black(notes["pitch"])
    runs = chord_starts(notes["onset_sec"][mine], notes["release_sec"][mine], notes["pitch"][mine])
    events = [mine[first:end] for first, end in runs]
    events = [event[np.argsort(pitch[event], kind="stable")] for event in events]
    outer = np.array([(event[0], event[-1]) for event in events], int).reshape(-1, 2)
    given = notes["finger"]
    return HandLine(
        notes=events,
        pitch=pitch[outer],
        black=black[outer],
        onset_sec=np.array([notes["onset_sec"][event].min() for event in events], float),
        release_sec=np.array([notes["release_sec"][event].max() for event in events], float),
        choices=[_choices(given[event].astype(int), x_m[event]) for event in events],
        note_pitch=pitch,
        note_x_m=x_m,
        note_black=black,
        taking_over=np.zeros(len(notes), int) if taking_over is None else taking_over,
    )


def part_of(line: HandLine, start: int, end: int) -> HandLine:
    """The events [start, end) of a line."""
    inside = slice(start, end)
    return HandLine(
        line.notes[inside],
        line.pitch[inside],
        line.black[inside],
        line.onset_sec[inside],
        line.release_sec[inside],
        line.choices[inside],
        line.note_pitch,
        line.note_x_m,
        line.note_black,
        line.taking_over,
    )


def contradictions(line: HandLine, notes: np.ndarray) -> list[str]:
    """One sentence for each chord whose given fingers no hand can put down together."""
    out: list[str] = []
    for event in line.notes:
        given = notes["finger"][event].astype(int)
        known = given[given != UNKNOWN_FINGER]
        if (np.diff(known) <= 0).any() and len(event) <= 5:
            name = "left" if notes["hand"][event[0]] == LEFT else "right"
            printed = " ".join(map(str, known))
            out.append(
                f"the {name} hand's chord at {notes['onset_sec'][event[0]]:.1f} s has fingers"
                f" ({printed}) that contradict each other; they were kept."
            )
    return out


def _choices(given: np.ndarray, x_m: np.ndarray) -> np.ndarray:
    """Finger combinations (choice, note) that keep the given fingers (1-5, 0 free)."""
    count = len(given)
    choices = COMBINATIONS[count] if count <= 5 else _crowded(x_m)
    fixed = given != UNKNOWN_FINGER
    if not fixed.any():
        return choices
    fitting = choices[(choices[:, fixed] == given[fixed] - 1).all(1)]
    if len(fitting):
        return fitting
    # The given fingers are out of order: keep them and take the most regular rest.
    changed = np.abs(choices[:, fixed] - (given[fixed] - 1)).sum(1)
    forced = choices[int(np.argmin(changed))].copy()
    forced[fixed] = given[fixed] - 1
    return forced[None]


def _crowded(x_m: np.ndarray) -> np.ndarray:
    """More than five notes: neighbouring keys share a finger, the closest pairs first."""
    shared = np.sort(np.argsort(np.diff(x_m), kind="stable")[: len(x_m) - 5])
    steps = np.ones(len(x_m) - 1, int)
    steps[shared] = 0
    return np.concatenate([[0], np.cumsum(steps)]).astype(np.int8)[None]
