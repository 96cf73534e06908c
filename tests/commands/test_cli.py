import base64
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pygltflib
import pytest
import trimesh

from duemani.cli import main
from duemani.inputs.midi.read import load_json, load_midi
from duemani.motion import load_motion, save_motion
from duemani.verbs import perform as perform_verb
from tests.helpers import inputs
from tests.helpers.hands import playing_hands
from tests.helpers.inputs import (
    NOTES,
    json_bytes,
    midi_bytes,
    raw_midi,
    wav_bytes,
    write,
    zip_bytes,
)

ENDLESS = b"\xff\xff\xff\x7f"  # 268 million ticks
END = b"\x00\xff\x2f\x00"
NOISE = np.random.default_rng(1)


@pytest.fixture
def run(capfd):
    """Runs the command line in this process; gives code, standard output and standard error."""

    def run_it(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        return code, *capfd.readouterr()

    return run_it


@pytest.fixture
def refused(run, tmp_path):
    """Expects one sentence, exit code 2, and that nothing on the disk has changed."""

    def expect(*arguments: object, why: str = "") -> str:
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        began = time.perf_counter()
        code, out, err = run(*arguments)
        assert (code, out) == (2, ""), err
        assert re.fullmatch(r"duemani: [^\n]{10,500}\.\n", err), err
        assert "Error" not in err
        assert why in err
        assert time.perf_counter() - began < 10
        after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        assert after == before
        return err

    return expect


@pytest.fixture
def tiny(tmp_path):
    return write(tmp_path / "tiny.mid", midi_bytes())


STRIKE = b"\x00\x90\x3c\x40\x60\x90\x3c\x00" + END
TWO_SEQUENCES = raw_midi(STRIKE, kind=2, tracks=2) + raw_midi(STRIKE)[14:]
BAD_INPUTS = {
    "text.wav": (b"Dear diary, today I practised.\n" * 50, "cannot be read as sound"),
    "random.mp3": (NOISE.bytes(20_000), "accepted are recordings"),
    "empty.wav": (b"", "is empty"),
    "empty.mid": (b"", "is empty"),
    "empty.musicxml": (b"", "is empty"),
    "headless.wav": (wav_bytes(np.zeros(100))[:30], "accepted are recordings"),
    "soundless.wav": (wav_bytes(np.zeros(0)), "accepted are recordings"),
    "picture.mp4": (b"\x89PNG\r\n\x1a\n" + bytes(100), "accepted are recordings"),
    "text.mid": (b"not MIDI at all", "not a standard MIDI file"),
    "head.mid": (midi_bytes()[:12], "broken MIDI"),
    "million.mid": (inputs.many_notes(1_000_000), "larger than 4 MB"),
    "late.mid": (
        raw_midi((ENDLESS + b"\x90\x3c\x40" + b"\x01\x90\x3c\x00") * 9 + END),
        "lasts longer",
    ),
    "type2.mid": (TWO_SEQUENCES, "type 2"),
    "long.json": (json_bytes(onset_sec=14_000, release_sec=14_100), "lasts 235 minutes for 1 note"),
    "infinite.json": (json_bytes(release_sec=float("inf")), "finite"),
    "huge.json": (json_bytes(release_sec=1e300), "lasts longer"),
    "pitch.json": (json_bytes(pitch=3), "pitch"),
    "far_pitch.json": (json_bytes(pitch=10**30), "not a performance file"),
    "deep.json": (b"[" * 100_000, "not a performance file"),
    "list.json": (b"[1, 2]", "not a performance file"),
    "bytes.json": (b"\xff\xfe\x00", "not a performance file"),
    "entity.musicxml": (inputs.EXTERNAL_ENTITY.encode(), "entities"),
    "bomb.xml": (inputs.ENTITY_BOMB.encode(), "entities"),
    "doctypes.xml": (b"<!DOCTYPE" * 2_000_000, "score-partwise"),
    "feed.xml": (b"<rss><channel/></rss>", "score-partwise"),
    "unclosed.musicxml": (inputs.SCORE.encode()[:200], "broken MusicXML"),
    "bomb.mxl": (zip_bytes({"score.xml": bytes(70_000_000)}), "unpacks to more"),
    "broken.mxl": (zip_bytes({"score.xml": inputs.SCORE.encode()})[:-30], "broken .mxl"),
    "nothing.mxl": (zip_bytes({"readme.txt": b"hello"}), "holds no MusicXML"),
    "song.docx": (b"PK", "unknown suffix"),
    "song": (b"what", "unknown suffix"),
}


@pytest.mark.parametrize("name", BAD_INPUTS)
def test_bad_input_is_refused_in_one_sentence(tmp_path: Path, refused, name: str) -> None:
    data, why = BAD_INPUTS[name]
    output = write(tmp_path / "earlier.npz", "what was made before")
    refused("perform", write(tmp_path / name, data), "-o", output, why=why)


@pytest.mark.parametrize("name", ["text.wav", "random.mp3", "empty.wav", "song.docx"])
def test_transcribe_refuses_what_is_no_sound(tmp_path: Path, refused, name: str) -> None:
    output = write(tmp_path / "earlier.mid", "what was made before")
    source = write(tmp_path / name, BAD_INPUTS[name][0])
    refused("transcribe", source, "-o", output, why=BAD_INPUTS[name][1])


@pytest.mark.parametrize("verb", ["perform", "transcribe"])
def test_inputs_that_cannot_be_opened(tmp_path: Path, refused, monkeypatch, verb: str) -> None:
    output = tmp_path / "out.mid"
    refused(verb, tmp_path / "gone.wav", "-o", output, why="does not exist")
    refused(verb, tmp_path / ("o" * 300 + ".wav"), "-o", output, why="name too long")
    refused(verb, "nul\0.wav", "-o", output, why="does not exist")
    (tmp_path / "folder.wav").mkdir()
    refused(verb, tmp_path / "folder.wav", "-o", output, why="is a folder")
    os.mkfifo(tmp_path / "pipe.wav")
    refused(verb, tmp_path / "pipe.wav", "-o", output, why="a file is accepted")
    locked = write(tmp_path / "locked.wav", wav_bytes(np.zeros(100)))
    opened = Path.open

    def deny(path: Path, *arguments, **options):
        if path == locked and monkeypatched:
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **options)

    monkeypatched = True
    monkeypatch.setattr(Path, "open", deny)
    monkeypatch.setattr(Path, "read_bytes", lambda path: path.stat().st_size)
    refused(verb, locked, "-o", output, why="Permission denied")


@pytest.mark.parametrize("verb", ["perform", "transcribe"])
def test_outputs_that_cannot_be_written(
    tmp_path: Path, refused, tiny: Path, monkeypatch, verb: str
) -> None:
    refused(verb, tiny, "-o", tmp_path / "no" / "such.mid", why="does not exist")
    (tmp_path / "folder.mid").mkdir()
    refused(verb, tiny, "-o", tmp_path / "folder.mid", why="it is a folder")
    refused(verb, tiny, "-o", tmp_path / "out.docx", why="accepted are")
    refused(verb, tiny, "-o", tmp_path / "out", why="accepted are")
    refused(verb, tiny, "-o", tmp_path / ("o" * 300 + ".mid"), why="name too long")
    refused(verb, tiny, "-o", "nul\0.mid", why="cannot write")
    os.mkfifo(tmp_path / "pipe.mid")
    refused(verb, tiny, "-o", tmp_path / "pipe.mid", why="device")
    monkeypatch.setattr(os, "access", lambda *_: False)
    refused(verb, tiny, "-o", tmp_path / "out.mid", why="no permission")


@pytest.mark.parametrize("suffix", [*perform_verb.MOTION_SUFFIXES, *perform_verb.NOTE_SUFFIXES])
def test_a_full_disk_leaves_the_earlier_file(
    tmp_path: Path, refused, tiny: Path, monkeypatch, suffix: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    output = write(tmp_path / f"earlier{suffix}", "what was made before")
    monkeypatch.setattr(Path, "replace", full)
    refused("perform", tiny, "-o", output, "--end", 0.01, why="No space left")


def test_the_input_is_never_written_over(tmp_path: Path, refused, tiny: Path, monkeypatch) -> None:
    refused("perform", tiny, "-o", tiny, why="is the input itself")
    monkeypatch.chdir(tmp_path)
    refused("transcribe", tiny, "-o", "./tiny.mid", why="is the input itself")
    film = write(tmp_path / "lesson.mp4", b"my only recording")
    refused("perform", film, "-o", film, why="is the input itself")
    (tmp_path / "link.mp4").symlink_to(film)
    refused("perform", film, "-o", "link.mp4", why="is the input itself")
    os.link(film, tmp_path / "twin.mp4")
    refused("perform", "twin.mp4", "-o", film, why="is the input itself")


WRONG_OPTIONS = {
    "": "a command is missing",
    "dance": "train ratings are accepted; see `duemani --help`",
    "--fast": "unrecognized options: --fast",
    "perform": "missing: INPUT and --output PATH; see `duemani perform --help`",
    "perform IN": "missing: --output PATH",
    "perform IN -o": "missing value for argument '-o/--output'",
    "perform IN IN -o OUT": "unrecognized options: ",
    "perform IN -o OUT --fast": "unrecognized options: --fast",
    "perform IN -o OUT --frame-rat 9": "perhaps --frame-rate NUMBER is meant",
    "perform IN -o OUT --camera behind": "'overhead', 'player', 'side'",
    "perform IN -o OUT --model magic": "solver",
    "perform IN -o OUT --frame-rate 0": "between 10 and 240",
    "perform IN -o OUT --frame-rate -60": "between 10 and 240",
    "perform IN -o OUT --frame-rate 1e9": "between 10 and 240",
    "perform IN -o OUT --frame-rate nan": "'nan' is not a number",
    "perform IN -o OUT --frame-rate inf": "'inf' is not a number",
    "perform IN -o OUT --frame-rate fast": "'fast' is not a number",
    "perform IN -o OUT --start -1": "--start: -1 lies before the start",
    "perform IN -o OUT --start nan": "'nan' is not a number",
    "perform IN -o OUT --end inf": "'inf' is not a number",
    "perform IN -o OUT --start 9": "the notes end at 1.4 s",
    "perform IN -o OUT --start 1 --end 0.5": "from 1 to 0.5 s is empty",
    "perform IN -o OUT --end 0": "from 0 to 0 s is empty",
    "perform IN -o OUT --seed -1": "'-1' is not a whole number",
    "perform IN -o OUT --seed 1.5": "'1.5' is not a whole number",
    "perform IN -o OUT --style.seed -1": "must be 0 or more",
    "perform IN -o OUT --style.hand-span-m 5": "between 0.17 and 0.26",
    "perform IN -o OUT --style.hand-span-m nan": "between 0.17 and 0.26",
    "perform IN -o OUT --style.lift-m high": "--style.lift-m: ",
    "transcribe": "missing: INPUT and --output PATH; see `duemani transcribe --help`",
    "transcribe IN -o OUT": "accepted are .mid, .json",
    "demo --output": "missing value",
    "demo -o demo.docx": "accepted are .html",
    "evaluate": "unrecognized options: evaluate; ",
    "evaluate hands": "unrecognized options: evaluate hands; ",
    "evaluate motion": "missing: PATH; see `duemani evaluate motion --help`",
    "evaluate motion IN --reference IN": "cannot be read as a hand motion",
}


@pytest.mark.parametrize("line", WRONG_OPTIONS)
def test_wrong_options_say_what_is_accepted(
    tmp_path: Path, refused, tiny: Path, monkeypatch, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [{"IN": str(tiny), "OUT": "out.npz"}.get(word, word) for word in line.split()]
    refused(*words, why=WRONG_OPTIONS[line])


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("--help", ["perform", "transcribe", "demo", "evaluate motion", "duemani demo -o"]),
        ("evaluate --help", ["evaluate motion"]),
        ("perform --help", ["--output", "--start SECONDS", "--style.hand-span-m", ".html"]),
        ("transcribe --help", ["usage: duemani transcribe", ".mid or .json"]),
        ("demo --help", ["usage: duemani demo"]),
        ("evaluate motion --help", ["usage: duemani evaluate motion", "--reference PATH"]),
        ("--version", ["duemani 0."]),
    ],
)
def test_help_is_on_standard_output(run, line: str, shown: list[str]) -> None:
    code, out, err = run(*line.split())
    assert (code, err) == (0, "")
    assert all(text in out for text in shown)


def summary_of(out: str) -> dict:
    assert out.count("\n") == 1
    return json.loads(out)


def perform(run, source: Path, output: Path, *options: object) -> tuple[dict, str]:
    code, out, err = run("perform", source, "-o", output, "--json", *options)
    assert code == 0, err
    summary = summary_of(out)
    assert summary["output"] == str(output)
    assert [path.name for path in output.parent.glob(".*")] == []
    return summary, err


def test_motion_file(tmp_path: Path, run, tiny: Path) -> None:
    summary, err = perform(run, tiny, tmp_path / "out.npz", "--frame-rate", 30, "--seed", 4)
    assert err == ""
    motion = load_motion(tmp_path / "out.npz")
    assert (summary["notes"], motion.frame_rate) == (3, 30)
    assert motion.frame_count == summary["frames"] == round(summary["duration_sec"] * 30)
    assert motion.provenance["style"]["seed"] == 4
    code, out, err = run("evaluate", "motion", tmp_path / "out.npz", "--reference", tiny, "--json")
    assert (code, err) == (0, "")
    scores = summary_of(out)
    assert scores["f1"] == 1
    assert scores["finger_agreement"] is None  # the MIDI names no fingers


def test_notes_with_fingers(tmp_path: Path, run, tiny: Path) -> None:
    perform(run, tiny, tmp_path / "out.json")
    performed = load_json(tmp_path / "out.json")
    np.testing.assert_allclose(performed.notes["onset_sec"], [n[0] for n in NOTES], atol=1e-3)
    assert set(performed.notes["finger"]) <= set(range(1, 6))
    perform(run, tmp_path / "out.json", tmp_path / "out.mid")
    again = load_midi(tmp_path / "out.mid")
    for name in ("pitch", "hand", "finger", "velocity"):
        assert again.notes[name].tolist() == performed.notes[name].tolist()


def test_scene_file(tmp_path: Path, run, tiny: Path) -> None:
    perform(run, tiny, tmp_path / "out.glb")
    assert len(trimesh.load(tmp_path / "out.glb").geometry) >= 4
    animation = pygltflib.GLTF2().load(tmp_path / "out.glb").animations[0]
    assert len(animation.channels) > 32


def page_data(path: Path) -> tuple[dict, bytes]:
    text = path.read_text()
    data = re.search(r'<script[^>]*application/json[^>]*>(\{"format":"duemani.page.*?)</', text)
    sounds = re.findall(r">\s*([A-Za-z0-9+/=]{1000,})\s*<", text)
    assert data
    decoded = [base64.b64decode(sound) for sound in sounds]
    return json.loads(data[1]), next(d for d in decoded if d[:3] == b"ID3" or d[0] == 0xFF)


def first_sound_sec(path: Path, share: float = 0.2) -> float:
    """When a file's sound first comes near its loudest."""
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
    loud = np.abs(np.concatenate([block.reshape(block.shape[0], -1) for block in blocks], 1))[0]
    return float(np.argmax(loud > share * loud.max()) / rate)


def test_page(tmp_path: Path, run, tiny: Path) -> None:
    source = write(tmp_path / "a_<b>&.mid", tiny.read_bytes())
    perform(run, source, tmp_path / "out.html", "--start", 0.9)
    data, sound = page_data(tmp_path / "out.html")
    assert data["title"] == "a <b>&"
    assert data["notes"]["onset_sec"] == pytest.approx([0.1], abs=2e-3)
    heard = write(tmp_path / "sound.mp3", sound)
    assert first_sound_sec(heard) == pytest.approx(0.1, abs=0.06)


def test_film(tmp_path: Path, run, tiny: Path) -> None:
    summary, _ = perform(run, tiny, tmp_path / "out.mp4", "--start", 0.9, "--camera", "side")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [s.type for s in container.streams] == ["video", "audio"]
        lengths = [float(s.duration * s.time_base) for s in container.streams]
    assert lengths[0] == pytest.approx(summary["duration_sec"], abs=0.06)
    assert 0.5 < lengths[1] < lengths[0] + 0.06  # until the note has died away
    assert first_sound_sec(tmp_path / "out.mp4") == pytest.approx(0.1, abs=0.06)


def test_demo(tmp_path: Path, run) -> None:
    code, out, err = run("demo", "-o", tmp_path / "demo.json", "--json")
    assert code == 0, err
    assert summary_of(out)["notes"] > 100
    assert len(load_json(tmp_path / "demo.json").notes) > 100


def test_score(tmp_path: Path, run) -> None:
    score = write(tmp_path / "song.mxl", zip_bytes({"score.xml": inputs.SCORE.encode()}))
    summary, _ = perform(run, score, tmp_path / "song.mid")
    assert summary["notes"] == 2
    assert sorted(load_midi(tmp_path / "song.mid").notes["pitch"]) == [60, 64]


def test_a_part_of_a_recording(tmp_path: Path, run) -> None:
    onsets = [(0.5, 60), (6.0, 64), (6.5, 67), (7.5, 72)]
    source = write(tmp_path / "take.wav", wav_bytes(inputs.struck_tones(9, onsets)))
    part = ("--start", 5.75, "--end", 7)
    summary, err = perform(run, source, tmp_path / "out.html", *part)
    assert summary["notes"] == 2, err
    data, sound = page_data(tmp_path / "out.html")
    assert data["notes"]["pitch"] == [64, 67]
    assert data["notes"]["onset_sec"] == pytest.approx([0.25, 0.75], abs=0.03)
    heard = write(tmp_path / "sound.mp3", sound)
    assert first_sound_sec(heard) == pytest.approx(0.25, abs=0.06)
    with av.open(str(heard)) as container:  # what comes after the part is not heard
        assert container.duration / av.time_base == pytest.approx(1.25, abs=0.1)


def test_a_part_beyond_a_recording(tmp_path: Path, refused) -> None:
    source = write(tmp_path / "take.wav", wav_bytes(np.zeros(inputs.RATE_HZ)))
    refused(
        "perform", source, "-o", tmp_path / "o.npz", "--start", 3, why="after the end of take.wav"
    )


SILENT = {
    "silence.wav": wav_bytes(np.zeros(inputs.RATE_HZ)),
    "instant.wav": wav_bytes(np.zeros(10)),
    "noteless.mid": midi_bytes([]),
    "trackless.mid": raw_midi(END)[:8] + b"\x00\x01\x00\x00\x01\xe0",
    "noteless.json": b'{"notes": []}',
    "drums.mid": raw_midi(b"\x00\x99\x3c\x40\x60\x89\x3c\x00" + END),
}


@pytest.mark.parametrize("verb", ["perform", "finger", "review", "transcribe"])
@pytest.mark.parametrize("name", SILENT)
def test_without_notes_there_is_one_sentence_and_code_3(
    tmp_path: Path, run, name: str, verb: str
) -> None:
    source = write(tmp_path / name, SILENT[name])
    code, out, err = run(verb, source, "-o", tmp_path / "out.json")
    assert (code, out) == (3, "")
    assert err.startswith(f"duemani: {name} holds no piano notes; there is nothing to ")
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_second_of_noise(tmp_path: Path, run) -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, inputs.RATE_HZ)
    source = write(tmp_path / "noise.wav", wav_bytes(noise))
    code, _, err = run("transcribe", source, "-o", tmp_path / "noise.mid", "--json")
    assert code == 3, err
    assert not (tmp_path / "noise.mid").exists()


def test_evaluate_refuses_bad_motion(tmp_path: Path, refused, tiny: Path) -> None:
    good = tmp_path / "good.npz"
    save_motion(good, playing_hands(0.2))
    arrays, tail = dict(np.load(good)), good.read_bytes()[1000:]

    def changed(name: str, **changes: object) -> Path:
        np.savez(tmp_path / name, **{**arrays, **changes})
        return tmp_path / name

    for path in (
        write(tmp_path / "cut.npz", good.read_bytes()[:500]),
        write(tmp_path / "damaged.npz", good.read_bytes()[:700] + bytes(300) + tail),
        write(tmp_path / "text.npz", "text"),
        write(tmp_path / "empty.npz", ""),
        write(tmp_path / "other.npz", zip_bytes({"a.txt": b"text"})),
        tmp_path / "gone.npz",
        changed("rate.npz", frame_rate=0.0),
        changed("nan.npz", frame_rate=np.nan),
        changed("start.npz", start_sec=np.inf),
        changed("format.npz", format="duemani.hand_motion/99"),
        changed("shape.npz", wrist_m=np.zeros((2, 3, 3))),
        changed("kind.npz", wrist_m=np.full(arrays["wrist_m"].shape, "abc")),
        changed("provenance.npz", provenance="{"),
        changed(
            "frameless.npz",
            **{n: arrays[n][:, :0] for n in ("wrist_m", "rotations_rad", "landmarks_m", "tracked")},
        ),
    ):
        refused("evaluate", "motion", path, "--reference", tiny)
    refused("evaluate", "motion", good, "--reference", tmp_path / "gone.mid", why="does not exist")


def test_internal_failures_take_one_line(tmp_path: Path, run, tiny: Path, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("wires\ncrossed")

    monkeypatch.setattr(perform_verb, "generate", fail)
    output = write(tmp_path / "out.npz", "earlier")
    code, out, err = run("perform", tiny, "-o", output)
    assert (code, out) == (1, "")
    assert err.startswith("duemani: internal failure: RuntimeError: wires crossed (DUEMANI_TRACE")
    assert err.count("\n") == 1
    assert output.read_text() == "earlier"
    monkeypatch.setenv("DUEMANI_TRACEBACK", "1")
    assert "Traceback" in run("perform", tiny, "-o", output)[2]

    def fill(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(perform_verb, "generate", fill)
    code, out, err = run("perform", tiny, "-o", output)
    assert (code, out) == (1, "")
    assert "not enough memory" in err


def test_noise_of_libraries_stays_off_standard_output(
    tmp_path: Path, run, tiny: Path, monkeypatch
) -> None:
    generate = perform_verb.generate

    def loud(*arguments: object):
        print("a library greets")
        os.write(1, b"so does its C part\n")
        return generate(*arguments)

    monkeypatch.setattr(perform_verb, "generate", loud)
    _, err = perform(run, tiny, tmp_path / "out.npz")
    assert "a library greets" in err
    assert "so does its C part" in err


def test_results_can_be_read_by_people(tmp_path: Path, run, tiny: Path) -> None:
    code, out, err = run("perform", tiny, "-o", tmp_path / "out.npz")
    assert (code, err) == (0, "")
    assert re.match(r"output: .*out.npz\nnotes: 3\nduration sec: 2.9\nframes: 174\n", out)


def command(*arguments: object) -> list[str]:
    start = "import sys; from duemani.cli import main; sys.exit(main())"
    return [sys.executable, "-c", start, *map(str, arguments)]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_nothing_behind(tmp_path: Path, stop: signal.Signals) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    film = write(folder / "film.mp4", "what was made before")
    source = write(tmp_path / "take.mid", midi_bytes([(i / 2, i / 2 + 0.4, 60) for i in range(20)]))
    process = subprocess.Popen(
        command("perform", source, "-o", film), stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while len(list(folder.iterdir())) < 2 and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(stop)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == "duemani: interrupted; nothing was written.\n"
    assert [path.name for path in folder.iterdir()] == ["film.mp4"]
    assert film.read_text() == "what was made before"


def test_as_a_program(tmp_path: Path, tiny: Path) -> None:
    done = subprocess.run(
        command("perform", tiny, "-o", tmp_path / "out.html", "--end", 0.4, "--json"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert summary_of(done.stdout)["notes"] == 1
    assert done.stderr == ""
    wrong = subprocess.run(command("perform"), capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.count("\n") == 1


@pytest.mark.parametrize("redirection", ["", ">&-", "2>&-", "</dev/null >/dev/null 2>&1"])
def test_closed_streams(tmp_path: Path, tiny: Path, redirection: str) -> None:
    line = shlex.join(command("perform", tiny, "-o", tmp_path / "out.json"))
    done = subprocess.run(f"{line} {redirection}", shell=True, check=False)
    assert done.returncode == 0
    assert len(load_json(tmp_path / "out.json").notes) == 3


def test_terminals_without_unicode(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "40"}
    for words, why in (
        (["perform"], "missing: INPUT and --output PATH; see `duemani perform --help`."),
        (["perform", "a", "-o", "b", "--end", "x"], "--end: 'x' is not a number"),
        (["demo", "-o", "ü.docx"], "unknown suffix"),
    ):
        done = subprocess.run(
            command(*words), env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("duemani: ")
        assert why in done.stderr
    subprocess.run(
        command("perform", "--help"), env=environment, check=True, stdout=subprocess.DEVNULL
    )
