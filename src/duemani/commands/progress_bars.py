"""Progress bars on standard error, one a stage."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from tqdm import tqdm


class ProgressBars:
    """Shows `(stage, share done)` reports; silent where standard error is no terminal."""

    def __init__(self) -> None:
        self._bars: dict[str, tqdm[Any]] = {}

    def __enter__(self) -> ProgressBars:
        return self

    def __call__(self, stage: str, share: float) -> None:
        """Show that `share` (0-1) of `stage` is done."""
        if stage not in self._bars:
            self._bars[stage] = tqdm(
                total=100,
                desc=stage,
                disable=None,
                bar_format="{desc}: {percentage:3.0f}% |{bar}| {elapsed}",
            )
        bar = self._bars[stage]
        bar.update(min(100 * share, 100) - bar.n)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for bar in self._bars.values():
            bar.close()
