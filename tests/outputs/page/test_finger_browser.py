"""The page of `finger` in a real browser: a note is chosen, told, and let go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from duemani.verbs.demo import demo_score
from duemani.verbs.finger import finger, save_fingered
from tests.helpers.browser import Tab, opened_browser

pytestmark = pytest.mark.browser
CHOSEN = "[...document.querySelectorAll('#wide .fing.chosen')].map(one => one.dataset.of)"
SHOWN = "!document.getElementById('panel').hidden"


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with opened_browser() as one:
        yield one


@pytest.fixture(scope="module")
def page(tab: Tab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    save_fingered(path, finger(demo_score()), "all")
    return path


def test_a_note_is_chosen_and_let_go(tab: Tab, page: Path) -> None:
    tab.open(page)
    assert not tab.run(SHOWN)
    tab.click("#wide .fing")
    first = tab.run(CHOSEN)
    assert len(first) == 1
    assert tab.run(SHOWN)
    assert "bar" in tab.run("document.getElementById('where').textContent")
    assert tab.run("document.getElementById('chances').children.length") == 3
    tab.key("ArrowRight")
    second = tab.run(CHOSEN)
    assert len(second) == 1
    assert second != first
    tab.key("ArrowLeft")
    assert tab.run(CHOSEN) == first
    tab.key("Escape")
    assert not tab.run(SHOWN)
    assert tab.run(CHOSEN) == []
    assert tab.problems == []


def test_fingers_that_a_player_needs_and_bars(tab: Tab, page: Path) -> None:
    tab.open(page)
    shown = (
        "[...document.querySelectorAll('#wide .fing')]"
        ".filter(one => getComputedStyle(one).visibility === 'visible').length"
    )
    every = tab.run(shown)
    tab.click("#few")
    assert 0 < tab.run(shown) < every
    tab.click("#strip button:nth-child(5)")
    assert tab.run("document.getElementById('where').textContent").split("difficulty")[0]
    assert len(tab.run(CHOSEN)) == 1
    assert tab.problems == []
