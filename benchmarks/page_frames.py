"""How fast a page moves where no graphics card helps: python -m benchmarks.page_frames [PAGE ...]

Plays pages of `perform` (the demo's without any) at 1280 x 720 in Chromium with its software
renderer (SwiftShader), as a laptop without a GPU would, lets the picture become simpler by itself,
then counts the frames drawn in eight seconds. Beside them stands what a frame cost all of
Chromium's processes in processor time, which depends less on what else the machine does: two free
cores that share the work draw at most 2000 / that a second. `--pictures FOLDER` keeps what it
looked like.
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
_SETTLING_SEC, _COUNTED_SEC = 15.0, 8.0
_COUNT = """new Promise(done => {
  const times = [];
  const tick = now => {
    times.push(now);
    if (now - times[0] < %f) requestAnimationFrame(tick); else done(times);
  };
  requestAnimationFrame(tick);
})"""


def measured(tab: Tab, page: Path, camera: str) -> dict[str, Any]:
    """Frames a second, the slowest of a hundred, processor time a frame [ms], times simplified."""
    tab.size(*_SIZE)
    tab.open(page, "window.duemani?.ready")
    tab.run(f"window.duemani.camera('{camera}')")
    tab.run("window.duemani.play()")
    tab.page.wait_for_timeout(1000 * _SETTLING_SEC)
    tab.run("window.duemani.seek(1), window.duemani.play()")
    before_sec = _children_cpu_sec()
    times = tab.run(_COUNT % (1000 * _COUNTED_SEC))
    cpu_sec = _children_cpu_sec() - before_sec
    gaps = [after - before for before, after in itertools.pairwise(times)]
    state = tab.run("window.duemani.state()")
    if not state["playing"]:  # frames of a page that stands still cost nothing
        raise SystemExit(f"{page} is too short: {_COUNTED_SEC + 1:.0f} s are needed.")
    return {
        "per_sec": 1000 / statistics.mean(gaps),
        "slow_ms": statistics.quantiles(gaps, n=100)[-1],
        "cpu_ms": 1000 * cpu_sec / len(gaps),
        "coarseness": state["coarseness"],
    }


def _children_cpu_sec() -> float:
    """Processor time of all processes below this one so far (Linux)."""
    parent: dict[int, int] = {}
    used: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parent[int(folder.name)] = int(fields[1])
        used[int(folder.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    total = 0.0
    for process, cpu_sec in used.items():
        at = parent[process]
        while at > 1 and at != os.getpid():
            at = parent.get(at, 0)
        total += cpu_sec if at == os.getpid() else 0.0
    return total


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
        print("| page | camera | frames/s | slowest of 100 [ms] | CPU a frame [ms] | simplified |")
        print("|---|---|---|---|---|---|")
        for page, camera in itertools.product(pages, chosen.cameras):
            with opened_browser() as tab:
                row = measured(tab, page, camera)
                if chosen.pictures:
                    chosen.pictures.mkdir(parents=True, exist_ok=True)
                    tab.run("window.duemani.pause()")
                    tab.page.screenshot(path=chosen.pictures / f"{page.stem}-{camera}.png")
            cells = f"{row['per_sec']:.1f} | {row['slow_ms']:.0f} | {row['cpu_ms']:.0f}"
            print(f"| {page.stem} | {camera} | {cells} | {row['coarseness']} times |", flush=True)
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
