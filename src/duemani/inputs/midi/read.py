"""Standard MIDI files and performance `.json` files -> `Performance`."""

from __future__ import annotations

import json
import math
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from jaxtyping import Int

from duemani.errors import InputError
from duemani.files import read_limited
from duemani.inputs.midi.file import open_midi
from duemani.inputs.midi.hands import Shares, Tracks, share_out
from duemani.inputs.midi.repair import MAX_NOTES
from duemani.inputs.midi.struck import Strikes
from duemani.inputs.strikes import end_at_restrike
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
_MOST_PLAYERS = 100


@dataclass(frozen=True)
class MidiInput:
    """A MIDI file read.

    Attributes:
        performance: the notes for the piano.
        player: number of every note's pianist, from 0.
        foreign: names of the instruments, where none of them is a keyboard.
        remarks: what was assumed or left out, one sentence each.
    """

    performance: Performance
    player: Int[np.ndarray, " note"]
    foreign: str
    remarks: tuple[str, ...]


def load_midi(path: str | Path, sequence: int | None = None) -> Performance:
    """The notes of `read_midi` alone."""
    return read_midi(path, sequence).performance


def read_midi(path: str | Path, sequence: int | None = None) -> MidiInput:
    """Read a MIDI file as one piano performance.

    The piano's tracks and channels are merged (see `share_out`), other instruments left out. A
    restruck key ends the same player's earlier note; a note without note-off ends with the file
    (after 10 s at most). Pitches off the 88 keys are dropped with a `UserWarning` that counts them.
    Fingers come from `save_midi`'s text events.

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
    strikes, pedal, tempi = Strikes(), list[tuple[int, int]](), [(0, DEFAULT_TEMPO_US)]
    named = Tracks()
    end_tick = 0
    for index, track in enumerate(cast(list[Any], midi.tracks)):
        end_tick = max(end_tick, _read_track(track, index, strikes, pedal, tempi, named))
    strikes.silence()
    seconds = _Clock(tempi, midi.ticks_per_beat)
    if seconds(np.array([end_tick]))[0] > MAX_DURATION_SEC:
        raise InputError(
            f"the MIDI file lasts longer than {MAX_DURATION_SEC / 3600:g} hours, the most accepted."
        )
    notes, player, shares = _to_notes(strikes, named, seconds, end_tick)
    changes = np.zeros(0, PEDAL_DTYPE)
    if pedal:
        # `save_midi` (and many sequencers) write the pedal once a channel.
        pedal = list(dict.fromkeys(pedal))
        changes = np.zeros(len(pedal), PEDAL_DTYPE)
        ticks, values = zip(*pedal, strict=True)
        changes["time_sec"], changes["value"] = seconds(np.array(ticks)), values
    order = np.argsort(notes, order=("onset_sec", "pitch"), kind="stable")
    performance = Performance.create(notes[order], changes)
    return MidiInput(performance, player[order], shares.foreign, shares.remarks)


def load_json(path: str | Path) -> Performance:
    """The notes of `read_json` alone."""
    return read_json(path)[0]


def read_json(path: str | Path) -> tuple[Performance, Int[np.ndarray, " note"]]:
    """Read a performance `.json` file (see `duemani.outputs.notes.save_json`).

    Returns:
        The notes, and the number of each one's pianist, from 0; where the file names none, 0.

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
        player = np.array([_player(_known(row.get("player"), 1)) for row in rows], int)
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
    order = np.argsort(notes, order=("onset_sec", "pitch"), kind="stable")
    performance = Performance.create(notes[order], pedal)
    if performance.duration_sec > MAX_DURATION_SEC:
        raise InputError(f"the file lasts longer than {MAX_DURATION_SEC / 3600:g} hours.")
    return performance, player[order]


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


def _player(value: Any) -> int:
    if not 1 <= _whole(value) <= _MOST_PLAYERS:
        raise InputError(f"every note's player must lie between 1 and {_MOST_PLAYERS}, or be null.")
    return int(value) - 1


def _share(value: Any) -> float:
    if not (0 <= _number(value) <= 1 or math.isnan(value)):
        raise InputError("every note's confidence must lie between 0 and 1, or be null.")
    return float(value)


def _read_track(
    track: list[Any],
    index: int,
    strikes: Strikes,
    pedal: list[tuple[int, int]],
    tempi: list[tuple[int, int]],
    named: Tracks,
) -> int:
    """Collect one track's notes, pedal, tempi, name and programs; return its last tick."""
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
            named.names.setdefault(index, message.name)
        elif kind == "text" and (found := FINGER_TEXT.match(message.text)):
            finger = int(found.group(1))
        elif getattr(message, "channel", PERCUSSION_CHANNEL) == PERCUSSION_CHANNEL:
            if kind == "note_on":
                named.drums.add(index)
        elif kind == "program_change":
            named.programs.append((tick, index, message.channel, message.program))
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
    strikes: Strikes, named: Tracks, seconds: _Clock, end_tick: int
) -> tuple[np.ndarray, np.ndarray, Shares]:
    """The piano's notes, their players, and what was told of the others."""
    notes = np.zeros(len(strikes.onset), NOTE_DTYPE)
    source = np.array(strikes.source, int).reshape(-1, 2)
    onset, pitch = np.array(strikes.onset, int), np.array(strikes.pitch, int)
    shares = share_out(source, onset, pitch, named)
    release = np.array(strikes.release, int)
    hanging = release < 0
    notes["onset_sec"] = seconds(onset)
    end = seconds(np.where(hanging, end_tick, release))
    end = np.where(hanging, np.minimum(end, notes["onset_sec"] + _HANGING_NOTE_SEC), end)
    notes["release_sec"] = end
    notes["pitch"], notes["velocity"] = pitch, strikes.velocity
    notes["finger"], notes["confidence"] = strikes.finger, np.nan
    notes["hand"] = shares.hand
    on_keyboard = (notes["pitch"] >= LOWEST_PITCH) & (notes["pitch"] <= HIGHEST_PITCH)
    outside = int((~on_keyboard & ~shares.left_out).sum())
    if outside:
        are = "note is" if outside == 1 else "notes are"
        warnings.warn(f"{outside} {are} outside the 88 keys and left out.", stacklevel=3)
    played = on_keyboard & ~shares.left_out
    kept, merged_into = end_at_restrike(notes[played], shares.player[played])
    player = np.zeros(len(kept), int)
    player[merged_into] = shares.player[played]
    return kept, player, shares
