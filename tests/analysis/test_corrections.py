"""Corrections: classic errors are found with true reasons, sound fingers are left alone."""

from __future__ import annotations

import time

import numpy as np
import pytest

from duemani.analysis.corrections.corrections import Corrections, correct_fingers
from duemani.datasets.fingering.canonical import canonical_pieces
from duemani.datasets.fingering.ergonomic_rules import HandCost
from duemani.datasets.simulated.learner_errors import (
    CLEARLY_WORSE,
    KINDS,
    inject_errors,
    learner_errors,
)
from duemani.errors import InputError
from duemani.performance import LEFT, RIGHT, UNKNOWN_HAND, Performance, make_notes

PIECES = {piece.name: piece.performance for piece in canonical_pieces()}
C_MAJOR = [60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79, 81, 83, 84]
C_FINGERS = "123123412312345"
G_MAJOR = [67, 69, 71, 72, 74, 76, 78, 79, 81, 83, 84, 86, 88, 90, 91]


def hand(
    events: list[list[int]], fingers: list[list[int]], side: int = RIGHT, step_sec: float = 0.2
) -> Performance:
    rows = [
        (at * step_sec, (at + 1) * step_sec, pitch, 64)
        for at, event in enumerate(events)
        for pitch in event
    ]
    notes = make_notes(rows)
    notes["hand"] = side
    notes["finger"] = [finger for event in fingers for finger in event]
    return Performance.create(notes)


def line(pitches: list[int], fingers: str, side: int = RIGHT) -> Performance:
    return hand([[pitch] for pitch in pitches], [[int(finger)] for finger in fingers], side)


def mirrored(performance: Performance) -> Performance:
    """The other hand's: pitches mirrored at D4, where the keyboard's colours are symmetric."""
    notes = performance.notes.copy()
    notes["pitch"] = 124 - notes["pitch"]
    notes["hand"] = 1 - notes["hand"]
    return Performance.create(notes)


def told(found: Corrections, note: int) -> str:
    return " ".join(found.why[note])


def test_good_scale_is_left_alone() -> None:
    found = correct_fingers(line(C_MAJOR, C_FINGERS))
    assert not found.flagged.any()
    assert found.remarks == ()
    assert (found.gain == 0).all()
    assert found.suggested.tolist() == [int(finger) for finger in C_FINGERS]


def test_running_out_of_fingers() -> None:
    found = correct_fingers(line(C_MAJOR, "123453412312345"))
    assert found.flagged[3:5].all()
    assert not found.flagged[7:].any()
    assert found.suggested[3] == 1
    assert "hop" in found.remarks[0].text
    assert found.remarks[0].hand == RIGHT
    assert found.remarks[0].kind == "fingering"
    assert set(found.remarks[0].notes) <= set(np.flatnonzero(found.flagged).tolist())


def test_thumb_on_f_sharp() -> None:
    found = correct_fingers(line(G_MAJOR, "123123112312345"))
    assert found.flagged.tolist() == [at == 6 for at in range(15)]
    assert found.suggested[6] == 4
    assert "thumb" in told(found, 6)
    assert "F♯5" in told(found, 6)
    assert "4" in found.remarks[0].title


def test_same_finger_breaks_the_line() -> None:
    found = correct_fingers(line(C_MAJOR, "122123412312345"))
    assert found.flagged[2]
    assert found.suggested[2] == 3
    assert "cannot be joined" in told(found, 2)
    assert "D4 and then E4" in told(found, 2)
    assert found.gain[2] > 0.5


def test_swapped_fingers_cross() -> None:
    found = correct_fingers(line([60, 62, 64, 65, 67, 65, 64, 62, 60], "123435321"))
    assert found.flagged.any()
    assert "cross" in found.remarks[0].text or "hop" in found.remarks[0].text


def test_chords() -> None:
    triads = [[60, 64, 67], [60, 65, 69], [60, 64, 67], [59, 62, 67], [60, 64, 67]]
    good = [[1, 3, 5], [1, 3, 5], [1, 3, 5], [1, 2, 5], [1, 3, 5]]
    assert not correct_fingers(hand(triads, good, step_sec=0.5)).flagged.any()
    crossed = [*good[:2], [3, 1, 5], *good[3:]]
    found = correct_fingers(hand(triads, crossed, step_sec=0.5))
    assert found.flagged[6:8].any()
    assert found.suggested[6:9].tolist() == [1, 3, 5]
    assert "cross over each other" in found.remarks[0].text
    wide = [[60, 72], [62, 74], [64, 76], [62, 74], [60, 72]]
    narrow = [[1, 5], [1, 5], [2, 3], [1, 5], [1, 5]]
    found = correct_fingers(hand(wide, narrow, step_sec=0.5))
    assert found.suggested[4:6].tolist() == [1, 5]
    assert "reach" in found.remarks[0].text


def test_one_finger_on_two_white_keys_is_no_error() -> None:
    events = [[60, 62, 67], [60, 64, 67]] * 3
    found = correct_fingers(hand(events, [[1, 1, 4], [1, 2, 4]] * 3, step_sec=0.5))
    assert not found.flagged[[0, 1, 6, 7, 12, 13]].any()


def test_left_hand_mirrors_right() -> None:
    for fingers in (C_FINGERS, "123453412312345", "122123412312345"):
        right = correct_fingers(line(C_MAJOR, fingers))
        left = correct_fingers(mirrored(line(C_MAJOR, fingers)))
        assert right.flagged.tolist() == left.flagged.tolist()
        assert right.suggested.tolist() == left.suggested.tolist()
        np.testing.assert_allclose(right.gain, left.gain, atol=1e-4)
        assert all(remark.hand == LEFT for remark in left.remarks)


def test_printed_fingers_are_respected() -> None:
    bad = line(C_MAJOR, "122123412312345")
    printed = np.zeros(15, int)
    printed[2] = 2
    assert not correct_fingers(bad, printed=printed).flagged[2]
    printed[2] = 3
    found = correct_fingers(bad, printed=printed)
    assert found.flagged[2]
    assert found.suggested[2] == 3
    assert "The score prints 3." in found.why[2]
    # A sound choice that is not the editor's: the editor's is suggested, without fuss.
    turn = line([60, 62, 64, 65, 67, 65, 64, 62, 60], "123454321")
    editor = np.zeros(9, int)
    editor[8] = 2
    found = correct_fingers(turn, printed=editor)
    assert found.suggested[8] == 2
    assert "The score prints 2" in told(found, 8)


def test_unseen_fingers_are_never_flagged() -> None:
    notes = line(C_MAJOR, "122123412312345").notes.copy()
    notes["finger"][2] = 0
    assert not correct_fingers(Performance.create(notes)).flagged[2]
    notes = line(C_MAJOR, "122123412312345").notes.copy()
    notes["confidence"] = 1.0
    notes["confidence"][2] = 0.4
    found = correct_fingers(Performance.create(notes))
    assert not found.flagged[2]
    assert found.suggested[2] == 3
    notes["hand"] = UNKNOWN_HAND
    found = correct_fingers(Performance.create(notes))
    assert not found.flagged.any()
    assert found.remarks == ()


def test_chances_decide_what_was_seen() -> None:
    bad = line(C_MAJOR, "122123412312345")
    chances = np.zeros((15, 10))
    chances[np.arange(15), 4 + bad.notes["finger"]] = 1.0
    assert correct_fingers(bad, chances).flagged[2]
    chances[2] = 0.0
    chances[2, 6:8] = 0.6, 0.4
    assert not correct_fingers(bad, chances).flagged[2]
    # As likely the other hand's.
    chances[2] = 0.0
    chances[2, [1, 6]] = 0.5
    assert not correct_fingers(bad, chances).flagged[2]


def test_bars_and_repetitions() -> None:
    bad = line(
        C_MAJOR + C_MAJOR[-2::-1] + C_MAJOR[1:],
        "122123412312345" + "43213214321321" + "22123412312345",
    )
    bar = np.arange(len(bad.notes)) // 4
    names = [str(at + 10) for at in range(12)]
    found = correct_fingers(bad, bar=bar, bar_names=names)
    mine = [remark for remark in found.remarks if 2 in remark.notes]
    assert mine[0].bars == "10"
    assert all(0 < remark.weight <= 1 and 0 < remark.confidence <= 1 for remark in found.remarks)
    weights = [remark.weight for remark in found.remarks]
    assert weights == sorted(weights, reverse=True)
    flagged = {note for remark in found.remarks for note in remark.notes}
    assert flagged == set(np.flatnonzero(found.flagged).tolist())


def test_empty_and_bad_input() -> None:
    found = correct_fingers(Performance())
    assert found.remarks == ()
    assert found.why == ()
    assert len(found.suggested) == 0
    with pytest.raises(InputError, match="hand span"):
        correct_fingers(line([60], "1"), hand_span_m=0.5)
    with pytest.raises(InputError, match="one row"):
        correct_fingers(line([60], "1"), printed=np.zeros(3, int))
    assert not correct_fingers(line([60], "4")).flagged.any()


def test_canonical_fingerings_are_hardly_contradicted() -> None:
    names = [name for name in PIECES if name.split("/")[1] in ("scale", "arpeggio", "alberti")]
    chosen = [PIECES[name] for name in names[::61]]
    flags = [correct_fingers(piece).flagged for piece in chosen]
    assert sum(len(each) for each in flags) > 200
    assert np.mean(np.concatenate(flags)) < 0.01


def test_injected_errors_are_clearly_worse_and_repeatable() -> None:
    piece = PIECES["canonical/scale/A_major/3oct"]
    made = learner_errors(piece, np.random.default_rng(1), 0.1)
    again, wrong = inject_errors(piece, np.random.default_rng(1), 0.1)
    assert (again.notes["finger"] == made.performance.notes["finger"]).all()
    assert (wrong == made.wrong).all()
    assert ((piece.notes["finger"] != again.notes["finger"]) == wrong).all()
    assert 0.04 < wrong.mean() < 0.16
    assert len(made.kinds) == made.error.max() + 1
    assert set(made.kinds) <= set(KINDS)
    other, _ = inject_errors(piece, np.random.default_rng(2), 0.1)
    assert (other.notes["finger"] != again.notes["finger"]).any()
    total = sum(
        HandCost(piece.notes, side).between(take.notes["finger"].tolist(), 0, 10_000) * sign
        for side in (LEFT, RIGHT)
        for take, sign in ((made.performance, 1), (piece, -1))
    )
    assert total >= CLEARLY_WORSE * len(made.kinds) - 1e-6


def test_injection_bounds() -> None:
    piece = PIECES["canonical/scale/C_major/2oct"]
    same, wrong = inject_errors(piece, np.random.default_rng(0), 0.0)
    assert not wrong.any()
    assert (same.notes["finger"] == piece.notes["finger"]).all()
    nothing, none = inject_errors(Performance(), np.random.default_rng(0), 0.5)
    assert len(nothing.notes) == len(none) == 0
    with pytest.raises(InputError, match="share"):
        inject_errors(piece, np.random.default_rng(0), 1.5)
    with pytest.raises(InputError, match="kinds"):
        learner_errors(piece, np.random.default_rng(0), 0.1, kinds=("yawn",))


def test_every_kind_can_be_made() -> None:
    names = (
        "canonical/scale/A_major/3oct",
        "canonical/block_four_notes/E_major",
        "canonical/arpeggio/E_major/inversion1/3oct",
        "canonical/alberti/D_major",
    )
    made = {
        kind
        for name in names
        for seed in range(3)
        for kind in learner_errors(PIECES[name], np.random.default_rng(seed), 0.2).kinds
    }
    assert made == set(KINDS)


def test_most_injected_errors_are_found() -> None:
    names = ("canonical/scale/A_major/3oct", "canonical/arpeggio/E_major/inversion1/3oct")
    found, right, wrong = 0, 0, 0
    for name in names:
        for seed in range(2):
            made = learner_errors(PIECES[name], np.random.default_rng(seed), 0.08)
            said = correct_fingers(made.performance)
            found, right = found + said.flagged.sum(), right + (said.flagged & made.wrong).sum()
            wrong += made.wrong.sum()
    assert right / found > 0.8
    assert right / wrong > 0.7


def test_deterministic_and_fast() -> None:
    piece = PIECES["canonical/chromatic/C/2oct"]
    made, _ = inject_errors(piece, np.random.default_rng(0), 0.08)
    notes = np.concatenate([made.delayed(20.0 * at).notes for at in range(2)])
    long = Performance.create(notes)

    began = time.process_time()
    first = correct_fingers(long)
    took = time.process_time() - began
    second = correct_fingers(long)
    assert first.remarks == second.remarks
    assert first.suggested.tolist() == second.suggested.tolist()
    assert took < 4.0  # type checks and all; 0.2 s per 1,000 notes without
