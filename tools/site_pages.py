"""Hooks of the documentation site (mkdocs.yml): pages that live elsewhere in the repository.

The model cards, SECURITY.md and the changelog stay where they are and become pages; links to them
are turned to those pages. Links to other files of the repository become plain text, as the site
stands alone.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def outside_pages() -> dict[str, Path]:
    """Files outside docs/ that become pages, by the page's name."""
    cards = (ROOT / "src" / "duemani" / "weights").glob("*/CARD.md")
    pages = {f"cards/{card.parent.name}.md": card for card in sorted(cards)}
    return {**pages, "security.md": ROOT / "SECURITY.md", "changelog.md": ROOT / "CHANGELOG.md"}


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages that live outside docs/."""
    for name, path in outside_pages().items():
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turns links that leave docs/ to the page made of their target, or into text."""
    homes = {path: name for name, path in outside_pages().items()}
    source = source_of(page.file.src_uri)

    def turned(link: re.Match[str]) -> str:
        text, target, anchor = link[1], link[2], link[3] or ""
        if "://" in target:
            return link[0]
        path = Path(os.path.normpath(source.parent / target))
        if path in homes:
            here = PurePosixPath(page.file.src_uri).parent.as_posix()
            return f"[{text}]({os.path.relpath(homes[path], here)}{anchor})"
        return link[0] if path.is_relative_to(ROOT / "docs") else text

    return _LINK.sub(turned, markdown)


def source_of(name: str) -> Path:
    """The file that a page is made of."""
    return outside_pages().get(name, ROOT / "docs" / name)
