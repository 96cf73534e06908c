"""Hands from a file by the notes' clock, and how that is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from duemani.alignment.film_clock import Clock
from duemani.datasets.simulated.cameras import aimed_camera
from duemani.datasets.simulated.filming import TrackerNoise, film_motion
from duemani.verbs.review import eyes
from duemani.verbs.review.material import Material, Watched, clock_sentence
from tests.helpers.hands import played_notes, playing_hands


def test_hands_are_brought_onto_the_notes_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    motion = playing_hands(seconds=2.0, frame_rate=60.0, start_sec=3.0)
    filmed, view = film_motion(
        motion, aimed_camera(0.1, width_m=0.9), TrackerNoise(), np.random.default_rng(0)
    )
    # 1 s of the notes takes 1.25 s of the film, which starts 0.5 s before them.
    monkeypatch.setattr(eyes, "fit_clock", lambda *_: Clock(0.5, 1.25, 1.0))
    material, moved = eyes.on_notes_clock(
        Material(title="", source=Path("a.mid"), performance=played_notes()),
        Watched(filmed=filmed, view=view, motion=motion),
    )
    assert moved.motion is not None
    assert moved.filmed is not None
    assert moved.motion.start_sec == pytest.approx(2.0)
    assert moved.motion.frame_rate == pytest.approx(75.0)
    np.testing.assert_allclose(moved.filmed.time_sec, (filmed.time_sec - 0.5) / 1.25)
    np.testing.assert_allclose(moved.motion.time_sec, (motion.time_sec - 0.5) / 1.25)
    (said,) = material.assumptions
    # The film's clock counts 1.25 s where the notes' counts 1 s: it runs faster.
    assert "start 0.40 s before the notes" in said
    assert "20.00 % faster" in said


@pytest.mark.parametrize(
    ("later_sec", "rate", "when", "pace"),
    [(1.5, 1.02, "1.50 s after", "2.00 % slower"), (-0.25, 0.97, "0.25 s before", "3.00 % faster")],
)
def test_the_sentence_of_two_clocks(later_sec: float, rate: float, when: str, pace: str) -> None:
    said = clock_sentence("The notes", "the film", later_sec, rate, "the keys played")
    assert f"The notes start {when} the film" in said
    assert f"runs {pace}" in said
