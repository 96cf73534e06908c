"""What the notes alone say about who plays them: the fingering model's opinion, as evidence."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from duemani.models.fingering.choose import choose_fingers
from duemani.models.reviewer.config import FINGERS
from duemani.performance import UNKNOWN_HAND, Performance

_OTHER_HAND = 0.04


def notes_prior(performance: Performance) -> Float[np.ndarray, "note 10"]:
    """Chances of the ten fingers for every note, told neither hands nor fingers.

    The hand that is not chosen keeps a little, since the choice may be wrong.
    """
    count = len(performance.notes)
    nothing = performance.with_fingers(np.full(count, UNKNOWN_HAND), np.zeros(count, int))
    fingering = choose_fingers(nothing)
    prior = np.full((count, 2, 5), _OTHER_HAND / 5)
    hand = fingering.performance.notes["hand"].astype(int)
    prior[np.arange(count), hand] += fingering.chances * (1 - _OTHER_HAND)
    return prior.reshape(-1, FINGERS) / prior.sum((1, 2))[:, None]
