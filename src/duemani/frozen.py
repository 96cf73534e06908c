"""Arrays of frozen types: they may be read, not written into."""

from __future__ import annotations

import numpy as np


def read_only(array: np.ndarray) -> np.ndarray:
    """A view of the same numbers that cannot be written into; the caller's own array still can."""
    view = array.view()
    view.flags.writeable = False
    return view
