"""All pages at desktop and phone size: read by axe-core, reached by fingers and keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

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
AXE = Path(__file__).parents[3] / "web" / "node_modules" / "axe-core" / "axe.min.js"
READY = {"perform": "window.duemani?.ready", "review": "window.duemaniReview?.ready", "finger": ""}
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
SMALL = """[...document.querySelectorAll('button, select, input, [role=slider]')].filter(one => {
  const hit = one.type === 'checkbox' ? one.closest('label') : one;
  const box = hit.getBoundingClientRect();
  return one.checkVisibility() && !one.closest('dialog, #strip, li h3') && box.height < 43.5;
}).map(one => one.id || one.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with opened_browser() as one:
        yield one


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    paths = {name: folder / f"{name}.html" for name in READY}
    save_page(paths["perform"], played_notes(), playing_hands(1.4), title="Étude", chips=["made"])
    save_fingered(paths["finger"], finger(demo_score()), "all")
    motion = make_motion(4.0)
    review = made_review((motion, None, None))
    recording = sound_file(folder / "take.wav")
    save_review_page(paths["review"], replace(review, recording=recording))
    return paths


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("name", list(READY))
def test_axe_finds_nothing_serious(tab: Tab, pages: dict[str, Path], name: str, size: str) -> None:
    if not AXE.is_file():
        pytest.skip("needs the npm package axe-core in web/ (python tools/check_web.py)")
    tab.size(*SIZES[size])
    tab.open(pages[name], READY[name])
    tab.run(AXE.read_text(encoding="utf-8") + "; true")
    found = tab.run("axe.run().then(result => result.violations)")
    serious = [
        (one["id"], [(node["html"][:120], node["failureSummary"][:200]) for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("name", list(READY))
def test_fingers_meet_every_control_on_a_phone(tab: Tab, pages: dict[str, Path], name: str) -> None:
    tab.size(*SIZES["phone"])
    tab.open(pages[name], READY[name])
    if name == "perform":
        tab.click("#show")
    assert tab.run(SMALL) == []


def test_volume_mute_and_help_are_there_on_a_phone(tab: Tab, pages: dict[str, Path]) -> None:
    tab.size(*SIZES["phone"])
    for name, wanted in (("perform", ["volume", "mute", "help"]), ("review", ["mute", "help"])):
        tab.open(pages[name], READY[name])
        for one in wanted:
            assert tab.run(f"document.getElementById('{one}').checkVisibility()"), one
            box = tab.run(f"document.getElementById('{one}').getBoundingClientRect().toJSON()")
            assert box["left"] >= 0, one
            assert box["right"] <= SIZES["phone"][0], one
            assert box["bottom"] <= SIZES["phone"][1], one


def test_the_first_remark_is_seen_at_once_on_a_phone(tab: Tab, pages: dict[str, Path]) -> None:
    tab.size(*SIZES["phone"])
    tab.open(pages["review"], READY["review"])
    tab.run("document.fonts.ready.then(() => true)")
    text = "document.querySelector('#remark-list li h3').getBoundingClientRect().bottom"
    transport = "document.getElementById('transport').getBoundingClientRect().top"
    assert tab.run(text) < tab.run(transport)


def test_a_loop_that_is_switched_off_keeps_its_ends(tab: Tab, pages: dict[str, Path]) -> None:
    tab.size(*SIZES["desktop"])
    tab.open(pages["perform"], READY["perform"])
    ends = "['loop-a', 'loop-b'].map(id => document.getElementById(id).classList.contains('set'))"
    tab.run("window.duemani.seek(0.3)")
    tab.key("[")
    tab.run("window.duemani.seek(0.9)")
    tab.key("]")
    tab.key("l")
    tab.until("document.getElementById('loop').getAttribute('aria-pressed') === 'false'")
    assert tab.run(ends) == [True, True]
    tab.key("End")
    assert tab.run("window.duemani.state().timeSec") > 1.3
    tab.key("Home")
    assert tab.run("window.duemani.state().timeSec") == 0


def test_the_same_keys_mean_the_same_in_the_review(tab: Tab, pages: dict[str, Path]) -> None:
    tab.size(*SIZES["desktop"])
    tab.open(pages["review"], READY["review"])
    state = "window.duemaniReview.state()"
    tab.key("End")
    assert tab.run(f"{state}.timeSec") == pytest.approx(tab.run(f"{state}.durationSec"))
    tab.key("Home")
    assert tab.run(f"{state}.timeSec") == 0
    tab.key("n")  # falling notes: no remark is chosen by it
    assert tab.run(f"{state}.chosen") is None
    tab.key("j")
    assert tab.run(f"{state}.chosen") == 0
