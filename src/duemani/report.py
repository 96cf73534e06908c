"""`Review`: what a teacher would say of a take, for every output.

Times count from the start of the take. Nothing is invented: what too little evidence supports is
absent here and named in `cannot_tell`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.inputs.score.document import ScoreDocument
from duemani.motion import HandMotion
from duemani.performance import Performance

Kind = Literal[
    "fingering",
    "notes",
    "dynamics",
    "tempo",
    "articulation",
    "pedal",
    "evenness",
    "synchrony",
    "voicing",
    "markings",
    "reference",
]


@dataclass(frozen=True)
class Remark:
    """One thing to say about a passage.

    Attributes:
        kind: what it is about.
        title: a few words, such as `4 on the black key is a stretch`.
        text: one to three sentences: what was played, why it matters, what to do.
        start_sec, end_sec: the passage.
        bars: its printed bar numbers ("12" or "12-14"), or "" where there is no score.
        weight: 0-1, how much it matters; remarks are ranked by it.
        confidence: 0-1, how sure.
        notes: indices of the notes concerned.
        praise: it says what went well.
        hand: 0 left, 1 right, -1 both or neither.
    """

    kind: Kind
    title: str
    text: str
    start_sec: float
    end_sec: float
    bars: str = ""
    weight: float = 0.5
    confidence: float = 1.0
    notes: tuple[int, ...] = ()
    praise: bool = False
    hand: int = -1


@dataclass(frozen=True)
class FingerReview:
    """Fingers of every note: those seen, and those recommended.

    Attributes:
        chances: probability that each finger (left thumb to little finger, then right) played
            the note, by eyes and ears; rows add up to 1.
        played: finger 1-5 that was seen to play; 0 where it cannot be told.
        hand: hand 0-1 that was seen to play; -1 where it cannot be told.
        confidence: of the two, 0-1.
        suggested: finger that is recommended, 1-5; the played one where it is as good.
        gain: how much better, 0 (as good) to 1; a flagged note has more than a little.
        flagged: worth telling.
        why: sentences for every note, empty for most.
        printed: finger printed in the score, 0 none.
    """

    chances: Float[np.ndarray, "note 10"]
    played: Int[np.ndarray, " note"]
    hand: Int[np.ndarray, " note"]
    confidence: Float[np.ndarray, " note"]
    suggested: Int[np.ndarray, " note"]
    gain: Float[np.ndarray, " note"]
    flagged: Bool[np.ndarray, " note"]
    why: tuple[tuple[str, ...], ...]
    printed: Int[np.ndarray, " note"]


@dataclass(frozen=True)
class Curve:
    """Something measured over the take, such as tempo.

    Attributes:
        name: `dynamics`, `tempo`, `rubato`, `articulation`, `pedal`, `synchrony`, `voicing`.
        label: what the page calls it.
        unit: of the values, "" for none.
        time_sec: rising.
        value: NaN where it cannot be told.
        low, high: where the true value probably lies; empty where unknown.
        reference: the same of the reference performances, at the same times; empty without.
    """

    name: str
    label: str
    unit: str
    time_sec: Float[np.ndarray, " point"]
    value: Float[np.ndarray, " point"]
    low: Float[np.ndarray, " _low"] = field(default_factory=lambda: np.zeros(0))
    high: Float[np.ndarray, " _high"] = field(default_factory=lambda: np.zeros(0))
    reference: Float[np.ndarray, " _ref"] = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Bar:
    """One bar, or one window of some seconds where there is no score.

    Attributes:
        name: printed number, or the time it starts.
        start_sec, end_sec: as played.
        figures: name to value, None where it cannot be told: `dynamics` (mean velocity),
            `tempo` [beats per minute], `articulation` (share of the written length that keys
            are held), `pedal` (share of the time), `evenness` (spread of the intervals, share),
            `synchrony` [ms], `voicing` (melody above the rest, velocity).
    """

    name: str
    start_sec: float
    end_sec: float
    figures: Mapping[str, float | None]


@dataclass(frozen=True)
class Rating:
    """How listeners would probably rate the take, 0-1, with the range of four in five listeners.

    `name` runs from its first word at 0 to its second at 1, such as `calm - agitated`.
    """

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Review:
    """A take and all that there is to say about it.

    Attributes:
        title: what to call it.
        performance: the notes as played; hands and fingers as seen, or as assumed.
        fingers: None where hands are not seen and no fingers are known: nothing is said then.
        suggested: the same notes with the recommended fingers.
        remarks: most important first.
        curves, bars, ratings: expression; ratings may be empty.
        evidence: what the report rests on, in words, by topic: `notes`, `hands`, `dynamics`, …
        cannot_tell: what could not be judged and why, one sentence each.
        assumptions: what was assumed or left out, one sentence each.
        seen: the hands as tracked; None without.
        played_motion, suggested_motion: 3D hands that play with the fingers seen and with those
            recommended; None where not made.
        document: the score, None without.
        note_numbers: which `<note>` of the document every played note is, -1 none (an extra
            note, or no score).
        missing_numbers: `<note>`s of the document that were not played.
        source: the input file.
        recording: file with the take's sound, None without.
        video: file with the picture, None without.
        part_sec: part of recording and video that the take is.
    """

    title: str
    performance: Performance
    fingers: FingerReview | None
    suggested: Performance | None
    remarks: tuple[Remark, ...]
    curves: tuple[Curve, ...]
    bars: tuple[Bar, ...]
    ratings: tuple[Rating, ...]
    evidence: Mapping[str, str]
    cannot_tell: tuple[str, ...]
    assumptions: tuple[str, ...]
    source: Path
    seen: HandMotion | None = None
    played_motion: HandMotion | None = None
    suggested_motion: HandMotion | None = None
    document: ScoreDocument | None = None
    note_numbers: Int[np.ndarray, " note"] | None = None
    missing_numbers: tuple[int, ...] = ()
    recording: Path | None = None
    video: Path | None = None
    part_sec: tuple[float, float] = (0.0, float("inf"))
