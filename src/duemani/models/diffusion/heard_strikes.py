"""Strikes read off what is heard and where the hands are: contact without any notes given.

The audio encoder says which keys sound; the pose that is being drawn says which finger is over
each. So a model that is told the sound alone still knows what its fingertips should touch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

from duemani.keyboard import BLACK_FRONT_M, CENTRE_X_M, IS_BLACK
from duemani.models.diffusion.conditions.note_roll import FADE_SEC, HandTargets, hand_targets
from duemani.models.diffusion.config import FRAME_RATE
from duemani.models.solver.style import Style
from duemani.performance import LOWEST_PITCH, NOTE_DTYPE, Performance

_ONSET, _HELD = 0.5, 0.35
_TOGETHER_FRAMES = 1
_FARTHEST_M = 0.055
_SHORTEST_SEC = 0.08
_BLACK_Y_M, _DEPTH_SHARE = BLACK_FRONT_M + 0.02, 0.5


@dataclass(frozen=True)
class HeardNotes:
    """Notes heard in a window, in order of onset; times in seconds of the piece."""

    key: np.ndarray
    onset_sec: np.ndarray
    release_sec: np.ndarray
    velocity: np.ndarray


def heard_notes(heard: Float[np.ndarray, "frame 88 3"], first_frame: int) -> HeardNotes:
    """Peaks of what is coming, followed as long as the key is held."""
    roll = heard.astype(float)
    coming = np.pad(roll[..., 1], ((1, 1), (0, 0)))
    peak = (coming[1:-1] > _ONSET) & (coming[1:-1] >= coming[:-2]) & (coming[1:-1] > coming[2:])
    frame, key = np.nonzero(peak)
    # What is coming falls to 1/e in a tenth of a second before the onset: between two frames too.
    late = np.minimum(-FADE_SEC * np.log(np.maximum(roll[frame, key, 1], 1e-3)), 1 / FRAME_RATE)
    onset = (first_frame + frame) / FRAME_RATE + late
    release, velocity = np.empty(len(frame)), np.empty(len(frame), int)
    for row, (at, which) in enumerate(zip(frame, key, strict=True)):
        later = frame[(key == which) & (frame > at + 1)]
        end = int(later.min()) if len(later) else len(roll)
        quiet = np.flatnonzero(roll[at + 2 : end, which, 0] < _HELD)
        last = at + 2 + int(quiet[0]) if len(quiet) else end
        release[row] = max((first_frame + last) / FRAME_RATE, onset[row] + _SHORTEST_SEC)
        loudness = roll[at : at + 3, which, 2].max()
        velocity[row] = int(np.clip((loudness - 0.3) / 0.7 * 127, 10, 120))
    return HeardNotes(key, onset, release, velocity)


def strikes_of(
    notes: HeardNotes,
    tips_m: Float[np.ndarray, "frame 10 3"],
    first_frame: int,
    style: Style,
) -> tuple[HandTargets, HandTargets]:
    """Each note given to the finger that is nearest its key when it sounds.

    Notes struck together are shared out for the least total way; a finger that holds a key, or is
    farther than about two keys, is not taken.

    Args:
        notes: heard.
        tips_m: fingertips of the left, then of the right hand, in the keyboard frame.
        first_frame: of the window.
        style: the pianist, for the paths between strikes.
    """
    taken = np.full(len(notes.key), -1)
    busy_until = np.zeros(10)
    at = np.clip(
        np.round(notes.onset_sec * FRAME_RATE).astype(int) - first_frame, 0, len(tips_m) - 1
    )
    row = 0
    while row < len(taken):
        group = np.arange(row, np.searchsorted(at, at[row] + _TOGETHER_FRAMES, side="right"))
        tips = tips_m[at[row]]
        key = notes.key[group]
        cost = np.abs(tips[None, :, 0] - CENTRE_X_M[key][:, None])
        reach = np.maximum(_BLACK_Y_M - tips[:, 1], 0) * _DEPTH_SHARE
        cost = cost + np.where(IS_BLACK[key][:, None], reach, 0)
        free = busy_until <= notes.onset_sec[row] + 0.02
        usable = np.where(free[None], cost, 1.0)
        for note, tip in zip(*linear_sum_assignment(usable), strict=True):
            if usable[note, tip] < _FARTHEST_M:
                taken[group[note]] = tip
                busy_until[tip] = notes.release_sec[group[note]]
        row = int(group[-1]) + 1
    played = taken >= 0
    rows = np.zeros(int(played.sum()), NOTE_DTYPE)
    rows["onset_sec"], rows["release_sec"] = notes.onset_sec[played], notes.release_sec[played]
    rows["pitch"], rows["velocity"] = notes.key[played] + LOWEST_PITCH, notes.velocity[played]
    rows["hand"], rows["finger"] = taken[played] // 5, taken[played] % 5 + 1
    rows["onset_sec"] = np.maximum(rows["onset_sec"], 0)
    performance = Performance.create(rows)
    return hand_targets(performance, 0, style), hand_targets(performance, 1, style)
