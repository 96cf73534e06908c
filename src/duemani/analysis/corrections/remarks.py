"""Corrections in words: one remark a passage, the same mistake told once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from duemani.analysis.corrections.passages import ChangedPassage
from duemani.analysis.hand_moves import HandMoves
from duemani.analysis.reasons.words import finger_name, key_name, listed
from duemani.performance import LEFT
from duemani.report import Remark

_MUCH, _CLEARLY = 0.7, 0.5
_LONGEST = 9
_TRAVEL_M = 0.015
_MOST_REASONS = 2


@dataclass(frozen=True)
class Finding:
    """A passage to be told.

    Attributes:
        passage: what changes.
        notes: those that are flagged.
        printed: those whose suggested finger the score prints.
        gain: 0-1.
    """

    passage: ChangedPassage
    notes: tuple[int, ...]
    printed: tuple[int, ...]
    gain: float


def note_sentences(finding: Finding, note: int) -> tuple[str, ...]:
    """Why another finger on this note: what is hard with the one played, and what is better."""
    passage = finding.passage
    own = [each.text for each in passage.solved if note in each.notes]
    told = own or [each.text for each in passage.solved]
    finger = passage.suggested.finger(note)
    lines = [*dict.fromkeys(told)][:_MOST_REASONS]
    if note in finding.printed:
        lines.append(f"The score prints {finger}.")
    return (*lines, f"{finger_name(finger, True)} is {_how_much(finding.gain)} here.")


def passage_remarks(
    found: Sequence[Finding],
    notes: np.ndarray,
    bar: np.ndarray | None,
    bar_names: Sequence[str] | None,
) -> tuple[Remark, ...]:
    """One remark for every passage, most important first; the same again is told with the first.

    Args:
        found: the passages.
        notes: `Performance.notes`.
        bar, bar_names: see `corrections.correct_fingers`.
    """
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for finding in sorted(found, key=lambda each: notes["onset_sec"][each.notes[0]]):
        alike.setdefault(_likeness(finding), []).append(finding)
    remarks = [_remark(group, notes, bar, bar_names) for group in alike.values()]
    return tuple(sorted(remarks, key=lambda each: (-each.weight, each.start_sec)))


def _span(passage: ChangedPassage) -> range:
    """Events from the one before the first change to the one after the last."""
    first, last = passage.events
    count = len(passage.played.events)
    return range(max(first - 1, 0), min(last + 2, count))


def _likeness(finding: Finding) -> tuple[object, ...]:
    passage = finding.passage
    events = [passage.played.events[at] for at in _span(passage)]
    keys = tuple(tuple(passage.played.pitch(note) for note in event) for event in events)
    return (
        passage.hand,
        keys,
        _fingers(passage.played, _span(passage)),
        _fingers(passage.suggested, _span(passage)),
    )


def _fingers(moves: HandMoves, span: range) -> str:
    """`1 2 3`, chords joined: `1-3-5`; keys from low to high."""
    words = []
    for at in span:
        event = moves.events[at]
        ordered = event if moves.hand != LEFT else event[::-1]
        words.append("-".join(str(moves.finger(note)) for note in ordered))
    if len(words) > _LONGEST:
        words = [*words[: _LONGEST - 2], "…", words[-1]]
    return " ".join(words)


def _keys(moves: HandMoves, span: range) -> str:
    """The keys struck one after another, or the first and the last of many."""
    outer = [moves.events[at] for at in span]
    names = ["-".join(key_name(p) for p in sorted(map(moves.pitch, event))) for event in outer]
    return " ".join(names) if len(names) <= 4 else f"{names[0]} to {names[-1]}"


def _how_much(gain: float) -> str:
    if gain >= _MUCH:
        return "much better"
    return "clearly better" if gain >= _CLEARLY else "a little better"


def _benefit(passage: ChangedPassage) -> str:
    """What the suggested fingers give; true of these notes."""
    told = []
    if passage.travel_m >= _TRAVEL_M:
        told.append(f"the hand moves {100 * passage.travel_m:.0f} cm less")
    if passage.caused:
        price = passage.caused[0].text.rstrip(".")
        told.append(f"its price is smaller ({price[0].lower()}{price[1:]})")
    elif not told:
        told.append("it avoids this")
    return listed(told)


def _remark(
    group: list[Finding],
    notes: np.ndarray,
    bar: np.ndarray | None,
    bar_names: Sequence[str] | None,
) -> Remark:
    best = max(group, key=lambda each: each.gain)
    passage, first = best.passage, group[0]
    span = _span(passage)
    better = _fingers(passage.suggested, span)
    side = "Left" if passage.hand == LEFT else "Right"
    reasons = [*dict.fromkeys(each.text for each in passage.solved)][:_MOST_REASONS]
    if best.printed:
        fingers = sorted({passage.suggested.finger(note) for note in best.printed})
        reasons = [*reasons[:1], f"The score prints {listed([str(f) for f in fingers])}."]
    sentences = [
        f"{side} hand, {_keys(passage.played, span)}: {' '.join(reasons)}",
        f"{better} is {_how_much(best.gain)}: {_benefit(passage)}.",
    ]
    if len(group) > 1:
        sentences.append(_again(group[1:], notes, bar, bar_names))
    members = [note for each in group for note in each.notes]
    last = first.passage.played.events[_span(first.passage)[-1]]
    return Remark(
        kind="fingering",
        title=f"{better} instead of {_fingers(passage.played, span)}",
        text=" ".join(sentences),
        start_sec=float(min(notes["onset_sec"][note] for note in first.notes)),
        end_sec=float(max(notes["release_sec"][note] for note in (*first.notes, *last))),
        bars=_bars(first.notes, bar, bar_names),
        weight=float(min(best.gain * (1 + 0.1 * (len(group) - 1)), 1.0)),
        confidence=float(best.passage.doubt),
        notes=tuple(members),
        hand=passage.hand,
    )


def _again(
    others: list[Finding],
    notes: np.ndarray,
    bar: np.ndarray | None,
    bar_names: Sequence[str] | None,
) -> str:
    where = [*dict.fromkeys(_bars(each.notes, bar, bar_names) for each in others)]
    if not all(where):
        where = [f"{notes['onset_sec'][each.notes[0]]:.1f} s" for each in others]
        return f"The same again at {listed(where)}."
    return (
        f"The same again in bar{'s' if len(where) > 1 or '-' in where[0] else ''} {listed(where)}."
    )


def _bars(members: Sequence[int], bar: np.ndarray | None, bar_names: Sequence[str] | None) -> str:
    if bar is None:
        return ""
    inside = [int(bar[note]) for note in members if bar[note] >= 0]
    if not inside:
        return ""
    ends = [
        bar_names[at] if bar_names is not None else str(at + 1) for at in (min(inside), max(inside))
    ]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]}-{ends[1]}"
