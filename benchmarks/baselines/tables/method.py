"""The first fingering method with the weights it was shipped with, hands given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.baselines.tables.decoder import decode_line
from duemani.models.fingering.lines import hand_line
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER, Performance

_WEIGHTS = Path(__file__).with_name("fingering.npz")


@dataclass(frozen=True)
class Tables:
    """Log-weights (nats) of `scores`, trained on the pieces that `is_held_out` does not keep."""

    weights: np.ndarray

    @classmethod
    def shipped(cls) -> Tables:
        """The weights beside this file (a copy of the package's first ones)."""
        with np.load(_WEIGHTS, allow_pickle=False) as stored:
            return cls(stored["fingers"].astype(np.float64))

    def fingers(self, performance: Performance) -> np.ndarray:
        """See `Fingerer`."""
        notes = performance.notes.copy()
        notes["finger"] = UNKNOWN_FINGER
        chosen = np.zeros(len(notes), np.int8)
        for hand in (LEFT, RIGHT):
            fingers, _ = decode_line(hand_line(notes, hand), notes, self.weights)
            mine = notes["hand"] == hand
            chosen[mine] = fingers[mine]
        return chosen
