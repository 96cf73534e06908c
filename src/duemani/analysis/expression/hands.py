"""Hands together, and the melody above what accompanies it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from duemani.analysis.expression.dynamics import top_notes
from duemani.analysis.expression.take import Aspect, Take, curve_times, smoothed
from duemani.performance import LEFT, RIGHT
from duemani.report import Curve, Remark

_TOGETHER_SEC = 0.06
_ROLL_SEC = 0.07
_LEAST_PAIRS = 12
_APART_MS = 42.0
_LEAD_MS = 45.0
_DROWNED = -3.0
_SINGING = 12.0


def synchrony(take: Take) -> Aspect:
    """Right hand minus left hand [ms] where both play at once; + the right hand is later."""
    if len(np.unique(take.hand[take.hand >= 0])) < 2:
        return Aspect(
            cannot_tell=("Hand synchrony cannot be told: which hand played what is unknown, or only"
                         " one plays.",)
        )  # fmt: skip
    note, lag_ms = hand_lags(take)
    if len(note) < _LEAST_PAIRS:
        return Aspect(
            cannot_tell=("Hand synchrony cannot be told: the hands hardly strike together.",)
        )
    times = curve_times(take)
    value, _ = smoothed(times, take.onset_sec[note], lag_ms, 2.0)
    curve = Curve("synchrony", "Right hand after left", "ms", times, value)
    per_note = np.full(len(take.onset_sec), np.nan)
    per_note[note] = lag_ms
    remarks = tuple(_hands_apart(take, note, lag_ms))
    return Aspect((curve,), {"synchrony": take.by_window(per_note, 2)}, remarks)


def hand_lags(take: Take) -> tuple[np.ndarray, Float[np.ndarray, " pair"]]:
    """(first note, right minus left onset [ms]) of what both hands strike together.

    By the score where there is one, else what is struck within 60 ms. Rolled chords left out.
    """
    if take.alignment is not None:
        line, written = take.alignment.line, take.alignment.written
        usable = (written >= 0) & ~line.grace[np.maximum(written, 0)]
        usable &= ~line.ornament[np.maximum(written, 0)]
        place = np.round(take.alignment.onset_quarter * 960).astype(np.int64)
        key = take.alignment.passage * 10**9 + place
    else:
        usable = np.ones(len(take.onset_sec), bool)
        new = np.diff(take.onset_sec, prepend=-np.inf) > _TOGETHER_SEC
        key = np.cumsum(new)
    notes = np.flatnonzero(usable & (take.hand >= 0))
    order = notes[np.argsort(key[notes], kind="stable")]
    first, lags = [], []
    for group in np.split(order, np.flatnonzero(np.diff(key[order])) + 1):
        left, right = group[take.hand[group] == LEFT], group[take.hand[group] == RIGHT]
        if not len(left) or not len(right):
            continue
        rolled = max(np.ptp(take.onset_sec[left]), np.ptp(take.onset_sec[right])) > _ROLL_SEC
        lag = 1000 * float(np.median(take.onset_sec[right]) - np.median(take.onset_sec[left]))
        if not rolled and abs(lag) < 400:
            first.append(int(group.min()))
            lags.append(lag)
    at = np.argsort(first, kind="stable")
    return np.array(first, int)[at], np.array(lags, float)[at]


def _hands_apart(take: Take, note: np.ndarray, lag_ms: np.ndarray) -> Iterator[Remark]:
    middle = float(np.median(lag_ms))
    spread = 1.4826 * float(np.median(np.abs(lag_ms - middle)))
    span = (float(take.onset_sec[note[0]]), float(take.onset_sec[note[-1]]))
    slack = 2000 * take.tolerance.onset_sec
    apart = _APART_MS + slack
    if spread > apart:
        yield take.remark(
            "synchrony", "The hands are not together",
            f"Notes written together come {spread:.0f} ms apart as a rule, now one hand first, now"
            " the other. Play chords of both hands on single beats, slowly, until they are one"
            " sound.",
            span, 0.5 + 0.005 * (spread - apart), 0.9,
        )  # fmt: skip
    # A melody 20-40 ms ahead is how pianists bring it out (Goebl, JASA 2001).
    if abs(middle) > _LEAD_MS + slack:
        hand, late = (RIGHT, "right") if middle > 0 else (LEFT, "left")
        yield take.remark(
            "synchrony", f"The {late} hand comes late",
            f"The {late} hand sounds {abs(middle):.0f} ms after the other as a rule. If that is not"
            " meant, let the other hand wait for it: feel both go down in one movement.",
            span, 0.4 + 0.004 * (abs(middle) - _LEAD_MS), 0.85, hand=hand,
        )  # fmt: skip


def voicing(take: Take) -> Aspect:
    """Velocity of the top voice above the notes that sound with it."""
    if not take.has_touch:
        return Aspect(cannot_tell=("Voicing cannot be told: all notes have the same velocity.",))
    top = top_notes(take)
    above = np.full(len(take.velocity), np.nan)
    inner = np.ones(len(take.velocity), bool)
    inner[top] = False
    # Only notes struck with others: a lone bass note is nobody's melody.
    below_sec, below_velocity = take.onset_sec[inner], take.velocity[inner]
    chords = set(take.chord_of[inner].tolist())
    for note in top:
        if int(take.chord_of[note]) not in chords:
            continue
        a = int(np.searchsorted(below_sec, take.onset_sec[note] - 0.5))
        b = int(np.searchsorted(below_sec, take.onset_sec[note] + 0.5))
        if b > a:
            above[note] = take.velocity[note] - float(below_velocity[a:b].mean())
    known = np.flatnonzero(np.isfinite(above))
    if len(known) < _LEAST_PAIRS:
        return Aspect(
            cannot_tell=("Voicing cannot be told: hardly any notes are struck together.",)
        )
    times = curve_times(take)
    value, _ = smoothed(times, take.onset_sec[known], above[known], 2.5)
    curve = Curve("voicing", "Top voice above the rest", "velocity", times, value)
    return Aspect(
        (curve,), {"voicing": take.by_window(above, 2)}, tuple(_drowned(take, known, above[known]))
    )


def _drowned(take: Take, known: np.ndarray, above: np.ndarray) -> Iterator[Remark]:
    middle = float(np.median(above))
    span = (float(take.onset_sec[known[0]]), float(take.onset_sec[known[-1]]))
    slack = take.tolerance.velocity / 2
    if middle < _DROWNED - slack:
        yield take.remark(
            "voicing", "The top voice is covered",
            f"The highest notes are {-middle:.0f} of 127 steps of MIDI velocity"
            " softer than what is struck with them. If"
            " the melody lies on top, give it the weight of the arm and play the rest lighter.",
            span, 0.5 + 0.02 * (-middle), 0.75,
        )  # fmt: skip
    elif middle > _SINGING + slack and float(np.mean(above > 0)) > 0.85:
        yield take.remark(
            "voicing", "The melody sings",
            f"The top voice is {middle:.0f} of 127 steps of MIDI velocity louder than the rest"
            " throughout.",
            span, 0.25, 0.9, praise=True,
        )  # fmt: skip
