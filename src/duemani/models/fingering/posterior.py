"""Probabilities of finger choices under the random field: forward-backward over short windows.

A choice depends on others hardly further than a dozen events away, so a line is cut into windows
with that much context on both sides, and all windows are run at once.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from duemani.models.fingering.inputs import IMPOSSIBLE
from duemani.models.fingering.lines import CHOICES
from duemani.models.fingering.network import Potentials

_WINDOW_EVENTS = 32
_CONTEXT_EVENTS = 12


def joint(potentials: Potentials) -> Float[np.ndarray, "event before2 before choice"]:
    """Log-potentials of three choices in a row, everything added up."""
    total = potentials.skip[:, :, None, :] + (potentials.step + potentials.own[:, None])[:, None]
    total[:, :5, :5, :5] += potentials.triple
    return total


def posterior(
    potentials: Potentials, total: Float[np.ndarray, "event before2 before choice"]
) -> Float[np.ndarray, "event choice"]:
    """Probability of each choice of every event; `total` from `joint`."""
    count = len(potentials.own)
    starts = np.arange(0, count, _WINDOW_EVENTS)
    at = starts[:, None] + np.arange(-_CONTEXT_EVENTS, _WINDOW_EVENTS + _CONTEXT_EVENTS)
    inside = (at >= 0) & (at < count)
    at = np.where(inside, at, 0)
    # Beyond the ends stand events with one choice that depends on nothing.
    own = potentials.own[at].astype(np.float64)
    own[~inside] = [0, *[IMPOSSIBLE] * (CHOICES - 1)]
    step = np.where(inside[:, 1, None, None], potentials.step[at[:, 1]], 0)
    # The highest value of all choices is 0, so nothing overflows and something is left over.
    factor = total[at].astype(np.float64)
    factor[~inside] = own[~inside][:, None, None]
    factor -= factor.max((2, 3, 4), keepdims=True)
    np.exp(factor, out=factor)
    first = own[:, 0, :, None] + own[:, 1, None] + step
    state = np.exp(first - first.max((1, 2), keepdims=True))
    states = [state, state]
    for event in range(2, at.shape[1]):
        state = (state[..., None] * factor[:, event]).sum(1)
        # Where nobody can play what came before, nothing is left over: it is then forgotten.
        lost = state.sum((1, 2)) <= 0
        state[lost] = factor[lost, event].max(1)
        state = state / state.sum((1, 2), keepdims=True)
        states.append(state)
    ahead = np.ones_like(state)
    shares = np.zeros((len(starts), at.shape[1], CHOICES))
    for event in range(at.shape[1] - 1, _CONTEXT_EVENTS - 1, -1):
        both = states[event] * ahead
        lost = both.sum((1, 2)) <= 0
        both[lost] = states[event][lost]
        shares[:, event] = both.sum(1) / both.sum((1, 2), keepdims=True)[:, 0]
        ahead = (factor[:, event] * ahead[:, None]).sum(3)
        ahead[ahead.sum((1, 2)) <= 0] = 1
        ahead = ahead / ahead.max((1, 2), keepdims=True)
    inner = shares[:, _CONTEXT_EVENTS : _CONTEXT_EVENTS + _WINDOW_EVENTS]
    return np.asarray(inner.reshape(-1, CHOICES)[:count])
