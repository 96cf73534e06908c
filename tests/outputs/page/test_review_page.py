"""The review's page: what is filled into the template, and what is said where parts are missing."""

from __future__ import annotations

import base64
import json
import re
import tempfile
import zlib
from dataclasses import replace
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest

from duemani.errors import InputError
from duemani.outputs.page import review_video
from duemani.outputs.page.review_page import save_review_page
from duemani.outputs.page.review_video import small_film, video_length_sec
from duemani.performance import Performance, make_notes
from duemani.report import Review
from tests.helpers.pages import Blocks, make_motion, read_page
from tests.helpers.reviews import audio_review, empty_review, made_review, sound_file

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "__DUEMANI_DATA__ __DUEMANI_MEDIA__",
    '"><img src=x onerror=alert(1)>',
    "a\udcffb",
)


@cache
def page_of(kind: str) -> Blocks:
    """Pages are made once: sound and engraving take seconds."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as sounds:
        recording = sound_file(Path(sounds) / "take.wav", 2.0)
        if kind == "score":
            review = replace(made_review(), recording=recording)
        elif kind == "audio":
            review = audio_review()
            review = replace(review, performance=review.performance.between(0.0, 3.0))
        else:
            review = empty_review()
        path = Path(folder) / "review.html"
        save_review_page(path, review)
        assert [entry.name for entry in Path(folder).iterdir()] == ["review.html"]
        return read_page(path)


def data_of(blocks: Blocks) -> dict:
    return json.loads(blocks.blocks["duemani-data"])


def score_of(blocks: Blocks) -> dict:
    return json.loads(zlib.decompress(base64.b64decode(blocks.blocks["duemani-score"])))


def quiet(review: Review) -> Review:
    """Without notes or score a page is made in no time."""
    return replace(
        empty_review(), title=review.title, remarks=review.remarks, evidence=review.evidence
    )


def test_score_page_holds_every_part() -> None:
    blocks, review = page_of("score"), made_review()
    data = data_of(blocks)
    assert data["has_score"]
    sound = "the recording’s own sound"
    assert data["media"] == {"mime": "audio/mpeg", "film": None, "sound": sound}
    assert len(data["notes"]["pitch"]) == len(review.performance.notes)
    assert [remark["title"] for remark in data["remarks"]] == [r.title for r in review.remarks]
    assert data["notes"]["mark"].count("extra") == 2
    assert data["notes"]["mark"].count("wrong") == 0
    assert len(data["missing"]) == 1
    assert data["missing"][0]["name"]
    assert data["curves"][1]["value"][41] is None
    assert [row["name"] for row in data["figures"]][:2] == ["dynamics", "tempo"]
    assert any("Hands: neither" in sentence for sentence in data["absent"])
    assert 20_000 < len(base64.b64decode(blocks.blocks["duemani-media"])) < 60_000
    assert len(blocks.scripts) == 1


def test_engraving_shows_played_and_suggested_fingers() -> None:
    review = made_review()
    assert review.fingers is not None
    assert review.note_numbers is not None
    score = score_of(page_of("score"))
    matched = review.note_numbers >= 0
    for systems in (score["wide"], score["narrow"]):
        text = "".join(systems)
        assert 'id="dm-' not in text
        found = re.findall(r'data-of="(\d+)".*?<tspan font-size[^>]*>([^<]*)</tspan>', text)
        fingers: dict[int, list[str]] = {}
        for number, finger in found:
            fingers.setdefault(int(number), []).append(finger)
        for at in np.flatnonzero(matched):
            played, better = review.fingers.played[at], review.fingers.suggested[at]
            expected = [str(played)] if played else []
            if review.fingers.flagged[at] and better != played:
                expected.append(f"▸{better}")
            assert fingers.get(int(review.note_numbers[at]), []) == expected


def test_wrong_notes_are_told_from_transposed_ones() -> None:
    from duemani.outputs.score.review_score import note_marks

    review = made_review()
    notes = review.performance.notes.copy()
    notes["pitch"][5] += 1
    notes["pitch"][6] += 12
    names, marks = note_marks(replace(review, performance=replace(review.performance, notes=notes)))
    assert marks[5] == "wrong"
    assert marks[6] == ""
    assert len(names) == len(notes)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_are_inert(tmp_path: Path, hostile: str) -> None:
    review = made_review()
    remark = replace(review.remarks[0], title=hostile, text=hostile, bars=hostile, notes=())
    path = tmp_path / "page.html"
    save_review_page(
        path,
        quiet(replace(review, title=hostile, remarks=(remark,), evidence={hostile: hostile})),
    )
    blocks = read_page(path)
    shown = hostile.replace("\udcff", "?")
    data = data_of(blocks)
    assert data["title"] == data["remarks"][0]["text"] == shown
    assert data["evidence"] == [[shown, shown]]
    assert len(blocks.scripts) == 1
    assert blocks.title.startswith(shown)


def test_hostile_score_cannot_bring_a_script() -> None:
    from duemani.inputs.score.document import document_of
    from duemani.outputs.score.review_score import score_content
    from duemani.verbs.demo import demo_score

    text = demo_score().read_bytes().replace(b"Poco moto", b"&lt;script&gt;alert(1)&lt;/script&gt;")
    review = replace(made_review(), document=document_of(text, "hostile.musicxml"))
    systems = "".join(score_content(review)["wide"])
    assert "<script" not in systems
    assert "alert(1)" in systems


def test_without_score_and_hands() -> None:
    data = data_of(page_of("audio"))
    assert not data["has_score"]
    assert data["media"]["sound"] == "rendered piano"
    assert page_of("audio").blocks.get("duemani-score", "") == ""
    assert data["fingers"] is None
    assert data["suggested"] is None
    assert data["motions"] == {}
    assert set(data["notes"]["number"]) == {-1}
    said = " ".join(data["absent"])
    for word in ("No score", "Fingers", "Hands", "ratings"):
        assert word in said


def test_of_nothing_it_says_so() -> None:
    data = data_of(page_of("empty"))
    assert data["media"]["mime"] == ""
    assert data["duration_sec"] == 0
    assert any("none were heard" in sentence for sentence in data["absent"])


def test_hours_of_hardly_any_notes_are_not_rendered(tmp_path: Path) -> None:
    notes = make_notes([(0.0, 1.0, 60, 64), (5400.0, 5401.0, 62, 64)])
    save_review_page(
        tmp_path / "page.html", replace(empty_review(), performance=Performance.create(notes))
    )
    data = data_of(read_page(tmp_path / "page.html"))
    assert data["media"]["mime"] == ""
    assert "The sound is left out: 90 minutes for 2 notes are mostly pauses." in data["absent"]


def test_motions_stand_in_the_page_and_unfit_ones_do_not(tmp_path: Path) -> None:
    motion = make_motion(1.0)
    path = tmp_path / "page.html"
    review = replace(empty_review(), seen=motion, played_motion=motion, suggested_motion=motion)
    save_review_page(path, review)
    blocks = read_page(path)
    data = data_of(blocks)
    # Nothing says which notes the suggested hands play.
    assert set(data["motions"]) == {"seen", "played"}
    assert [data["motions"][name]["simulated"] for name in ("seen", "played")] == [False, True]
    packed = zlib.decompress(base64.b64decode(blocks.blocks["duemani-played"]))
    assert len(packed) == 2 * 2 * 52 * data["motions"]["played"]["frames"]
    assert blocks.blocks.get("duemani-suggested", "") == ""


def film_file(path: Path, rotation: int = 0, seconds: int = 2) -> Path:
    """White above, black below; grey in the second second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 640, 960, "yuv420p"
        for at in range(10 * seconds):
            picture = np.zeros((960, 640, 3), np.uint8)
            picture[:480] = 255
            if at >= 10:
                picture[...] = 128
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def decoded(data: bytes) -> list[tuple[float, np.ndarray]]:
    import io

    with av.open(io.BytesIO(data)) as container:
        return [
            (frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)
        ]


def test_film_is_small_and_in_time(tmp_path: Path) -> None:
    path = film_file(tmp_path / "film.mp4")
    assert video_length_sec(path) == pytest.approx(2.0, abs=0.11)
    sound = [np.zeros((2, 44_100), np.float32), np.full((2, 44_100), 0.1, np.float32)]
    film = small_film(path, 2.0, sound, 44_100)
    assert film.size_px == (480, 720)
    frames = decoded(film.data)
    assert len(frames) == 20
    assert frames[0][0] == pytest.approx(0, abs=0.01)
    assert frames[0][1][:300].mean() > 230
    assert frames[0][1][400:].mean() < 30
    assert frames[-1][1].mean() == pytest.approx(128, abs=8)
    later = decoded(small_film(path, 1.0, None, 44_100, start_sec=1.0).data)
    assert len(later) == 10
    assert later[0][1].mean() == pytest.approx(128, abs=8)


def test_film_too_long_or_broken_is_left_out_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film at all" * 100)
    path = tmp_path / "page.html"
    save_review_page(path, replace(empty_review(), video=broken))
    assert any("film is left out" in sentence for sentence in data_of(read_page(path))["absent"])
    monkeypatch.setattr(review_video, "MAX_BYTES", 20_000)
    film = film_file(tmp_path / "film.mp4")
    save_review_page(path, replace(empty_review(), video=film))
    absent = data_of(read_page(path))["absent"]
    assert any("more than the" in sentence for sentence in absent)
    with pytest.raises(InputError, match="minutes"):
        small_film(film, 3600.0, None, 44_100)


def test_page_with_a_film(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    save_review_page(path, replace(empty_review(), video=film_file(tmp_path / "film.mp4")))
    blocks = read_page(path)
    media = data_of(blocks)["media"]
    assert (media["mime"], media["film"]) == ("video/mp4", [480, 720])
    assert len(decoded(base64.b64decode(blocks.blocks["duemani-media"]))) == 20
