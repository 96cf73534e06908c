"""Hands and fingers: canonical fingerings, what a hand can do, and robustness."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duemani.errors import InputError
from duemani.evaluation.fingering.agreement import (
    general_match_rate,
    hand_accuracy,
    highest_match_rate,
    infeasibility,
    match_rate,
)
from duemani.models.fingering.choose import assign_fingers, choose_fingers
from duemani.models.fingering.lines import chord_starts
from duemani.models.fingering.model import FingeringModel
from duemani.models.fingering.reach import within_reach
from duemani.performance import LEFT, RIGHT, UNKNOWN_HAND, Performance, make_notes

MAJOR = np.array([0, 2, 4, 5, 7, 9, 11])


def line(pitches: list[int], hand: int = UNKNOWN_HAND, step_sec: float = 0.2) -> Performance:
    """Notes one after another, legato."""
    rows = [(float(i * step_sec), float((i + 1) * step_sec), p, 64) for i, p in enumerate(pitches)]
    notes = make_notes(rows)
    notes["hand"] = hand
    return Performance.create(notes)


def chord(pitches: list[int], hand: int = UNKNOWN_HAND, onset_sec: float = 0.0) -> Performance:
    notes = make_notes([(onset_sec, onset_sec + 1.0, pitch, 64) for pitch in pitches])
    notes["hand"] = hand
    return Performance.create(notes)


def major_scale(tonic: int, octaves: int = 2) -> list[int]:
    up = [tonic + 12 * octave + int(step) for octave in range(octaves) for step in MAJOR]
    return [*up, tonic + 12 * octaves, *reversed(up)]


def fingers(performance: Performance) -> str:
    return "".join(str(finger) for finger in performance.notes["finger"])


def palindrome(up: str) -> str:
    return up + up[-2::-1]


@pytest.mark.parametrize(
    ("tonic", "right", "left"),
    [
        (60, "123123412312345", "543213214321321"),  # C major
        (55, "123123412312345", "543213214321321"),  # G major
        (58, "212312341231234", "321432132143213"),  # B-flat major
    ],
)
def test_scales_have_their_canonical_fingering(tonic: int, right: str, left: str) -> None:
    played_right = fingers(assign_fingers(line(major_scale(tonic), RIGHT)))
    played_left = fingers(assign_fingers(line(major_scale(tonic - 12), LEFT)))
    for played, canonical in ((played_right, right), (played_left, left)):
        agree = np.mean([a == b for a, b in zip(played, palindrome(canonical), strict=True)])
        # The ends of a scale have alternatives (B-flat: 4 or 2 at the turn).
        assert agree >= 0.85, (played, palindrome(canonical))


def test_c_major_scale_is_exact() -> None:
    played = fingers(assign_fingers(line(major_scale(60), RIGHT)))
    assert played == palindrome("123123412312345")


def test_arpeggio_passes_the_thumb() -> None:
    arpeggio = [60, 64, 67, 72, 76, 79, 84]
    played = fingers(assign_fingers(line([*arpeggio, *arpeggio[-2::-1]], RIGHT)))
    assert played == palindrome("1231235")


def test_triads_and_octaves() -> None:
    assert fingers(assign_fingers(chord([60, 64, 67], RIGHT))) == "135"
    assert fingers(assign_fingers(chord([48, 52, 55], LEFT))) == "531"
    assert fingers(assign_fingers(chord([60, 72], RIGHT))) == "15"
    assert fingers(assign_fingers(chord([36, 48], LEFT))) == "51"


def test_five_finger_position_stays() -> None:
    assert fingers(assign_fingers(line([60, 62, 64, 65, 67, 65, 64, 62, 60], RIGHT))) == "123454321"


def test_left_hand_mirrors_the_right() -> None:
    pitches = [60, 64, 62, 65, 67, 69, 71, 72, 70, 66, 63]
    mirrored = [124 - pitch for pitch in pitches]
    right = assign_fingers(line(pitches, RIGHT)).notes["finger"]
    left = assign_fingers(line(mirrored, LEFT)).notes["finger"]
    np.testing.assert_array_equal(right, left)


def test_fast_repetition_changes_fingers() -> None:
    played = assign_fingers(line([72] * 12, RIGHT, step_sec=0.075)).notes["finger"]
    assert (np.diff(played) != 0).mean() > 0.9


def test_fast_leap_takes_another_finger() -> None:
    played = assign_fingers(line([60, 67], RIGHT, step_sec=0.06)).notes["finger"]
    assert played[0] < played[1]


def test_held_key_keeps_its_finger() -> None:
    """A melody over a held bass note of the same hand leaves the thumb on it."""
    held = make_notes([(0.0, 2.0, 60, 64)])
    melody = make_notes(
        [(0.25 * i, 0.25 * i + 0.25, p, 64) for i, p in enumerate([67, 69, 71] * 2)]
    )
    notes = np.concatenate([held, melody])
    notes["hand"] = RIGHT
    played = assign_fingers(Performance.create(notes)).notes
    assert played["finger"][played["pitch"] == 60].tolist() == [1]
    assert (played["finger"][played["pitch"] > 60] > 1).all()


def test_far_apart_notes_go_to_different_hands() -> None:
    played = assign_fingers(chord([36, 40, 72, 76])).notes
    assert played["hand"].tolist() == [LEFT, LEFT, RIGHT, RIGHT]


def test_melody_with_accompaniment_is_split() -> None:
    bass = line([48, 55, 52, 55] * 8, step_sec=0.2).notes.copy()
    tune = line([72, 74, 76, 77, 79, 77, 76, 74], step_sec=0.8).notes.copy()
    bass["hand"], tune["hand"] = LEFT, RIGHT
    known = Performance.create(np.concatenate([bass, tune]))
    bare = known.notes.copy()
    bare["hand"] = UNKNOWN_HAND
    played = assign_fingers(Performance.create(bare))
    assert hand_accuracy(played.notes["hand"], known.notes["hand"]) == 1.0


def test_given_hands_and_fingers_are_kept() -> None:
    notes = line(major_scale(60)).notes.copy()
    notes["hand"][::3] = LEFT
    notes["finger"][::4] = [5, 5, 1, 1, 3, 3, 2, 2][: len(notes[::4])]
    played = assign_fingers(Performance.create(notes)).notes
    np.testing.assert_array_equal(played["hand"][::3], LEFT)
    np.testing.assert_array_equal(played["finger"][::4], notes["finger"][::4])
    assert (played["confidence"][::4] == 1).all()


def test_given_fingers_out_of_order_are_kept_too() -> None:
    notes = chord([60, 64, 67], RIGHT).notes.copy()
    notes["finger"] = [3, 3, 1]
    assert assign_fingers(Performance.create(notes)).notes["finger"].tolist() == [3, 3, 1]


def test_small_hands_do_not_stretch_like_large_ones() -> None:
    pitches = [60, 67, 76]
    assert within_reach(1, 5, 0.21, 1.1)
    assert not within_reach(1, 5, 0.21, 0.8)
    for span_m in (0.16, 0.206, 0.26):
        assert (assign_fingers(chord(pitches), span_m).notes["finger"] > 0).all()
    with pytest.raises(InputError, match="span"):
        assign_fingers(chord(pitches), 2.0)


def test_empty_and_single() -> None:
    assert len(assign_fingers(Performance()).notes) == 0
    one = assign_fingers(line([60])).notes
    assert one["hand"][0] in (LEFT, RIGHT)
    assert 1 <= one["finger"][0] <= 5


def test_only_hands_and_fingers_change() -> None:
    before = line(major_scale(60))
    after = assign_fingers(before)
    for field in ("onset_sec", "release_sec", "pitch", "velocity"):
        np.testing.assert_array_equal(before.notes[field], after.notes[field])
    assert (before.notes["finger"] == 0).all()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(
        st.tuples(
            st.floats(0, 3),
            st.floats(0, 2),
            st.integers(21, 108),
            st.integers(-1, 1),
            st.sampled_from([0, 0, 0, 1, 3, 5]),
        ),
        max_size=50,
    )
)
def test_any_notes_get_hands_and_fingers(rows: list[tuple[float, float, int, int, int]]) -> None:
    notes = make_notes([(onset, onset + length, pitch, 64) for onset, length, pitch, _, _ in rows])
    notes["hand"] = [row[3] for row in rows]
    notes["finger"] = [row[4] for row in rows]
    before = Performance.create(notes)
    after = assign_fingers(before).notes
    assert np.isin(after["hand"], (LEFT, RIGHT)).all()
    assert ((after["finger"] >= 1) & (after["finger"] <= 5)).all()
    assert ((after["confidence"] >= 0) & (after["confidence"] <= 1)).all()
    known = before.notes["finger"] > 0
    np.testing.assert_array_equal(after["finger"][known], before.notes["finger"][known])


def test_all_keys_at_once() -> None:
    played = assign_fingers(chord(list(range(21, 109)))).notes
    assert ((played["finger"] >= 1) & (played["finger"] <= 5)).all()


def noisy_piece(count: int) -> Performance:
    """Broken chords and runs with jittered onsets and overlaps, like a performance."""
    generator = np.random.default_rng(3)
    rows = []
    for at in range(count // 4):
        bass, top = 40 + 5 * (at % 3), 67 + int(generator.integers(0, 10))
        for offset, pitch in ((0, bass), (0, top), (0.005, top + 4), (0.12, bass + 7)):
            onset = 0.25 * at + offset + float(generator.uniform(0, 0.03))
            rows.append((onset, onset + 0.2 + float(generator.uniform(0, 0.1)), pitch, 64))
    return Performance.create(make_notes(rows))


def test_performed_timing_gives_playable_fingers() -> None:
    played = assign_fingers(noisy_piece(800))
    counts = infeasibility(played)
    assert counts.same_finger == 0
    assert counts.crossed == 0
    assert counts.too_many == 0
    assert hand_accuracy(played.notes["hand"], (played.notes["pitch"] > 60).astype(int)) > 0.95


def test_same_input_same_fingers() -> None:
    first, second = (assign_fingers(noisy_piece(200)).notes for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_rolled_chords_are_chords_and_fast_runs_are_not() -> None:
    rolled = np.array([0, 0.02, 0.045])
    pitch = np.array([60, 64, 67])
    assert chord_starts(rolled, rolled + 1, pitch) == [(0, 3)]
    run = np.array([0, 0.045, 0.09])
    assert chord_starts(run, run + 0.05, pitch) == [(0, 1), (1, 2), (2, 3)]
    trill = np.array([0, 0.03])
    assert chord_starts(trill, trill + 1, np.array([60, 60])) == [(0, 1), (1, 2)]


def test_match_rates() -> None:
    estimate = np.array([1, 2, 3, 4])
    annotations = [np.array([1, 2, 0, 0]), np.array([1, 3, 4, 4])]
    assert match_rate(estimate, annotations[1]) == 0.5
    assert general_match_rate(estimate, annotations) == 0.75
    assert highest_match_rate(estimate, annotations) == 1.0
    assert np.isnan(match_rate(estimate, np.zeros(4, int)))


def test_infeasibility_counts_what_a_hand_cannot_do() -> None:
    notes = chord([60, 64, 84], RIGHT).notes.copy()
    notes["finger"] = [1, 1, 2]
    counts = infeasibility(Performance.create(notes))
    assert (counts.same_finger, counts.out_of_reach) == (1, 2)
    notes["finger"] = [3, 2, 5]
    assert infeasibility(Performance.create(notes)).crossed == 1


def test_foreign_weights_are_refused(tmp_path: Path) -> None:
    content = {"hands": np.zeros(3), "about": "{}", "temperature": 1.0, "0/value_weight": [1.0]}
    np.savez(tmp_path / "a.npz", **content)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="another version"):
        FingeringModel.load(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes(b"nothing")
    with pytest.raises(InputError, match="is not a fingering"):
        FingeringModel.load(tmp_path / "b.npz")


def test_printed_fingers_are_kept_preferred_or_ignored() -> None:
    played = line([60, 62, 64, 65, 67], RIGHT)
    notes = played.notes.copy()
    notes["finger"] = [2, 0, 0, 0, 0]
    printed = Performance.create(notes)
    assert choose_fingers(printed, keep="hard").performance.notes["finger"][0] == 2
    ignored = choose_fingers(printed, keep="none").performance.notes["finger"]
    assert fingers(choose_fingers(played).performance) == "".join(map(str, ignored))
    liked = choose_fingers(printed, keep="soft").chances[0]
    free = choose_fingers(printed, keep="none").chances[0]
    assert liked[1] > 2 * free[1]
    # What no hand can do is not done for the sake of a preference.
    wide = chord([60, 76], RIGHT).notes.copy()
    wide["finger"] = [3, 4]
    soft = choose_fingers(Performance.create(wide), keep="soft").performance.notes["finger"]
    assert tuple(soft) == (1, 5)


def test_chords_out_of_reach_are_named() -> None:
    notes = np.concatenate([chord([48, 55, 64, 72, 79], RIGHT).notes, line([60, 62], RIGHT).notes])
    notes["onset_sec"][5:] += 2
    notes["release_sec"][5:] += 2
    result = choose_fingers(Performance.create(notes))
    assert result.unreachable == ((0, 1, 2, 3, 4),)
    assert not choose_fingers(chord([60, 64, 67, 72], RIGHT)).unreachable
    tenth = chord([60, 76], RIGHT)
    assert not choose_fingers(tenth).unreachable
    assert choose_fingers(tenth, hand_span_m=0.15).unreachable == ((0, 1),)
    crowd = choose_fingers(chord([60, 62, 64, 65, 67, 69], RIGHT))
    # Six neighbouring white keys: the thumb can take two.
    assert sorted(crowd.performance.notes["finger"].tolist()) == [1, 1, 2, 3, 4, 5]


def test_what_can_be_reached_is_reached() -> None:
    generator = np.random.default_rng(4)
    rows = []
    for at in range(150):
        low = int(generator.integers(40, 70))
        for step in np.cumsum([0, *generator.integers(2, 8, int(generator.integers(0, 4)))]):
            onset = at * 0.12 + float(generator.uniform(0, 0.045))
            rows.append((onset, onset + 0.1, low + int(step), 64))
    notes = make_notes(rows)
    notes["hand"] = RIGHT
    result = choose_fingers(Performance.create(notes))
    counts = infeasibility(result.performance, rolled=result.unreachable)
    assert (counts.same_finger, counts.crossed, counts.out_of_reach) == (0, 0, 0)
    assert len(result.unreachable) < 75
    # Groups share no notes.
    members = [note for group in result.unreachable for note in group]
    assert len(members) == len({*members})


def test_contradictory_prints_are_told_and_kept() -> None:
    notes = chord([60, 64, 67], RIGHT).notes.copy()
    notes["finger"] = [3, 2, 2]
    result = choose_fingers(Performance.create(notes))
    assert fingers(result.performance) == "322"
    assert len(result.remarks) == 1
    assert "contradict" in result.remarks[0]


def test_held_keys_keep_their_finger_to_themselves() -> None:
    rows = [(0.0, 2.0, 60, 64)] + [(0.25 * at, 0.25 * at + 0.24, 64 + at, 64) for at in range(1, 8)]
    notes = make_notes(rows)
    notes["hand"] = RIGHT
    played = assign_fingers(Performance.create(notes)).notes["finger"]
    assert played[0] not in played[1:]
