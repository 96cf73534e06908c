"""What a user puts in: a recording, MIDI, `.json` or score, read as a `Take`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from duemani.errors import InputError
from duemani.files import as_name, check_readable, listed
from duemani.inputs.score.file import SCORE_SUFFIXES
from duemani.performance import Performance
from duemani.progress import Progress, stage_share

_COMPRESSED_SUFFIXES = (".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".wma")
AUDIO_SUFFIXES = (".wav", ".aif", ".aiff", ".flac", *_COMPRESSED_SUFFIXES)
VIDEO_SUFFIXES = (".mp4", ".mov", ".webm", ".mkv", ".m4v", ".avi", ".wmv")
MIDI_SUFFIXES = (".mid", ".midi", ".kar", ".rmi")
INPUT_SUFFIXES = (*AUDIO_SUFFIXES, *VIDEO_SUFFIXES, *MIDI_SUFFIXES, *SCORE_SUFFIXES, ".json")


@dataclass(frozen=True)
class Take:
    """What was put in: its notes, its sound if it has one, and where they come from.

    Attributes:
        performance: the notes; hands and fingers as far as the input knows them.
        source: the file.
        title: what to call it.
        recording: the file again if it holds sound, else None.
        part_sec: from when to when of the input the notes are; their times count from its start.
        origin: how the notes came about, for people to read.
        remarks: what was assumed or left out, one sentence each.
        player: number of every note's pianist, from 0; empty where there is one only.
        foreign: names of the instruments the notes are for, where none is a keyboard.
        written: how many notes a score writes, of which repeats and tremolos make more.
        taking_over: finger printed to take over each note's key while it is held, 0 none; empty
            where nothing is printed.
    """

    performance: Performance
    source: Path
    title: str
    recording: Path | None = None
    part_sec: tuple[float, float] = (0.0, float("inf"))
    origin: str = ""
    remarks: tuple[str, ...] = field(default_factory=tuple)
    player: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    foreign: str = ""
    written: int | None = None
    taking_over: np.ndarray = field(default_factory=lambda: np.zeros(0, int))

    @property
    def players(self) -> int:
        """How many pianists the notes are for."""
        return max(len(np.unique(self.player)), 1)


def read_take(
    path: Path,
    progress: Progress | None = None,
    between_sec: tuple[float, float] | None = None,
    sequence: int | None = None,
) -> Take:
    """Read a recording, a MIDI or `.json` file, or a score; recordings are transcribed.

    Args:
        path: the file.
        progress: called with the stage's name and its share done.
        between_sec: only this part is needed: of a recording, no more is listened to. Times
            still count from the start of the file.
        sequence: which of a type 2 MIDI file's sequences is meant, from 1.

    Raises:
        InputError: no such file, an unknown suffix, or contents that do not fit it.
    """
    check_input(path)
    suffix, midi_file = path.suffix.lower(), is_midi(path)
    check_sequence(path, sequence, midi_file)
    if midi_file:
        from duemani.inputs.midi.read import read_midi

        midi = read_midi(path, sequence)
        return Take(
            midi.performance,
            path,
            _title(path),
            origin="notes as given",
            remarks=midi.remarks,
            player=midi.player,
            foreign=midi.foreign,
        )
    if suffix == ".json":
        from duemani.inputs.midi.read import read_json

        performance, player = read_json(path)
        return Take(performance, path, _title(path), origin="notes as given", player=player)
    if suffix in SCORE_SUFFIXES:
        from duemani.inputs.score.play import load_score

        score = load_score(path)
        return Take(
            score.performance,
            path,
            _title(path),
            origin="played from a score",
            remarks=score.remarks,
            written=len(set(score.numbers.tolist())),
            player=score.player,
            taking_over=score.taking_over,
        )
    heard = transcribe(path, progress, between_sec)
    origin = "notes transcribed from the recording"
    return Take(heard, path, _title(path), recording=path, origin=origin)


def of_player(take: Take, player: int, done: str) -> Take:
    """The take with one pianist's notes alone; two hands play no more.

    Args:
        take: the notes of all.
        player: whose, from 1.
        done: what is done with them, for the remark: "played".

    Raises:
        InputError: there is no such player.
    """
    check_player(take.source.name, take.players, player)
    if take.players < 2:
        return take
    mine = take.player == np.unique(take.player)[player - 1]
    remark = (
        f"The notes are for {take.players} pianists: only those of player {player} are {done}"
        " (--player chooses)."
    )
    return replace(
        take,
        performance=Performance(take.performance.notes[mine], take.performance.pedal),
        player=np.zeros(0, int),
        taking_over=take.taking_over[mine] if len(take.taking_over) else take.taking_over,
        remarks=(*take.remarks, remark),
    )


def check_player(name: str, players: int, player: int) -> None:
    """Refuse a player whom the music does not have.

    Args:
        name: of the file.
        players: how many pianists its notes are for.
        player: the one who is meant, from 1.

    Raises:
        InputError: there are fewer.
    """
    if player <= players:
        return
    if players == 1:
        raise InputError(f"{name} is for one pianist; there is no player {player}.")
    raise InputError(
        f"{name} is for {players} pianists; there is no player {player}: 1 to {players} are"
        " accepted."
    )


def check_input(path: Path) -> None:
    """Refuse what cannot be an input.

    Raises:
        InputError: no such file, or neither its suffix nor its contents are known.
    """
    check_readable(path)
    if path.suffix.lower() in INPUT_SUFFIXES or is_midi(path):
        return
    from duemani.media.film import has_sound_or_pictures

    if not has_sound_or_pictures(path):
        raise InputError(
            f"{path.name} has an unknown suffix, and neither sound nor film is found in it;"
            f" accepted are recordings ({listed(AUDIO_SUFFIXES)}),"
            f" videos with sound ({listed(VIDEO_SUFFIXES)}), MIDI ({listed(MIDI_SUFFIXES)}),"
            f" scores ({listed(SCORE_SUFFIXES)}) and performances (.json)."
        )


def check_sequence(path: Path, sequence: int | None, midi_file: bool) -> None:
    """Refuse to choose a sequence of what has none.

    Raises:
        InputError: one is chosen, and the file is no MIDI.
    """
    if sequence is not None and not midi_file:
        raise InputError(f"{path.name} is no MIDI file; --sequence is for MIDI files of type 2.")


def is_midi(path: Path) -> bool:
    """Whether a file is MIDI, by its contents or, where they are damaged, by its suffix."""
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except (OSError, ValueError):
        start = b""
    is_riff_midi = start[:4] == b"RIFF" and start[8:] == b"RMID"
    return start[:4] == b"MThd" or is_riff_midi or path.suffix.lower() in MIDI_SUFFIXES


def holds_media(path: Path) -> bool:
    """Whether `check_input` takes a file for a recording or a film."""
    return not is_midi(path) and path.suffix.lower() not in (*SCORE_SUFFIXES, ".json")


def transcribe(
    path: Path,
    progress: Progress | None = None,
    between_sec: tuple[float, float] | None = None,
) -> Performance:
    """Notes, velocities and pedal heard in a recording, or in a part of it.

    Raises:
        InputError: the file holds no readable sound.
    """
    from duemani.inputs.transcription.transcriber import default_transcriber

    return default_transcriber().transcribe(path, stage_share(progress, "listening"), between_sec)


def sound_sec(take: Take) -> float:
    """How long the recording, or the part of it, sounds; 0 without one."""
    if take.recording is None:
        return 0.0
    from duemani.media.sound import probe_audio

    start_sec, end_sec = take.part_sec
    return max(min(probe_audio(take.recording).duration_sec, end_sec) - start_sec, 0.0)


def _title(path: Path) -> str:
    return as_name(path.stem.replace("_", " "))
