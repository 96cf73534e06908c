"""Whose notes are reviewed, where a take or a score has several pianists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from duemani.alignment.score import LEAST_NOTES, Alignment, align_to_score
from duemani.inputs.score.line import ScoreLine
from duemani.inputs.score.players.heads import part_heads
from duemani.inputs.score.written import WrittenPiece
from duemani.performance import UNKNOWN_FINGER, UNKNOWN_HAND, Performance
from duemani.verbs.read import Take, check_player, of_player
from duemani.verbs.review.material import Material

_SAME_STROKE_SEC = 0.06
_NEAR_QUARTERS = 1.0


@dataclass(frozen=True)
class Reviewed:
    """What is reviewed.

    Attributes:
        material: the take, without the notes of pianists who are not meant.
        pianists: how many play what is left.
        piece: the notes of the score that it is compared with, None without one that fits.
        alignment: the take laid along them.
    """

    material: Material
    pianists: int = 1
    piece: WrittenPiece | None = None
    alignment: Alignment | None = None


def players_take(take: Take, player: int | None) -> Take:
    """The notes of one pianist of a take, or of all as they are struck on one piano.

    Args:
        take: notes given for several pianists; others come back as they are.
        player: who is meant, from 1; None for all: a key that two strike at once is one stroke,
            and whose hand it was is not said.

    Raises:
        InputError: there is no such player.
    """
    if take.players < 2:
        return take
    if player is not None:
        return of_player(take, player, "reviewed")
    notes = take.performance.notes.copy()
    notes["hand"], notes["finger"] = UNKNOWN_HAND, UNKNOWN_FINGER
    last: dict[int, int] = {}
    kept: list[int] = []
    for at, note in enumerate(notes):
        before = last.get(int(note["pitch"]))
        if (
            before is not None
            and take.player[before] != take.player[at]
            and note["onset_sec"] - notes["onset_sec"][before] < _SAME_STROKE_SEC
        ):
            for name in ("release_sec", "velocity"):
                notes[name][before] = max(notes[name][before], note[name])
            continue
        last[int(note["pitch"])] = at
        kept.append(at)
    return replace(
        take,
        performance=Performance(notes[kept], take.performance.pedal),
        player=np.zeros(0, int),
        taking_over=np.zeros(0, int),
    )


def check_players(pieces: Sequence[WrittenPiece], score: Path | None, player: int | None) -> None:
    """Refuse a player whom a score for several pianists does not have.

    Raises:
        InputError: there are fewer.
    """
    if score is not None and player is not None and len(pieces) > 1:
        check_player(score.name, len(pieces) - 1, player)


def reviewed(
    material: Material, pieces: Sequence[WrittenPiece], score: Path | None, player: int | None
) -> Reviewed:
    """Lay a take along the notes of those who play it.

    Args:
        material: the take.
        pieces: the score as `read_for_takes` gives it, nothing without one.
        score: its file.
        player: whose notes are meant, from 1; None for those that the take holds.

    Raises:
        InputError: neither the take nor the score has such a player.
    """
    if player is not None and material.players < 2 and len(pieces) < 2:
        check_player(material.source.name, 1, player)
    given = material.players if player is None else 1
    if not pieces or score is None:
        return Reviewed(material, given)
    if len(pieces) > 1 and player is not None and material.players < 2:
        material = _without_others(material, pieces[0].line, pieces[player].line)
    if len(pieces) > 1:
        laid = _of_several(material.performance, pieces, score, player)
    else:
        laid = _Laid(pieces[0], align_to_score(material.performance, pieces[0].line), given)
    if laid.alignment.fits:
        said = tuple(one for one in (*material.assumptions, laid.told) if one)
        material = replace(material, assumptions=said)
        return Reviewed(material, max(laid.pianists, given), laid.piece, laid.alignment)
    why = f"{score.name} is not used: {_why_not(len(material.performance.notes), given)}"
    return Reviewed(replace(material, cannot_tell=(*material.cannot_tell, f"{why}.")), given)


def _why_not(notes: int, pianists: int) -> str:
    if notes < LEAST_NOTES:
        return (
            f"{notes} note{'s are' if notes > 1 else ' is'} too few to tell whether it is the score"
            f" of what was played; {LEAST_NOTES} are the least"
        )
    if pianists > 1:
        return (
            f"it is not the score of what {pianists} pianists played together (--player chooses"
            " one)"
        )
    return "it is not the score of what was played"


@dataclass(frozen=True)
class _Laid:
    """A take along the notes of so many pianists, and what to say about that."""

    piece: WrittenPiece
    alignment: Alignment
    pianists: int
    told: str = ""


def _of_several(
    take: Performance, pieces: Sequence[WrittenPiece], score: Path, player: int | None
) -> _Laid:
    """Along one pianist's notes or everybody's: as chosen, or what the take differs from least."""
    asked = range(len(pieces)) if player is None else [player]
    found = {number: align_to_score(take, pieces[number].line) for number in asked}
    fitting = [number for number in asked if found[number].fits] or asked
    # Of equals, one pianist: the others rest.
    best = min(fitting, key=lambda number: (_differences(found[number]), number == 0))
    told = f"{_for_players(score, pieces[1:])} the take is compared with "
    if best == 0:
        told += "the notes of all, and a key that two have at once is one stroke."
    elif player is None:
        told += f"the notes of player {best} alone, which it fits best."
    else:
        told += f"the notes of player {best} alone."
    return _Laid(pieces[best], found[best], 1 if best else len(pieces) - 1, told)


def _differences(alignment: Alignment) -> int:
    return len(alignment.extra) + len(alignment.missing)


def _for_players(score: Path, alone: Sequence[WrittenPiece]) -> str:
    """`duet.xml is for 2 pianists (1: Primo; 2: Secondo):`."""
    heads = part_heads(alone[0].document)
    names = [
        " and ".join(
            dict.fromkeys(
                heads[piece.document.notes[number].part].name.strip() or "unnamed"
                for number in piece.numbers
            )
        )
        for piece in alone
    ]
    told = "; ".join(f"{at}: {name[:40]}" for at, name in enumerate(names, 1))
    return f"{score.name} is for {len(alone)} pianists ({told}):"


def _without_others(material: Material, everybody: ScoreLine, mine: ScoreLine) -> Material:
    """The take without the notes of all pianists but one, where it holds those of all."""
    both, one = (align_to_score(material.performance, line) for line in (everybody, mine))
    if not both.fits or _differences(both) >= _differences(one):
        return material
    own = set(_places(mine))
    is_mine = np.array([place in own for place in _places(everybody)], bool)
    kept = np.where(
        both.written >= 0,
        is_mine[np.maximum(both.written, 0)],
        _nearest(material.performance.notes["pitch"], both.onset_quarter, everybody, is_mine),
    )
    notes, count = material.performance.notes[kept], int((~kept).sum())
    said = f"{count} note{' is' if count == 1 else 's are'} another player's and left aside."
    return replace(
        material,
        performance=Performance(notes, material.performance.pedal),
        assumptions=(*material.assumptions, said),
    )


def _places(line: ScoreLine) -> list[tuple[float, int]]:
    return list(zip(np.round(line.onset_quarter, 4).tolist(), line.pitch.tolist(), strict=True))


def _nearest(
    pitch: np.ndarray, quarter: np.ndarray, line: ScoreLine, mine: Bool[np.ndarray, " written"]
) -> Bool[np.ndarray, " note"]:
    """Whether the written key nearest to each note about there is one of these."""
    found = np.zeros(len(pitch), bool)
    for at, (key, place) in enumerate(zip(pitch.astype(int), quarter, strict=True)):
        near = np.abs(line.onset_quarter - place) <= _NEAR_QUARTERS
        away = np.where(near, np.abs(line.pitch - key), np.inf)
        found[at] = bool(mine[away == away.min()].any())
    return found
