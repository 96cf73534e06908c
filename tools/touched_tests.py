"""Which tests touch which line of the package, and tests in a fork (for `mutants.py`)."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import coverage
import pytest

TEST_LIMIT_SEC = 120  # a test that takes longer, with the fixtures that it sets up, is left out
TESTS_SEC = 60  # of tests for one mutant, as measured without it
QUIET = ["-q", "-p", "no:cacheprovider", "-o", "addopts=", "--no-header"]


@dataclass(frozen=True)
class Touched:
    """What the passing tests of a room touch: seconds by test, and tests by file and line."""

    seconds: dict[str, float]
    by_line: dict[str, dict[int, list[str]]]

    def tests(self, path: Path, line: int) -> list[str]:
        """Those for a mutant of this line, in order."""
        lines = self.by_line.get(str(path), {})
        module = {test for tests in lines.values() for test in tests}
        first = set(lines.get(line, ()))
        chosen, total = [], 0.0
        for test in sorted(module, key=lambda test: (test not in first, self.seconds[test])):
            total += self.seconds[test]
            if chosen and total > TESTS_SEC:
                break
            chosen.append(test)
        return chosen


class Watch:
    """A pytest plugin: which test, or which shared fixture, runs each line, and how long it takes."""

    def __init__(self, cover: coverage.Coverage) -> None:
        self.cover, self.users = cover, defaultdict(set)
        self.seconds, self.failed = defaultdict(float), set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.now = item.nodeid
        for name in item.fixturenames:
            self.users[f"fixture {name}"].add(item.nodeid)
        self.cover.switch_context(item.nodeid)
        signal.alarm(TEST_LIMIT_SEC)
        result = yield
        signal.alarm(0)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef) -> Iterator[None]:
        if fixturedef.scope != "function":
            self.cover.switch_context(f"fixture {fixturedef.argname}")
        result = yield
        self.cover.switch_context(self.now)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if not report.passed:
            self.failed.add(report.nodeid)


def in_fork(task: Callable[[], int], limit_sec: float) -> int:
    """A task's result in a forked process; 1 if it is killed at its time limit."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os.setsid()
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        try:
            os._exit(task())
        finally:
            os._exit(2)
    end = time.monotonic() + limit_sec
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 1


def touched(source: Path, files: list[str], answer: Path) -> Touched:
    """Run a room's test files once."""

    def task() -> int:
        cover = coverage.Coverage(data_file=None, source=[str(source)], config_file=False)
        watch = Watch(cover)
        cover.start()
        # Not an error of the test's own kind: it must not be caught as one.
        signal.signal(signal.SIGALRM, lambda *_: pytest.fail("too slow", pytrace=False))
        pytest.main([*QUIET, "-m", "not slow", *files], [watch])
        cover.stop()
        good = set(watch.seconds) - watch.failed
        data, found = cover.get_data(), {}
        for path in data.measured_files():
            found[path] = {
                line: sorted({t for n in names for t in watch.users.get(n, {n})} & good)
                for line, names in data.contexts_by_lineno(path).items()
            }
        answer.write_text(json.dumps([watch.seconds, found, sorted(watch.failed)]))
        return 0

    answer.unlink(missing_ok=True)
    if in_fork(task, 1800) or not answer.exists():
        raise SystemExit(f"these tests could not be run: {files}")
    seconds, found, failed = json.loads(answer.read_text())
    print(f"{len(seconds)} tests in {sum(seconds.values()):.0f} s; left out: {failed}")
    return Touched(
        seconds, {p: {int(n): tests for n, tests in lines.items()} for p, lines in found.items()}
    )
