"""What pictures show of keys and hands: python -m benchmarks.drawn_hands [SECONDS] [FILE ...]

Plays scores, MIDI files or recordings (the built-in piece without any), or their first seconds, and
prints, for the rule of pages, films and glTF and for the notes alone, the keys drawn down (more
than half their travel) with no fingertip within 15 mm of where the key's top moves; and the shares
of frames with odd postures (`evaluation.motion.postures`).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from duemani.evaluation.motion.drawn_keys import held_by_nobody
from duemani.evaluation.motion.postures import odd_postures
from duemani.outputs.keys_down import key_depths, note_depths
from duemani.verbs.demo import demo_score
from duemani.verbs.perform import perform


def main() -> None:
    """Print a row a file."""
    words = sys.argv[1:]
    seconds = float(words.pop(0)) if words and words[0].isdigit() else None
    files = [Path(name) for name in words] or [demo_score()]
    print(
        "| file | by contact | by the notes | hooked | kinked | sudden |\n|---|---|---|---|---|---|"
    )
    for file in files:
        take, motion = perform(file, between_sec=seconds and (0.0, seconds))
        drawn = (
            key_depths(motion, take.performance),
            note_depths(take.performance.notes, motion.time_sec),
        )
        shares = [held_by_nobody(depth, motion) for depth in drawn]
        cells = [f"{np.sum(alone)} of {np.sum(down)}" for alone, down in shares]
        cells += [f"{odd.mean():.4f}" for odd in odd_postures(motion).values()]
        print(f"| {file.parent.name}/{file.name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
