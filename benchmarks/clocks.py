"""How exactly clocks are found: `python -m benchmarks.clocks`.

Real: MIDItest's fingertips, read as if 30 frames came a second, against the lag and frame rate
fitted before (themselves good to a frame, 33 ms); each film with every take's MIDI, three of four
wrong. Simulated: prepared takes, filmed, their notes shifted and stretched by known amounts.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks.pieces import DATA
from duemani.alignment.film_clock import Clock, fit_clock, fit_sound_clock
from duemani.datasets.simulated.filming import TrackerNoise, film_motion
from duemani.datasets.takes import load_take
from duemani.inputs.film.fingertip_file import read_fingertips
from duemani.inputs.midi.read import load_midi
from duemani.performance import Performance

TAKES = (5, 10, 23, 24)


def real() -> None:
    folder = DATA / "hands" / "miditest"
    notes = {number: load_midi(folder / f"{number}.mid") for number in TAKES}
    for number in TAKES:
        filmed, view = read_fingertips(folder / f"{number}.csv")
        with np.load(folder / f"{number}.npz") as file:
            rate, lag = float(file["fps"]) / 30, float(file["midi_lag_s"])
        for other in TAKES:
            began = time.process_time()
            clock = fit_clock(notes[other], filmed, view)
            took = time.process_time() - began
            told = f"film {number}, MIDI {other}: sure {clock.sure:.2f}, {took:.1f} s"
            if other == number:
                for at in (0.0, 60.0, 120.0):
                    off = clock.offset_sec + clock.rate * at - rate * (at + lag)
                    told += f"; at {at:.0f} s off by {1000 * off:+.0f} ms"
                told += f"; frame rate {30 * clock.rate:.3f}, was {30 * rate:.2f}"
            print(told, flush=True)


def simulated(folder: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    paths = sorted(folder.glob("*.npz"))[:: 500 // count][:count]
    takes = [load_take(path) for path in paths]
    takes = [take for take in takes if len(take.performance.notes) >= 40]
    filmed = [film_motion(take.motion, None, TrackerNoise(), rng) for take in takes]
    misses, sure, wrong = [], [], []
    heard_misses, heard_sure, heard_wrong = [], [], []
    for number, take in enumerate(takes):
        true = Clock(float(rng.uniform(-8, 8)), float(rng.uniform(0.975, 1.025)), 1.0)
        notes = take.performance.notes.copy()
        for name in ("onset_sec", "release_sec"):
            notes[name] = (notes[name] - true.offset_sec) / true.rate
        own = Performance.create(notes[notes["onset_sec"] >= 0])
        hands, view = filmed[number]
        found = fit_clock(own, hands, view)
        middle = float(np.median(own.notes["onset_sec"]))
        misses.append(_off(found, true, middle))
        sure.append(found.sure)
        strange = takes[(number + 1) % len(takes)].performance
        wrong.append(fit_clock(strange, hands, view).sure)
        heard = _heard(take.performance, rng)
        found = fit_sound_clock(own, heard)
        heard_misses.append(_off(found, true, middle))
        heard_sure.append(found.sure)
        heard_wrong.append(fit_sound_clock(strange, heard).sure)
    for name, off, right, other in (
        ("hands", misses, sure, wrong),
        ("sound", heard_misses, heard_sure, heard_wrong),
    ):
        size = np.abs(off) * 1000
        print(
            f"simulated, {name}: off by {np.median(np.array(off) * 1000):+.1f} ms (median), |off|"
            f" median {np.median(size):.1f}, worst {size.max():.1f} ms; sure of the right notes"
            f" {min(right):.2f}-{max(right):.2f}, of wrong ones {min(other):.2f}-{max(other):.2f}",
            flush=True,
        )


def _off(found: Clock, true: Clock, at: float) -> float:
    return found.offset_sec + found.rate * at - true.offset_sec - true.rate * at


def _heard(performance: Performance, rng: np.random.Generator) -> Performance:
    """As a transcriber might hear it: a tenth missing, some an octave off, unsteady."""
    notes = performance.notes[rng.random(len(performance.notes)) > 0.1].copy()
    shift = rng.normal(0, 0.012, len(notes))
    notes["onset_sec"] = np.maximum(notes["onset_sec"] + shift, 0)
    notes["release_sec"] = np.maximum(notes["release_sec"], notes["onset_sec"] + 0.02)
    off = rng.random(len(notes)) < 0.05
    notes["pitch"][off] = np.clip(notes["pitch"][off] + 12, 21, 108)
    return Performance.create(notes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulated", type=Path, default=Path("/tmp/sim/takes"))
    parser.add_argument("--takes", type=int, default=10)
    options = parser.parse_args()
    real()
    if options.simulated.is_dir():
        simulated(options.simulated, options.takes)


if __name__ == "__main__":
    main()
