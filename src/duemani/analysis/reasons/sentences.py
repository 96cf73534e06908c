"""The sentences about one note's finger: true of the notes, the fingers and their chances."""

from __future__ import annotations

import numpy as np

from duemani.analysis.hand_moves import (
    FINGER_CHANGE,
    FINGER_OVER,
    FINGER_UNDER,
    SAME_FINGER,
    THUMB_UNDER,
    HandMoves,
)
from duemani.analysis.reasons.words import (
    finger_name,
    finger_range,
    interval_name,
    key_name,
    listed,
    per_cent,
)
from duemani.keyboard import WHITE_PITCH_M
from duemani.models.fingering.choose import Fingering
from duemani.performance import RIGHT

_STRETCHED_SHARE = 0.85
_CLOSE_RATIO = 0.75
_DETACHED_SEC = 0.03


def sentences(
    fingering: Fingering, moves: HandMoves, note: int, group: tuple[int, ...] | None
) -> list[str]:
    """All that there is to say about a note's finger, the most important first.

    Args:
        fingering: notes with hands and fingers.
        moves: those of the note's hand.
        note: index of the note.
        group: the chord that the hand cannot reach at once, if the note is part of one.
    """
    taking = int(fingering.substitution[note])
    found = []
    if taking:
        found.append(
            f"{finger_name(taking, True)} takes over from {finger_name(moves.finger(note))}"
            " while the key stays down."
        )
    if group is not None:
        found.append("Wider than this hand: roll the chord.")
    found += [
        *_moved(moves, note),
        *_spanned(moves, note),
        *_close_call(fingering, moves, note),
        *_held(moves, note, taking),
        *_thumb(moves, note),
        *_outermost(moves, note),
        *_ready(moves, note),
        *_plain(moves, note),
    ]
    return found


def _moved(moves: HandMoves, note: int) -> list[str]:
    kind, origin, finger = moves.kind[note], moves.origin[note], moves.finger(note)
    if not kind:
        return []
    before = moves.later_finger(origin)
    if kind == THUMB_UNDER:
        return [f"The thumb passes under {before}{_onwards(moves, note)}."]
    if kind == FINGER_OVER:
        return [f"{finger} crosses over {finger_name(before)}{_onwards(moves, note)}."]
    if kind == FINGER_UNDER:
        return [f"{finger} passes under {before}{_onwards(moves, note)}."]
    if kind == FINGER_CHANGE:
        return [f"The finger changes on the repeated note: {finger} after {before}."]
    here, there = key_name(moves.pitch(note)), key_name(moves.pitch(origin))
    if kind == SAME_FINGER:
        slide = moves.black[origin] and not moves.black[note]
        if slide and abs(moves.pitch(origin) - moves.pitch(note)) == 1:
            return ["The same finger slides from the black key to the white one."]
        name = finger_name(finger, True)
        apart = moves.onset_sec(moves.event_of[note]) - moves.release_sec(origin)
        told = "" if apart > _DETACHED_SEC else ": the two do not quite join"
        return [f"{name} moves on from {there} to {here}{told}."]
    if moves.rest_before(moves.event_of[note]):
        return ["The rest leaves time to move the hand."]
    if here == there:
        return [f"The hand shifts: {here} passes from {before} to {finger}."]
    if before == finger:
        return [f"The hand shifts: {finger_name(finger)} moves on from {there} to {here}."]
    offset = moves.offset_m(origin, note)
    others = [other for other in range(1, 6) if other != before]
    if not any(moves.reaches(before, other, offset) for other in others):
        return [f"The hand shifts: no finger reaches {here} from {before} on {there}."]
    return [f"The hand shifts, away from {before} on {there}."]


def _onwards(moves: HandMoves, note: int) -> str:
    last = _run(moves, note, straight=True)[-1]
    if last == note:
        return ""
    way = "up" if moves.pitch(last) > moves.pitch(note) else "down"
    return f" to go on {way} to {key_name(moves.pitch(last))}"


def _run(moves: HandMoves, note: int, straight: bool) -> list[int]:
    """The single notes from `note` on that the hand plays without moving; it is the first."""
    run = [note]
    direction = moves.offset_m(moves.origin[note], note) if moves.origin[note] >= 0 else 0.0
    event = moves.event_of[note] + 1
    while (following := moves.single(event)) >= 0:
        ahead = moves.offset_m(run[-1], following)
        if (
            moves.kind[following]
            or moves.rest_before(event)
            or (straight and ahead * direction <= 0)
        ):
            break
        run.append(following)
        event += 1
    return run


def _spanned(moves: HandMoves, note: int) -> list[str]:
    """Octaves and stretches with the notes struck or held at the same time, or just before."""
    event = moves.event_of[note]
    together = [other for other in moves.events[event] if other != note]
    others = [*together, *moves.held_at(event)]
    if not moves.kind[note] and not moves.rest_before(event):
        others += [other for other in moves.events[event - 1] if other not in others]
    found: list[tuple[float, str]] = []
    for other in others:
        finger = moves.finger(other) if other in together else moves.later_finger(other)
        by = moves.finger(note)
        offset, semitones = moves.offset_m(other, note), moves.pitch(note) - moves.pitch(other)
        low, high = sorted((finger, by))
        if abs(semitones) == 12 and low == 1 and high >= 4 and other in together:
            usual = ", as usual on black keys" if high == 4 and moves.black[note] else ""
            found.append((abs(offset), f"Octave: 1 and {high}{usual}."))
        elif moves.reaches(finger, by, offset) and not moves.reaches(
            finger, by, offset, _STRETCHED_SHARE
        ):
            what = f"Stretch of {interval_name(semitones)} between {low} and {high}."
            found.append((abs(offset), what))
        elif other in together and not moves.reaches(finger, by, offset):
            what = f"{interval_name(semitones)} is more than {low} and {high} span at once."
            found.append((abs(offset), what[0].upper() + what[1:]))
    return [max(found)[1]] if found else []


def _close_call(fingering: Fingering, moves: HandMoves, note: int) -> list[str]:
    chances, finger = fingering.chances[note], moves.finger(note)
    chosen = float(chances[finger - 1])
    rest = chances.copy()
    rest[finger - 1] = -1.0
    other = int(np.argmax(rest)) + 1
    likely = float(rest[other - 1])
    if likely < _CLOSE_RATIO * chosen or likely < 0.1:
        return []
    name = finger_name(other)
    if likely <= chosen:
        told = f"{name} is almost as likely ({per_cent(likely)} against {per_cent(chosen)})."
    else:
        told = f"{name} alone is likelier ({per_cent(likely)} against {per_cent(chosen)})."
    return [f"Close call: {told}"]


def _held(moves: HandMoves, note: int, taking: int) -> list[str]:
    event, finger = moves.event_of[note], moves.finger(note)
    held = sorted(moves.held_at(event), key=moves.later_finger)
    if held:
        busy = sorted({moves.later_finger(other) for other in held})
        free = [other for other in range(1, 6) if other not in busy]
        keys = listed([key_name(moves.pitch(other)) for other in held])
        verb = "holds" if len(busy) == 1 else "hold"
        start = "the thumb" if busy == [1] else listed([str(other) for other in busy])
        return [f"While {start} {verb} {keys}, only {finger_range(free)} are free."]
    release = moves.release_sec(note)
    played = 0
    for later in range(event + 1, len(moves.events)):
        if moves.onset_sec(later) >= release - 0.05:
            break
        for other in moves.events[later]:
            if moves.finger(other) == finger and not taking and other != note:
                return [f"Let go early: {finger_name(finger)} goes on to {_key(moves, other)}."]
        played += 1
    if played:
        by = finger_name(taking or finger)
        return [f"Holds {_key(moves, note)} with {by} while the others play."]
    return []


def _key(moves: HandMoves, note: int) -> str:
    return key_name(moves.pitch(note))


def _neighbours(moves: HandMoves, note: int) -> list[int]:
    event = moves.event_of[note]
    if moves.single(event) < 0:
        return []
    return [other for other in (moves.single(event - 1), moves.single(event + 1)) if other >= 0]


def _thumb(moves: HandMoves, note: int) -> list[str]:
    beside = _neighbours(moves, note)
    finger, black = moves.finger(note), moves.black[note]
    if finger == 1 and black:
        return ["The thumb is on a black key."]
    if finger == 1 and any(moves.black[other] for other in beside):
        return ["The thumb takes the white key beside the black."]
    if black and any(moves.finger(other) == 1 and not moves.black[other] for other in beside):
        return [f"{finger} on the black key keeps the thumb off it."]
    return []


def _outermost(moves: HandMoves, note: int) -> list[str]:
    finger, event = moves.finger(note), moves.event_of[note]
    if finger not in (1, 5):
        return []
    outwards = finger == 5
    others, what = _neighbours(moves, note), "line"
    if moves.single(event) < 0:
        others, what = [other for other in moves.events[event] if other != note], "chord"
    elif len(others) < 2:
        return []
    offsets = [moves.offset_m(other, note) for other in others]
    if not all(offset > 0 if outwards else offset < 0 for offset in offsets):
        return []
    top = outwards == (moves.hand == RIGHT)
    return [
        f"{finger_name(finger, True)} takes the {'top' if top else 'lowest'} note of the {what}."
    ]


def _ready(moves: HandMoves, note: int) -> list[str]:
    """After every new place of the hand: how far it lasts."""
    event = moves.event_of[note]
    if moves.single(event) < 0 or not (moves.kind[note] or moves.rest_before(event)):
        return []
    ahead = len(_run(moves, note, straight=False)) - 1
    return [f"The next {ahead} notes lie under the hand."] if ahead >= 2 else []


def _plain(moves: HandMoves, note: int) -> list[str]:
    event = moves.event_of[note]
    before = moves.single(event - 1)
    if moves.single(event) < 0 or before < 0 or moves.kind[note] or moves.rest_before(event):
        return []
    steps = moves.finger(note) - moves.finger(before)
    offset = moves.offset_m(before, note)
    if moves.pitch(before) == moves.pitch(note):
        return ["The same finger repeats the note."]
    if abs(steps) == 1 and abs(moves.pitch(before) - moves.pitch(note)) <= 2:
        return ["Next finger, next key."]
    if abs(offset - steps * WHITE_PITCH_M) <= 0.6 * WHITE_PITCH_M:
        return ["The hand stays where it is: one finger for each key."]
    if abs(offset) > abs(steps) * WHITE_PITCH_M:
        return ["The hand opens a little."]
    return ["The hand closes a little."]
