"""Real performances with their scores: Vienna 4x22 (every note matched), ASAP (beats marked)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import mido
import numpy as np

from benchmarks.pieces import DATA
from duemani.inputs.midi.read import load_midi
from duemani.inputs.score.line import ScoreLine
from duemani.inputs.score.notation import beat_length
from duemani.inputs.score.written import WrittenPiece, read_written
from duemani.performance import Performance, make_notes

VIENNA = DATA / "performances" / "vienna4x22"
ASAP = DATA / "performances" / "asap"
_SNOTE = re.compile(r"^snote\([^,]+,\[[^]]*\],-?\d+,[^,]+,[^,]+,[^,]+,([-\d.]+),")
_NOTE = re.compile(r"(?:^|-)note\(([^,]+),(\d+),(\d+),(\d+),(\d+),")
_PEDAL = re.compile(r"^sustain\((\d+),(\d+)\)")
_TICKS_A_SEC = 960.0


@dataclass(frozen=True)
class Matched:
    """A performance of a score, with the truth."""

    name: str
    performance: Performance
    written: np.ndarray  # note of the score, -1 extra


@cache
def vienna_piece(name: str) -> tuple[WrittenPiece, ScoreLine]:
    piece = read_written(VIENNA / "musicxml" / f"{name}.musicxml")
    return piece, piece.line


def vienna_names() -> list[str]:
    return sorted(path.stem for path in (VIENNA / "musicxml").glob("*.musicxml"))


def vienna_takes(name: str) -> list[Matched]:
    _, line = vienna_piece(name)
    first = line.onset_quarter.min()
    place = {
        (round(float(quarter - first), 3), int(pitch)): at
        for at, (quarter, pitch) in enumerate(zip(line.onset_quarter, line.pitch, strict=True))
    }
    takes = []
    for path in sorted((VIENNA / "match").glob(f"{name}_p*.match")):
        rows, pedal = [], []
        beat: list[tuple[float, int] | None] = []
        for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
            if found := _PEDAL.match(text):
                pedal.append((int(found[1]) / _TICKS_A_SEC, int(found[2])))
            if not (note := _NOTE.search(text)):
                continue
            pitch, on, off, velocity = (int(note[at]) for at in range(2, 6))
            rows.append((on / _TICKS_A_SEC, max(off, on) / _TICKS_A_SEC, pitch, velocity))
            snote = _SNOTE.match(text)
            beat.append((float(snote[1]), pitch) if snote else None)
        start = min(one[0] for one in beat if one)
        # A beat is an eighth or a quarter.
        written = max(
            (
                [place.get((round((b[0] - start) * k, 3), b[1]), -1) if b else -1 for b in beat]
                for k in (1.0, 0.5)
            ),
            key=lambda found: sum(one >= 0 for one in found),
        )
        notes = make_notes(rows)
        order = np.argsort(notes, order=("onset_sec", "pitch"), kind="stable")
        sustain = np.array(pedal, [("time_sec", "f8"), ("value", "i2")])
        takes.append(
            Matched(path.stem, Performance.create(notes[order], sustain), np.array(written)[order])
        )
    return takes


def asap_folders() -> list[Path]:
    return sorted(path.parent for path in ASAP.rglob("midi_score.mid"))


def asap_takes(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.mid") if path.name != "midi_score.mid")


def beats(annotations: Path) -> tuple[np.ndarray, np.ndarray]:
    """Times of marked beats, and which are real (not `bR`)."""
    rows = [line.split("\t") for line in annotations.read_text().splitlines() if line.strip()]
    return np.array([float(row[0]) for row in rows]), np.array([row[2][:2] != "bR" for row in rows])


@cache
def asap_line(folder: Path) -> tuple[ScoreLine, np.ndarray]:
    """The score MIDI as a line, and the marked beats in quarters."""
    midi = mido.MidiFile(folder / "midi_score.mid", clip=True)
    ticks = midi.ticks_per_beat
    rows: list[tuple[float, float, int, int]] = []
    tempi, signatures = [(0, 500_000)], []
    sounding = [
        at for at, track in enumerate(midi.tracks) if any(m.type == "note_on" for m in track)
    ]
    for number, track in enumerate(midi.tracks):
        now, open_notes = 0, {}
        for message in track:
            now += message.time
            if message.type == "set_tempo":
                tempi.append((now, message.tempo))
            elif message.type == "time_signature":
                signatures.append((now / ticks, message.numerator, message.denominator))
            elif message.type == "note_on" and message.velocity:
                open_notes.setdefault(message.note, []).append(now)
            elif message.type in ("note_on", "note_off") and open_notes.get(message.note):
                start = open_notes[message.note].pop(0)
                hand = 1 - sounding.index(number) if len(sounding) == 2 else -1
                rows.append((start / ticks, (now - start) / ticks, message.note, hand))
    tempi.sort(key=lambda one: one[0])
    rows = sorted(set(rows), key=lambda row: (row[0], row[2]))
    merged: dict[tuple[float, int], tuple[float, float, int, int]] = {}
    for row in rows:
        merged.setdefault((row[0], row[2]), row)
    table = np.array(list(merged.values()))
    knots = np.array([tick for tick, _ in tempi], float)
    pace = np.array([tempo for _, tempo in tempi]) / 1e6 / ticks
    seconds = np.concatenate([[0.0], np.cumsum(np.diff(knots) * pace[:-1])])
    time, _ = beats(folder / "midi_score_annotations.txt")
    at = np.clip(np.searchsorted(seconds, time, side="right") - 1, 0, None)
    beat_quarter = (knots[at] + (time - seconds[at]) / pace[at]) / ticks
    kinds = [
        line.split("\t")[2].split(",")[0]
        for line in (folder / "midi_score_annotations.txt").read_text().splitlines()
        if line.strip()
    ]
    bars = np.unique(np.concatenate([[0.0], beat_quarter[[kind == "db" for kind in kinds]]]))
    count = len(table)
    signatures = sorted(signatures) or [(0.0, 4, 4)]
    starts = np.array([start for start, _, _ in signatures])
    lengths = np.array([beat_length(a, b) for _, a, b in signatures])
    line = ScoreLine(
        onset_quarter=table[:, 0],
        duration_quarter=table[:, 1],
        pitch=table[:, 2].astype(int),
        hand=table[:, 3].astype(int),
        voice=table[:, 3].astype(int),
        grace=table[:, 1] < 0.03,
        slurred=np.zeros(count, bool),
        ornament=np.zeros(count, bool),
        fermata=np.zeros(count, bool),
        articulations=(frozenset(),) * count,
        bar_quarter=bars,
        bar_names=tuple(map(str, range(1, len(bars) + 1))),
        beat_quarter=lengths[np.clip(np.searchsorted(starts, bars + 1e-6) - 1, 0, None)],
    )
    return line, beat_quarter


def asap_performance(path: Path) -> Performance:
    return load_midi(path)
