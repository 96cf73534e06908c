"""Builds wheel and source distribution and tries them where nothing else of the project is.

    python tools/check_package.py dist

Needs the `release` extra. Builds from a copy of what git knows; rebuilds the wheel from the source
distribution; installs it in a new virtual environment and makes the demo page there. Stops at the
first thing that is wrong, with exit code 1.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
NOTICES = "duemani/assets/NOTICES.txt"
MODELS = ("fingering", "hands", "motion", "ratings", "reviewer", "transcriber")
PAPERS = [NOTICES, "duemani/py.typed"]
PAPERS += [
    f"duemani/weights/{name}/{file}" for name in MODELS for file in ("CARD.md", "LICENSE.txt")
]
IMPORTS = """
import duemani, pathlib
for name in duemani.__all__:
    assert getattr(duemani, name).__doc__, name
print(len(duemani.__all__), "public names from", pathlib.Path(duemani.__file__).parent)
"""


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="duemani-package-") as name:
        place = Path(name)
        tree = copied_tree(place / "tree")
        built = place / "built"
        run([sys.executable, "-m", "build", "--wheel", "--sdist", "--outdir", built, tree], place)
        wheel, source = only(built.glob("*.whl")), only(built.glob("*.tar.gz"))
        run([sys.executable, "-m", "twine", "check", "--strict", wheel, source], place)
        check_papers(wheel, source)
        again = place / "again"
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
        run([*pip, again, source], place)
        check_alike(wheel, only(again.glob("*.whl")))
        try_installed(wheel, place)
        folder.mkdir(parents=True, exist_ok=True)
        for path in (wheel, source):
            shutil.copy(path, folder)
            say(f"{folder / path.name}: {path.stat().st_size / 1e6:.1f} MB")


def copied_tree(target: Path) -> Path:
    """What git knows, as it stands in the working tree: what a fresh clone would have."""
    listed = run(["git", "ls-files", "-z"], ROOT).split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    return target


def check_papers(wheel: Path, source: Path) -> None:
    """Licences, notices and model cards are in both; the source distribution has no built parts."""
    in_wheel = zipfile.ZipFile(wheel).namelist()
    with tarfile.open(source) as archive:
        in_source = [name.partition("/")[2] for name in archive.getnames()]
    for paper in PAPERS:
        need(paper in in_wheel, f"{wheel.name} lacks {paper}")
        need(f"src/{paper}" in in_source, f"{source.name} lacks src/{paper}")
    for licence in ("LICENSE", "LICENSE_weights"):
        inside = [n for n in in_wheel if n.endswith(f".dist-info/licenses/{licence}")]
        need(len(inside) == 1, f"{wheel.name} lacks {licence}")
        need(licence in in_source, f"{source.name} lacks {licence}")
    made = [n for n in in_source if n.startswith("src/duemani/assets/") and "NOTICES" not in n]
    need(made == [], f"{source.name} holds what the build makes: {made[:3]}")
    say(f"licences, notices and cards are inside; the wheel holds {len(in_wheel)} files")


def check_alike(wheel: Path, other: Path) -> None:
    """The wheel made from the source distribution is the same, file by file."""
    need(wheel.name == other.name, f"the source distribution makes {other.name}")
    sums = [{(f.filename, f.CRC) for f in zipfile.ZipFile(p).infolist()} for p in (wheel, other)]
    differing = sorted(name for name, _ in sums[0] ^ sums[1])
    need(differing == [], f"from the source distribution these differ: {differing[:5]}")
    say("the wheel built from the source distribution is the same, file by file")


def try_installed(wheel: Path, place: Path) -> None:
    """Version, public names and demo page of the wheel in an environment of its own."""
    run([sys.executable, "-m", "venv", place / "venv"], place)
    program = place / "venv" / "bin"
    pip = [program / "python", "-m", "pip", "install", "--quiet", "--constraint"]
    run([*pip, ROOT / "constraints.txt", wheel], place)
    version = run([program / "duemani", "--version"], place).strip()
    need(version == f"duemani {wheel.name.split('-')[1]}", f"it calls itself {version}")
    names = run([program / "python", "-c", IMPORTS], place).strip()
    need(str(place) in names, f"not what was installed: {names}")
    page = place / "demo.html"
    run([program / "duemani", "demo", "-o", page], place)
    need(moving_hands(page.read_text("utf-8")) == 2, "the demo page holds no two moving hands")
    say(f"{version} installed: {names}; the demo page holds two moving hands")


def moving_hands(page: str) -> int:
    """How many hands of a page change their joints; 52 series of differences in time a hand."""
    packed = re.search(r'id="duemani-motion"[^>]*>([^<]+)<', page)
    need(packed is not None, "the demo page has no block of motion")
    steps = np.frombuffer(zlib.decompress(base64.b64decode(packed[1])), "<i2").reshape(2, 52, -1)
    # Four series say whether a hand is tracked and where its wrist is; the first frame is a pose.
    return int(steps[:, 4:, 1:].any(axis=(1, 2)).sum())


def only(paths: object) -> Path:
    found = list(paths)
    need(len(found) == 1, f"one file was expected, not {found}")
    return found[0]


def run(command: list[object], folder: Path) -> str:
    """What a command prints; it sees no module of the repository."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(c) for c in command], cwd=folder, env=clean, text=True, capture_output=True
    )
    need(done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def need(holds: bool, otherwise: str) -> None:
    if not holds:
        sys.exit(f"package: {otherwise}")


def say(what: str) -> None:
    print(f"package: {what}", flush=True)


if __name__ == "__main__":
    main()
