"""The reviewer's task: windows of simulated takes, its losses, and its rivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from duemani.models.reviewer.config import FINGERS, WINDOW_FRAMES, ReviewerConfig
from duemani.models.reviewer.judge import (
    LOG_SPREADS,
    ONSET_SCALE_SEC,
    VELOCITY_MIDDLE,
    VELOCITY_SCALE,
)
from duemani.models.reviewer.note_inputs import ten_fingers
from duemani.models.reviewer.seen_hands import FRAME_RATE
from duemani.models.reviewer.windows import Evidence, window_inputs
from duemani.training.reviewer.corpus import ReviewTake, Watching, watch
from duemani.training.reviewer.discriminators import Rivalry, make_discriminators, rivals
from duemani.training.reviewer.hearsay import Hearsay, heard_notes
from duemani.training.reviewer.network import Inputs, Judged, Reviewer
from duemani.training.reviewer.pianos import Pianos, through_microphone, voiced

_MOST_NOTES = 112


@dataclass(frozen=True)
class Lessons:
    """What the reviewer is shown, and what counts how much.

    Attributes:
        watching: how hands are seen.
        hearsay: how notes are heard.
        pianos: how pianos differ.
        without_sound, without_hands, without_velocity, without_prior: shares of the windows in
            which each is missing (modality dropout).
        first: weight of the fingers told before the notes see each other.
        pressing: weight of the fingers that press, frame by frame.
        touch: λ_expr, weight of velocity, length and onset.
        pedal: weight of the pedal.
        rivalry: adversarial terms.
    """

    watching: Watching = field(default_factory=Watching)
    hearsay: Hearsay = field(default_factory=Hearsay)
    pianos: Pianos = field(default_factory=Pianos)
    without_sound: float = 0.25
    without_hands: float = 0.35
    without_velocity: float = 0.4
    without_prior: float = 0.3
    first: float = 0.3
    pressing: float = 0.5
    touch: float = 1.5
    pedal: float = 0.6
    rivalry: Rivalry = field(default_factory=Rivalry)


class ReviewerAndRivals(nn.Module):
    """What is trained together; only the reviewer ships."""

    def __init__(self, config: ReviewerConfig) -> None:
        super().__init__()
        self.reviewer = Reviewer(config)
        self.rivals = make_discriminators()


class Reviewing:
    """A `training.fit.Task`."""

    def __init__(
        self, takes: Sequence[ReviewTake], config: ReviewerConfig, lessons: Lessons, seed: int
    ) -> None:
        torch.manual_seed(seed)
        self.network = ReviewerAndRivals(config)
        self.takes, self.lessons, self.seed = takes, lessons, seed
        lengths = np.array([take.frame_count for take in takes], float)
        self.chances = lengths / lengths.sum()
        self.told_apart = {"fingers": 0.5, "touch": 0.5}

    def batch(self, step: int, count: int) -> dict[str, Tensor]:
        """Windows of eight seconds, each watched and heard in its own way."""
        rng = np.random.default_rng((self.seed, step))
        which = rng.choice(len(self.takes), count, p=self.chances)
        rows = [self._window(self.takes[at], rng) for at in which]
        most = max(len(row["real"]) for row in rows)
        batch = {
            name: torch.from_numpy(np.stack([_padded(row[name], most, name) for row in rows]))
            for name in rows[0]
        }
        batch["step"] = torch.tensor(step)
        return batch

    def _window(self, take: ReviewTake, rng: np.random.Generator) -> dict[str, np.ndarray]:
        lessons = self.lessons
        first = int(rng.integers(0, max(take.frame_count - WINDOW_FRAMES, 0) + 1))
        start_sec = first / FRAME_RATE
        onset = take.notes["onset_sec"] - start_sec
        inside = np.flatnonzero((onset >= 0) & (onset < WINDOW_FRAMES / FRAME_RATE))
        if len(inside) > _MOST_NOTES:
            begin = int(rng.integers(0, len(inside) - _MOST_NOTES + 1))
            inside = inside[begin : begin + _MOST_NOTES]
        true = take.notes[inside].copy()
        for name in ("onset_sec", "release_sec"):
            true[name] -= start_sec
        heard, kept = heard_notes(true, take.sounding_sec[inside] - start_sec, lessons.hearsay, rng)
        true, prior = true[kept], take.prior[inside][kept]
        without = rng.random(4) < (
            lessons.without_sound,
            lessons.without_hands,
            lessons.without_velocity,
            lessons.without_prior,
        )
        has_sound = len(take.sound) > 0 and not without[0]
        sound = take.sound[first : first + WINDOW_FRAMES].astype(np.float32)
        sound = np.maximum(sound + rng.normal(0, 0.1) * np.minimum(sound, 1), 0)
        if has_sound:
            sound = through_microphone(sound, lessons.pianos, rng)
        temper = rng.uniform(0.5, 1.0)
        prior = prior**temper
        prior = 0.97 * prior / prior.sum(1, keepdims=True) + 0.003
        evidence = Evidence(
            heard,
            None if without[3] else prior,
            None if without[1] else watch(take, first, WINDOW_FRAMES, lessons.watching, rng),
            sound if has_sound else None,
            not without[2],
        )
        row = window_inputs(evidence)
        if has_sound:
            heard_keys = heard["pitch"].astype(int)
            partials = row["pitch_sound"][: len(heard)]
            row["pitch_sound"][: len(heard)] = voiced(partials, heard_keys, lessons.pianos, rng)
        pedal = np.zeros(WINDOW_FRAMES, np.float32)
        pedal[: len(take.pedal) - first] = take.pedal[first : first + WINDOW_FRAMES]
        row["finger"] = ten_fingers(true)
        row["touch"] = np.stack(
            [
                (true["velocity"] - VELOCITY_MIDDLE) / VELOCITY_SCALE,
                _log_length(true) - _log_length(heard),
                (true["onset_sec"] - heard["onset_sec"]) / ONSET_SCALE_SEC,
            ],
            -1,
        ).astype(np.float32)
        row["pedal"] = pedal
        row["pressing"] = _pressing(take.notes, start_sec)
        return row

    def losses(self, batch: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """L_recon + λ_adv · L_adv + λ_expr · L_expr, and what the discriminators learn by."""
        lessons, network = self.lessons, self.network
        given = Inputs.of(batch)
        judged = network.reviewer(given)
        told = reconstruction(judged, batch)
        heard = given.given[:, :1]
        recon = told["finger"] + lessons.first * told["first"] + lessons.pressing * told["pressing"]
        expression = lessons.touch * told["touch"] + lessons.pedal * told["pedal"]
        loss = recon + expression
        step = int(batch["step"])
        rivalry = lessons.rivalry
        if step >= rivalry.warm_up and (rivalry.fingers or rivalry.touch):
            noise = -torch.log(-torch.log(_uniform(judged.finger, generator)))
            soft = (judged.finger + noise).softmax(-1)
            hard = nn.functional.one_hot(soft.argmax(-1), FINGERS).to(soft.dtype)
            drawn = hard + soft - soft.detach()
            true = nn.functional.one_hot(batch["finger"], FINGERS).to(soft.dtype)
            spread = judged.touch[..., 3:].clamp(*LOG_SPREADS).exp()
            normal = torch.randn(spread.shape, generator=generator, device=spread.device)
            touch = (judged.touch[..., :3] + spread * normal).clamp(-4, 4)
            real = given.real * heard
            for name, weight, fact, made, present in (
                ("fingers", rivalry.fingers, true, drawn, given.real),
                ("touch", rivalry.touch, batch["touch"].clamp(-4, 4), touch, real),
            ):
                if not weight:
                    continue
                learn, fool, right = rivals(network.rivals[name], given.facts, fact, made, present)
                resting = step % rivalry.every or self.told_apart[name] > rivalry.strongest
                loss = loss + weight * fool
                if not resting:
                    loss = loss + learn
                self.told_apart[name] += 0.05 * (float(right) - self.told_apart[name])
                told[f"rival_{name}"] = right
        with torch.no_grad():
            right = (judged.finger.argmax(-1) == batch["finger"]).float() * given.real
            told["accuracy"] = right.sum() / given.real.sum().clamp(min=1)
        return {"loss": loss, **{name: value.detach() for name, value in told.items()}}


def reconstruction(judged: Judged, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Terms of L_recon and L_expr: fingers, pressing fingers, touch, pedal."""
    real = batch["real"]
    count = real.sum().clamp(min=1)

    def fingers(logits: Tensor) -> Tensor:
        loss = nn.functional.cross_entropy(
            logits.flatten(0, 1), batch["finger"].flatten(), reduction="none"
        )
        return (loss * real.flatten()).sum() / count

    log_spread = judged.touch[..., 3:].clamp(*LOG_SPREADS)
    miss = (judged.touch[..., :3] - batch["touch"].clamp(-4, 4)) * torch.exp(-log_spread)
    nll = (0.5 * miss.square() + log_spread).sum(-1)
    has_sound = batch["given"][:, :1]
    pedal = nn.functional.binary_cross_entropy_with_logits(
        judged.pedal, batch["pedal"], reduction="none"
    )
    return {
        "finger": fingers(judged.finger),
        "first": fingers(judged.first_finger),
        "pressing": nn.functional.binary_cross_entropy_with_logits(
            judged.pressing, batch["pressing"]
        )
        * 2,
        "touch": (nll * real).sum() / count,
        "pedal": (pedal * has_sound).mean(),
    }


def _uniform(like: Tensor, generator: torch.Generator) -> Tensor:
    drawn = torch.rand(like.shape, generator=generator, device=like.device)
    return drawn.clamp(1e-6, 1 - 1e-6)


def _log_length(notes: np.ndarray) -> np.ndarray:
    return np.log(np.clip(notes["release_sec"] - notes["onset_sec"], 0.02, 8))


def _pressing(notes: np.ndarray, start_sec: float) -> np.ndarray:
    """Which fingers hold a key, in every frame of the window that starts then."""
    held = np.zeros((WINDOW_FRAMES, FINGERS), np.float32)
    end_sec = start_sec + WINDOW_FRAMES / FRAME_RATE
    notes = notes[(notes["onset_sec"] < end_sec) & (notes["release_sec"] > start_sec)]
    first = np.round((notes["onset_sec"] - start_sec) * FRAME_RATE).astype(int)
    last = np.round((notes["release_sec"] - start_sec) * FRAME_RATE).astype(int)
    for finger, begin, end in zip(ten_fingers(notes), first, last, strict=True):
        held[max(begin, 0) : max(end, begin + 1), finger] = 1
    return held


_BY_NOTE = frozenset(["views", "pitch_sound", "facts", "frames", "frames_there", "real"])
_TARGETS = frozenset(["finger", "touch"])


def _padded(rows: np.ndarray, count: int, name: str) -> np.ndarray:
    if name == "pairs":
        full = np.zeros((count, count, rows.shape[-1]), rows.dtype)
        full[: len(rows), : len(rows)] = rows
        return full
    if name not in _BY_NOTE | _TARGETS:
        return rows
    full = np.zeros((count, *rows.shape[1:]), rows.dtype)
    full[: len(rows)] = rows
    return full
