"""Hands for a review: followed in the film, or read from a file; and their clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from duemani.alignment.film_clock import LEAST_FOR_CLOCK, fit_clock, resolve_octave
from duemani.errors import InputError
from duemani.inputs.film.filmed_hands import FilmedHands
from duemani.inputs.film.keyboard.film import OCTAVE_UNSURE
from duemani.inputs.film.keyboard_view import KeyboardView, keyboard_camera
from duemani.lifting.identity import keep_hands_apart
from duemani.lifting.lift import lift_hands
from duemani.lifting.on_keys import seen_on_film
from duemani.models.fingering.model import pretrained_fingering
from duemani.models.hands.assignment import assign_hands
from duemani.models.reviewer.seen_hands import FRAME_RATE, seen_from_motion
from duemani.motion import HandMotion, load_motion
from duemani.performance import Performance
from duemani.progress import Progress
from duemani.verbs.review.material import SURE, Material, Sources, Watched, clock_sentence

_PX_PER_M = 1000.0
_END_SEC = 1.5
_SEEN_SHARE = 0.2


def watch(path: Path, sources: Sources, is_film: bool, progress: Progress | None) -> Watched:
    """Follow the hands in a film, or read those given; what cannot be followed is said.

    Raises:
        InputError: the file with hands cannot be read.
    """
    if sources.hands is not None:
        return _read_hands(sources.hands, sources.frame_rate)
    if not is_film:
        return Watched()
    from duemani.verbs.track import track

    try:
        tracked = track(
            path,
            corners_px=sources.corners_px,
            mirrored=sources.mirrored,
            part_sec=sources.part_sec,
            progress=progress,
        )
    except InputError as error:
        return Watched(cannot_tell=(f"The hands cannot be followed: {error}",))
    return Watched(tracked.filmed, tracked.view, tracked.motion, (), tracked.remarks)


def _read_hands(path: Path, frame_rate: float) -> Watched:
    if path.suffix.lower() == ".npz":
        motion = load_motion(path)
        filmed, view = _as_filmed(motion)
        return Watched(filmed, view, motion)
    from duemani.inputs.film.fingertip_file import read_fingertips

    if path.suffix.lower() != ".csv":
        raise InputError(
            f"{path.name} has an unknown suffix; hands are accepted as .npz (`duemani track`) or"
            " as a fingertip .csv."
        )
    filmed, view = read_fingertips(path, frame_rate)
    filmed = keep_hands_apart(filmed, view)
    return Watched(filmed, view, lift_hands(filmed, view))


def _as_filmed(motion: HandMotion) -> tuple[FilmedHands, KeyboardView]:
    """Hands in 3D as if filmed from straight above."""
    tracked = motion.tracked
    sure = tracked.astype(float) if motion.confidence is None else motion.confidence
    points = np.where(tracked[..., None, None], motion.landmarks_m, np.nan)
    filmed = FilmedHands(
        motion.time_sec,
        points[..., :2] * _PX_PER_M,
        -(points[..., 2] - points[:, :, :1, 2]) * _PX_PER_M,
        np.where(tracked, sure, 0.0),
        (1300, 600),
    )
    return filmed, KeyboardView(keyboard_camera(np.diag([_PX_PER_M, _PX_PER_M, 1.0]), (1300, 600)))


def of_seen_hands(performance: Performance, filmed: FilmedHands) -> Performance:
    """The notes that hands in the picture may play: of both, or of the only one that is seen.

    Which hand plays what is assumed from the notes, unless they tell.
    """
    seen = (filmed.confidence > 0).mean(1)
    if seen.min() >= _SEEN_SHARE or seen.max() < _SEEN_SHARE:
        return performance
    model = pretrained_fingering()
    hand = assign_hands(performance.notes, model.hands, 1.0, model.hand_network)
    return replace(performance, notes=performance.notes[hand == int(seen.argmax())])


def on_notes_clock(material: Material, watched: Watched) -> tuple[Material, Watched]:
    """Hands from a file by the notes' clock; hands of another take are not used."""
    if watched.filmed is None or watched.view is None or not len(material.performance.notes):
        return material, watched
    notes = of_seen_hands(material.performance, watched.filmed)
    clock = fit_clock(notes, watched.filmed, watched.view)
    if clock.sure < SURE:
        said = "The hands are not used: they do not play these notes."
        if len(notes.notes) < LEAST_FOR_CLOCK:
            said = (
                f"The hands are not used: {len(notes.notes)} notes are too few to tell where in"
                " them they are played."
            )
        return replace(material, cannot_tell=(*material.cannot_tell, said)), Watched()
    filmed = replace(
        watched.filmed, time_sec=(watched.filmed.time_sec - clock.offset_sec) / clock.rate
    )
    motion = watched.motion
    if motion is not None:
        motion = replace(
            motion,
            start_sec=(motion.start_sec - clock.offset_sec) / clock.rate,
            frame_rate=motion.frame_rate * clock.rate,
        )
        motion = _of_part(motion, material.part_sec)
    said = clock_sentence(
        "The hands", "the notes", -clock.offset_sec / clock.rate, 1 / clock.rate, "the keys played"
    )
    assumptions = (*material.assumptions, said)
    return replace(material, assumptions=assumptions), replace(
        watched, filmed=filmed, motion=motion
    )


def _of_part(motion: HandMotion, part_sec: tuple[float, float]) -> HandMotion | None:
    """The hands of the part that is reviewed; None where they are not in it."""
    if not np.isfinite(part_sec[1]):
        return motion
    try:
        return motion.between(0.0, part_sec[1] - part_sec[0])
    except InputError:
        return None


def together(material: Material, watched: Watched, is_film: bool) -> Material:
    """Notes and hands as one take, as the reviewer looks at it."""
    filmed, view, motion = watched.filmed, watched.view, watched.motion
    length = material.performance.duration_sec
    if motion is not None:
        length = max(length, float(motion.time_sec[-1]))
    length = min(length, material.part_sec[1] - material.part_sec[0])
    frames = max(int(np.ceil((length + _END_SEC) * FRAME_RATE)), 1)
    evidence = dict(material.evidence)
    seen = None
    assumptions = [*watched.assumptions, *material.assumptions]
    if filmed is not None and view is not None:
        if not view.octave_sure and len(material.performance.notes):
            resolved = resolve_octave(view, filmed, material.performance)
            if resolved.first_key != view.first_key:
                motion = lift_hands(filmed, resolved)
            view = resolved
            if view.octave_sure:
                assumptions = [said for said in assumptions if said != OCTAVE_UNSURE]
                assumptions.append(
                    "Too few keys are in view to tell the octave; the notes tell it."
                )
        if motion is not None and not is_film and motion.provenance.get("model") != "tracked":
            seen = seen_from_motion(motion)
        else:
            seen = seen_on_film(filmed, view, frames)
        watched_frames = max(int(filmed.time_sec[-1] * FRAME_RATE), 1)
        share = (seen.confidence[:watched_frames] > 0).mean(0)
        evidence["hands"] = (
            f"{'seen in the film' if is_film else 'as tracked before'}: the left in"
            f" {100 * share[0]:.0f} %, the right in {100 * share[1]:.0f} % of the frames"
        )
    solid = motion is not None and bool(np.isfinite(motion.rotations_rad).all((2, 3)).any())
    return replace(
        material,
        seen=seen,
        motion=motion if solid else None,
        frames=frames,
        evidence=evidence,
        cannot_tell=(*material.cannot_tell, *watched.cannot_tell),
        assumptions=tuple(dict.fromkeys(assumptions)),
    )
