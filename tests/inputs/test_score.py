"""MusicXML scores as performances, and what dangerous or broken ones do."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duemani.errors import InputError
from duemani.inputs.score.phrasing import Phrasing
from duemani.inputs.score.play import load_score
from duemani.inputs.score.written import read_written
from duemani.performance import LEFT, RIGHT

PROLOG = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 3.1 Partwise//EN"'
    ' "http://www.musicxml.org/dtds/partwise.dtd">'
)
ATTRIBUTES = (
    "<attributes><divisions>4</divisions><key><fifths>0</fifths></key>"
    "<time><beats>4</beats><beat-type>4</beat-type></time><staves>2</staves>"
    '<clef number="1"><sign>G</sign><line>2</line></clef>'
    '<clef number="2"><sign>F</sign><line>4</line></clef></attributes>'
)
TEMPO = (
    "<direction><direction-type><metronome><beat-unit>quarter</beat-unit>"
    "<per-minute>60</per-minute></metronome></direction-type></direction>"
)
BACK = "<backup><duration>16</duration></backup>"


def note(step: str, octave: int, duration: int, staff: int = 1, inside: str = "") -> str:
    """A note lasting `duration` sixteenths; `inside` holds its notations."""
    length = f"<duration>{duration}</duration>" if duration else ""
    return (
        f"<note><pitch><step>{step}</step><octave>{octave}</octave></pitch>{length}"
        f"<voice>{1 if staff == 1 else 5}</voice><staff>{staff}</staff>{inside}</note>"
    )


def notations(content: str) -> str:
    return f"<notations>{content}</notations>"


def score(*bars: str, part_name: str = "Piano") -> str:
    measures = "".join(
        f'<measure number="{at + 1}">{ATTRIBUTES if at == 0 else ""}{bar}</measure>'
        for at, bar in enumerate(bars)
    )
    return (
        f'<score-partwise version="3.1"><part-list><score-part id="P1"><part-name>{part_name}'
        f'</part-name></score-part></part-list><part id="P1">{measures}</part></score-partwise>'
    )


def save(path: Path, xml: str, name: str = "a.musicxml") -> Path:
    (path / name).write_text(PROLOG + xml, encoding="utf-8")
    return path / name


def deadpan(path: Path) -> np.ndarray:
    return load_score(path, Phrasing.none()).performance.notes


def test_staves_are_hands_and_ties_are_merged(tmp_path: Path) -> None:
    def tied(kind: str, duration: int) -> str:
        written = note("C", 5, duration, inside=notations(f'<tied type="{kind}"/>'))
        return written.replace("<voice>", f'<tie type="{kind}"/><voice>')

    first, second = TEMPO + tied("start", 16), tied("stop", 8)
    xml = score(first + BACK + note("C", 3, 16, 2), second + note("D", 5, 8))
    notes = deadpan(save(tmp_path, xml))
    assert notes["pitch"].tolist() == [48, 72, 74]
    assert notes["hand"].tolist() == [LEFT, RIGHT, RIGHT]
    np.testing.assert_allclose(notes["onset_sec"], [0, 0, 6])
    np.testing.assert_allclose(notes["release_sec"], [4, 6, 8])


def test_default_tempo_is_100(tmp_path: Path) -> None:
    notes = deadpan(save(tmp_path, score(note("C", 5, 16))))
    assert notes["release_sec"][0] == pytest.approx(4 * 0.6)


def test_printed_fingers_are_kept(tmp_path: Path) -> None:
    three = notations("<technical><fingering>3</fingering></technical>")
    changed = notations("<technical><fingering>4-5</fingering></technical>")
    xml = score(note("C", 5, 8, inside=three) + note("D", 5, 4, inside=changed) + note("E", 5, 4))
    assert deadpan(save(tmp_path, xml))["finger"].tolist() == [3, 4, 0]


def test_dynamics_wedges_and_accents_become_velocities(tmp_path: Path) -> None:
    def marked(content: str) -> str:
        return f"<direction><direction-type>{content}</direction-type></direction>"

    soft = marked("<dynamics><pp/></dynamics>") + note("C", 5, 4)
    accent = note("C", 5, 4, inside=notations("<articulations><accent/></articulations>"))
    loud = marked("<dynamics><ff/></dynamics>") + note("C", 5, 8)
    wedge = marked('<wedge type="crescendo"/>')
    stop = marked('<wedge type="stop"/>')
    swelling = marked("<dynamics><p/></dynamics>") + wedge
    swelling += "".join(note("C", 5, 4) for _ in range(4)) + stop
    final = marked("<dynamics><f/></dynamics>") + note("C", 5, 16)
    velocity = deadpan(save(tmp_path, score(soft + accent + loud, swelling, final)))["velocity"]
    assert velocity[0] < velocity[1] < velocity[2]
    assert (np.diff(velocity[3:].astype(int)) > 0).all()


def test_articulation_shortens_and_slurs_overlap(tmp_path: Path) -> None:
    short = note("C", 5, 4, inside=notations("<articulations><staccato/></articulations>"))
    slur = note("E", 5, 4, inside=notations('<slur type="start" number="1"/>'))
    end = note("F", 5, 4, inside=notations('<slur type="stop" number="1"/>'))
    xml = score(TEMPO + short + note("D", 5, 4) + slur + end)
    notes = load_score(save(tmp_path, xml)).performance.notes
    length = notes["release_sec"] - notes["onset_sec"]
    assert length[0] < 0.6 * length[1]
    assert notes["release_sec"][2] > notes["onset_sec"][3]
    assert notes["release_sec"][1] < notes["onset_sec"][2]


def test_a_key_comes_up_before_it_is_struck_again(tmp_path: Path) -> None:
    xml = score(note("C", 5, 8) + note("C", 5, 8))
    for phrasing in (Phrasing(), Phrasing.none()):
        notes = load_score(save(tmp_path, xml), phrasing).performance.notes
        assert notes["release_sec"][0] <= notes["onset_sec"][1] - 0.04


@pytest.mark.parametrize("slash", ['slash="yes"', ""])
def test_grace_notes_have_time(tmp_path: Path, slash: str) -> None:
    grace = note("D", 5, 0).replace("<note>", f"<note><grace {slash}/>")
    xml = score(TEMPO + note("C", 5, 8) + grace + note("E", 5, 8))
    notes = deadpan(save(tmp_path, xml))
    assert notes["pitch"].tolist() == [72, 74, 76]
    assert (np.diff(notes["onset_sec"]) > 0.04).all()
    assert (notes["release_sec"] - notes["onset_sec"] > 0.02).all()


def test_grace_note_before_the_first_beat_delays_the_start(tmp_path: Path) -> None:
    grace = note("D", 5, 0).replace("<note>", "<note><grace/>")
    notes = deadpan(save(tmp_path, score(grace + note("E", 5, 16))))
    assert notes["pitch"].tolist() == [74, 76]
    assert notes["onset_sec"][0] == 0
    assert notes["onset_sec"][1] > 0.04


def test_repeats_are_unfolded_and_name_their_notes(tmp_path: Path) -> None:
    repeat = '<barline location="right"><repeat direction="backward"/></barline>'
    xml = score(note("C", 5, 16) + repeat, note("D", 5, 16))
    read = load_score(save(tmp_path, xml))
    assert read.performance.notes["pitch"].tolist() == [72, 72, 74]
    assert read.numbers.tolist() == [0, 0, 1]


def test_pedal_marks(tmp_path: Path) -> None:
    def pedal(kind: str) -> str:
        return f'<direction><direction-type><pedal type="{kind}"/></direction-type></direction>'

    xml = score(TEMPO + pedal("start") + note("C", 5, 8) + pedal("stop") + note("D", 5, 8))
    changes = load_score(save(tmp_path, xml), Phrasing.none()).performance.pedal
    assert changes["value"].tolist() == [127, 0]
    assert 0 < changes["time_sec"][0] < 0.2
    assert changes["time_sec"][1] == pytest.approx(2.0, abs=0.01)


def test_fermata_waits_and_the_end_slows(tmp_path: Path) -> None:
    bar = "".join(note(step, 5, 4) for step in "CDEF")
    held = "".join(note(step, 5, 4) for step in "CDE")
    held += note("F", 5, 4, inside=notations("<fermata/>"))
    plain = load_score(save(tmp_path, score(*[bar] * 6))).performance.notes["onset_sec"]
    waiting = load_score(save(tmp_path, score(held, *[bar] * 5))).performance.notes["onset_sec"]
    assert waiting[4] - waiting[3] > 1.4 * (plain[4] - plain[3])
    assert plain[-1] - plain[-2] > 1.1 * (plain[8] - plain[7])
    steady = deadpan(save(tmp_path, score(*[bar] * 6)))["onset_sec"]
    np.testing.assert_allclose(np.diff(steady), 0.6)


def test_melody_stands_out(tmp_path: Path) -> None:
    chord = note("C", 5, 16) + note("E", 5, 16).replace("<note>", "<note><chord/>")
    notes = load_score(save(tmp_path, score(chord + BACK + note("C", 3, 16, 2)))).performance.notes
    by_pitch = dict(zip(notes["pitch"].tolist(), notes["velocity"].tolist(), strict=True))
    assert by_pitch[76] > by_pitch[72] > by_pitch[48]


def test_mxl_and_utf16_are_read(tmp_path: Path) -> None:
    xml = PROLOG + score(note("C", 5, 16))
    with zipfile.ZipFile(tmp_path / "a.mxl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="in/side.xml"/></rootfiles></container>',
        )
        archive.writestr("in/side.xml", xml)
    assert deadpan(tmp_path / "a.mxl")["pitch"].tolist() == [72]
    (tmp_path / "b.xml").write_bytes(xml.replace("UTF-8", "UTF-16").encode("utf-16"))
    assert deadpan(tmp_path / "b.xml")["pitch"].tolist() == [72]


ENTITY = '<!DOCTYPE score-partwise [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "partwise"),
        (b"no xml", "partwise"),
        ((ENTITY + score(note("C", 5, 4), part_name="&x;")).encode(), "entities"),
        ((ENTITY + score(note("C", 5, 4))).encode("utf-16"), "entities"),
        (b'<?xml version="1.0" encoding="UTF-7"?>' + score("").encode(), "encoded"),
        (b"<score-timewise/>", "partwise"),
        (b"<score-partwise><part-list>", "broken"),
        (score("").encode(), "no notes"),
        (b"\xff\xff<score-partwise/>", "not text"),
    ],
)
def test_dangerous_and_broken_scores_say_why(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.xml").write_bytes(content)
    with pytest.raises(InputError, match=reason):
        load_score(tmp_path / "a.xml")


def test_zip_bombs_and_broken_archives_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", b" " * 30_000_000)
    (tmp_path / "a.mxl").write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match="200 times"):
        load_score(tmp_path / "a.mxl")
    (tmp_path / "a.mxl").write_bytes(buffer.getvalue()[:-30])
    with pytest.raises(InputError, match="broken"):
        load_score(tmp_path / "a.mxl")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(at=st.integers(0, 2000), junk=st.text("<>&/\"'aé1 ", max_size=6), cut=st.integers(0, 40))
def test_damaged_scores_are_read_or_refused(
    at: int, junk: str, cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    xml = PROLOG + score(TEMPO + note("C", 5, 8) + note("D", 5, 8) + BACK + note("C", 3, 16, 2))
    at %= len(xml)
    path = tmp_path_factory.mktemp("xml") / "a.xml"
    path.write_text(xml[:at] + junk + xml[at + cut :], encoding="utf-8")
    with contextlib.suppress(InputError):
        assert len(load_score(path).performance.notes)


def test_marks_stand_where_the_notes_do_after_an_upbeat(tmp_path: Path) -> None:
    def loud(mark: str) -> str:
        dynamics = f"<dynamics><{mark}/></dynamics>"
        return f"<direction><direction-type>{dynamics}</direction-type></direction>"

    upbeat = loud("pp") + note("C", 5, 4)
    bars = (upbeat, loud("ff") + note("D", 5, 4) + note("E", 5, 4) + note("F", 5, 8))
    xml = score(*bars).replace('<measure number="1">', '<measure number="0" implicit="yes">')
    velocity = load_score(save(tmp_path, xml), Phrasing.none()).performance.notes["velocity"]
    assert velocity.tolist() == [36, 100, 100, 100]


def test_a_seen_note_outlives_its_hidden_double(tmp_path: Path) -> None:
    hidden = note("C", 4, 16).replace("<note>", '<note print-object="no">')
    piece = read_written(save(tmp_path, score(hidden + BACK + note("C", 4, 8) + note("D", 4, 8))))
    assert piece.performance.notes["pitch"].tolist() == [60, 62]
    assert piece.numbers.tolist() == [1, 2]
    assert piece.line.duration_quarter.tolist() == [2.0, 2.0]
    assert piece.remarks == ("1 cue or hidden note is left out.",)


def test_a_note_doubled_in_two_voices_is_one_and_lasts_the_longer(tmp_path: Path) -> None:
    piece = read_written(
        save(tmp_path, score(note("C", 4, 8) + BACK.replace("16", "8") + note("C", 4, 16)))
    )
    assert piece.performance.notes["pitch"].tolist() == [60]
    assert piece.line.duration_quarter.tolist() == [4.0]
