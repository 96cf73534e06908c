"""The page of `perform` in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from duemani.outputs.keys_down import key_depths
from duemani.outputs.page.perform_page import save_page
from tests.helpers.browser import Tab, opened_browser
from tests.helpers.hands import played_notes, playing_hands
from tests.helpers.pages import make_motion, make_performance

pytestmark = pytest.mark.browser
READY = "window.duemani?.ready"


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with opened_browser() as one:
        one.size(320, 240)
        yield one


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    save_page(path, make_performance(), make_motion(), title="<b>Étude</b>")
    return path


def test_it_starts_and_plays_with_no_error_and_no_request(tab: Tab, page: Path) -> None:
    tab.open(page, READY)
    assert tab.run("window.duemani.state().playing") is False
    tab.key("Space")
    tab.until("window.duemani.state().playing && window.duemani.state().timeSec > 0.1", 120)
    tab.key("Space")
    tab.until("!window.duemani.state().playing")
    assert tab.problems == []


def test_it_poses_the_hands_as_python_does(tab: Tab, page: Path) -> None:
    motion, times = make_motion(), [0.0, 0.7, 1.75]
    tab.open(page, READY)
    assert tab.run("document.getElementById('title').textContent") == "<b>Étude</b>"
    poses, depths = [], []
    for time in times:
        tab.run(f"window.duemani.seek({time})")
        poses.append(tab.run("window.duemani.landmarks()"))
        depths.append(np.array(tab.run("window.duemani.keyDepths()")))
    assert tab.run("window.duemani.state().drawCalls") < 40
    frames = [round(time * motion.frame_rate) for time in times]
    expected = motion.landmarks_m[:, frames].transpose(1, 0, 2, 3)
    np.testing.assert_allclose(np.array(poses), expected, atol=1.5e-4)
    assert not np.any(depths)  # no finger comes near, so no key is down, whatever notes sound
    assert tab.problems == []


def test_keys_go_down_as_in_film_and_gltf(tab: Tab, tmp_path: Path) -> None:
    motion, notes = playing_hands(1.4), played_notes()
    hidden = replace(motion, tracked=motion.tracked & [[False], [True]])
    frames = range(0, motion.frame_count, 5)
    for one in (motion, hidden):
        path = tmp_path / "keys.html"
        save_page(path, notes, one, title="t")
        tab.open(path, READY)
        rows = []
        for frame in frames:
            tab.run(f"window.duemani.seek({frame / motion.frame_rate})")
            rows.append(tab.run("window.duemani.keyDepths()"))
        expected = key_depths(one, notes)[list(frames)]
        assert (expected > 0.004).any()
        np.testing.assert_allclose(np.array(rows), expected, atol=5e-4)
    assert tab.problems == []
