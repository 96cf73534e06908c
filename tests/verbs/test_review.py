"""`review`: every kind of input, files of other takes, and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from duemani.cli import main
from duemani.errors import InputError
from duemani.inputs.score.play import load_score
from duemani.models.reviewer.note_inputs import ten_fingers
from duemani.motion import HandMotion, save_motion
from duemani.outputs.notes import save_midi
from duemani.outputs.sound.synthesis import render_piano
from duemani.performance import Performance, make_notes
from duemani.verbs.demo import demo_score
from duemani.verbs.perform import generate
from duemani.verbs.review.material import Sources, clock_sentence
from duemani.verbs.review.review import Wishes, review

SECONDS = 12.0
Run = Callable[..., tuple[int, str, str]]
BARE = Wishes(hands_3d=False)


@pytest.fixture(scope="module")
def played() -> tuple[Performance, HandMotion]:
    """The start of the demo piece, and hands that play it."""
    piece = load_score(demo_score()).performance.between(0.0, SECONDS)
    return generate(piece, frame_rate=30.0, model="solver")


@pytest.fixture(scope="module")
def files(played: tuple[Performance, HandMotion], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("review")
    performance, motion = played
    save_midi(folder / "take.mid", without_fingers(performance))
    save_motion(folder / "hands.npz", motion)
    return folder


@pytest.fixture
def run_cli(capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process; gives code, standard output and standard error."""

    def run_it(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        return code, *capfd.readouterr()

    return run_it


def without_fingers(performance: Performance) -> Performance:
    count = len(performance.notes)
    return performance.with_fingers(np.full(count, -1), np.zeros(count))


def test_fingers_are_seen(files: Path, played: tuple[Performance, HandMotion]) -> None:
    found = review(files / "take.mid", Sources(hands=files / "hands.npz"), BARE)
    assert found.fingers is not None
    true = ten_fingers(played[0].notes)
    told = found.fingers.played > 0
    seen = found.fingers.hand * 5 + found.fingers.played - 1
    assert told.mean() > 0.9
    assert (seen == true)[told].mean() > 0.95
    assert np.array_equal(found.performance.notes["finger"][told], found.fingers.played[told])
    assert "as tracked before" in found.evidence["hands"]
    assert found.seen is not None


def test_a_late_clock_is_found(files: Path, played: tuple[Performance, HandMotion]) -> None:
    late = replace(played[1], start_sec=played[1].start_sec + 2.5)
    save_motion(files / "late.npz", late)
    found = review(files / "take.mid", Sources(hands=files / "late.npz"), BARE)
    assert found.fingers is not None
    assert (found.fingers.played > 0).mean() > 0.9
    assert any("2.4" in said or "2.5" in said for said in found.assumptions)


def test_hands_of_another_take_are_not_used(
    files: Path, played: tuple[Performance, HandMotion]
) -> None:
    motion = played[1]
    away = motion.landmarks_m[:, ::-1] + np.array([0.33, 0.0, 0.0])
    other = replace(motion, landmarks_m=away, wrist_m=away[:, :, 0])
    save_motion(files / "other.npz", other)
    found = review(files / "take.mid", Sources(hands=files / "other.npz"), BARE)
    assert found.fingers is None
    assert any("do not play these notes" in said for said in found.cannot_tell)


def test_notes_of_a_hand_out_of_sight_are_not_told(
    files: Path, played: tuple[Performance, HandMotion]
) -> None:
    motion = played[1]
    tracked = motion.tracked.copy()
    tracked[0] = False
    save_motion(files / "right.npz", replace(motion, tracked=tracked))
    found = review(files / "take.mid", Sources(hands=files / "right.npz"), BARE)
    assert found.fingers is not None
    left = played[0].notes["hand"] == 0
    assert (found.fingers.played[left & (found.fingers.hand == 0)] == 0).all()
    assert not found.fingers.flagged[left & (found.fingers.hand == 0)].any()


def test_hands_are_not_moved_for_minutes_of_pauses(tmp_path: Path) -> None:
    notes = make_notes([(0.0, 1.0, 60, 64), (500.0, 501.0, 64, 64)])
    save_midi(tmp_path / "rare.mid", Performance.create(notes))
    found = review(tmp_path / "rare.mid")
    assert found.suggested_motion is None
    assert "3D hands are not made: 8 minutes for 2 notes are mostly pauses." in found.assumptions


def test_notes_alone(files: Path) -> None:
    found = review(files / "take.mid", wishes=Wishes(score=demo_score(), hands_3d=False))
    assert found.fingers is None
    assert found.suggested is not None
    assert (found.suggested.notes["finger"] > 0).all()
    assert any("no hands are seen" in said for said in found.cannot_tell)
    assert found.document is not None
    assert found.note_numbers is not None
    assert (found.note_numbers >= 0).mean() > 0.95


def test_a_score_of_another_piece_is_not_used(files: Path, tmp_path: Path) -> None:
    score = tmp_path / "scale.musicxml"
    notes = "".join(
        f"<note><pitch><step>{step}</step><octave>{octave}</octave></pitch>"
        "<duration>1</duration></note>"
        for octave in (2, 3)
        for step in "CDEFGAB"
    )
    score.write_text(
        '<score-partwise version="4.0"><part-list><score-part id="P1"><part-name>Piano</part-name>'
        '</score-part></part-list><part id="P1"><measure number="1"><attributes><divisions>1'
        "</divisions><time><beats>14</beats><beat-type>4</beat-type></time></attributes>"
        f"{notes}</measure></part></score-partwise>"
    )
    found = review(files / "take.mid", wishes=Wishes(score=score, hands_3d=False))
    assert found.document is None
    assert any("not the score of what was played" in said for said in found.cannot_tell)


def test_sound_alone(files: Path, played: tuple[Performance, HandMotion], tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    write_sound(path, played[0].between(0.0, 5.0))
    found = review(path, wishes=BARE)
    assert found.fingers is None
    assert len(found.performance.notes) > 5
    assert found.evidence["notes"] == "transcribed from the sound"
    assert "heard" in found.evidence["dynamics"]


def test_given_notes_come_onto_the_films_clock(
    played: tuple[Performance, HandMotion], tmp_path: Path
) -> None:
    film, midi = tmp_path / "film.mp4", tmp_path / "take.mid"
    write_film(film, played[0].delayed(1.0))
    save_midi(midi, without_fingers(played[0]))
    found = review(film, Sources(midi=midi), BARE)
    assert found.performance.notes["onset_sec"][0] == pytest.approx(
        played[0].notes["onset_sec"][0] + 1.0, abs=0.06
    )
    assert any("start 1.0" in said or "start 0.9" in said for said in found.assumptions)
    assert any("cannot be followed" in said for said in found.cannot_tell)
    assert found.video == film


@pytest.mark.slow
def test_notes_of_another_take_are_not_used(
    played: tuple[Performance, HandMotion], tmp_path: Path
) -> None:
    film, midi = tmp_path / "film.mp4", tmp_path / "other.mid"
    write_film(film, played[0])
    other = without_fingers(played[0])
    notes = other.notes.copy()
    notes["pitch"] = notes["pitch"][::-1] - 7
    save_midi(midi, Performance.create(notes))
    found = review(film, Sources(midi=midi), BARE)
    assert found.evidence["notes"] == "transcribed from the sound"
    assert any("other.mid is not" in said for said in found.cannot_tell)


def test_nothing_to_review(tmp_path: Path) -> None:
    film = tmp_path / "black.mp4"
    write_film(film, None)
    with pytest.raises(InputError, match="nothing to review"):
        review(film, wishes=BARE)


def test_clock_sentences() -> None:
    said = clock_sentence("The hands", "the notes", -0.25, 0.99, "the keys played")
    assert said == (
        "The hands start 0.25 s before the notes, and their clock runs 1.00 % faster,"
        " as the keys played tell."
    )


@pytest.mark.parametrize("suffix", [".html", ".json", ".musicxml"])
def test_every_output(run_cli: Run, files: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"review{suffix}"
    code, summary, _ = run_cli(
        "review", files / "take.mid", "--score", demo_score(), "--hands", files / "hands.npz",
        "--end", "6", "--no-hands-3d", "-o", out, "--json",
    )  # fmt: skip
    assert code == 0
    assert json.loads(summary)["fingers_seen"] > 0
    assert out.stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "x.musicxml"], "needs a score"),
        (["-o", "x.png"], "unknown suffix"),
        (["-o", "x.json", "--start", "5", "--end", "5"], "is empty"),
        (["-o", "x.json", "--keyboard", "1,2 3,4"], "four corners"),
        (["-o", "x.json", "--hand-span", "50"], "no hand span"),
        (["-o", "x.json", "--hands", "none.npz"], "none.npz"),
        (["-o", "x.json", "--midi", "none.mid"], "none.mid"),
        (["-o", "x.json", "--score", "none.mxl"], "none.mxl"),
        (["-o", "x.json", "--reference", "none.mid"], "none.mid"),
    ],
)
def test_bad_wishes(
    run_cli: Run,
    files: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, error = run_cli("review", files / "take.mid", *arguments)
    assert code == 2
    assert said in error
    assert not out
    assert not list(tmp_path.iterdir())


def test_the_input_is_not_written_over(run_cli: Run, files: Path) -> None:
    before = (files / "take.mid").read_bytes()
    saved = files / "take.json"
    saved.write_bytes(b"{}")
    code, _, error = run_cli("review", saved, "-o", saved)
    assert code == 2
    assert "is the input itself" in error
    assert (files / "take.mid").read_bytes() == before
    assert saved.read_bytes() == b"{}"


def write_sound(path: Path, performance: Performance) -> None:
    samples = render_piano(performance, 44_100)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=44_100, layout="stereo")
        put_sound(container, stream, samples)


def put_sound(container: av.container.OutputContainer, stream: object, samples: np.ndarray) -> None:
    data = (np.clip(samples, -1, 1) * 32767).astype("<i2").reshape(1, -1)
    frame = AudioFrame.from_ndarray(data, format="s16", layout="stereo")
    frame.sample_rate = 44_100
    for packet in (*stream.encode(frame), *stream.encode(None)):  # type: ignore[attr-defined]
        container.mux(packet)


def write_film(path: Path, performance: Performance | None) -> None:
    """Black pictures, with the sound of a piano or none."""
    length = 2.0 if performance is None else performance.duration_sec + 0.5
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=5)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound = None
        if performance is not None:
            sound = container.add_stream("aac", rate=44_100, layout="stereo")
        for _ in range(int(length * 5)):
            shown = VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="bgr24")
            for packet in pictures.encode(shown):
                container.mux(packet)
        for packet in pictures.encode(None):
            container.mux(packet)
        if sound is not None and performance is not None:
            put_sound(container, sound, render_piano(performance, 44_100))
