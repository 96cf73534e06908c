"""The same notes, the same fingers, where a hand's line repeats itself."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from duemani.models.fingering.lines import HandLine

_LEAST_EVENTS = 16
_EDGE_EVENTS = 2
"""Events at both ends of a repeated passage that may differ: what surrounds it does."""
_PACES = 4
_LONGEST_FIGURE = 8
_LEAST_TIMES = 3
"""Twice may be chance: broken chords that move up share three notes with the next ones."""
_LEAST_STRIKES = 4
_LEAST_PHRASE, _LEAST_TURNS = 8, 3
_CHANGES = ((4, 3, 2, 1), (3, 2, 1))
_FAST_SEC, _SLOW_SEC = 0.18, 0.3
"""One key struck again: slower than the one, the same finger will do; than the other, it must."""
_LEGATO_SEC = 0.06


def repeated_fingers(
    line: HandLine, finger: np.ndarray, chances: Float[np.ndarray, "note 5"]
) -> Int[np.ndarray, " note"]:
    """Fingers (1-5) that what is repeated should have every time, 0 elsewhere.

    A passage that comes again takes over its first time's: a run of at least 16 events with the
    same keys at about the same pace; shorter ones (the start of a scale) come again in other
    surroundings, where other fingers are right. A phrase of 8 events or more that turns three times
    has the likelier of its two fingerings both times. A figure of 3 to 8 events that comes three
    times on end has the likeliest of its fingerings throughout, and a key that is struck again and
    again one change of fingers.

    Args:
        line: one hand's events.
        finger: (note,) the fingers chosen so far.
        chances: probability of each finger for every note.
    """
    source = _sources(line)
    taken = np.zeros(len(finger), np.int8)
    for at, origin in enumerate(source):
        # A source may repeat an even earlier one: the first of all counts.
        while origin >= 0 and source[origin] >= 0:
            origin = source[origin]
        if origin >= 0:
            taken[line.notes[at]] = finger[line.notes[origin]]
    keys = [tuple(line.note_pitch[event].tolist()) for event in line.notes]
    for origin, begin, length in _phrases(_words(line), keys):
        _take_phrase(taken, line, origin, begin, length, finger, chances)
    for start, end, period in _figures(keys):
        _take_figure(taken, line.notes[start:end], period, finger, chances)
    for start, end in _same_keys(keys):
        held = line.release_sec[:start].max(initial=0.0) > line.onset_sec[start] + _LEGATO_SEC
        if not held:
            _take_changes(taken, line, start, end, finger, chances)
    return taken


def _phrases(
    words: list[tuple[object, ...]], keys: list[tuple[int, ...]]
) -> list[tuple[int, int, int]]:
    """(first time, second time, events) of phrases too short for a passage."""
    out: list[tuple[int, int, int]] = []
    first: dict[tuple[object, ...], int] = {}
    at = 0
    while at + _LEAST_PHRASE <= len(words):
        # How long its last note lasts does not matter.
        last = at + _LEAST_PHRASE - 1
        origin = first.setdefault((*words[at:last], keys[last]), at)
        # Scales and broken chords, which turn rarely, go on elsewhere another time.
        outer = np.array([key[-1] for key in keys[at : at + _LEAST_PHRASE]])
        turns = int((np.diff(np.sign(np.diff(outer))) != 0).sum())
        if origin + _LEAST_PHRASE > at or turns < _LEAST_TURNS or len(set(outer)) < 3:
            at += 1
            continue
        length = _LEAST_PHRASE
        while (
            at + length < len(words)
            and origin + length < at
            and words[at + length - 1] == words[origin + length - 1]
            and keys[at + length] == keys[origin + length]
        ):
            length += 1
        out.append((origin, at, length))
        at += length
    return out


def _take_phrase(
    taken: np.ndarray,
    line: HandLine,
    origin: int,
    begin: int,
    length: int,
    finger: np.ndarray,
    chances: np.ndarray,
) -> None:
    one, other = (np.concatenate(line.notes[at : at + length]) for at in (origin, begin))
    if taken[other].any():
        return
    if taken[one].any():
        chosen = taken[one]
    else:
        worth = [
            chances[one, fingers - 1].sum() + chances[other, fingers - 1].sum()
            for fingers in (finger[one], finger[other])
        ]
        chosen = finger[one] if worth[0] >= worth[1] else finger[other]
        taken[one] = chosen
    taken[other] = chosen


def _figures(keys: list[tuple[int, ...]]) -> list[tuple[int, int, int]]:
    """(first event, end, period) of figures repeated at once."""
    out: list[tuple[int, int, int]] = []
    at = 0
    while at < len(keys):
        for period in range(3, _LONGEST_FIGURE + 1):
            end = at + period
            while end < len(keys) and keys[end] == keys[end - period]:
                end += 1
            repeated = end - at >= _LEAST_TIMES * period
            if repeated and len(set(keys[at : at + period])) > 2:
                out.append((at, end, period))
                at = end - 1
                break
        at += 1
    return out


def _take_figure(
    taken: np.ndarray,
    events: list[np.ndarray],
    period: int,
    finger: np.ndarray,
    chances: np.ndarray,
) -> None:
    best, most = -1, -1.0
    for first in range(0, len(events) - period + 1, period):
        worth = sum(
            float(chances[note, finger[like] - 1])
            for at, event in enumerate(events)
            for note, like in zip(event, events[first + at % period], strict=True)
        )
        opening, closing = events[first], events[first + period - 1]
        # The end of the figure leads to its beginning again.
        clash = len(opening) == len(closing) == 1 and finger[opening[0]] == finger[closing[0]]
        worth -= 100.0 * clash
        if worth > most:
            best, most = first, worth
    if best < 0:
        return
    for at, event in enumerate(events):
        taken[event] = finger[events[best + at % period]]


def _same_keys(keys: list[tuple[int, ...]]) -> list[tuple[int, int]]:
    """(first event, end) of single keys struck at least four times on end."""
    out: list[tuple[int, int]] = []
    start = 0
    for at in range(1, len(keys) + 1):
        if at == len(keys) or keys[at] != keys[start]:
            if at - start >= _LEAST_STRIKES and len(keys[start]) == 1:
                out.append((start, at))
            start = at
    return out


def _take_changes(
    taken: np.ndarray,
    line: HandLine,
    start: int,
    end: int,
    finger: np.ndarray,
    chances: np.ndarray,
) -> None:
    notes = np.concatenate(line.notes[start:end])
    count = len(notes)
    pace_sec = float(np.median(np.diff(line.onset_sec[start:end])))
    descending = [np.resize(np.array(cycle, np.int8), count) for cycle in _CHANGES]
    fingers = finger[notes]
    constant = bool((fingers == fingers[0]).all()) and pace_sec >= _FAST_SEC
    regular = any(
        (fingers == np.resize(np.roll(cycle, -shift), count)).all()
        for cycle in _CHANGES
        for shift in range(len(cycle))
    )
    if constant or regular:
        return
    if pace_sec >= _SLOW_SEC:
        descending += [np.full(count, one, np.int8) for one in range(1, 6)]
    elif count % 4 == 0 or count % 3 == 0:
        descending = descending[:1] if count % 4 == 0 else descending[1:]
    rows = np.arange(count)
    worth = [float(chances[notes[rows], pattern - 1].sum()) for pattern in descending]
    taken[notes] = descending[int(np.argmax(worth))]


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
