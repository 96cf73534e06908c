"""Standard MIDI files and performance `.json` files -> `Performance`."""

from __future__ import annotations

import json
import math
import re
import warnings
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from jaxtyping import Int

from duemani.errors import InputError
from duemani.files import read_limited
from duemani.inputs.midi.file import open_midi
from duemani.inputs.midi.hands import hands_of_sources
from duemani.inputs.midi.repair import MAX_NOTES
from duemani.performance import (
    HIGHEST_PITCH,
    LOWEST_PITCH,
    NOTE_DTYPE,
    PEDAL_DTYPE,
    UNKNOWN_FINGER,
    UNKNOWN_HAND,
    Performance,
)

# Bounds on what one file may cost.
MAX_JSON_BYTES = 64_000_000
MAX_DURATION_SEC = 4 * 3600.0
PERCUSSION_CHANNEL = 9
SUSTAIN_CONTROLLER = 64
RESET_CONTROLLERS = 121
# All sound off, all notes off, and the four changes of mode that imply it.
ALL_OFF_CONTROLLERS = (120, 123, 124, 125, 126, 127)
DEFAULT_TEMPO_US = 500_000
FINGER_TEXT = re.compile(r"^finger=([1-5])$")
"""The text event that `save_midi` puts right before the note-on of a fingered note."""
_HANGING_NOTE_SEC = 10.0
_SAME_STRIKE_SEC = 0.001


@dataclass
class _Strikes:
    """Notes of one file while it is read; `source` is (track, channel)."""

    onset: list[int] = field(default_factory=list[int])
    release: list[int] = field(default_factory=list[int])
    pitch: list[int] = field(default_factory=list[int])
    velocity: list[int] = field(default_factory=list[int])
    finger: list[int] = field(default_factory=list[int])
    source: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    all_off: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """(channel, tick) at which every key of a channel is let go, in whichever track."""

    def silence(self) -> None:
        """Let the keys go that an all-notes-off lets go."""
        for channel in {channel for channel, _ in self.all_off}:
            ticks = sorted(tick for other, tick in self.all_off if other == channel)
            for at, (_, own) in enumerate(self.source):
                after = bisect_right(ticks, self.onset[at])
                if own == channel and after < len(ticks):
                    release = self.release[at]
                    self.release[at] = ticks[after] if release < 0 else min(release, ticks[after])

    def strike(self, tick: int, message: Any, finger: int, source: tuple[int, int]) -> int:
        self.onset.append(tick)
        self.release.append(-1)
        self.pitch.append(message.note)
        self.velocity.append(message.velocity)
        self.finger.append(finger)
        self.source.append(source)
        return len(self.onset) - 1


def load_midi(path: str | Path, sequence: int | None = None) -> Performance:
    """Read a MIDI file as one piano performance.

    All tracks and channels are merged except channel 10 (percussion). A restruck key ends the
    earlier note; a note without note-off ends with the file (after 10 s at most). Pitches off the
    88 keys are dropped with a `UserWarning` that counts them. Hands come from track names
    (left/right), or from two note tracks (or channels) of clearly different mean pitch; otherwise
    they are unknown. Fingers come from `save_midi`'s text events.

    Damage is mended as far as it goes and told by a `UserWarning` each (`repair`). All notes off
    and all sound off (controllers 120, 123-127) let the channel's keys go.

    Args:
        path: the file.
        sequence: which of a type 2 file's sequences is meant, from 1.

    Raises:
        InputError: the file is missing, too large, not readable MIDI, holds over 200 000 notes,
            lasts over 4 hours, or has several sequences of which none was chosen.
    """
    midi, mended = open_midi(Path(path), sequence)
    for remark in mended:
        warnings.warn(remark, stacklevel=2)
    strikes, pedal, tempi = _Strikes(), list[tuple[int, int]](), [(0, DEFAULT_TEMPO_US)]
    names: dict[int, str] = {}
    end_tick = 0
    for index, track in enumerate(cast(list[Any], midi.tracks)):
        end_tick = max(end_tick, _read_track(track, index, strikes, pedal, tempi, names))
    strikes.silence()
    seconds = _Clock(tempi, midi.ticks_per_beat)
    if seconds(np.array([end_tick]))[0] > MAX_DURATION_SEC:
        raise InputError(
            f"the MIDI file lasts longer than {MAX_DURATION_SEC / 3600:g} hours, the most accepted."
        )
    notes = _to_notes(strikes, names, seconds, end_tick)
    changes = np.zeros(0, PEDAL_DTYPE)
    if pedal:
        # `save_midi` (and many sequencers) write the pedal once a channel.
        pedal = list(dict.fromkeys(pedal))
        changes = np.zeros(len(pedal), PEDAL_DTYPE)
        ticks, values = zip(*pedal, strict=True)
        changes["time_sec"], changes["value"] = seconds(np.array(ticks)), values
    return Performance.create(notes, changes)


def load_json(path: str | Path) -> Performance:
    """Read a performance `.json` file (see `duemani.outputs.midi.save_json`).

    Raises:
        InputError: the file is missing, too large, not JSON, or an entry is absent or out of range.
    """
    data = read_limited(Path(path), MAX_JSON_BYTES)
    try:
        content: Any = json.loads(data, object_pairs_hook=_once_each)
        rows, changes = content["notes"], content.get("pedal") or []
        if not isinstance(rows, list) or not isinstance(changes, list):
            raise TypeError("notes and pedal are lists")
        if len(rows) > MAX_NOTES or len(changes) > 10 * MAX_NOTES:
            raise InputError(f"the file holds more than {MAX_NOTES} notes, the most accepted.")
        notes, pedal = np.zeros(len(rows), NOTE_DTYPE), np.zeros(len(changes), PEDAL_DTYPE)
        for note, row in zip(notes, rows, strict=True):
            for name in ("onset_sec", "release_sec"):
                note[name] = _number(row[name])
            for name in ("pitch", "velocity"):
                note[name] = _whole(row[name])
            note["hand"] = _whole(_known(row.get("hand"), UNKNOWN_HAND))
            note["finger"] = _whole(_known(row.get("finger"), UNKNOWN_FINGER))
            note["confidence"] = _share(_known(row.get("confidence"), math.nan))
        for change, row in zip(pedal, changes, strict=True):
            change["time_sec"], change["value"] = _number(row["time_sec"]), _whole(row["value"])
    except InputError:
        raise
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise InputError(
            f"{Path(path).name} is not a performance file: JSON with 'notes' (onset_sec,"
            " release_sec, pitch, velocity, hand, finger, confidence) and 'pedal' (time_sec, value)"
            " is accepted."
        ) from error
    performance = Performance.create(notes, pedal)
    if performance.duration_sec > MAX_DURATION_SEC:
        raise InputError(f"the file lasts longer than {MAX_DURATION_SEC / 3600:g} hours.")
    return performance


def _known(value: Any, unknown: int | float) -> Any:
    return unknown if value is None else value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    return float(value)


def _whole(value: Any) -> int:
    if _number(value) != int(value):
        raise ValueError("not a whole number")
    return int(value)


def _share(value: Any) -> float:
    if not (0 <= _number(value) <= 1 or math.isnan(value)):
        raise InputError("every note's confidence must lie between 0 and 1, or be null.")
    return float(value)


def _read_track(
    track: list[Any],
    index: int,
    strikes: _Strikes,
    pedal: list[tuple[int, int]],
    tempi: list[tuple[int, int]],
    names: dict[int, str],
) -> int:
    """Collect one track's notes, pedal, tempi and name; return its last tick."""
    tick, finger = 0, UNKNOWN_FINGER
    sounding: dict[tuple[int, int], int] = {}
    pending_offs: dict[tuple[int, int], int] = {}
    for message in track:
        tick += message.time
        if message.time:
            finger = UNKNOWN_FINGER
        kind = message.type
        if kind == "set_tempo":
            tempi.append((tick, message.tempo))
        elif kind == "track_name":
            names.setdefault(index, message.name)
        elif kind == "text" and (found := FINGER_TEXT.match(message.text)):
            finger = int(found.group(1))
        elif getattr(message, "channel", PERCUSSION_CHANNEL) == PERCUSSION_CHANNEL:
            continue
        elif kind == "control_change" and message.control == SUSTAIN_CONTROLLER:
            pedal.append((tick, message.value))
        elif kind == "control_change" and message.control == RESET_CONTROLLERS:
            pedal.append((tick, 0))
        elif kind == "control_change" and message.control in ALL_OFF_CONTROLLERS:
            strikes.all_off.append((message.channel, tick))
        elif kind == "note_on" and message.velocity > 0:
            key = (message.channel, message.note)
            before = sounding.get(key)
            if before is not None and strikes.release[before] < 0:
                strikes.release[before] = tick
            sounding[key] = strikes.strike(tick, message, finger, (index, message.channel))
            pending_offs[key] = pending_offs.get(key, 0) + 1
            finger = UNKNOWN_FINGER
        elif kind in ("note_on", "note_off"):
            # Of overlapping notes on one key each brings a note-off: the last one counts.
            key = (message.channel, message.note)
            if pending_offs.get(key, 0) > 0:
                pending_offs[key] -= 1
                strikes.release[sounding[key]] = tick
    return tick


class _Clock:
    """Tempo map: ticks (n,) -> seconds (n,)."""

    def __init__(self, tempi: list[tuple[int, int]], ticks_per_beat: int) -> None:
        ordered = sorted(tempi, key=lambda change: change[0])
        self._ticks = np.array([tick for tick, _ in ordered], float)
        self._rate = np.array([tempo for _, tempo in ordered], float) * 1e-6 / ticks_per_beat
        self._start = np.concatenate([[0.0], np.cumsum(np.diff(self._ticks) * self._rate[:-1])])

    def __call__(self, ticks: np.ndarray) -> np.ndarray:
        at = np.searchsorted(self._ticks, ticks, side="right") - 1
        return self._start[at] + (ticks - self._ticks[at]) * self._rate[at]


def _to_notes(
    strikes: _Strikes, names: dict[int, str], seconds: _Clock, end_tick: int
) -> np.ndarray:
    notes = np.zeros(len(strikes.onset), NOTE_DTYPE)
    if not len(notes):
        return notes
    release = np.array(strikes.release)
    hanging = release < 0
    notes["onset_sec"] = seconds(np.array(strikes.onset))
    end = seconds(np.where(hanging, end_tick, release))
    end = np.where(hanging, np.minimum(end, notes["onset_sec"] + _HANGING_NOTE_SEC), end)
    notes["release_sec"] = end
    notes["pitch"], notes["velocity"] = strikes.pitch, strikes.velocity
    notes["finger"], notes["confidence"] = strikes.finger, np.nan
    notes["hand"] = hands_of_sources(np.array(strikes.source), np.array(strikes.pitch), names)
    on_keyboard = (notes["pitch"] >= LOWEST_PITCH) & (notes["pitch"] <= HIGHEST_PITCH)
    if not on_keyboard.all():
        warnings.warn(
            f"{int((~on_keyboard).sum())} notes outside the 88 keys were left out.", stacklevel=3
        )
    return end_at_restrike(notes[on_keyboard])[0]


def end_at_restrike(notes: np.ndarray) -> tuple[np.ndarray, Int[np.ndarray, " note"]]:
    """End each note of `NOTE_DTYPE` where its key is struck again; merge double strikes.

    Two strikes of one key within 1 ms (a note doubled in two voices) become one note: the later
    release, the louder velocity, the first known hand and finger.

    Returns:
        The notes that are left, in their order, and which of them each of `notes` is now.
    """
    order = np.lexsort((notes["onset_sec"], notes["pitch"]))
    kept: list[int] = []
    merged_into = np.zeros(len(notes), int)
    notes = notes.copy()
    for at in order:
        note, last = notes[at], notes[kept[-1]] if kept else None
        if last is None or last["pitch"] != note["pitch"]:
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
