"""`review`: what a good teacher would say after watching and hearing a take."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from duemani.commands.arguments import (
    MEDIUM_SPAN_CM,
    Corners,
    HandSpan,
    OptionalPath,
    OptionalPlayer,
    OptionalSequence,
    OptionalTime,
    Time,
    say,
)
from duemani.commands.progress_bars import ProgressBars
from duemani.errors import InputError
from duemani.files import check_output


@dataclass(frozen=True)
class Review:
    """Review a take: who played each note, better fingers, and how it was played."""

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="INPUT")]
    """Film of the keyboard, recording, MIDI or .json."""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """What to make, by suffix: .html page, .json with everything, .musicxml or .mxl (the score
    with fingers as played, and those recommended)."""
    score: OptionalPath = None
    """The score (.musicxml, .xml, .mxl)."""
    midi: OptionalPath = None
    """What the instrument recorded (.mid, .json), where it is better known than by listening;
    when it started is found out."""
    sequence: OptionalSequence = None
    """Which sequence of a type 2 MIDI file is meant (--midi, or else the input), from 1."""
    player: OptionalPlayer = None
    """Whose notes are reviewed, where take or score are for several pianists, from 1."""
    hands: OptionalPath = None
    """Hands tracked before: .npz of `duemani track`, or a fingertip .csv with its .json."""
    reference: tuple[Path, ...] = ()
    """Other performances of the score to compare with: MIDI or recordings."""
    reference_sequence: OptionalSequence = None
    """Which sequence of a type 2 MIDI file among the references is meant, from 1."""
    keyboard: Corners = ()
    """Corners of the keyboard in the picture [px], near bass, near treble, far treble, far bass:
    "x,y x,y x,y x,y"; found automatically if not given."""
    mirrored: bool = False
    """The film is a mirror image."""
    hand_span: HandSpan = MEDIUM_SPAN_CM
    """Thumb to little finger between key centres: medium is 20.6 cm, about a ninth; 12-32."""
    frame_rate: float = 30.0
    """Frames per second of a fingertip .csv."""
    start: Time = 0.0
    """Review from here on."""
    end: OptionalTime = None
    """Review up to here."""
    hands_3d: bool = True
    """3D hands in the page (`--no-hands-3d` leaves them out)."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        from duemani.verbs.review.material import Sources
        from duemani.verbs.review.review import Wishes, review
        from duemani.verbs.review.save import REVIEW_SUFFIXES, needs_score, save_review

        for given in (self.input, self.score, self.midi, self.hands, *self.reference):
            check_output(self.output, REVIEW_SUFFIXES, not_over=given)
        if needs_score(self.output) and self.score is None:
            raise InputError(f"{self.output.name} needs a score to write fingers into: --score.")
        if self.end is not None and self.end <= self.start:
            raise InputError(f"the part from {self.start:g} to {self.end:g} s is empty.")
        sources = Sources(
            midi=self.midi,
            sequence=self.sequence,
            player=self.player,
            hands=self.hands,
            corners_px=self.keyboard,
            mirrored=self.mirrored,
            frame_rate=self.frame_rate,
            part_sec=(self.start, float("inf") if self.end is None else self.end),
        )
        wishes = Wishes(
            self.score,
            self.reference,
            self.reference_sequence,
            self.hand_span / 100,
            self.hands_3d and self.output.suffix.lower() == ".html",
        )
        began = time.perf_counter()
        with ProgressBars() as progress:
            found = review(self.input, sources, wishes, progress)
            save_review(self.output, found, progress)
        for remark in (*found.assumptions, *found.cannot_tell):
            say(remark)
        fingers = found.fingers
        return {
            "output": str(self.output),
            "notes": len(found.performance.notes),
            "fingers_seen": None if fingers is None else int((fingers.played > 0).sum()),
            "flagged": None if fingers is None else int(fingers.flagged.sum()),
            "remarks": len(found.remarks),
            "rated": bool(found.ratings),
            "took_sec": round(time.perf_counter() - began, 2),
        }
