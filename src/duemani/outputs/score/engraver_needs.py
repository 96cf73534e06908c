"""What a score leaves out and an engraver needs: beams, and the number of staves."""

from __future__ import annotations

import re

_BEAMED = re.compile(rb"<beam[\s>]")
_MEASURE = re.compile(rb"<measure\b.*?</measure>", re.DOTALL)
_EVENT = re.compile(
    rb"<(note|backup|forward)\b[^>]*>.*?</\1>|<attributes\b.*?</attributes>", re.DOTALL
)
_NUMBER = rb"<%s>\s*(\d+)\s*</%s>"
_DURATION = re.compile(_NUMBER % (b"duration", b"duration"))
_DIVISIONS = re.compile(_NUMBER % (b"divisions", b"divisions"))
_BEATS = re.compile(_NUMBER % (b"beats", b"beats"))
_BEAT_TYPE = re.compile(_NUMBER % (b"beat-type", b"beat-type"))
_VOICE = re.compile(rb"<voice>\s*([^<\s]*)\s*</voice>")
_TYPE = re.compile(rb"<type\b[^>]*>\s*([^<\s]*)\s*</type>")
_STAFF_END = re.compile(rb"</staff>")
_LEVELS = {b"eighth": 1, b"16th": 2, b"32nd": 3, b"64th": 4, b"128th": 5}
_HEADS = (b"</stem>", b"</time-modification>", b"</accidental>", b"</type>")


_PART = re.compile(rb"<part\b[^>]*>.*?</part>", re.DOTALL)
_STAVES = re.compile(rb"<staves>")
_STAFF = re.compile(rb"<staff>\s*(\d+)\s*</staff>")
# What may follow the number of staves in the schema.
_AFTER_STAVES = re.compile(
    rb"<(part-symbol|instruments|clef|staff-details|transpose|for-part|directive|measure-style)\b"
    rb"|</attributes>"
)


class _Metre:
    """Divisions a quarter, and how many of them one beam may span."""

    def __init__(self) -> None:
        self.divisions, self.beats, self.beat_type = 1, 4, 4

    def read(self, attributes: bytes) -> None:
        for pattern, name in (
            (_DIVISIONS, "divisions"),
            (_BEATS, "beats"),
            (_BEAT_TYPE, "beat_type"),
        ):
            if found := pattern.search(attributes):
                setattr(self, name, max(1, int(found[1])))

    @property
    def group(self) -> float:
        beat = 4 * self.divisions / self.beat_type
        compound = self.beat_type >= 8 and self.beats % 3 == 0
        return 3 * beat if compound else max(beat, self.divisions)


def with_beams(document: bytes) -> bytes:
    """The document with beams a beat, if it states none at all; else as it is."""
    if _BEAMED.search(document):
        return document
    metre = _Metre()
    return _MEASURE.sub(lambda found: _measure(found[0], metre), document)


def with_staves(document: bytes) -> bytes:
    """The document with the number of staves stated in every part that uses more than one."""
    return _PART.sub(lambda found: _with_staves(found[0]), document)


def _with_staves(part: bytes) -> bytes:
    used = max((int(found[1]) for found in _STAFF.finditer(part)), default=1)
    attributes = part.find(b"<attributes")
    if used < 2 or attributes < 0 or _STAVES.search(part):
        return part
    place = _AFTER_STAVES.search(part, attributes)
    if place is None:
        return part
    return b"%s<staves>%d</staves>%s" % (part[: place.start()], used, part[place.start() :])


def _measure(measure: bytes, metre: _Metre) -> bytes:
    now = 0
    last_onset = 0
    # (voice) -> notes of the beam that is being made: (place in the text, levels)
    runs: dict[bytes, list[tuple[int, int]]] = {}
    ends: dict[bytes, tuple[float, int]] = {}
    edits: list[tuple[int, bytes]] = []
    for event in _EVENT.finditer(measure):
        text = event[0]
        if text.startswith(b"<attributes"):
            metre.read(text)
            continue
        length = _DURATION.search(text)
        duration = int(length[1]) if length else 0
        if text.startswith(b"<backup"):
            now -= duration
        elif text.startswith(b"<forward"):
            now += duration
        elif b"<chord" in text or b"<grace" in text or not length:
            continue
        else:
            last_onset, now = now, now + duration
            voice = _VOICE.search(text)
            key = voice[1] if voice else b""
            kind = _TYPE.search(text)
            levels = 0 if b"<rest" in text else _LEVELS.get(kind[1] if kind else b"", 0)
            group = int(last_onset // metre.group)
            continued = ends.get(key) == (last_onset, group)
            if not (continued and levels):
                edits += _beams(runs.pop(key, []))
            if levels and (place := _beam_place(text)) is not None:
                runs.setdefault(key, []).append((event.start() + place, levels))
            ends[key] = (now, int(now // metre.group) if now % metre.group else -1)
            if now % metre.group == 0:
                edits += _beams(runs.pop(key, []))
    for run in runs.values():
        edits += _beams(run)
    for place, beam in sorted(edits, reverse=True):
        measure = measure[:place] + beam + measure[place:]
    return measure


def _beam_place(note: bytes) -> int | None:
    """Where the schema wants a note's beams: after its staff, or what else comes before."""
    if staff := _STAFF_END.search(note):
        return staff.end()
    for head in _HEADS:
        at = note.rfind(head)
        if at >= 0:
            return at + len(head)
    return None


def _beams(run: list[tuple[int, int]]) -> list[tuple[int, bytes]]:
    """Beam elements of notes that are beamed together: (place, text) each."""
    if len(run) < 2:
        return []
    made: list[tuple[int, bytes]] = []
    for at, (place, levels) in enumerate(run):
        text = b""
        for level in range(1, levels + 1):
            before = at > 0 and run[at - 1][1] >= level
            after = at + 1 < len(run) and run[at + 1][1] >= level
            if before:
                state = b"continue" if after else b"end"
            elif after:
                state = b"begin"
            else:
                state = b"backward hook" if at else b"forward hook"
            text += b'<beam number="%d">%s</beam>' % (level, state)
        made.append((place, text))
    return made
