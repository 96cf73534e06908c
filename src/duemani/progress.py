"""How far a long piece of work is: one type for everything that reports it."""

from __future__ import annotations

from collections.abc import Callable

# Called with the name of a stage and the share of it that is done, 0-1.
Progress = Callable[[str, float], None]


def stage_share(progress: Progress | None, stage: str) -> Callable[[float], None] | None:
    """What one stage calls with its share done; None where nobody wants to know."""
    return None if progress is None else lambda share: progress(stage, share)
