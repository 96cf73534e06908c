"""`review`: everything that can honestly be said about a take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from duemani.alignment.score import Alignment
from duemani.analysis.expression.expression import analyse_expression
from duemani.analysis.listener_ratings import listener_ratings
from duemani.errors import InputError
from duemani.inputs.score.written import WrittenPiece, read_for_takes
from duemani.models.fingering.choose import choose_fingers
from duemani.models.fingering.hand_span import MEDIUM_HAND_SPAN_M, check_hand_span
from duemani.models.reviewer.judge import Judgement
from duemani.models.reviewer.pretrained import ReviewerNetwork, shipped_reviewer
from duemani.motion import HandMotion
from duemani.performance import Performance, is_mostly_pause
from duemani.progress import Progress
from duemani.report import Remark, Review
from duemani.verbs.perform import generate
from duemani.verbs.review.fingers import ScorePlace, completed, judge_take, review_fingers
from duemani.verbs.review.gather import gather
from duemani.verbs.review.hand_places import hand_place_curves
from duemani.verbs.review.heard import as_heard
from duemani.verbs.review.material import Material, Sources
from duemani.verbs.review.players import check_players, reviewed
from duemani.verbs.review.references import References, read_references

_LONGEST_MOTION_SEC = 600.0
_MOTION_RATE_HZ = 30.0
_PEDAL_UNHEARD = (
    "How the pedal was changed cannot be told from the sound surely enough to be remarked on."
)


@dataclass(frozen=True)
class Wishes:
    """What is reviewed against, and how.

    Attributes:
        score: the score, None without.
        references: other performances of it (MIDI, recordings).
        reference_sequence: which sequence of a type 2 MIDI file among those is meant, from 1.
        hand_span_m: reach from thumb to little finger, between key centres [m].
        hands_3d: make 3D hands that play what was played, and what is recommended.
    """

    score: Path | None = None
    references: tuple[Path, ...] = ()
    reference_sequence: int | None = None
    hand_span_m: float = MEDIUM_HAND_SPAN_M
    hands_3d: bool = True


def review(
    path: Path,
    sources: Sources | None = None,
    wishes: Wishes | None = None,
    progress: Progress | None = None,
    network: ReviewerNetwork | None = None,
) -> Review:
    """Review a take.

    Args:
        path: film, recording, MIDI or `.json`.
        sources: notes and hands that are given beside it.
        wishes: what it is reviewed against.
        progress: called with the stage's name and its share done.
        network: another trained reviewer than the package's own.

    Raises:
        InputError: a file cannot be read, or the input holds neither notes nor hands.
    """
    sources, wishes = sources or Sources(), wishes or Wishes()
    check_hand_span(wishes.hand_span_m)
    player = sources.player
    pieces = () if wishes.score is None else read_for_takes(wishes.score)
    check_players(pieces, wishes.score, player)
    references = read_references(wishes.references, wishes.reference_sequence, player, progress)
    material = gather(path, sources, progress)
    if not len(material.performance.notes):
        return _without_notes(material)
    whose = reviewed(material, pieces, wishes.score, player)
    material, piece, alignment = whose.material, whose.piece, whose.alignment
    judgement = judge_take(material, network or shipped_reviewer(), progress)
    material = as_heard(material, judgement)
    found = replace(_unsaid(material), evidence=_evidence(material, judgement))
    found = _with_score(found, piece, alignment)
    if whose.pianists > 1:
        said = (
            "Fingers and 3D hands are told of one pianist only, and these are"
            f" {whose.pianists}: --player chooses."
        )
        found = replace(found, cannot_tell=(*found.cannot_tell, said))
    else:
        found = _with_fingers(found, material, judgement, _place(piece, alignment), wishes)
    found = _with_expression(found, material, alignment, references)
    return _with_motions(found, wishes, progress)


def _without_notes(material: Material) -> Review:
    """Hands alone: where they were, and nothing about what they played."""
    unheard = (
        ()
        if material.recording is None
        else (
            "No piano notes are heard: which keys were played cannot be told (--midi gives them).",
        )
    )
    return replace(
        _unsaid(material),
        curves=hand_place_curves(material.seen),
        cannot_tell=(
            *material.cannot_tell,
            *unheard,
            "Fingers, corrections and expression cannot be told without notes.",
        ),
    )


def _unsaid(material: Material) -> Review:
    """The take, before anything is said of it."""
    return Review(
        title=material.title,
        performance=material.performance,
        fingers=None,
        suggested=None,
        remarks=(),
        curves=(),
        bars=(),
        ratings=(),
        evidence=material.evidence,
        cannot_tell=material.cannot_tell,
        assumptions=material.assumptions,
        source=material.source,
        seen=material.motion,
        recording=material.recording,
        video=material.video,
        part_sec=material.part_sec,
    )


def _evidence(material: Material, judgement: Judgement) -> dict[str, str]:
    evidence = dict(material.evidence)
    if material.notes_from == "heard":
        evidence["dynamics"] = (
            f"heard, each note within about {np.median(judgement.velocity_spread):.0f} of 127"
        )
    else:
        evidence["dynamics"] = "velocities as given"
    evidence["listeners"] = "ratings are predicted from the notes (PercePiano), not a grade"
    return evidence


def _place(piece: WrittenPiece | None, alignment: Alignment | None) -> ScorePlace | None:
    if piece is None or alignment is None:
        return None
    written = alignment.written
    printed = np.where(written >= 0, piece.performance.notes["finger"][np.maximum(written, 0)], 0)
    names = piece.document.names_of_bars(len(piece.bar_starts_sec))
    return ScorePlace(printed.astype(int), alignment.bar.astype(int), names)


def _with_score(found: Review, piece: WrittenPiece | None, alignment: Alignment | None) -> Review:
    if piece is None or alignment is None:
        return found
    numbers = np.where(alignment.written >= 0, piece.numbers[np.maximum(alignment.written, 0)], -1)
    missing = tuple(int(number) for number in piece.numbers[np.unique(alignment.missing)])
    return replace(
        found, document=piece.document, note_numbers=numbers.astype(int), missing_numbers=missing
    )


def _with_fingers(
    found: Review,
    material: Material,
    judgement: Judgement,
    place: ScorePlace | None,
    wishes: Wishes,
) -> Review:
    performance = found.performance
    if material.seen is None or not (material.seen.confidence > 0).any():
        suggested = choose_fingers(performance, wishes.hand_span_m).performance
        said = "Who played which note with which finger cannot be told: no hands are seen."
        return replace(
            found, suggested=suggested, cannot_tell=tuple(dict.fromkeys((*found.cannot_tell, said)))
        )
    played, fingers, remarks = review_fingers(
        performance, judgement, material.seen, place, wishes.hand_span_m
    )
    unknown = float((fingers.played == 0).mean())
    cannot_tell = found.cannot_tell
    if unknown > 0.02:
        cannot_tell += (
            f"The finger of {100 * unknown:.0f} % of the notes cannot be told from the picture.",
        )
    return replace(
        found,
        performance=played,
        fingers=fingers,
        suggested=completed(played, fingers.suggested, wishes.hand_span_m),
        remarks=remarks,
        cannot_tell=cannot_tell,
    )


def _with_expression(
    found: Review,
    material: Material,
    alignment: Alignment | None,
    references: References,
) -> Review:
    expression = analyse_expression(
        found.performance, alignment, references.performances, material.notes_from or "heard"
    )
    ratings, unrated = listener_ratings(found.performance)
    remarks = expression.remarks
    unsaid: tuple[str, ...] = ()
    if material.notes_from == "heard" and any(remark.kind == "pedal" for remark in remarks):
        remarks = tuple(remark for remark in remarks if remark.kind != "pedal")
        unsaid = (_PEDAL_UNHEARD,)
    cannot_tell = (
        *found.cannot_tell,
        *expression.cannot_tell,
        *unsaid,
        *references.unread,
        *unrated,
    )
    return replace(
        found,
        remarks=_ranked((*found.remarks, *remarks)),
        curves=(*expression.curves, *hand_place_curves(material.seen)),
        bars=expression.bars,
        ratings=ratings,
        cannot_tell=tuple(dict.fromkeys(cannot_tell)),
    )


def _ranked(remarks: tuple[Remark, ...]) -> tuple[Remark, ...]:
    return tuple(sorted(remarks, key=lambda remark: (remark.praise, -remark.weight)))


def _with_motions(found: Review, wishes: Wishes, progress: Progress | None) -> Review:
    """3D hands that play what was played and what is recommended, by `verbs.perform.generate`."""
    if not wishes.hands_3d or found.suggested is None:
        return found
    if found.performance.duration_sec > _LONGEST_MOTION_SEC:
        said = f"3D hands are made for takes of up to {_LONGEST_MOTION_SEC / 60:.0f} minutes only."
        return replace(found, assumptions=(*found.assumptions, said))
    length_sec, count = found.performance.duration_sec, len(found.performance.notes)
    if is_mostly_pause(length_sec, count):
        said = (
            f"3D hands are not made: {length_sec / 60:.0f} minutes for {count} notes are mostly"
            " pauses."
        )
        return replace(found, assumptions=(*found.assumptions, said))

    def moved(performance: Performance, stage: str) -> HandMotion | None:
        report = None if progress is None else lambda _, share: progress(stage, share)
        try:
            return generate(performance, frame_rate=_MOTION_RATE_HZ, progress=report)[1]
        except InputError:
            return None

    fingers = found.fingers
    suggested = None
    if fingers is None or fingers.flagged.any():
        suggested = moved(found.suggested, "moving the suggested hands")
    if fingers is None:
        return replace(found, suggested_motion=suggested)
    played = completed(found.performance, fingers.played, wishes.hand_span_m)
    return replace(
        found,
        suggested_motion=suggested,
        played_motion=moved(played, "moving the played hands"),
    )
