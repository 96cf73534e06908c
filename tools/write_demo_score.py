"""Writes the demo's score: the first part of Beethoven's Für Elise, WoO 59 (public domain).

Run from the repository's root: python tools/write_demo_score.py
"""

from pathlib import Path

TYPES = {1: ("16th", False), 2: ("eighth", False), 3: ("eighth", True), 4: ("quarter", False), 6: ("quarter", True)}  # fmt: skip

# One line a bar: right hand | left hand | marks. `r` is a rest, `:n` a length in sixteenths.
BARS = """
E5 D#5 | r:2 | pp
E5 D#5 E5 B4 D5 C5 | r:6 |
A4:2 r C4 E4 A4 | A2 E3 A3 r:3 | pedal
B4:2 r E4 G#4 B4 | E2 E3 G#3 r:3 | pedal
C5:2 r E4 E5 D#5 | A2 E3 A3 r:3 | pedal
E5 D#5 E5 B4 D5 C5 | r:6 |
A4:2 r C4 E4 A4 | A2 E3 A3 r:3 | pedal
B4:2 r E4 C5 B4 | E2 E3 G#3 r:3 | pedal
A4:2 r B4 C5 D5 | A2 E3 A3 r:3 | pedal mp crescendo
E5:3 G4 F5 E5 | C3 G3 C4 r:3 | pedal
D5:3 F4 E5 D5 | G2 G3 B3 r:3 | pedal stop
C5:3 E4 D5 C5 | A2 E3 A3 r:3 | pedal mf diminuendo
B4:2 r E4 E5 r | E2 E3 E4 r:3 | pedal
r E5 E6 r D#5 E5 | r:6 | stop p
r D#5 E5 D#5 E5 D#5 | r:6 | pp
E5 D#5 E5 B4 D5 C5 | r:6 |
A4:2 r C4 E4 A4 | A2 E3 A3 r:3 | pedal
B4:2 r E4 G#4 B4 | E2 E3 G#3 r:3 | pedal
C5:2 r E4 E5 D#5 | A2 E3 A3 r:3 | pedal
E5 D#5 E5 B4 D5 C5 | r:6 |
A4:2 r C4 E4 A4 | A2 E3 A3 r:3 | pedal
B4:2 r E4 C5 B4 | E2 E3 G#3 r:3 | pedal
A4:6 | A2 E3 A3:4 | pedal
""".strip().splitlines()


def note(text: str, staff: int) -> str:
    name, _, length = text.partition(":")
    duration = int(length or 1)
    kind, dotted = TYPES[duration]
    if name == "r":
        what = "<rest/>"
    else:
        alter = "<alter>1</alter>" if "#" in name else ""
        what = f"<pitch><step>{name[0]}</step>{alter}<octave>{name[-1]}</octave></pitch>"
    dot = "<dot/>" if dotted else ""
    return (
        f"      <note>{what}<duration>{duration}</duration><voice>{1 if staff == 1 else 5}</voice>"
        f"<type>{kind}</type>{dot}<staff>{staff}</staff></note>"
    )


def direction(content: str, staff: int = 1, offset: int = 0) -> str:
    shift = f"<offset>{offset}</offset>" if offset else ""
    return f"      <direction><direction-type>{content}</direction-type>{shift}<staff>{staff}</staff></direction>"


def bar(number: int, line: str) -> str:
    right, left, marks = (part.split() for part in line.split("|"))
    rows: list[str] = []
    if number == 0:
        rows.append(
            "      <attributes><divisions>4</divisions><key><fifths>0</fifths><mode>minor</mode></key>"
            "<time><beats>3</beats><beat-type>8</beat-type></time><staves>2</staves>"
            '<clef number="1"><sign>G</sign><line>2</line></clef>'
            '<clef number="2"><sign>F</sign><line>4</line></clef></attributes>'
        )
        rows.append(
            '      <direction placement="above"><direction-type><words>Poco moto</words></direction-type>'
            '<staff>1</staff><sound tempo="72"/></direction>'
        )
    for mark in marks:
        if mark in ("crescendo", "diminuendo", "stop"):
            rows.append(direction(f'<wedge type="{mark}"/>'))
        elif mark != "pedal":
            rows.append(direction(f"<dynamics><{mark}/></dynamics>"))
    rows += [note(text, 1) for text in right]
    length = sum(int(text.partition(":")[2] or 1) for text in right)
    rows.append(f"      <backup><duration>{length}</duration></backup>")
    if "pedal" in marks:
        rows.append(direction('<pedal type="start" line="no"/>', 2))
        rows.append(direction('<pedal type="stop" line="no"/>', 2, 5))
    rows += [note(text, 2) for text in left]
    implicit = ' implicit="yes"' if number == 0 else ""
    return f'    <measure number="{number}"{implicit}>\n' + "\n".join(rows) + "\n    </measure>"


def main() -> None:
    bars = "\n".join(bar(number, line) for number, line in enumerate(BARS))
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="4.0">
  <work><work-title>Für Elise, WoO 59 (first part)</work-title></work>
  <identification>
    <creator type="composer">Ludwig van Beethoven</creator>
    <rights>The music is in the public domain; this transcription is CC0.</rights>
  </identification>
  <part-list><score-part id="P1"><part-name>Piano</part-name></score-part></part-list>
  <part id="P1">
{bars}
  </part>
</score-partwise>
"""
    Path("src/duemani/scores/fur_elise.musicxml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
