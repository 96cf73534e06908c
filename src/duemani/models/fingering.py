"""Hands and fingers for every note: hand assignment, then one decoding a hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from duemani.errors import InputError
from duemani.models.fingering_decoder import decode_line
from duemani.models.fingering_lines import hand_line
from duemani.models.fingering_reach import MEDIUM_HAND_SPAN_M, reach_scale
from duemani.models.fingering_scores import WEIGHT_COUNT
from duemani.models.hand_assignment import assign_hands
from duemani.models.hand_features import FEATURE_COUNT
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER, Performance

_WEIGHTS_FILE = "fingering.npz"
_SPAN_LIMITS_M = (0.12, 0.32)


@dataclass(frozen=True)
class FingeringModel:
    """Learned weights.

    Attributes:
        fingers: log-weights (nats) of `fingering_scores`.
        hands: log-weights of `hand_features`.
        about: JSON text: provenance, training settings.
    """

    fingers: Float[np.ndarray, " weight"]
    hands: Float[np.ndarray, " feature"]
    about: str = "{}"

    @classmethod
    def load(cls, path: str | Path) -> FingeringModel:
        """Read a weights file written by `duemani.training.fingering.train_fingering`.

        Raises:
            InputError: the file is missing or no such weights file.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                content: dict[str, Any] = {name: stored[name] for name in stored.files}
            fingers = content["fingers"].astype(np.float64)
            hands = content["hands"].astype(np.float64)
            about = str(content["about"])
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{path} is not a fingering weights file (.npz).") from error
        if fingers.shape != (WEIGHT_COUNT,) or hands.shape != (FEATURE_COUNT,):
            raise InputError(f"{path} was trained for another version of the fingering model.")
        return cls(fingers, hands, about)


@lru_cache(maxsize=1)
def pretrained_fingering() -> FingeringModel:
    """The model that comes with the package."""
    with resources.as_file(resources.files("duemani") / "weights" / _WEIGHTS_FILE) as path:
        return FingeringModel.load(path)


def assign_fingers(
    performance: Performance,
    hand_span_m: float = MEDIUM_HAND_SPAN_M,
    model: FingeringModel | None = None,
) -> Performance:
    """Fill in the hand and the finger of every note; those given are kept.

    Deterministic, linear in the number of notes. Each finger's confidence (0-1) is its share of
    the likelihood among the fingerings compared; given fingers keep theirs, 1 where unknown.
    Releases stay as they are: where a finger has to leave a key that is still held, whoever moves
    the hand lets the key go early.

    Args:
        performance: notes in order of onset; hand -1 and finger 0 are filled in.
        hand_span_m: greatest distance of the key centres that thumb and little finger strike at
            once [m], 0.12-0.32.
        model: weights, the package's own by default.

    Raises:
        InputError: `hand_span_m` is out of range.
    """
    if not _SPAN_LIMITS_M[0] <= hand_span_m <= _SPAN_LIMITS_M[1]:
        low, high = _SPAN_LIMITS_M
        raise InputError(f"the hand span must lie between {low} and {high} m (0.206 is medium).")
    model = model or pretrained_fingering()
    notes, scale = performance.notes.copy(), reach_scale(hand_span_m)
    if not len(notes):
        return performance
    given = notes["finger"] != UNKNOWN_FINGER
    # A finger without a hand says nothing yet: the hand comes first.
    notes["hand"] = assign_hands(notes, model.hands, scale)
    finger, confidence = np.zeros(len(notes), np.int8), np.zeros(len(notes), np.float32)
    for hand in (LEFT, RIGHT):
        mine = notes["hand"] == hand
        fingers, trust = decode_line(hand_line(notes, hand), notes, model.fingers, scale)
        finger[mine], confidence[mine] = fingers[mine], trust[mine]
    known = np.where(np.isnan(notes["confidence"]), 1.0, notes["confidence"])
    confidence = np.where(given, known, np.minimum(confidence, 1.0))
    return performance.with_fingers(notes["hand"], finger, confidence.astype(np.float32))
