"""How far lifted fingertips are from the true ones, on simulated films with fitted errors.

    python -m benchmarks.lifting DATA [DATA …] [--takes N]

DATA are data sets of `duemani prepare simulated`; takes of the test split. Heights are assumed
from one camera, so z is far worse than x and y. Notes are not told. In the last row the keyboard,
and so the camera, is found in a rendered picture instead of by its true lines with errors.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

import numpy as np

from benchmarks.rendered_keyboards import photograph_keyboard
from duemani.datasets.simulated.cameras import sample_camera
from duemani.datasets.simulated.filming import NO_NOISE, TrackerNoise, film_motion
from duemani.datasets.takes import list_takes, load_take
from duemani.inputs.film.keyboard.finder import find_keyboard
from duemani.lifting.identity import keep_hands_apart
from duemani.lifting.lift import lift_hands


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--takes", type=int, default=6)
    arguments = parser.parse_args()
    takes = map(load_take, (path for folder in arguments.data for path in list_takes(folder)))
    chosen = [take for take, _ in zip(
        (take for take in takes if take.split == "test"), range(arguments.takes), strict=False
    )]  # fmt: skip
    rows = (
        ("no noise", NO_NOISE, False),
        ("fitted noise", TrackerNoise(), False),
        ("fitted noise, keyboard found", TrackerNoise(), True),
    )
    for name, noise, found in rows:
        errors = []
        for take in chosen:
            rng = np.random.default_rng(zlib.crc32(take.name.encode()))
            camera = sample_camera(rng)
            hands, view = film_motion(take.motion, camera, noise, rng)
            seen = find_keyboard(photograph_keyboard(camera)) if found else view
            if seen is None or not seen.octave_sure:
                continue
            lifted = lift_hands(keep_hands_apart(hands, seen), seen)
            frames = min(lifted.frame_count, take.motion.frame_count)
            off = (lifted.tips_m[:, :frames] - take.motion.tips_m[:, :frames])[
                lifted.tracked[:, :frames]
            ]
            errors.append(np.sqrt(np.nanmean(off**2, axis=(0, 1))) * 1000)
        mean, spread = np.mean(errors, 0), np.std(errors, 0)
        cells = ", ".join(
            f"{axis} {m:.1f} ±{s:.1f}" for axis, m, s in zip("xyz", mean, spread, strict=True)
        )
        print(f"{name:28s} rms of tips [mm], {len(errors)} takes: {cells}")


if __name__ == "__main__":
    main()
