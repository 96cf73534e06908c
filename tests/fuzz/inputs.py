"""Fuzzed inputs: made-up files, then broken; input `index` of a seed is always the same."""

from __future__ import annotations

import io
import json
import random
import re
from dataclasses import dataclass

import mido
import numpy as np

from tests.fuzz.scores import score
from tests.helpers.inputs import zip_bytes

NASTY_NUMBERS = (
    *("0", "-1", "1", "2", "1.5", "-0.5", "1e9", "1e400", "nan", "inf", "-2147483648"),
    *("4294967296", "99999999999999999999", "0.0001", "", " 3 ", "0x10", "½", "٣"),
)
NASTY_TEXTS = (
    "",
    "\u2028",
    '"><img src=x>',
    "</script>",
    "]]>",
    "'",
    '"',
    "\u202e",
    "a" * 5000,
    "é",
)
_CONTAINER = (
    b'<?xml version="1.0"?><container><rootfiles><rootfile full-path="score.xml"/></rootfiles>'
    b"</container>"
)


@dataclass(frozen=True)
class Fuzzed:
    """A file's suffix and bytes."""

    suffix: str
    data: bytes


def fuzzed(seed: int, index: int) -> Fuzzed:
    """The input of a number; about one in five is whole, the others are broken somewhere."""
    draw = random.Random(f"{seed}/{index}")
    kind = draw.choices((".musicxml", ".mid", ".json", ".mxl", ".npz"), (45, 35, 10, 5, 5))[0]
    broken = draw.random() < 0.8
    if kind == ".mid":
        data = _midi(draw)
        return Fuzzed(kind, _break_bytes(draw, data) if broken else data)
    if kind == ".json":
        return Fuzzed(kind, _json(draw, broken))
    if kind == ".npz":
        return Fuzzed(kind, _npz(draw, broken))
    text = score(draw)
    data = _break_score(draw, text) if broken else text.encode()
    if kind == ".musicxml":
        return Fuzzed(kind, data)
    packed = zip_bytes({"META-INF/container.xml": _CONTAINER, "score.xml": data})
    return Fuzzed(kind, _break_bytes(draw, packed) if draw.random() < 0.3 else packed)


def _midi(draw: random.Random) -> bytes:
    kind = draw.choice((0, 1, 1, 2))
    division = draw.choice((1, 24, 96, 480, 480, 960, 32767))
    file = mido.MidiFile(type=kind, ticks_per_beat=division)
    for _ in range(1 if kind == 0 else draw.randint(1, 4)):
        file.tracks.append(_track(draw, division))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _track(draw: random.Random, division: int) -> mido.MidiTrack:
    track = mido.MidiTrack()
    names = ("Right Hand", "Left", "Piano", "What is left", "m.d.", "Drums", '"><img>', "")
    track.append(mido.MetaMessage("track_name", name=draw.choice(names)))
    channel, middle = draw.randrange(16), draw.randint(30, 90)
    for _ in range(draw.choice((0, 5, 20, 60))):
        wait = draw.choice((0, 0, division // 4, division // 2, division, draw.randint(0, 5000)))
        pitch = min(max(middle + draw.randint(-18, 18), 0), 127)
        roll = draw.random()
        if roll < 0.45:
            struck = draw.randint(0, 127)
            track.append(
                mido.Message("note_on", channel=channel, note=pitch, velocity=struck, time=wait)
            )
        elif roll < 0.8:
            track.append(mido.Message("note_off", channel=channel, note=pitch, time=wait))
        else:
            track.append(_other(draw, channel, wait))
    return track


def _other(draw: random.Random, channel: int, wait: int) -> mido.Message | mido.MetaMessage:
    control = draw.choice((64, 64, 66, 67, 120, 121, 123, 7))
    return draw.choice(
        (
            mido.Message(
                "control_change",
                channel=channel,
                control=control,
                value=draw.randint(0, 127),
                time=wait,
            ),
            mido.Message(
                "program_change", channel=channel, program=draw.randint(0, 127), time=wait
            ),
            mido.Message("pitchwheel", channel=channel, pitch=draw.randint(-8192, 8191), time=wait),
            mido.MetaMessage(
                "set_tempo", tempo=draw.choice((1, 250_000, 500_000, 16_777_215)), time=wait
            ),
            mido.MetaMessage(
                "time_signature", numerator=draw.randint(1, 12), denominator=8, time=wait
            ),
            mido.MetaMessage("key_signature", key=draw.choice(("C", "F#m", "Cb")), time=wait),
            mido.MetaMessage("text", text=draw.choice(("finger=3", "finger=9", "x")), time=wait),
            mido.Message("sysex", data=(1, 2, 3), time=wait),
        )
    )


def _json(draw: random.Random, broken: bool) -> bytes:
    notes = []
    for _ in range(draw.choice((0, 1, 5, 30))):
        onset = draw.uniform(0, 5)
        notes.append(
            {
                "onset_sec": onset,
                "release_sec": onset + draw.choice((0.1, 0.5, 3.0)),
                "pitch": draw.randint(21, 108),
                "velocity": draw.randint(1, 127),
            }
        )
        if draw.random() < 0.3:
            notes[-1] |= {"hand": draw.choice(("left", "right")), "finger": draw.randint(1, 5)}
    text = json.dumps({"notes": notes, "pedal": [{"time_sec": 1.0, "value": 90}]})
    if not broken:
        return text.encode()
    for _ in range(draw.randint(1, 4)):
        number = draw.choice((*NASTY_NUMBERS, "NaN", "Infinity", "null", "[]", "{}", "[" * 9999))
        text = _at_random(draw, text, r"-?\d+(\.\d+)?", number)
    data = text.encode("utf-8", "surrogatepass")
    return _break_bytes(draw, data) if draw.random() < 0.3 else data


def _npz(draw: random.Random, broken: bool) -> bytes:
    frames = draw.choice((0, 1, 30))
    arrays: dict[str, np.ndarray] = {
        "format": np.array("duemani.hand_motion/1"),
        "frame_rate": np.array(60.0),
        "start_sec": np.array(0.0),
        "wrist_m": np.zeros((2, frames, 3)),
        "rotations_rad": np.zeros((2, frames, 16, 3)),
        "landmarks_m": np.zeros((2, frames, 21, 3)),
        "tracked": np.ones((2, frames), bool),
        "bone_lengths_m": np.full((2, 20), 0.03),
        "provenance": np.array("{}"),
    }
    if broken:
        name = draw.choice(sorted(arrays))
        arrays[name] = draw.choice(
            (
                np.array([]),
                np.array(np.nan),
                np.full((2, 3, 4), np.inf),
                np.array("[" * 50_000),
                np.array("[1]"),
                np.array(b"\xff\xfe"),
                np.array(-1e308),
                np.zeros((2, 0, 21, 3)),
            )
        )
        if draw.random() < 0.2:
            del arrays[draw.choice(sorted(arrays))]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    data = buffer.getvalue()
    return _break_bytes(draw, data) if broken and draw.random() < 0.3 else data


def _break_score(draw: random.Random, text: str) -> bytes:
    for _ in range(draw.choice((1, 1, 2, 4, 8))):
        text = draw.choice(_BREAKS)(draw, text)
    data = text.encode("utf-8", "surrogatepass")
    return _break_bytes(draw, data) if draw.random() < 0.15 else data


def _number(draw: random.Random, text: str) -> str:
    return _at_random(draw, text, r"(?<=>)-?\d+(?=<)", draw.choice(NASTY_NUMBERS))


def _attribute(draw: random.Random, text: str) -> str:
    escaped = draw.choice(NASTY_TEXTS).replace("<", "&lt;").replace('"', "&quot;")
    return _at_random(draw, text, r'(?<==")[^"]*(?=")', escaped)


def _new_id(draw: random.Random, text: str) -> str:
    name = draw.choice(("a", "1", "a’b", "a&quot;b", "a'b", "", "a b"))
    return _at_random(draw, text, r"<note(?=>)", f'<note id="{name}"')


def _words(draw: random.Random, text: str) -> str:
    escaped = draw.choice(NASTY_TEXTS).replace("<", "&lt;").replace("]]>", "")
    return _at_random(draw, text, r"(?<=>)[A-Za-z. ]+(?=<)", escaped)


def _without(draw: random.Random, text: str) -> str:
    return _at_random(draw, text, _ELEMENT, "")


def _twice(draw: random.Random, text: str) -> str:
    found = list(re.finditer(_ELEMENT, text))
    if not found:
        return text
    chosen, place = draw.choice(found), draw.choice(found)
    return text[: place.start()] + chosen[0] * draw.choice((1, 1, 2, 30)) + text[place.start() :]


def _renamed(draw: random.Random, text: str) -> str:
    names = sorted(set(re.findall(r"</([a-z-]+)>", text))) or ["note"]
    one, other = draw.choice(names), draw.choice((*names, "note", "x", "forward", "figured-bass"))
    return re.sub(rf"(</?){one}(?=[\s/>])", rf"\g<1>{other}", text, count=draw.choice((2, 0)))


def _empty(draw: random.Random, text: str) -> str:
    return _at_random(draw, text, r"(?<=>)[^<>]+(?=</)", "")


_ELEMENT = r"<([a-z-]+)(?:\s[^<>]*)?(?:/>|>(?:(?!<\1[\s>]).)*?</\1>)"
_BREAKS = (_number, _number, _attribute, _new_id, _words, _without, _twice, _renamed, _empty)


def _at_random(draw: random.Random, text: str, pattern: str, put: str) -> str:
    """The text with one of the pattern's places changed."""
    found = list(re.finditer(pattern, text))
    if not found:
        return text
    match = draw.choice(found)
    return text[: match.start()] + put + text[match.end() :]


def _break_bytes(draw: random.Random, data: bytes) -> bytes:
    broken = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 5, 20))):
        if not broken:
            break
        at = draw.randrange(len(broken))
        until = min(at + draw.choice((1, 2, 4, 16)), len(broken))
        way = draw.random()
        if way < 0.5:
            broken[at] = draw.choice((0, 0xFF, 0x7F, 0x80, broken[at] ^ (1 << draw.randrange(8))))
        elif way < 0.65:
            del broken[at:until]
        elif way < 0.8:
            broken[at:at] = broken[at:until] * draw.choice((1, 1, 50))
        elif way < 0.9:
            broken[at:at] = draw.randbytes(until - at)
        elif draw.random() < 0.3:
            del broken[at:]
    return bytes(broken)
