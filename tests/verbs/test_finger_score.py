"""Fingers written into scores: nothing else changes, and what is printed is respected."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duemani.errors import InputError
from duemani.inputs.score.document import open_document
from duemani.models.fingering.choose import Keep
from duemani.outputs.fingered import Fingered
from duemani.outputs.score.engraver_needs import with_beams, with_staves
from duemani.outputs.score.engraving import engrave
from duemani.outputs.score.musicxml_fingers import engraver_document, save_musicxml
from duemani.outputs.score.sparse_fingers import sparse
from duemani.verbs.demo import demo_score
from duemani.verbs.finger import finger, played_with_fingers, save_fingered
from duemani.verbs.perform import perform
from tests.inputs.test_score import ATTRIBUTES, BACK, PROLOG, notations, note, score

ADDED = re.compile(
    rb'\s*<fingering>[1-5]</fingering>(<fingering substitution="yes">\d</fingering>)?'
)
EMPTIED = re.compile(rb"\s*<(technical|notations)></\1>")


@pytest.fixture(scope="module")
def demo() -> Fingered:
    return finger(demo_score())


def fingered_bytes(tmp_path: Path, data: bytes, keep: Keep = "hard", suffix: str = "") -> bytes:
    source = tmp_path / f"in{suffix or '.musicxml'}"
    source.write_bytes(data)
    out = tmp_path / f"out{suffix or '.musicxml'}"
    save_fingered(out, finger(source, keep=keep), "all")
    return out.read_bytes()


def without_added(data: bytes) -> bytes:
    data = ADDED.sub(b"", data)
    return EMPTIED.sub(b"", EMPTIED.sub(b"", data))


def printed(data: bytes) -> list[list[str]]:
    """Texts of the fingerings at every pitched note."""
    notes = [one for one in ET.fromstring(data).iter("note") if one.find("pitch") is not None]
    return [[mark.text or "" for mark in one.iter("fingering")] for one in notes]


def tree(element: ET.Element) -> tuple[object, ...]:
    return (
        element.tag,
        sorted(element.attrib.items()),
        (element.text or "").strip(),
        (element.tail or "").strip(),
        [tree(child) for child in element],
    )


def test_the_demo_gets_a_finger_at_every_note_and_nothing_else(
    tmp_path: Path, demo: Fingered
) -> None:
    before = demo_score().read_bytes()
    save_fingered(tmp_path / "out.musicxml", demo, "all")
    after = (tmp_path / "out.musicxml").read_bytes()
    assert without_added(after) == before
    assert all(len(marks) == 1 and marks[0] in "12345" for marks in printed(after))


def fancy_note(pitch: str, inside: str, lyric: str = "", head: str = "") -> str:
    written = note(pitch[0], int(pitch[1]), 4, inside=inside + lyric)
    return written.replace("<note>", f"<note{head}>\n        ").replace("<voice>", "\n  <voice>")


NOTATIONS = st.sampled_from(
    [
        "",
        "<notations><slur type='start' number='1'/></notations>",
        "<notations>\n  <technical>\n    <up-bow/>\n  </technical>\n</notations>",
        "<notations><technical/></notations>",
        "<notations/>",
        '<notations print-object="no"><articulations><staccato/></articulations></notations>',
        "<notations><fermata/></notations><notations><ornaments><trill-mark/></ornaments></notations>",
        "<!-- a <note> in a comment --><beam number='1'>begin</beam>",
    ]
)
LYRICS = st.sampled_from(
    [
        "",
        "<lyric><text>a &amp; b &gt; ü</text></lyric>",
        "\n<lyric><text><![CDATA[<note>]]></text></lyric>",
    ]
)
HEADS = st.sampled_from(["", ' id="x1"', " default-x='3 > 2'", ' id = "dm-0" color="#000000"'])
PITCHES = st.tuples(st.sampled_from("CDEFGAB"), st.integers(2, 6)).map(lambda p: f"{p[0]}{p[1]}")
NOTES = st.lists(st.tuples(PITCHES, NOTATIONS, LYRICS, HEADS), min_size=1, max_size=6)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=NOTES, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"]))
def test_every_other_byte_stays(
    tmp_path: Path, rows: list[tuple[str, str, str, str]], encoding: str
) -> None:
    bars = [fancy_note(*row) for row in rows]
    declared = encoding.replace("-sig", "")
    prolog = PROLOG.replace("UTF-8", declared) + "\r\n<!-- <note/> -->\n"
    text = prolog + score("".join(bars))
    data = text.encode(encoding)
    after = fingered_bytes(tmp_path, data)
    codec = encoding.replace("utf-16", "utf-16-le").replace("-sig", "")
    mark = b"\xff\xfe" if encoding == "utf-16" else b"\xef\xbb\xbf" if "sig" in encoding else b""
    assert after.startswith(mark)
    plain = after[len(mark) :].decode(codec).encode("utf-8")
    assert without_added(plain) == text.encode("utf-8")
    one, other = (
        ET.fromstring(re.sub(rb"<\?xml.*?\?>", b"", whole)) for whole in (plain, text.encode())
    )
    # Taken out again, the added elements leave the tree that was there.
    assert tree(ET.fromstring(without_added(re.sub(rb"<\?xml.*?\?>", b"", plain)))) == tree(other)
    assert sum(1 for _ in one.iter("fingering")) >= len({row[0] for row in rows}) > 0


def test_fingers_stand_where_the_schema_wants_them(tmp_path: Path) -> None:
    order = ["pitch", "duration", "voice", "staff", "beam", "notations", "lyric"]
    inside = "<beam number='1'>begin</beam><lyric><text>la</text></lyric>"
    data = (PROLOG + score(note("C", 4, 4, inside=inside))).encode()
    after = ET.fromstring(fingered_bytes(tmp_path, data))
    assert [child.tag for child in after.iter("note").__next__()] == order


def test_printed_fingers_are_kept_or_replaced(tmp_path: Path) -> None:
    five = "".join(
        note(step, 4, 4, inside=notations(f"<technical><fingering>{f}</fingering></technical>"))
        for step, f in zip("CDEF", "5421", strict=True)
    )
    data = (PROLOG + score(five)).encode()
    assert fingered_bytes(tmp_path, data, "hard") == data
    replaced = fingered_bytes(tmp_path, data, "none")
    assert printed(replaced) != printed(data)
    assert all(len(marks) == 1 for marks in printed(replaced))
    strip = re.compile(rb"<fingering>.*?</fingering>")
    assert strip.sub(b"", replaced) == strip.sub(b"", data)


def test_substitutions_and_choices_count_by_their_first_finger(tmp_path: Path) -> None:
    marks = (
        '<fingering>4</fingering><fingering substitution="yes">1</fingering>',
        "<fingering>4-5</fingering>",
        "<fingering>3_1</fingering>",
    )
    inside = [notations(f"<technical>{mark}</technical>") for mark in marks]
    bar = "".join(note(step, 5, 4, inside=own) for step, own in zip("EFG", inside, strict=True))
    source = tmp_path / "a.musicxml"
    source.write_bytes(data := (PROLOG + score(bar + note("A", 5, 4))).encode())
    fingered = finger(source)
    assert fingered.notes["finger"][:3].tolist() == [4, 4, 3]
    assert fingered.given.tolist() == [True, True, True, False]
    save_fingered(tmp_path / "b.musicxml", fingered, "all")
    until = data.find(b"<step>A")
    assert (tmp_path / "b.musicxml").read_bytes()[:until] == data[:until]


def test_what_follows_a_printed_change_starts_from_its_second_finger(tmp_path: Path) -> None:
    fingers: dict[str, list[int]] = {}
    for printed_finger in ("3", "3-1", "1"):
        mark = notations(f"<technical><fingering>{printed_finger}</fingering></technical>")
        bar = note("C", 5, 4, inside=mark) + "".join(note(step, 5, 4) for step in "DEF")
        source = tmp_path / "a.musicxml"
        source.write_text(PROLOG + score(bar))
        fingers[printed_finger] = finger(source).notes["finger"].tolist()
        performed, _ = perform(source, model="solver", frame_rate=10.0)
        assert performed.performance.notes["finger"].tolist() == fingers[printed_finger]
    assert fingers["3-1"][0] == 3
    assert fingers["3-1"][1:] == fingers["1"][1:] != fingers["3"][1:]


def test_one_finger_printed_twice_in_a_chord_is_remarked(tmp_path: Path) -> None:
    mark = notations("<technical><fingering>3</fingering></technical>")
    chord = note("C", 5, 16, inside=mark) + note("E", 5, 16, inside=mark).replace(
        "<note>", "<note><chord/>"
    )
    source = tmp_path / "a.musicxml"
    source.write_text(PROLOG + score(chord))
    remarks = " ".join(finger(source).remarks)
    assert "bar 1, right hand: fingers 3 3 are printed at C5 E5" in remarks


def test_ties_get_one_finger_and_repeats_one_for_all_passes(tmp_path: Path) -> None:
    def tied(kind: str) -> str:
        tie = note("C", 5, 8, inside=notations(f'<tied type="{kind}"/>'))
        return tie.replace("<voice>", f'<tie type="{kind}"/><voice>')

    repeat = '<barline location="right"><repeat direction="backward"/></barline>'
    bar = tied("start") + tied("stop") + BACK + note("C", 3, 16, 2)
    source = tmp_path / "a.musicxml"
    source.write_text(PROLOG + score(bar + repeat, note("D", 5, 16)))
    fingered = finger(source)
    save_fingered(tmp_path / "b.musicxml", fingered, "all")
    marks = printed((tmp_path / "b.musicxml").read_bytes())
    assert [len(mark) for mark in marks] == [1, 0, 1, 1]
    played = played_with_fingers(fingered).notes
    assert played["pitch"].tolist() == [48, 72, 48, 72, 74]
    assert played["finger"][:2].tolist() == played["finger"][2:4].tolist()
    assert [fingered.bar_name(at) for at in range(3)] == ["1", "1", "2"]


def test_grace_chord_and_cue_notes(tmp_path: Path) -> None:
    grace = note("B", 4, 0).replace("<note>", '<note><grace slash="yes"/>')
    cue = note("E", 5, 4).replace("<note>", "<note><cue/>")
    chord = note("C", 5, 4) + note("E", 5, 4).replace("<note>", "<note><chord/>")
    data = (PROLOG + score(grace + chord + cue)).encode()
    marks = printed(after := fingered_bytes(tmp_path, data))
    assert [len(mark) for mark in marks] == [1, 1, 1, 0]
    assert without_added(after) == data


def parts(*names: str) -> str:
    heads = "".join(
        f'<score-part id="P{at}"><part-name>{name}</part-name></score-part>'
        for at, name in enumerate(names)
    )
    attributes = ATTRIBUTES.replace("<staves>2</staves>", "")
    bodies = "".join(
        f'<part id="P{at}"><measure number="1">{attributes}'
        + note("C", 5, 16).replace("<staff>1</staff>", "")
        + "</measure></part>"
        for at in range(len(names))
    )
    return f'<score-partwise version="4.0"><part-list>{heads}</part-list>{bodies}</score-partwise>'


def test_other_parts_are_left_alone_and_said(tmp_path: Path) -> None:
    source = tmp_path / "song.musicxml"
    source.write_text(PROLOG + parts("Voice", "Piano"))
    fingered = finger(source)
    save_fingered(tmp_path / "b.musicxml", fingered, "all")
    assert [len(mark) for mark in printed((tmp_path / "b.musicxml").read_bytes())] == [0, 1]
    assert any("left out" in remark for remark in fingered.remarks)


@pytest.mark.parametrize("names", [("Voice",), ("Soprano", "Alto", "Tenor", "Bass"), ("Drumset",)])
def test_scores_without_a_keyboard_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    source = tmp_path / "choir.musicxml"
    source.write_text(PROLOG + parts(*names))
    with pytest.raises(InputError, match="no part is for a keyboard"):
        finger(source)


def test_four_hands_are_two_pianists(tmp_path: Path) -> None:
    one = score(note("C", 5, 16) + BACK + note("C", 4, 16, 2)).split("<part ")[1].split(">", 1)[1]
    body = one.removesuffix("</score-partwise>")
    heads = "".join(
        f'<score-part id="P{at}"><part-name>{name}</part-name></score-part>'
        for at, name in enumerate(("Primo Piano", "Secondo Piano"))
    )
    low = body.replace("<octave>5", "<octave>3").replace("<octave>4", "<octave>2")
    source = tmp_path / "duet.musicxml"
    source.write_text(
        f'{PROLOG}<score-partwise version="4.0"><part-list>{heads}</part-list>'
        f'<part id="P0">{body}<part id="P1">{low}</score-partwise>'
    )
    fingered = finger(source)
    assert fingered.part.tolist() == [1, 1, 0, 0]
    assert fingered.notes["hand"].tolist() == [0, 1, 0, 1]
    # Two octaves apart: one pianist's hands would have to roll.
    assert fingered.fingering.unreachable == ()
    save_fingered(tmp_path / "b.musicxml", fingered, "all")
    assert all(len(marks) == 1 for marks in printed((tmp_path / "b.musicxml").read_bytes()))


def test_an_archive_keeps_its_other_entries(tmp_path: Path, demo: Fingered) -> None:
    buffer = io.BytesIO()
    container = '<container><rootfiles><rootfile full-path="deep/s.xml"/></rootfiles></container>'
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.recordare.musicxml", zipfile.ZIP_STORED)
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("deep/s.xml", demo_score().read_bytes())
        archive.writestr("picture.png", bytes(range(256)))
    after = fingered_bytes(tmp_path, buffer.getvalue(), suffix=".mxl")
    with zipfile.ZipFile(io.BytesIO(after)) as archive:
        assert archive.namelist() == [
            "mimetype",
            "META-INF/container.xml",
            "deep/s.xml",
            "picture.png",
        ]
        assert archive.read("picture.png") == bytes(range(256))
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        assert without_added(archive.read("deep/s.xml")) == demo_score().read_bytes()
    # A plain score becomes an archive that reads like any other.
    save_fingered(tmp_path / "new.mxl", demo, "all")
    assert open_document(tmp_path / "new.mxl").entry == "score.musicxml"


def test_sparse_prints_fewer_but_the_first_and_the_given(tmp_path: Path, demo: Fingered) -> None:
    fingered = demo
    shown = sparse(fingered)
    assert 0.1 < shown.mean() < 0.9
    for hand in (0, 1):
        assert shown[np.flatnonzero(fingered.notes["hand"] == hand)[0]]
    out = tmp_path / "a.musicxml"
    save_musicxml(out, fingered, shown)
    assert sum(map(len, printed(out.read_bytes()))) == shown.sum()


def test_a_scale_shows_its_turns_only(tmp_path: Path) -> None:
    fingers = "12312345"
    bar = "".join(
        note(step, octave, 2, inside=notations(""))
        for step, octave in zip("CDEFGABC", (4, 4, 4, 4, 4, 4, 4, 5), strict=True)
    )
    source = tmp_path / "a.musicxml"
    source.write_text(PROLOG + score(bar))
    fingered = finger(source)
    notes = fingered.notes.copy()
    notes["finger"] = [int(f) for f in fingers]
    performance = type(fingered.fingering.performance)(notes)
    fingering = replace(
        fingered.fingering, performance=performance, substitution=np.zeros(8, np.int8)
    )
    plain = replace(fingered, fingering=fingering, marks=("",) * 8)
    assert sparse(plain).nonzero()[0].tolist() == [0, 3]


def test_the_engraver_gets_ids_places_beams_and_staves(demo: Fingered) -> None:
    fingered = demo
    text = engraver_document(fingered, np.ones(len(fingered.notes), bool))
    root = ET.fromstring(with_beams(text))
    notes = list(root.iter("note"))
    assert [one.get("id") for one in notes] == [f"dm-{at}" for at in range(len(notes))]
    places = {
        (one.findtext("staff"), mark.get("placement"))
        for one in notes
        for mark in one.iter("fingering")
    }
    assert places == {("1", "above"), ("2", "below")}
    # The first bar's six sixteenths, after an upbeat of two and a rest.
    states = [[beam.text for beam in one.iter("beam")] for one in notes[3:9]]
    assert states == [["begin"] * 2, *[["continue"] * 2] * 4, ["end"] * 2]
    # Beams that are there stay; staves are stated where they are missing.
    assert with_beams(with_beams(text)) == with_beams(text)
    bare = text.replace(b"<staves>2</staves>", b"")
    assert with_staves(bare) == text == with_staves(text)


def test_pages_sheet_and_systems_show_every_finger(demo: Fingered) -> None:
    fingered = demo
    everywhere = np.ones(len(fingered.notes), bool)
    for layout in ("pages", "sheet", "systems"):
        drawn = engrave(fingered, everywhere, layout)
        named = re.findall(r'data-startid="#dm-(\d+)"', "".join(drawn))
        assert sorted(map(int, named)) == sorted(fingered.numbers)
    assert engrave(fingered, everywhere, "sheet") == engrave(fingered, everywhere, "sheet")
