"""Look, listen, and bring everything onto one clock."""

from __future__ import annotations

from pathlib import Path

from duemani.errors import InputError, NothingPlayedError
from duemani.media.film import FilmFacts, probe_film
from duemani.progress import Progress
from duemani.verbs.read import check_input, check_sequence, holds_media, is_midi
from duemani.verbs.review.ears import listen, on_film_clock
from duemani.verbs.review.eyes import on_notes_clock, together, watch
from duemani.verbs.review.material import Material, Sources, Watched


def gather(path: Path, sources: Sources, progress: Progress | None = None) -> Material:
    """Look, listen, and bring notes and hands onto one clock.

    Args:
        path: film, recording, MIDI, `.json` or score.
        sources: what is given beside it.
        progress: called with the stage's name and its share done.

    Raises:
        InputError: a file cannot be read, or there is nothing to review: neither notes nor hands.
    """
    notes = sources.midi or path
    check_sequence(notes, sources.sequence, is_midi(notes))
    film = _film(path)
    is_film = film is not None
    watched = watch(path, sources, is_film, progress)
    material = listen(path, sources, film, progress)
    if sources.midi is not None and material.notes_from == "measured" and is_film:
        material = on_film_clock(path, sources, material, watched, progress)
    elif watched.filmed is not None and sources.hands is not None:
        material, watched = on_notes_clock(material, watched)
    if not len(material.performance.notes) and watched.filmed is None:
        raise NothingPlayedError(_nothing(path, film, watched))
    return together(material, watched, is_film)


def _nothing(path: Path, film: FilmFacts | None, watched: Watched) -> str:
    if film is None:
        return f"{path.name} holds no piano notes; there is nothing to review."
    unheard = "no piano notes are heard" if film.has_sound else "it has no sound"
    unseen = " ".join(watched.cannot_tell) or "no hands on a keyboard are seen."
    return (
        f"{path.name} gives nothing to review: {unheard}, and {unseen[0].lower()}"
        f"{unseen[1:].rstrip('.')}; a film of a keyboard with both hands in view, or with piano"
        " sound, is accepted."
    )


def _film(path: Path) -> FilmFacts | None:
    """What a film says of itself; None for other files, and for those without a picture."""
    check_input(path)
    if not holds_media(path):
        return None
    try:
        return probe_film(path)
    except InputError:
        return None
