"""Keys struck and let go in a MIDI file, in ticks, while it is read."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Strikes:
    """Notes of one file while it is read; `source` is (track, channel)."""

    onset: list[int] = field(default_factory=list[int])
    release: list[int] = field(default_factory=list[int])
    pitch: list[int] = field(default_factory=list[int])
    velocity: list[int] = field(default_factory=list[int])
    finger: list[int] = field(default_factory=list[int])
    source: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    all_off: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """(channel, tick) at which every key of a channel is let go, in whichever track."""

    def silence(self) -> None:
        """Let the keys go that an all-notes-off lets go."""
        for channel in {channel for channel, _ in self.all_off}:
            ticks = sorted(tick for other, tick in self.all_off if other == channel)
            for at, (_, own) in enumerate(self.source):
                after = bisect_right(ticks, self.onset[at])
                if own == channel and after < len(ticks):
                    release = self.release[at]
                    self.release[at] = ticks[after] if release < 0 else min(release, ticks[after])

    def strike(self, tick: int, message: Any, finger: int, source: tuple[int, int]) -> int:
        """Add a note that begins at a tick; return its index."""
        self.onset.append(tick)
        self.release.append(-1)
        self.pitch.append(message.note)
        self.velocity.append(message.velocity)
        self.finger.append(finger)
        self.source.append(source)
        return len(self.onset) - 1
