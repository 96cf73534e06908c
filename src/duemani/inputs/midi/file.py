"""A MIDI file opened: read within limits, mended, parsed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import mido

from duemani.errors import InputError
from duemani.files import read_limited
from duemani.inputs.midi.repair import repaired_midi

# 4 MB of MIDI is over a million events, days of playing.
MAX_MIDI_BYTES = 4_000_000


def open_midi(path: Path, sequence: int | None = None) -> tuple[Any, tuple[str, ...]]:
    """Parse a MIDI file's mended copy.

    Args:
        path: the file: standard MIDI of any type, also within RIFF (.rmi).
        sequence: which of a type 2 file's sequences is meant, from 1.

    Returns:
        `mido.MidiFile`, in ticks a quarter, and what was mended, one sentence each.

    Raises:
        InputError: the file is missing, too large or no MIDI, or a sequence must be chosen.
    """
    repaired = repaired_midi(read_limited(path, MAX_MIDI_BYTES), path.name, sequence)
    try:
        return mido.MidiFile(file=io.BytesIO(repaired.data), clip=True), repaired.remarks
    # mido raises whatever its parser trips over (EOFError, OSError, IndexError, struct.error ...).
    except Exception as error:
        raise InputError(f"{path.name} is a broken MIDI file: it cannot be read.") from error
