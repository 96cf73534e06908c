"""Every figure of `duemani review` and `duemani track`, one benchmark after another.

    python -m benchmarks.review --data DATA [DATA …] [--only NAME …]

DATA are data sets of `duemani prepare simulated` (docs/reference/review.md says which). About an
hour on two cores; `--only` runs some of: who_played, corrections, heard_touch, heard_tempo,
ratings, hand_tracking, keyboard_finding, lifting, tracker_noise, clocks, score_alignment,
expression_remarks, speed.
"""

from __future__ import annotations

import argparse
import json
import runpy
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.pieces import DATA
from duemani.verbs.demo import demo_score

SECONDS = 15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs="*", default=[])
    parser.add_argument("--only", nargs="*", default=[])
    arguments = parser.parse_args()
    runs = {
        "who_played": ["--data", *map(str, arguments.data)] if arguments.data else [],
        "corrections": [],
        "heard_touch": [],
        "heard_tempo": [],
        "ratings": [],
        "hand_tracking": [],
        "keyboard_finding": [str(DATA), "4"],
        "lifting": [*map(str, arguments.data)],
        "tracker_noise": [],
        "clocks": [],
        "score_alignment": [],
        "expression_remarks": [],
    }
    for name, options in runs.items():
        if not arguments.only or name in arguments.only:
            print(f"\n# {name}\n", flush=True)
            sys.argv = [name, *options]
            runpy.run_module(f"benchmarks.{name}", run_name="__main__")
    if not arguments.only or "speed" in arguments.only:
        print("\n# speed\n", flush=True)
        speed()


def speed() -> None:
    """The whole verb on a film of 720 lines, 30 pictures a second, which duemani makes itself."""
    from duemani.cli import main as duemani

    with tempfile.TemporaryDirectory() as folder:
        film, out = Path(folder) / "film.mp4", Path(folder) / "review"
        duemani(
            ["perform", str(demo_score()), "-o", str(film), "--camera", "overhead",
             "--end", str(SECONDS), "--frame-rate", "30", "--model", "solver"]
        )  # fmt: skip
        for suffix in (".json", ".html"):
            began, worked = time.perf_counter(), time.process_time()
            duemani(["review", str(film), "--score", str(demo_score()), "-o", f"{out}{suffix}"])
            print(
                json.dumps(
                    {
                        "output": suffix,
                        "wall_sec_per_sec": round((time.perf_counter() - began) / SECONDS, 2),
                        "cpu_sec_per_sec": round((time.process_time() - worked) / SECONDS, 2),
                    }
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()
