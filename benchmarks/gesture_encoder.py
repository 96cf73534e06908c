"""The gesture encoder that FID needs: python -m benchmarks.gesture_encoder DATASET [STEPS].

Trained on the training takes of a prepared data set; its weights lie in benchmarks/weights.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from duemani.datasets.takes import list_takes, load_take
from duemani.evaluation.motion.clips import gesture_clips
from duemani.training.gesture_autoencoder import train_gesture_autoencoder

OUTPUT = Path(__file__).parent / "weights" / "gestures.safetensors"
CLIP_SEC = 8.0


def main() -> None:
    """Train it."""
    takes = [load_take(path) for path in list_takes(Path(sys.argv[1]))]
    clips = [
        gesture_clips(take.motion)
        for take in takes
        if take.split == "train" and take.motion.frame_count / take.motion.frame_rate > CLIP_SEC
    ]
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 1500
    print(f"{sum(map(len, clips))} clips", flush=True)
    train_gesture_autoencoder(np.concatenate(clips), OUTPUT, steps)


if __name__ == "__main__":
    main()
