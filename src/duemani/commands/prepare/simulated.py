"""`prepare …`: data for training the motion model."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from duemani.commands.arguments import say
from duemani.commands.progress_bars import ProgressBars
from duemani.datasets.simulated.config import Simulation
from duemani.errors import InputError


@dataclass(frozen=True)
class PrepareSimulated:
    """Let simulated pianists play real performances, and write down hands, notes and sound."""

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PERFORMANCES")]
    """Folder that holds asap/, percepiano/ or vienna4x22/."""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Folder of the data set: new, or begun before with the same settings."""
    simulation: Simulation = field(default_factory=Simulation)
    """What is made."""
    takes: int = 0
    """Make no more than so many takes, a random sample; 0 for all."""
    workers: int = 0
    """Processes; 0 for one a core."""
    ray: str = ""
    """Address of a Ray cluster that works instead; `auto` finds a running one."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        from duemani.datasets.simulated.prepare import prepare_simulated

        if self.takes < 0 or self.workers < 0:
            raise InputError("takes and workers are 0 or more.")
        began = time.perf_counter()
        with ProgressBars() as progress:
            counts = prepare_simulated(
                self.input,
                self.output,
                self.simulation,
                self.workers,
                self.ray,
                self.takes,
                progress,
            )
        if counts["skipped"]:
            say(f"{counts['skipped']} takes were skipped; see {self.output / 'skipped.tsv'}.")
        took = round(time.perf_counter() - began, 1)
        return {"output": str(self.output), **counts, "took_sec": took}
