"""Which parts of a score are for a keyboard, and in which order their bars are played."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any

from duemani.errors import InputError
from duemani.inputs.score.document import ScoreDocument
from duemani.inputs.score.page.bars import Page
from duemani.inputs.score.page.clean import plain_copy

_KEYBOARD = re.compile(
    r"piano|klavier|keyboard|harpsichord|cembalo|clavi|organ|celesta|pno", re.IGNORECASE
)
_OTHERS = re.compile(
    r"voice|vocal|voix|stimme|soprano|\balto|tenor|bariton|\bbass\b|choir|chor|violin|viola|cello"
    r"|contrabass|flute|fl[öo]te|oboe|clarinet|klarinette|bassoon|fagott|horn|trumpet|trombone"
    r"|tuba|saxo|guitar|drum|percussion|timpani|cymbal|marimba|xylophon|vibraphon",
    re.IGNORECASE,
)


def parse_parts(document: ScoreDocument, page: Page) -> list[Any]:
    """The parts that partitura reads in a document, every note named as `tagged` does.

    Raises:
        InputError: it cannot be read.
    """
    # Importing partitura takes 2-3 s: only those who read a score pay for it.
    import partitura

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load: Any = partitura.load_musicxml  # its stubs know paths only
            score = load(io.BytesIO(plain_copy(page)), force_note_ids="keep")
        return list(score.parts)
    except (Exception, SystemExit) as error:
        raise InputError(f"{document.name} is broken MusicXML: it cannot be read.") from error


def all_of(part: Any, name: str) -> list[Any]:
    """Every object of a class of partitura's in a part."""
    import partitura.score as ps

    return list(part.iter_all(getattr(ps, name), include_subclasses=True))


def part_name(part: Any) -> str:
    """Its name and abbreviation."""
    return f"{part.part_name or ''} {part.part_abbreviation or ''}"


def _looks_like_keyboard(part: Any) -> bool:
    return bool(_KEYBOARD.search(part_name(part))) or staves_of(part) >= 2


def staves_of(part: Any) -> int:
    """On how many staves it has notes."""
    return len({note.staff for note in part.notes if note.staff})


def choose_parts(parts: list[Any], remarks: list[str], only_keyboards: bool) -> list[Any]:
    """The keyboard parts; all parts where none looks like one, or a complaint.

    Raises:
        InputError: `only_keyboards`, and there are parts for other instruments only.
    """
    parts = [part for part in parts if part.notes]
    keyboards = [part for part in parts if _looks_like_keyboard(part)]
    if only_keyboards and parts and not keyboards:
        keyboards = [part for part in parts if not _OTHERS.search(part_name(part))]
        # Two nameless staves are two hands; more are an ensemble.
        if not 1 <= len(keyboards) <= 2:
            names = ", ".join(dict.fromkeys(part_name(part).strip() or "unnamed" for part in parts))
            raise InputError(
                f"no part is for a keyboard ({names[:100]}); a piano part is accepted."
            )
    if len(keyboards) < len(parts):
        if keyboards:
            remarks.append(f"{len(parts) - len(keyboards)} parts other than keyboards left out.")
        elif len(parts) > 1:
            remarks.append(f"No keyboard part found: all {len(parts)} parts are played together.")
    return keyboards or parts
