"""What counts as a slip of the fingers, and how it is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from duemani.alignment.score import align_to_score
from duemani.analysis.expression.expression import analyse_expression
from duemani.inputs.score.written import WrittenPiece, read_written
from duemani.performance import Performance
from duemani.report import Remark


def note(step: str, octave: int, alter: int = 0, length: int = 2, extra: str = "") -> str:
    kind = {2: "quarter", 4: "half", 8: "whole"}[length]
    return (
        f"<note><pitch><step>{step}</step><alter>{alter}</alter><octave>{octave}</octave></pitch>"
        f"<duration>{length}</duration><voice>1</voice><type>{kind}</type><staff>1</staff>{extra}"
        "</note>"
    )


def quarters(count: int) -> list[str]:
    """D♭ major up and down, four notes a bar."""
    steps = [("D", -1), ("E", -1), ("F", 0), ("G", -1), ("A", -1), ("B", -1), ("F", 0), ("E", -1)]
    notes = [note(*steps[at % 8][:1], 5, steps[at % 8][1]) for at in range(count)]
    return ["".join(notes[at : at + 4]) for at in range(0, count, 4)]


def piece(folder: Path, bars: list[str], first: str = "") -> WrittenPiece:
    clefs = "".join(
        f'<clef number="{at}"><sign>{sign}</sign><line>{line}</line></clef>'
        for at, sign, line in ((1, "G", 2), (2, "F", 4))
    )
    head = (
        "<attributes><divisions>2</divisions><key><fifths>-5</fifths></key><time><beats>4</beats>"
        f"<beat-type>4</beat-type></time><staves>2</staves>{clefs}</attributes>{first}"
    )
    bass = (
        "<backup><duration>8</duration></backup><note><pitch><step>D</step><alter>-1</alter>"
        "<octave>3</octave></pitch><duration>8</duration><voice>5</voice><type>whole</type>"
        "<staff>2</staff></note>"
    )
    measures = "".join(
        f'<measure number="{at + 1}">{head if not at else ""}{bar}{bass}</measure>'
        for at, bar in enumerate(bars)
    )
    path = folder / "piece.musicxml"
    path.write_text(
        '<?xml version="1.0"?><score-partwise version="4.0"><part-list><score-part id="P1">'
        "<part-name>Piano</part-name></score-part></part-list>"
        f'<part id="P1">{measures}</part></score-partwise>'
    )
    return read_written(path, struck=True)


def said(piece: WrittenPiece, notes: np.ndarray) -> list[Remark]:
    take = Performance.create(notes)
    remarks = analyse_expression(take, align_to_score(take, piece.line)).remarks
    return [one for one in remarks if one.kind == "notes"]


def test_a_slip_has_bar_hand_and_the_scores_spelling(tmp_path: Path) -> None:
    score = piece(tmp_path, quarters(64))
    notes = score.performance.notes.copy()
    at = 21  # the first D♭5 of bar 5
    notes["pitch"][at] = 74
    (remark,) = said(score, notes)
    assert remark.title == "A clean performance: 1 slip in 80 notes"
    assert "79 of 80 notes are as written" in remark.text
    assert "bar 5, right hand: D5 instead of D♭5" in remark.text
    assert remark.notes == (at,)
    assert remark.praise
    gone = said(score, np.delete(score.performance.notes, at))
    assert "D♭5 left out" in gone[0].text


def test_many_slips_are_no_clean_performance_and_nobody_is_sure(tmp_path: Path) -> None:
    score = piece(tmp_path, quarters(64))
    notes = score.performance.notes.copy()
    wrong = np.flatnonzero(notes["pitch"] >= 60)[[3, 17, 28, 37, 50, 60]]
    notes["pitch"][wrong] += np.array([1, -1, 2, -2, 1, -1], "i2")
    remarks = [one for one in said(score, notes) if not one.praise]
    assert {note for one in remarks for note in one.notes} == set(wrong.tolist())
    assert max(one.confidence for one in remarks) < 0.85
    assert all(f"of {len(notes)} notes)" in one.text for one in remarks)


def test_an_early_stroke_is_neither_left_out_nor_struck_besides(tmp_path: Path) -> None:
    score = piece(tmp_path, quarters(64))
    notes = score.performance.notes.copy()
    step = float(np.median(np.diff(notes["onset_sec"])))
    notes["onset_sec"][32] += 1.2 * step  # after its neighbour
    notes["release_sec"][32] = notes["onset_sec"][32] + 0.1
    texts = " ".join(one.text for one in said(score, notes))
    assert "left out" not in texts
    assert "besides" not in texts


def test_crowds_of_extra_notes_are_doubted(tmp_path: Path) -> None:
    score = piece(tmp_path, quarters(64))
    notes = score.performance.notes
    run = notes[24:30].copy()
    run["onset_sec"] = run["onset_sec"][0] + np.linspace(0.1, 0.4, 6)
    run["pitch"] = [90, 92, 94, 95, 97, 99]
    run["release_sec"] = run["onset_sec"] + 0.1
    remarks = said(score, np.concatenate([notes, run]))
    doubted = [one for one in remarks if "Another text" in one.title]
    assert len(doubted) == 1
    assert doubted[0].confidence < 0.6
    assert "another edition, or an ornament" in doubted[0].text
    assert len(doubted[0].notes) == 6


def test_a_tremolo_strikes_as_often_as_it_likes(tmp_path: Path) -> None:
    def half(step: str, kind: str) -> str:
        sign = f'<notations><ornaments><tremolo type="{kind}">3</tremolo></ornaments></notations>'
        ratio = (
            "<time-modification><actual-notes>2</actual-notes><normal-notes>1</normal-notes>"
            "</time-modification>"
        )
        alter = -1
        return (
            f"<note><pitch><step>{step}</step><alter>{alter}</alter><octave>5</octave></pitch>"
            f"<duration>4</duration><voice>1</voice><type>whole</type>{ratio}<staff>1</staff>{sign}"
            "</note>"
        )

    bars = quarters(64)
    bars[6] = half("D", "start") + half("A", "stop")
    score = piece(tmp_path, bars)
    start, end = (score.bar_starts_sec[at] for at in (6, 7))
    others = score.performance.notes
    inside = (others["onset_sec"] > start - 0.01) & (others["onset_sec"] < end - 0.01)
    others = others[~inside | (others["pitch"] < 60)]
    tremolo = np.repeat(others[:1], 23)
    tremolo["onset_sec"] = np.linspace(start, end, 23, endpoint=False)
    tremolo["release_sec"] = tremolo["onset_sec"] + 0.05
    tremolo["pitch"] = np.resize([73, 80], 23)
    (remark,) = said(score, np.concatenate([others, tremolo])) or (None,)
    assert remark is None or remark.title == "All notes are right"


@pytest.mark.parametrize("printed", [True, False])
def test_only_a_printed_metronome_mark_asks_for_a_tempo(tmp_path: Path, printed: bool) -> None:
    mark = "<metronome><beat-unit>quarter</beat-unit><per-minute>60</per-minute></metronome>"
    words = "<words>Allegro</words>"
    direction = (
        f"<direction><direction-type>{mark if printed else words}</direction-type>"
        '<sound tempo="60"/></direction>'
    )
    score = piece(tmp_path, quarters(64), direction)
    notes = score.performance.notes.copy()
    for name in ("onset_sec", "release_sec"):
        notes[name] /= 2
    take = Performance.create(notes)
    titles = [
        one.title for one in analyse_expression(take, align_to_score(take, score.line)).remarks
    ]
    assert ("Faster than the metronome mark" in titles) == printed
