"""Joins the events of overlapping windows into those of the whole recording."""

from __future__ import annotations

from dataclasses import dataclass

SAME_ONSET_FRAMES = 2.0


@dataclass
class Event:
    """A note or pedal interval of one track, in frames from the start of the recording.

    Attributes:
        begin: onset.
        end: release; the window's end while `is_open`.
        velocity: MIDI velocity, 0-127.
        has_onset: false if the event began before the window it was seen in.
        is_open: true while the release lies beyond what has been decoded.
    """

    begin: float
    end: float
    velocity: int
    has_onset: bool
    is_open: bool


class Track:
    """The events of one key or pedal, fed window by window, each window in time order.

    Windows overlap; in the middle of the overlap lies the frame up to which the earlier window
    decides which events begin. From there on the later window, which hears more of them, does.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._resume_frame = 0
        self._decided_frame = 0

    def first_frame(self, window_start: int) -> int:
        """Where decoding of the window that starts at `window_start` begins, in its frames."""
        return max(self._resume_frame - window_start, 0)

    def add(self, event: Event, last_frame: int) -> None:
        """Take the next event; `last_frame`, its unrefined end, is where decoding may resume."""
        last = self.events[-1] if self.events else None
        is_new = event.has_onset and event.begin > self._decided_frame - SAME_ONSET_FRAMES
        again = last is not None and abs(event.begin - last.begin) < SAME_ONSET_FRAMES
        if is_new and not again:
            if last is not None:
                last.end, last.is_open = min(last.end, event.begin), False
            self.events.append(event)
        elif last is not None and last.is_open:
            last.end, last.is_open = max(event.end, last.begin), event.is_open
        if not event.is_open:
            self._resume_frame = max(self._resume_frame, last_frame)

    def finish_window(self, window_end: int, decided_frame: int) -> None:
        """Close what was open before this window and did not go on in it."""
        if self.events and self.events[-1].end < window_end - 1:
            self.events[-1].is_open = False
        self._decided_frame = decided_frame
