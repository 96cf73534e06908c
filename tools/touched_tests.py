"""Which tests touch which line of the package, and tests in a fork (for `mutants.py`).

What a test file touches is kept in `build/touched` until the file, its helpers or the package
change.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import coverage
import pytest

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "touched"
TEST_LIMIT_SEC = 120  # a test that takes longer, with the fixtures that it sets up, is left out
TESTS_SEC = 30  # of tests for one mutant, as measured without it
QUIET = ["-q", "-p", "no:cacheprovider", "-o", "addopts=", "--no-header"]
OUT_OF_TIME = -1


def reach(tree: ast.Module, line: int) -> tuple[set[int], set[str]]:
    """The lines that run where a line counts; of one that runs on import, the names it gives."""
    nodes = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    innermost = max(nodes, key=lambda node: (node.lineno, -(node.end_lineno or 0)), default=None)
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    if innermost is None:
        return set(), set()
    if not functions:
        inside = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
        given = [node for node in ast.walk(innermost) if isinstance(node, ast.Name)]
        return set(), inside | {node.id for node in given if isinstance(node.ctx, ast.Store)}
    if isinstance(innermost, ast.FunctionDef):  # its defaults
        return set(range(innermost.body[0].lineno, (innermost.end_lineno or 0) + 1)), set()
    body = getattr(innermost, "body", None)
    last = max(body[0].lineno, line + 1) if body else (innermost.end_lineno or 0) + 1
    return set(range(innermost.lineno, last)), set()


@dataclass(frozen=True)
class Touched:
    """What the passing tests of a room touch: seconds by test, and tests by file and line."""

    seconds: dict[str, float]
    by_line: dict[str, dict[int, list[str]]]

    def tests(self, source: Path, path: Path, line: int) -> list[str]:
        """Those for a mutant of this line, the fastest first.

        Of a constant, those that touch a line where it, or what is made of it, is named.
        """
        found: set[str] = set()
        names: set[str] = set()
        todo = [(path, line)]
        while todo:
            file, at = todo.pop()
            lines, given = reach(ast.parse((source / file).read_text()), at)
            found |= {t for n in lines for t in self.by_line.get(str(file), {}).get(n, ())}
            if new := given - names:
                names |= new
                todo += _naming(source, new)
        if not found and names:
            found = {test for tests in self.by_line.get(str(path), {}).values() for test in tests}
        chosen, total = [], 0.0
        for test in sorted(found, key=lambda test: self.seconds[test]):
            total += self.seconds[test]
            if chosen and total > TESTS_SEC:
                break
            chosen.append(test)
        return chosen


def _naming(source: Path, names: set[str]) -> Iterator[tuple[Path, int]]:
    """Files and lines of the package where one of these names stands."""
    word = re.compile(rf"\b({'|'.join(names)})\b")
    for path in source.rglob("*.py"):
        for number, text in enumerate(path.read_text().splitlines(), 1):
            if word.search(text) and not text.startswith(("from ", "import ")):
                yield path.relative_to(source), number


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
    """A task's result in a forked process; `OUT_OF_TIME` if it is killed at its limit."""
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
    return OUT_OF_TIME


def touched(source: Path, files: list[str]) -> Touched:
    """What a room's test files touch, run once each."""
    shared = [*source.rglob("*.py"), *(ROOT / "tests" / "helpers").rglob("*.py")]
    package = _hash("", sorted(shared, key=lambda path: path.name))
    seconds: dict[str, float] = {}
    by_line: dict[str, dict[int, list[str]]] = {}
    failed: list[str] = []
    for file in files:
        kept = KEPT / f"{_hash(package, [Path(file)])}.json"
        if not kept.exists():
            _run(source, file, kept)
        durations, lines, missing = json.loads(kept.read_text())
        seconds |= durations
        failed += missing
        for path, tests in lines.items():
            mine = by_line.setdefault(path, {})
            for line, names in tests.items():
                mine.setdefault(int(line), []).extend(names)
    print(f"{len(seconds)} tests in {sum(seconds.values()):.0f} s; left out: {failed}", flush=True)
    return Touched(seconds, by_line)


def _hash(start: str, paths: list[Path]) -> str:
    digest = hashlib.sha256(start.encode())
    for path in paths:
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:24]


def _run(source: Path, file: str, answer: Path) -> None:
    def task() -> int:
        cover = coverage.Coverage(data_file=None, source=[str(source)], config_file=False)
        watch = Watch(cover)
        cover.start()
        # Not an error of the test's own kind: it must not be caught as one.
        signal.signal(signal.SIGALRM, lambda *_: pytest.fail("too slow", pytrace=False))
        pytest.main([*QUIET, "-m", "not slow", file], [watch])
        cover.stop()
        good = set(watch.seconds) - watch.failed
        data, found = cover.get_data(), {}
        for path in data.measured_files():
            found[str(Path(path).relative_to(source))] = {
                line: sorted({t for n in names for t in watch.users.get(n, {n})} & good)
                for line, names in data.contexts_by_lineno(path).items()
            }
        answer.parent.mkdir(parents=True, exist_ok=True)
        answer.write_text(json.dumps([watch.seconds, found, sorted(watch.failed)]))
        return 0

    if in_fork(task, 1800) or not answer.exists():
        raise SystemExit(f"these tests could not be run: {file}")
