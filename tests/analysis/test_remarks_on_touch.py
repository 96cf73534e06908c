"""How much remarks on articulation and dynamics weigh, how sure they are, and from when on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from duemani.analysis.expression.articulation import articulation, held_share
from duemani.analysis.expression.dynamics import dynamics, top_notes
from duemani.analysis.expression.take import Aspect
from duemani.inputs.score.line import ScoreLine
from duemani.inputs.score.marks import Mark
from tests.helpers.laid import holds, laid, only, quarters, titles


def dotted(
    held: float, notes: range, pedal: list[tuple[float, int]] | None = None, step: float = 0.5
) -> Aspect:
    dots = tuple(frozenset(["staccato"] if at in notes else []) for at in range(40))
    line = replace(quarters(40), articulations=dots)
    return articulation(laid(line, step, held=held, pedal=pedal))


def test_staccato_held_too_long() -> None:
    holds(only(dotted(0.9, range(8, 14))), 0.35 + 0.02 * 6, 0.9, 5.0, 1 + 13 * 0.5 + 0.45)
    assert "held 90 % of their length" in only(dotted(0.9, range(8, 14))).text
    holds(only(dotted(0.9, range(8, 24))), 0.35 + 0.02 * 10, 0.9, 5.0, 1 + 23 * 0.5 + 0.45)
    assert not dotted(0.9, range(8, 10)).remarks
    assert dotted(0.9, range(8, 11)).remarks
    for held, told in ((0.8, 0), (0.81, 1)):  # 80 % and the tolerance of 0.5 %
        assert len(dotted(held, range(8, 14)).remarks) == told
    # A key needs 125 ms: what is shorter cannot be halved.
    for step, told in ((0.13, 0), (0.145, 1)):
        assert len(dotted(0.9, range(8, 14), step=step).remarks) == told


def test_under_the_pedal_dots_are_told_with_doubt() -> None:
    found = dotted(0.9, range(8, 14), [(0.0, 127), (60.0, 0)])
    assert only(found).confidence == pytest.approx((0.9 - 0.5) * 0.95)
    assert "The pedal is down here" in only(found).text
    # Under half of the notes it is not worth a word.
    found = dotted(0.9, range(8, 14), [(0.0, 127), (6.1, 0)])
    assert only(found).confidence == pytest.approx((0.9 - 0.5 * 2 / 6) * 0.95)
    assert "pedal" not in only(found).text


def slurred(
    held: np.ndarray | float, notes: range, pedal: list[tuple[float, int]] | None = None,
    count: int = 40, step: float = 0.5,
) -> Aspect:  # fmt: skip
    line = replace(quarters(count), slurred=np.isin(np.arange(count), notes))
    return articulation(laid(line, step, held=held, pedal=pedal))


def test_slurs_that_are_torn() -> None:
    holds(only(slurred(0.7, range(4, 16))), 0.3 + 0.02 * 12, 0.85, 3.0, 1 + 15 * 0.5 + 0.35)
    assert "12 of 12 slurred notes" in only(slurred(0.7, range(4, 16))).text
    holds(only(slurred(0.7, range(4, 26))), 0.3 + 0.02 * 15, 0.85, 3.0, 1 + 25 * 0.5 + 0.35)
    for last, told in ((9, 0), (10, 1)):
        assert len(slurred(0.7, range(4, last)).remarks) == told
    # A fifth of the time to the next note, at least 75 ms.
    for held, step, told in ((0.81, 0.5, 0), (0.79, 0.5, 1), (0.64, 0.2, 0), (0.61, 0.2, 1)):
        assert len(slurred(held, range(4, 16), step=step).remarks) == told
    # Half of the notes.
    for torn, told in ((5, 0), (6, 1)):
        held = np.where((np.arange(40) >= 4) & (np.arange(40) < 4 + torn), 0.7, 1.0)
        found = slurred(held, range(4, 16))
        assert len(found.remarks) == told
        if told:
            assert only(found).notes == tuple(range(4, 10))


def test_the_pedal_joins_what_the_fingers_do_not() -> None:
    # Of twelve notes torn, the first nine or eight end under the pedal.
    for last, told in ((9, 0), (8, 1)):
        found = slurred(0.7, range(4, 16), [(0.0, 127), (1 + (3 + last) * 0.5 + 0.4, 0)])
        assert len(found.remarks) == told
    assert only(found).confidence == pytest.approx((0.85 - 0.5 * 8 / 12) * 0.95)


def test_dots_far_apart_are_told_apart() -> None:
    near, far = {*range(4, 8), *range(12, 16)}, {*range(4, 8), *range(20, 24)}
    for places, told in ((near, 1), (far, 2)):
        dots = tuple(frozenset(["staccato"] if at in places else []) for at in range(40))
        found = articulation(laid(replace(quarters(40), articulations=dots), held=0.9))
        assert len(found.remarks) == told
    slow = articulation(
        laid(
            replace(
                quarters(40),
                articulations=tuple(
                    frozenset(["staccato"] if at in near else []) for at in range(40)
                ),
            ),
            1.2,
            held=0.9,
        )
    )
    assert len(slow.remarks) == 2  # 5 s from the seventh note to the twelfth


def test_grace_notes_ornaments_and_the_shortest_have_no_share() -> None:
    line = quarters(24)
    plain = laid(line, held=0.9)
    np.testing.assert_allclose(held_share(plain), 0.9)
    no = np.arange(24)
    for name in ("grace", "ornament"):
        share = held_share(laid(replace(line, **{name: no == 5}), held=0.9))
        assert np.flatnonzero(np.isnan(share)).tolist() == [5]
    short = replace(line, duration_quarter=np.where(no == 5, 0.03, 1.0))
    assert np.flatnonzero(np.isnan(held_share(laid(short, held=0.9)))).tolist() == [5]
    longer = replace(line, duration_quarter=np.where(no == 5, 0.05, 1.0))
    assert np.isfinite(held_share(laid(longer, held=0.02))).all()


# --- dynamics -------------------------------------------------------------------------------------


def sounded(line: ScoreLine, velocity: np.ndarray, step: float = 0.5) -> Aspect:
    return dynamics(laid(line, step, velocity=np.round(velocity).astype(int)))


def test_one_level_weighs_more_the_flatter_it_is() -> None:
    found = sounded(quarters(60), np.resize([63, 65], 60))
    span = float(np.subtract(*np.percentile(found.curves[0].value, [95, 5])))
    holds(only(found), 0.7 * (1 - span / 7) + 0.2, 1.0, 1.0, 1 + 59 * 0.5)
    # 25 s, counted from the first onset to the last.
    for count, told in ((51, 1), (50, 0)):
        assert len(sounded(quarters(count), np.resize([63, 65], count)).remarks) == told
    # 3.5 steps, less an eighth of one for the tolerance.
    for rise, told in ((3.2, 1), (4.2, 0)):
        slow = sounded(quarters(600), 64 + rise * (np.arange(600) >= 300), 0.1)
        assert len(slow.remarks) == told


def levels(before: float, after: float, loud: tuple[int, int]) -> Aspect:
    marks = (Mark("level", 0.0, 16.0, float(before)), Mark("level", 16.0, 31.0, float(after)))
    line = replace(quarters(32), marks=marks)
    return sounded(line, np.where(np.arange(32) < 16, *loud))


def test_levels_against_what_is_written() -> None:
    found = levels(50, 86, (65, 50))
    holds(only(found), 0.45 + 0.02 * 15, 0.9, 9.0, 11.0)
    assert "(50 against 65 of 127)" in only(found).text
    other = levels(86, 50, (50, 80))
    holds(only(other), 1.0, 0.9, 9.0, 11.0)
    assert only(other).title == "p louder than the f before"
    # Four steps and a quarter of one for the tolerance; twelve between the marks.
    for fall, told in ((4, 0), (5, 1)):
        assert len(levels(50, 86, (70 + fall, 70)).remarks) == told
    for step, told in ((11.9, 0), (12.1, 1)):
        assert len(levels(50, 50 + step, (80, 50)).remarks) == told


@pytest.mark.parametrize(
    ("value", "name"),
    [(29, "ppp"), (30, "pp"), (41, "pp"), (42, "p"), (53, "p"), (54, "mp"), (65, "mp"), (66, "mf"),
     (78, "mf"), (79, "f"), (92, "f"), (93, "ff"), (105, "ff"), (106, "fff")],
)  # fmt: skip
def test_levels_have_their_names(value: float, name: str) -> None:
    other = 10.0 if value > 60 else 126.0
    found = levels(other, float(value), (50, 80) if value < other else (80, 50))
    assert only(found).title.split()[0] == name


def test_two_bars_after_a_mark_count_up_to_a_swell() -> None:
    # Loud for two bars, then soft: only those two count.
    velocity = np.where(np.arange(32) < 16, 60, np.where(np.arange(32) < 24, 80, 30))
    marks = (Mark("level", 0.0, 16.0, 50.0), Mark("level", 16.0, 31.0, 86.0))
    line = replace(quarters(32), marks=marks)
    assert not sounded(line, velocity).remarks
    softly = np.where(np.arange(32) < 16, 60, np.where(np.arange(32) < 20, 50, 90))
    assert not sounded(line, softly).remarks
    swelling = replace(line, marks=(*marks, Mark("swell", 20.0, 21.0, 1.0)))
    assert titles(sounded(swelling, softly)) == ["f softer than the p before"]


def swell(sign: float, rise: int, start: float = 8.0, end: float = 20.0) -> Aspect:
    line = replace(quarters(64, 0.5), marks=(Mark("swell", start, end, sign),))
    share = np.clip((line.onset_quarter - start) / (end - start), 0, 1)
    alternating = np.resize([0, 12], 64) * (line.onset_quarter > 20)
    return sounded(line, 60 + rise * share + alternating)


def test_swells_weigh_by_how_wrong_they_are() -> None:
    span = (1 + 16 * 0.5, 1 + 40 * 0.5)
    holds(only(swell(1.0, 40)), 0.25, 0.9, *span)
    holds(only(swell(1.0, 0)), 0.4, 0.9, *span)
    wrong = only(swell(1.0, -20))
    # From the first eight eighths to the last nine, rounded: 3.5 and 20 of 24 parts.
    assert wrong.weight == pytest.approx(0.5 + 0.02 * 20 * (20 - 3.5) / 24, abs=0.01)
    assert "57 at its start, 43 at its end" in wrong.text
    assert "Begin it softer" in wrong.text
    assert "Begin it louder" in only(swell(-1.0, 40)).text
    assert "Begin it softer" in only(swell(1.0, 0)).text
    assert "Begin it louder" in only(swell(-1.0, 0)).text


def test_short_swells_and_few_notes_tell_nothing() -> None:
    # Six notes and four onsets, one and a half quarters.
    assert not swell(1.0, -40, 8.0, 10.0).remarks
    assert swell(1.0, -40, 8.0, 13.5).remarks


def accents(softer: int, places: list[int], weak: int, name: str = "accent") -> Aspect:
    marked = tuple(frozenset([name] if at in places else []) for at in range(64))
    velocity = np.resize([60, 70], 64) + 20 * (np.arange(64) >= 52)
    for at in places:
        velocity[at] = 80
    for at in places[:weak]:
        velocity[at] = 65 - softer
    return sounded(replace(quarters(64), articulations=marked), velocity)


@pytest.mark.parametrize("name", ["accent", "strong-accent"])
def test_accents_are_heard_or_not(name: str) -> None:
    places = [8, 20, 32, 44]
    found = accents(8, places, 3, name)
    holds(only(found), 0.4, 0.8, 5.0, 1 + 32 * 0.5 + 0.5)
    assert only(found).notes == (8, 20, 32)
    assert "3 of 4 notes" in only(found).text
    assert not accents(8, places, 2).remarks  # more than half
    assert not accents(8, places[:2], 2).remarks  # three at least
    assert accents(8, places[:3], 3).remarks
    assert not accents(-1, places, 4).remarks


def test_a_stress_mark_is_an_accent() -> None:
    marks = tuple(Mark("stress", float(at), float(at), 1.0) for at in (8, 20, 32))
    velocity = np.resize([60, 70], 64) + 20 * (np.arange(64) >= 52)
    velocity[[8, 20, 32]] = 50
    assert titles(sounded(replace(quarters(64), marks=marks), velocity)) == [
        "Accents are not heard"
    ]


def test_the_level_is_drawn_with_what_it_may_be_off() -> None:
    velocity = np.resize([60, 70], 40)
    curve = sounded(quarters(40), velocity).curves[0]
    # Bars of 2 s: a Gaussian of 1 s.
    onset, at = 1 + 0.5 * np.arange(40), 40
    weight = np.exp(-0.5 * ((onset - curve.time_sec[at]) / 1.0) ** 2)
    weight[np.abs(onset - curve.time_sec[at]) > 3] = 0
    weight /= weight.sum()
    mean = weight @ velocity
    error = np.sqrt(weight @ (velocity - mean) ** 2 * (weight**2).sum())
    assert curve.value[at] == pytest.approx(mean)
    assert curve.high[at] - curve.value[at] == pytest.approx(1.28 * error + 0.25)
    assert curve.value[at] - curve.low[at] == pytest.approx(1.28 * error + 0.25)


def test_the_top_of_every_chord() -> None:
    take = laid(quarters(8), 0.5)
    assert top_notes(take).tolist() == list(range(8))
