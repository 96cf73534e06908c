"""How the reviewer is trained: its lessons, its losses, and `duemani train reviewer`."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("onnx")

import torch
from torch import Tensor

from duemani.cli import main
from duemani.datasets.simulated.filming import NO_NOISE
from duemani.datasets.takes import save_take, split_of, write_description
from duemani.errors import InputError
from duemani.models.reviewer.config import WINDOW_FRAMES, ReviewerConfig
from duemani.models.reviewer.judge import judge
from duemani.models.reviewer.pretrained import load_reviewer
from duemani.performance import sound_end_sec
from duemani.training.fit import Machine, Optimisation, fit
from duemani.training.reviewer.corpus import ReviewTake, Watching, load_review_takes, review_take
from duemani.training.reviewer.discriminators import Rivalry
from duemani.training.reviewer.hearsay import Hearsay, heard_notes
from duemani.training.reviewer.network import Inputs
from duemani.training.reviewer.task import Lessons, Reviewing, reconstruction
from tests.helpers.motion_model import made_up_take, scales
from tests.helpers.reviewer_model import (
    TINY,
    any_finger_played,
    bone_lengths,
    some_evidence,
    some_notes,
    some_sound,
)

EXACT = Lessons(
    watching=Watching(NO_NOISE, 1.0, 0.0, 0.0, 0.0, 0.0),
    hearsay=Hearsay(0.0, 0.0, 0.0, 0.0, 0.0),
    without_sound=0.0,
    without_hands=0.0,
    without_velocity=0.0,
    without_prior=0.0,
    rivalry=Rivalry(0.0, 0.0),
)


@pytest.fixture(autouse=True)
def repeatable() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)


def gradients(module: torch.nn.Module) -> list[float]:
    return [0.0 if p.grad is None else float(p.grad.abs().max()) for p in module.parameters()]


# --- the task -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def take() -> ReviewTake:
    notes, landmarks = any_finger_played()
    frames = landmarks.shape[1]
    return ReviewTake(
        "any",
        notes,
        notes["release_sec"] + 0.1,
        (np.arange(frames) % 60 < 30).astype(np.float32),
        np.full((len(notes), 10), 0.1),
        landmarks.astype(np.float32),
        bone_lengths(),
        some_sound(frames).astype(np.float16),
    )


def test_batches_follow_from_the_step(take: ReviewTake) -> None:
    one, same = (Reviewing([take], TINY, Lessons(), 0) for _ in range(2))
    same.batch(3, 2)
    batch, again, other = one.batch(5, 3), same.batch(5, 3), one.batch(6, 3)
    assert set(batch) == set(again) == set(other)
    for name, values in batch.items():
        assert torch.equal(values, again[name]), name
    assert not torch.equal(batch["seen"], other["seen"])
    assert int(batch["step"]) == 5
    unlike = Reviewing([take], TINY, Lessons(), 1).batch(5, 3)
    assert not torch.equal(batch["seen"], unlike["seen"])


def test_batches_are_whole_and_finite(take: ReviewTake) -> None:
    task = Reviewing([take], TINY, Lessons(), 0)
    for step in range(6):
        batch = task.batch(step, 3)
        count = batch["real"].shape[1]
        assert count % 16 == 0
        assert batch["finger"].shape == (3, count)
        assert batch["touch"].shape == (3, count, 3)
        assert batch["pressing"].shape == (3, WINDOW_FRAMES, 10)
        assert batch["pedal"].shape == (3, WINDOW_FRAMES)
        assert all(torch.isfinite(values).all() for values in batch.values())
        given = batch["given"].bool()
        assert (batch["sound"][~given[:, 0]] == 0).all()
        assert (batch["views"][~given[:, 1]] == 0).all()
        assert (batch["facts"][~given[:, 2]][..., 21:23] == 0).all()
        assert (batch["facts"][~given[:, 3]][..., 23:] == 0).all()


def test_targets_are_the_truth(take: ReviewTake) -> None:
    batch = Reviewing([take], TINY, EXACT, 0).batch(0, 2)
    for row in range(2):
        real = batch["real"][row] > 0
        finger = batch["finger"][row, real]
        # The finger that plays is the one whose tip is nearest to the key.
        nearest = batch["views"][row, real, :, 8, 1].argmax(1)
        assert torch.equal(nearest, finger)
        assert batch["touch"][row, real].abs().max() < 1e-5
        pressed = batch["pressing"][row].sum(1)
        assert float(pressed.max()) == 1
        onset = batch["frames"][row, real, 8]
        assert (batch["pressing"][row, onset, finger] == 1).all()
    assert torch.unique(batch["finger"]).numel() > 5


@pytest.mark.parametrize("seconds", [3.0, 8.0])
def test_takes_shorter_than_a_window_are_learnt_from(take: ReviewTake, seconds: float) -> None:
    frames = round(seconds * 30)
    kept = take.notes["onset_sec"] < seconds - 0.3
    short = replace(
        take,
        notes=take.notes[kept],
        sounding_sec=take.sounding_sec[kept],
        prior=take.prior[kept],
        pedal=take.pedal[:frames],
        landmarks_m=take.landmarks_m[:, :frames],
        sound=take.sound[:frames],
    )
    batch = Reviewing([short], TINY, EXACT, 0).batch(0, 2)
    assert int(batch["real"].sum()) == 2 * int(kept.sum())
    assert (batch["pedal"][:, frames:] == 0).all()
    assert (batch["sound"][:, frames:] == 0).all()


def test_losses_are_finite_without_notes_and_without_anything(take: ReviewTake) -> None:
    rivalry = Rivalry(warm_up=0, every=1)
    nothing = replace(
        take, notes=take.notes[:0], sounding_sec=take.sounding_sec[:0], prior=take.prior[:0]
    )
    blind = replace(
        EXACT,
        without_sound=1.0,
        without_hands=1.0,
        without_velocity=1.0,
        without_prior=1.0,
        rivalry=rivalry,
    )
    for takes, lessons in (
        ([nothing], Lessons(rivalry=rivalry)),
        ([nothing], blind),
        ([take], blind),
    ):
        task = Reviewing(takes, TINY, lessons, 0)
        losses = task.losses(task.batch(0, 2), torch.Generator().manual_seed(0))
        assert {"rival_fingers", "rival_touch"} <= set(losses)
        assert all(torch.isfinite(value) for value in losses.values())
        losses["loss"].backward()
        for name, parameter in task.network.named_parameters():
            assert parameter.grad is None or torch.isfinite(parameter.grad).all(), name


def test_the_rivals_wait_for_the_warm_up_and_can_be_left_out(take: ReviewTake) -> None:
    def rival_gradients(rivalry: Rivalry, step: int) -> tuple[set[str], bool]:
        task = Reviewing([take], TINY, replace(EXACT, rivalry=rivalry), 0)
        losses = task.losses(task.batch(step, 1), torch.Generator().manual_seed(0))
        losses["loss"].backward()
        moved = max(gradients(task.network.rivals)) > 0
        return {name for name in losses if name.startswith("rival")}, moved

    both = {"rival_fingers", "rival_touch"}
    assert rival_gradients(Rivalry(warm_up=2), 0) == (set(), False)
    assert rival_gradients(Rivalry(warm_up=2), 2) == (both, True)
    assert rival_gradients(Rivalry(warm_up=2), 3) == (both, False)  # every second step
    assert rival_gradients(Rivalry(warm_up=0, strongest=0.1), 2) == (both, False)
    assert rival_gradients(Rivalry(fingers=0.0, touch=0.0, warm_up=0), 2) == (set(), False)
    assert rival_gradients(Rivalry(fingers=0.0, warm_up=0), 2) == ({"rival_touch"}, True)


def test_the_pedal_is_not_learnt_without_sound(take: ReviewTake) -> None:
    task = Reviewing([take], TINY, replace(EXACT, without_sound=1.0), 0)
    batch = task.batch(0, 2)
    with torch.no_grad():
        terms = reconstruction(task.network.reviewer(Inputs.of(batch)), batch)
    assert float(terms["pedal"]) == 0
    assert float(terms["finger"]) > 0


def test_fingers_are_learnt_from_a_single_batch(take: ReviewTake) -> None:
    config = ReviewerConfig(16, 32, 16, 2, 1, 1)
    task = Reviewing([take], config, EXACT, 0)
    batch = task.batch(0, 2)
    optimiser = torch.optim.Adam(task.network.parameters(), 1e-2)
    first = last = None
    for step in range(60):
        losses = task.losses(batch, torch.Generator().manual_seed(step))
        first = first or losses
        optimiser.zero_grad()
        losses["loss"].backward()
        optimiser.step()
        last = losses
    assert first is not None
    assert last is not None
    assert float(first["accuracy"]) < 0.5
    assert float(last["accuracy"]) > 0.95
    assert float(last["pressing"]) < 0.5 * float(first["pressing"])


# --- what it learns from --------------------------------------------------------------------------


def test_hearsay_without_errors_is_the_truth() -> None:
    notes = some_notes(40)
    rng = np.random.default_rng(0)
    heard, which = heard_notes(
        notes, notes["release_sec"] + 1, Hearsay(0.0, 0.0, 0.0, 0.0, 0.0), rng
    )
    np.testing.assert_array_equal(which, np.arange(40))
    np.testing.assert_array_equal(heard["onset_sec"], notes["onset_sec"])
    np.testing.assert_allclose(heard["release_sec"], notes["release_sec"])
    assert (heard["hand"] == -1).all()
    assert (heard["finger"] == 0).all()


def test_hearsay_is_in_order_and_knows_which_note_it_was() -> None:
    notes = some_notes(300, seconds=20)
    errors = Hearsay(0.05, 0.3, 0.5, 0.2, 9.0)
    heard, which = heard_notes(notes, notes["release_sec"] + 1, errors, np.random.default_rng(1))
    assert (np.diff(heard["onset_sec"]) >= 0).all()
    assert len(set(which)) == len(which) < 300
    np.testing.assert_array_equal(heard["pitch"], notes["pitch"][which])
    assert np.abs(heard["onset_sec"] - notes["onset_sec"][which]).max() < 0.3
    assert (heard["release_sec"] > heard["onset_sec"]).all()
    assert ((heard["velocity"] >= 1) & (heard["velocity"] <= 127)).all()
    empty, none = heard_notes(notes[:0], np.zeros(0), errors, np.random.default_rng(1))
    assert len(empty) == len(none) == 0


def test_a_prepared_take_becomes_a_lesson_and_its_prior_is_kept(tmp_path: Path) -> None:
    made = made_up_take("one")
    lesson = review_take(made, tmp_path)
    assert lesson.notes.tobytes() == scales().notes.tobytes()
    np.testing.assert_array_equal(lesson.sounding_sec, sound_end_sec(scales()))
    assert lesson.frame_count == len(lesson.pedal) == len(lesson.sound) == 90
    again = review_take(made, tmp_path)
    np.testing.assert_allclose(again.prior, lesson.prior, atol=1e-6)
    marked = np.full_like(lesson.prior, 0.1)
    np.save(tmp_path / "one.npy", marked)
    np.testing.assert_array_equal(review_take(made, tmp_path).prior, marked)
    np.save(tmp_path / "one.npy", marked[:3])  # of another take of this name
    np.testing.assert_allclose(review_take(made, tmp_path).prior, lesson.prior, atol=1e-6)


def test_the_facts_of_a_configuration_are_plain_values() -> None:
    assert ReviewerConfig(**asdict(TINY)) == TINY


def test_no_take_of_a_split_is_said(tmp_path: Path) -> None:
    write_description(tmp_path, "made up", {})
    save_take(tmp_path, replace(made_up_take("one"), composer="Mozart"))
    with pytest.raises(InputError, match="no take of the train split"):
        load_review_takes([tmp_path], "train")
    (only,) = load_review_takes([tmp_path], "test")
    assert only.name == "one"


# --- the command ----------------------------------------------------------------------------------

Run = Callable[..., tuple[int, str, str]]
WALTZ = next(name for name in ("waltz", "polka", "march") if split_of(name) == "train")


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process; gives code, standard output and standard error."""

    def run_it(*arguments: object) -> tuple[int, str, str]:
        code = main([*map(str, arguments)])
        return code, *capfd.readouterr()

    return run_it


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A prepared data set of two takes to train on and one to test on."""
    folder = tmp_path / "data"
    write_description(folder, "made up", {"seed": 0})
    for name, composer in (("one", ""), ("two", ""), ("three", "Mozart")):
        save_take(folder, replace(made_up_take(name, 4.0), piece=WALTZ, composer=composer))
    return folder


def test_from_takes_to_a_reviewer(run: Run, data: Path, tmp_path: Path) -> None:
    model = tmp_path / "own.safetensors"
    code, out, err = run(
        "train", "reviewer", data, "-o", model, "--quick", "--accelerator", "cpu", "--json"
    )
    assert code == 0, err
    facts = json.loads(out)
    assert facts["takes"] == 2
    assert facts["output"] == str(model)
    network = load_reviewer(model)
    assert network.facts["takes"] == 2
    assert network.facts["data"][0]["source"] == "made up"  # type: ignore[index]
    assert network.config == ReviewerConfig(16, 16, 8, 2, 1, 1)
    judged = judge(network, some_evidence(20, 300), 300)
    np.testing.assert_allclose(judged.chances.sum(1), 1, atol=1e-5)
    work = model.with_suffix(".work")
    assert sorted(path.stem for path in (work / "priors" / "data").iterdir()) == ["one", "two"]
    logged = next(work.glob("logs/reviewer/*/metrics.csv")).read_text().splitlines()[0]
    assert {"finger", "touch", "pedal", "pressing", "accuracy"} <= set(logged.split(","))


def weights(network: torch.nn.Module) -> np.ndarray:
    return np.concatenate([p.detach().numpy().ravel() for p in network.parameters()])


@pytest.mark.filterwarnings("ignore")
def test_training_that_was_stopped_goes_on_alike(take: ReviewTake, tmp_path: Path) -> None:
    plan = Optimisation(4, batch=2, learning_rate=1e-3, checkpoint_steps=2)
    cpu = Machine(accelerator="cpu")

    def task() -> Reviewing:
        return Reviewing([take], TINY, Lessons(rivalry=Rivalry(warm_up=1)), plan.seed)

    whole = weights(fit(task(), "reviewer", tmp_path / "whole", plan, cpu))
    stopped = task()
    batches = stopped.batch

    def until_step_3(step: int, count: int) -> dict[str, Tensor]:
        if step == 3:
            raise KeyboardInterrupt
        return batches(step, count)

    stopped.batch = until_step_3  # type: ignore[method-assign]
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        fit(stopped, "reviewer", tmp_path / "parts", plan, cpu)
    made = weights(fit(task(), "reviewer", tmp_path / "parts", plan, cpu))
    np.testing.assert_allclose(made, whole, atol=1e-6)
    assert np.abs(whole - weights(task().network)).max() > 1e-5
    other = Reviewing([take], replace(TINY, note_width=32), Lessons(), 0)
    with pytest.raises(InputError, match="another network"):
        fit(other, "reviewer", tmp_path / "parts", plan, cpu)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("DATA", "-o", "m.txt"), "accepted is .safetensors"),
        (("DATA", "-o", "m.safetensors", "--scale", "0"), "above 0"),
        (("DATA", "-o", "m.safetensors", "--batch", "-1"), "0 or more"),
        (("DATA", "-o", "nowhere/m.safetensors"), "nowhere"),
        (("EMPTY", "-o", "m.safetensors"), "no prepared motion data set"),
        (("MISSING", "-o", "m.safetensors"), "no prepared motion data set"),
        (("MOZART", "-o", "m.safetensors", "--quick"), "no take of the train split"),
    ],
)
def test_training_refuses_what_it_cannot_use(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "EMPTY").mkdir()
    for name, composer in (("DATA", ""), ("MOZART", "Mozart")):
        write_description(tmp_path / name, "made up", {})
        save_take(tmp_path / name, replace(made_up_take(), piece=WALTZ, composer=composer))
    first, option, output, *others = arguments
    code, out, err = run("train", "reviewer", tmp_path / first, option, tmp_path / output, *others)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert not list(tmp_path.rglob("m.*safetensors"))
