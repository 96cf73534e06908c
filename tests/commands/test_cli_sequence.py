"""Type 2 MIDI files: the sequence that is meant is asked for by name, the option followed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from duemani.cli import main
from duemani.inputs.midi.read import load_midi
from duemani.inputs.score.document import document_of
from duemani.verbs.review.references import read_references
from tests.helpers.inputs import SCORE, midi_bytes, raw_midi, write

END = b"\0\xff\x2f\0"


def bars(beats: int, pitch: int) -> bytes:
    """A track of four quarters in bars of so many."""
    strike = bytes([0, 0x90, pitch, 64, 0x83, 0x60, 0x80, pitch, 0])
    return bytes([0, 0xFF, 0x58, 4, beats, 2, 24, 8]) + 4 * strike + END


@pytest.fixture
def type_2(tmp_path: Path) -> Path:
    """C5 in bars of 4, C3 in bars of 2."""
    second = bars(2, 48)
    first = raw_midi(bars(4, 72), kind=2, tracks=2)
    return write(
        tmp_path / "studies.mid", first + b"MTrk" + len(second).to_bytes(4, "big") + second
    )


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.mark.parametrize("verb", ["finger", "perform", "review", "transcribe"])
def test_the_refusal_names_an_option_that_the_verb_has(
    verb: str, type_2: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    assert run(verb, type_2, "-o", out) == 2
    said = capsys.readouterr().err
    assert "studies.mid is a type 2 MIDI file of 2 independent sequences" in said
    assert "--sequence 1 to 2" in said
    assert not out.exists()
    assert run(verb, type_2, "-o", out, "--sequence", 3) == 2
    assert "holds sequences 1 to 2; there is no 3" in capsys.readouterr().err
    assert run(verb, type_2, "-o", out, "--sequence", 0) == 2
    assert "counted 1, 2, 3" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("verb", ["finger", "perform", "transcribe"])
@pytest.mark.parametrize(("sequence", "pitch"), [(1, 72), (2, 48)])
def test_the_sequence_that_is_named_is_read(
    verb: str, sequence: int, pitch: int, type_2: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.mid"
    model = ("--model", "solver") if verb == "perform" else ()
    assert run(verb, type_2, "-o", out, "--sequence", sequence, *model) == 0
    assert set(load_midi(out).notes["pitch"]) == {pitch}


def test_review_hears_the_sequence_that_is_named(type_2: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    assert run("review", type_2, "-o", out, "--sequence", 2) == 0
    assert {row["pitch"] for row in json.loads(out.read_text())["notes"]} == {48}


def test_bars_of_the_notation_are_the_sequences_own(type_2: Path, tmp_path: Path) -> None:
    for sequence, count in ((1, 1), (2, 2)):
        out = tmp_path / f"{sequence}.musicxml"
        assert run("finger", type_2, "-o", out, "--sequence", sequence) == 0
        assert len(document_of(out.read_bytes(), out.name).bar_names) == count


def test_no_sequence_is_chosen_of_what_holds_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    plain = write(tmp_path / "plain.mid", midi_bytes())
    assert run("finger", plain, "-o", out, "--sequence", 1) == 2
    assert "plain.mid holds one sequence; --sequence is for type 2" in capsys.readouterr().err
    score = write(tmp_path / "a.musicxml", SCORE)
    for verb in ("finger", "perform", "review"):
        assert run(verb, score, "-o", out, "--sequence", 1) == 2
        assert "a.musicxml is no MIDI file; --sequence is for" in capsys.readouterr().err
    assert not out.exists()


def test_motion_is_measured_against_the_sequence_that_is_named(
    type_2: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    motion = tmp_path / "a.npz"
    assert run("perform", type_2, "-o", motion, "--sequence", 2, "--model", "solver") == 0
    capsys.readouterr()
    figures = []
    for sequence in (1, 2):
        arguments = ("--reference", type_2, "--sequence", sequence, "--json")
        assert run("evaluate", "motion", motion, *arguments) == 0
        figures.append(json.loads(capsys.readouterr().out))
    assert figures[0] != figures[1]


def test_a_reference_has_a_sequence_of_its_own(
    type_2: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take, out = write(tmp_path / "take.mid", midi_bytes()), tmp_path / "out.json"
    asked = ("review", take, "--reference", type_2, "-o", out)
    assert run(*asked) == 2
    assert "say which is to be read with --reference-sequence 1 to 2" in capsys.readouterr().err
    assert run(*asked, "--reference-sequence", 3) == 2
    assert "there is no 3" in capsys.readouterr().err
    assert run("review", take, "--reference", take, "-o", out, "--reference-sequence", 1) == 2
    assert "take.mid holds one sequence; --reference-sequence is for" in capsys.readouterr().err
    assert run("review", take, "-o", out, "--reference-sequence", 1) == 2
    assert "no reference is a MIDI file" in capsys.readouterr().err
    assert not out.exists()
    for sequence, pitch in ((1, 72), (2, 48)):
        (found,) = read_references((type_2,), sequence).performances
        assert set(found.notes["pitch"]) == {pitch}
    assert run(*asked, "--reference-sequence", 2) == 0
