"""Which parts of a score are for a keyboard."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

from duemani.errors import InputError
from duemani.inputs.score.document import ScoreDocument
from duemani.inputs.score.page.bars import Page
from duemani.inputs.score.page.clean import plain_copy
from duemani.inputs.score.players.heads import PartHead


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


def choose_parts(
    parts: list[Any], heads: Sequence[PartHead], remarks: list[str], only_keyboards: bool
) -> list[Any]:
    """The keyboard parts; all parts where none looks like one, or a complaint.

    Args:
        parts: partitura's.
        heads: of the document's parts.
        remarks: gets one sentence more for what is left out.
        only_keyboards: refuse parts that are plainly for something else.

    Raises:
        InputError: `only_keyboards`, and there are parts for other instruments only.
    """
    by_id = {head.part_id: head for head in heads}
    known = [(part, by_id.get(part.id, PartHead(part.id))) for part in parts if part.notes]
    keyboards = [
        part
        for part, head in known
        if head.instrument == "keyboard" or (head.instrument == "" and head.staves > 1)
    ]
    if known and not keyboards:
        keyboards = [part for part, head in known if head.instrument == ""]
        names = ", ".join(dict.fromkeys(head.name.strip() or "unnamed" for _, head in known))[:100]
        # Two nameless staves are two hands; more are an ensemble.
        if not 1 <= len(keyboards) <= 2:
            if only_keyboards:
                raise InputError(f"no part is for a keyboard ({names}); a piano part is accepted.")
            remarks.append(f"No part is for a keyboard ({names}): all is played on one piano.")
            return [part for part, _ in known]
    if len(keyboards) < len(known):
        chosen = {id(part) for part in keyboards}
        others = dict.fromkeys(
            head.name.strip() or "unnamed" for part, head in known if id(part) not in chosen
        )
        left_out = ", ".join(others)[:100]
        remarks.append(
            f"{len(known) - len(keyboards)} parts other than keyboards left out ({left_out})."
        )
    return keyboards
