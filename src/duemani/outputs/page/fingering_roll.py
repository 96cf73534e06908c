"""Notes without notation drawn as a roll: time to the right, keys upwards, fingers in the bars."""

from __future__ import annotations

import math

import numpy as np

from duemani.outputs.fingered import Fingered, pitch_name
from duemani.performance import RIGHT

_BLACK = frozenset({1, 3, 6, 8, 10})
_SEC_A_MM = 1 / 21.0
_ROW = 12.0
_PX_A_MM = 4.0
_TEXT_ROOM = 16.0


def roll_systems(fingered: Fingered, width_mm: float) -> list[str]:
    """SVG systems, each as long as its width allows, notes as groups with `data-note`."""
    seconds = max(2.0, float(math.floor(width_mm * _SEC_A_MM)))
    notes = fingered.notes
    last = float(notes["onset_sec"].max(initial=0.0))
    systems: list[str] = []
    for start in np.arange(0.0, last + 1e-6, seconds):
        chosen = (notes["onset_sec"] >= start) & (notes["onset_sec"] < start + seconds)
        indices = np.flatnonzero(chosen)
        if len(indices):
            systems.append(_system(fingered, indices, float(start), seconds, width_mm))
    return systems


def _system(
    fingered: Fingered, indices: np.ndarray, start: float, seconds: float, width_mm: float
) -> str:
    notes = fingered.notes
    width = width_mm * _PX_A_MM
    low, high = int(notes["pitch"][indices].min()) - 1, int(notes["pitch"][indices].max()) + 1
    height = (high - low + 1) * _ROW + _TEXT_ROOM
    shapes = [
        f'<svg viewBox="0 0 {width:g} {height:g}" xmlns="http://www.w3.org/2000/svg"'
        ' font-family="sans-serif">'
    ]
    for pitch in range(low, high + 1):
        y = _TEXT_ROOM + (high - pitch) * _ROW
        if pitch % 12 in _BLACK:
            shapes.append(
                f'<rect class="black" x="0" y="{y:g}" width="{width:g}" height="{_ROW}"/>'
            )
        if pitch % 12 == 0:
            name = pitch_name(pitch)
            shapes.append(f'<text x="1" y="{y + 10:g}" font-size="10" class="clock">{name}</text>')
    for second in range(math.ceil(start), math.floor(start + seconds)):
        x = (second - start) / seconds * width
        shapes.append(f'<path class="second" d="M{x:.1f} {_TEXT_ROOM:g}V{height:g}"/>')
    clock = f"{int(start) // 60}:{int(start) % 60:02d}"
    shapes.append(f'<text x="1" y="11" font-size="11" class="clock">{clock}</text>')
    for at in indices:
        note = notes[at]
        x = (float(note["onset_sec"]) - start) / seconds * width
        end = min((float(note["release_sec"]) - start) / seconds * width, width)
        y = _TEXT_ROOM + (high - int(note["pitch"])) * _ROW
        hand = "right" if int(note["hand"]) == RIGHT else "left"
        shapes.append(
            f'<g class="note {hand}" data-note="{at}"><rect x="{x:.1f}" y="{y + 0.5:.1f}"'
            f' width="{max(end - x, 9):.1f}" height="{_ROW - 1}" rx="2"/></g>'
            f'<g class="fing" data-of="{at}"><text x="{x + 1.6:.1f}" y="{y + 10:.1f}"'
            f' font-size="11" font-weight="bold">{int(note["finger"])}</text></g>'
        )
    return "".join([*shapes, "</svg>"])
