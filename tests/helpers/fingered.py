"""Fingered notes of one hand, written in rows."""

from __future__ import annotations

from duemani.performance import RIGHT, Performance, make_notes

Row = tuple[float, float, int, int]
C4, D4, E4, F4, G4, A4, B4, C5, D5, E5 = 60, 62, 64, 65, 67, 69, 71, 72, 74, 76


def hand(rows: list[Row], side: int = RIGHT) -> Performance:
    notes = make_notes([(onset, end, pitch, 64) for onset, end, pitch, _ in rows])
    notes["hand"], notes["finger"] = side, [row[3] for row in rows]
    return Performance.create(notes)


def line(pitches: list[int], fingers: str, side: int = RIGHT, gap_sec: float = 0.0) -> Performance:
    rows = [
        (0.25 * at, 0.25 * (at + 1) - gap_sec, pitch, int(finger))
        for at, (pitch, finger) in enumerate(zip(pitches, fingers, strict=True))
    ]
    return hand(rows, side)
