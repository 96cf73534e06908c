"""The pianist of the samples is named where their sound is given on, and only there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import pytest

from duemani.motion import HandMotion
from duemani.outputs.page.review_page import save_review_page
from duemani.outputs.sound.synthesis import SOUND_CREDIT
from duemani.performance import Performance
from duemani.verbs.perform import save_performed
from duemani.verbs.read import Take
from tests.helpers.inputs import struck_tones, wav_bytes, write
from tests.helpers.pages import make_motion, make_performance, read_page, unpack
from tests.helpers.reviews import empty_review

NAME = "Alexander Holm"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write(tmp_path / "played.wav", wav_bytes(struck_tones(2, [(0.5, 60)])))


def take_of(recording: Path | None, notes: bool = True) -> Take:
    performance = make_performance() if notes else Performance()
    return Take(performance, Path("take.mid"), "take", recording)


def short_motion() -> HandMotion:
    return make_motion(seconds=0.2)


def test_the_page_names_the_piano_once_and_only_where_it_sounds(
    tmp_path: Path, recording: Path
) -> None:
    for name, take in (
        ("rendered", take_of(None)),
        ("recorded", take_of(recording)),
        ("silent", take_of(None, notes=False)),
    ):
        path = tmp_path / f"{name}.html"
        save_performed(path, take, short_motion())
        assert path.read_text(encoding="utf-8").count(NAME) == (name == "rendered")
    facts = dict(unpack(read_page(tmp_path / "rendered.html"))[0]["facts"])
    assert facts["sound"] == SOUND_CREDIT


def test_the_films_tag_names_the_piano(tmp_path: Path, recording: Path) -> None:
    for take, expected in ((take_of(None), SOUND_CREDIT), (take_of(recording), None)):
        path = tmp_path / "film.mp4"
        save_performed(path, take, short_motion())
        with av.open(str(path)) as container:
            assert container.metadata.get("copyright") == expected


def test_the_review_names_the_piano_among_its_evidence(tmp_path: Path, recording: Path) -> None:
    review = replace(empty_review(), performance=make_performance(), recording=None)
    for name, one in (
        ("rendered", review),
        ("recorded", replace(review, recording=recording)),
        ("silent", empty_review()),
    ):
        path = tmp_path / f"{name}.html"
        save_review_page(path, one)
        assert path.read_text(encoding="utf-8").count(NAME) == (name == "rendered")
