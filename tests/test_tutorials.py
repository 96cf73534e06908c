"""The tutorials' commands are run as they stand, so that they cannot go stale."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import duemani

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "tutorials"
TUTORIALS = sorted(path for path in FOLDER.glob("*.md") if path.stem != "index")
VERBS = ("perform", "finger", "review", "track", "transcribe", "evaluate", "train")
SHELL_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
OUTPUT = re.compile(r"(?:-o|--overlay) (\S+)")


def commands(tutorial: Path) -> list[str]:
    blocks = SHELL_BLOCK.findall(tutorial.read_text("utf-8"))
    return [line for block in blocks for line in block.splitlines()]


def outputs(lines: list[str]) -> list[str]:
    return [name for line in lines for name in OUTPUT.findall(line)]


def test_every_verb_has_a_tutorial_that_makes_something() -> None:
    for verb in VERBS:
        lines = commands(FOLDER / f"{verb}.md")
        assert outputs(lines), verb
        assert any(line.startswith(f"duemani {verb} ") for line in lines), verb


def test_the_reference_has_every_public_name() -> None:
    text = (ROOT / "docs" / "reference" / "api.md").read_text("utf-8")
    assert sorted(re.findall(r"^::: duemani\.(\w+)$", text, re.MULTILINE)) == duemani.__all__


@pytest.mark.slow
@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_its_commands_make_what_they_say(tutorial: Path, tmp_path: Path) -> None:
    lines = commands(tutorial)
    if "duemani train" in " ".join(lines) and importlib.util.find_spec("torch") is None:
        pytest.skip("training needs torch")
    (tmp_path / "src").symlink_to(ROOT / "src")
    (tmp_path / "out").mkdir()
    program = tmp_path / "bin" / "duemani"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m duemani "$@"\n')
    program.chmod(0o755)
    path = os.pathsep.join([str(program.parent), os.environ["PATH"]])
    for line in lines:
        done = subprocess.run(
            ["sh", "-ec", line],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        missing = [name for name in outputs([line]) if not (tmp_path / name).exists()]
        assert missing == [], line
