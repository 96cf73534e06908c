"""Everything a performance tells the networks, computed for any frames when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.models.diffusion.conditions.note_roll import (
    HandTargets,
    finger_features,
    hand_targets,
    note_roll,
)
from duemani.models.diffusion.conditions.style_code import style_code
from duemani.models.diffusion.config import FRAME_RATE, Told
from duemani.models.diffusion.networks import Known
from duemani.models.solver.style import Style
from duemani.performance import Performance
from duemani.skeleton import bone_lengths_for_span

_MARGIN_SEC = 1.0


@dataclass(frozen=True)
class Pianist:
    """Who plays what.

    Attributes:
        performance: the notes; those with a finger have a wanted path.
        body: the pianist's style, whose hand it is even where the networks are not told it.
        bone_lengths_m: of either hand.
        targets: strikes of the left and the right hand.
        heard: roll heard in the recording, no frames without one.
        given: which conditions the networks are told (`networks.Known`).
    """

    performance: Performance
    body: Style
    bone_lengths_m: Float[np.ndarray, "20"]
    targets: tuple[HandTargets, HandTargets]
    heard: Float[np.ndarray, "frame 88 3"]
    given: Float[np.ndarray, "4"]


def make_pianist(
    performance: Performance,
    style: Style,
    heard: Float[np.ndarray, "frame 88 3"] | None = None,
    told: Told = "everything",
    any_pianist: bool = False,
) -> Pianist:
    """Plan the strikes, and note what is there.

    Args:
        performance: with hands and fingers, unless the networks are not told them.
        style: the pianist.
        heard: what the audio encoder heard, if there is a recording.
        told: what the networks may know (`DiffusionOptions`).
        any_pianist: whether they are not told the style.
    """
    left, right = (hand_targets(performance, hand, style) for hand in range(2))
    fingered = told == "everything" and bool(len(left.schedule) or len(right.schedule))
    given = np.array([told != "sound", fingered, heard is not None, not any_pianist], float)
    return Pianist(
        performance=performance,
        body=style,
        bone_lengths_m=bone_lengths_for_span(style.hand_span_m),
        targets=(left, right),
        heard=np.zeros((0, 88, 3), np.float16) if heard is None else heard,
        given=given,
    )


def known_at(pianist: Pianist, first: int, frames: int) -> Known:
    """Conditions of `frames` frames from `first` on; outside the piece there is silence."""
    time_sec = (first + np.arange(frames)) / FRAME_RATE
    notes, heard = np.zeros((2, frames, 88, 3), np.float32)
    fingers = np.zeros((2, frames, 5, 8), np.float32)
    if pianist.given[0]:
        notes[:] = note_roll(_near(pianist.performance, time_sec), time_sec)
    if pianist.given[2]:
        begin, end = max(first, 0), min(first + frames, len(pianist.heard))
        if begin < end:
            heard[begin - first : end - first] = pianist.heard[begin:end]
    if pianist.given[1]:
        for hand, targets in enumerate(pianist.targets):
            fingers[hand] = finger_features(targets.at(time_sec, pianist.body), hand)
    style = style_code(pianist.body) * pianist.given[3]
    return Known(notes, heard, fingers, style, pianist.given)


def _near(performance: Performance, time_sec: np.ndarray) -> Performance:
    notes = performance.notes
    near = (notes["onset_sec"] < time_sec[-1] + _MARGIN_SEC) & (
        notes["release_sec"] > time_sec[0] - _MARGIN_SEC
    )
    return Performance(notes[near], performance.pedal)
