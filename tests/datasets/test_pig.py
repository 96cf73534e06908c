"""Files in the layout of the PIG data set: reading, aligning annotators, writing, bad rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duemani.datasets.fingering.pig import read_pig, read_pig_file, write_pig
from duemani.errors import InputError
from duemani.performance import LEFT, RIGHT, Performance, make_notes

PLAIN = """//Version: PianoFingering_v170101
0\t0.0\t0.5\tC4\t64\t80\t0\t1
1\t0.5\t1.0\tBb3\t70\t80\t1\t-2

2\t1.0\t1.5\tC##5\t64\t80\t0\t4_1
3\t1.0\t1.5\tFb2\t64\t80\t1\t-4_-1
4\t1.5\t2.0\tG4\t64\t80\t0\t0
5\t2.0\t2.5\tA4\t64\t80\t0
"""


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(*notes: tuple[float, str, int, str]) -> str:
    """(onset, pitch, channel, finger) of half a second each."""
    return "".join(
        f"{at}\t{onset}\t{onset + 0.5}\t{pitch}\t64\t80\t{channel}\t{finger}\n"
        for at, (onset, pitch, channel, finger) in enumerate(notes)
    )


@pytest.mark.parametrize(
    "content",
    [PLAIN, PLAIN.replace("\n", "\r\n"), "\ufeff" + PLAIN, PLAIN.replace("\t", "  ")],
    ids=["plain", "crlf", "bom", "spaces"],
)
def test_every_column_is_read(tmp_path, content):
    file = read_pig_file(write(tmp_path / "001-1_fingering.txt", content))
    notes = file.performance.notes
    assert notes["pitch"].tolist() == [60, 58, 40, 74, 67, 69]
    assert notes["hand"].tolist() == [RIGHT, LEFT, LEFT, RIGHT, RIGHT, RIGHT]
    assert notes["finger"].tolist() == [1, 2, 4, 4, 0, 0]
    assert file.substitutions.tolist() == [0, 0, 1, 1, 0, 0]
    assert notes["onset_sec"].tolist() == [0.0, 0.5, 1.0, 1.0, 1.5, 2.0]
    assert notes["velocity"].tolist() == [64, 70, 64, 64, 64, 64]
    assert file.remarks == ()


def test_annotators_of_one_piece_come_together(tmp_path):
    write(tmp_path / "010-2_fingering.txt", rows((0.0, "C4", 0, "2"), (0.5, "D4", 0, "3")))
    write(tmp_path / "010-10_fingering.txt", rows((0.0, "C4", 0, "3"), (0.5, "D4", 0, "4")))
    write(tmp_path / "010-1_fingering.txt", rows((0.0, "C4", 0, "1"), (0.5, "D4", 0, "0")))
    write(tmp_path / "002-1_fingering.txt", rows((0.0, "E3", 1, "-5")))
    write(tmp_path / "readme.txt", "not a fingering")
    first, second = read_pig(tmp_path)
    assert (first.name, second.name) == ("002", "010")
    assert first.fingers.tolist() == [[5]]
    assert second.fingers.tolist() == [[1, 0], [2, 3], [3, 4]]
    assert second.performance.notes["finger"].tolist() == [0, 0]
    assert second.remarks == ()


def test_chord_notes_some_milliseconds_apart_are_aligned_by_note(tmp_path):
    one = rows((0.0, "C4", 0, "1"), (0.006, "E4", 0, "3"), (1.0, "G4", 0, "5"), (2.0, "C4", 0, "1"))
    two = rows(
        (0.0, "E4", 0, "2"), (0.004, "C4", 0, "1"), (2.01, "C4", 0, "4"), (9.0, "C4", 0, "5")
    )
    write(tmp_path / "1-1_fingering.txt", one)
    write(tmp_path / "1-2_fingering.txt", two)
    (piece,) = read_pig(tmp_path)
    assert piece.performance.notes["pitch"].tolist() == [60, 64, 67, 60]
    assert piece.fingers.tolist() == [[1, 3, 5, 1], [1, 2, 0, 4]]
    assert piece.remarks == (
        "1-2_fingering.txt lists other notes than 1-1_fingering.txt:"
        " 3 of 4 aligned by pitch and nearest onset.",
    )


def test_one_key_twice_at_one_onset_keeps_both_hands_fingers(tmp_path):
    for number, (right, left) in enumerate([("1", "-1"), ("2", "-3")], 1):
        content = rows((0.0, "C4", 1, left), (0.0, "C4", 0, right), (0.0, "E4", 0, "5_4"))
        write(tmp_path / f"7-{number}_fingering.txt", content)
    (piece,) = read_pig(tmp_path)
    by_hand = {
        int(h): piece.fingers[:, i].tolist()
        for i, h in enumerate(piece.performance.notes["hand"][:2])
    }
    assert by_hand == {RIGHT: [1, 2], LEFT: [1, 3]}
    assert piece.substitutions.tolist() == [[0, 0, 4], [0, 0, 4]]


def test_the_same_key_twice_is_aligned_hand_by_hand_where_files_differ(tmp_path):
    write(tmp_path / "7-1_fingering.txt", rows((0.0, "C4", 0, "1"), (0.0, "C4", 1, "-2")))
    content = rows((0.0, "C4", 1, "-4"), (0.0, "C4", 0, "3"), (1.0, "D4", 0, "1"))
    write(tmp_path / "7-2_fingering.txt", content)
    (piece,) = read_pig(tmp_path)
    hands = piece.performance.notes["hand"].tolist()
    assert piece.fingers[1, hands.index(RIGHT)] == 3
    assert piece.fingers[1, hands.index(LEFT)] == 4


def test_a_finger_of_the_other_hand_is_no_label(tmp_path):
    file = read_pig_file(write(tmp_path / "a.txt", rows((0.0, "C4", 0, "-1"), (1.0, "D4", 0, "2"))))
    assert file.performance.notes["finger"].tolist() == [0, 2]
    assert file.remarks == ("a.txt: 1 fingers of the other hand are left out.",)


def test_a_hand_that_annotators_disagree_on_is_no_label(tmp_path):
    write(tmp_path / "1-1_fingering.txt", rows((0.0, "C4", 0, "1"), (1.0, "D4", 0, "2")))
    write(tmp_path / "1-2_fingering.txt", rows((0.0, "C4", 1, "-1"), (1.0, "D4", 0, "3")))
    (piece,) = read_pig(tmp_path)
    assert piece.fingers.tolist() == [[1, 2], [0, 3]]


def test_what_is_written_is_read_again(tmp_path):
    generator = np.random.default_rng(3)
    onset = np.sort(generator.uniform(0, 100, 300)).round(6)
    notes = make_notes([(float(t), float(t) + 0.25, 60, 64) for t in onset])
    notes["pitch"] = generator.integers(21, 109, 300)
    notes["velocity"] = generator.integers(1, 128, 300)
    notes["hand"], notes["finger"] = generator.integers(0, 2, 300), generator.integers(0, 6, 300)
    performance = Performance.create(notes)
    seconds = np.where(performance.notes["finger"] == 4, 2, 0)
    write_pig(tmp_path / "x.txt", performance, seconds)
    file = read_pig_file(tmp_path / "x.txt")
    for name in ("pitch", "velocity", "hand", "finger"):
        assert file.performance.notes[name].tolist() == performance.notes[name].tolist()
    for name in ("onset_sec", "release_sec"):
        assert np.allclose(file.performance.notes[name], performance.notes[name], atol=1e-6)
    assert file.substitutions.tolist() == seconds.tolist()
    assert [path.name for path in tmp_path.iterdir()] == ["x.txt"]


def test_a_file_without_hands_is_not_written(tmp_path):
    with pytest.raises(InputError, match="needs a hand for every note"):
        write_pig(tmp_path / "x.txt", Performance.create(make_notes([(0.0, 1.0, 60, 64)])))
    assert list(tmp_path.iterdir()) == []


BAD_ROWS = {
    "0\t0.0\t0.5\tC4\t64\t80": "6 columns, where PIG has eight",
    "0\tx\t0.5\tC4\t64\t80\t0\t1": "'x' is no time",
    "0\t-1\t0.5\tC4\t64\t80\t0\t1": "'-1' is no time",
    "0\tnan\t0.5\tC4\t64\t80\t0\t1": "'nan' is no time",
    "0\t1e999\t0.5\tC4\t64\t80\t0\t1": "'1e999' is no time",
    "0\t1.0\t0.5\tC4\t64\t80\t0\t1": "the release at 0.5 s comes before the onset at 1.0 s",
    "0\t0.0\t0.5\tH4\t64\t80\t0\t1": "'H4' is no pitch",
    "0\t0.0\t0.5\tC#b4\t64\t80\t0\t1": "'C#b4' is no pitch",
    "0\t0.0\t0.5\tC9\t64\t80\t0\t1": "C9 lies outside the piano's range",
    "0\t0.0\t0.5\tAb0\t64\t80\t0\t1": "Ab0 lies outside the piano's range",
    "0\t0.0\t0.5\tC4\t64\t80\t2\t1": "channel '2'",
    "0\t0.0\t0.5\tC4\t64\t80\t0\t6": "'6' is no finger",
    "0\t0.0\t0.5\tC4\t64\t80\t0\tthumb": "'thumb' is no finger",
}


@pytest.mark.parametrize("row", BAD_ROWS, ids=BAD_ROWS.values())
def test_a_bad_row_is_named(tmp_path, row):
    write(tmp_path / "9-1_fingering.txt", "//Version\n" + rows((0.0, "C4", 0, "1")) + row + "\n")
    with pytest.raises(InputError) as raised:
        read_pig(tmp_path / "9-1_fingering.txt")
    message = str(raised.value)
    assert message.startswith(f"line 3 of 9-1_fingering.txt: {BAD_ROWS[row]}")
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "holds no notes"),
        (b"//only\n\n", "holds no notes"),
        (b"\xff\xfe\x00\x01", "is not a text file"),
    ],
)
def test_files_without_notes_are_refused(tmp_path, content, why):
    with pytest.raises(InputError, match=why):
        read_pig(write(tmp_path / "1-1_fingering.txt", content))


def test_folders_without_files_and_missing_paths_are_refused(tmp_path):
    with pytest.raises(InputError, match="holds no PIG files"):
        read_pig(tmp_path)
    with pytest.raises(InputError, match="cannot read"):
        read_pig(tmp_path / "none.txt")


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.text("0123456789.-_\t\n#bABC/ e\r", max_size=120)))
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path, content):
    path = write(tmp_path / "1-1_fingering.txt", content)
    try:
        pieces = read_pig(path)
    except InputError:
        return
    assert pieces[0].fingers.shape == (1, len(pieces[0].performance.notes))
