"""Notes as heard: the transcriber and the reviewer's expression stream together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from duemani.models.reviewer.judge import Judgement
from duemani.models.reviewer.seen_hands import FRAME_RATE
from duemani.performance import PEDAL_DTYPE, Performance, pedal_down
from duemani.verbs.review.material import Material

_DOWN, _UP = 127, 0
# Chosen on validation pieces (docs/results.md): what the transcriber's pedal counts, and from
# where on the pedal is down.
_TRANSCRIBED_SHARE, _LEAST_DOWN = 0.5, 0.3


def as_heard(material: Material, judgement: Judgement) -> Material:
    """Transcribed notes with velocities, releases and pedal as both hear them.

    What an instrument measured stays as it is.
    """
    if material.notes_from != "heard" or material.recording is None:
        return material
    return replace(material, performance=heard_together(material.performance, judgement))


def heard_together(transcribed: Performance, judgement: Judgement) -> Performance:
    """A transcription, and what the reviewer hears of it, as one take."""
    notes = transcribed.notes.copy()
    velocity = mean_velocity(judgement.velocity, notes["velocity"].astype(float))
    notes["velocity"] = np.clip(np.round(velocity), 1, 127)
    notes["release_sec"] = np.maximum(judgement.release_sec, notes["onset_sec"] + 0.02)
    down = heard_pedal(transcribed, judgement.pedal)
    return Performance.create(notes, pedal_changes(down))


def mean_velocity(
    judged: Float[np.ndarray, " note"], transcribed: Float[np.ndarray, " note"]
) -> Float[np.ndarray, " note"]:
    """The mean of both, each by its own scale; the reviewer's scale comes back.

    Their errors have little in common, so the mean is nearer than either.
    """
    if len(judged) < 2 or not judged.std() or not transcribed.std():
        return judged
    standard = sum((one - one.mean()) / one.std() for one in (judged, transcribed))
    return np.asarray(judged.mean() + judged.std() * standard / np.std(standard))


def heard_pedal(
    transcribed: Performance, judged: Float[np.ndarray, " frame"]
) -> Bool[np.ndarray, " frame"]:
    """Whether the sustain pedal is down, in every frame, by both together."""
    told = pedal_down(transcribed, np.arange(len(judged)) / FRAME_RATE)
    mixed = (judged + _TRANSCRIBED_SHARE * told) / (1 + _TRANSCRIBED_SHARE)
    return np.asarray(mixed > _LEAST_DOWN)


def pedal_changes(down: Bool[np.ndarray, " frame"]) -> np.ndarray:
    """A `PEDAL_DTYPE` array of a pedal that is up before the first frame."""
    pressed = np.concatenate([[False], down])
    at = np.flatnonzero(pressed[1:] != pressed[:-1])
    pedal = np.zeros(len(at), PEDAL_DTYPE)
    pedal["time_sec"] = at / FRAME_RATE
    pedal["value"] = np.where(pressed[at + 1], _DOWN, _UP)
    return pedal
