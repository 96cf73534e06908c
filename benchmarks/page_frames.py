"""How fast a page moves where no graphics card helps: python -m benchmarks.page_frames [PAGE ...]

Plays pages of `perform` (the demo's without any) at 1280 x 720 in Chromium with its software
renderer (SwiftShader) on two cores, as a laptop without a GPU would, lets the picture become
simpler by itself for some seconds, then counts the frames drawn in ten more. Prints what else
loaded the machine, and writes pictures of what it looked like then with `--pictures FOLDER`.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from duemani.verbs.demo import demo_score
from duemani.verbs.perform import perform, save_performed
from tests.helpers.browser import Tab, opened_browser

_SIZE = (1280, 720)
_SETTLING_SEC, _COUNTED_SEC = 25.0, 10.0
_COUNT = """new Promise(done => {
  const times = [];
  const tick = now => {
    times.push(now);
    if (now - times[0] < %f) requestAnimationFrame(tick); else done(times);
  };
  requestAnimationFrame(tick);
})"""


def measured(tab: Tab, page: Path, camera: str) -> dict[str, Any]:
    """Frames a second and the slowest of a hundred frames [ms], once the picture has settled."""
    tab.size(*_SIZE)
    tab.open(page, "window.duemani?.ready")
    tab.run(f"window.duemani.camera('{camera}')")
    tab.run("window.duemani.play()")
    tab.page.wait_for_timeout(1000 * _SETTLING_SEC)
    if not tab.run("window.duemani.state().playing"):
        tab.run("window.duemani.seek(0), window.duemani.play()")
    times = tab.run(_COUNT % (1000 * _COUNTED_SEC))
    gaps = [after - before for before, after in itertools.pairwise(times)]
    state = tab.run("window.duemani.state()")
    return {
        "per_sec": 1000 / statistics.mean(gaps),
        "slow_ms": statistics.quantiles(gaps, n=100)[-1],
        **{name: state[name] for name in ("coarseness", "playing", "timeSec")},
    }


def main() -> None:
    """Print a row a page and camera."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", type=Path, nargs="*")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--cameras", nargs="+", default=["player"])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pages = chosen.pages
        if not pages:
            pages = [Path(folder) / "demo.html"]
            take, motion = perform(demo_score())
            save_performed(pages[0], take, motion)
        print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        print("| page | camera | frames a second | slowest of 100 [ms] | times made simpler |")
        print("|---|---|---|---|---|")
        for page in pages:
            for camera in chosen.cameras:
                with opened_browser() as tab:
                    row = measured(tab, page, camera)
                    if chosen.pictures:
                        chosen.pictures.mkdir(parents=True, exist_ok=True)
                        tab.run("window.duemani.pause()")
                        tab.page.screenshot(path=chosen.pictures / f"{page.stem}-{camera}.png")
                print(
                    f"| {page.stem} | {camera} | {row['per_sec']:.1f} | {row['slow_ms']:.0f}"
                    f" | {row['coarseness']} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
