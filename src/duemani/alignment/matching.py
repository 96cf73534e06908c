"""Which played note is which written one, within a passage played straight through."""

from __future__ import annotations

import logging
import warnings
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from duemani.inputs.score.line import ScoreLine

_CHUNK = 100
_LEAST_CHUNK = 60
# parangonar's DTW never comes back from one note against one onset.
_LEAST_FOR_LIBRARY = 8
_AROUND = 4
_MEND_SEC = 0.5
_MEND_QUARTERS = 4.0
_SMOOTH_QUARTERS = 2.5


def match_passage(
    onset_sec: Float[np.ndarray, " note"],
    pitch: Int[np.ndarray, " note"],
    event: Int[np.ndarray, " note"],
    event_quarter: Float[np.ndarray, " event"],
    line: ScoreLine,
) -> Int[np.ndarray, " note"]:
    """Index in `line` of every played note, -1 for extra ones.

    parangonar's `DualDTWNoteMatcher` (Peter, "Online symbolic music alignment with offline
    reinforcement learning", ISMIR 2023) on pieces of about 100 notes, as its time grows with the
    square; where it fails, and for what it leaves over, the nearest note of the pitch is taken.
    Where the path leaves nothing open, it is not asked: many repeated notes confuse it.

    Args:
        onset_sec: rising.
        pitch: of the played notes.
        event: the score's onset at which the path (`score_path`) puts each note.
        event_quarter: the score's onsets.
        line: the score.
    """
    found = np.full(len(pitch), -1)
    score_event = np.searchsorted(event_quarter, line.onset_quarter - 1e-9)
    for first, last in _chunks(onset_sec, pitch, event, event_quarter, line):
        low, high = int(event[first:last].min()), int(event[first:last].max())
        written = np.flatnonzero((score_event >= low) & (score_event <= high))
        played = np.arange(first, last)
        exact = _without_doubt(pitch[played], event[played], written, score_event, line)
        if exact is not None:
            found[played] = exact
            continue
        if len(played) < _LEAST_FOR_LIBRARY or len(written) < _LEAST_FOR_LIBRARY:
            continue
        try:
            pairs = _by_dual_dtw(onset_sec[played], pitch[played], written, line)
        # The library trips over passages of a few notes and over unlucky paths in many ways.
        except Exception as error:
            warnings.warn(
                f"{len(played)} notes are matched by their pitch and place alone, since the aligner"
                f" failed on them ({type(error).__name__}).",
                stacklevel=2,
            )
            pairs = []
        for note, score_note in pairs:
            found[first + note] = score_note
    found = _without_strays(found, event, score_event)
    return _mended(found, onset_sec, pitch, event, event_quarter, score_event, line)


def _without_doubt(
    pitch: np.ndarray,
    event: np.ndarray,
    written: np.ndarray,
    score_event: np.ndarray,
    line: ScoreLine,
) -> np.ndarray | None:
    """The notes on the path, if it has exactly the written ones, each once; else None."""
    if len(pitch) != len(written):
        return None
    where = {(int(score_event[note]), int(line.pitch[note])): int(note) for note in written}
    found = [where.pop((int(at), int(key)), -1) for at, key in zip(event, pitch, strict=True)]
    return np.array(found) if -1 not in found else None


def _chunks(
    onset_sec: np.ndarray,
    pitch: np.ndarray,
    event: np.ndarray,
    event_quarter: np.ndarray,
    line: ScoreLine,
) -> list[tuple[int, int]]:
    """Cuts where the path is beyond doubt, at the widest gap between two onsets."""
    count = len(pitch)
    if count <= _CHUNK + _LEAST_CHUNK:
        return [(0, count)]
    sounding = {
        (round(1e4 * quarter), int(key))
        for quarter, key in zip(line.onset_quarter, line.pitch, strict=True)
    }
    right = np.array(
        [
            (round(1e4 * event_quarter[at]), int(key)) in sounding
            for at, key in zip(event, pitch, strict=True)
        ],
        float,
    )
    around = np.convolve(right, np.ones(2 * _AROUND), "same") >= 2 * _AROUND - 1
    gap = np.diff(onset_sec, append=onset_sec[-1]) * (np.diff(event, append=event[-1]) == 1)
    gap = gap * np.where(around, 1.0, 1e-3)
    cuts, at = [0], 0
    while count - at > _CHUNK + _LEAST_CHUNK:
        window = gap[at + _LEAST_CHUNK : at + _CHUNK]
        at = at + _LEAST_CHUNK + int(np.argmax(window)) + 1
        cuts.append(at)
    return list(zip(cuts, [*cuts[1:], count], strict=True))


def _by_dual_dtw(
    onset_sec: np.ndarray, pitch: np.ndarray, written: np.ndarray, line: ScoreLine
) -> list[tuple[int, int]]:
    matcher = _matcher()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kinds = "onset_beat f4, duration_beat f4, pitch i4, id U16, is_grace ?"
        score = np.zeros(len(written), [tuple(one.split()) for one in kinds.split(", ")])
        score["onset_beat"] = line.onset_quarter[written]
        score["duration_beat"] = line.duration_quarter[written]
        score["pitch"], score["is_grace"] = line.pitch[written], line.grace[written]
        score["id"] = [str(one) for one in written]
        played = np.zeros(
            len(pitch),
            [
                ("onset_sec", "f4"),
                ("duration_sec", "f4"),
                ("pitch", "i4"),
                ("velocity", "i4"),
                ("id", "U16"),
            ],
        )
        played["onset_sec"], played["pitch"] = onset_sec - onset_sec[0], pitch
        played["duration_sec"], played["velocity"] = 0.1, 64
        played["id"] = [str(one) for one in range(len(pitch))]
        found = matcher(score, played)
    return [
        (int(one["performance_id"]), int(one["score_id"]))
        for one in found
        if one["label"] == "match"
    ]


@cache
def _matcher() -> Any:
    # Importing parangonar takes 3 s.
    from parangonar.match.matchers import DualDTWNoteMatcher  # type: ignore[import-untyped]

    logging.getLogger("parangonar").setLevel(logging.ERROR)
    return DualDTWNoteMatcher()


def _without_strays(
    found: np.ndarray, event: np.ndarray, score_event: np.ndarray, most: int = 12
) -> np.ndarray:
    """Matches far away from where the path is are none."""
    matched = found >= 0
    away = np.abs(score_event[np.maximum(found, 0)] - event) > most
    return np.where(matched & away, -1, found)


def _mended(
    found: np.ndarray,
    onset_sec: np.ndarray,
    pitch: np.ndarray,
    event: np.ndarray,
    event_quarter: np.ndarray,
    score_event: np.ndarray,
    line: ScoreLine,
) -> np.ndarray:
    """Notes left over given to written ones of their pitch that are left over too.

    Of equal chords in a row the library, which hears pitches only, may skip one and be late by
    one from then on: where matched notes lie between the two that are left over, all of them
    move up by one.
    """
    found = found.copy()
    left = np.flatnonzero(found < 0)
    if not len(left):
        return found
    free = np.ones(len(line.pitch), bool)
    free[found[found >= 0]] = False
    free &= (score_event >= int(event.min())) & (score_event <= int(event.max()))
    when = _smoothed(
        expected_sec(found, onset_sec, event, event_quarter, line), event_quarter, _SMOOTH_QUARTERS
    )[score_event]
    pairs = []
    for note in left.tolist():
        candidates = np.flatnonzero(free & (line.pitch == pitch[note]))
        away = np.abs(line.onset_quarter[candidates] - event_quarter[event[note]])
        pairs += [
            (far, note, one)
            for far, one in zip(away.tolist(), candidates.tolist(), strict=True)
            if far <= _MEND_QUARTERS
        ]
    for _, note, one in sorted(pairs):  # the nearest first
        if found[note] >= 0 or not free[one]:
            continue
        same = np.flatnonzero((pitch == pitch[note]) & (found >= 0))
        place = line.onset_quarter[found[same]] - line.onset_quarter[one]
        crossing = same[((place > 0) & (same < note)) | ((place < 0) & (same > note))]
        played = np.sort(np.append(crossing, note))
        written = np.append(found[crossing], one)
        written = written[np.argsort(line.onset_quarter[written], kind="stable")]
        on_path = not len(crossing) and abs(score_event[one] - event[note]) <= 1
        if on_path or np.abs(onset_sec[played] - when[written]).max() < _MEND_SEC:
            found[played], free[one] = written, False
    return found


def _smoothed(sec: np.ndarray, quarter: np.ndarray, width: float) -> np.ndarray:
    """Straight lines fitted around each point, by weights that fall with the distance."""
    low = np.searchsorted(quarter, quarter - width)
    high = np.searchsorted(quarter, quarter + width, side="right")
    result = sec.copy()
    for at, (a, b) in enumerate(zip(low, high, strict=True)):
        if b - a < 3:
            continue
        x, y = quarter[a:b] - quarter[at], sec[a:b]
        weight = 1.01 - np.abs(x) / width
        weight = weight / weight.sum()
        mean_x, mean_y = float(weight @ x), float(weight @ y)
        spread = float(weight @ (x - mean_x) ** 2)
        slope = float(weight @ ((x - mean_x) * (y - mean_y))) / spread if spread > 0 else 0.0
        result[at] = mean_y - slope * mean_x
    return result


def expected_sec(
    found: np.ndarray,
    onset_sec: np.ndarray,
    event: np.ndarray,
    event_quarter: np.ndarray,
    line: ScoreLine,
) -> Float[np.ndarray, " event"]:
    """When each onset of the score falls, by the notes matched (by the path where there are none).

    Robust: the median of an onset's notes, grace notes left out; times never fall.
    """
    score_event = np.searchsorted(event_quarter, line.onset_quarter - 1e-9)
    matched = np.flatnonzero(found >= 0)
    matched = matched[~line.grace[found[matched]]]
    if len(matched):
        at, when = score_event[found[matched]], onset_sec[matched]
    else:
        at, when = event, onset_sec
    places, inverse = np.unique(at, return_inverse=True)
    middle = np.array([np.median(when[inverse == one]) for one in range(len(places))])
    kept = rising(middle)
    places, middle = places[kept], middle[kept]
    quarter, known = event_quarter, event_quarter[places]
    sec = np.interp(quarter, known, middle)
    if len(known) >= 2:
        pace = (middle[-1] - middle[0]) / (known[-1] - known[0])
        sec = np.where(quarter < known[0], middle[0] - pace * (known[0] - quarter), sec)
        sec = np.where(quarter > known[-1], middle[-1] + pace * (quarter - known[-1]), sec)
    return sec


def rising(values: Float[np.ndarray, " point"]) -> Int[np.ndarray, " kept"]:
    """Indices of the longest strictly rising subsequence: what contradicts the others is left out.

    By patience sorting, n log n.
    """
    from bisect import bisect_left

    tails: list[float] = []
    tail_index: list[int] = []
    previous = np.full(len(values), -1)
    for at, value in enumerate(values.tolist()):
        place = bisect_left(tails, value)
        if place == len(tails):
            tails.append(value)
            tail_index.append(at)
        else:
            tails[place] = value
            tail_index[place] = at
        previous[at] = tail_index[place - 1] if place else -1
    kept = []
    at = tail_index[-1] if tail_index else -1
    while at >= 0:
        kept.append(at)
        at = int(previous[at])
    return np.array(kept[::-1], int)
