"""`train motion`: makes the diffusion model that the package ships, from prepared data."""

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
from duemani.models.diffusion.config import DenoiserConfig, PositionConfig


@dataclass(frozen=True)
class TrainMotion:
    """Train audio encoder, position predictor and denoiser; stopped training goes on."""

    input: Annotated[list[Path], tyro.conf.Positional, tyro.conf.arg(metavar="DATA")]
    """Data sets made by `duemani prepare …`, one or more folders."""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Model file, .safetensors."""
    work: OptionalPath = None
    """Folder of checkpoints and logs; the model file's name with `.work` by default."""
    position: PositionConfig = field(default_factory=PositionConfig)
    """The position predictor."""
    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)
    """The gesture generator."""
    scale: float = 1.0
    """Steps of all stages, times the usual number."""
    batch: int = 0
    """Windows a step; 0 for the usual number. On a GPU 64 or more are worth it."""
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    """bf16-mixed helps on GPUs, not on most CPUs."""
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    """Where to train."""
    devices: int = 1
    """How many GPUs, or processes on the CPU."""
    threads: int = 2
    """Threads on the CPU."""
    logger: Literal["csv", "tensorboard"] = "csv"
    """Logs; tensorboard must be installed."""
    seed: OptionalSeed = None
    """Other than the shipped weights'."""
    quick: bool = False
    """A few steps of tiny networks: to try whether everything works."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        for package in ("torch", "lightning", "diffusers", "onnx"):
            if find_spec(package) is None:
                raise InputError("training needs PyTorch and Lightning: install the extra `train`.")
        if self.output.suffix.lower() != ".safetensors":
            raise InputError(f"{self.output.name} has an unknown suffix; accepted is .safetensors.")
        if not 0 < self.scale <= 1000 or self.batch < 0 or self.devices < 1 or self.threads < 1:
            raise InputError("scale, devices and threads must be above 0, batch 0 or more.")
        check_writable(self.output)
        from duemani.training.fit import Machine
        from duemani.training.motion.train import MotionTraining, train_motion

        training = MotionTraining(position=self.position, denoiser=self.denoiser)
        if self.quick:
            training = training.quick()
        training = training.planned(
            lambda plan: replace(
                plan,
                steps=max(round(plan.steps * self.scale), 1),
                batch=self.batch or plan.batch,
                precision=self.precision,
                seed=plan.seed if self.seed is None else self.seed,
            )
        )
        machine = Machine(self.accelerator, self.devices, self.threads, self.logger)
        work = self.work or self.output.with_suffix(".work")
        began = time.perf_counter()
        with ProgressBars() as progress:
            facts = train_motion(self.input, self.output, work, training, machine, progress)
        return {
            "output": str(self.output),
            "takes": facts["takes"],
            "hours": facts["hours"],
            "skipped": facts["skipped"],
            "onset_f1_valid": facts["onset_f1_valid"],
            "took_sec": round(time.perf_counter() - began, 1),
        }
