"""Ties, grace notes and visibility of the notes of a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from duemani.inputs.score.page.bars import PageBar


@dataclass(frozen=True)
class NoteSigns:
    """What decides whether a note is struck.

    Attributes:
        tied_on: a tie leads on from it.
        tied_before: a tie leads to it.
        unseen: a cue note, or one that nobody sees.
        staff: its staff, as written.
        times: in which rounds of a repeat it is played, empty for all.
    """

    tied_on: bool
    tied_before: bool
    unseen: bool
    staff: str
    times: frozenset[int]


@dataclass(frozen=True)
class Grace:
    """A grace note's place: 1 right before its principal note, 2 before that, and so on.

    Attributes:
        place: members of a grace chord share one.
        on_the_beat: it takes its time from the principal note (no slash, nothing said otherwise).
        principal: number of the principal note, None at the end of a bar or before a rest.
    """

    place: int
    on_the_beat: bool
    principal: int | None


def note_signs(note: Element) -> NoteSigns:
    """Signs of a `<note>`."""
    kinds = [one.get("type") for one in (*note.findall("tie"), *note.iterfind("notations/tied"))]
    head = (note.findtext("notehead") or "").strip()
    hidden = note.get("print-object") == "no" or head == "none"
    times = note.get("time-only", "").replace(",", " ").split()
    return NoteSigns(
        tied_on="start" in kinds or "continue" in kinds,
        tied_before="stop" in kinds or "continue" in kinds,
        unseen=hidden or note.find("cue") is not None,
        staff=(note.findtext("staff") or "1").strip(),
        times=frozenset(int(one) for one in times if one.isdecimal()),
    )


def grace_notes(bars: Iterable[PageBar]) -> dict[int, Grace]:
    """The grace notes of a part, by number."""
    found: dict[int, Grace] = {}
    for bar in bars:
        waiting: dict[str, list[list[tuple[int, Element]]]] = {}
        for placed in bar.placed:
            if placed.element.tag != "note":
                continue
            voice = (placed.element.findtext("voice") or "1").strip()
            groups = waiting.setdefault(voice, [])
            if placed.is_grace:
                if placed.in_chord and groups:
                    groups[-1].append((placed.number, placed.element))
                else:
                    groups.append([(placed.number, placed.element)])
            elif not placed.in_chord:
                principal = None if placed.pitch is None else placed.number
                found |= _placed(waiting.pop(voice), principal)
        for groups in waiting.values():
            found |= _placed(groups, None)
    return found


def _placed(groups: list[list[tuple[int, Element]]], principal: int | None) -> dict[int, Grace]:
    return {
        number: Grace(place, _on_the_beat(note), principal)
        for place, group in enumerate(reversed(groups), 1)
        for number, note in group
    }


def _on_the_beat(note: Element) -> bool:
    grace = note.find("grace")
    return (
        grace is not None and grace.get("slash") != "yes" and not grace.get("steal-time-previous")
    )
