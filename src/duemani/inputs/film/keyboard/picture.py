"""Find the keyboard in a picture: black keys' pattern → plane → camera → which keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import UInt8

from duemani import keyboard
from duemani.inputs.film.camera import Camera, camera_from_plane, straightened
from duemani.inputs.film.keyboard.edges import key_edges, softened
from duemani.inputs.film.keyboard.evidence import Evidence, weigh
from duemani.inputs.film.keyboard.fit import fit_camera
from duemani.inputs.film.keyboard.octave import Span, place, seen_span
from duemani.inputs.film.keyboard.pattern import black_x
from duemani.inputs.film.keyboard.plane import plane_guesses
from duemani.inputs.film.keyboard.plausible import plausible
from duemani.inputs.film.keyboard.strip import find_strips
from duemani.inputs.film.keyboard_view import KeyboardView, keyboard_camera

_SEARCH_PX, _FIT_PX = 960, 1920
_STRIPS_TRIED = 14
_ENOUGH = 30.0
_WELL_FITTED = 0.03
_BENDS = (-0.2, -0.14, -0.08, 0.08)
_LARGEST_MISS, _LARGEST_MISS_OF_MANY = 0.06, 0.085
_MANY_BLACK, _MANY_SHARE = 25, 0.9
"""With so many black keys, nearly all of those in view, larger misses are the instrument's own."""


def find_keyboard(picture_bgr: UInt8[np.ndarray, "h w 3"]) -> KeyboardView | None:
    """The keyboard in a picture, from any side, turned, mirrored or partly out of view.

    None where nothing is a keyboard beyond doubt. At least eight black keys must be seen. Where
    the ends do not tell, the picture is taken not to be mirrored, and the octave is uncertain.
    """
    grey = cv2.cvtColor(picture_bgr, cv2.COLOR_BGR2GRAY)
    small = _resized(grey, _SEARCH_PX)
    found = _search(small)
    if found is None:
        return None
    camera, evidence = found
    large = _resized(grey, _FIT_PX)
    settled = _settled(softened(large), camera.resized((large.shape[1], large.shape[0])), evidence)
    if settled is None:
        return None
    camera, evidence = settled
    return _view(camera.resized((grey.shape[1], grey.shape[0])), evidence)


def _resized(grey: UInt8[np.ndarray, "h w"], longest_px: int) -> UInt8[np.ndarray, "h2 w2"]:
    height, width = grey.shape
    factor = longest_px / max(height, width)
    if factor >= 1:
        return grey
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _search(grey: np.ndarray) -> tuple[Camera, Evidence] | None:
    """The camera that most keys speak for."""
    soft, size_px = softened(grey), (grey.shape[1], grey.shape[0])
    best: tuple[Camera, Evidence] | None = None
    for tried, strip in enumerate(find_strips(grey)):
        if tried == _STRIPS_TRIED:
            break
        x = black_x(np.unique(strip.keys))
        for plane in plane_guesses(grey, strip):
            # The player's side may turn the numbering about D.
            span = _span_of(plane, strip.left_px)
            edges = (
                key_edges(*span) if span is not None else key_edges(int(x[0]) - 1, int(x[-1]) + 2)
            )
            camera = fit_camera(soft, camera_from_plane(plane, size_px), edges)
            evidence = weigh(soft, camera) if camera is not None else None
            if camera is None or evidence is None or not _convinces(camera, evidence):
                continue
            if best is None or evidence.score > best[1].score:
                best = camera, evidence
        if best is not None and best[1].score > _ENOUGH:
            break
    return best


def _convinces(camera: Camera, evidence: Evidence) -> bool:
    """Whether it is a keyboard beyond doubt: by its keys, and by where the camera would stand."""
    if not evidence.holds:
        return False
    x = black_x(evidence.black[evidence.black_seen])
    return plausible(camera, int(np.floor(x[0])), int(np.ceil(x[-1])))


def _span_of(plane: np.ndarray, points_px: np.ndarray) -> tuple[int, int] | None:
    mapped = np.column_stack([points_px, np.ones(len(points_px))]) @ np.linalg.inv(plane).T
    x = mapped[:, 0] / mapped[:, 2]
    if not np.isfinite(x).all() or np.ptp(x) > 80:
        return None
    return int(np.floor(x.min() - 0.5)), int(np.ceil(x.max() + 1.2))


def _settled(
    soft: np.ndarray, camera: Camera, evidence: Evidence
) -> tuple[Camera, Evidence] | None:
    """The camera fitted once more to all keys that are seen, at full size."""
    if evidence.miss > _WELL_FITTED:
        camera, evidence = max(
            [(camera, evidence), *_bent_otherwise(soft, camera, seen_span(evidence))],
            key=lambda option: option[1].score,
        )
    for _ in range(3):
        span = seen_span(evidence)
        moved = fit_camera(soft, camera, key_edges(span.first, span.last))
        weighed = weigh(soft, moved) if moved is not None else None
        if moved is None or weighed is None or not _convinces(moved, weighed):
            return None
        camera, evidence = moved, weighed
        if seen_span(evidence) == span:
            break
    seen = np.flatnonzero(evidence.black_seen)
    many = len(seen) >= max(_MANY_BLACK, _MANY_SHARE * (seen[-1] - seen[0] + 1))
    largest = _LARGEST_MISS_OF_MANY if many else _LARGEST_MISS
    return (camera, evidence) if evidence.miss < largest else None


def _bent_otherwise(
    soft: np.ndarray, camera: Camera, span: Span
) -> Iterator[tuple[Camera, Evidence]]:
    """The camera with other lenses: a strong bend is out of reach from a straight start."""
    middle, reach = (span.first + span.last) // 2, (span.last - span.first) // 4
    lines = np.linspace(middle - reach, middle + reach, 12)
    points = np.stack(np.broadcast_arrays(lines[:, None], np.array([0.0, 2.0, 4.0, 6.0]), 0.0), -1)
    points = points.reshape(-1, 3)
    seen = camera.project(points)
    for bend in _BENDS:
        straight = straightened(seen, camera.size_px, bend)
        plane, _ = cv2.findHomography(points[:, :2], straight, 0)
        start: Camera | None = camera_from_plane(plane, camera.size_px, bend)
        for ends in (
            (middle - reach, middle + reach),
            (middle - 3 * reach // 2, middle + 3 * reach // 2),
            (span.first, span.last),
        ):
            start = fit_camera(soft, start, key_edges(*ends)) if start is not None else None
        evidence = weigh(soft, start) if start is not None else None
        if start is not None and evidence is not None and _convinces(start, evidence):
            yield start, evidence


def _view(camera: Camera, evidence: Evidence) -> KeyboardView:
    span = seen_span(evidence)
    placement = place(span)
    plane = camera.picture_from_plane
    if placement.mirrored:
        plane = plane @ np.array([[-1.0, 0, 3], [0, 1, 0], [0, 0, 1]])
    lines_from_keyboard = np.diag([1 / keyboard.WHITE_PITCH_M, 1 / keyboard.WHITE_PITCH_M, 1.0])
    lines_from_keyboard[0, 2] = placement.a0_line
    view = KeyboardView(
        keyboard_camera(plane @ lines_from_keyboard, camera.size_px, camera.bend),
        miss_keys=evidence.miss,
        octave_sure=placement.sure,
    )
    first, last = keys_in_picture(view)
    return replace(view, first_key=first, last_key=last)


def keys_in_picture(view: KeyboardView) -> tuple[int, int]:
    """First and last key whose middle lies in the picture."""
    y = np.where(keyboard.IS_BLACK, 0.09, 0.03)
    x = keyboard.CENTRE_X_M
    depth = view.camera.depth(np.stack([x, y, np.zeros(88)], 1))
    px = view.to_picture(np.stack([x, y], 1))
    inside = (px >= 0).all(1) & (px < np.array(view.camera.size_px)).all(1)
    inside &= depth * np.sign(np.median(depth)) > 0
    keys = np.flatnonzero(inside)
    return (int(keys[0]), int(keys[-1])) if len(keys) else (0, 87)
