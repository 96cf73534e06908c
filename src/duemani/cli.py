"""The command line: one function a command; every flag is a parameter."""

from __future__ import annotations

import json
import sys
import time
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

import tyro

from duemani.errors import InputError
from duemani.models.solver.style import Style, sample_style
from duemani.pipeline import Camera
from duemani.progress import ProgressBars
from duemani.version import VERSION

DONE, INTERNAL_FAILURE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True)
class Perform:
    """Let two hands play a recording, a MIDI file or a score."""

    input: Annotated[Path, tyro.conf.Positional]
    """Recording (wav, flac, mp3, ogg, m4a, mp4, mov, webm …), MIDI, .json or MusicXML."""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """What to make, by suffix: .html page, .glb, .mp4, .npz, or .mid/.json with fingers."""
    model: Literal["solver"] = "solver"
    """How the motion is made: `solver`, trajectory optimisation."""
    style: Style = field(default_factory=Style)
    """The simulated pianist."""
    seed: int | None = None
    """Draw a random but believable pianist instead of the style."""
    frame_rate: float = 60.0
    """Frames per second of the motion."""
    start: float = 0.0
    """Play only from this time of the input [s]."""
    end: float | None = None
    """Play only until this time of the input [s]."""
    camera: Camera = "player"
    """Where an .mp4 is seen from."""
    json: bool = False
    """Print a machine-readable summary on standard output."""
    title: str | None = None
    """What the page calls it, the file's name by default."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        from duemani import pipeline

        pipeline.check_output(self.output)
        style = self.style if self.seed is None else sample_style(self.seed)
        between = None
        if self.start or self.end is not None:
            between = (self.start, float("inf") if self.end is None else self.end)
        began = time.perf_counter()
        with ProgressBars() as progress:
            take, motion = pipeline.perform(self.input, style, self.frame_rate, between, progress)
            if self.title is not None:
                take = replace(take, title=self.title)
            pipeline.save(self.output, take, motion, self.camera, progress, self.start)
        for remark in take.remarks:
            say(remark)
        if not len(take.performance.notes):
            say(f"no piano notes in {self.input.name}; the hands rest.")
        return {
            "output": str(self.output),
            "notes": len(take.performance.notes),
            "duration_sec": round(motion.frame_count / motion.frame_rate, 3),
            "frames": motion.frame_count,
            "took_sec": round(time.perf_counter() - began, 2),
        }


@dataclass(frozen=True)
class Transcribe:
    """Write down the notes of a piano recording."""

    input: Annotated[Path, tyro.conf.Positional]
    """Recording: wav, flac, mp3, ogg, m4a, mp4, mov, webm …"""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """.mid or .json."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        from duemani import pipeline

        pipeline.check_output(self.output, pipeline.NOTE_SUFFIXES)
        with ProgressBars() as progress:
            take = pipeline.read_take(self.input, progress)
        pipeline.save_notes(self.output, take.performance)
        if not len(take.performance.notes):
            say(f"no piano notes in {self.input.name}.")
        return {"output": str(self.output), "notes": len(take.performance.notes)}


@dataclass(frozen=True)
class Demo:
    """Play the built-in piece: Beethoven's Für Elise, the first part."""

    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])] = Path("demo.html")
    """What to make, by suffix (.html, .glb, .mp4, .npz)."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        from duemani.demo import TITLE, demo_score

        return Perform(demo_score(), self.output, title=TITLE).run()


@dataclass(frozen=True)
class EvaluateMotion:
    """Measure a motion file against the notes that it should play."""

    input: Annotated[Path, tyro.conf.Positional]
    """Hand motion, .npz."""
    reference: Path
    """The notes really played: MIDI, .json (then with finger agreement) or score."""
    json: bool = False
    """Print the figures as JSON on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        from duemani import pipeline
        from duemani.evaluation.motion import evaluate_motion
        from duemani.motion import load_motion

        motion = load_motion(self.input)
        scores = evaluate_motion(motion, pipeline.read_take(self.reference).performance)
        return {name: round(value, 4) for name, value in scores.items()}


Command = (
    Annotated[Perform, tyro.conf.subcommand("perform")]
    | Annotated[Transcribe, tyro.conf.subcommand("transcribe")]
    | Annotated[Demo, tyro.conf.subcommand("demo")]
    | Annotated[EvaluateMotion, tyro.conf.subcommand("evaluate-motion")]
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 internal failure, 2 bad input."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments in (["--version"], ["-V"]):
        print(f"duemani {VERSION}")
        return DONE
    if arguments[:2] == ["evaluate", "motion"]:
        arguments = ["evaluate-motion", *arguments[2:]]
    warnings.showwarning = lambda message, *_, **__: say(str(message))
    try:
        command: Command = tyro.cli(
            Command, prog="duemani", args=arguments, description="Piano hands: see what is heard."
        )
        summary = command.run()
    except InputError as error:
        print(f"duemani: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("duemani: interrupted; nothing was written.", file=sys.stderr)
        return INTERRUPTED
    except MemoryError:
        print("duemani: not enough memory for this input; try a part of it (--start, --end).", file=sys.stderr)  # fmt: skip
        return INTERNAL_FAILURE
    if command.json:
        print(json.dumps(summary))
    else:
        for name, value in summary.items():
            print(f"{name.replace('_', ' ')}: {value}")
    return DONE


def say(message: str) -> None:
    """A remark for the user, beside the results."""
    print(f"duemani: {message}", file=sys.stderr)
