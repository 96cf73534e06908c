"""From notation to times and velocities: tempo, dynamics, articulation, and light phrasing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from duemani.inputs.score.marks import Mark
from duemani.inputs.score.written_score import WrittenNote, WrittenScore
from duemani.performance import LEFT

DEFAULT_TEMPO = 100.0
DEFAULT_LEVEL = 70.0
_SWELL = 14.0
_ACCENTS = {"accent": 12.0, "strong-accent": 18.0, "tenuto": 4.0, "stress": 8.0}
_LENGTHS = {"staccatissimo": 0.3, "spiccato": 0.3, "staccato": 0.5, "detached-legato": 0.75}
_GRACE_SEC = 0.075
_OVERLAP_SEC = 0.03
_KEY_RETURN_SEC = 0.05


@dataclass(frozen=True)
class Phrasing:
    """How a score is shaped where it says nothing; deterministic, `Phrasing.none()` is deadpan.

    Attributes:
        melody: velocity steps that the highest voice of an onset stands above the others.
        downbeat: velocity steps that a bar's first beat is louder (half of it on other beats).
        contour: velocity steps an octave that higher notes are louder.
        arch: share by which the tempo gives way at both ends of a four-bar phrase.
        final_slowing: share of the tempo lost by the last note (over the last two bars).
        fermata: how much longer a note under a fermata lasts (share).
        gap: share of an unslurred note's length that is left silent.
    """

    melody: float = 8.0
    downbeat: float = 5.0
    contour: float = 3.0
    arch: float = 0.05
    final_slowing: float = 0.35
    fermata: float = 0.6
    gap: float = 0.08

    @classmethod
    def none(cls) -> Phrasing:
        """Exactly what is written: no shaping, full note lengths, fermatas ignored."""
        return cls(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


class ScoreClock:
    """Quarters -> seconds, by tempo marks, rit./accel., fermatas and phrasing."""

    def __init__(self, written: WrittenScore, phrasing: Phrasing) -> None:
        onsets = {note.onset_quarter for note in written.notes}
        ends = {note.onset_quarter + note.duration_quarter for note in written.notes}
        marks = {mark.start_quarter for mark in written.marks}
        grid = np.array(sorted({0.0, *onsets, *ends, *marks, *written.bars_quarter}))
        self._grid = np.append(grid, grid[-1] + 1.0)
        self._rate = _tempo(written.marks, self._grid[:-1])
        self._rate *= _arch(written, self._grid[:-1], phrasing)
        seconds = np.diff(self._grid) * 60.0 / self._rate
        for note in written.notes:
            if note.fermata and phrasing.fermata and note.duration_quarter > 0:
                end = note.onset_quarter + note.duration_quarter
                # The last stretch under the fermata waits; shared fermatas wait once.
                at = int(np.searchsorted(self._grid, end - 1e-6)) - 1
                wait = phrasing.fermata * note.duration_quarter * 60.0 / self._rate[at]
                base = (self._grid[at + 1] - self._grid[at]) * 60.0 / self._rate[at]
                seconds[at] = max(seconds[at], base + wait)
        self._seconds = np.concatenate([[0.0], np.cumsum(seconds)])

    def __call__(self, quarter: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Seconds of positions in quarters, (n,)."""
        return np.interp(quarter, self._grid, self._seconds)


def _tempo(marks: Sequence[Mark], grid: np.ndarray) -> np.ndarray:
    """Quarters a minute in force at each grid position."""
    base = np.full(len(grid), DEFAULT_TEMPO)
    tempi = [mark for mark in marks if mark.kind == "tempo"]
    for at, mark in enumerate(tempi):
        # The first mark also holds for a score that states it a little late.
        base[grid >= (mark.start_quarter if at else -np.inf) - 1e-9] = mark.value
    rate = base.copy()
    resets = [mark.start_quarter for mark in marks if mark.kind in ("tempo", "reset")]
    for mark in marks:
        if mark.kind != "slowing":
            continue
        end = min([reset for reset in resets if reset > mark.start_quarter] + [mark.end_quarter])
        end = max(end, mark.start_quarter + 0.25)
        inside = (grid >= mark.start_quarter) & (grid < end)
        share = (grid[inside] - mark.start_quarter) / (end - mark.start_quarter)
        rate[inside] *= 1 + (mark.value - 1) * share
    return rate


def _arch(written: WrittenScore, grid: np.ndarray, phrasing: Phrasing) -> np.ndarray:
    factor = np.ones(len(grid))
    bars = np.array(written.bars_quarter)
    last = max((note.onset_quarter for note in written.notes), default=0.0)
    if len(bars) >= 4 and phrasing.arch:
        phrases = np.append(bars[::4], max(bars[-1] + 1.0, last + 1.0))
        at = np.clip(np.searchsorted(phrases, grid, side="right") - 1, 0, len(phrases) - 2)
        place = (grid - phrases[at]) / (phrases[at + 1] - phrases[at])
        factor *= 1 - phrasing.arch * (2 * np.clip(place, 0, 1) - 1) ** 2 + phrasing.arch / 2
    if phrasing.final_slowing and len(bars) >= 4:
        start = bars[-2]
        share = np.clip((grid - start) / max(last - start, 1e-6), 0, 1)
        factor *= 1 - phrasing.final_slowing * share**2
    return factor


def velocities(written: WrittenScore, phrasing: Phrasing) -> Float[np.ndarray, " note"]:
    """MIDI velocity of every note, (note,), 10-120."""
    onset = np.array([note.onset_quarter for note in written.notes])
    pitch = np.array([note.pitch for note in written.notes], float)
    level = _levels(written.marks, onset)
    for mark in written.marks:
        if mark.kind == "stress":
            level[np.abs(onset - mark.start_quarter) < 1e-3] += mark.value
    for at, note in enumerate(written.notes):
        level[at] += max((_ACCENTS.get(name, 0.0) for name in note.articulations), default=0.0)
        level[at] -= phrasing.melody if note.hand == LEFT else 0.0
        if note.grace:
            level[at] -= 8.0 if phrasing.melody else 0.0
    if phrasing.melody:
        last = np.append(np.flatnonzero(np.diff(onset) > 1e-6), len(onset) - 1)
        inner = np.ones(len(onset), bool)
        inner[last] = False
        level -= phrasing.melody * 0.5 * inner
    level += phrasing.contour * np.clip((pitch - 66) / 12, -2, 2)
    bars = np.array(written.bars_quarter)
    if len(bars) and phrasing.downbeat:
        bar = np.clip(np.searchsorted(bars, onset + 1e-6) - 1, 0, None)
        place = onset - bars[bar]
        level += phrasing.downbeat * (np.abs(place) < 1e-3)
        level += phrasing.downbeat / 2 * ((place > 1e-3) & (np.abs(place - np.rint(place)) < 1e-3))
    return np.clip(np.rint(level), 10, 120)


def _levels(marks: Sequence[Mark], onset: np.ndarray) -> np.ndarray:
    """Dynamic level at every onset: the mark in force, swelling towards the next one."""
    levels = [mark for mark in marks if mark.kind == "level"]
    times = np.array([mark.start_quarter for mark in levels])
    values = np.array([DEFAULT_LEVEL, *(mark.value for mark in levels)])
    result = values[np.searchsorted(times, onset + 1e-6)] if len(onset) else np.zeros(0)
    for mark in marks:
        if mark.kind != "swell":
            continue
        at = int(np.searchsorted(times, mark.start_quarter + 1e-6))
        target = values[at] + _SWELL * mark.value
        until = float(times[at]) if at < len(times) else np.inf
        if until <= mark.end_quarter + 4 and (values[at + 1] - values[at]) * mark.value > 0:
            target = values[at + 1]
        share = np.clip(
            (onset - mark.start_quarter) / (mark.end_quarter - mark.start_quarter), 0, 1
        )
        # What a swell reached holds until the next mark.
        inside = (onset >= mark.start_quarter) & (onset < until - 1e-6)
        result = np.where(inside, result + share * (target - values[at]), result)
    return np.clip(result, 14, 122)


def times(
    written: WrittenScore, clock: ScoreClock, phrasing: Phrasing
) -> tuple[Float[np.ndarray, " note"], Float[np.ndarray, " note"]]:
    """Onset and release of every note in seconds, (note,) each.

    Grace notes before the first beat have negative onsets.
    """
    notes = written.notes
    onset_quarter = np.array([note.onset_quarter for note in notes])
    onset = clock(onset_quarter)
    full = clock(onset_quarter + np.array([note.duration_quarter for note in notes]))
    onset = _grace_onsets(notes, onset, full)
    release = full.copy()
    for at, note in enumerate(notes):
        length = full[at] - onset[at]
        short = min((_LENGTHS[name] for name in note.articulations if name in _LENGTHS), default=0)
        if note.grace and not note.duration_quarter:
            release[at] = onset[at] + _GRACE_SEC
        elif short:
            release[at] = onset[at] + max(short * length, 0.05)
        elif note.slurred and phrasing.gap:
            release[at] = full[at] + _OVERLAP_SEC
        elif "tenuto" not in note.articulations:
            release[at] = onset[at] + (1 - phrasing.gap) * length
    _let_keys_return(notes, onset, release)
    return onset, np.maximum(release, onset + 0.02)


def _grace_onsets(notes: Sequence[WrittenNote], onset: np.ndarray, full: np.ndarray) -> np.ndarray:
    """Onsets with grace notes given time: before the beat, an appoggiatura on it."""
    onset = onset.copy()
    index = {note.note_id: at for at, note in enumerate(notes)}
    steps: dict[str, int] = {}
    for note in notes:
        if note.grace and note.principal:
            steps[note.principal] = max(steps.get(note.principal, 1), note.grace)
    beat = onset.copy()
    for at, note in enumerate(notes):
        if not note.grace:
            continue
        principal = index.get(note.principal or "")
        if note.appoggiatura and principal is not None:
            half = (full[principal] - beat[principal]) / 2
            delay = min(half, 0.35)
            onset[principal] = max(onset[principal], beat[principal] + delay)
            count = steps[note.principal or ""]
            onset[at] = beat[principal] + delay * (count - note.grace) / count
        else:
            onset[at] = beat[at] - note.grace * _GRACE_SEC
    return onset


def _let_keys_return(notes: Sequence[WrittenNote], onset: np.ndarray, release: np.ndarray) -> None:
    """A key must come up before it is struck again: cut the earlier note a little short."""
    pitch = np.array([note.pitch for note in notes])
    order = np.lexsort((onset, pitch))
    same = np.flatnonzero(pitch[order[:-1]] == pitch[order[1:]])
    before, after = order[same], order[same + 1]
    interval = onset[after] - onset[before]
    latest = onset[after] - np.minimum(_KEY_RETURN_SEC, 0.35 * interval)
    release[before] = np.where(interval > 0, np.minimum(release[before], latest), release[before])
