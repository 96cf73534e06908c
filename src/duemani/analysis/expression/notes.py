"""Wrong, missing and extra notes against the score, grouped; stops and restarts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from duemani.analysis.expression.take import Aspect, Take
from duemani.analysis.reasons.words import key_name, listed
from duemani.report import Remark

_SAME_PLACE_SEC = 0.25
_NEAR_PITCH = 12
_GROUP_BARS = 1
_MOST = 8
_NAMED = 3


@dataclass(frozen=True)
class Slip:
    """One difference between what is written and what was played.

    Attributes:
        played: the note played, -1 for none.
        written: the written note, -1 for none; both: one instead of the other.
        time_sec: when.
        bar: index in the score.
    """

    played: int
    written: int
    time_sec: float
    bar: int


def notes_against_score(take: Take) -> Aspect:
    """Remarks on notes that differ from the score."""
    if take.alignment is None:
        return Aspect(
            cannot_tell=("Wrong and missing notes cannot be told: there is no score to compare.",)
        )
    slips = find_slips(take)
    remarks = [*_grouped(take, slips), *_restarts(take)]
    if not remarks and take.alignment.match_rate > 0.995 and len(take.onset_sec) >= 50:
        span = (float(take.onset_sec[0]), float(take.release_sec.max()))
        remarks = [
            take.remark(
                "notes", "All notes are right", "Every note is played as it is written.",
                span, 0.3, 0.95, praise=True,
            )
        ]  # fmt: skip
    return Aspect(remarks=tuple(remarks))


def find_slips(take: Take) -> list[Slip]:
    """Every difference; what an ornament plays besides its written note is none."""
    assert take.alignment is not None
    found, line = take.alignment, take.alignment.line
    extra = [int(note) for note in found.extra if not _ornamental(take, int(note))]
    used: set[int] = set()
    slips = []
    missing_bar = line.bar_at(line.onset_quarter[found.missing])
    for written, when, bar in zip(found.missing, found.missing_sec, missing_bar, strict=True):
        # Editions differ most in grace notes, and nobody is wrong who leaves one out.
        if line.grace[written]:
            continue
        near = [
            note
            for note in extra
            if note not in used
            and abs(take.onset_sec[note] - when) < _SAME_PLACE_SEC
            and 0 < abs(int(take.pitch[note]) - int(line.pitch[written])) <= _NEAR_PITCH
        ]
        if near:
            note = min(near, key=lambda one: abs(int(take.pitch[one]) - int(line.pitch[written])))
            used.add(note)
            slips.append(Slip(note, int(written), float(take.onset_sec[note]), int(bar)))
        elif not _sounding(take, int(line.pitch[written]), float(when)):
            slips.append(Slip(-1, int(written), float(max(when, 0.0)), int(bar)))
    slips += [
        Slip(note, -1, float(take.onset_sec[note]), int(found.bar[note]))
        for note in extra
        if note not in used
    ]
    return sorted(slips, key=lambda slip: slip.time_sec)


def _ornamental(take: Take, note: int) -> bool:
    """An extra note within two semitones of an ornamented or grace note, about when it sounds."""
    assert take.alignment is not None
    line, at = take.alignment.line, take.alignment.onset_quarter[note]
    near = (line.onset_quarter - 0.5 <= at) & (line.onset_quarter + line.duration_quarter >= at)
    near &= (line.ornament | line.grace) & (np.abs(line.pitch - take.pitch[note]) <= 2)
    return bool(near.any())


def _sounding(take: Take, pitch: int, when: float) -> bool:
    """The key is down already: a note tied or doubled in another voice cannot be struck again."""
    same = take.pitch == pitch
    return bool(np.any(same & (take.onset_sec < when - 0.01) & (take.release_sec > when + 0.05)))


def _grouped(take: Take, slips: list[Slip]) -> Iterator[Remark]:
    groups: list[list[Slip]] = []
    for slip in slips:
        last = groups[-1][-1] if groups else None
        if last and 0 <= slip.bar - last.bar <= _GROUP_BARS and slip.time_sec - last.time_sec < 4:
            groups[-1].append(slip)
        else:
            groups.append([slip])
    for group in sorted(groups, key=lambda one: -len(one))[:_MOST]:
        yield _told(take, group)
    left = sorted(groups, key=lambda one: -len(one))[_MOST:]
    if left:
        count = sum(len(group) for group in left)
        names = list(dict.fromkeys(_bar_name(take, group[0].bar) for group in left))
        shown = listed(names[:12]) + (" and others" if len(names) > 12 else "")
        times = [slip.time_sec for group in left for slip in group]
        yield take.remark(
            "notes", f"{count} more notes differ",
            f"Single notes differ from the score in bars {shown}. Compare them with the page.",
            (min(times), max(times)), 0.3, 0.8,
            tuple(slip.played for group in left for slip in group if slip.played >= 0),
        )  # fmt: skip


def _told(take: Take, group: list[Slip]) -> Remark:
    assert take.alignment is not None
    line = take.alignment.line
    wrong = [slip for slip in group if slip.played >= 0 and slip.written >= 0]
    missing = [slip for slip in group if slip.played < 0]
    extra = [slip for slip in group if slip.written < 0]
    parts = []
    if wrong:
        pairs = [
            f"{key_name(int(take.pitch[slip.played]))} instead of"
            f" {key_name(int(line.pitch[slip.written]))}"
            for slip in wrong
        ]
        parts.append(f"{_some(pairs)} {'is' if len(wrong) == 1 else 'are'} played")
    if missing:
        names = [key_name(int(line.pitch[slip.written])) for slip in missing]
        parts.append(f"{_some(names)} {'is' if len(missing) == 1 else 'are'} left out")
    if extra:
        names = [key_name(int(take.pitch[slip.played])) for slip in extra]
        parts.append(f"{_some(names)} {'is' if len(extra) == 1 else 'are'} struck besides")
    span = (group[0].time_sec, group[-1].time_sec + 0.3)
    place = take.place(*span)
    kinds = [("wrong", wrong), ("missing", missing), ("extra", extra)]
    title = listed([f"{len(those)} {name}" for name, those in kinds if those])
    count = len(group)
    note = "note" if count == 1 else "notes"
    practice = (
        "Play each hand alone and slowly here until the notes are sure."
        if count > 2
        else "Check it with the page."
    )
    return take.remark(
        "notes", f"{title} {note}", f"{place} {listed(parts)}. {practice}",
        span, 0.35 + 0.06 * min(count, 8) + (0.08 if wrong else 0.0), 0.9,
        tuple(slip.played for slip in group if slip.played >= 0),
    )  # fmt: skip


def _restarts(take: Take) -> Iterator[Remark]:
    """Where the player stopped and went back; written repeats are none."""
    assert take.alignment is not None
    line, passages = take.alignment.line, take.alignment.passages
    for before, after in pairwise(passages):
        stop, start = float(before.quarter[-1]), float(after.quarter[0])
        along = any(abs(stop - a) < 2.5 and abs(start - b) < 2.5 for a, b in line.jumps)
        if along or after.last - after.first < 4:
            continue
        there, here = (line.bar_at(np.array([x]))[0] for x in (stop, start))
        span = (float(before.time_sec[-1]), float(after.time_sec[0]))
        back = start <= stop
        yield take.remark(
            "notes", "Stopped and started again" if back else "Some bars left out",
            f"You stop in bar {_bar_name(take, there)} and go on from bar {_bar_name(take, here)}."
            + (" Find what breaks the flow there, and practise across it." if back else ""),
            span, 0.45, 0.85,
        )  # fmt: skip


def _bar_name(take: Take, bar: int) -> str:
    assert take.alignment is not None
    return take.alignment.line.bars_named(int(bar), int(bar)) or str(int(bar) + 1)


def _some(names: list[str]) -> str:
    if len(names) <= _NAMED:
        return listed(names)
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
