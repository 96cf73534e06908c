"""Damaged or unusual MIDI files -> a clean copy that any reader takes, and what was done to it.

Standard MIDI Files 1.0 (MMA RP-001); RIFF MIDI (RP-029).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from duemani.errors import InputError

MAX_NOTES = 200_000
MAX_TRACKS = 2_000
_LONGEST_DELTA_BYTES = 5
_JUNK_BYTES = 1024
_SMPTE_RATES = {24: 24.0, 25: 25.0, 29: 30_000 / 1001, 30: 30.0}
_DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
# Of system messages, which no file may hold but which harm nothing.
_SYSTEM_DATA_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}
_CUT = "ends earlier than its last track should; what is there is read"
_CUT_AND_DAMAGED = (
    "ends earlier than its last track should and is damaged before that; what stands before the"
    " damage is read"
)
_END_OF_TRACK, _TEMPO, _METRE, _KEY = 0x2F, 0x51, 0x58, 0x59
_LAST_TEXT = 0x0F
_MOST_SHARPS = 7
_SMALLEST_BEAT_TYPE = 6  # a 64th, as a power of two


@dataclass(frozen=True)
class RepairedMidi:
    """A clean copy of a MIDI file.

    Attributes:
        data: a standard MIDI file without anything that a reader could stumble on.
        remarks: what was wrong and what was done about it, one sentence each.
    """

    data: bytes
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class _Chunk:
    """A track as it lies in the file, and how many of its bytes the file lacks at its end."""

    data: bytes
    lacking: int = 0


class _DamageError(Exception):
    """What follows in a track is no event."""


def repaired_midi(data: bytes, name: str, sequence: int | None = None) -> RepairedMidi:
    """Copy what can be played.

    Args:
        data: the file.
        name: of the file, for sentences.
        sequence: which of a type 2 file's sequences is meant, from 1.

    Raises:
        InputError: it is no MIDI file, holds no track, too much, or several sequences of which
            none was chosen.
    """
    wrong: set[str] = set()
    data = _unpacked(data, name, wrong)
    length = int.from_bytes(data[4:8], "big")
    kind, said, division = (int.from_bytes(data[at : at + 2], "big") for at in (8, 10, 12))
    chunks = list(_tracks(data, 8 + max(length, 6), wrong))
    is_cut = _CUT in wrong
    if len(data) < 14 or (said and not chunks):
        raise InputError(f"{name} is a broken MIDI file: it holds no track.")
    if len(chunks) > MAX_TRACKS:
        raise InputError(f"{name} holds {len(chunks)} tracks; {MAX_TRACKS} are accepted.")
    ticks, smpte_tempo_us = _time(division, name)
    found = len(chunks)
    chunks = _chosen(chunks, kind, sequence, name)
    tracks: list[bytes] = []
    notes = 0
    for chunk in chunks:
        track, count, fault = _copied(chunk, smpte_tempo_us is None, wrong)
        if fault == "damaged" and chunk.lacking:
            wrong.discard(_CUT)
            wrong.add(_CUT_AND_DAMAGED)
        elif fault and not chunk.lacking:
            wrong.add("is damaged or ends within a track; what stands before is read")
        notes += count
        if notes > MAX_NOTES:
            raise InputError(f"{name} holds more than {MAX_NOTES} notes, the most accepted.")
        tracks.append(track)
    if smpte_tempo_us is not None:
        tracks[0] = b"\0\xff\x51\3" + smpte_tempo_us.to_bytes(3, "big") + tracks[0]
    # Of a file that is cut off, missing tracks are no second fault.
    if said != found and not (is_cut and said > found):
        wrong.add(f"announces {said} tracks and holds {found}, which are read")
    header = b"MThd" + (6).to_bytes(4, "big")
    header += b"".join(number.to_bytes(2, "big") for number in (1, len(tracks), ticks))
    body = b"".join(b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)
    return RepairedMidi(header + body, tuple(f"{name} {what}." for what in sorted(wrong)))


def _unpacked(data: bytes, name: str, wrong: set[str]) -> bytes:
    """From the MThd header on: out of a RIFF file, or after what stands before the header."""
    at = data.find(b"MThd", 0, _JUNK_BYTES)
    if at < 0:
        raise InputError(f"{name} is not a standard MIDI file (it has no MThd header).")
    if data[:4] == b"RIFF" and data[at - 8 : at - 4] == b"data":
        return data[at : at + int.from_bytes(data[at - 4 : at], "little")]
    if at:
        wrong.add(f"holds {at} bytes before its header, which are passed over")
    return data[at:]


def _tracks(data: bytes, at: int, wrong: set[str]) -> Iterator[_Chunk]:
    """Every track chunk; chunks of other kinds are passed over, as the standard wants."""
    while at < len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        end = at + 8 + size
        if kind == b"MTrk" and _is_end(data, end):
            yield _Chunk(data[at + 8 : end])
        elif kind == b"MTrk":
            following = data.find(b"MTrk", at + 8)
            lacking = 0
            if following < 0 and end > len(data):
                lacking = end - len(data)
                wrong.add(_CUT)
            else:
                wrong.add("gives a track a wrong length; it is read up to the next one")
            end = following if following >= 0 else len(data)
            yield _Chunk(data[at + 8 : end], lacking)
        elif not _is_end(data, end):
            following = data.find(b"MTrk", at)
            end = following if following >= 0 else len(data)
        at = end


def _is_end(data: bytes, at: int) -> bool:
    """Whether a chunk may end here: at the file's end or before another chunk."""
    # RIFF pads to an even length; some programs append a byte or two.
    return len(data) - 8 <= at <= len(data) or data[at : at + 4].isalpha()


def _time(division: int, name: str) -> tuple[int, int | None]:
    """Ticks a quarter, and for SMPTE time the tempo [us] that makes its ticks as long."""
    if not division & 0x8000:
        if not division:
            raise InputError(f"{name} divides its quarters into 0 ticks: it has no time.")
        return division, None
    frames, per_frame = 256 - (division >> 8), division & 0xFF
    if frames not in _SMPTE_RATES or not per_frame:
        raise InputError(
            f"{name} counts {per_frame} ticks in each of {frames} frames a second; 24, 25, 29 and"
            " 30 frames of at least one tick are accepted."
        )
    return _frames_per_quarter(frames) * per_frame, round(
        1e6 * _frames_per_quarter(frames) / _SMPTE_RATES[frames]
    )


def _frames_per_quarter(frames: int) -> int:
    """Frames that we call a quarter: half a second, as MIDI's own tempo has it."""
    return round(_SMPTE_RATES[frames] / 2)


def _chosen(chunks: list[_Chunk], kind: int, sequence: int | None, name: str) -> list[_Chunk]:
    several = kind == 2 and len(chunks) > 1
    if sequence is None:
        if several:
            raise InputError(
                f"{name} is a type 2 MIDI file of {len(chunks)} independent sequences; say which"
                f" is to be read with --sequence 1 to {len(chunks)}, or save one as a type 0 file."
            )
        return chunks
    if not several:
        raise InputError(f"{name} holds one sequence; --sequence is for type 2 MIDI files.")
    if not 1 <= sequence <= len(chunks):
        raise InputError(f"{name} holds sequences 1 to {len(chunks)}; there is no {sequence}.")
    return [chunks[sequence - 1]]


def _copied(
    chunk: _Chunk, keeps_tempi: bool, wrong: set[str]
) -> tuple[bytes, int, Literal["", "cut", "damaged"]]:
    """A clean track, how many note-ons it holds, and what ends it early."""
    out, notes, waited = bytearray(), 0, 0
    fault: Literal["", "cut", "damaged"] = ""
    try:
        for delta, event in _events(chunk, wrong):
            waited += delta
            if not event:
                continue
            if event[:2] == bytes([0xFF, _TEMPO]) and not keeps_tempi:
                continue
            out += _variable(waited) + event
            waited = 0
            notes += event[0] & 0xF0 == 0x90 and event[2] > 0
            if notes > MAX_NOTES:
                break
    except IndexError:
        fault = "cut"
    except _DamageError:
        fault = "damaged"
    return bytes(out + _variable(waited) + bytes([0xFF, _END_OF_TRACK, 0])), notes, fault


def _events(track: _Chunk, wrong: set[str]) -> Iterator[tuple[int, bytes]]:
    """Waiting time [ticks] and event, whole; b"" for what is left out.

    Raises:
        IndexError: the track breaks off.
        _DamageError: what follows is no event.
    """
    chunk, at, running = track.data, 0, 0
    while at < len(chunk):
        delta, at = _number(chunk, at)
        status = chunk[at]
        if status == 0xFF:
            kind = chunk[at + 1]
            size, at = _number(chunk, at + 2)
            _check_room(track, at + size)
            if kind == _END_OF_TRACK:
                yield delta, b""
                return
            yield delta, _meta(kind, chunk[at : at + size], wrong)
            at += size
        elif status in (0xF0, 0xF7):
            size, at = _number(chunk, at + 1)
            _check_room(track, at + size)
            at += size
            yield delta, b""
        elif status > 0xF0:
            wrong.add("holds system messages that belong on a cable; they are left out")
            at += 1 + _SYSTEM_DATA_BYTES.get(status, 0)
            yield delta, b""
        else:
            if status & 0x80:
                running, at = status, at + 1
            if not running:
                raise _DamageError
            count = _DATA_BYTES[running & 0xF0]
            values = [min(chunk[at + place], 0x7F) for place in range(count)]
            at += count
            yield delta, bytes([running, *values])


def _check_room(track: _Chunk, end: int) -> None:
    if end > len(track.data) + track.lacking:
        raise _DamageError
    if end > len(track.data):
        raise IndexError("the track breaks off")


def _meta(kind: int, content: bytes, wrong: set[str]) -> bytes:
    """The event, mended; b"" if nothing can be made of it or nobody needs it."""
    if kind == _TEMPO:
        if len(content) < 3 or not any(content[:3]):
            wrong.add("sets a tempo of zero or none, which is left out")
            return b""
        content = content[:3]
    elif kind == _METRE:
        if len(content) < 2 or not content[0] or content[1] > _SMALLEST_BEAT_TYPE:
            wrong.add("holds a time signature that is none, which is left out")
            return b""
        content = (content + b"\x18\x08")[:4] if len(content) == 2 else (content + b"\x08")[:4]
    elif kind == _KEY:
        sharps = int.from_bytes(content[:1], "big", signed=True)
        if not content or abs(sharps) > _MOST_SHARPS:
            wrong.add(f"holds a key signature of {abs(sharps)} signs, which is left out")
            return b""
        # Which signs stand there is all that is read; a mode that is none is taken for major.
        content = bytes([content[0], content[1:2] == b"\1"])
    elif not 1 <= kind <= _LAST_TEXT:
        return b""
    return bytes([0xFF, kind]) + _variable(len(content)) + content


def _number(chunk: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends; leading zeros may be any number."""
    value = 0
    while chunk[at] == 0x80:
        at += 1
    for place in range(at, at + _LONGEST_DELTA_BYTES):
        value = value << 7 | chunk[place] & 0x7F
        if chunk[place] < 0x80:
            return value, place + 1
    raise _DamageError


def _variable(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))
