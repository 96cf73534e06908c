"""Notes for a review: heard, or given and brought onto the film's clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from duemani.alignment.film_clock import LEAST_FOR_CLOCK, Clock, fit_clock, fit_sound_clock
from duemani.media.film import FilmFacts
from duemani.performance import Performance
from duemani.progress import Progress
from duemani.verbs.read import read_take, transcribe
from duemani.verbs.review.eyes import of_seen_hands
from duemani.verbs.review.material import SURE, Material, Sources, Watched, clock_sentence
from duemani.verbs.review.players import players_take

HEARD = "transcribed from the sound"


def listen(
    path: Path, sources: Sources, film: FilmFacts | None, progress: Progress | None
) -> Material:
    """The notes given, or else those heard; none where there is no sound.

    Raises:
        InputError: a file cannot be read.
    """
    between = sources.between_sec
    is_film = film is not None
    recording = path if film is not None and film.has_sound else None
    unheard: tuple[str, ...] = ()
    if is_film and recording is None:
        unheard = (
            "The film has no sound."
            if sources.midi
            else "The film has no sound: which keys were played cannot be told; --midi gives them.",
        )
    material = Material(
        path.stem.replace("_", " "),
        path,
        video=path if is_film else None,
        recording=recording,
        part_sec=sources.part_sec,
        cannot_tell=unheard,
    )
    if sources.midi is not None:
        given = read_take(sources.midi, progress, sequence=sources.sequence)
        take = players_take(given, sources.player)
        notes = take.performance
        if between:
            notes = notes if is_film else notes.between(*between)
        return replace(
            material,
            performance=notes,
            notes_from="measured",
            players=given.players,
            evidence={"notes": f"as given in {sources.midi.name}"},
            assumptions=take.remarks,
        )
    if is_film and recording is None:
        return material
    given = read_take(path, progress, between, sources.sequence)
    take = players_take(given, sources.player)
    notes = take.performance.between(*between) if between else take.performance
    heard = take.recording is not None
    return replace(
        material,
        recording=take.recording,
        performance=notes,
        notes_from="heard" if heard else "measured",
        players=given.players,
        evidence={"notes": HEARD if heard else take.origin},
        assumptions=take.remarks,
    )


def on_film_clock(
    path: Path,
    sources: Sources,
    material: Material,
    watched: Watched,
    progress: Progress | None,
) -> Material:
    """Given notes by the film's clock: by its sound, or else by its hands."""
    notes = material.performance
    clock, by = Clock(0.0, 1.0, 0.0), ""
    heard = None
    if material.recording is not None:
        heard = _heard(path, sources, progress)
        clock, by = fit_sound_clock(notes, heard), "the sounds heard"
    if clock.sure < SURE and watched.filmed is not None and watched.view is not None:
        mine = of_seen_hands(notes, watched.filmed)
        clock, by = fit_clock(mine, watched.filmed, watched.view), "the keys played"
    name = path.name if sources.midi is None else sources.midi.name
    if clock.sure >= SURE:
        notes, left_out = _of_part(clock.on_film(notes), len(notes.notes), sources)
        said = clock_sentence(f"The notes of {name}", "the film", clock.offset_sec, clock.rate, by)
        return replace(
            material,
            performance=notes,
            assumptions=(*material.assumptions, said, *left_out),
        )
    if is_too_short(len(notes.notes), notes.duration_sec, sources.part_sec):
        why = "is not used: this part of the film is too short to tell where in it the notes lie."
    elif watched.filmed is None:
        why = "is not used: it is not what is heard in the film."
    else:
        why = "is not of this film: neither its sound nor its hands fit."
    return replace(
        material,
        performance=Performance() if heard is None else heard,
        players=1,
        notes_from=None if heard is None else "heard",
        evidence={} if heard is None else {"notes": HEARD},
        cannot_tell=(*material.cannot_tell, f"{name} {why}"),
    )


def is_too_short(count: int, length_sec: float, part_sec: tuple[float, float]) -> bool:
    """Whether so few of a take's notes fall into a part that no clock can be told from them."""
    part = part_sec[1] - part_sec[0]
    if not count or not np.isfinite(part):
        return False
    return count * min(part / max(length_sec, 1e-3), 1.0) < LEAST_FOR_CLOCK


def _of_part(
    notes: Performance, given: int, sources: Sources
) -> tuple[Performance, tuple[str, ...]]:
    """Notes by the film's clock, without those that lie outside the part of it."""
    if sources.between_sec is None:
        return notes, ()
    inside = notes.between(0.0, sources.part_sec[1] - sources.part_sec[0])
    count = given - len(inside.notes)
    if not count:
        return inside, ()
    said = f"{count} note{'s lie' if count > 1 else ' lies'} outside this part and"
    return inside, (f"{said} {'are' if count > 1 else 'is'} left out.",)


def _heard(path: Path, sources: Sources, progress: Progress | None) -> Performance:
    between = sources.between_sec
    heard = transcribe(path, progress, between)
    return heard if between is None else heard.between(*between)
