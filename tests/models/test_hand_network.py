"""Hands from the notes alone: the network, what no hand can strike, and data with known hands."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duemani.datasets.fingering.handed import (
    HandedPiece,
    distinct_from,
    handed_pieces,
    is_handed_test,
    read_handed_performances,
    read_handed_scores,
)
from duemani.errors import InputError
from duemani.models.convolution import Weights
from duemani.models.fingering.choose import assign_fingers
from duemani.models.fingering.lines import chord_starts
from duemani.models.hands.assignment import assign_hands
from duemani.models.hands.features import FEATURE_COUNT, NOTE_FEATURES, TakenNotes
from duemani.models.hands.inputs import INPUT_VALUES, hand_inputs, in_chord_order
from duemani.models.hands.limits import chord_impossibility
from duemani.models.hands.network import DILATIONS, right_hand_log_odds
from duemani.performance import LEFT, RIGHT, UNKNOWN_HAND, Performance, make_notes
from duemani.training.hands.variation import varied

Row = tuple[float, float, int, int]


def bare(rows: list[Row]) -> np.ndarray:
    return Performance.create(make_notes(rows)).notes.copy()


def made_up_network(seed: int = 0, width: int = 8) -> Weights:
    """Untrained weights of the right shapes."""
    generator = np.random.default_rng(seed)
    shapes = {"value": (width, INPUT_VALUES), "last": (4, width), "odds": (1, 4)}
    for at in range(len(DILATIONS)):
        shapes |= {f"spread{at}": (width, 3 * width), f"merge{at}": (width, width)}
    arrays: Weights = {}
    for name, shape in shapes.items():
        arrays[f"{name}_weight"] = generator.normal(0, 0.3, shape).astype(np.float32)
        arrays[f"{name}_bias"] = generator.normal(0, 0.3, shape[0]).astype(np.float32)
    for name in ("norm", *(f"norm{at}" for at in range(len(DILATIONS)))):
        arrays[f"{name}_weight"] = np.ones(width, np.float32)
        arrays[f"{name}_bias"] = np.zeros(width, np.float32)
    return arrays


def random_notes(count: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    onset = np.cumsum(generator.choice([0.0, 0.021, 0.107, 0.317], count))
    pitch = generator.integers(30, 95, count)
    length = generator.uniform(0.05, 1.0, count)
    return bare(
        [(float(o), float(o + d), int(p), 64) for o, d, p in zip(onset, length, pitch, strict=True)]
    )


def log_odds(network: Weights, notes: np.ndarray) -> np.ndarray:
    runs = chord_starts(notes["onset_sec"], notes["release_sec"], notes["pitch"])
    return right_hand_log_odds(network, notes, runs, TakenNotes.of(notes))


def search_weights() -> np.ndarray:
    """Weights that follow the network alone."""
    weights = np.zeros(FEATURE_COUNT + 1)
    weights[NOTE_FEATURES] = 1.0
    return weights


def test_torch_and_numpy_agree() -> None:
    torch = pytest.importorskip("torch")
    from duemani.training.hands.network import HandNetwork

    torch.manual_seed(0)
    module = HandNetwork(16, 8, 0.1).eval()
    notes = random_notes(150)
    runs = chord_starts(notes["onset_sec"], notes["release_sec"], notes["pitch"])
    values = hand_inputs(notes, runs, TakenNotes.of(notes))
    with torch.no_grad():
        # A window longer than the piece: what is beyond its end must not matter.
        padded = torch.zeros(1, 180, INPUT_VALUES)
        padded[0, :150] = torch.from_numpy(values)
        expected = module(padded, (torch.arange(180) < 150).float()[None])[0, :150].numpy()
    found = log_odds(module.exported(), notes)[in_chord_order(runs, notes["pitch"])]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_long_piece_in_parts_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    network, notes = made_up_network(), random_notes(400)
    whole = log_odds(network, notes)
    monkeypatch.setattr("duemani.models.hands.network._CHUNK", 64)
    np.testing.assert_allclose(log_odds(network, notes), whole, atol=1e-4)


def test_the_order_within_a_chord_does_not_matter() -> None:
    network = made_up_network()
    pitches = [48, 55, 64, 72]
    at_once = bare([(1.0, 2.0, pitch, 64) for pitch in pitches])
    rolled_down = bare([(1.012 - 0.004 * at, 2.0, p, 64) for at, p in enumerate(pitches)])
    one, other = (log_odds(network, notes) for notes in (at_once, rolled_down))
    np.testing.assert_allclose(one, other[np.argsort(rolled_down["pitch"])], atol=0.1)


def test_inputs_are_small_numbers_and_shift_in_time() -> None:
    notes = random_notes(120, seed=2)
    later = notes.copy()
    later["onset_sec"] += 5000.0
    later["release_sec"] += 5000.0
    arrays = []
    for each in (notes, later):
        runs = chord_starts(each["onset_sec"], each["release_sec"], each["pitch"])
        arrays.append(hand_inputs(each, runs, TakenNotes.of(each)))
    assert arrays[0].shape == (120, INPUT_VALUES)
    assert np.abs(arrays[0]).max() < 2.5
    np.testing.assert_allclose(arrays[0], arrays[1], atol=1e-3)


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.floats(0, 2), st.floats(0, 2), st.integers(21, 108), st.sampled_from([-1, -1, 0, 1])
        ),
        max_size=40,
    )
)
def test_any_notes_get_hands_and_given_ones_stay(rows: list[tuple[float, float, int, int]]) -> None:
    notes = make_notes([(onset, onset + length, pitch, 64) for onset, length, pitch, _ in rows])
    notes["hand"] = [row[3] for row in rows]
    notes = Performance.create(notes).notes.copy()
    found = assign_hands(notes, search_weights(), network=made_up_network())
    assert np.isin(found, (LEFT, RIGHT)).all()
    given_ones = notes["hand"] != UNKNOWN_HAND
    np.testing.assert_array_equal(found[given_ones], notes["hand"][given_ones])


def test_weights_must_fit() -> None:
    with pytest.raises(ValueError, match="weights expected"):
        assign_hands(random_notes(3), search_weights())


def test_what_one_hand_cannot_strike() -> None:
    assert chord_impossibility((60, 64, 67, 72), RIGHT) == 0
    assert chord_impossibility((60, 75), LEFT) == 0
    assert chord_impossibility((60, 79), RIGHT) > 0
    assert chord_impossibility((60, 84), RIGHT) > chord_impossibility((60, 79), RIGHT)
    assert chord_impossibility((60, 62, 64, 65, 67, 69), RIGHT) > 0
    # The thumb next to the little finger's neighbours: a gap that only the thumb could bridge.
    assert chord_impossibility((60, 62, 75), LEFT) == chord_impossibility((60, 73, 75), RIGHT)
    assert chord_impossibility((60, 75), RIGHT, 0.8) > 0


@pytest.mark.parametrize("gap_sec", [0.0, 0.01, 0.02])
def test_wide_chords_are_shared_so_that_both_hands_reach(gap_sec: float) -> None:
    """Whatever the network says, also where the chord is rolled over two events."""
    pitches = [41, 48, 55, 62, 65, 72, 76]
    notes = bare([(1 + gap_sec * at, 3.0, pitch, 64) for at, pitch in enumerate(pitches)])
    for seed in range(4):
        network = made_up_network(seed)
        found = assign_hands(notes, search_weights(), network=network)
        onset = notes["onset_sec"]
        for hand in (LEFT, RIGHT):
            mine = found == hand
            if not mine.any():  # 120 ms are enough for one hand to leap
                continue
            together = np.abs(onset[mine][:, None] - onset[mine]) < 0.05
            apart = np.abs(notes["pitch"][mine][:, None] - notes["pitch"][mine])
            assert apart[together].max() <= 16
            assert together.sum(1).max() <= 5


def test_melody_over_a_bass_within_an_octave() -> None:
    bass = [(0.4 * at, 0.4 * at + 0.4, pitch, 60) for at, pitch in enumerate([48, 52, 55, 52] * 6)]
    tune = [(0.8 * at, 0.8 * at + 0.8, 60 + step, 70) for at, step in enumerate([4, 5, 7, 9] * 3)]
    played = assign_fingers(Performance.create(make_notes([*bass, *tune]))).notes
    np.testing.assert_array_equal(played["hand"] == RIGHT, played["velocity"] == 70)


def test_the_search_lets_hands_cross_where_the_network_is_sure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The left hand jumps over the right one's steady middle; both fit, so nothing forbids it."""
    rows: list[Row] = []
    for at in range(8):
        rows += [(at + 0.125 * k, at + 0.125 * k + 0.12, 64 + k % 4 * 3, 60) for k in range(8)]
        rows += [(at + 0.06, at + 0.3, 43, 70), (at + 0.56, at + 0.8, 86, 70)]
    notes = bare(rows)
    truth = np.where(notes["velocity"] == 60, RIGHT, LEFT)

    def sure(*_: object) -> np.ndarray:
        return np.where(truth == RIGHT, 5.0, -5.0)

    monkeypatch.setattr("duemani.models.hands.assignment.right_hand_log_odds", sure)
    found = assign_hands(notes, search_weights(), network=made_up_network())
    np.testing.assert_array_equal(found, truth)


def write_score(path: Path, right: list[Row], left: list[Row]) -> None:
    """Two tracks, 480 ticks a second."""
    midi = mido.MidiFile(ticks_per_beat=240)
    for rows in (right, left):
        events = [(round(480 * on), "note_on", pitch) for on, _, pitch, _ in rows]
        events += [(round(480 * off), "note_off", pitch) for _, off, pitch, _ in rows]
        track, now = mido.MidiTrack(), 0
        for tick, kind, pitch in sorted(
            events, key=lambda event: (event[0], event[1] == "note_on")
        ):
            track.append(mido.Message(kind, note=pitch, velocity=64, time=tick - now))
            now = tick
        midi.tracks.append(track)
    midi.save(path)


@pytest.fixture
def data_set(tmp_path: Path) -> Path:
    """Scores `a` (hands in order) and `b` (voices that cross), `a` performed twice as slowly."""
    right = [(0.5 * at, 0.5 * at + 0.4, 72 + at % 5, 64) for at in range(12)]
    left = [(0.5 * at, 0.5 * at + 0.4, 45 + at % 7, 64) for at in range(12)]
    header = (
        "composer,title,folder,midi_score,midi_performance,performance_annotations,"
        "midi_score_annotations\n"
    )
    rows = ""
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        high = right if name == "a" else [*right[:6], *left[6:], *right[:3]]
        low = left if name == "a" else [*left[:6], *right[6:]]
        write_score(folder / "score.mid", high, low)
        slow = [[(2 * on + 1, 2 * off + 1, p, v) for on, off, p, v in part] for part in (high, low)]
        extra: list[Row] = [(3.3, 3.4, 100, 64)]
        write_score(folder / "played.mid", [*slow[0], *slow[1], *extra], [])
        beats = np.arange(7.0)
        for file, times in (("score.txt", beats), ("played.txt", 2 * beats + 1)):
            lines = [f"{time}\t{time}\tb" for time in times]
            (folder / file).write_text("\n".join(lines) + "\n")
        rows += (
            f"X,Y,{name},{name}/score.mid,{name}/played.mid,{name}/played.txt,{name}/score.txt\n"
        )
    (tmp_path / "metadata.csv").write_text(header + rows)
    return tmp_path


def test_tracks_and_aligned_performances_tell_hands(data_set: Path) -> None:
    scores, played = read_handed_scores(data_set), read_handed_performances(data_set)
    assert [piece.name for piece in scores] == ["a"]
    assert [piece.name for piece in played] == ["a#played"]
    notes = played[0].performance.notes
    assert len(notes) == 25
    assert notes["hand"][notes["pitch"] == 100].tolist() == [UNKNOWN_HAND]
    known = notes[notes["pitch"] != 100]
    np.testing.assert_array_equal(known["hand"] == RIGHT, known["pitch"] > 60)


def two_part_notes(seed: int) -> np.ndarray:
    """A bass and a tune two octaves above it."""
    generator = np.random.default_rng(seed)
    rows: list[Row] = []
    for at in range(40):
        rows.append((0.25 * at, 0.25 * at + 0.2, 45 + int(generator.integers(0, 12)), 64))
        rows.append((0.25 * at, 0.25 * at + 0.2, 72 + int(generator.integers(0, 12)), 65))
    notes = bare(rows)
    notes["hand"] = np.where(notes["velocity"] == 65, RIGHT, LEFT)
    return notes


def test_varied_notes_are_still_notes() -> None:
    notes = two_part_notes(0)
    notes["pitch"][:2], notes["hand"][:2] = [45, 80], RIGHT
    for seed in range(20):
        changed = Performance.create(varied(notes, np.random.default_rng(seed))).notes
        assert 60 <= len(changed) <= 80
        known = changed["hand"] != UNKNOWN_HAND
        # No hand spans the first two notes.
        assert (~known).sum() <= 2
        left, right = (changed["pitch"][changed["hand"] == hand] for hand in (LEFT, RIGHT))
        assert left.max() < right.min()
    assert notes["pitch"][0] == 45


def test_a_little_training_learns_an_easy_task() -> None:
    pytest.importorskip("torch")
    from duemani.training.hands.network import HandTraining
    from duemani.training.hands.train import fit_hands

    names = [f"piece {at}" for at in range(24)]
    pieces = [
        HandedPiece(name, Performance.create(two_part_notes(at))) for at, name in enumerate(names)
    ]
    config = HandTraining(epochs=3, width=16, hidden=8, window_notes=64)
    one, again = fit_hands(pieces, config), fit_hands(pieces, config)
    for name in one:
        np.testing.assert_array_equal(one[name], again[name])
    network = {
        name.removeprefix("hand/"): values.astype(np.float32)
        for name, values in one.items()
        if name != "hands"
    }
    notes = two_part_notes(99)
    truth = notes["hand"].copy()
    notes["hand"] = UNKNOWN_HAND
    found = assign_hands(notes, one["hands"], network=network)
    assert (found == truth).mean() > 0.95


def test_other_editions_of_test_pieces_are_not_trained_on(data_set: Path) -> None:
    piece = read_handed_scores(data_set)[0].performance
    other = Performance.create(random_notes(60))
    assert distinct_from([piece, other], [piece.delayed(3.0)]) == [False, True]
    assert is_handed_test("Bach/Prelude/bwv_893#Anyone01")
    pieces = handed_pieces([], data_set, hold_out=False)
    assert [each.name for each in pieces] == ["a", "a#played"]


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"metadata\.csv"):
        read_handed_scores(tmp_path)
    (tmp_path / "metadata.csv").write_text("folder,else\na,b\n")
    with pytest.raises(InputError, match=r"metadata\.csv"):
        read_handed_performances(tmp_path)
