"""From noise to poses in few steps: DPM-Solver++ (2M), DDIM, and Euler's for flows.

The shipped program runs without PyTorch, which diffusers' schedulers need; these are the same
formulas on numpy arrays, held to diffusers' own results by a test. Each is a plain function of a
`foresee(noisy, time) -> clean` that may also correct what it foresees (guidance, seams).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from duemani.models.diffusion.config import Objective, Sampler

Predict = Callable[[np.ndarray, float], np.ndarray]
"""The network: noisy poses and the time (0-1) → v, or the flow's velocity."""
Correct = Callable[[np.ndarray, float], np.ndarray]
"""Changes the clean poses foreseen, given how much of them is signal (0-1)."""

TRAIN_STEPS = 1000


def alpha_bars() -> np.ndarray:
    """Share of signal power at each training step: the cosine schedule (Nichol & Dhariwal 2021)."""

    def level(share: np.ndarray) -> np.ndarray:
        return np.cos((share + 0.008) / 1.008 * np.pi / 2) ** 2

    step = np.arange(TRAIN_STEPS)
    betas = 1 - level((step + 1) / TRAIN_STEPS) / level(step / TRAIN_STEPS)
    return np.cumprod(1 - np.minimum(betas, 0.999))


def trailing_steps(count: int) -> np.ndarray:
    """`count` training steps from the noisiest down ("trailing" in diffusers)."""
    return np.round(np.arange(TRAIN_STEPS, 0, -TRAIN_STEPS / count)).astype(int) - 1


def sample(
    predict: Predict,
    noise: np.ndarray,
    steps: int,
    objective: Objective = "v",
    sampler: Sampler = "dpm",
    correct: Correct | None = None,
) -> np.ndarray:
    """Clean poses from noise.

    Args:
        predict: the network.
        noise: standard normal.
        steps: how often the network is asked.
        objective: what it was trained for.
        sampler: `dpm` or `ddim` for v; a flow always takes Euler's steps.
        correct: applied to every foreseen clean pose.
    """
    if objective == "flow":
        return _euler(predict, noise, steps, correct)
    bars = alpha_bars()
    chosen = trailing_steps(steps)
    signal = np.append(np.sqrt(bars[chosen]), 1.0)
    spread = np.append(np.sqrt(1 - bars[chosen]), 0.0)
    noisy, before = noise, None
    for at, step in enumerate(chosen):
        a, s = signal[at], spread[at]
        clean = a * noisy - s * predict(noisy, step / TRAIN_STEPS)
        if correct:
            clean = correct(clean, float(a**2))
        ahead, fall = signal[at + 1], spread[at + 1]
        if fall == 0:
            return clean
        if sampler == "ddim":
            noisy = ahead * clean + fall * (noisy - a * clean) / s
            continue
        width = _log_snr(ahead, fall) - _log_snr(a, s)
        used = clean
        if before is not None:
            ratio = (_log_snr(a, s) - _log_snr(signal[at - 1], spread[at - 1])) / width
            used = clean + (clean - before) / (2 * ratio)
        noisy = fall / s * noisy - ahead * np.expm1(-width) * used
        before = clean
    return noisy


def _log_snr(signal: float, spread: float) -> float:
    return float(np.log(signal) - np.log(spread))


def _euler(predict: Predict, noise: np.ndarray, steps: int, correct: Correct | None) -> np.ndarray:
    times = np.linspace(1, 0, steps + 1)
    noisy = noise
    for now, after in itertools.pairwise(times):
        clean = noisy - now * predict(noisy, float(now))
        if correct:
            clean = correct(clean, float((1 - now) ** 2))
        noisy = clean + after / now * (noisy - clean)
    return noisy
