"""A trained reviewer as one file (`models.embedded_graph`)."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save
from torch import Tensor, nn

from duemani.files import replacing
from duemani.models.reviewer.config import GIVEN, PHRASE_NOTES, WINDOW_FRAMES
from duemani.models.reviewer.pretrained import OUTPUTS, REVIEWER_FORMAT
from duemani.models.reviewer.seen_hands import SeenHands
from duemani.models.reviewer.windows import Evidence, window_inputs
from duemani.performance import make_notes
from duemani.training.graph_export import bare_graph, weights_of
from duemani.training.reviewer.network import Inputs, Reviewer


class _Judge(nn.Module):
    def __init__(self, reviewer: Reviewer) -> None:
        super().__init__()
        self.reviewer = reviewer

    def forward(
        self,
        sound: Tensor,
        seen: Tensor,
        views: Tensor,
        pitch_sound: Tensor,
        facts: Tensor,
        pairs: Tensor,
        frames: Tensor,
        frames_there: Tensor,
        real: Tensor,
        given: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        judged = self.reviewer(
            Inputs(sound, seen, views, pitch_sound, facts, pairs, frames, frames_there, real, given)
        )
        return (
            judged.finger.softmax(-1),
            judged.pressing.sigmoid(),
            judged.touch,
            judged.pedal.sigmoid(),
        )


def save_reviewer(path: Path, reviewer: Reviewer, facts: dict[str, object]) -> None:
    """Write the file; it appears whole or not at all.

    Args:
        path: `.safetensors`.
        reviewer: what was trained.
        facts: about the training, kept with it (plain JSON values).
    """
    tensors = {
        f"reviewer.{name}": value.detach().numpy().astype(np.float16)
        for name, value in reviewer.state_dict().items()
    }
    example = {name: torch.from_numpy(row[None]) for name, row in _example().items()}
    notes = {name: {1: "runs"} for name in ("views", "pitch_sound", "facts", "frames")}
    notes |= {"frames_there": {1: "runs"}, "real": {1: "runs"}, "pairs": {1: "runs", 2: "runs"}}
    graph = bare_graph(_Judge(reviewer), example, set(tensors), OUTPUTS, notes, PHRASE_NOTES)
    wanted = weights_of(graph)
    tensors["graph.judge"] = np.frombuffer(graph.SerializeToString(), np.uint8)
    settings = {
        "network": asdict(reviewer.config),
        "given": list(GIVEN),
        "weights_of": {"judge": wanted},
        "facts": facts,
    }
    metadata = {"format": REVIEWER_FORMAT, "settings": json.dumps(settings)}
    with replacing(path) as temporary:
        temporary.write_bytes(save(tensors, metadata))


def _example() -> dict[str, np.ndarray]:
    """Inputs of a window of its usual size, with more notes than a phrase holds."""
    count = 2 * PHRASE_NOTES
    notes = make_notes([(0.1 * at, 0.1 * at + 0.2, 50 + at, 64) for at in range(count)])
    seen = SeenHands(
        np.zeros((WINDOW_FRAMES, 2, 11, 2)),
        np.zeros((WINDOW_FRAMES, 2, 5)),
        np.ones((WINDOW_FRAMES, 2)),
    )
    sound = np.zeros((WINDOW_FRAMES, 456), np.float32)
    return window_inputs(Evidence(notes, np.full((count, 10), 0.1), seen, sound, True))
