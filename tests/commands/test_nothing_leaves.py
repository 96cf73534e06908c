"""No verb asks for the network: watched from inside (audit events) and from outside (strace)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.inputs import SCORE, SCORE_HEAD, midi_bytes, struck_tones, wav_bytes, write
from tests.verbs.test_track import write_film

# A report of the networks' runtime leaves nine seconds after it was loaded.
WAIT_SEC = 12
CHILD = """
import json, sys, time
seen = []
def watch(event, args):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        if event != "socket.bind" or args[1][0] != "::1":
            seen.append(event)
sys.addaudithook(watch)
from duemani.cli import main
codes = [main(arguments) for arguments in json.loads(sys.argv[1])]
time.sleep(float(sys.argv[2]))
print(json.dumps([codes, seen]))
"""
CALLS = ("connect(", "sendto(", "sendmsg(", "sendmmsg(", "bind(")
LOOPBACK = '"::1"'  # urllib3, where music21 is installed, tries by itself whether there is IPv6
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://duemani.invalid/a.ts\n"
SESSION = """v=0
o=- 0 0 IN IP4 127.0.0.1
s=film
c=IN IP4 127.0.0.1
t=0 0
m=video 5004 RTP/AVP 96
a=rtpmap:96 H264/90000
"""


def watcher(trace: Path) -> list[str]:
    """What to start a program with so that its network calls are written down; [] if nothing."""
    strace = shutil.which("strace")
    command = [strace or "", "-f", "-e", "trace=network", "-o", str(trace)]
    if strace is None or subprocess.run([*command, "true"], check=False).returncode:
        return []  # no strace, or a container that forbids it
    return command


def run_watched(tmp_path: Path, commands: list[list[str]], wait_sec: float) -> list[int]:
    """Exit codes of commands run in one child; fails if any of them touched the network."""
    trace, home = tmp_path / "trace", tmp_path / "home"
    home.mkdir()
    environment = {
        name: value
        for name, value in os.environ.items()
        # These silence the runtime, too.
        if name not in ("CI", "TF_BUILD", "GITHUB_ACTIONS", "XDG_CACHE_HOME")
        and not name.startswith("ORT_")
    }
    done = subprocess.run(
        [*watcher(trace), sys.executable, "-c", CHILD, json.dumps(commands), str(wait_sec)],
        env={**environment, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    codes, seen = json.loads(done.stdout.splitlines()[-1])
    assert seen == []
    traced = trace.read_text().splitlines() if trace.exists() else []
    calls = [line for line in traced if any(call in line for call in CALLS)]
    assert [line for line in calls if LOOPBACK not in line] == []
    # The runtime keeps an identifier of the machine there, if it is let.
    assert [path for path in home.rglob("*") if "onnxruntime" in path.name] == []
    return list(codes)


def every_verb(folder: Path) -> list[list[str]]:
    midi = write(folder / "take.mid", midi_bytes())
    score = write(folder / "score.musicxml", SCORE_HEAD + SCORE)
    sound = write(folder / "take.wav", wav_bytes(struck_tones(2.0, [(0.3, 60), (0.9, 64)])))
    film = write_film(folder / "film.mp4", 128)
    keys = "20,160 300,160 300,120 20,120"
    return [
        ["perform", str(midi), "-o", str(folder / "take.html")],
        ["perform", str(midi), "-o", str(folder / "take.glb")],
        ["transcribe", str(sound), "-o", str(folder / "heard.mid")],
        ["finger", str(score), "-o", str(folder / "fingered.pdf")],
        ["finger", str(score), "-o", str(folder / "fingered.html")],
        ["review", str(sound), "--score", str(score), "-o", str(folder / "review.html")],
        ["track", str(film), "-o", str(folder / "hands.npz"), "--keyboard", keys],
    ]


@pytest.mark.slow
def test_no_verb_touches_the_network(tmp_path: Path) -> None:
    codes = run_watched(tmp_path, every_verb(tmp_path), WAIT_SEC)
    assert codes == [0, 0, 0, 0, 0, 0, 2]  # the film shows no hands


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content"),
    [("film.m3u8", PLAYLIST), ("film.mp4", PLAYLIST), ("film.mp4", SESSION), ("take.sdp", SESSION)],
)
def test_a_film_that_names_the_network_is_no_film(tmp_path: Path, name: str, content: str) -> None:
    film, out = write(tmp_path / name, content), tmp_path / "hands.npz"
    other = ["transcribe", str(film), "-o", str(tmp_path / "heard.mid")]
    assert run_watched(tmp_path, [["track", str(film), "-o", str(out)], other], 0) == [2, 2]
