"""Everything about a fingered piece as `.json`, which is also a performance file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from duemani.files import replacing
from duemani.outputs.fingered import Fingered, alternatives
from duemani.outputs.notes import note_row

FORMAT = "duemani.fingering/1"


def save_fingered_json(path: Path, fingered: Fingered, count: int) -> None:
    """Write the notes as played (repeats and all), each with all that is known of its finger.

    `perform` and the other commands read the file as a performance.

    Args:
        path: file to write.
        fingered: the piece.
        count: most fingers told a note.

    Raises:
        InputError: the file cannot be written there.
    """
    content = json.dumps(fingering_content(fingered, count), allow_nan=False, ensure_ascii=False)
    # A title that is not valid Unicode: its odd bytes become "?".
    with replacing(path) as temporary:
        temporary.write_text(content, encoding="utf-8", errors="replace")


def fingering_content(fingered: Fingered, count: int) -> dict[str, Any]:
    """What the file holds."""
    told = [_told(fingered, at, count) for at in range(len(fingered.notes))]
    rows = []
    for note, written in zip(fingered.played.notes, fingered.written_index, strict=True):
        decided = fingered.notes[written]
        row = note_row(note)
        row |= {name: note_row(decided)[name] for name in ("hand", "finger", "confidence")}
        rows.append(row | told[written])
    first_played = {
        int(written): at for at, written in reversed([*enumerate(fingered.written_index)])
    }
    groups = fingered.fingering.unreachable
    return {
        "format": FORMAT,
        "title": fingered.title,
        "hand_span_m": fingered.hand_span_m,
        "notes": rows,
        "pedal": [
            {"time_sec": float(change["time_sec"]), "value": int(change["value"])}
            for change in fingered.played.pedal
        ],
        "bars": [
            {"bar": name, "difficulty": round(float(hardness), 2)}
            for name, hardness in zip(fingered.bar_names, fingered.difficulty, strict=True)
        ],
        "unreachable": [
            [first_played[at] for at in group if at in first_played] for group in groups
        ],
        "remarks": list(fingered.remarks),
    }


def _told(fingered: Fingered, at: int, count: int) -> dict[str, Any]:
    chances = alternatives(fingered, at, count)
    substitution = int(fingered.fingering.substitution[at])
    return {
        "substitution": substitution or None,
        "given": bool(fingered.given[at]),
        "alternatives": [
            {"finger": finger, "chance": round(chance, 4)} for finger, chance in chances
        ],
        "why": list(fingered.reasons[at]),
        "mark": fingered.marks[at] or None,
        "bar": fingered.bar_name(at),
        "written_note": at,
        "player": fingered.player_of(at) + 1,
    }
