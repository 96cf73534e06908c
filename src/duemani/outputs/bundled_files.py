"""Where the third-party files lie that the build puts into the package (mesh, piano samples)."""

from __future__ import annotations

from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"


def bundled_path(relative: str) -> Path:
    """Path of a file or folder under `duemani/assets`.

    Raises:
        RuntimeError: it is absent, so the package was not built or installed whole.
    """
    path = ASSETS / relative
    if not path.exists():
        raise RuntimeError(
            f"the package lacks its file assets/{relative}: install or build duemani again."
        )
    return path
