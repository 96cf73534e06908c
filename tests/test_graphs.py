"""The networks' runtime is opened in one place, silenced; so are users' films and recordings."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src" / "duemani").rglob("*.py"))


def names_imported(path: Path) -> set[str]:
    names = set[str]()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_one_module_imports_the_runtime_and_silences_it_before() -> None:
    importers = [path.parts[-2:] for path in SOURCES if "onnxruntime" in names_imported(path)]
    assert importers == [("graphs", "open.py")]
    text = (ROOT / "src" / "duemani" / "graphs" / "open.py").read_text()
    switch, imported = text.index('os.environ["ORT_DISABLE_TELEMETRY"] = "1"'), "\nimport onnxrun"
    assert switch < text.index(imported)


def reads_by_ffmpeg(path: Path) -> bool:
    """Whether a module has FFmpeg open a file that is not the package's own."""
    return any(
        ast.unparse(call.func) == "av.open"
        and "'w'" not in map(ast.unparse, call.args)
        and "bundled_path" not in ast.unparse(call.args[0])
        for call in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(call, ast.Call)
    )


def test_users_films_are_opened_in_one_place() -> None:
    # Only there has FFmpeg no leave to open what a file names: other files, or the network.
    assert [path.parts[-2:] for path in SOURCES if reads_by_ffmpeg(path)] == [("media", "file.py")]
