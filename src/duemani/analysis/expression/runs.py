"""Finds what should be even: scales and passage work, trills, repeated notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from duemani.analysis.expression.take import Take

LEAST_NOTES_IN_RUN = 8
_LONGEST_SEC = 0.4
_CLOSEST_SEC = 0.012
_SAME_RATIO = 1.6
_FAR_RATIO = 4.0
_WIDEST_STEP = 12

RunKind = Literal["passage", "trill", "repeated notes"]


@dataclass(frozen=True)
class Run:
    """Notes that follow one another at equal values.

    Attributes:
        notes: played notes in order, without gaps.
        units: length between each of them and the next, in a common unit (all 1 without a score;
            a note left out makes a 2).
        hand: 0-1, -1 unknown.
        kind: what it is.
    """

    notes: np.ndarray
    units: np.ndarray
    hand: int
    kind: RunKind


def find_runs(take: Take) -> tuple[Run, ...]:
    """All runs of at least eight notes, by the score where there is one."""
    found = _written_runs(take) if take.alignment is not None else _heard_runs(take)
    return tuple(sorted(found, key=lambda run: int(run.notes[0])))


def _written_runs(take: Take) -> Iterator[Run]:
    """Notes of a voice that are written one after another with the same length."""
    assert take.alignment is not None
    line, written = take.alignment.line, take.alignment.written
    for number in range(len(take.alignment.passages)):
        mine = np.flatnonzero((take.alignment.passage == number) & (written >= 0))
        mine = mine[~line.grace[written[mine]] & ~line.ornament[written[mine]]]
        for voice in np.unique(line.voice[written[mine]]):
            notes = mine[line.voice[written[mine]] == voice]
            place = line.onset_quarter[written[notes]]
            notes = notes[np.lexsort((take.pitch[notes], place))]
            place = line.onset_quarter[written[notes]]
            alone = np.ones(len(notes), bool)
            alone[1:] &= np.diff(place) > 1e-4
            alone[:-1] &= np.diff(place) > 1e-4
            yield from _split(take, notes, place, alone)


def _split(take: Take, notes: np.ndarray, place: np.ndarray, alone: np.ndarray) -> Iterator[Run]:
    if len(notes) < LEAST_NOTES_IN_RUN:
        return
    step = np.diff(place)
    joined = alone[:-1] & alone[1:]
    joined[1:] &= np.abs(step[1:] - step[:-1]) < 1e-3
    at = 0
    while at < len(step):
        if not (alone[at] and alone[at + 1]):
            at += 1
            continue
        end = at + 1
        while end < len(step) and joined[end]:
            end += 1
        chosen = notes[at : end + 1]
        at = end
        if len(chosen) >= LEAST_NOTES_IN_RUN:
            yield from _fast(take, chosen)


def _heard_runs(take: Take) -> Iterator[Run]:
    """Single notes of a hand, struck at nearly the same interval, near one another."""
    hands = [hand for hand in (0, 1) if (take.hand == hand).any()] or [-1]
    for hand in hands:
        notes = np.flatnonzero(take.hand == hand)
        gap = np.diff(take.onset_sec[notes])
        leap = np.abs(np.diff(take.pitch[notes]))
        start = 0
        for at in range(len(gap) + 1):
            lengths = gap[max(start, at - 4) : at]
            usual = float(np.median(lengths)) if len(lengths) else 0.0
            broken = at == len(gap) or not (
                _CLOSEST_SEC < gap[at] < _LONGEST_SEC
                and leap[at] <= _WIDEST_STEP
                and not (usual and _changes(gap[at : at + 2] / usual))
            )
            if broken:
                if at + 1 - start >= LEAST_NOTES_IN_RUN:
                    yield from _fast(take, notes[start : at + 1])
                start = at + 1


def _changes(ratio: np.ndarray) -> bool:
    """Note values change: by far, or for two intervals. A single odd interval is unevenness."""
    # A chord may follow at once: no interval at all is far away, too.
    away = np.log(np.maximum(ratio, 1e-3))
    if abs(away[0]) > np.log(_FAR_RATIO):
        return True
    same_way = len(away) < 2 or bool(away[0] * away[1] > 0)
    return bool(np.all(np.abs(away) > np.log(_SAME_RATIO))) and same_way


def _fast(take: Take, notes: np.ndarray) -> Iterator[Run]:
    gap = np.diff(take.onset_sec[notes])
    if np.median(gap) > _LONGEST_SEC or np.any(gap <= 0):
        return
    hands = take.hand[notes]
    hand = int(hands[0]) if np.all(hands == hands[0]) else -1
    pitch = take.pitch[notes]
    step = np.abs(np.diff(pitch))
    kind: RunKind = "passage"
    if np.mean(step == 0) > 0.9:
        kind = "repeated notes"
    elif len(np.unique(pitch)) == 2 and np.all((step > 0) & (step <= 4)):
        kind = "trill"
    yield Run(notes, np.ones(len(gap)), hand, kind)
