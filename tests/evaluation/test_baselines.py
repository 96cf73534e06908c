"""The methods that the benchmark compares with: tiny trainings and fingerings beyond dispute."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.baselines import packages_driver
from benchmarks.baselines.fingerer import note_sequence, note_sequences
from benchmarks.baselines.hmm import FingerHmm
from benchmarks.baselines.packages import Package, peers_python
from benchmarks.baselines.parncutt import ParncuttRules
from benchmarks.baselines.tables.method import Tables
from duemani.performance import LEFT, RIGHT, Performance, make_notes

FIVE = [60, 62, 64, 65, 67]


def played(pitches: list[int], hand: int, fingers: list[int] | None = None) -> Performance:
    """Quarter-second notes one after another."""
    notes = make_notes([(i / 4, (i + 1) / 4, pitch, 64) for i, pitch in enumerate(pitches)])
    notes["hand"] = hand
    if fingers is not None:
        notes["finger"] = fingers
    return Performance.create(notes)


def five_finger_lessons() -> list[Performance]:
    """Five fingers on five neighbouring keys, every finger on its own, in every octave."""
    generator = np.random.default_rng(0)
    lessons: list[Performance] = []
    for start in range(31, 95, 2):
        keys = [start + step for step in (0, 2, 4, 5, 7)]
        steps = np.clip(np.cumsum(generator.integers(-2, 3, 40)) + 2, 0, 4)
        pitches = [keys[step] for step in steps]
        lessons.append(played(pitches, RIGHT, [int(step) + 1 for step in steps]))
        lessons.append(played(pitches, LEFT, [5 - int(step) for step in steps]))
    return lessons


def test_left_hands_are_mirrored_with_their_colours():
    pitches = [48, 49, 52, 54]
    right, left = (note_sequence(played(pitches, hand), hand) for hand in (RIGHT, LEFT))
    assert right.black.tolist() == left.black.tolist() == [0, 1, 0, 1]
    assert np.diff(right.pitch).tolist() == [1, 3, 2]
    assert np.diff(left.pitch).tolist() == [-1, -3, -2]
    assert np.diff(right.key_x).tolist() == [1, 3, 3]
    assert np.diff(left.key_x).tolist() == [-1, -3, -3]


def test_chords_are_spread_from_the_thumb_side():
    notes = make_notes([(0.0, 1.0, pitch, 64) for pitch in (48, 52, 60, 64)])
    notes["hand"] = [LEFT, LEFT, RIGHT, RIGHT]
    left, right = note_sequences(Performance.create(notes))
    assert left.notes.tolist() == [1, 0]
    assert right.notes.tolist() == [2, 3]
    assert left.chord.tolist() == right.chord.tolist() == [0, 0]
    assert note_sequences(Performance()) == []


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_hmm_learns_five_finger_positions(order):
    model = FingerHmm.trained(five_finger_lessons(), order)
    assert all(np.allclose(np.exp(t).sum(-1), 1) for t in model.transitions)
    for hand, fingers in ((RIGHT, [1, 2, 3, 4, 5, 3, 1]), (LEFT, [5, 4, 3, 2, 1, 3, 5])):
        pitches = [*FIVE, 64, 60]
        assert model.fingers(played(pitches, hand)).tolist() == fingers
    assert model.fingers(played([60], RIGHT)).tolist()[0] in range(1, 6)
    assert model.fingers(Performance()).tolist() == []


def test_the_hmm_path_is_the_best_of_all():
    model = FingerHmm.trained(five_finger_lessons()[:6], 2)
    performance = played([60, 63, 58, 70, 61], RIGHT)
    (sequence,) = note_sequences(performance)

    def score(path: tuple[int, ...]) -> float:
        total = model.transitions[0][path[0]]
        for at in range(1, len(path)):
            known = min(at, 2)
            total += model.transitions[known][path[at - known : at + 1]]
            for before in range(1, known + 1):
                x = np.clip(sequence.key_x[at] - sequence.key_x[at - before], -30, 30) + 30
                y = sequence.black[at] - sequence.black[at - before] + 1
                total += model.outputs[before - 1][path[at - before], path[at], x, y]
        return float(total)

    best = max(np.ndindex(*(5,) * 5), key=score)
    assert (model.fingers(performance) - 1).tolist() == list(best)


def test_parncutt_gives_known_fingerings():
    rules = ParncuttRules()
    assert rules.fingers(played(FIVE, RIGHT)).tolist() == [1, 2, 3, 4, 5]
    assert rules.fingers(played(FIVE[::-1], LEFT)).tolist() == [1, 2, 3, 4, 5]
    chord = make_notes([(0.0, 1.0, pitch, 64) for pitch in (60, 64, 67)])
    chord["hand"] = RIGHT
    fingers = rules.fingers(Performance.create(chord)).tolist()
    assert fingers == sorted(set(fingers))
    scale = rules.fingers(played([60, 62, 64, 65, 67, 69, 71, 72], RIGHT)).tolist()
    assert scale[0] == 1
    assert scale.count(1) == 2  # the thumb passes once
    assert rules.fingers(played([60, 90, 21, 108], RIGHT)).min() >= 1
    assert rules.fingers(Performance()).tolist() == []


def test_the_first_method_still_runs_from_its_copy():
    tables = Tables.shipped()
    scale = [60, 62, 64, 65, 67, 69, 71, 72]
    assert tables.fingers(played(scale, RIGHT)).tolist() == [1, 2, 3, 1, 2, 3, 4, 5]
    given = played(scale, RIGHT, [5] * 8)
    assert tables.fingers(given).tolist() == [1, 2, 3, 1, 2, 3, 4, 5]


def test_the_first_method_stays_what_it_was():
    """Held notes and leaps in both hands; the fingers are those of the package at 0488c8e."""
    generator = np.random.default_rng(7)
    onset = np.repeat(np.arange(40) * 0.2, 2)
    steps = generator.integers(0, 20, 80)
    rows = [(float(t), float(t) + 0.7, 55 + int(s), 64) for t, s in zip(onset, steps, strict=True)]
    notes = make_notes(rows)
    notes["hand"] = np.tile([LEFT, RIGHT], 40)
    fingers = Tables.shipped().fingers(Performance.create(notes))
    assert "".join(map(str, fingers)) == (
        "21253411524511255453211412215331454122551422511513532125123453241151512233151522"
    )


def test_the_network_learns_and_repeats_itself():
    torch = pytest.importorskip("torch")
    from benchmarks.baselines.autoregressive import ArLstm, ArSettings

    settings = ArSettings(hidden=16, epochs=20, window=16, batch=8, transpose=0, dropout=0.1)
    lessons = five_finger_lessons()[30:34]
    one, other = (ArLstm.trained(lessons, settings) for _ in range(2))
    probe = lessons[3]
    assert one.fingers(probe).tolist() == other.fingers(probe).tolist()
    agree = np.mean([np.mean(one.fingers(each) == each.notes["finger"]) for each in lessons])
    assert agree > 0.6
    assert set(one.fingers(probe).tolist()) <= {1, 2, 3, 4, 5}
    assert torch.get_num_threads() == 1


def test_packages_are_not_run_without_their_python(monkeypatch, tmp_path):
    monkeypatch.delenv("DUEMANI_PEERS", raising=False)
    assert peers_python() is None
    monkeypatch.setenv("DUEMANI_PEERS", str(tmp_path))
    assert peers_python() is None


def test_packages_get_events_from_low_to_high(monkeypatch, tmp_path):
    log = tmp_path / "log"
    driver = tmp_path / "driver.py"
    driver.write_text(
        "import json, sys\n"
        "for line in sys.stdin:\n"
        f"    open({str(log)!r}, 'a').write(line)\n"
        "    events = json.loads(line)['events']\n"
        "    print(json.dumps([[k + 1 for k in range(len(e))] for e in events]), flush=True)\n"
    )
    monkeypatch.setattr("benchmarks.baselines.packages._DRIVER", driver)
    notes = make_notes([(0.5, 1.0, pitch, 64) for pitch in (52, 48, 60)] + [(1.0, 1.5, 62, 64)])
    notes["hand"] = [LEFT, LEFT, RIGHT, RIGHT]
    package = Package("any", Path(sys.executable))
    assert package.fingers(Performance.create(notes)).tolist() == [1, 2, 1, 1]
    left, right = (json.loads(line) for line in log.read_text().splitlines())
    assert (left["hand"], right["hand"]) == ("left", "right")
    assert left["events"] == [[[48, 1.0, 1.0], [52, 1.0, 1.0]]]
    assert right["events"] == [[[60, 1.0, 1.0]], [[62, 2.0, 1.0]]]


def test_a_package_that_fails_says_so(monkeypatch, capsys):
    request = {"package": "none", "hand": "left", "events": []}
    monkeypatch.setattr(sys, "stdin", iter([json.dumps(request) + "\n"]))
    packages_driver.main()
    assert json.loads(capsys.readouterr().out) == {"error": "KeyError: 'none'"}
