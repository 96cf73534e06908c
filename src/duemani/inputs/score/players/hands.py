"""Who plays every written note: which pianist, with which hand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from duemani.inputs.part_names import named_hands, names_duettist, player_name
from duemani.inputs.score.document import ScoreDocument
from duemani.inputs.score.players.cross_staff import PlacedNote, hands_of_staves
from duemani.inputs.score.players.heads import PartHead
from duemani.performance import LEFT, RIGHT, UNKNOWN_HAND


@runtime_checkable
class Placed(Protocol):
    """What is needed of a written note."""

    @property
    def number(self) -> int:
        """Number of its `<note>`, -1 for none."""
        ...

    @property
    def onset_quarter(self) -> float:
        """When it begins."""
        ...

    @property
    def duration_quarter(self) -> float:
        """How long it lasts."""
        ...

    @property
    def pitch(self) -> int:
        """MIDI number."""
        ...


@dataclass(frozen=True)
class Role:
    """Who plays a note.

    Attributes:
        player: number of the pianist, from 0.
        hand: 0 left, 1 right, -1 where nothing tells.
    """

    player: int = 0
    hand: int = UNKNOWN_HAND


def roles(
    document: ScoreDocument,
    heads: Sequence[PartHead],
    notes: Sequence[Placed],
    bars_quarter: Sequence[float],
    remarks: list[str],
) -> dict[int, Role]:
    """Who plays each `<note>`, by its number.

    Names of hands come first ("Left Hand", "m.d."), then the staves that a part declares, then two
    parts of one staff each. Each part with two hands is a pianist of its own; parts for one hand
    are shared by as many as their names tell.

    Args:
        document: the score.
        heads: of its parts.
        notes: those that are played, every one once.
        bars_quarter: where its bars begin.
        remarks: gets one sentence more where hands are a guess.
    """
    by_part: dict[int, list[Placed]] = {}
    for note in notes:
        if note.number >= 0:
            by_part.setdefault(document.notes[note.number].part, []).append(note)
    named = named_hands({part: heads[part].name for part in by_part})
    players = _players({part: heads[part] for part in sorted(by_part)}, named)
    found: dict[int, Role] = {}
    guesses: list[float] = []
    for player, parts in enumerate(players):
        sides = _hands_of_parts({part: by_part[part] for part in parts}, named)
        for part in parts:
            hands = {note.number: sides.get(part, UNKNOWN_HAND) for note in by_part[part]}
            if part not in named and heads[part].staves > 1:
                hands, unsure = hands_of_staves(_placed(document, by_part[part]))
                guesses += unsure
            found |= {number: Role(player, hand) for number, hand in hands.items()}
    if guesses:
        bars = sorted({max(bisect_right(bars_quarter, at + 1e-6), 1) for at in guesses})
        names = document.names_of_bars(bars[-1])
        told = ", ".join(names[bar - 1] for bar in bars[:8]) + (" …" if len(bars) > 8 else "")
        remarks.append(
            f"A voice goes over to the other staff while that staff's hand rests (bar {told}):"
            " which hand plays it there is a guess."
        )
    return found


def _players(heads: Mapping[int, PartHead], named: Mapping[int, int]) -> list[list[int]]:
    """The parts of each pianist."""
    alone = [part for part, head in heads.items() if head.staves > 1 and part not in named]
    groups: dict[int, list[int]] = {}
    for part, head in heads.items():
        if part not in alone:
            groups.setdefault(player_name(head.name), []).append(part)
    shared = list(groups.values())
    # "Piano 1" and "Piano 2" of one staff each are one pianist's two hands.
    duet = any(names_duettist(head.name) for head in heads.values())
    if len(shared) == 2 and all(len(parts) == 1 for parts in shared) and not alone and not duet:
        shared = [[part for parts in shared for part in parts]]
    return sorted([*([part] for part in alone), *shared])


def _hands_of_parts(
    parts: Mapping[int, Sequence[Placed]], named: Mapping[int, int]
) -> dict[int, int]:
    """Hands of one pianist's parts of one hand each: by name, else the higher of two is right."""
    sides = {part: named[part] for part in parts if part in named}
    if len(parts) == 2 and len(sides) == 1:
        ((_, side),) = sides.items()
        (other,) = set(parts) - set(sides)
        return {**sides, other: LEFT + RIGHT - side}
    if sides or len(parts) != 2:
        return sides
    first, second = parts
    means = [sum(note.pitch for note in parts[part]) / len(parts[part]) for part in parts]
    higher = first if means[0] >= means[1] else second
    return {first: LEFT, second: LEFT, higher: RIGHT}


def _placed(document: ScoreDocument, notes: Sequence[Placed]) -> list[PlacedNote]:
    heads = [at for at, note in enumerate(document.notes) if not note.element.all("chord")]
    out: list[PlacedNote] = []
    for note in notes:
        element = document.notes[note.number].element
        staff = document.inner_text(element, "staff")
        out.append(
            PlacedNote(
                number=note.number,
                chord=heads[max(bisect_right(heads, note.number) - 1, 0)],
                onset_quarter=note.onset_quarter,
                end_quarter=note.onset_quarter + note.duration_quarter,
                pitch=note.pitch,
                side=RIGHT if staff in ("", "1") else LEFT,
                voice=document.inner_text(element, "voice") or "1",
            )
        )
    return out
