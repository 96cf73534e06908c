"""PyPI's `pianoplayer` and `piano-fingering`, run in a Python of their own.

`DUEMANI_PEERS` names a virtual environment that has them (`pip install pianoplayer
piano-fingering`); they are no dependencies of this package. pianoplayer's MIDI path is broken
(3.0.2), and a score would have to be quantised for its MusicXML path, so its optimiser is fed
directly with the notes that its MusicXML reader would make.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from duemani.models.fingering.lines import hand_line
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER, Performance

_DRIVER = Path(__file__).with_name("packages_driver.py")
_QUARTER_SEC = 0.5
PACKAGES = ("pianoplayer", "piano-fingering")


def peers_python() -> Path | None:
    """The Python of `DUEMANI_PEERS`; None where there is none."""
    folder = os.environ.get("DUEMANI_PEERS")
    python = Path(folder, "bin", "python") if folder else None
    return python if python is not None and python.exists() else None


@cache
def _process(python: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python, _DRIVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@dataclass(frozen=True)
class Package:
    """One of `PACKAGES`.

    Attributes:
        name: which.
        python: see `peers_python`.
    """

    name: str
    python: Path

    def fingers(self, performance: Performance) -> np.ndarray:
        """See `Fingerer`.

        Raises:
            RuntimeError: the package failed on these notes.
        """
        notes = performance.notes.copy()
        notes["finger"] = UNKNOWN_FINGER
        chosen = np.zeros(len(notes), np.int8)
        for hand, side in ((LEFT, "left"), (RIGHT, "right")):
            events = [
                event[np.argsort(notes["pitch"][event])] for event in hand_line(notes, hand).notes
            ]
            if events:
                found = self._ask(side, [_quarters(notes[event]) for event in events])
                chosen[np.concatenate(events)] = np.concatenate(found)
        return chosen

    def _ask(self, side: str, events: list[list[tuple[int, float, float]]]) -> list[list[int]]:
        process = _process(self.python)
        assert process.stdin is not None
        assert process.stdout is not None
        request = {"package": self.name, "hand": side, "events": events}
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline() or '{"error": "it stopped"}')
        if isinstance(answer, dict):
            raise RuntimeError(f"{self.name}: {answer['error']}")
        return answer


def _quarters(notes: np.ndarray) -> list[tuple[int, float, float]]:
    """(pitch, onset, duration in quarter notes) of one event, all at the first one's onset."""
    onset = float(notes["onset_sec"].min()) / _QUARTER_SEC
    held = (notes["release_sec"] - notes["onset_sec"]) / _QUARTER_SEC
    return [
        (int(pitch), onset, max(float(duration), 0.01))
        for pitch, duration in zip(notes["pitch"], held, strict=True)
    ]
