"""The review's page in a real browser: clicked through as a reader would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from duemani.outputs.page.review_page import save_review_page
from duemani.report import Review
from tests.helpers.browser import Tab, opened_browser
from tests.helpers.pages import make_motion
from tests.helpers.reviews import audio_review, made_review, sound_file

pytestmark = pytest.mark.browser
READY = "window.duemaniReview?.ready"
STATE = "window.duemaniReview.state()"


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with opened_browser() as one:
        yield one


def saved(folder: Path, review: Review) -> Path:
    recording = sound_file(folder / "take.wav")
    save_review_page(folder / "review.html", replace(review, recording=recording))
    return folder / "review.html"


@pytest.fixture(scope="module")
def page(tab: Tab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without hands: drawing them in software, picture for picture, takes most of the time."""
    return saved(tmp_path_factory.mktemp("page"), made_review())


@pytest.fixture(scope="module")
def page_with_hands(tab: Tab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    motion = make_motion(4.0)
    return saved(tmp_path_factory.mktemp("hands"), made_review((motion, motion, motion)))


@pytest.fixture(autouse=True)
def no_problems(tab: Tab) -> Iterator[None]:
    yield
    problems, tab.problems = tab.problems, []
    assert problems == []


def test_a_remark_is_heard_and_seen(tab: Tab, page: Path) -> None:
    tab.open(page, READY)
    assert tab.run(f"{STATE}.timeSec") == 0
    assert tab.run("document.querySelectorAll('#sheet .marked').length") == 0
    tab.click("#remark-list li:nth-child(3) .choose")
    review = made_review()
    remark = review.remarks[2]
    state = tab.run(STATE)
    assert state["chosen"] == 2
    from_sec, to_sec = state["loop"]
    assert from_sec <= remark.start_sec + 0.01
    assert to_sec >= remark.end_sec - 0.01
    assert from_sec > 1
    tab.until(f"{STATE}.playing && {STATE}.timeSec > {from_sec + 0.05}")
    assert tab.run(f"{STATE}.timeSec") < to_sec + 1
    # Its notes light up in the score, in both widths.
    assert review.note_numbers is not None
    numbers = {str(review.note_numbers[at]) for at in remark.notes}
    lit = "[...document.querySelectorAll('#sheet .marked')].map(one => one.dataset.note)"
    assert set(tab.run(lit)) == numbers
    assert tab.run("document.querySelector('li.chosen .choose').textContent") == remark.title
    # The cursor stands in the system that is heard, where it can be seen.
    assert tab.run(
        """(() => {
          const cursor = [...document.querySelectorAll('.wide .cursor')].find(one => !one.hidden);
          const [box, sheet] = [cursor, document.getElementById('sheet')].map(
            one => one.getBoundingClientRect());
          return box.x > sheet.x && box.right < sheet.right && box.bottom > sheet.y;
        })()"""
    )
    tab.click("#remark-list li:nth-child(3) .listen")  # again: it stops
    tab.until(f"!{STATE}.playing")


def test_playing_looping_and_keys(tab: Tab, page: Path) -> None:
    tab.open(page, READY)
    tab.click("#play")
    tab.until(f"{STATE}.playing && {STATE}.timeSec > 0.2")
    tab.click("#play")
    tab.until(f"!{STATE}.playing")
    tab.run("document.activeElement.blur()")
    before = tab.run(f"{STATE}.timeSec")
    tab.key("ArrowRight")
    assert tab.run(f"{STATE}.timeSec") == pytest.approx(before + 5, abs=0.05)
    tab.key("ArrowDown")
    assert tab.run(f"{STATE}.rate") == pytest.approx(0.95)
    tab.key("l")
    bars = made_review().bars
    loop = tab.run(f"{STATE}.loop")
    assert any(loop == pytest.approx([bar.start_sec, bar.end_sec], abs=0.01) for bar in bars)
    tab.until("document.getElementById('loop-text').textContent.startsWith('Looping bar')")
    # Beyond its end a loop starts again.
    tab.run(f"window.duemaniReview.seek({loop[1] - 0.05})")
    tab.run("window.duemaniReview.play()")
    tab.until(f"{STATE}.timeSec < {loop[0] + 0.6 * (loop[1] - loop[0])}")
    tab.run("window.duemaniReview.pause()")
    tab.key("j")
    assert tab.run(f"{STATE}.chosen") == 0
    tab.key("Escape")
    assert tab.run(f"{STATE}.chosen") is None
    assert tab.run(f"{STATE}.loop") is None


def test_filters(tab: Tab, page: Path) -> None:
    tab.open(page, READY)
    remarks = made_review().remarks
    titles = "[...document.querySelectorAll('#remark-list .choose')].map(one => one.textContent)"
    assert tab.run(titles) == [remark.title for remark in remarks]
    tab.click('#filters [data-kind="fingering"]')
    assert tab.run(titles) == [one.title for one in remarks if one.kind == "fingering"]
    tab.click('#filters [data-kind="praise"]')
    assert tab.run(titles) == [one.title for one in remarks if one.praise]
    assert "done well" in tab.run("document.querySelector('#remark-list li').textContent")
    tab.click('#filters [data-kind="all"]')
    tab.run(
        "document.getElementById('order').value = 'time';"
        "document.getElementById('order').dispatchEvent(new Event('change'))"
    )
    in_time = sorted(remarks, key=lambda remark: remark.start_sec)
    assert tab.run(titles) == [remark.title for remark in in_time]


def test_fingers_are_compared_in_3d(tab: Tab, page_with_hands: Path) -> None:
    tab.open(page_with_hands, READY)
    tab.click("#remark-list li:nth-child(1) button.compare")
    tab.until("document.querySelectorAll('#screen.compare canvas').length === 2", 120)
    assert tab.run(f"{STATE}.view") == "compare"
    assert tab.run(f"{STATE}.chosen") == 0
    captions = "[...document.querySelectorAll('#screen figcaption')].map(one => one.textContent)"
    assert tab.run(captions) == ["as played · simulated", "as suggested · simulated"]
    tab.run("window.duemaniReview.pause()")
    tab.click('[data-view="seen"]')
    tab.until("document.querySelector('#screen figcaption')?.textContent === 'as filmed'", 120)


def test_a_note_tells_what_is_known(tab: Tab, page: Path) -> None:
    tab.open(page, READY)
    review = made_review()
    assert review.note_numbers is not None
    at = 20
    tab.click(f'.wide [data-note="{review.note_numbers[at]}"] .notehead')
    onset = float(review.performance.notes["onset_sec"][at])
    assert tab.run(f"{STATE}.timeSec") == pytest.approx(onset, abs=0.01)
    line = tab.run("document.getElementById('note-line').textContent")
    assert "hand" in line
    assert "velocity" in line


def test_marks_and_bars(tab: Tab, page: Path) -> None:
    tab.open(page, READY)
    count = "document.querySelectorAll('.wide .mark.{}').length"
    assert tab.run(count.format("missing")) == 1
    assert tab.run(count.format("extra")) == 2
    tab.click("#bars-details summary")
    tab.click("#bar-table tbody tr:nth-child(5) td")
    bar = made_review().bars[4]
    assert tab.run(f"{STATE}.loop") == pytest.approx([bar.start_sec, bar.end_sec], abs=0.01)
    tab.run("window.duemaniReview.pause()")


def test_it_prints(tab: Tab, page: Path) -> None:
    tab.open(page, READY)
    tab.page.emulate_media(media="print")
    shown = "(id => document.getElementById(id).getClientRects().length > 0)('{}')"
    for name in ("remarks", "sheet", "charts", "bar-table", "evidence", "cannot"):
        if name == "bar-table":
            tab.run("dispatchEvent(new Event('beforeprint'))")
        assert tab.run(shown.format(name)), name
    for name in ("transport", "lanes", "filters"):
        assert not tab.run(shown.format(name)), name
    tab.page.emulate_media(media="null")
    pdf = tab.pdf()
    assert pdf.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 2 <= pages <= 8


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(tab: Tab, page: Path, width: int) -> None:
    tab.size(width, 844)
    try:
        tab.open(page, READY)
        assert tab.run("document.documentElement.scrollWidth") <= width
        tab.click("#remark-list li:nth-child(2) .choose")
        tab.until(f"{STATE}.playing")
        tab.run("window.duemaniReview.pause()")
    finally:
        tab.size(1280, 800)


def test_without_score_and_hands(tab: Tab, tmp_path: Path) -> None:
    tab.open(saved(tmp_path, audio_review()), READY)
    assert tab.run("document.getElementById('stage').hidden")
    assert tab.run("document.getElementById('listeners').hidden")
    assert tab.run("document.querySelectorAll('#sheet .wide .roll [data-note]').length") >= 143
    assert tab.run("document.querySelectorAll('#sheet .fing').length") == 0
    tab.click("#remark-list li:nth-child(1) .choose")
    tab.until(f"{STATE}.playing && {STATE}.timeSec > 1")
    assert "No score was given" in tab.run("document.getElementById('lacking').textContent")
