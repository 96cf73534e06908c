"""Training that goes on where it stopped, and refuses what is not its own."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("lightning")

import torch
from torch import Tensor, nn

from duemani.errors import InputError
from duemani.models.diffusion.config import PositionConfig
from duemani.training.fit import Machine, Optimisation, fit
from duemani.training.motion.corpus import Corpus, take_arrays
from duemani.training.motion.positions import Positions
from tests.helpers.motion_model import made_up_take

CPU = Machine(accelerator="cpu")
PLAN = Optimisation(6, batch=2, learning_rate=1e-2, ema_decay=0.5, checkpoint_steps=3)
STAGE = "line"
pytestmark = pytest.mark.filterwarnings("ignore")


class Line:
    """A task as small as can be: a straight line through points that a step's number fixes."""

    def __init__(self, width: int = 3, stop_at: int = -1, stop: type[BaseException] = OSError):
        torch.manual_seed(5)
        self.network: nn.Module = nn.Sequential(nn.Linear(width, 4), nn.Linear(4, 1))
        self.width, self.stop_at, self.stop = width, stop_at, stop
        self.steps: list[int] = []
        self.noise: list[float] = []

    def batch(self, step: int, count: int) -> dict[str, Tensor]:
        if step == self.stop_at:
            raise self.stop("stopped by the test")
        self.steps.append(step)
        generator = torch.Generator().manual_seed(step)
        x = torch.randn(count, self.width, generator=generator)
        return {"x": x, "y": x.sum(1, keepdim=True)}

    def losses(self, batch: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        noise = torch.randn(1, generator=generator)
        self.noise.append(float(noise))
        miss = (self.network(batch["x"]) - batch["y"] + 0.1 * noise).square().mean()
        return {"loss": miss, "miss": miss}


def weights(network: nn.Module) -> np.ndarray:
    return np.concatenate([p.detach().numpy().ravel() for p in network.parameters()])


def trained(folder: Path, task: Line, plan: Optimisation = PLAN) -> np.ndarray:
    return weights(fit(task, STAGE, folder, plan, CPU))


def stopped(folder: Path, at: int = 4, stop: type[BaseException] = OSError) -> Line:
    task = Line(stop_at=at, stop=stop)
    with pytest.raises((stop, SystemExit)):
        fit(task, STAGE, folder, PLAN, CPU)
    return task


@pytest.mark.parametrize("stop", [OSError, KeyboardInterrupt])
def test_training_that_was_killed_goes_on_as_if_it_had_not_been(
    tmp_path: Path, stop: type[BaseException]
) -> None:
    whole = Line()
    wanted = trained(tmp_path / "whole", whole)
    assert whole.steps == list(range(6))
    stopped(tmp_path / "parts", 4, stop)
    rest = Line()
    made = trained(tmp_path / "parts", rest)
    assert rest.steps == [3, 4, 5]
    np.testing.assert_array_equal(rest.noise, whole.noise[3:])
    np.testing.assert_allclose(made, wanted, atol=1e-6)
    assert np.abs(made - weights(Line().network)).max() > 1e-3


def test_finished_training_is_not_repeated(tmp_path: Path) -> None:
    wanted = trained(tmp_path, Line())
    again = Line()
    np.testing.assert_allclose(trained(tmp_path, again), wanted, atol=1e-6)
    assert not again.noise


def test_training_goes_on_for_longer(tmp_path: Path) -> None:
    first = trained(tmp_path, Line())
    more = Line()
    longer = trained(tmp_path, more, Optimisation(9, 2, 1e-2, 0.5, checkpoint_steps=3))
    assert more.steps == [6, 7, 8]
    assert np.abs(first - longer).max() > 1e-4


def test_a_checkpoint_that_comes_late_repeats_the_same_steps(tmp_path: Path) -> None:
    plan = Optimisation(5, 2, 1e-2, 0.5, checkpoint_steps=3)
    wanted = trained(tmp_path, Line(), plan)
    again = Line()
    np.testing.assert_allclose(trained(tmp_path, again, plan), wanted, atol=1e-6)
    assert again.steps == [3, 4]


def test_the_weights_kept_are_averages(tmp_path: Path) -> None:
    plan = Optimisation(6, 2, 1e-2, ema_decay=0.9, checkpoint_steps=6)
    averaged = trained(tmp_path / "slow", Line(), plan)
    latest = trained(tmp_path / "last", Line(), Optimisation(6, 2, 1e-2, 0.0, checkpoint_steps=6))
    start = weights(Line().network)
    assert np.abs(latest - averaged).max() > 1e-4
    assert np.abs(averaged - start).sum() < np.abs(latest - start).sum()


def test_seeds_give_other_noise_and_the_same_seed_the_same(tmp_path: Path) -> None:
    one, same, other = Line(), Line(), Line()
    trained(tmp_path / "one", one)
    trained(tmp_path / "same", same)
    trained(tmp_path / "other", other, Optimisation(6, 2, 1e-2, 0.5, seed=1, checkpoint_steps=3))
    assert one.noise == same.noise
    assert len(set(one.noise)) == 6
    assert not set(one.noise) & set(other.noise)


def rows(folder: Path) -> list[dict[str, str]]:
    """What was logged, in however many files."""
    found: list[dict[str, str]] = []
    for path in (folder / "logs" / STAGE).rglob("metrics.csv"):
        with path.open(newline="") as file:
            found += csv.DictReader(file)
    return sorted(found, key=lambda row: int(row["step"]))


def test_losses_are_logged(tmp_path: Path) -> None:
    shares: list[float] = []
    fit(Line(), STAGE, tmp_path, PLAN, CPU, lambda stage, share: shares.append(share))
    logged = rows(tmp_path)
    assert logged
    assert all(float(row["loss"]) == float(row["miss"]) > 0 for row in logged)
    assert shares == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])


def test_what_was_logged_before_the_stop_is_kept(tmp_path: Path) -> None:
    plan = Optimisation(120, 2, 1e-2, 0.5, checkpoint_steps=60)
    trained(tmp_path, Line(), Optimisation(60, 2, 1e-2, 0.5, checkpoint_steps=60))
    before = [(row["step"], row["loss"]) for row in rows(tmp_path)]
    trained(tmp_path, Line(), plan)
    after = [(row["step"], row["loss"]) for row in rows(tmp_path)]
    assert before
    assert after[: len(before)] == before
    assert len(after) > len(before)


def test_tensorboard_takes_the_logs_where_it_is_installed(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    fit(Line(), STAGE, tmp_path, PLAN, Machine(accelerator="cpu", logger="tensorboard"))
    assert list((tmp_path / "logs" / STAGE).rglob("events.out.*"))


class Uncopied(Line):
    """A task with data too large to hold twice."""

    def __deepcopy__(self, memo: dict[int, object]) -> "Uncopied":
        raise MemoryError("the data were copied")


def test_the_data_are_not_copied(tmp_path: Path) -> None:
    task = Uncopied()
    trained(tmp_path, task)
    assert task.steps == list(range(6))


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def damage_start(path: Path) -> None:
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])


def no_checkpoint(path: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, path)


def step_alone(path: Path) -> None:
    torch.save({"global_step": 3}, path)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [cut_off, damage_start, no_checkpoint, step_alone, empty])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    stopped(tmp_path)
    spoil(tmp_path / STAGE / "last.ckpt")
    with pytest.raises(InputError, match=r"last\.ckpt"):
        trained(tmp_path, Line())


@pytest.mark.parametrize("steps", [3, 6])
def test_another_networks_checkpoint_is_refused(tmp_path: Path, steps: int) -> None:
    trained(tmp_path, Line(width=3), Optimisation(steps, 2, 1e-2, 0.5, checkpoint_steps=3))
    with pytest.raises(InputError, match="another network"):
        trained(tmp_path, Line(width=5))


class _Bomb:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("inside", [False, True])
def test_code_in_a_checkpoint_is_not_run(tmp_path: Path, inside: bool) -> None:
    stopped(tmp_path)
    path, mark = tmp_path / STAGE / "last.ckpt", tmp_path / "executed"
    content = torch.load(path, weights_only=True) if inside else {"global_step": 3}
    torch.save({**content, "callbacks": _Bomb(mark)}, path)
    with pytest.raises(InputError, match=r"last\.ckpt"):
        trained(tmp_path, Line())
    assert not mark.exists()
    torch.load(path, weights_only=False)  # the bomb does work
    assert mark.exists()


def test_a_real_task_goes_on_alike(tmp_path: Path) -> None:
    take = take_arrays(made_up_take())
    corpus = Corpus([take], {})
    plan = Optimisation(4, batch=1, learning_rate=1e-3, checkpoint_steps=2)

    def task() -> Positions:
        return Positions(corpus, [take.roll], PositionConfig((16, 16, 16, 16)), plan.seed)

    whole = weights(fit(task(), "position", tmp_path / "whole", plan, CPU))
    killed = task()
    batches = killed.batch

    def until_step_3(step: int, count: int) -> dict[str, Tensor]:
        if step == 3:
            raise KeyboardInterrupt
        return batches(step, count)

    killed.batch = until_step_3  # type: ignore[method-assign]
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        fit(killed, "position", tmp_path / "parts", plan, CPU)
    made = weights(fit(task(), "position", tmp_path / "parts", plan, CPU))
    np.testing.assert_allclose(made, whole, atol=1e-6)
