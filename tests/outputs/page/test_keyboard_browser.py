"""All pages by keyboard alone, and with less motion where the reader wants less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from duemani.outputs.page.perform_page import save_page
from duemani.outputs.page.review_page import save_review_page
from duemani.verbs.demo import demo_score
from duemani.verbs.finger import finger, save_fingered
from tests.helpers.browser import Tab, opened_browser
from tests.helpers.hands import played_notes, playing_hands
from tests.helpers.pages import make_motion
from tests.helpers.reviews import made_review, sound_file

pytestmark = pytest.mark.browser
READY = {"perform": "window.duemani?.ready", "review": "window.duemaniReview?.ready", "finger": ""}
# What can be used: numbered in the page's order, groups of radio-like buttons (the strip) once.
NUMBER = """(() => {
  const all = [...document.querySelectorAll('button, select, input, summary, a[href], [tabindex]')]
    .filter(one => one.checkVisibility({ visibilityProperty: true }) && one.tabIndex >= 0
      && !one.disabled && !one.closest('dialog'));
  all.forEach((one, at) => (one.dataset.order = at));
  return all.length;
})()"""
# Where the focus is, and what shows it there: a change of its outline, stroke or background.
FOCUSED = """(() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one);
  const text = one.querySelector('text, i');
  const inner = text && getComputedStyle(text);
  const box = (text ?? one).getBoundingClientRect();
  const middle = [box.x + box.width / 2, box.y + box.height / 2];
  const panel = document.getElementById('panel')?.getBoundingClientRect();
  return {
    order: Number(one.dataset.order), id: one.id || one.className.baseVal || one.className
      || one.dataset.camera,
    ring: style.outlineStyle !== 'none' ? parseFloat(style.outlineWidth) : 0,
    inner: inner ? inner.stroke + inner.backgroundColor : '',
    seen: middle[0] >= 0 && middle[0] <= innerWidth && middle[1] >= 0 && middle[1] <= innerHeight,
    covered: Boolean(panel?.height) && !one.closest('#panel') && box.bottom > panel.top + 1,
  };
})()"""
RESTING = """(() => {
  const one = document.querySelector('[data-order="%d"]').querySelector('text, i');
  const style = one && getComputedStyle(one);
  return style ? style.stroke + style.backgroundColor : '';
})()"""
PERFORM = [
    "stage", "overhead", "player", "side", "show", "help", "about", "fullscreen", "overview",
    "play", "loop-a", "loop-b", "loop", "speed",
]  # fmt: skip


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with opened_browser() as one:
        yield one


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    paths = {name: folder / f"{name}.html" for name in READY}
    save_page(paths["perform"], played_notes(), playing_hands(1.4), title="Étude", chips=["made"])
    save_fingered(paths["finger"], finger(demo_score()), "sparse")
    motion = make_motion(4.0)
    recording = sound_file(folder / "take.wav")
    review = replace(made_review((motion, None, None)), recording=recording)
    save_review_page(paths["review"], review)
    return paths


def tabbed(tab: Tab, most: int) -> list[dict[str, Any]]:
    """What Tab reaches, until it leaves the page."""
    reached: list[dict[str, Any]] = []
    while len(reached) < most:
        tab.key("Tab")
        at = tab.run(FOCUSED)
        if at is None or (reached and at["order"] == reached[0]["order"]):
            break
        reached.append(at)
    return reached


@pytest.mark.parametrize("name", list(READY))
def test_tab_reaches_every_control_in_order_and_shows_where_it_is(
    tab: Tab, pages: dict[str, Path], name: str
) -> None:
    tab.size(1280, 800)
    tab.open(pages[name], READY[name])
    count = tab.run(NUMBER)
    assert count > 10
    resting = [tab.run(RESTING % at) for at in range(count)]
    reached = tabbed(tab, 2 * count)
    if name == "finger":  # a chosen note opens the panel, whose buttons come last
        assert [one["id"] for one in reached[-3:]] == ["back", "on", "close"]
        reached = reached[:-3]
    assert [one["order"] for one in reached] == list(range(count))
    for one in reached:
        assert one["ring"] >= 2 or one["inner"] != resting[one["order"]], one
        assert one["seen"], one
        assert not one["covered"], one
    if name == "perform":
        assert [one["id"].split(" ")[0] for one in reached][: len(PERFORM)] == PERFORM


def test_the_menu_is_used_by_keyboard(tab: Tab, pages: dict[str, Path]) -> None:
    tab.size(1280, 800)
    tab.open(pages["perform"], READY["perform"])
    shown = "!document.getElementById('menu').hidden"
    focused = "document.activeElement.id"
    tab.run("document.getElementById('show').focus()")
    tab.key("Enter")
    assert tab.run(shown)
    assert tab.run(focused) == "show-notes"
    tab.key("Space")
    assert tab.run("document.getElementById('show-notes').checked") is False
    assert tab.run("window.duemani.state().playing") is False
    tab.key("Escape")
    assert not tab.run(shown)
    assert tab.run(focused) == "show"
    tab.key("Enter")
    for _ in range(30):
        tab.key("Tab")
        if tab.run(focused) == "overview":
            break
    assert tab.run(focused) == "overview"
    assert not tab.run(shown)


def test_a_note_let_go_is_taken_up_again(tab: Tab, pages: dict[str, Path]) -> None:
    tab.size(1280, 800)
    tab.open(pages["finger"])
    open_panel = "!document.getElementById('panel').hidden"
    tab.run("document.querySelector('#wide .fing:not(.unneeded)').focus()")
    assert tab.run(open_panel)
    tab.key("Escape")
    assert not tab.run(open_panel)
    tab.key("Enter")
    assert tab.run(open_panel)


@pytest.mark.parametrize("name", list(READY))
def test_less_motion_where_it_is_wanted(tab: Tab, pages: dict[str, Path], name: str) -> None:
    moving = """[...document.querySelectorAll('*')].map(one => getComputedStyle(one)).filter(
      one => parseFloat(one.transitionDuration) || one.animationName !== 'none'
        || one.scrollBehavior === 'smooth').length"""
    smooth = """(() => {
      const asked = window.asked = [];
      for (const name of ['scrollIntoView', 'scrollTo']) {
        const real = Element.prototype[name];
        Element.prototype[name] = function (how) {
          asked.push(how?.behavior);
          return real.call(this, how);
        };
      }
      return true;
    })()"""
    tab.page.emulate_media(reduced_motion="reduce")
    try:
        tab.size(390, 844)
        tab.open(pages[name], READY[name])
        assert tab.run(moving) == 0
        tab.run(smooth)
        if name == "perform":
            assert not tab.run("document.getElementById('follow').checked")
        elif name == "review":
            for _ in range(3):
                tab.key("j")
            assert tab.run("window.asked.length") > 0
        else:
            tab.run("document.querySelector('#narrow .fing').focus()")
            tab.key("ArrowRight")
            assert tab.run("window.asked.length") > 0
        assert "smooth" not in tab.run("window.asked")
    finally:
        tab.page.emulate_media(reduced_motion="no-preference")
