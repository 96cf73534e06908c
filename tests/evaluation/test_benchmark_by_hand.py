"""The motion benchmark with players that are made up: who is measured, how often, on what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from duemani.datasets.recorded.miditest import RealTake
from duemani.evaluation.benchmark import players as players_module
from duemani.evaluation.benchmark import run
from duemani.evaluation.benchmark.players import SHIPPED_PLAYERS, Player, all_players
from duemani.evaluation.benchmark.report import MotionReport
from duemani.evaluation.benchmark.run import Benchmark, Excerpt
from duemani.evaluation.benchmark.table import COLUMNS, REAL_HANDS_COLUMNS, Column, Figure
from duemani.evaluation.motion.figures import fid_figures, real_fid_floor
from duemani.models.diffusion.config import DiffusionOptions
from duemani.motion import HandMotion
from duemani.performance import RIGHT, Performance, make_notes
from tests.helpers.hands import playing_hands


def notes() -> Performance:
    made = make_notes([(0.5, 0.8, 60, 64), (1.0, 1.3, 62, 64)])
    made["hand"], made["finger"] = RIGHT, [1, 2]
    return Performance.create(made)


def excerpt(name: str, seconds: float = 2.0) -> Excerpt:
    return Excerpt(name, notes(), playing_hands(seconds, 30.0), None, simulated=True)


class Recorder:
    """Stands for `motion_figures`, and counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[HandMotion, HandMotion, list[float]]] = []

    def __call__(
        self, motion: HandMotion, real: HandMotion, played: Performance, joins: list[float]
    ) -> dict[str, float]:
        self.asked.append((motion, real, [*joins]))
        return {"f1": float(len(self.asked))}


def test_an_excerpt_gives_its_notes_without_fingers() -> None:
    one = excerpt("a", 4.0)
    assert one.length_sec == pytest.approx(4.0)
    assert set(one.notes.notes["hand"]) == {-1}
    assert set(one.notes.notes["finger"]) == {0}
    assert one.notes.notes["pitch"].tolist() == [60, 62]


def test_rows_of_models_and_of_true_motion(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder, played = Recorder(), []
    monkeypatch.setattr(run, "motion_figures", recorder)

    def play(
        self: Player, notes: Performance, rate: float, seed: int, until: float, sound: object
    ) -> tuple[Performance, HandMotion, float]:
        played.append((self.model, rate, seed, until))
        return notes, playing_hands(until + 1.0, 30.0), 0.5

    monkeypatch.setattr(Player, "play", play)
    takes = [excerpt("a", 8.0), excerpt("b", 16.0)]
    progress: list[tuple[str, float]] = []
    benchmark = Benchmark(takes, {"one": Player("solver"), "two": Player()}, seeds=2)
    rows = benchmark.measure(lambda name, share: progress.append((name, share)))
    assert [*rows] == ["one", "two", "true motion", "frozen", "reversed", "another take"]
    assert played == [
        ("solver", 30.0, 0, 8.0), ("solver", 30.0, 0, 16.0),
        ("diffusion", 30.0, 0, 8.0), ("diffusion", 30.0, 0, 16.0),
        ("diffusion", 30.0, 1, 8.0), ("diffusion", 30.0, 1, 16.0),
    ]  # fmt: skip
    assert [share for name, share in progress if name == "two"] == [0.25, 0.5, 0.75, 1.0]
    assert [share for name, share in progress if name == "one"] == [0.5, 1.0]
    # The motion is cut to the take; only what is drawn in windows has joins.
    assert [motion.frame_count for motion, *_ in recorder.asked[:4]] == [240, 480, 240, 480]
    assert recorder.asked[1][2] == []
    assert len(recorder.asked[3][2]) == 2
    assert recorder.asked[1][1] is takes[1].real
    assert rows["one"]["sec_per_sec"].mean == pytest.approx((0.5 / 8 + 0.5 / 16) / 2)
    assert rows["one"]["f1"].mean == pytest.approx(1.5)
    assert rows["two"]["f1"].mean == pytest.approx(4.5)
    assert rows["two"]["f1"].over_seeds == pytest.approx(np.sqrt(2))
    assert np.isnan(rows["true motion"]["sec_per_sec"].mean)
    assert np.isnan(rows["one"]["fid"].mean)
    assert np.isnan(benchmark.fid_floor())
    alone = Benchmark(takes[:1], {}, seeds=2).measure(lambda name, share: None)
    assert "another take" not in alone


def test_beside_real_hands_every_seed_and_take(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def beside(player: Player, take: RealTake, seed: int) -> dict[str, float]:
        asked.append((player.model, take.midi.stem, seed))
        return {"f1": float(take.midi.stem) + seed}

    def take(number: int) -> RealTake:
        x_m = np.zeros((3, 2, 5))
        times = np.arange(3) / 60
        return RealTake(number, Path(f"{number}.mid"), x_m, np.ones(3, bool), times, 60.0)

    monkeypatch.setattr(run, "_beside_real_hands", beside)
    shares: dict[str, list[float]] = {}
    measured = Benchmark([], {}, 2).measure_real_hands(
        [take(1), take(2)], lambda name, share: shares.setdefault(name, []).append(share)
    )
    assert [*measured] == [*SHIPPED_PLAYERS]
    assert measured["solver"] == [[{"f1": 1.0}, {"f1": 2.0}]]
    assert measured["diffusion"] == [[{"f1": 1.0}, {"f1": 2.0}], [{"f1": 2.0}, {"f1": 3.0}]]
    assert asked[:2] == [("solver", "1", 0), ("solver", "2", 0)]
    assert shares["solver, beside real hands"] == [0.5, 1.0]
    assert shares["diffusion, beside real hands"] == [0.25, 0.5, 0.75, 1.0]
    assert Benchmark([], {}, 2).measure_real_hands([], lambda name, share: None) == {}


def test_who_is_in_the_benchmark() -> None:
    assert [*SHIPPED_PLAYERS] == ["solver", "diffusion", "diffusion, any pianist"]
    assert not SHIPPED_PLAYERS["solver"].has_windows
    assert SHIPPED_PLAYERS["diffusion"].has_windows
    assert SHIPPED_PLAYERS["diffusion"].options == DiffusionOptions()
    assert SHIPPED_PLAYERS["diffusion, any pianist"].options == DiffusionOptions(any_pianist=True)
    everyone = all_players({})
    assert [*everyone][3:] == ["diffusion, raw", "notes, raw", "sound, raw", "sound, by ear"]
    told = {
        name: (p.options.told, p.options.raw, p.options.guidance) for name, p in everyone.items()
    }
    plain = DiffusionOptions()
    assert told["diffusion, raw"] == (plain.told, True, 0.0)
    assert told["notes, raw"] == ("notes", True, 0.0)
    assert told["sound, raw"] == ("sound", True, 0.0)
    assert told["sound, by ear"] == ("sound", True, 1.0)


def test_a_player_passes_on_what_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    def generate(notes: Performance, **options: object) -> tuple[Performance, HandMotion]:
        asked.update(options)
        return notes, playing_hands(1.0, 30.0)

    monkeypatch.setattr(players_module, "generate", generate)
    _, motion, took_sec = Player(options=DiffusionOptions(raw=True)).play(notes(), 30.0, 3, 2.5)
    assert (asked["frame_rate"], asked["until_sec"], asked["model"]) == (30.0, 2.5, "diffusion")
    assert asked["options"] == replace(DiffusionOptions(raw=True), variation=3)
    assert motion.frame_rate == 30.0
    assert 0 <= took_sec < 5
    Player("solver").play(notes(), 60.0)
    assert (asked["until_sec"], asked["model"]) == (0.0, "solver")
    assert asked["options"] == replace(DiffusionOptions(), variation=0)


def test_columns_have_so_many_decimals() -> None:
    decimals = {column.name: column.decimals for column in (*COLUMNS, *REAL_HANDS_COLUMNS)}
    four = {"limit_violations", "penetrations", "finger_collisions", "pd"}
    assert {name for name, count in decimals.items() if count == 4} == four
    assert {name for name, count in decimals.items() if count == 2} == {"fid", "seam_ratio"}
    assert {name for name, count in decimals.items() if count == 1} == {"x_rms_mm"}
    assert set(decimals.values()) == {1, 2, 3, 4}
    assert Column("a", "A").decimals == 3


def test_the_report_in_words() -> None:
    one = MotionReport("d", "made up", True, ["a", "b"], 40.0, 1, {"solver": {"f1": Figure(0.5)}})
    text = one.for_people()
    assert text.startswith("2 test takes of `d`, at most the first 40 s of each.")
    assert "Means over takes of one seed." in text
    assert "**All hands here are simulated**" in text
    assert "two halves" not in text
    assert text.endswith("Takes: a, b.")
    assert "MIDItest" not in text
    beside = replace(one, real_takes=[5], real_hands={"solver": [[{"f1": 0.5}]]})
    assert "Takes of one seed; mean ± standard deviation over takes" in beside.for_people()
    assert beside.for_machines()["fid_floor"] is None


def test_fid_takes_two_clips_on_either_side() -> None:
    two, one = np.random.default_rng(0).normal(0, 1, (2, 3)), np.zeros((1, 3))
    assert np.isfinite(fid_figures([two], [two])["fid"])
    assert np.isfinite(fid_figures([one, two], [two])["fid"])
    for real, fake in (([one], [two]), ([two], [one]), ([two], [])):
        assert np.isnan(fid_figures(real, fake)["fid"])
        assert np.isnan(fid_figures(real, fake)["fid_diagonal"])
    assert np.isnan(real_fid_floor([two]))
    assert np.isfinite(real_fid_floor([two, two, two, two]))
