"""Who played each note, by eyes and ears, and which fingers would have been better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from duemani.analysis.corrections.corrections import correct_fingers
from duemani.media.spectra import recording_features
from duemani.models.fingering.choose import assign_fingers
from duemani.models.reviewer.judge import Judgement, judge
from duemani.models.reviewer.pretrained import ReviewerNetwork
from duemani.models.reviewer.prior import notes_prior
from duemani.models.reviewer.seen_hands import FRAME_RATE, SeenHands
from duemani.models.reviewer.windows import Evidence
from duemani.performance import UNKNOWN_HAND, Performance
from duemani.progress import Progress, stage_share
from duemani.report import FingerReview, Remark
from duemani.verbs.review.material import Material

LEAST_SURE = 0.6
"""Below this probability it is not said who played a note."""
_NEAR_FRAMES = 6


@dataclass(frozen=True)
class ScorePlace:
    """Where the notes stand in the score: finger printed there, bar, names of the bars."""

    printed: Int[np.ndarray, " note"]
    bar: Int[np.ndarray, " note"]
    bar_names: tuple[str, ...]


def judge_take(
    material: Material, network: ReviewerNetwork, progress: Progress | None = None
) -> Judgement:
    """Let the reviewer's networks look at and listen to a take."""
    sound = None
    if material.recording is not None:
        sound = recording_features(material.recording, material.part_sec).astype(np.float32)
        sound = sound[: material.frames]
    evidence = Evidence(
        material.performance.notes,
        notes_prior(material.performance),
        material.seen,
        sound,
        # Velocities that were heard are compared with what the reviewer hears by itself.
        material.notes_from == "measured",
    )
    return judge(network, evidence, material.frames, stage_share(progress, "judging"))


def review_fingers(
    performance: Performance,
    judgement: Judgement,
    seen: SeenHands,
    place: ScorePlace | None,
    hand_span_m: float,
) -> tuple[Performance, FingerReview, tuple[Remark, ...]]:
    """Fingers as seen, those recommended, and what to say of them.

    Only what was in view is told: a note that is struck while its hand is out of sight has no
    finger, however likely one may be.

    Returns:
        The notes with fingers as seen; the review; remarks, most important first.
    """
    count = len(performance.notes)
    chances = judgement.chances
    best = chances.argmax(1)
    sure = chances.max(1)
    hand_sure = np.stack([chances[:, :5].sum(1), chances[:, 5:].sum(1)], 1)
    in_view = _in_view(seen, performance.notes["onset_sec"])
    hand = np.where(hand_sure.max(1) >= LEAST_SURE, hand_sure.argmax(1), UNKNOWN_HAND)
    visible = in_view[np.arange(count), best // 5]
    told = (sure >= LEAST_SURE) & visible & (hand == best // 5)
    played = np.where(told, best % 5 + 1, 0)
    as_played = performance.with_fingers(hand, played, np.where(told, sure, 0.0))
    nothing = np.zeros(count, int)
    printed = nothing if place is None else place.printed
    corrections = correct_fingers(
        as_played,
        chances,
        printed,
        hand_span_m,
        None if place is None else place.bar,
        None if place is None else place.bar_names,
    )
    review = FingerReview(
        chances=chances,
        played=played,
        hand=hand.astype(int),
        confidence=np.where(told, sure, 0.0),
        suggested=corrections.suggested,
        gain=corrections.gain,
        flagged=corrections.flagged,
        why=corrections.why,
        printed=printed,
    )
    return as_played, review, corrections.remarks


def _in_view(seen: SeenHands, onset_sec: np.ndarray) -> Bool[np.ndarray, "note 2"]:
    """Whether each hand is seen within a fifth of a second of each onset."""
    shown = seen.confidence > 0
    total = np.concatenate([np.zeros((1, 2), int), shown.cumsum(0)])
    at = np.round(onset_sec * FRAME_RATE).astype(int)
    first = np.clip(at - _NEAR_FRAMES, 0, len(shown))
    last = np.clip(at + _NEAR_FRAMES + 1, 0, len(shown))
    return np.asarray(total[last] - total[first] > 0)


def completed(performance: Performance, finger: np.ndarray, hand_span_m: float) -> Performance:
    """The notes with these fingers, and with the fingering model's where there are none (0)."""
    known = performance.with_fingers(performance.notes["hand"], finger)
    return assign_fingers(known, hand_span_m)
