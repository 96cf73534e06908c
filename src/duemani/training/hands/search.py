"""Train the hand assignment's weights from scores whose hands are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from duemani.datasets.fingering.scores import FingeredPiece
from duemani.models.convolution import Weights
from duemani.models.fingering.lines import chord_starts
from duemani.models.hands.assignment import hand_choices
from duemani.models.hands.features import FEATURE_COUNT, Hands, TakenNotes, choice_features
from duemani.models.hands.network import right_hand_log_odds
from duemani.performance import UNKNOWN_HAND, Performance
from duemani.training.hands.variation import varied

_MOST_CHOICES = 9
_PASSES = 150
_MOST_NOTES = 1500


def fit_hand_weights(pieces: Sequence[FingeredPiece], seed: int = 0) -> np.ndarray:
    """`fit_search_weights` without a network."""
    return fit_search_weights([piece.performance for piece in pieces], None, seed)


def fit_search_weights(
    pieces: Sequence[Performance], network: Weights | None = None, seed: int = 0
) -> np.ndarray:
    """Weights (feature,) that maximise the likelihood of the known hands, event by event.

    Every event is conditioned on the true hands before it. Tempo, onsets and releases are varied
    at random, as scores are deadpan and performances are not.

    Args:
        pieces: notes; those of unknown hand are left out. With a network these should be others
            than it was trained on, or its log-odds seem more certain than they are.
        network: see `hand_network`; its log-odds are one more feature.
        seed: of the variation.
    """
    generator = np.random.default_rng(seed)
    played: list[np.ndarray] = []
    for piece in pieces:
        notes = varied(piece.notes[:_MOST_NOTES], generator)
        played.append(notes[notes["hand"] != UNKNOWN_HAND])
    events = [event for notes in played for event in _events(notes, network)]
    return _most_likely(events, FEATURE_COUNT + (network is not None))


Event = tuple[np.ndarray, int]
"""Features (choice, feature) and the number of the true choice."""


def _most_likely(events: list[Event], count: int) -> np.ndarray:
    stacked = torch.full((len(events), _MOST_CHOICES, count), torch.nan)
    for at, (values, _) in enumerate(events):
        stacked[at, : len(values)] = torch.from_numpy(values)
    missing = stacked.isnan().any(-1)
    stacked = stacked.nan_to_num(0.0)
    target = torch.tensor([answer for _, answer in events])
    weights = torch.zeros(count, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=_PASSES, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        score = (stacked @ weights).masked_fill(missing, -1e9)
        value = torch.nn.functional.cross_entropy(score, target) + 1e-4 * (weights**2).sum()
        value.backward()
        return value

    optimiser.step(loss)
    return weights.detach().numpy().astype(np.float64)


def _events(notes: np.ndarray, network: Weights | None) -> list[Event]:
    """Every event that has its true choice, after the true hands before it."""
    taken, hands = TakenNotes.of(notes), Hands.at_rest()
    runs = chord_starts(notes["onset_sec"], notes["release_sec"], notes["pitch"])
    if network is not None:
        taken = taken.with_log_odds(right_hand_log_odds(network, notes, runs, taken))
    out: list[Event] = []
    for first, end in runs:
        order = first + np.argsort(notes["pitch"][first:end], kind="stable")
        truth = notes["hand"][order].astype(int)
        choices = hand_choices(np.full(end - first, UNKNOWN_HAND))
        found = np.flatnonzero((choices == truth).all(1))
        if len(found) and len(choices) <= _MOST_CHOICES:
            features = choice_features(hands, taken, order, choices)[0].astype(np.float32)
            out.append((features, int(found[0])))
        hands = hands.after(np.zeros(1, int), truth[None], taken, order, 0.06)
    return out
