"""Readers of fingered scores and the training on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from duemani.cli import main
from duemani.datasets.fingering.scores import is_held_out, read_fingered_pieces
from duemani.errors import InputError
from duemani.evaluation.fingering.agreement import hand_accuracy, match_rate
from duemani.models.fingering.choose import assign_fingers
from duemani.models.fingering.model import FingeringModel, pretrained_fingering
from duemani.performance import LEFT, RIGHT, Performance

SHARED = Path("/work/shared/data/fingering")
ABCD = """% abcDidactyl v5
% abcD fingering 1: 12312345&x4321@54321321&12345
% abcDidactyl END
X:1
K:Gmaj
V:1 treble
V:2 bass octave=-1
V:1
L:1/16
"^up"GABc defg|
^gf_ed c|
V:2
L:1/16
GABc [K:clef=treble octave=-1]defg|
cBAGF|
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small self-made data folder in the layout of the real one."""
    scales = tmp_path / "beringer" / "scales"
    scales.mkdir(parents=True)
    (scales / "g_major.abcd").write_text(ABCD, encoding="utf-8")
    (tmp_path / "czerny599").mkdir()
    right = [(60, 1), (62, 2), (64, 3), (65, 1), (67, 2), (69, 3), (71, 4), (72, 5)] * 5
    rows = ["onset_sec\toffset_sec\tpitch\tspelled\thand\tfinger"]
    for at, (pitch, finger) in enumerate(right):
        rows.append(f"{at * 0.3:.1f}\t{at * 0.3 + 0.3:.1f}\t{pitch}\tC\tR\t{finger}")
        rows.append(
            f"{at * 0.3:.1f}\t{at * 0.3 + 0.3:.1f}\t{48 + 7 * (at % 2)}\tC\tL\t{5 - 4 * (at % 2)}"
        )
    (tmp_path / "czerny599" / "one.tsv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "mutopia").mkdir()
    head = "score\thand\tvoice\tonset_whole\tgrace\tdur_whole\tpitch\tfinger\n"
    (tmp_path / "mutopia" / "two.tsv").write_text(
        head + "0\tR\t\t0.5\t-0.125\t0.0\t72\t3\n0\tL\t1\t0.5\t0.0\t0.25\t48\t0\n"
        "1\tL\t1\t0.5\t0.0\t0.25\t48\t0\n",
        encoding="utf-8",
    )
    return tmp_path


def test_readers(folder: Path) -> None:
    pieces = {piece.name: piece for piece in read_fingered_pieces(folder)}
    assert sorted(pieces) == ["beringer/scales/g_major", "one", "two#0"]
    scale = pieces["beringer/scales/g_major"].performance.notes
    right = scale[scale["hand"] == RIGHT]
    assert right["pitch"].tolist() == [67, 69, 71, 72, 74, 76, 78, 79, 80, 78, 75, 74, 72]
    assert right["finger"].tolist() == [1, 2, 3, 1, 2, 3, 4, 5, 0, 4, 3, 2, 1]
    left = scale[scale["hand"] == LEFT]
    assert left["pitch"].tolist()[:8] == [55, 57, 59, 60, 62, 64, 66, 67]
    assert left["pitch"].tolist()[8:] == [60, 59, 57, 55, 54]
    sparse = pieces["two#0"].performance.notes
    assert sparse["onset_sec"].tolist() == [0.75, 1.0]
    assert sparse["finger"].tolist() == [3, 0]


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="mutopia"):
        read_fingered_pieces(tmp_path)


def test_split_is_fixed_and_about_one_in_five() -> None:
    held_out = [is_held_out(f"piece {number}") for number in range(1000)]
    assert 150 < sum(held_out) < 250
    assert is_held_out("CXML599_20") == is_held_out("CXML599_20")


def test_training_learns_its_pieces_and_is_reproducible(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training needs torch, which playing does not")
    from duemani.training.fingering.train import FingeringTraining, train_fingering

    config = FingeringTraining(
        networks=1, epochs=120, width=16, hidden=16, dropout=0.0, input_dropout=0.0,
        transposed_share=0.0, canonical_share=0.0, learning_rate=0.01, averaging=0.5,
    )  # fmt: skip
    first = FingeringModel.load(train_fingering(folder, tmp_path / "a.npz", config, hold_out=False))
    second = FingeringModel.load(
        train_fingering(folder, tmp_path / "b.npz", config, hold_out=False)
    )
    for name, values in first.networks[0].items():
        np.testing.assert_array_equal(values, second.networks[0][name])
    np.testing.assert_array_equal(first.hands, second.hands)
    (piece,) = (piece for piece in read_fingered_pieces(folder) if piece.name == "one")
    bare = piece.performance.notes.copy()
    bare["finger"] = 0
    played = assign_fingers(Performance(bare), model=first).notes
    assert match_rate(played["finger"], piece.performance.notes["finger"]) > 0.95


def test_train_command(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="training needs torch, which playing does not")
    output = tmp_path / "w.npz"
    arguments = ["train", "fingering", str(folder), "-o", str(output), "--quick", "--all-pieces"]
    assert main(arguments) == 0
    model = FingeringModel.load(output)
    assert not model.held_out
    assert len(model.networks) == 1
    for wrong, why in (
        ([str(folder), "-o", str(tmp_path / "w.txt")], "accepted is .npz"),
        ([str(tmp_path / "none"), "-o", str(output)], "holds none of"),
    ):
        before = output.read_bytes()
        capfd.readouterr()
        assert main(["train", "fingering", *wrong]) == 2
        assert why in capfd.readouterr().err
        assert output.read_bytes() == before


def test_packaged_weights_say_what_they_come_from() -> None:
    about = pretrained_fingering().about
    for word in ("Mutopia", "Beringer", "Czerny", "public domain"):
        assert word in about


@pytest.mark.skipif(not SHARED.is_dir(), reason="the fingering data are not on this machine")
def test_real_data_are_read_and_hands_found() -> None:
    pieces = read_fingered_pieces(SHARED)
    assert sum(int((piece.performance.notes["finger"] > 0).sum()) for piece in pieces) > 40_000
    czerny = [piece for piece in pieces if piece.source == "czerny599" and is_held_out(piece.name)]
    rates = []
    for piece in czerny[:3]:
        bare = piece.performance.notes.copy()
        bare["hand"], bare["finger"] = -1, 0
        played = assign_fingers(Performance(bare)).notes
        rates.append(hand_accuracy(played["hand"], piece.performance.notes["hand"]))
    assert np.mean(rates) > 0.9
