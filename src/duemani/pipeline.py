"""The public verbs, composed of the stages: input → `Performance` → `HandMotion` → output.

`generate` is the one way from notes to motion: the command line, the page and the benchmarks all
call it, so what is measured is what ships.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from duemani.analysis.contact import pressed_depths
from duemani.errors import InputError
from duemani.files import check_readable, check_writable, is_same_file
from duemani.models.solver.style import Style
from duemani.motion import HandMotion, save_motion
from duemani.performance import Performance
from duemani.version import VERSION

AUDIO_SUFFIXES = (
    ".wav",
    ".flac",
    ".mp3",
    ".ogg",
    ".oga",
    ".opus",
    ".m4a",
    ".aac",
    ".aif",
    ".aiff",
    ".wma",
)
VIDEO_SUFFIXES = (".mp4", ".mov", ".webm", ".mkv", ".m4v", ".avi")
MIDI_SUFFIXES = (".mid", ".midi")
SCORE_SUFFIXES = (".musicxml", ".mxl", ".xml")
INPUT_SUFFIXES = (*AUDIO_SUFFIXES, *VIDEO_SUFFIXES, *MIDI_SUFFIXES, *SCORE_SUFFIXES, ".json")
MOTION_SUFFIXES = (".html", ".glb", ".mp4", ".npz")
NOTE_SUFFIXES = (".mid", ".json")

LOWEST_FRAME_RATE, HIGHEST_FRAME_RATE = 10.0, 240.0
# About MEMORY of memory, 3 hours at 60 Hz: more than any concert, less than most computers have.
MAX_FRAMES = 650_000

Progress = Callable[[str, float], None]
Camera = Literal["overhead", "player", "side"]


@dataclass(frozen=True)
class Take:
    """What was put in: its notes, its sound if it has one, and where they come from.

    Attributes:
        performance: the notes; hands and fingers as far as the input knows them.
        source: the file.
        title: what to call it.
        recording: the file again if it holds sound, else None.
        origin: how the notes came about, for people to read.
        remarks: what was assumed or left out, one sentence each.
    """

    performance: Performance
    source: Path
    title: str
    recording: Path | None = None
    origin: str = ""
    remarks: tuple[str, ...] = field(default_factory=tuple)


def read_take(
    path: Path,
    progress: Progress | None = None,
    between_sec: tuple[float, float] | None = None,
) -> Take:
    """Read a recording, a MIDI or `.json` file, or a score; recordings are transcribed.

    Args:
        path: the file.
        progress: called with the stage's name and its share done.
        between_sec: only this part is needed: of a recording, no more is listened to. Times
            still count from the start of the file.

    Raises:
        InputError: no such file, an unknown suffix, or contents that do not fit it.
    """
    suffix = path.suffix.lower()
    check_readable(path)
    if suffix not in INPUT_SUFFIXES:
        raise InputError(
            f"{path.name} has an unknown suffix; accepted are recordings ({_list(AUDIO_SUFFIXES)}),"
            f" videos with sound ({_list(VIDEO_SUFFIXES)}), MIDI ({_list(MIDI_SUFFIXES)}),"
            f" scores ({_list(SCORE_SUFFIXES)}) and performances (.json)."
        )
    if suffix in MIDI_SUFFIXES or suffix == ".json":
        from duemani.inputs.midi import load_json, load_midi

        performance = load_json(path) if suffix == ".json" else load_midi(path)
        return Take(performance, path, _title(path), origin="notes as given")
    if suffix in SCORE_SUFFIXES:
        from duemani.inputs.score import load_score

        score = load_score(path)
        return Take(
            score.performance,
            path,
            _title(path),
            origin="played from a score",
            remarks=score.remarks,
        )
    heard = transcribe(path, progress, between_sec)
    return Take(heard, path, _title(path), path, "notes transcribed from the recording")


def transcribe(
    path: Path,
    progress: Progress | None = None,
    between_sec: tuple[float, float] | None = None,
) -> Performance:
    """Notes, velocities and pedal heard in a recording, or in a part of it.

    Raises:
        InputError: the file holds no readable sound.
    """
    from duemani.inputs.transcription import default_transcriber

    report = None if progress is None else lambda share: progress("listening", share)
    return default_transcriber().transcribe(path, report, between_sec)


def generate(
    performance: Performance,
    style: Style | None = None,
    frame_rate: float = 60.0,
    progress: Progress | None = None,
) -> tuple[Performance, HandMotion]:
    """Choose hands and fingers where unknown, and move the hands.

    Args:
        performance: the notes.
        style: the simulated pianist.
        frame_rate: of the motion, 10-240 Hz.
        progress: called with the stage's name and its share done, 0-1.

    Returns:
        The performance with every hand and finger filled, and the motion that plays it.

    Raises:
        InputError: the frame rate is out of range, or the motion would be too long.
    """
    from duemani.models.fingering import assign_fingers
    from duemani.models.solver.solve import solve_motion

    check_frame_rate(frame_rate)
    if performance.duration_sec * frame_rate > MAX_FRAMES:
        raise InputError(
            f"{performance.duration_sec:.0f} s at {frame_rate:g} frames per second are too long;"
            f" {MAX_FRAMES} frames are accepted: choose a part or a lower frame rate."
        )
    style = style or Style()
    fingered = assign_fingers(performance, style.hand_span_m * CHORD_SHARE_OF_SPAN)
    report = None if progress is None else lambda share: progress("moving the hands", share)
    motion = solve_motion(fingered, style, frame_rate, report)
    provenance = {"model": "solver", "style": asdict(style), "duemani": VERSION, "simulated": True}
    return fingered, replace(motion, provenance=provenance)


def check_frame_rate(frame_rate: float) -> None:
    """Refuse a frame rate outside 10-240 Hz.

    Raises:
        InputError: it is outside, or no number.
    """
    if not LOWEST_FRAME_RATE <= frame_rate <= HIGHEST_FRAME_RATE:
        raise InputError(f"the frame rate is {frame_rate:g}; it must lie between 10 and 240 Hz.")


# The fingering counts the distance of key centres, the style that of the outermost fingertips.
CHORD_SHARE_OF_SPAN = 0.206 / 0.215


def perform(
    path: Path,
    style: Style | None = None,
    frame_rate: float = 60.0,
    between_sec: tuple[float, float] | None = None,
    progress: Progress | None = None,
) -> tuple[Take, HandMotion]:
    """A file in, two hands playing it out.

    Args:
        path: recording, MIDI, `.json` or score.
        style: the simulated pianist.
        frame_rate: of the motion [Hz].
        between_sec: only this part of the input, which then starts at time 0.
        progress: called with the stage's name and its share done.

    Raises:
        InputError: the input cannot be read, or the part lies outside it.
    """
    check_frame_rate(frame_rate)
    if between_sec is not None and not 0 <= between_sec[0] < between_sec[1]:
        start_sec, end_sec = between_sec
        raise InputError(
            f"the part from {start_sec:g} to {end_sec:g} s is empty or starts before 0."
        )
    take = read_take(path, progress, between_sec)
    if between_sec is not None:
        take = _cut(take, *between_sec)
    fingered, motion = generate(take.performance, style, frame_rate, progress)
    provenance = {**motion.provenance, "input": path.name, "notes": take.origin}
    return replace(take, performance=fingered), replace(motion, provenance=provenance)


def _cut(take: Take, start_sec: float, end_sec: float) -> Take:
    duration = take.performance.duration_sec
    # Of a recording only the part was heard, which may hold no notes.
    if take.recording is None and start_sec > duration:
        raise InputError(
            f"the part starts at {start_sec:g} s, but the notes end at {duration:.1f} s."
        )
    return replace(take, performance=take.performance.between(start_sec, end_sec))


def check_output(
    path: Path,
    suffixes: tuple[str, ...] = (*MOTION_SUFFIXES, *NOTE_SUFFIXES),
    not_over: Path | None = None,
) -> None:
    """Refuse an output path before any work is done for it.

    Args:
        path: file to be written.
        suffixes: those accepted.
        not_over: the input, which must not be written over.

    Raises:
        InputError: unknown suffix, a folder, nowhere to write, or the input itself.
    """
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{path.name} has an unknown suffix; accepted are {_list(suffixes)}.")
    check_writable(path)
    if not_over is not None and is_same_file(path, not_over):
        raise InputError(f"{path} is the input itself; name another file to write.")


def save(
    path: Path,
    take: Take,
    motion: HandMotion,
    camera: Camera = "player",
    progress: Progress | None = None,
    sound_from_sec: float = 0.0,
) -> None:
    """Write a performed take in the format that the suffix names.

    Sound (`.html`, `.mp4`) is the recording's own, from `sound_from_sec` on, or a rendered piano.

    Raises:
        InputError: unknown suffix, or the file cannot be written.
    """
    check_output(path)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        save_motion(path, motion)
    elif suffix == ".glb":
        from duemani.outputs.gltf import save_gltf

        save_gltf(path, motion, take.performance, key_depth_m=pressed_depths(motion))
    elif suffix in NOTE_SUFFIXES:
        save_notes(path, take.performance)
    else:
        from duemani.outputs.media import save_page_with_sound, save_video_with_sound

        report = None if progress is None else lambda share: progress("writing", share)
        played, sound = take.performance, take.recording
        part_sec = (sound_from_sec, sound_from_sec + motion.frame_count / motion.frame_rate)
        if suffix == ".html":
            chips = (take.origin, "simulated hands")
            save_page_with_sound(path, played, motion, take.title, chips, sound, part_sec)
        else:
            save_video_with_sound(
                path, played, motion, camera, sound, part_sec, pressed_depths(motion), report
            )


def save_notes(path: Path, performance: Performance) -> None:
    """Write notes as `.mid` or `.json`."""
    from duemani.outputs.midi import save_json, save_midi

    (save_json if path.suffix.lower() == ".json" else save_midi)(path, performance)


def _title(path: Path) -> str:
    return path.stem.replace("_", " ")


def _list(suffixes: tuple[str, ...]) -> str:
    return ", ".join(suffixes)
