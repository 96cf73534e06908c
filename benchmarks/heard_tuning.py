"""Pianos out of tune: how many notes are heard of them.

    python -m benchmarks.heard_tuning [--pieces N] [--seconds S]

Unseen performances (`benchmarks.pieces`), rendered by Salamander, each played back faster or
slower so that it is off by so many cents, and transcribed: F1 of pitch and onset within 50 ms.
At half a semitone nothing tells sharp from flat; sharper than 47 cents is taken for flat.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
import wave
from pathlib import Path

import numpy as np

from benchmarks.pieces import held_out_pieces
from duemani.evaluation.review.heard_touch import matched_notes
from duemani.inputs.midi.read import load_midi
from duemani.outputs.sound.synthesis import SAMPLE_RATE_HZ, render_piano
from duemani.verbs.read import transcribe

CENTS = (0, -10, -25, -40, -50, 25, 40, 46)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=14.0, help="from the middle of each")
    arguments = parser.parse_args()
    print("| | " + " | ".join(f"{cents:+d}" for cents in CENTS) + " |", flush=True)
    print("|---" * (len(CENTS) + 1) + "|")
    rows = []
    for piece in held_out_pieces(arguments.pieces):
        whole = load_midi(piece.midi)
        start_sec = max((whole.duration_sec - arguments.seconds) / 2, 0.0)
        true = whole.between(start_sec, start_sec + arguments.seconds)
        sound = np.asarray(render_piano(true)).mean(axis=1)
        row = []
        for cents in CENTS:
            ratio = 2 ** (cents / 1200)
            expected = true.notes.copy()
            expected["onset_sec"] /= ratio
            expected["release_sec"] /= ratio
            heard = _heard(sound, ratio)
            matched = len(matched_notes(expected, heard)[0])
            row.append(2 * matched / max(len(expected) + len(heard), 1))
        rows.append(row)
        print(f"| {piece.folder} | " + " | ".join(f"{f1:.3f}" for f1 in row) + " |", flush=True)
    mean, least = np.mean(rows, axis=0), np.min(rows, axis=0)
    print("| **mean** | " + " | ".join(f"{f1:.3f}" for f1 in mean) + " |")
    print("| least | " + " | ".join(f"{f1:.3f}" for f1 in least) + " |")


def _heard(sound: np.ndarray, ratio: float) -> np.ndarray:
    count = int(len(sound) / ratio)
    bent = np.interp(np.arange(count) * ratio, np.arange(len(sound)), sound)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "take.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE_HZ)
            file.writeframes((np.clip(bent, -1, 1) * 32767).astype("<i2").tobytes())
        return transcribe(path).notes


if __name__ == "__main__":
    main()
