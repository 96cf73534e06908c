"""Notes for a review: heard, or given and brought onto the film's clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from duemani.analysis.clocks import Clock, fit_clock, fit_sound_clock
from duemani.inputs.take import read_take, transcribe
from duemani.performance import Performance
from duemani.review.eyes import of_seen_hands
from duemani.review.material import SURE, Material, Progress, Sources, Watched, clock_sentence


def listen(path: Path, sources: Sources, is_film: bool, progress: Progress | None) -> Material:
    """The notes given, or else those heard; none where there is no sound.

    Raises:
        InputError: a file cannot be read.
    """
    between = sources.between_sec
    title = path.stem.replace("_", " ")
    video = path if is_film else None
    if is_film and not _has_sound(path):
        said = "The film has no sound" + (
            "." if sources.midi else ": which keys were played cannot be told; --midi gives them."
        )
        material = Material(
            title, path, video=video, part_sec=sources.part_sec, cannot_tell=(said,)
        )
        recording = None
    else:
        recording = path if is_film else None
        material = Material(
            title, path, video=video, part_sec=sources.part_sec, recording=recording
        )
    if sources.midi is not None:
        take = read_take(sources.midi, progress)
        notes = take.performance
        if between:
            notes = notes if is_film else notes.between(*between)
        return replace(
            material,
            performance=notes,
            notes_from="measured",
            evidence={"notes": f"as given in {sources.midi.name}"},
            assumptions=take.remarks,
        )
    if is_film and recording is None:
        return material
    take = read_take(path, progress, between)
    notes = take.performance.between(*between) if between else take.performance
    heard = take.recording is not None
    return replace(
        material,
        recording=take.recording,
        performance=notes,
        notes_from="heard" if heard else "measured",
        evidence={"notes": "transcribed from the sound" if heard else take.origin},
        assumptions=take.remarks,
    )


def _has_sound(path: Path) -> bool:
    from duemani.inputs.film import probe_film

    return probe_film(path).has_sound


def on_film_clock(
    path: Path,
    sources: Sources,
    material: Material,
    watched: Watched,
    progress: Progress | None,
) -> Material:
    """Given notes by the film's clock: by its sound, or else by its hands."""
    notes = material.performance
    clock = Clock(0.0, 1.0, 0.0)
    by = ""
    if material.recording is not None:
        heard = _heard(path, sources, progress)
        clock, by = fit_sound_clock(notes, heard), "sound"
        if clock.sure < SURE and len(heard.notes) and (watched.filmed is None):
            return replace(
                material,
                performance=heard,
                notes_from="heard",
                evidence={"notes": "transcribed from the sound"},
                cannot_tell=(
                    *material.cannot_tell,
                    f"{_name(sources.midi)} is not used: it is not what is heard in the film.",
                ),
            )
    if clock.sure < SURE and watched.filmed is not None and watched.view is not None:
        mine = of_seen_hands(notes, watched.filmed)
        clock, by = fit_clock(mine, watched.filmed, watched.view), "hands"
    if clock.sure >= SURE:
        told = "the sounds heard" if by == "sound" else "the keys played"
        said = clock_sentence(
            f"The notes of {_name(sources.midi)}", "the film", clock.offset_sec, clock.rate, told
        )
        return replace(
            material,
            performance=clock.on_film(notes),
            assumptions=(*material.assumptions, said),
        )
    refusal = f"{_name(sources.midi)} is not of this film: neither its sound nor its hands fit."
    if material.recording is None:
        return replace(
            material,
            performance=Performance(),
            notes_from=None,
            evidence={},
            cannot_tell=(*material.cannot_tell, refusal),
        )
    return replace(
        material,
        performance=_heard(path, sources, progress),
        notes_from="heard",
        evidence={"notes": "transcribed from the sound"},
        cannot_tell=(*material.cannot_tell, refusal),
    )


def _heard(path: Path, sources: Sources, progress: Progress | None) -> Performance:
    between = sources.between_sec
    heard = transcribe(path, progress, between)
    return heard if between is None else heard.between(*between)


def _name(path: Path | None) -> str:
    return "the MIDI file" if path is None else path.name
