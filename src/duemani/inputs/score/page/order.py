"""In which order the bars of a page are played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from duemani.inputs.score.page.jumps import UNNUMBERED, BarSigns

MAX_PLAYED_BARS = 20_000


@dataclass(frozen=True)
class Order:
    """What is played after what.

    Attributes:
        bars: (index of the bar, the how-manieth time its passage is played, from 1).
        remarks: what was followed where the signs leave a choice.
        end_quarter: how far into the last of them the piece ends, None for its end.
    """

    bars: tuple[tuple[int, int], ...]
    remarks: tuple[str, ...] = ()
    end_quarter: Fraction | None = None


@dataclass(frozen=True)
class _Section:
    """A repeated passage: from `first` on, played `times` times in all."""

    first: int
    times: int


def playing_order(signs: Sequence[BarSigns], names: Sequence[str]) -> Order:
    """Repeats, endings and jumps followed as musicians do.

    After D.C. or D.S. repeats are not taken (unless the score asks for them) and the last ending is
    played. Every jump is made once.

    Args:
        signs: of every bar.
        names: printed numbers of the bars, for remarks.
    """
    walk = _Walk(signs, names)
    while walk.at < len(signs):
        if len(walk.bars) >= MAX_PLAYED_BARS:
            once = tuple((at, 1) for at in range(len(signs)))
            return Order(once, ("The repeats are endless: played once through.",))
        walk.step()
    return Order(tuple(walk.bars), tuple(walk.remarks), walk.end_quarter)


class _Walk:
    def __init__(self, signs: Sequence[BarSigns], names: Sequence[str]) -> None:
        self.bars: list[tuple[int, int]] = []
        self.remarks: list[str] = []
        self.end_quarter: Fraction | None = None
        self.at = 0
        self._signs, self._names = signs, names
        self._endings = _Endings(signs)
        self._sections = _sections(signs, self._endings)
        self._passes: dict[int, int] = {}
        self._jumped_from = -1
        self._with_repeats = False
        self._used: set[int] = set()

    def step(self) -> None:
        """Play the bar, or pass over an ending that is not for this time, and go on."""
        at = self.at
        if at in self._endings.spans and not self._plays(at):
            self.at = self._endings.spans[at][-1] + 1
            return
        here = self._signs[at]
        self.bars.append((at, self._passes.get(self._first_of(at), 1)))
        self.at = at + 1
        jumped = self._jumped_from >= 0
        if jumped and here.fine:
            self.end_quarter = here.fine_quarter
            where = "with" if self.end_quarter is None else "in the middle of"
            self._remark(f"it ends {where} bar {self._name(at)} (Fine)")
            self.at = len(self._signs)
        elif jumped and here.to_coda and (coda := self._coda(here, at)) is not None:
            self._remark(f"the coda in bar {self._name(coda)} follows bar {self._name(at)}")
            self.at = coda
            self._passes.clear()
            self._jumped_from = -1
        elif at in self._sections and self._again(at):
            return
        elif (here.da_capo or here.dal_segno) and at not in self._used:
            self._jump(here, at)
        elif at >= self._jumped_from:
            # What comes now was not played before the jump.
            self._jumped_from = -1

    def _without_repeats(self) -> bool:
        return self._jumped_from >= 0 and not self._with_repeats

    def _first_of(self, at: int) -> int:
        around = [one.first for end, one in self._sections.items() if one.first <= at <= end]
        return max(around, default=-1)

    def _plays(self, at: int) -> bool:
        """Whether the ending that begins here is for this time."""
        group = self._endings.group(at)
        section = self._section_of(group)
        known = {number for start in group for number in self._endings.numbers[start]}
        last = max(known)
        if section is None or (self._without_repeats() and len(group) > 1):
            number = last
        elif self._without_repeats():
            number = section.times
        else:
            number = self._passes.get(section.first, 1)
        if len(group) > 1:
            # Played oftener than the endings say: the last one again.
            number = min(number, last)
        elif number > last:
            # A lone ending is left out the last time.
            return False
        if number not in known:
            number = max((one for one in known if one < number), default=min(known))
        return number in self._endings.numbers[at]

    def _section_of(self, group: Sequence[int]) -> _Section | None:
        bars = (bar for start in group for bar in self._endings.spans[start])
        return next((self._sections[bar] for bar in bars if bar in self._sections), None)

    def _again(self, at: int) -> bool:
        section = self._sections[at]
        if self._without_repeats() and not self._signs[at].repeats_after_jump:
            return False
        number = self._passes.get(section.first, 1)
        if number >= section.times:
            return False
        self._passes[section.first] = number + 1
        # Passages within this one are counted anew.
        for end, one in self._sections.items():
            if one.first > section.first and end < at:
                self._passes.pop(one.first, None)
        self.at = section.first
        return True

    def _jump(self, here: BarSigns, at: int) -> None:
        self._used.add(at)
        target, name = 0, "D.C."
        if here.dal_segno and not here.da_capo:
            name = "D.S."
            found = _find([one.segno for one in self._signs], here.dal_segno, at)
            target = found or 0
            if found is None:
                self.remarks.append(
                    f"D.S. in bar {self._name(at)} leads to a sign that is not there: played from"
                    " the beginning."
                )
        self._jumped_from, self._with_repeats = at, here.with_repeats
        self._passes.clear()
        taken = "with repeats" if here.with_repeats else "without repeats"
        where = f"after bar {self._name(at)} on from bar {self._name(target)}, {taken} ({name})"
        self._remark(where)
        self.at = target

    def _coda(self, here: BarSigns, at: int) -> int | None:
        later = [place for place in range(at + 1, len(self._signs)) if self._signs[place].coda]
        named = [place for place in later if self._signs[place].coda & here.to_coda]
        return next(iter([*named, *later]), None)

    def _name(self, at: int) -> str:
        return self._names[at] if at < len(self._names) else str(at + 1)

    def _remark(self, what: str) -> None:
        self.remarks.append(f"Jumps followed: {what}.")


class _Endings:
    """The endings (voltas) of a page.

    Attributes:
        spans: bars of every ending, by its first one.
        numbers: of every ending; those that print none are counted.
    """

    def __init__(self, signs: Sequence[BarSigns]) -> None:
        starts = [at for at, here in enumerate(signs) if here.endings]
        self.spans: dict[int, range] = {}
        for start, following in zip(starts, [*starts[1:], len(signs)], strict=False):
            ends = (at for at in range(start, following)
                    if signs[at].ending_ends or signs[at].backward)  # fmt: skip
            self.spans[start] = range(start, next(ends, start) + 1)
        self.of_bar = {bar: start for start, span in self.spans.items() for bar in span}
        self.numbers: dict[int, frozenset[int]] = {}
        for start in starts:
            place = self.group(start).index(start) + 1
            self.numbers[start] = signs[start].endings - {UNNUMBERED} or frozenset({place})

    def group(self, at: int) -> list[int]:
        """First bars of the endings that follow each other without a gap, `at` among them."""
        before, after = [at], [at]
        while before[-1] - 1 in self.of_bar:
            before.append(self.of_bar[before[-1] - 1])
        while self.spans[after[-1]][-1] + 1 in self.spans:
            after.append(self.spans[after[-1]][-1] + 1)
        return [*reversed(before), *after[1:]]


def _find(signs: list[set[str]], wanted: set[str], before: int) -> int | None:
    """The sign of one of the names, else the last nameable one before."""
    places = [at for at, names in enumerate(signs) if names & wanted]
    places = places or [at for at, names in enumerate(signs) if names and at <= before]
    places = places or [at for at, names in enumerate(signs) if names]
    earlier = [at for at in places if at <= before]
    return (earlier or places)[-1] if places else None


def _sections(signs: Sequence[BarSigns], endings: _Endings) -> dict[int, _Section]:
    """What every backward repeat leads back to."""
    sections: dict[int, _Section] = {}
    of_group: dict[int, int] = {}
    forwards: list[int] = []
    after_last = 0
    for at, here in enumerate(signs):
        if here.forward:
            forwards.append(at)
        start = endings.of_bar.get(at)
        group = endings.group(start) if start is not None else []
        if not here.backward and not _is_implied(signs, endings, group, at):
            continue
        if group and group[0] in of_group:
            first = of_group[group[0]]
        else:
            first = forwards.pop() if forwards else after_last
        times = here.times or 2
        if group:
            of_group[group[0]] = first
            greatest = max(max(endings.numbers[one]) for one in group)
            # A lone ending is left out the last time.
            times = max(greatest, 2) if len(group) > 1 else max(greatest + 1, times)
        after_last = (endings.spans[group[-1]][-1] if group else at) + 1
        sections[at] = _Section(first, times)
    return sections


def _is_implied(
    signs: Sequence[BarSigns], endings: _Endings, group: Sequence[int], at: int
) -> bool:
    """A first ending ends here, another follows, and no repeat or jump: the sign is lacking."""
    if len(group) < 2 or at != endings.spans[group[0]][-1]:
        return False
    bars = [signs[bar] for start in group for bar in endings.spans[start]]
    return not any(one.backward or one.da_capo or one.dal_segno for one in bars)
