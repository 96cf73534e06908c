"""What a review rests on: notes, hands and sound, brought onto one clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from duemani.analysis.expression.take import NoteSource
from duemani.inputs.film.filmed_hands import FilmedHands
from duemani.inputs.film.keyboard_view import KeyboardView
from duemani.models.reviewer.seen_hands import SeenHands
from duemani.motion import HandMotion
from duemani.performance import Performance

SURE = 0.5
"""Clocks that are less sure than this are none: the files are of different takes."""


@dataclass(frozen=True)
class Sources:
    """What is given beside the input.

    Attributes:
        midi: the notes, if they are better known than by listening.
        sequence: which of a type 2 MIDI file's sequences the notes are, from 1.
        player: whose notes are meant, where they are for several pianists, from 1; None for all.
        hands: hands tracked before (`.npz` of `duemani track`, or a fingertip `.csv`).
        corners_px: corners of the keyboard in the picture: near bass, near treble, far treble,
            far bass; found automatically if not given.
        mirrored: the film is a mirror image.
        frame_rate: of a fingertip file [Hz].
        part_sec: only this part of the input.
    """

    midi: Path | None = None
    sequence: int | None = None
    player: int | None = None
    hands: Path | None = None
    corners_px: tuple[tuple[float, float], ...] = ()
    mirrored: bool = False
    frame_rate: float = 30.0
    part_sec: tuple[float, float] = (0.0, float("inf"))

    @property
    def between_sec(self) -> tuple[float, float] | None:
        """The part, None for the whole."""
        return None if self.part_sec == (0.0, float("inf")) else self.part_sec


@dataclass(frozen=True)
class Material:
    """Everything that was seen, heard or given, by one clock.

    Attributes:
        title: of the take.
        source: the input.
        performance: the notes; empty if none are known.
        notes_from: `measured` by an instrument or `heard` in a recording; None if unknown.
        seen: hands as the reviewer looks at them; None if none are seen.
        motion: the same in 3D.
        recording, video: files with sound and picture.
        players: for how many pianists the notes are given.
        frames: how long the take is, at `FRAME_RATE`.
        part_sec: part of the input that the take is; times count from its start.
        evidence, cannot_tell, assumptions: see `report.Review`.
    """

    title: str
    source: Path
    performance: Performance = field(default_factory=Performance)
    notes_from: NoteSource | None = None
    seen: SeenHands | None = None
    motion: HandMotion | None = None
    recording: Path | None = None
    video: Path | None = None
    players: int = 1
    frames: int = 1
    part_sec: tuple[float, float] = (0.0, float("inf"))
    evidence: dict[str, str] = field(default_factory=dict)
    cannot_tell: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Watched:
    """Hands that were followed, in the picture and in 3D; all None where there are none."""

    filmed: FilmedHands | None = None
    view: KeyboardView | None = None
    motion: HandMotion | None = None
    cannot_tell: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


def clock_sentence(what: str, other: str, later_sec: float, rate: float, by: str) -> str:
    """How two clocks were brought together.

    Args:
        what, other: what the files hold.
        later_sec: how much later the first one starts.
        rate: seconds of the other for one of the first.
        by: what told it.
    """
    when = "after" if later_sec >= 0 else "before"
    pace = "slower" if rate >= 1 else "faster"
    return (
        f"{what} start {abs(later_sec):.2f} s {when} {other}, and their clock runs"
        f" {100 * abs(rate - 1):.2f} % {pace}, as {by} tell."
    )
