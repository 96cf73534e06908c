"""What pictures show of keys: python -m benchmarks.drawn_hands [FILE ...]

Plays scores, MIDI files or recordings (the built-in piece without any) and prints, for the rule
of pages, films and glTF and for the notes alone, the share of keys drawn down (more than half
their travel) with no fingertip within 15 mm of the key's footprint and surface.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from duemani.evaluation.motion.drawn_keys import held_by_nobody
from duemani.outputs.keys_down import key_depths, note_depths
from duemani.verbs.demo import demo_score
from duemani.verbs.perform import perform


def main() -> None:
    """Print a row a file."""
    files = [Path(name) for name in sys.argv[1:]] or [demo_score()]
    print("| file | drawn by contact | drawn by the notes |\n|---|---|---|")
    for file in files:
        take, motion = perform(file)
        drawn = (
            key_depths(motion, take.performance),
            note_depths(take.performance.notes, motion.time_sec),
        )
        shares = [held_by_nobody(depth, motion) for depth in drawn]
        cells = (f"{np.sum(alone)} of {np.sum(down)}" for alone, down in shares)
        print(f"| {file.name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
