"""One self-contained page: the score, its fingers by confidence, and why each was chosen.

The template is built from `web/finger.html` into `assets/finger.html`; this module fills it.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from duemani.outputs.fingered import Fingered, alternatives, hand_name
from duemani.outputs.page.fingering_roll import roll_systems
from duemani.outputs.page.template import json_block, save_filled
from duemani.outputs.score.engraving import engrave, for_page
from duemani.outputs.score.sparse_fingers import sparse

PAGE_FORMAT = "duemani.finger_page/1"
# Width of the systems for a desk and for a phone.
_WIDE_MM, _NARROW_MM = 210.0, 88.0
_FONT = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)


def save_page(path: Path, fingered: Fingered, shown: Bool[np.ndarray, " note"], count: int) -> None:
    """Write the page. It needs no network, prints, and works by keyboard and on a phone.

    Args:
        path: file to write.
        fingered: the piece; without notation its notes are drawn as a roll.
        shown: fingers shown at first; the page can show all.
        count: most fingers told a note.

    Raises:
        InputError: the page's template was not built, the notation cannot be engraved, or the file
            cannot be written.
    """
    everywhere = np.ones(len(fingered.notes), bool)
    wide, narrow = (_systems(fingered, everywhere, width) for width in (_WIDE_MM, _NARROW_MM))
    parts = {
        "TITLE": html.escape(fingered.title),
        "REMARKS": "".join(f"<li>{html.escape(remark)}</li>" for remark in fingered.remarks),
        "WIDE": wide,
        "NARROW": narrow,
        "FONT": _music_font() if 'font-family="Leipzig"' in wide else "",
        "DATA": json_block(_content(fingered, shown, count)),
    }
    save_filled(path, "finger.html", parts)


def _systems(fingered: Fingered, shown: Bool[np.ndarray, " note"], width_mm: float) -> str:
    if fingered.document is None:
        drawn = roll_systems(fingered, width_mm)
    else:
        drawn = [for_page(system) for system in engrave(fingered, shown, "systems", width_mm)]
    return "".join(f'<div class="system">{system}</div>' for system in drawn)


def _music_font() -> str:
    """Verovio's music font as a style element."""
    import verovio

    css = Path(verovio.__file__).parent / "data" / "Leipzig.css"
    found = _FONT.search(css.read_text(encoding="utf-8"))
    return f"<style>{found[0]}</style>" if found else ""


def _content(fingered: Fingered, shown: Bool[np.ndarray, " note"], count: int) -> dict[str, Any]:
    far = {at for group in fingered.fingering.unreachable for at in group}
    numbers = range(len(fingered.notes)) if fingered.numbers is None else fingered.numbers
    needed = sparse(fingered)
    notes = {}
    for at, number in enumerate(numbers):
        row = fingered.notes[at]
        notes[int(number)] = {
            "finger": int(row["finger"]),
            "then": int(fingered.fingering.substitution[at]),
            "hand": hand_name(int(row["hand"])),
            "pitch": fingered.note_name(at),
            "bar": int(fingered.bar[at]),
            "chances": [
                [finger, round(chance, 3)] for finger, chance in alternatives(fingered, at, count)
            ],
            "why": list(fingered.reasons[at]),
            "mark": fingered.marks[at],
            "given": bool(fingered.given[at]) and fingered.keep != "none",
            "needed": bool(needed[at]),
            "far": at in far,
        }
    return {
        "format": PAGE_FORMAT,
        "notes": notes,
        "order": [int(number) for number in numbers],
        "bars": [
            [name, round(float(hardness), 1)]
            for name, hardness in zip(fingered.bar_names, fingered.difficulty, strict=True)
        ],
        "unit": "bar" if fingered.document is not None else "from",
        "all": bool(shown.all()),
    }
