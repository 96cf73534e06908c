"""Difficulty: the laws that it keeps, and an order that nobody disputes."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duemani.analysis.difficulty import difficulty, overall
from duemani.datasets.fingering.canonical import canonical_pieces
from duemani.errors import InputError
from duemani.models.fingering.choose import Fingering
from duemani.performance import LEFT, RIGHT, Performance, make_notes

PIECES = {piece.name.removeprefix("canonical/"): piece.performance for piece in canonical_pieces()}


def fingering(performance: Performance) -> Fingering:
    count = len(performance.notes)
    return Fingering(performance, np.full((count, 5), 0.2), np.zeros(count, int))


def at_tempo(performance: Performance, factor: float, transpose: int = 0) -> Performance:
    notes = performance.notes.copy()
    notes["onset_sec"] /= factor
    notes["release_sec"] /= factor
    notes["pitch"] += transpose
    return Performance.create(notes)


def bars(performance: Performance, length_sec: float = 1.6) -> np.ndarray:
    return np.arange(0.0, max(performance.duration_sec - 1e-6, 0.1), length_sec)


def value(name: str, tempo: float = 1.0) -> float:
    starts = bars(PIECES[name]) / tempo
    return overall(difficulty(fingering(at_tempo(PIECES[name], tempo)), starts))


def one_hand(rows: list[tuple[float, float, int, int]], hand: int = RIGHT) -> Performance:
    notes = make_notes([(onset, end, pitch, 64) for onset, end, pitch, _ in rows])
    notes["hand"] = hand
    notes["finger"] = [row[3] for row in rows]
    return Performance.create(notes)


@pytest.mark.parametrize("name", sorted(PIECES)[::40])
def test_faster_is_never_easier(name: str) -> None:
    performance, starts = PIECES[name], bars(PIECES[name])
    last = np.zeros(len(starts))
    for tempo in (0.3, 0.5, 0.9, 1.0, 1.05, 1.7, 3.0, 6.0):
        now = difficulty(fingering(at_tempo(performance, tempo)), starts / tempo)
        assert (now >= last - 1e-9).all()
        assert ((now >= 0) & (now <= 10)).all()
        last = now


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 60), st.integers(1, 12), st.integers(21, 108), st.integers(0, 5),
            st.integers(-1, 1),
        ),
        max_size=40,
    ),
    st.floats(1.0, 4.0),
    st.floats(0.12, 0.32),
)  # fmt: skip
def test_laws_hold_for_anything(
    cells: list[tuple[int, int, int, int, int]], faster: float, span_m: float
) -> None:
    rows = list({(cell[0], cell[2]): cell for cell in cells}.values())
    notes = make_notes([(at / 8, (at + long) / 8, pitch, 64) for at, long, pitch, _, _ in rows])
    notes["finger"], notes["hand"] = [row[3] for row in rows], [row[4] for row in rows]
    performance = Performance.create(notes)
    starts = np.arange(5) * 1.7
    slow = difficulty(fingering(performance), starts, span_m)
    fast = difficulty(fingering(at_tempo(performance, faster)), starts / faster, span_m)
    assert slow.shape == (5,)
    assert np.isfinite(slow).all()
    assert ((slow >= 0) & (slow <= 10)).all()
    assert (fast >= slow - 1e-6).all()
    larger = difficulty(fingering(performance), starts, 0.32)
    assert np.isfinite(larger).all()


def test_an_octave_higher_is_as_hard() -> None:
    for name in ("scale/E_flat_major/2oct", "arpeggio/C_major/inversion0/2oct", "octaves/D_major"):
        starts = bars(PIECES[name])
        here = difficulty(fingering(PIECES[name]), starts)
        there = difficulty(fingering(at_tempo(PIECES[name], 1.0, 12)), starts)
        np.testing.assert_allclose(here, there, atol=0.05)


def test_empty_bars() -> None:
    performance = one_hand([(0.0, 0.4, 60, 1), (4.2, 4.6, 62, 2)])
    found = difficulty(fingering(performance), np.array([0.0, 2.0, 4.0]))
    assert found[0] > 0
    assert found[1] == 0
    assert found[2] > 0
    assert difficulty(fingering(performance), np.zeros(0)).shape == (0,)
    assert difficulty(fingering(Performance()), np.array([0.0, 1.0])).tolist() == [0.0, 0.0]


def test_both_hands_are_harder_than_one() -> None:
    both = PIECES["scale/C_major/2oct"]
    for hand in (LEFT, RIGHT):
        alone = Performance.create(both.notes[both.notes["hand"] == hand])
        starts = bars(both)
        assert (difficulty(fingering(alone), starts) < difficulty(fingering(both), starts)).all()


def test_independent_hands_are_harder() -> None:
    together = PIECES["five_fingers/C_major"]
    notes = together.notes.copy()
    notes["onset_sec"][notes["hand"] == LEFT] += 0.1
    notes["release_sec"][notes["hand"] == LEFT] += 0.1
    starts = bars(together)
    apart = difficulty(fingering(Performance.create(notes)), starts)
    assert overall(apart) > overall(difficulty(fingering(together), starts))


def test_a_small_hand_finds_octaves_harder() -> None:
    octaves = PIECES["octaves/C_major"]
    starts = bars(octaves)
    small, large = (difficulty(fingering(octaves), starts, span) for span in (0.17, 0.24))
    assert (small > large).all()


def test_nobody_disputes_this_order() -> None:
    assert value("five_fingers/C_major") < value("scale/C_major/2oct")
    assert value("scale/C_major/2oct") < value("arpeggio/C_major/inversion0/2oct")
    assert value("five_fingers/C_major") < value("octaves/C_major")
    assert value("trill/C_2/right") < value("octaves/C_major", 2.0)
    assert value("scale/C_major/2oct", 0.5) < 2.0
    assert value("octaves/C_major", 2.0) > 6.0


def test_leaps_cost_more_the_wider_they_are() -> None:
    def leaping(semitones: int) -> float:
        rows = [
            (at * 0.3, at * 0.3 + 0.3, 60 + semitones * (at % 2), 1 + 4 * (at % 2))
            for at in range(16)
        ]
        return overall(difficulty(fingering(one_hand(rows)), np.array([0.0, 2.4])))

    assert leaping(7) < leaping(19) < leaping(31)


@pytest.mark.parametrize("starts", [[1.0, 0.0], [0.0, 0.0], [0.0, np.nan], [0.0, np.inf]])
def test_bars_that_are_none(starts: list[float]) -> None:
    with pytest.raises(InputError, match="bars have to begin"):
        difficulty(fingering(PIECES["scale/C_major/1oct"]), np.array(starts))


def test_overall() -> None:
    assert overall(np.zeros(3)) == 0
    assert overall(np.array([0.0, 1.0, 2.0, 3.0, 4.0])) == pytest.approx(4.0)


def test_quick() -> None:
    performance = PIECES["scale/C_major/4oct"]
    start = time.perf_counter()
    for _ in range(10):
        difficulty(fingering(performance), bars(performance))
    assert time.perf_counter() - start < 5.0
