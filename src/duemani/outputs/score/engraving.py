"""A fingered score engraved: SVG pages by Verovio, PDF of them by Typst."""

from __future__ import annotations

import json
import re
import tempfile
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool

from duemani.files import as_name, replacing
from duemani.outputs.fingered import Fingered
from duemani.outputs.score.engraver import engraved_pages, in_tags, with_plain_text
from duemani.outputs.score.engraver_finish import finished
from duemani.outputs.score.engraver_needs import with_beams, with_staves
from duemani.outputs.score.musicxml_fingers import engraver_document

_MUSIC_FONT = "DuemaniMusic"
# Tenths of a millimetre: A4, a staff 7.2 mm high.
_PAPER = {
    "pageWidth": 2100,
    "pageHeight": 2970,
    "pageMarginLeft": 120,
    "pageMarginRight": 120,
    "pageMarginTop": 120,
    "pageMarginBottom": 120,
    "justifyVertically": True,
}
_TIGHT = {
    "pageMarginLeft": 10,
    "pageMarginRight": 10,
    "pageMarginTop": 20,
    "pageMarginBottom": 30,
}
_LOOK = {
    "scale": 40,
    "footer": "none",
    "svgViewBox": True,
    "fingeringScale": 0.8,
    # Words of tempo, rehearsal marks and bar numbers stay off what lies below them.
    "defaultBottomMargin": 1.2,
    # Some PDF and SVG readers set the indentation between text elements as spaces.
    "svgFormatRaw": True,
    "svgAdditionalAttribute": ["fing@startid"],
}
_ID = re.compile(r' id="dm-(\d+)"')
_START_ID = re.compile(r' data-startid="#dm-(\d+)"')
_VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_PAGE_TYPST = "#set page(width: 210mm, height: 297mm, margin: 0mm)\n#set document(title: %s)\n"


Layout = Literal["pages", "sheet", "systems"]
"""A4 pages, one sheet as high as it needs to be, or one picture a system."""


def engrave(
    fingered: Fingered,
    shown: Bool[np.ndarray, " note"],
    layout: Layout = "pages",
    width_mm: float = 210.0,
) -> list[str]:
    """The score as SVG, one text a page, sheet or system.

    Notes keep the ids of `engraver_document`; a finger's group names its note in `data-startid`.

    Args:
        fingered: a piece with notation.
        shown: which notes get a finger.
        layout: how it is cut. A sheet carries its music font with it; pages and systems need one
            named Leipzig around them.
        width_mm: of sheet and systems.

    Raises:
        InputError: Verovio cannot engrave this notation.
    """
    return engrave_text(engraver_document(fingered, shown), fingered.title, layout, width_mm)


def engrave_text(
    document: bytes, title: str, layout: Layout = "pages", width_mm: float = 210.0
) -> list[str]:
    """`engrave` for a MusicXML document (UTF-8) whose notes have their ids and fingers already.

    Raises:
        InputError: Verovio cannot engrave this notation.
    """
    # Ids stay unique where systems of two widths stand in one page, and equal from run to run.
    sheet: dict[str, object] = {"xmlIdSeed": round(width_mm)}
    if layout == "pages":
        sheet |= _PAPER
    else:
        sheet |= {"pageWidth": round(10 * width_mm), "adjustPageHeight": True}
        sheet |= {"pageHeight": 60_000}
    if layout == "systems":
        sheet |= {"systemMaxPerPage": 1, "header": "none"} | _TIGHT
    sheet["smuflTextFont"] = "embedded" if layout == "sheet" else "none"
    plain = with_plain_text(document.decode("utf-8")).encode()
    text = with_beams(with_staves(plain)).decode()
    return [finished(page) for page in engraved_pages(text, _LOOK | sheet, title)]


def for_page(system: str) -> str:
    """An engraved system whose notes are `data-note`, their fingers `data-of`, by number."""
    return in_tags(_ID, r' data-note="\1"', in_tags(_START_ID, r' data-of="\1"', system))


def save_svg(path: Path, fingered: Fingered, shown: Bool[np.ndarray, " note"]) -> None:
    """Write the score as one sheet, as high as it needs to be.

    Raises:
        InputError: the notation cannot be engraved, or the file cannot be written.
    """
    sheet = one_sheet(engrave(fingered, shown, "sheet"))
    with replacing(path) as temporary:
        temporary.write_text(sheet, encoding="utf-8")


def one_sheet(pages: list[str]) -> str:
    """Pages below each other in one SVG."""
    if len(pages) == 1:
        return pages[0]
    sizes = [_VIEW_BOX.search(page) for page in pages]
    heights = [float(size[2]) if size else 0.0 for size in sizes]
    width = max(float(size[1]) if size else 0.0 for size in sizes)
    placed = "".join(
        page.replace("<svg ", f'<svg y="{sum(heights[:at]):g}" width="{width:g}" ', 1).replace(
            'width="', f'height="{heights[at]:g}" width="', 1
        )
        for at, page in enumerate(pages)
    )
    size = f"{width:g} {sum(heights):g}"
    return f'<svg viewBox="0 0 {size}" xmlns="http://www.w3.org/2000/svg">{placed}</svg>'


def save_pdf(path: Path, fingered: Fingered, shown: Bool[np.ndarray, " note"]) -> None:
    """Write the score as one PDF of A4 pages, all of it vectors and text.

    Raises:
        InputError: the notation cannot be engraved, or the file cannot be written.
    """
    (made,) = typeset(engrave(fingered, shown), fingered.title, "pdf")
    with replacing(path) as temporary:
        temporary.write_bytes(made)


def typeset(
    pages: list[str], title: str, made_as: Literal["pdf", "png"], ppi: float = 110.0
) -> list[bytes]:
    """Engraved pages as one PDF, or as one picture a page (`ppi` pixels an inch)."""
    import typst

    title = json.dumps(as_name(title), ensure_ascii=False)
    with tempfile.TemporaryDirectory() as folder:
        source = _PAGE_TYPST % title
        for number, page in enumerate(pages):
            # Typst knows no embedded fonts; the one beside this file has the same glyphs.
            page = page.replace('font-family="Leipzig"', f'font-family="{_MUSIC_FONT}"')
            (Path(folder) / f"{number}.svg").write_text(page, encoding="utf-8")
            source += f'#image("{number}.svg", width: 100%)\n'
        main = Path(folder) / "score.typ"
        main.write_text(source, encoding="utf-8")
        with resources.as_file(resources.files("duemani") / "outputs" / "fonts") as fonts:
            made: bytes | list[bytes] = typst.compile(
                str(main),
                font_paths=[str(fonts)],
                ignore_system_fonts=True,
                format=made_as,
                ppi=ppi,
            )
    return made if isinstance(made, list) else [made]
