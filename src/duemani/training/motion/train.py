"""The whole training of the motion model: hear, place the wrists, make gestures, write the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from duemani.datasets.takes import read_description
from duemani.files import replacing
from duemani.models.diffusion.conditions.style_estimate import StyleEstimate, fit_estimate
from duemani.models.diffusion.config import DenoiserConfig, PositionConfig
from duemani.training.fit import Machine, Optimisation, fit
from duemani.training.motion.corpus import Corpus, load_corpus
from duemani.training.motion.gestures import Gestures
from duemani.training.motion.hearing import Hearing, hear_takes, onset_scores
from duemani.training.motion.networks.audio_encoder import AudioEncoder, AudioEncoderConfig
from duemani.training.motion.networks.run import TorchNetworks
from duemani.training.motion.positions import Positions, guide_errors
from duemani.version import VERSION

Report = Callable[[str, float], None]
_VALID_TAKES = 24


@dataclass(frozen=True)
class MotionTraining:
    """What is trained, and for how long: about two hours on two cores, minutes on a GPU.

    Attributes:
        audio, position, denoiser: the three networks.
        audio_plan, position_plan, denoiser_plan: how each is trained.
    """

    audio: AudioEncoderConfig = field(default_factory=AudioEncoderConfig)
    position: PositionConfig = field(default_factory=PositionConfig)
    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)
    audio_plan: Optimisation = field(
        default_factory=lambda: Optimisation(1800, batch=16, learning_rate=2e-3)
    )
    position_plan: Optimisation = field(
        default_factory=lambda: Optimisation(2000, batch=12, learning_rate=1.5e-3)
    )
    denoiser_plan: Optimisation = field(
        default_factory=lambda: Optimisation(5000, batch=16, learning_rate=1e-3)
    )

    def planned(self, change: Callable[[Optimisation], Optimisation]) -> MotionTraining:
        """The same networks with all three plans changed."""
        return replace(
            self,
            audio_plan=change(self.audio_plan),
            position_plan=change(self.position_plan),
            denoiser_plan=change(self.denoiser_plan),
        )

    def quick(self) -> MotionTraining:
        """A few steps of tiny networks: to try whether everything works."""
        widths = (16, 16, 16, 16)
        tiny = replace(
            self,
            audio=AudioEncoderConfig(8, 16),
            position=replace(self.position, widths=widths),
            denoiser=replace(self.denoiser, widths=widths),
        )
        return tiny.planned(lambda plan: replace(plan, steps=4, batch=2))


@dataclass(frozen=True)
class Material:
    """Takes to learn from and takes to watch the learning with, and what is heard in them."""

    train: Corpus
    valid: Corpus
    heard: Sequence[np.ndarray]
    heard_valid: Sequence[np.ndarray]


def train_motion(
    folders: Sequence[Path],
    output: Path,
    work: Path,
    training: MotionTraining,
    machine: Machine,
    report: Report | None = None,
) -> dict[str, object]:
    """Train all three networks and write the model.

    Stages that were finished in `work` are not repeated, a stage that was stopped goes on.

    Args:
        folders: prepared data sets (`duemani prepare`).
        output: model file, `.safetensors`.
        work: folder of checkpoints and logs.
        training: what, and how long.
        machine: where.
        report: called with the stage's name and its share done.

    Returns:
        Facts about the training, which the file holds as well.

    Raises:
        InputError: no data, or checkpoints of another training in `work`.
    """
    from duemani.training.motion.export import save_model

    train = load_corpus(folders, "train", report=report)
    valid = load_corpus(folders, "valid", most=_VALID_TAKES, report=report)
    encoder = train_audio(train, training, work, machine, report)
    heard = hear_takes(encoder, train.takes, work / "heard")
    heard_valid = hear_takes(encoder, valid.takes, work / "heard")
    material = Material(train, valid, heard, heard_valid)
    predictor = Positions(train, heard, training.position, training.position_plan.seed)
    fit(predictor, "position", work, training.position_plan, machine, report)
    gestures = train_denoiser(material, training, work, machine, report)
    networks = TorchNetworks(
        encoder,
        predictor.network.eval(),
        gestures.network.eval(),
        gestures.code,
        guide_errors(predictor.network, valid, heard_valid),
        estimate_of(train),
    )
    facts: dict[str, object] = {
        "duemani": VERSION,
        "data": [read_description(folder) for folder in folders],
        "training": asdict(training),
        "takes": len(train.takes),
        "hours": round(train.frame_count / 30 / 3600, 2),
        "skipped": len(train.skipped) + len(valid.skipped),
        "onset_f1_valid": round(onset_f1(heard_valid, valid), 4),
    }
    save_model(output, networks, facts)
    with replacing(work / "skipped.json") as temporary:
        temporary.write_text(json.dumps({**train.skipped, **valid.skipped}, indent=1))
    return facts


def train_audio(
    train: Corpus, training: MotionTraining, work: Path, machine: Machine, report: Report | None
) -> AudioEncoder:
    """The audio encoder; untrained where no take has sound."""
    plan = training.audio_plan
    torch.manual_seed(plan.seed)
    if not any(len(take.sound) for take in train.takes):
        return AudioEncoder(training.audio).eval()
    hearing = Hearing(train, training.audio, plan.seed)
    fit(hearing, "audio", work, plan, machine, report)
    return hearing.network.eval()


def train_denoiser(
    material: Material,
    training: MotionTraining,
    work: Path,
    machine: Machine,
    report: Report | None,
    stage: str = "denoiser",
) -> Gestures:
    """The denoiser, which needs neither of the others' weights."""
    plan = training.denoiser_plan
    gestures = Gestures(material.train, material.heard, training.denoiser, plan.seed)
    fit(gestures, stage, work, plan, machine, report)
    return gestures


def estimate_of(corpus: Corpus) -> StyleEstimate | None:
    """How to tell a style from motion, learned from the pianists whose style is known."""
    known = [t for t in corpus.takes if len(t.style_seen) and np.isfinite(t.style).all()]
    if not known:
        return None
    return fit_estimate([t.style_seen for t in known], [t.style.astype(float) for t in known])


def onset_f1(heard: Sequence[np.ndarray], corpus: Corpus) -> float:
    """F1 of the onsets heard, within a frame and a half, over all takes with sound."""
    scores = np.zeros(3)
    for roll, take in zip(heard, corpus.takes, strict=True):
        if len(roll):
            scores += onset_scores(roll, take.roll)
    return float(2 * scores[0] / max(scores[1] + scores[2], 1))
