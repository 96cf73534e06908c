"""Titles, part names, words, file names and provenance stay text in whatever they are written to.

Every output is parsed and compared with that of a harmless name: the same elements and attributes.
"""

from __future__ import annotations

import json
import re
import struct
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.sax.saxutils import escape

import av
import mido
import pytest

from duemani.commands.arguments import say
from duemani.files import as_name
from duemani.inputs.score.document import document_of
from duemani.outputs.film.video import save_video
from duemani.outputs.fingered import Fingered
from duemani.outputs.gltf.file import save_gltf
from duemani.outputs.hand_mesh import HAND_CREDIT
from duemani.outputs.page.perform_page import save_page
from duemani.outputs.score.review_score import score_content
from duemani.verbs.demo import demo_score
from duemani.verbs.finger import finger, save_fingered
from duemani.verbs.read import read_take
from tests.helpers.inputs import midi_bytes
from tests.helpers.pages import make_motion, make_performance
from tests.helpers.reviews import made_review

NAMES = (
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>",
    "</style></svg><svg onload=alert(1)>",
    "a\u2028b\u2029c",
    "]]><b>x</b><![CDATA[",
    "--><!-- <!-",
    "&lt;b&gt; & &#60;i &amp",
    '#{1 + 1} \\" + read("/etc/passwd") \\',
    ' id="dm-0" data-startid="#dm-0" id="x y"',
    ' id="',
    "<note><beam number='1'>begin</beam>",
    "__DUEMANI_DATA__ %s {{x}} \\1 $&",
    "\u202egnp.exe\u2066 e\u0301",
)
# No XML holds these; a file's name, a MIDI text or a motion's provenance may.
UNWRITABLE = ("a\udcffb", "a\x01\x1b[31mb\nc\x7f\x9b", "a\x00b", "a\ufffeb\uffff")
PLAIN = "plain"
# Verovio draws letters that stand for music ("#") or for a second word ("_") so.
DRAWN = {("style",), ("style", "type"), ("tspan", "font-family", "font-size")}
SCORE = """<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="4.0"><work><work-title>N</work-title></work>
<movement-title>N</movement-title><identification><creator type="composer">N</creator>
</identification><credit page="1"><credit-words>N</credit-words></credit>
<part-list><score-part id="P1"><part-name>N</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>1</divisions><time><beats>2</beats>
<beat-type>4</beat-type></time></attributes><direction placement="above"><direction-type>
<words>N</words></direction-type></direction><note><pitch><step>C</step><octave>4</octave></pitch>
<duration>1</duration><lyric><syllabic>single</syllabic><text>N</text></lyric></note>
<note><pitch><step>E</step><octave>4</octave></pitch><duration>1</duration></note>
</measure></part></score-partwise>"""


class Outline(HTMLParser):
    """Elements of a page with the names of their attributes, and the texts within."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.elements: set[tuple[str, ...]] = set()
        self.texts: dict[str, list[str]] = {}
        self._inside = ""
        self.feed(page.read_bytes().decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements |= {(tag, *sorted(name for name, _ in attrs))} - DRAWN
        self._inside = dict(attrs).get("id") or tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._inside, []).append(data)


def svg_outline(text: str) -> set[tuple[str, ...]]:
    made = ET.fromstring(text).iter()
    return {(one.tag.partition("}")[2], *sorted(one.attrib)) for one in made} - DRAWN


def svg_texts(text: str) -> set[str]:
    texts = ET.fromstring(text).iter("{http://www.w3.org/2000/svg}text")
    return {"".join(one.itertext()).replace("\xa0", " ").strip() for one in texts}


def of_score(folder: Path, name: str) -> Fingered:
    """A score that says `name` wherever one may; the file is called so, too, as far as it may."""
    path = folder / "score.musicxml"
    path.write_text(SCORE.replace(">N<", f">{escape(name)}<"), encoding="utf-8")
    fingered = finger(path)
    return replace(fingered, title=name, remarks=(*fingered.remarks, name))


def saved(folder: Path, fingered: Fingered, suffix: str) -> Path:
    path = folder / f"out{suffix}"
    save_fingered(path, fingered, "all")
    return path


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs with a harmless name: `out.html` and the others."""
    folder = tmp_path_factory.mktemp("plain")
    for suffix in (".html", ".svg"):
        saved(folder, of_score(folder, PLAIN), suffix)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_fingered_score_says_names_as_they_are(tmp_path: Path, plain: Path, name: str) -> None:
    fingered = of_score(tmp_path, name)
    written = ET.parse(saved(tmp_path, fingered, ".musicxml")).getroot()
    for place in ("work/work-title", "part-list/score-part/part-name", ".//words", ".//text"):
        assert written.findtext(place) == name
    assert json.loads(saved(tmp_path, fingered, ".json").read_bytes())["title"] == name
    svg = saved(tmp_path, fingered, ".svg").read_text(encoding="utf-8")
    assert name.strip() in svg_texts(svg)
    assert svg.count('class="notehead"') == 2
    assert svg_outline(svg) == svg_outline((plain / "out.svg").read_text(encoding="utf-8"))
    assert pdf_title(saved(tmp_path, fingered, ".pdf")) == name
    page = Outline(saved(tmp_path, fingered, ".html"))
    assert page.elements == Outline(plain / "out.html").elements
    assert "".join(page.texts["h1"]) == name
    assert name in page.texts["li"]
    assert json.loads("".join(page.texts["duemani-data"]))["notes"].keys() == {"0", "1"}


@pytest.mark.parametrize("name", [' id="', "<note id='dm-0'>", "<!--", "<beam "])
@pytest.mark.parametrize("written", ["<![CDATA[{}]]>", "{}"])
def test_words_of_a_score_do_not_change_its_notes(tmp_path: Path, name: str, written: str) -> None:
    inside = written.format(name)
    if "CDATA" not in written:
        inside = escape(name)
    path = tmp_path / "score.musicxml"
    path.write_text(SCORE.replace(">N<", f">{inside}<!-- <note> id=' -->\n<"), encoding="utf-8")
    out = tmp_path / "out.svg"
    save_fingered(out, finger(path), "all")
    svg = out.read_text(encoding="utf-8")
    assert svg.count('class="notehead"') == 2
    assert name.strip() in svg_texts(svg)


@pytest.mark.parametrize("name", UNWRITABLE)
@pytest.mark.parametrize("suffix", [".pdf", ".svg", ".html", ".json", ".musicxml"])
def test_what_no_format_holds_is_replaced(tmp_path: Path, name: str, suffix: str) -> None:
    source, out = tmp_path / "take.mid", tmp_path / f"out{suffix}"
    source.write_bytes(midi_bytes([(0.0, 0.5, 60), (0.5, 1.0, 64), (1.0, 1.5, 67)]))
    save_fingered(out, replace(finger(source, notation=True), title=name), "all")
    assert out.stat().st_size > 0


def pdf_title(path: Path) -> str:
    """The title in a PDF's XMP metadata."""
    found = re.search(rb"<rdf:RDF.*?</rdf:RDF>", path.read_bytes(), re.DOTALL)
    assert found is not None
    title = ET.fromstring(found[0]).find(".//{http://purl.org/dc/elements/1.1/}title")
    assert title is not None
    return "".join(title.itertext())


@pytest.mark.parametrize("name", NAMES + UNWRITABLE)
def test_provenance_in_gltf_is_a_json_string(tmp_path: Path, name: str) -> None:
    path = tmp_path / "hands.glb"
    motion = replace(make_motion(0.1), provenance={"motion_model": name, name: 1})
    save_gltf(path, motion, make_performance())
    data = path.read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    content = json.loads(data[20 : 20 + length])
    assert content["asset"]["extras"]["provenance"] == {"motion_model": name, name: 1}
    assert content["asset"]["copyright"] == HAND_CREDIT


@pytest.mark.parametrize("name", NAMES + UNWRITABLE)
def test_the_page_of_hands_says_a_name_as_text(tmp_path: Path, name: str) -> None:
    plain, path = tmp_path / "plain.html", tmp_path / "page.html"
    for page, text in ((plain, PLAIN), (path, name)):
        motion = replace(make_motion(0.1), provenance={"input": text})
        save_page(page, make_performance(), motion, title=as_name(text), chips=[text])
    outline = Outline(path)
    assert outline.elements == Outline(plain).elements
    assert "".join(outline.texts["title"]) == as_name(name)
    data = json.loads("".join(outline.texts["duemani-data"]))
    assert data["title"] == as_name(name)
    assert ["input", name.replace("\udcff", "?")] in data["facts"]


@pytest.mark.parametrize("name", [NAMES[0], NAMES[1], NAMES[8]])
def test_the_score_of_a_review_says_a_name_as_text(name: str) -> None:
    demo = demo_score().read_bytes()
    old = b"Poco moto"
    assert old in demo

    def systems(text: str) -> list[str]:
        document = document_of(demo.replace(old, escape(text).encode()), "score.musicxml")
        made: list[str] = score_content(replace(made_review(), document=document))["narrow"]
        return made

    said, plain = systems(name), systems("plain")
    assert name.strip() in set.union(*map(svg_texts, said))
    assert set.union(*map(svg_outline, said)) == set.union(*map(svg_outline, plain))


def test_a_film_carries_no_name(tmp_path: Path) -> None:
    path = tmp_path / "hands.mp4"
    motion = replace(make_motion(0.1), provenance={"input": NAMES[0]})
    save_video(path, motion, make_performance(), size=(64, 64), credit="credit")
    with av.open(str(path)) as film:
        assert {*film.metadata} <= {
            "major_brand", "minor_version", "compatible_brands", "encoder", "copyright",
        }  # fmt: skip
        assert film.metadata["copyright"] == "credit"
    assert b"onerror" not in path.read_bytes()


@pytest.mark.parametrize("name", [*NAMES, *UNWRITABLE[:2]])
def test_a_files_name_is_a_title(tmp_path: Path, name: str) -> None:
    stem = name.replace("/", "|").replace("_", "-")
    path = tmp_path / f"{stem}.mid"
    path.write_bytes(midi_bytes())
    assert read_take(path).title == as_name(stem)
    assert as_name(stem).encode().decode().isprintable() or name not in UNWRITABLE


@pytest.mark.parametrize("name", NAMES[:4])
def test_names_of_tracks_are_told_as_they_are(tmp_path: Path, name: str) -> None:
    path = tmp_path / "take.mid"
    midi = mido.MidiFile(charset="utf-8")
    for text, program in ((name + "\x1b[2J", 40), ("Piano", 0)):
        notes = [mido.Message(kind, note=60, time=480) for kind in ("note_on", "note_off")]
        head = [mido.MetaMessage("track_name", name=text)]
        midi.tracks.append([*head, mido.Message("program_change", program=program), *notes])
    midi.save(path)
    (remark,) = (one for one in read_take(path).remarks if "left out" in one)
    assert f"left out as other instruments: {name}" in remark
    assert "\x1b" not in remark


def test_a_terminal_obeys_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[2J\x9b1m\u202eb\n\u2028c\udcff.mid is broken.")
    assert capsys.readouterr().err == "duemani: a [2J 1m b c\\udcff.mid is broken.\n"
