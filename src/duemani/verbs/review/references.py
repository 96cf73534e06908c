"""Other performances of the score that a take is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from duemani.errors import InputError
from duemani.performance import Performance
from duemani.progress import Progress
from duemani.verbs.read import is_midi, of_player, read_take


@dataclass(frozen=True)
class References:
    """Performances with notes, and one sentence for each file that holds none."""

    performances: tuple[Performance, ...] = ()
    unread: tuple[str, ...] = ()


def read_references(
    paths: tuple[Path, ...],
    sequence: int | None = None,
    player: int | None = None,
    progress: Progress | None = None,
) -> References:
    """Read reference performances.

    Args:
        paths: MIDI files or recordings.
        sequence: which sequence of a type 2 MIDI file among them is meant, from 1.
        player: whose notes are meant, where they are for several pianists, from 1.
        progress: called with the stage's name and its share done.

    Raises:
        InputError: a file cannot be read, or a sequence is chosen and none is MIDI.
    """
    if sequence is not None and not any(map(is_midi, paths)):
        raise InputError(
            "no reference is a MIDI file; --reference-sequence is for MIDI files of type 2."
        )
    found: list[Performance] = []
    unread: list[str] = []
    for path in paths:
        try:
            take = read_take(path, progress, sequence=sequence if is_midi(path) else None)
        except InputError as error:
            # Of references the option has another name.
            said = str(error).replace("--sequence", "--reference-sequence")
            raise InputError(said) from error
        if player is not None and take.players > 1:
            take = of_player(take, player, "compared")
        if len(take.performance.notes):
            found.append(take.performance)
        else:
            unread.append(f"{path.name} is not compared: it holds no notes.")
    return References(tuple(found), tuple(unread))
