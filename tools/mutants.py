"""How many wrong lines the tests notice: a seeded sample of mutants by room (`make mutants`).

cosmic-ray makes each mutant in a copy of the package. A fork, which has the slow libraries loaded
already, runs the tests that touch the changed line (as coverage saw them), the fastest first, until
one fails. Annotations, decorators and texts are left
alone, and so are `zip`'s strict, operators that only raise errors, such as << for +, and mutants that
change nothing when the package runs (`EQUIVALENT`), which no test could notice.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import os
import random
import re
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from touched_tests import OUT_OF_TIME, QUIET, Touched, in_fork, touched

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "duemani"
ROOMS = {
    "evaluation": ("tests/evaluation", "tests/commands/test_cli_*evaluate.py"),
    "analysis": ("tests/analysis",),
    "models/fingering": (
        *("tests/models/test_fingering*.py", "tests/models/test_substitution.py"),
        *("tests/models/test_hand_span.py", "tests/analysis/test_corrections.py"),
    ),
    "inputs/midi": (
        *("tests/inputs/test_midi*.py", "tests/inputs/test_who_plays.py"),
        "tests/verbs/test_finger_score.py",
    ),
    "performance": ("tests/test_performance*.py",),
    "motion": ("tests/test_motion.py",),
    "skeleton": ("tests/test_skeleton*.py", "tests/models/test_solver.py"),
}
OPERATORS = re.compile(
    "core/(NumberReplacer|AddNot|Replace(True|False|And|Or|Break|Continue)With.*|ZeroIteration.*"
    "|ReplaceUnaryOperator_Delete_.*"
    "|ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|(FloorDiv|Div|Mod|Pow)_Mul|BitAnd_BitOr|BitOr_BitAnd)"
    "|ReplaceComparisonOperator_(Lt_(LtE|Gt)|LtE_(Lt|GtE)|Gt_(GtE|Lt)|GtE_(Gt|LtE)|Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is))"
)
# Code of which no mutant can be noticed, and why.
EQUIVALENT = {
    "if TYPE_CHECKING": "what it imports is named in annotations alone",
}
# Loaded once here, so that no mutant has to; never duemani itself.
LOADED = (
    "numpy scipy.optimize scipy.signal scipy.spatial.transform scipy.stats scipy.linalg jaxtyping"
    " hypothesis.extra.numpy mido partitura mir_eval cv2 onnxruntime sklearn.svm xdist"
)


Change = tuple[Operator, int]
"""An operator, and which of its places in a module."""


@dataclass(frozen=True)
class Mutant:
    """A changed module: its line, and the whole of its text."""

    path: Path
    line: int
    text: str


def meaning(text: str) -> str:
    """The code without annotations, decorators and `zip`'s strict, which no right program meets."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "zip":
            node.keywords = []
        if hasattr(node, "decorator_list"):
            node.decorator_list = []
        for name in ("annotation", "returns"):
            if getattr(node, name, None) is not None:
                setattr(node, name, ast.Constant(None))
    return ast.unparse(tree)


def equivalent(line: str) -> bool:
    """Whether mutants of this line are left out."""
    return any(line.strip().startswith(start) for start in EQUIVALENT)


def places(path: Path) -> list[tuple[Path, tuple[int, int], list[Change]]]:
    """Where a module can be changed, and how."""
    source, found = path.read_text(), defaultdict(list)
    nodes, lines = list(ast_nodes(get_ast(source))), source.splitlines()
    for name in filter(OPERATORS.match, operator_names()):
        operator = get_operator(name)()
        starts = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, start in enumerate(starts):
            if not equivalent(lines[start[0] - 1]):
                found[start].append((operator, occurrence))
    return [(path, start, changes) for start, changes in sorted(found.items())]


def sample(paths: list[Path], count: int, seed: str) -> Iterator[Mutant]:
    """Mutants at different places, every place of the modules as likely."""
    draw, chosen = random.Random(seed), [place for path in paths for place in places(path)]
    draw.shuffle(chosen)
    for path, start, changes in chosen:
        source = path.read_text()
        text = mutate_code(source, *draw.choice(changes))
        with contextlib.suppress(SyntaxError):
            if count and text is not None and meaning(text) != meaning(source):
                count -= 1
                yield Mutant(path, start[0], text)


def fate(mutant: Mutant, seen: Touched, source: Path) -> str:
    """Whether a test fails on a mutant, or runs past its limit: "killed", "out of time"."""
    path = mutant.path.relative_to(PACKAGE)
    tests = seen.tests(source, path, mutant.line)
    if not tests:
        return "untested"
    limit = 20 + 4 * sum(seen.seconds[test] for test in tests)
    (source / path).write_text(mutant.text)
    try:
        result = in_fork(lambda: int(pytest.main([*QUIET, "-x", *tests])), limit)
    finally:
        shutil.copy2(mutant.path, source / path)
    return {0: "survived", OUT_OF_TIME: "out of time"}.get(result, "killed")


def tell(mutant: Mutant, what: str) -> None:
    """A line at once, as a run takes long and may be stopped."""
    lines = zip(mutant.path.read_text().splitlines(), mutant.text.splitlines(), strict=False)
    change = next((b for a, b in lines if a != b), "").strip()
    print(f"{what} {mutant.path.relative_to(ROOT)}:{mutant.line}: {change}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=list(ROOMS))
    parser.add_argument("--only", default="", help="part of the modules' paths")
    parser.add_argument("--count", type=int, default=30, help="mutants a room")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    for name in LOADED.split():
        importlib.import_module(name)
    os.chdir(ROOT)
    scores: list[tuple[str, int, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "duemani"
        shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("weights", "__pycache__"))
        (source / "weights").symlink_to(PACKAGE / "weights")
        sys.path.insert(0, folder)
        os.environ["PYTHONPATH"] = folder
        for room in chosen.rooms:
            files = [
                str(file.relative_to(ROOT))
                for pattern in ROOMS[room]
                for path in sorted(ROOT.glob(pattern))
                for file in (sorted(path.glob("test_*.py")) if path.is_dir() else [path])
            ]
            print(f"{room}: ", end="")
            seen = touched(source, files)
            # The baseline's compiled files are kept; a mutant's must not be.
            sys.dont_write_bytecode = True
            base = PACKAGE / room
            paths = sorted(base.rglob("*.py")) or [base.with_suffix(".py")]
            paths = [path for path in paths if chosen.only in str(path.relative_to(PACKAGE))]
            dead = made = 0
            for mutant in sample(paths, chosen.count, f"{chosen.seed} {room}"):
                what = fate(mutant, seen, source)
                made += 1
                dead += what in ("killed", "out of time")
                if what != "killed":
                    tell(mutant, f"{made:3d} {what}")
            sys.dont_write_bytecode = False
            scores.append((room, dead, made))
            print(f"{room}: {dead} of {made} killed ({dead / max(made, 1):.0%})", flush=True)
    dead, made = sum(score[1] for score in scores), sum(score[2] for score in scores)
    print(f"in all: {dead} of {made} killed ({dead / max(made, 1):.0%})")


if __name__ == "__main__":
    main()
