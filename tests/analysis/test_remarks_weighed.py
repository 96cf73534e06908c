"""How much each remark on expression weighs, how sure it is, where it lies, and from when on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from duemani.analysis.expression.articulation import articulation, held_share
from duemani.analysis.expression.dynamics import dynamics, top_notes
from duemani.analysis.expression.pedal import pedalling
from duemani.analysis.expression.take import Aspect
from duemani.analysis.expression.tempo import tempo
from duemani.inputs.score.line import ScoreLine
from duemani.inputs.score.marks import Mark
from duemani.performance import RIGHT
from duemani.report import Remark
from tests.helpers.laid import laid, quarters, titles

MEASURED, HEARD = 0.95, 0.7
"""What the notes' source leaves of every confidence."""


def only(aspect: Aspect) -> Remark:
    (remark,) = aspect.remarks
    return remark


def holds(remark: Remark, weight: float, sure: float, start_sec: float, end_sec: float) -> None:
    assert remark.weight == pytest.approx(weight)
    assert remark.confidence == pytest.approx(sure * MEASURED)
    assert (remark.start_sec, remark.end_sec) == (pytest.approx(start_sec), pytest.approx(end_sec))


# --- tempo: quarters of 0.5 s, the first at 1 s --------------------------------------------------


def slowing(value: float, growth: float, start: float = 16.0, end: float = 24.0) -> Aspect:
    line = replace(quarters(40), marks=(Mark("slowing", start, end, value),))
    period = np.where((np.arange(40) >= start) & (np.arange(40) < end), 0.5 * growth, 0.5)
    return tempo(laid(line, period))


def test_a_change_of_tempo_that_is_not_made() -> None:
    holds(only(slowing(0.8, 0.8)), 0.45, 0.85, 9.0, 9.0 + 8 * 0.4)
    assert "from 120 to 150 quarters" in only(slowing(0.8, 0.8)).text
    holds(only(slowing(1.2, 1.25)), 0.45, 0.85, 9.0, 9.0 + 8 * 0.625)
    # 4 % the wrong way are let pass, either way.
    for value, way in ((0.8, -1), (1.2, 1)):
        assert not slowing(value, 1 / (1 - 0.035 * way)).remarks
        assert titles(slowing(value, 1 / (1 - 0.05 * way)))
    # It takes two quarters.
    assert titles(slowing(0.8, 0.8, 16.0, 18.0))
    assert not titles(slowing(0.8, 0.8, 16.0, 17.0))


def test_the_last_third_of_a_ritardando_counts() -> None:
    line = replace(quarters(40), marks=(Mark("slowing", 16.0, 28.0, 0.8),))
    last = (np.arange(40) >= 24) & (np.arange(40) < 28)
    assert titles(tempo(laid(line, np.where(last, 0.4, 0.5)))) == [
        "The ritardando does not slow down"
    ]
    # One whose end is in tempo is let pass, however fast it begins.
    first = (np.arange(40) >= 16) & (np.arange(40) < 20)
    assert not tempo(laid(line, np.where(first, 0.4, 0.5))).remarks


def test_a_mark_is_over_where_the_next_tempo_begins() -> None:
    fast = np.where((np.arange(40) >= 16) & (np.arange(40) < 20), 0.4, 0.5)
    marks = (Mark("slowing", 16.0, 30.0, 0.8), Mark("reset", 20.0, 20.0, 1.0))
    found = tempo(laid(replace(quarters(40), marks=marks), fast))
    holds(only(found), 0.45, 0.85, 9.0, 10.6)
    assert not tempo(laid(replace(quarters(40), marks=marks[:1]), fast)).remarks


def metronome(mark: float, count: int = 40, printed: bool = True, period: float = 0.5) -> Aspect:
    line = replace(quarters(count), marks=(Mark("tempo", 0.0, count - 1.0, mark, printed=printed),))
    return tempo(laid(line, period))


def test_the_metronome_mark() -> None:
    holds(only(metronome(80.0)), 0.2, 0.9, 1.0, 1.0 + 39 * 0.5)
    assert "asks for 80 quarters a minute; you play about 120" in only(metronome(80.0)).text
    for mark, told in ((86.5, 0), (84.5, 1), (195.0, 0), (205.0, 1)):  # 40 % either way
        assert len(metronome(mark).remarks) == told
    assert not metronome(80.0, printed=False).remarks
    assert len(metronome(80.0, 9).remarks) == 1  # eight quarters
    assert not metronome(80.0, 8).remarks


def test_a_fermata_must_last() -> None:
    line = replace(quarters(30), fermata=np.arange(30) == 15)
    holds(only(tempo(laid(line))), 0.4, 0.85, 8.5, 9.0)
    for factor, told in ((1.04, 1), (1.06, 0)):
        period = np.where(np.arange(30) == 15, 0.5 * factor, 0.5)
        assert len(tempo(laid(line, period)).remarks) == told
    # There must have been a tempo before it, and the note must have some length.
    early = replace(line, fermata=np.arange(30) == 1)
    assert not tempo(laid(early)).remarks
    assert tempo(laid(replace(line, fermata=np.arange(30) == 2))).remarks
    for length, told in ((0.25, 1), (0.2, 0)):
        short = np.where(np.arange(30) == 15, length, 1.0)
        assert len(tempo(laid(replace(line, duration_quarter=short))).remarks) == told


def drift(growth: float, count: int = 80) -> Aspect:
    return tempo(laid(quarters(count), 0.5 * growth ** np.linspace(0, 1, count)))


def test_a_tempo_that_only_ever_drifts() -> None:
    found = drift(1.45)
    # Over 92 % of the beats, from the middle of the first two eighths to that of the last two.
    whole = np.log(1.45) * (0.92 * 80 / 79) * 6 / 8
    remark = only(found)
    assert remark.weight == pytest.approx(0.5 + whole, abs=0.01)
    assert remark.confidence == pytest.approx(0.9 * MEASURED)
    assert remark.start_sec == 1.0
    assert f"falls by {100 * -np.expm1(0.5 - remark.weight):.0f} %" in remark.text
    assert not drift(1.45, 31).remarks
    assert drift(1.6, 33).remarks
    # 0.2 of a natural logarithm.
    assert not drift(float(np.exp(0.18 / 0.7))).remarks
    assert drift(float(np.exp(0.22 / 0.7))).remarks
    assert titles(drift(float(np.exp(-0.22 / 0.7)))) == ["It gets faster and faster"]


def test_a_drift_must_go_one_way() -> None:
    """Of seven steps from section to section five have to go the drift's way, for a small one."""

    def stepped(levels: list[float]) -> list[str]:
        # Eight sections of the first 92 % of 88 beats: ten each, and the rest as the last.
        period = 0.5 * np.exp(np.append(np.repeat(levels, 10), np.full(9, levels[-1])))
        return titles(tempo(laid(quarters(89), period)))

    up = [0.0, 0.04, 0.08, 0.12, 0.16, 0.2, 0.24, 0.28]
    assert stepped(up) == ["It gets slower and slower"]
    assert not stepped([0.0, 0.0, 0.0, 0.24, 0.24, 0.24, 0.24, 0.24])
    # A drift of over 0.25 may go back now and then.
    assert stepped([0.0, 0.1, 0.05, 0.15, 0.1, 0.3, 0.4, 0.5]) == ["It gets slower and slower"]
    assert not stepped([0.0, 0.1, 0.05, 0.15, 0.1, 0.08, 0.2, 0.32])


@pytest.mark.parametrize("kind", ["tempo", "slowing"])
def test_a_marked_change_of_tempo_is_no_drift(kind: str) -> None:
    mark = Mark(kind, 40.0, 44.0, 120.0 if kind == "tempo" else 0.8, printed=False)
    period = 0.5 * 1.45 ** np.linspace(0, 1, 80)
    assert not tempo(laid(replace(quarters(80), marks=(mark,)), period)).remarks
    at_once = replace(mark, start_quarter=1.0, end_quarter=2.0)
    assert tempo(laid(replace(quarters(80), marks=(at_once,)), period)).remarks


def stopping(factor: float, at: int = 20, step_sec: float = 0.5, **fields: object) -> Aspect:
    period = np.full(40, step_sec)
    period[at] *= factor
    return tempo(laid(replace(quarters(40), **fields), period))


def test_a_flow_that_stops() -> None:
    holds(only(stopping(2.5)), 0.4 + 0.2 * 0.75, 0.8, 11.0, 12.25)
    assert "lasts 0.8 s longer" in only(stopping(2.5)).text
    holds(only(stopping(9.0)), 0.8, 0.8, 11.0, 15.5)  # two seconds weigh most
    # 0.65 s, and 2.1 times the usual.
    for factor, step_sec, told in (
        (2.28, 0.5, 0), (2.32, 0.5, 1), (2.05, 1.0, 0), (2.15, 1.0, 1)
    ):  # fmt: skip
        assert len(stopping(factor, step_sec=step_sec).remarks) == told
    # The first two beats and the last three are nobody's flow.
    for at, told in ((1, 0), (2, 1), (34, 1), (35, 0)):
        assert len(stopping(3.0, at).remarks) == told


def test_beside_a_long_beat_others_are_as_usual() -> None:
    for beside, told in ((1.3, 1), (1.4, 0)):
        for other in (19, 21):
            period = np.full(40, 0.5)
            period[20], period[other] = 1.5, 0.5 * beside
            assert len(tempo(laid(quarters(40), period)).remarks) == told


@pytest.mark.parametrize(
    ("mark", "waits_at"),
    [
        (Mark("slowing", 18.0, 19.0, 0.8), (16, 21)),
        (Mark("tempo", 18.0, 19.0, 120.0, printed=False), (16, 19)),
    ],
)
def test_near_marks_a_long_beat_is_meant(mark: Mark, waits_at: tuple[int, int]) -> None:
    for at in range(14, 24):
        meant = waits_at[0] <= at <= waits_at[1]
        said = titles(stopping(3.0, at, marks=(mark,)))
        assert ("The flow stops" in said) != meant


def test_around_a_fermata_a_long_beat_is_meant() -> None:
    fermata = np.arange(40) == 20
    for at in range(16, 26):
        said = titles(stopping(3.0, at, fermata=fermata))
        assert ("The flow stops" in said) != (19 <= at <= 22)


def test_at_most_four_stops_are_told_the_longest_first() -> None:
    period = np.full(80, 0.5)
    period[[10, 20, 30, 40, 50, 60]] = [1.5, 1.6, 1.7, 1.8, 1.9, 2.0]
    found = [r for r in tempo(laid(quarters(80), period)).remarks if r.title == "The flow stops"]
    lost = [0.4 + 0.2 * sec for sec in (1.5, 1.4, 1.3, 1.2)]
    assert [remark.weight for remark in found] == pytest.approx(lost)


def test_an_unsteady_beat_weighs_by_its_roughness() -> None:
    for bend, told in ((0.06, 0), (0.07, 1), (0.1, 1)):
        limp = 0.5 * np.exp(np.resize([bend, -bend], 41))
        found = tempo(laid(quarters(41), limp))
        assert len(found.remarks) == told
        if told:
            # Every beat lies 2 × bend off the mean of its neighbours.
            holds(
                only(found), 0.4 + 2 * (1.4826 * 2 * bend - 0.19), 0.85, 1.0,
                1.0 + limp[:39].sum(),
            )  # fmt: skip
    wide = 0.5 * np.exp(np.resize([0.15, -0.15], 41))
    # 24 beats; the last note's own is not counted.
    assert tempo(laid(quarters(25), wide[:25])).remarks
    assert not tempo(laid(quarters(24), wide[:24])).remarks


# --- articulation ---------------------------------------------------------------------------------


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
    assert only(found).confidence == pytest.approx((0.9 - 0.5) * MEASURED)
    assert "The pedal is down here" in only(found).text
    # Under half of the notes it is not worth a word.
    found = dotted(0.9, range(8, 14), [(0.0, 127), (6.1, 0)])
    assert only(found).confidence == pytest.approx((0.9 - 0.5 * 2 / 6) * MEASURED)
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
    assert only(found).confidence == pytest.approx((0.85 - 0.5 * 8 / 12) * MEASURED)


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


# --- pedal ----------------------------------------------------------------------------------------


def changes(lag_sec: float, count: int = 20, wobble: float = 0.0) -> Aspect:
    line = replace(quarters(count), pitch=np.resize([40, 47, 38, 45], count))
    pedal = [(0.5, 127)]
    for at in range(1, count):
        lift = 1 + 2.0 * at + lag_sec + wobble * (-1) ** at
        pedal += [(lift, 0), (lift + 0.1, 127)]
    return pedalling(laid(line, 2.0, pedal=pedal))


def test_pedal_changes_that_come_late_or_early() -> None:
    late = [r for r in changes(0.3).remarks if r.title.endswith("late")]
    holds(late[0], 0.6, 0.85, 3.3, 1 + 38 + 0.3)
    assert "300 ms after" in late[0].text
    early = [r for r in changes(-0.2).remarks if r.title.endswith("early")]
    holds(early[0], 0.5, 0.85, 2.8, 1 + 38 - 0.2)
    assert "200 ms before" in early[0].text
    for lag_sec, told in ((0.225, 0), (0.235, 1), (-0.105, 0), (-0.115, 1)):
        said = [title for title in titles(changes(lag_sec)) if "come" in title]
        assert len(said) == told
    # Eight changes.
    for count, told in ((9, 1), (8, 0)):
        assert len([t for t in titles(changes(0.3, count)) if "come" in t]) == told
    # Changes that lie 0.2 s to both sides of their middle follow nothing.
    for wobble, told in ((0.19, 1), (0.21, 0)):
        assert len([t for t in titles(changes(0.3, 21, wobble)) if "come" in t]) == told


def blurred(steps: list[int], held: int, count: int = 20) -> Aspect:
    """Basses a step apart, the first `held` changes under one pedal."""
    line = replace(quarters(count), pitch=40 + np.resize(steps, count), hand=np.full(count, RIGHT))
    pedal = [(0.5, 127), (1 + 2.5 * held + 0.5, 0)]
    return pedalling(laid(line, 2.5, pedal=pedal))


def test_basses_that_run_into_one_another() -> None:
    found = only(blurred([0, 2], 19))
    holds(found, 0.8, 0.75, 3.5, 48.5)
    assert "19 of 19 changes" in found.text
    assert found.notes == tuple(range(1, 20))
    # 45 % of the changes: nine of nineteen.
    for held, told in ((8, 0), (9, 1)):
        assert len(blurred([0, 2], held).remarks) == told
    assert only(blurred([0, 2], 9)).weight == pytest.approx(0.4 + 0.4 * 9 / 19)
    # Eight changes at least.
    for count, told in ((9, 1), (8, 0)):
        assert len(blurred([0, 2], 19, count).remarks) == told
    for step in range(1, 13):
        assert len(blurred([0, step], 19).remarks) == (step in (1, 2, 6, 10, 11))


def test_pedal_marks_followed_in_part() -> None:
    def marked(count: int, followed: int, share: float = 1.0) -> Aspect:
        marks = tuple(Mark("pedal", 4.0 * at, 4.0 * at + 3, 1.0) for at in range(count))
        pedal = [(0.0, 0)]
        for at in range(count - followed, count):
            pedal += [(1 + 2.0 * at, 127), (1 + 2.0 * at + 1.5 * share, 0)]
        return pedalling(laid(replace(quarters(60), marks=marks), pedal=pedal))

    holds(only(marked(10, 2)), 0.4, 0.8, 1.0, 2.5)
    assert "Of 10 pedal marks 2 are followed" in only(marked(10, 2)).text
    assert not marked(10, 3).remarks
    assert not marked(3, 0).remarks
    assert marked(4, 0).remarks
    for share, told in ((0.39, 1), (0.41, 0)):
        assert len(marked(10, 10, share).remarks) == told
