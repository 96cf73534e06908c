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
TESTS_SEC = 20  # of tests for one mutant, as measured without it
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
        given = getattr(innermost, "targets", [getattr(innermost, "target", ast.Pass())])
        named = (node for one in given for node in ast.walk(one) if isinstance(node, ast.Name))
        return set(), inside | {node.id for node in named}
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

        Of what runs on import: those in files that name it, or what is made of it, then those that
        touch a line where that is named, then those of the module.
        """
        tree = ast.parse((source / path).read_text())
        lines, names = reach(tree, line)
        rank = dict.fromkeys(self._on(path, lines), 0)
        if not rank:
            names |= _functions(tree, line)
            found = self._named(source, path, names)
            for file in {test.split("::")[0] for test in self.seconds}:
                text = (ROOT / file).read_text()
                if any(re.search(rf"\b{name}\b", text) for name in found):
                    mine = [test for test in self.seconds if test.startswith(f"{file}::")]
                    rank |= dict.fromkeys(mine, 0)
            for name in found:
                for other, at in found[name]:
                    for test in self._on(other, {at}):
                        rank.setdefault(test, 1)
            for test in self._on(path, set(self.by_line.get(str(path), ()))):
                rank.setdefault(test, 2)
        chosen, total = [], 0.0
        for test in sorted(rank, key=lambda test: (rank[test], self.seconds[test])):
            total += self.seconds[test]
            if chosen and total > TESTS_SEC:
                break
            chosen.append(test)
        return chosen

    def _on(self, path: Path, lines: set[int]) -> set[str]:
        mine = self.by_line.get(str(path), {})
        return {test for line in lines for test in mine.get(line, ())}

    def _named(self, source: Path, own: Path, names: set[str]) -> dict[str, list[tuple[Path, int]]]:
        """Where names stand in the package; in their own module, names made of them on import too."""
        found: dict[str, list[tuple[Path, int]]] = {}
        todo, tree = list(names), ast.parse((source / own).read_text())
        while todo:
            name = todo.pop()
            found[name] = [*_naming(source, name)]
            for path, line in found[name]:
                if path != own:
                    continue
                lines, made = reach(tree, line)
                if not made and not self._on(path, lines):
                    made = _functions(tree, line)
                todo += made - found.keys() - set(todo)
        return found


def _functions(tree: ast.Module, line: int) -> set[str]:
    """The function around a line."""
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0)
    }


def _naming(source: Path, name: str) -> Iterator[tuple[Path, int]]:
    word = re.compile(rf"\b{name}\b")
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
