import importlib
import importlib.util
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import duemani
from duemani.version import VERSION

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "partitura", "panda3d", "onnxruntime", "scipy.stats", "cv2", "av", "mir_eval"}
# Written in parts, so that this file names none of them.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (("pypi", "org"), ("registry", "npmjs", "org"), ("deb", "debian", "org"))
] + ["python" + "hosted"]
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(duemani.__path__, prefix="duemani.")
)


def tracked(*patterns: str) -> list[Path]:
    """Files in git, also those about to be added."""
    found = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if found.returncode:
        pytest.skip("not a git checkout")
    paths = {ROOT / name.decode() for name in found.stdout.split(b"\0") if name}
    return sorted(path for path in paths if path.is_file())


def loaded_after(statement: str) -> set[str]:
    """Modules in a fresh interpreter after a statement."""
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.parametrize("name", duemani.__all__)
def test_public_names_resolve(name: str) -> None:
    value = getattr(duemani, name)
    assert value.__name__ == name
    assert value.__doc__


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'pianist'"):
        _ = duemani.pianist


def test_the_package_itself_loads_nothing() -> None:
    loaded = loaded_after("import duemani")
    assert not loaded & {*HEAVY, "numpy", "scipy", "tyro"}


def test_the_command_line_loads_nothing_heavy() -> None:
    assert not loaded_after("import duemani.cli") & HEAVY


@pytest.mark.parametrize("name", MODULES)
def test_modules_import(name: str) -> None:
    if name == "duemani.__main__":
        return  # runs the command line
    if name.startswith("duemani.training.") and importlib.util.find_spec("torch") is None:
        pytest.skip("training needs torch")
    importlib.import_module(name)


def test_the_version_is_the_same_wherever_it_is_told() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["version"]["path"] == "src/duemani/version.py"
    changes = re.findall(r"^## (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    cited = re.findall(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    released = [name for name in changes if name != "Unreleased"]
    assert [VERSION] == released[:1] == cited


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "src" / "duemani" / "py.typed").is_file()


def test_no_file_names_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        for host in REGISTRY_HOSTS
        if host.encode() in path.read_bytes()
    ]
    assert found == []


def test_modules_are_short() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in tracked("*.py", "web/src/*")
        if path.is_relative_to(ROOT / "src") or path.is_relative_to(ROOT / "web")
        if (count := len(path.read_bytes().splitlines())) > 300
    }
    assert long == {}


def test_folders_are_rooms() -> None:
    folders = Counter(path.parent for path in tracked("src/*"))
    assert {str(room): count for room, count in folders.items() if count > 14} == {}


def test_the_architecture_names_every_room() -> None:
    table = (ROOT / "docs" / "architecture.md").read_text().split("| room |")[1].split("\n\n")[0]
    named = [
        name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])
    ]
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    order = [name for layer in layers["contracts"][0]["layers"] for name in layer.split(" | ")]
    assert named == order


def test_files_in_git_are_small() -> None:
    assert [path.name for path in tracked() if path.stat().st_size > 16_000_000] == []


def test_weights_say_their_licence() -> None:
    folder = ROOT / "src" / "duemani" / "weights"
    for model in folder.iterdir():
        assert (model / "LICENSE.txt").read_text().strip(), model.name
        assert "LICENSE.txt" in (model / "CARD.md").read_text(), model.name


def test_the_readme_names_every_verb_and_suffix() -> None:
    text = (ROOT / "README.md").read_text()
    for word in ("duemani perform", "duemani transcribe", ".html", ".glb", ".mp4"):
        assert word in text


@pytest.mark.parametrize("name", ["fingering", "perform", "pieces", "real_hands", "second_piano"])
def test_benchmarks_import(name: str) -> None:
    assert importlib.import_module(f"benchmarks.{name}").__doc__
