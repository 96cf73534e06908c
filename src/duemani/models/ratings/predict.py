"""How listeners would rate a passage on PercePiano's 19 scales, from its notes.

A Gaussian process (Rasmussen & Williams 2006, ch. 2) on the figures of `ratings_features`, with the
kernel exp(-|x - x'|₁ / length): its variance tells how far a take is from all that were rated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from duemani.errors import InputError
from duemani.files import WEIGHTS
from duemani.models.ratings.features import chord_count, passage_figures
from duemani.performance import Performance

SCALES = (
    "stable - unstable timing",
    "short - long articulation",
    "soft, cushioned - hard, solid articulation",
    "sparse, dry - saturated, wet pedal",
    "clean - blurred pedal",
    "even - colourful timbre",
    "shallow - rich timbre",
    "bright - dark timbre",
    "soft - loud timbre",
    "sophisticated, mellow - raw, crude dynamics",
    "little - large dynamic range",
    "fast-paced - slow-paced",
    "flat - spacious",
    "disproportioned - balanced",
    "pure - dramatic, expressive",
    "optimistic, pleasant - dark mood",
    "low - high energy",
    "honest - imaginative",
    "unsatisfactory, doubtful - convincing interpretation",
)
"""PercePiano's scales in its order; each runs from its first word at 0 to its second at 1."""

# The rated passages have 51-413 notes in 4-99 s, typically 106 in 12 s.
LEAST_NOTES, LEAST_CHORDS, LEAST_SEC = 40, 16, 4.0
_WHOLE_NOTES, _WHOLE_SEC = 420, 100.0
_WINDOW_NOTES, _WINDOW_SEC = 120, 20.0
FARTHEST = 4.0
"""Standard deviations at which a figure is cut: beyond, it says no more than 'far'."""


@dataclass(frozen=True)
class Ratings:
    """Predicted ratings, one a scale of `SCALES`; all empty where `cannot_tell` says why.

    Attributes:
        value: 0-1, mean of the listeners.
        low, high: range that holds four of five listeners, within 0-1.
        strangeness: 0 (like rated takes) to 1 (like none): the process's variance.
        passages: how many passages were rated and averaged.
        trusted: scales on which works that were left out were predicted better than by the mean
            rating; the others hold only for music much like that which was rated.
        cannot_tell: one sentence, "" where there are ratings.
    """

    value: Float[np.ndarray, " scale"]
    low: Float[np.ndarray, " scale"]
    high: Float[np.ndarray, " scale"]
    strangeness: float
    passages: int
    trusted: Bool[np.ndarray, " scale"]
    cannot_tell: str = ""


@dataclass(frozen=True)
class RatingProcess:
    """The fitted process: figures (standardised) → mean and variance.

    Attributes:
        names: the figures used, in order.
        middle, width: of each figure over the training takes; `middle` also stands for NaN.
        inputs: standardised figures of the training takes.
        length: of the kernel, in summed standard deviations.
        noise: variance of a mean rating that no figure explains, share of the kernel's.
        weights: of the kernel to each training take, by scale.
        mean: ratings of the average take.
    """

    names: tuple[str, ...]
    middle: Float[np.ndarray, " figure"]
    width: Float[np.ndarray, " figure"]
    inputs: Float[np.ndarray, "take figure"]
    length: float
    noise: Float[np.ndarray, " take"]
    weights: Float[np.ndarray, "take scale"]
    mean: Float[np.ndarray, " scale"]

    def predict(
        self, figures: Float[np.ndarray, "passage figure"], factor: Float[np.ndarray, "take take"]
    ) -> tuple[Float[np.ndarray, "passage scale"], Float[np.ndarray, " passage"]]:
        """Ratings and variance (0-1, one for all scales).

        Args:
            figures: as `names` lists them, not standardised.
            factor: `cholesky()` of this process.
        """
        inputs = standardised(figures, self.middle, self.width)
        likeness = np.exp(-distance(inputs, self.inputs) / self.length)
        explained = np.linalg.solve(factor, likeness.T)
        variance = np.clip(1.0 - np.sum(explained**2, axis=0), 0.0, 1.0)
        return self.mean + likeness @ self.weights, variance

    def cholesky(self) -> Float[np.ndarray, "take take"]:
        """Lower factor of the training takes' covariance."""
        own = np.exp(-distance(self.inputs, self.inputs) / self.length)
        return np.linalg.cholesky(own + np.diag(self.noise))


@dataclass(frozen=True)
class RatingModel:
    """The process, and what its predictions are worth.

    Attributes:
        process: figures → mean and variance.
        error_floor, error_slope: squared error of a predicted mean is floor + slope · variance,
            found on passages and works that were left out.
        disagreement: variance between listeners of one take.
        reach: half the range of four in five listeners, in standard deviations of both together.
        strangest: the variance above which nothing was checked.
        trusted: scales on which left-out works were predicted better than by the mean rating.
    """

    process: RatingProcess
    error_floor: Float[np.ndarray, " scale"]
    error_slope: Float[np.ndarray, " scale"]
    disagreement: Float[np.ndarray, " scale"]
    reach: Float[np.ndarray, " scale"]
    strangest: float
    trusted: Bool[np.ndarray, " scale"]

    def half_range(
        self, variance: Float[np.ndarray, " passage"]
    ) -> Float[np.ndarray, "passage scale"]:
        """Half the range of four in five listeners, for takes of that variance."""
        error = self.error_floor + self.error_slope * variance[:, None]
        return self.reach * np.sqrt(error + self.disagreement)


def predict_ratings(performance: Performance, model: RatingModel | None = None) -> Ratings:
    """Ratings of a take by an average of listeners. A take longer than those that were
    rated is cut into passages of about 20 s, and their ratings are averaged.

    Only the notes, their velocities and the sustain pedal count; no score is needed.

    Args:
        performance: of any length; a few seconds or unusual music gives no ratings, but a sentence.
        model: `load_ratings()` by default.
    """
    passages = list(rated_passages(performance))
    if not passages:
        return _none(
            f"Listeners' ratings cannot be told of so little music: {LEAST_NOTES} notes in"
            f" {LEAST_CHORDS} chords and {LEAST_SEC:g} seconds are the least."
        )
    model, factor = (model, model.process.cholesky()) if model else _shipped()
    figures = figure_rows(passages, model.process.names)
    values, variance = model.process.predict(figures, factor)
    seconds = np.array([passage.duration_sec for passage in passages])
    share = seconds / seconds.sum()
    strangeness = float(share @ variance)
    if strangeness > model.strangest:
        return _none(
            "Listeners' ratings cannot be told: the take is unlike all those that listeners rated"
            " (classical passages by Beethoven and Schubert).",
            strangeness,
        )
    value = np.clip(share @ values, 0.0, 1.0)
    half = model.half_range(np.array([strangeness]))[0]
    low, high = np.clip(value - half, 0.0, 1.0), np.clip(value + half, 0.0, 1.0)
    return Ratings(value, low, high, strangeness, len(passages), model.trusted)


def rated_passages(performance: Performance) -> Iterator[Performance]:
    """The take in passages as long as those that were rated, without those that hold too little."""
    notes = performance.notes
    if not len(notes):
        return
    # Silence before the first note and a pedal that moves after the last say nothing.
    start_sec, end_sec = float(notes["onset_sec"][0]), float(notes["release_sec"].max()) + 0.01
    length_sec, count = end_sec - start_sec, 1
    if length_sec > _WHOLE_SEC or len(notes) > _WHOLE_NOTES:
        count = max(round(length_sec / _WINDOW_SEC), round(len(notes) / _WINDOW_NOTES))
    edges = start_sec + length_sec * np.arange(count + 1) / count
    for start, end in pairwise(edges):
        passage = performance.between(float(start), float(end))
        if (
            len(passage.notes) >= LEAST_NOTES
            and chord_count(passage) >= LEAST_CHORDS
            and passage.duration_sec >= LEAST_SEC
        ):
            yield passage


def figure_rows(
    passages: Sequence[Performance], names: Sequence[str]
) -> Float[np.ndarray, "passage figure"]:
    """The named figures of every passage."""
    rows = [passage_figures(passage) for passage in passages]
    return np.array([[row[name] for name in names] for row in rows], float)


def standardised(
    figures: Float[np.ndarray, "passage figure"],
    middle: Float[np.ndarray, " figure"],
    width: Float[np.ndarray, " figure"],
) -> Float[np.ndarray, "passage figure"]:
    """Figures in `width`s from `middle`, cut at `FARTHEST`; `middle` stands for NaN."""
    filled = np.where(np.isfinite(figures), figures, middle)
    return np.clip((filled - middle) / width, -FARTHEST, FARTHEST)


def distance(
    one: Float[np.ndarray, "a figure"], other: Float[np.ndarray, "b figure"]
) -> Float[np.ndarray, "a b"]:
    """|x - x'|₁ of every pair."""
    return np.stack([np.abs(other - row).sum(axis=1) for row in one])


def save_ratings(model: RatingModel, path: Path) -> None:
    """Write the model as .npz (float32; the factor is computed again when it is read)."""
    process = model.process
    np.savez_compressed(
        path,
        names=np.array(process.names),
        middle=process.middle,
        width=process.width,
        inputs=process.inputs.astype(np.float32),
        length=process.length,
        noise=process.noise.astype(np.float32),
        weights=process.weights.astype(np.float32),
        mean=process.mean,
        error_floor=model.error_floor,
        error_slope=model.error_slope,
        disagreement=model.disagreement,
        reach=model.reach,
        strangest=model.strangest,
        trusted=model.trusted,
    )


def load_ratings(path: Path | None = None) -> RatingModel:
    """Read what `save_ratings` wrote, the shipped model by default.

    Raises:
        InputError: the file is no such model.
    """
    source = path or WEIGHTS / "ratings" / "ratings.npz"
    try:
        with np.load(source) as stored:
            entry = {name: stored[name] for name in stored.files}
        process = RatingProcess(
            tuple(str(name) for name in entry["names"]),
            entry["middle"],
            entry["width"],
            entry["inputs"].astype(float),
            float(entry["length"]),
            entry["noise"].astype(float),
            entry["weights"].astype(float),
            entry["mean"],
        )
        return RatingModel(
            process,
            entry["error_floor"],
            entry["error_slope"],
            entry["disagreement"],
            entry["reach"],
            float(entry["strangest"]),
            entry["trusted"],
        )
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{source.name} holds no model of ratings (.npz).") from error


@cache
def _shipped() -> tuple[RatingModel, np.ndarray]:
    model = load_ratings()
    return model, model.process.cholesky()


def _none(why: str, strangeness: float = 1.0) -> Ratings:
    nothing = np.zeros(0)
    return Ratings(nothing, nothing, nothing, strangeness, 0, np.zeros(0, bool), why)
