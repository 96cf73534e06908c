"""How well a pianist's style is told from their motion: python -m benchmarks.pianist_style DATASET.

Unseen pieces and pianists (the test takes of a prepared data set), by what `--style-from` does.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from duemani.datasets.takes import list_takes, load_take
from duemani.models.diffusion.pretrained import shipped_networks

PARAMETERS = (
    "hand_span_m", "wrist_height_m", "finger_curl", "lift_m", "smoothness", "depth_into_keys_m",
)  # fmt: skip
LEAST_SEC = 30.0


def main() -> None:
    """Print a table."""
    estimate = shipped_networks().style_estimate
    if estimate is None:
        raise SystemExit("the shipped model has not learned to tell styles.")
    true, told = [], []
    for path in list_takes(Path(sys.argv[1])):
        take = load_take(path)
        length_sec = take.motion.frame_count / take.motion.frame_rate
        if take.split == "test" and take.style and length_sec > LEAST_SEC:
            style = estimate.style(take.motion)
            true.append([getattr(take.style, name) for name in PARAMETERS])
            told.append([getattr(style, name) for name in PARAMETERS])
    print(f"{len(true)} takes\n\n| parameter | correlation | mean absolute error |\n|---|---|---|")
    for name, one, other in zip(PARAMETERS, np.array(true).T, np.array(told).T, strict=True):
        correlation, error = np.corrcoef(one, other)[0, 1], np.abs(one - other).mean()
        print(f"| {name} | {correlation:.3f} | {error:.4f} |")


if __name__ == "__main__":
    main()
