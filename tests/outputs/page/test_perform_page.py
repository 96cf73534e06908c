"""The page of `perform`: what is filled into its template."""

from __future__ import annotations

import base64
import html
from pathlib import Path

import numpy as np
import pytest

from duemani.errors import InputError
from duemani.outputs.page.perform_page import save_page
from duemani.skeleton import pose_landmarks
from tests.helpers.pages import make_motion, make_performance, read_page, unpack


def test_motion_survives_the_round_trip(tmp_path: Path) -> None:
    motion = make_motion()
    path = tmp_path / "page.html"
    save_page(path, make_performance(), motion, title="t")
    data, channels = unpack(read_page(path))
    meta = data["motion"]
    assert (meta["frames"], meta["frame_rate"]) == (motion.frame_count, 60.0)
    wrist = channels[:, 1:4].transpose(0, 2, 1) * meta["wrist_quantum_m"] + meta["wrist_origin_m"]
    turns = channels[:, 4:].transpose(0, 2, 1).reshape(2, -1, 16, 3) * meta["rotation_quantum_rad"]
    assert (channels[:, 0] == 1).all()
    np.testing.assert_allclose(wrist, motion.wrist_m, atol=2.1e-5)
    landmarks = pose_landmarks(wrist, turns, np.array(meta["bone_lengths_m"]))
    np.testing.assert_allclose(landmarks, motion.landmarks_m, atol=1.5e-4)


def test_notes_and_audio_survive_the_round_trip(tmp_path: Path) -> None:
    path, sound = tmp_path / "page.html", bytes(range(256)) * 5
    save_page(
        path, make_performance(), make_motion(), title="t", audio=sound, audio_mime="audio/mp4"
    )
    blocks = read_page(path)
    data, _ = unpack(blocks)
    assert base64.b64decode(blocks.blocks["duemani-audio"]) == sound
    assert data["audio_mime"] == "audio/mp4"
    assert data["notes"]["pitch"] == [60, 64, 39, 108]
    assert data["notes"]["hand"] == [1, 1, 0, -1]
    assert data["notes"]["finger"] == [1, 3, 5, 0]
    assert data["notes"]["sound_end_sec"][0] == pytest.approx(1.4)  # the pedal lifts there
    assert data["facts"] == [["motion model", "test <sway>"], ["seed", "3"]]
    assert data["duration_sec"] == pytest.approx(3.0)


@pytest.mark.parametrize(
    "title",
    [
        "</title><script>alert(1)</script>",
        "</script><script>alert(1)</script>.mp3",
        "<!--<script>",
        '"><img src=x onerror=alert(1)>',
        "__DUEMANI_AUDIO__ & __DUEMANI_DATA__",
        "a\udcffb",  # a file name that is not UTF-8
        "\\u003c/script> \u2028 ' \" & $& $1",
    ],
)
def test_titles_are_inert(tmp_path: Path, title: str) -> None:
    path = tmp_path / "page.html"
    save_page(
        path, make_performance(), make_motion(0.5), title=title, subtitle=title, chips=[title]
    )
    blocks = read_page(path)
    data, _ = unpack(blocks)
    shown = title.replace("\udcff", "?")
    assert (data["title"], data["subtitle"], data["chips"]) == (shown, shown, [shown])
    assert blocks.title == shown
    assert len(blocks.scripts) == 1
    assert html.escape(shown) in path.read_text(encoding="utf-8")


def test_page_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "page.html"
    with pytest.raises(InputError, match="cannot write"):
        save_page(path, make_performance(), make_motion(0.5), title="t")
    old = tmp_path / "page.html"
    old.write_text("before")
    save_page(old, make_performance(), make_motion(0.5), title="t")
    assert read_page(old).title == "t"
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]
