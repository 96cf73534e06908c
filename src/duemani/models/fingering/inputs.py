"""What the fingering network sees of one hand's line: indices and numbers, event by event.

Everything is in the mirrored coordinates of `HandLine`, so both hands share one network. The
same arrays serve training (torch) and use (numpy).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.models.fingering.lines import CHOICES, HandLine
from duemani.models.fingering.reach import chord_penalty

SLOTS = 5
"""Most notes of an event that are fingered one by one."""
IMPOSSIBLE = -1e9
_LIMIT = 15
_INTERVALS = 2 * _LIMIT + 1
_NEAR = 6
_FAR = 12
_SHAPE = 16
_TONAL_WINDOW = 14
_TIME_EDGES_SEC = np.array([0.09, 0.14, 0.22, 0.4, 0.8])
_OVERLAP_EDGES = np.array([-0.5, -0.06, 0.06, 0.3])
_OTHER_EDGES = np.array([-12.5, -7.5, -4.5, -2.5, 0.0, 2.5, 5.5, 12.5])
_TONES = np.isin(np.arange(12), (0, 2, 4, 5, 7, 9, 11)).astype(float)
_MAJOR_SCALES = np.stack([np.roll(_TONES, tonic) for tonic in range(12)], 1)
"""[pitch class, tonic]: 1 where the class belongs to the tonic's major scale."""
_TONICS = np.eye(12) + np.roll(np.eye(12), 7, axis=0)

EVENT_COLUMNS: dict[str, int] = {
    "low_class": 12,
    "high_class": 12,
    "collection": 12,
    "count": 6,
    "before": len(_TIME_EDGES_SEC) + 2,
    "after": len(_TIME_EDGES_SEC) + 2,
    "overlap": len(_OVERLAP_EDGES) + 2,
    "other_hand": len(_OTHER_EDGES) + 2,
}
"""Embedded columns of an event and how many values each takes."""
_MOVE_VALUES = 5
EVENT_VALUES = _SHAPE + 2 * _MOVE_VALUES * (2 * _NEAR + 1) + 2 * 2 * _NEAR + 4 * (_FAR - _NEAR)
NOTE_COLUMNS: dict[str, int] = {
    "class": 12,
    "above_low": _SHAPE,
    "below_high": _SHAPE,
    "place": 16,
}
PAIR_ENTRIES = 25 * _SHAPE * 4
LINK_ENTRIES = 25 * _INTERVALS * 4
"""Entries of the plain tables over (finger, finger, interval, colours)."""


@dataclass(frozen=True)
class LineInputs:
    """Inputs of one line.

    Attributes:
        event: (event, column) of `EVENT_COLUMNS`, offsets added: rows of one embedding matrix.
        value: (event, `EVENT_VALUES`) numbers in -1..1.
        note: (event, slot, column) of `NOTE_COLUMNS`, offsets added.
        filled: (event, slot) whether the event has so many notes; none of a crowd of over five.
        pair: (event, 4) first entry of the table of neighbours within the chord, -1 none.
        link, skip: (event, 2) first entry of the table of lowest and highest note against the
            event one and two before.
        choice: (event, choice, slot) fingers 0-4; the last filled slot is repeated.
        later: the same once a finger has taken a held key over: what follows starts from it.
        fixed: (event, choice) reach penalty (negative), `IMPOSSIBLE` for choices that do not exist.
        single: (event,) one note only.
    """

    event: Int[np.ndarray, "event column"]
    value: Float[np.ndarray, "event value"]
    note: Int[np.ndarray, "event slot 4"]
    filled: Bool[np.ndarray, "event slot"]
    pair: Int[np.ndarray, "event 4"]
    link: Int[np.ndarray, "event 2"]
    skip: Int[np.ndarray, "event 2"]
    choice: Int[np.ndarray, "event choice slot"]
    later: Int[np.ndarray, "event choice slot"]
    fixed: Float[np.ndarray, "event choice"]
    single: Bool[np.ndarray, " event"]


def line_inputs(line: HandLine, notes: np.ndarray, scale: float = 1.0) -> LineInputs:
    """Inputs of a line; `notes` as in `Performance.notes`, `scale` of the hand's reach."""
    count = len(line.notes)
    sizes = np.array([len(event) for event in line.notes], int)
    padded = np.zeros((count, SLOTS), int)
    choice = np.zeros((count, CHOICES, SLOTS), np.int8)
    fixed = np.full((count, CHOICES), IMPOSSIBLE)
    shapes: dict[tuple[int, bytes], list[int]] = {}
    for at, options in enumerate(line.choices):
        shapes.setdefault((options.shape[1], options.tobytes()), []).append(at)
    for events in shapes.values():
        options, here = line.choices[events[0]], np.array(events)
        members = np.array([line.notes[at] for at in events])
        # Of a crowd only the outer notes matter.
        slots = np.minimum(np.arange(SLOTS), options.shape[1] - 1)
        slots[-1] = options.shape[1] - 1
        padded[here] = members[:, slots]
        choice[here, : len(options)] = options[:, slots]
        fixed[here, : len(options)] = -_reach(line.note_x_m[members], options, scale)
    filled = np.arange(SLOTS) < sizes[:, None]
    filled[sizes > SLOTS] = False
    pitch, classes = line.note_pitch[padded], _classes(line, padded)
    black = line.note_black[padded].astype(int)
    return LineInputs(
        event=_with_offsets(_event_columns(line, notes, classes, sizes), EVENT_COLUMNS),
        value=_values(line, notes["release_sec"], pitch, filled),
        note=_with_offsets(_note_columns(pitch, classes, line.pitch, sizes), NOTE_COLUMNS),
        filled=filled,
        pair=_pairs(pitch, black, filled),
        link=_links(line, 1),
        skip=_links(line, 2),
        choice=choice,
        later=_taken_over(line, padded, choice),
        fixed=fixed,
        single=sizes == 1,
    )


def _taken_over(line: HandLine, padded: np.ndarray, choice: np.ndarray) -> np.ndarray:
    if not line.taking_over.any():
        return choice
    other = line.taking_over[padded][:, None]
    return np.where(other > 0, other - 1, choice).astype(np.int8)


def _with_offsets(columns: dict[str, np.ndarray], sizes: dict[str, int]) -> np.ndarray:
    offsets = np.cumsum([0, *sizes.values()])[:-1]
    stacked = np.stack([columns[name] for name in sizes], -1)
    return np.asarray(stacked + offsets, np.int32)


def _classes(line: HandLine, padded: np.ndarray) -> np.ndarray:
    """Pitch classes that put the mirrored keyboard's colours in place (mirrored at D)."""
    mirrored = len(line.note_pitch) > 0 and line.note_pitch[0] < 0
    return np.asarray((line.note_pitch[padded] + (4 if mirrored else 0)) % 12)


def _clipped(difference: np.ndarray) -> np.ndarray:
    return np.clip(difference, -_LIMIT, _LIMIT) + _LIMIT


def _shifted(values: np.ndarray, by: int) -> tuple[np.ndarray, np.ndarray]:
    """`values` of the event `by` later, and whether there is one."""
    at = np.arange(len(values)) + by
    exists = (at >= 0) & (at < len(values))
    return values[np.where(exists, at, 0)], exists


def _event_columns(
    line: HandLine, notes: np.ndarray, classes: np.ndarray, sizes: np.ndarray
) -> dict[str, np.ndarray]:
    columns = {
        "low_class": classes[:, 0],
        "high_class": classes[:, -1],
        "count": np.minimum(sizes, 6) - 1,
    }
    for name, by in (("before", -1), ("after", 1)):
        other, exists = _shifted(line.onset_sec, by)
        bucket = np.searchsorted(_TIME_EDGES_SEC, np.abs(other - line.onset_sec))
        columns[name] = np.where(exists, bucket, len(_TIME_EDGES_SEC) + 1)
    upcoming, exists = _shifted(line.onset_sec, 1)
    gap = np.maximum(upcoming - line.onset_sec, 1e-3)
    overlap = np.searchsorted(_OVERLAP_EDGES, (line.release_sec - upcoming) / gap)
    columns["overlap"] = np.where(exists, overlap, len(_OVERLAP_EDGES) + 1)
    columns["other_hand"] = _other_hand(line, notes)
    columns["collection"] = _collections(classes[:, [0, -1]])
    return columns


def _collections(classes: Int[np.ndarray, "event 2"]) -> Int[np.ndarray, " event"]:
    """Tonic (pitch class) of the major scale that fits each event's surroundings best."""
    used = np.eye(12)[classes].sum(1)
    total = np.concatenate([np.zeros((1, 12)), np.cumsum(used, 0)])
    at = np.arange(len(classes))
    low = np.maximum(at - _TONAL_WINDOW, 0)
    high = np.minimum(at + _TONAL_WINDOW + 1, len(classes))
    # Of equally good scales the one with its tonic and fifth used most.
    fit = (total[high] - total[low]) @ (_MAJOR_SCALES + 0.02 * _TONICS)
    return np.asarray(fit.argmax(1))


def _held(line: HandLine, release_sec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(event,) lowest and highest mirrored pitch still held from earlier events, 0 none."""
    low, high = np.zeros(len(line.notes), int), np.zeros(len(line.notes), int)
    releases, pitches = release_sec.tolist(), line.note_pitch.tolist()
    holding: list[int] = []
    for at, (event, onset) in enumerate(zip(line.notes, line.onset_sec.tolist(), strict=True)):
        holding = [note for note in holding if releases[note] > onset + 0.06]
        if holding:
            held = [pitches[note] for note in holding]
            low[at], high[at] = min(held), max(held)
        holding = [*holding[-8:], *event.tolist()]
    return low, high


def _other_hand(line: HandLine, notes: np.ndarray) -> np.ndarray:
    """Bucket of how far the other hand's last struck notes lie below this hand's lowest."""
    none = len(_OTHER_EDGES) + 1
    mine = np.zeros(len(notes), bool)
    mine[np.concatenate([*line.notes, np.zeros(0, int)]).astype(int)] = True
    others = np.flatnonzero(~mine & (notes["hand"] >= 0))
    if not len(others):
        return np.full(len(line.notes), none)
    onset = notes["onset_sec"][others]
    last = np.searchsorted(onset, line.onset_sec + 0.04) - 1
    struck = others[np.maximum(last, 0)]
    recent = (last >= 0) & (line.onset_sec - notes["onset_sec"][struck] < 1.0)
    distance = line.pitch[:, 0] - line.note_pitch[struck]
    return np.where(recent, np.searchsorted(_OTHER_EDGES, distance), none)


def _moves(difference: np.ndarray, exists: np.ndarray) -> np.ndarray:
    """(event, 5): an interval [semitones] on smooth scales, 0 where there is no note."""
    steps = difference.astype(float)
    columns = [np.tanh(steps / 1.5), np.tanh(steps / 4), np.tanh(steps / 10)]
    columns += [np.exp(-(steps**2) / 2), np.exp(-((np.abs(steps) - 12) ** 2) / 2)]
    return np.stack(columns, -1) * exists[:, None]


def _values(
    line: HandLine, release_sec: np.ndarray, pitch: np.ndarray, filled: np.ndarray
) -> np.ndarray:
    shape = np.zeros((len(line.notes), _SHAPE))
    above = np.minimum(pitch - pitch[:, :1], _SHAPE - 1)
    events, slots = np.nonzero(filled)
    shape[events, above[events, slots]] = 1.0
    columns = [shape]
    for side, held in enumerate(_held(line, release_sec)):
        own, black = line.pitch[:, side], line.black[:, side].astype(float)
        columns.append(_moves(held - own, held != 0))
        for by in range(-_FAR, _FAR + 1):
            if not by:
                continue
            other, exists = _shifted(own, by)
            if abs(by) <= _NEAR:
                columns.append(_moves(other - own, exists))
                colour, _ = _shifted(black, by)
                columns.append(((2 * colour - 1) * exists)[:, None])
            else:
                columns.append((np.tanh((other - own) / 10) * exists)[:, None])
    return np.concatenate(columns, 1, dtype=np.float32)


def _note_columns(
    pitch: np.ndarray, classes: np.ndarray, outer: np.ndarray, sizes: np.ndarray
) -> dict[str, np.ndarray]:
    size = np.minimum(sizes, SLOTS)[:, None]
    place = np.minimum(np.arange(SLOTS), size - 1)
    return {
        "class": classes,
        "above_low": np.minimum(pitch - outer[:, :1], _SHAPE - 1),
        "below_high": np.minimum(outer[:, 1:] - pitch, _SHAPE - 1),
        "place": size * (size - 1) // 2 + place,
    }


def _pairs(pitch: np.ndarray, black: np.ndarray, filled: np.ndarray) -> np.ndarray:
    interval = np.clip(np.diff(pitch, axis=1), 0, _SHAPE - 1)
    entry = ((black[:, :-1] * 2 + black[:, 1:]) * _SHAPE + interval) * 25
    return np.where(filled[:, 1:], entry, -1).astype(np.int32)


def _links(line: HandLine, by: int) -> np.ndarray:
    before, _ = _shifted(line.pitch, -by)
    black_before, _ = _shifted(line.black.astype(int), -by)
    colours = black_before * 2 + line.black
    return np.asarray((colours * _INTERVALS + _clipped(line.pitch - before)) * 25, np.int32)


def _reach(x_m: np.ndarray, choices: np.ndarray, scale: float) -> np.ndarray:
    """Reach penalty (event, choice) of chords (event, note), clipped."""
    total = np.zeros((len(x_m), len(choices)))
    for low in range(x_m.shape[1]):
        for high in range(low + 1, x_m.shape[1]):
            table = chord_penalty(x_m[:, high] - x_m[:, low], scale)
            total += table[:, choices[:, low].astype(int), choices[:, high].astype(int)]
    return np.minimum(total, 100.0)
