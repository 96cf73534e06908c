"""Finger numbers as they are drawn: on falling notes and in badges, at every quality."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from duemani.outputs.page.perform_page import save_page
from duemani.performance import Performance, make_notes
from tests.helpers.browser import Tab, opened_browser
from tests.helpers.colour import contrast, luminance
from tests.helpers.hands import playing_hands

pytestmark = pytest.mark.browser
READY = "window.duemani?.ready"
WANTED = 4.5
"""Contrast of text by WCAG 2.2, 1.4.3 (AA)."""


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with opened_browser() as one:
        yield one


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long notes of both hands on white and black keys, none struck at first."""
    rows = [(0.5 + 0.02 * at, 1.6, pitch, 1 + 40 * at) for at, pitch in enumerate((50, 54, 67, 73))]
    notes = make_notes(rows)
    notes["hand"], notes["finger"] = [0, 0, 1, 1], [5, 3, 1, 4]
    path = tmp_path_factory.mktemp("page") / "page.html"
    save_page(path, Performance.create(notes), playing_hands(2.0), title="Étude")
    return path


def picture(tab: Tab) -> np.ndarray:
    """What is shown (BGR)."""
    return cv2.imdecode(np.frombuffer(tab.page.screenshot(), np.uint8), cv2.IMREAD_COLOR)


def number_patches(tab: Tab) -> list[np.ndarray]:
    """The rectangles that change where finger numbers are switched off."""
    shown = picture(tab)
    tab.key("g")
    without = picture(tab)
    tab.key("g")
    changed = (np.abs(shown.astype(int) - without) > 24).any(-1).astype(np.uint8)
    joined = cv2.dilate(changed, np.ones((5, 5), np.uint8))
    count, _, boxes, _ = cv2.connectedComponentsWithStats(joined)
    return [
        shown[top : top + height, left : left + width]
        for left, top, width, height, area in boxes[1:count]
        if area > 60
    ]


@pytest.mark.parametrize("coarsenings", [0, 30])
def test_numbers_on_falling_notes_stand_out_at_every_quality(
    tab: Tab, page: Path, coarsenings: int
) -> None:
    tab.size(1280, 720)
    tab.open(page, READY)
    for _ in range(coarsenings):
        tab.run("window.duemani.coarsen()")
    patches = number_patches(tab)
    assert len(patches) == 4
    for patch in patches:
        light = luminance(patch)
        assert contrast(*np.quantile(light, (0.03, 0.85))) >= WANTED


def test_badges_stand_out(tab: Tab, page: Path) -> None:
    tab.size(1280, 720)
    tab.open(page, READY)
    found = tab.run(
        """['left', 'right'].map(name => {
          const one = document.querySelector('#labels span.' + name);
          const style = getComputedStyle(one);
          return [style.color, style.backgroundColor, parseFloat(style.fontSize)];
        })"""
    )
    for ink, ground, size_px in found:
        dark, light = (
            luminance(np.array([int(part) for part in text[4:-1].split(",")])[::-1])
            for text in (ink, ground)
        )
        assert contrast(float(dark), float(light)) >= WANTED
        assert size_px >= 11
