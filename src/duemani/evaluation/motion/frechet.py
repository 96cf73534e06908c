"""Fréchet distance between the Gaussians of two samples."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from duemani.errors import InputError


def frechet_distance(
    real: Float[np.ndarray, "real_row value"], fake: Float[np.ndarray, "fake_row value"]
) -> float:
    """Fréchet distance (squared 2-Wasserstein) between Gaussians fitted to the rows of both.

    ‖μ1−μ2‖² + Tr(Σ1+Σ2) − 2 Tr(Σ1Σ2)^½, covariances with n−1. The last trace is the nuclear
    norm of Σ1^½ Σ2^½: the same number as ΣRe√eig(Σ1Σ2), which published code computes, without
    squaring the rounding errors, so equal samples give 0 also where the covariances are
    singular.

    Returns:
        The distance in the values' squared unit, never negative.

    Raises:
        InputError: fewer than two rows, or a value that is not finite.
    """
    for rows in (real, fake):
        if len(rows) < 2 or not np.isfinite(rows).all():
            raise InputError("a Fréchet distance needs two or more rows of finite values each.")
    real_root, real_total = _covariance_root(real)
    fake_root, fake_total = _covariance_root(fake)
    between = real.mean(0, dtype=float) - fake.mean(0, dtype=float)
    shared = np.linalg.svd(real_root @ fake_root, compute_uv=False).sum()
    return max(float(between @ between + real_total + fake_total - 2 * shared), 0.0)


def _covariance_root(
    rows: Float[np.ndarray, "row value"],
) -> tuple[Float[np.ndarray, "value value"], float]:
    """The covariance's symmetric root, and the covariance's trace."""
    rows = rows.astype(float)
    centred = (rows - rows.mean(0)) / np.sqrt(len(rows) - 1)
    _, scale, axes = np.linalg.svd(centred, full_matrices=False)
    return (axes.T * scale) @ axes, float((scale**2).sum())
