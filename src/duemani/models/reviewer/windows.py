"""A take cut into windows as the reviewer's networks take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from duemani.models.reviewer.config import (
    FINGERS,
    FRAME_CHANNELS,
    GIVEN,
    PHRASE_NOTES,
    SEEN_CHANNELS,
    SOUND_CHANNELS,
    SOUND_FRAMES,
    WINDOW_FRAMES,
)
from duemani.models.reviewer.note_inputs import (
    finger_views,
    frame_views,
    note_facts,
    note_frames,
    note_pairs,
    pitch_sound,
)
from duemani.models.reviewer.seen_hands import FRAME_RATE, SeenHands

SOUND_FEATURES = 456
_HOP_FRAMES = 160
_MOST_NOTES = 192


@dataclass(frozen=True)
class Evidence:
    """What is known of a take, or of a window of it, whose frame 0 is at time 0.

    Attributes:
        notes: `NOTE_DTYPE` in order of onset.
        prior: what a fingerer that sees only notes thinks of each finger; rows add up to 1;
            None if it is not to be used.
        seen: hands; None without.
        sound: features of the recording, a row a frame (`media.spectra`); None without.
        velocity_known: the notes' velocities mean something.
    """

    notes: np.ndarray
    prior: Float[np.ndarray, "note 10"] | None
    seen: SeenHands | None
    sound: Float[np.ndarray, "frame 456"] | None
    velocity_known: bool


def window_inputs(evidence: Evidence, frames: int = WINDOW_FRAMES) -> dict[str, np.ndarray]:
    """The networks' inputs of one window, notes filled up to a multiple of a phrase.

    Names and shapes are those of `training.reviewer.network.Inputs`, without the batch.
    """
    notes, count = evidence.notes, len(evidence.notes)
    full = max(-(-count // PHRASE_NOTES), 1) * PHRASE_NOTES
    prior = evidence.prior if evidence.prior is not None else np.full((count, FINGERS), 0.1)
    facts = note_facts(notes, prior, evidence.velocity_known, evidence.prior is not None)
    at, there = note_frames(notes, frames)
    sound, seen = evidence.sound, evidence.seen
    heard = np.zeros((frames, SOUND_FEATURES), np.float32)
    partials = np.zeros((count, SOUND_FRAMES, SOUND_CHANNELS), np.float32)
    if sound is not None:
        heard[: len(sound)] = sound[:frames]
        partials = pitch_sound(heard, notes)
    watched = np.zeros((frames, FRAME_CHANNELS), np.float32)
    views = np.zeros((count, FINGERS, at.shape[1], SEEN_CHANNELS), np.float32)
    if seen is not None:
        watched[: seen.frame_count] = frame_views(seen)[:frames]
        views = finger_views(seen, notes["onset_sec"], notes["pitch"].astype(int))
    given = [
        sound is not None,
        seen is not None,
        evidence.velocity_known,
        evidence.prior is not None,
    ]
    assert len(given) == len(GIVEN)
    return {
        "sound": heard,
        "seen": watched,
        "views": _filled(views, full),
        "pitch_sound": _filled(partials, full),
        "facts": _filled(facts, full),
        "pairs": _filled(_filled(note_pairs(notes), full).swapaxes(0, 1), full).swapaxes(0, 1),
        "frames": _filled(at, full),
        "frames_there": _filled(there.astype(np.float32), full),
        "real": _filled(np.ones(count, np.float32), full),
        "given": np.array(given, np.float32),
    }


def _filled(rows: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate([rows, np.zeros((count - len(rows), *rows.shape[1:]), rows.dtype)])


@dataclass(frozen=True)
class Part:
    """One window of a take: what is known in it, and which of its notes and frames are its own.

    Attributes:
        evidence: with times from the window's start.
        notes: index of each of its notes in the take.
        own: which of them no other window answers for.
        start: first frame in the take.
        own_frames: from which to which frame of the take this window answers for.
    """

    evidence: Evidence
    notes: np.ndarray
    own: np.ndarray
    start: int
    own_frames: tuple[int, int]


def parts(evidence: Evidence, frames: int) -> Iterator[Part]:
    """Overlapping windows; every note and every frame belongs to exactly one.

    Args:
        evidence: of the whole take.
        frames: how long the take is.
    """
    notes = evidence.notes
    margin = (WINDOW_FRAMES - _HOP_FRAMES) // 2
    for first in range(0, max(frames, 1), _HOP_FRAMES):
        start = first - margin
        onset = notes["onset_sec"] * FRAME_RATE
        inside = np.flatnonzero((onset >= start) & (onset < start + WINDOW_FRAMES))
        last = first + _HOP_FRAMES >= frames
        begin = -np.inf if first == 0 else first
        end = np.inf if last else first + _HOP_FRAMES
        mine = (onset[inside] >= begin) & (onset[inside] < end)
        span = (first, min(first + _HOP_FRAMES, frames))
        for number, (chosen, own) in enumerate(_crowds(inside, mine, onset, first)):
            own_frames = span if number == 0 else (span[1], span[1])
            yield Part(_cut(evidence, chosen, start), chosen, own, start, own_frames)


def _crowds(
    inside: np.ndarray, mine: np.ndarray, onset: np.ndarray, first: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """A window's notes, in several parts where there are too many to be looked at together."""
    if len(inside) <= _MOST_NOTES:
        yield inside, mine
        return
    own = inside[mine]
    if len(own) > _MOST_NOTES:
        for at in range(0, len(own), _MOST_NOTES):
            part = own[at : at + _MOST_NOTES]
            yield part, np.ones(len(part), bool)
        return
    # The farthest of the others go.
    away = np.where(mine, -1, np.abs(onset[inside] - (first + _HOP_FRAMES / 2)))
    kept = np.sort(np.argsort(away, kind="stable")[:_MOST_NOTES])
    yield inside[kept], mine[kept]


def _cut(evidence: Evidence, inside: np.ndarray, start: int) -> Evidence:
    notes = evidence.notes[inside].copy()
    for name in ("onset_sec", "release_sec"):
        notes[name] -= start / FRAME_RATE
    seen, sound = evidence.seen, evidence.sound
    if seen is not None:
        seen = SeenHands(
            _frames(seen.points_m, start, np.nan),
            _frames(seen.height_m, start, np.nan),
            _frames(seen.confidence, start, 0.0),
        )
    return replace(
        evidence,
        notes=notes,
        prior=None if evidence.prior is None else evidence.prior[inside],
        seen=seen,
        sound=None if sound is None else _frames(sound, start, 0.0),
    )


def _frames(values: np.ndarray, start: int, outside: float) -> np.ndarray:
    """`WINDOW_FRAMES` rows from `start` on, which may lie before the first."""
    rows = np.full((WINDOW_FRAMES, *values.shape[1:]), outside, values.dtype)
    first, last = max(start, 0), min(start + WINDOW_FRAMES, len(values))
    if last > first:
        rows[first - start : last - start] = values[first:last]
    return rows
