"""MusicXML files opened safely: bounded size, no external entities, UTF-8 out."""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from pathlib import Path
from xml.parsers import expat

from duemani.errors import InputError
from duemani.files import read_limited

SCORE_SUFFIXES = (".musicxml", ".mxl", ".xml")
MAX_FILE_BYTES = 64_000_000
MAX_RATIO = 200
MAX_ENTRIES = 1000
MAX_NOTES = 60_000
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
}
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xef\xbb\xbf", "utf-8"),
)
_CONTAINER = "META-INF/container.xml"
_MOST_CONTAINER_BYTES = 100_000


def packed_document(path: Path) -> tuple[bytes, bytes, str]:
    """The document in a score file as it is, the archive it came in, and its name there.

    Raises:
        InputError: the file is missing, too large (64 MB, also unpacked), packed beyond 200 : 1, or
            holds no score.
    """
    if path.suffix.lower() not in SCORE_SUFFIXES:
        raise InputError(f"{path.name} is no score: {', '.join(SCORE_SUFFIXES)} are accepted.")
    data = read_limited(path, MAX_FILE_BYTES)
    if data[:2] == b"PK":
        score, entry = _unpack(data, path.name)
        return score, data, entry
    return data, b"", ""


def _unpack(data: bytes, name: str) -> tuple[bytes, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            size = sum(entry.file_size for entry in entries.values())
            if (
                len(entries) > MAX_ENTRIES
                or size > MAX_FILE_BYTES
                or size > MAX_RATIO * max(len(data), 1)
            ):
                raise InputError(f"{name} unpacks to more than 64 MB or over 200 times its size.")
            chosen = _score_entry(archive, list(entries))
            if chosen is None:
                raise InputError(f"{name} holds no MusicXML score.")
            # The sizes that the archive states may lie: read no more than they promise.
            with archive.open(chosen) as packed:
                score = packed.read(MAX_FILE_BYTES + 1)
    except InputError:
        raise
    # zipfile raises BadZipFile, zlib.error, RuntimeError (encrypted), NotImplementedError, KeyError
    except Exception as error:
        raise InputError(f"{name} is a broken .mxl archive.") from error
    if len(score) > MAX_FILE_BYTES:
        raise InputError(f"{name} unpacks to more than 64 MB, the most accepted.")
    return score, chosen


def _score_entry(archive: zipfile.ZipFile, names: list[str]) -> str | None:
    """The score that the container names, or the only one that there is.

    Raises:
        InputError: several scores, and no container says which.
    """
    if _CONTAINER in names:
        with archive.open(_CONTAINER) as file:
            container = file.read(_MOST_CONTAINER_BYTES)
        for named in _rootfiles(container):
            if named in names:
                return named
    scores = [name for name in names if _may_be_score(name)]
    # Of several the one at the top is meant, if there is only one.
    shallow = min((name.count("/") for name in scores), default=0)
    top = [name for name in scores if name.count("/") == shallow]
    if len(top) > 1:
        shown = ", ".join(top[:5])
        raise InputError(f"the archive holds several scores ({shown}) and does not say which.")
    return top[0] if top else None


def _rootfiles(container: bytes) -> list[str]:
    """Paths that a container names, scores before renditions of them."""
    found: list[tuple[bool, str]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "rootfile" and (path := attributes.get("full-path")):
            media = attributes.get("media-type", "musicxml")
            found.append(("musicxml" not in media and "xml" not in media, path.lstrip("/")))

    def refuse(*_: object) -> None:
        raise ValueError("a container that declares entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EntityDeclHandler = refuse
    # What a broken container names before it breaks is as good.
    with contextlib.suppress(expat.ExpatError, ValueError):
        parser.Parse(container, True)
    return [path for _, path in sorted(found, key=lambda one: one[0])]


def _may_be_score(name: str) -> bool:
    """A score by its name; not a container, nor what Finder adds to archives."""
    folders, _, last = name.rpartition("/")
    hidden = last.startswith(".") or {"META-INF", "__MACOSX"} & set(folders.split("/"))
    return last.lower().endswith((".xml", ".musicxml")) and not hidden


def decoded_document(data: bytes, name: str) -> tuple[str, str, bytes]:
    """Text of a document, the encoding to write it in again, and its byte order mark.

    Only encodings in which markup cannot hide are accepted.

    Raises:
        InputError: another encoding, or the text is not in the one declared.
    """
    mark, encoding = b"", ""
    for found, named in _BYTE_ORDER_MARKS:
        if data.startswith(found):
            mark, encoding = found, named
            break
    else:
        declared = re.search(rb"^\s*<\?xml\b[^>]*\bencoding\s*=\s*[\"']([^\"']+)", data[:400])
        stated = declared.group(1).decode("ascii", "replace").lower() if declared else "utf-8"
        if stated not in _ENCODINGS:
            raise InputError(f"{name} is encoded as {stated[:20]}; UTF-8 or UTF-16 is accepted.")
        encoding = _ENCODINGS[stated]
    try:
        return data[len(mark) :].decode(encoding), encoding, mark
    except UnicodeError as error:
        raise InputError(f"{name} is not text in the encoding it declares.") from error
