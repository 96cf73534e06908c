"""Where a better fingering exists than the one played, how much better it is, and why.

Every passage is judged by the fingers played around it: what is sought is the least change after
which the fingers are likelier to be an expert's (`fingering_second_look`) and easier for the hand
(`correction_problems`). Told is only what is improbable, seen clearly, harder for a reason that can
be named, and not what the score prints. Sound personal choices are left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.analysis.corrections.passages import ChangedPassage, changed_passages
from duemani.analysis.corrections.remarks import Finding, note_sentences, passage_remarks
from duemani.errors import InputError
from duemani.models.fingering.hand_span import MEDIUM_HAND_SPAN_M, check_hand_span
from duemani.models.fingering.model import FingeringModel
from duemani.models.fingering.reach import reach_scale
from duemani.models.fingering.second_look import SecondLook, second_look
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER, UNKNOWN_HAND, Performance
from duemani.report import Remark

LEAST_SEEN = 0.8
"""Probability from which a finger counts as seen to play."""
LEAST_SCORE = 1.0
"""Log-odds that a finger was wrong, plus the relief, from which a passage is told. Set on training
and validation pieces so that an expert's own fingers are contradicted about once in 250 notes."""
LEAST_REALLY = 0.75
"""Probability, from which a wrong finger counts as really played and not as misread."""
_LEAST_DOUBT = 0.3
_LEAST_RELIEF = 0.25
_PRINT_SCORE = 2.0
_EASED = 1.0
"""Relief that makes half of the greatest gain."""


@dataclass(frozen=True)
class Corrections:
    """What is recommended for every note.

    Attributes:
        suggested: finger 1-5; the played one where it is as good, 0 without a hand.
        gain: 0 (as good) to 1: the probability that another finger is the right one, times how
            much easier the hand has it.
        flagged: worth telling.
        why: sentences for every note, empty for most.
        remarks: one for every passage, most important first.
    """

    suggested: Int[np.ndarray, " note"]
    gain: Float[np.ndarray, " note"]
    flagged: Bool[np.ndarray, " note"]
    why: tuple[tuple[str, ...], ...]
    remarks: tuple[Remark, ...]


def correct_fingers(
    performance: Performance,
    chances: Float[np.ndarray, "note 10"] | None = None,
    printed: Int[np.ndarray, " note"] | None = None,
    hand_span_m: float = MEDIUM_HAND_SPAN_M,
    bar: Int[np.ndarray, " note"] | None = None,
    bar_names: Sequence[str] | None = None,
    model: FingeringModel | None = None,
    least_score: float = LEAST_SCORE,
) -> Corrections:
    """Compare the fingers played with better ones near them.

    Linear in the number of notes; deterministic.

    Args:
        performance: hands and fingers as played; finger 0 or hand -1 where they were not seen.
        chances: probability that each finger (left thumb to little finger, then right) played
            the note; without, the notes' `confidence` counts (NaN: certain).
        printed: finger printed in the score, 0 none. One that was played is never contradicted.
        hand_span_m: key centres that thumb and little finger strike at once [m], 0.12-0.32.
        bar: index of each note's bar in `bar_names`, -1 none.
        bar_names: printed bar numbers; the indices from 1 on by default.
        model: weights of the fingering model, the package's own by default.
        least_score: see `LEAST_SCORE`; lower tells more.

    Raises:
        InputError: the hand span is out of range, or an array has not one row a note.
    """
    notes = performance.notes
    _check(len(notes), chances, printed, bar, hand_span_m)
    prints = np.zeros(len(notes), int) if printed is None else printed.astype(int)
    seen = _seen(notes, chances)
    played = np.where(notes["hand"] == UNKNOWN_HAND, UNKNOWN_FINGER, notes["finger"]).astype(int)
    clear = seen[np.arange(len(notes)), np.maximum(played, 1) - 1] >= LEAST_SEEN
    known = notes.copy()
    known["finger"] = np.where(clear, played, UNKNOWN_FINGER)
    scale = reach_scale(hand_span_m)
    look = second_look(known, seen, scale, model, prints)
    found = [
        finding
        for hand in (LEFT, RIGHT)
        for passage in changed_passages(known, look, hand, scale)
        if (finding := _finding(passage, look, prints, least_score)) is not None
    ]
    return _collected(known, look, prints, found, bar, bar_names)


def _check(
    count: int,
    chances: np.ndarray | None,
    printed: np.ndarray | None,
    bar: np.ndarray | None,
    hand_span_m: float,
) -> None:
    check_hand_span(hand_span_m)
    if any(each is not None and len(each) != count for each in (chances, printed, bar)):
        raise InputError("chances, printed fingers and bars must have one row for every note.")


def _seen(notes: np.ndarray, chances: np.ndarray | None) -> Float[np.ndarray, "note 5"]:
    """How well each finger of the note's hand fits the evidence; rows add up to 1.

    A doubtful hand makes all its fingers doubtful.
    """
    count, hand = len(notes), notes["hand"].astype(int)
    even = np.full((count, 5), 0.2)
    if chances is not None:
        both = chances.reshape(count, 2, 5)[np.arange(count), np.maximum(hand, 0)]
        rest = np.clip(1.0 - both.sum(1, keepdims=True), 0.0, 1.0)
        seen = both + rest * even
        seen = seen / np.maximum(seen.sum(1, keepdims=True), 1e-9)
    else:
        finger = notes["finger"].astype(int)
        sure = notes["confidence"].astype(float)
        sure = np.clip(np.where(np.isnan(sure), 1.0, sure), 0.2, 1.0)
        seen = np.repeat((1.0 - sure)[:, None] / 4, 5, 1)
        seen[np.arange(count), np.maximum(finger, 1) - 1] = sure
        seen = np.where(finger[:, None] == UNKNOWN_FINGER, even, seen)
    return np.where((hand == UNKNOWN_HAND)[:, None], even, seen)


def _finding(
    passage: ChangedPassage, look: SecondLook, printed: np.ndarray, least_score: float
) -> Finding | None:
    """The passage, if it is to be told."""
    prints = tuple(note for note in passage.notes if printed[note] == look.intended[note])
    doubt = min(passage.doubt, 1 - 1e-6)
    score = np.log(max(doubt, 1e-6) / (1 - doubt)) + passage.relief + _PRINT_SCORE * bool(prints)
    named = bool(passage.solved) and passage.relief >= _LEAST_RELIEF
    if score < least_score or not (named or prints):
        return None
    eased = max(passage.relief, 0.5 * bool(prints))
    sure = (look.doubt >= _LEAST_DOUBT) & (look.really >= LEAST_REALLY)
    notes = tuple(note for note in passage.notes if sure[note])
    if not notes:
        return None
    return Finding(passage, notes, prints, doubt * eased / (eased + _EASED))


def _collected(
    notes: np.ndarray,
    look: SecondLook,
    printed: np.ndarray,
    found: list[Finding],
    bar: np.ndarray | None,
    bar_names: Sequence[str] | None,
) -> Corrections:
    suggested = np.where(look.judged | (notes["finger"] > 0), notes["finger"], look.intended)
    suggested = suggested.astype(int)
    gain, flagged = np.zeros(len(notes)), np.zeros(len(notes), bool)
    why: list[tuple[str, ...]] = [()] * len(notes)
    for finding in found:
        for note in finding.passage.notes:
            suggested[note] = look.intended[note]
            gain[note] = finding.gain
            flagged[note] = note in finding.notes
            why[note] = note_sentences(finding, note)
    other = (printed > 0) & (notes["finger"] > 0) & (notes["finger"] != printed) & (suggested > 0)
    for note in np.flatnonzero(other & ~flagged).tolist():
        suggested[note] = printed[note]
        why[note] = (f"The score prints {printed[note]}; {notes['finger'][note]} works as well.",)
    remarks = passage_remarks(found, notes, bar, bar_names)
    return Corrections(suggested, gain, flagged, tuple(why), remarks)
