"""`duemani evaluate motion` on a tiny data set made up here, with networks on numpy."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from duemani.cli import main
from duemani.datasets.recorded.miditest import TAKES
from duemani.datasets.takes import (
    FRAME_RATE,
    MotionTake,
    save_take,
    split_of,
    take_path,
    write_description,
)
from duemani.evaluation.benchmark.players import SHIPPED_PLAYERS, all_players
from duemani.evaluation.motion.gesture_code import (
    CODE_VALUES,
    GESTURE_FORMAT,
    GESTURE_VALUES,
    KERNEL,
    LAST_FRAMES,
)
from duemani.keyboard import WHITE_PITCH_M
from duemani.media.spectra import sound_features
from duemani.models.diffusion import pretrained, windows
from duemani.models.diffusion.config import DiffusionOptions
from duemani.models.diffusion.sampler import sample
from duemani.models.solver.solve import solve_motion
from duemani.models.solver.style import Style
from duemani.motion import save_motion
from tests.helpers.hands import playing_hands
from tests.helpers.inputs import midi_bytes, write
from tests.helpers.motion_model import GaussianNetworks, mirrored, scales, tones

SECONDS = 9.0
MODELS = list(all_players({}))
FLOORS = ["true motion", "frozen", "reversed", "another take"]
TEST_COMPOSERS = ["Haydn", "Mozart"]
SHORT = ("--takes", 1, "--seeds", 1, "--seconds", 2)


def solved_take(name: str, composer: str, seconds: float) -> MotionTake:
    music = scales(0.5, round(seconds / 4.5))
    music = mirrored(music) if name == "Mozart" else music
    style = Style(lift_m=0.02)
    motion = solve_motion(music, style, FRAME_RATE, until_sec=seconds)
    sound = sound_features(tones(music, seconds), motion.frame_count)
    return MotionTake(name, f"piece of {composer}", composer, music, motion, style, sound)


@pytest.fixture(scope="module")
def takes() -> list[MotionTake]:
    tested = [solved_take(name, name, SECONDS) for name in TEST_COMPOSERS]
    other = next(name for name in "ABCDE" if split_of(f"piece of {name}") == "train")
    return [*tested, solved_take(other, other, 4.5)]


@pytest.fixture(scope="module")
def data(takes: list[MotionTake], tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("motion") / "scales"
    write_description(folder, "simulated", {})
    for take in takes:
        save_take(folder, take)
    return folder


@pytest.fixture(autouse=True, scope="module")
def networks_on_numpy() -> Iterator[None]:
    """What ships is in no way needed here; two steps do, as the Gaussian denoiser is exact."""

    def in_two_steps(denoise: Any, noise: np.ndarray, steps: int, *others: Any) -> np.ndarray:
        assert steps == DiffusionOptions().steps
        return sample(denoise, noise, 2, *others)

    with pytest.MonkeyPatch.context() as patch:
        networks = GaussianNetworks(spread=0.5)
        patch.setattr(pretrained, "shipped_networks", lambda: networks)
        patch.setattr(windows, "sample", in_two_steps)
        yield


@pytest.fixture
def run(capfd) -> Callable[..., tuple[int, str, str]]:
    """Runs the command in this process; gives code, standard output and standard error."""

    def run_it(*arguments: object) -> tuple[int, str, str]:
        code = main(["evaluate", "motion", *map(str, arguments)])
        return code, *capfd.readouterr()

    return run_it


def no_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def read_json(text: str) -> dict[str, Any]:
    assert text.count("\n") == 1
    return json.loads(text, parse_constant=no_constant)


def gesture_file(path: Path, width: int = 2) -> Path:
    rng = np.random.default_rng(0)
    arrays = {
        "code_weight": rng.normal(0, 1, (CODE_VALUES, width * LAST_FRAMES)),
        "code_bias": np.zeros(CODE_VALUES),
    }
    for layer in range(4):
        values = width if layer else GESTURE_VALUES
        arrays[f"conv{layer}_weight"] = rng.normal(0, 1, (width, values, KERNEL))
        arrays[f"conv{layer}_bias"] = np.zeros(width)
    facts = {
        "format": GESTURE_FORMAT,
        "config": json.dumps({"width": width}),
        "mean": json.dumps([0.0] * GESTURE_VALUES),
        "spread": json.dumps([1.0] * GESTURE_VALUES),
    }
    save_file({name: array.astype(np.float16) for name, array in arrays.items()}, path, facts)
    return path


@pytest.fixture(scope="module")
def report(data: Path, tmp_path_factory) -> dict[str, Any]:
    gestures = gesture_file(tmp_path_factory.mktemp("gestures") / "code.safetensors")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(["evaluate", "motion", str(data), "--gestures", str(gestures), "--json"])
    assert code == 0
    return read_json(out.getvalue())


def means(report: dict[str, Any], name: str) -> dict[str, float | None]:
    return {figure: value["mean"] for figure, value in report["rows"][name].items()}


def test_what_ships_is_taken_apart() -> None:
    assert MODELS[:3] == [*SHIPPED_PLAYERS] == ["solver", "diffusion", "diffusion, any pianist"]
    assert {"diffusion, raw", "notes, raw", "sound, raw"} <= {*MODELS}
    raw = all_players({})["sound, raw"].options
    assert (raw.told, raw.raw, raw.guidance) == ("sound", True, 0)


def test_all_models_and_floors_side_by_side(report: dict[str, Any]) -> None:
    assert list(report["rows"]) == [*MODELS, *FLOORS]
    assert report["takes"] == TEST_COMPOSERS  # their files' names
    assert (report["simulated"], report["seeds"], report["real_hands"]) == (True, 2, {})
    assert report["fid_floor"] is None  # one clip a half
    for name in report["rows"]:
        has_windows = name in MODELS[1:]
        unknown = {figure for figure, mean in means(report, name).items() if mean is None}
        wanted = set() if has_windows else {"seam_ratio"}
        wanted |= {"sec_per_sec"} if name in FLOORS else set()
        # Of matched notes, which hands that miss all keys have none of.
        assert unknown - {"dynamics_r", "finger_agreement"} == wanted, name
        if means(report, name)["f1"]:
            assert means(report, name)["finger_agreement"] is not None
        spread = report["rows"][name]["fgd"]["over_seeds"]
        assert (spread is not None) == has_windows
        assert report["rows"][name]["pd"]["over_takes"] is not None


def test_floors_are_worth_less_than_models(report: dict[str, Any]) -> None:
    f1 = {name: means(report, name)["f1"] or 0.0 for name in report["rows"]}
    assert min(f1["solver"], f1["diffusion"], f1["diffusion, any pianist"], f1["true motion"]) > 0.9
    for name in ("frozen", "reversed", "another take", "diffusion, raw", "sound, raw"):
        assert f1[name] < 0.6, name
    itself = means(report, "true motion")
    for figure in ("fgd", "wgd", "pd", "smooth", "fid"):
        assert itself[figure] == pytest.approx(0, abs=1e-6), figure
    frozen = means(report, "frozen")
    assert min(frozen[name] or 0.0 for name in ("fgd", "pd", "smooth", "fid")) > 0
    # Eight seconds of nine, backwards: the trap of FGD.
    assert (means(report, "reversed")["fgd"] or 0.0) < (frozen["fgd"] or 0.0)
    assert f1["reversed"] < f1["true motion"]


def test_means_of_hands(report: dict[str, Any]) -> None:
    figures = means(report, "diffusion")
    for name in ("fgd", "wgd", "pd", "smooth"):
        hands = figures[f"{name}_left"], figures[f"{name}_right"]
        assert figures[name] == pytest.approx(np.mean(hands), abs=1e-5)


def test_tables_for_people(run, data: Path) -> None:
    code, out, err = run(data, *SHORT)
    assert (code, err) == (0, "")
    table = [line for line in out.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert [row[0] for row in cells] == ["", "---", *MODELS, *FLOORS[:3]]  # no other take
    assert {len(row) for row in cells} == {16}
    solver = dict(zip(cells[0], cells[2], strict=True))
    assert float(solver["key-press F1"]) > 0.9
    assert solver["FGD"] == solver["FID"] == solver["seam ratio"] == "-"  # shorter than a clip
    assert "All hands here are simulated" in out
    assert "1 test takes of `scales`, at most the first 2 s" in out
    assert "of one seed" in out
    assert "Haydn" in out.splitlines()[-1]


def test_spreads_are_shown(run, data: Path) -> None:
    code, out, _ = run(data, "--takes", 1, "--seeds", 2, "--seconds", 2)
    assert code == 0
    raw = next(line for line in out.splitlines() if line.startswith("| diffusion, raw"))
    assert re.search(r"\| \d\.\d{3} ± \.\d{3} \|", raw)
    solver = next(line for line in out.splitlines() if line.startswith("| solver"))
    assert "±" not in solver


def test_real_hands_without_sound(run, takes: list[MotionTake], tmp_path: Path) -> None:
    """A take of a real pianist, silent, one hand of which is lost for a while."""
    take = takes[0]
    hidden = take.motion.tracked.copy()
    hidden[0, 10:20] = False
    parts = {
        name: np.where(hidden.reshape(2, -1, *[1] * (array.ndim - 2)), array, np.nan)
        for name in ("wrist_m", "rotations_rad", "landmarks_m")
        for array in [getattr(take.motion, name)]
    }
    motion = replace(take.motion, tracked=hidden, **parts)
    write_description(tmp_path, "furelise", {})
    save_take(tmp_path, replace(take, style=None, sound=None, motion=motion))
    code, out, err = run(tmp_path, "--takes", 1, "--seeds", 1, "--seconds", 2)
    assert code == 0
    assert re.fullmatch(r"duemani: some takes have no sound[^\n]*\n", err)
    assert "real hands (furelise)" in out
    assert "| sound, raw" not in out
    assert "| notes, raw" in out


def miditest_folder(folder: Path) -> Path:
    """Fingertips that swing over the middle of 52 white keys, 20 pixels each."""
    folder.mkdir()
    frames = 150
    phase = np.arange(10).reshape(2, 5)
    swing = np.sin(np.arange(frames)[:, None, None] / 9 + phase)
    tips = np.stack([500 + 100 * swing, np.zeros_like(swing)], axis=-1)
    tips[7, 1, 2] = np.nan
    for number in TAKES:
        write(folder / f"{number}.mid", midi_bytes())
        np.savez(
            folder / f"{number}.npz",
            tips=tips,
            fps=60.0,
            white_key_lines=20.0 * np.arange(53),
            midi_lag_s=0.1,
            single_hand_frames=np.arange(frames) == 3,
        )
    return folder


def test_fingertips_beside_real_ones(run, data: Path, tmp_path: Path) -> None:
    folder = miditest_folder(tmp_path / "miditest")
    code, out, err = run(data, *SHORT, "--real-hands", folder, "--json")
    assert (code, err) == (0, "")
    beside = read_json(out)["real_hands"]
    assert list(beside) == list(SHIPPED_PLAYERS)
    for found in beside.values():
        assert list(found["takes"]) == [str(number) for number in TAKES]
        figures = {name: figure["mean"] for name, figure in found["mean"].items()}
        ratios = ("acceleration_ratio", "jerk_ratio", "raw_acceleration_ratio", "raw_jerk_ratio")
        assert min(figures[name] for name in ratios) > 0
        assert figures["x_rms_mm"] > WHITE_PITCH_M * 1000
        assert figures["log_speed_distance"] > 0
        assert figures["f1"] > 0.9


def untrained_model(path: Path) -> Path:
    torch = pytest.importorskip("torch")
    for package in ("diffusers", "onnx", "onnxscript"):
        pytest.importorskip(package)
    from duemani.models.diffusion.config import DenoiserConfig, PositionConfig
    from duemani.training.motion.export import save_model
    from duemani.training.motion.networks.audio_encoder import AudioEncoder, AudioEncoderConfig
    from duemani.training.motion.networks.denoiser import Denoiser
    from duemani.training.motion.networks.position_predictor import (
        PositionPredictor,
        WristStatistics,
    )
    from duemani.training.motion.networks.run import TorchNetworks

    torch.manual_seed(0)
    like, widths = GaussianNetworks(), (16, 16, 16, 16)
    statistics = WristStatistics((0.0, -0.05, 0.06), (0.2, 0.02, 0.02))
    networks = TorchNetworks(
        AudioEncoder(AudioEncoderConfig(8, 16)).eval(),
        PositionPredictor(PositionConfig(widths=widths), statistics).eval(),
        Denoiser(DenoiserConfig(widths=widths), like.code.channels).eval(),
        like.code,
        like.guide_error_m,
    )
    save_model(path, networks, {})
    return path


def test_other_weights_have_rows_of_their_own(run, data: Path, tmp_path: Path) -> None:
    one = untrained_model(tmp_path / "tiny.safetensors")
    other = write(tmp_path / "second.safetensors", one.read_bytes())
    code, out, err = run(data, *SHORT, "--weights", one, "--weights", other, "--json")
    assert (code, err) == (0, "")
    found = read_json(out)
    of_weights = [f"{n}: {row}" for n in ("tiny", "second") for row in ("sound, raw", "diffusion")]
    assert list(found["rows"]) == [*MODELS, *of_weights, *FLOORS[:3]]
    assert means(found, "tiny: diffusion")["f1"] == means(found, "second: diffusion")["f1"]
    assert (means(found, "tiny: sound, raw")["f1"] or 0) < 0.5


@pytest.fixture
def refused(run) -> Callable[..., None]:
    """Expects one sentence and exit code 2."""

    def expect(*arguments: object, why: str) -> None:
        code, out, err = run(*arguments)
        assert (code, out) == (2, ""), err
        assert re.fullmatch(r"duemani: [^\n]{10,400}\.\n", err), err
        assert why in err, err

    return expect


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--takes", 0], "1 or more"),
        (["--seeds", -1], "1 or more"),
        (["--seconds", 0], "1 or more"),
        (["--seconds", "long"], "'long' is not a number"),
        (["--seconds", 1, "--takes", 1, "--reference", "x.mid"], "goes with a motion file"),
        (["--weights", "gone.safetensors"], "gone.safetensors"),
        (["--gestures", "gone.safetensors"], "gone.safetensors does not exist"),
        (["--real-hands", "gone"], "gone is no folder with MIDItest takes"),
        (["--weights"], "missing value"),
    ],
)
def test_wrong_options_are_refused(
    refused, data: Path, tmp_path: Path, monkeypatch, options: list[object], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(data, *options, why=why)


def test_foreign_files_are_refused(refused, data: Path, tmp_path: Path) -> None:
    gestures = gesture_file(tmp_path / "gestures.safetensors")
    refused(data, "--weights", gestures, why="no motion model of duemani")
    refused(data, "--weights", write(tmp_path / "a.safetensors", "text"), why="no motion model")
    refused(data, "--gestures", write(tmp_path / "b.safetensors", "text"), why="no gesture encoder")
    folder = miditest_folder(tmp_path / "miditest")
    (folder / "10.mid").unlink()
    refused(data, "--real-hands", folder, why="10.mid does not exist")
    write(folder / "5.npz", "text")
    refused(data, "--real-hands", folder, why="5.npz is no MIDItest take")
    refused(data, "--real-hands", tmp_path, why="5.npz does not exist")


def test_folders_that_are_no_data_set_are_refused(
    refused, takes: list[MotionTake], tmp_path: Path
) -> None:
    refused(tmp_path, why="is no prepared motion data set")
    folder = tmp_path / "data"
    write_description(folder, "simulated", {})
    refused(folder, why="holds no takes yet")
    save_take(folder, takes[2])
    refused(folder, why="no takes of test pieces")
    late = takes[0].performance.delayed(5.0)
    save_take(folder, replace(takes[0], performance=late))
    refused(folder, "--seconds", 3, why="no note is played in the first 3 s of Haydn")
    write(take_path(folder, "cut"), take_path(folder, "Haydn").read_bytes()[:3000])
    refused(folder, why="cut.npz is no prepared take")
    write(folder / "dataset.json", json.dumps({"format": "another"}))
    refused(folder, why="is no prepared motion data set")


def test_missing_scikit_learn_is_said_before_anything_is_done(
    refused, data: Path, monkeypatch
) -> None:
    monkeypatch.setattr("duemani.commands.evaluate.motion.find_spec", lambda name: None)
    refused(data, why="WGD needs scikit-learn: install duemani with its extra `bench`.")


def test_a_motion_file_needs_its_notes(refused, data: Path, tmp_path: Path) -> None:
    path = tmp_path / "hands.npz"
    save_motion(path, playing_hands(0.2))
    refused(path, why="hands.npz needs --reference")
    notes = write(tmp_path / "notes.mid", midi_bytes())
    refused(path, "--reference", notes, "--real-hands", data, why="go with the folder")
    refused(tmp_path / "gone", why="does not exist")
