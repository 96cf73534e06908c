"""What adversarial training and hierarchical fusion add: small reviewers, trained alike.

    python -m benchmarks.reviewer_ablations DATA [DATA …] --work FOLDER [--steps N] [--seeds N]

Every variant is trained from nothing with the same steps, batches and takes, then judged on the
test split as `benchmarks.who_played` does. What each modality adds is told by that benchmark.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.who_played import simulated
from duemani.models.reviewer.config import ReviewerConfig
from duemani.models.reviewer.pretrained import load_reviewer
from duemani.training.fit import Machine, Optimisation
from duemani.training.reviewer.corpus import load_review_takes
from duemani.training.reviewer.discriminators import Rivalry
from duemani.training.reviewer.export import save_reviewer
from duemani.training.reviewer.task import Lessons
from duemani.training.reviewer.train import ReviewerTraining, fit_reviewer

_MODES = ["hands, sound, notes", "hands, notes", "sound, notes"]
_ALONE = Lessons(rivalry=Rivalry(fingers=0.0, touch=0.0))
VARIANTS = {
    "hierarchical, rivals": (ReviewerConfig(), Lessons()),
    "hierarchical, no rivals": (ReviewerConfig(), _ALONE),
    "late fusion, no rivals": (ReviewerConfig(fusion="late"), _ALONE),
    "hierarchical, strong rivals": (
        ReviewerConfig(),
        Lessons(rivalry=Rivalry(fingers=0.1, touch=0.1)),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--takes", type=int, default=20)
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS))
    arguments = parser.parse_args()
    takes = load_review_takes(arguments.data, "train", arguments.work / "priors")
    found: dict[str, list[dict[str, tuple[float, float, float]]]] = {}
    for seed in range(arguments.seeds):
        for name in arguments.variants:
            config, lessons = VARIANTS[name]
            rivalry = replace(lessons.rivalry, warm_up=min(100, lessons.rivalry.warm_up))
            training = ReviewerTraining(
                config,
                replace(lessons, rivalry=rivalry),
                Optimisation(
                    arguments.steps,
                    arguments.batch,
                    learning_rate=1.2e-3,
                    ema_decay=0.99,
                    seed=seed,
                ),
            )
            stage = f"{name.replace(', ', '_').replace(' ', '_')}_{seed}"
            reviewer = fit_reviewer(
                takes, training, arguments.work, Machine(threads=1), stage=stage
            )
            path = arguments.work / f"{stage}.safetensors"
            save_reviewer(path, reviewer, {})
            print(f"\n== {name}, seed {seed}", flush=True)
            figures = simulated(load_reviewer(path), arguments.data, arguments.takes, _MODES)
            found.setdefault(name, []).append(figures)
    print("\nmean ± spread over seeds: frames, notes, ambiguous notes")
    for name, runs in found.items():
        for mode in _MODES:
            values = np.array([run[mode] for run in runs])
            cells = "  ".join(
                f"{m:.4f} ±{s:.4f}" for m, s in zip(values.mean(0), values.std(0), strict=True)
            )
            print(f"{name:30s}{mode:22s}{cells}")


if __name__ == "__main__":
    main()
