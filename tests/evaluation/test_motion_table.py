"""The benchmark of motion's parts: takes chosen, figures averaged, tables written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from duemani.datasets.choice import choose_test_takes
from duemani.datasets.recorded.miditest import load_take
from duemani.datasets.takes import split_of, take_path, write_description
from duemani.evaluation.benchmark.report import MotionReport
from duemani.evaluation.benchmark.table import (
    Column,
    Figure,
    markdown,
    plain,
    shown,
    summarise,
    take_row,
)
from duemani.evaluation.motion.figures import fid_figures, joins_within, real_fid_floor
from duemani.keyboard import WHITE_PITCH_M
from tests.helpers.hands import playing_hands

NAN = float("nan")


def test_means_and_spreads() -> None:
    runs = [
        [{"a": 1.0, "b": NAN}, {"a": 3.0, "b": 2.0}],
        [{"a": 2.0, "b": NAN}, {"a": 4.0, "b": 4}],
    ]
    row = summarise(runs)
    assert row["a"].mean == 2.5
    assert row["a"].over_seeds == pytest.approx(np.std([2, 3], ddof=1))
    assert row["a"].over_takes == pytest.approx(np.std([1.5, 3.5], ddof=1))
    assert row["b"].mean == 3  # of the take that has it
    assert np.isnan(row["b"].over_takes)
    assert take_row(runs, 0)["a"].mean == 1.5
    single = summarise([[{"a": 0.5, "b": float("inf")}]])
    assert single["a"].mean == 0.5
    assert np.isnan([single["a"].over_seeds, single["a"].over_takes, single["b"].mean]).all()


@pytest.mark.parametrize(
    ("mean", "spread", "decimals", "text"),
    [
        (0.912, 0.0041, 3, "0.912 ± .004"),
        (21.66, 11.67, 1, "21.7 ± 11.7"),
        (0.5, NAN, 2, "0.50"),
        (NAN, 0.1, 2, "-"),
        (-1e-9, 0.0, 3, "0.000 ± .000"),
        (10.0, 10.5, 1, "10.0 ± 10.5"),
    ],
)
def test_figures_as_shown(mean: float, spread: float, decimals: int, text: str) -> None:
    assert shown(mean, spread, decimals) == text


def test_markdown_chooses_the_spread() -> None:
    row = {"a": Figure(1.0, over_seeds=0.1, over_takes=0.2)}
    columns = (Column("a", "A", 1), Column("z", "Z"))
    lines = markdown({"one": row, "two": row}, columns, over_takes=["two"]).splitlines()
    assert lines == [
        "| | A | Z |",
        "|---|---|---|",
        "| one | 1.0 ± .1 | - |",
        "| two | 1.0 ± .2 | - |",
    ]


def test_json_knows_no_nan() -> None:
    value = {"row": {"a": Figure(0.1234567, NAN)}, 5: (NAN, float("inf"), 1, "x", True)}
    assert plain(value) == {
        "row": {"a": {"mean": 0.123457, "over_seeds": None, "over_takes": None}},
        "5": [None, None, 1, "x", True],
    }
    json.dumps(plain(value), allow_nan=False)


def test_a_report_says_what_is_real() -> None:
    rows = {"solver": {"f1": Figure(0.9)}}
    real = MotionReport("d", "furelise", False, ["a"], 40.0, 2, rows, fid_floor=1.25)
    text = real.for_people()
    assert "the rows from `true motion` on, are real hands (furelise)" in text
    assert "two halves of the true motion: 1.25" in text
    assert "± standard deviation over 2 seeds" in text
    assert json.loads(json.dumps(real.for_machines(), allow_nan=False))["fid_floor"] == 1.25


def test_real_hands_have_a_row_a_take_and_a_mean() -> None:
    runs = [[{"f1": 0.8}, {"f1": 1.0}], [{"f1": 0.9}, {"f1": 1.0}]]
    one = MotionReport(
        "d", "simulated", True, ["a"], 40.0, 2, {}, real_takes=[5, 10], real_hands={"solver": runs}
    )
    table = [line for line in one.for_people().splitlines() if line.startswith("| ")][1:]
    assert [row.split(" | ")[:2] for row in table[1:]] == [
        ["| solver, take 5", "0.850 ± .071"],
        ["| solver, take 10", "1.000 ± .000"],
        ["| **solver, mean**", "0.925 ± .106"],
    ]
    beside = json.loads(json.dumps(one.for_machines(), allow_nan=False))["real_hands"]["solver"]
    assert beside["takes"]["10"]["f1"]["mean"] == beside["takes"]["5"]["f1"]["mean"] + 0.15 == 1.0
    assert beside["mean"]["f1"]["mean"] == 0.925


def test_joins_lie_within() -> None:
    assert joins_within(playing_hands(20.0, 30.0), 6.4) == pytest.approx([6.4, 12.8, 19.2])
    assert joins_within(playing_hands(6.4, 30.0), 6.4) == []


def test_fid_of_few_clips_is_unknown() -> None:
    codes = [np.random.default_rng(take).normal(0, 1, (3, 4)) for take in range(4)]
    figures = fid_figures(codes, codes)
    assert figures["fid"] == pytest.approx(0, abs=1e-9)
    assert real_fid_floor(codes) > 0
    assert np.isnan(
        [*fid_figures(codes[:1], [codes[0][:1]]).values(), real_fid_floor(codes[:1])]
    ).all()
    assert np.isnan([*fid_figures([], []).values(), real_fid_floor([])]).all()


def test_takes_are_chosen_by_composers_in_turn(tmp_path: Path) -> None:
    write_description(tmp_path, "simulated", {})
    music = [
        ("haydn-a1", "a", "Haydn"),
        ("haydn-a2", "a", "Haydn"),
        ("haydn-b1", "b", "Haydn"),
        ("mozart-a1", "a", "Mozart"),
        *((f"bach-{piece}", piece, "Bach") for piece in "abcdefghijkl"),
    ]
    for name, piece, composer in music:
        facts = json.dumps({"piece": piece, "composer": composer})
        np.savez(take_path(tmp_path, name), facts=np.array(facts))
    bach = {f"bach-{piece}" for piece in "abcdefghijkl" if split_of(piece, "Bach") == "test"}
    chosen = [path.stem for path in choose_test_takes(tmp_path, 100)]
    assert set(chosen) == bach | {name for name, *_ in music[:4]}
    first = len({name.split("-")[0] for name in chosen})
    assert len({name.split("-")[0] for name in chosen[:first]}) == first
    # Both of Haydn's pieces come before the second take of one.
    haydn = [name[6] for name in chosen if name.startswith("haydn")]
    assert sorted(haydn[:2]) == ["a", "b"]
    assert [path.stem for path in choose_test_takes(tmp_path, 3)] == chosen[:3]


def test_miditest_pixels_become_metres(tmp_path: Path) -> None:
    tips = np.zeros((4, 2, 5, 2))
    tips[..., 0] = 30.0
    tips[2, 0, 0] = np.nan
    tips[3, :, :, 0] = 50.0
    (tmp_path / "5.mid").write_bytes(b"MThd")
    np.savez(
        tmp_path / "5.npz",
        tips=tips,
        fps=2.0,
        white_key_lines=20.0 * np.arange(53),
        midi_lag_s=0.25,
        single_hand_frames=np.arange(4) == 1,
    )
    take = load_take(tmp_path, 5)
    assert take.known.tolist() == [True, False, False, True]
    assert take.time_sec.tolist() == [-0.25, 0.25, 0.75, 1.25]
    expected = np.array([1.5, 1.5 + 1 / 3, 1.5 + 2 / 3, 2.5]) * WHITE_PITCH_M
    np.testing.assert_allclose(take.x_m[:, 1, 4], expected)
