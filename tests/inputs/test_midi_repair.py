"""Damaged and unusual MIDI files: what is there is played, and what was mended is said."""

from __future__ import annotations

import contextlib
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duemani.errors import InputError
from duemani.inputs.midi.grid import read_beats
from duemani.inputs.midi.read import load_midi
from duemani.inputs.midi.repair import repaired_midi
from duemani.performance import Performance

QUARTER = b"\x83\x60"
END = b"\x00\xff\x2f\x00"
NOTES = b"\x00\x90\x3c\x40" + QUARTER + b"\x80\x3c\x00\x00\x90\x40\x40" + QUARTER + b"\x80\x40\x00"
ONSETS_SEC, PITCHES = [0.0, 0.5], [60, 64]


def track(events: bytes, size: int | None = None) -> bytes:
    return b"MTrk" + (len(events) if size is None else size).to_bytes(4, "big") + events


def header(kind: int = 1, tracks: int = 1, division: int = 480) -> bytes:
    numbers = (kind, tracks, division)
    return b"MThd\0\0\0\6" + b"".join(number.to_bytes(2, "big") for number in numbers)


def meta(kind: int, content: bytes) -> bytes:
    return bytes([0, 0xFF, kind, len(content)]) + content


def riff(data: bytes) -> bytes:
    body = b"RMIDdata" + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)
    body += b"LIST\4\0\0\0INFO"
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def read(folder: Path, data: bytes, sequence: int | None = None) -> tuple[Performance, str]:
    """The notes, and everything that was said."""
    path = folder / "a.mid"
    path.write_bytes(data)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        performance = load_midi(path, sequence)
    return performance, " ".join(str(one.message) for one in said)


WHOLE = track(NOTES + END)
SAID = {
    "nothing": (header() + WHOLE, ""),
    "no end of track": (header() + track(NOTES), ""),
    "other chunks": (header() + b"XFIH\0\0\0\2ab" + WHOLE + b"XFKM\0\0\0\1a", ""),
    "a longer header": (header()[:7] + b"\x08" + header()[8:] + b"ab" + WHOLE, ""),
    "riff": (riff(header() + WHOLE), ""),
    "smpte offset": (header() + track(meta(0x54, b"\xff\x70\0\0\0") + NOTES + END), ""),
    "no minor": (header() + track(meta(0x59, b"\0\xff") + NOTES + END), ""),
    "two byte metre": (header() + track(meta(0x58, b"\3\2") + NOTES + END), ""),
    "running status over meta": (
        header() + track(NOTES[:4] + QUARTER + meta(1, b"x")[1:] + b"\0\x3c\0\0\x40\x40" + END),
        "",
    ),
    "padded delta": (header() + track(b"\x80\x80" + NOTES + END), ""),
    "over-long delta": (header() + track(b"\x80" * 9 + NOTES + END), ""),
    "over-long delta, of too much": (
        header(tracks=2) + track(b"\xff" * 9 + NOTES + END) + WHOLE,
        "damaged or ends within",
    ),
    "8 sharps": (header() + track(meta(0x59, b"\x08\0") + NOTES + END), "key signature of 8"),
    "no beats": (header() + track(meta(0x58, b"\0\2\x18\x08") + NOTES + END), "time signature"),
    "beat type": (header() + track(meta(0x58, b"\4\x40\x18\x08") + NOTES + END), "time signature"),
    "tempo zero": (header() + track(meta(0x51, b"\0\0\0") + NOTES + END), "tempo of zero"),
    "realtime": (header() + track(b"\0\xf8\0\xf4\0\xfe" + NOTES + END), "belong on a cable"),
    "more announced": (header(tracks=3) + WHOLE, "announces 3 tracks and holds 1"),
    "fewer announced": (header(tracks=0) + WHOLE, "announces 0 tracks and holds 1"),
    "truncated": (header() + track(NOTES, len(NOTES) + 90), "ends earlier"),
    "half an event": (header() + track(NOTES + b"\0\x90\x41"), "damaged or ends within"),
    "no status": (header(tracks=2) + track(b"\0\x10\x10" + END) + WHOLE, "damaged"),
    "junk before": (b"\0" * 128 + header() + WHOLE, "128 bytes before its header"),
    "wrong length": (header(tracks=2) + track(NOTES + END, 5) + track(END), "wrong length"),
}


@pytest.mark.parametrize(("data", "remark"), SAID.values(), ids=SAID)
def test_what_is_there_is_played_and_the_damage_said(
    data: bytes, remark: str, tmp_path: Path
) -> None:
    performance, said = read(tmp_path, data)
    np.testing.assert_allclose(performance.notes["onset_sec"], ONSETS_SEC, atol=1e-9)
    assert performance.notes["pitch"].tolist() == PITCHES
    if remark:
        assert remark in said
    else:
        assert said == ""


FOUR = track(b"\0\x90\x30\x40" + QUARTER + b"\x80\x30\0" + END)
CUT = header(tracks=3) + WHOLE + FOUR + WHOLE


@pytest.mark.parametrize("size", range(len(header()) + 8 + 4, len(CUT)))
def test_of_a_file_that_is_cut_off_one_thing_is_said(size: int, tmp_path: Path) -> None:
    performance, said = read(tmp_path, CUT[:size])
    assert said.count("a.mid ") == 1
    assert said.startswith("a.mid announces 3 tracks") or "ends earlier than" in said
    heard = {(note["onset_sec"], note["pitch"]) for note in performance.notes}
    assert heard <= {(0.0, 60), (0.5, 64), (0.0, 48)}
    if size >= len(header() + WHOLE + FOUR):
        assert len(heard) == 3


def test_damage_before_the_place_where_a_file_is_cut_off_is_said_too(tmp_path: Path) -> None:
    _, said = read(tmp_path, header(tracks=2) + track(NOTES + b"\0\x90") + WHOLE[:-4])
    assert "damaged or ends within" in said
    assert "ends earlier than" in said


DAMAGES = {
    "no status": b"\0\x10\x10" * 3,
    "over-long number": b"\xff" * 9,
    "a text longer than the track": b"\0\xff\x01\x83\x00abc",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_track_that_is_cut_off_and_damaged_before_is_said_to_be_both(
    damage: bytes, tmp_path: Path
) -> None:
    start = b"" if damage.startswith(b"\0\x10") else NOTES
    events = start + damage + (NOTES if start else b"")
    performance, said = read(tmp_path, header(tracks=1) + track(events, len(events) + 90))
    assert performance.notes["pitch"].tolist() == (PITCHES if start else [])
    assert said == (
        "a.mid ends earlier than its last track should and is damaged before that; what stands"
        " before the damage is read."
    )


def test_a_text_that_the_cut_goes_through_is_no_damage(tmp_path: Path) -> None:
    events = NOTES + b"\0\xff\x01\x40abc"
    _, said = read(tmp_path, header() + track(events, len(events) + 90))
    assert said == "a.mid ends earlier than its last track should; what is there is read."


def test_signatures_that_are_mended_are_read(tmp_path: Path) -> None:
    events = meta(0x59, b"\xfd\xff") + meta(0x58, b"\3\2") + NOTES + END
    (tmp_path / "a.mid").write_bytes(header() + track(events))
    beats = read_beats(tmp_path / "a.mid")
    assert beats.fifths == -3
    assert (beats.metres[0].beats, beats.metres[0].beat_type) == (3, 4)


@pytest.mark.parametrize(
    ("frames", "second"), [(24, 1.0), (25, 1.0), (29, 30 / (30_000 / 1001)), (30, 1.0)]
)
def test_smpte_time(frames: int, second: float, tmp_path: Path) -> None:
    # 40 ticks a frame; a tempo means nothing there.
    wait = (30 if frames == 29 else frames) * 40
    delta = bytes([0x80 | wait >> 7, wait & 0x7F])
    events = meta(0x51, b"\1\0\0") + b"\0\x90\x3c\x40" + delta + b"\x80\x3c\0" + END
    performance, _ = read(tmp_path, header(division=(256 - frames) << 8 | 40) + track(events))
    np.testing.assert_allclose(performance.notes["release_sec"], [second], atol=1e-6)


def test_of_a_type_2_file_one_sequence_is_chosen(tmp_path: Path) -> None:
    data = header(kind=2, tracks=2) + WHOLE + track(b"\0\x90\x30\x40" + QUARTER + b"\x80\x30\0")
    with pytest.raises(InputError, match="--sequence 1 to 2"):
        read(tmp_path, data)
    assert read(tmp_path, data, 2)[0].notes["pitch"].tolist() == [48]
    with pytest.raises(InputError, match="there is no 3"):
        read(tmp_path, data, 3)
    with pytest.raises(InputError, match="holds one sequence"):
        read(tmp_path, header() + WHOLE, 1)


@pytest.mark.parametrize("controller", [120, 123, 124, 127])
def test_all_notes_off_lets_go_the_keys_of_its_channel_in_every_track(
    controller: int, tmp_path: Path
) -> None:
    notes = track(b"\0\x90\x3c\x40\0\x91\x40\x40" + 3 * (QUARTER + b"\xf0\0") + END)
    off = track(QUARTER + bytes([0xB0, controller, 0]) + END)
    held = read(tmp_path, header(tracks=2) + notes + off)[0].notes
    np.testing.assert_allclose(held["release_sec"], [0.5, 1.5])


def test_a_key_struck_with_or_after_all_notes_off_is_not_let_go(tmp_path: Path) -> None:
    events = b"\0\xb0\x7b\0\0\x90\x3c\x40" + QUARTER + b"\x80\x3c\0" + END
    held = read(tmp_path, header() + track(events))[0].notes
    np.testing.assert_allclose(held["release_sec"], [0.5])


@pytest.mark.parametrize("controller", [66, 67, 1, 11])
def test_only_the_sustain_pedal_holds_notes(controller: int, tmp_path: Path) -> None:
    down, up = bytes([0, 0xB0, controller, 127]), bytes([0xB0, controller, 0])
    events = b"\0\x90\x3c\x40" + down + QUARTER + b"\x80\x3c\0" + QUARTER + up + END
    taken, said = read(tmp_path, header() + track(events))
    assert taken.notes["release_sec"].tolist() == [0.5]
    assert not len(taken.pedal)
    assert said == ""


def test_reset_controllers_lifts_the_pedal(tmp_path: Path) -> None:
    events = b"\0\xb0\x40\x7f\0\x90\x3c\x40" + QUARTER + b"\xb0\x79\0\0\x80\x3c\0" + END
    pedal = read(tmp_path, header() + track(events))[0].pedal
    assert [tuple(change) for change in pedal] == [(0.0, 127), (0.5, 0)]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120), st.integers(0, 3), st.integers(0, 0xFFFF), st.integers(0, 3))
def test_any_track_is_read_or_refused(events: bytes, kind: int, division: int, count: int) -> None:
    data = header(kind, count, division) + track(events) + events
    with contextlib.suppress(InputError):
        once = repaired_midi(data, "a.mid")
        assert repaired_midi(once.data, "a.mid").data == once.data
        assert repaired_midi(once.data, "a.mid").remarks == ()
