"""Wrong, missing and extra notes against the score, told in proportion; stops and restarts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from duemani.alignment.score import Alignment
from duemani.analysis.expression.slips import Slip, find_slips, spelled
from duemani.analysis.expression.take import Aspect, Take
from duemani.analysis.reasons.words import listed
from duemani.inputs.score.line import ScoreLine
from duemani.report import Remark

_GROUP_BARS = 1
_MOST = 8
_NAMED = 3
_CLEAN_SHARE = 0.04
_CLEAN_SLIPS = 2
_ALL_NAMED = 8
# The score at hand need not be the one that was played from, so nobody is accused for sure.
_FAIRLY_SURE, _UNSURE = 0.85, 0.5
_HANDS = {0: "left hand", 1: "right hand"}
_PERHAPS = "Perhaps it is another edition, or an ornament."


def notes_against_score(take: Take) -> Aspect:
    """Remarks on notes that differ from the score."""
    found = take.alignment
    if found is None:
        return Aspect(
            cannot_tell=("Wrong and missing notes cannot be told: there is no score to compare.",)
        )
    slips = find_slips(take, found)
    plain = [slip for slip in slips if not slip.doubtful]
    doubtful = [slip for slip in slips if slip.doubtful]
    remarks = [
        *_plain(take, found.line, plain),
        *_differing(take, found.line, doubtful),
        *_restarts(take, found),
    ]
    if not remarks and found.match_rate > 0.995 and len(take.onset_sec) >= 50:
        remarks = [
            take.remark(
                "notes", "All notes are right", "Every note is played as it is written.",
                _whole(take), 0.3, 0.95, praise=True,
            )
        ]  # fmt: skip
    return Aspect(remarks=tuple(remarks))


def _whole(take: Take) -> tuple[float, float]:
    return float(take.onset_sec[0]), float(take.release_sec.max())


def _plain(take: Take, line: ScoreLine, slips: list[Slip]) -> Iterator[Remark]:
    """A clean performance is called so, its few slips named; else passage by passage."""
    count = len(take.onset_sec)
    if not slips:
        return
    if len(slips) > max(_CLEAN_SLIPS, _CLEAN_SHARE * count):
        yield from _grouped(take, line, slips)
        return
    told = [_one(take, line, slip) for slip in slips]
    more = f" and {len(told) - _ALL_NAMED} more" if len(told) > _ALL_NAMED else ""
    right = count - sum(slip.played >= 0 for slip in slips)
    yield take.remark(
        "notes",
        f"A clean performance: {len(slips)} slip{'s' if len(slips) > 1 else ''} in {count} notes",
        f"{right} of {count} notes are as written. "
        f"{'The exceptions are' if len(told) > 1 else 'The exception is'}"
        f" {'; '.join(told[:_ALL_NAMED])}{more}. Look whether your edition has"
        f" {'them' if len(told) > 1 else 'it'} so, and leave it at that.",
        _whole(take) if len(slips) > 1 else (slips[0].time_sec, slips[0].time_sec + 0.3),
        0.3, _FAIRLY_SURE,
        tuple(slip.played for slip in slips if slip.played >= 0), praise=True,
    )  # fmt: skip


def _one(take: Take, line: ScoreLine, slip: Slip) -> str:
    """`bar 12, left hand: D♭5 instead of C5`."""
    hand = f", {_HANDS[slip.hand]}" if slip.hand in _HANDS else ""
    return f"bar {_bar_name(line, slip.bar)}{hand}: {_what(take, line, slip)}"


def _what(take: Take, line: ScoreLine, slip: Slip) -> str:
    if slip.played < 0:
        return f"{spelled(take, line, slip, False)} left out"
    if slip.written < 0:
        return f"{spelled(take, line, slip, True)} struck besides"
    return f"{spelled(take, line, slip, True)} instead of {spelled(take, line, slip, False)}"


def _differing(take: Take, line: ScoreLine, slips: list[Slip]) -> Iterator[Remark]:
    """Crowds of differences, in one remark: what they are is not known."""
    if not slips:
        return
    bars = list(dict.fromkeys(_bar_name(line, slip.bar) for slip in slips))
    shown = listed(bars[:12]) + (" and others" if len(bars) > 12 else "")
    examples = "; ".join(_one(take, line, slip) for slip in slips[:_NAMED])
    yield take.remark(
        "notes", f"Another text than the score's in bar{'s' if len(bars) > 1 else ''} {shown}",
        f"{len(slips)} notes are not as this score has them, close together or the same way each"
        f" time: {examples}{' and more' if len(slips) > _NAMED else ''}. {_PERHAPS} If it is"
        " neither, practise these bars slowly.",
        (slips[0].time_sec, slips[-1].time_sec + 0.3), 0.3, _UNSURE,
        tuple(slip.played for slip in slips if slip.played >= 0),
    )  # fmt: skip


def _grouped(take: Take, line: ScoreLine, slips: list[Slip]) -> Iterator[Remark]:
    groups: list[list[Slip]] = []
    for slip in slips:
        last = groups[-1][-1] if groups else None
        if last and 0 <= slip.bar - last.bar <= _GROUP_BARS and slip.time_sec - last.time_sec < 4:
            groups[-1].append(slip)
        else:
            groups.append([slip])
    ranked = sorted(groups, key=lambda one: -len(one))
    passages = [group for group in ranked if len(group) > 1][:_MOST]
    for group in passages:
        yield _told(take, line, group)
    left = [slip for slip in slips if not any(slip in group for group in passages)]
    if left:
        told = [_one(take, line, slip) for slip in left]
        more = f"; and {len(told) - _ALL_NAMED} more" if len(told) > _ALL_NAMED else ""
        yield take.remark(
            "notes", f"{len(left)} single slip{'s' if len(left) > 1 else ''}",
            f"Each by itself: {'; '.join(told[:_ALL_NAMED])}{more}"
            f" ({len(left)} of {len(take.onset_sec)} notes). Compare with the page.",
            (left[0].time_sec, left[-1].time_sec + 0.3), 0.3, _FAIRLY_SURE,
            tuple(slip.played for slip in left if slip.played >= 0),
        )  # fmt: skip


def _told(take: Take, line: ScoreLine, group: list[Slip]) -> Remark:
    wrong = [slip for slip in group if slip.played >= 0 and slip.written >= 0]
    missing = [slip for slip in group if slip.played < 0]
    extra = [slip for slip in group if slip.written < 0]
    span = (group[0].time_sec, group[-1].time_sec + 0.3)
    kinds = [("wrong", wrong), ("missing", missing), ("extra", extra)]
    title = listed([f"{len(those)} {name}" for name, those in kinds if those])
    count, notes = len(group), len(take.onset_sec)
    hands = {slip.hand for slip in group}
    hand = hands.pop() if len(hands) == 1 else -1
    named = _some([_one(take, line, slip) for slip in group])
    practice = "Check it with the page."
    if count > 2:
        practice = f"Play {'the ' + _HANDS[hand] if hand in _HANDS else 'each hand'} alone and"
        practice += " slowly here until the notes are sure."
    return take.remark(
        "notes", f"{title} {'note' if count == 1 else 'notes'}",
        f"{named[0].upper()}{named[1:]} ({count} of {notes} notes). {practice}",
        span, 0.35 + 0.06 * min(count, 8) + (0.08 if wrong else 0.0), _FAIRLY_SURE,
        tuple(slip.played for slip in group if slip.played >= 0), hand=hand,
    )  # fmt: skip


def _restarts(take: Take, found: Alignment) -> Iterator[Remark]:
    """Where the player stopped and went back; written repeats are none."""
    line, passages = found.line, found.passages
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
            f"You stop in bar {_bar_name(line, there)} and go on from bar {_bar_name(line, here)}."
            + (" Find what breaks the flow there, and practise across it." if back else ""),
            span, 0.45, 0.85,
        )  # fmt: skip


def _bar_name(line: ScoreLine, bar: int) -> str:
    return line.bars_named(int(bar), int(bar)) or str(int(bar) + 1)


def _some(names: list[str]) -> str:
    if len(names) <= _NAMED:
        return "; ".join(names)
    return f"{'; '.join(names[:_NAMED])}; and {len(names) - _NAMED} more"
