"""Which hand plays each note: beam search over the notes struck together.

A hypothesis remembers where each hand last was and which keys it holds, so hands may cross and
interleave over time; within a chord of four or more notes the lower ones are the left hand's. A
network (`hand_network`) says what the context makes likely; the search adds what hands can do.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from jaxtyping import Float

from duemani.models.convolution import Weights
from duemani.models.fingering.lines import chord_starts
from duemani.models.hands.features import FEATURE_COUNT, Hands, TakenNotes, choice_features
from duemani.models.hands.limits import impossibility
from duemani.models.hands.network import right_hand_log_odds
from duemani.performance import LEFT, RIGHT, UNKNOWN_HAND

BEAM = 16
_HELD_SEC = 0.06


def assign_hands(
    notes: np.ndarray,
    weights: Float[np.ndarray, " feature"],
    scale: float = 1.0,
    network: Weights | None = None,
) -> np.ndarray:
    """Hand of every note, (note,): those given (0 or 1) stay, unknown ones (-1) are chosen.

    Args:
        notes: as in `Performance.notes`.
        weights: log-linear weights of `hand_features`, `FEATURE_COUNT` of them, one more with the
            network.
        scale: hand size relative to a medium hand.
        network: arrays of `hand_network`; without it the features decide alone.
    """
    expected = FEATURE_COUNT + (network is not None)
    if len(weights) != expected:
        raise ValueError(f"{expected} weights expected, {len(weights)} given")
    given = notes["hand"].astype(int)
    if not len(notes) or (given != UNKNOWN_HAND).all():
        return given.astype(np.int8)
    taken = TakenNotes.of(notes)
    runs = chord_starts(notes["onset_sec"], notes["release_sec"], notes["pitch"])
    if network is not None:
        taken = taken.with_log_odds(right_hand_log_odds(network, notes, runs, taken))
    hands, score = Hands.at_rest(), np.zeros(1)
    parents: list[np.ndarray] = []
    chosen: list[np.ndarray] = []
    for first, end in runs:
        order = first + np.argsort(notes["pitch"][first:end], kind="stable")
        choices = hand_choices(given[order])
        features = choice_features(hands, taken, order, choices, scale)
        penalty = impossibility(hands, taken, order, choices, scale)
        total = (score[:, None] + features @ weights - penalty).ravel()
        keep = np.argsort(-total, kind="stable")[:BEAM]
        parent, choice = np.divmod(keep, len(choices))
        score = total[keep] - total[keep[0]]
        hands = hands.after(parent, choices[choice], taken, order, _HELD_SEC)
        parents.append(parent)
        picks = np.empty((len(keep), end - first), np.int8)
        picks[:, order - first] = choices[choice]
        chosen.append(picks)
    out = np.empty(len(notes), np.int8)
    at = 0
    for (first, end), parent, picks in zip(
        reversed(runs), reversed(parents), reversed(chosen), strict=True
    ):
        out[first:end] = picks[at]
        at = int(parent[at])
    return out


def hand_choices(given: np.ndarray) -> np.ndarray:
    """Assignments (choice, note) of notes struck together, by rising pitch; given hands stay.

    Up to three free notes are tried in every way, more are split once between low and high.
    """
    free = np.flatnonzero(given == UNKNOWN_HAND)
    if len(free) <= 3:
        ways = np.array(list(product((LEFT, RIGHT), repeat=len(free))), int).reshape(
            2 ** len(free), len(free)
        )
    else:
        ways = np.triu(np.ones((len(free) + 1, len(free)), int))
    choices = np.repeat(given[None], len(ways), 0)
    choices[:, free] = ways
    return choices
