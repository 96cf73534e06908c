"""Learned part of fingering: a second-order conditional random field over finger combinations.

An event's choices are scored by tables of log-weights (nats) that look at its outer notes, the
contour around them and the fingers of the two events before. All tables lie in one vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from jaxtyping import Float, Int

from benchmarks.baselines.tables.reach import chord_penalty
from duemani.models.fingering.lines import CHOICES, HandLine

INTERVAL_LIMIT = 15
_INTERVALS = 2 * INTERVAL_LIMIT + 1
_SHAPES = 10
_WINDOW = 6
_TONAL_WINDOW = 14
_TONES = np.isin(np.arange(12), (0, 2, 4, 5, 7, 9, 11)).astype(float)
_MAJOR_SCALES = np.stack([np.roll(_TONES, tonic) for tonic in range(12)], 1)
"""[pitch class, tonic]: 1 where the class belongs to the tonic's major scale."""
_TONICS = np.eye(12) + np.roll(np.eye(12), 7, axis=0)
IMPOSSIBLE = -1e9

TABLES: dict[str, tuple[int, ...]] = {
    # finger, next finger, interval, black, next black
    "step": (5, 5, _INTERVALS, 2, 2),
    # finger, next finger, interval, whatever the colours
    "reach": (5, 5, _INTERVALS),
    # as "step", for the event after the next
    "skip": (5, 5, _INTERVALS, 2, 2),
    # three fingers, two shapes (single notes only)
    "triple": (5, 5, 5, _SHAPES, _SHAPES),
    # three fingers, two directions (single notes only)
    "turn": (5, 5, 5, 3, 3),
    # finger, next finger, time between, released before
    "time": (5, 5, 5, 2),
    # neighbours within a chord: finger, finger, interval, black, black
    "chord": (5, 5, _INTERVALS, 2, 2),
    # finger, black, notes in the event, place in it (lowest, inner, highest)
    "place": (5, 2, 5, 3),
    # outer fingers: finger, is highest, shape before, shape after
    "contour": (5, 2, _SHAPES, _SHAPES),
    # finger, is highest, most the line rises and falls over the next (previous) events
    "ahead": (5, 2, 6, 6),
    "behind": (5, 2, 6, 6),
    # finger, colours of the five notes around, direction
    "colours": (5, 32, 3),
    # finger, diatonic collection around, pitch class, kind of run
    "degree": (5, 12, 12, 3),
}
_START = dict(zip(TABLES, np.cumsum([1, *map(prod, TABLES.values())]).tolist(), strict=False))
WEIGHT_COUNT = 1 + sum(map(prod, TABLES.values()))
"""Length of the weight vector; weight 0 stays 0 and pads."""
_SHAPE_EDGES = np.array([-7.5, -4.5, -2.5, -0.5, 0.5, 2.5, 4.5, 7.5])
_RANGE_EDGES = np.array([0.5, 2.5, 4.5, 7.5, 12.5])
_TIME_EDGES = np.array([0.1, 0.2, 0.4, 0.8])


@dataclass(frozen=True)
class LineFeatures:
    """Weight indices of one line; sums over the last axis are scores.

    Attributes:
        own: (event, choice, k) of each choice by itself.
        step, skip: (event, choice before, choice, 5 or 2) with the event one, two before, to be
            weighted by `STEP_SHARES`, `SKIP_SHARES`: outer voices count half each.
        triple: (event, 5, 5, 5, 2), 0 where an event of the three is a chord.
        fixed: (event, choice) reach penalty, `IMPOSSIBLE` for choices that do not exist.
    """

    own: Int[np.ndarray, "event choice k"]
    step: Int[np.ndarray, "event choice choice 5"]
    skip: Int[np.ndarray, "event choice choice 2"]
    triple: Int[np.ndarray, "event 5 5 5 2"]
    fixed: Float[np.ndarray, "event choice"]


STEP_SHARES = np.array([0.5, 0.5, 0.5, 0.5, 1.0])
SKIP_SHARES = np.array([0.5, 0.5])


def table_index(name: str, *at: np.ndarray | int) -> np.ndarray:
    """Indices of entries of one table in the weight vector; `at` broadcast together."""
    return _START[name] + np.ravel_multi_index(np.broadcast_arrays(*at), TABLES[name])


def _interval(difference: np.ndarray) -> np.ndarray:
    return np.clip(difference, -INTERVAL_LIMIT, INTERVAL_LIMIT) + INTERVAL_LIMIT


def _shape(difference: np.ndarray) -> np.ndarray:
    return np.searchsorted(_SHAPE_EDGES, difference)


def _shifted(values: np.ndarray, by: int, fill: int | float) -> np.ndarray:
    """`values` of the event `by` later (negative: earlier), `fill` beyond the ends."""
    out = np.full_like(values, fill)
    if by >= 0:
        out[: max(len(values) - by, 0)] = values[by:]
    else:
        out[-by:] = values[:by]
    return out


def line_features(line: HandLine, scale: float = 1.0) -> LineFeatures:
    """Indices of all features of a line; `scale` is the hand's (see `fingering_reach`)."""
    count = len(line.notes)
    fixed = np.full((count, CHOICES), IMPOSSIBLE)
    own = np.zeros((count, CHOICES, 9 + 10), np.int32)
    outer = np.zeros((count, CHOICES, 2), int)
    same_choices: dict[tuple[int, bytes], list[int]] = {}
    for at, choices in enumerate(line.choices):
        same_choices.setdefault((choices.shape[1], choices.tobytes()), []).append(at)
    for events in same_choices.values():
        choices = line.choices[events[0]].astype(int)
        here, options = np.array(events), len(choices)
        notes = np.array([line.notes[at] for at in events])
        fixed[here, :options] = -_reach(line, notes, choices, scale)
        inner = _inner_indices(line, notes, choices)
        own[here, :options, : inner.shape[-1]] = inner
        outer[here, :options] = choices[:, [0, -1]]
    own[:, :, 9:] = _outer_indices(line, outer)
    step = [_link_indices("step", line, outer, 1), _link_indices("reach", line, outer, 1)]
    gap = np.diff(line.onset_sec, prepend=0.0)
    before = np.concatenate([[0.0], line.release_sec[:-1]])
    timing = table_index(
        "time",
        _previous(outer, 1)[:, :, None, 1],
        outer[:, None, :, 1],
        np.searchsorted(_TIME_EDGES, gap)[:, None, None],
        (before < line.onset_sec - 0.02).astype(int)[:, None, None],
    )
    timing[:1] = 0
    return LineFeatures(
        own=own,
        step=np.concatenate([*step, timing[..., None]], -1).astype(np.int32),
        skip=_link_indices("skip", line, outer, 2).astype(np.int32),
        triple=_triple_indices(line).astype(np.int32),
        fixed=fixed,
    )


def _previous(values: np.ndarray, by: int) -> np.ndarray:
    return np.concatenate([np.zeros_like(values[:by]), values[:-by]])[: len(values)]


def _reach(line: HandLine, notes: np.ndarray, choices: np.ndarray, scale: float) -> np.ndarray:
    """Reach penalty (event, choice) of chords (event, note), clipped."""
    total = np.zeros((len(notes), len(choices)))
    x_m = line.note_x_m[notes]
    for low in range(notes.shape[1]):
        for high in range(low + 1, notes.shape[1]):
            table = chord_penalty(x_m[:, high] - x_m[:, low], scale)
            total += table[:, choices[:, low], choices[:, high]]
    return np.minimum(total, 100.0)


def _inner_indices(line: HandLine, notes: np.ndarray, choices: np.ndarray) -> np.ndarray:
    """(event, choice, 9 at most): every note's place and every neighbouring pair of a chord."""
    columns: list[np.ndarray] = []
    size = min(notes.shape[1], 5)
    black = line.note_black[notes].astype(int)
    pitch = line.note_pitch[notes]
    for at in range(size):
        place = 0 if at == 0 else 2 if at == size - 1 else 1
        columns.append(table_index("place", choices[:, at], black[:, at, None], size - 1, place))
    for at in range(size - 1):
        columns.append(
            table_index(
                "chord",
                choices[:, at],
                choices[:, at + 1],
                _interval(pitch[:, at + 1] - pitch[:, at])[:, None],
                black[:, at, None],
                black[:, at + 1, None],
            )
        )
    return np.stack(columns, -1)


def _collections(classes: Int[np.ndarray, "event 2"]) -> Int[np.ndarray, "event 2"]:
    """Tonic (pitch class) of the major scale that fits each event's surroundings best."""
    used = np.eye(12)[classes].sum(1)
    total = np.concatenate([np.zeros((1, 12)), np.cumsum(used, 0)])
    at = np.arange(len(classes))
    low = np.maximum(at - _TONAL_WINDOW, 0)
    high = np.minimum(at + _TONAL_WINDOW + 1, len(classes))
    # Of equally good scales the one with its tonic and fifth used most.
    fit = (total[high] - total[low]) @ (_MAJOR_SCALES + 0.02 * _TONICS)
    return np.repeat(fit.argmax(1)[:, None], 2, 1)


def _run(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """0 in a stepwise run up, 1 in one down, 2 elsewhere, (event,)."""
    steps = (np.abs(np.nan_to_num(before)) <= 3) & (np.abs(np.nan_to_num(after)) <= 3)
    up = steps & (np.nan_to_num(before, nan=1) > 0) & (np.nan_to_num(after, nan=1) > 0)
    down = steps & (np.nan_to_num(before, nan=-1) < 0) & (np.nan_to_num(after, nan=-1) < 0)
    return np.where(up, 0, np.where(down, 1, 2))


def _outer_indices(line: HandLine, outer: np.ndarray) -> np.ndarray:
    """(event, choice, 10): lowest and highest finger against the contour around the event."""
    columns: list[np.ndarray] = []
    # Mirroring maps pitch p of a left hand to -p: 4 - p keeps the keys' colours in place.
    mirrored = len(line.note_pitch) > 0 and line.note_pitch[0] < 0
    classes = (line.pitch + (4 if mirrored else 0)) % 12
    collection = _collections(classes)
    for side in (0, 1):
        pitch, finger = line.pitch[:, side].astype(float), outer[:, :, side]
        after = _shifted(pitch, 1, np.nan) - pitch
        before = pitch - _shifted(pitch, -1, np.nan)
        shapes = [np.where(np.isnan(d), 9, _shape(np.nan_to_num(d))) for d in (before, after)]
        columns.append(table_index("contour", finger, side, shapes[0][:, None], shapes[1][:, None]))
        for name, sign in (("ahead", 1), ("behind", -1)):
            near = [_shifted(pitch, sign * k, np.nan) - pitch for k in range(1, _WINDOW + 1)]
            moves = np.nan_to_num(np.stack(near), nan=0.0)
            rise = np.searchsorted(_RANGE_EDGES, moves.max(0))
            fall = np.searchsorted(_RANGE_EDGES, -moves.min(0))
            columns.append(table_index(name, finger, side, rise[:, None], fall[:, None]))
        direction = np.nan_to_num(np.sign(after)).astype(int) + 1
        black = line.black[:, side].astype(int)
        colours = sum(
            (_shifted(black, k, 0) << (k + 2) for k in range(-2, 3)), np.zeros_like(black)
        )
        columns.append(table_index("colours", finger, colours[:, None], direction[:, None]))
        columns.append(
            table_index(
                "degree",
                finger,
                collection[:, side, None],
                classes[:, side, None],
                _run(before, after)[:, None],
            )
        )
    return np.stack(columns, -1)


def _link_indices(name: str, line: HandLine, outer: np.ndarray, by: int) -> np.ndarray:
    """(event, choice before, choice, 2): outer voices against those `by` events before."""
    columns: list[np.ndarray] = []
    for side in (0, 1):
        pitch, black = line.pitch[:, side], line.black[:, side].astype(int)
        fingers = (_previous(outer, by)[:, :, None, side], outer[:, None, :, side])
        interval = _interval(pitch - _previous(pitch, by))[:, None, None]
        colours = (_previous(black, by)[:, None, None], black[:, None, None])
        columns.append(table_index(name, *fingers, interval, *(() if name == "reach" else colours)))
    index = np.stack(columns, -1)
    index[:by] = 0
    return index


def _triple_indices(line: HandLine) -> np.ndarray:
    finger = np.arange(5)
    fingers = (finger[:, None, None], finger[:, None], finger)
    moves = np.diff(line.pitch[:, 0], prepend=0)
    columns: list[np.ndarray] = []
    for name, shape in (("triple", _shape(moves)), ("turn", np.sign(moves) + 1)):
        shapes = (_previous(shape, 1)[:, None, None, None], shape[:, None, None, None])
        columns.append(table_index(name, *fingers, *shapes))
    index = np.stack(columns, -1)
    full = np.array([choices.shape == (5, 1) for choices in line.choices], bool)
    index[~(full & _previous(full, 1) & _previous(full, 2))] = 0
    return index
