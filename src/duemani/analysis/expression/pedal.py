"""The sustain pedal: how much, how often it changes, and whether it changes with the harmony."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from duemani.analysis.expression.take import Aspect, Take, curve_times
from duemani.performance import SUSTAIN_THRESHOLD
from duemani.report import Curve, Remark

_BASS_PITCH = 55
_CHANGE_SEC = 0.8
_LATE_SEC = 0.22
_EARLY_SEC = -0.1
_LEAST_CHANGES = 8
_LEAST_BASSES = 8
_BLUR_SHARE = 0.45
_BLUR_SEC = 0.35
_STEPS = (1, 2, 6, 10, 11)


def pedalling(take: Take) -> Aspect:
    """Share of the time the pedal is down, and remarks on when it changes."""
    pedal = take.performance.pedal
    if not len(pedal):
        return Aspect(
            cannot_tell=(
                "Pedalling cannot be told: no pedal was recorded, whether or not one was used.",
            )
        )
    if not len(take.onset_sec):
        return Aspect()
    spans = pedal_spans(take)
    times = curve_times(take)
    share = np.array([_share(spans, at - 1.0, at + 1.0) for at in times])
    curve = Curve("pedal", "Pedal down", "% of the time", times, 100 * share)
    figure = np.array([_share(spans, window.start_sec, window.end_sec) for window in take.windows])
    remarks = [*_timing(take, spans), *_blurred(take, spans), *_marks(take, spans)]
    return Aspect((curve,), {"pedal": figure}, tuple(remarks))


def pedal_spans(take: Take) -> Float[np.ndarray, "span 2"]:
    """From when to when the pedal is down [s]."""
    pedal = take.performance.pedal
    down = (pedal["value"] >= SUSTAIN_THRESHOLD).astype(int)
    change = np.diff(down, prepend=0)
    starts, ends = pedal["time_sec"][change == 1], pedal["time_sec"][change == -1]
    if len(ends) < len(starts):
        ends = np.append(ends, max(take.performance.duration_sec, float(starts[-1])))
    return np.stack([starts, ends], axis=1).astype(float)


def _share(spans: np.ndarray, start_sec: float, end_sec: float) -> float:
    if end_sec <= start_sec:
        return float("nan")
    inside = np.minimum(spans[:, 1], end_sec) - np.maximum(spans[:, 0], start_sec)
    return float(np.maximum(inside, 0).sum() / (end_sec - start_sec))


def _basses(take: Take) -> np.ndarray:
    """First notes of a new bass: the lowest of their chord, low, on another key than before."""
    order = np.lexsort((take.pitch, take.chord_of))
    first = np.append(True, np.diff(take.chord_of[order]) > 0) if len(order) else np.zeros(0, bool)
    lowest = order[first]
    lowest = lowest[take.pitch[lowest] < _BASS_PITCH]
    if len(lowest) < 2:
        return lowest
    # Only notes that lie no higher than a fifth above the last bass count as bass.
    kept, last_pitch, last_sec = [], 200, -np.inf
    for note in lowest:
        pitch, now = int(take.pitch[note]), float(take.onset_sec[note])
        if pitch <= last_pitch + 7 or now - last_sec > 2.0:
            if pitch != last_pitch:
                kept.append(int(note))
            last_pitch, last_sec = pitch, now
    return np.array(kept, int)


def _timing(take: Take, spans: np.ndarray) -> Iterator[Remark]:
    """When the pedal is lifted for a change, against the bass note it is lifted for."""
    basses = take.onset_sec[_basses(take)]
    if len(spans) < 2 or not len(basses):
        return
    changed = spans[1:, 0] - spans[:-1, 1] < _CHANGE_SEC
    lifts = spans[:-1, 1][changed]
    at = np.clip(np.searchsorted(basses, lifts), 1, max(len(basses) - 1, 1))
    before, after = (
        basses[np.minimum(at - 1, len(basses) - 1)],
        basses[np.minimum(at, len(basses) - 1)],
    )
    offset = np.where(
        np.abs(lifts - before) <= np.abs(after - lifts), lifts - before, lifts - after
    )
    near = np.abs(offset) < 0.6
    if near.sum() < _LEAST_CHANGES or near.mean() < 0.4:
        return
    middle = float(np.median(offset[near]))
    spread = float(np.median(np.abs(offset[near] - middle)))
    times = lifts[near]
    span = (float(times[0]), float(times[-1]))
    if spread > 0.2:
        return  # changes do not follow the bass at all
    if middle > _LATE_SEC + take.tolerance.pedal_sec:
        yield take.remark(
            "pedal", "Pedal changes come late",
            f"The pedal is lifted {1000 * middle:.0f} ms after the new bass as a rule, so the old"
            " harmony sounds into the new one. Lift as the new note goes down, press again at once"
            " after it.",
            span, 0.6, 0.85,
        )  # fmt: skip
    elif middle < _EARLY_SEC - take.tolerance.pedal_sec:
        yield take.remark(
            "pedal", "Pedal changes come early",
            f"The pedal is lifted {-1000 * middle:.0f} ms before the new bass as a rule, which"
            " leaves a hole. Hold it until the new note sounds.",
            span, 0.5, 0.85,
        )  # fmt: skip


def _blurred(take: Take, spans: np.ndarray) -> Iterator[Remark]:
    """Basses that clash with the one before, both under one pedal."""
    basses = _basses(take)
    if len(basses) < _LEAST_BASSES:
        return
    bad, total = [], 0
    for before, after in pairwise(basses):
        step = abs(int(take.pitch[after]) - int(take.pitch[before])) % 12
        start, now = float(take.onset_sec[before]), float(take.onset_sec[after])
        if step not in _STEPS or now - start > 6 or now - start < 0.15:
            continue
        total += 1
        held = (spans[:, 0] <= start + 0.25) & (spans[:, 1] >= now + _BLUR_SEC)
        if held.any():
            bad.append(int(after))
    if total < _LEAST_BASSES or len(bad) < 4 or len(bad) < _BLUR_SHARE * total:
        return
    bad_sec = take.onset_sec[bad]
    windows = take.window_of[bad]
    worst = int(np.bincount(windows).argmax())
    window = take.windows[worst]
    yield take.remark(
        "pedal", "Pedal held through changes of harmony",
        f"{len(bad)} of {total} changes of the bass by a step are played into the pedal of the one"
        f" before; most {'in bar' if window.bar >= 0 else 'at'} {window.name}."
        " Change it with every new bass and listen whether the old one is gone.",
        (float(bad_sec[0]), float(bad_sec[-1])), 0.4 + 0.4 * len(bad) / total, 0.75, tuple(bad),
    )  # fmt: skip


def _marks(take: Take, spans: np.ndarray) -> Iterator[Remark]:
    """Pedal marks that are not followed."""
    if take.alignment is None:
        return
    asked, followed, first = 0, 0, (0.0, 0.0)
    for passage in take.alignment.passages:
        low, high = passage.quarter[0], passage.quarter[-1]
        for mark in take.alignment.line.marks:
            if mark.kind != "pedal" or not low <= mark.start_quarter < high:
                continue
            end = min(mark.end_quarter, high)
            if end - mark.start_quarter < 0.5:
                continue
            a, b = (float(x) for x in passage.time_at(np.array([mark.start_quarter, end])))
            share = _share(spans, a, b)
            asked += 1
            followed += share > 0.4
            if share <= 0.4 and first == (0.0, 0.0):
                first = (a, b)
    if asked >= 4 and followed < 0.3 * asked:
        yield take.remark(
            "pedal", "Pedal marks are not followed",
            f"Of {asked} pedal marks {followed} are followed. Printed pedalling belongs to the"
            " sound that was meant: try it, then decide.",
            first, 0.4, 0.8,
        )  # fmt: skip
