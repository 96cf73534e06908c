"""In which order bars are played: repeats, endings, D.C., D.S., Fine and codas."""

from __future__ import annotations

from pathlib import Path

import pytest

from duemani.inputs.score.play import load_score
from tests.inputs.test_score import note, save, score

STEPS = "CDEFGAB"
FORWARD = '<barline location="left"><repeat direction="forward"/></barline>'
SEGNO = '<direction><direction-type><segno/></direction-type><sound segno="{0}"/></direction>'


def backward(more: str = "") -> str:
    return f'<barline location="right"><repeat direction="backward"{more}/></barline>'


def words(text: str, sound: str = "") -> str:
    said = f"<sound {sound}/>" if sound else ""
    kind = f"<direction-type><words>{text}</words></direction-type>"
    return f"<direction>{kind}{said}</direction>"


def ending(number: str, repeat: bool = True) -> tuple[str, str]:
    left = f'<barline location="left"><ending number="{number}" type="start"/></barline>'
    sign = '<repeat direction="backward"/>' if repeat else ""
    kind = "stop" if repeat else "discontinue"
    right = f'<barline location="right"><ending number="{number}" type="{kind}"/>{sign}</barline>'
    return left, right


def played(tmp_path: Path, *bars: tuple[str, str]) -> tuple[str, tuple[str, ...]]:
    """Bars (named A, B, C …) in the order played, and the remarks."""
    written = [
        left + note(STEPS[at % 7], 4 + at // 7, 16) + right for at, (left, right) in enumerate(bars)
    ]
    read = load_score(save(tmp_path, score(*written)))
    return "".join(chr(ord("A") + number) for number in read.numbers), read.remarks


N = ("", "")


@pytest.mark.parametrize(
    ("bars", "order"),
    [
        ([N, ("", backward()), N], "ABABC"),
        ([N, (FORWARD, backward(' times="3"')), N], "ABBBC"),
        ([("", backward()), ("", backward()), N], "AABBC"),
        ([(FORWARD, ""), ending("1"), ending("2", repeat=False), N], "ABACD"),
        ([(FORWARD, ""), ending("1, 2"), ending("3", repeat=False)], "ABABAC"),
        ([(FORWARD, ""), ending("1"), ending("2"), ending("3")], "ABACAD"),
        ([(FORWARD, ""), ending("1-3"), ending("4", repeat=False)], "ABABABAC"),
        ([(FORWARD, ""), ending("1"), N], "ABAC"),
        ([(FORWARD, ""), ending("", repeat=True), ending("", repeat=False)], "ABAC"),
        ([(FORWARD, ""), (FORWARD, backward()), ("", backward()), N], "ABBCABBCD"),
        ([N, (backward().replace("right", "left"), "")], "AAB"),
        ([ending("1", repeat=False), ending("2", repeat=False)], "AB"),
    ],
)
def test_repeats_and_endings(tmp_path: Path, bars: list[tuple[str, str]], order: str) -> None:
    assert played(tmp_path, *bars)[0] == order


@pytest.mark.parametrize("name", ["s", "segno", "1"])
def test_dal_segno_al_coda(tmp_path: Path, name: str) -> None:
    order, remarks = played(
        tmp_path,
        N,
        (SEGNO.format(name), words("To Coda", 'tocoda="c"')),
        ("", words("D.S. al Coda", f'dalsegno="{name}"')),
        (words("Coda", 'coda="c"'), ""),
    )
    assert order == "ABCBD"
    assert "Jumps followed: after bar 3 on from bar 2, without repeats (D.S.)." in remarks


def test_words_alone_are_followed(tmp_path: Path) -> None:
    sign = "<direction><direction-type><{}/></direction-type></direction>"
    assert played(
        tmp_path, N, (sign.format("segno"), ""), ("", words("Fine")), ("", words("D.S. al Fine"))
    )[0] == "ABCDBC"  # fmt: skip
    assert played(
        tmp_path, N, ("", sign.format("coda")), ("", words("D. C. al Coda")),
        (sign.format("coda"), ""),
    )[0] == "ABCABD"  # fmt: skip
    assert played(tmp_path, ("", words("Fine")), ("", words("Da Capo al Fine")))[0] == "ABA"


def test_after_da_capo_repeats_are_left_out_and_the_last_ending_is_played(tmp_path: Path) -> None:
    bars = [(FORWARD, ""), ending("1"), ending("2", repeat=False), ("", words("", 'fine="yes"'))]
    order, remarks = played(tmp_path, *bars, ("", words("D.C.", 'dacapo="yes"')))
    assert order == "ABACDEACD"
    assert any("without repeats" in one for one in remarks)
    asked = played(tmp_path, *bars, ("", words("D.C. con ripetizione", 'dacapo="yes"')))[0]
    assert asked == "ABACDEABACD"


def test_repeats_beyond_a_jump_are_taken(tmp_path: Path) -> None:
    order, _ = played(tmp_path, N, ("", words("D.C.", 'dacapo="yes"')), (FORWARD, backward()))
    assert order == "ABABCC"


def test_to_coda_at_the_start_of_a_bar_leaves_before_it(tmp_path: Path) -> None:
    order, _ = played(
        tmp_path, N, (words("To Coda", 'tocoda="x"'), ""), ("", words("", 'dacapo="yes"')),
        (words("", 'coda="x"'), "")
    )  # fmt: skip
    assert order == "ABCAD"


def test_a_lost_segno_is_said(tmp_path: Path) -> None:
    order, remarks = played(tmp_path, N, ("", words("D.S.", 'dalsegno="s"')))
    assert order == "ABAB"
    assert any("leads to a sign that is not there" in one for one in remarks)


def test_endless_repeats_end(tmp_path: Path) -> None:
    forwards = [(FORWARD, "")] * 7
    order, remarks = played(tmp_path, *forwards, *[("", backward(' times="90"'))] * 7)
    assert order == "ABCDEFGHIJKLMN"
    assert any("endless" in one for one in remarks)
