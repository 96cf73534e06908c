"""The music that simulated pianists play: real performances and generated technique."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from duemani.datasets.fingering.canonical import canonical_pieces
from duemani.errors import InputError
from duemani.inputs.midi.read import load_midi
from duemani.performance import Performance

_TECHNIQUE_TRIM = 7
_VERSION = re.compile(r"_(no_)?(repeats?|trio)$")
_PERCEPIANO_SHARE, _VIENNA_SHARE, _TECHNIQUE_SHARE = 0.25, 1.0, 0.5
_SLOWEST, _FASTEST = 0.6, 1.7
_VELOCITY_SPREAD, _TIME_SPREAD_SEC = 6.0, 0.006


@dataclass(frozen=True)
class MusicSource:
    """Music to be played.

    Attributes:
        name: unique.
        piece: what the data are split by.
        composer: as in `metadata.csv`, empty for exercises.
        path: MIDI file; None for a generated exercise of that name.
        share: how many takes to make of it, of the usual number.
    """

    name: str
    piece: str
    composer: str
    path: Path | None
    share: float = 1.0


def list_sources(performances: Path, most_of_a_piece: int = 2) -> list[MusicSource]:
    """All music of a folder that holds asap/, percepiano/ or vienna4x22/, and the exercises.

    Args:
        performances: the folder.
        most_of_a_piece: performances of one ASAP piece that are taken, evenly over its pianists.

    Raises:
        InputError: it holds none of the three.
    """
    found = [
        *_asap(performances / "asap", most_of_a_piece),
        *_percepiano(performances / "percepiano"),
        *_vienna(performances / "vienna4x22"),
    ]
    if not found:
        raise InputError(f"{performances} holds none of asap/, percepiano/ and vienna4x22/.")
    return [*found, *_technique()]


def load_music(source: MusicSource, seed: int = 0) -> Performance:
    """The notes of a source; hands and fingers only where the exercise fixes them.

    Exercises are generated without expression: tempo, touch and unevenness come from the seed.

    Raises:
        InputError: the file cannot be read.
    """
    if source.path is not None:
        return load_midi(source.path)
    rng = np.random.default_rng(seed)
    music = _exercises()[source.name]
    notes = music.notes.copy()
    tempo = np.exp(rng.uniform(np.log(_SLOWEST), np.log(_FASTEST)))
    uneven = rng.normal(0, _TIME_SPREAD_SEC, len(notes))
    held = (notes["release_sec"] - notes["onset_sec"]) / tempo * rng.uniform(0.5, 1.0)
    notes["onset_sec"] = np.maximum(notes["onset_sec"] / tempo + uneven, 0) + 0.3
    notes["release_sec"] = notes["onset_sec"] + held
    swell = 14 * np.sin(np.arange(len(notes)) / rng.uniform(6, 30) + rng.uniform(0, 6))
    velocity = rng.uniform(40, 95) + swell + rng.normal(0, _VELOCITY_SPREAD, len(notes))
    notes["velocity"] = np.clip(velocity, 12, 120).astype(int)
    return Performance.create(notes)


def asap_piece(folder: str) -> str:
    """The piece that an ASAP folder holds: the same with or without its repeats."""
    return _VERSION.sub("", folder)


def _asap(root: Path, most: int) -> list[MusicSource]:
    if not (root / "metadata.csv").is_file():
        return []
    by_piece: dict[str, list[tuple[str, Path]]] = defaultdict(list)
    with (root / "metadata.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            path = root / row["midi_performance"]
            if path.is_file():
                by_piece[asap_piece(row["folder"])].append((row["composer"], path))
    sources = []
    for piece, takes in sorted(by_piece.items()):
        takes = sorted(takes)
        chosen = {int(at) for at in np.linspace(0, len(takes) - 1, min(most, len(takes)))}
        for at in sorted(chosen):
            composer, path = takes[at]
            sources.append(
                MusicSource(
                    f"asap/{path.parent.relative_to(root)}/{path.stem}", piece, composer, path
                )
            )
    return sources


def _percepiano(root: Path) -> list[MusicSource]:
    sources = []
    for path in sorted(root.rglob("all_2rounds/*.mid")):
        composer, *rest = path.stem.split("_")
        # The same excerpt by many pianists; whole works are kept together.
        piece = "percepiano/" + "_".join([composer, *rest[:1]])
        sources.append(
            MusicSource(f"percepiano/{path.stem}", piece, composer, path, _PERCEPIANO_SHARE)
        )
    # Eight bars each: every fourth will do.
    return sources[::4]


def _vienna(root: Path) -> list[MusicSource]:
    sources = []
    for path in sorted(root.glob("midi/*.mid")):
        piece = "vienna/" + path.stem.rsplit("_", 1)[0]
        composer = path.stem.split("_")[0]
        sources.append(MusicSource(f"vienna/{path.stem}", piece, composer, path, _VIENNA_SHARE))
    return sources[::6]


def _technique() -> list[MusicSource]:
    return [
        MusicSource(name, name, "", None, _TECHNIQUE_SHARE)
        for name in sorted(_exercises())[::_TECHNIQUE_TRIM]
    ]


@cache
def _exercises() -> dict[str, Performance]:
    return {piece.name: piece.performance for piece in canonical_pieces()}
