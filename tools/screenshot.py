"""Pictures of a page made by `duemani perform`, drawn by the system's Chromium without a screen.

python tools/screenshot.py PAGE.html OUT.png [CAMERA] [SECONDS] [WxH] [SCALE]
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking"]
DEFAULTS = ["player", "5", "1440x900", "1"]


def main(arguments: list[str]) -> None:
    if not 2 <= len(arguments) <= 6:
        sys.exit(__doc__)
    page, out, *rest = arguments
    camera, seconds, size, scale = rest + DEFAULTS[len(rest) :]
    width, height = map(int, size.split("x"))
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        sys.exit("there is no chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        tab = browser.new_page(
            viewport={"width": width, "height": height}, device_scale_factor=float(scale)
        )
        tab.on("pageerror", lambda problem: print(problem, file=sys.stderr))
        # Full quality in spite of software drawing.
        tab.goto(f"{Path(page).resolve().as_uri()}#full")
        tab.evaluate("window.duemani.ready")
        tab.evaluate("name => window.duemani.camera(name)", camera)
        tab.evaluate("time => window.duemani.seek(time)", float(seconds))
        tab.wait_for_timeout(500)
        tab.screenshot(path=out)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
