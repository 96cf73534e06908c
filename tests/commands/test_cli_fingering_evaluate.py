"""`duemani evaluate fingering` on small files made up here."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from duemani.cli import main
from duemani.datasets.fingering.scores import is_held_out
from duemani.files import WEIGHTS

SCALE = ["C4", "D4", "E4", "F4", "G4", "A4", "B4", "C5"]
USUAL, UNUSUAL = "12312345", "11111111"
TABLE = "onset_sec\toffset_sec\tpitch\thand\tfinger\n"


@pytest.fixture
def run(capfd):
    """Runs the command in this process; gives code, standard output and standard error."""

    def run_it(*arguments: object) -> tuple[int, str, str]:
        code = main(["evaluate", "fingering", *map(str, arguments)])
        return code, *capfd.readouterr()

    return run_it


def pig(path: Path, fingers: str, pitches: list[str] = SCALE) -> Path:
    rows = [
        f"{i}\t{i / 4}\t{(i + 1) / 4}\t{pitch}\t64\t80\t0\t{finger}\n"
        for i, (pitch, finger) in enumerate(zip(pitches, fingers, strict=True))
    ]
    path.write_text("//Version\n" + "".join(rows))
    return path


def table(path: Path, fingers: str = USUAL) -> Path:
    pitches = (60, 62, 64, 65, 67, 69, 71, 72)
    rows = [
        f"{i / 4}\t{(i + 1) / 4}\t{pitch}\tR\t{finger}\n"
        for i, (pitch, finger) in enumerate(zip(pitches, fingers, strict=True))
    ]
    path.write_text(TABLE + "".join(rows))
    return path


def test_a_scale_agrees_with_the_usual_fingering(run, tmp_path):
    code, out, err = run(pig(tmp_path / "1-1_fingering.txt", USUAL), "--json")
    assert (code, err) == (0, "")
    figures = json.loads(out)
    assert (figures["pieces"], figures["trained_on"]) == (1, 0)
    rates = figures["collections"]["pig"]["rates"]
    assert rates["both"]["general"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert rates["right"]["labels"] == 8
    assert rates["left"] == {
        "pieces": 0,
        "labels": 0,
        **{
            name: {"mean": None, "low": None, "high": None}
            for name in ("general", "highest", "soft", "recombined", "per_note")
        },
    }
    assert figures["collections"]["pig"]["hands_found"]["mean"] is None
    assert 0 < figures["collections"]["pig"]["sec_per_100_notes"] < 60


def test_two_annotators_in_a_table_for_people(run, tmp_path):
    pig(tmp_path / "001-1_fingering.txt", USUAL)
    pig(tmp_path / "001-2_fingering.txt", UNUSUAL)
    code, out, err = run(tmp_path, "--hands")
    assert (code, err) == (0, "")
    heading, both, right, left, hands, took = out.splitlines()
    assert heading == (
        "collection     : pieces labels  M_gen                M_high               "
        "M_soft               M_rec                M_gen per note"
    )
    # The thumb strikes two of eight notes in the usual fingering.
    assert both.split()[:4] == ["pig", "both", ":", "1"]
    assert "0.625 (0.625-0.625)" in both
    assert both.count("1.000 (1.000-1.000)") == 3
    assert right.replace("right", "both ") == both
    assert left.split() == ["pig", "left", ":", "0", "0", "-", "-", "-", "-", "-"]
    assert "found from the notes" in hands
    assert re.search(r"pig +time *: \d+\.\d+ s per 100 notes", took)


def test_other_notes_are_said(run, tmp_path):
    pig(tmp_path / "001-1_fingering.txt", USUAL)
    pig(tmp_path / "001-2_fingering.txt", "12", ["C4", "E5"])
    code, _, err = run(tmp_path)
    assert code == 0
    assert "1 of 8 aligned by pitch and nearest onset" in err


def weights(folder: Path, held_out: bool) -> tuple[str, str]:
    """The package's weights, said to be trained with or without the test pieces."""
    with np.load(WEIGHTS / "fingering" / "fingering.npz") as stored:
        content = dict(stored)
    about = json.loads(str(content["about"]))
    content["about"] = np.array(json.dumps({**about, "held_out": held_out}))
    path = folder / f"weights{held_out}.npz"
    np.savez(path, **content)
    return "--weights", str(path)


def test_pieces_of_the_training_data_are_said_and_left_out(run, tmp_path):
    names = [f"exercise{n}" for n in range(40)]
    kept = next(name for name in names if is_held_out(name))
    learned = next(name for name in names if not is_held_out(name))
    table(tmp_path / f"{kept}.tsv")
    table(tmp_path / f"{learned}.tsv")
    code, out, err = run(tmp_path, "--json", *weights(tmp_path, held_out=True))
    assert code == 0
    assert "1 of 2 pieces were used in training" in err
    assert json.loads(out)["trained_on"] == 1
    code, out, err = run(tmp_path, "--json", *weights(tmp_path, held_out=False))
    assert json.loads(out)["trained_on"] == 2
    kept_weights = weights(tmp_path, held_out=True)
    code, out, err = run(tmp_path, "--json", "--held-out", *kept_weights)
    assert (code, err) == (0, "")
    assert json.loads(out)["pieces"] == 1
    code, out, err = run(tmp_path / f"{learned}.tsv", "--held-out", *kept_weights)
    assert (code, out) == (2, "")
    assert "was used in training" in err


def test_a_data_folder_and_mutopia_tables_are_read(run, tmp_path):
    folder = tmp_path / "mutopia"
    folder.mkdir()
    (folder / "INDEX.tsv").write_text("file\n")
    rows = [
        f"0\t{i / 8}\t0.125\t0\t{pitch}\t{hand}\t{finger}\n"
        for i, (pitch, hand, finger) in enumerate([(60, "R", 1), (62, "R", 2), (48, "L", 0)])
    ]
    head = "score\tonset_whole\tdur_whole\tgrace\tpitch\thand\tfinger\n"
    (folder / "piece.tsv").write_text(head + "".join(rows))
    for path in (tmp_path, folder, folder / "piece.tsv"):
        code, out, _ = run(path, "--json")
        assert code == 0
        assert json.loads(out)["collections"]["mutopia"]["rates"]["both"]["labels"] == 2


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("1-1_fingering.txt", "0\t0\t1\tC4\t64\t80\t0\t9\n", "line 1 of 1-1_fingering.txt"),
        ("1-1_fingering.txt", "0\t0\t1\tC4\t64\t80\t0\t0\n", "holds no fingers to compare"),
        ("x.tsv", "a\tb\n1\t2\n", "has another layout"),
        ("x.tsv", TABLE + "1.0\t0.5\t60\tR\t1\n", "release"),
        ("x.tsv", TABLE + "0.0\t0.5\n", "has another layout"),
        ("x.tsv", b"\xff\xfe\x00", "has another layout"),
        ("x.bin", b"\x00\x01", "holds no notes|line 1"),
    ],
)
def test_bad_files_are_refused_in_one_sentence(run, tmp_path, name, content, why):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    code, out, err = run(path)
    assert (code, out) == (2, "")
    assert re.fullmatch(r"duemani: [^\n]{10,300}\.\n", err), err
    assert re.search(why, err)


def test_missing_paths_and_empty_folders_are_refused(run, tmp_path):
    for path in (tmp_path / "none", tmp_path):
        code, out, err = run(path)
        assert (code, out) == (2, "")
        assert re.fullmatch(r"duemani: [^\n]+\.\n", err)
