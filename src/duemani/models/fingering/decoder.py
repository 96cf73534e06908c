"""The best fingers for one hand's line: what is likely, note by note, that a hand can also do.

The fingers chosen are those whose probabilities add up to most, with a share of the path's own
log-likelihood, among the paths that the hand's limits allow. Keys that stay down longer than two
events are followed along each state's surviving path, so time and memory are linear.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from duemani.models.fingering.inputs import LineInputs, line_inputs
from duemani.models.fingering.lines import HandLine, part_of
from duemani.models.fingering.model import FingeringModel
from duemani.models.fingering.network import CONTEXT_EVENTS, Potentials, potentials
from duemani.models.fingering.posterior import joint, posterior
from duemani.models.fingering.restraint import LEGATO_SEC, Restraint, pair_penalty

_CHUNK_EVENTS = 1500
_MARGIN_EVENTS = CONTEXT_EVENTS + 16
_PATH_SHARE = 0.15
"""Weight of the path's log-likelihood (nats) against the notes' probabilities."""


_HELD_SHARE = 0.5
"""Weight of the penalties of keys held from long before."""
_PREFERENCE = 3.0
"""What a preferred finger is worth [nats]."""


@dataclass
class _Held:
    """A key that is still held three events after it was struck."""

    note: int
    event: int
    place: int
    release_sec: float
    survivors: np.ndarray = field(default_factory=lambda: np.zeros((1, 1), int))
    """(choice before, choice): its finger along each state's best path, once 3 events old."""


def decode_line(
    line: HandLine,
    notes: np.ndarray,
    model: FingeringModel,
    scale: float = 1.0,
    preferred: np.ndarray | None = None,
) -> tuple[np.ndarray, Float[np.ndarray, "note 5"]]:
    """Fingers (1-5) of the line's notes and the probability of each, over all of `notes`.

    Notes of the other hand get 0 and zeros.

    Args:
        line: one hand's line; its choices keep to the given fingers.
        notes: as in `Performance.notes`.
        model: weights.
        scale: hand size relative to a medium hand.
        preferred: (note,) fingers to be taken where nothing speaks against them, 0 none.
    """
    finger = np.zeros(len(notes), np.int8)
    chances = np.zeros((len(notes), 5))
    count = len(line.notes)
    if not count:
        return finger, chances
    path = _Path(line, notes, scale)
    for start in range(0, count, _CHUNK_EVENTS):
        end = min(start + _CHUNK_EVENTS, count)
        low, high = max(start - _MARGIN_EVENTS, 0), min(end + _MARGIN_EVENTS, count)
        part = part_of(line, low, high)
        inputs = line_inputs(part, notes, scale)
        scores = tempered(potentials(model.networks, inputs), inputs, model.temperature)
        if preferred is not None:
            scores = _leaning(scores, inputs, part, preferred)
        restraint = Restraint.of(inputs, part, notes, scale)
        scores = restraint.applied(scores)
        total = joint(scores)
        shares = np.zeros_like(chances)
        gain = _expected(part, inputs, posterior(scores, total), shares)
        # What lies in the margins has been seen, or will be, with more around it.
        own = np.concatenate(line.notes[start:end])
        chances[own] = shares[own]
        worth = _PATH_SHARE * total + gain[:, None, None].astype(np.float32)
        worth -= restraint.forbidden(inputs)
        path.run(worth[start - low : end - low], start)
    for event, choice in zip(line.notes, path.best(), strict=True):
        finger[event] = choice + 1
    return finger, chances


def tempered(scores: Potentials, inputs: LineInputs, temperature: float) -> Potentials:
    """Softer or harder potentials; the reach penalty stays as it is."""
    learned = scores.own - inputs.fixed
    return Potentials(
        learned / temperature + inputs.fixed,
        scores.step / temperature,
        scores.skip / temperature,
        scores.triple / temperature,
    )


def _leaning(
    scores: Potentials, inputs: LineInputs, line: HandLine, preferred: np.ndarray
) -> Potentials:
    own = scores.own.copy()
    for at, event in enumerate(line.notes):
        wanted = preferred[event]
        if wanted.any() and len(event) <= inputs.choice.shape[2]:
            agree = inputs.choice[at, :, : len(event)] == wanted - 1
            own[at] += _PREFERENCE * (agree & (wanted > 0)).sum(1)
    return Potentials(own, scores.step, scores.skip, scores.triple)


def _expected(
    line: HandLine, inputs: LineInputs, shares: np.ndarray, chances: np.ndarray
) -> np.ndarray:
    """(event, choice) expected number of right fingers; also fills in `chances` (note, 5)."""
    gain = np.zeros_like(shares)
    for slot in range(inputs.choice.shape[2]):
        has = np.array([slot < len(event) for event in line.notes])
        fingers = inputs.choice[has, :, slot].astype(int)
        share = np.zeros((len(fingers), 5))
        rows = np.arange(len(fingers))[:, None]
        np.add.at(share, (np.broadcast_to(rows, fingers.shape), fingers), shares[has])
        gain[has] += share[rows, fingers]
        members = [event[slot] for event, here in zip(line.notes, has, strict=True) if here]
        chances[members] = share
    for event in line.notes:
        if len(event) > inputs.choice.shape[2]:
            chances[event] = 0.2  # nothing is known of a crowd
    return gain


class _Path:
    """Second-order Viterbi. State at event t: (choice at t-1, choice at t)."""

    def __init__(self, line: HandLine, notes: np.ndarray, scale: float) -> None:
        self._line, self._notes, self._scale = line, notes, scale
        self._onset = notes["onset_sec"].tolist()
        self._release = notes["release_sec"].tolist()
        self._choices = [choices.astype(np.intp) for choices in line.choices]
        self._state = np.zeros((1, 1), np.float32)
        self._back: list[np.ndarray] = []
        self._held: list[_Held] = []

    def run(self, worth: np.ndarray, start: int) -> None:
        """Take the events from `start` on.

        Args:
            worth: (event, choice two before, choice before, choice) of three choices in a row.
            start: index of the first event.
        """
        for offset, event in enumerate(range(start, start + len(worth))):
            options = len(self._choices[event])
            before2, before1 = self._state.shape
            here = self._state[:, :, None] + worth[offset, :before2, :before1, :options]
            for held in self._held:
                self._restrain(held, event, here)
            back = here.argmax(0)
            self._state = here.max(0)
            self._state -= self._state.max()
            self._back.append(back)
            self._remember(event, back)

    def best(self) -> list[np.ndarray]:
        """Fingers 0-4 of every event's notes."""
        last = len(self._back) - 1
        before, here = np.unravel_index(int(np.argmax(self._state)), self._state.shape)
        path = [0] * (last + 1)
        for event in range(last, -1, -1):
            path[event] = int(here)
            before, here = self._back[event][before, here], before
        return [choices[at] for choices, at in zip(self._choices, path, strict=True)]

    def _restrain(self, held: _Held, event: int, here: np.ndarray) -> None:
        """Subtract what a key held from three or more events ago costs the choices of `event`."""
        if event - held.event < 3 or held.release_sec - self._line.onset_sec[event] <= LEGATO_SEC:
            return
        choices, members = self._choices[event], self._line.notes[event]
        earlier = np.full(len(members), held.note)
        penalties = pair_penalty(self._line, self._notes, earlier, members, self._scale)
        for place, penalty in enumerate(penalties):
            if penalty.any():
                here -= _HELD_SHARE * penalty[:, choices[:, place]][held.survivors]

    def _fingers(self, held: _Held) -> np.ndarray:
        """(choice,) the finger on a held key, for every choice of its event."""
        fingers = self._choices[held.event][:, held.place]
        other = self._line.taking_over[held.note]
        return np.full_like(fingers, other - 1) if other else fingers

    def _remember(self, event: int, back: np.ndarray) -> None:
        """Follow held keys along the surviving paths; forget those let go."""
        line = self._line
        if event + 1 >= len(line.notes):
            return
        upcoming = float(line.onset_sec[event + 1])
        kept: list[_Held] = []
        for held in self._held:
            if held.release_sec - upcoming <= LEGATO_SEC:
                continue
            age = event - held.event
            if age == 2:
                held.survivors = self._fingers(held)[back]
            elif age > 2:
                held.survivors = held.survivors[back, np.arange(len(back))[:, None]]
            kept.append(held)
        for place, note in enumerate(line.notes[event].tolist()):
            if self._release[note] - upcoming > LEGATO_SEC:
                kept.append(_Held(note, event, place, self._release[note]))
        self._held = kept
