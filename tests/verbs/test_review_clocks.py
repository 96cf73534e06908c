"""Hands from a file by the notes' clock, and how that is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from duemani.alignment.film_clock import Clock
from duemani.datasets.simulated.cameras import aimed_camera
from duemani.datasets.simulated.filming import TrackerNoise, film_motion
from duemani.media.film import FilmFacts
from duemani.verbs.review import ears, eyes, gather
from duemani.verbs.review.material import Material, Sources, Watched, clock_sentence
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


def test_notes_outside_the_part_of_a_film_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = played_notes()
    onset = notes.notes["onset_sec"]
    end = float(np.median(onset)) + 1e-3
    monkeypatch.setattr(ears, "fit_clock", lambda *_: Clock(0.0, 1.0, 1.0))
    motion = playing_hands(seconds=2.0, frame_rate=60.0)
    filmed, view = film_motion(
        motion, aimed_camera(0.1, width_m=0.9), TrackerNoise(), np.random.default_rng(0)
    )
    sources = Sources(midi=Path("a.mid"), part_sec=(4.0, 4.0 + end))
    material = ears.on_film_clock(
        Path("a.mp4"), sources, Material("", Path("a.mp4"), notes),
        Watched(filmed=filmed, view=view, motion=motion), None,
    )  # fmt: skip
    left = int((onset >= end).sum())
    assert 0 < left < len(onset)
    assert len(material.performance.notes) == len(onset) - left
    assert material.performance.notes["release_sec"].max() <= end
    assert any(f"{left} note" in said and "outside this part" in said
               for said in material.assumptions)  # fmt: skip
    assert not material.cannot_tell


@pytest.mark.parametrize(("end", "word"), [(2.0, "too short"), (40.0, "is not of this film")])
def test_a_short_part_calls_no_file_foreign(
    monkeypatch: pytest.MonkeyPatch, end: float, word: str
) -> None:
    notes = np.resize(played_notes().notes, 60)
    notes["onset_sec"] = np.linspace(0, 30, 60)
    notes["release_sec"] = notes["onset_sec"] + 0.2
    monkeypatch.setattr(ears, "fit_clock", lambda *_: Clock(0.0, 1.0, 0.0))
    filmed, view = film_motion(
        playing_hands(seconds=1.0, frame_rate=60.0), aimed_camera(0.1, width_m=0.9),
        TrackerNoise(), np.random.default_rng(0),
    )  # fmt: skip
    given = Material("", Path("a.mp4"), type(played_notes()).create(notes))
    sources = Sources(midi=Path("a.mid"), part_sec=(0.0, end))
    found = ears.on_film_clock(Path("a.mp4"), sources, given, Watched(filmed, view), None)
    assert word in found.cannot_tell[0]
    assert not len(found.performance.notes)


def test_the_keyboards_own_reason_is_passed_on() -> None:
    from duemani.inputs.film.keyboard.film import UNFOUND, KeyboardFound
    from duemani.verbs import track

    reason = "The camera moves or the film is cut: film it with the camera at rest."
    said = track._unfound(Path("a.mp4"), KeyboardFound(None, (reason,)))
    assert "the camera moves or the film is cut" in said
    assert "octave and a half" not in said
    assert "octave and a half" in track._unfound(Path("a.mp4"), KeyboardFound(None, (UNFOUND,)))
    unseen = Watched(cannot_tell=(f"The hands cannot be followed: {said}",))
    facts = FilmFacts.__new__(FilmFacts)
    object.__setattr__(facts, "has_sound", False)
    told = gather._nothing(Path("a.mp4"), facts, unseen)
    assert "the camera moves" in told
    assert "it has no sound" in told
