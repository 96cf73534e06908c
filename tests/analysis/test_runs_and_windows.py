"""Runs that are heard, their evenness, windows of a take, references and slips: by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from duemani.analysis.expression.evenness import _detrended, evenness, spread
from duemani.analysis.expression.expression import _ranked
from duemani.analysis.expression.notes import notes_against_score
from duemani.analysis.expression.reference import _by_bar, _relative, _stretches, departures
from duemani.analysis.expression.runs import find_runs
from duemani.analysis.expression.slips import _by_the_others, _moved, find_slips
from duemani.analysis.expression.take import Take, curve_times, smoothed
from duemani.performance import LEFT, RIGHT, Performance, make_notes
from duemani.report import Remark
from tests.helpers.laid import holds, laid, quarters, titles

SCALE = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79, 81, 83, 84]


def heard(
    gaps_sec: list[float], pitches: list[int] | None = None, hand: int = RIGHT,
    velocity: list[int] | None = None, finger: list[int] | None = None,
) -> Take:  # fmt: skip
    """Notes without a score, the first at 1 s."""
    onsets = 1 + np.concatenate([[0.0], np.cumsum(gaps_sec)])
    keys = pitches or np.resize([*SCALE, *SCALE[-2:0:-1]], len(onsets)).tolist()
    notes = make_notes([(on, on + 0.05, key, 64) for on, key in zip(onsets, keys, strict=True)])
    notes["hand"], notes["velocity"] = hand, velocity or 64
    if finger:
        notes["finger"] = finger
    return Take(Performance.create(notes), None)


def lengths(take: Take) -> list[tuple[int, int]]:
    return [(int(run.notes[0]), len(run.notes)) for run in find_runs(take)]


def test_runs_have_eight_notes_of_under_four_tenths() -> None:
    assert lengths(heard([0.2] * 7)) == [(0, 8)]
    assert lengths(heard([0.2] * 6)) == []
    assert lengths(heard([0.39] * 9)) == [(0, 10)]
    assert lengths(heard([0.41] * 9)) == []
    # A rest, a leap and a changed note value end them.
    assert lengths(heard([0.2] * 8 + [0.5] + [0.2] * 8)) == [(0, 9), (9, 9)]
    leap = [*SCALE[:9], 90, 91, 89, 88, 91, 90, 88, 86]
    assert lengths(heard([0.2] * 16, leap)) == [(0, 9), (9, 8)]
    octave = [*SCALE[:9], 86, 84, 83, 81, 79, 77, 76, 74]
    assert lengths(heard([0.2] * 16, octave)) == [(0, 17)]
    assert lengths(heard([0.1] * 8 + [0.2] * 8)) == [(0, 9), (9, 8)]
    # One odd interval is unevenness, not another value.
    assert lengths(heard([0.1] * 5 + [0.2] + [0.1] * 5)) == [(0, 12)]
    assert lengths(heard([0.2] * 9 + [0.005] + [0.2] * 9)) == [(0, 10), (10, 10)]


def test_kinds_of_runs() -> None:
    def kind(pitches: list[int]) -> tuple[str, int]:
        (run,) = find_runs(heard([0.1] * (len(pitches) - 1), pitches))
        return run.kind, run.hand

    assert kind([60] * 12) == ("repeated notes", RIGHT)
    assert kind([60] * 11 + [62]) == ("repeated notes", RIGHT)  # 10 of 11 intervals
    assert kind([60] * 10 + [62, 62]) == ("repeated notes", RIGHT)
    assert kind([60] * 10 + [62, 64]) == ("passage", RIGHT)
    assert kind([60, 64] * 6) == ("trill", RIGHT)
    assert kind([60, 65] * 6) == ("passage", RIGHT)
    assert kind([60, 62] * 5 + [64, 62]) == ("passage", RIGHT)


def test_each_hand_has_runs_of_its_own() -> None:
    right, left = heard([0.2] * 9), heard([0.2] * 9, [p - 24 for p in SCALE[:10]], LEFT)
    shifted = left.performance.notes.copy()
    shifted["onset_sec"] += 0.1
    shifted["release_sec"] += 0.1
    both = Take(Performance.create(np.concatenate([right.performance.notes, shifted])), None)
    assert [(run.hand, len(run.notes)) for run in find_runs(both)] == [(RIGHT, 10), (LEFT, 10)]
    unknown = heard([0.2] * 9, hand=-1)
    assert [run.hand for run in find_runs(unknown)] == [-1]


def test_a_line_is_taken_out() -> None:
    np.testing.assert_allclose(_detrended(np.arange(12.0) * 0.3 + 2), 0, atol=1e-12)
    bump = np.zeros(21)
    bump[10] = 1.0
    # Of nine places around it the mean is a ninth; beyond four places it counts nothing.
    found = _detrended(bump)
    assert found[10] == pytest.approx(8 / 9)
    assert found[15] == 0
    assert found[14] != 0
    # At four places the fitted line's slope is -4 / 60.
    assert found[14] == pytest.approx(-1 / 9)
    assert found[6] == pytest.approx(-1 / 9)
    assert spread(np.array([-0.2, 0.2, 0.1, -0.1, 0.2])) == pytest.approx(1.4826 * 0.2)


def test_uneven_runs_weigh_by_spread_and_length() -> None:
    gaps = 0.12 * np.exp(np.resize([0.3, -0.3], 31))
    found = [r for r in evenness(heard(gaps.tolist())).remarks if r.title == "Uneven passage work"]
    (remark,) = found
    deviation = _detrended(np.log(gaps))
    wide = spread(deviation)
    assert remark.weight == pytest.approx(0.35 + min(wide - 0.2, 0.3) + 0.004 * 32)
    assert remark.confidence == pytest.approx(0.9 * 0.95)
    assert remark.hand == RIGHT
    assert remark.notes == tuple(range(32))
    assert f"a run of 32 notes of the right hand vary by {100 * wide:.0f} %" in remark.text
    worst = int(np.argmax(np.abs(deviation)))
    assert ("late" in remark.text) == (deviation[worst] > 0)
    # 20 %, and more by chance in short runs.
    for size, told in ((0.14, 0), (0.2, 1)):
        rough = 0.12 * np.exp(np.resize([size, -size], 31))
        said = titles(evenness(heard(rough.tolist())))
        assert ("Uneven passage work" in said) == bool(told)


def test_uneven_touch_weighs_by_what_is_beyond() -> None:
    loud = np.resize([45, 75], 32).tolist()
    found = evenness(heard([0.12] * 31, velocity=loud)).remarks
    (remark,) = [r for r in found if "touch" in r.title]
    wide = spread(_detrended(np.array(loud, float)))
    limit = np.hypot(13, 0.5)
    assert remark.weight == pytest.approx(0.3 + 0.015 * (wide - limit))
    assert remark.confidence == pytest.approx(0.8 * 0.95)
    assert f"varies by {wide:.0f} of 127" in remark.text


def test_even_runs_are_praised() -> None:
    (praise,) = [r for r in evenness(heard([0.12] * 23)).remarks if r.praise]
    assert praise.title == "Even passage work"
    holds(praise, 0.2, 0.9, 1.0, 1 + 23 * 0.12 + 0.05)
    assert "a run of 24 notes of the right hand is even" in praise.text
    assert not [r for r in evenness(heard([0.12] * 22)).remarks if r.praise]
    repeated = evenness(heard([0.12] * 30, [60] * 31)).remarks
    assert "31 repeated notes of the right hand are even" in repeated[0].text


def fingered(late_sec: float = 0.0, louder: int = 0, hand: int = RIGHT) -> list[Remark]:
    """A run in which every fourth note has the fourth finger, late and louder than the others."""
    finger = np.resize([1, 2, 3, 4], 48)
    fourth = finger == 4
    onsets = 0.12 * np.arange(48) + late_sec * fourth
    take = heard(
        np.diff(onsets).tolist(), hand=hand, velocity=(60 + louder * fourth).tolist(),
        finger=finger.tolist(),
    )  # fmt: skip
    return [r for r in evenness(take).remarks if "Finger" in r.title or "thumb" in r.title]


def test_a_finger_that_is_late_or_heavy() -> None:
    (late,) = fingered(late_sec=0.03)
    assert late.title == "Finger 4 of the right hand is late"
    assert (late.weight, late.confidence) == (0.55, pytest.approx(0.85 * 0.95))
    assert "finger 4 strikes 30 ms after its place" in late.text
    assert late.hand == RIGHT
    assert len(late.notes) == 11  # the last of the run has no neighbour after it
    for late_sec, told in ((0.016, 0), (0.018, 1)):  # 15 ms and the tolerance of 2
        assert len(fingered(late_sec)) == told
    (heavy,) = fingered(louder=20, hand=LEFT)
    assert heavy.title == "Finger 4 of the left hand is heavy"
    assert (heavy.weight, heavy.confidence) == (0.45, pytest.approx(0.8 * 0.95))
    for louder, told in ((7, 0), (10, 1)):  # a quarter is taken out with the line
        assert len(fingered(louder=louder)) == told


# --- windows --------------------------------------------------------------------------------------


def test_windows_of_four_seconds_and_of_bars() -> None:
    take = heard([1.0] * 9)
    assert [(w.name, w.start_sec, w.end_sec) for w in take.windows] == [
        ("0:00", 0.0, 4.0), ("0:04", 4.0, 8.0), ("0:08", 8.0, pytest.approx(10.05)),
    ]  # fmt: skip
    assert take.window_of.tolist() == [0, 0, 0, 1, 1, 1, 1, 2, 2, 2]
    np.testing.assert_allclose(take.by_window(np.arange(10.0), 4), [np.nan, 4.5, np.nan])
    np.testing.assert_allclose(take.by_window(np.arange(10.0), 3), [1, 4.5, 8])
    assert take.place(61.0, 62.0) == "At 1:01"
    bars = laid(quarters(12))
    assert [(w.name, w.start_sec, w.end_sec) for w in bars.windows] == [
        ("1", 1.0, 3.0), ("2", 3.0, 5.0), ("3", 5.0, pytest.approx(6.95)),
    ]  # fmt: skip
    assert bars.place(1.0, 2.9) == "In bar 1"
    assert bars.place(2.9, 3.1) == "In bars 1-2"
    assert bars.bars(100.0, 101.0) == ""
    assert bars.window_of.tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_chords_within_fifty_milliseconds_of_the_note_before() -> None:
    take = heard([0.049, 0.049, 0.051, 0.5])
    assert take.chord_of.tolist() == [0, 0, 0, 1, 2]
    assert heard([0.5], velocity=[64, 64]).has_touch is False
    assert heard([0.5], velocity=[64, 66]).has_touch
    assert not heard([0.5], velocity=[64, 65]).has_touch


def test_remarks_keep_to_their_limits() -> None:
    take = heard([1.0])
    remark = take.remark("tempo", "a", "b", (-1.0, -2.0), 1.5, 2.0, hand=7)
    assert (remark.start_sec, remark.end_sec) == (0.0, 0.0)
    assert (remark.weight, remark.confidence, remark.hand) == (1.0, 1.0, -1)
    assert take.remark("tempo", "a", "b", (2.0, 1.0), -0.5).end_sec == 2.0
    assert take.remark("tempo", "a", "b", (2.0, 1.0), -0.5).weight == 0.0


def test_curves_have_four_points_a_second_and_no_more_than_so_many() -> None:
    times = curve_times(heard([1.0] * 4))
    np.testing.assert_allclose(times, 1 + 0.25 * np.arange(17))
    assert len(curve_times(heard([100.0] * 9))) == 1501
    assert curve_times(Take(Performance(), None)).shape == (0,)


def test_smoothing_needs_three_values_within_two_widths() -> None:
    at = np.array([0.0])
    assert np.isfinite(smoothed(at, np.array([-1.9, 0.0, 2.0]), np.zeros(3), 1.0)[0])
    assert np.isnan(smoothed(at, np.array([-1.9, 0.0, 2.1]), np.zeros(3), 1.0)[0])
    # Beyond three widths nothing counts.
    near = smoothed(at, np.array([-1.0, 0.0, 1.0, 3.1]), np.array([1.0, 1, 1, 99]), 1.0)[0]
    assert near[0] == pytest.approx(1)
    far = smoothed(at, np.array([-1.0, 0.0, 1.0, 2.9]), np.array([1.0, 1, 1, 99]), 1.0)[0]
    assert far[0] > 1


def test_so_many_remarks_of_a_kind() -> None:
    def some(kind: str, count: int, praise: bool = False) -> list[Remark]:
        take = heard([1.0])
        return [
            take.remark(kind, str(at), "", (0.0, 1.0), 0.1 + 0.01 * at, praise=praise)
            for at in range(count)
        ]

    assert [r.title for r in _ranked(some("tempo", 7))] == ["6", "5", "4", "3", "2"]
    assert len(_ranked(some("notes", 14))) == 12
    assert [r.title for r in _ranked(some("notes", 3, praise=True))] == ["2"]
    assert len(_ranked([*some("tempo", 7), *some("tempo", 2, True), *some("pedal", 1)])) == 7


# --- references -----------------------------------------------------------------------------------


def test_stretches_of_two_bars_on_one_side() -> None:
    away = np.array([2.0, 2.0, 0.5, -1.5, -2.5, -2.0, 1.5, 0.0, 1.2, -1.2, 3.0, 4.0])
    assert _stretches(away) == [(0, 1, 2.0), (3, 5, -2.0), (10, 11, 3.5)]
    assert _stretches(np.zeros(0)) == []
    assert _stretches(np.array([1.0, 1.0])) == []


def test_figures_in_relation_to_the_whole() -> None:
    nan = np.nan
    np.testing.assert_allclose(_relative("dynamics", np.array([60, 70, nan])), [-5, 5, nan])
    np.testing.assert_allclose(
        _relative("tempo", np.array([60.0, 120, 120, nan])), [-np.log(2), 0, 0, nan]
    )
    np.testing.assert_allclose(_relative("articulation", np.array([0.5, 1])), [0.5, 1])
    assert np.isnan(_relative("tempo", np.array([nan]))).all()
    take = laid(quarters(12))
    found = _by_bar(take, np.array([1.0, nan, 3.0]), np.array([2, 1, 0, 9]))
    np.testing.assert_allclose(found, [3, nan, 1, nan])


@pytest.mark.parametrize(
    ("name", "beyond", "within", "words"),
    [
        ("dynamics", 18.5, 17.5, ("Louder", "Softer")),
        ("tempo", 0.46, 0.44, ("Faster", "Slower")),
        ("articulation", 0.61, 0.59, ("More connected", "More detached")),
    ],
)
def test_departures_from_one_reference(
    name: str, beyond: float, within: float, words: tuple[str, str]
) -> None:
    take = laid(quarters(40))
    flat = np.full(10, 1.0)

    def told(away: float) -> list[Remark]:
        mine = flat.copy()
        mine[4:6] = mine[4:6] * np.exp(away) if name == "tempo" else mine[4:6] + away
        if name == "dynamics":
            mine[[0, 1]] -= away  # the mean stays
        found = departures(take, {name: mine}, [(take, {name: flat})])
        return [one for one in found if (one.start_sec, one.end_sec) == (9.0, 13.0)]

    assert not told(within)
    assert not told(-within)
    (more,), (less,) = told(beyond), told(-beyond)
    assert more.title == f"{words[0]} than the reference"
    assert less.title == f"{words[1]} than the reference"
    assert more.weight == pytest.approx(0.38, abs=0.01)
    assert more.confidence == pytest.approx(0.8 * 0.95)
    assert told(beyond * 9)[0].weight == pytest.approx(0.3 + 0.08 * 4, abs=0.01)


def test_references_that_differ_allow_more() -> None:
    take = laid(quarters(40))
    low, high = np.full(10, 0.8), np.full(10, 1.2)
    mine = np.full(10, 1.0)
    # Three deviations: n - 1 of two, 0.2 × √2.
    for away, told in ((0.83, 0), (0.87, 1)):
        mine[4:6] = 1 + away
        found = departures(
            take, {"articulation": mine},
            [(take, {"articulation": low}), (take, {"articulation": high})],
        )  # fmt: skip
        assert len([*found]) == told
    assert not [*departures(take, {"articulation": mine}, [])]


# --- slips ----------------------------------------------------------------------------------------


def test_names_move_by_octaves_and_follow_the_others_signs() -> None:
    assert (_moved("D♭5", 1), _moved("C4", -5), _moved("F♯-1", 2)) == ("D♭6", "C-1", "F♯1")
    flats, sharps = ("D♭4", "E♭4", "F♯4"), ("D♭4", "C♯4", "F♯4")
    black = [61, 63, 66, 68, 70]
    assert [_by_the_others(flats, p) for p in black] == ["D♭4", "E♭4", "G♭4", "A♭4", "B♭4"]
    assert [_by_the_others(sharps, p) for p in black] == ["C♯4", "D♯4", "F♯4", "G♯4", "A♯4"]
    assert [_by_the_others(("C4",), p) for p in black] == ["C♯4", "E♭4", "F♯4", "A♭4", "B♭4"]
    assert _by_the_others(flats, 60) == "C4"


def slipped(wrong: dict[int, int], count: int = 60) -> Take:
    """Notes struck on another key, by note and semitones."""
    take = laid(quarters(count))
    assert take.alignment is not None
    notes = take.performance.notes.copy()
    written, when = np.arange(count), []
    for at, semitones in wrong.items():
        notes["pitch"][at] += semitones
        written[at] = -1
        when.append(float(notes["onset_sec"][at]))
    found = replace(
        take.alignment, written=written, missing=np.array([*wrong]), missing_sec=np.array(when),
        match_rate=1 - len(wrong) / count,
    )  # fmt: skip
    return Take(Performance.create(notes), found)


def test_slips_in_proportion() -> None:
    two = notes_against_score(slipped({10: 1, 40: -1})).remarks
    (clean,) = two
    assert clean.title == "A clean performance: 2 slips in 60 notes"
    holds(clean, 0.3, 0.85, 1.0, 1 + 59 * 0.5 + 0.45)
    assert clean.notes == (10, 40)
    assert "58 of 60 notes are as written. The exceptions are bar 3" in clean.text
    (one,) = notes_against_score(slipped({10: 1})).remarks
    holds(one, 0.3, 0.85, 6.0, 6.3)
    assert "The exception is bar 3" in one.text
    # Three of 60 are more than 4 %, of 80 not.
    assert not notes_against_score(slipped({10: 1, 30: -1, 50: 1})).remarks[0].praise
    assert notes_against_score(slipped({10: 1, 30: -1, 50: 1}, 80)).remarks[0].praise


def test_slips_close_together_are_a_passage() -> None:
    found = notes_against_score(slipped({10: 1, 12: 2, 30: -1})).remarks
    passage, single = sorted(found, key=lambda r: -r.weight)
    assert passage.title == "2 wrong notes"
    holds(passage, 0.35 + 0.06 * 2 + 0.08, 0.85, 6.0, 7.3)
    assert passage.hand == RIGHT
    assert passage.text.startswith("Bar 3, right hand: A♭4 instead of G4; bar 4, right hand: F♯4")
    assert passage.text.endswith("(2 of 60 notes). Check it with the page.")
    assert single.title == "1 single slip"
    holds(single, 0.3, 0.85, 16.0, 16.3)
    three = notes_against_score(slipped({10: 1, 13: 2, 16: 1})).remarks
    assert three[0].title == "3 wrong notes"
    assert "Play the right hand alone and slowly here" in three[0].text
    # Two bars away is another place.
    assert titles(notes_against_score(slipped({10: 1, 16: 2, 40: 1}))) == ["3 single slips"]


def test_four_within_a_bar_are_another_text() -> None:
    crowd = slipped({10: 1, 11: 1, 12: -1, 13: -1})
    assert all(slip.doubtful for slip in find_slips(crowd))
    (remark,) = notes_against_score(crowd).remarks
    holds(remark, 0.3, 0.5, 6.0, 7.8)
    assert remark.title == "Another text than the score's in bars 3 and 4"
    assert remark.text.startswith("4 notes are not as this score has them")
    assert "and more" in remark.text
    three = slipped({10: 1, 11: 1, 12: -1})
    assert not any(slip.doubtful for slip in find_slips(three))
    wide = slipped({10: 1, 12: -1, 14: 1, 17: 1})
    assert not any(slip.doubtful for slip in find_slips(wide))


def test_the_same_slip_again_is_doubted() -> None:
    # Quarters 10 and 24 are the same key.
    again = slipped({10: 1, 24: 1})
    assert [slip.doubtful for slip in find_slips(again)] == [True, True]
    assert [slip.doubtful for slip in find_slips(slipped({10: 1, 24: 2}))] == [False, False]
