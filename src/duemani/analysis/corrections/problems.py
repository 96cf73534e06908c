"""What makes a fingering hard at a place: named, weighed and true of these notes and fingers.

A weight of 1 is what a teacher may mention, 2 what one stops for, 3 what cannot be played as the
notes are held. Weights are judgements, set on training pieces.
"""

from __future__ import annotations

import numpy as np

from duemani.analysis.corrections.spans import (
    KEY_M,
    STRETCHED_SHARE,
    Problem,
    finger_on,
    key_of,
    spread,
    together,
    upper,
)
from duemani.analysis.hand_moves import HandMoves
from duemani.analysis.reasons.words import finger_name, interval_name
from duemani.models.fingering.hand_span import SEMITONE_M

_JOINED_SEC = 0.12
"""Notes nearer together than this (release to onset) want to be joined."""
_LINE_SEC = 0.9
"""From onset to onset: what follows later has time for any move."""
_CROSSING_M = 0.098
_ACCENT = 12
_QUICK_SEC = 0.11


def problems(moves: HandMoves, event: int) -> list[Problem]:
    """All problems of one event and of how the hand gets there."""
    found = [*_chord(moves, event), *_held(moves, event)]
    if event and _near(moves, event):
        found += _reached(moves, event)
    return [*found, *_black(moves, event), *_weak(moves, event)]


def hand_travel_m(moves: HandMoves, first: int, last: int) -> float:
    """How far the hand itself moves from event to event in [first, last) [m].

    A hand's place is where its middle finger would lie, one finger for each white key; moves in
    rests do not count.
    """
    total = 0.0
    for event in range(max(first, 1), min(last, len(moves.events))):
        if not moves.rest_before(event):
            before, now = moves.events[event - 1], moves.events[event]
            total += abs(_place_m(moves, now, before[0]) - _place_m(moves, before, before[0]))
    return total


def _place_m(moves: HandMoves, members: list[int], origin: int) -> float:
    places = [moves.offset_m(origin, n) - KEY_M * (moves.finger(n) - 3) for n in members]
    return float(np.mean(places))


def _near(moves: HandMoves, event: int) -> bool:
    apart = moves.onset_sec(event) - moves.onset_sec(event - 1)
    return not moves.rest_before(event) and apart <= _LINE_SEC


def _chord(moves: HandMoves, event: int) -> list[Problem]:
    found: list[Problem] = []
    members = moves.events[event]
    for at, low in enumerate(members):
        for high in members[at + 1 :]:
            found += together(moves, low, high, event, at + 1 < len(members))
    return found


def _held(moves: HandMoves, event: int) -> list[Problem]:
    found: list[Problem] = []
    for note in moves.events[event]:
        for other in _down(moves, event):
            offset = moves.offset_m(other, note)
            if moves.finger(other) == moves.finger(note) and offset:
                name, key = finger_name(moves.finger(note), True), key_of(moves, other)
                text = f"{name} still holds {key} and has to leave it for {key_of(moves, note)}."
                found.append(Problem("leaves a held key", (other, note), 3.0, text, event))
            elif offset:
                low, high = (other, note) if offset > 0 else (note, other)
                hard = [
                    each
                    for each in together(moves, low, high, event, False)
                    if each.kind in ("out of reach", "stretch", "crossed chord")
                ]
                found += [
                    Problem(each.kind, each.notes, 0.7 * each.weight, each.text, event)
                    for each in hard
                    if 1 not in (moves.finger(low), moves.finger(high)) or each.kind[0] != "c"
                ]
    return found


def _down(moves: HandMoves, event: int) -> list[int]:
    """Notes of the three events before that are held well into this one."""
    after = moves.onset_sec(event) + _JOINED_SEC
    earlier = range(max(event - 3, 0), event)
    return [note for at in earlier for note in moves.events[at] if moves.release_sec(note) > after]


def _reached(moves: HandMoves, event: int) -> list[Problem]:
    before, now = moves.events[event - 1], moves.events[event]
    gap_sec = moves.onset_sec(event) - max(moves.release_sec(note) for note in before)
    joined = gap_sec <= _JOINED_SEC
    found: list[Problem] = []
    for note in now:
        other = min(before, key=lambda at: abs(moves.offset_m(at, note)))
        same = [at for at in before if moves.finger(at) == moves.finger(note)]
        if moves.pitch(other) == moves.pitch(note):
            found += _again(moves, other, note, event)
        elif same and moves.pitch(same[0]) != moves.pitch(note):
            found += _same_finger(moves, same[0], note, event, joined)
        elif len(before) == len(now) == 1:
            found += _stepped(moves, other, note, event, joined)
    return found


def _again(moves: HandMoves, other: int, note: int, event: int) -> list[Problem]:
    apart = moves.onset_sec(event) - moves.onset_sec(event - 1)
    same = moves.finger(other) == moves.finger(note)
    key = key_of(moves, note)
    if same and apart < _QUICK_SEC:
        text = f"{finger_name(moves.finger(note), True)} repeats {key} too fast for one finger."
        return [Problem("repeated finger", (other, note), 1.0, text, event)]
    if not same and apart > 2 * _QUICK_SEC:
        text = f"The finger changes on the repeated {key} without need."
        return [Problem("needless change", (other, note), 0.8, text, event)]
    return []


def _same_finger(
    moves: HandMoves, other: int, note: int, event: int, joined: bool
) -> list[Problem]:
    semitones = abs(moves.pitch(other) - moves.pitch(note))
    slide = moves.black[other] and not moves.black[note] and semitones == 1
    name, here, there = (
        finger_name(moves.finger(note), True), key_of(moves, other), key_of(moves, note)
    )  # fmt: skip
    if slide:
        text = f"{name} slides from {here} to {there}."
        return [Problem("slide", (other, note), 0.7, text, event)]
    if len(moves.events[event - 1]) > 1 and len(moves.events[event]) > 1:
        # In octaves and full chords the outer fingers always go on.
        text = f"{name} goes on from {here} to {there}."
        return [Problem("goes on", (other, note), 0.3, text, event)]
    if joined:
        text = f"{name} plays {here} and then {there}: the two cannot be joined."
        return [Problem("same finger", (other, note), 2.5, text, event)]
    text = f"{name} plays {here} and then {there}: it has to hurry from key to key."
    return [Problem("same finger", (other, note), 1.5, text, event)]


def _stepped(moves: HandMoves, other: int, note: int, event: int, joined: bool) -> list[Problem]:
    """From one single note to another with another finger."""
    f, g, offset = moves.finger(other), moves.finger(note), moves.offset_m(other, note)
    pair, size = (other, note), interval_name(moves.pitch(other) - moves.pitch(note))
    if (g > f) == (offset > 0):
        low, high = (other, note) if offset > 0 else (note, other)
        f, g = moves.finger(low), moves.finger(high)
        names = f"{finger_name(f)} and {finger_name(g)}"
        if not moves.reaches(f, g, abs(offset)):
            if abs(offset) < SEMITONE_M * (g - f):
                text = upper(f"{names} have no room on {size}.")
                return [Problem("cramped", pair, 2.0, text, event)]
            text = (
                f"From {finger_on(moves, other)} the hand has to jump to {finger_on(moves, note)}."
            )
            return [Problem("jump", pair, 2.5 if joined else 1.5, text, event)]
        if not moves.reaches(f, g, abs(offset), STRETCHED_SHARE):
            text = upper(f"{names} have to stretch {size}.")
            return [Problem("stretch", pair, 1.5, text, event)]
        return spread(moves, low, high, event)
    return _crossed(moves, other, note, event, joined)


def _crossed(moves: HandMoves, other: int, note: int, event: int, joined: bool) -> list[Problem]:
    f, g, offset = moves.finger(other), moves.finger(note), moves.offset_m(other, note)
    pair = (other, note)
    if 1 not in (f, g):
        if abs(offset) > 1.6 * KEY_M or abs(f - g) > 1:
            text = (
                f"From {finger_on(moves, other)} the hand has to hop to {finger_on(moves, note)}."
            )
            return [Problem("hop", pair, 2.5 if joined else 1.5, text, event)]
        text = f"{finger_on(moves, note)} has to cross {finger_on(moves, other)}."
        return [Problem("crossing without the thumb", pair, 2.0, upper(text), event)]
    thumb, finger = (other, note) if f == 1 else (note, other)
    if abs(offset) > _CROSSING_M:
        text = f"From {finger_on(moves, other)} the hand has to hop to {finger_on(moves, note)}."
        return [Problem("hop", pair, 2.5 if joined else 1.5, text, event)]
    if moves.finger(finger) == 5:
        text = f"The thumb has to pass under 5 at {key_of(moves, thumb)}."
        return [Problem("thumb under 5", pair, 2.0, text, event)]
    if moves.black[thumb] and not moves.black[finger]:
        verb = "passes under onto" if g == 1 else "is passed over on"
        text = f"The thumb {verb} the black {key_of(moves, thumb)}."
        return [Problem("thumb passes on black", pair, 2.0, text, event)]
    way = f"the thumb passes under {f}" if g == 1 else f"{g} crosses over the thumb"
    wide = abs(offset) > 2.2 * KEY_M
    text = f"{upper(way)}{', which is far' if wide else ''}: a crossing more than is needed."
    return [Problem("crossing", pair, 1.0 if wide else 0.6, text, event)]


def _black(moves: HandMoves, event: int) -> list[Problem]:
    note = moves.single(event)
    if note < 0 or not moves.black[note] or moves.finger(note) not in (1, 5):
        return []
    beside = [moves.single(event - 1), moves.single(event + 1)]
    whites = sum(other >= 0 and not moves.black[other] for other in beside)
    if not whites:
        return []
    short = "thumb" if moves.finger(note) == 1 else "5"
    text = f"The short {short} on the black {key_of(moves, note)} pulls the hand into the keys."
    weight = (0.8 if short == "thumb" else 0.4) * whites
    return [
        Problem(
            "thumb on black" if short == "thumb" else "5 on black", (note,), weight, text, event
        )
    ]


def _weak(moves: HandMoves, event: int) -> list[Problem]:
    """4 or 5 on a single note that is struck harder than those around it."""
    note = moves.single(event)
    if note < 0 or moves.finger(note) < 4:
        return []
    near = range(max(event - 4, 0), min(event + 5, len(moves.events)))
    others = [int(moves.notes["velocity"][each]) for at in near for each in moves.events[at]]
    if int(moves.notes["velocity"][note]) < float(np.median(others)) + _ACCENT:
        return []
    finger = moves.finger(note)
    text = f"{finger}, a weak finger, has the accent on {key_of(moves, note)}."
    return [Problem("weak finger", (note,), 0.8 if finger == 4 else 0.5, text, event)]
