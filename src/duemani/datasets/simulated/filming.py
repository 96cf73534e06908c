"""Simulated pianists, filmed: a camera's picture of the hands and a tracker's mistakes in it.

The defaults of `TrackerNoise` are fitted to real tracking by `benchmarks/tracker_noise.py`, which
prints them and says what is measured and what is only bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float
from scipy.signal import lfilter

from duemani.arrays import BetweenFrames
from duemani.datasets.simulated.cameras import sample_camera, seen_keyboard
from duemani.inputs.film.camera import Camera
from duemani.inputs.film.filmed_hands import FilmedHands
from duemani.inputs.film.keyboard_view import KeyboardView
from duemani.motion import HandMotion

LANDMARK_KINDS = np.array([0, 1, 1, 2, 3, 1, 2, 2, 3, 1, 2, 2, 3, 1, 2, 2, 3, 1, 2, 2, 3])
"""Of each landmark: 0 wrist, 1 knuckle or thumb base, 2 finger joint, 3 tip."""
_NEAR_PALMS = 2.0
_UNSEEN_CONFIDENCE = 0.0


@dataclass(frozen=True)
class TrackerNoise:
    """How a hand tracker errs. Lengths are shares of the palm's length (wrist to middle knuckle).

    Attributes:
        jitter_palm: white noise, standard deviation in each direction, by landmark kind (wrist,
            knuckle, finger joint, tip).
        glitch_share: of landmarks and frames whose noise is `glitch_factor` times as large.
        glitch_factor: see above.
        common_share: of the noise's variance, what all landmarks of a hand have in common.
        wander_palm: noise that wanders slowly, by landmark kind.
        wander_sec: its time constant.
        bias_palm: error that stays for a whole film, standard deviation a landmark.
        depth_palm: white noise of relative depth; depth also has a gain drawn between
            `depth_gain` for each film.
        depth_gain: see above.
        dropouts_per_sec, dropout_sec: how often a hand is lost, and for how long on average
            (lengths are geometric).
        swaps_per_min, swap_sec: how often left and right are exchanged; ten times as often while
            the hands are near each other.
        merges_per_min, merge_sec: how often one hand's landmarks lie on the other hand; ten times
            as often while they are near.
        latency_sec: how late the tracker's landmarks are.
        confidence, confidence_spread: in good frames; bad ones have about half.
        keyboard_miss_keys: error of the key lines found, in white keys.
    """

    jitter_palm: tuple[float, float, float, float] = (0.0022, 0.0022, 0.0022, 0.0022)
    glitch_share: float = 0.005
    glitch_factor: float = 5.0
    common_share: float = 0.2
    wander_palm: tuple[float, float, float, float] = (0.0090, 0.0090, 0.0090, 0.0090)
    wander_sec: float = 0.5
    bias_palm: float = 0.01
    depth_palm: float = 0.012
    depth_gain: tuple[float, float] = (0.0, 0.5)
    dropouts_per_sec: float = 0.02
    dropout_sec: float = 0.25
    swaps_per_min: float = 0.15
    swap_sec: float = 0.12
    merges_per_min: float = 0.15
    merge_sec: float = 0.15
    latency_sec: float = 0.0
    confidence: float = 0.93
    confidence_spread: float = 0.05
    keyboard_miss_keys: float = 0.03

    def scaled(self, jitter: float) -> TrackerNoise:
        """The same with `jitter` times the jitter and wandering."""

        def times(values: tuple[float, ...]) -> tuple[float, float, float, float]:
            wrist, knuckle, joint, tip = (jitter * value for value in values)
            return wrist, knuckle, joint, tip

        return replace(
            self, jitter_palm=times(self.jitter_palm), wander_palm=times(self.wander_palm)
        )

    def dropping(self, share: float) -> TrackerNoise:
        """The same with a share (0-0.95) of all frames lost, in bursts as long as now."""
        share = min(max(share, 0.0), 0.95)
        return replace(self, dropouts_per_sec=share / (1 - share) / self.dropout_sec)


NO_NOISE = TrackerNoise(
    jitter_palm=(0.0, 0.0, 0.0, 0.0),
    glitch_share=0.0,
    wander_palm=(0.0, 0.0, 0.0, 0.0),
    bias_palm=0.0,
    depth_palm=0.0,
    depth_gain=(1.0, 1.0),
    dropouts_per_sec=0.0,
    swaps_per_min=0.0,
    merges_per_min=0.0,
    confidence=1.0,
    confidence_spread=0.0,
    keyboard_miss_keys=0.0,
)
"""A tracker that never errs."""


def film_motion(
    motion: HandMotion,
    camera: Camera | None = None,
    noise: TrackerNoise = TrackerNoise(),
    rng: np.random.Generator | None = None,
) -> tuple[FilmedHands, KeyboardView]:
    """What a tracker and a keyboard finder would say of a film of these hands.

    Args:
        motion: the hands; where they are not tracked, nothing is seen.
        camera: where it is filmed from; drawn by `sample_camera` if not given.
        noise: how the tracker errs.
        rng: draws the camera and the errors; seed 0 if not given.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    camera = sample_camera(rng) if camera is None else camera
    points = np.asarray(motion.landmarks_m, float)
    if noise.latency_sec:
        points = _late(points, noise.latency_sec * motion.frame_rate)
    pixels, distance = camera.project(points), camera.depth(points)
    palm_px = _median_palm(pixels, motion.tracked)
    scale = camera.focal_px / distance[:, :, :1]
    depth = (distance - distance[:, :, :1]) * scale
    depth = depth * rng.uniform(*noise.depth_gain)
    pixels = pixels + palm_px * _landmark_errors(pixels.shape, noise, motion.frame_rate, rng)
    if noise.depth_palm:
        depth = depth + palm_px * noise.depth_palm * rng.standard_normal(depth.shape)
        depth -= depth[:, :, :1]
    palm = pixels[:, :, [0, 5, 9, 13, 17]].mean(2)
    seen = motion.tracked & np.all((palm >= 0) & (palm < np.array(camera.size_px)), axis=-1)
    sure = noise.confidence + noise.confidence_spread * rng.standard_normal(seen.shape)
    near = np.linalg.norm(palm[0] - palm[1], axis=-1) < _NEAR_PALMS * palm_px
    _merge(pixels, depth, sure, near, noise, motion.frame_rate, rng)
    _swap(pixels, depth, sure, seen, near, noise, motion.frame_rate, rng)
    for hand in range(2):
        lost, fading = _dropouts(seen.shape[1], noise, motion.frame_rate, rng)
        seen[hand] &= ~lost
        sure[hand, fading] *= 0.6
    pixels[~seen], depth[~seen] = np.nan, np.nan
    confidence = np.where(seen, np.clip(sure, 0.05, 1.0), _UNSEEN_CONFIDENCE)
    filmed = FilmedHands(motion.time_sec, pixels, depth, confidence, camera.size_px)
    return filmed, seen_keyboard(camera, noise.keyboard_miss_keys, rng)


def _median_palm(pixels: np.ndarray, tracked: np.ndarray) -> float:
    lengths = np.linalg.norm(pixels[:, :, 9] - pixels[:, :, 0], axis=-1)[tracked]
    return float(np.median(lengths)) if len(lengths) else 1.0


def _landmark_errors(
    shape: tuple[int, ...], noise: TrackerNoise, frame_rate: float, rng: np.random.Generator
) -> Float[np.ndarray, "hand=2 frame 21 2"]:
    """Errors in palms: white, in part common to a hand; slowly wandering; and constant."""
    hands, frames = shape[:2]
    own, common = np.sqrt(1 - noise.common_share), np.sqrt(noise.common_share)
    white = own * rng.standard_normal(shape)
    white += common * rng.standard_normal((hands, frames, 1, 2))
    if noise.glitch_share:
        white[rng.random(shape[:3]) < noise.glitch_share] *= noise.glitch_factor
    errors = white * np.array(noise.jitter_palm)[LANDMARK_KINDS, None]
    if any(noise.wander_palm):
        drive = own * rng.standard_normal(shape)
        drive += common * rng.standard_normal((hands, frames, 1, 2))
        keep = np.exp(-1 / (frame_rate * noise.wander_sec))
        gain = np.sqrt(1 - keep**2)
        # The first sample is drawn from the steady state.
        start = keep * rng.standard_normal((hands, 1, *shape[2:]))
        wander, _ = lfilter([gain], [1, -keep], drive, axis=1, zi=start)
        errors += wander * np.array(noise.wander_palm)[LANDMARK_KINDS, None]
    errors += noise.bias_palm * rng.standard_normal((hands, 1, *shape[2:]))
    return errors


def _bursts(
    frames: int,
    per_sec: np.ndarray | float,
    mean_sec: float,
    frame_rate: float,
    rng: np.random.Generator,
) -> Bool[np.ndarray, " frame"]:
    """Bursts that begin at a rate and last geometrically long."""
    inside = np.zeros(frames, bool)
    starts = np.flatnonzero(rng.random(frames) < np.asarray(per_sec) / frame_rate)
    lengths = rng.geometric(min(1.0, 1 / max(1.0, mean_sec * frame_rate)), len(starts))
    for start, length in zip(starts, lengths, strict=True):
        inside[start : start + length] = True
    return inside


def _dropouts(
    frames: int, noise: TrackerNoise, frame_rate: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Where a hand is lost, and the frames just before and after, where trackers waver."""
    lost = _lost(frames, noise, frame_rate, rng)
    fading = lost.copy()
    fading[:-1] |= lost[1:]
    fading[1:] |= lost[:-1]
    return lost, fading


def _lost(
    frames: int, noise: TrackerNoise, frame_rate: float, rng: np.random.Generator
) -> np.ndarray:
    """Seen and lost spells in turn: a lost hand is found again before it can be lost anew."""
    if not noise.dropouts_per_sec:
        return np.zeros(frames, bool)
    ending = min(1.0, 1 / max(1.0, noise.dropout_sec * frame_rate))
    # Such that the shares of time come out as in continuous time.
    odds = noise.dropouts_per_sec * noise.dropout_sec
    beginning = min(1.0, odds * ending)
    count = int(frames * beginning * 2) + 20
    seen, lost = rng.geometric(beginning, count), rng.geometric(ending, count)
    spells = np.stack([seen, lost], axis=1).ravel()
    states = np.repeat(np.tile([False, True], count), spells)
    start = int(rng.integers(0, spells[0] + 1)) if len(states) else 0
    states = states[start : start + frames]
    return np.concatenate([states, np.zeros(frames - len(states), bool)])


def _merge(
    pixels: np.ndarray,
    depth: np.ndarray,
    sure: np.ndarray,
    near: np.ndarray,
    noise: TrackerNoise,
    frame_rate: float,
    rng: np.random.Generator,
) -> None:
    """Lay one hand's landmarks on the other hand."""
    rate = noise.merges_per_min / 60 * np.where(near, 10.0, 1.0)
    for hand in range(2):
        merged = _bursts(len(near), rate / 2, noise.merge_sec, frame_rate, rng)
        pixels[hand, merged] = pixels[1 - hand, merged]
        depth[hand, merged] = depth[1 - hand, merged]
        sure[hand, merged] *= 0.6


def _swap(
    pixels: np.ndarray,
    depth: np.ndarray,
    sure: np.ndarray,
    seen: np.ndarray,
    near: np.ndarray,
    noise: TrackerNoise,
    frame_rate: float,
    rng: np.random.Generator,
) -> None:
    """Exchange left and right."""
    rate = noise.swaps_per_min / 60 * np.where(near, 10.0, 1.0)
    swapped = _bursts(len(near), rate, noise.swap_sec, frame_rate, rng)
    for array in (pixels, depth, sure, seen):
        array[:, swapped] = array[::-1, swapped]
    sure[:, swapped] *= 0.7


def _late(points: np.ndarray, frames: float) -> np.ndarray:
    """The same points, later by a number of frames (not whole)."""
    count = points.shape[1]
    return BetweenFrames.of(np.arange(count) - frames, count).mixed(points, axis=1)
