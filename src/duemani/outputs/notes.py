"""`Performance` -> standard MIDI file and performance `.json` file."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import mido

from duemani.files import replacing
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER, UNKNOWN_HAND, Performance

JSON_FORMAT = "duemani.performance/1"
TICKS_PER_BEAT = 1000
TEMPO_US = 500_000
TICKS_PER_SEC = TICKS_PER_BEAT * 1_000_000 // TEMPO_US
_TRACKS = ((RIGHT, "Right hand", 0), (LEFT, "Left hand", 1), (UNKNOWN_HAND, "Unknown hand", 2))
# At one tick, releases come before the pedal and the pedal before onsets.
_RELEASE, _PEDAL, _ONSET = 0, 1, 2


def save_midi(path: str | Path, performance: Performance) -> None:
    """Write a type 1 MIDI file at 120 quarters a minute, 1000 ticks a quarter (0.5 ms a tick).

    One track a hand: "Right hand" (channel 1), "Left hand" (channel 2), "Unknown hand"
    (channel 3), each with the pedal as CC64. A known finger is a text event `finger=N` right
    before the note-on it belongs to. Confidences are not written: `.json` keeps them.

    Raises:
        InputError: the file cannot be written there.
    """
    midi = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    conductor = mido.MidiTrack()
    conductor.append(mido.MetaMessage("set_tempo", tempo=TEMPO_US, time=0))
    midi.tracks.append(conductor)
    hands = performance.notes["hand"]
    used = [row for row in _TRACKS if (hands == row[0]).any()] or [_TRACKS[0]]
    for hand, name, channel in used:
        midi.tracks.append(_hand_track(performance, hand, name, channel))
    with replacing(Path(path)) as temporary:
        midi.save(temporary)


def save_json(path: str | Path, performance: Performance) -> None:
    """Write everything a `Performance` holds; unknown hand and confidence are `null`.

    Raises:
        InputError: the file cannot be written there.
    """
    content = {
        "format": JSON_FORMAT,
        "notes": [note_row(note) for note in performance.notes],
        "pedal": [
            {"time_sec": float(change["time_sec"]), "value": int(change["value"])}
            for change in performance.pedal
        ],
    }
    with replacing(Path(path)) as temporary:
        temporary.write_text(json.dumps(content, allow_nan=False), encoding="utf-8")


def note_row(note: Any) -> dict[str, float | int | None]:
    """A note of `NOTE_DTYPE` as the `.json` files state it; unknown is None."""
    confidence = float(note["confidence"])
    return {
        "onset_sec": float(note["onset_sec"]),
        "release_sec": float(note["release_sec"]),
        "pitch": int(note["pitch"]),
        "velocity": int(note["velocity"]),
        "hand": None if note["hand"] == UNKNOWN_HAND else int(note["hand"]),
        "finger": int(note["finger"]),
        "confidence": None if math.isnan(confidence) else confidence,
    }


def _hand_track(performance: Performance, hand: int, name: str, channel: int) -> mido.MidiTrack:
    events: list[tuple[int, int, list[Any]]] = []
    for note in performance.notes[performance.notes["hand"] == hand]:
        pitch, onset = int(note["pitch"]), round(float(note["onset_sec"]) * TICKS_PER_SEC)
        # A note shorter than one tick must still be a note.
        release = max(onset + 1, round(float(note["release_sec"]) * TICKS_PER_SEC))
        start: list[Any] = [
            mido.Message("note_on", note=pitch, velocity=int(note["velocity"]), channel=channel)
        ]
        if note["finger"] != UNKNOWN_FINGER:
            start.insert(0, mido.MetaMessage("text", text=f"finger={int(note['finger'])}"))
        stop = mido.Message("note_off", note=pitch, velocity=0, channel=channel)
        events += [(onset, _ONSET, start), (release, _RELEASE, [stop])]
    for change in performance.pedal:
        pedal = mido.Message(
            "control_change", control=64, value=int(change["value"]), channel=channel
        )
        events.append((round(float(change["time_sec"]) * TICKS_PER_SEC), _PEDAL, [pedal]))
    events.sort(key=lambda event: event[:2])
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=name, time=0))
    now = 0
    for tick, _, messages in events:
        for message in messages:
            message.time = tick - now
            now = tick
            track.append(message)
    return track
