"""What an expert would have meant, given the fingers that were really played.

The fingers played are seen as a noisy copy of a good fingering: each is the intended one, or with a
small chance (`SLIP`) another. The random field is the prior of good fingerings. Every note is thus
judged by the fingers played around it, not by the path that the model likes best, and the most
likely intention departs from what was played only where that gains more than a change costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from duemani.models.fingering.decoder import tempered
from duemani.models.fingering.inputs import LineInputs, line_inputs
from duemani.models.fingering.lines import HandLine, hand_line, part_of
from duemani.models.fingering.model import FingeringModel, pretrained_fingering
from duemani.models.fingering.network import CONTEXT_EVENTS, Potentials, potentials
from duemani.models.fingering.posterior import joint, posterior
from duemani.models.fingering.reach import SHARED_KEYS_M
from duemani.models.fingering.restraint import Restraint
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER

SLIP = 0.25
"""Chance that a note was not played with the finger that an expert would have meant: learners'.

Higher than most takes' so that doubts are not missed; what is told is decided later."""
_PRINTED_NATS = 3.0
"""What the editor's finger is worth against one that was played, and …"""
_SETTLED_NATS = 20.0
"""… where it was played."""
_CHUNK_EVENTS = 1000
_MARGIN_EVENTS = CONTEXT_EVENTS + 16


@dataclass(frozen=True)
class SecondLook:
    """Every note looked at again.

    Attributes:
        intended: finger 1-5 of the most likely good fingering near the one played, 0 for notes
            without a hand.
        chances: probability that each finger 1-5 was meant; rows add up to 1 (0 without a hand).
        doubt: probability that the finger named was really played and that another was meant.
        really: probability that it was really played, if another was meant.
        gain_nats: how much more likely the intended fingers are than those played, over the whole
            passage of changed notes that the note belongs to; 0 where nothing is changed.
        passage: number of that passage from 0 on, -1 for notes that are not changed.
        judged: notes whose finger is known and can be judged.
    """

    intended: Int[np.ndarray, " note"]
    chances: Float[np.ndarray, "note 5"]
    doubt: Float[np.ndarray, " note"]
    really: Float[np.ndarray, " note"]
    gain_nats: Float[np.ndarray, " note"]
    passage: Int[np.ndarray, " note"]
    judged: Bool[np.ndarray, " note"]


def second_look(
    notes: np.ndarray,
    seen: Float[np.ndarray, "note 5"],
    scale: float = 1.0,
    model: FingeringModel | None = None,
    printed: Int[np.ndarray, " note"] | None = None,
) -> SecondLook:
    """Judge the fingers of both hands.

    Args:
        notes: `Performance.notes`; notes with hand -1 or finger 0 are not judged.
        seen: how well the evidence fits each finger 1-5 (its hand given), rows add up to 1;
            0.2 each where nothing is known.
        scale: `reach_scale` of the hand.
        model: weights, the package's own by default.
        printed: the editor's finger 1-5, 0 none: likelier meant; certainly, where it was played.
    """
    model, count = model or pretrained_fingering(), len(notes)
    editor = np.zeros((count, 5))
    if printed is not None:
        has = np.flatnonzero(printed != UNKNOWN_FINGER)
        nats = np.where(printed == notes["finger"], _SETTLED_NATS, _PRINTED_NATS)
        editor[has, printed[has].astype(int) - 1] = nats[has]
    look = SecondLook(
        intended=np.zeros(count, int),
        chances=np.zeros((count, 5)),
        doubt=np.zeros(count),
        really=np.zeros(count),
        gain_nats=np.zeros(count),
        passage=np.full(count, -1),
        judged=np.zeros(count, bool),
    )
    for hand in (LEFT, RIGHT):
        _look_at(look, notes, hand, seen, editor, scale, model)
    return look


def _look_at(
    look: SecondLook,
    notes: np.ndarray,
    hand: int,
    seen: np.ndarray,
    editor: np.ndarray,
    scale: float,
    model: FingeringModel,
) -> None:
    bare = notes.copy()
    bare["finger"] = UNKNOWN_FINGER
    line = hand_line(bare, hand)
    count = len(line.notes)
    if not count:
        return
    played = notes["finger"].astype(int)
    shared = _sharing(line, played)
    mine = np.concatenate(line.notes)
    look.judged[mine] = (played[mine] != UNKNOWN_FINGER) & ~shared[mine]
    fits = np.where(shared[:, None], 0.2, seen)
    evidence, really = _evidence(fits, played)
    evidence = evidence + editor
    path, worths = _Path(), []
    for start in range(0, count, _CHUNK_EVENTS):
        end = min(start + _CHUNK_EVENTS, count)
        low, high = max(start - _MARGIN_EVENTS, 0), min(end + _MARGIN_EVENTS, count)
        part = part_of(line, low, high)
        inputs = line_inputs(part, notes, scale)
        scores = tempered(potentials(model.networks, inputs), inputs, model.temperature)
        scores = Restraint.of(inputs, part, notes, scale).applied(scores)
        worths.append(joint(scores)[start - low : end - low])
        seen = _seen_evidence(part, inputs, evidence)
        scores = Potentials(scores.own + seen, scores.step, scores.skip, scores.triple)
        total = joint(scores)
        _fill_chances(look.chances, part, inputs, posterior(scores, total), start - low, end - low)
        path.run(total[start - low : end - low])
    rows = np.arange(len(played))
    at = np.maximum(played, 1) - 1
    error = (look.chances * really).sum(1) - look.chances[rows, at] * really[rows, at]
    error = np.where(look.judged, np.clip(error, 0.0, 1.0), 0.0)
    look.doubt[mine] = error[mine]
    other = np.maximum(1 - look.chances[rows, at], 1e-9)
    look.really[mine] = np.minimum(error / other, 1.0)[mine]
    best = path.best()
    for event, choice in zip(range(count), best, strict=True):
        look.intended[line.notes[event]] = line.choices[event][choice] + 1
    _passages(look, line, played, best, np.concatenate(worths))


def _sharing(line: HandLine, played: np.ndarray) -> Bool[np.ndarray, " note"]:
    """Notes struck two at a time by one finger on neighbouring keys: done on purpose."""
    shared = np.zeros(len(played), bool)
    for event in line.notes:
        for low, high in zip(event[:-1].tolist(), event[1:].tolist(), strict=True):
            near = line.note_x_m[high] - line.note_x_m[low] <= SHARED_KEYS_M
            if near and played[low] == played[high] != UNKNOWN_FINGER:
                shared[[low, high]] = True
        if len(event) > 5:
            shared[event] = True
    return shared


def _evidence(seen: np.ndarray, played: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log-likelihood [note, intended], and the chance that `played` was played if it was meant.

    The second is the chance that the finger named really struck the key, for each finger meant.
    """
    slips = np.full((5, 5), SLIP / 4)
    np.fill_diagonal(slips, 1 - SLIP)
    known = played != UNKNOWN_FINGER
    likely = seen @ slips
    at = np.maximum(played, 1) - 1
    rows = np.arange(len(played))
    really = seen[rows, at][:, None] * slips[at] / np.maximum(likely, 1e-9)
    return np.log(np.maximum(likely, 1e-9)), np.where(known[:, None], really, 0.0)


def _seen_evidence(line: HandLine, inputs: LineInputs, evidence: np.ndarray) -> np.ndarray:
    """(event, choice): the evidence for each combination."""
    total = np.zeros(inputs.fixed.shape, np.float32)
    for slot in range(inputs.choice.shape[2]):
        has = np.flatnonzero(inputs.filled[:, slot])
        members = np.array([line.notes[at][slot] for at in has], int)
        total[has] += evidence[members[:, None], inputs.choice[has, :, slot].astype(int)]
    return total


def _fill_chances(
    chances: np.ndarray,
    line: HandLine,
    inputs: LineInputs,
    shares: np.ndarray,
    first: int,
    last: int,
) -> None:
    for at in range(first, last):
        event = line.notes[at]
        if len(event) > inputs.choice.shape[2]:
            chances[event] = 0.2
            continue
        for slot, note in enumerate(event.tolist()):
            fingers = inputs.choice[at, :, slot].astype(int)
            chances[note] = np.bincount(fingers, shares[at], 5)


class _Path:
    """Second-order Viterbi over (choice before, choice)."""

    def __init__(self) -> None:
        self._state: np.ndarray | None = None
        self._back: list[np.ndarray] = []

    def run(self, total: np.ndarray) -> None:
        """Take events on; `total` (event, choice two before, choice before, choice)."""
        for worth in total:
            if self._state is None:
                self._state = np.full(worth.shape[1:], -np.inf)
                self._state[0] = worth[0, 0]
                self._back.append(np.zeros(worth.shape[1:], int))
                continue
            # The first event's choice has nothing before it: only row 0 of its state is alive.
            here = self._state[:, :, None] + worth
            back = here.argmax(0)
            self._state = np.take_along_axis(here, back[None], 0)[0]
            self._state -= self._state.max()
            self._back.append(back)

    def best(self) -> list[int]:
        """Index of the choice of every event."""
        if self._state is None:
            return []
        before, here = (int(i) for i in np.unravel_index(self._state.argmax(), self._state.shape))
        path: list[int] = []
        for back in reversed(self._back):
            path.append(here)
            before, here = int(back[before, here]), before
        return path[::-1]


def _passages(
    look: SecondLook, line: HandLine, played: np.ndarray, best: list[int], worth: np.ndarray
) -> None:
    """Group changed notes that change each other's surroundings, and weigh both fingerings."""
    other = [*best]
    for at, event in enumerate(line.notes):
        agree = (line.choices[at] + 1 == played[event]) | (played[event] == UNKNOWN_FINGER)
        # Fingers that no hand can put down in that order stand for the best ones nearly like them.
        if agree.all(1).any() and not agree[best[at]].all():
            other[at] = int(np.flatnonzero(agree.all(1))[0])
    changed = [
        at
        for at, event in enumerate(line.notes)
        if (look.judged[event] & (look.intended[event] != played[event])).any()
    ]
    number = int(look.passage.max(initial=-1)) + 1
    for run in _runs(changed):
        span = range(run[0], min(run[-1] + 3, len(best)))
        gain = sum(_score(worth, best, at) - _score(worth, other, at) for at in span)
        gain += sum(4.0 for at in run if other[at] == best[at])
        for at in run:
            event = line.notes[at]
            differing = event[look.judged[event] & (look.intended[event] != played[event])]
            look.gain_nats[differing], look.passage[differing] = max(gain, 0.0), number
        number += 1


def _runs(events: list[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for at in events:
        if runs and at - runs[-1][-1] <= 2:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def _score(worth: np.ndarray, path: list[int], at: int) -> float:
    before2 = path[at - 2] if at > 1 else 0
    before = path[at - 1] if at > 0 else 0
    return float(worth[at, before2, before, path[at]])
