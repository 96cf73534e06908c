"""The beats of a MIDI file: where its notes lie in quarters, and whether they lie on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from duemani.errors import InputError
from duemani.inputs.midi.file import open_midi

DIVISIONS = 24
"""Of a quarter: 32nds and triplet sixteenths fall on it."""
# Of one quarter: 32nds, and triplets of sixteenths.
_GRID = np.unique([*range(0, DIVISIONS, 3), *range(0, DIVISIONS, 4)]) / DIVISIONS
_OFF_GRID_QUARTERS = 0.012
_LEAST_SHARE_ON_GRID = 0.95
_MOST_METRES = 500
DEFAULT_TEMPO_US = 500_000


@dataclass(frozen=True)
class Metre:
    """A time signature from some quarter on."""

    quarter: float
    beats: int
    beat_type: int


@dataclass(frozen=True)
class Beats:
    """The clock of a MIDI file.

    Attributes:
        metres: time signatures, the first at 0.
        fifths: key signature, sharps positive; None where the file names none.
    """

    metres: tuple[Metre, ...]
    fifths: int | None
    seconds: Float[np.ndarray, " change"]
    quarters: Float[np.ndarray, " change"]
    rate: Float[np.ndarray, " change"]

    def to_quarters(self, seconds: np.ndarray) -> np.ndarray:
        """Seconds -> quarters from the start."""
        at = np.clip(np.searchsorted(self.seconds, seconds, side="right") - 1, 0, None)
        return self.quarters[at] + (seconds - self.seconds[at]) / self.rate[at]

    def to_seconds(self, quarters: np.ndarray) -> np.ndarray:
        """Quarters from the start -> seconds."""
        at = np.clip(np.searchsorted(self.quarters, quarters, side="right") - 1, 0, None)
        return self.seconds[at] + (quarters - self.quarters[at]) * self.rate[at]


def read_beats(path: Path, sequence: int | None = None) -> Beats:
    """Tempi, metres and key of a MIDI file that `load_midi` has read."""
    midi, _ = open_midi(path, sequence)
    tempi, metres = {0: DEFAULT_TEMPO_US}, {0: (4, 4)}
    fifths: int | None = None
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "set_tempo":
                tempi[tick] = message.tempo
            elif message.type == "time_signature" and message.numerator > 0:
                metres[tick] = (message.numerator, message.denominator)
            elif message.type == "key_signature" and fifths is None:
                fifths = _fifths(message.key)
    a_quarter = midi.ticks_per_beat
    ticks = np.array(sorted(tempi), float)
    rate = np.array([tempi[int(tick)] for tick in ticks]) * 1e-6
    seconds = np.concatenate([[0.0], np.cumsum(np.diff(ticks) / a_quarter * rate[:-1])])
    changes = sorted(metres.items())[:_MOST_METRES]
    found = tuple(Metre(tick / a_quarter, *metre) for tick, metre in changes)
    return Beats(found, fifths, seconds, ticks / a_quarter, rate)


def on_grid(quarters: np.ndarray, name: str) -> np.ndarray:
    """Onsets in `DIVISIONS` of a quarter, whole numbers.

    Raises:
        InputError: so many onsets lie between the beats that somebody played them freely.
    """
    whole = np.floor(quarters)
    grid = np.append(_GRID, 1.0)
    nearest = np.abs((quarters - whole)[:, None] - grid).argmin(1)
    snapped = whole + grid[nearest]
    share = float(np.mean(np.abs(snapped - quarters) <= _OFF_GRID_QUARTERS))
    if share < _LEAST_SHARE_ON_GRID:
        raise InputError(
            f"only {share:.0%} of the onsets in {name} lie on its beats: a free performance, from"
            " which no notation follows; .mid, .json and .html are accepted as output."
        )
    return np.rint(snapped * DIVISIONS).astype(int)


def _fifths(key: str) -> int:
    names = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
    major = names.index(key.removesuffix("m")) - 7 if key.removesuffix("m") in names else 0
    if not key.endswith("m"):
        return major
    minor = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#")
    return minor.index(key[:-1]) - 7 if key[:-1] in minor else 0
