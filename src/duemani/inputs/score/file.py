"""MusicXML files opened safely: bounded size, no external entities, UTF-8 out."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

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
_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]*\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]{0,1000}(\[|>)")
_ROOT = re.compile(r"<(?!!|\?)\s*([A-Za-z_][\w:.-]*)")
_METRONOME = re.compile(
    r"<metronome\b[^>]{0,300}>\s*<beat-unit>\s*([\w-]+)\s*</beat-unit>\s*((?:<beat-unit-dot\s*/>\s*)*)"
    r"<per-minute\b[^>]{0,300}>\D{0,20}(\d{1,4}(?:\.\d{1,4})?)"
)
_SOUND_TEMPO = re.compile(r"<sound\b[^>]{0,300}\btempo=")
_DIRECTION_END = "</direction>"
_QUARTERS = {"whole": 4, "half": 2, "quarter": 1, "eighth": 0.5, "16th": 0.25}
_ROOTFILE = re.compile(r"<rootfile\b[^>]*\bfull-path\s*=\s*[\"']([^\"']+)[\"']")


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


def readable(text: str, name: str) -> bytes:
    """A document as partitura reads it whole: no declaration or DOCTYPE, tempi spelled out.

    Raises:
        InputError: entities, no partwise score, or too many notes.
    """
    directions = checked_text(text, name).split(_DIRECTION_END)
    spelled = [*map(_with_sounding_tempo, directions[:-1]), directions[-1]]
    return _DIRECTION_END.join(spelled).encode("utf-8")


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
    if "META-INF/container.xml" in names:
        with archive.open("META-INF/container.xml") as file:
            container = file.read(100_000).decode("utf-8", errors="replace")
        found = _ROOTFILE.search(container)
        if found and found.group(1) in names:
            return found.group(1)
    scores = [name for name in names if name.lower().endswith((".xml", ".musicxml"))]
    return next((name for name in scores if not name.startswith("META-INF")), None)


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


def checked_text(text: str, name: str) -> str:
    """The document without declaration and DOCTYPE, if nothing in it is dangerous.

    Raises:
        InputError: entities, no partwise score, or too many notes.
    """
    text = _DECLARATION.sub("", text, count=1)
    # The first one only: a search through millions of them would take minutes.
    begin = text.find("<!DOCTYPE")
    doctype = _DOCTYPE.match(text, begin) if begin >= 0 else None
    if "<!ENTITY" in text or (doctype and doctype.group(1) == "["):
        raise InputError(f"{name} declares XML entities, which are not accepted.")
    if doctype:
        text = text[: doctype.start()] + text[doctype.end() :]
    root = _ROOT.search(re.sub(r"<!--.*?-->", "", text[:5000], flags=re.DOTALL))
    if root is None or root.group(1) != "score-partwise":
        raise InputError(f"{name} is no partwise MusicXML score (its root is not score-partwise).")
    if text.count("<note") > MAX_NOTES * 2 or text.count("<repeat") > 400:
        raise InputError(f"{name} holds more than {MAX_NOTES} notes or too many repeats.")
    return text


def _with_sounding_tempo(text: str) -> str:
    """Text that ends within a direction, its metronome mark spelled out as `<sound tempo>`.

    That is all that partitura reads.
    """
    start = max(text.rfind("<direction>"), text.rfind("<direction "), 0)
    mark = _METRONOME.search(text, start)
    if mark is None or mark[1] not in _QUARTERS or _SOUND_TEMPO.search(text, start):
        return text
    dots = mark[2].count("<")
    tempo = float(mark[3]) * _QUARTERS[mark[1]] * (2 - 0.5**dots)
    return f'{text}<sound tempo="{tempo:g}"/>'
