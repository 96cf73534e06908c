"""`train reviewer`: makes the model that tells who played each note, from prepared data."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import tyro

from duemani.commands.arguments import OptionalPath, OptionalSeed
from duemani.commands.progress_bars import ProgressBars
from duemani.errors import InputError
from duemani.files import check_writable
from duemani.models.reviewer.config import PHRASE_NOTES, ReviewerConfig


def check_sizes(network: ReviewerConfig) -> None:
    """Refuse sizes that do not fit together.

    Raises:
        InputError: the heads do not divide the widths, or a phrase is of another length.
    """
    widths = (network.frame_width, network.note_width)
    if network.heads < 1 or any(width < 8 or width % network.heads for width in widths):
        raise InputError("frame and note widths must be multiples of the heads, 8 or more.")
    if network.note_width % 8:
        raise InputError("the note width must be a multiple of 8.")
    if network.phrase_notes and PHRASE_NOTES % network.phrase_notes:
        raise InputError(f"phrases of 0, 1, 2, 4, 8 or {PHRASE_NOTES} notes are accepted.")


@dataclass(frozen=True)
class TrainReviewer:
    """Train the reviewer and its rivals; stopped training goes on."""

    input: Annotated[list[Path], tyro.conf.Positional, tyro.conf.arg(metavar="DATA")]
    """Data sets made by `duemani prepare simulated`, one or more folders."""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Model file, .safetensors."""
    work: OptionalPath = None
    """Folder of checkpoints and logs; the model file's name with `.work` by default."""
    start_from: OptionalPath = None
    """A model of the same sizes that is trained further."""
    network: ReviewerConfig = field(default_factory=ReviewerConfig)
    """Sizes and fusion."""
    rivals: bool = True
    """Adversarial terms (`--no-rivals` trains without them)."""
    learning_rate: float = 1.2e-3
    """The highest, after a warm-up."""
    scale: float = 1.0
    """Steps, times the usual number."""
    batch: int = 0
    """Windows a step; 0 for the usual number."""
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    """Where to train."""
    threads: int = 1
    """Threads on the CPU."""
    seed: OptionalSeed = None
    """Other than the shipped weights'."""
    quick: bool = False
    """A few steps of a tiny network: to try whether everything works."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        for package in ("torch", "lightning", "onnx"):
            if find_spec(package) is None:
                raise InputError("training needs PyTorch and Lightning: install the extra `train`.")
        if self.output.suffix.lower() != ".safetensors":
            raise InputError(f"{self.output.name} has an unknown suffix; accepted is .safetensors.")
        if not 0 < self.scale <= 1000 or self.batch < 0 or self.threads < 1:
            raise InputError("scale and threads must be above 0, batch 0 or more.")
        check_sizes(self.network)
        check_writable(self.output)
        from duemani.training.fit import Machine
        from duemani.training.reviewer.discriminators import Rivalry
        from duemani.training.reviewer.train import ReviewerTraining, train_reviewer

        training = ReviewerTraining(network=self.network)
        if self.quick:
            training = training.quick()
        plan = training.plan
        training = replace(
            training,
            plan=replace(
                plan,
                steps=max(round(plan.steps * self.scale), 1),
                batch=self.batch or plan.batch,
                learning_rate=self.learning_rate,
                seed=plan.seed if self.seed is None else self.seed,
            ),
            lessons=training.lessons
            if self.rivals
            else replace(training.lessons, rivalry=Rivalry(fingers=0.0, touch=0.0)),
        )
        machine = Machine(self.accelerator, 1, self.threads)
        work = self.work or self.output.with_suffix(".work")
        began = time.perf_counter()
        with ProgressBars() as progress:
            facts = train_reviewer(
                self.input, self.output, work, training, machine, progress, self.start_from
            )
        return {
            "output": str(self.output),
            "takes": facts["takes"],
            "hours": facts["hours"],
            "took_sec": round(time.perf_counter() - began, 1),
        }
