"""Pictures and a table of real scores with fingers: for looking at, and for the round trip.

DUEMANI_SCORES=folder python -m benchmarks.engraving OUT [all|sparse]

For every score of the folder: OUT/NAME-1.png … (A4 pages as printed), and a row of what was done:
notes, fingers printed, seconds to choose and to engrave, chords out of reach, and whether the
MusicXML with fingers is the original but for them.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np

from duemani.errors import InputError
from duemani.inputs.score.document import open_document
from duemani.inputs.score.file import SCORE_SUFFIXES
from duemani.outputs.fingered import Fingered
from duemani.outputs.score.engraving import engrave, typeset
from duemani.outputs.score.sparse_fingers import sparse
from duemani.verbs.finger import finger, save_fingered

_MOST_PAGES = 3
_ADDED = re.compile(
    rb'\s*<fingering>[1-5]</fingering>(?:<fingering substitution="yes">[1-5]</fingering>)?'
)
_EMPTIED = re.compile(rb"\s*<(technical|notations)></\1>")


def _round_trip(source: Path, fingered: Fingered) -> bool:
    """Whether taking out the added fingers gives the very document that was there."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"out{source.suffix}"
        save_fingered(out, fingered, "all")
        after, before = open_document(out), open_document(source)
        if source.suffix == ".mxl":
            with zipfile.ZipFile(out) as one, zipfile.ZipFile(source) as other:
                if one.namelist() != other.namelist():
                    return False

    def bare(text: bytes) -> bytes:
        return _EMPTIED.sub(b"", _EMPTIED.sub(b"", _ADDED.sub(b"", text)))

    return bare(after.text) == bare(before.text) and len(after.text) > len(before.text)


def _row(source: Path, out: Path, sparsely: bool) -> str:
    began = time.perf_counter()
    try:
        fingered = finger(source)
    except InputError as error:
        return f"{source.name}: {error}"
    chosen = time.perf_counter()
    shown = sparse(fingered) if sparsely else np.ones(len(fingered.notes), bool)
    pages = engrave(fingered, shown)
    engraved = time.perf_counter()
    for number, picture in enumerate(typeset(pages[:_MOST_PAGES], fingered.title, "png")):
        (out / f"{source.stem}-{number + 1}.png").write_bytes(picture)
    figures = (
        f"{len(fingered.notes):6d} {int(shown.sum()):8d}"
        f" {chosen - began:8.2f} {engraved - chosen:8.2f}"
        f" {len(pages):6d} {len(fingered.fingering.unreachable):6d}"
        f" {'yes' if _round_trip(source, fingered) else 'NO':>10s}"
    )
    told = "".join(f"\n    {remark}" for remark in fingered.remarks)
    return f"{source.name[:36]:36s} {figures}{told}"


def main() -> None:
    folder = os.environ.get("DUEMANI_SCORES", "")
    if not folder or not Path(folder).is_dir():
        raise SystemExit("set DUEMANI_SCORES to a folder of scores (.musicxml, .xml, .mxl).")
    if len(sys.argv) < 2:
        raise SystemExit("usage: python -m benchmarks.engraving OUT [all|sparse]")
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    sparsely = sys.argv[2:] != ["all"]
    heads = ("notes", "printed", "chosen", "engraved", "pages", "far", "round trip")
    widths = (6, 8, 8, 8, 6, 6, 10)
    print(" " * 36, *(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True)))
    for source in sorted(Path(folder).iterdir()):
        if source.suffix.lower() in SCORE_SUFFIXES:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                print(_row(source, out, sparsely), flush=True)


if __name__ == "__main__":
    main()
