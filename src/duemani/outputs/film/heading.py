"""What a film is called, written over the top of its pictures as over the page's."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from duemani.files import as_name

# Of a picture 720 pixels high, as on the page.
_USUAL_HEIGHT_PX = 720.0
_SHADE = np.array([8, 9, 10.0])  # BGR
_SHADE_OPACITY, _SHADE_PX = 0.72, 116.0
_LEFT_PX, _TOP_PX = 20.0, 9.0
# More letters are left out.
_LONGEST = 90
# Letters come as data, so that nothing in a name is ever read as Typst's markup.
_TYPST = """
#set page(width: 900pt, height: auto, margin: 0pt, fill: none)
#set text(font: "Libertinus Serif", top-edge: "ascender", bottom-edge: "descender")
#set par(leading: 0.1em)
#set text(size: 26pt, fill: rgb("#f3efe6"))
#block(spacing: 0pt, sys.inputs.title)
#v(1pt)
#set text(size: 15pt, fill: rgb("#cfc8ba"))
#block(spacing: 0pt, sys.inputs.line)
"""


class Heading:
    """Title and a line below it.

    Args:
        title: any text.
        line: any text, smaller.
        size_px: width and height of the pictures.
    """

    def __init__(self, title: str, line: str, size_px: tuple[int, int]) -> None:
        self._cover: Float[np.ndarray, "rows width 1"] | None = None
        if not title and not line:
            return
        width, height = size_px
        scale = height / _USUAL_HEIGHT_PX
        text = _typeset(_short(title), _short(line), scale).astype(np.float32) / 255
        left, top = round(_LEFT_PX * scale), round(_TOP_PX * scale)
        rows = min(max(round(_SHADE_PX * scale), top + len(text)), height)
        fade = np.clip(1 - np.arange(rows) / (_SHADE_PX * scale), 0, 1)
        opacity = np.repeat(_SHADE_OPACITY * fade[:, None, None], width, axis=1)
        colour = opacity * _SHADE
        text = text[: rows - top, : width - left]
        part = np.s_[top : top + len(text), left : left + text.shape[1]]
        ink = text[..., 3:]
        colour[part] = colour[part] * (1 - ink) + text[..., :3] * 255 * ink
        opacity[part] = opacity[part] * (1 - ink) + ink
        self._cover, self._colour = (1 - opacity).astype(np.float32), colour.astype(np.float32)

    def over(
        self, picture: UInt8[np.ndarray, "height width 3"]
    ) -> UInt8[np.ndarray, "height width 3"]:
        """The picture (BGR) with the heading written over it, in place."""
        if self._cover is not None:
            under = picture[: len(self._cover)]
            under[:] = under * self._cover + self._colour + 0.5
        return picture


def _short(text: str) -> str:
    text = as_name(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _typeset(title: str, line: str, scale: float) -> UInt8[np.ndarray, "rows columns 4"]:
    import typst

    made: bytes | list[bytes] = typst.compile(
        _TYPST.encode(), format="png", ppi=72 * scale, sys_inputs={"title": title, "line": line}
    )
    page = made[0] if isinstance(made, list) else made
    return np.asarray(cv2.imdecode(np.frombuffer(page, np.uint8), cv2.IMREAD_UNCHANGED))
