"""An independent reader: what music21 finds in a score or MIDI file, to hold our reading to."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from pathlib import Path

import mido
import music21

QUARTERS_A_MINUTE = 100
_SHOWN_AS_ORNAMENT = (
    music21.expressions.Ornament,
    music21.expressions.ArpeggioMark,
    music21.spanner.Glissando,
)


@dataclass(frozen=True)
class Read:
    """A file as music21 reads it.

    Attributes:
        played: (onset, duration [quarters], pitch) of the notes as played, repeats taken.
        plain: nothing whose playing is a matter of taste (grace notes, ornaments, arpeggios), so
            that onsets can be compared.
    """

    played: tuple[tuple[Fraction, Fraction, int], ...]
    plain: bool


def read(path: Path) -> Read | None:
    """What music21 finds; None where it cannot read the file or its repeats."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _midi(path) if path.suffix.lower() in (".mid", ".midi") else _score(path)
        except Exception:
            # music21 fails in as many ways as there are broken files; then it cannot tell.
            return None


def _score(path: Path) -> Read:
    score = music21.converter.parse(path, format="musicxml", forceSource=True)
    if not isinstance(score, music21.stream.Score):
        raise music21.exceptions21.Music21Exception("no score")
    for part in score.parts:
        for note in list(part.recurse().notes):
            hidden = note.style.hideObjectOnPrint or (
                note.duration.isGrace and note.tie is not None
            )
            if hidden or isinstance(note, music21.harmony.ChordSymbol):
                note.activeSite.remove(note)
    plain = not any(
        note.duration.isGrace or any(isinstance(e, _SHOWN_AS_ORNAMENT) for e in note.expressions)
        for note in score.recurse().notes
    )
    sounding = score.toSoundingPitch()
    expanded = music21.stream.Score()
    for part in sounding.parts:
        expanded.insert(0, part.expandRepeats() if _repeats(part) else part)
    played = _events(expanded.stripTies())
    return Read(tuple(sorted(_once(played))), plain)


def _once(events: list[tuple[Fraction, Fraction, int]]) -> list[tuple[Fraction, Fraction, int]]:
    """One strike for all voices that strike a key together; the longest holds it."""
    longest: dict[tuple[Fraction, int], Fraction] = {}
    for onset, lasts, pitch in events:
        longest[onset, pitch] = max(lasts, longest.get((onset, pitch), lasts))
    return [(onset, lasts, pitch) for (onset, pitch), lasts in longest.items()]


def _repeats(part: music21.stream.Part) -> bool:
    found = (music21.bar.Repeat, music21.repeat.RepeatMark)
    return any(True for _ in part.recurse().getElementsByClass(found))


def _events(score: music21.stream.Score) -> list[tuple[Fraction, Fraction, int]]:
    """(onset, duration [quarters], pitch) of all notes."""
    events = []
    for note in score.flatten().notes:
        pitches = note.pitches if not isinstance(note, music21.note.Unpitched) else ()
        onset, lasts = Fraction(note.offset), Fraction(note.duration.quarterLength)
        events += [(onset, lasts, floor(pitch.ps + 0.5)) for pitch in pitches]
    return events


def _midi(path: Path) -> Read:
    """Strikes by tick; releases are of no concern here."""
    file = music21.midi.MidiFile()
    file.open(str(path))
    file.read()
    file.close()
    events = []
    for track in file.tracks:
        tick = 0
        for event in track.events:
            if isinstance(event, music21.midi.DeltaTime):
                tick += event.time
            elif event.isNoteOn() and event.velocity and event.channel != 10:
                onset = Fraction(tick, file.ticksPerQuarterNote)
                events.append((onset, Fraction(1, 4), int(event.pitch)))
    return Read(tuple(sorted(_once(events))), True)


def take(played: Read, path: Path) -> None:
    """A faultless, unexpressive take of what was read, as MIDI."""
    file = mido.MidiFile(ticks_per_beat=960)
    track = mido.MidiTrack()
    file.tracks.append(track)
    tempo = mido.bpm2tempo(QUARTERS_A_MINUTE)
    track.append(mido.MetaMessage("set_tempo", tempo=tempo))
    edges = []
    for onset, lasts, pitch in played.played:
        begin, end = round(onset * 960), round((onset + lasts * Fraction(9, 10)) * 960)
        edges += [(begin, 1, pitch), (max(end, begin + 1), 0, pitch)]
    now = 0
    for tick, struck, pitch in sorted(edges):
        velocity = 64 * struck
        track.append(mido.Message("note_on", note=pitch, velocity=velocity, time=tick - now))
        now = tick
    file.save(path)
