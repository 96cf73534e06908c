"""One command line tried in a process of its own, under limits: what became of it.

Each trial is a fork of this process, which has the slow libraries loaded and no threads started,
so that an abort inside a C library ends the trial alone. Not for use inside pytest's workers.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import select
import shutil
import signal
import tempfile
import time
import xml.etree.ElementTree as ElementTree
import zipfile
from dataclasses import dataclass
from pathlib import Path

MOST_SEC = 60.0
MOST_MIB = 2000.0
REFUSALS = (2, 3)
# Loaded once here, so that no trial has to.
_LOADED = (
    "numpy scipy.optimize scipy.signal scipy.spatial.transform scipy.stats scipy.sparse.linalg mido"
    " partitura parangonar onnxruntime verovio duemani.cli duemani.verbs.finger"
    " duemani.verbs.perform duemani.verbs.review.review duemani.outputs.score.engraving"
)


@dataclass(frozen=True)
class Trial:
    """What one command did.

    Attributes:
        arguments: the command's, without the program's name.
        code: its exit code, or minus the signal that ended it.
        cpu_sec: processor time [s].
        peak_mib: most memory that it held [MiB].
        said: its standard error.
        fault: what must never happen, in a few words; "" if nothing of that did.
    """

    arguments: tuple[str, ...]
    code: int
    cpu_sec: float
    peak_mib: float
    said: str
    fault: str

    @property
    def refused(self) -> bool:
        return not self.fault and self.code in REFUSALS


def load_libraries() -> None:
    for name in _LOADED.split():
        importlib.import_module(name)


def attempt(arguments: list[str], output: Path, inputs: tuple[Path, ...]) -> Trial:
    """Run a command that shall write `output` (into a folder that it has to itself).

    The output is left where it is for whoever wants to read it.
    """
    before = [path.read_bytes() for path in inputs]
    folder = Path(tempfile.mkdtemp(prefix="trial-"))
    log = folder / "said"
    words = (*arguments, "-o", str(output))
    child = os.fork()
    if child == 0:
        _run(words, log)
    status, cpu_sec, peak_mib = _wait(child)
    said = log.read_text("utf-8", "replace") if log.exists() else ""
    shutil.rmtree(folder)
    code = os.waitstatus_to_exitcode(status)
    fault = _fault(code, cpu_sec, peak_mib, said) or _files_fault(code, output)
    if [path.read_bytes() for path in inputs] != before:
        fault = "changed its input"
    return Trial(words, code, cpu_sec, peak_mib, said, fault)


def _run(words: tuple[str, ...], log: Path) -> None:
    from duemani.cli import main

    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (int(MOST_SEC) + 1, int(MOST_SEC) + 5))
        resource.setrlimit(resource.RLIMIT_DATA, (6 << 30, 6 << 30))
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT), 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.environ["DUEMANI_TRACEBACK"] = "1"
        code = main(list(words))
    finally:
        os._exit(code)


def _wait(child: int) -> tuple[int, float, float]:
    """Its wait status, processor time [s] and most memory [MiB]; a process that sleeps is ended."""
    handle = os.pidfd_open(child)
    if not select.select([handle], [], [], 8 * MOST_SEC)[0]:
        os.kill(child, signal.SIGXCPU)
        if not select.select([handle], [], [], 5.0)[0]:
            os.kill(child, signal.SIGKILL)
    os.close(handle)
    _, status, used = os.wait4(child, 0)
    return status, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def _fault(code: int, cpu_sec: float, peak_mib: float, said: str) -> str:
    if cpu_sec > MOST_SEC or code in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"over {MOST_SEC:.0f} s"
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    if code not in (0, *REFUSALS):
        return f"exit code {code}"
    if "Traceback (most recent call last)" in said:
        return "a traceback"
    if peak_mib > MOST_MIB:
        return f"over {MOST_MIB:.0f} MiB"
    if code in REFUSALS and not said.strip():
        return "refused without a word"
    return ""


def _files_fault(code: int, output: Path) -> str:
    left = sorted(path.name for path in output.parent.iterdir())
    if code != 0:
        return f"left {left} behind" if left else ""
    if left != [output.name]:
        return f"wrote {left} instead of {output.name}"
    return "" if _whole(output) else "a half-written output"


def _whole(path: Path) -> bool:
    """Whether a file is complete, as far as its kind can show."""
    suffix, data = path.suffix, path.read_bytes()
    try:
        if suffix == ".json":
            json.loads(data, parse_constant=_no_constant)
        elif suffix in (".musicxml", ".svg"):
            ElementTree.fromstring(data)
        elif suffix in (".mxl", ".npz"):
            return zipfile.ZipFile(path).testzip() is None
        elif suffix == ".html":
            return data.rstrip().endswith(b"</html>")
        elif suffix == ".mid":
            return data.startswith(b"MThd") and data.endswith(b"\xff\x2f\x00")
        elif suffix == ".glb":
            return int.from_bytes(data[8:12], "little") == len(data)
    except (ValueError, ElementTree.ParseError, zipfile.BadZipFile):
        return False
    return bool(data)


def _no_constant(name: str) -> float:
    raise ValueError(name)


def elapsed(since: float) -> str:
    return f"{time.monotonic() - since:.0f} s"
