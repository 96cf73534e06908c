"""The command line: parses, runs one command of `commands`, turns errors into exit codes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from typing import Annotated, TextIO

import tyro

from duemani.commands.arguments import parse, say
from duemani.commands.evaluate.fingering import EvaluateFingering
from duemani.commands.evaluate.motion import EvaluateMotion
from duemani.commands.finger import Finger
from duemani.commands.perform import Demo, Perform, Transcribe
from duemani.commands.prepare.real import PrepareFurElise, PreparePianoMotion10M
from duemani.commands.prepare.simulated import PrepareSimulated
from duemani.commands.review import Review
from duemani.commands.track import Track
from duemani.commands.train.fingering import TrainFingering
from duemani.commands.train.motion import TrainMotion
from duemani.commands.train.ratings import TrainRatings
from duemani.commands.train.reviewer import TrainReviewer
from duemani.errors import InputError, NothingPlayedError
from duemani.version import VERSION

DONE, INTERNAL_FAILURE, BAD_INPUT, NOTHING_PLAYED, INTERRUPTED = 0, 1, 2, 3, 130


Command = (
    Annotated[Perform, tyro.conf.subcommand("perform")]
    | Annotated[Finger, tyro.conf.subcommand("finger")]
    | Annotated[Track, tyro.conf.subcommand("track")]
    | Annotated[Review, tyro.conf.subcommand("review")]
    | Annotated[Transcribe, tyro.conf.subcommand("transcribe")]
    | Annotated[Demo, tyro.conf.subcommand("demo")]
    | Annotated[EvaluateMotion, tyro.conf.subcommand("evaluate motion")]
    | Annotated[EvaluateFingering, tyro.conf.subcommand("evaluate fingering")]
    | Annotated[PrepareSimulated, tyro.conf.subcommand("prepare simulated")]
    | Annotated[PrepareFurElise, tyro.conf.subcommand("prepare furelise")]
    | Annotated[PreparePianoMotion10M, tyro.conf.subcommand("prepare pianomotion10m")]
    | Annotated[TrainFingering, tyro.conf.subcommand("train fingering")]
    | Annotated[TrainMotion, tyro.conf.subcommand("train motion")]
    | Annotated[TrainReviewer, tyro.conf.subcommand("train reviewer")]
    | Annotated[TrainRatings, tyro.conf.subcommand("train ratings")]
)
DESCRIPTION = "A piano recording goes in, two 3D hands play it. Example: duemani demo -o demo.html"


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code (docs/reference/exit_codes.md)."""
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
        return NOTHING_PLAYED if isinstance(error, NothingPlayedError) else BAD_INPUT
    except KeyboardInterrupt:
        say("interrupted; nothing was written.")
        return INTERRUPTED
    except MemoryError:
        say("not enough memory for this input; try a part of it (--start, --end).")
        return INTERNAL_FAILURE
    except Exception as error:
        return _failed(error)


def _print(summary: dict[str, object] | str, as_json: bool) -> int:
    with contextlib.suppress(BrokenPipeError):  # the reader has seen enough
        if as_json:
            print(json.dumps(summary, allow_nan=False), flush=True)
        elif isinstance(summary, str):
            print(summary, flush=True)
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
