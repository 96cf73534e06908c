"""`train ratings`: makes the weights of the listener ratings from PercePiano."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro

from duemani.commands.arguments import OptionalSeed
from duemani.commands.progress_bars import ProgressBars
from duemani.errors import InputError
from duemani.files import check_writable


@dataclass(frozen=True)
class TrainRatings:
    """Make the weights of the listener ratings from the PercePiano data set."""

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PERCEPIANO")]
    """Folder that holds labels/ and virtuoso/data/all_2rounds/."""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Weights file, .npz."""
    seed: OptionalSeed = None
    """Of the cross-validation that chooses settings, other than the shipped weights'."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        if self.output.suffix.lower() != ".npz":
            raise InputError(f"{self.output.name} has an unknown suffix; accepted is .npz.")
        check_writable(self.output)
        from duemani.training.ratings import RatingTraining, train_ratings

        config = RatingTraining()
        if self.seed is not None:
            config = replace(config, seed=self.seed)
        began = time.perf_counter()
        with ProgressBars() as progress:
            model = train_ratings(self.input, self.output, config, report=progress)
        return {
            "output": str(self.output),
            "takes": len(model.process.inputs),
            "took_sec": round(time.perf_counter() - began, 1),
        }
