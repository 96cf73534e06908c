"""The command line: one function a command; every flag is a parameter."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal, TextIO

import tyro

from duemani.errors import InputError
from duemani.inputs.take import read_take
from duemani.models.solver.style import Style, sample_style
from duemani.pipeline import Camera
from duemani.progress import ProgressBars
from duemani.usage import Number, OptionalSeed, OptionalTime, Time, parse
from duemani.version import VERSION

DONE, INTERNAL_FAILURE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True)
class Perform:
    """Let two hands play a recording, a MIDI file or a score."""

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="INPUT")]
    """Recording (wav, flac, mp3, ogg, m4a, mp4, mov, webm …), MIDI, .json or MusicXML."""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """What to make, by suffix: .html page, .glb, .mp4, .npz, or .mid/.json with fingers."""
    model: Literal["solver"] = "solver"
    """How the motion is made: `solver`, trajectory optimisation."""
    style: Style = field(default_factory=Style)
    """The simulated pianist."""
    seed: OptionalSeed = None
    """Draw a random but believable pianist instead of the style."""
    frame_rate: Number = 60.0
    """Frames per second of the motion, 10-240."""
    start: Time = 0.0
    """Play only from this time of the input [s]."""
    end: OptionalTime = None
    """Play only until this time of the input [s]."""
    camera: Camera = "player"
    """Where an .mp4 is seen from."""
    json: bool = False
    """Print a machine-readable summary on standard output."""
    title: str = ""
    """What the page calls it instead of the file's name."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        from duemani import pipeline

        pipeline.check_output(self.output, not_over=self.input)
        style = self.style if self.seed is None else sample_style(self.seed)
        between = None
        if self.start or self.end is not None:
            between = (self.start, float("inf") if self.end is None else self.end)
        began = time.perf_counter()
        with ProgressBars() as progress:
            take, motion = pipeline.perform(self.input, style, self.frame_rate, between, progress)
            if self.title:
                take = replace(take, title=self.title)
            pipeline.save(self.output, take, motion, self.camera, progress)
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

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="INPUT")]
    """Recording: wav, flac, mp3, ogg, m4a, mp4, mov, webm …"""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """.mid or .json."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        from duemani import pipeline

        pipeline.check_output(self.output, pipeline.NOTE_SUFFIXES, not_over=self.input)
        with ProgressBars() as progress:
            take = read_take(self.input, progress)
        pipeline.save_notes(self.output, take.performance)
        for remark in take.remarks:
            say(remark)
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

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="INPUT")]
    """Hand motion, .npz."""
    reference: Path
    """The notes really played: MIDI, .json (then with finger agreement) or score."""
    json: bool = False
    """Print the figures as JSON on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        from duemani.evaluation.motion import evaluate_motion
        from duemani.motion import load_motion

        motion = load_motion(self.input)
        scores = evaluate_motion(motion, read_take(self.reference).performance)
        # JSON knows no NaN: what cannot be measured is null.
        return {n: None if math.isnan(value) else round(value, 4) for n, value in scores.items()}


Command = (
    Annotated[Perform, tyro.conf.subcommand("perform")]
    | Annotated[Transcribe, tyro.conf.subcommand("transcribe")]
    | Annotated[Demo, tyro.conf.subcommand("demo")]
    | Annotated[EvaluateMotion, tyro.conf.subcommand("evaluate motion")]
)
DESCRIPTION = "A piano recording goes in, two 3D hands play it. Example: duemani demo -o demo.html"


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 internal failure, 2 bad input."""
    arguments = sys.argv[1:] if arguments is None else arguments
    _complete_streams()
    if arguments in (["--version"], ["-V"]):
        print(f"duemani {VERSION}")
        return DONE
    try:
        command: Command = parse(Command, arguments, "duemani", DESCRIPTION)
        with _stopped_by_signals(), _warnings_said(), _only_results_on_stdout():
            summary = command.run()
        return _print(summary, command.json)
    except SystemExit as stop:  # help was printed
        return stop.code if isinstance(stop.code, int) else DONE
    except InputError as error:
        say(str(error))
        return BAD_INPUT
    except KeyboardInterrupt:
        say("interrupted; nothing was written.")
        return INTERRUPTED
    except MemoryError:
        say("not enough memory for this input; try a part of it (--start, --end).")
        return INTERNAL_FAILURE
    except Exception as error:
        return _failed(error)


def say(message: str) -> None:
    """A remark for the user, in one line beside the results."""
    print(f"duemani: {' '.join(message.split())}", file=sys.stderr)


def _print(summary: dict[str, object], as_json: bool) -> int:
    with contextlib.suppress(BrokenPipeError):  # the reader has seen enough
        if as_json:
            print(json.dumps(summary, allow_nan=False), flush=True)
        else:
            for name, value in summary.items():
                shown = "unknown" if value is None else value
                print(f"{name.replace('_', ' ')}: {shown}", flush=True)
    return DONE


def _failed(error: Exception) -> int:
    if os.environ.get("DUEMANI_TRACEBACK"):
        traceback.print_exception(error)
    reason = f"{type(error).__name__}: {error}"[:300]
    say(f"internal failure: {reason} (DUEMANI_TRACEBACK=1 shows where; please report it)")
    return INTERNAL_FAILURE


def _complete_streams() -> None:
    """Streams that exist, even where they were closed, and that print any character somehow."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Below 3, so that no output file gets the number that C libraries print to.
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace" if name == "stderr" else "replace")


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Lets SIGTERM clean up as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _warnings_said() -> Iterator[None]:
    """This package's warnings as remarks; those of libraries concern no user."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if category is UserWarning:
            say(str(message))

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


@contextlib.contextmanager
def _only_results_on_stdout() -> Iterator[None]:
    """Whatever libraries print meanwhile, in Python or in C, goes to standard error."""
    sys.stdout.flush()
    with contextlib.redirect_stdout(sys.stderr):
        try:
            kept = os.dup(1)
            os.dup2(2, 1)
        except OSError:  # closed by whoever started us
            yield
            return
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)
