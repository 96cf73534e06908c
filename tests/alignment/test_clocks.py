from dataclasses import replace

import numpy as np
import pytest

from duemani.alignment.film_clock import Clock, fit_clock, fit_sound_clock, resolve_octave
from duemani.datasets.simulated.cameras import aimed_camera
from duemani.datasets.simulated.filming import TrackerNoise, film_motion
from duemani.inputs.film.filmed_hands import FilmedHands
from duemani.inputs.film.keyboard.finder import shift_octaves
from duemani.inputs.film.keyboard_view import KeyboardView
from duemani.performance import Performance
from tests.helpers.real_motion import music, played


def film() -> tuple[FilmedHands, KeyboardView]:
    camera = aimed_camera(0.1, width_m=0.9)
    return film_motion(played(30.0).motion, camera, TrackerNoise(), np.random.default_rng(0))


def own_time(performance: Performance, clock: Clock) -> Performance:
    notes = performance.notes.copy()
    for name in ("onset_sec", "release_sec"):
        notes[name] = (notes[name] - clock.offset_sec) / clock.rate
    return Performance.create(notes)


@pytest.mark.parametrize(("offset", "rate"), [(0.0, 1.0), (-4.0, 0.98), (-9.0, 1.02)])
def test_the_clock_is_found_from_the_hands(offset: float, rate: float) -> None:
    hands, view = film()
    notes = own_time(played(30.0).performance, Clock(offset, rate, 1.0))
    found = fit_clock(notes, hands, view)
    assert found.sure > 0.9
    onset = notes.notes["onset_sec"]
    off = (found.offset_sec - offset) + (found.rate - rate) * onset
    assert np.abs(off).mean() < 0.06


def test_notes_of_another_take_are_not_believed() -> None:
    hands, view = film()
    assert fit_clock(music(seed=9), hands, view).sure < 0.5
    assert fit_clock(Performance(), hands, view).sure == 0


def test_the_clock_is_found_from_the_sound() -> None:
    take = music(count=60)
    rng = np.random.default_rng(1)
    heard = take.notes[rng.random(len(take.notes)) > 0.15].copy()
    heard["onset_sec"] += np.clip(rng.normal(0, 0.01, len(heard)), -0.05, 0.05)
    notes = own_time(take, Clock(-3.0, 1.01, 1.0))
    found = fit_sound_clock(notes, Performance.create(heard))
    assert found.sure == 1
    assert found.rate == pytest.approx(1.01, abs=0.001)
    assert found.offset_sec == pytest.approx(-3.0, abs=0.02)
    assert fit_sound_clock(music(seed=5), Performance.create(heard)).sure < 0.5


def test_on_film_moves_notes_and_drops_those_before_it() -> None:
    moved = Clock(-1.0, 2.0, 1.0).on_film(music())
    assert len(moved.notes) == len(music().notes)
    assert moved.notes["onset_sec"][0] == pytest.approx(0.0)
    assert len(Clock(-3.0, 1.0, 1.0).on_film(music()).notes) < len(music().notes)


def test_the_octave_is_resolved_by_the_notes() -> None:
    hands, view = film()
    part = replace(view, first_key=13, last_key=70, octave_sure=False)
    unsure = shift_octaves(part, -1)
    found = resolve_octave(unsure, hands, played(30.0).performance, Clock(0.0, 1.0, 1.0))
    assert found.octave_sure
    assert np.allclose(found.to_picture(np.zeros(2)), view.to_picture(np.zeros(2)), atol=1e-6)


def test_the_clock_of_a_short_part_is_found_in_a_long_take() -> None:
    hands, view = film()
    part = (hands.time_sec >= 3) & (hands.time_sec < 10)
    short = replace(
        hands,
        time_sec=hands.time_sec[part] - 3,
        landmarks_px=hands.landmarks_px[:, part],
        depth_px=hands.depth_px[:, part],
        confidence=hands.confidence[:, part],
    )
    notes = played(30.0).performance
    found = fit_clock(notes, short, view)
    assert found.sure > 0.5
    assert found.offset_sec == pytest.approx(-3.0, abs=0.1)


def test_the_clock_of_a_short_sound_is_found_in_a_long_take() -> None:
    take = music(count=400)
    whole = float(take.notes["onset_sec"][-1])
    heard = take.between(0.7 * whole, 0.7 * whole + 15)
    found = fit_sound_clock(take, heard)
    assert found.sure == 1
    assert found.offset_sec + found.rate * 0.7 * whole == pytest.approx(0.0, abs=0.05)
