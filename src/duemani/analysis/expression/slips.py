"""Where played notes and written ones differ, and which of the differences are slips at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool

from duemani.alignment.score import Alignment
from duemani.analysis.expression.take import Take
from duemani.analysis.reasons.words import key_name
from duemani.inputs.score.line import ScoreLine
from duemani.performance import LEFT, RIGHT

_SAME_PLACE_SEC = 0.25
_NEAR_PITCH = 12
_TIMING_SEC = 1.5
_NEAR_QUARTERS = 1.0
_CROWD_QUARTERS = 4.0
_CROWD = 4
_AGAIN, _ALIKE = 2, 3


@dataclass(frozen=True)
class Slip:
    """One difference between what is written and what was played.

    Attributes:
        played: the note played, -1 for none.
        written: the written note, -1 for none; both: one instead of the other.
        time_sec: when.
        bar: index in the score.
        hand: whose it is, by the score; -1 unknown.
        doubtful: many others are near, or the same comes again: perhaps another edition, or an
            ornament.
    """

    played: int
    written: int
    time_sec: float
    bar: int
    hand: int = -1
    doubtful: bool = False


def find_slips(take: Take, found: Alignment) -> list[Slip]:
    """Every difference in which key was struck.

    What an ornament, a tremolo or a grace note plays is none, nor is a note struck earlier or
    later than its place, nor one whose key is down already.

    Args:
        take: what was played.
        found: where it is in the score.
    """
    line = found.line
    free = _free(line)
    extra = [int(note) for note in found.extra if not _ornamental(take, found, int(note), free)]
    missing = [
        (int(written), float(when))
        for written, when in zip(found.missing, found.missing_sec, strict=True)
        # Editions differ most in grace notes, and how often a tremolo strikes is free.
        if not line.grace[written] and not free[written]
    ]
    extra, missing = _without_shifted(take, line, extra, missing)
    used: set[int] = set()
    slips = []
    for written, when in missing:
        bar = int(line.bar_at(line.onset_quarter[written : written + 1])[0])
        near = [
            note
            for note in extra
            if note not in used
            and abs(take.onset_sec[note] - when) < _SAME_PLACE_SEC
            and 0 < abs(int(take.pitch[note]) - int(line.pitch[written])) <= _NEAR_PITCH
        ]
        hand = int(line.hand[written])
        if near:
            note = min(near, key=lambda one: abs(int(take.pitch[one]) - int(line.pitch[written])))
            used.add(note)
            slips.append(Slip(note, written, float(take.onset_sec[note]), bar, hand))
        elif not _sounding(take, int(line.pitch[written]), when):
            slips.append(Slip(-1, written, max(when, 0.0), bar, hand))
    slips += [
        Slip(
            note, -1, float(take.onset_sec[note]), int(found.bar[note]), _hand_of(take, found, note)
        )
        for note in extra
        if note not in used
    ]
    return _doubted(take, found, sorted(slips, key=lambda slip: slip.time_sec))


def spelled(take: Take, line: ScoreLine, slip: Slip, played: bool) -> str:
    """A slip's note as the score spells it; a note that it does not have as its neighbours."""
    pitch = int(take.pitch[slip.played]) if played else int(line.pitch[slip.written])
    if not line.spelling:
        return key_name(pitch)
    if not played:
        return line.spelling[slip.written] or key_name(pitch)
    bar = np.abs(line.bar - slip.bar)
    alike = np.flatnonzero((line.pitch % 12 == pitch % 12) & (bar <= 8))
    for at in alike[np.argsort(bar[alike], kind="stable")]:
        if line.spelling[at]:
            octaves = (pitch - int(line.pitch[at])) // 12
            return _moved(line.spelling[at], octaves)
    return _by_the_others(line.spelling, pitch)


def _moved(name: str, octaves: int) -> str:
    at = len(name.rstrip("-0123456789"))
    return f"{name[:at]}{int(name[at:]) + octaves}"


def _by_the_others(spelling: tuple[str, ...], pitch: int) -> str:
    """A black key with flats where the score has mostly flats, with sharps where sharps."""
    signs = Counter(sign for name in spelling for sign in name if sign in "♭♯")
    if signs["♭"] == signs["♯"]:
        return key_name(pitch)
    return key_name(pitch, "♭" if signs["♭"] > signs["♯"] else "♯")


def _free(line: ScoreLine) -> Bool[np.ndarray, " written"]:
    """Notes under an ornament or tremolo; in a chord only one note carries the sign."""
    place = [*zip(line.voice.tolist(), np.round(line.onset_quarter, 4).tolist(), strict=True)]
    signed = {one for one, ornament in zip(place, line.ornament, strict=True) if ornament}
    return np.array([one in signed for one in place], bool)


def _ornamental(
    take: Take, found: Alignment, note: int, free: Bool[np.ndarray, " written"]
) -> bool:
    """An extra note that an ornament, a grace note or a tremolo near it may well play.

    Within two semitones of its note, or, as the two halves of a tremolo are written one after
    the other, any key that is written within its length before or after it.
    """
    line, at = found.line, found.onset_quarter[note]
    start, length = line.onset_quarter, line.duration_quarter
    about = free | line.grace
    near = (start - _NEAR_QUARTERS <= at) & (start + length + _NEAR_QUARTERS >= at) & about
    if bool((near & (np.abs(line.pitch - take.pitch[note]) <= 2)).any()):
        return True
    for one in np.flatnonzero(near & free):
        reach = max(float(length[one]), _NEAR_QUARTERS) + 1e-6
        written = np.abs(start - start[one]) <= reach
        if bool((written & (line.pitch == take.pitch[note])).any()):
            return True
    return False


def _without_shifted(
    take: Take, line: ScoreLine, extra: list[int], missing: list[tuple[int, float]]
) -> tuple[list[int], list[tuple[int, float]]]:
    """A key that is left out here and struck besides nearby is early or late, no slip."""
    pairs = sorted(
        (abs(float(take.onset_sec[note]) - when), note, written)
        for note in extra
        for written, when in missing
        if line.pitch[written] == take.pitch[note]
        and abs(take.onset_sec[note] - when) < _TIMING_SEC
    )
    early, late = set[int](), set[int]()
    for _, note, written in pairs:
        if note not in early and written not in late:
            early.add(note)
            late.add(written)
    return (
        [note for note in extra if note not in early],
        [one for one in missing if one[0] not in late],
    )


def _sounding(take: Take, pitch: int, when: float) -> bool:
    """The key is down already: a note tied or doubled in another voice cannot be struck again."""
    same = take.pitch == pitch
    return bool(np.any(same & (take.onset_sec < when - 0.01) & (take.release_sec > when + 0.05)))


def _hand_of(take: Take, found: Alignment, note: int) -> int:
    """The hand of an extra note: as known, else of the nearest key written about there."""
    if take.hand[note] in (LEFT, RIGHT):
        return int(take.hand[note])
    line, at = found.line, found.onset_quarter[note]
    near = np.flatnonzero((np.abs(line.onset_quarter - at) <= 1.0) & (line.hand >= 0))
    if not len(near):
        return -1
    away = np.abs(line.pitch[near] - take.pitch[note])
    hands = set(line.hand[near[away == away.min()]].tolist())
    return int(hands.pop()) if len(hands) == 1 else -1


def _doubted(take: Take, found: Alignment, slips: list[Slip]) -> list[Slip]:
    """Marks crowds of differences, and the same one that comes again.

    Fingers slip now and then; other notes one after another, or at every return of a passage, are
    mostly another edition's, or an ornament's.
    """
    crowds = _crowded(found, slips).tolist()
    alike = [_likeness(take, found.line, slip) for slip in slips]
    count = Counter(alike)
    # How often the same has to come; the same key left out is more likely struck too softly.
    enough = [_ALIKE if slip.written < 0 else _AGAIN for slip in slips]
    return [
        replace(slip, doubtful=crowd or (slip.played >= 0 and count[same] >= least))
        for slip, same, crowd, least in zip(slips, alike, crowds, enough, strict=True)
    ]


def _likeness(take: Take, line: ScoreLine, slip: Slip) -> tuple[int, int]:
    wanted = int(line.pitch[slip.written]) if slip.written >= 0 else -1
    return wanted, int(take.pitch[slip.played]) if slip.played >= 0 else -1


def _crowded(found: Alignment, slips: list[Slip]) -> Bool[np.ndarray, " slip"]:
    """At least four differences within a bar's length, and what joins them."""
    line, at = found.line, found.onset_quarter
    place = np.array(
        [line.onset_quarter[s.written] if s.written >= 0 else at[s.played] for s in slips], float
    )
    apart = np.abs(place[:, None] - place[None, :])
    near = apart <= _CROWD_QUARTERS / 2
    crowded = near.sum(1) >= _CROWD
    return np.asarray((near & crowded[None, :]).any(1), bool)
