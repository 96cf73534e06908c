"""Notation made from MIDI: bars in which nobody plays, and what is read back."""

from __future__ import annotations

import io
from pathlib import Path
from xml.etree import ElementTree

import mido
import numpy as np
import pytest

from duemani.inputs.midi.notation import notate
from duemani.inputs.midi.read import load_midi
from duemani.inputs.score.play import load_score
from duemani.performance import LEFT, RIGHT
from tests.helpers.inputs import midi_bytes, write

BAR_SEC = 2.0  # 4/4 at 120 quarters a minute
RIGHT_ALONE = [(0.0, 0.5, 72), (0.5, 1.0, 74)]


def filled(text: bytes) -> list[dict[str, float]]:
    """How many quarters of each staff's bars are notes and rests, first voices only."""
    bars: list[dict[str, float]] = []
    divisions = 1.0
    for measure in ElementTree.fromstring(text).iter("measure"):
        divisions = float(measure.findtext("attributes/divisions") or divisions)
        bar = {"1": 0.0, "2": 0.0}
        for note in measure.iter("note"):
            if note.find("chord") is None and note.findtext("voice") in ("1", "5"):
                bar[note.findtext("staff") or ""] += float(note.findtext("duration")) / divisions
        bars.append(bar)
    return bars


@pytest.mark.parametrize(
    ("empty", "low"),
    [(1, []), (1, [48]), (3, []), (20, [48])],
    ids=["one bar", "one bar, two hands", "three bars", "twenty bars"],
)
@pytest.mark.parametrize("first", [0, 2], ids=["from the start", "after rests"])
def test_bars_in_which_both_hands_rest_are_notated(
    empty: int, low: list[int], first: int, tmp_path: Path
) -> None:
    bar = [*RIGHT_ALONE, *((0.0, 1.0, pitch) for pitch in low)]
    starts = [BAR_SEC * first, BAR_SEC * (first + 1 + empty)]
    rows = [(at + start, end + start, pitch) for start in starts for at, end, pitch in bar]
    path = write(tmp_path / "a.mid", midi_bytes(rows))
    notes = load_midi(path).notes
    performance = load_midi(path).with_fingers(
        np.where(notes["pitch"] < 60, LEFT, RIGHT), np.zeros(len(notes), int)
    )
    notated = notate(path, performance, "Rests", np.zeros(len(notes), int))
    bars = first + 1 + empty + 1
    np.testing.assert_allclose(notated.bar_starts_sec, BAR_SEC * np.arange(bars))
    held = [notated.document.notes[number].bar for number in notated.numbers]
    assert held == (notes["onset_sec"] // BAR_SEC).tolist()
    quarters = filled(notated.document.text)
    assert len(quarters) == bars
    assert quarters == [{"1": 4.0, "2": 4.0}] * bars
    # Read back as a score, all that was between the notes is still there.
    written = write(tmp_path / "a.musicxml", notated.document.text)
    played = load_score(written).performance.notes
    assert played["pitch"].tolist() == notes["pitch"].tolist()
    gap = np.diff(played["onset_sec"][played["pitch"] == 72])
    quarter = np.diff(played["onset_sec"][played["pitch"] >= 72])[0]
    assert gap / quarter == pytest.approx(4 * (1 + empty), rel=0.1)


@pytest.mark.parametrize(
    ("right", "left", "clefs"),
    [
        (72, 48, [("1", "G", "2"), ("2", "F", "4")]),
        (60, 59, [("1", "G", "2"), ("2", "F", "4")]),
        (59, 48, [("1", "F", "4"), ("2", "F", "4")]),
        (84, 60, [("1", "G", "2"), ("2", "G", "2")]),
        (None, 48, [("1", "G", "2"), ("2", "F", "4")]),
        (72, None, [("1", "G", "2"), ("2", "F", "4")]),
    ],
)
def test_clefs_stand_first_and_fit_the_hands(
    right: int | None, left: int | None, clefs: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    pitches = [pitch for pitch in (right, left) if pitch is not None]
    path = write(tmp_path / "a.mid", midi_bytes([(0.0, 1.0, pitch) for pitch in pitches]))
    notes = load_midi(path).notes
    hand = np.where(notes["pitch"] == right, RIGHT, LEFT)
    performance = load_midi(path).with_fingers(hand, np.zeros(len(notes), int))
    notated = notate(path, performance, "Clefs", np.zeros(len(notes), int))
    (bar, *_) = ElementTree.fromstring(notated.document.text).iter("measure")
    before = [*bar][: next(at for at, each in enumerate(bar) if each.tag == "note")]
    found = [
        (clef.get("number", "1"), clef.findtext("sign"), clef.findtext("line"))
        for each in before
        for clef in each.iter("clef")
    ]
    assert sorted(found) == clefs


@pytest.mark.parametrize("quarters", [1, 3, 4, 5])
@pytest.mark.parametrize(("beats", "beat_type"), [(4, 4), (3, 4), (6, 8), (2, 2)])
def test_the_last_bar_is_filled_with_rests(
    quarters: int, beats: int, beat_type: int, tmp_path: Path
) -> None:
    rows = [(0.5 * at, 0.5 * at + 0.5, 72) for at in range(quarters)]
    file = mido.MidiFile(file=io.BytesIO(midi_bytes(rows)))
    metre = mido.MetaMessage("time_signature", numerator=beats, denominator=beat_type)
    # A change of metre after the end makes no bars.
    later = mido.MetaMessage("time_signature", numerator=5, denominator=4, time=480 * 40)
    file.tracks.append(mido.MidiTrack([metre, later]))
    file.save(tmp_path / "a.mid")
    performance = load_midi(tmp_path / "a.mid")
    count = len(performance.notes)
    played = performance.with_fingers(np.full(count, RIGHT), np.zeros(count, int))
    notated = notate(tmp_path / "a.mid", played, "Rests", np.zeros(count, int))
    length = 4 * beats / beat_type
    bars = -int(-quarters // length)
    assert filled(notated.document.text) == [{"1": length, "2": length}] * bars


def test_players_have_as_many_bars(tmp_path: Path) -> None:
    rows = [(0.5 * at, 0.5 * at + 0.5, pitch) for at in range(9) for pitch in (72, 48)]
    path = write(tmp_path / "a.mid", midi_bytes([*rows, (4.5, 5.0, 72)]))
    performance = load_midi(path)
    notes = performance.notes
    played = performance.with_fingers(np.full(len(notes), RIGHT), np.zeros(len(notes), int))
    # The second one ends a bar earlier.
    player = ((notes["pitch"] == 48) & (notes["onset_sec"] < 4)).astype(int)
    root = ElementTree.fromstring(notate(path, played, "Duet", player).document.text)
    parts = [filled(ElementTree.tostring(part)) for part in root.findall("part")]
    assert [len(part) for part in parts] == [3, 3]
    assert all(bar["1"] == 4.0 for part in parts for bar in part)
