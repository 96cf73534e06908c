"""What a page says, in the ways in which programs write it: right keys, once each, for how long."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from duemani.errors import InputError
from duemani.inputs.score.document import open_document
from duemani.inputs.score.notation import read_notation
from duemani.inputs.score.phrasing import Phrasing
from duemani.inputs.score.play import ScoreInput, load_score
from duemani.inputs.score.written import read_written
from tests.inputs.test_score import BACK, TEMPO, notations, note, save, score

LOW = BACK + note("C", 3, 16, 2)
TIED = {kind: f'<tie type="{kind}"/>' for kind in ("start", "stop")}


def read(tmp_path: Path, *bars: str) -> ScoreInput:
    return load_score(save(tmp_path, score(*bars)), Phrasing.none())


def struck(tmp_path: Path, *bars: str) -> list[tuple[float, float, int]]:
    """(onset, length, pitch) in quarters of all notes but the low C."""
    notes = read(tmp_path, *bars).performance.notes
    return [
        (round(float(one["onset_sec"]) / 0.6, 2),
         round(float(one["release_sec"] - one["onset_sec"]) / 0.6, 2), int(one["pitch"]))
        for one in notes
        if one["pitch"] != 48
    ]  # fmt: skip


def tied(step: str, octave: int, duration: int, *kinds: str) -> str:
    marks = "".join(TIED[kind] for kind in kinds)
    return note(step, octave, duration).replace("<voice>", f"{marks}<voice>")


def fingered(step: str, *fingerings: str, chord: bool = False) -> str:
    inside = notations(f"<technical>{''.join(fingerings)}</technical>") if fingerings else ""
    written = note(step, 5, 16, inside=inside)
    return written.replace("<note>", "<note><chord/>") if chord else written


def finger(text: str, attributes: str = "") -> str:
    return f"<fingering {attributes}>{text}</fingering>"


@pytest.mark.parametrize(
    "double",
    ['<note print-object="no">', "<note><cue/>"],
)
def test_a_visible_note_survives_its_hidden_or_cue_double(tmp_path: Path, double: str) -> None:
    hidden = note("C", 4, 16).replace("<note>", double)
    path = save(tmp_path, score(hidden + BACK + note("C", 4, 16)))
    for numbers in (load_score(path).numbers, read_written(path).numbers):
        assert numbers.tolist() == [1]
    assert "1 cue or hidden note is left out." in load_score(path).remarks


def test_a_hidden_end_of_a_tie_lengthens_the_note_that_is_seen(tmp_path: Path) -> None:
    end = tied("C", 5, 8, "stop").replace("<note>", '<note print-object="no">')
    assert struck(tmp_path, tied("C", 5, 8, "start") + end) == [(0.0, 4.0, 72)]


def test_grace_notes_tied_into_a_chord_are_held_and_nothing_is_lost(tmp_path: Path) -> None:
    grace = "".join(tied(step, 5, 0, "start").replace("<note>", "<note><grace/>") for step in "CE")
    chord = tied("C", 5, 16, "stop")
    chord += tied("E", 5, 16, "stop").replace("<note>", "<note><chord/>")
    chord += note("G", 5, 16).replace("<note>", "<note><chord/>")
    found = struck(tmp_path, grace + chord + LOW)
    assert [pitch for *_, pitch in found] == [72, 76, 79]
    assert all(length >= 4 for _, length, _ in found)
    assert read_written(tmp_path / "a.musicxml").numbers.tolist() == [0, 1, 5, 4]


def test_a_grace_chord_is_struck_at_once(tmp_path: Path) -> None:
    grace = note("C", 5, 0).replace("<note>", '<note><grace slash="yes"/>')
    other = note("E", 5, 0).replace("<note>", '<note><grace slash="yes"/><chord/>')
    (first, _, _), (second, _, _), (main, _, _) = struck(tmp_path, grace + other + note("G", 5, 16))
    assert first == second == 0.0
    assert main > 0.1


def test_a_tie_into_a_repeat_is_struck_when_it_is_repeated(tmp_path: Path) -> None:
    forward = '<barline location="left"><repeat direction="forward"/></barline>'
    backward = '<barline location="right"><repeat direction="backward"/></barline>'
    bars = (
        note("C", 5, 12) + tied("G", 4, 4, "start"),
        forward + tied("G", 4, 8, "stop") + note("A", 4, 8) + backward,
    )
    found = struck(tmp_path, *bars)
    assert [(onset, pitch) for onset, _, pitch in found] == [
        (0.0, 72), (3.0, 67), (6.0, 69), (8.0, 67), (10.0, 69)
    ]  # fmt: skip
    assert found[1][1] == 3.0
    piece = read_written(tmp_path / "a.musicxml")
    assert piece.numbers.tolist() == [0, 1, 2, 3]
    assert piece.numbers[piece.written_index].tolist() == [0, 1, 3, 2, 3]


def test_a_tie_leads_into_both_endings(tmp_path: Path) -> None:
    def ending(number: int, content: str, repeat: str = "") -> str:
        left = f'<barline location="left"><ending number="{number}" type="start"/></barline>'
        right = (
            f'<barline location="right"><ending number="{number}" type="stop"/>{repeat}</barline>'
        )
        return left + content + right

    back = '<repeat direction="backward"/>'
    found = struck(
        tmp_path,
        tied("G", 4, 16, "start"),
        ending(1, tied("G", 4, 16, "stop"), back),
        ending(2, tied("G", 4, 8, "stop") + note("A", 4, 8)),
    )
    assert [(onset, pitch) for onset, _, pitch in found] == [(0.0, 67), (8.0, 67), (14.0, 69)]
    assert found[1][1] == 6.0
    # No finger at what is never struck.
    assert read_written(tmp_path / "a.musicxml").numbers.tolist() == [0, 3]


def test_a_tie_that_leads_nowhere_loses_no_note(tmp_path: Path) -> None:
    found = struck(tmp_path, tied("C", 5, 8, "start") + tied("D", 5, 8, "stop"))
    assert [pitch for *_, pitch in found] == [72, 74]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([finger("3"), finger("1", 'substitution="yes"')], (3, 1)),
        ([finger("4", 'alternate="yes"'), finger("3")], (3, 0)),
        ([finger("4", 'alternate="yes"')], (4, 0)),
        ([finger("3-1")], (3, 1)),
        ([finger("(3)")], (3, 0)),
        ([finger("4/2")], (4, 0)),
        ([finger(" 2 ")], (2, 0)),
        ([finger("")], (0, 0)),
        ([finger("thumb")], (0, 0)),
        ([finger("10")], (0, 0)),
        ([finger("0")], (0, 0)),
    ],
)
def test_printed_fingers_are_understood(
    tmp_path: Path, marks: list[str], expected: tuple[int, int]
) -> None:
    path = save(tmp_path, score(fingered("C", *marks) + LOW))
    piece = read_written(path)
    at = piece.numbers.tolist().index(0)
    assert (piece.performance.notes["finger"][at], piece.taking_over[at]) == expected


@pytest.mark.parametrize("marks", [[finger("5"), finger("3"), finger("1")], [finger("5 3 1")]])
def test_a_chords_fingers_at_one_note_belong_to_all(tmp_path: Path, marks: list[str]) -> None:
    chord = fingered("C", *marks) + fingered("E", chord=True) + fingered("G", chord=True)
    low = chord.replace("<octave>5", "<octave>3").replace("<staff>1", "<staff>2")
    notes = read(tmp_path, chord + BACK + low).performance.notes
    assert notes["finger"].tolist() == [5, 3, 1, 1, 3, 5]


def test_decimal_and_missing_durations(tmp_path: Path) -> None:
    def lasting(duration: str) -> str:
        return note("C", 5, 1).replace("<duration>1<", f"<duration>{duration}<")

    found = struck(tmp_path, lasting("1.5") + lasting("4.0") + note("D", 5, 4))
    assert [onset for onset, *_ in found] == [0.0, 0.38, 1.38]
    typed = note("C", 5, 0).replace("<staff>", "<type>half</type><dot/><staff>")
    assert [onset for onset, *_ in struck(tmp_path, typed + note("D", 5, 4))] == [0.0, 3.0]


@pytest.mark.parametrize(
    ("alter", "pitch"), [("0.5", 73), ("-0.5", 72), ("0.4", 72), ("-0.75", 71), ("1", 73)]
)
def test_microtones_go_to_the_nearest_key_and_are_said(
    tmp_path: Path, alter: str, pitch: int
) -> None:
    bent = note("C", 5, 16).replace("</step>", f"</step><alter>{alter}</alter>")
    found = read(tmp_path, bent)
    assert found.performance.notes["pitch"].tolist() == [pitch]
    assert any("microtones" in one for one in found.remarks) == (alter != "1")


def test_an_accidental_without_alter_is_only_displayed(tmp_path: Path) -> None:
    for name in ("sharp", "natural-flat", "quarter-flat"):
        shown = note("C", 5, 16).replace("<staff>", f"<accidental>{name}</accidental><staff>")
        assert struck(tmp_path, shown) == [(0.0, 4.0, 72)]


def test_transposing_parts_sound(tmp_path: Path) -> None:
    down = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic>"
    down += "<octave-change>-1</octave-change></transpose></attributes>"
    xml = score(note("C", 5, 16)).replace("</attributes>", down)
    assert load_score(save(tmp_path, xml)).performance.notes["pitch"].tolist() == [58]


def test_unpitched_notes_are_passed_over(tmp_path: Path) -> None:
    drum = note("C", 5, 4).replace(
        "<pitch><step>C</step><octave>5</octave></pitch>",
        "<unpitched><display-step>E</display-step><display-octave>4</display-octave></unpitched>",
    )
    beside = drum.replace("<note>", "<note><chord/>")
    assert struck(tmp_path, drum + beside + note("D", 5, 12)) == [(1.0, 3.0, 74)]


def test_notes_outside_the_keyboard_are_said(tmp_path: Path) -> None:
    found = read(tmp_path, note("C", 9, 8) + note("C", 5, 8))
    assert found.performance.notes["pitch"].tolist() == [72]
    assert found.remarks == ("1 note is outside the 88 keys and left out.",)


def test_only_a_metronome_mark_is_printed(tmp_path: Path) -> None:
    hidden = '<direction><direction-type><words/></direction-type><sound tempo="90"/></direction>'
    for direction, rate, printed in ((TEMPO, 60, True), (hidden, 90, False)):
        document = open_document(save(tmp_path, score(direction + note("C", 5, 16))))
        (mark,) = read_notation(document).written.marks
        assert (mark.kind, mark.value, mark.printed) == ("tempo", rate, printed)


def test_a_doctype_with_an_inner_part_is_read(tmp_path: Path) -> None:
    xml = score("<!-- <!ENTITY in a comment -->" + note("C", 5, 16))
    path = tmp_path / "a.xml"
    path.write_text(f'<!DOCTYPE score-partwise SYSTEM "x.dtd" [ <!ELEMENT a ANY> ]>{xml}')
    assert load_score(path).performance.notes["pitch"].tolist() == [72]


def archive(path: Path, container: str, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        if container:
            rootfile = f'<rootfile full-path="{container}"/>'
            made.writestr("META-INF/container.xml", f"<container>{rootfile}</container>")
        for at, name in enumerate(names):
            made.writestr(name, score(note("CDE"[at], 5, 16)))
    return path


@pytest.mark.parametrize(
    ("container", "names", "pitch"),
    [
        ("a &amp; b.xml", ("b.xml", "a & b.xml"), 74),
        ("in/b.musicxml", ("a.xml", "in/b.musicxml"), 74),
        ("", ("__MACOSX/._a.xml", "a.xml"), 74),
        ("missing.xml", ("__MACOSX/._a.xml", "._b.xml", "a.xml"), 76),
        ("", ("deep/a.xml", "b.xml"), 74),
    ],
)
def test_the_score_of_an_archive(
    tmp_path: Path, container: str, names: tuple[str, ...], pitch: int
) -> None:
    path = archive(tmp_path / "a.mxl", container, *names)
    assert load_score(path).performance.notes["pitch"].tolist() == [pitch]


def test_an_archive_of_several_scores_without_a_choice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="several scores"):
        load_score(archive(tmp_path / "a.mxl", "", "a.xml", "b.xml"))


def ornamented(step: str, octave: int, duration: int, sign: str, kind: str) -> str:
    written = note(step, octave, duration, inside=notations(f"<ornaments>{sign}</ornaments>"))
    return written.replace("<staff>", f"<type>{kind}</type><staff>")


def test_tremolos_are_struck_and_written_once(tmp_path: Path) -> None:
    single = ornamented("C", 5, 8, '<tremolo type="single">2</tremolo>', "half")
    two = [
        ornamented(step, 5, 4, f'<tremolo type="{kind}">1</tremolo>', "half").replace(
            "<staff>",
            "<time-modification><actual-notes>2</actual-notes><normal-notes>1</normal-notes>"
            "</time-modification><staff>",
        )
        for step, kind in (("E", "start"), ("G", "stop"))
    ]
    found = struck(tmp_path, single + "".join(two))
    assert [(onset, pitch) for onset, _, pitch in found] == [
        *((at / 4, 72) for at in range(8)), (2.0, 76), (2.5, 79), (3.0, 76), (3.5, 79)
    ]  # fmt: skip
    path = tmp_path / "a.musicxml"
    assert read_written(path).numbers.tolist() == [0, 1, 2]
    compared = read_written(path, struck=True)
    assert compared.numbers.tolist() == [0] * 8 + [1, 2, 1, 2]
    assert compared.line.jumps == ()


def test_endless_tremolos_are_refused(tmp_path: Path) -> None:
    long = ornamented("C", 5, 999_999, '<tremolo type="single">5</tremolo>', "whole")
    with pytest.raises(InputError, match="with all its tremolos"):
        struck(tmp_path, long)


def test_a_chords_tremolo_is_all_its_notes(tmp_path: Path) -> None:
    first = ornamented("C", 5, 16, '<tremolo type="single">1</tremolo>', "whole")
    other = note("E", 5, 16).replace("<note>", "<note><chord/>")
    found = struck(tmp_path, first + other)
    assert [pitch for *_, pitch in found] == [72, 76] * 8


def test_ornaments_follow_the_key(tmp_path: Path) -> None:
    turn = ornamented("E", 5, 16, "<turn/>", "whole")
    xml = score(turn).replace("<fifths>0", "<fifths>1")
    pitches = load_score(save(tmp_path, xml)).performance.notes["pitch"].tolist()
    assert pitches == [78, 76, 74, 76]
    mordent = ornamented("C", 5, 16, "<mordent/><accidental-mark placement='below'>flat"
                         "</accidental-mark>", "whole")  # fmt: skip
    assert [pitch for *_, pitch in struck(tmp_path, mordent)] == [72, 70, 72]
    trill = struck(tmp_path, ornamented("C", 5, 16, "<trill-mark/>", "whole"))
    assert len(trill) > 12
    assert [pitch for *_, pitch in trill] == [72, 74] * (len(trill) // 2) + [72]
    assert read_written(tmp_path / "a.musicxml").numbers.tolist() == [0]


def test_a_glissando_goes_over_the_white_keys(tmp_path: Path) -> None:
    start = note("C", 5, 8, inside=notations('<glissando type="start" number="1"/>'))
    end = note("C", 6, 8, inside=notations('<glissando type="stop" number="1"/>'))
    found = struck(tmp_path, start + end)
    assert [pitch for *_, pitch in found] == [72, 74, 76, 77, 79, 81, 83, 84]
    assert found[-1][0] == 2.0
    assert read_written(tmp_path / "a.musicxml").numbers.tolist() == [0, 1]


def test_arpeggios_are_rolled_from_below_and_held(tmp_path: Path) -> None:
    rolled = notations("<arpeggiate/>")
    chord = note("G", 5, 16, inside=rolled) + note("C", 5, 16, inside=rolled).replace(
        "<note>", "<note><chord/>"
    )
    (first, _, low), (second, length, high) = struck(tmp_path, chord)
    assert (low, high, first) == (72, 79, 0.0)
    assert 0.03 < second < 0.3
    assert second + length == pytest.approx(4.0, abs=0.02)


def test_bars_that_repeat_others_are_filled(tmp_path: Path) -> None:
    style = "<attributes><measure-style><measure-repeat type='{}'>1</measure-repeat>"
    style += "</measure-style></attributes>"
    rest = "<note><rest measure='yes'/><duration>16</duration><voice>1</voice></note>"
    found = struck(tmp_path, note("C", 5, 8) + note("D", 5, 8), style.format("start") + rest, rest,
                   style.format("stop") + note("E", 5, 16))  # fmt: skip
    assert [(onset, pitch) for onset, _, pitch in found] == [
        (0.0, 72), (2.0, 74), (4.0, 72), (6.0, 74), (8.0, 72), (10.0, 74), (12.0, 76)
    ]  # fmt: skip
    assert read_written(tmp_path / "a.musicxml").numbers.tolist() == [0, 1, 4]


def test_an_octave_sign_moves_nothing(tmp_path: Path) -> None:
    shift = "<direction><direction-type><octave-shift type='down' size='8'/></direction-type>"
    assert struck(tmp_path, shift + "</direction>" + note("C", 6, 16)) == [(0.0, 4.0, 84)]


def test_dynamics_hold_where_a_repeat_leads_back(tmp_path: Path) -> None:
    def dynamics(name: str) -> str:
        kind = f"<direction-type><dynamics><{name}/></dynamics></direction-type>"
        return f"<direction>{kind}</direction>"

    backward = '<barline location="right"><repeat direction="backward"/></barline>'
    first = dynamics("p") + note("C", 5, 16)
    velocity = read(tmp_path, first, dynamics("ff") + note("C", 5, 16) + backward)
    low, high, again, loud = velocity.performance.notes["velocity"].astype(int).tolist()
    assert low == again < high == loud
    assert np.isclose(low, 48, atol=4)
