"""What the fingering network is shown, and what a hand reaches: counted by hand, and kept.

The weights that come with the package were trained on exactly these inputs: whoever changes them
must train anew. So beside the cases counted by hand stands a fingerprint of a small piece.
"""

from __future__ import annotations

import numpy as np
import pytest

from duemani.keyboard import key_centre_x
from duemani.models.fingering.inputs import (
    EVENT_COLUMNS,
    IMPOSSIBLE,
    NOTE_COLUMNS,
    LineInputs,
    line_inputs,
)
from duemani.models.fingering.lines import chord_starts, contradictions, hand_line
from duemani.models.fingering.reach import (
    chord_penalty,
    haste_penalty,
    held_penalty,
    unreachable_events,
    within_reach,
)
from duemani.models.fingering.restraint import Restraint, clashes, merged, pair_penalty
from duemani.performance import LEFT, RIGHT, Performance, make_notes

KEY_M = 0.0235
SEMITONE_M = 0.0137
Row = tuple[float, float, int]


def notes_of(rows: list[Row], hand: int = RIGHT) -> np.ndarray:
    notes = make_notes([(onset, end, pitch, 64) for onset, end, pitch in rows])
    notes["hand"] = hand
    return Performance.create(notes).notes.copy()


KEPT: dict[int, dict[str, float]] = {
    LEFT: {
        "event": 127.8141, "value": 155.715, "note": -26.5614, "filled": -1.9144,
        "pair": -2360.3846, "link": 1858.7848, "skip": -4791.2951, "choice": -35.7137,
        "fixed": -5402.7346,
    },
    RIGHT: {
        "event": 171.3667, "value": -58.8207, "note": -7.8136, "filled": -1.9144,
        "pair": -2447.4609, "link": 11918.9499, "skip": -3709.2265, "choice": -36.6633,
        "fixed": -5316.1107,
    },
}  # fmt: skip
"""`prints` of `small_piece`."""


def small_piece() -> np.ndarray:
    """Runs, chords, held keys, a crowd, leaps and rests in both hands."""
    rng = np.random.default_rng(11)
    rows: list[tuple[float, float, int, int]] = []
    at = 0.0
    for step in range(60):
        at += float(rng.choice([0.07, 0.12, 0.2, 0.3, 0.6, 1.2]))
        size = 7 if step == 30 else int(rng.choice([1, 1, 1, 2, 3, 5]))
        for side, low in ((LEFT, 36), (RIGHT, 62)):
            for pitch in low + rng.choice(24, size, replace=False):
                rows.append((at + 0.001 * side, at + float(rng.uniform(0.1, 1.5)), pitch, side))
    notes = make_notes([(on, max(end, on), int(pitch), 64) for on, end, pitch, _ in rows])
    notes["hand"] = [row[3] for row in rows]
    return Performance.create(notes).notes.copy()


def inputs_of(hand: int) -> LineInputs:
    notes = small_piece()
    return line_inputs(hand_line(notes, hand), notes)


def prints(hand: int) -> dict[str, float]:
    """A number for each array: its values weighted by place."""
    found = {}
    for name in ("event", "value", "note", "filled", "pair", "link", "skip", "choice", "fixed"):
        values = np.asarray(getattr(inputs_of(hand), name), float).ravel()
        values = np.maximum(values, -1000)  # not the impossible
        found[name] = float(values @ np.cos(np.arange(len(values))))
    return found


# --- inputs ---------------------------------------------------------------------------------------


def columns(rows: list[Row], name: str, hand: int = RIGHT) -> list[int]:
    notes = notes_of(rows, hand)
    made = line_inputs(hand_line(notes, hand), notes)
    names = list(EVENT_COLUMNS)
    offset = sum(EVENT_COLUMNS[other] for other in names[: names.index(name)])
    return (made.event[:, names.index(name)] - offset).tolist()


def test_time_to_the_neighbours_in_steps() -> None:
    onsets = np.cumsum([0, 0.08, 0.1, 0.2, 0.3, 0.5, 1.0])
    rows = [(float(on), float(on) + 0.05, 60 + at) for at, on in enumerate(onsets)]
    assert columns(rows, "before") == [6, 0, 1, 2, 3, 4, 5]
    assert columns(rows, "after") == [0, 1, 2, 3, 4, 5, 6]


def test_overlap_in_steps() -> None:
    # Released 0.6, 0.3, 0 of the gap early, 0.2 and 0.4 of it late.
    rows = [
        (at * 1.0, at + 1 + over, 60 + at) for at, over in enumerate((-0.6, -0.3, 0.0, 0.2, 0.4))
    ]
    assert columns([*rows, (5.0, 5.5, 70)], "overlap") == [0, 1, 2, 3, 4, 5]


def test_classes_counts_and_scale() -> None:
    rows: list[Row] = [(0.0, 0.5, 62), (1.0, 1.5, 66), (1.0, 1.5, 69), (2.0, 2.5, 74)]
    assert columns(rows, "low_class") == [2, 6, 2]
    assert columns(rows, "high_class") == [2, 9, 2]
    assert columns(rows, "count") == [0, 1, 0]
    assert columns(rows, "collection") == [2, 2, 2]  # D major
    # In the mirror at D, D stays, F sharp becomes B flat and A becomes G.
    assert columns(rows, "low_class", LEFT) == [2, 7, 2]
    assert columns(rows, "high_class", LEFT) == [2, 10, 2]


def test_places_in_a_chord() -> None:
    notes = notes_of([(0.0, 1.0, 60), (0.0, 1.0, 64), (0.0, 1.0, 67)])
    made = line_inputs(hand_line(notes, RIGHT), notes)
    offsets = np.cumsum([0, *NOTE_COLUMNS.values()])[:-1]
    shown = made.note[0] - offsets
    assert shown[:3].tolist() == [[0, 0, 7, 3], [4, 4, 3, 4], [7, 7, 0, 5]]
    assert made.filled[0].tolist() == [True, True, True, False, False]
    assert made.choice[0, :, 2:].tolist() == [[f, f, f] for f in made.choice[0, :, 4].tolist()]
    assert (made.fixed[0] > IMPOSSIBLE / 2).all()


def test_what_the_weights_were_trained_on_is_kept() -> None:
    for hand, kept in KEPT.items():
        found = prints(hand)
        for name, value in kept.items():
            assert found[name] == pytest.approx(value, rel=1e-4, abs=1e-2), (hand, name)


# --- reach ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "least", "greatest"),
    [(1, 2, -5, 10), (1, 3, -4, 12), (1, 4, -2, 14), (1, 5, 1, 15), (2, 3, 1, 5),
     (2, 4, 1, 7), (2, 5, 2, 10), (3, 4, 1, 4), (3, 5, 1, 7), (4, 5, 1, 5)],
)  # fmt: skip
def test_practical_spans_are_parncutts(low: int, high: int, least: int, greatest: int) -> None:
    for finger, other, sign in ((low, high, 1), (high, low, -1)):
        for end, inwards in ((least, 0.1), (greatest, -0.1)):
            inside, outside = sign * (end + inwards), sign * (end - inwards)
            assert within_reach(finger, other, inside * SEMITONE_M)
            assert not within_reach(finger, other, outside * SEMITONE_M)


def test_a_chord_out_of_reach_costs_by_the_excess() -> None:
    free = chord_penalty(np.array(15 * SEMITONE_M + 0.006))[0, 4]
    far = chord_penalty(np.array(15 * SEMITONE_M + 0.026))[0, 4]
    assert free == pytest.approx(0, abs=1e-9)
    assert far == pytest.approx(150 * 0.02 * 2)
    table = chord_penalty(np.array(2 * SEMITONE_M))
    excess = 2 * SEMITONE_M - 0.006
    np.testing.assert_allclose(np.diag(table), 25 + 150 * excess * (1 + excess / 0.02))
    assert table[1, 2] == 0
    assert table[2, 1] >= 20  # crossed
    small = chord_penalty(np.array(15 * SEMITONE_M), 0.8)[0, 4]
    excess = 3 * SEMITONE_M - 0.006
    assert small == pytest.approx(150 * excess * (1 + excess / 0.02))


def test_a_held_key_costs_by_the_time_it_loses() -> None:
    away = np.array(4 * SEMITONE_M)
    whole, half = held_penalty(away, np.array(0.3)), held_penalty(away, np.array(0.15))
    assert whole[1, 1] == pytest.approx(15 + min(60 * (4 * SEMITONE_M - 0.006), 6))
    np.testing.assert_allclose(half, whole / 2)
    np.testing.assert_allclose(held_penalty(away, np.array(2.0)), whole)
    assert held_penalty(away, np.array(-1.0)).max() == 0
    assert whole[0, 2] == 0
    # Long fingers cross, the thumb does not.
    assert whole[3, 2] == pytest.approx(3 + min(60 * (5 * SEMITONE_M - 0.006), 3))
    assert held_penalty(np.array(-2 * SEMITONE_M), np.array(0.3))[2, 0] == 0


def test_haste_costs_by_the_time_that_is_short() -> None:
    way = 0.1
    needed = 0.055 + way / 2
    found = haste_penalty(np.array(way), np.array(0.07))
    assert found[2, 2] == pytest.approx(14 * (needed - 0.07) / needed)
    assert found[0, 4] == 0
    assert haste_penalty(np.array(way), np.array(needed + 1e-6)).diagonal().max() == 0
    again = haste_penalty(np.array(0.0), np.array(0.06))
    np.testing.assert_allclose(np.diag(again), 14 * 0.03 / 0.09)
    assert again[0, 1] == 0
    at_once = haste_penalty(np.array(way), np.array(0.049))
    np.testing.assert_allclose(at_once, chord_penalty(np.array(way)))
    np.testing.assert_allclose(haste_penalty(np.array(0.0), np.array(0.049)), 8 * np.eye(5))


def test_chords_that_no_choice_reaches() -> None:
    def beyond(*pitches: int) -> bool:
        line = hand_line(notes_of([(0.0, 1.0, pitch) for pitch in pitches]), RIGHT)
        return bool(unreachable_events(line.notes, line.note_x_m, line.choices, 1.0))

    assert not beyond(60, 76)
    assert beyond(60, 77)
    assert not beyond(60)
    assert not beyond(60, 62, 64, 65, 67, 69)
    assert beyond(60, 63, 66, 69, 72, 75)


# --- lines ----------------------------------------------------------------------------------------


def test_what_is_struck_together() -> None:
    def runs(onsets: list[float], lengths: list[float], pitches: list[int]) -> list[int]:
        onset = np.array(onsets)
        return [end - first for first, end in chord_starts(
            onset, onset + lengths, np.array(pitches))]  # fmt: skip

    assert runs([0, 0.034], [0.05, 0.05], [60, 64]) == [2]
    assert runs([0, 0.036], [0.05, 0.05], [60, 64]) == [1, 1]
    assert runs([0, 0.045], [1, 1], [60, 64]) == [2]
    assert runs([0, 0.051], [1, 1], [60, 64]) == [1, 1]
    # A short note that lies within a long one.
    assert runs([0, 0.045], [1, 0.1], [60, 64]) == [2]
    assert runs([0, 0.045], [0.1, 1], [60, 64]) == [1, 1]
    assert runs([1000, 1000.045], [0.1, 0.1], [60, 64]) == [1, 1]
    assert runs([0, 0.01, 0.02], [1, 1, 1], [60, 64, 60]) == [2, 1]


def test_given_fingers_out_of_order_take_the_most_regular_rest() -> None:
    notes = notes_of([(0.0, 1.0, 60), (0.0, 1.0, 64), (0.0, 1.0, 67)])
    notes["finger"] = [2, 1, 0]
    line = hand_line(notes, RIGHT)
    # 1 2 3 is changed least (by two), the rest being the first such: 2 1 and then 3.
    assert line.choices[0].tolist() == [[1, 0, 2]]
    assert len(contradictions(line, notes)) == 1
    notes["finger"] = [1, 0, 4]
    line = hand_line(notes, RIGHT)
    assert line.choices[0].tolist() == [[0, 1, 3], [0, 2, 3]]
    assert not contradictions(line, notes)


# --- restraint ------------------------------------------------------------------------------------


def penalties(rows: list[Row]) -> np.ndarray:
    notes = notes_of(rows)
    line = hand_line(notes, RIGHT)
    return pair_penalty(line, notes, np.array([0]), np.array([1]), 1.0)[0]


def test_pairs_are_hindered_by_haste_and_by_holding() -> None:
    fast = penalties([(0.0, 0.1, 60), (0.1, 0.2, 72)])
    offset = np.array(7 * KEY_M)
    np.testing.assert_allclose(fast, haste_penalty(offset, np.array(0.1)))
    assert penalties([(0.0, 0.25, 60), (0.25, 0.5, 72)]).max() == 0
    held = penalties([(0.0, 1.2, 60), (1.0, 2.0, 72)])
    np.testing.assert_allclose(held, held_penalty(offset, np.array(0.2)))
    assert penalties([(0.0, 1.059, 60), (1.0, 2.0, 72)]).max() == 0
    # Held only as long as the later note.
    held = penalties([(0.0, 3.0, 60), (1.0, 1.1, 72)])
    np.testing.assert_allclose(held, held_penalty(offset, np.array(0.1)))


def test_restraint_lies_at_the_later_event() -> None:
    notes = notes_of([(0.0, 3.0, 60), (0.5, 0.9, 64), (1.0, 1.4, 67)])
    line = hand_line(notes, RIGHT)
    made = Restraint.of(line_inputs(line, notes), line, notes)
    assert made.step[0].max() == 0
    want = held_penalty(np.array(2 * KEY_M), np.array(0.4))
    # One finger on two keys in a row is awkward besides.
    awkward = 4.0 * np.eye(5)
    np.testing.assert_allclose(made.step[1, :5, :5], want + awkward, rtol=1e-5)
    np.testing.assert_allclose(made.step[2, :5, :5], awkward)
    want = held_penalty(np.array(4 * KEY_M), np.array(0.4))
    np.testing.assert_allclose(made.skip[2, :5, :5], want, rtol=1e-5)
    assert made.skip[:2].max() == 0


def test_fingers_that_clash_within_fifty_milliseconds() -> None:
    def clash(gap_sec: float, pitch: int, fingers: list[int]) -> list[list[int]]:
        notes = notes_of([(0.0, 0.04, 60), (gap_sec, gap_sec + 0.04, pitch)])
        return clashes(hand_line(notes, RIGHT), notes, np.array(fingers))

    assert clash(0.045, 84, [1, 5]) == [[0, 1]]
    assert clash(0.051, 84, [1, 5]) == []
    assert clash(0.045, 72, [1, 5]) == []
    assert clash(0.045, 62, [1, 1]) == []  # one finger on two neighbouring keys
    assert clash(0.045, 64, [1, 1]) == [[0, 1]]
    assert clash(0.045, 64, [2, 1]) == [[0, 1]]


def test_groups_that_share_a_note_are_one() -> None:
    assert merged([[3, 4], [0, 1], [1, 2]]) == [(0, 1, 2), (3, 4)]
    assert merged([[0, 1], [2, 3], [1, 2]]) == [(0, 1, 2, 3)]
    assert merged([]) == []


def test_keys_lie_where_these_cases_need_them() -> None:
    np.testing.assert_allclose(np.diff(key_centre_x(np.array([60, 64, 67, 72]))),
                               KEY_M * np.array([2, 2, 3]))  # fmt: skip
