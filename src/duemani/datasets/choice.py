"""Which takes of a prepared data set a motion model is measured on."""

from __future__ import annotations

import json
import zlib
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from duemani.datasets.takes import list_takes, split_of
from duemani.errors import InputError


def choose_test_takes(folder: Path, count: int) -> list[Path]:
    """`count` takes of the test split, composers in turn, different pieces of each first.

    The same data set gives the same takes, and a larger count only adds some. Music without a
    composer counts as one composer's.

    Args:
        folder: a prepared data set.
        count: how many, or as many as there are.

    Raises:
        InputError: the folder is no data set, a take is damaged, or none is for testing.
    """
    by_composer: dict[str, list[tuple[Path, str]]] = defaultdict(list)
    for path in list_takes(folder):
        piece, composer = _music(path)
        if split_of(piece, composer) == "test":
            by_composer[composer].append((path, piece))
    if not by_composer:
        raise InputError(f"{folder} holds no takes of test pieces.")
    ranked: list[tuple[int, str, Path]] = []
    for composer, takes in by_composer.items():
        ranked += [(turn, composer, path) for turn, path in enumerate(_pieces_in_turn(takes))]
    return [path for _, _, path in sorted(ranked)[:count]]


def _pieces_in_turn(takes: list[tuple[Path, str]]) -> list[Path]:
    """In an arbitrary but fixed order, first one of every piece, then a second one and so on."""
    takes = sorted(takes, key=lambda take: (zlib.crc32(take[0].stem.encode()), take[0]))
    seen: Counter[str] = Counter()
    turns = []
    for at, (path, piece) in enumerate(takes):
        turns.append((seen[piece], at, path))
        seen[piece] += 1
    return [path for _, _, path in sorted(turns)]


def _music(path: Path) -> tuple[str, str]:
    """Piece and composer of a take, without reading the rest of it."""
    try:
        with np.load(path, allow_pickle=False) as file:
            facts = json.loads(str(file["facts"]))
        return str(facts["piece"]), str(facts["composer"])
    # zipfile, zlib, json and numpy each have their own errors for damage, and there are many.
    except Exception as error:
        reason = " ".join(str(error).split())[:100]
        raise InputError(f"{path} is no prepared take: {reason}.") from error
