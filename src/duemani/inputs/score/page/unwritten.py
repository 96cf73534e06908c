"""What a score asks for without writing it down: said, and not played."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from duemani.inputs.score.page.bars import PageBar

_MOST_BARS = 8


def unwritten(parts: Iterable[Sequence[PageBar]], names: Sequence[str]) -> Iterator[str]:
    """One sentence for each thing that is not played, or played as it is written only.

    Args:
        parts: bars of the parts that are played.
        names: printed numbers of the bars.
    """
    slashes, heads, doubled = set[int](), set[int](), False
    for bars in parts:
        slashes |= _slashed(bars)
        for bar in bars:
            for placed in bar.placed:
                doubled |= placed.element.find("transpose/double") is not None
                head = (placed.element.findtext("notehead") or "").strip()
                if head == "slash" and placed.pitch is not None:
                    heads.add(bar.index)
    if slashes:
        yield (
            f"Slashes ask for a rhythm without saying which keys ({bars_named(slashes, names)}):"
            " nothing is played there."
        )
    if heads:
        yield (
            f"Notes with slashes for heads ({bars_named(heads, names)}) are played on the keys that"
            " they stand on; often they mean a rhythm only."
        )
    if doubled:
        yield "A part is to be doubled in another octave: what is written is played alone."


def bars_named(bars: Iterable[int], names: Sequence[str]) -> str:
    """`bar 3, 5, 6`."""
    told = [names[bar] if bar < len(names) else str(bar + 1) for bar in sorted(set(bars))]
    more = " …" if len(told) > _MOST_BARS else ""
    return f"bar {', '.join(told[:_MOST_BARS])}{more}"


def _slashed(bars: Sequence[PageBar]) -> set[int]:
    """Bars under slashes that hold no notes of their own."""
    found: set[int] = set()
    is_under = False
    for bar in bars:
        touched = is_under
        for placed in bar.placed:
            for sign in placed.element.iterfind("measure-style/slash"):
                is_under = sign.get("type") != "stop"
                touched |= is_under
        if touched and not any(placed.pitch is not None for placed in bar.placed):
            found.add(bar.index)
    return found
