"""Made-up inputs for tests of the command line: small good ones, and hostile ones."""

import io
import json
import struct
import wave
import zipfile
from collections.abc import Sequence
from pathlib import Path

import mido
import numpy as np

RATE_HZ = 44_100
NOTES = ((0.25, 0.6, 60), (0.5, 0.9, 64), (1.0, 1.4, 67))
SCORE_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
SCORE = """<score-partwise version="4.0"><part-list><score-part id="P1"><part-name>Piano</part-name>
</score-part></part-list><part id="P1"><measure number="1"><attributes><divisions>1</divisions>
<time><beats>2</beats><beat-type>4</beat-type></time></attributes>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>1</duration></note>
<note><pitch><step>E</step><octave>4</octave></pitch><duration>1</duration></note>
</measure></part></score-partwise>"""
ENTITY_BOMB = (
    SCORE_HEAD
    + '<!DOCTYPE score-partwise [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
    + SCORE.replace("Piano", "&i;")
)
EXTERNAL_ENTITY = (
    SCORE_HEAD
    + '<!DOCTYPE score-partwise [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    + SCORE.replace("Piano", "&x;")
)


def midi_bytes(
    notes: Sequence[tuple[float, float, int]] = NOTES,
    tempo_us: int = 500_000,
    ticks_per_beat: int = 480,
) -> bytes:
    """A file of one track; times in seconds at the usual tempo."""
    per_sec = 960
    midi, track = mido.MidiFile(ticks_per_beat=ticks_per_beat), mido.MidiTrack()
    midi.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=tempo_us))
    events = [(onset, "note_on", pitch) for onset, _, pitch in notes]
    events += [(release, "note_off", pitch) for _, release, pitch in notes]
    now = 0
    for time_sec, kind, pitch in sorted(events):
        tick = round(time_sec * per_sec)
        track.append(mido.Message(kind, note=pitch, velocity=64, time=tick - now))
        now = tick
    buffer = io.BytesIO()
    midi.save(file=buffer)
    return buffer.getvalue()


def raw_midi(track: bytes, division: int = 480, kind: int = 0, tracks: int = 1) -> bytes:
    """A file with one track of given bytes."""
    head = struct.pack(">4sIHHH", b"MThd", 6, kind, tracks, division)
    return head + struct.pack(">4sI", b"MTrk", len(track)) + track


def many_notes(count: int) -> bytes:
    """`count` strikes of one key, a tick apart."""
    strike = b"\x01\x90\x3c\x40\x01\x90\x3c\x00"
    return raw_midi(strike * count + b"\x00\xff\x2f\x00")


def wav_bytes(samples: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def struck_tones(seconds: float, onsets: Sequence[tuple[float, int]]) -> np.ndarray:
    """Decaying tones with overtones, like struck strings, at (onset_sec, pitch)."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sound = np.zeros(len(time))
    for onset_sec, pitch in onsets:
        since = np.maximum(time - onset_sec, 0)
        frequency = 440 * 2 ** ((pitch - 69) / 12)
        for partial in range(1, 9):
            tone = np.sin(2 * np.pi * frequency * partial * since) / partial**1.5
            sound += 0.25 * (time >= onset_sec) * tone * np.exp(-since * (1.5 + 0.8 * partial))
    return sound


def zip_bytes(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def json_bytes(**changes: object) -> bytes:
    note = {"onset_sec": 0.1, "release_sec": 0.5, "pitch": 60, "velocity": 64, **changes}
    return json.dumps({"notes": [note], "pedal": []}).encode()


def write(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path
