"""MIDI's numbers, events and chunks byte by byte, and what a JSON performance may hold."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from duemani.errors import InputError
from duemani.inputs.midi.read import _Clock, load_json
from duemani.inputs.midi.repair import (
    _Chunk,
    _copied,
    _DamageError,
    _events,
    _is_end,
    _meta,
    _number,
    _time,
    _tracks,
    _unpacked,
    _variable,
    repaired_midi,
)


@pytest.mark.parametrize(
    ("value", "data"),
    [(0, b"\0"), (0x40, b"\x40"), (0x7F, b"\x7f"), (0x80, b"\x81\0"), (0x2000, b"\xc0\0"),
     (0x3FFF, b"\xff\x7f"), (0x1FFFFF, b"\xff\xff\x7f"), (0x0FFFFFFF, b"\xff\xff\xff\x7f")],
)  # fmt: skip
def test_numbers_of_variable_length(value: int, data: bytes) -> None:
    assert _variable(value) == data
    assert _number(b"x" + data + b"\x05", 1) == (value, 1 + len(data))
    assert _number(b"\x80\x80" + data, 0) == (value, 2 + len(data))


def test_a_number_has_five_bytes_at_most() -> None:
    assert _number(b"\x81" * 4 + b"\1", 0) == (0x10204081, 5)
    with pytest.raises(_DamageError):
        _number(b"\x81" * 5 + b"\1", 0)
    with pytest.raises(IndexError):
        _number(b"\x81", 0)


def events(data: bytes) -> list[tuple[int, bytes]]:
    return [*_events(_Chunk(data), set())]


def test_events_have_their_lengths_and_running_status() -> None:
    assert events(b"\0\x90\x3c\x40\5\x3e\x41") == [(0, b"\x90\x3c\x40"), (5, b"\x90\x3e\x41")]
    for status in (0x80, 0x93, 0xA5, 0xB0, 0xEF):
        assert events(bytes([1, status, 2, 3])) == [(1, bytes([status, 2, 3]))]
    for status in (0xC0, 0xDF):
        assert events(bytes([1, status, 2, 1, 3])) == [
            (1, bytes([status, 2])), (1, bytes([status, 3])),
        ]  # fmt: skip
    assert events(b"\0\x90\xff\x80") == [(0, b"\x90\x7f\x7f")]
    for data in (b"\0\x90\x40", b"\0"):
        with pytest.raises(IndexError):
            events(data)
    for data in (b"\0\x40\x40", b"\0\xff\1\5ab", b"\0\xf0\5ab"):
        with pytest.raises(_DamageError):
            events(data)
    # Of a track that is cut off, what lacks may be what is asked for.
    for data in (b"\0\xff\1\5ab", b"\0\xf0\5ab"):
        with pytest.raises(IndexError):
            [*_events(_Chunk(data, 3), set())]
        with pytest.raises(_DamageError):
            [*_events(_Chunk(data, 2), set())]
    # What stands on a cable is passed over with its data; sysex with its length.
    wrong: set[str] = set()
    for status, size in ((0xF1, 1), (0xF2, 2), (0xF3, 1), (0xF6, 0), (0xF8, 0), (0xFE, 0)):
        data = bytes([0, status]) + b"\1" * size + b"\7\x90\1\2"
        assert [*_events(_Chunk(data), wrong)] == [(0, b""), (7, b"\x90\1\2")]
    assert len(wrong) == 1
    assert events(b"\0\xf0\2ab\7\x90\1\2") == [(0, b""), (7, b"\x90\1\2")]
    assert events(b"\0\xf7\2ab\7\x90\1\2") == [(0, b""), (7, b"\x90\1\2")]
    assert events(b"\3\xff\x2f\0\7\x90\1\2") == [(3, b"")]


def test_a_copied_track_keeps_time_and_counts_strikes() -> None:
    data = b"\5\xf0\1a\3\x90\x3c\x40\4\x90\x3c\0\0\x80\x3c\0\2\xff\x51\3\1\2\3\1\xff\x2f\0"
    copy, notes, fault = _copied(_Chunk(data), True, set())
    assert copy == (b"\x08\x90\x3c\x40\4\x90\x3c\0\0\x80\x3c\0\2\xff\x51\3\1\2\3\1\xff\x2f\0")
    assert (notes, fault) == (1, "")
    without, _, _ = _copied(_Chunk(data), False, set())
    assert without == b"\x08\x90\x3c\x40\4\x90\x3c\0\0\x80\x3c\0\3\xff\x2f\0"
    broken, notes, fault = _copied(_Chunk(b"\0\x90\x3c\x40\0\x90\x3d"), True, set())
    assert broken == b"\0\x90\x3c\x40\0\xff\x2f\0"
    assert (notes, fault) == (1, "cut")


@pytest.mark.parametrize(
    ("kind", "content", "made"),
    [
        (0x51, b"\1\2\3", b"\1\2\3"),
        (0x51, b"\1\2\3\4", b"\1\2\3"),
        (0x51, b"\1\2", None),
        (0x51, b"\0\0\0\1", None),
        (0x51, b"\0\0\1", b"\0\0\1"),
        (0x58, b"\3\2", b"\3\2\x18\x08"),
        (0x58, b"\3\2\x0c", b"\3\2\x0c\x08"),
        (0x58, b"\3\2\x0c\4\5", b"\3\2\x0c\4"),
        (0x58, b"\3", None),
        (0x58, b"\0\2", None),
        (0x58, b"\1\6", b"\1\6\x18\x08"),
        (0x58, b"\1\7", None),
        (0x59, b"\7\1", b"\7\1"),
        (0x59, b"\xf9\0", b"\xf9\0"),
        (0x59, b"\3\2", b"\3\0"),
        (0x59, b"\3", b"\3\0"),
        (0x59, b"\x08\0", None),
        (0x59, b"\xf8\0", None),
        (0x59, b"", None),
        (0x01, b"abc", b"abc"),
        (0x0F, b"abc", b"abc"),
        (0x10, b"abc", None),
        (0x00, b"ab", None),
    ],
)
def test_what_becomes_of_meta_events(kind: int, content: bytes, made: bytes | None) -> None:
    wrong: set[str] = set()
    expected = b"" if made is None else bytes([0xFF, kind, len(made)]) + made
    assert _meta(kind, content, wrong) == expected
    assert bool(wrong) == (made is None and kind >= 0x51)


def test_where_chunks_end() -> None:
    data = b"0123MTrk" + b"\0" * 20
    assert _is_end(data, 4)
    assert not _is_end(data, 5)
    for at, end in ((19, False), (20, True), (28, True), (29, False)):
        assert _is_end(data, at) == end


def chunk(kind: bytes, content: bytes, size: int | None = None) -> bytes:
    return kind + (len(content) if size is None else size).to_bytes(4, "big") + content


def test_chunks_one_after_another() -> None:
    body = b"\1" * 12
    wrong: set[str] = set()

    def found(data: bytes) -> list[bytes]:
        wrong.clear()
        return [track.data for track in _tracks(data, 0, wrong)]

    assert found(chunk(b"MTrk", body) + chunk(b"Some", b"yy") + chunk(b"MTrk", b"z" * 9)) == [
        body, b"z" * 9,
    ]  # fmt: skip
    assert not wrong
    assert found(chunk(b"MTrk", body, 5) + chunk(b"MTrk", b"z" * 9)) == [body, b"z" * 9]
    assert "wrong length" in wrong.pop()
    assert found(chunk(b"MTrk", body, 50)) == [body]
    assert "ends earlier" in wrong.pop()
    assert found(chunk(b"MTrk", body, 1)) == [body]
    assert "wrong length" in wrong.pop()
    # Of another kind with a wrong length, the next track is looked for.
    assert found(chunk(b"Some", body, 90) + chunk(b"MTrk", b"z" * 9)) == [b"z" * 9]
    assert found(chunk(b"Some", body, 90)) == []


def test_what_stands_before_the_header_and_riff() -> None:
    wrong: set[str] = set()
    assert _unpacked(b"MThd....", "a", wrong) == b"MThd...."
    assert not wrong
    riff = b"RIFF\x20\0\0\0RMIDdata\6\0\0\0MThdabcdef"
    assert _unpacked(riff, "a", wrong) == b"MThdab"
    assert not wrong
    assert _unpacked(b"ab" + b"MThd", "a", wrong) == b"MThd"
    assert wrong == {"holds 2 bytes before its header, which are passed over"}
    _unpacked(b"x" * 1020 + b"MThd", "a", wrong)
    with pytest.raises(InputError, match="no MThd header"):
        _unpacked(b"x" * 1021 + b"MThd", "a", wrong)


def test_time_by_ticks_or_by_frames() -> None:
    assert _time(480, "a") == (480, None)
    assert _time(0x7FFF, "a") == (0x7FFF, None)
    assert _time((256 - 25) << 8 | 40, "a") == (12 * 40, 480_000)
    assert _time((256 - 24) << 8 | 1, "a") == (12, 500_000)
    assert _time((256 - 30) << 8 | 80, "a") == (15 * 80, 500_000)
    assert _time((256 - 29) << 8 | 80, "a") == (15 * 80, 500_500)
    for division in (0, (256 - 25) << 8, (256 - 26) << 8 | 40):
        with pytest.raises(InputError):
            _time(division, "a")


def test_the_header_of_a_clean_copy() -> None:
    body = b"\0\x90\x3c\x40\x60\x80\x3c\0\0\xff\x2f\0"
    head = b"MThd\0\0\0\6" + b"\0\1\0\2\1\xe0"
    data = head + chunk(b"MTrk", body) * 2
    clean = repaired_midi(data, "a.mid")
    assert clean.data == data
    assert clean.remarks == ()
    for short in (data[:13], b"MThd\0\0\0\6\0\1\0\1\1\xe0"):
        with pytest.raises(InputError, match="holds no track"):
            repaired_midi(short, "a.mid")


def test_the_clock_through_changes_of_tempo() -> None:
    clock = _Clock([(960, 1_000_000), (0, 500_000), (1920, 250_000)], 480)
    ticks = np.array([0, 480, 960, 1440, 1920, 2400])
    np.testing.assert_allclose(clock(ticks), [0, 0.5, 1.0, 2.0, 3.0, 3.25])


NOTE = {"onset_sec": 0.0, "release_sec": 1.0, "pitch": 60, "velocity": 64}


def load(folder: Path, note: dict[str, object], pedal: list[object] | None = None) -> object:
    path = folder / "a.json"
    path.write_text(json.dumps({"notes": [NOTE | note], "pedal": pedal}))
    return load_json(path)


@pytest.mark.parametrize(
    "note",
    [{"hand": 1}, {"hand": None}, {"finger": 5, "hand": 0}, {"confidence": 0}, {"confidence": 1.0},
     {"confidence": None}, {"pitch": 60.0}, {"release_sec": 14400}],
)  # fmt: skip
def test_what_a_note_may_be(tmp_path: Path, note: dict[str, object]) -> None:
    notes = load(tmp_path, note).notes  # type: ignore[attr-defined]
    assert len(notes) == 1
    assert notes["hand"][0] == (-1 if note.get("hand") is None else note["hand"])


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ({"confidence": 1.01}, "between 0 and 1"),
        ({"confidence": -0.01}, "between 0 and 1"),
        ({"confidence": True}, "not a performance file"),
        ({"pitch": 60.5}, "not a performance file"),
        ({"pitch": "60"}, "not a performance file"),
        ({"hand": 0.5}, "not a performance file"),
        ({"release_sec": 14401}, "longer than 4 hours"),
    ],
)
def test_what_a_note_may_not_be(tmp_path: Path, note: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        load(tmp_path, note)
