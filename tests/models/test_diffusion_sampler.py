"""Few steps from noise to poses: against diffusers, and against what is known exactly."""

from types import ModuleType

import numpy as np
import pytest

from duemani.models.diffusion.config import Objective, Sampler
from duemani.models.diffusion.sampler import TRAIN_STEPS, alpha_bars, sample, trailing_steps

KINDS: list[tuple[Objective, Sampler]] = [("v", "dpm"), ("v", "ddim"), ("flow", "dpm")]
each_kind = pytest.mark.parametrize(("objective", "sampler"), KINDS)
SHAPE = (2, 6, 40)


def some_noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(SHAPE)


def made_up_network(noisy: np.ndarray, time: float) -> np.ndarray:
    """Smooth in what it sees, and not linear."""
    return np.tanh(1.3 * noisy + time) - 0.4 * np.roll(noisy, 1, axis=-1) + 0.2 * time


def levels(time: float, objective: Objective) -> tuple[float, float]:
    """Signal and noise at a time."""
    if objective == "flow":
        return 1 - time, time
    bar = alpha_bars()[round(time * TRAIN_STEPS)]
    return float(np.sqrt(bar)), float(np.sqrt(1 - bar))


def prediction(
    clean: np.ndarray, noisy: np.ndarray, time: float, objective: Objective
) -> np.ndarray:
    """What a network that foresees `clean` says."""
    signal, noise = levels(time, objective)
    return (noisy - clean) / time if objective == "flow" else (signal * noisy - clean) / noise


@pytest.fixture(scope="module")
def diffusers() -> ModuleType:
    pytest.importorskip("torch")
    return pytest.importorskip("diffusers")


def by_diffusers(scheduler: object, noise: np.ndarray, scale: float) -> np.ndarray:
    import torch

    x = torch.from_numpy(noise).double()
    for step in scheduler.timesteps:  # type: ignore[attr-defined]
        made = torch.from_numpy(made_up_network(x.numpy(), float(step) / scale))
        x = scheduler.step(made, step, x).prev_sample  # type: ignore[attr-defined]
    return x.numpy()


def test_noise_schedule_is_that_of_diffusers(diffusers: ModuleType) -> None:
    theirs = diffusers.DDPMScheduler(TRAIN_STEPS, beta_schedule="squaredcos_cap_v2")
    np.testing.assert_allclose(alpha_bars(), theirs.alphas_cumprod.numpy(), rtol=2e-4, atol=1e-7)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("steps", [1, 2, 3, 8, 14, 15, 30])
def test_dpm_is_that_of_diffusers(diffusers: ModuleType, steps: int) -> None:
    scheduler = diffusers.DPMSolverMultistepScheduler(
        TRAIN_STEPS,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        solver_order=2,
        algorithm_type="dpmsolver++",
        final_sigmas_type="zero",
    )
    scheduler.set_timesteps(steps)
    np.testing.assert_array_equal(scheduler.timesteps.numpy(), trailing_steps(steps))
    wanted = by_diffusers(scheduler, some_noise(), TRAIN_STEPS)
    made = sample(made_up_network, some_noise(), steps)
    np.testing.assert_allclose(made, wanted, atol=2e-4)


# Where 1000 is no multiple of the steps, diffusers' DDIM steps down to another time than the one
# that it is asked at next.
@pytest.mark.parametrize("steps", [1, 2, 8, 10, 25])
def test_ddim_is_that_of_diffusers(diffusers: ModuleType, steps: int) -> None:
    scheduler = diffusers.DDIMScheduler(
        TRAIN_STEPS,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        clip_sample=False,
    )
    scheduler.set_timesteps(steps)
    np.testing.assert_array_equal(scheduler.timesteps.numpy(), trailing_steps(steps))
    wanted = by_diffusers(scheduler, some_noise(), TRAIN_STEPS)
    made = sample(made_up_network, some_noise(), steps, sampler="ddim")
    np.testing.assert_allclose(made, wanted, atol=2e-4)


@pytest.mark.parametrize("steps", [1, 3, 8, 20])
def test_flow_is_that_of_diffusers(diffusers: ModuleType, steps: int) -> None:
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(TRAIN_STEPS)
    scheduler.set_timesteps(sigmas=np.linspace(1, 0, steps + 1)[:-1])
    wanted = by_diffusers(scheduler, some_noise(), TRAIN_STEPS)
    made = sample(made_up_network, some_noise(), steps, "flow")
    np.testing.assert_allclose(made, wanted, atol=2e-4)


def test_noise_grows_from_almost_none_to_almost_all() -> None:
    bars = alpha_bars()
    assert np.all(np.diff(bars) < 0)
    assert bars[0] > 0.9999
    assert bars[-1] < 1e-4


@pytest.mark.parametrize("steps", [1, 3, 7, 8, 50, 1000])
def test_steps_fall_from_the_noisiest(steps: int) -> None:
    chosen = trailing_steps(steps)
    assert len(chosen) == steps
    assert chosen[0] == TRAIN_STEPS - 1
    assert np.all(np.diff(chosen) < 0)
    assert chosen[-1] >= 0


@each_kind
@pytest.mark.parametrize("steps", [1, 2, 3, 7, 20, 50])
def test_a_perfect_network_gives_the_clean_poses(
    objective: Objective, sampler: Sampler, steps: int
) -> None:
    clean = np.random.default_rng(1).normal(size=SHAPE)
    asked: list[float] = []

    def predict(noisy: np.ndarray, time: float) -> np.ndarray:
        asked.append(time)
        return prediction(clean, noisy, time, objective)

    made = sample(predict, some_noise(), steps, objective, sampler)
    np.testing.assert_allclose(made, clean, atol=1e-8)
    assert len(asked) == steps
    assert asked == sorted(asked, reverse=True)


SPREAD = 0.4


def gaussian_error(steps: int, objective: Objective, sampler: Sampler) -> float:
    """How far samples of N(0, SPREAD²) are from where the exact flow carries their noise."""

    def predict(noisy: np.ndarray, time: float) -> np.ndarray:
        signal, noise = levels(time, objective)
        clean = signal * SPREAD**2 / (signal**2 * SPREAD**2 + noise**2) * noisy
        return prediction(clean, noisy, time, objective)

    made = sample(predict, some_noise(), steps, objective, sampler)
    signal, noise = levels((TRAIN_STEPS - 1) / TRAIN_STEPS, "v") if objective == "v" else (0, 1)
    exact = some_noise() * SPREAD / np.sqrt((signal * SPREAD) ** 2 + noise**2)
    return float(np.abs(made - exact).max())


@each_kind
def test_more_steps_come_nearer_to_the_exact_flow(objective: Objective, sampler: Sampler) -> None:
    errors = [gaussian_error(steps, objective, sampler) for steps in (8, 16, 32, 64)]
    assert errors[1] < 0.7 * errors[0]
    assert max(errors[2:]) < 0.4 * errors[0]


def test_the_second_order_is_worth_its_name() -> None:
    for steps in (8, 16, 32):
        assert gaussian_error(steps, "v", "dpm") < 0.7 * gaussian_error(steps, "v", "ddim")


@each_kind
@pytest.mark.parametrize("steps", [1, 2, 8])
def test_corrected_poses_are_the_ones_made(
    objective: Objective, sampler: Sampler, steps: int
) -> None:
    signals: list[float] = []
    held = np.random.default_rng(2).normal(size=(2, 6, 12))

    def correct(clean: np.ndarray, signal: float) -> np.ndarray:
        signals.append(signal)
        return np.concatenate([held, clean[..., 12:]], -1)

    made = sample(made_up_network, some_noise(), steps, objective, sampler, correct)
    free = sample(made_up_network, some_noise(), steps, objective, sampler)
    np.testing.assert_allclose(made[..., :12], held, atol=1e-12)
    if steps > 1:  # what is held is told to the rest by its neighbour
        assert np.abs(made - free)[..., 12].max() > 1e-3
    np.testing.assert_allclose(made[..., 12 + steps : -steps], free[..., 12 + steps : -steps])
    if objective == "flow":
        expected = np.arange(steps) / steps
    else:
        expected = np.sqrt(alpha_bars()[trailing_steps(steps)])
    np.testing.assert_allclose(np.sqrt(signals), expected, atol=1e-12)


@each_kind
def test_a_correction_that_changes_nothing_changes_nothing(
    objective: Objective, sampler: Sampler
) -> None:
    plain = sample(made_up_network, some_noise(), 6, objective, sampler)
    same = sample(made_up_network, some_noise(), 6, objective, sampler, lambda clean, _: clean)
    np.testing.assert_array_equal(plain, same)
    other = sample(made_up_network, some_noise(1), 6, objective, sampler)
    assert np.abs(plain - other).max() > 0.1


def test_the_noise_is_left_as_it_was() -> None:
    noise = some_noise()
    for objective, sampler in KINDS:
        sample(made_up_network, noise, 4, objective, sampler)
    np.testing.assert_array_equal(noise, some_noise())
