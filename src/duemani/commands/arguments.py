"""Arguments → a command, with wrong ones told in one sentence instead of tyro's boxes."""

from __future__ import annotations

import contextlib
import io
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.constructors import PrimitiveConstructorSpec

from duemani.errors import InputError
from duemani.models.fingering.hand_span import HAND_SPANS_M, SPAN_LIMITS_M

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
# Columns before a row that names an option; what explains it stands farther in.
_NAME_INDENT = 5
_CORNERS = 4
_SPANS_CM = {name: round(100 * span_m, 1) for name, span_m in HAND_SPANS_M.items()}
MEDIUM_SPAN_CM = _SPANS_CM["medium"]


def say(message: str) -> None:
    """A remark for the user, in one line beside the results."""
    # A file's name may hold what a terminal obeys.
    valid = " ".join(message.split()).encode(errors="backslashreplace").decode()
    words = "".join(sign if sign.isprintable() else " " for sign in valid)
    print(f"duemani: {words}", file=sys.stderr)


def parse(commands: Any, arguments: list[str], program: str, description: str) -> Any:
    """The command that the arguments name.

    Raises:
        InputError: they are wrong; one sentence and a hint.
        SystemExit: help was asked for and printed.
    """
    if arguments[:1] in (["evaluate"], ["prepare"], ["train"]) and arguments[1:2] not in (
        [],
        ["-h"],
        ["--help"],
    ):
        # tyro knows commands of one word only; these have a space.
        arguments = [" ".join(arguments[:2]), *arguments[2:]]
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(
                commands,
                prog=program,
                args=arguments,
                description=description,
                config=(tyro.conf.FlagCreatePairsOff,),
            )
    except SystemExit as stop:
        if not stop.code:
            raise
        raise InputError(one_sentence(complaint.getvalue(), program)) from None


def one_sentence(complaint: str, program: str) -> str:
    """What a box of tyro's complains about, and where help is."""
    sections: list[list[tuple[int, str]]] = [[]]
    lines = [line for line in _ANSI.sub("", complaint).splitlines() if line.strip(" ╰─╯")]
    # The title stands in the frame, or, where there is no UTF-8, above a rule of its own.
    for line in lines[1 if complaint.startswith("╭") else 2 :]:
        row = line[1:].rstrip(" │")
        if not row.strip():
            continue
        if set(row.strip()) <= set("─-"):
            sections.append([])
        else:
            sections[-1].append((len(row) - len(row.lstrip()), row.strip()))
    first, *others = sections
    told = " ".join(text for indent, text in first if indent < _NAME_INDENT)
    names = [text.split(", ")[-1] for indent, text in first if indent == _NAME_INDENT]
    told = re.sub(r"^Error parsing ", "", told).rstrip(". ").replace(". Expected", ", expected")
    told = re.sub(rf"^Missing from {program}.*:$", f"missing: {' and '.join(names)}", told)
    told = re.sub(r"^Expected one of \{(.*)\}$", r"a command is missing: \1 are accepted", told)
    told = (told[:1].lower() + told[1:]) or "the arguments cannot be understood"
    help_command = f"{program} --help"
    for section in others:
        texts = [text for _, text in section]
        if texts[0].startswith("Available subcommands: "):
            told += f"; {' '.join(texts)[len('Available subcommands: ') :]} are accepted"
        elif texts[0].startswith("Perhaps you meant"):
            alike = next((text for indent, text in section if indent == _NAME_INDENT), "")
            told += f"; perhaps {alike} is meant" if alike else ""
        elif found := re.search(rf"{program}\b[\w -]*? --help", " ".join(texts)):
            help_command = found[0]
    return f"{told}; see `{help_command}`."


def _option(
    read: Callable[[str], Any], metavar: str, kind: type, absent: str = ""
) -> PrimitiveConstructorSpec[Any]:
    """How tyro reads one word into a `kind`, or None, shown as `absent` in the help."""
    return PrimitiveConstructorSpec(
        nargs=1,
        metavar=metavar,
        instance_from_str=lambda words: read(words[0]),
        is_instance=lambda value: value is None or isinstance(value, kind),
        str_from_instance=lambda value: [absent if value is None or value == () else str(value)],
    )


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a number; one such as 12.5 is accepted")
    return value


def _time(text: str) -> float:
    value = _number(text)
    if value < 0:
        raise ValueError(f"{text} lies before the start; times of 0 s and later are accepted")
    return value


def _seed(text: str) -> int:
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        raise ValueError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def _sequence(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,4}", text, re.ASCII):
        raise ValueError(f"{text!r} is no sequence; they are counted 1, 2, 3 …")
    return int(text)


def _player(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d?", text, re.ASCII):
        raise ValueError(f"{text!r} is no player; they are counted 1, 2, 3 …")
    return int(text)


def _corners(text: str) -> tuple[tuple[float, float], ...]:
    words = text.replace(";", " ").split()
    try:
        corners = tuple((float(x), float(y)) for x, y in (word.split(",") for word in words))
    except ValueError:
        corners = ()
    if len(corners) != _CORNERS or not all(math.isfinite(v) for xy in corners for v in xy):
        raise ValueError(f'{text!r} are no four corners; "x,y x,y x,y x,y" in pixels is accepted')
    return corners


def _span_cm(text: str) -> float:
    if text in _SPANS_CM:
        return _SPANS_CM[text]
    low, high = (100 * limit_m for limit_m in SPAN_LIMITS_M)
    try:
        span = float(text)
    except ValueError:
        span = float("nan")
    if not low <= span <= high:
        raise ValueError(
            f"{text!r} is no hand span; small, medium, large or {low:g}-{high:g} [cm] are accepted"
        )
    return span


def _named(span_cm: float) -> str:
    return next((name for name, cm in _SPANS_CM.items() if cm == span_cm), f"{span_cm:g}")


Corners = Annotated[
    tuple[tuple[float, float], ...], _option(_corners, '"X,Y X,Y X,Y X,Y"', tuple, "found")
]
Number = Annotated[float, _option(_number, "NUMBER", float)]
Time = Annotated[float, _option(_time, "SECONDS", float)]
OptionalTime = Annotated[float | None, _option(_time, "SECONDS", float, "end")]
OptionalSeed = Annotated[int | None, _option(_seed, "INTEGER", int, "none")]
OptionalSequence = Annotated[int | None, _option(_sequence, "INTEGER", int, "none")]
Player = Annotated[int, _option(_player, "INTEGER", int)]
OptionalPlayer = Annotated[int | None, _option(_player, "INTEGER", int, "all")]
OptionalPath = Annotated[Path | None, _option(Path, "PATH", Path, "none")]
HandSpan = Annotated[
    float,
    PrimitiveConstructorSpec(
        nargs=1,
        metavar="small|medium|large|CM",
        instance_from_str=lambda words: _span_cm(words[0]),
        is_instance=lambda value: isinstance(value, float),
        str_from_instance=lambda value: [_named(value)],
    ),
]
