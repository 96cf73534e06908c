"""Made-up MusicXML: valid as a rule, with whatever notation allows, drawn from a seed."""

from __future__ import annotations

import random

STEPS = "CDEFGAB"
TYPES = ("whole", "half", "quarter", "eighth", "16th", "32nd")
DIVISIONS = 24


def score(draw: random.Random) -> str:
    """A short score of one to three parts."""
    parts = [f"P{n + 1}" for n in range(draw.choice((1, 1, 1, 2, 3)))]
    names = draw.choices(("Piano", "Right Hand", "Left Hand", "Violin", "Harp", "Primo", ""), k=3)
    listed = "".join(
        f'<score-part id="{part}"><part-name>{name}</part-name></score-part>'
        for part, name in zip(parts, names, strict=False)
    )
    bars = draw.randint(1, 6)
    body = "".join(f'<part id="{part}">{_part(draw, bars)}</part>' for part in parts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<score-partwise version="4.0">'
        f"<part-list>{listed}</part-list>{body}</score-partwise>"
    )


def _part(draw: random.Random, bars: int) -> str:
    staves = draw.choice((1, 2, 2, 2))
    return "".join(_bar(draw, number, staves, number == bars) for number in range(1, bars + 1))


def _bar(draw: random.Random, number: int, staves: int, last: bool) -> str:
    text = ""
    if number == 1 or draw.random() < 0.1:
        text += _attributes(draw, staves)
    text += _barline(draw, "left") + _direction(draw)
    for staff in range(1, staves + 1):
        length = 0
        for _ in range(draw.randint(0, 5)):
            written, lasts = _chord(draw, staff)
            text, length = text + written, length + lasts
        if draw.random() < 0.2:
            text += _direction(draw)
        if length and (staff < staves or draw.random() < 0.1):
            text += f"<backup><duration>{length}</duration></backup>"
    return f'<measure number="{number}">{text}{_barline(draw, "right", last)}</measure>'


def _attributes(draw: random.Random, staves: int) -> str:
    transpose = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    return (
        f"<attributes><divisions>{DIVISIONS}</divisions>"
        f"<key><fifths>{draw.randint(-7, 7)}</fifths></key>"
        f"<time><beats>{draw.randint(1, 7)}</beats><beat-type>{draw.choice((2, 4, 8))}</beat-type>"
        f"</time><staves>{staves}</staves>{transpose if draw.random() < 0.1 else ''}</attributes>"
    )


def _barline(draw: random.Random, side: str, last: bool = False) -> str:
    inside = ""
    if draw.random() < 0.15:
        kind = draw.choice(("start", "stop", "discontinue"))
        inside += f'<ending number="{draw.choice(("1", "2", "1,2"))}" type="{kind}"/>'
    if draw.random() < (0.4 if last else 0.15):
        way = "forward" if side == "left" else "backward"
        times = f' times="{draw.randint(2, 4)}"' if draw.random() < 0.3 else ""
        inside += f'<repeat direction="{way}"{times}/>'
    return f'<barline location="{side}">{inside}</barline>' if inside else ""


def _direction(draw: random.Random) -> str:
    if draw.random() < 0.6:
        return ""
    inside, sound = draw.choice(
        (
            ("<words>D.C. al Fine</words>", 'dacapo="yes"'),
            ("<segno/>", 'segno="s"'),
            ("<words>D.S. al Coda</words>", 'dalsegno="s"'),
            ("<coda/>", 'coda="c"'),
            ("<words>To Coda</words>", 'tocoda="c"'),
            ("<words>Fine</words>", 'fine="yes"'),
            ("<words>&quot;&gt;&lt;img src=x&gt;</words>", 'tempo="72.5"'),
            ("<dynamics><ff/></dynamics>", 'dynamics="112"'),
            ('<wedge type="crescendo"/>', ""),
            ('<pedal type="start"/>', 'damper-pedal="yes"'),
            ('<octave-shift type="down" size="8"/>', ""),
            ('<octave-shift type="stop" size="8"/>', ""),
            (
                "<metronome><beat-unit>quarter</beat-unit><per-minute>96</per-minute></metronome>",
                "",
            ),
        )
    )
    heard = f"<sound {sound}/>" if sound else ""
    return f"<direction><direction-type>{inside}</direction-type>{heard}</direction>"


def _chord(draw: random.Random, staff: int) -> tuple[str, int]:
    """One or more notes struck together, or a rest, and how long they last [divisions]."""
    at = draw.randint(1, 5)
    dots = int(draw.random() < 0.15 and at < 4)
    lasts = (4 * DIVISIONS >> at) * 3 // 2 if dots else 4 * DIVISIONS >> at
    grace = draw.random() < 0.08
    time = "<grace/>" if grace else f"<duration>{lasts}</duration>"
    tail = f"<voice>{draw.choice((staff, staff, 5))}</voice><type>{TYPES[at]}</type>"
    tail += "<dot/>" * dots + f"<staff>{staff}</staff>"
    if draw.random() < 0.15:
        return (f"<note><rest/>{time}{tail}</note>", lasts) if not grace else ("", 0)
    text = ""
    for n in range(draw.choice((1, 1, 1, 2, 3, 5))):
        chord = "<chord/>" * (n > 0)
        before = f"<grace/>{chord}" if grace else chord
        after = "" if grace else time
        flags = ' print-object="no"' if draw.random() < 0.03 else ""
        cue = "<cue/>" if draw.random() < 0.03 and not grace else ""
        tie = draw.choice(("start", "stop")) if draw.random() < 0.15 else ""
        tied = f'<tie type="{tie}"/>' * bool(tie)
        text += (
            f"<note{flags}>{before if grace else cue + chord}{_pitch(draw, staff)}{after}{tied}"
            f"{tail}{_notations(draw, tie)}</note>"
        )
    return text, 0 if grace else lasts


def _pitch(draw: random.Random, staff: int) -> str:
    if draw.random() < 0.02:
        shown = "<display-step>E</display-step><display-octave>4</display-octave>"
        return f"<unpitched>{shown}</unpitched>"
    alter = draw.choice(("", "", "", "1", "-1", "2", "0.5", "-1.5"))
    altered = f"<alter>{alter}</alter>" if alter else ""
    octave = draw.randint(3, 7) if staff == 1 else draw.randint(0, 4)
    return f"<pitch><step>{draw.choice(STEPS)}</step>{altered}<octave>{octave}</octave></pitch>"


def _notations(draw: random.Random, tie: str) -> str:
    marks = f'<tied type="{tie}"/>' * bool(tie)
    if draw.random() < 0.15:
        told = draw.choice(("1", "2", "3", "4", "5", "3-1", "5 3 1", "", "x", "0", "6", "<b/>"))
        attribute = draw.choice(("", "", ' substitution="yes"', ' alternate="yes"'))
        told = f"<fingering>1</fingering><fingering{attribute}>{told}</fingering>"
        marks += f"<technical>{told}</technical>"
    if draw.random() < 0.1:
        marks += draw.choice(
            (
                "<ornaments><trill-mark/></ornaments>",
                "<ornaments><turn/></ornaments>",
                "<ornaments><mordent/></ornaments>",
                '<ornaments><tremolo type="single">3</tremolo></ornaments>',
                '<ornaments><tremolo type="start">3</tremolo></ornaments>',
                '<ornaments><tremolo type="stop">3</tremolo></ornaments>',
                "<arpeggiate/>",
                "<fermata/>",
                "<articulations><staccato/></articulations>",
                '<glissando type="start"/>',
                '<slur type="start" number="1"/>',
            )
        )
    return f"<notations>{marks}</notations>" if marks else ""
