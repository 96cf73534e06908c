"""The MIDItest takes (`datasets.recorded.miditest`): real fingertips beside simulated ones.

Tracking noise fills the band above 8 Hz (its spectrum is flat there), so accelerations are
compared below 6 Hz; the raw ratio stands beside it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.pieces import DATA
from duemani.datasets.recorded.miditest import TAKES, RealTake, load_take
from duemani.evaluation.motion.real_tips import compare_with_real, tips_x_at
from duemani.motion import HandMotion

FOLDER = DATA / "hands" / "miditest"


def load_takes() -> list[RealTake]:
    """All four takes.

    Raises:
        InputError: the data set is not there: DUEMANI_DATA names the folder with the data sets.
    """
    return [load_take(FOLDER, number) for number in TAKES]


def simulated_x(take: RealTake, motion: HandMotion) -> np.ndarray:
    """x of the simulated fingertips at the video's frames, (frame, hand, finger) [m]."""
    return tips_x_at(motion, take.time_sec)


def compare(take: RealTake, motion: HandMotion) -> dict[str, float]:
    """Dynamics, correlation and distance of simulated and real fingertips."""
    return compare_with_real(motion, take.x_m, take.known, take.time_sec, take.frame_rate)


def plot(takes: list[tuple[RealTake, HandMotion]], path: Path, seconds: float = 12.0) -> None:
    """Draw the index fingers' x of every take; the data is local, so the picture stays local."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(takes), 1, figsize=(12, 3 * len(takes)), squeeze=False)
    for axis, (take, motion) in zip(axes[:, 0], takes, strict=True):
        simulated = simulated_x(take, motion)
        shown = (take.time_sec > 10) & (take.time_sec < 10 + seconds)
        for hand, colour in ((0, "tab:blue"), (1, "tab:orange")):
            time = take.time_sec[shown]
            axis.plot(time, take.x_m[shown, hand, 1], colour, lw=0.8, alpha=0.6)
            axis.plot(time, simulated[shown, hand, 1], colour, lw=1.8, ls="--")
        axis.set_title(f"take {take.number}: index fingers, real (thin) and simulated (dashed)")
        axis.set_ylabel("x [m]")
    axes[-1, 0].set_xlabel("time [s]")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)
