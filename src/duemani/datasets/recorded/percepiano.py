"""PercePiano (Park et al. 2024, MIT licence): passages as played, and how listeners rated them.

A take's name is piece, bars, performer and segment: `Beethoven_WoO80_var3_8bars_22_2`. `Score` and
`Score2` are renderings of the notation without expression. Listeners chose 1-7 on 19 scales; here
1 is 0 and 7 is 1 (the published labels are the mean divided by 7).
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from duemani.errors import InputError
from duemani.files import read_limited
from duemani.inputs.midi.read import load_midi
from duemani.models.ratings.predict import SCALES
from duemani.performance import Performance

_LABELS = Path("labels/label_2round_mean_reg_19_with0_rm_highstd0.json")
_ROWS = Path("labels/total_2rounds.csv")
_TAKES = Path("virtuoso/data/all_2rounds")
_MOST_BYTES = 20_000_000
_FIRST_ANSWER = 3
_LOWEST, _HIGHEST = 1.0, 7.0
# Longest run of pitches that chance repeats, and share of them that makes two passages the same.
_RUN_NOTES, _SAME_SHARE = 6, 0.2


@dataclass(frozen=True)
class RatedTake:
    """One passage played once.

    Attributes:
        name: the file's, without suffix.
        passage: the name without the performer: what is compared within.
        work: piece, and movement of a sonata.
        performer: number, or `Score`, `Score2`.
        performance: as played.
        rating: mean of the listeners on each of `SCALES`, 0-1.
        listeners: each listener's own, NaN where unanswered.
    """

    name: str
    passage: str
    work: str
    performer: str
    performance: Performance
    rating: Float[np.ndarray, " scale"]
    listeners: Float[np.ndarray, "listener scale"]


def read_percepiano(folder: str | Path) -> tuple[RatedTake, ...]:
    """All rated takes, by name.

    Args:
        folder: a copy of the data set's repository: `labels` and `virtuoso/data/all_2rounds`.

    Raises:
        InputError: the folder holds no such files, or one of them is not as expected.
    """
    folder = Path(folder)
    try:
        labels = json.loads(read_limited(folder / _LABELS, _MOST_BYTES))
        means = {name: np.array(row[: len(SCALES)], float) for name, row in labels.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{_LABELS.name} is not PercePiano's list of ratings.") from error
    listeners = _listeners(folder / _ROWS, set(means))
    takes = []
    for name in sorted(means):
        passage, performer, work = _parts(name)
        own = listeners.get(name, np.zeros((0, len(SCALES))))
        rating = (means[name] * _HIGHEST - _LOWEST) / (_HIGHEST - _LOWEST)
        if rating.shape != (len(SCALES),) or not np.all((rating >= 0) & (rating <= 1)):
            raise InputError(f"{_LABELS.name} has no {len(SCALES)} ratings for {name}.")
        performance = load_midi(folder / _TAKES / f"{name}.mid")
        takes.append(RatedTake(name, passage, work, performer, performance, rating, own))
    if not takes:
        raise InputError(f"{folder} holds no rated takes of PercePiano.")
    return tuple(takes)


def _parts(name: str) -> tuple[str, str, str]:
    """Passage, performer and work of a take's name."""
    found = re.fullmatch(r"((.+?)(?:_var\d+)?_\d+bars)_([^_]+)_(\d+)", name)
    if found is None:
        raise InputError(f"{name} is not a take's name of PercePiano.")
    head, work, performer, segment = found.groups()
    return f"{head}_{segment}", performer, work


def _listeners(path: Path, known: set[str]) -> dict[str, np.ndarray]:
    """Every listener's ratings by take. Files without any rating under that name are left out."""
    text = read_limited(path, _MOST_BYTES).decode("utf-8", errors="replace")
    found = defaultdict[str, list[list[float]]](list)
    for row in list(csv.reader(text.splitlines()))[1:]:
        answers = row[_FIRST_ANSWER : _FIRST_ANSWER + len(SCALES)]
        try:
            values = [float(answer or 0) for answer in answers]
        except ValueError as error:
            raise InputError(f"{path.name} holds an answer that is no number.") from error
        name = Path(row[2]).stem.replace("_score", "_Score")
        if name not in known:
            # The rows call the second rendering of some variations by the first one's name.
            name = name.replace("_Score_", "_Score2_")
        # The authors drop the whole row where an answer is off the scale.
        if name in known and len(values) == len(SCALES) and max(values) <= _HIGHEST:
            found[name].append(values)
    return {
        name: np.where(
            np.array(rows) > 0, (np.array(rows) - _LOWEST) / (_HIGHEST - _LOWEST), np.nan
        )
        for name, rows in found.items()
    }


def same_music(takes: Sequence[RatedTake]) -> Int[np.ndarray, " take"]:
    """Which takes share notes: takes of one number have music in common, others have none.

    The data set cuts a movement twice (8 and 16 bars) and cuts its repeats, so different passages
    often are the same music. Two passages are taken together where a fifth of the shorter one's
    runs of six pitches also occur in the other.
    """
    runs: dict[str, set[tuple[int, ...]]] = {}
    for take in sorted(takes, key=lambda take: not take.performer.startswith("Score")):
        if take.passage not in runs:
            pitch = take.performance.notes["pitch"].tolist()
            count = len(pitch) - _RUN_NOTES + 1
            runs[take.passage] = {tuple(pitch[i : i + _RUN_NOTES]) for i in range(count)}
    passages = sorted(runs)
    group = {passage: number for number, passage in enumerate(passages)}
    for i, one in enumerate(passages):
        for other in passages[:i]:
            shorter = max(min(len(runs[one]), len(runs[other])), 1)
            if len(runs[one] & runs[other]) / shorter > _SAME_SHARE:
                old, new = group[one], group[other]
                group = {name: new if number == old else number for name, number in group.items()}
    return np.array([group[take.passage] for take in takes], int)
