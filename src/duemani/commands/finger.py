"""`finger`: hands and fingers for a score, a MIDI file or a recording."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro

from duemani.commands.arguments import MEDIUM_SPAN_CM, HandSpan, OptionalSequence, say
from duemani.commands.progress_bars import ProgressBars

_MOST_ALTERNATIVES = 5


@dataclass(frozen=True)
class Finger:
    """Choose hands and fingers for a score, a MIDI file or a recording."""

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="INPUT")]
    """MusicXML (.musicxml, .xml, .mxl), MIDI, .json or a recording."""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """What to make, by suffix: .musicxml or .mxl (the score itself with fingers added), .pdf
    pages, .svg (one sheet), .html page that explains, .json with everything, .mid."""
    hand_span: HandSpan = MEDIUM_SPAN_CM
    """Thumb to little finger between key centres: medium is 20.6 cm, about a ninth; 12-32."""
    keep: Literal["hard", "soft", "none"] = "hard"
    """Fingers already printed: kept whatever they cost, preferred, or chosen anew."""
    print: Literal["auto", "all", "sparse"] = "auto"
    """A finger at every note, or only where a player needs one; auto: sparse in .pdf and .svg."""
    alternatives: int = 3
    """How many fingers .html and .json tell for a note, the chosen one among them, 1-5."""
    sequence: OptionalSequence = None
    """Which sequence of a type 2 MIDI file is meant, from 1."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        from duemani.analysis.difficulty import overall
        from duemani.errors import InputError
        from duemani.files import check_output
        from duemani.verbs.finger import (
            FINGER_SUFFIXES,
            NOTATION_SUFFIXES,
            finger,
            save_fingered,
        )

        check_output(self.output, FINGER_SUFFIXES, not_over=self.input)
        if not 1 <= self.alternatives <= _MOST_ALTERNATIVES:
            raise InputError(
                f"{self.alternatives} alternatives are none; 1-{_MOST_ALTERNATIVES} are accepted."
            )
        suffix = self.output.suffix.lower()
        sparse = self.print == "sparse" or (self.print == "auto" and suffix in (".svg", ".pdf"))
        began = time.perf_counter()
        with ProgressBars() as progress:
            fingered = finger(
                self.input,
                self.hand_span / 100,
                self.keep,
                notation=suffix in NOTATION_SUFFIXES,
                progress=progress,
                sequence=self.sequence,
            )
        save_fingered(self.output, fingered, "sparse" if sparse else "all", self.alternatives)
        for remark in fingered.remarks:
            say(remark)
        return {
            "output": str(self.output),
            "notes": len(fingered.notes),
            "given": int(fingered.given.sum()),
            "substitutions": int((fingered.fingering.substitution > 0).sum()),
            "unreachable": len(fingered.fingering.unreachable),
            "confidence": round(float(np.nanmean(fingered.notes["confidence"])), 3),
            "difficulty": round(overall(fingered.difficulty), 1),
            "took_sec": round(time.perf_counter() - began, 2),
        }
