"""Templates of pages: built, closed to everything from outside, and filled with inert text."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duemani.errors import InputError
from duemani.outputs.page import template

BLOCKS = {
    "perform.html": {"TITLE", "DATA", "MOTION", "AUDIO"},
    "review.html": {"TITLE", "DATA", "SCORE", "SEEN", "PLAYED", "SUGGESTED", "MEDIA"},
    "finger.html": {"TITLE", "REMARKS", "WIDE", "NARROW", "FONT", "DATA"},
}
# Names of namespaces, which are never fetched.
NAMESPACES = {"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"}


@pytest.fixture(params=sorted(BLOCKS))
def page(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Without the built pages nothing here would test anything: `make setup` builds them."""
    return request.param, template.template_text(request.param)


def test_placeholders_are_those_that_python_fills(page: tuple[str, str]) -> None:
    name, text = page
    assert set(re.findall("__DUEMANI_([A-Z_]+)__", text)) == BLOCKS[name]
    assert text.count("__DUEMANI_DATA__") == 1


def test_policy_lets_only_the_pages_own_script_run(page: tuple[str, str]) -> None:
    _, text = page
    policy = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    scripts = re.findall(r'<script type="module"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert len(scripts) == 1
    digest = b64encode(sha256(scripts[0].encode()).digest()).decode()
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules
    # Other scripts are data: no browser runs a type that it does not know.
    kinds = set(re.findall('<script type="([^"]*)"', text))
    assert kinds <= {"module", "application/json", "application/octet-stream"}


def test_nothing_is_loaded_from_anywhere(page: tuple[str, str]) -> None:
    _, text = page
    assert set(re.findall(r"https?://[^\s\"'`<>)]*", text)) <= NAMESPACES
    assert not re.search(r"<link[^>]+href=\"(?!data:)|<(img|iframe)\b|@import|url\((?!data:)", text)
    assert len(text) < 1_500_000


@given(st.text(max_size=60))
def test_data_block_never_holds_markup(title: str) -> None:
    block = template.json_block({"title": title})
    assert not set("<>") & set(block)
    assert json.loads(block) == {"title": title}


def test_what_is_filled_in_is_no_placeholder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.html").write_text("<__DUEMANI_TITLE__|__DUEMANI_DATA__>")
    monkeypatch.setattr(template, "files", lambda _package: tmp_path)
    parts = {"TITLE": "__DUEMANI_DATA__ \\1", "DATA": "é\udcff"}
    template.save_filled(tmp_path / "page.html", "a.html", parts)
    assert (tmp_path / "page.html").read_bytes() == "<__DUEMANI_DATA__ \\1|é?>".encode()


def test_missing_template_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "files", lambda _package: tmp_path)
    with pytest.raises(InputError, match="install duemani again"):
        template.save_filled(tmp_path / "page.html", "perform.html", {})
    assert not list(tmp_path.iterdir())


def test_lock_file_names_no_registry() -> None:
    lock = Path(__file__).parents[3] / "web" / "package-lock.json"
    if not lock.is_file():
        pytest.skip("web/ is not here: tests run against an installed package")
    packages = {
        name: entry for name, entry in json.loads(lock.read_text())["packages"].items() if name
    }
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    for entry in packages.values():
        entry.pop("funding", None)  # where a package's makers ask for support
    text = json.dumps(packages)
    assert "http" not in text
    assert "resolved" not in text
