"""Motion of any length from windows of eight seconds, without visible joins, in bounded memory.

Each window starts on frames that the one before has made: at every step these hold its beginning
to them, less and less towards the join's end, and the noise of shared frames is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from duemani.models.diffusion.conditions.hand_frame import from_hand
from duemani.models.diffusion.conditions.note_roll import HandTargets
from duemani.models.diffusion.conditions.pianist import Pianist, known_at
from duemani.models.diffusion.config import FRAME_RATE, WINDOW_FRAMES, DiffusionOptions
from duemani.models.diffusion.guidance import Contact, bent, dofs_of
from duemani.models.diffusion.heard_strikes import HeardNotes, heard_notes, strikes_of
from duemani.models.diffusion.networks import Known, MotionNetworks, doubt_of, mode_of
from duemani.models.diffusion.sampler import Correct, sample
from duemani.models.solver.kinematics import pose
from duemani.skeleton import JOINT_LIMITS_RAD

OVERLAP_FRAMES = 48
HOP_FRAMES = WINDOW_FRAMES - OVERLAP_FRAMES
_GUIDE_FRAMES, _GUIDE_MARGIN = 480, 80
GUIDE_HOP_FRAMES = _GUIDE_FRAMES - 2 * _GUIDE_MARGIN
_LIMIT_MARGIN_RAD = 0.01
_EAR_FROM = 0.25  # share of signal from which a pose tells which finger is over which key


@dataclass(frozen=True)
class Poses:
    """Consecutive frames of both hands at `FRAME_RATE`, each hand in its own frame."""

    first: int
    angles_rad: Float[np.ndarray, "hand=2 frame 16 3"]
    wrist_m: Float[np.ndarray, "hand=2 frame 3"]


def predict_wrists(
    networks: MotionNetworks,
    pianist: Pianist,
    frames: int,
    progress: Callable[[float], None] | None = None,
) -> Float[np.ndarray, "hand=2 frame 3"]:
    """The position predictor over the whole piece, in windows with a margin on either side."""
    wrists = np.empty((2, frames, 3), np.float32)
    hop = GUIDE_HOP_FRAMES
    for start in range(0, frames, hop):
        known = known_at(pianist, start - _GUIDE_MARGIN, _GUIDE_FRAMES)
        end = min(start + hop, frames)
        made = networks.positions(known)[:, _GUIDE_MARGIN:][:, : end - start]
        wrists[:, start:end] = made
        # What differs at the join is led over from where the last window ended.
        fade = min(24, end - start)
        if start:
            step = wrists[:, start - 1] + (wrists[:, start - 1] - wrists[:, start - 2])
            away = (step - made[:, 0])[:, None]
            ease = (0.5 + 0.5 * np.cos(np.pi * np.arange(fade) / fade))[:, None]
            wrists[:, start : start + fade] += away * ease
        if progress:
            progress(end / frames)
    return wrists


def generate_poses(
    networks: MotionNetworks, pianist: Pianist, frames: int, options: DiffusionOptions
) -> Iterator[Poses]:
    """Poses of `frames` frames, window after window, as soon as each is made."""
    wrists = predict_wrists(networks, pianist, frames)
    doubt = float(doubt_of(networks.guide_error_m[mode_of(pianist.given)]))
    channels = networks.code.channels
    tail_noise: np.ndarray | None = None
    tail: np.ndarray | None = None
    for number, start in enumerate(range(0, max(frames, 1), HOP_FRAMES)):
        known = known_at(pianist, start, WINDOW_FRAMES)
        at = np.minimum(np.arange(start, start + WINDOW_FRAMES), frames - 1)
        guide = wrists[:, at].astype(float)
        rng = np.random.default_rng((options.variation, number))
        noise = rng.standard_normal((2, channels, WINDOW_FRAMES))
        if options.shared_noise or networks.config.shared_noise:
            noise[1] = noise[0]
        if tail_noise is not None:
            noise[:, :, :OVERLAP_FRAMES] = tail_noise
        tail_noise = noise[:, :, HOP_FRAMES:]
        condition = networks.condition(known, guide, doubt)
        held = None if tail is None else _relative(networks, tail, guide)
        code = sample(
            lambda noisy, time, c=condition: networks.denoise(noisy, time, c),  # type: ignore[misc]
            noise,
            options.steps,
            networks.config.objective,
            options.sampler,
            _correction(networks, pianist, start, guide, held, options, known),
        )
        angles, move = networks.code.decode(code.swapaxes(1, 2))
        low, high = JOINT_LIMITS_RAD[..., 0], JOINT_LIMITS_RAD[..., 1]
        angles = np.clip(angles, low + _LIMIT_MARGIN_RAD, high - _LIMIT_MARGIN_RAD)
        made = guide + move
        tail = np.concatenate([angles.reshape(2, -1, 48), made], -1)[:, HOP_FRAMES:]
        last = start + WINDOW_FRAMES >= frames
        count = frames - start if last else HOP_FRAMES
        yield Poses(start, angles[:, :count], made[:, :count])
        if last:
            return


def _relative(networks: MotionNetworks, tail: np.ndarray, guide: np.ndarray) -> np.ndarray:
    """The last window's end as codes about this window's guide: (hand, channel, overlap)."""
    angles = tail[..., :48].reshape(2, -1, 16, 3)
    move = tail[..., 48:] - guide[:, :OVERLAP_FRAMES]
    return networks.code.encode(angles, move).swapaxes(1, 2)


@dataclass(frozen=True)
class _Guide:
    """Bends foreseen poses towards contact, from given fingers or from what is heard."""

    networks: MotionNetworks
    pianist: Pianist
    start: int
    wrists_m: Float[np.ndarray, "hand=2 frame 3"]
    known: Known
    strength: float

    def __call__(self, clean: np.ndarray, signal: float) -> np.ndarray:
        """Codes (hand, channel, frame) with the fingertips nearer to their keys."""
        by_ear = not self.known.given[1]
        if by_ear and signal < _EAR_FROM:
            return clean
        code = self.networks.code
        angles, move = code.decode(clean.swapaxes(1, 2))
        placed = self.wrists_m + move
        contacts = self._by_ear(angles, placed) if by_ear else self._given
        for hand, contact in enumerate(contacts):
            step = contact.steps(angles[hand], placed[hand], self.strength * signal)
            angles[hand] = bent(angles[hand], step)
            move[hand] += step[:, :3]
        return code.encode(angles, move).swapaxes(1, 2)

    @cached_property
    def _given(self) -> list[Contact]:
        return self._contacts(self.pianist.targets)

    @cached_property
    def _heard_notes(self) -> HeardNotes:
        return heard_notes(self.known.heard, self.start)

    def _contacts(self, targets: tuple[HandTargets, HandTargets]) -> list[Contact]:
        time_sec = (self.start + np.arange(self.wrists_m.shape[1])) / FRAME_RATE
        body, bones = self.pianist.body, self.pianist.bone_lengths_m
        may_move = self.networks.config.move_wrist
        return [
            Contact.of(targets[hand].at(time_sec, body), hand, bones, may_move) for hand in range(2)
        ]

    def _by_ear(self, angles: np.ndarray, placed: np.ndarray) -> list[Contact]:
        bones = self.pianist.bone_lengths_m
        tips = [
            from_hand(pose(dofs_of(angles[hand], placed[hand]), bones).tips_m, hand)
            for hand in range(2)
        ]
        both = np.concatenate(tips, axis=1)
        return self._contacts(strikes_of(self._heard_notes, both, self.start, self.pianist.body))


def _correction(
    networks: MotionNetworks,
    pianist: Pianist,
    start: int,
    guide: np.ndarray,
    held: np.ndarray | None,
    options: DiffusionOptions,
    known: Known,
) -> Correct:
    notes_only = known.given[0] and not known.given[1]
    contact = None
    if options.guidance and not notes_only and (known.given[1] or known.given[2]):
        contact = _Guide(networks, pianist, start, guide, known, options.guidance)
    # One for the first half of the overlap, then falling to nothing.
    ramp = np.clip(2 * (1 - np.arange(OVERLAP_FRAMES) / (OVERLAP_FRAMES - 1)), 0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp)

    def correct(clean: np.ndarray, signal: float) -> np.ndarray:
        if contact:
            clean = contact(clean, signal)
        if held is not None:
            clean = clean.copy()
            head = clean[:, :, :OVERLAP_FRAMES]
            clean[:, :, :OVERLAP_FRAMES] = ramp * held + (1 - ramp) * head
        return clean

    return correct
