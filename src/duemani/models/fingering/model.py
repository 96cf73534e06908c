"""The fingering model's weights file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float

from duemani.errors import InputError
from duemani.files import WEIGHTS
from duemani.models.convolution import Weights
from duemani.models.fingering.inputs import EVENT_COLUMNS, EVENT_VALUES
from duemani.models.hands.features import FEATURE_COUNT
from duemani.models.hands.inputs import INPUT_VALUES


@dataclass(frozen=True)
class FingeringModel:
    """Learned weights.

    Attributes:
        networks: of the fingers, see `fingering_network`; their potentials are averaged.
        hands: log-weights of `hand_features`, one more for the network's opinion if there is one.
        hand_network: arrays of `hand_network`, none in files made without.
        temperature: what the potentials are divided by before they become probabilities.
        about: JSON text: provenance, training settings.
    """

    networks: tuple[Weights, ...]
    hands: Float[np.ndarray, " feature"]
    hand_network: Weights | None = None
    temperature: float = 1.0
    about: str = "{}"

    @property
    def held_out(self) -> bool:
        """Whether the test pieces were kept from training."""
        return bool(json.loads(self.about).get("held_out", False))

    @classmethod
    def load(cls, path: str | Path) -> FingeringModel:
        """Read a weights file written by `duemani.training.fingering.train_fingering`.

        Raises:
            InputError: the file is missing or no such weights file.
        """
        networks: dict[str, Weights] = {}
        try:
            with np.load(path, allow_pickle=False) as stored:
                hands = stored["hands"].astype(np.float64)
                about, temperature = str(stored["about"]), float(stored["temperature"])
                for name in stored.files:
                    number, _, array = name.partition("/")
                    if array:
                        values = stored[name].astype(np.float32)
                        networks.setdefault(number, {})[array] = values
        # numpy and zipfile raise many kinds for what is no such archive.
        except Exception as error:
            raise InputError(f"{path} is not a fingering weights file (.npz).") from error
        hand_network = networks.pop("hand", None)
        shapes = [
            (
                weights.get("event_embedding", hands).shape[0],
                weights.get("value_weight", hands).shape[-1],
            )
            for weights in networks.values()
        ]
        wanted = (sum(EVENT_COLUMNS.values()), EVENT_VALUES)
        fits = (
            hands.shape == (FEATURE_COUNT + (hand_network is not None),)
            and len(shapes) > 0
            and {*shapes} == {wanted}
        )
        if hand_network is not None:
            values = hand_network.get("value_weight", hands).shape[-1]
            fits = fits and values == INPUT_VALUES
        if not fits:
            raise InputError(f"{path} was trained for another version of the fingering model.")
        return cls(tuple(networks.values()), hands, hand_network, temperature, about)


@lru_cache(maxsize=1)
def pretrained_fingering() -> FingeringModel:
    """The model that comes with the package."""
    return FingeringModel.load(WEIGHTS / "fingering" / "fingering.npz")
