"""Find the keyboard in a film: pictures spread over it, agreed upon."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from duemani import keyboard
from duemani.inputs.film.camera import straightened
from duemani.inputs.film.keyboard.picture import find_keyboard, keys_in_picture
from duemani.inputs.film.keyboard_view import KeyboardView, keyboard_camera

_MOST_PICTURES = 16
_SAME_KEYS = 0.35
"""Views that differ by less, in white keys, show a camera at rest."""
_REST_SHARE = 0.6
_FEW = 3
_OCTAVE_M = 7 * keyboard.WHITE_PITCH_M

UNFOUND = "No keyboard was found in the film."
OCTAVE_UNSURE = "Too few keys are in view to tell the octave."


@dataclass(frozen=True)
class KeyboardFound:
    """The keyboard of a film.

    Attributes:
        view: where it lies, the same in all pictures; None where it was not found.
        remarks: sentences on what is in doubt: a moving camera, few pictures, the octave.
    """

    view: KeyboardView | None
    remarks: tuple[str, ...] = ()


def find_keyboard_in_film(
    frames: Iterable[tuple[float, UInt8[np.ndarray, "h w 3"]]],
) -> KeyboardFound:
    """The keyboard that most pictures of a film agree on.

    Hands hide other keys in each picture, so every number is the median over the pictures.

    Args:
        frames: time [s] and picture (BGR), all of one size, spread over the film; of more than
            some dozen, evenly spread ones are used.
    """
    pictures = _spread(frames)
    if not pictures:
        return KeyboardFound(None, ("The film has no pictures.",))
    views = [view for picture in pictures if (view := find_keyboard(picture)) is not None]
    if len(views) < min(_FEW, len(pictures)):
        # Without the hands, which move, more keys are seen.
        still = find_keyboard(np.median(pictures, axis=0).astype(np.uint8))
        views += [still] if still is not None else []
    if not views:
        return KeyboardFound(None, (UNFOUND,))
    return _agreed(views, len(pictures))


def _spread(
    frames: Iterable[tuple[float, UInt8[np.ndarray, "h w 3"]]],
) -> list[UInt8[np.ndarray, "h w 3"]]:
    """Evenly spread pictures of a film of any length."""
    kept, stride = list[np.ndarray](), 1
    for number, (_, picture) in enumerate(frames):
        if number % stride == 0:
            kept.append(picture)
            if len(kept) == 2 * _MOST_PICTURES:
                kept, stride = kept[::2], stride * 2
    if len(kept) > _MOST_PICTURES:
        places = np.linspace(0, len(kept) - 1, _MOST_PICTURES).round().astype(int)
        kept = [kept[place] for place in places]
    return kept


def _agreed(views: list[KeyboardView], pictures: int) -> KeyboardFound:
    shifts = np.array([[_octaves_between(one, other) for other in views] for one in views])
    same = np.isfinite(shifts)
    reference = int(same.sum(1).argmax())
    group = np.flatnonzero(same[reference])
    share = len(group) / len(views)
    remarks = list[str]()
    if share < _REST_SHARE:
        remarks.append(
            "The camera moves or the film is cut: the keyboard lies elsewhere in"
            f" {len(views) - len(group)} of {len(views)} pictures; film it with the camera at rest."
        )
        if len(group) < 2:
            return KeyboardFound(None, tuple(remarks))
    elif len(views) < 0.5 * pictures:
        remarks.append(f"The keyboard was found in only {len(views)} of {pictures} pictures.")
    view = _median_view([views[at] for at in group], shifts[reference, group].astype(int))
    if not view.octave_sure:
        remarks.append(OCTAVE_UNSURE)
    return KeyboardFound(view, tuple(remarks))


def _grid(view: KeyboardView) -> Float[np.ndarray, "point 2"]:
    """Points on the keys in view [m]."""
    x = keyboard.CENTRE_X_M[np.linspace(view.first_key, view.last_key, 12).astype(int)]
    return np.stack(np.broadcast_arrays(x[:, None], np.array([0.01, 0.05, 0.12])), -1).reshape(
        -1, 2
    )


def _octaves_between(one: KeyboardView, other: KeyboardView) -> float:
    """By how many octaves the other takes the keys for higher ones; NaN where they disagree."""
    points = _grid(one)
    off = other.to_keyboard(one.to_picture(points)) - points
    octaves = np.round(np.median(off[:, 0]) / _OCTAVE_M)
    off[:, 0] -= octaves * _OCTAVE_M
    agree = np.median(np.abs(off), axis=0) < _SAME_KEYS * keyboard.WHITE_PITCH_M
    alike = one.camera.mirrored == other.camera.mirrored
    return float(octaves) if agree.all() and alike else float("nan")


def _median_view(views: list[KeyboardView], octaves: np.ndarray) -> KeyboardView:
    """One view of many that agree but for octaves, given relative to the reference."""
    sure = np.array([view.octave_sure for view in views])
    votes = octaves[sure] if sure.any() else octaves
    values, counts = np.unique(votes, return_counts=True)
    octave = int(values[counts.argmax()])
    settled = bool(sure.any() and counts.max() > 0.6 * counts.sum())
    points = _grid(views[int(np.flatnonzero(octaves == octave)[0])])
    shifted = points[None] + np.array([[[(o - octave) * _OCTAVE_M, 0.0]] for o in octaves])
    seen = [view.to_picture(at) for view, at in zip(views, shifted, strict=True)]
    size_px = views[0].camera.size_px
    bend = float(np.median([view.camera.bend for view in views]))
    straight = straightened(np.median(seen, axis=0), size_px, bend)
    homography, _ = cv2.findHomography(points, straight, 0)
    view = KeyboardView(
        keyboard_camera(homography, size_px, bend),
        miss_keys=float(np.median([view.miss_keys for view in views])),
        octave_sure=settled,
    )
    first, last = keys_in_picture(view)
    return replace(view, first_key=first, last_key=last)
