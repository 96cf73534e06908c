"""`track`: a film of a pianist → the hands on the keyboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from duemani.errors import InputError
from duemani.files import check_output
from duemani.inputs.film.filmed_hands import FilmedHands
from duemani.inputs.film.fingertip_file import read_fingertips
from duemani.inputs.film.keyboard.film import UNFOUND, KeyboardFound
from duemani.inputs.film.keyboard_view import KeyboardView
from duemani.lifting.identity import keep_hands_apart
from duemani.lifting.lift import lift_hands
from duemani.motion import HandMotion, save_motion
from duemani.progress import Progress

if TYPE_CHECKING:
    from duemani.media.film import Film

FRAME_RATE = 30.0
OVERLAY_SUFFIX = ".mp4"
TRACK_SUFFIXES = (".npz", OVERLAY_SUFFIX)
FINGERTIP_SUFFIX = ".csv"
_LOOKS = 12
_BLACK_LEVEL = 10.0
_LEAST_SEEN = 0.01

Corners = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Tracked:
    """Hands that were followed in a film.

    Attributes:
        motion: both hands in the keyboard frame; its clock is `filmed`'s.
        filmed: what the tracker saw, frame by frame, each hand in its own row; 0 is the start of
            the part tracked.
        view: where the keyboard lies in the pictures.
        remarks: what is in doubt, one sentence each.
        mirrored: the film's pictures were turned back left to right before anything else.
        part_sec: the part of the film.
    """

    motion: HandMotion
    filmed: FilmedHands
    view: KeyboardView
    remarks: tuple[str, ...] = ()
    mirrored: bool = False
    part_sec: tuple[float, float] = (0.0, float("inf"))


def track(
    path: Path,
    corners_px: Corners = (),
    mirrored: bool = False,
    part_sec: tuple[float, float] = (0.0, float("inf")),
    frame_rate: float = FRAME_RATE,
    progress: Progress | None = None,
) -> Tracked:
    """Find the keyboard and follow the hands; pictures pass one by one, so memory stays bounded.

    Args:
        path: a film, or a fingertip file (`.csv` with its `.json`), of which the tips alone come.
        corners_px: corners of the keyboard in the film's own pictures: near bass, near treble,
            far treble, far bass, of all 88 keys; found automatically if not given.
        mirrored: the film is a mirror image (a selfie camera).
        part_sec: only this part of the film; the result's times count from its start.
        frame_rate: of the motion, and the most pictures a second that are looked at [Hz].
        progress: called with the stage and the share done.

    Raises:
        InputError: the file cannot be read, or no keyboard or no hands are seen in it.
    """
    path = Path(path)
    if not 1 <= frame_rate <= 240:
        raise InputError(f"{frame_rate} frames per second are not accepted; 1 to 240 are.")
    if path.suffix.lower() == FINGERTIP_SUFFIX:
        filmed, view = read_fingertips(path, frame_rate)
        filmed = keep_hands_apart(filmed, view)
        return Tracked(_named(lift_hands(filmed, view, frame_rate), path), filmed, view)
    from duemani.inputs.film.hands.search import playing_band
    from duemani.inputs.film.hands.tracker import track_film
    from duemani.media.film import Film

    film = Film(path, max_rate_hz=frame_rate, between_sec=part_sec)
    _report(progress, "keyboard", 0.0)
    view, remarks = _keyboard(path, film, corners_px, mirrored, part_sec)
    _report(progress, "keyboard", 1.0)
    pictures = _pictures(film, part_sec, mirrored, progress, "hands")
    try:
        tracking = track_film(pictures, playing_band(view), view.camera.mirrored)
    except InputError:
        raise InputError(f"{path.name} holds no picture between those times.") from None
    seen = (tracking.hands.confidence > 0).mean(1)
    if seen.max(initial=0) < _LEAST_SEEN:
        raise InputError(
            f"no hands were found in {path.name}, though the keyboard was; hands that play, seen"
            " from above, are needed."
        )
    filmed = keep_hands_apart(tracking.hands, view)
    filmed = replace(filmed, time_sec=filmed.time_sec - part_sec[0])
    motion = _named(lift_hands(filmed, view, frame_rate), path)
    if not motion.tracked.any():
        raise InputError(f"no hand is seen in {path.name} for long enough to be followed.")
    remarks += tracking.remarks + film.remarks
    return Tracked(motion, filmed, view, remarks, mirrored, part_sec)


def save_tracked(
    path: Path, tracked: Tracked, source: Path, progress: Progress | None = None
) -> None:
    """Write tracked hands in the format that the suffix names.

    Args:
        path: `.npz` (hand motion), or `.mp4` (the film with keys and hands drawn on it).
        tracked: what `track` found.
        source: the film that was tracked; only `.mp4` looks at it again.
        progress: called with the stage and the share done.

    Raises:
        InputError: unknown suffix, no pictures to draw on (a fingertip file), or the file cannot
            be written.
    """
    check_output(path, TRACK_SUFFIXES, not_over=source)
    if path.suffix.lower() == OVERLAY_SUFFIX:
        _save_overlay(path, source, tracked, progress)
    else:
        save_motion(path, tracked.motion)


def _save_overlay(path: Path, source: Path, tracked: Tracked, progress: Progress | None) -> None:
    if source.suffix.lower() == FINGERTIP_SUFFIX:
        raise InputError(f"{source.name} holds no pictures to draw on; films are accepted.")
    from duemani.media.film import Film
    from duemani.outputs.film.overlay import DrawnHands, save_overlay_film

    motion, filmed = tracked.motion, tracked.filmed
    nearest = motion.where(filmed.time_sec).nearest
    confidence = motion.tracked.astype(float) if motion.confidence is None else motion.confidence
    drawn = DrawnHands(
        filmed.time_sec,
        tracked.view.camera.project(motion.landmarks_m)[:, nearest],
        filmed.landmarks_px,
        confidence[:, nearest],
    )
    film = Film(source, max_rate_hz=motion.frame_rate, between_sec=tracked.part_sec)
    start_sec = tracked.part_sec[0]
    pictures = _pictures(film, tracked.part_sec, tracked.mirrored, progress, "overlay")
    shifted = ((time_sec - start_sec, picture) for time_sec, picture in pictures)
    save_overlay_film(path, shifted, drawn, tracked.view)


def _keyboard(
    path: Path,
    film: Film,
    corners_px: Corners,
    mirrored: bool,
    part_sec: tuple[float, float],
) -> tuple[KeyboardView, tuple[str, ...]]:
    from duemani.inputs.film.keyboard.finder import find_keyboard_in_film, keyboard_from_corners

    if len(corners_px):
        corners = np.array(corners_px, float)
        if corners.shape != (4, 2):
            raise InputError(
                f"{len(corners_px)} corners of the keyboard are not accepted; 4 are: near bass,"
                " near treble, far treble, far bass."
            )
        corners *= film.size_px[0] / film.facts.size_px[0]
        if mirrored:
            corners[:, 0] = film.size_px[0] - 1 - corners[:, 0]
        return keyboard_from_corners(corners, film.size_px), ()
    looks = _looks(path, film, mirrored, part_sec)
    if not looks:
        raise InputError(f"{path.name} holds no picture between those times.")
    if max(float(picture.mean()) for _, picture in looks) < _BLACK_LEVEL:
        raise InputError(f"the pictures of {path.name} are black: nothing can be seen in them.")
    found = find_keyboard_in_film(looks)
    if found.view is None:
        raise InputError(_unfound(path, found))
    return found.view, tuple(found.remarks)


def _unfound(path: Path, found: KeyboardFound) -> str:
    """Why there is no keyboard: the finder's own reason, and what helps."""
    if found.remarks and UNFOUND not in found.remarks:
        reason = " ".join(found.remarks)
        return f"the keyboard in {path.name} cannot be used: {reason[0].lower()}{reason[1:]}"
    return (
        f"no keyboard was found in {path.name}; at least an octave and a half must be seen, or"
        " its corners be given (--keyboard)."
    )


def _looks(
    path: Path, film: Film, mirrored: bool, part_sec: tuple[float, float]
) -> list[tuple[float, np.ndarray]]:
    """Some pictures spread over the part."""
    from duemani.media.film import Film, sample_film

    if part_sec == (0.0, float("inf")):
        sampled: Sequence[tuple[float, np.ndarray]] = sample_film(path, _LOOKS)
    else:
        end_sec = min(part_sec[1], film.facts.duration_sec or part_sec[1])
        starts = np.linspace(part_sec[0], max(end_sec, part_sec[0]), _LOOKS, endpoint=False)
        parts = [Film(path, between_sec=(float(start), part_sec[1])) for start in starts]
        sampled = [look for part in parts if (look := next(iter(part), None)) is not None]
    return [(time, _turned(picture, mirrored)) for time, picture in sampled]


def _pictures(
    film: Film,
    part_sec: tuple[float, float],
    mirrored: bool,
    progress: Progress | None,
    stage: str,
) -> Iterator[tuple[float, np.ndarray]]:
    start_sec, end_sec = part_sec
    length_sec = max(min(film.facts.duration_sec, end_sec) - start_sec, 1e-3)
    for time_sec, picture in film:
        _report(progress, stage, min((time_sec - start_sec) / length_sec, 1.0))
        yield time_sec, _turned(picture, mirrored)
    _report(progress, stage, 1.0)


def _turned(picture: np.ndarray, mirrored: bool) -> np.ndarray:
    return np.ascontiguousarray(picture[:, ::-1]) if mirrored else picture


def _named(motion: HandMotion, path: Path) -> HandMotion:
    return replace(motion, provenance={**motion.provenance, "input": path.name})


def _report(progress: Progress | None, stage: str, share: float) -> None:
    if progress is not None:
        progress(stage, share)
