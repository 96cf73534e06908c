"""MIDI and performance JSON: reading, writing, and what broken files do."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duemani.errors import InputError
from duemani.inputs.midi import file, repair
from duemani.inputs.midi.read import load_json, load_midi
from duemani.outputs.notes import TICKS_PER_SEC, save_json, save_midi
from duemani.performance import LEFT, NOTE_DTYPE, PEDAL_DTYPE, RIGHT, UNKNOWN_HAND, Performance

NOTE = '{"notes": [{"onset_sec": 0, "release_sec": 1, "velocity": 9, "pitch": %s}]}'
HEADER_480 = b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x01\xe0"


def write(path: Path, *tracks: list[object], ticks: int = 480, kind: int = 1) -> Path:
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    for messages in tracks:
        file.tracks.append(mido.MidiTrack(messages))
    file.save(str(path))
    return path


def on(note: int, time: int = 0, velocity: int = 80, channel: int = 0) -> mido.Message:
    return mido.Message("note_on", note=note, velocity=velocity, time=time, channel=channel)


def off(note: int, time: int = 0, channel: int = 0) -> mido.Message:
    return mido.Message("note_off", note=note, time=time, channel=channel)


def name(text: str) -> mido.MetaMessage:
    return mido.MetaMessage("track_name", name=text)


def test_tempo_map_applies_across_tracks(tmp_path: Path) -> None:
    tempi = [
        mido.MetaMessage("set_tempo", tempo=500_000),
        mido.MetaMessage("set_tempo", tempo=1_000_000, time=480),
    ]
    path = write(tmp_path / "a.mid", tempi, [on(60), off(60, 960), on(62, 480), off(62, 480)])
    notes = load_midi(path).notes
    np.testing.assert_allclose(notes["onset_sec"], [0, 2.5])
    np.testing.assert_allclose(notes["release_sec"], [1.5, 3.5])


def test_note_on_of_velocity_zero_is_a_release(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mid", [on(60), on(60, 480, velocity=0)])
    notes = load_midi(path).notes
    assert len(notes) == 1
    assert notes["release_sec"][0] == pytest.approx(0.5)


def test_restruck_key_ends_the_earlier_note_and_keeps_its_own_release(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mid", [on(60), on(60, 480), off(60, 240), off(60, 240)])
    notes = load_midi(path).notes
    np.testing.assert_allclose(notes["onset_sec"], [0, 0.5])
    np.testing.assert_allclose(notes["release_sec"], [0.5, 1.0])


def test_one_key_in_two_tracks_is_struck_once_or_restruck(tmp_path: Path) -> None:
    first = [on(60), off(60, 960)]
    second = [on(60, velocity=100), off(60, 480), on(60, 240), off(60, 480)]
    notes = load_midi(write(tmp_path / "a.mid", first, second)).notes
    np.testing.assert_allclose(notes["onset_sec"], [0, 0.75])
    np.testing.assert_allclose(notes["release_sec"], [0.75, 1.25])
    assert notes["velocity"][0] == 100


def test_hanging_note_ends_with_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mid", [on(60), on(64, 480), off(64, 480)])
    notes = load_midi(path).notes
    assert notes["release_sec"][0] == pytest.approx(1.0)


def test_percussion_is_dropped_and_pitches_off_the_keyboard_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mid", [on(36, channel=9), off(36, 10, channel=9), on(20), on(60)])
    with pytest.warns(UserWarning, match="1 note is outside the 88 keys"):
        notes = load_midi(path).notes
    assert notes["pitch"].tolist() == [60]


def test_hands_from_track_names(tmp_path: Path) -> None:
    right = [name("Piano right"), on(50), off(50, 100)]
    left = [name("Piano (L.H.)"), on(70), off(70, 100)]
    notes = load_midi(write(tmp_path / "a.mid", right, left)).notes
    assert dict(zip(notes["pitch"].tolist(), notes["hand"].tolist(), strict=True)) == {
        50: RIGHT,
        70: LEFT,
    }


def test_hands_from_two_tracks_apart_in_pitch_only(tmp_path: Path) -> None:
    apart = write(tmp_path / "a.mid", [on(72), off(72, 9)], [on(48), off(48, 9)])
    assert load_midi(apart).notes["hand"].tolist() == [LEFT, RIGHT]
    near = write(tmp_path / "b.mid", [on(60), off(60, 9)], [on(62), off(62, 9)])
    assert load_midi(near).notes["hand"].tolist() == [UNKNOWN_HAND] * 2
    channels = [on(72), on(48, channel=1), off(72, 9), off(48, channel=1)]
    assert load_midi(write(tmp_path / "c.mid", channels)).notes["hand"].tolist() == [LEFT, RIGHT]


def test_file_without_notes_is_an_empty_performance(tmp_path: Path) -> None:
    assert len(load_midi(write(tmp_path / "a.mid", [name("nothing")])).notes) == 0


@st.composite
def performances(draw: st.DrawFn) -> Performance:
    count = draw(st.integers(0, 25))
    notes = np.zeros(count, NOTE_DTYPE)
    for note in notes:
        # One place in time a key: restrikes are tested on their own.
        note["onset_sec"] = draw(st.floats(0, 20))
        note["release_sec"] = note["onset_sec"] + draw(st.floats(0.002, 5))
        note["velocity"] = draw(st.integers(1, 127))
        note["hand"] = draw(st.integers(-1, 1))
        note["finger"] = draw(st.integers(0, 5))
    notes["pitch"] = draw(st.permutations(range(21, 109)))[:count]
    notes["confidence"] = np.nan
    times = draw(st.lists(st.integers(0, 9000), max_size=5, unique=True))
    pedal = np.array([(t / 1000, draw(st.integers(0, 127))) for t in times], PEDAL_DTYPE)
    return Performance.create(notes, pedal)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(performance=performances())
def test_midi_round_trip(
    performance: Performance, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("midi") / "a.mid"
    save_midi(path, performance)
    assert [file.name for file in path.parent.iterdir()] == ["a.mid"]
    again = load_midi(path)
    before, after = (np.sort(p.notes, order="pitch") for p in (performance, again))
    for field in ("pitch", "velocity", "hand", "finger"):
        np.testing.assert_array_equal(before[field], after[field])
    for field in ("onset_sec", "release_sec"):
        np.testing.assert_allclose(before[field], after[field], atol=1.01 / TICKS_PER_SEC)
    np.testing.assert_allclose(performance.pedal["time_sec"], again.pedal["time_sec"], atol=1e-3)
    np.testing.assert_array_equal(performance.pedal["value"], again.pedal["value"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(performance=performances())
def test_json_round_trip_is_exact(
    performance: Performance, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("json") / "a.json"
    save_json(path, performance)
    again = load_json(path)
    for field in NOTE_DTYPE.names or ():
        np.testing.assert_array_equal(performance.notes[field], again.notes[field])
    np.testing.assert_array_equal(performance.pedal, again.pedal)


def test_unknown_is_null_in_json(tmp_path: Path) -> None:
    notes = np.array([(0, 1, 60, 64, -1, 0, np.nan)], NOTE_DTYPE)
    save_json(tmp_path / "a.json", Performance.create(notes))
    row = json.loads((tmp_path / "a.json").read_text())["notes"][0]
    assert row["hand"] is None
    assert row["confidence"] is None
    assert row["finger"] == 0


@settings(max_examples=150, deadline=None)
@given(data=st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(HEADER_480.__add__)))
def test_arbitrary_bytes_are_read_or_refused(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "a.mid"
    path.write_bytes(data)
    for load in (load_midi, load_json):
        with contextlib.suppress(InputError):
            assert isinstance(load(path), Performance)


@settings(max_examples=80, deadline=None)
@given(cut=st.integers(0, 200), at=st.integers(0, 199), value=st.integers(0, 255))
def test_damaged_files_are_read_or_refused(
    cut: int, at: int, value: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    buffer = io.BytesIO()
    file = mido.MidiFile(type=0)
    file.tracks.append(mido.MidiTrack([m for p in range(40, 70) for m in (on(p, 5), off(p, 5))]))
    file.save(file=buffer)
    data = bytearray(buffer.getvalue())
    data[at % len(data)] = value
    path = tmp_path_factory.mktemp("bytes") / "a.mid"
    path.write_bytes(bytes(data[: len(data) - cut]))
    with contextlib.suppress(InputError):
        assert isinstance(load_midi(path), Performance)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "MThd"),
        (b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\xe9\x28" + b"MTrk\x00\x00\x00\x00", "23 frames"),
        (b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x00" + b"MTrk\x00\x00\x00\x00", "0 ticks"),
        (b"MThd\x00\x00\x00\x06\x00\x02\x00\x02\x01\xe0" + 2 * b"MTrk\x00\x00\x00\x00", "type 2"),
        (HEADER_480 + b"MTr", "holds no track"),
    ],
)
def test_bad_files_say_why(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "a.mid").write_bytes(data)
    with pytest.raises(InputError, match=reason):
        load_midi(tmp_path / "a.mid")


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = write(tmp_path / "long.mid", [on(60), off(60, 2**27)], ticks=1)
    with pytest.raises(InputError, match="hours"):
        load_midi(long)
    monkeypatch.setattr(repair, "MAX_NOTES", 2)
    many = write(tmp_path / "many.mid", [on(60), on(61), on(62)])
    with pytest.raises(InputError, match="more than 2 notes"):
        load_midi(many)
    monkeypatch.setattr(file, "MAX_MIDI_BYTES", 10)
    with pytest.raises(InputError, match="larger"):
        load_midi(many)
    with pytest.raises(InputError, match="cannot read"):
        load_midi(tmp_path / "absent.mid")


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{}",
        '{"notes": 3}',
        '{"notes": [{"onset_sec": 0}]}',
        '{"notes": [{"onset_sec": 0, "release_sec": 1, "pitch": 900, "velocity": 3}]}',
        '{"notes": [{"onset_sec": 1e999, "release_sec": 1, "pitch": 60, "velocity": 3}]}',
        '{"notes": [{"onset_sec": "x", "release_sec": 1, "pitch": 60, "velocity": 3}]}',
        '{"notes": [{"onset_sec": 0, "release_sec": 1, "pitch": 99999, "velocity": 3}]}',
        "[" * 100_000,
        '{"notes": ""}',
        '{"notes": [], "notes": []}',
        NOTE % '"60"',
        NOTE % "60.5",
        NOTE % "true",
        NOTE % "[60]",
        NOTE % "1e999",
        NOTE % "NaN",
        NOTE % ("9" * 5000),
        NOTE % '60, "confidence": 1e400',
        NOTE % '60, "confidence": 2',
        NOTE % '60, "hand": 0.5',
    ],
)
def test_bad_json_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError):
        load_json(tmp_path / "a.json")


def test_nothing_is_left_behind_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write"):
        save_midi(tmp_path / "absent" / "a.mid", Performance())
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(InputError, match="cannot write"):
        save_json(tmp_path / "folder.json", Performance())
    assert [path.name for path in tmp_path.iterdir()] == ["folder.json"]


def test_the_writer_puts_a_release_before_an_onset_on_one_tick(tmp_path: Path) -> None:
    notes = np.zeros(2, NOTE_DTYPE)
    notes["onset_sec"], notes["release_sec"] = [0.0, 0.5], [0.5, 1.0]
    notes["pitch"], notes["velocity"], notes["hand"] = 60, 80, RIGHT
    pedal = np.array([(0.5, 100)], PEDAL_DTYPE)
    save_midi(tmp_path / "a.mid", Performance.create(notes, pedal))
    track = mido.MidiFile(tmp_path / "a.mid").tracks[1]
    played = [message.type for message in track if not message.is_meta]
    assert played == ["note_on", "note_off", "control_change", "note_on", "note_off"]
    back = load_midi(tmp_path / "a.mid")
    np.testing.assert_allclose(back.notes["release_sec"], [0.5, 1.0])


def test_a_finger_belongs_to_the_next_note_alone(tmp_path: Path) -> None:
    three = mido.MetaMessage("text", text="finger=3")
    track = [three, on(60), on(64), off(60, 480), off(64), on(62), off(62, 480), three]
    # Nor does it wait for a later note.
    track += [on(65, 10), off(65, 480)]
    notes = load_midi(write(tmp_path / "a.mid", track)).notes
    assert dict(zip(notes["pitch"].tolist(), notes["finger"].tolist(), strict=True)) == {
        60: 3, 64: 0, 62: 0, 65: 0
    }  # fmt: skip
