"""A trained reviewer from its file, run by onnxruntime: no PyTorch needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from duemani.files import WEIGHTS
from duemani.graphs.open import Graph
from duemani.models.embedded_graph import not_a_model, open_session, read_model, unfit
from duemani.models.reviewer.config import GIVEN, ReviewerConfig

REVIEWER_FORMAT = "duemani.reviewer_model/1"
OUTPUTS = ("finger", "pressing", "touch", "pedal")
SHIPPED = WEIGHTS / "reviewer" / "reviewer.safetensors"
SHIPPED_SHA256 = "2e86e1dfaa985dafc241e4692c01f53411b9444f89119291efc4009f2723f58f"


@dataclass(frozen=True)
class ReviewerNetwork:
    """The reviewer's network, one window at a time.

    Attributes:
        config: sizes.
        facts: about the training.
        sha256: of the file.
    """

    config: ReviewerConfig
    facts: dict[str, object]
    sha256: str
    _session: Graph = field(repr=False)

    def judge(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Everything about a window (`windows.window_inputs`).

        Returns:
            `finger` (note, 10) and `pressing` (frame, 10), probabilities; `touch` (note, 6) as
            the network's `Judged` describes it; `pedal` (frame,), a probability. Notes include
            the padding.
        """
        results = self._session.run(None, {name: rows[None] for name, rows in inputs.items()})
        return {name: result[0] for name, result in zip(OUTPUTS, results, strict=True)}


def load_reviewer(path: Path, sha256: str = "") -> ReviewerNetwork:
    """Read a model that `duemani train reviewer` wrote. Nothing in the file is run as code.

    Args:
        path: the file.
        sha256: refuse the file if this is not its hash.

    Raises:
        InputError: it cannot be read, has another hash, or is no such model.
    """
    file = read_model(path, "reviewer", REVIEWER_FORMAT, sha256)
    try:
        config = ReviewerConfig(**file.settings["network"])
        facts = dict(file.settings["facts"])
        if tuple(file.settings["given"]) != GIVEN:
            raise ValueError("it was given other things")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise not_a_model(path, "reviewer", error) from None
    try:
        session = open_session(file.tensors, "judge", file.settings["weights_of"]["judge"])
    except Exception as error:  # onnxruntime has many of its own
        raise unfit(path, error) from None
    return ReviewerNetwork(config, facts, file.sha256, session)


@cache
def shipped_reviewer() -> ReviewerNetwork:
    """The package's own model.

    Raises:
        InputError: its file is damaged.
    """
    return load_reviewer(SHIPPED, SHIPPED_SHA256)
