"""Tempo curves from sound: a performance is rendered, transcribed, aligned and compared.

    python -m benchmarks.heard_tempo [--takes N]

Vienna 4x22's pianists, with their scores; every other take is rendered by Salamander, the others
by FluidR3, compressed to MP3 and transcribed. The truth is the tempo curve of the instrument's
own MIDI, aligned by Vienna's own note matches; both curves are read at the score's beats.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.aligned_data import vienna_names, vienna_piece, vienna_takes
from benchmarks.second_piano import render_second_piano
from duemani.alignment.score import align_to_score
from duemani.evaluation.review.heard_touch import correlation
from duemani.media.sound import encode_audio
from duemani.outputs.sound.synthesis import SAMPLE_RATE_HZ, render_piano
from duemani.verbs.read import transcribe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--takes", type=int, default=3, help="of each piece")
    arguments = parser.parse_args()
    found: list[tuple[float, float]] = []
    number = 0
    for name in vienna_names():
        _, line = vienna_piece(name)
        takes = vienna_takes(name)
        for at in np.linspace(0, len(takes) - 1, arguments.takes).astype(int):
            take = takes[at]
            if number % 2 == 0:
                samples, rate = render_piano(take.performance), SAMPLE_RATE_HZ
            else:
                samples, rate = render_second_piano(take.performance)
            number += 1
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "take.mp3"
                path.write_bytes(encode_audio(samples.T, rate))
                heard = transcribe(path)
            alignment = align_to_score(heard, line)
            beats = np.arange(np.ceil(line.onset_quarter.min()), np.floor(line.onset_quarter.max()))
            onset = take.performance.notes["onset_sec"]
            known = take.written >= 0
            quarter = line.onset_quarter[take.written[known]]
            # The median of what is struck together.
            places = np.unique(quarter)
            times = np.array([np.median(onset[known][quarter == place]) for place in places])
            true = np.interp(beats, places, np.maximum.accumulate(times))
            passage = max(alignment.passages, key=lambda one: one.last - one.first)
            told = passage.time_at(beats)
            inside = (beats >= passage.quarter.min()) & (beats <= passage.quarter.max())
            both = inside[1:] & inside[:-1]
            curve = [60 / np.maximum(np.diff(one), 1e-3)[both] for one in (true, told)]
            miss = float(np.median(np.abs(true - told)[inside])) * 1000
            found.append((correlation(*curve), miss))
            print(
                f"{take.name:32s} r {found[-1][0]:.3f}  beats off {miss:5.1f} ms"
                f"  compared {both.mean():.2f}",
                flush=True,
            )
    table = np.array(found)
    r = table[:, 0]
    print(f"mean r {r.mean():.3f}, spread {r.std():.3f}, worst {r.min():.3f}")


if __name__ == "__main__":
    main()
