"""Templates of pages, and how they are filled.

`hatch_build.py` builds them from `web/` into `assets/`. Nothing filled in can run: data stand in
inert blocks, and a template's content security policy lets only its own script run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from duemani.errors import InputError
from duemani.files import replacing

_PLACEHOLDER = re.compile(r"__DUEMANI_([A-Z]+)__")


def template_text(name: str) -> str:
    """A page's template, as `hatch_build.py` makes it.

    Raises:
        InputError: it was not built.
    """
    template = files("duemani") / "assets" / name
    if not template.is_file():
        raise InputError(
            "the page's template is missing from this installation: install duemani again with "
            "pip, which builds it."
        )
    return template.read_text(encoding="utf-8")


def json_block(value: Mapping[str, object]) -> str:
    """JSON that cannot end the script element that it stands in, nor open a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def save_filled(path: Path, template: str, parts: Mapping[str, str]) -> None:
    """Write a page; the file appears whole or not at all.

    Args:
        path: the `.html` file.
        template: its file name in `assets/`.
        parts: what takes the place of each `__DUEMANI_NAME__`, by NAME: markup, base64 or
            `json_block`. What stands in a part is never taken for a placeholder.

    Raises:
        InputError: the template was not built, or `path` cannot be written.
    """
    pieces = _PLACEHOLDER.split(template_text(template))
    # A file name that is not valid Unicode may arrive as a title; its odd bytes become "?".
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="replace", newline="\n") as file,
    ):
        for index, piece in enumerate(pieces):
            file.write(parts[piece] if index % 2 else piece)
