"""Verovio in a process of its own: what it aborts on or never ends with costs one sentence.

Run as a program, it reads `{"options": …, "document": …}` and writes a list of pages, JSON both.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from xml.sax.saxutils import escape

from duemani.errors import InputError

MOST_SEC = 60.0
_MOST_BYTES = 1_900_000_000
_TAG = re.compile(r"""<[^\s<>"'!?/](?:[^<>"']|"[^"]*"|'[^']*')*>""")
_ID = re.compile(r"""(?<=\sid)(\s*=\s*)("[^"]*"|'[^']*')""")
_NO_MARKUP = re.compile(r"<!--.*?-->|<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)


def engraved_pages(document: str, options: dict[str, object], title: str) -> list[str]:
    """A MusicXML document as SVG pages.

    Raises:
        InputError: Verovio cannot engrave this notation, or not within a minute and 1.9 GB.
    """
    order = json.dumps({"options": options, "document": with_plain_ids(document)})
    command = [sys.executable, "-c", f"from {__name__} import _main; _main()"]
    environment_path = json.dumps([path for path in sys.path if path])
    command[2] = f"import sys; sys.path[:] = {environment_path}; {command[2]}"
    try:
        done = subprocess.run(command, input=order.encode(), capture_output=True, timeout=MOST_SEC)
    except subprocess.TimeoutExpired:
        raise InputError(
            f"{title}: engraving this notation takes more than {MOST_SEC:.0f} s;"
            " .musicxml, .json and .mid are accepted as output."
        ) from None
    pages: list[str] = json.loads(done.stdout) if done.returncode == 0 else []
    if not pages:
        raise InputError(
            f"{title}: this notation cannot be engraved; .musicxml, .json and .mid are"
            " accepted as output."
        )
    return pages


def with_plain_ids(document: str) -> str:
    """The document with other ids where they hold quotes, spaces and the like.

    Verovio writes ids into XPath expressions, and ends the process where that breaks one.
    """
    plain: dict[str, str] = {}

    def renamed(found: re.Match[str]) -> str:
        name = found[2][1:-1]
        if _PLAIN.fullmatch(name):
            return found[0]
        return f'="{plain.setdefault(name, f"plain-id-{len(plain)}")}"'

    return in_tags(_ID, renamed, document)


def in_tags(
    pattern: re.Pattern[str], new: str | Callable[[re.Match[str]], str], document: str
) -> str:
    """`pattern.sub` in the start tags of XML without comments and CDATA; text stays as it is."""
    return _TAG.sub(lambda tag: pattern.sub(new, tag[0]), document)


def with_plain_text(document: str) -> str:
    """The document without comments, its CDATA as escaped text: no `<` is left but a tag's."""
    return _NO_MARKUP.sub(lambda found: escape(found[1] or ""), document)


def _main() -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    order = json.loads(sys.stdin.buffer.read())
    toolkit = verovio.toolkit()
    toolkit.setOptions(order["options"])
    pages: list[str] = []
    if toolkit.loadData(order["document"]):
        pages = [toolkit.renderToSVG(page + 1) for page in range(toolkit.getPageCount())]
    sys.stdout.buffer.write(json.dumps(pages).encode())
