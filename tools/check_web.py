"""Checks web/: its types, its lint and its unit tests, with the Node that builds the pages.

Run by `make check-web`; the first run, and one after a change of web/package-lock.json, installs
the development packages beside those that the build needs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import hatch_build  # noqa: E402

WEB = ROOT / "web"
CHECKS = (
    ("types", ["typescript/bin/tsc", "--noEmit"]),
    ("lint", ["@biomejs/biome/bin/biome", "check", "--error-on-warnings"]),
    ("tests", ["vitest/vitest.mjs", "run"]),
)


def main() -> int:
    """The number of checks that failed."""
    packages = hatch_build.install_packages(WEB, print, development=True)
    node = hatch_build.node_program()
    # The checks' own helpers are found by name, and must be of this Node.
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    failed = 0
    for name, (program, *arguments) in CHECKS:
        print(f"web: {name}", flush=True)
        command = [node, str(packages / program), *arguments]
        done = subprocess.run(command, cwd=WEB, env={**os.environ, "PATH": path}, check=False)
        failed += done.returncode != 0
    return failed


if __name__ == "__main__":
    try:
        sys.exit(main())
    except hatch_build.BuildError as error:
        sys.exit(f"web/ cannot be checked: {error}")
