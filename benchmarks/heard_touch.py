"""What is heard of how a piano is played: velocity, articulation and pedal, from sound alone.

    python -m benchmarks.heard_touch [--pieces N] [--weights FILE] [--keep FOLDER]

Unseen performances (`benchmarks.pieces`), each rendered by Salamander (on whose samples the
reviewer was trained) or by FluidR3 (another instrument, never trained on), in a random room with
noise half of the time, compressed to MP3 and transcribed; then judged as `duemani review` does.
"""

from __future__ import annotations

import argparse
import pickle
import tempfile
import zlib
from pathlib import Path

import numpy as np

from benchmarks.pieces import held_out_pieces
from benchmarks.second_piano import render_second_piano
from duemani.datasets.simulated.rooms import in_a_room
from duemani.evaluation.review.heard_touch import (
    articulation,
    correlation,
    f1,
    matched_notes,
    pedal_frames,
)
from duemani.inputs.midi.read import load_midi
from duemani.media.sound import encode_audio
from duemani.media.spectra import recording_features
from duemani.models.reviewer.judge import judge
from duemani.models.reviewer.pretrained import SHIPPED, load_reviewer
from duemani.models.reviewer.prior import notes_prior
from duemani.models.reviewer.windows import Evidence
from duemani.outputs.sound.synthesis import SAMPLE_RATE_HZ, render_piano
from duemani.performance import Performance
from duemani.verbs.read import transcribe
from duemani.verbs.review.heard import heard_together


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=16)
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    parser.add_argument("--keep", type=Path, help="folder that keeps what was heard")
    parser.add_argument("--seconds", type=float, default=90.0, help="from the middle of each")
    arguments = parser.parse_args()
    network = load_reviewer(arguments.weights)
    print(f"weights {network.sha256[:12]}")
    columns = ("velocity", "(reviewer)", "(transcriber)", "articulation", "(transcriber)", "pedal",
               "(transcriber)", "matched")  # fmt: skip
    print(f"{'':52s}" + "  ".join(columns))
    rows: dict[str, list[list[float]]] = {"Salamander": [], "FluidR3": []}
    pedals: list[tuple[np.ndarray, ...]] = []
    for number, piece in enumerate(held_out_pieces(arguments.pieces)):
        piano = list(rows)[number % 2]
        true = _excerpt(load_midi(piece.midi), arguments.seconds)
        heard, sound = _heard(true, piano, piece.folder, arguments.keep)
        frames = len(sound)
        evidence = Evidence(heard.notes, notes_prior(heard), None, sound, False)
        judged = judge(network, evidence, frames)
        mine, theirs = matched_notes(true.notes, heard.notes)
        better = heard_together(heard, judged)
        wanted = articulation(true.notes)[mine]
        down = pedal_frames(true, frames)
        velocity = true.notes["velocity"][mine].astype(float)
        pedals.append((down, pedal_frames(better, frames), pedal_frames(heard, frames)))
        row = [
            correlation(velocity, better.notes["velocity"][theirs].astype(float)),
            correlation(velocity, judged.velocity[theirs]),
            correlation(velocity, heard.notes["velocity"][theirs].astype(float)),
            correlation(wanted, articulation(better.notes)[theirs]),
            correlation(wanted, articulation(heard.notes)[theirs]),
            f1(down, pedal_frames(better, frames)),
            f1(down, pedal_frames(heard, frames)),
            2 * len(mine) / max(len(true.notes) + len(heard.notes), 1),
        ]
        rows[piano].append(row)
        print(
            f"{piano:11s}{piece.folder[:40]:41s}" + "  ".join(f"{x:11.3f}" for x in row), flush=True
        )
    for piano, table in (*rows.items(), ("both", rows["Salamander"] + rows["FluidR3"])):
        values = np.array(table)
        print(f"{piano + ', mean':52s}" + "  ".join(f"{x:11.3f}" for x in np.nanmean(values, 0)))
        print(f"{piano + ', spread':52s}" + "  ".join(f"{x:11.3f}" for x in np.nanstd(values, 0)))
    down, together, alone = (np.concatenate(rows) for rows in zip(*pedals, strict=True))
    print(
        f"pedal, all frames together: F1 {f1(down, together):.3f}, "
        f"the transcriber alone {f1(down, alone):.3f}"
    )


def _excerpt(performance: Performance, seconds: float) -> Performance:
    start = max(performance.duration_sec / 2 - seconds / 2, 0.0)
    return performance.between(start, start + seconds)


def _heard(
    true: Performance, piano: str, name: str, keep: Path | None
) -> tuple[Performance, np.ndarray]:
    kept = None if keep is None else keep / f"{name.replace('/', '_')}.pickle"
    if kept is not None and kept.exists():
        found: tuple[Performance, np.ndarray] = pickle.loads(kept.read_bytes())
        return found
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if piano == "Salamander":
        samples, rate = render_piano(true), SAMPLE_RATE_HZ
    else:
        samples, rate = render_second_piano(true)
    if rng.random() < 0.5:
        wet = np.stack([in_a_room(side, rng, rate) for side in samples.T.astype(float)], 1)
        wet += 0.003 * np.sqrt(np.mean(wet**2)) * rng.standard_normal(wet.shape)
        samples = (wet / max(np.abs(wet).max(), 1e-9) * 0.9).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "take.mp3"
        path.write_bytes(encode_audio(samples.T, rate))
        result = transcribe(path), recording_features(path).astype(np.float32)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(result))
    return result


if __name__ == "__main__":
    main()
