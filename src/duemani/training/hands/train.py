"""Fit all that tells the hands apart: the network, then the search's weights on other pieces."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from duemani.datasets.fingering.handed import HandedPiece
from duemani.models.convolution import Weights
from duemani.models.hands.assignment import assign_hands
from duemani.models.hands.features import NOTE_FEATURES
from duemani.performance import UNKNOWN_HAND, Performance
from duemani.training.hands.network import HandTraining, fit_hand_network
from duemani.training.hands.search import fit_search_weights

_TRUSTS = (1.0, 1.5, 2.0, 3.0, 4.0)
_TRUST_NOTES = 600


def fit_hands(
    pieces: Sequence[HandedPiece],
    config: HandTraining | None = None,
    report: Callable[[float], None] | None = None,
) -> Weights:
    """Arrays for the weights file: `hands` (the search) and `hand/<name>` (the network, 16-bit).

    One piece in eight is kept from the network: on those, where its answers are as uncertain as
    on new pieces, the search's weights are fitted.

    Args:
        pieces: see `duemani.datasets.handed.handed_pieces`.
        config: how to fit the network.
        report: called with the share done, 0-1.
    """
    apart = [piece.performance for piece in pieces if _is_apart(piece.name)]
    others = [piece.performance for piece in pieces if not _is_apart(piece.name)]
    fitted = fit_hand_network(others, config, report).exported()
    stored = {name: values.astype(np.float16) for name, values in fitted.items()}
    network = {name: values.astype(np.float32) for name, values in stored.items()}
    weights = trusting(fit_search_weights(apart, network), network, apart)
    return {"hands": weights, **{f"hand/{name}": values for name, values in stored.items()}}


def trusting(weights: np.ndarray, network: Weights, pieces: Sequence[Performance]) -> np.ndarray:
    """The search's weights with as much weight on the network as gives most notes their hand.

    Fitted event by event after true hands, the hands' motion counts for more than it is worth
    once the hands before are guesses, too.
    """
    best, most = weights, -1
    for trust in _TRUSTS:
        candidate = weights.copy()
        candidate[NOTE_FEATURES] *= trust
        right = 0
        for piece in pieces:
            notes = piece.notes[-_TRUST_NOTES:].copy()
            truth = notes["hand"].copy()
            notes["hand"] = UNKNOWN_HAND
            right += int((assign_hands(notes, candidate, network=network) == truth).sum())
        if right > most:
            best, most = candidate, right
    return best


def _is_apart(name: str) -> bool:
    return zlib.crc32(name.partition("#")[0].encode()) // 5 % 8 == 1
