"""`Performance`: the notes and pedal of one take, as played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float

from duemani.arrays import read_only
from duemani.errors import InputError

LEFT, RIGHT, UNKNOWN_HAND = 0, 1, -1
UNKNOWN_FINGER = 0
LOWEST_PITCH, HIGHEST_PITCH = 21, 108
SUSTAIN_THRESHOLD = 64
SPARE_SEC, SEC_A_NOTE = 300.0, 2.0

NOTE_DTYPE = np.dtype(
    [
        ("onset_sec", "f8"),
        ("release_sec", "f8"),
        ("pitch", "i2"),
        ("velocity", "i2"),
        ("hand", "i1"),
        ("finger", "i1"),
        ("confidence", "f4"),
    ]
)
PEDAL_DTYPE = np.dtype([("time_sec", "f8"), ("value", "i2")])


def _empty_notes() -> np.ndarray:
    return np.zeros(0, NOTE_DTYPE)


def _empty_pedal() -> np.ndarray:
    return np.zeros(0, PEDAL_DTYPE)


@dataclass(frozen=True)
class Performance:
    """One take as played. Times in seconds from the start of the recording.

    Its arrays are read-only: what changes notes works on copies.

    Attributes:
        notes: structured array of `NOTE_DTYPE`, sorted by onset, then pitch: `onset_sec`,
            `release_sec` (the key's release, not the end of its sound), `pitch` (MIDI number,
            21-108), `velocity` (1-127), `hand` (0 left, 1 right, -1 unknown), `finger` (1 thumb
            to 5 little, 0 unknown), `confidence` of the finger (0-1, NaN unknown).
        pedal: structured array of `PEDAL_DTYPE`, sorted by time: the sustain pedal (CC64, 0-127).
    """

    notes: np.ndarray = field(default_factory=_empty_notes)
    pedal: np.ndarray = field(default_factory=_empty_pedal)

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", read_only(self.notes))
        object.__setattr__(self, "pedal", read_only(self.pedal))

    @classmethod
    def create(cls, notes: np.ndarray, pedal: np.ndarray | None = None) -> Performance:
        """Sort and check `notes` and `pedal`.

        Raises:
            InputError: a time is not finite or negative, a release precedes its onset, or a
                pitch, velocity, hand or finger is out of range.
        """
        notes = np.sort(np.asarray(notes, NOTE_DTYPE), order=("onset_sec", "pitch"), kind="stable")
        pedal = _empty_pedal() if pedal is None else np.asarray(pedal, PEDAL_DTYPE)
        pedal = np.sort(pedal, order="time_sec", kind="stable")
        _check(notes, pedal)
        return cls(notes, pedal)

    @property
    def duration_sec(self) -> float:
        """Time of the last release or pedal change, 0 for an empty take."""
        ends = [0.0]
        if len(self.notes):
            ends.append(float(self.notes["release_sec"].max()))
        if len(self.pedal):
            ends.append(float(self.pedal["time_sec"].max()))
        return max(ends)

    def with_fingers(
        self, hand: np.ndarray, finger: np.ndarray, confidence: np.ndarray | None = None
    ) -> Performance:
        """The same take with hands and fingers replaced (one entry a note, in note order)."""
        notes = self.notes.copy()
        notes["hand"], notes["finger"] = hand, finger
        notes["confidence"] = np.nan if confidence is None else confidence
        return replace(self, notes=notes)

    def delayed(self, seconds: float) -> Performance:
        """The same take, every time later by `seconds`."""
        notes, pedal = self.notes.copy(), self.pedal.copy()
        notes["onset_sec"] += seconds
        notes["release_sec"] += seconds
        pedal["time_sec"] += seconds
        return Performance.create(notes, pedal)

    def between(self, start_sec: float, end_sec: float) -> Performance:
        """The notes with onset in [start, end), shifted so that `start_sec` becomes 0.

        Releases are cut at the end of the excerpt; the pedal keeps its value at the start.
        """
        chosen = (self.notes["onset_sec"] >= start_sec) & (self.notes["onset_sec"] < end_sec)
        notes = self.notes[chosen].copy()
        notes["onset_sec"] -= start_sec
        notes["release_sec"] = np.minimum(notes["release_sec"], end_sec) - start_sec
        before = self.pedal[self.pedal["time_sec"] <= start_sec][-1:].copy()
        before["time_sec"] = start_sec
        inside = (self.pedal["time_sec"] > start_sec) & (self.pedal["time_sec"] < end_sec)
        pedal = np.concatenate([before, self.pedal[inside]])
        pedal["time_sec"] -= start_sec
        return Performance.create(notes, pedal)


def make_notes(rows: Sequence[tuple[float, float, int, int]]) -> np.ndarray:
    """Note array from (onset_sec, release_sec, pitch, velocity) rows, hands and fingers unknown."""
    notes = np.zeros(len(rows), NOTE_DTYPE)
    if len(rows):
        onset, release, pitch, velocity = zip(*rows, strict=True)
        notes["onset_sec"], notes["release_sec"] = onset, release
        notes["pitch"], notes["velocity"] = pitch, velocity
    notes["hand"], notes["confidence"] = UNKNOWN_HAND, np.nan
    return notes


def pedal_down(
    performance: Performance, time_sec: Float[np.ndarray, " time"]
) -> Bool[np.ndarray, " time"]:
    """Whether the sustain pedal is down at these times [s]; before its first value it is up."""
    at = np.searchsorted(performance.pedal["time_sec"], time_sec, side="right")
    values = np.concatenate([[0], performance.pedal["value"]])
    return np.asarray(values[at] >= SUSTAIN_THRESHOLD)


def is_mostly_pause(length_sec: float, notes: int) -> bool:
    """Whether it lasts longer than 5 minutes and 2 seconds a note.

    A concert with its pauses is none such; hours with a few keystrokes are, and neither hands nor
    sound are made for all of them.
    """
    return length_sec > SPARE_SEC + SEC_A_NOTE * notes


def sound_end_sec(performance: Performance) -> np.ndarray:
    """When each note's damper falls, (note,) in seconds: its release, or the pedal's lifting.

    A note whose key is struck again ends there at the latest.
    """
    notes, pedal = performance.notes, performance.pedal
    end = notes["release_sec"].copy()
    if len(pedal):
        down = pedal["value"] >= SUSTAIN_THRESHOLD
        lifts = pedal["time_sec"][~down]
        at = np.searchsorted(pedal["time_sec"], end, side="right") - 1
        held = (at >= 0) & down[np.maximum(at, 0)]
        next_lift = np.searchsorted(lifts, end, side="right")
        last = max(performance.duration_sec, float(end.max(initial=0.0)))
        lift_time = np.append(lifts, last)[next_lift]
        end = np.where(held, np.maximum(end, lift_time), end)
    for pitch in np.unique(notes["pitch"]):
        same = np.flatnonzero(notes["pitch"] == pitch)
        end[same[:-1]] = np.minimum(end[same[:-1]], notes["onset_sec"][same[1:]])
    return end


def _check(notes: np.ndarray, pedal: np.ndarray) -> None:
    times = np.concatenate([notes["onset_sec"], notes["release_sec"], pedal["time_sec"]])
    if not np.all(np.isfinite(times)) or np.any(times < 0):
        raise InputError("note and pedal times must be finite and not negative (seconds).")
    if np.any(notes["release_sec"] < notes["onset_sec"]):
        raise InputError("a note's release may not come before its onset.")
    ranges = {
        "pitch": (LOWEST_PITCH, HIGHEST_PITCH),
        "velocity": (1, 127),
        "hand": (UNKNOWN_HAND, RIGHT),
        "finger": (UNKNOWN_FINGER, 5),
    }
    for name, (low, high) in ranges.items():
        if np.any((notes[name] < low) | (notes[name] > high)):
            raise InputError(f"every note's {name} must lie between {low} and {high}.")
    if np.any((pedal["value"] < 0) | (pedal["value"] > 127)):
        raise InputError("pedal values must lie between 0 and 127.")
