"""Train the hand assignment's weights from scores whose hands are known."""

from __future__ import annotations

import numpy as np
import torch

from duemani.datasets.fingering import FingeredPiece
from duemani.models.fingering_lines import chord_starts
from duemani.models.hand_assignment import hand_choices
from duemani.models.hand_features import FEATURE_COUNT, Hands, TakenNotes, choice_features
from duemani.performance import UNKNOWN_HAND

_MOST_CHOICES = 9
_JITTER_SEC = 0.008
_PASSES = 150


def fit_hand_weights(pieces: list[FingeredPiece], seed: int = 0) -> np.ndarray:
    """Weights (feature,) that maximise the likelihood of the true hands, event by event.

    Every event is conditioned on the true hands before it. Tempo, onsets and releases are varied
    at random, as scores are deadpan and performances are not.
    """
    generator = np.random.default_rng(seed)
    features: list[np.ndarray] = []
    answers: list[int] = []
    for piece in pieces:
        notes = _vary(piece.performance.notes, generator)
        for values, answer in _events(notes):
            padded = np.full((_MOST_CHOICES, FEATURE_COUNT), np.nan, np.float32)
            padded[: len(values)] = values
            features.append(padded)
            answers.append(answer)
    stacked = torch.from_numpy(np.stack(features))
    missing = stacked.isnan().any(-1)
    stacked = stacked.nan_to_num(0.0)
    target = torch.tensor(answers)
    weights = torch.zeros(FEATURE_COUNT, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=_PASSES, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        score = (stacked @ weights).masked_fill(missing, -1e9)
        value = torch.nn.functional.cross_entropy(score, target) + 1e-4 * (weights**2).sum()
        value.backward()
        return value

    optimiser.step(loss)
    return weights.detach().numpy().astype(np.float64)


def _vary(notes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    notes = notes.copy()
    length = (notes["release_sec"] - notes["onset_sec"]) * generator.uniform(0.6, 1.2)
    stretch = np.exp(generator.uniform(-0.7, 0.7))
    notes["onset_sec"] += generator.normal(0, _JITTER_SEC, len(notes)) / stretch
    notes["onset_sec"] = np.maximum(notes["onset_sec"], 0) * stretch
    notes["release_sec"] = notes["onset_sec"] + length * stretch
    return np.sort(notes, order=("onset_sec", "pitch"))


def _events(notes: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """(features (choice, feature), index of the true choice) of every event that has it."""
    taken, hands = TakenNotes.of(notes), Hands.at_rest()
    out: list[tuple[np.ndarray, int]] = []
    for first, end in chord_starts(notes["onset_sec"], notes["release_sec"], notes["pitch"]):
        order = first + np.argsort(notes["pitch"][first:end], kind="stable")
        truth = notes["hand"][order].astype(int)
        choices = hand_choices(np.full(end - first, UNKNOWN_HAND))
        found = np.flatnonzero((choices == truth).all(1))
        if len(found) and len(choices) <= _MOST_CHOICES:
            out.append((choice_features(hands, taken, order, choices)[0], int(found[0])))
        hands = hands.after(np.zeros(1, int), truth[None], taken, order, 0.06)
    return out
