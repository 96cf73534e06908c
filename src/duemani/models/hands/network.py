"""The learned part of hand assignment: a small convolutional network over all notes.

It gives every note the log-odds of the right hand from what is played around it. numpy only;
`training/hands/network.py` holds the same network in torch, and a test compares them.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from duemani.models.convolution import Weights, linear, trunk
from duemani.models.hands.features import TakenNotes
from duemani.models.hands.inputs import hand_inputs, in_chord_order

DILATIONS = (1, 2, 4, 8, 16)
_CHUNK = 4096
_MARGIN = sum(DILATIONS)


def right_hand_log_odds(
    weights: Weights, notes: np.ndarray, runs: list[tuple[int, int]], taken: TakenNotes
) -> Float[np.ndarray, " note"]:
    """Log-odds of the right hand for every note, in the order of `notes`.

    Args:
        weights: arrays by name, 32-bit (see `training.hands.network`).
        notes, runs, taken: see `hand_inputs`.
    """
    values = hand_inputs(notes, runs, taken)
    out = np.empty(len(notes))
    # In pieces, so that long recordings need little memory; the overlap makes them exact.
    odds = [
        _forward(weights, values[max(at - _MARGIN, 0) : at + _CHUNK + _MARGIN])[min(at, _MARGIN) :][
            :_CHUNK
        ]
        for at in range(0, len(values), _CHUNK)
    ]
    out[in_chord_order(runs, notes["pitch"])] = np.concatenate([np.zeros(0), *odds])
    return out


def _forward(weights: Weights, values: np.ndarray) -> np.ndarray:
    hidden = np.maximum(linear(weights, "value", values), 0)
    inner = np.maximum(linear(weights, "last", trunk(weights, hidden, DILATIONS)), 0)
    return linear(weights, "odds", inner)[:, 0]
