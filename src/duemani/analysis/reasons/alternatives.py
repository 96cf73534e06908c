"""What every other finger on a note would cost, everything around it staying as it is."""

from __future__ import annotations

from duemani.analysis.hand_moves import HandMoves
from duemani.analysis.reasons.words import finger_name, interval_name, key_name

_STRETCHED_SHARE = 0.85


def alternatives(moves: HandMoves, note: int) -> list[tuple[int, list[str]]]:
    """The four other fingers, 1-5, each with what it would cost; an empty list for nothing."""
    own = moves.finger(note)
    return [(finger, _costs(moves, note, finger)) for finger in range(1, 6) if finger != own]


def _costs(moves: HandMoves, note: int, finger: int) -> list[str]:
    event = moves.event_of[note]
    costs: list[str] = []
    for other in moves.events[event]:
        if other != note:
            costs += _together(moves, note, other, finger, "takes")
    for other in moves.held_at(event):
        costs += _together(moves, note, other, finger, "still holds")
    if event and not moves.rest_before(event):
        costs += _joined(moves, event - 1, note, finger, forwards=False)
    if event + 1 < len(moves.events) and not moves.rest_before(event + 1):
        costs += _joined(moves, event + 1, note, finger, forwards=True)
    if finger == 1 and moves.black[note]:
        costs.append("the thumb on a black key")
    return list(dict.fromkeys(costs))


def _together(moves: HandMoves, note: int, other: int, finger: int, verb: str) -> list[str]:
    by, key = moves.finger(other), key_name(moves.pitch(other))
    offset = moves.offset_m(other, note)
    if by == finger:
        return [f"{finger_name(finger)} {verb} {key}"]
    if (finger > by) != (offset > 0):
        return [f"out of order with {by} on {key}"]
    if not moves.reaches(by, finger, offset):
        return [f"out of reach with {by} on {key}"]
    return _stretch(moves, note, other, finger)


def _joined(moves: HandMoves, event: int, note: int, finger: int, forwards: bool) -> list[str]:
    """Against the nearest note of the event before or after."""
    others = moves.events[event]
    if any(moves.pitch(other) == moves.pitch(note) for other in others):
        same = any(
            moves.finger(other) == finger and moves.pitch(other) == moves.pitch(note)
            for other in others
        )
        return [] if same else ["a change of finger on the repeated note"]
    for other in others:
        if moves.finger(other) == finger:
            key = key_name(moves.pitch(other))
            return [
                f"needed at once for {key}, so this note is let go early"
                if forwards
                else f"has to leave {key} early: no join"
            ]
    other = min(others, key=lambda at: abs(moves.offset_m(at, note)))
    by, key = moves.finger(other), key_name(moves.pitch(other))
    offset = moves.offset_m(other, note)
    if not moves.reaches(by, finger, offset):
        return [f"a shift {'to' if forwards else 'from'} {by} on {key}"]
    if (finger > by) != (offset > 0):
        return [_crossing(by if forwards else finger, finger if forwards else by, key, forwards)]
    return _stretch(moves, note, other, finger)


def _crossing(moving: int, over: int, key: str, forwards: bool) -> str:
    where = f"then on {key}" if forwards else f"from {key}"
    if moving == 1:
        return f"the thumb has to pass under {over}, {where}"
    return f"{moving} has to cross over {finger_name(over)}, {where}"


def _stretch(moves: HandMoves, note: int, other: int, finger: int) -> list[str]:
    by = moves.finger(other)
    if moves.reaches(by, finger, moves.offset_m(other, note), _STRETCHED_SHARE):
        return []
    low, high = sorted((by, finger))
    size = interval_name(moves.pitch(note) - moves.pitch(other))
    return [f"a stretch of {size.split(' ', 1)[1]} between {low} and {high}"]
