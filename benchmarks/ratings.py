"""How well listeners' ratings are predicted on PercePiano: python -m benchmarks.ratings.

Three splits, each stricter than the one before:

- passage: the paper's "piece split" (a passage's performances stay together). Repeats of the same
  music, and the same bars cut as 8 and as 16, are in other folds.
- music: passages with notes in common stay together.
- work: one of the three works is left out.

Length, noise and ranges are chosen inside the training folds; the kind of kernel was chosen by
cross-validation on all takes. `--quick`: one seed.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np

from benchmarks.pieces import DATA
from duemani.datasets.recorded.percepiano import RatedTake, read_percepiano
from duemani.evaluation.review.ratings import ceiling, coverage, r2_by_scale, within_passage
from duemani.models.ratings.features import GROUPS
from duemani.models.ratings.predict import SCALES, RatingModel, figure_rows, rated_passages
from duemani.performance import SUSTAIN_THRESHOLD, Performance
from duemani.training.ratings import (
    RatedFigures,
    RatingTraining,
    fit_ratings,
    folds,
    left_out,
    rated_figures,
)

SEEDS = (0, 1, 2)
PUBLISHED = "published (Park et al. 2024): 0.397 with the score, 0.313 without (passage split)"


def main(seeds: tuple[int, ...]) -> None:
    folder = DATA / "performances" / "percepiano"
    if not folder.exists():
        raise SystemExit(f"{folder} is not there: set DUEMANI_DATA to the folder with the data.")
    takes = read_percepiano(folder)
    data = rated_figures(takes)
    if len(data.rating) != len(takes):
        raise SystemExit("some takes are too short to rate: rows would not fit together.")
    print(PUBLISHED)
    for split in ("passage", "music", "work"):
        measure(split, data, takes, seeds if split != "work" else seeds[:1])
    ablation(data)


def measure(
    split: str, data: RatedFigures, takes: tuple[RatedTake, ...], seeds: tuple[int, ...]
) -> None:
    """Print one split's figures, and how much of them is left after transcription's errors."""
    pooled, per_fold, order, noisy_r2, noisy_order, held = [], [], [], [], [], []
    player_r2, player_order = [], []
    player = np.array([not take.performer.startswith("Score") for take in takes])
    by_scale = np.zeros((len(SCALES), 2))
    for seed in seeds:
        group = getattr(data, split)
        fold = group if split == "work" else folds(group, RatingTraining().folds, seed)
        value, low, high = (np.zeros_like(data.rating) for _ in range(3))
        noisy = np.zeros_like(value)
        as_heard = transcribed_figures(data, takes, seed)
        for number in np.unique(fold):
            out = fold == number
            config = replace(RatingTraining(), seed=seed)
            model = fit_ratings(data.chosen(~out), config)
            value[out], low[out], high[out] = predicted(model, data.figures[out])
            noisy[out], _, _ = predicted(model, as_heard[out])
            per_fold.append(r2_by_scale(data.rating[out], value[out]).mean())
        scale_r2 = r2_by_scale(data.rating, value)
        scale_order = within_passage(data.rating, value, data.passage)
        covered = coverage(data.listeners, low, high)
        by_scale += np.stack([scale_r2, scale_order], axis=1) / len(seeds)
        pooled.append(scale_r2.mean())
        order.append(scale_order.mean())
        held.append((covered.mean(), covered.min(), covered.max(), np.mean(high - low)))
        kept = data.chosen(player)
        player_r2.append(r2_by_scale(kept.rating, value[player]).mean())
        player_order.append(within_passage(kept.rating, value[player], kept.passage).mean())
        noisy_r2.append(r2_by_scale(data.rating, noisy).mean())
        noisy_order.append(within_passage(data.rating, noisy, data.passage).mean())
    print(f"\n{split}: {len(np.unique(getattr(data, split)))} groups, {len(seeds)} seed(s)")
    print(f"  R² pooled {spread(pooled)}; a fold {spread(per_fold)}")
    print(f"  within a passage r {spread(order)}")
    print(f"  pianists only: R² {spread(player_r2)}, within r {spread(player_order)}")
    mean, least, most, width = np.mean(held, axis=0)
    print(f"  listeners in range {mean:.3f} (by scale {least:.3f}-{most:.3f}), width {width:.2f}")
    print(f"  transcribed: R² {spread(noisy_r2)}, within r {spread(noisy_order)}", flush=True)
    best = ceiling(data.rating, data.listeners)
    for name, (r2, r), top in zip(SCALES, by_scale, best, strict=True):
        print(f"    {name:54} R² {r2:6.3f}  within r {r:.3f}  ceiling {top:.2f}")


def predicted(model: RatingModel, figures: np.ndarray) -> tuple[np.ndarray, ...]:
    """Value, low and high of every row."""
    value, variance = model.process.predict(figures, model.process.cholesky())
    value, half = np.clip(value, 0, 1), model.half_range(variance)
    return value, np.clip(value - half, 0, 1), np.clip(value + half, 0, 1)


def ablation(data: RatedFigures, length: float = 1.7, noise: float = 0.4) -> None:
    """Print what each group of figures adds on left-out music, at the shipped settings."""
    group_of = np.array([name.split(".")[0] for name in data.names])
    fold = folds(data.music, RatingTraining().folds, 0)
    print("\nmusic split, fixed settings:         R²  within r")
    rows = [("all", np.ones(len(group_of), bool))]
    rows += [(f"without {group}", group_of != group) for group in GROUPS]
    rows += [(f"only {group}", group_of == group) for group in GROUPS]
    for name, figures in rows:
        value, _ = left_out(data.only(figures), fold, length, noise)
        r2, r = r2_by_scale(data.rating, value), within_passage(data.rating, value, data.passage)
        print(f"  {name:30} {r2.mean():8.3f} {r.mean():8.3f}")
    floor = np.zeros_like(data.rating)
    oracle = np.zeros_like(data.rating)
    for number in np.unique(fold):
        floor[fold == number] = data.rating[fold != number].mean(axis=0)
    for number in np.unique(data.passage):
        oracle[data.passage == number] = data.rating[data.passage == number].mean(axis=0)
    print(f"  {'floor: mean of the other takes':30} {r2_by_scale(data.rating, floor).mean():8.3f}")
    print(f"  {'passage known, not the player':30} {r2_by_scale(data.rating, oracle).mean():8.3f}")


def transcribed_figures(data: RatedFigures, takes: tuple[RatedTake, ...], seed: int) -> np.ndarray:
    """Figures of the takes with the errors of transcription."""
    random = np.random.default_rng(seed)
    rows = data.figures.copy()
    for row, take in enumerate(takes):
        heard = as_transcribed(take.performance, random)
        passage = next(rated_passages(heard), None)
        if passage is not None:
            rows[row] = figure_rows([passage], data.names)[0]
    return rows


def as_transcribed(take: Performance, random: np.random.Generator) -> Performance:
    """3 % of notes missing, 2 % extra, velocity r about 0.9, onsets ±8 ms, pedal F1 about 0.9."""
    notes = take.notes.copy()
    spread_velocity = max(notes["velocity"].std(), 6.0)
    noise = random.normal(0, 0.48 * spread_velocity, len(notes))
    notes["velocity"] = np.clip(np.round(notes["velocity"] + noise), 1, 127)
    length = np.maximum(notes["release_sec"] - notes["onset_sec"], 0.02)
    onset = notes["onset_sec"] + random.normal(0, 0.008, len(notes))
    notes["onset_sec"] = np.maximum(onset, 0)
    length *= np.exp(random.normal(0, 0.15, len(notes)))
    notes["release_sec"] = notes["onset_sec"] + length
    kept = notes[random.random(len(notes)) > 0.03]
    extra = kept[random.random(len(kept)) < 0.02].copy()
    extra["pitch"] = np.clip(extra["pitch"] + random.choice([-12, 12, 19], len(extra)), 21, 108)
    pedal = take.pedal.copy()
    pedal["value"] = np.where(pedal["value"] >= SUSTAIN_THRESHOLD, 127, 0)
    change = np.flatnonzero(np.diff(pedal["value"].astype(int), prepend=-1) != 0)
    pedal = pedal[change]
    pedal["time_sec"] = np.maximum(pedal["time_sec"] + random.normal(0, 0.05, len(pedal)), 0)
    # A tenth of the changes is not heard.
    pedal = pedal[random.random(len(pedal)) > 0.1]
    return Performance.create(np.concatenate([kept, extra]), pedal)


def spread(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ± {np.std(values):.3f}"


if __name__ == "__main__":
    main(SEEDS[:1] if "--quick" in sys.argv else SEEDS)
