"""`perform`, `transcribe` and `demo`: every field of a command is a flag."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from duemani.commands.arguments import (
    Number,
    OptionalPath,
    OptionalSeed,
    OptionalSequence,
    OptionalTime,
    Player,
    Time,
    say,
)
from duemani.commands.progress_bars import ProgressBars
from duemani.errors import InputError, NothingPlayedError
from duemani.files import as_name, check_output
from duemani.models.diffusion.config import DiffusionOptions
from duemani.models.solver.style import Style, sample_style
from duemani.verbs.perform import (
    NOTE_SUFFIXES,
    PERFORM_SUFFIXES,
    Model,
    Viewpoint,
    perform,
    save_notes,
    save_performed,
)
from duemani.verbs.read import read_take

if TYPE_CHECKING:
    from duemani.models.diffusion.pretrained import OnnxNetworks


@dataclass(frozen=True)
class Perform:
    """Let two hands play a recording, a MIDI file or a score."""

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="INPUT")]
    """Recording (wav, flac, mp3, ogg, m4a, mp4, mov, webm …), MIDI, .json or MusicXML."""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """What to make, by suffix: .html page, .glb, .mp4, .npz, or .mid/.json with fingers."""
    model: Model = "diffusion"
    """How the motion is made: `diffusion`, trained; `solver`, trajectory optimisation alone."""
    diffusion: DiffusionOptions = field(default_factory=DiffusionOptions)
    """How motion is drawn from the diffusion model."""
    weights: OptionalPath = None
    """Diffusion model made by `duemani train motion`, instead of the package's own."""
    style: Style = field(default_factory=Style)
    """The simulated pianist."""
    style_from: OptionalPath = None
    """Hand motion (.npz) of a pianist, real or simulated, whose style is taken over."""
    seed: OptionalSeed = None
    """Draw a random but believable pianist instead of the style."""
    frame_rate: Number = 60.0
    """Frames per second of the motion, 10-240."""
    start: Time = 0.0
    """Play only from this time of the input [s]."""
    end: OptionalTime = None
    """Play only until this time of the input [s]."""
    sequence: OptionalSequence = None
    """Which sequence of a type 2 MIDI file is meant, from 1."""
    player: Player = 1
    """Whose notes are played, where they are for several pianists, from 1."""
    camera: Viewpoint = "player"
    """Where an .mp4 is seen from."""
    json: bool = False
    """Print a machine-readable summary on standard output."""
    title: str = ""
    """What the page calls it instead of the file's name."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""

        check_output(self.output, PERFORM_SUFFIXES, not_over=self.input)
        networks = None if self.weights is None else _networks(self.weights)
        style, options = self.style, self.diffusion
        if self.style_from is not None:
            style = _style_from(self.style_from, networks or _networks())
        if self.seed is not None:
            style = sample_style(self.seed)
            options = replace(options, variation=options.variation + self.seed)
        between = None
        if self.start or self.end is not None:
            between = (self.start, float("inf") if self.end is None else self.end)
        began = time.perf_counter()
        with ProgressBars() as progress:
            take, motion = perform(
                self.input,
                style,
                self.frame_rate,
                between,
                progress,
                self.model,
                options,
                networks,
                self.sequence,
                self.player,
            )
            if self.title:
                take = replace(take, title=as_name(self.title))
            save_performed(self.output, take, motion, self.camera, progress)
        for remark in take.remarks:
            say(remark)
        return {
            "output": str(self.output),
            "notes": len(take.performance.notes),
            "duration_sec": round(motion.frame_count / motion.frame_rate, 3),
            "frames": motion.frame_count,
            "took_sec": round(time.perf_counter() - began, 2),
        }


def _networks(weights: Path | None = None) -> OnnxNetworks:
    """The model in a file, or the package's own; imported here, for it takes onnxruntime."""
    from duemani.models.diffusion.pretrained import load_networks, shipped_networks

    return shipped_networks() if weights is None else load_networks(weights)


def _style_from(path: Path, networks: OnnxNetworks) -> Style:
    from duemani.motion import load_motion

    if networks.style_estimate is None:
        raise InputError("this model has not learned to tell styles from motion.")
    return networks.style_estimate.style(load_motion(path))


@dataclass(frozen=True)
class Transcribe:
    """Write down the notes of a piano recording."""

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="INPUT")]
    """Recording: wav, flac, mp3, ogg, m4a, mp4, mov, webm …"""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """.mid or .json."""
    sequence: OptionalSequence = None
    """Which sequence of a type 2 MIDI file is meant, from 1."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""

        check_output(self.output, NOTE_SUFFIXES, not_over=self.input)
        with ProgressBars() as progress:
            take = read_take(self.input, progress, sequence=self.sequence)
        if not len(take.performance.notes):
            raise NothingPlayedError(
                f"{self.input.name} holds no piano notes; there is nothing to write down."
            )
        save_notes(self.output, take.performance)
        for remark in take.remarks:
            say(remark)
        return {"output": str(self.output), "notes": len(take.performance.notes)}


@dataclass(frozen=True)
class Demo:
    """Play the built-in piece: Beethoven's Für Elise, the first part."""

    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])] = Path("demo.html")
    """What to make, by suffix (.html, .glb, .mp4, .npz)."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        from duemani.verbs.demo import TITLE, demo_score

        return Perform(demo_score(), self.output, title=TITLE).run()
