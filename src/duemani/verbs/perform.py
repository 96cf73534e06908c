"""The verb `perform`: input → `Performance` → `HandMotion` → output.

`generate` is the one way from notes to motion: the command line, the page and the benchmarks all
call it, so what is measured is what ships.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float

from duemani.errors import InputError, NothingPlayedError
from duemani.files import check_output
from duemani.models.diffusion.config import DiffusionOptions
from duemani.models.fingering.reach import CHORD_SHARE_OF_SPAN
from duemani.models.solver.style import Style
from duemani.motion import HandMotion, save_motion
from duemani.performance import Performance
from duemani.progress import Progress, stage_share
from duemani.verbs.limits import check_crowd, check_length
from duemani.verbs.read import Take, of_player, read_take, sound_sec
from duemani.version import VERSION

if TYPE_CHECKING:
    from duemani.models.diffusion.networks import MotionNetworks

MOTION_SUFFIXES = (".html", ".glb", ".mp4", ".npz")
NOTE_SUFFIXES = (".mid", ".json")
PERFORM_SUFFIXES = (*MOTION_SUFFIXES, *NOTE_SUFFIXES)

LOWEST_FRAME_RATE, HIGHEST_FRAME_RATE = 10.0, 240.0
# 3 hours at 60 Hz, longer than any concert; takes about 1.5 GB of memory.
MAX_FRAMES = 650_000

Viewpoint = Literal["overhead", "player", "side"]
Model = Literal["diffusion", "solver"]
SoundFeatures = Float[np.ndarray, "frame 456"]


def generate(
    performance: Performance,
    style: Style | None = None,
    frame_rate: float = 60.0,
    progress: Progress | None = None,
    until_sec: float = 0.0,
    model: Model = "diffusion",
    options: DiffusionOptions | None = None,
    sound: SoundFeatures | None = None,
    networks: MotionNetworks | None = None,
) -> tuple[Performance, HandMotion]:
    """Choose hands and fingers where unknown, and move the hands.

    Args:
        performance: the notes.
        style: the simulated pianist.
        frame_rate: of the motion, 10-240 Hz.
        progress: called with the stage's name and its share done, 0-1.
        until_sec: the motion lasts at least so long, such as the recording does.
        model: `diffusion`, trained, or `solver`, trajectory optimisation alone.
        options: of the diffusion model.
        sound: features of the recording (`media.spectra`), which the diffusion model
            listens to beside the notes.
        networks: another trained model than the package's own.

    Returns:
        The performance with every hand and finger filled, and the motion that plays it.

    Raises:
        InputError: the frame rate is out of range, the motion would be too long, or more notes
            begin at once than hands could strike.
    """
    from duemani.models.fingering.choose import assign_fingers

    check_frame_rate(frame_rate)
    length_sec = max(performance.duration_sec, until_sec)
    if length_sec * frame_rate > MAX_FRAMES:
        raise InputError(
            f"{length_sec:.0f} s at {frame_rate:g} frames per second are too long;"
            f" {MAX_FRAMES} frames are accepted: choose a part (--start, --end) or a lower frame"
            " rate (--frame-rate)."
        )
    check_crowd(performance)
    style = style or Style()
    fingered = assign_fingers(performance, style.hand_span_m * CHORD_SHARE_OF_SPAN)
    report = stage_share(progress, "moving the hands")
    about: dict[str, object] = {"style": asdict(style), "duemani": VERSION, "simulated": True}
    if model == "solver":
        from duemani.models.solver.solve import solve_motion

        motion = solve_motion(fingered, style, frame_rate, report, until_sec=until_sec)
        return fingered, replace(motion, provenance={"model": "solver", **about})

    from duemani.models.diffusion.conditions.pianist import make_pianist
    from duemani.models.diffusion.generate import diffuse_motion
    from duemani.models.diffusion.pretrained import shipped_networks

    options = options or DiffusionOptions()
    trained: MotionNetworks = networks or shipped_networks()
    if options.told == "sound" and sound is None:
        raise InputError("motion from sound alone needs a recording as input.")
    heard = trained.hear(sound) if sound is not None and options.told != "notes" else None
    pianist = make_pianist(fingered, style, heard, options.told, options.any_pianist)
    motion = diffuse_motion(trained, pianist, frame_rate, until_sec, options, report)
    about |= {"weights": trained.sha256, "options": asdict(options)}
    return fingered, replace(motion, provenance={"model": "diffusion", **about})


def check_frame_rate(frame_rate: float) -> None:
    """Refuse a frame rate outside 10-240 Hz.

    Raises:
        InputError: it is outside, or no number.
    """
    if not LOWEST_FRAME_RATE <= frame_rate <= HIGHEST_FRAME_RATE:
        raise InputError(f"the frame rate is {frame_rate:g}; it must lie between 10 and 240 Hz.")


def perform(
    path: Path,
    style: Style | None = None,
    frame_rate: float = 60.0,
    between_sec: tuple[float, float] | None = None,
    progress: Progress | None = None,
    model: Model = "diffusion",
    options: DiffusionOptions | None = None,
    networks: MotionNetworks | None = None,
    sequence: int | None = None,
    player: int = 1,
) -> tuple[Take, HandMotion]:
    """A file in, two hands playing it out.

    Args:
        path: recording, MIDI, `.json` or score.
        style: the simulated pianist.
        frame_rate: of the motion [Hz].
        between_sec: only this part of the input, which then starts at time 0.
        progress: called with the stage's name and its share done.
        model: as `generate` takes it.
        options: as `generate` takes them.
        networks: as `generate` takes them.
        sequence: which of a type 2 MIDI file's sequences is meant, from 1.
        player: whose notes are played, where they are for several pianists, from 1.

    Raises:
        InputError: the input cannot be read, holds no notes, has no such player, or the part lies
            outside it.
    """
    check_frame_rate(frame_rate)
    if between_sec is not None and not 0 <= between_sec[0] < between_sec[1]:
        start_sec, end_sec = between_sec
        raise InputError(
            f"the part from {start_sec:g} to {end_sec:g} s is empty or starts before 0."
        )
    style = style or Style()
    take = of_player(read_take(path, progress, between_sec, sequence), player, "played")
    take = _with_substitutions(take, style)
    if between_sec is not None:
        take = _cut(take, *between_sec)
    if not len(take.performance.notes):
        raise NothingPlayedError(
            f"{path.name} holds no piano notes{_within(between_sec)}; there is nothing to play."
        )
    if take.recording is None:
        count = len(take.performance.notes)
        count = count if take.written is None else min(count, take.written)
        check_length(path.name, take.performance.duration_sec, count)
    until_sec = min(sound_sec(take), MAX_FRAMES / frame_rate)
    sound = None
    if take.recording is not None and model == "diffusion":
        from duemani.media.spectra import recording_features

        sound = recording_features(take.recording, take.part_sec)
    fingered, motion = generate(
        take.performance, style, frame_rate, progress, until_sec, model, options, sound, networks
    )
    provenance = {**motion.provenance, "input": path.name, "notes": take.origin}
    return replace(take, performance=fingered), replace(motion, provenance=provenance)


def _with_substitutions(take: Take, style: Style) -> Take:
    """The take with all its fingers, where some are printed to take a key over from others."""
    if not take.taking_over.any():
        return take
    from duemani.models.fingering.choose import assign_fingers

    span_m = style.hand_span_m * CHORD_SHARE_OF_SPAN
    fingered = assign_fingers(take.performance, span_m, taking_over=take.taking_over)
    return replace(take, performance=fingered)


def _within(between_sec: tuple[float, float] | None) -> str:
    """Of which part something is said, for a sentence."""
    if between_sec is None:
        return ""
    start_sec, end_sec = between_sec
    return (
        f" after {start_sec:g} s" if end_sec == np.inf else f" from {start_sec:g} to {end_sec:g} s"
    )


def _cut(take: Take, start_sec: float, end_sec: float) -> Take:
    duration = take.performance.duration_sec
    # Of a recording only the part was heard, which may hold no notes.
    if take.recording is None and start_sec > duration:
        raise InputError(
            f"the part starts at {start_sec:g} s, but the notes end at {duration:.1f} s."
        )
    performance = take.performance.between(start_sec, end_sec)
    return replace(take, performance=performance, part_sec=(start_sec, end_sec))


def save_performed(
    path: Path,
    take: Take,
    motion: HandMotion,
    camera: Viewpoint = "player",
    progress: Progress | None = None,
) -> None:
    """Write a performed take in the format that the suffix names.

    Sound (`.html`, `.mp4`) is the recording's own, of the same part, or a rendered piano.

    Raises:
        InputError: unknown suffix, or the file cannot be written.
    """
    check_output(path, PERFORM_SUFFIXES)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        save_motion(path, motion)
    elif suffix == ".glb":
        from duemani.outputs.gltf.file import save_gltf

        save_gltf(path, motion, take.performance)
    elif suffix in NOTE_SUFFIXES:
        save_notes(path, take.performance)
    else:
        from duemani.outputs.with_sound import save_page_with_sound, save_video_with_sound

        report = stage_share(progress, "writing")
        played, sound = take.performance, take.recording
        start_sec, end_sec = take.part_sec
        part_sec = (start_sec, min(end_sec, start_sec + motion.frame_count / motion.frame_rate))
        chips = (take.origin, "simulated hands")
        if suffix == ".html":
            save_page_with_sound(path, played, motion, take.title, chips, sound, part_sec)
        else:
            save_video_with_sound(
                path, played, motion, take.title, chips, camera, sound, part_sec, report
            )


def save_notes(path: Path, performance: Performance) -> None:
    """Write notes as `.mid` or `.json`."""
    from duemani.outputs.notes import save_json, save_midi

    (save_json if path.suffix.lower() == ".json" else save_midi)(path, performance)
