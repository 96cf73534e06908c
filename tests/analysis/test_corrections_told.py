"""When a correction is told, by log-odds and relief; what is hard, by weights set by hand."""

from __future__ import annotations

import numpy as np
import pytest

from duemani.analysis.corrections import corrections
from duemani.analysis.corrections.corrections import Corrections, correct_fingers
from duemani.analysis.corrections.passages import changed_passages
from duemani.analysis.corrections.problems import hand_travel_m, problems
from duemani.analysis.hand_moves import HandMoves, hand_moves
from duemani.models.fingering.second_look import SecondLook
from duemani.performance import LEFT, RIGHT, Performance, make_notes

Row = tuple[float, float, int, int]


def hand(rows: list[Row], side: int = RIGHT) -> Performance:
    notes = make_notes([(onset, end, pitch, 64) for onset, end, pitch, _ in rows])
    notes["hand"] = side
    notes["finger"] = [row[3] for row in rows]
    return Performance.create(notes)


def line(pitches: list[int], fingers: str, step_sec: float = 0.2) -> Performance:
    return hand(
        [
            (at * step_sec, (at + 1) * step_sec, pitch, int(finger))
            for at, (pitch, finger) in enumerate(zip(pitches, fingers, strict=True))
        ]
    )


# --- told or not ----------------------------------------------------------------------------------

STUMBLE = line([60, 62, 64, 65, 67], "12245")
"""2 on D and on E: 3 was meant."""


def look(doubt: float, really: float = 1.0, intended: int = 3) -> SecondLook:
    """A second look that would change the third note."""
    fingers, changed = np.array([1, 2, intended, 4, 5]), np.arange(5) == 2
    return SecondLook(
        intended=fingers,
        chances=np.eye(5)[fingers - 1],
        doubt=np.where(changed, doubt, 0.0),
        really=np.where(changed, really, 0.0),
        gain_nats=np.where(changed, 2.0, 0.0),
        passage=np.where(changed, 0, -1),
        judged=np.ones(5, bool),
    )


def relief() -> float:
    (passage,) = changed_passages(STUMBLE.notes, look(0.5), RIGHT, 1.0)
    return passage.relief


def told(
    monkeypatch: pytest.MonkeyPatch,
    score: float,
    printed: int = 0,
    really: float = 1.0,
    least_score: float | None = None,
) -> Corrections:
    """What is said where log-odds and relief add up to `score`."""
    odds = np.exp(score - relief())
    found = look(float(odds / (1 + odds)), really)
    monkeypatch.setattr(corrections, "second_look", lambda *_: found)
    prints = np.array([0, 0, printed, 0, 0])
    if least_score is None:
        return correct_fingers(STUMBLE, printed=prints)
    return correct_fingers(STUMBLE, printed=prints, least_score=least_score)


def test_two_on_two_keys_costs_what_the_weights_say() -> None:
    # "same finger", joined: 2.5; then 2 and 4 on neighbouring keys, 0.8 + 1.1 - 1.
    assert relief() == pytest.approx(3.4)


@pytest.mark.parametrize(
    ("score", "printed", "flagged"),
    [
        (1.05, 0, True),
        (0.95, 0, False),
        (1.05, 5, True),  # the score prints something else: it neither speaks for it …
        (0.95, 5, False),
        (-0.95, 3, True),  # the printed finger is worth two
        (-1.05, 3, False),
    ],
)
def test_told_where_log_odds_and_relief_reach_one(
    monkeypatch: pytest.MonkeyPatch, score: float, printed: int, flagged: bool
) -> None:
    # Below even odds the doubt must still be 0.3 at least: the relief of 3.4 leaves none, so
    # that limit is set aside.
    monkeypatch.setattr(corrections, "_LEAST_DOUBT", 0.0)
    found = told(monkeypatch, score, printed)
    assert found.flagged.tolist() == [False, False, flagged, False, False]
    assert bool(found.remarks) == flagged
    assert (found.gain[2] > 0) == flagged


def test_a_lower_limit_tells_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrections, "_LEAST_DOUBT", 0.0)
    assert told(monkeypatch, 0.95, least_score=0.9).flagged[2]
    assert not told(monkeypatch, 1.05, least_score=1.1).flagged[2]


@pytest.mark.parametrize(
    ("doubt", "really", "flagged"),
    [(0.31, 0.76, True), (0.29, 0.76, False), (0.31, 0.74, False)],
)
def test_what_was_hardly_played_is_not_told(
    monkeypatch: pytest.MonkeyPatch, doubt: float, really: float, flagged: bool
) -> None:
    monkeypatch.setattr(corrections, "second_look", lambda *_: look(doubt, really))
    assert correct_fingers(STUMBLE).flagged[2] == flagged


def test_the_gain_is_the_doubt_times_the_relief_out_of_one_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(corrections, "second_look", lambda *_: look(0.8))
    found = correct_fingers(STUMBLE)
    assert found.gain.tolist() == [0, 0, pytest.approx(0.8 * 3.4 / 4.4), 0, 0]
    (remark,) = found.remarks
    assert remark.weight == pytest.approx(0.8 * 3.4 / 4.4)
    assert remark.confidence == pytest.approx(0.8)
    assert remark.notes == (2,)
    assert (remark.start_sec, remark.end_sec) == (pytest.approx(0.4), pytest.approx(0.8))
    assert remark.title == "2 3 4 instead of 2 2 4"
    assert "clearly better" in remark.text
    assert found.suggested.tolist() == [1, 2, 3, 4, 5]


# --- what is hard ---------------------------------------------------------------------------------


def moves(rows: list[Row], side: int = RIGHT) -> HandMoves:
    return hand_moves(hand(rows, side).notes, side, 1.0)


def two(pitch: int, finger: int, other: int, by: int, gap_sec: float = 0.0) -> HandMoves:
    return moves([(0.0, 0.3, pitch, finger), (0.3 + gap_sec, 0.6 + gap_sec, other, by)])


def hard(found: HandMoves, event: int = 1) -> list[tuple[str, float]]:
    return [(each.kind, round(each.weight, 3)) for each in problems(found, event)]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ((60, 1, 62, 2), []),
        ((62, 2, 64, 2), [("same finger", 2.5)]),
        ((63, 2, 62, 2), [("slide", 0.7)]),
        ((63, 2, 64, 2), [("slide", 0.7)]),
        ((62, 2, 63, 2), [("same finger", 2.5)]),  # nothing slides up onto a black key
        ((63, 2, 65, 2), [("same finger", 2.5)]),
        ((64, 3, 65, 1), [("crossing", 0.6)]),
        ((65, 1, 64, 3), [("crossing", 0.6)]),
        ((64, 3, 69, 1), [("crossing", 1.0)]),
        ((64, 3, 72, 1), [("hop", 2.5)]),
        ((64, 5, 65, 1), [("thumb under 5", 2.0)]),
        ((65, 3, 66, 1), [("thumb passes on black", 2.0), ("thumb on black", 0.8)]),
        ((66, 3, 70, 1), [("crossing", 1.0)]),
        ((64, 3, 65, 2), [("crossing without the thumb", 2.0)]),
        ((64, 4, 65, 2), [("hop", 2.5)]),
        ((64, 3, 69, 2), [("hop", 2.5)]),
        ((60, 1, 76, 2), [("jump", 2.5)]),
        ((60, 2, 72, 3), [("jump", 2.5)]),
        ((60, 2, 62, 5), [("cramped", 1.45)]),
        ((60, 2, 61, 5), [("cramped", 2.0), ("5 on black", 0.4)]),
        ((60, 1, 74, 5), [("stretch", 1.5)]),
    ],
)
def test_from_one_note_to_the_next(
    keys: tuple[int, int, int, int], said: list[tuple[str, float]]
) -> None:
    assert hard(two(*keys)) == said
    # The other hand's mirror image is as hard.
    pitch, finger, other, by = keys
    rows: list[Row] = [(0.0, 0.3, 124 - pitch, finger), (0.3, 0.6, 124 - other, by)]
    assert hard(moves(rows, LEFT)) == said


def test_detached_notes_are_easier_and_far_ones_free() -> None:
    assert hard(two(62, 2, 64, 2, 0.11)) == [("same finger", 2.5)]
    assert hard(two(62, 2, 64, 2, 0.2)) == [("same finger", 1.5)]
    assert hard(two(64, 3, 72, 1, 0.2)) == [("hop", 1.5)]
    assert hard(two(64, 4, 65, 2, 0.2)) == [("hop", 1.5)]
    assert hard(two(60, 1, 76, 2, 0.2)) == [("jump", 1.5)]
    assert hard(two(62, 2, 64, 2, 0.3)) == []  # a rest
    slow: list[Row] = [(0.0, 1.0, 62, 2), (1.0, 2.0, 64, 2)]
    assert hard(moves(slow)) == []
    assert hard(moves([(0.0, 0.9, 62, 2), (0.9, 2.0, 64, 2)])) == [("same finger", 2.5)]


def test_repeated_keys() -> None:
    fast: list[Row] = [(0.0, 0.1, 60, 2), (0.1, 0.2, 60, 2)]
    assert hard(moves(fast)) == [("repeated finger", 1.0)]
    assert hard(moves([(0.0, 0.12, 60, 2), (0.12, 0.2, 60, 2)])) == []
    assert hard(moves([(0.0, 0.3, 60, 2), (0.3, 0.4, 60, 3)])) == [("needless change", 0.8)]
    assert hard(moves([(0.0, 0.2, 60, 2), (0.2, 0.4, 60, 3)])) == []


def chord(*pairs: tuple[int, int]) -> HandMoves:
    return moves([(0.0, 1.0, pitch, finger) for pitch, finger in pairs])


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (((60, 1), (64, 3), (67, 5)), []),
        (((60, 1), (62, 1)), []),  # one finger on two neighbouring keys
        (((60, 1), (64, 1)), [("one finger for two keys", 3.0)]),
        (((60, 3), (64, 2)), [("crossed chord", 3.0)]),
        (((60, 2), (72, 3)), [("out of reach", 3.0)]),
        (((60, 1), (74, 5)), [("stretch", 1.5)]),
        (((60, 2), (65, 3)), [("stretch", 1.5)]),
        # 2 and 5 on neighbouring keys: 55 % of three keys is 1.65.
        (((60, 2), (64, 5)), []),
        (((60, 1), (62, 3)), [("cramped", 0.9)]),  # 1.1 keys wanted, 1 there
        (((60, 1), (62, 4)), [("cramped", 1.45)]),
        # 1 and 2 may lie 1 + 2 × 1.05 keys apart: a fifth is 0.9 more.
        (((60, 1), (67, 2)), [("spread", 0.95)]),
        (((60, 1), (65, 2)), []),
    ],
)
def test_chords(pairs: tuple[tuple[int, int], ...], said: list[tuple[str, float]]) -> None:
    assert hard(chord(*pairs), 0) == said


def test_held_keys() -> None:
    def held(finger: int, pitch: int, by: int, until: float = 2.0) -> list[tuple[str, float]]:
        return hard(moves([(0.0, until, 60, finger), (1.0, 1.5, pitch, by)]))

    assert held(1, 64, 1) == [("leaves a held key", 3.0)]
    assert held(1, 79, 5) == [("out of reach", 2.1)]
    assert held(1, 74, 5) == [("stretch", 1.05)]
    assert held(3, 64, 2) == [("crossed chord", 2.1)]
    assert held(3, 64, 1) == []  # the thumb passes under
    assert held(1, 64, 3) == []
    assert held(1, 64, 1, 1.12) == []  # legato
    assert held(1, 64, 1, 1.13) == [("leaves a held key", 3.0)]
    # Four events back nobody looks.
    rows: list[Row] = [(0.0, 3.0, 60, 1)]
    rows += [(0.5 * at, 0.5 * at + 0.4, 67 + at % 2, 3 + at % 2) for at in (1, 2, 3, 4)]
    rows[3:] = [(1.5, 1.9, 68, 1), (2.0, 2.4, 67, 1)]
    assert ("leaves a held key", 3.0) in hard(moves(rows), 3)
    assert ("leaves a held key", 3.0) not in hard(moves(rows), 4)


def test_short_fingers_on_black_keys() -> None:
    def between(before: int, note: tuple[int, int], after: int) -> list[tuple[str, float]]:
        found = moves(
            [(0.0, 0.3, before, 2), (0.3, 0.6, note[0], note[1]), (0.6, 0.9, after, 2)]
        )  # fmt: skip
        return [each for each in hard(found) if "black" in each[0] and "passes" not in each[0]]

    assert between(64, (61, 1), 64) == [("thumb on black", 1.6)]
    assert between(64, (61, 1), 66) == [("thumb on black", 0.8)]
    assert between(63, (61, 1), 66) == []
    assert between(64, (70, 5), 64) == [("5 on black", 0.8)]
    assert between(64, (70, 4), 64) == []
    assert between(64, (60, 1), 64) == []


@pytest.mark.parametrize(
    ("finger", "velocity", "said"),
    [
        (4, 76, [("weak finger", 0.8)]),
        (5, 76, [("weak finger", 0.5)]),
        (3, 100, []),
        (4, 75, []),
    ],
)
def test_accents_on_weak_fingers(finger: int, velocity: int, said: list[tuple[str, float]]) -> None:
    notes = line([60, 62, 64, 65, 64, 62, 60], "1234321").notes.copy()
    notes["finger"][3], notes["velocity"][3] = finger, velocity
    found = hand_moves(notes, RIGHT, 1.0)
    assert [each for each in hard(found, 3) if "weak" in each[0]] == said


def test_octaves_go_on() -> None:
    rows: list[Row] = [(0.0, 0.3, 60, 1), (0.0, 0.3, 72, 5), (0.3, 0.6, 62, 1), (0.3, 0.6, 74, 5)]
    assert hard(moves(rows)) == [("goes on", 0.3)] * 2


def test_the_hand_travels_as_far_as_its_middle_finger_would() -> None:
    five = hand_moves(line([60, 62, 64, 65, 67], "12345").notes, RIGHT, 1.0)
    assert hand_travel_m(five, 0, 5) == pytest.approx(0)
    # The thumb goes where the fourth finger would have been: three keys.
    scale = hand_moves(line([60, 62, 64, 65, 67], "12312").notes, RIGHT, 1.0)
    assert hand_travel_m(scale, 0, 5) == pytest.approx(3 * 0.0235)
    assert hand_travel_m(scale, 0, 3) == pytest.approx(0)
    assert hand_travel_m(scale, 3, 9) == pytest.approx(3 * 0.0235)
    leap = two(60, 1, 84, 1)
    assert hand_travel_m(leap, 0, 2) == pytest.approx(14 * 0.0235)
    assert hand_travel_m(two(60, 1, 84, 1, 0.3), 0, 2) == 0  # in a rest
