"""Engraved beams keep white between them; words keep off notes, boxes and each other."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from duemani.outputs.score import engraving
from duemani.outputs.score.engraver_finish import finished

SPACE = 180
"""A staff space in Verovio's units."""
SVG = "{http://www.w3.org/2000/svg}"
Box = tuple[float, float, float, float]

HEAD = (
    '<?xml version="1.0"?><score-partwise version="4.0"><part-list><score-part id="P1">'
    '<part-name/></score-part></part-list><part id="P1">'
)
ATTRIBUTES = (
    "<attributes><divisions>8</divisions><time><beats>4</beats><beat-type>4</beat-type></time>"
    "<clef><sign>G</sign><line>2</line></clef></attributes>"
)
WORDS = (
    '<direction placement="above"><direction-type><words font-weight="bold">{}</words>'
    "</direction-type>{}</direction>"
)
METRONOME = (
    "<direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>132</per-minute>"
    "</metronome></direction-type>"
)
REHEARSAL = (
    '<direction placement="above"><direction-type><rehearsal enclosure="square">11</rehearsal>'
    "</direction-type></direction>"
)
HARMONY = "<harmony><root><root-step>C</root-step></root><kind>major-seventh</kind></harmony>"


def note(pitch: str, length: int, kind: str, beams: str = "", chord: bool = False) -> str:
    return (
        f"<note>{'<chord/>' if chord else ''}<pitch><step>{pitch[0]}</step>"
        f"<octave>{pitch[1]}</octave></pitch><duration>{length}</duration><voice>1</voice>"
        f"<type>{kind}</type>{beams}</note>"
    )


def beamed(pitches: list[str], kind: str, levels: int) -> str:
    """Notes under one beam."""
    length = {"32nd": 1, "16th": 2, "eighth": 4}[kind]
    states = ["begin", *["continue"] * (len(pitches) - 2), "end"]
    return "".join(
        note(pitch, length, kind, "".join(
            f'<beam number="{level + 1}">{state}</beam>' for level in range(levels)))
        for pitch, state in zip(pitches, states, strict=True)
    )  # fmt: skip


def engraved(*measures: str) -> str:
    text = "".join(f'<measure number="{at + 1}">{m}</measure>' for at, m in enumerate(measures))
    (page,) = engraving.engrave_text(f"{HEAD}{text}</part></score-partwise>".encode(), "T")
    return page


def beams(page: str) -> Iterator[list[list[tuple[float, float]]]]:
    """The polygons of every beam, as corners."""
    for group in ET.fromstring(page).iter(f"{SVG}g"):
        if (group.get("class") or "").split()[:1] == ["beam"]:
            yield [
                [tuple(map(float, corner.split(","))) for corner in one.get("points", "").split()]
                for one in group.findall(f"{SVG}polygon")
            ]  # type: ignore[misc]


def edges_at(polygons: list[list[tuple[float, float]]], x: float) -> list[tuple[float, float]]:
    """(top, bottom) of every beam over one x, from the top down."""
    found = []
    for (x0, y0), (x1, y1), (x2, y2), (x3, y3) in polygons:
        if min(x0, x1) <= x <= max(x0, x1):
            one = y0 + (x - x0) / (x1 - x0) * (y1 - y0)
            other = y3 + (x - x3) / (x2 - x3) * (y2 - y3)
            found.append((min(one, other), max(one, other)))
    return sorted(found)


@pytest.mark.parametrize(
    ("pitches", "notes_below"),
    [(["C5"] * 8, False), (["G4"] * 8, True), (["F4", "A4"] * 4, True), (list("CDEFGABC"), False)],
)
def test_three_beams_keep_white_between_them(
    monkeypatch: pytest.MonkeyPatch, pitches: list[str], notes_below: bool
) -> None:
    pitches = [p if len(p) > 1 else f"{p}{6 if at < 7 else 7}" for at, p in enumerate(pitches)]
    (polygons,) = beams(engraved(ATTRIBUTES + beamed(pitches, "32nd", 3)))
    xs = [x for one in polygons for x, _ in one]
    middle = min(xs) + 0.51 * (max(xs) - min(xs))
    lines = edges_at(polygons, middle)
    assert len(lines) == 3
    for (_, bottom), (top, _) in itertools.pairwise(lines):
        assert top - bottom > 0.32 * SPACE
    for top, bottom in lines:
        assert bottom - top > 0.35 * SPACE
    # Where the stems end, the beam ends as it did.
    monkeypatch.setattr(engraving, "finished", lambda page: page)
    (raw,) = beams(engraved(ATTRIBUTES + beamed(pitches, "32nd", 3)))
    as_it_was = edges_at(raw, middle)
    at, side = (0, 0) if notes_below else (-1, 1)
    assert lines[at][side] == pytest.approx(as_it_was[at][side], abs=0.5)


def test_one_and_two_beams_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    measure = ATTRIBUTES + beamed(["C5"] * 4, "16th", 2) + beamed(["C5"] * 2, "eighth", 1)
    mended = engraved(measure)
    monkeypatch.setattr(engraving, "finished", lambda page: page)
    assert mended == engraved(measure)
    assert all(abs(one[0][1] - one[3][1]) == SPACE / 2 for beam in beams(mended) for one in beam)


def test_beams_on_both_sides_stay_as_they_are() -> None:
    both = '<g class="beam">' + "".join(
        f'<polygon points="0,{y} 900,{y} 900,{y - 90} 0,{y - 90}"/>' for y in (500, 635, 770, 365)
    )
    assert finished(both) == both
    assert finished(both.replace("365", "905")) != both.replace("365", "905")


def test_a_word_stands_off_the_note_of_its_metronome_mark() -> None:
    bar = note("C5", 32, "whole")
    with_space = engraved(ATTRIBUTES + WORDS.format("Allegro", METRONOME) + bar)
    assert with_space.count("dx=") == 1
    assert re.search(
        r'Allegro(?:</tspan>)+(?:<tspan[^>]*>)*<tspan dx="\d+" font-family', with_space
    )
    assert "dx=" not in engraved(ATTRIBUTES + WORDS.format("Allegro", "") + bar)


def boxes(page: str, names: set[str]) -> list[tuple[str, Box]]:
    """Where things lie, by Verovio's own boxes."""
    found = []
    for group in ET.fromstring(page).iter(f"{SVG}g"):
        classes = (group.get("class") or "").split()
        if classes and classes[0] in names and "bounding-box" not in classes:
            sides = [
                [float(one.get(side, 0)) for side in ("x", "y", "width", "height")]
                for one in group.iter(f"{SVG}rect")
                if one.get("fill") == "transparent"
            ]
            if not sides:
                continue
            box = (
                min(x for x, *_ in sides), min(y for _, y, *_ in sides),
                max(x + width for x, _, width, _ in sides),
                max(y + height for _, y, _, height in sides),
            )  # fmt: skip
            found.append((classes[0], box))
    return found


def test_words_keep_off_chords_boxes_and_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engraving._LOOK, "svgBoundingBoxes", True)
    chord = note("E5", 8, "quarter") + note("A5", 8, "quarter", chord=True)
    high = note("E6", 8, "quarter") + note("A6", 8, "quarter", chord=True)
    rest = note("G4", 16, "half")
    page = engraved(
        ATTRIBUTES + WORDS.format("Allegro energico", "") + REHEARSAL + chord + high + rest,
        WORDS.format("Presto", "") + HARMONY + high + HARMONY + high + rest,
        WORDS.format("Andante con moto", METRONOME) + high + chord + rest,
        *[chord + high + rest] * 4,
        REHEARSAL + WORDS.format("Tempo primo", "") + HARMONY + chord + chord + rest,
    )
    words = boxes(page, {"tempo", "reh", "harm", "mNum"})
    assert {name for name, _ in words} == {"tempo", "reh", "harm", "mNum"}
    others = [*words, *boxes(page, {"notehead", "stem", "meterSig", "beam"})]
    least = 0.4 * SPACE
    for at, (name, (left, top, right, bottom)) in enumerate(words):
        for other, (x0, y0, x1, y1) in others[at + 1 :]:
            apart = max(x0 - right, left - x1, y0 - bottom, top - y1)
            assert apart > least, (name, other, apart)
