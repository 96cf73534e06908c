"""A page in the system's Chromium, driven by Playwright, which downloads no browser."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--no-sandbox",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--autoplay-policy=no-user-gesture-required",
)


class Tab:
    """One page. `problems` holds every error that it threw or wrote to the console, and every
    request that would have left this machine."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.problems: list[str] = []
        page.set_default_timeout(150_000)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._notice)
        page.on("request", self._watch)

    def _notice(self, message: Any) -> None:
        if message.type in ("error", "assert"):
            self.problems.append(message.text)

    def _watch(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.problems.append(f"request to {request.url}")

    def size(self, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})

    def open(self, path: Path, ready: str = "") -> None:
        """Load a file and wait for a promise of the page, given as an expression."""
        self.page.goto(path.as_uri())
        if ready:
            self.until(f"Boolean({ready})", 150)
            self.run(f"{ready}.then(() => true)")

    def run(self, script: str) -> Any:
        """Value of an expression; a promise is waited for."""
        return self.page.evaluate(script)

    def until(self, condition: str, timeout_sec: float = 40.0) -> None:
        """Wait until an expression is true.

        Playwright's own waiting evaluates text within the page, which the page's policy forbids.
        """
        end = time.monotonic() + timeout_sec
        while not self.run(condition):
            assert time.monotonic() < end, f"never true: {condition}; {self.problems}"
            self.page.wait_for_timeout(50)

    def click(self, selector: str) -> None:
        """A true click in the middle of the first such element, which must be what lies there."""
        self.page.locator(selector).first.click()

    def key(self, key: str) -> None:
        self.page.keyboard.press(key)

    def pdf(self) -> bytes:
        made: bytes = self.page.pdf(print_background=True, prefer_css_page_size=True)
        return made


@contextmanager
def opened_browser() -> Iterator[Tab]:
    """A browser with an empty profile, ended with the block; the test is skipped without one."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield Tab(browser.new_page(viewport={"width": 1280, "height": 800}))
        finally:
            browser.close()
