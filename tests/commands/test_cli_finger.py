"""`duemani finger`: every output, MIDI as input, and what bad input is told."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import duemani.verbs.finger as finger_module
from duemani.cli import main
from duemani.inputs.midi.grid import on_grid, read_beats
from duemani.inputs.midi.read import load_json, load_midi
from duemani.models.fingering.choose import Fingering, Keep, choose_fingers
from duemani.performance import Performance
from duemani.verbs.demo import demo_score
from duemani.verbs.finger import finger
from tests.helpers.inputs import midi_bytes, write
from tests.inputs.test_score import PROLOG, note, save, score

QUARTER = 480


def grid_midi(path: Path) -> Path:
    """Two bars of 3/4 in D major: a broken chord a beat in the left hand, quarters in the right."""
    midi = mido.MidiFile(ticks_per_beat=QUARTER)
    conductor = mido.MidiTrack()
    conductor.append(mido.MetaMessage("time_signature", numerator=3, denominator=4, time=0))
    conductor.append(mido.MetaMessage("key_signature", key="D", time=0))
    conductor.append(mido.MetaMessage("set_tempo", tempo=600_000, time=0))
    right, left = mido.MidiTrack(), mido.MidiTrack()
    right.append(mido.MetaMessage("track_name", name="Right hand", time=0))
    left.append(mido.MetaMessage("track_name", name="Left hand", time=0))
    for track, pitches, length in (
        (right, (74, 76, 78, 79, 81, 74), QUARTER),
        (left, (50, 57, 62) * 6, QUARTER // 3),
    ):
        gap = length // 10
        for at, pitch in enumerate(pitches):
            # Onsets on the grid, releases a little early.
            track.append(mido.Message("note_on", note=pitch, velocity=70, time=gap if at else 0))
            track.append(mido.Message("note_off", note=pitch, time=length - gap))
    midi.tracks += [conductor, right, left]
    midi.save(path)
    return path


@pytest.fixture
def chosen_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's fingers are chosen once for all formats."""
    monkeypatch.setattr(finger_module, "finger", _CACHED)


_CACHED = functools.lru_cache(finger)


def run(*arguments: object) -> int:
    return main(["finger", *map(str, arguments)])


@pytest.mark.usefixtures("chosen_once")
@pytest.mark.parametrize("suffix", [".musicxml", ".mxl", ".svg", ".pdf", ".html", ".json", ".mid"])
def test_a_score_in_every_format_out(
    tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"out{suffix}"
    assert run(demo_score(), "-o", out, "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["output"] == str(out)
    assert summary["notes"] == 143
    assert summary["unreachable"] == 0
    assert 0 <= summary["difficulty"] <= 10
    assert list(tmp_path.iterdir()) == [out]
    assert out.stat().st_size > 1000


@pytest.mark.usefixtures("chosen_once")
def test_midi_and_json_hold_every_finger(tmp_path: Path) -> None:
    for name, load in (("a.mid", load_midi), ("a.json", load_json)):
        assert run(demo_score(), "-o", tmp_path / name) == 0
        notes = load(tmp_path / name).notes
        assert len(notes) == 143
        assert (notes["finger"] > 0).all()
        assert set(notes["hand"]) == {0, 1}


def test_substitutions_and_chords_out_of_reach_reach_every_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def choose(
        performance: Performance, hand_span_m: float, keep: Keep, taking_over: np.ndarray
    ) -> Fingering:
        made = choose_fingers(performance, hand_span_m, keep, taking_over=taking_over)
        second = made.substitution.copy()
        second[0] = 1 if made.performance.notes["finger"][0] != 1 else 2
        return replace(made, substitution=second, unreachable=((0, 1),))

    monkeypatch.setattr(finger_module, "choose_fingers", choose)
    outs = [tmp_path / f"a{suffix}" for suffix in (".musicxml", ".json", ".html", ".svg")]
    for out in outs:
        assert run(demo_score(), "-o", out) == 0
        assert "right hand E5 D♯5 (bar 0)." in capsys.readouterr().err
    written, told, page, sheet = (out.read_text() for out in outs)
    assert written.count('<fingering substitution="yes">') == 1
    rows = json.loads(told)
    assert rows["unreachable"] == [[0, 1]]
    assert rows["notes"][0]["substitution"] in (1, 2)
    assert page.count('"far":true') == 2
    assert re.search(r">[1-5]-[12]</tspan>", sheet)


@pytest.mark.usefixtures("chosen_once")
def test_json_tells_why(tmp_path: Path) -> None:
    out = tmp_path / "a.json"
    assert run(demo_score(), "-o", out, "--alternatives", 2) == 0
    content = json.loads(out.read_text())
    assert content["format"] == "duemani.fingering/1"
    for row in content["notes"]:
        assert row["finger"] == row["alternatives"][0]["finger"] or row["alternatives"][0]["chance"]
        assert len(row["alternatives"]) == 2
        assert isinstance(row["why"], list)
        assert re.fullmatch(r"\d+", row["bar"])
    assert len(content["bars"]) == 23
    assert all(0 <= bar["difficulty"] <= 10 for bar in content["bars"])
    assert content["remarks"] == []


@pytest.mark.usefixtures("chosen_once")
def test_the_page_stands_alone(tmp_path: Path) -> None:
    out = tmp_path / "a.html"
    assert run(demo_score(), "-o", out) == 0
    page = out.read_text()
    # Names of XML dialects are no addresses that a browser would fetch.
    names = r'xmlns(:xlink)?="http://www\.w3\.org/[\w/]+"'
    assert "http" not in re.sub(names, "", page).replace("http-equiv", "")
    content = json.loads(re.search(r'id="duemani-data">(.*?)</script>', page)[1])  # type: ignore[index]
    assert len(content["notes"]) == len(content["order"]) == 143
    fingers = set(re.findall(r'data-of="(\d+)"', page))
    assert fingers == set(content["notes"])
    assert "__DUEMANI" not in page


def test_a_page_of_a_free_performance_is_a_roll(tmp_path: Path) -> None:
    source = write(tmp_path / "free.mid", midi_bytes())
    assert run(source, "-o", tmp_path / "a.html") == 0
    page = (tmp_path / "a.html").read_text()
    assert {"0", "1", "2"} == set(re.findall(r'data-note="(\d+)"', page))


def test_titles_cannot_break_the_page(tmp_path: Path) -> None:
    name = "<script>alert(1)<&script>.mid"
    source = write(tmp_path / name, midi_bytes())
    assert run(source, "-o", tmp_path / "a.html") == 0
    assert "<script>alert" not in (tmp_path / "a.html").read_text()


def test_midi_on_the_beat_becomes_notation(tmp_path: Path) -> None:
    source = grid_midi(tmp_path / "waltz.mid")
    out = tmp_path / "waltz.musicxml"
    assert run(source, "-o", out) == 0
    fingered = finger(out)
    assert len(fingered.notes) == len(load_midi(source).notes) == 24
    assert fingered.given.all()
    assert len(fingered.bar_names) == 2
    text = out.read_text()
    assert "<fifths>2</fifths>" in text
    assert "<beats>3</beats>" in text
    assert text.count("<staff>1</staff>") >= 6
    rights = fingered.notes["hand"] == 1
    assert fingered.notes["pitch"][rights].tolist() == [74, 76, 78, 79, 81, 74]
    beats = read_beats(source)
    assert beats.metres[0].beats == 3
    assert np.allclose(beats.to_seconds(beats.to_quarters(np.array([0.3, 2.0]))), [0.3, 2.0])


def test_a_free_performance_is_not_engraved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onsets = np.cumsum(np.random.default_rng(0).uniform(0.1, 0.4, 60))
    rows = [(float(t), float(t) + 0.09, 60 + at % 12) for at, t in enumerate(onsets)]
    source = write(tmp_path / "free.mid", midi_bytes(rows))
    for suffix in (".musicxml", ".svg", ".pdf"):
        assert run(source, "-o", tmp_path / f"a{suffix}") == 2
        told = capsys.readouterr().err
        assert "free performance" in told
        assert ".mid, .json and .html" in told
    assert list(tmp_path.iterdir()) == [source]
    assert run(source, "-o", tmp_path / "a.mid") == 0


@given(st.lists(st.integers(0, 200), min_size=1, max_size=30))
def test_onsets_on_the_grid_stay_where_they_are(eighths: list[int]) -> None:
    assert on_grid(np.array(eighths) / 8, "a").tolist() == [3 * eighth for eighth in eighths]


def test_spans_change_fingers_and_wrong_ones_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.json"
    for span, metres in (("small", 0.182), ("large", 0.233), ("19.5", 0.195)):
        assert run(demo_score(), "-o", out, "--hand-span", span) == 0
        assert json.loads(out.read_text())["hand_span_m"] == pytest.approx(metres)
    for span in ("11", "33", "huge", "nan"):
        assert run(demo_score(), "-o", tmp_path / "b.json", "--hand-span", span) == 2
        assert "small, medium, large" in capsys.readouterr().err
    assert not (tmp_path / "b.json").exists()


def test_bad_input_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = save(tmp_path, score("<note><rest/><duration>16</duration></note>"), "empty.musicxml")
    silent = write(tmp_path / "none.mid", midi_bytes([]))
    odd = write(tmp_path / "odd.txt", b"x")
    kept = demo_score().read_bytes()
    cases = [
        ([empty, "-o", tmp_path / "a.musicxml"], "no notes"),
        ([silent, "-o", tmp_path / "a.json"], "no piano notes"),
        ([odd, "-o", tmp_path / "a.pdf"], "unknown suffix"),
        ([demo_score(), "-o", tmp_path / "a.mp4"], "accepted are .musicxml"),
        ([demo_score(), "-o", demo_score()], "the input itself"),
        ([tmp_path / "absent.mid", "-o", tmp_path / "a.mid"], "does not exist"),
        ([demo_score(), "-o", tmp_path / "a.json", "--alternatives", 9], "1-5"),
        ([demo_score(), "-o", tmp_path / "a.json", "--keep", "some"], "hard"),
    ]
    before = sorted(tmp_path.iterdir())
    for arguments, reason in cases:
        nothing = arguments[0] in (empty, silent)
        assert run(*arguments) == (3 if nothing else 2), arguments
        told = capsys.readouterr().err
        assert reason in told
        assert told.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before
    assert demo_score().read_bytes() == kept


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 3000), byte=st.integers(0, 255))
def test_damaged_scores_are_fingered_or_refused(tmp_path: Path, position: int, byte: int) -> None:
    data = bytearray((PROLOG + score(*[note("C", 5, 4) + note("E", 4, 4)] * 4)).encode())
    data[position % len(data)] = byte
    source = write(tmp_path / "a.musicxml", bytes(data))
    assert run(source, "-o", tmp_path / "b.musicxml") in (0, 2)
