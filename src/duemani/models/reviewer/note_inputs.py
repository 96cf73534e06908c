"""What the reviewer's networks are shown of notes, hands and sound: numpy, alike in training."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.keyboard import WHITE_PITCH_M, is_black, key_centre_x
from duemani.models.reviewer.config import (
    AROUND,
    FRAME_CHANNELS,
    NOTE_CHANNELS,
    PAIR_CHANNELS,
    SEEN_CHANNELS,
    SOUND_CHANNELS,
    SOUND_FRAMES,
)
from duemani.models.reviewer.seen_hands import FRAME_RATE, SeenHands

_WHITE_Y_M, _BLACK_Y_M, _DEPTH_M = 0.035, 0.095, 0.05
_LONG_BINS, _SHORT_BINS, _SHORT_LOWEST_HZ = 264, 96, 110.0
# A note's own partials, an octave below, and what a semitone beside it sounds like.
_SEMITONES = (-12, 0, 12, 19, 24, 28, 31, 36)
_BEFORE, _AFTER = 2, 6
_SPEED = 0.5
_NEAR_KEYS = 4.0


class NoteFact(IntEnum):
    """Columns of `note_facts`; of several columns the first."""

    PITCH = 0
    BLACK = 1
    PITCH_CLASS = 2
    LENGTH = 14
    SINCE_LAST = 15
    UNTIL_NEXT = 16
    TOGETHER = 17
    BELOW = 18
    SOUNDING_BELOW = 19
    SOUNDING_ABOVE = 20
    VELOCITY = 21
    VELOCITY_KNOWN = 22
    LOG_PRIOR = 23
    PRIOR = 33
    PRIOR_KNOWN = 43


def ten_fingers(notes: np.ndarray) -> Int[np.ndarray, " note"]:
    """Hand and finger of each note as one number: 0-9, left thumb to right little finger."""
    return np.asarray(notes["hand"].astype(np.int64) * 5 + notes["finger"] - 1)


def finger_views(
    seen: SeenHands, onset_sec: Float[np.ndarray, " note"], pitch: Int[np.ndarray, " note"]
) -> Float[np.ndarray, "note 10 17 8"]:
    """Where each finger is from each note's key, in the frames around its onset.

    Channels: x off the key's middle [keys], squashed, and its sign-free nearness; y off where
    the key is usually struck; speed along x and y; height above the key; known; height known;
    times the confidence where known. Frames are interpolated to the onset.
    """
    frames = seen.frame_count
    at = onset_sec[:, None] * FRAME_RATE + np.arange(-AROUND, AROUND + 1)
    low = np.clip(np.floor(at).astype(int), 0, frames - 1)
    high = np.minimum(low + 1, frames - 1)
    share = (at - np.floor(at))[..., None, None, None]
    tips = seen.points_m[:, :, :5]
    speed = _speed(tips)
    values = np.concatenate([tips, speed, seen.height_m[..., None]], -1)
    mixed = values[low] * (1 - share) + values[high] * share
    nearest = np.where(share <= 0.5, values[low], values[high])
    mixed = np.where(np.isnan(mixed), nearest, mixed)
    outside = (at < -1) | (at > frames)
    mixed[outside] = np.nan
    sure = np.repeat(seen.confidence[low][..., None], 5, axis=-1)
    black = is_black(pitch)[:, None, None, None]
    x = (mixed[..., 0] - key_centre_x(pitch)[:, None, None, None]) / WHITE_PITCH_M
    y = (mixed[..., 1] - np.where(black, _BLACK_Y_M, _WHITE_Y_M)) / _DEPTH_M
    z = (mixed[..., 4] - 0.012 * black) / 0.02
    known, high_known = np.isfinite(x), np.isfinite(z)
    near = np.exp(-((x / 0.7) ** 2))
    views = np.stack(
        [
            np.tanh(x / _NEAR_KEYS) * 2,
            near,
            np.clip(y, -3, 3),
            np.clip(mixed[..., 2] / _SPEED, -2, 2),
            np.clip(mixed[..., 3] / _SPEED, -2, 2),
            np.clip(z, -2, 3),
            np.where(known, sure, 0),
            high_known.astype(float),
        ],
        -1,
    )
    views[..., :5][~known] = 0
    views[..., 5][~high_known] = 0
    assert views.shape[-1] == SEEN_CHANNELS
    flat = np.nan_to_num(views).reshape(len(pitch), 2 * AROUND + 1, 10, SEEN_CHANNELS)
    return flat.transpose(0, 2, 1, 3).astype(np.float32)


def frame_views(seen: SeenHands) -> Float[np.ndarray, "frame 93"]:
    """Both hands in every frame: points from the hand's middle, its place, speeds, confidence."""
    points = seen.points_m
    known = np.isfinite(points[..., 0])
    count = np.maximum(known.sum(2), 1)
    middle = np.nan_to_num(points).sum(2) / count[..., None]
    off = (points - middle[:, :, None]) / WHITE_PITCH_M / 3
    speed = np.clip(_speed(points[:, :, :5]) / _SPEED, -2, 2)
    place = np.stack([middle[..., 0] / 0.6 - 1, middle[..., 1] / 0.1], -1)
    place = np.where(known.any(2)[..., None], place, 0)
    parts = [off, speed, known.astype(float), seen.confidence, place]
    rows = np.concatenate([np.nan_to_num(part).reshape(len(points), -1) for part in parts], 1)
    rows = np.clip(rows, -4, 4)
    padded = np.zeros((len(rows), FRAME_CHANNELS), np.float32)
    padded[:, : rows.shape[1]] = rows
    padded[:, rows.shape[1]] = (~known).all((1, 2))
    return padded


def _speed(points: np.ndarray) -> np.ndarray:
    """Central differences [m/s]; NaN beside what is not seen."""
    if len(points) < 3:
        return np.zeros_like(points)
    inner = (points[2:] - points[:-2]) * (FRAME_RATE / 2)
    return np.concatenate([inner[:1], inner, inner[-1:]])


def note_facts(
    notes: np.ndarray,
    prior: Float[np.ndarray, "note 10"],
    velocity_known: bool,
    prior_known: bool,
) -> Float[np.ndarray, "note 44"]:
    """A note by itself: key, lengths, its place among those struck together, prior fingers.

    Args:
        notes: `NOTE_DTYPE`, in order of onset.
        prior: what a fingerer that sees the notes only thinks of each finger.
        velocity_known: velocities may be used.
        prior_known: the prior may be used.
    """
    count = len(notes)
    onset, pitch = notes["onset_sec"], notes["pitch"].astype(int)
    rows = np.zeros((count, NOTE_CHANNELS), np.float32)
    if not count:
        return rows
    rows[:, NoteFact.PITCH] = (pitch - 64) / 24
    rows[:, NoteFact.BLACK] = is_black(pitch)
    rows[np.arange(count), NoteFact.PITCH_CLASS + pitch % 12] = 1
    rows[:, NoteFact.LENGTH] = np.log(np.clip(notes["release_sec"] - onset, 0.02, 8)) / 2
    before = np.diff(onset, prepend=onset[0] - 1)
    after = np.diff(onset, append=onset[-1] + 1)
    rows[:, NoteFact.SINCE_LAST] = np.log(np.clip(before, 0.005, 4)) / 3
    rows[:, NoteFact.UNTIL_NEXT] = np.log(np.clip(after, 0.005, 4)) / 3
    together = np.abs(onset[:, None] - onset) < 0.04
    below = together & (pitch[:, None] > pitch)
    rows[:, NoteFact.TOGETHER] = np.minimum(together.sum(1) - 1, 9) / 4
    rows[:, NoteFact.BELOW] = np.minimum(below.sum(1), 9) / 4
    sounding = (onset <= onset[:, None]) & (notes["release_sec"] > onset[:, None])
    rows[:, NoteFact.SOUNDING_BELOW] = (
        np.minimum((sounding & (pitch < pitch[:, None])).sum(1), 9) / 4
    )
    rows[:, NoteFact.SOUNDING_ABOVE] = (
        np.minimum((sounding & (pitch > pitch[:, None])).sum(1), 9) / 4
    )
    if velocity_known:
        rows[:, NoteFact.VELOCITY] = (notes["velocity"] - 64) / 24
        rows[:, NoteFact.VELOCITY_KNOWN] = 1
    if prior_known:
        rows[:, NoteFact.LOG_PRIOR : NoteFact.PRIOR] = np.log(np.clip(prior, 1e-3, 1)) / 4 + 1
        rows[:, NoteFact.PRIOR : NoteFact.PRIOR_KNOWN] = prior
        rows[:, NoteFact.PRIOR_KNOWN] = 1
    return rows


def note_pairs(notes: np.ndarray) -> Float[np.ndarray, "note note 6"]:
    """Every note beside every other: interval and time between them, and whether both sound."""
    onset, pitch = notes["onset_sec"], notes["pitch"].astype(float)
    interval = pitch[None] - pitch[:, None]
    time = onset[None] - onset[:, None]
    later = np.minimum(notes["release_sec"][None], notes["release_sec"][:, None])
    overlap = later - np.maximum(onset[None], onset[:, None])
    pairs = np.stack(
        [
            np.tanh(interval / 12),
            np.exp(-np.abs(interval) / 4),
            np.tanh(time),
            np.exp(-np.abs(time) / 0.3),
            overlap > 0.02,
            np.abs(time) < 0.04,
        ],
        -1,
    )
    assert pairs.shape[-1] == PAIR_CHANNELS
    return pairs.astype(np.float32)


def pitch_sound(
    sound: Float[np.ndarray, "frame 456"], notes: np.ndarray
) -> Float[np.ndarray, "note 16 33"]:
    """What is heard at a note's partials from before to after its onset, then its release."""
    if not len(notes):
        return np.zeros((0, SOUND_FRAMES, SOUND_CHANNELS), np.float32)
    steps = np.arange(-_BEFORE, _AFTER)
    onset = np.round(notes["onset_sec"] * FRAME_RATE).astype(int)
    release = np.round(notes["release_sec"] * FRAME_RATE).astype(int)
    at = np.concatenate([onset[:, None] + steps, release[:, None] + steps - 2], 1)
    inside = (at >= 0) & (at < len(sound))
    rows = np.clip(at, 0, len(sound) - 1)
    key = notes["pitch"].astype(int) - 21
    bins = 3 * (key[:, None] + np.array(_SEMITONES))[..., None] + np.arange(3)
    held = ((bins >= 0) & (bins < _LONG_BINS)).reshape(len(key), 1, -1)
    bins = np.clip(bins, 0, _LONG_BINS - 1).reshape(len(key), 1, -1)
    long = np.where(held, sound[rows[..., None], bins], 0)
    hz = 27.5 * 2 ** (key / 12)
    short = np.round(16 * np.log2(hz[:, None] * np.array([1, 2, 4]) / _SHORT_LOWEST_HZ)).astype(int)
    heard = ((short >= 0) & (short < _SHORT_BINS))[:, None]
    short = np.clip(short, 0, _SHORT_BINS - 1)[:, None]
    early = np.where(heard, sound[rows[..., None], _LONG_BINS + short], 0)
    late = np.where(heard, sound[rows[..., None], _LONG_BINS + _SHORT_BINS + short], 0)
    loud = sound[rows][..., :_LONG_BINS].mean(-1, keepdims=True)
    bass = sound[rows][..., :90].mean(-1, keepdims=True)
    known = inside[..., None].astype(float)
    parts = np.concatenate([long, early, late, loud, bass, known], -1) * known
    assert parts.shape[1:] == (SOUND_FRAMES, SOUND_CHANNELS)
    return parts.astype(np.float32)


def note_frames(
    notes: np.ndarray, frames: int
) -> tuple[Int[np.ndarray, "note 17"], Bool[np.ndarray, "note 17"]]:
    """The frames around each onset, kept inside the window, and which of them exist."""
    at = np.round(notes["onset_sec"] * FRAME_RATE).astype(int)[:, None]
    at = at + np.arange(-AROUND, AROUND + 1)
    return np.clip(at, 0, frames - 1), (at >= 0) & (at < frames)
