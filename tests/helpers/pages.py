"""Pages in tests: what is put into them, and what is read out of their blocks."""

from __future__ import annotations

import base64
import json
import zlib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np

from duemani.motion import HandMotion
from duemani.performance import Performance, make_notes
from duemani.skeleton import MEDIUM_BONE_LENGTHS_M, pose_landmarks, rotations_from_angles

ROWS = [(0.5, 1.0, 60, 80), (0.5, 1.25, 64, 70), (1.5, 2.0, 39, 100), (2.0, 2.5, 108, 1)]


def make_performance() -> Performance:
    performance = Performance.create(
        make_notes(ROWS),
        np.array([(0.4, 127), (1.4, 0)], dtype=[("time_sec", "f8"), ("value", "i2")]),
    )
    return performance.with_fingers(np.array([1, 1, 0, -1]), np.array([1, 3, 5, 0]))


def make_motion(seconds: float = 3.0, frame_rate: float = 60.0) -> HandMotion:
    """Both hands sway and bend their fingers; not meant to strike anything."""
    frames = round(seconds * frame_rate) + 1
    time = np.arange(frames) / frame_rate
    wrist = np.zeros((2, frames, 3))
    rotations = np.zeros((2, frames, 16, 3))
    for hand in range(2):
        wrist[hand] = [0.45 + 0.35 * hand, -0.06, 0.13]
        wrist[hand, :, 0] += 0.1 * np.sin(2 * time + hand)
        angles = np.zeros((frames, 16, 3))
        angles[:, 1:13:3, 0] = 0.35 + 0.2 * np.sin(5 * time)[:, None]
        angles[:, 2:13:3, 0] = 0.7
        angles[:, 3:13:3, 0] = 0.4
        angles[:, 0, 1] = 0.2 * np.sin(time)
        rotations[hand] = rotations_from_angles(angles, hand)
    bones = np.stack([MEDIUM_BONE_LENGTHS_M, MEDIUM_BONE_LENGTHS_M * 1.1])
    return HandMotion(
        frame_rate=frame_rate,
        wrist_m=wrist,
        rotations_rad=rotations,
        landmarks_m=pose_landmarks(wrist, rotations, bones),
        tracked=np.ones((2, frames), bool),
        bone_lengths_m=bones,
        provenance={"motion_model": "test <sway>", "seed": 3},
    )


class Blocks(HTMLParser):
    """Collects the page's data blocks, its title and every script that would run."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: dict[str, str] = {}
        self.scripts: list[str] = []
        self.title = ""
        self._at = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._at = tag
        if tag == "script":
            self._at = dict(attrs).get("id") or "script"
            if self._at == "script":
                self.scripts.append("")
                assert dict(attrs).get("src") is None

    def handle_endtag(self, tag: str) -> None:
        self._at = ""

    def handle_data(self, data: str) -> None:
        if self._at == "title":
            self.title += data
        elif self._at == "script":
            self.scripts[-1] += data
        elif self._at.startswith("duemani-"):
            self.blocks[self._at] = self.blocks.get(self._at, "") + data


def read_page(path: Path) -> Blocks:
    blocks = Blocks()
    blocks.feed(path.read_text(encoding="utf-8"))
    return blocks


def unpack(blocks: Blocks) -> tuple[dict, np.ndarray]:
    """The page's data and its motion channels, as the page itself decodes them."""
    data = json.loads(blocks.blocks["duemani-data"])
    packed = zlib.decompress(base64.b64decode(blocks.blocks["duemani-motion"]))
    steps = np.frombuffer(packed, "<i2").reshape(2, 52, data["motion"]["frames"])
    return data, np.cumsum(steps, axis=2, dtype="i2")
