"""The built-in piece: the first part of Beethoven's Für Elise (see tools/write_demo_score.py)."""

from importlib import resources
from pathlib import Path

TITLE = "Beethoven: Für Elise"


def demo_score() -> Path:
    """The score's file inside the package (MusicXML, public domain)."""
    return Path(str(resources.files("duemani") / "scores" / "fur_elise.musicxml"))
