"""Tempo marks: those that are printed, and those that only playback programs see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from xml.etree.ElementTree import Element

from duemani.inputs.score.marks import Mark
from duemani.inputs.score.page.bars import PageBar
from duemani.inputs.score.page.values import number_of, type_quarters

_NUMBER = re.compile(r"\d{1,4}(?:\.\d{1,4})?")
_SLOWEST, _FASTEST = 5.0, 1000.0


def tempi(bars: tuple[PageBar, ...]) -> Iterator[Mark]:
    """Tempo marks of a part [quarters a minute].

    What a metronome mark says goes before the `<sound tempo>` beside it, which may stand alone:
    then nobody sees it, and the mark is not `printed`.
    """
    end = float(bars[-1].start_quarter + bars[-1].length_quarter) if bars else 0.0
    for bar in bars:
        for placed in bar.placed:
            if placed.element.tag not in ("direction", "sound"):
                continue
            printed = _printed(placed.element)
            rate = printed or _sound(placed.element)
            if rate is not None and _SLOWEST <= rate <= _FASTEST:
                start = float(bar.start_quarter + placed.offset_quarter)
                yield Mark("tempo", start, end, rate, printed is not None)


def _printed(direction: Element) -> float | None:
    for metronome in direction.findall("direction-type/metronome"):
        unit = type_quarters(metronome.findtext("beat-unit"))
        rate = _NUMBER.search(metronome.findtext("per-minute") or "")
        if unit is None or rate is None or metronome.get("print-object") == "no":
            continue
        dots = len(metronome.findall("beat-unit-dot"))
        return float(rate[0]) * float(unit * (2 - Fraction(1, 2**dots)))
    return None


def _sound(element: Element) -> float | None:
    sounds = [element] if element.tag == "sound" else element.findall("sound")
    for sound in sounds:
        rate = number_of(sound.get("tempo"))
        if rate is not None:
            return float(rate)
    return None
