"""The web page: what is filled into the template, and that a browser plays it."""

from __future__ import annotations

import base64
import html
import json
import re
import shutil
import subprocess
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duemani.errors import InputError
from duemani.motion import HandMotion
from duemani.outputs.page import parts as page_parts
from duemani.outputs.page import perform_page as page
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


def test_template_was_built() -> None:
    """Without the built page nothing here would test anything: `make setup` builds it."""
    template = page_parts.template_text("viewer.html")
    for name in ("TITLE", "DATA", "MOTION", "AUDIO"):
        assert template.count(f"__DUEMANI_{name}__") == 1
    assert "__DUEMANI_SCRIPT_HASH__" not in template


def test_page_loads_nothing_from_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    page.save_page(path, make_performance(), make_motion(), title="t", audio=b"x" * 100)
    text = path.read_text(encoding="utf-8")
    # The one URL is the name of the HTML namespace, which is never fetched.
    assert set(re.findall(r"https?://[^\s\"'`<>)]*", text)) <= {"http://www.w3.org/1999/xhtml"}
    assert not re.search(r"<link[^>]+href=\"(?!data:)|<(img|iframe)\b|@import|url\((?!data:)", text)
    assert "default-src 'none'" in text
    assert "connect-src" not in text


def test_motion_survives_the_round_trip(tmp_path: Path) -> None:
    motion = make_motion()
    path = tmp_path / "page.html"
    page.save_page(path, make_performance(), motion, title="t")
    data, channels = unpack(read_page(path))
    meta = data["motion"]
    assert (meta["frames"], meta["frame_rate"]) == (motion.frame_count, 60.0)
    wrist = channels[:, 1:4].transpose(0, 2, 1) * meta["wrist_quantum_m"] + meta["wrist_origin_m"]
    turns = channels[:, 4:].transpose(0, 2, 1).reshape(2, -1, 16, 3) * meta["rotation_quantum_rad"]
    assert (channels[:, 0] == 1).all()
    np.testing.assert_allclose(wrist, motion.wrist_m, atol=2.1e-5)
    landmarks = pose_landmarks(wrist, turns, np.array(meta["bone_lengths_m"]))
    np.testing.assert_allclose(landmarks, motion.landmarks_m, atol=1.5e-4)


def test_notes_and_audio_survive_the_round_trip(tmp_path: Path) -> None:
    path, sound = tmp_path / "page.html", bytes(range(256)) * 5
    page.save_page(
        path, make_performance(), make_motion(), title="t", audio=sound, audio_mime="audio/mp4"
    )
    blocks = read_page(path)
    data, _ = unpack(blocks)
    assert base64.b64decode(blocks.blocks["duemani-audio"]) == sound
    assert data["audio_mime"] == "audio/mp4"
    assert data["notes"]["pitch"] == [60, 64, 39, 108]
    assert data["notes"]["hand"] == [1, 1, 0, -1]
    assert data["notes"]["finger"] == [1, 3, 5, 0]
    assert data["notes"]["sound_end_sec"][0] == pytest.approx(1.4)  # the pedal lifts there
    assert data["facts"] == [["motion model", "test <sway>"], ["seed", "3"]]
    assert data["duration_sec"] == pytest.approx(3.0)


@pytest.mark.parametrize(
    "title",
    [
        "</title><script>alert(1)</script>",
        "</script><script>alert(1)</script>.mp3",
        "<!--<script>",
        '"><img src=x onerror=alert(1)>',
        "__DUEMANI_AUDIO__ & __DUEMANI_DATA__",
        "a\udcffb",  # a file name that is not UTF-8
        "\\u003c/script> \u2028 ' \" & $& $1",
    ],
)
def test_titles_are_inert(tmp_path: Path, title: str) -> None:
    path = tmp_path / "page.html"
    page.save_page(
        path, make_performance(), make_motion(0.5), title=title, subtitle=title, chips=[title]
    )
    blocks = read_page(path)
    data, _ = unpack(blocks)
    shown = title.replace("\udcff", "?")
    assert (data["title"], data["subtitle"], data["chips"]) == (shown, shown, [shown])
    assert blocks.title == shown
    assert len(blocks.scripts) == 1
    assert html.escape(shown) in path.read_text(encoding="utf-8")


@given(st.text(max_size=60))
def test_data_block_never_holds_markup(title: str) -> None:
    block = page_parts.json_block({"title": title})
    assert "<" not in block
    assert json.loads(block) == {"title": title}


def test_unknown_motion_becomes_untracked(tmp_path: Path) -> None:
    motion = make_motion(1.0)
    wrist, rotations = motion.wrist_m.copy(), motion.rotations_rad.copy()
    wrist[0, 10:20] = np.nan
    rotations[1, 30, 4, 2] = np.nan
    motion = replace(motion, wrist_m=wrist, rotations_rad=rotations)
    path = tmp_path / "page.html"
    page.save_page(path, Performance(), motion, title="")
    _, channels = unpack(read_page(path))
    assert np.flatnonzero(channels[0, 0] == 0).tolist() == list(range(10, 20))
    assert np.flatnonzero(channels[1, 0] == 0).tolist() == [30]


@pytest.mark.parametrize(
    ("seconds", "given_rate", "rate"),
    [(3.0, 120.0, 60.0), (3.0, 100.0, 60.0), (3.0, 25.0, 25.0), (7.0, 60.0, 30.0)],
)
def test_frame_rate_is_bounded(
    seconds: float, given_rate: float, rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_parts, "LONG_SEC", 6.0)
    motion = make_motion(seconds, given_rate)
    resampled = page_parts.resampled(motion)
    assert resampled.frame_rate == rate
    assert resampled.frame_count == int(seconds * rate) + 1
    middle = resampled.frame_count // 2
    at = round(middle / rate * given_rate)
    np.testing.assert_allclose(resampled.wrist_m[:, middle], motion.wrist_m[:, at], atol=1e-6)
    np.testing.assert_allclose(
        resampled.rotations_rad[:, middle], motion.rotations_rad[:, at], atol=1e-6
    )


def test_an_hour_stays_small() -> None:
    motion = make_motion(60.0, 30.0)
    rng = np.random.default_rng(1)
    wander = np.cumsum(rng.normal(0, 3e-3, motion.rotations_rad.shape), axis=1)
    motion = replace(motion, rotations_rad=motion.rotations_rad + wander)
    an_hour = 60 * len(base64.b64encode(page_parts.packed_motion(motion)))
    assert an_hour < 40e6


def test_page_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "page.html"
    with pytest.raises(InputError, match="cannot write"):
        page.save_page(path, make_performance(), make_motion(0.5), title="t")
    old = tmp_path / "page.html"
    old.write_text("before")
    page.save_page(old, make_performance(), make_motion(0.5), title="t")
    assert read_page(old).title == "t"
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]


def test_missing_template_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_parts, "files", lambda _package: tmp_path)
    with pytest.raises(InputError, match="install duemani again"):
        page.save_page(tmp_path / "page.html", make_performance(), make_motion(0.5), title="t")
    assert not list(tmp_path.iterdir())


def test_lock_file_names_no_host() -> None:
    lock = Path(__file__).parents[2] / "web" / "package-lock.json"
    if not lock.is_file():
        pytest.skip("web/ is not here: tests run against an installed package")
    text = lock.read_text()
    assert "http" not in text
    assert '"resolved"' not in text
    packages = [entry for name, entry in json.loads(text)["packages"].items() if name]
    assert all(entry["integrity"].startswith("sha512-") for entry in packages)


PROBE = """
<script>
addEventListener("load", async () => {
  const report = {};
  try {
    await window.duemani.ready;
    for (const t of TIMES) {
      window.duemani.seek(t);
      (report.poses ??= []).push(window.duemani.landmarks());
      (report.depths ??= []).push(window.duemani.keyDepths());
    }
    report.title = document.getElementById("title").textContent;
    report.state = window.duemani.state();
  } catch (problem) { report.problem = String(problem); }
  const out = document.createElement("pre");
  out.id = "report";
  out.textContent = btoa(JSON.stringify(report));
  document.body.append(out);
});
</script></body>"""


@pytest.mark.browser
def test_browser_poses_the_hands_as_python_does(tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    motion, path, times = make_motion(), tmp_path / "page.html", [0.0, 0.7, 1.75]
    page.save_page(path, make_performance(), motion, title="<b>Étude</b>")
    text = path.read_text(encoding="utf-8")
    # The probe is a script of its own, which the page's policy rightly refuses: lift it here.
    text = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", text)
    path.write_text(text.replace("</body>", PROBE.replace("TIMES", json.dumps(times))), "utf-8")
    command = [
        chromium, "--headless=new", "--no-sandbox", "--enable-unsafe-swiftshader", "--disable-quic",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}", "--window-size=320,240",
        "--virtual-time-budget=60000", "--dump-dom", path.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    found = re.search(r'<pre id="report">([^<]*)</pre>', done.stdout)
    assert found, f"the page did not start: {done.stderr[-800:]}"
    report = json.loads(base64.b64decode(found[1]).decode("latin-1"))
    assert "problem" not in report, report
    assert report["title"] == "<b>Étude</b>"
    assert report["state"]["drawCalls"] < 40
    frames = [round(time * motion.frame_rate) for time in times]
    expected = motion.landmarks_m[:, frames].transpose(1, 0, 2, 3)
    np.testing.assert_allclose(np.array(report["poses"]), expected, atol=1.5e-4)
    depths = np.array(report["depths"])
    held = [[], [60 - 21, 64 - 21], [39 - 21]]  # by their notes: no finger comes near
    for depth, keys in zip(depths, held, strict=True):
        assert np.flatnonzero(depth > 1e-6).tolist() == sorted(keys)
        np.testing.assert_allclose(depth[keys], 0.0098, atol=3e-4)
