"""Which keys they are: the ends of a keyboard and the sizes that keyboards have."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from duemani.errors import InputError
from duemani.inputs.film.keyboard.evidence import Evidence
from duemani.inputs.film.keyboard.pattern import OCTAVE, black_x
from duemani.inputs.film.keyboard_view import KeyboardView
from duemani.keyboard import WHITE_COUNT, WHITE_PITCH_M

_SIZES = {
    # White keys: their count, the first one counted from A0, and how rare the size is.
    88: (52, 0, 0.0),
    76: (45, 4, 0.7),
    73: (43, 4, 1.0),
    61: (36, 9, 0.5),
    49: (29, 9, 0.8),
    37: (22, 16, 1.0),
    25: (15, 16, 1.0),
}
_LARGEST_OTHER = 36
"""White keys of the commonest smaller keyboard: with more in view, an end is the end of 88 keys."""
_MIRROR_COST = 1.0
_SURE_BY = 0.8
_MIRROR_BY = 2.0
"""Where no end is seen: two keys too many; one may be the piano's own edge."""
_LARGEST_COST = 1.6
_SILENT_KEYS = 4


@dataclass(frozen=True)
class Span:
    """The outermost white key lines seen, and whether the keyboard ends there."""

    first: int
    last: int
    first_is_end: bool
    last_is_end: bool


@dataclass(frozen=True)
class Placement:
    """Where A0's left edge lies: at white key line `a0_line`, after mirroring about D if so."""

    a0_line: int
    mirrored: bool
    sure: bool


def seen_span(evidence: Evidence) -> Span:
    """How far the keys go."""
    x = black_x(evidence.black)
    seen = np.flatnonzero(evidence.black_seen)
    first, first_is_end = _walk(evidence, x, float(x[seen[0]]), -1)
    last, last_is_end = _walk(evidence, x, float(x[seen[-1]]), 1)
    return Span(first, last, first_is_end, last_is_end)


def _walk(evidence: Evidence, x: np.ndarray, start: float, step: int) -> tuple[int, bool]:
    """Last line of the keys in one direction, and whether the keyboard ends there.

    Beyond the outermost black key seen the keys go on as far as they are bright and show gaps.
    Only where it turns dark is an end; where a bright surface goes on without gaps, it is unknown.
    """
    lines = evidence.lines
    line = int(np.floor(start)) if step > 0 else int(np.ceil(start))
    line = int(np.clip(line, lines[0], lines[-1]))
    last_sign = line
    while abs(line - last_sign) <= _SILENT_KEYS:
        following = line + step
        if not lines[0] <= following <= lines[-1]:
            return line, False
        bright = evidence.bright[min(line, following) - lines[0]]
        if np.isnan(bright):
            return line, False
        ahead = np.clip(line + step * np.arange(1, 5), lines[0], lines[-1]) - lines[0]
        if bright < 0.5 and evidence.gap[np.unique(ahead)].sum() < 2:
            return line, _drops(evidence, line, step)
        if evidence.gap[following - lines[0]] or (
            (np.abs(x - line) < 0.3).any() and (evidence.black_seen[np.abs(x - line) < 0.3].any())
        ):
            last_sign = line
        line = following
    return last_sign, False


def _drops(evidence: Evidence, line: int, step: int) -> bool:
    """Whether it turns dark at a line at once, not little by little as at a picture's rim."""
    inner = line + np.arange(-1, -5, -1) if step > 0 else line + np.arange(4)
    at = np.clip(np.append(line if step > 0 else line - 1, inner), *evidence.lines[[0, -1]])
    beyond, *inside = evidence.front[at - evidence.lines[0]]
    usual = np.nanmax(inside)
    return bool(beyond < 0.45 * usual and inside[0] > 0.65 * usual > 0.3)


def place(span: Span) -> Placement:
    """Which keys a span shows.

    Every keyboard size and octave, mirrored or not, is compared with the ends seen; keys beyond
    a keyboard's end speak against it.
    """
    options = list[tuple[float, float, int, bool]]()
    for mirrored in (False, True):
        first, last = (3 - span.last, 3 - span.first) if mirrored else (span.first, span.last)
        ends = (span.first_is_end, span.last_is_end)
        first_is_end, last_is_end = ends[::-1] if mirrored else ends
        for keys, (count, start, rare) in _SIZES.items():
            if keys != 88 and not (first_is_end and last_is_end):
                continue
            for octave in range(-12, 13):
                a0_line = OCTAVE * octave - 2
                off_first, off_last = first - (a0_line + start), a0_line + start + count - last
                cost = rare + mirrored * _MIRROR_COST
                cost += _off(off_first, first_is_end) + _off(off_last, last_is_end)
                centre = abs((first + last) / 2 - a0_line - WHITE_COUNT / 2 + 0.5)
                options.append((cost, centre, a0_line, mirrored))
    options.sort(key=lambda option: (round(option[0], 3), option[1]))
    chosen = _chosen(options, span)
    if chosen.mirrored and not (chosen.sure and _tells_mirror(options, span)):
        return replace(_chosen([option for option in options if not option[3]], span), sure=False)
    return chosen


def _tells_mirror(options: list[tuple[float, float, int, bool]], span: Span) -> bool:
    """Whether a mirror is shown: by an end, or by too many keys for any keyboard that is not."""
    upright = next(option for option in options if not option[3])
    by = upright[0] - options[0][0]
    return span.first_is_end or span.last_is_end or by >= _MIRROR_BY


def _chosen(options: list[tuple[float, float, int, bool]], span: Span) -> Placement:
    """The cheapest option, and whether it is so by far."""
    cost, _, a0_line, mirrored = options[0]
    rivals = [o for o in options[1:] if (o[2], o[3]) != (a0_line, mirrored)]
    sure = cost <= _LARGEST_COST and rivals[0][0] - cost >= _SURE_BY
    only_end = span.first_is_end != span.last_is_end
    if only_end and span.last - span.first <= _LARGEST_OTHER:
        # The top C of 61 keys looks like the top C of 88; only 88 keys begin with A.
        sure &= span.first_is_end and (span.first + 2) % OCTAVE == 0
    return Placement(a0_line, mirrored, bool(sure))


def _off(missing: int, is_end: bool) -> float:
    """Cost of white keys missing at an end, or (below 0) seen beyond it."""
    if missing < 0:
        return 1.5 * -missing
    return 1.0 * missing if is_end else 0.0


def shift_octaves(view: KeyboardView, octaves: int) -> KeyboardView:
    """The same view with every key taken for the one so many octaves higher.

    Raises:
        InputError: keys in view would lie outside the 88.
    """
    first, last = view.first_key + 12 * octaves, view.last_key + 12 * octaves
    if first < 0 or last > 87:
        raise InputError(
            f"the keys cannot be {octaves} octaves higher: a piano has 88, and those in view"
            f" would be {first + 1} to {last + 1}."
        )
    lower_from_higher = np.eye(4)
    lower_from_higher[0, 3] = -7 * octaves * WHITE_PITCH_M
    camera = view.camera.in_frame(lower_from_higher)
    return replace(view, camera=camera, first_key=first, last_key=last)
