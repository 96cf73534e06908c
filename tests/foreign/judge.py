"""What became of a foreign file: right, refused, wrong, or a fault that no file may cause."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.foreign.reader import Read
from tests.helpers.trials import Trial

PIANO_PITCHES = range(21, 109)
RIGHT, REFUSED, WRONG, FAULT, UNTOLD = "right", "refused", "WRONG", "FAULT", "untold"
_SAME_ONSET_SEC = 0.004


def judged(trial: Trial, output: Path, read: Read | None) -> tuple[str, str]:
    """A word for the trial, and why.

    `untold` is what ran well while music21 could not read the file. A refusal is listed with its
    sentence for a reader to judge; one of a file in which music21 finds notes needs a look.
    """
    if trial.fault:
        return FAULT, trial.fault
    if trial.refused:
        return REFUSED, " ".join(trial.said.strip().splitlines()[-1:])[:200]
    if read is None:
        return UNTOLD, "music21 cannot read it"
    verb = trial.arguments[0]
    found = json.loads(output.read_text())
    if verb == "review":
        return _of_review(found)
    left_out = _left_out(trial.said + " ".join(found.get("remarks", ())))
    strikes = [(note["onset_sec"], note["pitch"]) for note in found["notes"]]
    ours = [pitch for chord in _chords(strikes, _SAME_ONSET_SEC) for pitch in chord]
    word, why = _of_pitches(ours, [pitch for _, _, pitch in read.played], left_out)
    if verb == "perform" and word == RIGHT and read.plain and not left_out:
        return _of_order(found["notes"], read)
    return word, why


def _left_out(said: str) -> bool:
    """Whether a remark names notes or parts that were left out, or changed."""
    told = ("left out", "left aside", "not fingered", "outside", "only the piano", "is taken as")
    return any(words in said for words in (*told, "only those of player"))


def _of_review(found: dict[str, Any]) -> tuple[str, str]:
    """A faultless take of the score may not be told of wrong notes."""
    blamed = [
        remark["title"]
        for remark in found["remarks"]
        if remark["kind"] == "notes" and not remark["praise"]
    ]
    return (WRONG, f"a faultless take is told: {blamed[0]}") if blamed else (RIGHT, "")


def _of_pitches(ours: Sequence[int], theirs: Iterable[int], left_out: bool) -> tuple[str, str]:
    """No pitch comes or goes; several players' strikes of one key at one time count once."""
    mine, other = Counter(ours), Counter(pitch for pitch in theirs if pitch in PIANO_PITCHES)
    more, fewer = mine - other, other - mine
    if more:
        return WRONG, f"{more.total()} notes that music21 does not find: {sorted(more)[:8]}"
    if fewer and not left_out:
        return WRONG, f"{fewer.total()} notes fewer than music21 finds: {sorted(fewer)[:8]}"
    return RIGHT, ""


def _of_order(notes: list[dict[str, Any]], read: Read) -> tuple[str, str]:
    """The same sets of keys are struck, one after another."""
    ours = _chords([(note["onset_sec"], note["pitch"]) for note in notes], _SAME_ONSET_SEC)
    theirs = _chords([(float(onset), pitch) for onset, _, pitch in read.played], 1e-6)
    theirs = [chord for chord in (kept & set(PIANO_PITCHES) for kept in theirs) if chord]
    if ours == theirs:
        return RIGHT, ""
    at = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), "the end")
    return WRONG, f"strikes differ at {at}: {len(ours)} against {len(theirs)}"


def _chords(strikes: list[tuple[float, int]], within: float) -> list[set[int]]:
    """Keys struck together, in order."""
    strikes = sorted(strikes)
    starts = [0.0] * len(strikes)
    for i, (onset, _) in enumerate(strikes):
        near = i > 0 and onset - strikes[i - 1][0] <= within
        starts[i] = starts[i - 1] if near else onset
    grouped = groupby(zip(starts, strikes, strict=True), key=lambda pair: pair[0])
    return [{pitch for _, (_, pitch) in group} for _, group in grouped]
