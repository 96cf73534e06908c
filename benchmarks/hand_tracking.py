"""Hand tracking on real overhead pictures: `python -m benchmarks.hand_tracking [-s SHARED]`.

Recall and handedness on single frames with hand boxes (shared/data/images/overhead_frames), each
tracked as a film of one frame, without and with the band that the keyboard finder gives; and the
cost a frame on a film. A hit is the middle of the four knuckles inside the box. The least
presence was chosen on the even half of the frames; the kinds of regions and the weights of the vote
for left or right were chosen by looking at all of them, so neither half is unseen.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from duemani.inputs.film.filmed_hands import FilmedHands
from duemani.inputs.film.hands.search import playing_band
from duemani.inputs.film.hands.tracker import track_film
from duemani.inputs.film.keyboard.finder import find_keyboard
from duemani.media.film import Film
from duemani.performance import LEFT, RIGHT

KNUCKLES = [5, 9, 13, 17]
SIDES = {"left": LEFT, "right": RIGHT}
LONGEST_PX = 1280


@dataclass
class Tally:
    """Counts over frames: boxes, boxes hit, hits with the right name, hands outside boxes."""

    frames: int = 0
    boxes: int = 0
    hits: int = 0
    named: int = 0
    false: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.frames:4d} frames {self.boxes:4d} hands  "
            f"recall {self.hits / max(self.boxes, 1):.3f}  "
            f"handedness {self.named / max(self.hits, 1):.3f}  "
            f"false/frame {self.false / max(self.frames, 1):.3f}  "
            f"{1000 * self.seconds / max(self.frames, 1):.0f} ms CPU/frame"
        )

    def add(self, hands: FilmedHands, boxes: list[tuple[str, np.ndarray]], scale: float) -> None:
        """Count one frame."""
        self.frames += 1
        self.boxes += len(boxes)
        knuckles = hands.landmarks_px[:, 0, KNUCKLES].mean(axis=1) / scale
        seen = hands.confidence[:, 0] > 0
        used = np.zeros(2, bool)
        for side, (left, top, right, bottom) in boxes:
            inside = seen & (knuckles[:, 0] >= left) & (knuckles[:, 0] <= right)
            inside &= (knuckles[:, 1] >= top) & (knuckles[:, 1] <= bottom)
            used |= inside
            self.hits += bool(inside.any())
            self.named += bool(inside[SIDES[side]])
        self.false += int((seen & ~used).sum())


def _band(picture: np.ndarray) -> np.ndarray | None:
    view = find_keyboard(picture)
    return playing_band(view) if view is not None else None


def still_frames(folder: Path, with_band: bool) -> dict[str, Tally]:
    """Tallies by half and by how many hands a frame shows."""
    boxes: dict[str, list[tuple[str, np.ndarray]]] = defaultdict(list)
    with (folder / "boxes.csv").open() as file:
        for row in csv.DictReader(file):
            corners = np.array([float(row[key]) for key in ("xmin", "ymin", "xmax", "ymax")])
            boxes[row["frame"]].append((row["hand"], corners))
    tallies: dict[str, Tally] = defaultdict(Tally)
    banded = 0
    for path in sorted(folder.glob("*.jpg")):
        picture = cv2.imread(str(path))
        scale = min(LONGEST_PX / max(picture.shape[:2]), 1.0)
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        band = _band(picture) if with_band else None
        banded += band is not None
        start = time.process_time()
        hands = track_film([(0.0, picture)], band).hands
        spent = time.process_time() - start
        half = "even" if int(path.stem) // 2 % 2 == 0 else "odd"
        kinds = ["all", half, "two hands at most" if len(boxes[path.name]) <= 2 else "more hands"]
        for kind in kinds:
            tallies[kind].add(hands, boxes[path.name], scale)
            tallies[kind].seconds += spent
    if with_band:
        print(f"  band found in {banded} frames")
    return tallies


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-s", "--shared", type=Path, default=Path("../shared"))
    data = parser.parse_args().shared / "data"
    for with_band in (False, True):
        print("single frames,", "band of the keyboard finder" if with_band else "no band")
        for kind, tally in still_frames(data / "images/overhead_frames", with_band).items():
            print(f"  {kind:18s} {tally}")
    film = Film(data / "video/overhead_concert_grand.mp4")
    start, begin = time.process_time(), time.perf_counter()
    hands = track_film(film).hands
    cost = 1000 * np.array([time.process_time() - start, time.perf_counter() - begin])
    seen = (hands.confidence > 0).mean(axis=1)
    print(f"film: {hands.frame_count} frames, {cost[0] / hands.frame_count:.0f} ms CPU/frame,")
    print(f"  {cost[1] / hands.frame_count:.0f} ms/frame by the clock, decoding included")
    print(f"  left hand seen in {seen[LEFT]:.1%}, right hand in {seen[RIGHT]:.1%}")


if __name__ == "__main__":
    main()
