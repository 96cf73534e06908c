"""Writes outputs/fonts/music_text.ttf: verovio's Leipzig as a font that PDF writers can embed.

Verovio ships it as WOFF2 inside a style sheet. Its name is reserved (SIL OFL 1.1), so the converted
font gets another. Run from the repository's root, with fonttools, brotli and verovio installed:
python tools/make_music_font.py
"""

import base64
import io
import re
from pathlib import Path

import verovio
from fontTools.ttLib import TTFont

NAME = "DuemaniMusic"
OUT = Path("src/duemani/outputs/fonts/music_text.ttf")

css = (Path(verovio.__file__).parent / "data" / "Leipzig.css").read_text()
packed = re.search(r'base64,([^)"\']+)', css)
assert packed is not None
font = TTFont(io.BytesIO(base64.b64decode(packed[1])))
font.flavor = None
for record in font["name"].names:
    if record.nameID in (1, 3, 4, 6):
        font["name"].setName(
            NAME, record.nameID, record.platformID, record.platEncID, record.langID
        )
OUT.parent.mkdir(parents=True, exist_ok=True)
font.save(OUT)
