"""`track`: hands out of a film."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from duemani.commands.arguments import Corners, Number, OptionalPath, OptionalTime, Time, say
from duemani.commands.progress_bars import ProgressBars


@dataclass(frozen=True)
class Track:
    """Follow the hands in a film and place them on the keyboard."""

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="INPUT")]
    """Film of the keyboard from above (mp4, mov, webm …), or a fingertip .csv with its .json."""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """What to make, by suffix: .npz hand motion, or .mp4 film with the hands drawn on."""
    overlay: OptionalPath = None
    """Write the film with keys and hands drawn on (.mp4) as well."""
    keyboard: Corners = ()
    """Corners of the keyboard in the picture [px], near bass, near treble, far treble, far bass:
    "x,y x,y x,y x,y"; found automatically if not given."""
    mirrored: bool = False
    """The film is a mirror image."""
    frame_rate: Number = 30.0
    """Frames per second of the motion, 1-240; and those of a fingertip .csv."""
    start: Time = 0.0
    """Track from this time of the film on [s]."""
    end: OptionalTime = None
    """Track until this time of the film [s]."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        from duemani.files import check_output
        from duemani.verbs.track import OVERLAY_SUFFIX, TRACK_SUFFIXES, save_tracked, track

        check_output(self.output, TRACK_SUFFIXES, not_over=self.input)
        overlay = self.overlay
        if overlay is not None:
            check_output(overlay, (OVERLAY_SUFFIX,), not_over=self.input)
        began = time.perf_counter()
        with ProgressBars() as progress:
            tracked = track(
                self.input,
                self.keyboard,
                self.mirrored,
                (self.start, float("inf") if self.end is None else self.end),
                self.frame_rate,
                progress,
            )
            save_tracked(self.output, tracked, self.input, progress)
            if overlay is not None:
                save_tracked(overlay, tracked, self.input, progress)
        for remark in tracked.remarks:
            say(remark)
        seen = tracked.motion.tracked.mean(1)
        return {
            "output": str(self.output),
            "frames": tracked.motion.frame_count,
            "left_seen": round(float(seen[0]), 3),
            "right_seen": round(float(seen[1]), 3),
            "first_key": tracked.view.first_key,
            "last_key": tracked.view.last_key,
            "octave_sure": tracked.view.octave_sure,
            "took_sec": round(time.perf_counter() - began, 2),
        }
