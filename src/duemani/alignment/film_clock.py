"""Two clocks of one take: when the film (or its sound) shows what the notes say.

film time = offset + rate · notes' time. While a note is held, a fingertip lies over its key: for
every rate the offset that makes most tips lie right is found by correlation over all keys at
once (FFT), then both are refined. A wrong MIDI file finds some offset as well; how many of its
notes have a tip on their key then tells it apart.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from duemani.alignment.clock_search import Clock, search_clock
from duemani.alignment.sound_clock import fit_sound_clock
from duemani.errors import InputError
from duemani.inputs.film.filmed_hands import FilmedHands
from duemani.inputs.film.keyboard_view import KeyboardView
from duemani.keyboard import CENTRE_X_M, WHITE_PITCH_M
from duemani.performance import LOWEST_PITCH, Performance

__all__ = ["LEAST_FOR_CLOCK", "Clock", "fit_clock", "fit_sound_clock", "resolve_octave"]

_STEP_SEC = 1 / 30
_TIP_SPREAD_KEYS = 0.35
_SHARP_SPREAD_KEYS = 0.2
_HOLD_SEC = 0.5
_RISE_SEC, _RISE_SHARE = 0.12, 0.5
_ON_KEY_KEYS = 0.6
_LEAST_NOTES = 12
LEAST_FOR_CLOCK = 2 * _LEAST_NOTES
"""Fewer notes within the film do not surely tell its clock."""
# Shares of notes with a tip on their key beyond chance, (share − chance) / (1 − chance): of wrong
# files at most, of right ones at least (benchmarks/clocks.py).
_WRONG_SHARE, _RIGHT_SHARE = 0.75, 0.93
# How far the offset found stands out among others, in their standard deviations: of wrong files
# at most, of right ones at least.
_WRONG_LEAD, _RIGHT_LEAD = 5.0, 8.0
_OTHERS_SEC = np.concatenate([np.arange(-12, -0.75, 0.1), np.arange(0.8, 12.05, 0.1)])


def fit_clock(performance: Performance, filmed: FilmedHands, view: KeyboardView) -> Clock:
    """Offset and rate between a take's notes and a film of its hands.

    Args:
        performance: the notes, by their own clock.
        filmed: the hands; of whole hands or tips alone.
        view: where the keys lie, in the right octave.

    Returns:
        The likeliest clock; offset 0, rate 1 and sure 0 where too little is seen or played.
    """
    seen = np.isfinite(filmed.tips_px).all((2, 3)) & (filmed.confidence > 0)
    if filmed.frame_count < 2 or len(performance.notes) < _LEAST_NOTES or not seen.any():
        return Clock(0.0, 1.0, 0.0)
    start_sec = float(filmed.time_sec[0])
    over = _tips_over_keys(filmed, view, seen)
    offset, rate = search_clock(_held(performance), over, _STEP_SEC)
    sharp = _tips_over_keys(filmed, view, seen, _SHARP_SPREAD_KEYS)
    offset, rate = _refined(performance, sharp, offset, rate)
    clock = Clock(offset + start_sec, rate, 0.0)
    share, chance, notes = _share_on_keys(clock, performance, filmed, view, seen)
    lead = (share - chance) / max(1 - chance, 0.05)
    sure = max(
        (lead - _WRONG_SHARE) / (_RIGHT_SHARE - _WRONG_SHARE),
        (_lead_over_others(performance, sharp, offset, rate) - _WRONG_LEAD)
        / (_RIGHT_LEAD - _WRONG_LEAD),
    )
    return replace(clock, sure=float(np.clip(sure, 0, 1) * min(1.0, notes / LEAST_FOR_CLOCK)))


def resolve_octave(
    view: KeyboardView, filmed: FilmedHands, performance: Performance, clock: Clock | None = None
) -> KeyboardView:
    """The same view in the octave in which most notes have a fingertip on their key.

    A view whose octave is sure stays as it is, and so does one where no octave is clearly best.

    Args:
        view: where the keys lie, up to whole octaves.
        filmed: the hands.
        performance: the notes.
        clock: between notes and film; fitted anew for every octave if not given.
    """
    from duemani.inputs.film.keyboard.finder import shift_octaves

    if view.octave_sure or not len(performance.notes):
        return view
    seen = np.isfinite(filmed.tips_px).all((2, 3)) & (filmed.confidence > 0)
    leads: dict[int, tuple[float, KeyboardView]] = {}
    for octaves in range(-6, 7):
        try:
            shifted = shift_octaves(view, octaves)
        except InputError:  # off the keyboard
            continue
        fitted = clock or fit_clock(performance, filmed, shifted)
        share, _, notes = _share_on_keys(fitted, performance, filmed, shifted, seen)
        # Notes that nobody plays in this octave count against it.
        leads[octaves] = (share * notes / len(performance.notes), shifted)
    ranked = sorted(leads, key=lambda octaves: leads[octaves][0], reverse=True)
    if not ranked:
        return view
    best = leads[ranked[0]]
    if len(ranked) > 1 and best[0] < leads[ranked[1]][0] + 0.1:
        return view
    return replace(best[1], octave_sure=True)


def _tips_over_keys(
    filmed: FilmedHands, view: KeyboardView, seen: np.ndarray, spread_keys: float = _TIP_SPREAD_KEYS
) -> Float[np.ndarray, "step 88"]:
    """How well some tip lies over each key, 0-1, at even steps; less each key's own mean."""
    tips_x = view.to_keyboard(filmed.tips_px)[..., 0]
    time = filmed.time_sec - filmed.time_sec[0]
    steps = np.arange(int(time[-1] / _STEP_SEC) + 1) * _STEP_SEC
    nearest = np.clip(np.searchsorted(time, steps), 1, len(time) - 1)
    nearest -= steps - time[nearest - 1] < time[nearest] - steps
    over = np.zeros((len(steps), 88), np.float32)
    for hand in range(2):
        for finger in range(5):
            x = np.where(seen[hand], tips_x[hand, :, finger], 1e6)[nearest]
            off = (x[:, None] - CENTRE_X_M) / (WHITE_PITCH_M * spread_keys)
            np.maximum(over, np.exp(-0.5 * np.minimum(off**2, 50)), out=over)
    return np.asarray(over - over.mean(0), np.float32)


def _held(performance: Performance) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and end of what is looked at of each note, and its key."""
    notes = performance.notes
    end = np.minimum(notes["release_sec"], notes["onset_sec"] + _HOLD_SEC)
    return notes["onset_sec"], np.maximum(end, notes["onset_sec"]), notes["pitch"] - LOWEST_PITCH


def _refined(
    performance: Performance, over: np.ndarray, offset: float, rate: float
) -> tuple[float, float]:
    """Both by steps finer than a frame.

    Fingers wait over their keys before they strike and stay after, so holding tells the offset
    to a fifth of a second only. At the strike the finger lies best, and it lies better than just
    before.
    """
    onset, key = performance.notes["onset_sec"], performance.notes["pitch"] - LOWEST_PITCH
    # Of a part of the film: what is played outside it tells nothing.
    at = offset + rate * onset
    inside = (at >= 0) & (at <= len(over) * _STEP_SEC)
    if inside.any():
        onset, key = onset[inside], key[inside]
    middle = float(np.median(onset))

    def lying(times: np.ndarray) -> float:
        at = np.clip(times / _STEP_SEC, 0, len(over) - 1.001)
        low = at.astype(int)
        part = at - low
        return float(np.mean(over[low, key] * (1 - part) + over[low + 1, key] * part))

    def score(centre: float, speed: float) -> float:
        struck = centre + speed * (onset - middle)
        now = lying(struck)
        return now + _RISE_SHARE * (now - lying(struck - _RISE_SEC))

    centre = offset + rate * middle
    span = max(float(np.ptp(onset)), 1.0)
    step, speed_step = 0.04, 0.08 / span
    best = score(centre, rate)
    while step > 0.001:
        moves = [
            (score(centre + a * step, rate + b * speed_step), a, b)
            for a in (-1, 0, 1)
            for b in (-1, 0, 1)
            if a or b
        ]
        top = max(moves)
        if top[0] > best:
            best, centre, rate = top[0], centre + top[1] * step, rate + top[2] * speed_step
        else:
            step, speed_step = step / 2, speed_step / 2
    return centre - rate * middle, rate


def _lead_over_others(
    performance: Performance, over: np.ndarray, offset: float, rate: float
) -> float:
    """How far this offset's agreement lies above others', in standard deviations of these.

    Pieces that repeat themselves agree at other offsets too: little says nothing, much says yes.
    """
    at = offset + rate * performance.notes["onset_sec"]
    key = performance.notes["pitch"] - LOWEST_PITCH
    within = int(np.count_nonzero((at >= 0) & (at <= len(over) * _STEP_SEC)))

    def score(shift_sec: float) -> float:
        step = np.round((at + shift_sec) / _STEP_SEC).astype(int)
        inside = (step >= 0) & (step < len(over))
        if np.count_nonzero(inside) < max(_LEAST_NOTES, within / 3):
            return float("nan")
        return float(over[step[inside], key[inside]].mean())

    others = np.array([score(shift) for shift in _OTHERS_SEC])
    others = others[np.isfinite(others)]
    here = score(0.0)
    if len(others) < 20 or not np.isfinite(here):
        return 0.0
    return float((here - others.mean()) / (others.std() + 1e-9))


def _share_on_keys(
    clock: Clock,
    performance: Performance,
    filmed: FilmedHands,
    view: KeyboardView,
    seen: np.ndarray,
) -> tuple[float, float, int]:
    """Share of notes with a tip on their key, that at other times (chance), and of how many.

    Notes count while both hands are seen, or a single one where there never is another.
    """
    time = filmed.time_sec
    tips_x = view.to_keyboard(filmed.tips_px)[..., 0]
    onset = clock.offset_sec + clock.rate * performance.notes["onset_sec"]
    centre = CENTRE_X_M[performance.notes["pitch"] - LOWEST_PITCH]
    both = np.logical_and(seen[0], seen[1])
    watched = both if both.mean() > 0.2 else np.logical_or(seen[0], seen[1])

    def share(shift_sec: float) -> tuple[float, int]:
        frame = np.round(np.interp(onset + shift_sec, time, np.arange(len(time)))).astype(int)
        within = (onset + shift_sec >= time[0]) & (onset + shift_sec <= time[-1])
        inside = np.flatnonzero(within & watched[frame])
        x = np.moveaxis(tips_x[:, frame[inside]], 1, 0).reshape(len(inside), 10)
        off = np.abs(x - centre[inside, None]) / WHITE_PITCH_M
        on = np.nan_to_num(off, nan=np.inf).min(1, initial=np.inf) < _ON_KEY_KEYS
        return (float(on.mean()) if len(on) else 0.0), len(on)

    found, notes = share(0.0)
    elsewhere = [share(shift) for shift in (-7.3, -5.1, -3.7, 3.7, 5.1, 7.3)]
    chances = [value for value, count in elsewhere if count >= max(notes, 2) / 2]
    return found, float(np.mean(chances)) if chances else 0.5, notes
