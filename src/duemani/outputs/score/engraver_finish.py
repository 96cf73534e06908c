"""What Verovio has no option for, mended in its SVG: threefold beams, words of tempo marks."""

from __future__ import annotations

import re

_BEAM = re.compile(
    r'(<g\b[^>]*\bclass="beam(?: [^"]*)?"[^>]*>)((?:<polygon points="[-\d., ]+"/>){3,})'
)
_POINTS = re.compile(r'points="([-\d., ]+)"')
_TEMPO = re.compile(r'<g\b[^>]*\bclass="tempo(?: [^"]*)?"[^>]*>.*?</text></g>', re.DOTALL)
# A note of the music font that follows a letter.
_LETTER_AND_NOTE = re.compile(r"(?<=[^\s>])((?:</tspan>)+(?:<tspan\b[^>]*>)*<tspan)( font-family=)")
# Verovio draws beams of half a staff space, a quarter of one apart, as one does with two; of three
# and more, little white is left. These become four tenths, .35 apart.
_THINNER = 0.8
_LEAST_LEVELS = 3
# Between a word and the note of a metronome mark [Verovio's units, 180 a staff space].
_WORD_SPACE = 110

_Polygon = list[tuple[float, float]]


def finished(page: str) -> str:
    """An engraved page (SVG by Verovio) with what it leaves too close set apart."""
    page = _BEAM.sub(lambda found: found[1] + _thinner(found[2]), page)
    return _TEMPO.sub(
        lambda found: _LETTER_AND_NOTE.sub(rf'\1 dx="{_WORD_SPACE}"\2', found[0]), page
    )


def _thinner(polygons: str) -> str:
    """Beams of three levels or more, thinner on the side of the notes, where stems do not end."""
    beams = [_corners(found) for found in _POINTS.findall(polygons)]
    if any(len(beam) != 4 for beam in beams):
        return polygons
    offsets = [_middle(beam) - _height_at(beams[0], beam) for beam in beams[1:]]
    thick = abs(beams[0][3][1] - beams[0][0][1])
    below = [offset > 0 for offset in offsets]
    # A level lies one and a half thicknesses from the next; beams on both sides stay as they are.
    levels = 1 + max(round(abs(offset) / (1.5 * thick)) for offset in offsets) if thick else 1
    if levels < _LEAST_LEVELS or any(below) != all(below):
        return polygons
    thinned = iter(beams)
    return _POINTS.sub(lambda _: f'points="{_text(_trimmed(next(thinned), below[0]))}"', polygons)


def _corners(text: str) -> _Polygon:
    numbers = [float(number) for number in re.split(r"[ ,]+", text.strip())]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _middle(beam: _Polygon) -> float:
    return sum(y for _, y in beam) / 4


def _height_at(primary: _Polygon, other: _Polygon) -> float:
    """Where the primary beam's middle line runs at another's middle."""
    (left, left_y), (right, right_y), (_, right_other), (_, left_other) = primary
    x = sum(x for x, _ in other) / 4
    share = (x - left) / (right - left) if right != left else 0.0
    start, end = (left_y + left_other) / 2, (right_y + right_other) / 2
    return start + share * (end - start)


def _trimmed(beam: _Polygon, notes_below: bool) -> _Polygon:
    """The edge that faces the notes drawn in; corners run along one edge and back the other."""
    (a, b), (c, d) = beam[:2], beam[2:]
    first_is_lower = a[1] > d[1]
    keep = 1 - _THINNER
    if first_is_lower == notes_below:
        a, b = (a[0], a[1] + keep * (d[1] - a[1])), (b[0], b[1] + keep * (c[1] - b[1]))
    else:
        d, c = (d[0], d[1] + keep * (a[1] - d[1])), (c[0], c[1] + keep * (b[1] - c[1]))
    return [a, b, c, d]


def _text(beam: _Polygon) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in beam)
