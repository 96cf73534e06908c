"""What the hand cannot do, or nobody does, between one event and the next two, as penalties."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from duemani.models.fingering.inputs import SLOTS, LineInputs
from duemani.models.fingering.lines import CHOICES, HandLine
from duemani.models.fingering.network import Potentials
from duemani.models.fingering.reach import (
    SHARED_KEYS_M,
    TOGETHER_SEC,
    chord_penalty,
    haste_penalty,
    held_penalty,
)

LEGATO_SEC = 0.06
"""Overlaps up to this are legato, not holding."""
HASTE_SEC = 0.25
_TOLERABLE = 1.0
_MOST = 10.0
_NEVER = 1000.0
_OUT_OF_REACH = 3.0
_CLASH = 4.0
_AWKWARD = 4.0
_SLIDE = 1.5
_JOINED_SHARE = 0.3
"""Of the time between two strikes, the silence that still counts as joined."""
_SLOW_SEC = 1.2
_STEP, _FOURTH, _OCTAVE = 2, 5, 12
_RUN_SEC = 0.3
_NEXT_CHORD = 4


@dataclass(frozen=True)
class Restraint:
    """Penalties of haste and of held keys [nats], 0 or more.

    Attributes:
        step, skip: (event, choice before, choice) against the event one, two before.
    """

    step: Float[np.ndarray, "event choice choice"]
    skip: Float[np.ndarray, "event choice choice"]

    @classmethod
    def of(
        cls, inputs: LineInputs, line: HandLine, notes: np.ndarray, scale: float = 1.0
    ) -> Restraint:
        """Of a line and its inputs; `notes` as in `Performance.notes`."""
        step, skip = (_penalties(inputs, line, notes, by, scale) for by in (1, 2))
        return cls(step + _awkward(inputs, line), skip)

    def applied(self, potentials: Potentials) -> Potentials:
        """The potentials less the penalties."""
        step, skip = potentials.step - self.step, potentials.skip - self.skip
        return replace(potentials, step=step, skip=skip)

    def forbidden(self, inputs: LineInputs) -> Float[np.ndarray, "event before2 before choice"]:
        """What cannot be played, however likely it seems: over 0, most of all for chords."""
        reach = np.where(inputs.fixed > -1e8, -inputs.fixed, 0)
        # Where some choice is within reach, one that is not is out of the question.
        playable = np.any(inputs.fixed > -_TOLERABLE, axis=1, keepdims=True)
        own = np.where(playable & (reach > _OUT_OF_REACH), _NEVER, _hard(reach))
        pair = _hard(self.step) + own[:, None]
        return np.asarray(_hard(self.skip)[:, :, None] + pair[:, None], np.float32)


def _hard(penalty: np.ndarray) -> np.ndarray:
    return np.clip(penalty - _TOLERABLE, 0, _MOST)


def clashes(
    line: HandLine, notes: np.ndarray, finger: np.ndarray, scale: float = 1.0
) -> list[list[int]]:
    """Notes of neighbouring events, struck within 50 ms, that their fingers do not reach at once.

    Args:
        line, notes: one hand's.
        finger: (note,) 1-5.
        scale: hand size relative to a medium hand.
    """
    out: list[list[int]] = []
    starts = line.onset_sec
    for event in range(1, len(starts)):
        for by in (1, 2):
            # An event's notes follow its first by 35 ms at most.
            if event < by or starts[event] - starts[event - by] > TOGETHER_SEC + 0.035:
                break
            before, now = line.notes[event - by], line.notes[event]
            offset_m = line.note_x_m[now] - line.note_x_m[before][:, None]
            apart_sec = notes["onset_sec"][now] - notes["onset_sec"][before][:, None]
            table = chord_penalty(offset_m, scale)
            rows, columns = np.indices(offset_m.shape)
            penalty = table[rows, columns, finger[before][:, None] - 1, finger[now] - 1]
            together = (apart_sec < TOGETHER_SEC) & (offset_m != 0)
            shared = (finger[before][:, None] == finger[now]) & (np.abs(offset_m) <= SHARED_KEYS_M)
            if (together & ~shared & (penalty > _CLASH)).any():
                out.append([*before.tolist(), *now.tolist()])
    return out


def merged(groups: list[list[int]]) -> list[tuple[int, ...]]:
    """Groups that share a note made one, sorted."""
    done: list[set[int]] = []
    for group in groups:
        members = set(group)
        touching = [other for other in done if other & members]
        done = [other for other in done if not other & members]
        done.append(members.union(*touching))
    return sorted(tuple(sorted(members)) for members in done)


def pair_penalty(
    line: HandLine, notes: np.ndarray, earlier: np.ndarray, now: np.ndarray, scale: float
) -> Float[np.ndarray, "pair 5 5"]:
    """[f, g] of the notes `now` struck with g after (or while) f strikes (or holds) `earlier`."""
    onset, release = notes["onset_sec"], notes["release_sec"]
    offset_m = line.note_x_m[now] - line.note_x_m[earlier]
    interval = onset[now] - onset[earlier]
    overlap = np.minimum(release[earlier], release[now]) - onset[now]
    soon = (interval < HASTE_SEC)[:, None, None]
    holding = ((overlap > LEGATO_SEC) & (offset_m != 0))[:, None, None]
    hasty = haste_penalty(offset_m, interval, scale) * soon
    return np.maximum(hasty, held_penalty(offset_m, overlap, scale) * holding)


def _penalties(
    inputs: LineInputs, line: HandLine, notes: np.ndarray, by: int, scale: float
) -> np.ndarray:
    """(event, choice before, choice): of every event against the one `by` before."""
    total = np.zeros((len(line.notes), CHOICES, CHOICES), np.float32)
    pairs = _pairs(line, by)
    if not len(pairs):
        return total
    event, place, here, earlier, now = pairs.T
    penalty = pair_penalty(line, notes, earlier, now, scale)
    matters = np.flatnonzero(penalty.any((1, 2)))
    event, penalty = event[matters], penalty[matters]
    before = inputs.later[event - by, :, place[matters]].astype(int)
    after = inputs.choice[event, :, here[matters]].astype(int)
    cost = penalty[np.arange(len(event))[:, None, None], before[:, :, None], after[:, None]]
    np.add.at(total, event, cost.astype(np.float32))
    return total


def _awkward(inputs: LineInputs, line: HandLine) -> np.ndarray:
    """(event, choice before, choice): what could be played and that no teacher would print.

    One finger on two keys one after the other, joined, by single notes or narrow pairs of them (but
    a slide from a black key is tolerable, and a broken chord may turn and begin anew with the
    finger it ended on); thumb and index in a stepwise run above chords, which
    they are needed for.
    """
    total = np.zeros((len(line.notes), CHOICES, CHOICES), np.float32)
    counts = np.array([len(event) for event in line.notes])
    if len(counts) < 2:
        return total
    width = line.pitch[:, 1] - line.pitch[:, 0]
    interval = np.diff(line.onset_sec)
    silence = line.onset_sec[1:] - line.release_sec[:-1]
    joined = (silence <= _JOINED_SHARE * interval) & (interval < _SLOW_SEC)
    move = np.diff(line.pitch[:, 0])
    back = np.append(False, np.sign(move[1:]) * np.sign(move[:-1]) < 0)
    near = (np.abs(move) <= _STEP) | ((np.abs(move) <= _OCTAVE) & ~back)
    narrow = (counts == 1) | ((counts == 2) & (width <= _FOURTH))
    after = 1 + np.flatnonzero(
        joined & near & (counts[1:] == counts[:-1]) & narrow[1:] & narrow[:-1]
    )
    for slot in range(2):
        # In pairs each voice for itself: 3 goes from the lower key to the upper in any scale.
        at = after[counts[after] > slot]
        earlier, later = (
            np.array([line.notes[event][slot] for event in events], int) for events in (at - 1, at)
        )
        moved = line.note_pitch[earlier] != line.note_pitch[later]
        slides = line.note_black[earlier] & ~line.note_black[later]
        slides &= np.abs(line.note_pitch[earlier] - line.note_pitch[later]) == 1
        cost = moved * np.where(slides, _SLIDE, _AWKWARD)
        before, now = inputs.later[at - 1, :, slot], inputs.choice[at, :, slot]
        total[at] += cost[:, None, None] * (before[:, :, None] == now[:, None])
    over = _over_chords(line, counts)
    total[over] += _AWKWARD * (inputs.choice[over, :, 0] < 2)[:, None]
    return total


def _over_chords(line: HandLine, counts: np.ndarray) -> np.ndarray:
    """Single notes of a stepwise run whose every few notes stand over a chord of this hand."""
    top = line.pitch[:, 1]
    linked = (np.abs(np.diff(top)) <= 2) & (np.diff(top) != 0)
    linked &= np.diff(line.onset_sec) < _RUN_SEC
    chords = np.flatnonzero(counts >= 3)
    out: list[int] = []
    for first, last in pairwise(chords.tolist()):
        if 1 < last - first <= _NEXT_CHORD and linked[first:last].all():
            out += range(first + 1, last)
            # The run goes on after its last chord.
            at = last + 1
            while at < len(counts) and at - last < last - first and counts[at] == 1:
                if not linked[at - 1]:
                    break
                out.append(at)
                at += 1
    return np.unique(np.array(out, int))


def _pairs(line: HandLine, by: int) -> np.ndarray:
    """(pair, 5): event, place in the earlier event, place in it, and both notes."""
    onset, near = line.onset_sec, np.zeros(len(line.notes), bool)
    near[by:] = (onset[by:] - onset[:-by] < HASTE_SEC + 0.05) | (
        line.release_sec[:-by] > onset[by:] + LEGATO_SEC
    )
    rows = [
        (event, place, here, earlier, now)
        for event in np.flatnonzero(near).tolist()
        for place, earlier in enumerate(line.notes[event - by].tolist())
        for here, now in enumerate(line.notes[event].tolist())
        if place < SLOTS and here < SLOTS
    ]
    return np.array(rows, int).reshape(-1, 5)
