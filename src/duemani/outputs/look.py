"""The one look of page, film and glTF: `look.json`, which the pages are built with, too."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from jaxtyping import Float


@cache
def look() -> dict[str, Any]:
    """Colours as in CSS, how strongly and long keys glow that ring, where cameras look from."""
    text = (files("duemani") / "outputs" / "look.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def display_rgb(name: str) -> Float[np.ndarray, "3"]:
    """A colour as a screen shows it, 0-1."""
    digits = look()[name].removeprefix("#")
    return np.array([int(digits[at : at + 2], 16) for at in (0, 2, 4)]) / 255


def linear_rgb(name: str) -> Float[np.ndarray, "3"]:
    """A colour as light adds up (IEC 61966-2-1), 0-1."""
    shown = display_rgb(name)
    return np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)


def view_from(camera: str) -> Float[np.ndarray, "3"]:
    """Unit direction, in the keyboard frame, from which a camera looks."""
    direction = np.array(look()["cameras"][camera], float)
    return direction / np.linalg.norm(direction)
