"""The same passage, the same fingers: where a hand's line repeats itself, the first time counts."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from duemani.models.fingering.lines import HandLine

_LEAST_EVENTS = 16
_EDGE_EVENTS = 2
"""Events at both ends of a repeated passage that may differ: what surrounds it does."""
_PACES = 4


def repeated_fingers(line: HandLine, finger: np.ndarray) -> Int[np.ndarray, " note"]:
    """Fingers (1-5) that repeated passages should take over from their first time, 0 elsewhere.

    A passage is a run of at least 16 events with the same keys at about the same pace: shorter ones
    (the start of a scale) come again in other surroundings, where other fingers are right.

    Args:
        line: one hand's events.
        finger: (note,) the fingers chosen so far.
    """
    source = _sources(line)
    taken = np.zeros(len(finger), np.int8)
    for at, origin in enumerate(source):
        # A source may repeat an even earlier one: the first of all counts.
        while origin >= 0 and source[origin] >= 0:
            origin = source[origin]
        if origin >= 0:
            taken[line.notes[at]] = finger[line.notes[origin]]
    return taken


def _sources(line: HandLine) -> list[int]:
    """For every event the event that it repeats, -1 if none or at the edge of a passage."""
    words = _words(line)
    count = len(words)
    source = [-1] * count
    first: dict[tuple[object, ...], int] = {}
    begin = 0
    while begin + _LEAST_EVENTS <= count:
        key = tuple(words[begin : begin + _LEAST_EVENTS])
        origin = first.setdefault(key, begin)
        # A pattern that overlaps itself (a trill, an Alberti bass) is no repeated passage.
        if origin + _LEAST_EVENTS > begin:
            begin += 1
            continue
        length = _LEAST_EVENTS
        while (
            begin + length < count
            and origin + length < begin
            and words[begin + length] == words[origin + length]
        ):
            length += 1
        for step in range(_EDGE_EVENTS, length - _EDGE_EVENTS):
            source[begin + step] = origin + step
        begin += length
    return source


def _words(line: HandLine) -> list[tuple[object, ...]]:
    """Every event's keys and how long until the next, in rough steps."""
    gap = np.diff(line.onset_sec, append=line.onset_sec[-1:] + 1.0)
    pace = np.clip(np.round(np.log2(np.maximum(gap, 0.02) / 0.125)), -_PACES, _PACES).astype(int)
    pitch = line.note_pitch
    return [
        (*pitch[event].tolist(), step)
        for event, step in zip(line.notes, pace.tolist(), strict=True)
    ]
