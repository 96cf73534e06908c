"""`train_ratings`: rated takes of PercePiano → the model of `models.ratings.predict`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.datasets.recorded.percepiano import RatedTake, read_percepiano, same_music
from duemani.errors import InputError
from duemani.evaluation.review.ratings import disagreement, r2_by_scale
from duemani.files import replacing
from duemani.models.ratings.features import passage_figures
from duemani.models.ratings.predict import (
    RatingModel,
    RatingProcess,
    distance,
    figure_rows,
    rated_passages,
    save_ratings,
    standardised,
)

_COVERED = 0.8
"""Four in five listeners."""
_CHECKED = 0.99
"""Share of the left-out takes that are no stranger than what is rated."""


@dataclass(frozen=True)
class RatingTraining:
    """Settings.

    Attributes:
        lengths: kernel lengths to choose from, in standard deviations a figure.
        noises: noise variances to choose from, shares of the kernel's; a take with twice the
            listeners has half of it.
        folds: parts that cross-validation cuts the takes into.
        seed: of the folds.
    """

    lengths: tuple[float, ...] = (1.2, 1.7, 2.5)
    noises: tuple[float, ...] = (0.2, 0.4, 0.8)
    folds: int = 4
    seed: int = 0


@dataclass(frozen=True)
class RatedFigures:
    """What training needs of the takes.

    Attributes:
        names: of the figures.
        figures: NaN where a take has none.
        rating: mean of the listeners, 0-1.
        listeners: their own ratings, NaN where unanswered.
        passage, music, work: number of each take's passage, of all passages with common music,
            and of its work.
    """

    names: tuple[str, ...]
    figures: Float[np.ndarray, "take figure"]
    rating: Float[np.ndarray, "take scale"]
    listeners: tuple[np.ndarray, ...]
    passage: Int[np.ndarray, " take"]
    music: Int[np.ndarray, " take"]
    work: Int[np.ndarray, " take"]

    def chosen(self, take: Bool[np.ndarray, " take"]) -> RatedFigures:
        """The chosen takes only."""
        listeners = tuple(own for own, keep in zip(self.listeners, take, strict=True) if keep)
        rows = (self.passage[take], self.music[take], self.work[take])
        return RatedFigures(self.names, self.figures[take], self.rating[take], listeners, *rows)

    def only(self, figure: Bool[np.ndarray, " figure"]) -> RatedFigures:
        """The chosen figures only."""
        names = tuple(name for name, keep in zip(self.names, figure, strict=True) if keep)
        rows = (self.passage, self.music, self.work)
        return RatedFigures(names, self.figures[:, figure], self.rating, self.listeners, *rows)


def train_ratings(
    folder: Path,
    output: Path,
    config: RatingTraining | None = None,
    report: Callable[[str, float], None] | None = None,
) -> RatingModel:
    """Fit the model to PercePiano's takes and write it.

    Args:
        folder: the data set.
        output: weights file, .npz.
        config: settings.
        report: called with the stage and its share done, 0-1.

    Raises:
        InputError: the folder is not the data set, or the output cannot be written.
    """
    model = fit_ratings(rated_figures(read_percepiano(folder), report), config)
    with replacing(output) as temporary:
        save_ratings(model, temporary)
    return model


def rated_figures(
    takes: Sequence[RatedTake], report: Callable[[str, float], None] | None = None
) -> RatedFigures:
    """The takes' figures and ratings. Takes of which nothing could be told are left out."""
    passages = [next(rated_passages(take.performance), None) for take in takes]
    kept = [take for take, passage in zip(takes, passages, strict=True) if passage is not None]
    used = [passage for passage in passages if passage is not None]
    if not used:
        raise InputError("no rated take is long enough to learn from.")
    names, rows = tuple(passage_figures(used[0])), []
    for done, passage in enumerate(used):
        rows.append(figure_rows([passage], names)[0])
        if report is not None:
            report("figures", (done + 1) / len(used))
    return RatedFigures(
        names,
        np.array(rows),
        np.array([take.rating for take in kept]),
        tuple(take.listeners for take in kept),
        _numbers([take.passage for take in kept]),
        same_music(kept),
        _numbers([take.work for take in kept]),
    )


def fit_ratings(data: RatedFigures, config: RatingTraining | None = None) -> RatingModel:
    """The model of these takes: settings by cross-validation, ranges from what that left out."""
    config = config or RatingTraining()
    fold = folds(data.music, config.folds, config.seed)
    length, noise = choose_settings(data, fold, config)
    checks = [left_out(data, fold, length, noise)]
    if len(np.unique(data.work)) > 1:
        # Music by others than the training takes' composers is farther off than a left-out passage.
        checks.append(left_out(data, data.work, length, noise))
    trusted = r2_by_scale(data.rating, checks[-1][0]) > 0
    value = np.concatenate([values for values, _ in checks])
    variance = np.concatenate([variances for _, variances in checks])
    rating = np.tile(data.rating, (len(checks), 1))
    listeners = data.listeners * len(checks)
    floor, slope = _error((value - rating) ** 2, variance)
    disagrees = disagreement(data.listeners)
    process = fit_process(data, length, noise)
    unit = np.ones(rating.shape[1])
    strangest = float(np.quantile(variance, _CHECKED))
    model = RatingModel(process, floor, slope, disagrees, unit, strangest, trusted)
    half = model.half_range(variance)
    reach = [_reach(listeners, value, half, scale) for scale in range(rating.shape[1])]
    return replace(model, reach=np.array(reach))


def fit_process(data: RatedFigures, length: float, noise: float) -> RatingProcess:
    """The process with these settings; `length` in standard deviations a figure."""
    middle, width = _scales(data.figures)
    inputs = standardised(data.figures, middle, width)
    total, noises = length * len(data.names), noise * _doubt(data.listeners)
    mean = data.rating.mean(axis=0)
    own = np.exp(-distance(inputs, inputs) / total) + np.diag(noises)
    weights = np.linalg.solve(own, data.rating - mean)
    return RatingProcess(data.names, middle, width, inputs, total, noises, weights, mean)


def folds(group: Int[np.ndarray, " take"], count: int, seed: int) -> Int[np.ndarray, " take"]:
    """Fold of each take: groups stay whole; folds are about as large as each other."""
    random = np.random.default_rng(seed)
    numbers, index, size = np.unique(group, return_inverse=True, return_counts=True)
    # Large groups first, in an order that varies with the seed.
    order = np.argsort(-size * random.uniform(0.7, 1.3, len(numbers)))
    fold, filled = np.zeros(len(numbers), int), np.zeros(count)
    for number in order:
        fold[number] = np.argmin(filled)
        filled[fold[number]] += size[number]
    return fold[index]


def choose_settings(
    data: RatedFigures, fold: Int[np.ndarray, " take"], config: RatingTraining
) -> tuple[float, float]:
    """Length and noise with the highest R² on left-out folds."""
    apart = _distance(data)
    scores: dict[tuple[float, float], float] = {}
    for length, noise in product(config.lengths, config.noises):
        value, _ = _left_out(data, fold, np.exp(-apart / length), noise)
        scores[length, noise] = float(r2_by_scale(data.rating, value).mean())
    return max(scores, key=lambda setting: scores[setting])


def left_out(
    data: RatedFigures, fold: Int[np.ndarray, " take"], length: float, noise: float
) -> tuple[Float[np.ndarray, "take scale"], Float[np.ndarray, " take"]]:
    """Predicted ratings and variance of every take by a process that knows the other folds."""
    return _left_out(data, fold, np.exp(-_distance(data) / length), noise)


def _left_out(
    data: RatedFigures, fold: np.ndarray, likeness: np.ndarray, noise: float
) -> tuple[np.ndarray, np.ndarray]:
    from scipy.linalg import cho_solve, cholesky

    value, variance = np.zeros_like(data.rating), np.zeros(len(fold))
    noises = noise * _doubt(data.listeners)
    for number in np.unique(fold):
        out = fold == number
        factor = cholesky(likeness[np.ix_(~out, ~out)] + np.diag(noises[~out]), lower=True)
        across = likeness[np.ix_(~out, out)]
        mean = data.rating[~out].mean(axis=0)
        weights = cho_solve((factor, True), data.rating[~out] - mean)
        value[out] = np.clip(mean + across.T @ weights, 0, 1)
        explained = np.sum(across * cho_solve((factor, True), across), axis=0)
        variance[out] = np.clip(1 - explained, 0, 1)
    return value, variance


def _distance(data: RatedFigures) -> np.ndarray:
    """Mean distance a figure between all pairs, in standard deviations."""
    inputs = standardised(data.figures, *_scales(data.figures))
    return distance(inputs, inputs) / len(data.names)


def _scales(figures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(figures)
    count = np.maximum(known.sum(axis=0), 1)
    middle = np.where(known, figures, 0).sum(axis=0) / count
    square = np.where(known, (figures - middle) ** 2, 0).sum(axis=0) / count
    # A figure that is the same in every take says nothing, and must not divide by zero.
    return middle, np.where(square > 1e-18, np.sqrt(square), 1.0)


def _doubt(listeners: Sequence[np.ndarray]) -> np.ndarray:
    """How uncertain each take's mean is, 1 on average: fewer listeners, more of it."""
    each = 1 / np.array([max(len(own), 1) for own in listeners])
    return each / each.mean()


def _error(square: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Floor and slope, neither negative, of squared error over variance, by scale."""
    from scipy.optimize import nnls

    design = np.stack([np.ones(len(variance)), variance], axis=1)
    fits = np.array([nnls(design, column)[0] for column in square.T])
    return fits[:, 0], fits[:, 1]


def _reach(
    listeners: Sequence[np.ndarray], value: np.ndarray, half: np.ndarray, scale: int
) -> float:
    """Smallest multiple of `half` whose range holds four in five listeners of one scale."""
    away = [
        np.abs(own[:, scale] - middle[scale]) / wide[scale]
        for own, middle, wide in zip(listeners, value, half, strict=True)
    ]
    joined = np.concatenate(away) if away else np.zeros(0)
    joined = joined[np.isfinite(joined)]
    return float(np.quantile(joined, _COVERED)) if len(joined) else 1.28


def _numbers(names: Sequence[str]) -> Int[np.ndarray, " take"]:
    return np.unique(names, return_inverse=True)[1]
