"""A few fuzzed inputs in every run of the tests, and all that ever broke something."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.inputs import fuzzed
from tests.helpers.trials import Trial

ROOT = Path(__file__).parents[2]
CRASHES = Path(__file__).parent / "crashes"


def run(*options: str) -> str:
    """The fuzzer in a process of its own, where forks are safe."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *options],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    return done.stdout


def test_an_input_is_known_by_its_number() -> None:
    assert fuzzed(1, 7) == fuzzed(1, 7)
    assert len({fuzzed(1, index).data for index in range(50)}) > 45
    assert {fuzzed(1, index).suffix for index in range(100)} == {
        ".musicxml", ".mid", ".json", ".mxl", ".npz",
    }  # fmt: skip


@pytest.mark.slow
def test_fuzzed_inputs_break_nothing(tmp_path: Path) -> None:
    assert "slowest" in run("--count", "25", "--seed", "0", "--keep", str(tmp_path / "kept"))


@pytest.mark.slow
def test_what_once_broke_something_does_so_no_more(tmp_path: Path) -> None:
    if not any(CRASHES.glob("*.*")):
        pytest.skip("nothing is known to break")
    run("--files", str(CRASHES), "--keep", str(tmp_path / "kept"))


@pytest.mark.parametrize(
    ("program", "fault"),
    [
        ("os.abort()", "ended by SIGABRT"),
        ("raise ValueError('x')", "exit code 1"),
        ("out.write_text('{'); return 0", "a half-written output"),
        ("out.write_text('{}'); out.with_name('x.tmp').write_text(''); return 0", "instead of"),
        ("out.write_text('{}'); sys.stderr.write('no'); return 2", "behind"),
        ("return 2", "refused without a word"),
        ("sys.stderr.write('Traceback (most recent call last)'); return 2", "a traceback"),
        ("given.write_text('!'); out.write_text('{}'); return 0", "changed its input"),
        ("out.write_text('{}'); return 0", ""),
        ("sys.stderr.write('no.'); return 2", ""),
    ],
)
def test_a_trial_notices(tmp_path: Path, program: str, fault: str) -> None:
    body = f"""
import os, sys, pathlib
from tests.helpers import trials
import duemani.cli
folder = pathlib.Path({str(tmp_path)!r})
given, out = folder / "given", folder / "out" / "a.json"
given.write_text("?"); out.parent.mkdir()
def main(words):
    {program}
duemani.cli.main = main
trial = trials.attempt(["finger"], out, (given,))
print(trial.fault)
"""
    done = subprocess.run(
        [sys.executable, "-c", body], cwd=ROOT, capture_output=True, text=True, check=True
    )
    said = done.stdout.strip()
    assert (fault in said) if fault else (said == ""), said


def test_slow_and_large_trials_are_faults() -> None:
    from tests.helpers.trials import _fault

    assert _fault(0, 61.0, 10.0, "") == "over 60 s"
    assert _fault(0, 1.0, 2001.0, "") == "over 2000 MiB"
    assert Trial((), 3, 1.0, 1.0, "silence", "").refused
