"""`train …`: makes the weights that the package ships, from data."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import tyro

from duemani.commands.arguments import OptionalPath, OptionalSeed
from duemani.commands.progress_bars import ProgressBars
from duemani.errors import InputError
from duemani.files import check_writable


@dataclass(frozen=True)
class TrainFingering:
    """Make the weights of the fingering model from a folder of fingered scores."""

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DATA")]
    """Folder that holds mutopia/, czerny599/ and beringer/."""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Weights file, .npz."""
    all_pieces: bool = False
    """Train on the test pieces as well: better in use perhaps, but nothing can be measured."""
    hands_from: OptionalPath = None
    """ASAP data set's folder: learn the hands from its two-track scores as well."""
    quick: bool = False
    """One network, one pass, no generated exercises: to try whether everything works."""
    seed: OptionalSeed = None
    """Other than the shipped weights'."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        if find_spec("torch") is None:
            raise InputError("training needs PyTorch: install duemani with its extra `train`.")
        if self.output.suffix.lower() != ".npz":
            raise InputError(f"{self.output.name} has an unknown suffix; accepted is .npz.")
        check_writable(self.output)
        from duemani.training.fingering.train import FingeringTraining, train_fingering

        config = FingeringTraining()
        if self.quick:
            config = replace(config, networks=1, epochs=1, canonical_share=0.0)
        if self.seed is not None:
            config = replace(config, seed=self.seed)
        began = time.perf_counter()
        with ProgressBars() as progress:
            train_fingering(
                self.input,
                self.output,
                config,
                hold_out=not self.all_pieces,
                hands_from=self.hands_from,
                report=progress,
            )
        return {"output": str(self.output), "took_sec": round(time.perf_counter() - began, 1)}
