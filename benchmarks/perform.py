"""The figures of `perform`: python -m benchmarks.perform [midi] [audio] [real] [speed] [hour].

Without arguments: midi, real and speed (minutes). `audio` renders the held-out pieces, every other
one with the second piano, and transcribes them (a quarter of an hour); `hour` performs an hour of
audio (half an hour).
Everything goes through `verbs.perform.generate`, as the command line and the page do.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.pieces import DATA, held_out_pieces
from benchmarks.real_hands import compare, load_takes, plot
from duemani.evaluation.motion.measure import evaluate_motion
from duemani.inputs.midi.read import load_midi
from duemani.media.sound import encode_audio
from duemani.models.solver.style import sample_style
from duemani.performance import Performance
from duemani.verbs.perform import generate
from duemani.verbs.read import transcribe

PIECES, SECONDS, AUDIO_SECONDS = 34, 60.0, 30.0
OUT = Path("out")


def excerpt(midi: Path, seconds: float = SECONDS) -> Performance:
    """The beginning of a performance, hands and fingers unknown."""
    return load_midi(midi).between(0, seconds)


def show(rows: list[tuple[str, dict[str, float]]], title: str) -> dict[str, float]:
    """Print a table with its mean and spread over rows; return the means."""
    names = list(rows[0][1])
    print(f"\n## {title}\n")
    print("| | " + " | ".join(names) + " |\n" + "|---" * (len(names) + 1) + "|")
    for label, scores in rows:
        print(f"| {label} | " + " | ".join(f"{scores[name]:.4f}" for name in names) + " |")
    table = np.array([[scores[name] for name in names] for _, scores in rows])
    for label, values in (
        ("**mean**", np.nanmean(table, 0)),
        ("standard deviation", np.nanstd(table, 0)),
        ("worst (least)", np.nanmin(table, 0)),
        ("greatest", np.nanmax(table, 0)),
    ):
        print(f"| {label} | " + " | ".join(f"{value:.4f}" for value in values) + " |", flush=True)
    return dict(zip(names, np.nanmean(table, 0).tolist(), strict=True))


def from_midi() -> None:
    """Held-out ASAP performances, their MIDI as input; the default pianist and five others."""
    rows = []
    for piece in held_out_pieces(PIECES):
        notes = excerpt(piece.midi)
        began = time.perf_counter()
        fingered, motion = generate(notes)
        took = (time.perf_counter() - began) / notes.duration_sec
        rows.append((piece.folder, evaluate_motion(motion, fingered) | {"sec_per_sec": took}))
    show(rows, f"From MIDI: {len(rows)} held-out ASAP performances, {SECONDS:.0f} s each")
    rows = []
    for seed in range(5):
        scores = []
        for piece in held_out_pieces(6):
            fingered, motion = generate(excerpt(piece.midi), sample_style(seed))
            scores.append(evaluate_motion(motion, fingered))
        means = {name: float(np.mean([s[name] for s in scores])) for name in scores[0]}
        rows.append((f"pianist {seed}", means))
    show(rows, "From MIDI: five random pianists (styles), six pieces each")


def from_audio() -> None:
    """The same performances rendered, in turn by one of two pianos, and heard again."""
    from benchmarks.second_piano import render_second_piano
    from duemani.outputs.sound.synthesis import SAMPLE_RATE_HZ, render_piano

    rows: dict[str, list[tuple[str, dict[str, float]]]] = {"Salamander": [], "FluidR3": []}
    for number, piece in enumerate(held_out_pieces(PIECES)):
        reference = excerpt(piece.midi, AUDIO_SECONDS)
        piano = list(rows)[number % 2]
        if piano == "Salamander":
            samples, rate = render_piano(reference), SAMPLE_RATE_HZ
        else:
            samples, rate = render_second_piano(reference)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "take.mp3"
            path.write_bytes(encode_audio(samples.T, rate))
            began = time.perf_counter()
            heard = transcribe(path)
            took = (time.perf_counter() - began) / reference.duration_sec
        _, motion = generate(heard)
        bare = replace(reference, notes=_without_fingers(reference.notes))
        scores = evaluate_motion(motion, bare)
        scores.pop("finger_agreement")
        rows[piano].append((piece.folder, scores | {"transcribe_sec_per_sec": took}))
        print(f"{piano} {piece.folder} {scores['f1']:.4f}", file=sys.stderr, flush=True)
    for piano, found in rows.items():
        show(
            found,
            f"From audio: {piano}, {len(found)} held-out ASAP performances,"
            f" {AUDIO_SECONDS:.0f} s each",
        )


def _without_fingers(notes: np.ndarray) -> np.ndarray:
    bare = notes.copy()
    bare["hand"], bare["finger"] = -1, 0
    return bare


def real_hands() -> None:
    """MIDItest: key presses, and fingertips against real ones."""
    rows, drawn = [], []
    for take in load_takes():
        fingered, motion = generate(load_midi(take.midi))
        scores = evaluate_motion(motion, fingered)
        rows.append((f"take {take.number}", scores | compare(take, motion)))
        drawn.append((take, motion))
    show(rows, "MIDItest: real notes, and fingertip x against real hands")
    try:
        plot(drawn, OUT / "fingertips.png")
        print(f"\nplot: {OUT / 'fingertips.png'} (matplotlib)")
    except ImportError:
        print("\nno plot: matplotlib is not installed")


def speed() -> None:
    """Whole commands, as a user runs them."""
    rows = []
    for recording in sorted((DATA / "audio").glob("*.mp3")):
        rows.append((recording.name, _command(recording, ".html")))
    show(rows, "Audio → page, the whole command")
    rows = [(p.folder, _command(p.midi, ".npz")) for p in held_out_pieces(3)]
    show(rows, "MIDI → npz, the whole command")


def hour() -> None:
    """An hour of audio: time and peak memory."""
    recordings = sorted((DATA / "audio").glob("*.mp3"))
    from duemani.media.sound import PAGE_RATE_HZ, encode_blocks, stream_recording

    def blocks() -> object:
        length = 0
        while length < 3600 * PAGE_RATE_HZ:
            for recording in recordings:
                for block in stream_recording(recording):
                    length += block.shape[1]
                    yield block

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hour.mp3"
        path.write_bytes(encode_blocks(blocks(), 2, PAGE_RATE_HZ))  # type: ignore[arg-type]
        show([("an hour of piano", _command(path, ".html"))], "60 minutes of audio → page")


def _command(source: Path, suffix: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / f"out{suffix}"
        code = (
            "import sys, resource, json; from duemani.cli import main;"
            f"main(['perform', {str(source)!r}, '-o', {str(output)!r}]);"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
        )
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        took = time.perf_counter() - began
        seconds = next(
            float(line.split(":")[1])
            for line in done.stdout.splitlines()
            if line.startswith("duration sec")
        )
        return {
            "music_sec": seconds,
            "took_sec": took,
            "sec_per_sec": took / seconds,
            "peak_memory_mb": int(done.stderr.split()[-1]) / 1024,
            "output_mb": output.stat().st_size / 1e6,
        }


def main() -> None:
    parts = {
        "midi": from_midi,
        "audio": from_audio,
        "real": real_hands,
        "speed": speed,
        "hour": hour,
    }
    for name in sys.argv[1:] or ["midi", "real", "speed"]:
        parts[name]()


if __name__ == "__main__":
    main()
