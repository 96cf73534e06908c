"""Signs that send the player elsewhere: repeats, endings, D.C., D.S., segno, coda, Fine."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element

from duemani.inputs.score.page.bars import Page, PageBar, Placed

_DA_CAPO = re.compile(r"\bd\.? ?c\b|\bda ?capo\b", re.IGNORECASE)
_DAL_SEGNO = re.compile(r"\bd\.? ?s\b\.?|\bda?l ?(?:segno|s\.)|\bdal ?\U0001d10b", re.IGNORECASE)
_TO_CODA = re.compile(
    r"\W*(?:to|al|alla|zur) *(?:the )?(?:coda|\U0001d10c)\W*\d*\W*", re.IGNORECASE
)
_CODA = re.compile(r"\W*coda\W*\d*\W*", re.IGNORECASE)
_FINE = re.compile(r"\W*(?:il )?fine\W*", re.IGNORECASE)
_WITH_REPEATS = re.compile(r"\bcon (?:rep|rip)|\bwith rep|\bmit wiederh", re.IGNORECASE)
_NUMBERS = re.compile(r"(\d+)(?:\s*[-–]\s*(\d+))?")
_MOST_TIMES = 100
UNNUMBERED = 0
"""Number of an ending that prints none."""


@dataclass
class BarSigns:
    """The signs of one bar; each jump is made at the bar's end.

    Attributes:
        forward: a repeated passage begins here.
        backward: a repeated passage ends here.
        times: how often it is played in all, 0 where nothing is said.
        repeats_after_jump: it is repeated after D.C. and D.S., too.
        endings: numbers of the ending (volta) that begins here.
        ending_ends: an ending ends here.
        segno, coda, to_coda: names of these signs, "" for a nameless one.
        dal_segno: name of the sign that D.S. leads to.
        da_capo, fine: D.C. or Fine stands here.
        with_repeats: the jump here asks for the repeats.
        fine_quarter: how far into the bar Fine stands, where the bar is left there: what follows
            is the next passage's upbeat; None for its end.
    """

    forward: bool = False
    backward: bool = False
    times: int = 0
    repeats_after_jump: bool = False
    endings: frozenset[int] = frozenset()
    ending_ends: bool = False
    segno: set[str] = field(default_factory=set[str])
    coda: set[str] = field(default_factory=set[str])
    to_coda: set[str] = field(default_factory=set[str])
    dal_segno: set[str] = field(default_factory=set[str])
    da_capo: bool = False
    fine: bool = False
    with_repeats: bool = False
    fine_quarter: Fraction | None = None


def bar_signs(page: Page) -> list[BarSigns]:
    """The signs of every bar, of all parts together."""
    signs = [BarSigns() for _ in page.bars]
    double = {
        at
        for bars in page.parts
        for at, bar in enumerate(bars)
        for placed in bar.placed
        if placed.element.tag == "barline" and _closes(placed.element)
    }
    for bars in page.parts:
        for at, bar in enumerate(bars):
            for placed in bar.placed:
                _read(placed, bar, at, signs, double)
    _tell_coda_signs_apart(signs)
    for at, here in enumerate(signs):
        if here.fine_quarter is not None and not _is_left_at(page, at, here.fine_quarter):
            here.fine_quarter = None
    return signs


def _is_left_at(page: Page, at: int, quarter: Fraction) -> bool:
    """Whether a bar is divided there.

    A bar line stands in it, or what follows is as long as the upbeat that the piece begins with;
    and nothing sounds on.
    """
    length, upbeat = page.bars[at][1], page.bars[0][1]
    bars = [part[at] for part in page.parts if at < len(part)]
    placed = [one for bar in bars for one in bar.placed]
    has_line = any(
        one.element.tag == "barline"
        and one.element.get("location") == "middle"
        and one.offset_quarter == quarter
        for one in placed
    )
    sounds_on = any(
        one.offset_quarter < quarter < one.offset_quarter + one.duration_quarter
        for one in placed
        if one.pitch is not None
    )
    return (has_line or (0 < upbeat < length and quarter + upbeat == length)) and not sounds_on


def _closes(barline: Element) -> bool:
    """A double or final bar line at a bar's end."""
    style = (barline.findtext("bar-style") or "").strip()
    at_end = barline.get("location", "right") == "right"
    return at_end and (
        style in ("light-light", "light-heavy") or barline.find("repeat") is not None
    )


def _read(placed: Placed, bar: PageBar, at: int, signs: list[BarSigns], double: set[int]) -> None:
    element, here = placed.element, signs[at]
    if element.tag == "barline":
        _read_barline(element, at, signs)
    if element.tag not in ("direction", "sound", "barline"):
        return
    # What is asked for at a bar's end often stands before the first note of the next bar.
    before = at > 0 and placed.offset_quarter == 0 and bar.length_quarter > 0
    sounds = [element] if element.tag != "direction" else element.findall("sound")
    words = " ".join(one.text or "" for one in element.iterfind("direction-type/words")).strip()
    said = {key: value for sound in sounds for key, value in sound.attrib.items()}
    if "segno" in said or element.find(".//segno") is not None:
        here.segno.add(said.get("segno", ""))
    if "tocoda" in said or _TO_CODA.fullmatch(words):
        target = signs[at - 1] if before else here
        target.to_coda.add(said.get("tocoda", ""))
    elif "coda" in said or element.find(".//coda") is not None or _CODA.fullmatch(words):
        here.coda.add(said.get("coda", ""))
    if said.get("fine", "no") != "no" or _FINE.fullmatch(words):
        target = signs[at - 1] if before and at - 1 in double and at not in double else here
        target.fine = True
        if 0 < placed.offset_quarter < bar.length_quarter:
            target.fine_quarter = placed.offset_quarter
    if said.get("forward-repeat") == "yes":
        here.forward = True
    jumping = signs[at - 1] if before and here.coda else here
    if said.get("dacapo") == "yes" or ("dalsegno" not in said and _DA_CAPO.search(words)):
        jumping.da_capo = True
        jumping.with_repeats |= bool(_WITH_REPEATS.search(words))
    elif "dalsegno" in said or _DAL_SEGNO.search(words):
        jumping.dal_segno.add(said.get("dalsegno", ""))
        jumping.with_repeats |= bool(_WITH_REPEATS.search(words))


def _read_barline(barline: Element, at: int, signs: list[BarSigns]) -> None:
    # Some programs write what closes a bar at the left of the next one, and the reverse.
    left = barline.get("location") == "left"
    closed = signs[at - 1] if left and at else signs[at]
    opened = signs[at] if left or at + 1 == len(signs) else signs[at + 1]
    for repeat in barline.findall("repeat"):
        if repeat.get("direction") == "forward":
            opened.forward = True
        elif repeat.get("direction") == "backward":
            closed.backward = True
            times = repeat.get("times", "").strip()
            if times.isdecimal():
                closed.times = max(closed.times, min(int(times[:4]), _MOST_TIMES))
            closed.repeats_after_jump |= repeat.get("after-jump") == "yes"
    for ending in barline.findall("ending"):
        if ending.get("type") == "start":
            said = (ending.get("number", ""), ending.text or "")
            numbers = _ending_numbers(said[0]) or _ending_numbers(said[1])
            signs[at].endings |= numbers or {UNNUMBERED}
        else:
            closed.ending_ends = True


def _ending_numbers(text: str) -> frozenset[int]:
    found: set[int] = set()
    for first, last in _NUMBERS.findall(text):
        low = min(int(first[:4]), _MOST_TIMES)
        found.update(range(low, min(int(last[:4] or low), _MOST_TIMES) + 1))
    return frozenset(found - {0})


def _tell_coda_signs_apart(signs: list[BarSigns]) -> None:
    """Of two nameless coda signs the first is where to leave, the last where to go."""
    places = [at for at, here in enumerate(signs) if here.coda]
    if len(places) >= 2 and not any(here.to_coda for here in signs):
        for at in places[:-1]:
            signs[at].to_coda |= signs[at].coda
            signs[at].coda.clear()
