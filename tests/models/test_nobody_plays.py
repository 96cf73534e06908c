"""What nobody can play gets a finger at every note, chances that are numbers, and a remark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from duemani.models.fingering.choose import choose_fingers
from duemani.outputs.notes import save_json
from duemani.performance import RIGHT, Performance, make_notes
from duemani.verbs.finger import finger

Rows = list[tuple[float, float, int, int]]

PLAYABLE: Rows = [(12 + at / 4, 12.2 + at / 4, 60 + at, 64) for at in range(8)]
CROWD: Rows = [(0.0, 1.0, 40 + at, 64) for at in range(30)]
MOVING: Rows = [(1 + at / 4, 1.2 + at / 4, (36, 96, 52, 81)[at % 4], 64) for at in range(24)]
HELD_FAR: Rows = [(0.0, 9.0, pitch, 64) for pitch in (30, 45, 60, 75, 90, 105)]
IN_ONE_TICK: Rows = [(0.5, 0.6, 60, 64)] * 20
IN_20_TICKS: Rows = [(0.00105 * at, 0.00105 * at + 0.001, 60, 64) for at in range(20)]
CASES = {
    "30 keys at once": (CROWD, "Out of this hand's reach"),
    "30 keys twice, then one by one": (
        CROWD + [(2.0, 3.0, pitch, 64) for _, _, pitch, _ in CROWD],
        "Out of this hand's reach",
    ),
    "six far keys held": (HELD_FAR + MOVING, "Out of this hand's reach"),
    "one key 20 times in a tick": (IN_ONE_TICK, "19 notes are struck within 30 ms"),
    "one key 20 times in 20 ticks": (IN_20_TICKS, "C4 from 0:00 on"),
}


@pytest.mark.parametrize(("rows", "remark"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("of_one_hand", [False, True])
def test_every_note_has_a_finger_and_is_said_to_be_impossible(
    rows: Rows, remark: str, of_one_hand: bool, tmp_path: Path
) -> None:
    notes = make_notes([*rows, *PLAYABLE])
    if of_one_hand:
        notes["hand"] = RIGHT
    performance = Performance.create(notes)
    made = choose_fingers(performance)
    assert len(made.performance.notes) == len(notes)
    assert np.isin(made.performance.notes["finger"], range(1, 6)).all()
    assert np.isfinite(made.performance.notes["confidence"]).all()
    np.testing.assert_allclose(made.chances.sum(1), 1.0)
    save_json(tmp_path / "a.json", performance)
    said = finger(tmp_path / "a.json", notation=False).remarks
    assert any(remark in one for one in said)


def test_fast_but_possible_repeats_are_not_named(tmp_path: Path) -> None:
    rows = [(0.06 * at, 0.06 * at + 0.04, 60 + at % 2, 64) for at in range(20)]
    rows += [(2 + 0.08 * at, 2.05 + 0.08 * at, 60, 64) for at in range(8)]
    save_json(tmp_path / "a.json", Performance.create(make_notes(rows)))
    said = finger(tmp_path / "a.json", notation=False).remarks
    assert not any("on the same key" in one for one in said)
