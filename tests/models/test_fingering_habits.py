"""What a pianist would not print: one finger walking, patterns that change midway."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from duemani.models.fingering.choose import choose_fingers
from duemani.performance import LEFT, RIGHT, Performance, make_notes

Chords = list[tuple[int, ...]]


def fingers(chords: Chords, step_sec: float, hand: int = RIGHT, length: float = 0.95) -> Chords:
    """Fingers of chords, `step_sec` apart."""
    rows = [
        (at * step_sec, (at + length) * step_sec, pitch, 64)
        for at, chord in enumerate(chords)
        for pitch in chord
    ]
    notes = make_notes(rows)
    notes["hand"] = hand
    chosen = iter(choose_fingers(Performance.create(notes)).performance.notes["finger"].tolist())
    return [tuple(next(chosen) for _ in chord) for chord in chords]


def singles(pitches: list[int]) -> Chords:
    return [(pitch,) for pitch in pitches]


def flat(found: Chords) -> list[int]:
    return [finger for (finger,) in found]


@pytest.mark.parametrize("hand", [LEFT, RIGHT])
@pytest.mark.parametrize("start", [60, 62, 65, 67])
def test_no_finger_walks_along_a_line_of_quarters(hand: int, start: int) -> None:
    scale = np.array([0, 2, 4, 5, 7, 9, 7, 5, 4, 2, 0])
    pitches = (start + scale if hand == RIGHT else start - scale).tolist()
    found = flat(fingers(singles(pitches), 0.6, hand))
    assert all(one != other for one, other in pairwise(found))


@pytest.mark.parametrize("hand", [LEFT, RIGHT])
def test_thirds_move_both_fingers(hand: int) -> None:
    white = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76]
    found = fingers([(white[at], white[at + 2]) for at in range(8)], 0.3, hand)
    for before, now in pairwise(found):
        assert before[0] != now[0]
        assert before[1] != now[1]


def test_a_run_over_chords_leaves_thumb_and_index_to_them() -> None:
    chords: Chords = [(60, 64, 69), (70,), (71,), (72,), (64, 69, 73), (74,), (75,), (76,)]
    chords += [(69, 72, 77), (76,), (75,), (74,), (64, 69, 73)]
    found = fingers(chords, 0.12)
    assert all(finger >= 3 for chord in found if len(chord) == 1 for finger in chord)


@pytest.mark.parametrize(
    ("count", "cycle"), [(16, [4, 3, 2, 1]), (8, [4, 3, 2, 1]), (9, [3, 2, 1])]
)
def test_fast_repeated_notes_keep_one_change(count: int, cycle: list[int]) -> None:
    found = flat(fingers(singles([67] * count), 0.15))
    assert found == np.resize(cycle, count).tolist()


def test_slow_repeated_notes_need_no_change() -> None:
    assert len(set(flat(fingers(singles([67] * 6), 0.7)))) == 1


@pytest.mark.parametrize(
    "figure", [[72, 67, 69, 65], [65, 69, 67, 72], [64, 65, 67, 60], [72, 71, 69, 67]]
)
def test_a_figure_repeated_at_once_keeps_its_fingers(figure: list[int]) -> None:
    found = flat(fingers(singles([*figure] * 4), 0.2))
    assert found == found[:4] * 4


def test_broken_chords_that_move_up_are_no_figure() -> None:
    groups = [[57, 60, 64, 69], [60, 64, 69, 72], [64, 69, 72, 76], [69, 72, 76, 81]]
    found = flat(fingers(singles([pitch for group in groups for pitch in group]), 0.12))
    assert [found[at] for at in (0, 4, 8, 12)] == [1, 1, 1, 1]
    assert [found[at] for at in (3, 7, 11, 15)] == [5, 5, 5, 5]


def test_a_phrase_that_comes_again_elsewhere_keeps_its_fingers() -> None:
    theme = [76, 75, 76, 75, 76, 71, 74, 72]
    found = flat(fingers(singles([*theme, 69, 60, 64, 69, 71, 64, 68, 71, 72, 64, *theme]), 0.15))
    assert found[:8] == found[-8:]
